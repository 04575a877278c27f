/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools without a kernel, see the header. */
#include "lib/fake_sys.h"
#include "host/host.h"
#include <netbsd/disklabel.h>
#include <netbsd/ioctl.h>
#include <netbsd/time.h>
#include <netbsd/uio.h>
#include <rumprun/tool_sys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPS (&host_linux)

/* --- names ------------------------------------------------------------------------------------------------------------ */

struct fake_node *
fake_add(struct fake_sys *f, const char *path, mode_t type, const char *host)
{
	struct fake_node *node = &f->nodes[f->nnodes++];
	const char *slash = strrchr(path, '/');
	char dir[128];
	int fd;

	memcpy(dir, f->dir, sizeof(dir));
	if (f->nnodes > FAKE_NODES)
		abort();
	snprintf(node->path, sizeof(node->path), "%s", path);
	node->type = type;
	if (host != NULL)
		snprintf(node->host, sizeof(node->host), "%s", host);
	else
		snprintf(node->host, sizeof(node->host), "%s/%s", dir,
		    slash != NULL ? slash + 1 : path);
	if (type != S_IFDIR &&
	    OPS->open(node->host, O_RDWR | HOST_O_CREAT, 0644, &fd) == 0)
		OPS->close(fd);
	return node;
}

static const struct fake_node *
find(const struct fake_sys *f, const char *path)
{
	int i;

	for (i = 0; i < f->nnodes; i++)
		if (strcmp(f->nodes[i].path, path) == 0)
			return &f->nodes[i];
	return NULL;
}

void
fake_resize(struct fake_sys *f, struct fake_node *node, int64_t size)
{
	int fd;

	(void)f;
	if (OPS->open(node->host, O_RDWR, 0, &fd) != 0)
		abort();
	if (OPS->ftruncate(fd, 0) != 0 || OPS->ftruncate(fd, size) != 0)
		abort();
	OPS->close(fd);
}

void
fake_init(struct fake_sys *f)
{
	int i;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < FAKE_FDS; i++)
		f->fds[i].hostfd = -1;
	for (i = 0; i < 1000; i++) {
		snprintf(f->dir, sizeof(f->dir), "/tmp/fake.%d.%d",
		    host_getpid(), i);
		if (OPS->mkdir(f->dir, 0700) == 0)
			return;
	}
	abort();
}

static void
close_all(struct fake_sys *f)
{
	int i;

	for (i = 0; i < FAKE_FDS; i++)
		if (f->fds[i].hostfd >= 0) {
			OPS->close(f->fds[i].hostfd);
			f->fds[i].hostfd = -1;
		}
}

void
fake_fini(struct fake_sys *f)
{
	int i;

	close_all(f);
	for (i = 0; i < f->nnodes; i++)
		if (strncmp(f->nodes[i].host, f->dir, strlen(f->dir)) == 0)
			OPS->unlink(f->nodes[i].host);
	OPS->rmdir(f->dir);
	free(f->out);
}

uint8_t *
fake_read(struct fake_sys *f, const char *host, size_t *lenp)
{
	uint64_t size = 0;
	struct iovec iov;
	int fd;

	(void)f;
	if (OPS->open(host, O_RDONLY, 0, &fd) != 0)
		return NULL;
	OPS->size(fd, &size);
	iov.iov_base = malloc((size_t)size + 1);
	iov.iov_len = (size_t)size;
	*lenp = (size_t)size;
	if (iov.iov_base == NULL || OPS->preadv(fd, &iov, 1, 0) != (ssize_t)size)
		abort();
	((char *)iov.iov_base)[size] = '\0';
	OPS->close(fd);
	return iov.iov_base;
}

/* --- system calls ----------------------------------------------------------------------------------------------------- */

#define A(call) const struct sys_##call##_args *a = args
#define GET(name) (a->name.datum)

static int
fd_of(struct fake_sys *f, int fd)
{
	return fd >= 0 && fd < FAKE_FDS && f->fds[fd].hostfd >= 0 ? 0 : -EBADF;
}

static int
do_open(struct fake_sys *f, const char *path, int flags, register_t *rv)
{
	const struct fake_node *node = find(f, path);
	int fd, error;

	if (node == NULL) {
		if ((flags & O_CREAT) == 0 || strncmp(path, "/tmp/", 5) != 0)
			return -ENOENT;
		node = fake_add(f, path, S_IFREG, NULL);
	}
	if (node->type == S_IFDIR && (flags & O_ACCMODE) != O_RDONLY)
		return -EISDIR;
	for (fd = 3; fd < FAKE_FDS && f->fds[fd].hostfd >= 0; fd++)
		continue;
	if (fd == FAKE_FDS)
		return -EMFILE;
	error = OPS->open(node->host, flags & O_ACCMODE, 0, &f->fds[fd].hostfd);
	if (error != 0)
		return error;
	f->fds[fd].node = node;
	f->fds[fd].off = 0;
	*rv = fd;
	return 0;
}

static int64_t
size_of(struct fake_sys *f, int fd)
{
	uint64_t size = 0;

	OPS->size(f->fds[fd].hostfd, &size);
	return (int64_t)size;
}

static int
do_io(struct fake_sys *f, int fd, void *buf, size_t n, int64_t off, bool write,
    register_t *rv)
{
	struct iovec iov = { .iov_base = buf, .iov_len = n };
	bool dev = f->fds[fd].node->type == S_IFCHR ||
	    f->fds[fd].node->type == S_IFBLK;
	int64_t size = size_of(f, fd);
	ssize_t got;

	if (f->fds[fd].node->type == S_IFDIR)
		return -EISDIR;
	if (write)
		f->writes++;
	else
		f->reads++;
	if (f->fds[fd].node->type == S_IFCHR && (n % 512 != 0 || off % 512 != 0))
		return -EINVAL;
	if (dev && off > size)
		return -EINVAL;
	if (dev && (int64_t)n > size - off)
		iov.iov_len = (size_t)(size - off);
	got = iov.iov_len == 0 ? 0 :
	    write	       ? OPS->pwritev(f->fds[fd].hostfd, &iov, 1, off) :
				 OPS->preadv(f->fds[fd].hostfd, &iov, 1, off);
	if (got < 0)
		return (int)got;
	*rv = got;
	return 0;
}

static void
fill_stat(const struct fake_node *node, int64_t size, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_mode = node->type | 0755;
	st->st_size = size;
	st->st_blksize = 512;
	st->st_nlink = 1;
}

static int
do_stat(struct fake_sys *f, const char *path, struct stat *st)
{
	const struct fake_node *node = find(f, path);
	struct host_stat hs;

	if (node == NULL)
		return -ENOENT;
	memset(&hs, 0, sizeof(hs));
	OPS->stat(node->host, true, &hs);
	fill_stat(node, (int64_t)hs.hs_size, st);
	return 0;
}

static int
do_ioctl(struct fake_sys *f, int fd, unsigned long com, void *data)
{
	const struct fake_node *node = f->fds[fd].node;
	struct disklabel *label = data;
	struct partinfo *part = data;
	uint64_t size = (uint64_t)size_of(f, fd);

	if (node->type != S_IFCHR && node->type != S_IFBLK)
		return -ENOTTY;
	if (strcmp(node->path, "/dev/null") == 0)
		return -ENODEV;
	switch (com) {
	case DIOCGDINFO:
		memset(label, 0, sizeof(*label));
		label->d_secsize = 512;
		return 0;
	case DIOCGPARTINFO:
		memset(part, 0, sizeof(*part));
		part->pi_size = size / 512;
		part->pi_secsize = 512;
		part->pi_fstype = FS_BSDFFS;
		return 0;
	case DIOCGMEDIASIZE:
		memcpy(data, &size, sizeof(size));
		return 0;
	}
	return -ENOTTY;
}

static int
call_files(struct fake_sys *f, int num, const void *args, register_t *rv)
{
	int error, fd;

	switch (num) {
	case SYS_read:
	case SYS_write: {
		const struct sys_read_args *a = args;

		fd = GET(fd);
		if ((error = fd_of(f, fd)) != 0)
			return error;
		error = do_io(f, fd, (void *)(uintptr_t)GET(buf), GET(nbyte),
		    f->fds[fd].off, num == SYS_write, rv);
		if (error == 0)
			f->fds[fd].off += *rv;
		return error;
	}
	case SYS_pread:
	case SYS_pwrite: {
		const struct sys_pread_args *a = args;

		if ((error = fd_of(f, GET(fd))) != 0)
			return error;
		return do_io(f, GET(fd), (void *)(uintptr_t)GET(buf),
		    GET(nbyte), GET(offset), num == SYS_pwrite, rv);
	}
	case SYS_lseek: {
		A(lseek);
		fd = GET(fd);
		if ((error = fd_of(f, fd)) != 0)
			return error;
		f->fds[fd].off = GET(offset) +
		    (GET(whence) == SEEK_CUR	    ? f->fds[fd].off :
			    GET(whence) == SEEK_END ? size_of(f, fd) :
						      0);
		memcpy(rv, &f->fds[fd].off, sizeof(int64_t));
		return 0;
	}
	case SYS_ftruncate: {
		A(ftruncate);
		if ((error = fd_of(f, GET(fd))) != 0)
			return error;
		return OPS->ftruncate(f->fds[GET(fd)].hostfd, GET(length));
	}
	case SYS_fsync: {
		A(fsync);
		return fd_of(f, GET(fd));
	}
	}
	return -ENOSYS;
}

static int
fake_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	struct fake_sys *f = ctx;
	int error;

	(void)argsize;
	rv[0] = rv[1] = 0;
	switch (num) {
	case SYS_open: {
		A(open);
		return do_open(f, GET(path), GET(flags), &rv[0]);
	}
	case SYS_close: {
		A(close);
		if ((error = fd_of(f, GET(fd))) != 0)
			return error;
		OPS->close(f->fds[GET(fd)].hostfd);
		f->fds[GET(fd)].hostfd = -1;
		return 0;
	}
	case SYS___stat50: {
		A(__stat50);
		return do_stat(f, GET(path), (struct stat *)GET(ub));
	}
	case SYS___fstat50: {
		A(__fstat50);
		if ((error = fd_of(f, GET(fd))) != 0)
			return error;
		fill_stat(f->fds[GET(fd)].node, size_of(f, GET(fd)),
		    (struct stat *)GET(sb));
		return 0;
	}
	case SYS_ioctl: {
		A(ioctl);
		if ((error = fd_of(f, GET(fd))) != 0)
			return error;
		return do_ioctl(f, GET(fd), GET(com), (void *)GET(data));
	}
	case SYS___clock_gettime50: {
		A(__clock_gettime50);
		struct timespec *ts = (struct timespec *)GET(tp);
		int64_t ns = f->clock != 0 ? f->clock : OPS->realtime();

		ts->tv_sec = ns / 1000000000;
		ts->tv_nsec = (long)(ns % 1000000000);
		return 0;
	}
	case SYS_getvfsstat:
		return 0;
	}
	return call_files(f, num, args, rv);
}

/* --- standard streams and running ------------------------------------------------------------------------------------- */

static int
fake_spawn(void *ctx, struct tool *t, const char *path, char *const *argv)
{
	struct fake_sys *f = ctx;
	size_t used = strlen(f->spawned);
	int i;

	(void)t;
	if (t_find(f->groups, path) == NULL && f->groups != NULL)
		return -ENOENT;
	for (i = 0; argv[i] != NULL && used < sizeof(f->spawned); i++) {
		snprintf(f->spawned + used, sizeof(f->spawned) - used, "%s%s",
		    i > 0 ? " " : "", argv[i]);
		used = strlen(f->spawned);
	}
	snprintf(f->spawned + used, sizeof(f->spawned) - used, "\n");
	return f->spawn_status;
}

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	struct fake_sys *f = ctx;
	size_t len;

	if (fd != 0 || f->in == NULL)
		return 0;
	len = strlen(f->in);
	if (n > len)
		n = len;
	memcpy(buf, f->in, n);
	f->in += n;
	return (int)n;
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct fake_sys *f = ctx;

	(void)fd;
	while (f->outlen + n + 1 > f->outsize) {
		f->outsize = f->outsize == 0 ? 4096 : f->outsize * 2;
		f->out = realloc(f->out, f->outsize);
		if (f->out == NULL)
			abort();
	}
	if (n > 0)
		memcpy(f->out + f->outlen, buf, n);
	f->outlen += n;
	f->out[f->outlen] = '\0';
	return (int)n;
}

static bool
io_isatty(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return false;
}

static int
io_columns(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

int
fake_run(struct fake_sys *f, tool_main *fn, const char *line)
{
	static const struct tool_sys sys = { .syscall = fake_syscall,
		.spawn = fake_spawn };
	struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.ctx = f };
	struct tool_run run = {
		.sys = &sys, .sysctx = f, .io = &io, .groups = f->groups
	};
	char words[1024], *argv[64], *p = words;
	int argc = 0, status;

	snprintf(words, sizeof(words), "%s", line);
	while (*p != '\0' && argc < 63) {
		p += strspn(p, " ");
		if (*p == '\0')
			break;
		argv[argc++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	argv[argc] = NULL;
	f->outlen = 0;
	io_write(f, 1, "", 0);
	status = t_run(&run, fn, argc, argv);
	/* What a process leaves open, its end closes. */
	close_all(f);
	return status;
}
