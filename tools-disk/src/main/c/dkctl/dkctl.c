/* SPDX-License-Identifier: BSD-2-Clause */
/* dkctl(8): caches, strategy, kept labels, bad sectors and wedges of a disk. */
#include "opendisk.h"
#include "tools.h"
#include <inttypes.h>
#include <netbsd/disk.h>
#include <netbsd/disklabel.h>
#include <netbsd/ioctl.h>
#include <string.h>

struct dkctl {
	struct tool *t;
	const char *name; /* what was opened */
	int fd;
};

static void getcache(struct dkctl *, int argc, char **argv);
static void setcache(struct dkctl *, int argc, char **argv);
static void synccache(struct dkctl *, int argc, char **argv);
static void keeplabel(struct dkctl *, int argc, char **argv);
static void badsector(struct dkctl *, int argc, char **argv);
static void addwedge(struct dkctl *, int argc, char **argv);
static void delwedge(struct dkctl *, int argc, char **argv);
static void getwedgeinfo(struct dkctl *, int argc, char **argv);
static void listwedges(struct dkctl *, int argc, char **argv);
static void makewedges(struct dkctl *, int argc, char **argv);
static void strategy(struct dkctl *, int argc, char **argv);

static const struct command {
	const char *name, *args;
	void (*fn)(struct dkctl *, int argc, char **argv);
	int min, max; /* of arguments */
	bool write;
} commands[] = {
	{ "getcache", "", getcache, 0, 0, false },
	{ "setcache", "none | r | w | rw [save]", setcache, 1, 2, true },
	{ "synccache", "[force]", synccache, 0, 1, true },
	{ "keeplabel", "yes | no", keeplabel, 1, 1, true },
	{ "badsector", "flush | list | retry", badsector, 1, 1, true },
	{ "addwedge", "name startblk blkcnt ptype", addwedge, 4, 4, true },
	{ "delwedge", "dk", delwedge, 1, 1, true },
	{ "getwedgeinfo", "", getwedgeinfo, 0, 0, false },
	{ "listwedges", "[-eq]", listwedges, 0, 2, false },
	{ "makewedges", "", makewedges, 0, 0, true },
	{ "strategy", "[name]", strategy, 0, 1, false },
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s device\n"
	    "       %s device command [arg [...]]\n"
	    "   Available commands:\n",
	    t->t_progname, t->t_progname);
	for (size_t i = 0; i < NCOMMANDS; i++)
		t_eprintf(t, "\t%s%s%s\n", commands[i].name,
		    commands[i].args[0] != '\0' ? " " : "", commands[i].args);
	t_exit(t, 1);
}

static void
open_device(struct dkctl *dc, const char *name, bool write)
{
	dc->fd = opendisk(dc->t, name, write ? O_RDWR : O_RDONLY, &dc->name);
	if (dc->fd < 0)
		t_fail(dc->t, 1, dc->fd, "%s", dc->name);
}

static void
request(struct dkctl *dc, unsigned long cmd, void *data, const char *what)
{
	int error = sys_ioctl(dc->t, dc->fd, cmd, data);

	if (error < 0)
		t_fail(dc->t, 1, error, "%s: %s", dc->name, what);
}

/* --- cache, strategy, label, bad sectors -------------------------------------------- */

static void
getcache(struct dkctl *dc, int argc, char **argv)
{
	const char *name = dc->name;
	int bits = 0;

	(void)argc, (void)argv;
	request(dc, DIOCGCACHE, &bits, "getcache");
	if ((bits & (DKCACHE_READ | DKCACHE_WRITE)) == 0)
		t_printf(dc->t, "%s: No caches enabled\n", name);
	if (bits & DKCACHE_READ)
		t_printf(dc->t, "%s: read cache enabled\n", name);
	if (bits & DKCACHE_WRITE)
		t_printf(dc->t, "%s: write-back cache enabled\n", name);
	t_printf(dc->t, "%s: read cache enable is %schangeable\n", name,
	    bits & DKCACHE_RCHANGE ? "" : "not ");
	t_printf(dc->t, "%s: write cache enable is %schangeable\n", name,
	    bits & DKCACHE_WCHANGE ? "" : "not ");
	t_printf(dc->t, "%s: cache parameters are %ssavable\n", name,
	    bits & DKCACHE_SAVE ? "" : "not ");
}

static void
setcache(struct dkctl *dc, int argc, char **argv)
{
	static const char *const words[] = { "none", "r", "w", "rw" };
	int bits = -1;

	for (int i = 0; i < 4; i++)
		if (strcmp(argv[0], words[i]) == 0)
			bits = (i & 1 ? DKCACHE_READ : 0) |
			    (i & 2 ? DKCACHE_WRITE : 0);
	if (bits < 0 || (argc == 2 && strcmp(argv[1], "save") != 0))
		usage(dc->t);
	if (argc == 2)
		bits |= DKCACHE_SAVE;
	request(dc, DIOCSCACHE, &bits, "setcache");
}

static void
synccache(struct dkctl *dc, int argc, char **argv)
{
	int force = argc == 1;

	if (argc == 1 && strcmp(argv[0], "force") != 0)
		usage(dc->t);
	request(dc, DIOCCACHESYNC, &force, "sync cache");
}

static void
keeplabel(struct dkctl *dc, int argc, char **argv)
{
	int keep = strcmp(argv[0], "yes") == 0;

	(void)argc;
	if (!keep && strcmp(argv[0], "no") != 0)
		usage(dc->t);
	request(dc, DIOCKLABEL, &keep, "keep label");
}

static void
bad_show(struct dkctl *dc, const struct disk_badsectors *bad, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t_printf(dc->t, "%s: blocks %jd - %jd failed at %jd\n",
		    dc->name, (intmax_t)bad[i].dbs_min, (intmax_t)bad[i].dbs_max,
		    (intmax_t)bad[i].dbs_failedat.tv_sec);
}

/* Reads what had failed once more, sector by sector, so that the kernel learns of it anew. */
static void
bad_retry(struct dkctl *dc, const struct disk_badsectors *bad, size_t n)
{
	unsigned secsize = 0;
	char *buf;

	request(dc, DIOCGSECTORSIZE, &secsize, "sector size");
	if (secsize == 0 || secsize > 65536)
		t_errx(dc->t, 1, "%s: sector size %u", dc->name, secsize);
	buf = t_malloc(dc->t, secsize);
	for (size_t i = 0; i < n; i++)
		for (int64_t s = bad[i].dbs_min; s >= 0 && s <= bad[i].dbs_max;
		     s++) {
			ssize_t got = sys_pread(
			    dc->t, dc->fd, buf, secsize, s * (off_t)secsize);

			if (got < 0)
				t_warn(dc->t, (int)got, "%s: block %jd",
				    dc->name, (intmax_t)s);
		}
}

static void
badsector(struct dkctl *dc, int argc, char **argv)
{
	struct disk_badsectors list[64];
	struct disk_badsecinfo info;
	bool show = strcmp(argv[0], "list") == 0;
	bool retry = strcmp(argv[0], "retry") == 0;
	size_t n, all = 0;

	(void)argc;
	if (!show && !retry && strcmp(argv[0], "flush") != 0)
		usage(dc->t);
	memset(&info, 0, sizeof(info));
	while (show || retry) {
		info.dbsi_buffer = list;
		info.dbsi_bufsize = sizeof(list);
		info.dbsi_skip = (uint32_t)all;
		request(dc, DIOCBSLIST, &info, "badsector");
		n = info.dbsi_copied;
		if (n > sizeof(list) / sizeof(list[0]))
			n = 0;
		if (show)
			bad_show(dc, list, n);
		else
			bad_retry(dc, list, n);
		all += n;
		if (n == 0 || info.dbsi_left == 0)
			break;
	}
	if (show && all == 0)
		t_printf(dc->t, "No bad sectors on %s\n", dc->name);
	if (!show)
		request(dc, DIOCBSFLUSH, NULL, "badsector");
}

static void
strategy(struct dkctl *dc, int argc, char **argv)
{
	struct disk_strategy old, new;

	memset(&old, 0, sizeof(old));
	memset(&new, 0, sizeof(new));
	request(dc, DIOCGSTRATEGY, &old, "DIOCGSTRATEGY");
	old.dks_name[sizeof(old.dks_name) - 1] = '\0';
	if (argc == 0) {
		t_printf(dc->t, "%s: %s\n", dc->name, old.dks_name);
		return;
	}
	if (strlen(argv[0]) >= sizeof(new.dks_name))
		t_fail(dc->t, 1, ENAMETOOLONG, "%s", argv[0]);
	strcpy(new.dks_name, argv[0]);
	request(dc, DIOCSSTRATEGY, &new, argv[0]);
	t_printf(dc->t, "%s: %s -> %s\n", dc->name, old.dks_name, argv[0]);
}

/* --- wedges ------------------------------------------------------------------------- */

/* Decimal, octal or hexadecimal, as strtoll(3) with base 0. */
static uint64_t
number(struct dkctl *dc, const char *what, const char *s)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t base = 10, v = 0;
	const char *p = s;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	} else if (p[0] == '0' && p[1] != '\0') {
		base = 8;
		p++;
	}
	if (*p == '\0')
		t_errx(dc->t, 1, "%s is not a number: %s", what, s);
	for (; *p != '\0'; p++) {
		char c = *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p;
		const char *d = strchr(digits, c);

		if (d == NULL || (uint64_t)(d - digits) >= base)
			t_errx(dc->t, 1, "%s is not a number: %s", what, s);
		if (v > ((uint64_t)INT64_MAX - 15) / base)
			t_errx(dc->t, 1, "%s is too large: %s", what, s);
		v = v * base + (uint64_t)(d - digits);
	}
	return v;
}

static void
terminate(struct dkwedge_info *info)
{
	info->dkw_devname[sizeof(info->dkw_devname) - 1] = '\0';
	info->dkw_parent[sizeof(info->dkw_parent) - 1] = '\0';
	info->dkw_wname[sizeof(info->dkw_wname) - 1] = '\0';
	info->dkw_ptype[sizeof(info->dkw_ptype) - 1] = '\0';
}

static void
addwedge(struct dkctl *dc, int argc, char **argv)
{
	struct dkwedge_info info;

	(void)argc;
	memset(&info, 0, sizeof(info));
	if (strlen(argv[0]) >= sizeof(info.dkw_wname))
		t_errx(dc->t, 1, "Wedge name too long; max %zd characters",
		    sizeof(info.dkw_wname) - 1);
	if (strlen(argv[3]) >= sizeof(info.dkw_ptype))
		t_errx(dc->t, 1, "Partition type too long; max %zd characters",
		    sizeof(info.dkw_ptype) - 1);
	strcpy((char *)info.dkw_wname, argv[0]);
	info.dkw_offset = (daddr_t)number(dc, "Starting block", argv[1]);
	info.dkw_size = number(dc, "Block count", argv[2]);
	strcpy(info.dkw_ptype, argv[3]);
	request(dc, DIOCAWEDGE, &info, "addwedge");
	terminate(&info);
	t_printf(dc->t, "%s created successfully.\n", info.dkw_devname);
}

static void
delwedge(struct dkctl *dc, int argc, char **argv)
{
	struct dkwedge_info info;

	(void)argc;
	memset(&info, 0, sizeof(info));
	if (strlen(argv[0]) >= sizeof(info.dkw_devname))
		t_errx(dc->t, 1, "Wedge dk name too long; max %zd characters",
		    sizeof(info.dkw_devname) - 1);
	strcpy(info.dkw_devname, argv[0]);
	request(dc, DIOCDWEDGE, &info, "delwedge");
}

static void
getwedgeinfo(struct dkctl *dc, int argc, char **argv)
{
	struct dkwedge_info info;

	(void)argc, (void)argv;
	request(dc, DIOCGWEDGEINFO, &info, "getwedgeinfo");
	terminate(&info);
	t_printf(dc->t, "%s at %s: %s\n", info.dkw_devname, info.dkw_parent,
	    (const char *)info.dkw_wname);
	t_printf(dc->t, "%s: %" PRIu64 " blocks at %" PRId64 ", type: %s\n",
	    info.dkw_devname, info.dkw_size, (int64_t)info.dkw_offset,
	    info.dkw_ptype);
}

/* All of them, however many come meanwhile; the count. */
static size_t
get_wedges(struct dkctl *dc, struct dkwedge_info **infosp)
{
	struct dkwedge_list list;
	size_t room = 16;

	for (;;) {
		memset(&list, 0, sizeof(list));
		*infosp = t_calloc(dc->t, room, sizeof(**infosp));
		list.dkwl_buf = *infosp;
		list.dkwl_bufsize = room * sizeof(**infosp);
		request(dc, DIOCLWEDGES, &list, "listwedges");
		if (list.dkwl_ncopied > room)
			t_errx(dc->t, 1, "%s: listwedges", dc->name);
		if (list.dkwl_nwedges <= room || room > 65536)
			return list.dkwl_ncopied;
		t_free(dc->t, *infosp);
		room = list.dkwl_nwedges;
	}
}

static void
show_wedges(struct dkctl *dc, struct dkwedge_info *infos, size_t n)
{
	if (n == 0) {
		t_printf(dc->t, "%s: no wedges configured\n", dc->name);
		return;
	}
	t_printf(dc->t, "%s: %zu wedge%s:\n", dc->name, n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++) {
		terminate(&infos[i]);
		t_printf(dc->t,
		    "%s: %s, %" PRIu64 " blocks at %" PRId64 ", type: %s\n",
		    infos[i].dkw_devname, (const char *)infos[i].dkw_wname,
		    infos[i].dkw_size, (int64_t)infos[i].dkw_offset,
		    infos[i].dkw_ptype);
	}
}

static void
listwedges(struct dkctl *dc, int argc, char **argv)
{
	bool must = false, quiet = false;
	struct dkwedge_info *infos;
	size_t n;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			usage(dc->t);
		for (const char *p = argv[i] + 1; *p != '\0'; p++)
			if (*p == 'e')
				must = true;
			else if (*p == 'q')
				quiet = true;
			else
				usage(dc->t);
	}
	n = get_wedges(dc, &infos);
	if (!quiet)
		show_wedges(dc, infos, n);
	if (must && n == 0)
		t_exit(dc->t, 1);
}

static void
makewedges(struct dkctl *dc, int argc, char **argv)
{
	struct dkwedge_info *infos;
	int n = 0;

	(void)argc, (void)argv;
	request(dc, DIOCMWEDGES, &n, "makewedges");
	t_printf(dc->t, "successfully scanned %s.\n", dc->name);
	n = (int)get_wedges(dc, &infos);
	show_wedges(dc, infos, (size_t)n);
}

/* --- all of it ---------------------------------------------------------------------- */

/* Without a command: what there is to tell; a request that this disk does not have is no failure. */
static void
overview(struct dkctl *dc)
{
	struct disk_strategy dks;
	int bits;

	if (sys_ioctl(dc->t, dc->fd, DIOCGSTRATEGY, &dks) >= 0)
		strategy(dc, 0, NULL);
	if (sys_ioctl(dc->t, dc->fd, DIOCGCACHE, &bits) >= 0)
		getcache(dc, 0, NULL);
	listwedges(dc, 0, NULL);
}

int
dkctl_main(struct tool *t, int argc, char **argv)
{
	struct dkctl dc = { .t = t };
	const struct command *c = NULL;

	if (argc < 2)
		usage(t);
	if (argc == 2) {
		open_device(&dc, argv[1], false);
		overview(&dc);
		return 0;
	}
	for (size_t i = 0; i < NCOMMANDS && c == NULL; i++)
		if (strcmp(commands[i].name, argv[2]) == 0)
			c = &commands[i];
	if (c == NULL || argc - 3 < c->min || argc - 3 > c->max)
		usage(t);
	open_device(
	    &dc, argv[1], c->write || (c->fn == strategy && argc - 3 == 1));
	c->fn(&dc, argc - 3, argv + 3);
	return 0;
}
