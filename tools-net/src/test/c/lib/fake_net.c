/* SPDX-License-Identifier: BSD-2-Clause */
/* Network tools without a kernel, see the header. */
#include "lib/fake_net.h"
#include <netbsd/route.h>
#include <netbsd/sysctl.h>
#include <netbsd/time.h>
#include <rumprun/tool_net.h>
#include <stdio.h>
#include <stdlib.h>

static int
fake_sysctl(struct fake_net *f, const struct sys___sysctl_args *a)
{
	const int *name = a->name.datum;
	size_t *lenp = a->oldlenp.datum, len;
	int op;

	if (a->namelen.datum < 5 || name[1] != PF_ROUTE)
		return -ENOENT;
	op = name[4];
	if (op < 0 || op >= 8)
		return -EINVAL;
	len = f->list[op].len;
	if (a->oldv.datum != NULL) {
		if (*lenp < len)
			return -ENOMEM;
		memcpy(a->oldv.datum, f->list[op].data, len);
	}
	*lenp = len;
	return 0;
}

static int
fake_ioctl(struct fake_net *f, const struct sys_ioctl_args *a)
{
	unsigned long com = a->com.datum;
	size_t n = com >> 16 & 0x1fff;

	if (a->fd.datum < 0)
		return -EBADF;
	if (f->ncalls == FAKE_CALLS)
		abort();
	f->calls[f->ncalls].com = com;
	memcpy(f->calls[f->ncalls].data, a->data.datum,
	    n < sizeof(f->calls[0].data) ? n : sizeof(f->calls[0].data));
	f->ncalls++;
	return f->ioctl != NULL ? f->ioctl(f, com, a->data.datum) : -ENOTTY;
}

static int
fake_write(struct fake_net *f, const struct sys_write_args *a, register_t rv[2])
{
	int n;

	n = f->route != NULL ?
	    f->route(f, a->buf.datum, a->nbyte.datum, f->answer) :
	    -ESRCH;
	if (n < 0)
		return n;
	f->answer_len = (size_t)n;
	rv[0] = (register_t)a->nbyte.datum;
	return 0;
}

static int
fake_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	struct fake_net *f = ctx;

	(void)argsize;
	rv[0] = rv[1] = 0;
	if (f->call != NULL) {
		int error = f->call(f, num, args, rv);

		if (error != -ENOSYS)
			return error;
	}
	switch (num) {
	case SYS___socket30:
		rv[0] = 3;
		return 0;
	case SYS_close:
		return 0;
	case SYS_getpid:
		rv[0] = 77;
		return 0;
	case SYS___sysctl:
		return fake_sysctl(f, args);
	case SYS_ioctl:
		return fake_ioctl(f, args);
	case SYS_write:
		return fake_write(f, args, rv);
	case SYS_read: {
		const struct sys_read_args *a = args;

		if (f->answer_len == 0 || f->answer_len > a->nbyte.datum)
			return -EIO;
		memcpy(a->buf.datum, f->answer, f->answer_len);
		rv[0] = (register_t)f->answer_len;
		f->answer_len = 0;
		return 0;
	}
	case SYS___clock_gettime50: {
		const struct sys___clock_gettime50_args *a = args;

		a->tp.datum->tv_sec = 1000000;
		a->tp.datum->tv_nsec = 0;
		return 0;
	}
	default:
		return -ENOSYS;
	}
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct fake_net *f = ctx;
	size_t room = sizeof(f->out) - 1 - f->outlen;

	(void)fd;
	if (n > room)
		n = room;
	memcpy(f->out + f->outlen, buf, n);
	f->outlen += n;
	f->out[f->outlen] = '\0';
	return (int)n;
}

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx;
	(void)fd;
	(void)buf;
	(void)n;
	return 0;
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
fake_net_run(struct fake_net *f, tool_main *fn, const char *line)
{
	static const struct tool_sys sys = { .syscall = fake_syscall };
	static const struct tool_group *const groups[] = { NULL };
	char *const envp[] = { NULL };
	struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.ctx = f };
	struct tool_run run = { .sys = &sys,
		.sysctx = f,
		.io = &io,
		.envp = envp,
		.groups = groups };
	char copy[512], *argv[64], *s = copy;
	int argc = 0, status;

	if (snprintf(copy, sizeof(copy), "%s", line) >= (int)sizeof(copy))
		abort();
	while (*(s += strspn(s, " ")) != '\0' && argc < 63) {
		argv[argc++] = s;
		s += strcspn(s, " ");
		if (*s != '\0')
			*s++ = '\0';
		if (strcmp(argv[argc - 1], "''") == 0)
			argv[argc - 1][0] = '\0';
	}
	argv[argc] = NULL;
	f->outlen = 0;
	f->out[0] = '\0';
	f->ncalls = 0;
	f->answer_len = 0;
	status = t_run(&run, fn, argc, argv);
	return status;
}

const void *
fake_net_call(const struct fake_net *f, unsigned long com, int nth)
{
	int i;

	for (i = 0; i < f->ncalls; i++)
		if (f->calls[i].com == com && nth-- == 0)
			return f->calls[i].data;
	return NULL;
}

/* An address behind a message, at its place. */
static size_t
put_address(uint8_t *buf, size_t at, const void *sa)
{
	size_t n = *(const uint8_t *)sa;

	memcpy(buf + at, sa, n);
	memset(buf + at + n, 0, 8);
	return at + ((n + 7) & ~(size_t)7);
}

size_t
fake_if(uint8_t *buf, size_t at, int index, const char *name, int flags,
    unsigned addrlen)
{
	uint8_t dl[64] = { 0 };
	struct if_msghdr ifm;
	size_t end, n = strlen(name);

	memset(&ifm, 0, sizeof(ifm));
	ifm.ifm_version = RTM_VERSION;
	ifm.ifm_type = RTM_IFINFO;
	ifm.ifm_addrs = RTA_IFP;
	ifm.ifm_flags = flags;
	ifm.ifm_index = (unsigned short)index;
	ifm.ifm_data.ifi_mtu = 1500;
	dl[0] = (uint8_t)(8 + n + addrlen);
	dl[1] = AF_LINK;
	dl[2] = (uint8_t)index;
	dl[4] = IFT_ETHER;
	dl[5] = (uint8_t)n;
	dl[6] = (uint8_t)addrlen;
	memcpy(dl + 8, name, n);
	if (addrlen != 0) {
		dl[8 + n] = 2;
		dl[8 + n + addrlen - 1] = (uint8_t)index;
	}
	end = put_address(buf, at + sizeof(ifm), dl);
	ifm.ifm_msglen = (unsigned short)(end - at);
	memcpy(buf + at, &ifm, sizeof(ifm));
	return end;
}

size_t
fake_ifa(uint8_t *buf, size_t at, int index, const void *addr, const void *mask,
    const void *dst)
{
	struct ifa_msghdr ifam;
	size_t end = at + sizeof(ifam);

	memset(&ifam, 0, sizeof(ifam));
	ifam.ifam_version = RTM_VERSION;
	ifam.ifam_type = RTM_NEWADDR;
	ifam.ifam_index = (unsigned short)index;
	ifam.ifam_addrs = RTA_IFA | (mask != NULL ? RTA_NETMASK : 0) |
	    (dst != NULL ? RTA_BRD : 0);
	if (mask != NULL)
		end = put_address(buf, end, mask);
	end = put_address(buf, end, addr);
	if (dst != NULL)
		end = put_address(buf, end, dst);
	ifam.ifam_msglen = (unsigned short)(end - at);
	memcpy(buf + at, &ifam, sizeof(ifam));
	return end;
}
