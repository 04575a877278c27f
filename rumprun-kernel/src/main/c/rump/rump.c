/* SPDX-License-Identifier: BSD-2-Clause */
/* NetBSD's rump kernel API over the program's own kernel. */
#include "dev/etfs.h"
#include "kern/config.h"
#include "proxy/proxy.h"
#include "rump/implicit.h"
#include <inttypes.h>
#include <netbsd/errnames.h>
#include <netbsd/mount.h>
#include <netbsd/syscallargs.h>
#include <stdio.h>
#include <rump/rump.h>

#define PUBLIC __attribute__((visibility("default")))

#define VERSION 799003400 /* 7.99.34 */

/* --- life --- */

static void
console(void *ctx, const char *text, size_t size)
{
	(void)ctx;
	(void)host_fdwrite(1, text, size);
}

static void
register_boot_etfs(void)
{
	for (struct rump_boot_etfs *eb = implicit_boot_etfs(); eb != NULL;
	     eb = eb->_eb_next)
		if (eb->eb_status == -1)
			eb->eb_status = rump_pub_etfs_register_withsize(
			    eb->eb_key, eb->eb_hostpath, eb->eb_type,
			    eb->eb_begin, eb->eb_size);
}

PUBLIC int
rump_init(void)
{
	struct kern_config kc = {
		.kc_consout = console,
		.kc_halt = implicit_halt_later,
	};
	struct rump_kernel *k;
	int error;

	if (implicit_kernel() != NULL)
		return 0;
	if ((error = kern_config_env(&kc)) != 0 ||
	    (error = kern_boot(&kc, &k)) != 0)
		return -error;
	/* Another thread was faster: theirs it is. */
	if (!implicit_set_kernel(k)) {
		kern_halt(k, true, NULL);
		return 0;
	}
	register_boot_etfs();
	return 0;
}

PUBLIC int
rump_init_server(const char *url)
{
	struct rump_kernel *k = implicit_kernel();

	if (k == NULL)
		return ENXIO;
	return -proxy_listen(k, url);
}

PUBLIC int
rump_pub_getversion(void)
{
	return VERSION;
}

PUBLIC int
rump_getversion(void)
{
	return VERSION;
}

PUBLIC int
rump_nativeabi_p(void)
{
	return 1;
}

PUBLIC void
rump_boot_setsigmodel(enum rump_sigmodel model)
{
	(void)model;
}

PUBLIC int
rump_boot_gethowto(void)
{
	return 0;
}

PUBLIC void
rump_boot_sethowto(int howto)
{
	(void)howto;
}

PUBLIC void
rump_schedule(void)
{
}

PUBLIC void
rump_unschedule(void)
{
}

PUBLIC void
rump_printevcnts(void)
{
}

PUBLIC int
rump_daemonize_begin(void)
{
	int fd, error;

	if (implicit_daemon_fd() != -1 || implicit_kernel() != NULL)
		return EINPROGRESS;
	if ((error = host_daemon_begin(&fd)) != 0)
		return -error;
	implicit_set_daemon_fd(fd);
	return 0;
}

PUBLIC int
rump_daemonize_done(int error)
{
	int fd = implicit_daemon_fd();

	if (fd < 0)
		return 0;
	implicit_set_daemon_fd(error == 0 ? IMPLICIT_DAEMON : -1);
	return -host_daemon_done(fd, error);
}

/* --- processes --- */

static int
become_process(struct rump_kernel *k, int flags)
{
	struct lwp *cur = implicit_lwp(), *l;
	struct proc *p;
	int error;

	error = proc_fork(k, cur != NULL ? cur->l_proc : NULL, flags, NULL, &p);
	if (error != 0)
		return error;
	if ((error = lwp_create(p, &l)) != 0) {
		proc_exit(p, NULL, 0);
		return error;
	}
	implicit_set_lwp(l);
	return 0;
}

PUBLIC int
rump_pub_lwproc_rfork(int flags)
{
	struct rump_kernel *k;
	unsigned use;
	int error = -EINVAL;

	if ((k = implicit_enter(&use)) == NULL)
		return ENXIO;
	if ((flags & ~(RUMP_RFFDG | RUMP_RFCFDG)) == 0 &&
	    flags != (RUMP_RFFDG | RUMP_RFCFDG))
		error = become_process(k, flags);
	implicit_leave(use);
	return -error;
}

PUBLIC int
rump_pub_lwproc_newlwp(pid_t pid)
{
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;
	unsigned use;
	int error = -ESRCH;

	if ((k = implicit_enter(&use)) == NULL)
		return ENXIO;
	kmutex_enter(&k->k_proclock);
	if ((p = proc_find(k, pid)) != NULL)
		error = lwp_create(p, &l);
	kmutex_exit(&k->k_proclock);
	if (error == 0)
		implicit_set_lwp(l);
	implicit_leave(use);
	return -error;
}

PUBLIC void
rump_pub_lwproc_switch(struct lwp *l)
{
	implicit_set_lwp(l);
}

/* The last one of a process takes the process with it. */
static void
release(struct lwp *l)
{
	struct proc *p = l->l_proc;
	bool last;

	kmutex_enter(&p->p_lock);
	last = p->p_nlwps == 1 && p->p_pid > 1;
	kmutex_exit(&p->p_lock);
	if (last)
		proc_exit(p, l, 0);
	else
		lwp_destroy(l);
}

PUBLIC void
rump_pub_lwproc_releaselwp(void)
{
	struct lwp *l;
	unsigned use;

	if (implicit_enter(&use) == NULL)
		return;
	if ((l = implicit_lwp()) != NULL) {
		implicit_set_lwp(NULL);
		release(l);
	}
	implicit_leave(use);
}

PUBLIC struct lwp *
rump_pub_lwproc_curlwp(void)
{
	return implicit_lwp();
}

/* --- etfs --- */

PUBLIC int
rump_pub_etfs_register_withsize(const char *key, const char *hostpath,
    enum rump_etfs_type type, uint64_t begin, uint64_t size)
{
	struct rump_kernel *k = implicit_kernel();

	if (k == NULL)
		return ENXIO;
	return -etfs_register(k, key, hostpath, (int)type, begin, size);
}

PUBLIC int
rump_pub_etfs_register(
    const char *key, const char *hostpath, enum rump_etfs_type type)
{
	return rump_pub_etfs_register_withsize(
	    key, hostpath, type, 0, RUMP_ETFS_SIZE_ENDOFF);
}

PUBLIC int
rump_pub_etfs_remove(const char *key)
{
	struct rump_kernel *k = implicit_kernel();

	if (k == NULL)
		return ENXIO;
	return -etfs_remove(k, key);
}

/* --- for who looks for a fault --- */

PUBLIC void
rump_pub_vfs_mount_print(const char *path, int full)
{
	struct statvfs sb;
	struct sys_statvfs1_args args;
	register_t rv[2];
	char line[512];
	int error, n;

	memset(&args, 0, sizeof(args));
	SCARG(&args, path) = path;
	SCARG(&args, buf) = &sb;
	SCARG(&args, flags) = ST_NOWAIT;
	error = rump_syscall(SYS_statvfs1, &args, sizeof(args), rv);
	if (error != 0)
		n = snprintf(line, sizeof(line), "%.200s: %s\n", path,
		    rumprun_strerror(error));
	else
		n = snprintf(line, sizeof(line),
		    "%.200s on %.200s type %.31s"
		    " flags %#lx\n",
		    sb.f_mntfromname, sb.f_mntonname, sb.f_fstypename,
		    sb.f_flag);
	console(NULL, line, (size_t)n);
	if (error != 0 || !full)
		return;
	n = snprintf(line, sizeof(line),
	    "blocks of %lu: %" PRIu64 ", free %" PRIu64 "; files %" PRIu64
	    ", free %" PRIu64 "\n",
	    sb.f_frsize, sb.f_blocks, sb.f_bfree, sb.f_files, sb.f_ffree);
	console(NULL, line, (size_t)n);
}

PUBLIC void
rump_boot_etfs_register(struct rump_boot_etfs *eb)
{
	implicit_add_boot_etfs(eb);
}
