/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of the file system layer: what they call beside core_calls.h. */
#ifndef VFS_CALLS_H
#define VFS_CALLS_H

#include "core_calls.h"
#include "vfs/vfs_impl.h"

static inline void
up_with(struct fixture *f, unsigned nvnodes)
{
	struct kern_config c = { .kc_nvnodes = nvnodes };

	up_config(f, &c);
}

static inline long
l_chdir(struct lwp *l, const char *path)
{
	return SYS(l, SYS_chdir, chdir, P(const char *, path));
}

static inline long
l_access(struct lwp *l, const char *path, int mode)
{
	return SYS(l, SYS_access, access, P(const char *, path), P(int, mode));
}

static inline long
l_getcwd(struct lwp *l, char *buf, size_t n)
{
	return SYS(l, SYS___getcwd, __getcwd, P(char *, buf), P(size_t, n));
}

static inline long
mount_tmpfs(struct lwp *l, const char *path, int flags)
{
	struct tmpfs_args args = { .ta_version = 1, .ta_root_mode = 0755 };

	return l_mount(l, "tmpfs", path, flags, &args, sizeof(args));
}

static inline long
touch(struct lwp *l, const char *path)
{
	long fd = l_open(l, path, O_RDWR | O_CREAT, 0644);

	return fd < 0 ? fd : l_close(l, fd);
}

static inline long
setlk(struct lwp *l, long fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = {
		.l_start = start, .l_len = len, .l_type = (short)type
	};

	return SYS(l, SYS_fcntl, fcntl, P(int, fd), P(int, cmd), P(void *, &fl));
}

#endif
