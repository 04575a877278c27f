/* SPDX-License-Identifier: BSD-2-Clause */
/* What sysctl tells of processes and their files: proc.curproc, kern.proc2, kern.proc_args, kern.file2, kern.uidinfo. */
#include <netbsd/resource.h>
#include "kern/file.h"
#include "kern/proc.h"
#include "kern/sysctl_state.h"

#define NODE CTLTYPE_NODE
#define ANYRW (CTLFLAG_READWRITE | CTLFLAG_ANYWRITE)
#define LIMIT_FIRST 1 /* number of the first limit's node */
#define CURPROC INT32_MAX
#define MAX_ELEMENT 65536 /* far more than any structure has */

/* A process by the number in a name, with p_lock held; it is not on its way out. */
static int
proc_locked(struct sysctl_call *c, int pid, struct proc **pp)
{
	struct rump_kernel *k = c->sc_k;
	struct proc *p;
	int error = 0;

	kmutex_enter(&k->k_proclock);
	p = pid == CURPROC ? c->sc_l->l_proc : proc_find(k, pid);
	if (p == NULL)
		error = -ESRCH;
	else {
		kmutex_enter(&p->p_lock);
		if (p->p_flags & P_EXITING)
			error = -ESRCH;
		else if (!cred_issuser(c->sc_l->l_cred) &&
		    p->p_cred->cr_uid != c->sc_l->l_cred->cr_uid)
			error = -EPERM;
		if (error != 0)
			kmutex_exit(&p->p_lock);
	}
	kmutex_exit(&k->k_proclock);
	*pp = error == 0 ? p : NULL;
	return error;
}

/* --- proc.curproc: proc, pid, rlimit, which, soft or hard --- */

static int
fn_rlimit(struct sysctl_call *c)
{
	int which = c->sc_mib[3] - LIMIT_FIRST, pid = c->sc_mib[1], error;
	bool hard = c->sc_mib[4] == 2, changed;
	struct proc *p;
	uint64_t *at;
	int64_t v;

	if (which < 0 || which >= P_NRLIMITS)
		return -EINVAL;
	error = proc_locked(c, pid, &p);
	if (error != 0)
		return error;
	v = (int64_t)(hard ? p->p_rlimit[which].max : p->p_rlimit[which].cur);
	kmutex_exit(&p->p_lock);
	error = sysctl_quad(c, &v, &changed);
	if (error != 0 || !changed)
		return error;
	error = proc_locked(c, pid, &p);
	if (error != 0)
		return error;
	at = hard ? &p->p_rlimit[which].max : &p->p_rlimit[which].cur;
	if (v < 0 ||
	    (hard ? (uint64_t)v < p->p_rlimit[which].cur :
		    (uint64_t)v > p->p_rlimit[which].max))
		error = -EINVAL;
	else if (hard && (uint64_t)v > *at && !cred_issuser(c->sc_l->l_cred))
		error = -EPERM;
	else
		*at = (uint64_t)v;
	kmutex_exit(&p->p_lock);
	return error;
}

/*
 * No core file is ever written: the name is a constant. One that could be a core file's (it ends with "core", alone or
 * behind a dot or slash) cannot be set, others are wrong.
 */
static int
fn_corename(struct sysctl_call *c)
{
	char name[1024] = "rumpdump";
	size_t len;
	bool changed;
	int error = sysctl_string(c, name, sizeof(name), &changed);

	if (error != 0 || !changed)
		return error;
	len = strlen(name);
	if (len < 4 || strcmp(name + len - 4, "core") != 0 ||
	    (len > 4 && name[len - 5] != '/' && name[len - 5] != '.'))
		return -EINVAL;
	return -EOPNOTSUPP;
}

/* Processes are never stopped. */
static int
fn_stop(struct sysctl_call *c)
{
	int32_t v = 0;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (error == 0 && changed && v != 0)
		error = v == 1 ? -EOPNOTSUPP : -EINVAL;
	return error;
}

#define LIMIT(num, name)                                                      \
	{ "proc.curproc.rlimit." name, num, NODE, .sd_fn = NULL },            \
	    { "proc.curproc.rlimit." name ".soft", 1, ANYRW | CTLTYPE_QUAD,   \
		    .sd_fn = fn_rlimit },                                     \
	{                                                                     \
		"proc.curproc.rlimit." name ".hard", 2, ANYRW | CTLTYPE_QUAD, \
		    .sd_fn = fn_rlimit                                        \
	}

/* --- kern.proc2: op, argument, size of an element, how many --- */

struct list {
	struct sysctl_call *c;
	int op, arg, pid;
	size_t n, max; /* found; room for, in the kernel */
	void *mem;
};

static bool
matches(const struct list *list, const struct proc *p)
{
	uint32_t arg = (uint32_t)list->arg;

	switch (list->op) {
	case KERN_PROC_ALL:
		return true;
	case KERN_PROC_PID:
		return p->p_pid == list->arg;
	case KERN_PROC_PGRP:
		return p->p_pgid == list->arg;
	case KERN_PROC_SESSION:
		return p->p_sid == list->arg;
	case KERN_PROC_UID:
		return p->p_cred->cr_euid == arg;
	case KERN_PROC_RUID:
		return p->p_cred->cr_uid == arg;
	case KERN_PROC_GID:
		return p->p_cred->cr_egid == arg;
	case KERN_PROC_RGID:
		return p->p_cred->cr_gid == arg;
	default:
		return false;
	}
}

static void
fill_cred(struct kinfo_proc2 *ki, const struct cred *cr)
{
	ki->p_uid = cr->cr_euid;
	ki->p_ruid = cr->cr_uid;
	ki->p_gid = cr->cr_egid;
	ki->p_rgid = cr->cr_gid;
	ki->p_svuid = cr->cr_svuid;
	ki->p_svgid = cr->cr_svgid;
	ki->p_ngroups = (int16_t)cr->cr_ngroups;
	for (int i = 0; i < cr->cr_ngroups && i < 16; i++)
		ki->p_groups[i] = cr->cr_groups[i];
}

static void
fill_proc(struct kinfo_proc2 *ki, const struct proc *p)
{
	memset(ki, 0, sizeof(*ki));
	ki->p_pid = p->p_pid;
	ki->p_ppid = p->p_parent == NULL ? 0 : p->p_parent->p_pid;
	ki->p_sid = p->p_sid;
	ki->p__pgid = p->p_pgid;
	ki->p_tpgid = -1;
	ki->p_tdev = UINT32_MAX;
	ki->p_flag = P_INMEM | (p->p_flags & P_SYSTEM);
	ki->p_stat = 2; /* active */
	ki->p_realstat = 2;
	ki->p_nice = (uint8_t)(p->p_nice + 20);
	ki->p_xstat = (uint16_t)p->p_xstat;
	memcpy(ki->p_comm, p->p_comm, sizeof(p->p_comm));
	memcpy(ki->p_login, p->p_login, sizeof(p->p_login));
	memcpy(ki->p_ename, "netbsd", 7);
	ki->p_uvalid = 1;
	ki->p_ustart_sec = (uint32_t)(p->p_start_ns / 1000000000);
	ki->p_ustart_usec = (uint32_t)(p->p_start_ns % 1000000000 / 1000);
	ki->p_nlwps = (uint64_t)p->p_nlwps;
	ki->p_cpuid = KI_NOCPU;
	fill_cred(ki, p->p_cred);
}

static int
list_proc(struct proc *p, void *arg)
{
	struct list *list = arg;
	struct kinfo_proc2 *ki = list->mem;

	kmutex_enter(&p->p_lock);
	if (matches(list, p)) {
		if (list->n < list->max)
			fill_proc(&ki[list->n], p);
		list->n++;
	}
	kmutex_exit(&p->p_lock);
	return 0;
}

/*
 * Elements as far apart as the caller wants them, of which as much is filled as both know. Who only asks is told of some
 * more, since more may come.
 */
static int
give(struct sysctl_call *c, const struct list *list, size_t elem, size_t known,
    size_t count, size_t slop)
{
	size_t n = list->n < list->max ? list->n : list->max;
	size_t fill = elem < known ? elem : known;
	const char *at = list->mem;
	int error = 0;

	if (c->sc_old == NULL) {
		c->sc_done = (list->n + slop) * elem;
		return 0;
	}
	for (size_t i = 0; i < n && i < count && error == 0; i++) {
		size_t end = c->sc_done + elem;

		/* Only whole ones. */
		if (sysctl_room(c) >= elem)
			error = sysctl_out(c, at + i * known, fill);
		c->sc_done = end;
	}
	return error;
}

static int
elements(struct sysctl_call *c, size_t *elem, size_t *count)
{
	if (c->sc_namelen != 4)
		return -EINVAL;
	if (c->sc_name[2] <= 0 || c->sc_name[2] > MAX_ELEMENT ||
	    c->sc_name[3] < 0)
		return -EINVAL;
	*elem = (size_t)c->sc_name[2];
	*count = c->sc_name[3] == 0 ? SIZE_MAX : (size_t)c->sc_name[3];
	return 0;
}

static int
fn_proc2(struct sysctl_call *c)
{
	struct rump_kernel *k = c->sc_k;
	struct list list = { .c = c };
	size_t elem, count, size;
	int error;

	if (c->sc_new != NULL)
		return -EPERM;
	error = elements(c, &elem, &count);
	if (error != 0)
		return error;
	list.op = c->sc_name[0];
	list.arg = c->sc_name[1];
	if (list.op < KERN_PROC_ALL || list.op > KERN_PROC_RGID)
		return -EINVAL;
	kmutex_enter(&k->k_proclock);
	list.max = (size_t)k->k_nprocs + 8;
	kmutex_exit(&k->k_proclock);
	size = list.max * sizeof(struct kinfo_proc2);
	list.mem = kmem_alloc(k, size);
	if (list.mem == NULL)
		return -ENOMEM;
	proc_foreach(k, list_proc, &list);
	error = give(c, &list, elem, sizeof(struct kinfo_proc2), count, 5);
	kmem_free(k, list.mem, size);
	return error;
}

/* The older form of the list has addresses of the kernel in it. */
static int
fn_proc(struct sysctl_call *c)
{
	(void)c;
	return -EOPNOTSUPP;
}

/* A process of a rump kernel has no memory to look into; its name stands for its arguments. */
static int
fn_proc_args(struct sysctl_call *c)
{
	char comm[MAXCOMLEN + 1];
	struct proc *p;
	int one = 1, none = 0, error;

	if (c->sc_namelen != 2)
		return -EINVAL;
	if (c->sc_new != NULL)
		return -EPERM;
	error = proc_locked(c, c->sc_name[0], &p);
	if (error != 0)
		return error;
	memcpy(comm, p->p_comm, sizeof(comm));
	kmutex_exit(&p->p_lock);
	switch (c->sc_name[1]) {
	case KERN_PROC_ARGV:
		return sysctl_out(c, comm, strlen(comm) + 1);
	case KERN_PROC_NARGV:
		return sysctl_out(c, &one, sizeof(one));
	case KERN_PROC_ENV:
		return 0;
	case KERN_PROC_NENV:
		return sysctl_out(c, &none, sizeof(none));
	case KERN_PROC_PATHNAME:
		return -ENOENT;
	default:
		return -EINVAL;
	}
}

/* --- kern.file2: by process or not, pid, size of an element, how many --- */

static int
list_file(struct lwp *l, int fd, struct file *fp, void *arg)
{
	struct list *list = arg;
	struct kinfo_file *ki = list->mem;

	(void)l;
	if (list->n < list->max) {
		ki += list->n;
		memset(ki, 0, sizeof(*ki));
		ki->ki_fileaddr = (uintptr_t)fp;
		ki->ki_fdata = (uintptr_t)fp->f_data;
		ki->ki_msgcount = fp->f_msgcount;
		ki->ki_flag = fp->f_flag;
		ki->ki_ftype = (uint32_t)fp->f_type;
		/* Not counting the one held here. */
		ki->ki_count = fp->f_count - 1;
		ki->ki_fuid = fp->f_cred->cr_euid;
		ki->ki_fgid = fp->f_cred->cr_egid;
		kmutex_enter(&fp->f_lock);
		ki->ki_foffset = (uint64_t)fp->f_offset;
		kmutex_exit(&fp->f_lock);
		ki->ki_pid = (uint32_t)list->pid;
		ki->ki_fd = fd;
	}
	list->n++;
	return 0;
}

/* The tables to look into, each with a reference. */
struct tables {
	const struct list *list;
	struct {
		struct filedesc *fdp;
		int pid;
	} * t;
	size_t n, max;
};

static int
take_table(struct proc *p, void *arg)
{
	struct tables *ts = arg;

	if (ts->list->op == KERN_FILE_BYPID && ts->list->arg >= 0 &&
	    p->p_pid != ts->list->arg)
		return 0;
	kmutex_enter(&p->p_lock);
	if (!(p->p_flags & (P_EXITING | P_ZOMBIE)) && p->p_fd != NULL &&
	    ts->n < ts->max) {
		ts->t[ts->n].fdp = filedesc_share(p->p_fd);
		ts->t[ts->n++].pid = p->p_pid;
	}
	kmutex_exit(&p->p_lock);
	return 0;
}

static int
list_files(struct sysctl_call *c, struct list *list, struct tables *ts)
{
	struct rump_kernel *k = c->sc_k;

	proc_foreach(k, take_table, ts);
	for (size_t i = 0; i < ts->n; i++) {
		list->pid = ts->t[i].pid;
		fd_foreach(c->sc_l, ts->t[i].fdp, list_file, list);
		filedesc_put(c->sc_l, ts->t[i].fdp);
	}
	return 0;
}

int
sysctl_file2(struct sysctl_call *c)
{
	struct rump_kernel *k = c->sc_k;
	struct list list = { .c = c };
	struct tables ts = { .list = &list };
	size_t elem, count, size, tsize;
	int error;

	if (c->sc_new != NULL)
		return -EPERM;
	error = elements(c, &elem, &count);
	if (error != 0)
		return error;
	list.op = c->sc_name[0];
	list.arg = c->sc_name[1];
	if ((list.op != KERN_FILE_BYFILE || list.arg != 0) &&
	    (list.op != KERN_FILE_BYPID || list.arg < -1))
		return -EINVAL;
	kmutex_enter(&k->k_proclock);
	ts.max = (size_t)k->k_nprocs + 8;
	kmutex_exit(&k->k_proclock);
	/* Descriptors, not files, are listed: a file may have many. */
	list.max = (size_t)k->k_nfiles * 2 + 64;
	size = list.max * sizeof(struct kinfo_file);
	tsize = ts.max * sizeof(ts.t[0]);
	list.mem = kmem_alloc(k, size);
	ts.t = kmem_alloc(k, tsize);
	if (list.mem == NULL || ts.t == NULL)
		error = -ENOMEM;
	else
		error = list_files(c, &list, &ts);
	if (error == 0)
		error = give(c, &list, elem, sizeof(struct kinfo_file), count,
		    KERN_FILESLOP);
	if (list.mem != NULL)
		kmem_free(k, list.mem, size);
	if (ts.t != NULL)
		kmem_free(k, ts.t, tsize);
	return error;
}

int
sysctl_file(struct sysctl_call *c)
{
	return c->sc_new != NULL ? -EPERM : -EOPNOTSUPP;
}

/* --- kern.uidinfo --- */

struct uidcount {
	uid_t uid;
	int64_t procs, lwps;
};

static int
count_proc(struct proc *p, void *arg)
{
	struct uidcount *u = arg;

	kmutex_enter(&p->p_lock);
	if (p->p_cred->cr_uid == u->uid) {
		u->procs++;
		u->lwps += p->p_nlwps;
	}
	kmutex_exit(&p->p_lock);
	return 0;
}

int
sysctl_uidinfo(struct sysctl_call *c)
{
	struct rump_kernel *k = c->sc_k;
	struct uidcount u = { c->sc_l->l_cred->cr_uid, 0, 0 };
	const char *path = c->sc_def->sd_path;
	int64_t v = 0;
	bool changed;

	proc_foreach(k, count_proc, &u);
	if (strcmp(path, "kern.uidinfo.proccnt") == 0)
		v = u.procs;
	else if (strcmp(path, "kern.uidinfo.lwpcnt") == 0)
		v = u.lwps;
	return sysctl_quad(c, &v, &changed);
}

const struct sysctl_def sysctl_proc_table[] = {
	{ "proc.curproc", CURPROC, CTLFLAG_ANYNUMBER | NODE, .sd_fn = NULL },
	{ "proc.curproc.corename", 1, ANYRW | CTLTYPE_STRING, 1024,
	    .sd_fn = fn_corename },
	{ "proc.curproc.rlimit", 2, NODE, .sd_fn = NULL },
	LIMIT(1, "cputime"),
	LIMIT(2, "filesize"),
	LIMIT(3, "datasize"),
	LIMIT(4, "stacksize"),
	LIMIT(5, "coredumpsize"),
	LIMIT(6, "memoryuse"),
	LIMIT(7, "memorylocked"),
	LIMIT(8, "maxproc"),
	LIMIT(9, "descriptors"),
	LIMIT(10, "sbsize"),
	LIMIT(11, "vmemoryuse"),
	LIMIT(12, "maxlwp"),
	{ "proc.curproc.stopfork", 3, ANYRW | CTLTYPE_INT, .sd_fn = fn_stop },
	{ "proc.curproc.stopexec", 4, ANYRW | CTLTYPE_INT, .sd_fn = fn_stop },
	{ "proc.curproc.stopexit", 5, ANYRW | CTLTYPE_INT, .sd_fn = fn_stop },
	{ "kern.proc", KERN_PROC, NODE, .sd_fn = fn_proc },
	{ "kern.proc2", KERN_PROC2, NODE, .sd_fn = fn_proc2 },
	{ "kern.proc_args", KERN_PROC_ARGS, NODE, .sd_fn = fn_proc_args },
	{ .sd_path = NULL },
};
