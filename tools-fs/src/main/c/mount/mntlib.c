/* SPDX-License-Identifier: BSD-2-Clause */
/* What mount and the mount_* tools share. */
#include "mount/mntlib.h"
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
			t_warnx(t, "\"%s\" is a non-resolved or relative "
			    "path.", path);
		t_warnx(t, "using \"%s\" instead.", real);
	}
	return real;
}
