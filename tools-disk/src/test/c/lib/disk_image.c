/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks and files in memory, see the header. */
#include "lib/disk_image.h"
#include <netbsd/fcntl.h>
#include <rumprun/tool_sys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FILE *popen(const char *, const char *);
int pclose(FILE *);

void
image_make(struct image_world *w, const char *name, size_t size, bool device)
{
	struct image_file *f = image_find(w, name);

	for (int i = 0; i < IMAGE_FILES && f == NULL; i++)
		if (w->files[i].name[0] == '\0')
			f = &w->files[i];
	if (f == NULL)
		abort();
	free(f->data);
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->data = calloc(1, size + 1);
	f->size = size;
	f->device = device;
}

struct image_file *
image_find(struct image_world *w, const char *name)
{
	for (int i = 0; i < IMAGE_FILES; i++)
		if (strcmp(w->files[i].name, name) == 0)
			return &w->files[i];
	return NULL;
}

void
image_free(struct image_world *w)
{
	for (int i = 0; i < IMAGE_FILES; i++)
		free(w->files[i].data);
	memset(w, 0, sizeof(*w));
	w->writes_left = -1;
}

static int
do_open(struct image_world *w, const struct sys_open_args *a, register_t rv[2])
{
	struct image_file *f = image_find(w, a->path.datum);

	if (f == NULL && (a->flags.datum & O_CREAT) == 0)
		return -ENOENT;
	if (f == NULL || (a->flags.datum & O_TRUNC) != 0) {
		image_make(w, a->path.datum, 0, false);
		f = image_find(w, a->path.datum);
	}
	for (int i = 0; i < 8; i++)
		if (w->fds[i].file == 0) {
			w->fds[i].file = (int)(f - w->files) + 1;
			w->fds[i].at = 0;
			rv[0] = i + 3;
			return 0;
		}
	return -EMFILE;
}

static struct image_file *
file_of(struct image_world *w, int fd)
{
	if (fd < 3 || fd >= 11 || w->fds[fd - 3].file == 0)
		abort();
	return &w->files[w->fds[fd - 3].file - 1];
}

static int
do_read(struct image_world *w, int fd, void *buf, size_t n, int64_t at,
    register_t rv[2])
{
	struct image_file *f = file_of(w, fd);

	if (at < 0 || (size_t)at > f->size)
		return -EINVAL;
	if (n > f->size - (size_t)at)
		n = f->size - (size_t)at;
	memcpy(buf, f->data + at, n);
	rv[0] = (register_t)n;
	return 0;
}

static int
do_write(struct image_world *w, int fd, const void *buf, size_t n, int64_t at,
    register_t rv[2])
{
	struct image_file *f = file_of(w, fd);

	if (w->writes_left == 0)
		return -EIO;
	if (w->writes_left > 0)
		w->writes_left--;
	if (at < 0 ||
	    (f->device && ((size_t)at > f->size || n > f->size - (size_t)at)))
		return -EINVAL;
	if ((size_t)at + n > f->size) {
		f->data = realloc(f->data, (size_t)at + n + 1);
		memset(f->data + f->size, 0, (size_t)at + n - f->size);
		f->size = (size_t)at + n;
	}
	memcpy(f->data + at, buf, n);
	rv[0] = (register_t)n;
	return 0;
}

static int
do_sysctl(struct image_world *w, const struct sys___sysctl_args *a)
{
	w->random = w->random * 1664525 + 1013904223;
	memcpy(a->oldv.datum, &w->random, sizeof(w->random));
	*(size_t *)a->oldlenp.datum = sizeof(w->random);
	return 0;
}

static int
world_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	struct image_world *w = ctx;

	(void)argsize;
	rv[0] = rv[1] = 0;
	switch (num) {
	case SYS_open:
		return do_open(w, args, rv);
	case SYS_close:
		w->fds[((const struct sys_close_args *)args)->fd.datum - 3]
		    .file = 0;
		return 0;
	case SYS_fsync:
		return 0;
	case SYS_ioctl:
		return -ENOTTY;
	case SYS___sysctl:
		return do_sysctl(w, args);
	case SYS_pread: {
		const struct sys_pread_args *a = args;

		return do_read(w, a->fd.datum, a->buf.datum, a->nbyte.datum,
		    a->offset.datum, rv);
	}
	case SYS_pwrite: {
		const struct sys_pwrite_args *a = args;

		return do_write(w, a->fd.datum, a->buf.datum, a->nbyte.datum,
		    a->offset.datum, rv);
	}
	case SYS_read: {
		const struct sys_read_args *a = args;
		size_t *at = &w->fds[a->fd.datum - 3].at;
		int error = do_read(w, a->fd.datum, a->buf.datum,
		    a->nbyte.datum, (int64_t)*at, rv);

		*at += error == 0 ? (size_t)rv[0] : 0;
		return error;
	}
	case SYS_write: {
		const struct sys_write_args *a = args;
		size_t *at = &w->fds[a->fd.datum - 3].at;
		int error = do_write(w, a->fd.datum, a->buf.datum,
		    a->nbyte.datum, (int64_t)*at, rv);

		*at += error == 0 ? (size_t)rv[0] : 0;
		return error;
	}
	case SYS___fstat50: {
		const struct sys___fstat50_args *a = args;
		struct stat *st = a->sb.datum;

		memset(st, 0, sizeof(*st));
		st->st_mode = S_IFREG;
		st->st_size = (off_t)file_of(w, a->fd.datum)->size;
		return 0;
	}
	default:
		return -ENOENT;
	}
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct image_world *w = ctx;
	size_t room = sizeof(w->out) - 1 - w->outlen;
	size_t take = n < room ? n : room;

	(void)fd;
	memcpy(w->out + w->outlen, buf, take);
	w->outlen += take;
	w->out[w->outlen] = '\0';
	return (int)n;
}

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	struct image_world *w = ctx;
	size_t have = w->in != NULL ? strlen(w->in) : 0;

	(void)fd;
	if (n > have)
		n = have;
	if (n > 0)
		memcpy(buf, w->in, n);
	if (w->in != NULL)
		w->in += n;
	return (int)n;
}

static bool
io_isatty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

static int
io_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

int
image_run(struct image_world *w, tool_main *tool, const char *line)
{
	struct tool_sys sys = { .syscall = world_syscall };
	struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.ctx = w };
	struct tool_run run = { .sys = &sys, .sysctx = w, .io = &io };
	char words[512], *argv[32], *envp[] = { NULL };
	int argc = 0;

	run.envp = envp;
	snprintf(words, sizeof(words), "%s", line);
	for (char *s = strtok(words, " "); s != NULL && argc < 31;
	     s = strtok(NULL, " ")) {
		for (char *p = s; *p != '\0'; p++)
			if (*p == '_')
				*p = ' ';
		argv[argc++] = s;
	}
	argv[argc] = NULL;
	w->outlen = 0;
	w->out[0] = '\0';
	memset(w->fds, 0, sizeof(w->fds));
	return t_run(&run, tool, argc, argv);
}

/* --- the host's programs -------------------------------------------------------- */

static int
host(struct image_world *w, const char *name, const char *program,
    const char *command, bool back)
{
	struct image_file *f = image_find(w, name);
	char path[64], line[1024];
	FILE *fp;
	int status;

	snprintf(line, sizeof(line),
	    "PATH=$PATH:/sbin:/usr/sbin command -v %s >/dev/null 2>&1", program);
	if (system(line) != 0)
		return -1;
	snprintf(path, sizeof(path), "/tmp/disk_image.%p", (void *)w);
	fp = fopen(path, "wb");
	if (fp == NULL || fwrite(f->data, 1, f->size, fp) != f->size ||
	    fclose(fp) != 0)
		abort();
	status = snprintf(line, sizeof(line),
	    "PATH=$PATH:/sbin:/usr/sbin; f=%s; %s", path, command);
	if (status < 0 || (size_t)status >= sizeof(line))
		abort();
	fp = popen(line, "r");
	if (fp == NULL)
		abort();
	w->outlen = fread(w->out, 1, sizeof(w->out) - 1, fp);
	w->out[w->outlen] = '\0';
	status = pclose(fp);
	if (back) {
		fp = fopen(path, "rb");
		if (fp == NULL || fread(f->data, 1, f->size, fp) != f->size)
			abort();
		fclose(fp);
	}
	remove(path);
	return status == 0 ? 0 : 1;
}

int
image_host(struct image_world *w, const char *name, const char *program,
    const char *command)
{
	return host(w, name, program, command, false);
}

int
image_host_change(struct image_world *w, const char *name, const char *program,
    const char *command)
{
	return host(w, name, program, command, true);
}
