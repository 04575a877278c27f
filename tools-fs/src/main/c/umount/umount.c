/* SPDX-License-Identifier: BSD-2-Clause */
/* umount: by directory or by device, one or all. */
#include "tools.h"
#include <netbsd/mount.h>
#include <string.h>

struct umount {
	bool all, dry, raw, verbose;
	int flags;
	const char *host;
	struct typelist types;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "Usage: umount [-fR]  special | node\n");
	t_exit(t, 1);
}

static int
detach(struct tool *t, const struct umount *u, const char *node,
    const char *special)
{
	int error;

	if (u->verbose)
		t_printf(t, "%s: unmount from %s\n", special, node);
	if (u->dry)
		return 0;
	error = sys_unmount(t, node, u->flags);
	if (error != 0)
		t_warn(t, error, "%s", node);
	return error != 0;
}

/* The newest mount of that name on either side; NULL. */
static const struct statvfs *
find(const struct statvfs *table, int n, const char *name, bool device)
{
	for (n--; n >= 0; n--)
		if (strcmp(
			device ? table[n].f_mntfromname : table[n].f_mntonname,
			name) == 0)
			return &table[n];
	return NULL;
}

static int
umount_one(struct tool *t, const struct umount *u, const char *name)
{
	const struct statvfs *mnt;
	struct statvfs *table;
	struct stat st;
	char real[1024];
	int n, error;

	if (u->raw)
		return detach(t, u, name, name);
	n = t_getmntinfo(t, &table, ST_NOWAIT);
	if (n < 0)
		t_fail(t, 1, n, "getmntinfo");
	error = t_realpath(t, name, real);
	if (error == 0)
		error = sys_stat(t, real, &st);
	if (error != 0) {
		/* A special that is no name in the kernel ("tmpfs"), or a server that is gone. */
		mnt = find(table, n, name, true);
		if (mnt == NULL)
			mnt = find(table, n, name, false);
		if (mnt == NULL) {
			t_warn(t, error, "%s", name);
			return 1;
		}
	} else
		mnt = find(table, n, real, S_ISBLK(st.st_mode));
	if (mnt == NULL) {
		t_warnx(t, "%s: not currently mounted", real);
		return 1;
	}
	if (!typelist_selects(&u->types, mnt->f_fstypename))
		return 1;
	return detach(t, u, mnt->f_mntonname, mnt->f_mntfromname);
}

/* True when the mount's special names the host before a colon. */
static bool
from_host(const struct statvfs *s, const char *host)
{
	size_t n = strlen(host);

	return strncmp(s->f_mntfromname, host, n) == 0 &&
	    s->f_mntfromname[n] == ':';
}

static int
umount_all(struct tool *t, const struct umount *u)
{
	struct statvfs *table;
	int n, status = 0;

	n = t_getmntinfo(t, &table, ST_NOWAIT);
	if (n < 0)
		t_fail(t, 1, n, "getmntinfo");
	for (n--; n >= 0; n--) {
		if (strcmp(table[n].f_mntonname, "/") == 0 ||
		    !typelist_selects(&u->types, table[n].f_fstypename) ||
		    (u->host != NULL && !from_host(&table[n], u->host)))
			continue;
		status |= detach(
		    t, u, table[n].f_mntonname, table[n].f_mntfromname);
	}
	return status;
}

int
umount_main(struct tool *t, int argc, char **argv)
{
	struct umount u;
	int ch, status = 0;

	memset(&u, 0, sizeof(u));
	while ((ch = t_getopt(t, argc, argv, "AaFfh:Rt:v")) != -1)
		switch (ch) {
		case 'A':
		case 'a':
			u.all = true;
			break;
		case 'F':
			u.dry = true;
			break;
		case 'f':
			u.flags = MNT_FORCE;
			break;
		case 'h':
			u.host = t->t_opt.optarg;
			u.all = true;
			break;
		case 'R':
			u.raw = true;
			break;
		case 't':
			typelist_add(t, &u.types, t->t_opt.optarg);
			break;
		case 'v':
			u.verbose = true;
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	/* NetBSD's umount in a rump kernel knows -v only as much as this. */
	if (u.verbose && !u.all && !u.dry) {
		t_warnx(t, "unknown option -- v");
		usage(t);
	}
	if (u.all) {
		if (argc > 0)
			usage(t);
		return umount_all(t, &u);
	}
	if (argc == 0)
		usage(t);
	for (; *argv != NULL; argv++)
		status |= umount_one(t, &u, *argv);
	return status;
}
