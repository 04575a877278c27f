/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vndcompress's operands. Names are the kernel's; where the kernel lives in this process and has no file of the input's name, both are the host's: its folder is
 * mounted for as long as the tool runs. A partition of a host's image is read as newfs would.
 */
#include "vndcompress/vndcompress.h"
#include <netbsd/ioctl.h>
#include <netbsd/mount.h>

#define TRIES 1000

struct hostfs_args {
	const char *hostpath;
};

static void
unmount(struct tool *t, void *arg)
{
	(void)sys_unmount(t, arg, MNT_FORCE);
	(void)sys_rmdir(t, arg);
	(void)t;
}

/* The path in the kernel of a file of the host; NULL: it shows none. */
static const char *
host_path(struct tool *t, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;
	struct hostfs_args args;
	char *dir = NULL;
	int error = -EEXIST;

	if (*base == '\0')
		return NULL;
	args.hostpath = slash == NULL ? "." :
	    slash == name	      ? "/" :
			    t_asprintf(t, "%.*s", (int)(slash - name), name);
	for (int i = 0; i < TRIES && error == -EEXIST; i++) {
		dir = t_asprintf(t, "/tmp/vndcompress.%d", i);
		error = sys_mkdir(t, dir, 0700);
	}
	if (error != 0)
		return NULL;
	error = sys_mount(t, "hostfs", dir, 0, &args, sizeof(args));
	if (error < 0) {
		(void)sys_rmdir(t, dir);
		return NULL;
	}
	t_atexit(t, unmount, dir);
	return t_asprintf(t, "%s/%s", dir, base);
}

static bool
exists(struct tool *t, const char *path)
{
	struct stat st;

	return sys_stat(t, path, &st) == 0;
}

static int
open_input(struct tool *t, const char *name, bool *host)
{
	const char *path = name, *other;

	*host = false;
	if (strcmp(name, "/dev/stdin") == 0 && !exists(t, name)) {
		*host = t->t_sys->attach != NULL;
		return STDIN_FD;
	}
	if (!exists(t, name) && t->t_sys->attach != NULL) {
		other = host_path(t, name);
		*host = other != NULL && exists(t, other);
		if (*host)
			path = other;
		else {
			path = t_diskpath(t, name, true, true, false, 0);
			*host = path != name;
		}
	}
	return sys_open(t, path, O_RDONLY, 0);
}

/* Of a device, what its driver says. */
static void
measure(struct vc *vc, const struct stat *st)
{
	off_t size = 0;

	if (vc->length != 0) {
		vc->size = vc->length;
		return;
	}
	if (S_ISREG(st->st_mode))
		size = st->st_size;
	else if ((!S_ISBLK(st->st_mode) && !S_ISCHR(st->st_mode)) ||
	    sys_ioctl(vc->t, vc->imagefd, DIOCGMEDIASIZE, &size) < 0)
		t_errx(vc->t, 1, "%s: unknown length (use -l)", vc->image);
	vc->size = size < 0 ? 0 : (uint64_t)size;
}

void
vndcompress_open(struct vc *vc, bool compress)
{
	struct tool *t = vc->t;
	const char *in = compress ? vc->image : vc->compressed;
	const char *out = compress ? vc->compressed : vc->image, *path = out;
	int flags = (compress ? O_RDWR : O_WRONLY) | O_CREAT;
	struct stat ist, ost;
	int ifd, ofd, error;
	bool host;

	memset(&ist, 0, sizeof(ist));
	ifd = open_input(t, in, &host);
	if (ifd < 0 && ifd != STDIN_FD)
		t_fail(t, 1, ifd, "%s", in);
	if (ifd == STDIN_FD)
		ist.st_mode = S_IFIFO;
	else if ((error = sys_fstat(t, ifd, &ist)) != 0)
		t_fail(t, 1, error, "%s", in);
	if (S_ISDIR(ist.st_mode))
		t_fail(t, 1, EISDIR, "%s", in);
	if (host && (path = host_path(t, out)) == NULL)
		path = out;
	if (sys_stat(t, path, &ost) == 0 && S_ISREG(ost.st_mode) &&
	    S_ISREG(ist.st_mode) && ost.st_dev == ist.st_dev &&
	    ost.st_ino == ist.st_ino)
		t_errx(t, 1, "%s and %s are the same file", in, out);
	if (compress && vc->mustrestart)
		flags &= ~O_CREAT;
	if (!compress)
		flags |= O_TRUNC;
	if ((ofd = sys_open(t, path, flags, 0666)) < 0)
		t_fail(t, 1, ofd, "%s", out);
	vc->imagefd = compress ? ifd : ofd;
	vc->compressedfd = compress ? ofd : ifd;
	vc->image_seeks = !S_ISFIFO(ist.st_mode) && !S_ISSOCK(ist.st_mode);
	if (S_ISCHR(ist.st_mode)) {
		off_t size;

		/* A disk, or something like a terminal. */
		vc->image_seeks = sys_ioctl(t, ifd, DIOCGMEDIASIZE, &size) >= 0;
	}
	if (compress)
		measure(vc, &ist);
	else
		vc->size = S_ISREG(ist.st_mode) ? (uint64_t)ist.st_size :
						  UINT64_MAX;
}
