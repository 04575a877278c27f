/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: a tree below pid 0 (the kernel) and pid 1 (what local callers are
 * when they have not said otherwise). The first process of a user has pid 2.
 *
 * No call of a rump kernel waits for a child, so a process that ends is gone
 * at once. Who has a pointer to a process keeps it alive by an lwp in it, or
 * by being the only one who ends it.
 */
#include <netbsd/event.h>
#include <netbsd/resource.h>
#include "kern/callout.h"
#include "kern/file.h"
#include "kern/hooks.h"
#include "kern/ktrace.h"
#include "kern/proc.h"

#define MEMORY ((rlim_t)512 << 20) /* of a kernel without a limit */

#define HASH(pid) ((unsigned)(pid) % 64)

/* The limits of the first process, as the reference has them. */
static const struct rlimit first_limits[P_NRLIMITS] = {
	[RLIMIT_CPU] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_FSIZE] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_DATA] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_STACK] = { 4194304, 134217728 },
	[RLIMIT_CORE] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_RSS] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_MEMLOCK] = { MEMORY / 3, MEMORY },
	[RLIMIT_NPROC] = { 160, 532 },
	[RLIMIT_NOFILE] = { 128, 1772 },
	[RLIMIT_SBSIZE] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_AS] = { RLIM_INFINITY, RLIM_INFINITY },
	[RLIMIT_NTHR] = { 160, 2048 },
};

struct proc *
proc_find(struct rump_kernel *k, pid_t pid)
{
	struct proc *p;

	for (p = k->k_pidhash[HASH(pid)]; p != NULL; p = p->p_hashnext)
		if (p->p_pid == pid && (p->p_flags & P_ZOMBIE) == 0)
			return p;
	return NULL;
}

int
proc_foreach(struct rump_kernel *k, int (*fn)(struct proc *, void *), void *arg)
{
	int result = 0;

	kmutex_enter(&k->k_proclock);
	for (int i = 0; i < 64 && result == 0; i++) {
		struct proc *p, *next;

		for (p = k->k_pidhash[i]; p != NULL && result == 0; p = next) {
			next = p->p_hashnext;
			result = fn(p, arg);
		}
	}
	kmutex_exit(&k->k_proclock);
	return result;
}

/* Is the number in use, as a process's or as that of a group or session? */
static bool
pid_used(struct rump_kernel *k, pid_t pid)
{
	for (struct proc *p = k->k_pidhash[HASH(pid)]; p != NULL;
	     p = p->p_hashnext)
		if (p->p_pid == pid)
			return true;
	/* Numbers come round only after PID_MAX of them. */
	for (int i = 0; i < 64; i++)
		for (struct proc *p = k->k_pidhash[i]; p != NULL;
		     p = p->p_hashnext)
			if (p->p_pgid == pid || p->p_sid == pid)
				return true;
	return false;
}

/* Gives the process its number and its place; k_proclock held. */
static int
link_proc(struct rump_kernel *k, struct proc *p, struct proc *parent)
{
	pid_t pid = k->k_lastpid;

	if (k->k_nprocs >= k->k_maxproc)
		return -EAGAIN;
	do {
		if (++pid > PID_MAX)
			pid = 2;
	} while (pid_used(k, pid));
	k->k_lastpid = pid;
	p->p_pid = pid;
	p->p_hashnext = k->k_pidhash[HASH(pid)];
	k->k_pidhash[HASH(pid)] = p;
	k->k_nprocs++;
	p->p_parent = parent;
	if (parent != NULL) {
		p->p_ppid = parent->p_pid;
		p->p_sibling = parent->p_children;
		parent->p_children = p;
	}
	return 0;
}

static void
unlink_child(struct proc *p)
{
	struct proc **pp;

	if (p->p_parent == NULL)
		return;
	for (pp = &p->p_parent->p_children; *pp != p; pp = &(*pp)->p_sibling)
		continue;
	*pp = p->p_sibling;
	p->p_parent = NULL;
}

/* Takes it out of the tree; its children go to pid 1. k_proclock held. */
static void
unlink_proc(struct rump_kernel *k, struct proc *p)
{
	struct proc **pp, *child;

	for (pp = &k->k_pidhash[HASH(p->p_pid)]; *pp != p;
	     pp = &(*pp)->p_hashnext)
		continue;
	*pp = p->p_hashnext;
	k->k_nprocs--;
	while ((child = p->p_children) != NULL) {
		unlink_child(child);
		if (k->k_initproc == NULL || k->k_initproc == p)
			continue;
		child->p_parent = k->k_initproc;
		child->p_ppid = k->k_initproc->p_pid;
		child->p_sibling = k->k_initproc->p_children;
		k->k_initproc->p_children = child;
	}
	unlink_child(p);
}

/* What fork makes, from a parent that nobody ends meanwhile. */
static int
proc_make(struct rump_kernel *k, struct proc *parent, int fdflags,
    const char *comm, struct proc **pp)
{
	struct proc *p;
	int error;

	*pp = NULL;
	if ((p = kmem_zalloc(k, sizeof(*p))) == NULL)
		return -ENOMEM;
	p->p_k = k;
	p->p_start_ns = kern_basetime_ns(k);
	kmutex_enter(&parent->p_lock);
	p->p_cred = cred_get(parent->p_cred);
	memcpy(p->p_rlimit, parent->p_rlimit, sizeof(p->p_rlimit));
	memcpy(p->p_comm, parent->p_comm, sizeof(p->p_comm));
	memcpy(p->p_login, parent->p_login, sizeof(p->p_login));
	p->p_nice = parent->p_nice;
	kmutex_exit(&parent->p_lock);
	if (comm != NULL) {
		memset(p->p_comm, 0, sizeof(p->p_comm));
		strncpy(p->p_comm, comm, MAXCOMLEN);
	}
	if ((fdflags & RFCFDG) != 0 || parent->p_fd == NULL)
		error = filedesc_create(k, &p->p_fd);
	else if ((fdflags & RFFDG) != 0)
		error = filedesc_copy(parent->p_fd, &p->p_fd);
	else {
		p->p_fd = filedesc_share(parent->p_fd);
		error = 0;
	}
	if (error != 0)
		goto out_proc;
	if (parent->p_cwdi != NULL) {
		error = cwd_copy(parent->p_cwdi, &p->p_cwdi);
		if (error != 0)
			goto out_fd;
	}
	kmutex_enter(&k->k_proclock);
	p->p_pgid = parent->p_pgid;
	p->p_sid = parent->p_sid;
	error = link_proc(k, p, parent);
	kmutex_exit(&k->k_proclock);
	if (error == 0) {
		ktr_fork(parent, p);
		*pp = p;
		return 0;
	}
	if (p->p_cwdi != NULL)
		cwd_put(k->k_lwp0, p->p_cwdi);
out_fd:
	filedesc_put(k->k_lwp0, p->p_fd);
out_proc:
	cred_put(p->p_cred);
	kmem_free(k, p, sizeof(*p));
	return error;
}

int
proc_fork(struct rump_kernel *k, struct proc *parent, int fdflags,
    const char *comm, struct proc **pp)
{
	int error;

	*pp = NULL;
	if (kern_halting(k))
		return -ESHUTDOWN;
	if (parent == NULL)
		parent = k->k_initproc;
	if ((parent->p_flags & P_EXITING) != 0)
		return -ESRCH;
	if ((error = proc_make(k, parent, fdflags, comm, pp)) == 0)
		knote_proc(parent, NOTE_FORK);
	return error;
}

/*
 * Gives back what a process holds. No lwp of it runs: what is closed is closed
 * by one that exists for that only, so that it counts as the process's doing.
 */
static void
release(struct proc *p)
{
	struct rump_kernel *k = p->p_k;
	struct lwp l;

	memset(&l, 0, offsetof(struct lwp, l_pathbuf));
	l.l_k = k;
	l.l_proc = p;
	l.l_cred = p->p_cred;
	l.l_flags = L_NOINTR;
	timers_procexit(p);
	ktr_exit(&l, p);
	if (p->p_fd != NULL) {
		filedesc_put(&l, p->p_fd);
		p->p_fd = NULL;
	}
	if (p->p_cwdi != NULL) {
		cwd_put(&l, p->p_cwdi);
		p->p_cwdi = NULL;
	}
	kmem_free(k, l.l_bounce, l.l_bouncesize);
}

static void
unlink_and_free(struct proc *p)
{
	struct rump_kernel *k = p->p_k;

	kmutex_enter(&k->k_proclock);
	unlink_proc(k, p);
	kcond_broadcast(&k->k_proccond);
	kmutex_exit(&k->k_proclock);
	cred_put(p->p_cred);
	kmem_free(k, p, sizeof(*p));
}

static void
wait_lwps(struct proc *p, struct lwp *self)
{
	proc_wakeup_lwps(p, L_EXIT, self);
	kmutex_enter(&p->p_lock);
	while (p->p_nlwps > (self != NULL ? 1 : 0))
		kcond_wait(&p->p_cond, &p->p_lock);
	kmutex_exit(&p->p_lock);
}

void
proc_exit(struct proc *p, struct lwp *self, int xstat)
{
	kmutex_enter(&p->p_lock);
	if ((p->p_flags & P_EXITING) != 0) {
		kmutex_exit(&p->p_lock);
		return;
	}
	atomic_fetch_or(&p->p_flags, P_EXITING);
	p->p_xstat = xstat;
	kmutex_exit(&p->p_lock);
	wait_lwps(p, self);
	knote_proc(p, NOTE_EXIT);
	release(p);
	if (self != NULL)
		lwp_destroy(self);
	unlink_and_free(p);
}

void
proc_exec(struct proc *p, struct lwp *self, const char *comm)
{
	kmutex_enter(&p->p_lock);
	for (struct lwp *l = p->p_lwps; l != NULL; l = l->l_next)
		if (l != self)
			lwp_wakeup(l, L_EXIT);
	while (p->p_nlwps > 1)
		kcond_wait(&p->p_cond, &p->p_lock);
	memset(p->p_comm, 0, sizeof(p->p_comm));
	if (comm != NULL)
		strncpy(p->p_comm, comm, MAXCOMLEN);
	kmutex_exit(&p->p_lock);
	ktr_emul(p);
	knote_proc(p, NOTE_EXEC);
	fd_closeexec(self);
}

/* --- the first and the last --- */

int
proc_boot(struct rump_kernel *k)
{
	struct proc *p;
	struct cred *c;
	int error;

	if ((p = kmem_zalloc(k, sizeof(*p))) == NULL)
		return -ENOMEM;
	k->k_proc0 = p;
	p->p_k = k;
	p->p_start_ns = kern_basetime_ns(k);
	atomic_store(&p->p_flags, P_SYSTEM);
	strcpy(p->p_comm, "system");
	strcpy(p->p_login, "root");
	for (int i = 0; i < P_NRLIMITS; i++) {
		p->p_rlimit[i].cur = first_limits[i].rlim_cur;
		p->p_rlimit[i].max = first_limits[i].rlim_max;
	}
	if (k->k_config.kc_memlimit != 0) {
		p->p_rlimit[RLIMIT_MEMLOCK].cur = k->k_config.kc_memlimit / 3;
		p->p_rlimit[RLIMIT_MEMLOCK].max = k->k_config.kc_memlimit;
	}
	if ((error = cred_copy(k, NULL, &c)) != 0)
		return error;
	p->p_cred = c;
	if ((error = filedesc_create(k, &p->p_fd)) != 0)
		return error;
	k->k_pidhash[0] = p;
	k->k_nprocs = 1;
	return lwp_create(p, &k->k_lwp0);
}

int
proc_boot_init(struct rump_kernel *k)
{
	int error;

	if (k->k_vfs != NULL && k->k_proc0->p_cwdi == NULL) {
		error = cwd_create(k, &k->k_proc0->p_cwdi);
		if (error != 0)
			return error;
	}
	return proc_make(k, k->k_proc0, RFCFDG, "init", &k->k_initproc);
}

void
proc_exitall(struct rump_kernel *k)
{
	struct proc *p;
	struct lwp *l;
	int i;

	for (;;) {
		kmutex_enter(&k->k_proclock);
		for (p = NULL, i = 0; i < 64 && p == NULL; i++)
			for (p = k->k_pidhash[i]; p != NULL && p->p_pid == 0;
			     p = p->p_hashnext)
				continue;
		kmutex_exit(&k->k_proclock);
		if (p == NULL)
			break;
		atomic_fetch_or(&p->p_flags, P_EXITING);
		while ((l = p->p_lwps) != NULL)
			lwp_destroy(l);
		release(p);
		if (p == k->k_initproc)
			k->k_initproc = NULL;
		unlink_and_free(p);
	}
	if (k->k_proc0 != NULL && k->k_lwp0 != NULL)
		release(k->k_proc0);
}

void
proc_fini(struct rump_kernel *k)
{
	struct proc *p = k->k_proc0;

	if (p == NULL)
		return;
	if (k->k_lwp0 != NULL) {
		release(p);
		lwp_destroy(k->k_lwp0);
	} else if (p->p_fd != NULL)
		filedesc_put(NULL, p->p_fd);
	cred_put(p->p_cred);
	kmem_free(k, p, sizeof(*p));
	k->k_proc0 = NULL;
	k->k_lwp0 = NULL;
}
