/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt(8): GUID partition tables. This file: command lines. */
#include "gpt/gpt.h"
#include <inttypes.h>
#include <netbsd/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECT                                                   \
	"[-a] | [-b blocknr] [-i index] [-L label] [-s sectors]" \
	" [-t uuid]"

static const struct command {
	const char *name;
	gpt_command *run;
	bool reads; /* changes nothing */
	const char *help[2];
} commands[] = {
	{ "add", gpt_cmd_add, false,
	    { "[-a alignment] [-b blocknr] [-i index] [-l label] [-s size] "
	      "[-t type]" } },
	{ "backup", gpt_cmd_backup, true, { "[-o outfile]" } },
	{ "biosboot", gpt_cmd_biosboot, false,
	    { "[-A] [-c bootcode] [-b startsec] [-i index] [-L label]" } },
	{ "create", gpt_cmd_create, false, { "[-AfP] [-p partitions]" } },
	{ "destroy", gpt_cmd_destroy, false, { "[-rf]" } },
	{ "header", gpt_cmd_header, true, { "" } },
	{ "label", gpt_cmd_label, false, { SELECT " <-f file | -l label>" } },
	{ "migrate", gpt_cmd_migrate, false, { "[-Afs] [-p partitions]" } },
	{ "recover", gpt_cmd_recover, false, { "" } },
	{ "remove", gpt_cmd_remove, false, { SELECT } },
	{ "resize", gpt_cmd_resize, false,
	    { "[-i index | -b blocknr] [-a alignment] [-s size] [-q]" } },
	{ "resizedisk", gpt_cmd_resizedisk, false, { "[-s size] [-q]" } },
	{ "restore", gpt_cmd_restore, false, { "[-F] [-i infile]" } },
	{ "set", gpt_cmd_set, false,
	    { "-a attribute [-N] -i index | -b startsec", "-l" } },
	{ "show", gpt_cmd_show, true, { "[-aglux] [-i index | -b startsec]" } },
	{ "type", gpt_cmd_type, false, { SELECT " -T newtype", "-l" } },
	{ "unset", gpt_cmd_unset, false,
	    { "-a attribute -i index | -b startsec", "-l" } },
	{ "uuid", gpt_cmd_uuid, false, { SELECT " [-U newuuid]" } },
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
help(struct tool *t, const struct command *c, const char *before)
{
	for (size_t i = 0; i < 2 && c->help[i] != NULL; i++)
		t_eprintf(t, "%s%s %s%s%s%s\n", before, t->t_progname, c->name,
		    c->help[i][0] != '\0' ? " " : "", c->help[i],
		    strcmp(c->help[i], "-l") == 0 ? "" : " device");
}

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s [-Hnqrv] [-m mediasize] [-s sectorsize] "
	    "[-T timestamp] command\n\t[command_options] device\n"
	    "Commands:\n",
	    t->t_progname);
	for (size_t i = 0; i < NCOMMANDS; i++)
		help(t, &commands[i], "       ");
	t_exit(t, 1);
}

/* --- messages ------------------------------------------------------------------- */

static const char *
text(struct gpt *g, const char *fmt, va_list ap)
{
	char buf[1024];

	vsnprintf(buf, sizeof(buf), fmt, ap);
	return t_strdup(g->t, buf);
}

void
gpt_fail(struct gpt *g, int error, const char *fmt, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, fmt);
	s = text(g, fmt, ap);
	va_end(ap);
	if (!g->quiet)
		t_fail(g->t, 1, error, "%s", s);
	t_exit(g->t, 1);
}

void
gpt_failx(struct gpt *g, const char *fmt, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, fmt);
	s = text(g, fmt, ap);
	va_end(ap);
	if (!g->quiet)
		t_errx(g->t, 1, "%s", s);
	t_exit(g->t, 1);
}

void
gpt_say(struct gpt *g, const char *fmt, ...)
{
	va_list ap;

	if (g->quiet)
		return;
	va_start(ap, fmt);
	t_printf(g->t, "%s: %s\n", g->name, text(g, fmt, ap));
	va_end(ap);
}

/* --- arguments ------------------------------------------------------------------ */

bool
gpt_number(const char *s, uint64_t max, uint64_t *out)
{
	unsigned long long v;
	char *end;

	if (*s < '0' || *s > '9' || strlen(s) > 20)
		return false;
	v = strtoull(s, &end, 0);
	*out = v;
	/* 20 digits may be more than there is. */
	return *end == '\0' && v <= max && (v != UINT64_MAX);
}

/* A number and its unit; 0: sectors, 1: bytes, else times so many bytes. False: none. */
static bool
sized(const char *s, uint64_t *value, uint64_t *unit)
{
	static const char units[] = "bkmgtpe";
	size_t n = strspn(s, "0123456789xXabcdefABCDEF");
	char digits[24];
	const char *u;
	char c;

	/* b and e are digits only behind 0x. */
	if (s[0] != '0' || (s[1] != 'x' && s[1] != 'X'))
		n = strspn(s, "0123456789");
	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (!gpt_number(digits, UINT64_MAX, value))
		return false;
	s += n;
	*unit = 0;
	if (*s == '\0')
		return true;
	if (s[1] != '\0')
		return false;
	c = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
	if (c == 's')
		return true;
	u = strchr(units, c);
	if (u == NULL)
		return false;
	*unit = UINT64_C(1) << 10 * (u - units);
	return true;
}

uint64_t
gpt_sectors(struct gpt *g, const char *s, bool bytes)
{
	uint64_t v, unit;

	if (!sized(s, &v, &unit))
		gpt_failx(g, "Can't parse size `%s'", s);
	if (unit == 0 && bytes && s[strlen(s) - 1] != 's' &&
	    s[strlen(s) - 1] != 'S')
		unit = 1;
	if (unit == 0) {
		if (v == 0 || v > INT64_MAX)
			gpt_failx(g, "Size `%s' is out of range", s);
		return v;
	}
	if (v == 0 || v > INT64_MAX / unit)
		gpt_failx(g, "Size `%s' is out of range", s);
	v *= unit;
	if (v % g->secsz != 0)
		gpt_failx(g,
		    "Size %" PRIu64 " is not a multiple of the sector size %u",
		    v, g->secsz);
	return v / g->secsz;
}

bool
gpt_find_option(struct gpt *g, struct gpt_find *f, int ch)
{
	const char *arg = g->t->t_opt.optarg;
	uint64_t v;

	switch (ch) {
	case 'a':
		f->all = true;
		return !f->any;
	case 'b':
		f->any = true;
		return !f->all && gpt_number(arg, INT64_MAX, &f->block) &&
		    f->block > 0;
	case 'i':
		f->any = true;
		if (f->all || !gpt_number(arg, UINT32_MAX - 1, &v) || v == 0)
			return false;
		f->index = (uint32_t)v;
		return true;
	case 'L':
		f->any = true;
		f->label = arg;
		return !f->all;
	case 's':
		f->any = true;
		return !f->all && gpt_number(arg, INT64_MAX, &f->size) &&
		    f->size > 0;
	case 't':
		f->any = f->typed = true;
		return !f->all && gpt_uuid_parse(arg, f->type);
	default:
		return false;
	}
}

bool
gpt_found(const struct gpt *g, const struct gpt_find *f, uint32_t i)
{
	const uint8_t *e = gpt_entry(g, i);
	char name[GPT_NAME_UTF8];

	if (!gpt_used(g, i))
		return false;
	if (f->label != NULL) {
		gpt_name_get(e, name);
		if (strcmp(name, f->label) != 0)
			return false;
	}
	return (f->index == 0 || f->index == i + 1) &&
	    (f->block == 0 || f->block == gpt_le64(e + ENT_FIRST)) &&
	    (f->size == 0 || f->size == gpt_size(g, i)) &&
	    (!f->typed || memcmp(f->type, e, 16) == 0);
}

uint32_t
gpt_one(struct gpt *g, const struct gpt_find *f)
{
	for (uint32_t i = 0; i < g->nent; i++)
		if (gpt_found(g, f, i))
			return i;
	if (f->index != 0)
		gpt_failx(g, "%s: No partition at index %u", g->name, f->index);
	if (f->block != 0)
		gpt_failx(g, "%s: No partition starts at block %" PRIu64,
		    g->name, f->block);
	gpt_failx(g, "%s: No such partition", g->name);
}

int
gpt_option(struct gpt *g, int argc, char **argv, const char *options)
{
	return t_getopt(g->t, argc, argv, options);
}

const char *
gpt_device(struct gpt *g, int argc, char **argv)
{
	return argc - g->t->t_opt.optind == 1 ? argv[g->t->t_opt.optind] : NULL;
}

/* --- general options ------------------------------------------------------------ */

/* A number of seconds, or the time of a file. */
static void
timestamp(struct gpt *g, const char *s)
{
	struct stat st;
	int error;

	g->stamped = true;
	if (gpt_number(s, INT64_MAX, &g->stamp))
		return;
	error = sys_stat(g->t, s, &st);
	if (error != 0)
		gpt_fail(g, error, "Can't parse timestamp `%s'", s);
	g->stamp = (uint64_t)st.st_mtim.tv_sec;
}

static void
bytes_option(struct gpt *g, const char *s, uint64_t max, uint64_t *out)
{
	uint64_t v, unit;

	if (!sized(s, &v, &unit) || v > max / (unit != 0 ? unit : 1))
		gpt_failx(g, "Bad size `%s'", s);
	*out = v * (unit != 0 ? unit : 1);
}

static void
general(struct gpt *g, int argc, char **argv)
{
	struct tool *t = g->t;
	uint64_t v;
	int ch;

	while ((ch = t_getopt(t, argc, argv, "Hm:nqrs:T:v")) != -1)
		switch (ch) {
		case 'H':
			g->hybrid = true;
			break;
		case 'm':
			bytes_option(g, t->t_opt.optarg, INT64_MAX, &g->mediasz);
			break;
		case 'n':
			g->nosync = true;
			break;
		case 'q':
			g->quiet = true;
			break;
		case 'r':
			g->readonly = true;
			break;
		case 's':
			bytes_option(g, t->t_opt.optarg, 65536, &v);
			if (v < 512 || (v & (v - 1)) != 0)
				gpt_failx(
				    g, "Bad sector size `%s'", t->t_opt.optarg);
			g->secsz = (uint32_t)v;
			break;
		case 'T':
			timestamp(g, t->t_opt.optarg);
			break;
		case 'v':
			g->verbose++;
			break;
		default:
			usage(t);
		}
}

int
gpt_main(struct tool *t, int argc, char **argv)
{
	struct gpt g = { .t = t, .fd = -1 };
	const struct command *c = NULL;
	int status;

	general(&g, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc == 0)
		usage(t);
	for (size_t i = 0; i < NCOMMANDS && c == NULL; i++)
		if (strcmp(argv[0], commands[i].name) == 0)
			c = &commands[i];
	if (c == NULL) {
		t_warnx(t, "unknown command: %s", argv[0]);
		usage(t);
	}
	if (c->reads)
		g.readonly = true;
	t->t_opt.optind = 1;
	t->t_opt.optreset = 1;
	status = c->run(&g, argc, argv);
	if (g.fd >= 0)
		sys_close(t, g.fd);
	if (status < 0) {
		t_eprintf(t, "usage:\n");
		help(t, c, "       ");
		return 1;
	}
	return status;
}
