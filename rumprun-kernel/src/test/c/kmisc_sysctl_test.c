/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of sysctl, modctl, the console and the device switch, against what the reference was seen to say. */
#include <netbsd/errno.h>
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/module.h>
#include <netbsd/mount.h>
#include <netbsd/poll.h>
#include <netbsd/reboot.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include <netbsd/sysctl.h>
#include <netbsd/termios.h>
#include "dev/dev.h"
#include "kern/console.h"
#include "kern/services.h"
#include "kern/sysctl.h"
#include "lib/check.h"

static struct rump_kernel *k;
static struct proc *proc;
static struct lwp *lwp;
static register_t rv[2];
static char out[4096];
static size_t outlen;
static int halted;

static void
consout(void *ctx, const char *text, size_t n)
{
	(void)ctx;
	if (n > sizeof(out) - 1 - outlen)
		n = sizeof(out) - 1 - outlen;
	memcpy(out + outlen, text, n);
	outlen += n;
	out[outlen] = '\0';
}

static void
halt(void *ctx, int howto)
{
	(void)ctx;
	halted = howto;
}

static const char *const base_only[] = { NULL };

static void
begin(void)
{
	struct kern_config config = { .kc_consout = consout,
		.kc_halt = halt,
		.kc_components = base_only };

	outlen = 0;
	out[0] = '\0';
	halted = -1;
	CHECK_EQ(kern_boot(&config, &k), 0);
	CHECK_EQ(proc_fork(k, NULL, RFCFDG, "test", &proc), 0);
	CHECK_EQ(lwp_create(proc, &lwp), 0);
}

static void
end(void)
{
	int64_t leak;

	lwp_destroy(lwp);
	proc_exit(proc, NULL, 0);
	kern_halt(k, false, &leak);
	CHECK_EQ(leak, 0);
}

/* --- sysctl --- */

static int
ctl(const int *name, unsigned n, void *old, size_t *oldlen, const void *new,
    size_t newlen)
{
	struct sys___sysctl_args a;

	memset(&a, 0, sizeof(a));
	SCARG(&a, name) = name;
	SCARG(&a, namelen) = n;
	SCARG(&a, oldv) = old;
	SCARG(&a, oldlenp) = oldlen;
	SCARG(&a, newv) = new;
	SCARG(&a, newlen) = newlen;
	return kern_syscall(lwp, SYS___sysctl, &a, rv);
}
#define MIB(...)                      \
	(const int[]){ __VA_ARGS__ }, \
	    sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)

static int
get_int(const int *name, unsigned n)
{
	int v = -1;
	size_t len = sizeof(v);

	CHECK_EQ(ctl(name, n, &v, &len, NULL, 0), 0);
	CHECK_EQ(len, sizeof(v));
	return v;
}

static const char *
get_string(const int *name, unsigned n)
{
	static char buf[1024];
	size_t len = sizeof(buf);

	memset(buf, 'x', sizeof(buf));
	CHECK_EQ(ctl(name, n, buf, &len, NULL, 0), 0);
	return buf;
}

static int
query(const int *name, unsigned n, struct sysctlnode *nodes, size_t *len)
{
	struct sysctlnode v;

	memset(&v, 0, sizeof(v));
	v.sysctl_flags = SYSCTL_VERSION;
	return ctl(name, n, nodes, len, &v, sizeof(v));
}

TEST(sysctl_values_as_recorded)
{
	char buf[8];
	size_t len;
	struct clockinfo ci;

	begin();
	CHECK_STR(get_string(MIB(CTL_KERN, KERN_OSTYPE)), "NetBSD");
	CHECK_STR(get_string(MIB(CTL_KERN, KERN_OSRELEASE)), "7.99.34");
	CHECK_EQ(get_int(MIB(CTL_KERN, KERN_OSREV)), 799003400);
	CHECK_STR(get_string(MIB(CTL_KERN, KERN_VERSION)),
	    "NetBSD 7.99.34 (RUMP-ROAST)\n");
	CHECK_EQ(get_int(MIB(CTL_KERN, KERN_RAWPARTITION)), 3);
	CHECK_EQ(get_int(MIB(CTL_HW, HW_NCPU)), 2);
	CHECK_EQ(get_int(MIB(CTL_HW, HW_PHYSMEM)), 0x20000000);
	CHECK_EQ(get_int(MIB(CTL_HW, HW_PAGESIZE)), 4096);
	CHECK_STR(get_string(MIB(CTL_HW, HW_MODEL)), "rumpcore (virtual)");
	len = sizeof(ci);
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_CLOCKRATE), &ci, &len, NULL, 0), 0);
	CHECK_EQ(ci.hz, 100);
	CHECK_EQ(ci.tick, 10000);
	CHECK_EQ(ci.tickadj, 40);
	/* Too short: as much as fits, and what it would take. */
	len = 3;
	memset(buf, 'x', sizeof(buf));
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_OSTYPE), buf, &len, NULL, 0), -ENOMEM);
	CHECK_EQ(len, 7);
	CHECK(memcmp(buf, "Netx", 4) == 0);
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_OSTYPE), NULL, &len, NULL, 0), 0);
	CHECK_EQ(len, 7);
	/* Random bytes as many as wanted. */
	char rnd[64];
	len = sizeof(rnd);
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_ARND), rnd, &len, NULL, 0), 0);
	CHECK_EQ(len, 64);
	end();
}

TEST(sysctl_names_errors)
{
	size_t len = 100;
	char buf[100];
	int name[13] = { 1, 1 };

	begin();
	CHECK_EQ(ctl(MIB(CTL_KERN), buf, &len, NULL, 0), -EISDIR);
	CHECK_EQ(ctl(MIB(99), buf, &len, NULL, 0), -ENOENT);
	CHECK_EQ(ctl(MIB(CTL_KERN, 999), buf, &len, NULL, 0), -ENOENT);
	CHECK_EQ(
	    ctl(MIB(CTL_KERN, KERN_OSTYPE, 1), buf, &len, NULL, 0), -ENOTDIR);
	CHECK_EQ(ctl(name, 0, buf, &len, NULL, 0), -EINVAL);
	CHECK_EQ(ctl(name, 13, buf, &len, NULL, 0), -EINVAL);
	CHECK_EQ(ctl(MIB(CTL_KERN, CTL_CREATE), buf, &len, NULL, 0), -EPERM);
	CHECK_EQ(ctl(MIB(CTL_KERN, CTL_DESTROY), buf, &len, NULL, 0), -EPERM);
	CHECK_EQ(ctl(NULL, 2, buf, &len, NULL, 0), -EFAULT);
	end();
}

TEST(sysctl_writing)
{
	char old[300];
	size_t len = sizeof(old);
	int three = 3;
	uint8_t seven = 7, byte = 9;

	begin();
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_DOMAINNAME), NULL, NULL, "a.b", 4), 0);
	CHECK_STR(get_string(MIB(CTL_KERN, KERN_DOMAINNAME)), "a.b");
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_DOMAINNAME), old, &len, "longer", 6), 0);
	CHECK_STR(old, "a.b");
	CHECK_EQ(len, 4);
	CHECK_STR(get_string(MIB(CTL_KERN, KERN_DOMAINNAME)), "longer");
	memset(old, 'y', sizeof(old));
	CHECK_EQ(
	    ctl(MIB(CTL_KERN, KERN_DOMAINNAME), NULL, NULL, old, 257), -EINVAL);
	CHECK_EQ(
	    ctl(MIB(CTL_KERN, KERN_DOMAINNAME), NULL, NULL, old, 256), -EINVAL);
	CHECK_EQ(ctl(MIB(CTL_HW, HW_NCPU), NULL, NULL, &three, 4), -EPERM);
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_OSTYPE), NULL, NULL, "x", 2), -EPERM);
	/* kern.module.autoload, kern.posix.semmax in a kernel without vfs. */
	CHECK_EQ(ctl(MIB(CTL_KERN, 1038, 1039), NULL, NULL, &seven, 1), 0);
	len = 1;
	CHECK_EQ(ctl(MIB(CTL_KERN, 1038, 1039), &byte, &len, NULL, 0), 0);
	CHECK_EQ(byte, 1);
	CHECK_EQ(ctl(MIB(CTL_KERN, 1038, 1039), NULL, NULL, &three, 4), -EINVAL);
	/* Not everybody may. */
	struct cred user = { .cr_refs = 1, .cr_k = k, .cr_uid = 5, .cr_euid = 5 },
		    *root = lwp->l_cred;
	struct sys___sysctl_args a;
	lwp->l_cred = &user;
	memset(&a, 0, sizeof(a));
	const int name[] = { CTL_KERN, KERN_DOMAINNAME };
	SCARG(&a, name) = name;
	SCARG(&a, namelen) = 2;
	SCARG(&a, newv) = "z";
	SCARG(&a, newlen) = 2;
	CHECK_EQ(kern_sysent[SYS___sysctl].sy_call(lwp, &a, rv), -EPERM);
	lwp->l_cred = root;
	end();
}

TEST(sysctl_queries_as_recorded)
{
	struct sysctlnode n[40];
	size_t len;
	uint32_t old_version = 0;

	begin();
	len = sizeof(n);
	CHECK_EQ(query(MIB(CTL_QUERY), n, &len), 0);
	CHECK_EQ(len, 13 * 96);
	CHECK_STR(n[0].sysctl_name, "kern");
	CHECK_EQ(n[0].sysctl_flags, 0x1000201);
	CHECK_EQ(n[10].sysctl_flags, 0x1000271);
	CHECK_EQ(n[9].sysctl_ver, 108);
	CHECK_EQ(n[9].sysctl_un.scu_child.suc_csize, 1);
	len = 0x300;
	CHECK_EQ(query(MIB(CTL_QUERY), n, &len), -ENOMEM);
	CHECK_EQ(len, 13 * 96);
	len = sizeof(n);
	CHECK_EQ(query(MIB(CTL_KERN, CTL_QUERY), n, &len), 0);
	CHECK_EQ(n[0].sysctl_ver, 26);
	CHECK_EQ(n[2].sysctl_un.scu_idata, 799003400);
	CHECK_EQ(n[2].sysctl_flags, 0x1000a02);
	CHECK_EQ(n[4].sysctl_ver, 30);
	CHECK_EQ(n[4]._sysctl_size.__sysc_ustr.__sysc_sdatum, 256);
	len = sizeof(n);
	CHECK_EQ(query(MIB(CTL_KERN, KERN_PROC, CTL_QUERY), n, &len), 0);
	CHECK_EQ(len, 0);
	len = sizeof(n);
	CHECK_EQ(
	    query(MIB(CTL_KERN, KERN_OSTYPE, CTL_QUERY), n, &len), -ENOTDIR);
	CHECK_EQ(ctl(MIB(CTL_QUERY), n, &len, &old_version, 4), -EINVAL);
	len = sizeof(n);
	CHECK_EQ(ctl(MIB(CTL_HW, CTL_DESCRIBE), n, &len, NULL, 0), 0);
	CHECK_EQ(len, 14 * 16);
	end();
}

TEST(sysctl_vfs_names_number_as_recorded)
{
	struct sysctlnode n[40];
	size_t len;
	int64_t v;

	begin();
	CHECK_EQ(sysctl_attach_vfs(k), 0);
	len = sizeof(n);
	CHECK_EQ(query(MIB(CTL_VFS, CTL_QUERY), n, &len), 0);
	CHECK_EQ(len, 4 * 96);
	CHECK_STR(n[0].sysctl_name, "generic");
	CHECK_STR(n[1].sysctl_name, "sync");
	len = sizeof(v);
	CHECK_EQ(ctl(MIB(CTL_VFS, n[1].sysctl_num, n[1].sysctl_num + 1), &v,
		     &len, NULL, 0),
	    0);
	CHECK_EQ(v, 30);
	CHECK_STR(get_string(MIB(CTL_VFS, VFS_GENERIC, n[1].sysctl_num - 1)),
	    "rumpfs");
	CHECK_EQ(sysctl_attach_ffs(k), 0);
	end();
}

TEST(sysctl_limits_of_a_process)
{
	char name[64] = "core.%n";
	int64_t v;
	size_t len = sizeof(v);

	begin();
	CHECK_EQ(ctl(MIB(CTL_PROC, 0x7fffffff, 2, 9, 1), &v, &len, NULL, 0), 0);
	CHECK_EQ(v, 128);
	CHECK_EQ(ctl(MIB(CTL_PROC, 0x7fffffff, 2, 9, 2), &v, &len, NULL, 0), 0);
	CHECK_EQ(v, 1772);
	v = 2000;
	CHECK_EQ(ctl(MIB(CTL_PROC, 0x7fffffff, 2, 9, 1), NULL, NULL, &v, 8),
	    -EINVAL);
	v = 64;
	CHECK_EQ(ctl(MIB(CTL_PROC, proc->p_pid, 2, 9, 1), NULL, NULL, &v, 8), 0);
	v = 0;
	CHECK_EQ(ctl(MIB(CTL_PROC, 0x7fffffff, 2, 9, 1), &v, &len, NULL, 0), 0);
	CHECK_EQ(v, 64);
	CHECK_EQ(ctl(MIB(CTL_PROC, 29999, 2, 9, 1), &v, &len, NULL, 0), -ESRCH);
	CHECK_EQ(
	    ctl(MIB(CTL_PROC, 0x7fffffff, 1), NULL, NULL, name, 7), -EINVAL);
	CHECK_STR(get_string(MIB(CTL_PROC, 0x7fffffff, 1)), "rumpdump");
	end();
}

TEST(sysctl_processes_and_files)
{
	static struct kinfo_proc2 ki[32];
	static struct kinfo_file kf[32];
	size_t len = sizeof(ki);
	struct sys_pipe2_args a;
	int fds[2], n;

	begin();
	CHECK_EQ(
	    ctl(MIB(CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0, sizeof(ki[0]), 32),
		ki, &len, NULL, 0),
	    0);
	n = (int)(len / sizeof(ki[0]));
	CHECK_EQ(n, 3);
	len = sizeof(ki);
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_PROC2, KERN_PROC_PID, proc->p_pid,
			 sizeof(ki[0]), 1),
		     ki, &len, NULL, 0),
	    0);
	CHECK_EQ(len, sizeof(ki[0]));
	CHECK_EQ(ki[0].p_pid, proc->p_pid);
	CHECK_STR(ki[0].p_comm, "test");
	/* Wider elements than there are, and narrower ones. */
	len = 4096;
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0, 1000, 2), ki,
		     &len, NULL, 0),
	    0);
	CHECK_EQ(len, 2000);
	len = 4096;
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0, 8, 3), ki,
		     &len, NULL, 0),
	    0);
	CHECK_EQ(len, 24);
	len = 20;
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0, 8, 3), ki,
		     &len, NULL, 0),
	    -ENOMEM);
	CHECK_EQ(len, 24);
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0, 0x7fffffff,
			 0x7fffffff),
		     ki, &len, NULL, 0),
	    -EINVAL);
	CHECK_EQ(
	    ctl(MIB(CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0), ki, &len, NULL, 0),
	    -EINVAL);
	memset(&a, 0, sizeof(a));
	SCARG(&a, fildes) = fds;
	CHECK_EQ(kern_syscall(lwp, SYS_pipe2, &a, rv), 0);
	len = sizeof(kf);
	CHECK_EQ(ctl(MIB(CTL_KERN, KERN_FILE2, KERN_FILE_BYPID, proc->p_pid,
			 sizeof(kf[0]), 32),
		     kf, &len, NULL, 0),
	    0);
	CHECK_EQ(len, 2 * sizeof(kf[0]));
	CHECK_EQ(kf[1].ki_fd, 1);
	CHECK_EQ(kf[1].ki_ftype, DTYPE_PIPE);
	CHECK_EQ(kf[1].ki_pid, proc->p_pid);
	end();
}

static uint32_t
chance(uint32_t *seed, uint32_t max)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % max;
}

/* Names, sizes and values by chance: whatever comes, nothing beyond the buffer is touched, and nothing leaks. */
TEST(sysctl_anything_is_survived)
{
	static const int big[] = { -8, -7, -2, -1, 0x7fffffff, 1025, 1033, 1038,
		1041, 47, 77, 81 };
	uint32_t seed = 1;
	unsigned char buf[300], value[300];
	int name[13];

	begin();
	CHECK_EQ(sysctl_attach_vfs(k), 0);
	for (int i = 0; i < 50000; i++) {
		size_t len;
		unsigned n;

#define R(max) chance(&seed, (uint32_t)(max))
		n = R(7);
		for (unsigned j = 0; j < n; j++)
			name[j] = R(3) != 0 ?
			    (int)(1 + R(15)) :
			    big[R(sizeof(big) / sizeof(big[0]))];
		for (size_t j = 0; j < sizeof(value); j++)
			value[j] = (unsigned char)(R(4) == 0 ? R(256) : 0);
		value[3] = R(2);
		len = R(257);
		memset(buf, 0xa5, sizeof(buf));
		(void)ctl(name, n, R(4) == 0 ? NULL : buf, &len,
		    R(2) == 0 ? NULL : value, R(3) == 0 ? 96 : R(300));
		for (size_t j = 257; j < sizeof(buf); j++)
			CHECK_EQ(buf[j], 0xa5);
#undef R
	}
	end();
}

/* --- modules, console, reboot, devices --- */

TEST(modctl_lists_what_is_built_in)
{
	struct modstat ms[64];
	struct iovec iov = { ms, sizeof(ms) };
	struct sys_modctl_args a;

	begin();
	memset(&a, 0, sizeof(a));
	SCARG(&a, cmd) = MODCTL_STAT;
	SCARG(&a, arg) = &iov;
	CHECK_EQ(kern_syscall(lwp, SYS_modctl, &a, rv), 0);
	CHECK_EQ(iov.iov_len, 2 * sizeof(ms[0]));
	CHECK_STR(ms[0].ms_name, "ksem");
	CHECK_EQ(ms[0].ms_class, MODULE_CLASS_MISC);
	CHECK_STR(ms[1].ms_name, "suser");
	CHECK_EQ(ms[1].ms_class, MODULE_CLASS_SECMODEL);
	iov.iov_len = 10;
	CHECK_EQ(kern_syscall(lwp, SYS_modctl, &a, rv), 0);
	CHECK_EQ(iov.iov_len, 2 * sizeof(ms[0]));
	SCARG(&a, cmd) = MODCTL_EXISTS;
	SCARG(&a, arg) = (void *)1;
	CHECK_EQ(kern_syscall(lwp, SYS_modctl, &a, rv), 0);
	SCARG(&a, cmd) = 9;
	CHECK_EQ(kern_syscall(lwp, SYS_modctl, &a, rv), -EINVAL);
	end();
}

TEST(console_file_as_recorded)
{
	struct sys_write_args w;
	struct sys_read_args r;
	struct sys_ioctl_args io;
	struct sys_fcntl_args f;
	struct termios t;
	struct file *fp;
	char c, history[16];
	int fd;

	begin();
	CHECK_EQ(console_file(lwp, &fp), 0);
	CHECK_EQ(fd_alloc(lwp, 0, &fd), 0);
	fd_install(lwp, fd, fp, false);
	memset(&w, 0, sizeof(w));
	SCARG(&w, fd) = fd;
	SCARG(&w, buf) = "on one\n";
	SCARG(&w, nbyte) = 7;
	CHECK_EQ(kern_syscall(lwp, SYS_write, &w, rv), 0);
	CHECK_EQ(rv[0], 7);
	CHECK_STR(out, "on one\n");
	CHECK_EQ(console_history(k, 3, history, sizeof(history)), 4);
	CHECK(memcmp(history, "one\n", 4) == 0);
	memset(&r, 0, sizeof(r));
	SCARG(&r, fd) = fd;
	SCARG(&r, buf) = &c;
	SCARG(&r, nbyte) = 1;
	CHECK_EQ(kern_syscall(lwp, SYS_read, &r, rv), -EBADF);
	memset(&f, 0, sizeof(f));
	SCARG(&f, fd) = fd;
	SCARG(&f, cmd) = F_GETFL;
	CHECK_EQ(kern_syscall(lwp, SYS_fcntl, &f, rv), 0);
	CHECK_EQ(rv[0], 1);
	memset(&io, 0, sizeof(io));
	SCARG(&io, fd) = fd;
	SCARG(&io, com) = TIOCGETA;
	SCARG(&io, data) = &t;
	CHECK_EQ(kern_syscall(lwp, SYS_ioctl, &io, rv), 0);
	SCARG(&io, com) = FIONREAD;
	CHECK_EQ(kern_syscall(lwp, SYS_ioctl, &io, rv), -ENOTTY);
	end();
}

TEST(reboot_asks_the_host)
{
	struct sys_reboot_args a;

	begin();
	memset(&a, 0, sizeof(a));
	SCARG(&a, opt) = RB_HALT | RB_NOSYNC;
	CHECK_EQ(kern_syscall(lwp, SYS_reboot, &a, rv), 0);
	CHECK_EQ(halted, RB_HALT | RB_NOSYNC);
	halt_message_begin(k, false);
	halt_message_end(k);
	CHECK_STR(out,
	    "rump kernel halting...\nsyncing disks... done\n"
	    "unmounting file systems...\nunmounting done\nhalted\n");
	end();
}

TEST(devices_null_zero_and_none)
{
	char buf[7] = "xxxxxx";
	struct iovec iov = { buf, 7 };
	struct uio uio = { .uio_iov = &iov,
		.uio_iovcnt = 1,
		.uio_resid = 7,
		.uio_rw = UIO_READ };

	begin();
	CHECK_EQ(dev_open(lwp, makedev(2, 2), false, FREAD), 0);
	CHECK_EQ(dev_open(lwp, makedev(2, 77), false, FREAD), -ENXIO);
	CHECK_EQ(dev_open(lwp, makedev(99, 1), false, FREAD), -ENXIO);
	CHECK_EQ(dev_open(lwp, makedev(99, 1), true, FREAD), -ENXIO);
	CHECK_EQ(dev_read(lwp, makedev(2, 2), &uio, 0), 0);
	CHECK_EQ(uio.uio_resid, 7);
	CHECK_EQ(dev_read(lwp, makedev(2, 12), &uio, 0), 0);
	CHECK_EQ(uio.uio_resid, 0);
	CHECK(memcmp(buf, "\0\0\0\0\0\0", 7) == 0);
	iov = (struct iovec){ buf, 7 };
	uio.uio_resid = 7;
	uio.uio_rw = UIO_WRITE;
	CHECK_EQ(dev_write(lwp, makedev(2, 2), &uio, 0), 0);
	CHECK_EQ(uio.uio_resid, 0);
	CHECK_EQ(dev_poll(lwp, makedev(2, 2), POLLIN), POLLIN);
	end();
}

int
main(void)
{
	RUN(sysctl_values_as_recorded);
	RUN(sysctl_names_errors);
	RUN(sysctl_writing);
	RUN(sysctl_queries_as_recorded);
	RUN(sysctl_vfs_names_number_as_recorded);
	RUN(sysctl_limits_of_a_process);
	RUN(sysctl_processes_and_files);
	RUN(sysctl_anything_is_survived);
	RUN(modctl_lists_what_is_built_in);
	RUN(console_file_as_recorded);
	RUN(reboot_asks_the_host);
	RUN(devices_null_zero_and_none);
	return check_done();
}
