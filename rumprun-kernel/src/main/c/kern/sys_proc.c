/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls on ids, groups, sessions, limits and names of a process. */
#include <netbsd/resource.h>
#include <netbsd/syscallargs.h>
#include "kern/proc.h"
#include "kern/syscalls.h"

/* --- reading --- */

int
sys_getpid_with_ppid(struct lwp *l, const void *args, register_t *rv)
{
	(void)args;
	rv[0] = l->l_proc->p_pid;
	rv[1] = l->l_proc->p_ppid;
	return 0;
}

int
sys_getppid(struct lwp *l, const void *args, register_t *rv)
{
	(void)args;
	rv[0] = l->l_proc->p_ppid;
	return 0;
}

int
sys_getuid_with_euid(struct lwp *l, const void *args, register_t *rv)
{
	(void)args;
	rv[0] = (register_t)l->l_cred->cr_uid;
	rv[1] = (register_t)l->l_cred->cr_euid;
	return 0;
}

int
sys_geteuid(struct lwp *l, const void *args, register_t *rv)
{
	(void)args;
	rv[0] = (register_t)l->l_cred->cr_euid;
	return 0;
}

int
sys_getgid_with_egid(struct lwp *l, const void *args, register_t *rv)
{
	(void)args;
	rv[0] = (register_t)l->l_cred->cr_gid;
	rv[1] = (register_t)l->l_cred->cr_egid;
	return 0;
}

int
sys_getegid(struct lwp *l, const void *args, register_t *rv)
{
	(void)args;
	rv[0] = (register_t)l->l_cred->cr_egid;
	return 0;
}

int
sys_issetugid(struct lwp *l, const void *args, register_t *rv)
{
	(void)l;
	(void)args;
	rv[0] = 0;
	return 0;
}

int
sys_getgroups(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_getgroups_args *uap = args;
	int size = SCARG(uap, gidsetsize), n = l->l_cred->cr_ngroups;
	int error = 0;

	rv[0] = n;
	if (size == 0)
		return 0;
	if (size < n)
		return -EINVAL;
	error = copyout(l, l->l_cred->cr_groups, SCARG(uap, gidset),
	    (size_t)n * sizeof(gid_t));
	return error;
}

/* --- changing --- */

/*
 * A change of ids: `real`, `effective`, `saved` are new values or unset. Who
 * is not the super-user may only choose among the ids that he has.
 */
#define UNSET ((uid_t)-1)

static bool
may_be(uid_t id, bool super, uid_t a, uid_t b, uid_t c)
{
	return id == UNSET || super || id == a || id == b || id == c;
}

static int
set_uids(struct lwp *l, uid_t real, uid_t effective, uid_t saved)
{
	struct cred *c;
	int error;

	if ((error = cred_copy(l->l_k, l->l_cred, &c)) != 0)
		return error;
	c->cr_uid = real != UNSET ? real : c->cr_uid;
	c->cr_euid = effective != UNSET ? effective : c->cr_euid;
	c->cr_svuid = saved != UNSET ? saved : c->cr_svuid;
	proc_setcred(l->l_proc, l, c);
	return 0;
}

static int
set_gids(struct lwp *l, gid_t real, gid_t effective, gid_t saved)
{
	struct cred *c;
	int error;

	if ((error = cred_copy(l->l_k, l->l_cred, &c)) != 0)
		return error;
	c->cr_gid = real != UNSET ? real : c->cr_gid;
	c->cr_egid = effective != UNSET ? effective : c->cr_egid;
	c->cr_svgid = saved != UNSET ? saved : c->cr_svgid;
	proc_setcred(l->l_proc, l, c);
	return 0;
}

int
sys_setuid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setuid_args *uap = args;
	const struct cred *c = l->l_cred;
	uid_t uid = SCARG(uap, uid);

	(void)rv;
	if (!cred_issuser(c) && uid != c->cr_uid)
		return -EPERM;
	return set_uids(l, uid, uid, uid);
}

int
sys_seteuid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_seteuid_args *uap = args;
	const struct cred *c = l->l_cred;
	uid_t uid = SCARG(uap, euid);

	(void)rv;
	if (!cred_issuser(c) && uid != c->cr_uid && uid != c->cr_svuid)
		return -EPERM;
	return set_uids(l, UNSET, uid, UNSET);
}

int
sys_setreuid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setreuid_args *uap = args;
	const struct cred *c = l->l_cred;
	uid_t ruid = SCARG(uap, ruid), euid = SCARG(uap, euid), saved;
	bool super = cred_issuser(c);

	(void)rv;
	if (!may_be(ruid, super, c->cr_uid, c->cr_euid, c->cr_uid) ||
	    !may_be(euid, super, c->cr_uid, c->cr_euid, c->cr_svuid))
		return -EPERM;
	saved = euid != UNSET ? euid : c->cr_euid;
	return set_uids(l, ruid, euid, ruid != UNSET ? saved : UNSET);
}

int
sys_setgid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setgid_args *uap = args;
	const struct cred *c = l->l_cred;
	gid_t gid = SCARG(uap, gid);

	(void)rv;
	if (!cred_issuser(c) && gid != c->cr_gid)
		return -EPERM;
	return set_gids(l, gid, gid, gid);
}

int
sys_setegid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setegid_args *uap = args;
	const struct cred *c = l->l_cred;
	gid_t gid = SCARG(uap, egid);

	(void)rv;
	if (!cred_issuser(c) && gid != c->cr_gid && gid != c->cr_svgid)
		return -EPERM;
	return set_gids(l, UNSET, gid, UNSET);
}

int
sys_setregid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setregid_args *uap = args;
	const struct cred *c = l->l_cred;
	gid_t rgid = SCARG(uap, rgid), egid = SCARG(uap, egid), saved;
	bool super = cred_issuser(c);

	(void)rv;
	if (!may_be(rgid, super, c->cr_gid, c->cr_egid, c->cr_gid) ||
	    !may_be(egid, super, c->cr_gid, c->cr_egid, c->cr_svgid))
		return -EPERM;
	saved = egid != UNSET ? egid : c->cr_egid;
	return set_gids(l, rgid, egid, rgid != UNSET ? saved : UNSET);
}

int
sys_setgroups(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setgroups_args *uap = args;
	int n = SCARG(uap, gidsetsize), error;
	gid_t groups[NGROUPS_MAX];
	struct cred *c;

	(void)rv;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	if (n < 0 || n > NGROUPS_MAX)
		return -EINVAL;
	error = copyin(
	    l, SCARG(uap, gidset), groups, (size_t)n * sizeof(groups[0]));
	if (error != 0)
		return error;
	if ((error = cred_copy(l->l_k, l->l_cred, &c)) != 0)
		return error;
	c->cr_ngroups = n;
	memcpy(c->cr_groups, groups, (size_t)n * sizeof(groups[0]));
	proc_setcred(l->l_proc, l, c);
	return 0;
}

/* --- groups of processes, sessions --- */

int
sys_getpgrp(struct lwp *l, const void *args, register_t *rv)
{
	(void)args;
	kmutex_enter(&l->l_k->k_proclock);
	rv[0] = l->l_proc->p_pgid;
	kmutex_exit(&l->l_k->k_proclock);
	return 0;
}

/* The process of an id, 0 for the caller's own; k_proclock held. */
static struct proc *
find_or_self(struct lwp *l, pid_t pid)
{
	return pid == 0 ? l->l_proc : proc_find(l->l_k, pid);
}

int
sys_getpgid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_getpgid_args *uap = args;
	struct proc *p;

	kmutex_enter(&l->l_k->k_proclock);
	if ((p = find_or_self(l, SCARG(uap, pid))) != NULL)
		rv[0] = p->p_pgid;
	kmutex_exit(&l->l_k->k_proclock);
	return p != NULL ? 0 : -ESRCH;
}

int
sys_getsid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_getsid_args *uap = args;
	struct proc *p;

	kmutex_enter(&l->l_k->k_proclock);
	if ((p = find_or_self(l, SCARG(uap, pid))) != NULL)
		rv[0] = p->p_sid;
	kmutex_exit(&l->l_k->k_proclock);
	return p != NULL ? 0 : -ESRCH;
}

/* Does the group exist in this session? k_proclock held. */
static bool
group_in_session(struct rump_kernel *k, pid_t pgid, pid_t sid)
{
	for (int i = 0; i < 64; i++)
		for (struct proc *p = k->k_pidhash[i]; p != NULL;
		     p = p->p_hashnext)
			if (p->p_pgid == pgid && p->p_sid == sid)
				return true;
	return false;
}

static int
set_group(struct lwp *l, pid_t pid, pid_t pgid)
{
	struct proc *self = l->l_proc, *p = find_or_self(l, pid);

	if (p == NULL || (p != self && p->p_parent != self))
		return -ESRCH;
	if (p != self && p->p_sid != self->p_sid)
		return -EPERM;
	if (pgid == 0)
		pgid = p->p_pid;
	if (pgid == p->p_pgid)
		return 0;
	/* The leader of a session stays where it is. */
	if (p->p_sid == p->p_pid)
		return -EPERM;
	if (pgid != p->p_pid && !group_in_session(l->l_k, pgid, self->p_sid))
		return -EPERM;
	p->p_pgid = pgid;
	return 0;
}

int
sys_setpgid(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setpgid_args *uap = args;
	int error;

	(void)rv;
	if (SCARG(uap, pgid) < 0)
		return -EINVAL;
	kmutex_enter(&l->l_k->k_proclock);
	error = set_group(l, SCARG(uap, pid), SCARG(uap, pgid));
	kmutex_exit(&l->l_k->k_proclock);
	return error;
}

int
sys_setsid(struct lwp *l, const void *args, register_t *rv)
{
	struct rump_kernel *k = l->l_k;
	struct proc *self = l->l_proc;
	int error = 0;

	(void)args;
	kmutex_enter(&k->k_proclock);
	for (int i = 0; i < 64; i++)
		for (struct proc *p = k->k_pidhash[i]; p != NULL;
		     p = p->p_hashnext)
			if (p->p_pgid == self->p_pid)
				error = -EPERM;
	if (error == 0) {
		self->p_pgid = self->p_sid = self->p_pid;
		rv[0] = self->p_pid;
	}
	kmutex_exit(&k->k_proclock);
	return error;
}

/* --- the login name --- */

int
sys___getlogin(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___getlogin_args *uap = args;
	size_t size = SCARG(uap, namelen);
	char name[sizeof(l->l_proc->p_login)];

	(void)rv;
	kmutex_enter(&l->l_proc->p_lock);
	memcpy(name, l->l_proc->p_login, sizeof(name));
	kmutex_exit(&l->l_proc->p_lock);
	if (size > sizeof(name))
		size = sizeof(name);
	return copyout(l, name, SCARG(uap, namebuf), size);
}

int
sys___setlogin(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys___setlogin_args *uap = args;
	char name[sizeof(l->l_proc->p_login)];
	int error;

	(void)rv;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	memset(name, 0, sizeof(name));
	error = copyinstr(l, SCARG(uap, namebuf), name, sizeof(name), NULL);
	if (error != 0)
		return error == -ENAMETOOLONG ? -EINVAL : error;
	kmutex_enter(&l->l_proc->p_lock);
	memcpy(l->l_proc->p_login, name, sizeof(name));
	kmutex_exit(&l->l_proc->p_lock);
	return 0;
}

/* --- limits --- */

int
sys_getrlimit(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_getrlimit_args *uap = args;
	struct proc *p = l->l_proc;
	int which = SCARG(uap, which);
	struct rlimit lim;

	(void)rv;
	if (which < 0 || which >= P_NRLIMITS)
		return -EINVAL;
	kmutex_enter(&p->p_lock);
	lim.rlim_cur = p->p_rlimit[which].cur;
	lim.rlim_max = p->p_rlimit[which].max;
	kmutex_exit(&p->p_lock);
	return copyout(l, &lim, SCARG(uap, rlp), sizeof(lim));
}

int
sys_setrlimit(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_setrlimit_args *uap = args;
	struct proc *p = l->l_proc;
	int which = SCARG(uap, which), error;
	struct rlimit lim;

	(void)rv;
	if (which < 0 || which >= P_NRLIMITS)
		return -EINVAL;
	error = copyin(l, SCARG(uap, rlp), &lim, sizeof(lim));
	if (error != 0)
		return error;
	/* Infinity is the largest value: what is negative in there is that. */
	if (lim.rlim_cur > RLIM_INFINITY)
		lim.rlim_cur = RLIM_INFINITY;
	if (lim.rlim_max > RLIM_INFINITY)
		lim.rlim_max = RLIM_INFINITY;
	if (lim.rlim_cur > lim.rlim_max)
		return -EINVAL;
	kmutex_enter(&p->p_lock);
	if (lim.rlim_max > p->p_rlimit[which].max && !cred_issuser(l->l_cred))
		error = -EPERM;
	else {
		p->p_rlimit[which].cur = lim.rlim_cur;
		p->p_rlimit[which].max = lim.rlim_max;
	}
	kmutex_exit(&p->p_lock);
	return error;
}
