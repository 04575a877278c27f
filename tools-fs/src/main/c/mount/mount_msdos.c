/* SPDX-License-Identifier: BSD-2-Clause */
/* mount_msdos: FAT file systems. */
#include "mount/mntlib.h"
#include <netbsd/time.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: mount_msdos [-9GlsU] [-g gid] [-M mask] "
	    "[-m mask] [-o options]\n"
	    "\t[-t gmtoff] [-u uid] special node\n");
	t_exit(t, 1);
}

static uint32_t
parse_id(struct tool *t, const char *s, bool group)
{
	unsigned long long v;
	uint32_t id;
	char *end;

	if ((group ? t_gid_from_group(t, s, &id) :
		     t_uid_from_user(t, s, &id)) == 0)
		return id;
	v = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || v > UINT32_MAX)
		t_errx(t, 1, "unknown %s id: %s", group ? "group" : "user", s);
	return (uint32_t)v;
}

static mode_t
parse_mask(struct tool *t, const char *s)
{
	unsigned long long v;
	char *end;

	v = strtoul(s, &end, 8);
	if (*s < '0' || *s > '7' || *end != '\0' || v > ALLPERMS)
		t_errx(t, 1, "invalid file mode: %s", s);
	return (mode_t)v;
}

struct given {
	bool uid, gid, mask, dirmask, gmtoff;
	int flags;
};

static void
set_option(struct tool *t, int ch, struct msdosfs_args *args, struct given *g)
{
	const char *arg = t->t_opt.optarg;

	switch (ch) {
	case '9':
		args->flags |= MSDOSFSMNT_NOWIN95;
		break;
	case 'G':
		args->flags |= MSDOSFSMNT_GEMDOSFS;
		break;
	case 'U':
		args->flags |= MSDOSFSMNT_UTF8;
		break;
	case 'l':
		args->flags |= MSDOSFSMNT_LONGNAME;
		break;
	case 's':
		args->flags |= MSDOSFSMNT_SHORTNAME;
		break;
	case 'g':
		args->gid = parse_id(t, arg, true);
		g->gid = true;
		break;
	case 'M':
		args->dirmask = parse_mask(t, arg);
		g->dirmask = true;
		break;
	case 'm':
		args->mask = parse_mask(t, arg);
		g->mask = true;
		break;
	case 'o':
		t_getmntopts(t, arg, mnt_standard_options, &g->flags, NULL);
		break;
	case 't':
		args->gmtoff = (int)strtol(arg, NULL, 10);
		g->gmtoff = true;
		break;
	case 'u':
		args->uid = parse_id(t, arg, false);
		g->uid = true;
		break;
	default:
		usage(t);
	}
}

/* What was not given is as the mount point has it. */
static void
fill(struct tool *t, struct msdosfs_args *args, const struct given *g,
    const char *node)
{
	struct timespec now;
	struct stat st;
	struct ttm tm;

	if (sys_stat(t, node, &st) == 0) {
		if (!g->uid)
			args->uid = st.st_uid;
		if (!g->gid)
			args->gid = st.st_gid;
		if (!g->mask)
			args->mask = g->dirmask ? args->dirmask :
						  st.st_mode & ACCESSPERMS;
		if (!g->dirmask)
			args->dirmask = g->mask ? args->mask :
						  st.st_mode & ACCESSPERMS;
	}
	if (!g->gmtoff && sys_clock_gettime(t, CLOCK_REALTIME, &now) >= 0) {
		t_localtime(t, now.tv_sec, &tm);
		args->gmtoff = (int)tm.gmtoff;
	}
}

int
mount_msdos_main(struct tool *t, int argc, char **argv)
{
	struct msdosfs_args args;
	const char *special, *node;
	struct given g;
	int ch, error;

	memset(&args, 0, sizeof(args));
	memset(&g, 0, sizeof(g));
	args.version = MSDOSFSMNT_VERSION;
	while ((ch = t_getopt(t, argc, argv, "9GUg:lM:m:o:st:u:")) != -1)
		set_option(t, ch, &args, &g);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc != 2)
		usage(t);
	special = mnt_path(t, argv[0]);
	node = mnt_path(t, argv[1]);
	args.fspec = t_strdup(t, special);
	fill(t, &args, &g, node);
	error = sys_mount(t, MOUNT_MSDOS, node, g.flags, &args, sizeof(args));
	if (error < 0)
		t_fail(t, 1, error, "%s on %s", special, node);
	return 0;
}
