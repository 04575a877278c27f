/* SPDX-License-Identifier: BSD-2-Clause */
/* What mount and the mount_* tools share. */
#include "mount/mntlib.h"
#include <inttypes.h>
#include <string.h>

const struct tmntopt mnt_standard_options[] = {
	{ "async", 0, MNT_ASYNC, 0 },
	{ "atime", 1, MNT_NOATIME, 0 },
	{ "auto", 0, 0, 0 },
	{ "coredump", 1, MNT_NOCOREDUMP, 0 },
	{ "dev", 1, MNT_NODEV, 0 },
	{ "devmtime", 1, MNT_NODEVMTIME, 0 },
	{ "discard", 0, MNT_DISCARD, 0 },
	{ "exec", 1, MNT_NOEXEC, 0 },
	{ "extattr", 0, MNT_EXTATTR, 0 },
	{ "force", 0, MNT_FORCE, 0 },
	{ "getargs", 0, MNT_GETARGS, 0 },
	{ "groupquota", 0, 0, 0 },
	{ "hidden", 0, MNT_IGNORE, 0 },
	{ "log", 0, MNT_LOG, 0 },
	{ "rdonly", 0, MNT_RDONLY, 0 },
	{ "relatime", 0, MNT_RELATIME, 0 },
	{ "reload", 0, MNT_RELOAD, 0 },
	{ "ro", 0, MNT_RDONLY, 0 },
	{ "rq", 1, MNT_RDONLY, 0 },
	{ "rump", 0, 0, 0 },
	{ "rw", 1, MNT_RDONLY, 0 },
	{ "softdep", 0, (int)MNT_SOFTDEP, 0 },
	{ "suid", 1, MNT_NOSUID, 0 },
	{ "symperm", 0, MNT_SYMPERM, 0 },
	{ "sync", 0, MNT_SYNCHRONOUS, 0 },
	{ "union", 0, MNT_UNION, 0 },
	{ "update", 0, MNT_UPDATE, 0 },
	{ "userquota", 0, 0, 0 },
	{ NULL, 0, 0, 0 },
};

const char *
mnt_path(struct tool *t, const char *path)
{
	char *real = t_malloc(t, 1024);
	int error = t_realpath(t, path, real);

	if (error != 0) {
		t_warn(t, error, "Warning: realpath %s", path);
		return path;
	}
	if (strncmp(path, real, 1024) != 0) {
		if (path[0] != '/')
			t_warnx(t, "\"%s\" is a relative path.", path);
		else
			t_warnx(t,
			    "\"%s\" is a non-resolved or relative "
			    "path.",
			    path);
		t_warnx(t, "using \"%s\" instead.", real);
	}
	return real;
}

int
mnt_args(struct tool *t, const char *type, const char *special,
    const char *node, char **out)
{
	union {
		struct ufs_args ufs;
		struct tmpfs_args tmpfs;
	} args;
	const struct tmpfs_args *a = &args.tmpfs;
	struct statvfs now;
	int n;

	*out = NULL;
	n = sys_statvfs(t, node, &now, ST_NOWAIT);
	if (n < 0)
		return n;
	/* The arguments are as the mount's own type has them. */
	if (strncmp(now.f_fstypename, type, sizeof(now.f_fstypename)) != 0)
		return -EINVAL;
	memset(&args, 0, sizeof(args));
	n = sys_mount(t, type, node, MNT_GETARGS, &args, sizeof(args));
	if (n < 0)
		return n;
	if (strcmp(type, MOUNT_TMPFS) == 0)
		*out = t_asprintf(t,
		    "version=%d, size_max=%" PRId64 ", nodes_max=%" PRIu64
		    ", root_uid=%u, root_gid=%u, "
		    "root_mode=%o",
		    a->ta_version, (int64_t)a->ta_size_max,
		    (uint64_t)a->ta_nodes_max, a->ta_root_uid, a->ta_root_gid,
		    (unsigned)a->ta_root_mode);
	else /* The kernel keeps the device's name elsewhere. */
		*out = t_asprintf(t, "fspec=%s", special);
	return 0;
}

int
mnt_print_args(
    struct tool *t, const char *type, const char *special, const char *node)
{
	char *args;
	int error = mnt_args(t, type, special, node, &args);

	if (error < 0)
		t_fail(t, 1, error, "%s on %s", special, node);
	t_printf(t, "%s\n", args);
	return 0;
}
