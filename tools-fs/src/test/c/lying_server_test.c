/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools against a kernel that lies: every system call answers with rubbish drawn from a seed. The server at the other end of a
 * socket may be anybody's, so a tool may fail in any way it likes, but it ends, and stays inside of its memory. What the
 * sanitizers see is the test.
 */
#include "lib/check.h"
#include <netbsd/dirent.h>
#include <netbsd/ioctl.h>
#include <netbsd/module.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
#include <netbsd/sysctl.h>
#include <netbsd/uio.h>
#include <rumprun/tool_sys.h>
#include <rumprun/tools_fs.h>
#include <stdlib.h>

#ifndef SEEDS
#define SEEDS 60
#endif
#define MAXCALLS 1500
#define MAXOUTPUT (8 << 20)

struct liar {
	uint64_t seed;
	int calls, input;
	size_t output;
	_Atomic int interrupt;
};

static uint64_t
draw(struct liar *l)
{
	l->seed ^= l->seed << 13;
	l->seed ^= l->seed >> 7;
	l->seed ^= l->seed << 17;
	return l->seed;
}

static bool
chance(struct liar *l, unsigned one_in)
{
	return draw(l) % one_in == 0;
}

/* Zeros, letters, small numbers or anything. */
static void
rubbish(struct liar *l, void *buf, size_t n)
{
	uint8_t *p = buf;
	unsigned kind = draw(l) % 5;
	size_t i;

	if (buf == NULL)
		return;
	for (i = 0; i < n; i++)
		p[i] = kind == 0 ? 0 :
		    kind == 1	 ? (uint8_t)('a' + draw(l) % 26) :
		    kind == 2	 ? (i % 8 == 0 ? draw(l) % 4 : 0) :
		    kind == 3	 ? 0xff :
				   (uint8_t)draw(l);
}

static register_t
count(struct liar *l, size_t n)
{
	switch (draw(l) % 12) {
	case 0:
		return (register_t)n + 1;
	case 1:
		return -1;
	case 2:
		return INT32_MAX;
	case 3:
		return INT32_MIN;
	case 4:
		return 0;
	case 5:
		return (register_t)draw(l);
	default:
		return n == 0 ? 0 : (register_t)(draw(l) % (n + 1));
	}
}

static void
lie_stat(struct liar *l, struct stat *st)
{
	static const mode_t types[] = { S_IFDIR, S_IFREG, S_IFLNK, S_IFCHR,
		S_IFBLK, S_IFIFO, S_IFSOCK, 0 };

	rubbish(l, st, sizeof(*st));
	if (!chance(l, 4))
		st->st_mode = types[draw(l) % 8] | (draw(l) & ALLPERMS);
	if (chance(l, 2))
		st->st_size = (off_t)(draw(l) % 10000);
	if (chance(l, 2))
		st->st_mtim.tv_nsec = st->st_atim.tv_nsec = 0;
}

static register_t
lie_dents(struct liar *l, char *buf, size_t n)
{
	size_t pos = 0, reclen, namlen;
	struct dirent d;

	rubbish(l, buf, n);
	if (chance(l, 4))
		return count(l, n);
	while (pos + sizeof(d) <= n && !chance(l, 12)) {
		memset(&d, 0, sizeof(d));
		namlen = 1 + draw(l) % 12;
		rubbish(l, d.d_name, namlen);
		reclen = (offsetof(struct dirent, d_name) + namlen + 1 + 7) &
		    ~(size_t)7;
		d.d_fileno = 1 + draw(l) % 100;
		d.d_type = (uint8_t)(draw(l) % 16);
		d.d_reclen = (uint16_t)(chance(l, 10) ? draw(l) : reclen);
		d.d_namlen = (uint16_t)(chance(l, 10) ? draw(l) : namlen);
		memcpy(buf + pos, &d, reclen);
		pos += reclen;
	}
	return (register_t)pos;
}

#define ARGS(call) const struct sys_##call##_args *a = args
#define PTR(name) ((void *)(uintptr_t)a->name.datum)

static void
lie_sysctl(struct liar *l, const void *args, register_t *rv)
{
	ARGS(__sysctl);
	size_t *len = PTR(oldlenp), room = len != NULL ? *len : 0;

	if (PTR(oldv) != NULL)
		rubbish(l, PTR(oldv), room);
	if (len != NULL && !chance(l, 3))
		*len = (size_t)count(l, chance(l, 2) ? room : 1000);
	*rv = count(l, 10);
}

static void
lie_module(struct liar *l, const void *args)
{
	ARGS(modctl);
	struct iovec iov;

	if (a->cmd.datum != MODCTL_STAT)
		return;
	memcpy(&iov, PTR(arg), sizeof(iov));
	rubbish(l, iov.iov_base, iov.iov_len);
	iov.iov_len = chance(l, 2) ? iov.iov_len : (size_t)count(l, iov.iov_len);
	memcpy(PTR(arg), &iov, sizeof(iov));
}

static int
lie(void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	struct liar *l = ctx;

	(void)argsize;
	if (++l->calls > MAXCALLS)
		l->interrupt = 1;
	if (l->calls > 2 * MAXCALLS)
		return -EIO;
	if (chance(l, 8))
		return -(int)(1 + draw(l) % (chance(l, 4) ? INT32_MAX : 90));
	rv[0] = count(l, 20);
	rv[1] = (register_t)draw(l);
	switch (num) {
	case SYS_read:
	case SYS_pread: {
		ARGS(read);
		rubbish(l, PTR(buf), a->nbyte.datum);
		rv[0] = count(l, a->nbyte.datum);
		break;
	}
	case SYS_write:
	case SYS_pwrite: {
		ARGS(write);
		rv[0] = chance(l, 3) ? count(l, a->nbyte.datum) :
				       (register_t)a->nbyte.datum;
		break;
	}
	case SYS_readlink: {
		ARGS(readlink);
		rubbish(l, PTR(buf), a->count.datum);
		rv[0] = count(l, a->count.datum);
		break;
	}
	case SYS___getdents30: {
		ARGS(__getdents30);
		rv[0] = lie_dents(l, PTR(buf), a->count.datum);
		break;
	}
	case SYS___stat50:
	case SYS___lstat50: {
		ARGS(__stat50);
		lie_stat(l, PTR(ub));
		break;
	}
	case SYS___fstat50: {
		ARGS(__fstat50);
		lie_stat(l, PTR(sb));
		break;
	}
	case SYS_statvfs1: {
		ARGS(statvfs1);
		rubbish(l, PTR(buf), sizeof(struct statvfs));
		break;
	}
	case SYS_fstatvfs1: {
		ARGS(fstatvfs1);
		rubbish(l, PTR(buf), sizeof(struct statvfs));
		break;
	}
	case SYS_getvfsstat: {
		ARGS(getvfsstat);
		rubbish(l, PTR(buf), PTR(buf) != NULL ? a->bufsize.datum : 0);
		rv[0] = count(l,
		    PTR(buf) == NULL ?
			3 :
			a->bufsize.datum / sizeof(struct statvfs));
		break;
	}
	case SYS___getcwd: {
		ARGS(__getcwd);
		rubbish(l, PTR(bufp), a->length.datum);
		rv[0] = count(l, a->length.datum);
		break;
	}
	case SYS___clock_gettime50: {
		ARGS(__clock_gettime50);
		rubbish(l, PTR(tp), sizeof(struct timespec));
		break;
	}
	case SYS_ioctl: {
		ARGS(ioctl);
		if ((a->com.datum & IOC_OUT) != 0)
			rubbish(l, PTR(data), IOCPARM_LEN(a->com.datum));
		break;
	}
	case SYS___mount50: {
		ARGS(__mount50);
		if ((a->flags.datum & MNT_GETARGS) != 0)
			rubbish(l, PTR(data), a->data_len.datum);
		break;
	}
	case SYS___sysctl:
		lie_sysctl(l, args, &rv[0]);
		break;
	case SYS_modctl:
		lie_module(l, args);
		break;
	}
	return 0;
}

static int
lie_spawn(void *ctx, struct tool *t, const char *path, char *const *argv)
{
	(void)t, (void)path, (void)argv;
	return (int)(draw(ctx) % 0x220) - 10;
}

static const struct tool_sys lying_sys = {
	.syscall = lie,
	.spawn = lie_spawn,
};

static int
input(void *ctx, int fd, void *buf, size_t n)
{
	struct liar *l = ctx;

	(void)fd;
	if (++l->input > 200)
		return 0;
	memset(buf, chance(l, 3) ? '\n' : 'y', n);
	return (int)(n < 100 ? n : 100);
}

static int
output(void *ctx, int fd, const void *buf, size_t n)
{
	struct liar *l = ctx;
	const char *p = buf;
	size_t i;
	unsigned sum = 0;

	(void)fd;
	for (i = 0; i < n; i++)
		sum += (unsigned char)p[i];
	l->output += n;
	if (l->output > MAXOUTPUT)
		return -EPIPE;
	return (int)n + (int)(sum & 0);
}

static bool
isatty(void *ctx, int fd)
{
	(void)fd;
	return chance(ctx, 2);
}

static int
columns(void *ctx, int fd)
{
	(void)fd;
	return chance(ctx, 2) ? 0 : (int)(draw(ctx) % 200);
}

#define MAXWORDS 16

static void
run(const char *line, uint64_t seed)
{
	static const struct tool_group *const groups[] = { &rumprun_fs_tools,
		&rumprun_kernel_tools, NULL };
	struct liar l = { .seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };
	struct tool_io io = {
		.read = input,
		.write = output,
		.isatty = isatty,
		.columns = columns,
		.ctx = &l,
	};
	struct tool_run r = { .sys = &lying_sys,
		.sysctx = &l,
		.io = &io,
		.groups = groups,
		.interrupt = &l.interrupt };
	char copy[256], *argv[MAXWORDS + 1], *p = copy;
	const struct tool_entry *e;
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	while (argc < MAXWORDS && *(p += strspn(p, " ")) != '\0') {
		argv[argc++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	argv[argc] = NULL;
	e = t_find(groups, argv[0]);
	CHECK(e != NULL);
	if (e != NULL)
		CHECK(t_run(&r, e->te_main, argc, argv) < 256);
}

static void
run_all(const char *const *lines, size_t n)
{
	size_t i;
	uint64_t seed;

	for (i = 0; i < n; i++)
		for (seed = 0; seed < SEEDS; seed++)
			run(lines[i], seed * 1000 + i);
}
#define RUN_ALL(lines) run_all(lines, sizeof(lines) / sizeof(lines[0]))

TEST(file_tools_rubbish_answers_survived)
{
	static const char *const lines[] = {
		"ls",
		"ls -lRoTsi /",
		"ls -CF /a /b",
		"ls -lhM -m /a",
		"ls -lxS /a",
		"ls -ltL /a",
		"stat /a /b",
		"stat -x /a",
		"stat -LF /a",
		"stat -s",
		"stat -f %SHp%N%SY%Sf%SY%Sr /a",
		"cat -nev /a",
		"cat -sb",
		"cp /a /b",
		"cp -Rp /a /b",
		"cp -RLaf /a /b /c",
		"cp -Hi /a /b",
		"mv /a /b",
		"mv -i /a /b /c",
		"rm -rf /a",
		"rm -iRP /a",
		"rmdir -p /a/b/c",
		"mkdir -p /a/b/c",
		"chmod -R u+x,go=u /a",
		"chmod -RL 755 /a",
		"chown -Rh u:g /a",
		"chgrp -Rv 5 /a",
		"ln -s /a /b",
		"ln -sf /a /b /c",
		"touch /a",
		"touch -h -r /a /b",
		"touch -d 2001-02-03 /a",
		"mknod -r /a c 1 2",
		"mknod /a c wd 0",
		"mknod -l",
		"dd if=/a of=/b count=20",
		"dd if=/a bs=1k conv=sparse,swab of=/b",
		"dd if=/a conv=noerror,sync count=9 skip=3 seek=2",
	};

	RUN_ALL(lines);
}

TEST(system_tools_rubbish_answers_survived)
{
	static const char *const lines[] = {
		"df",
		"df -ik",
		"df -G",
		"df -h /a",
		"df -P",
		"df -lat ffs,tmpfs",
		"mount",
		"mount -vv",
		"mount -a",
		"mount /a",
		"mount -u /a",
		"mount -o getargs /a",
		"mount -t ffs /a /b",
		"mount_ffs /a /b",
		"mount_tmpfs -s ram%25 x /a",
		"mount_tmpfs -o getargs x /a",
		"umount /a",
		"umount -a",
		"umount -R /a",
		"sysctl -a",
		"sysctl -A",
		"sysctl -ad",
		"sysctl -x kern",
		"sysctl kern.hostname hw.ncpu",
		"sysctl -w kern.hostname=x",
		"sysctl -n vm.loadavg kern.boottime kern.clockrate",
		"modstat",
		"modstat -n vfs",
		"halt",
		"reboot -n",
	};

	RUN_ALL(lines);
}

TEST(disk_tools_rubbish_answers_survived)
{
	static const char *const lines[] = {
		"newfs /rdk",
		"newfs -N /rdk",
		"newfs -O 2 -s 4m /rdk",
		"newfs -F -s 64k /x",
		"newfs -B be -O 1 -b 8k -f 1k /rdk",
		"dumpfs /rdk",
		"dumpfs -v /rdk",
		"dumpfs -acFijms /rdk",
		"fsck /a",
		"fsck -p",
		"fsck -fy /rdk",
		"fsck -nv",
	};

	RUN_ALL(lines);
}

int
main(void)
{
	RUN(file_tools_rubbish_answers_survived);
	RUN(system_tools_rubbish_answers_survived);
	RUN(disk_tools_rubbish_answers_survived);
	return check_done();
}
