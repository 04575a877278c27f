/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver that isn't there, see the header. */
#include "lib/fake_raid.h"
#include <netbsd/time.h>
#include <rumprun/tool_net.h>
#include <rumprun/tool_sys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FD_DEV 3
#define FD_CONF 4

static int
fake_progress(struct fake_raid *f, int which, void *data)
{
	struct RF_ProgressInfo_s *p = &f->progress[which];

	memcpy(*(void **)data, p, sizeof(*p));
	if (p->remaining > 0) {
		p->remaining--;
		p->completed++;
		if (p->remaining == 0)
			f->parity = 1;
	}
	return 0;
}

/* Requests that ask. -ENOSYS: it isn't one. */
static int
fake_query(struct fake_raid *f, unsigned long com, void *data)
{
	switch (com) {
	case RAIDFRAME_GET_INFO:
		memcpy(*(void **)data, &f->info, sizeof(f->info));
		return 0;
	case RAIDFRAME_GET_COMPONENT_LABEL: {
		struct RF_ComponentLabel_s *l = *(void **)data;
		int column = l->column;

		*l = f->label;
		l->column = column;
		return 0;
	}
	case RAIDFRAME_CHECK_PARITY:
		*(int *)data = f->parity;
		return 0;
	case RAIDFRAME_CHECK_RECON_STATUS_EXT:
		return fake_progress(f, 0, data);
	case RAIDFRAME_CHECK_PARITYREWRITE_STATUS_EXT:
		return fake_progress(f, 1, data);
	case RAIDFRAME_CHECK_COPYBACK_STATUS_EXT:
		return fake_progress(f, 2, data);
	case RAIDFRAME_PARITYMAP_STATUS:
		memcpy(data, &f->map, sizeof(f->map));
		return 0;
	default:
		return -ENOSYS;
	}
}

static int
fake_ioctl(struct fake_raid *f, unsigned long com, void *data)
{
	int error;

	if (f->ncalls < FAKE_CALLS)
		f->calls[f->ncalls++] = com;
	if (f->unconfigured && com != RAIDFRAME_CONFIGURE)
		return -ENXIO;
	error = fake_query(f, com, data);
	if (error != -ENOSYS)
		return error;
	switch (com) {
	case RAIDFRAME_CONFIGURE:
		memcpy(&f->config, *(void **)data, sizeof(f->config));
		break;
	case RAIDFRAME_FAIL_DISK:
		memcpy(&f->recon, data, sizeof(f->recon));
		break;
	case RAIDFRAME_ADD_HOT_SPARE:
	case RAIDFRAME_REMOVE_HOT_SPARE:
	case RAIDFRAME_REBUILD_IN_PLACE:
		memcpy(&f->single, data, sizeof(f->single));
		break;
	case RAIDFRAME_PARITYMAP_SET_PARAMS:
		memcpy(&f->params, data, sizeof(f->params));
		break;
	case RAIDFRAME_SET_AUTOCONFIG:
	case RAIDFRAME_SET_ROOT:
	case RAIDFRAME_SET_LAST_UNIT:
	case RAIDFRAME_INIT_LABELS:
	case RAIDFRAME_PARITYMAP_SET_DISABLE:
		/* A label's version comes first; its serial number is second. */
		memcpy(&f->value,
		    (char *)data + (com == RAIDFRAME_INIT_LABELS ? 4 : 0),
		    sizeof(f->value));
		break;
	default:
		break;
	}
	return f->error;
}

static int
fake_open(struct fake_raid *f, const char *path, register_t rv[2])
{
	if (strcmp(path, "/dev/rraid0d") == 0 && !f->absent)
		rv[0] = FD_DEV;
	else if (strcmp(path, "/raid.conf") == 0 && f->conf != NULL)
		rv[0] = FD_CONF;
	else
		return -ENOENT;
	return 0;
}

static int
fake_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	struct fake_raid *f = ctx;

	(void)argsize;
	rv[0] = rv[1] = 0;
	switch (num) {
	case SYS_open:
		return fake_open(
		    f, ((const struct sys_open_args *)args)->path.datum, rv);
	case SYS_close:
		return 0;
	case SYS___fstat50: {
		const struct sys___fstat50_args *a = args;

		memset(a->sb.datum, 0, sizeof(struct stat));
		((struct stat *)a->sb.datum)->st_mode = S_IFCHR;
		return 0;
	}
	case SYS_read: {
		const struct sys_read_args *a = args;
		size_t n = f->conf_len - f->conf_at;

		if (n > a->nbyte.datum)
			n = a->nbyte.datum;
		memcpy(a->buf.datum, f->conf + f->conf_at, n);
		f->conf_at += n;
		rv[0] = (register_t)n;
		return 0;
	}
	case SYS_ioctl: {
		const struct sys_ioctl_args *a = args;

		return a->fd.datum == FD_DEV ?
		    fake_ioctl(f, a->com.datum, a->data.datum) :
		    -ENOTTY;
	}
	case SYS___nanosleep50: {
		const struct sys___nanosleep50_args *a = args;
		const struct timespec *ts = a->rqtp.datum;

		f->now_ns += (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec;
		return 0;
	}
	case SYS___clock_gettime50: {
		const struct sys___clock_gettime50_args *a = args;

		a->tp.datum->tv_sec = 1000 + f->now_ns / 1000000000;
		a->tp.datum->tv_nsec = (long)(f->now_ns % 1000000000);
		return 0;
	}
	default:
		return -ENOSYS;
	}
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct fake_raid *f = ctx;
	size_t room = sizeof(f->out) - 1 - f->outlen;
	size_t take = n < room ? n : room;

	(void)fd;
	memcpy(f->out + f->outlen, buf, take);
	f->outlen += take;
	f->out[f->outlen] = '\0';
	return (int)n;
}

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
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
fake_raid_run(struct fake_raid *f, tool_main *tool, const char *line)
{
	struct tool_sys sys = { .syscall = fake_syscall };
	struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.ctx = f };
	struct tool_run run = { .sys = &sys, .sysctx = f, .io = &io };
	char words[512], *argv[32], *envp[] = { NULL };
	int argc = 0;

	run.envp = envp;
	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w != NULL && argc < 31;
	     w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	f->outlen = 0;
	f->out[0] = '\0';
	f->ncalls = 0;
	f->conf_at = 0;
	return t_run(&run, tool, argc, argv);
}

bool
fake_raid_asked(const struct fake_raid *f, unsigned long com)
{
	for (int i = 0; i < f->ncalls; i++)
		if (f->calls[i] == com)
			return true;
	return false;
}
