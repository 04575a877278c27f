/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a kernel: boot, halt, panic, and the way in for calls.
 *
 * A call announces itself in its lwp (l_incall) before it looks at the
 * kernel's state; halt changes the state before it looks at the lwps. So
 * either the call sees that the kernel halts, or halt sees the call and waits
 * until it has left.
 */
#include <stdio.h>
#include "kern/components.h"
#include "kern/console.h"
#include "kern/file.h"
#include "kern/hooks.h"
#include "kern/ktrace.h"
#include "kern/proc.h"
#include "kern/services.h"

/* --- text --- */

static void
console_text(struct rump_kernel *k, const char *text)
{
	size_t len = strlen(text);

	if (k->k_console != NULL)
		console_write(k, text, len);
	else if (k->k_config.kc_consout != NULL)
		k->k_config.kc_consout(k->k_config.kc_consctx, text, len);
}

void
kern_printf(struct rump_kernel *k, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_text(k, text);
}

void
kern_panic(struct rump_kernel *k, const char *fmt, ...)
{
	char text[sizeof(k->k_panic)];
	va_list ap;
	bool first;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	kmutex_enter(&k->k_timelock);
	first = k->k_panic[0] == '\0';
	if (first)
		memcpy(k->k_panic, text, sizeof(text));
	kmutex_exit(&k->k_timelock);
	if (!first)
		return;
	kern_printf(k, "panic: %s\n", text);
	atomic_store(&k->k_state, KERN_DEAD);
	kern_halt_begin(k);
}

/* --- calls --- */

/* The process has new credentials since this lwp's last call. */
static void
refresh_cred(struct lwp *l)
{
	struct proc *p = l->l_proc;
	struct cred *old = l->l_cred;

	kmutex_enter(&p->p_lock);
	l->l_cred = cred_get(p->p_cred);
	kmutex_exit(&p->p_lock);
	cred_put(old);
}

static int
refused(struct rump_kernel *k)
{
	return atomic_load(&k->k_state) == KERN_DEAD ? -EIO : -ESHUTDOWN;
}

static int
traced(struct lwp *l, int num, const void *args, register_t rv[2])
{
	int error;

	ktr_enter(l, num, args);
	error = kern_sysent[num].sy_call(l, args, rv);
	ktr_leave(l, num, error, rv);
	return error;
}

int
kern_syscall(struct lwp *l, int num, const void *args, register_t rv[2])
{
	struct rump_kernel *k = l->l_k;
	const struct sysent *sy;
	unsigned depth;
	int error;

	rv[0] = rv[1] = 0;
	if (num < 0 || num >= 512)
		return -ENOSYS;
	sy = &kern_sysent[num];
	depth = atomic_load_explicit(&l->l_incall, memory_order_relaxed);
	atomic_store(&l->l_incall, depth + 1);
	if (k->k_clock != NULL)
		vclock_enter(k->k_clock);
	if (atomic_load(&k->k_state) >= KERN_HALTING)
		error = refused(k);
	else if (sy->sy_call != NULL &&
	    ((sy->sy_flags & SY_VFS) == 0 || k->k_vfs != NULL) &&
	    ((sy->sy_flags & SY_NET) == 0 || k->k_net != NULL)) {
		if (l->l_cred !=
		    atomic_load_explicit(
			&l->l_proc->p_cred, memory_order_relaxed))
			refresh_cred(l);
		if (depth == 0 &&
		    atomic_load_explicit(
			&l->l_proc->p_traceflag, memory_order_relaxed) != 0)
			error = traced(l, num, args, rv);
		else
			error = sy->sy_call(l, args, rv);
	} else {
		error = -ENOSYS;
		if ((sy->sy_flags & SY_MODULE) != 0 &&
		    l->l_proc->p_uspace != NULL)
			proc_signal(l->l_proc, 12 /* SIGSYS */);
	}
	if (k->k_clock != NULL)
		vclock_leave(k->k_clock);
	/* Once the call has left who halts frees the kernel: this is the last that is done with it. */
	if (atomic_load(&k->k_state) >= KERN_HALTING) {
		kmutex_enter(&k->k_proclock);
		atomic_store(&l->l_incall, depth);
		kcond_broadcast(&k->k_proccond);
		kmutex_exit(&k->k_proclock);
	} else {
		atomic_store_explicit(&l->l_incall, depth, memory_order_release);
	}
	return error;
}

/* --- boot --- */

static void
configure(struct rump_kernel *k, const struct kern_config *config)
{
	char host[200];

	if (config != NULL)
		k->k_config = *config;
	if (k->k_config.kc_host == NULL)
		k->k_config.kc_host = &host_linux;
	if (k->k_config.kc_ncpu <= 0)
		k->k_config.kc_ncpu = 2;
	if (k->k_config.kc_nvnodes == 0)
		k->k_config.kc_nvnodes = 1024;
	if (k->k_config.kc_sectshift < 9)
		k->k_config.kc_sectshift = 9;
	k->k_host = k->k_config.kc_host;
	if ((k->k_clock = k->k_config.kc_clock) != NULL) {
		vclock_get(k->k_clock, k);
		k->k_config.kc_manualtime = true;
	}
	k->k_boottime_ns = kern_basetime_ns(k);
	if (k->k_config.kc_nfiles == 0)
		k->k_config.kc_nfiles = 1772;
	k->k_maxfiles = (int)k->k_config.kc_nfiles;
	k->k_maxproc = 532;
	host_hostname(host, sizeof(host));
	snprintf(k->k_hostname, sizeof(k->k_hostname), "rump-%05d%s%s",
	    host_getpid(), host[0] != '\0' ? "." : "", host);
}

/* What boot has made so far, and what halt takes apart. */
static void
destroy(struct rump_kernel *k, bool services, int attached, int64_t *leak)
{
	if (k->k_net != NULL)
		net_shutdown(k);
	components_detach(k, attached);
	if (services)
		services_fini(k);
	proc_fini(k);
	*leak = atomic_load(&k->k_memused);
	if (k->k_clock != NULL)
		vclock_put(k->k_clock);
	host_free(k);
}

int
kern_boot(const struct kern_config *config, struct rump_kernel **kp)
{
	struct rump_kernel *k;
	int attached = 0, error;
	bool services = false;
	int64_t leak;

	*kp = NULL;
	if ((k = host_malloc(sizeof(*k))) == NULL)
		return -ENOMEM;
	memset(k, 0, sizeof(*k));
	k->k_state = KERN_BOOTING;
	configure(k, config);
	if (k->k_config.kc_failalloc > 0)
		k->k_failalloc = k->k_config.kc_failalloc;
	if ((error = components_select(k)) != 0)
		goto out;
	if ((error = proc_boot(k)) != 0)
		goto out;
	services = true;
	if ((error = services_init(k)) != 0)
		goto out;
	if ((error = components_attach(k, &attached)) != 0)
		goto out;
	if ((error = services_start(k)) != 0)
		goto out;
	if ((error = proc_boot_init(k)) != 0)
		goto out;
	atomic_store(&k->k_state, KERN_RUNNING);
	*kp = k;
	return 0;
out:
	proc_exitall(k);
	destroy(k, services, attached, &leak);
	return error;
}

/* --- halt --- */

static int
wake_proc(struct proc *p, void *arg)
{
	(void)arg;
	proc_wakeup_lwps(p, 0, NULL);
	return 0;
}

void
kern_halt_begin(struct rump_kernel *k)
{
	int running = KERN_RUNNING;

	atomic_compare_exchange_strong(&k->k_state, &running, KERN_HALTING);
	proc_foreach(k, wake_proc, NULL);
}

/* Is a call of this process going on? Its sleep, if it sleeps, ends. */
static bool
in_call(struct proc *p)
{
	bool found = false;

	kmutex_enter(&p->p_lock);
	for (struct lwp *l = p->p_lwps; l != NULL; l = l->l_next) {
		if (atomic_load(&l->l_incall) != 0) {
			found = true;
			lwp_wakeup(l, 0);
		}
	}
	kmutex_exit(&p->p_lock);
	return found;
}

/* Waits until every call has left. */
static void
drain(struct rump_kernel *k)
{
	bool found;

	kmutex_enter(&k->k_proclock);
	for (;;) {
		found = false;
		for (int i = 0; i < 64 && !found; i++)
			for (struct proc *p = k->k_pidhash[i];
			     p != NULL && !found; p = p->p_hashnext)
				found = in_call(p);
		if (!found)
			break;
		/* A call that leaves says so, unless it was about to when the halt began. */
		(void)kcond_timedwait(&k->k_proccond, &k->k_proclock,
		    host_linux.monotonic() + 10000000);
	}
	kmutex_exit(&k->k_proclock);
}

void
kern_halt(struct rump_kernel *k, bool nosync, int64_t *leak)
{
	int64_t dummy;
	int rows = 0;

	kern_halt_begin(k);
	if (k->k_proxy != NULL)
		proxy_stop(k);
	drain(k);
	nosync = nosync || atomic_load(&k->k_state) == KERN_DEAD;
	/* Files that the exits close must not reach the disk either. */
	if (nosync && k->k_spec != NULL)
		spec_drop_writes(k->k_lwp0);
	proc_exitall(k);
	if (k->k_vfs != NULL)
		vfs_shutdown(k->k_lwp0, !nosync, true);
	while (kern_components[rows] != NULL)
		rows++;
	destroy(k, true, rows, leak != NULL ? leak : &dummy);
}
