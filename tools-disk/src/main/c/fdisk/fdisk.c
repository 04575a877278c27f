/* SPDX-License-Identifier: BSD-2-Clause */
/* fdisk(8): partition tables in sector 0. */
#include "fdisk/fdisk.h"
#include <stdlib.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s [-aBFfIiSuv] [-0 | -1 | -2 | -3 | -E number "
	    "[-s [id][/[start][/[size][/[bootmenu]]]]]]\n"
	    "\t[-r file | -w file] [-A ptn_alignment[/ptn_0_offset]] "
	    "[-b cylinders/heads/sectors]\n"
	    "\t[-c bootcode] [-T disktype] [-t disktab] [-z sectorsize] "
	    "[device]\n"
	    "       %s -l\n",
	    t->t_progname, t->t_progname);
	t_exit(t, 1);
}

/* Numbers with slashes between; how many of `max` there are, 0 when something else is there too. */
static int
numbers(const char *s, uint32_t *out, int max)
{
	for (int n = 0; n < max; n++) {
		char *end;
		unsigned long long v;

		if (*s < '0' || *s > '9')
			return 0;
		v = strtoull(s, &end, 0);
		if (v > UINT32_MAX)
			return 0;
		out[n] = (uint32_t)v;
		if (*end == '\0')
			return n + 1;
		if (*end != '/')
			return 0;
		s = end + 1;
	}
	return 0;
}

static void
alignment(struct fdisk *f, const char *s)
{
	uint32_t v[2];
	int n = numbers(s, v, 2);

	if (n == 0 || v[0] == 0 || v[0] > (1U << 24) ||
	    (n == 2 && v[1] > (1U << 24)))
		t_errx(f->t, 1, "bad alignment: %s", s);
	f->align = v[0];
	f->offset = n == 2 ? v[1] : 0;
}

static void
geometry(struct fdisk *f, const char *s)
{
	uint32_t v[3];

	if (numbers(s, v, 3) != 3 || v[0] == 0 || v[0] > 65535 || v[1] == 0 ||
	    v[1] > 256 || v[2] == 0 || v[2] > 63)
		t_errx(f->t, 1, "bad BIOS geometry: %s", s);
	f->bios = (struct fd_geometry){ v[0], v[1], v[2] };
	f->bios_said = true;
}

static void
sectorsize(struct fdisk *f, const char *s)
{
	uint32_t v;

	if (numbers(s, &v, 1) != 1 || v < 512 || v > 65536 || (v & (v - 1)) != 0)
		t_errx(f->t, 1, "bad sector size: %s", s);
	f->secsz = v;
}

static void
select_part(struct fdisk *f, int ch)
{
	uint32_t v = 0;

	if (f->part >= 0 || f->logical >= 0)
		usage(f->t);
	if (ch != 'E') {
		f->part = ch - '0';
		return;
	}
	if (numbers(f->t->t_opt.optarg, &v, 1) != 1 || v >= FD_LOGICAL)
		t_errx(f->t, 1, "bad number of a partition: %s",
		    f->t->t_opt.optarg);
	f->logical = (int)v;
}

/* Options that are switches; false: it is another one. */
static bool
set_switch(struct fdisk *f, int ch)
{
	switch (ch) {
	case 'a':
		return f->active = true;
	case 'B':
		return f->bootsel = true;
	case 'F':
		return f->by_file = true;
	case 'f':
		return f->force = true;
	case 'I':
		return f->clear = true;
	case 'i':
		return f->init = true;
	case 'S':
		return f->shell = true;
	case 'u':
		return f->update = true;
	case 'v':
		return f->verbose = true;
	default:
		return false;
	}
}

static void
options(struct fdisk *f, int argc, char **argv)
{
	struct tool *t = f->t;
	int ch;

	while ((ch = t_getopt(t, argc, argv,
		    "0123aA:b:Bc:E:fFiIlr:s:ST:t:uvw:z:")) != -1) {
		const char *arg = t->t_opt.optarg;

		if (set_switch(f, ch))
			continue;
		if ((ch >= '0' && ch <= '3') || ch == 'E')
			select_part(f, ch);
		else if (ch == 'A')
			alignment(f, arg);
		else if (ch == 'b')
			geometry(f, arg);
		else if (ch == 'c')
			f->code = arg;
		else if (ch == 'r')
			f->from = arg;
		else if (ch == 's')
			f->spec = arg;
		else if (ch == 'T')
			f->disktype = arg;
		else if (ch == 't')
			f->disktab = arg;
		else if (ch == 'w')
			f->to = arg;
		else if (ch == 'z')
			sectorsize(f, arg);
		else if (ch == 'l') {
			fd_list_types(t);
			t_exit(t, 0);
		} else
			usage(t);
	}
}

/* What was said on the command line, without a question. */
static void
apply(struct fdisk *f)
{
	if (f->clear) {
		memset(f->p, 0, sizeof(f->p));
		f->nlogical = 0;
		f->ext_size = 0;
		f->changed = true;
	}
	if ((f->init || f->code != NULL) &&
	    !fd_bootcode(f, f->code != NULL ? f->code : "/usr/mdec/mbr") &&
	    f->code != NULL)
		t_exit(f->t, 1);
	if (f->spec != NULL)
		fd_apply(f, f->spec);
	if (f->active && f->part >= 0)
		fd_activate(f, f->part);
}

int
fdisk_main(struct tool *t, int argc, char **argv)
{
	struct fdisk f = { .t = t, .fd = -1, .part = -1, .logical = -1 };
	bool change;

	options(&f, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	change = f.active || f.bootsel || f.init || f.clear || f.update ||
	    f.code != NULL;
	if (argc > 1 || (f.from != NULL && f.to != NULL) ||
	    (f.spec != NULL && f.part < 0 && f.logical < 0) ||
	    (f.shell && change))
		usage(t);
	if (f.spec != NULL)
		change = f.update = true;
	fd_open(&f, argc > 0 ? argv[0] : "wd0", change && f.to == NULL);
	fd_read(&f);
	if (f.shell) {
		fd_print_shell(&f);
		return 0;
	}
	if (!change) {
		fd_print(&f);
		return 0;
	}
	if (!f.valid && !f.force)
		t_printf(t, "fdisk: invalid fdisk partition table found\n");
	apply(&f);
	if (!f.force && !fd_talk(&f))
		return 0;
	fd_write(&f);
	sys_close(t, f.fd);
	return 0;
}
