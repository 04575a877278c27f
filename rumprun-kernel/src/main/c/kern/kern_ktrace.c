/* SPDX-License-Identifier: BSD-2-Clause */
/* Tracing of processes: sessions, records, and the calls ktrace, fktrace and utrace. */
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/syscall.h>
#include <netbsd/syscallargs.h>
#include "kern/file.h"
#include "kern/ktrace.h"
#include "kern/syscalls.h"

#define CHUNK 4096 /* of a transfer, in one record */
#define QUEUE_MAX \
	(4u << 20) /* bytes; what comes when it is full is lost, and ends the session */
#define FACILITIES (KTRFAC_MASK & ~1u)

struct ktr_record {
	struct ktr_record *r_next;
	size_t r_size; /* of what goes to the file */
	struct ktr_header r_header;
};

struct ktr_session {
	struct kmutex s_lock; /* refs, queue */
	struct kmutex s_writer; /* who writes to the file; above any file's locks */
	unsigned s_refs;	/* processes, and who is at work with it */
	unsigned s_pending;
	struct ktr_record *s_first, **s_last;
	struct file *s_file;
	int s_error; /* it has ended: 0, or why */
	bool s_told; /* that it has */
};

/* --- sessions ----------------------------------------------------------------- */

static struct ktr_session *
session_get(struct proc *p)
{
	struct ktr_session *s;

	kmutex_enter(&p->p_tracelock);
	if ((s = p->p_trace) != NULL) {
		kmutex_enter(&s->s_lock);
		s->s_refs++;
		kmutex_exit(&s->s_lock);
	}
	kmutex_exit(&p->p_tracelock);
	return s;
}

static void
drop_queue(struct rump_kernel *k, struct ktr_session *s)
{
	struct ktr_record *r;

	while ((r = s->s_first) != NULL) {
		s->s_first = r->r_next;
		kmem_free(
		    k, r, offsetof(struct ktr_record, r_header) + r->r_size);
	}
	s->s_last = &s->s_first;
	s->s_pending = 0;
}

static int
write_record(struct lwp *l, struct file *f, struct ktr_record *r)
{
	struct iovec iov = { &r->r_header, r->r_size };
	struct uio uio = {
		.uio_iov = &iov,
		.uio_iovcnt = 1,
		.uio_resid = r->r_size,
		.uio_rw = UIO_WRITE,
	};
	int error = f->f_ops->fo_write(l, f, &uio, FOF_UPDATE);

	return error != 0 ? error : uio.uio_resid > 0 ? -ENOSPC : 0;
}

/* Writes what waits. The caller holds no lock, and a reference. */
static void
flush(struct lwp *l, struct ktr_session *s)
{
	struct rump_kernel *k = l->l_k;
	struct ktr_record *r;
	int error;

	kmutex_enter(&s->s_writer);
	atomic_fetch_or(&l->l_flags, L_KTRACE);
	for (;;) {
		kmutex_enter(&s->s_lock);
		if ((r = s->s_first) != NULL) {
			if ((s->s_first = r->r_next) == NULL)
				s->s_last = &s->s_first;
			s->s_pending -= (unsigned)r->r_size;
		}
		error = s->s_error;
		kmutex_exit(&s->s_lock);
		if (r == NULL)
			break;
		if (error == 0 && (error = write_record(l, s->s_file, r)) != 0) {
			kmutex_enter(&s->s_lock);
			s->s_error = error;
			kmutex_exit(&s->s_lock);
		}
		kmem_free(
		    k, r, offsetof(struct ktr_record, r_header) + r->r_size);
	}
	atomic_fetch_and(&l->l_flags, ~L_KTRACE);
	kmutex_exit(&s->s_writer);
}

/* The last one closes the file; holds no lock. */
static void
session_put(struct lwp *l, struct ktr_session *s)
{
	unsigned refs;

	kmutex_enter(&s->s_lock);
	refs = --s->s_refs;
	kmutex_exit(&s->s_lock);
	if (refs > 0)
		return;
	flush(l, s);
	drop_queue(l->l_k, s);
	(void)file_put(l, s->s_file);
	kmem_free(l->l_k, s, sizeof(*s));
}

static int
session_create(struct lwp *l, struct file *f, struct ktr_session **sp)
{
	struct ktr_session *s = kmem_zalloc(l->l_k, sizeof(*s));

	*sp = s;
	if (s == NULL)
		return -ENOMEM;
	s->s_last = &s->s_first;
	s->s_refs = 1;
	s->s_file = f;
	file_get(f);
	return 0;
}

/* The process writes no more; its session, for the caller to put. p_tracelock held. */
static struct ktr_session *
detach(struct proc *p)
{
	struct ktr_session *s = p->p_trace;

	p->p_trace = NULL;
	atomic_store(&p->p_traceflag, 0);
	return s;
}

/* --- records ------------------------------------------------------------------ */

/*
 * A record of two parts, at the end of the queue. Any lock may be held. A record that finds no memory or no room is lost, with all that would follow: a
 * trace has no holes that it doesn't tell of.
 */
static void
record(struct proc *p, lwpid_t lid, int type, const void *a, size_t na,
    const void *b, size_t nb)
{
	struct ktr_session *s;
	struct ktr_record *r;
	struct timespec now;
	size_t size = sizeof(struct ktr_header) + na + nb;

	r = kmem_zalloc(p->p_k, offsetof(struct ktr_record, r_header) + size);
	if (r != NULL) {
		r->r_size = size;
		r->r_header.ktr_len = (int)(na + nb);
		r->r_header.ktr_type = (short)type;
		r->r_header.ktr_version = 2;
		r->r_header.ktr_pid = p->p_pid;
		memcpy(r->r_header.ktr_comm, p->p_comm,
		    sizeof(r->r_header.ktr_comm) - 1);
		kern_nanotime(p->p_k, &now);
		r->r_header.ktr_ts = now;
		r->r_header.ktr_lid = lid;
		if (na > 0)
			memcpy((char *)(&r->r_header + 1), a, na);
		if (nb > 0)
			memcpy((char *)(&r->r_header + 1) + na, b, nb);
	}
	kmutex_enter(&p->p_tracelock);
	if ((s = p->p_trace) != NULL) {
		kmutex_enter(&s->s_lock);
		if (s->s_error == 0 && (r == NULL || s->s_pending > QUEUE_MAX))
			s->s_error = -ENOBUFS;
		if (s->s_error == 0) {
			*s->s_last = r;
			s->s_last = &r->r_next;
			s->s_pending += (unsigned)size;
			r = NULL;
		}
		kmutex_exit(&s->s_lock);
	}
	kmutex_exit(&p->p_tracelock);
	if (r != NULL)
		kmem_free(
		    p->p_k, r, offsetof(struct ktr_record, r_header) + size);
}

static void
write_out(struct lwp *l)
{
	struct ktr_session *s = session_get(l->l_proc);
	struct ktr_session *ended = NULL;
	bool told;

	if (s == NULL)
		return;
	flush(l, s);
	kmutex_enter(&l->l_proc->p_tracelock);
	if (s->s_error != 0 && l->l_proc->p_trace == s)
		ended = detach(l->l_proc);
	kmutex_exit(&l->l_proc->p_tracelock);
	if (ended != NULL) {
		kmutex_enter(&s->s_lock);
		told = s->s_told;
		s->s_told = true;
		kmutex_exit(&s->s_lock);
		if (!told)
			kern_printf(l->l_k,
			    "ktrace write failed, errno %d, tracing stopped\n",
			    -s->s_error);
		session_put(l, ended);
	}
	session_put(l, s);
}

void
ktr_enter(struct lwp *l, int num, const void *args)
{
	struct ktr_syscall call = {
		.ktr_code = num,
		.ktr_argsize = kern_sysent[num].sy_argsize,
	};

	if (!ktr_wants(l->l_proc, KTR_SYSCALL))
		return;
	record(l->l_proc, l->l_lid, KTR_SYSCALL, &call, sizeof(call), args,
	    args != NULL ? (size_t)call.ktr_argsize : 0);
	write_out(l);
}

void
ktr_leave(struct lwp *l, int num, int error, const register_t rv[2])
{
	struct ktr_sysret ret = {
		.ktr_code = (short)num,
		.ktr_error = -error,
		.ktr_retval = rv[0],
		.ktr_retval_1 = rv[1],
	};

	if (ktr_wants(l->l_proc, KTR_SYSRET))
		record(l->l_proc, l->l_lid, KTR_SYSRET, &ret, sizeof(ret), NULL,
		    0);
	write_out(l);
}

void
ktr_namei(struct lwp *l, const char *path)
{
	if (ktr_wants(l->l_proc, KTR_NAMEI))
		record(l->l_proc, l->l_lid, KTR_NAMEI, path, strlen(path), NULL,
		    0);
}

void
ktr_genio(struct lwp *l, int fd, bool write, const struct iovec *iov, int cnt,
    size_t n)
{
	struct ktr_genio io = { fd, write ? UIO_WRITE : UIO_READ };
	char *buf;

	if (!ktr_wants(l->l_proc, KTR_GENIO) || n == 0 ||
	    (buf = kmem_alloc(l->l_k, CHUNK)) == NULL)
		return;
	for (int i = 0; i < cnt && n > 0; i++) {
		const char *from = iov[i].iov_base;
		size_t left = iov[i].iov_len < n ? iov[i].iov_len : n;

		n -= left;
		while (left > 0) {
			size_t part = left < CHUNK ? left : CHUNK;

			if (copyin(l, from, buf, part) != 0)
				break;
			record(l->l_proc, l->l_lid, KTR_GENIO, &io, sizeof(io),
			    buf, part);
			from += part;
			left -= part;
			/* No lock is held here, and a large transfer would fill the queue. */
			write_out(l);
		}
	}
	kmem_free(l->l_k, buf, CHUNK);
}

void
ktr_psig(struct proc *p, int signo)
{
	struct ktr_psig sig;

	if (!ktr_wants(p, KTR_PSIG))
		return;
	memset(&sig, 0, sizeof(sig));
	sig.signo = signo;
	record(p, 1, KTR_PSIG, &sig, sizeof(sig), NULL, 0);
}

void
ktr_mib(struct lwp *l, const int *name, unsigned namelen)
{
	if (ktr_wants(l->l_proc, KTR_MIB))
		record(l->l_proc, l->l_lid, KTR_MIB, name,
		    namelen * sizeof(*name), NULL, 0);
}

void
ktr_csw(struct lwp *l, bool out)
{
	struct ktr_csw csw = { out, 0 };

	if (ktr_wants(l->l_proc, KTR_CSW) &&
	    (atomic_load(&l->l_flags) & L_KTRACE) == 0)
		record(l->l_proc, l->l_lid, KTR_CSW, &csw, sizeof(csw), NULL, 0);
}

void
ktr_emul(struct proc *p)
{
	if (ktr_wants(p, KTR_EMUL))
		record(p, 1, KTR_EMUL, "netbsd", 6, NULL, 0);
}

/* --- processes ---------------------------------------------------------------- */

void
ktr_fork(struct proc *parent, struct proc *child)
{
	struct ktr_session *s;

	kmutex_enter(&parent->p_tracelock);
	s = parent->p_trace;
	if (s != NULL && (atomic_load(&parent->p_traceflag) & KTRFAC_INHERIT)) {
		kmutex_enter(&s->s_lock);
		s->s_refs++;
		kmutex_exit(&s->s_lock);
		child->p_trace = s;
		atomic_store(
		    &child->p_traceflag, atomic_load(&parent->p_traceflag));
	}
	kmutex_exit(&parent->p_tracelock);
	ktr_emul(child);
}

void
ktr_exit(struct lwp *l, struct proc *p)
{
	struct ktr_session *s;

	kmutex_enter(&p->p_tracelock);
	s = detach(p);
	kmutex_exit(&p->p_tracelock);
	if (s != NULL)
		session_put(l, s);
}

/* What one call of ktrace asks for. */
struct request {
	int op;
	unsigned facs;
	bool descend;
	struct ktr_session
	    *session; /* of KTROP_SET; for KTROP_CLEARFILE with `file` */
	struct file *file;
	/* Sessions that processes left: put when no lock is held. */
	struct ktr_session *left[32];
	unsigned nleft;
	bool more; /* they didn't all fit */
	int done;  /* processes */
};

static bool
may(const struct lwp *l, const struct proc *p)
{
	return l->l_cred->cr_euid == 0 ||
	    (l->l_cred->cr_uid == p->p_cred->cr_uid &&
		l->l_cred->cr_uid == p->p_cred->cr_svuid);
}

static bool
same_file(const struct ktr_session *s, const struct file *f)
{
	return s->s_file->f_data == f->f_data && s->s_file->f_type == f->f_type;
}

/* k_proclock held. */
static void
apply(struct lwp *l, struct request *rq, struct proc *p)
{
	struct ktr_session *left = NULL;

	if (!may(l, p) || (p->p_flags & P_EXITING) != 0)
		return;
	kmutex_enter(&p->p_tracelock);
	if (rq->op == KTROP_SET) {
		if (p->p_trace != rq->session) {
			left = detach(p);
			kmutex_enter(&rq->session->s_lock);
			rq->session->s_refs++;
			kmutex_exit(&rq->session->s_lock);
			p->p_trace = rq->session;
		}
		atomic_fetch_or(&p->p_traceflag, rq->facs);
	} else if (rq->op == KTROP_CLEARFILE) {
		if (p->p_trace != NULL && same_file(p->p_trace, rq->file))
			left = detach(p);
	} else if (p->p_trace != NULL &&
	    (atomic_fetch_and(&p->p_traceflag, ~rq->facs) & ~rq->facs &
		FACILITIES) == 0) {
		left = detach(p);
	}
	kmutex_exit(&p->p_tracelock);
	if (rq->op == KTROP_SET)
		ktr_emul(p);
	if (left != NULL)
		rq->left[rq->nleft++] = left;
	rq->done++;
	rq->more = rq->nleft == sizeof(rq->left) / sizeof(rq->left[0]);
}

/* The process and, if asked for, all below it, without recursion. k_proclock held. */
static void
apply_tree(struct lwp *l, struct request *rq, struct proc *top)
{
	struct proc *p = top;

	while (!rq->more) {
		apply(l, rq, p);
		if (!rq->descend)
			return;
		if (p->p_children != NULL) {
			p = p->p_children;
			continue;
		}
		while (p != top && p->p_sibling == NULL)
			p = p->p_parent;
		if (p == top)
			return;
		p = p->p_sibling;
	}
}

/* -ESRCH: nobody is meant. */
static int
apply_all(struct lwp *l, struct request *rq, pid_t pid)
{
	struct rump_kernel *k = l->l_k;
	bool found = false;

	do {
		rq->more = false;
		kmutex_enter(&k->k_proclock);
		for (unsigned i = 0; i < 64 && !rq->more; i++)
			for (struct proc *p = k->k_pidhash[i];
			     p != NULL && !rq->more; p = p->p_hashnext) {
				if (rq->op == KTROP_CLEARFILE)
					apply(l, rq, p);
				else if (pid > 0 ?
					p->p_pid == pid :
					(int64_t)p->p_pgid == -(int64_t)pid) {
					found = true;
					apply_tree(l, rq, p);
				}
			}
		kmutex_exit(&k->k_proclock);
		while (rq->nleft > 0)
			session_put(l, rq->left[--rq->nleft]);
	} while (rq->more);
	if (rq->op == KTROP_CLEARFILE)
		return 0;
	return !found ? -ESRCH : rq->done == 0 ? -EPERM : 0;
}

static int
trace(struct lwp *l, struct file *f, int ops, unsigned facs, pid_t pid)
{
	struct request *rq = kmem_zalloc(l->l_k, sizeof(*rq));
	int error = 0;

	if (rq == NULL)
		return -ENOMEM;
	rq->op = ops & KTROP_MASK;
	rq->descend = (ops & KTRFLAG_DESCEND) != 0;
	rq->facs = facs & (FACILITIES | KTRFAC_INHERIT);
	rq->file = f;
	if (rq->op > KTROP_CLEARFILE ||
	    ((facs & FACILITIES) == 0 && rq->op == KTROP_SET) ||
	    (f == NULL && rq->op != KTROP_CLEAR))
		error = -EINVAL;
	if (error == 0 && rq->op == KTROP_SET)
		error = session_create(l, f, &rq->session);
	if (error == 0)
		error = apply_all(l, rq, pid);
	if (rq->session != NULL)
		session_put(l, rq->session);
	kmem_free(l->l_k, rq, sizeof(*rq));
	return error;
}

/* The file, opened as the caller would; no descriptor of his stays. */
static int
open_file(struct lwp *l, const char *upath, struct file **fp)
{
	struct sys_open_args args;
	register_t rv[2] = { 0, 0 };
	int error;

	*fp = NULL;
	memset(&args, 0, sizeof(args));
	SCARG(&args, path) = upath;
	SCARG(&args, flags) = O_RDWR | O_APPEND | O_NONBLOCK;
	if (l->l_k->k_vfs == NULL)
		return -ENOSYS;
	error = kern_sysent[SYS_open].sy_call(l, &args, rv);
	if (error != 0)
		return error;
	error = fd_getfile_mode(l, (int)rv[0], FREAD | FWRITE, fp);
	(void)fd_close(l, (int)rv[0]);
	if (error == 0 && (*fp)->f_type != DTYPE_VNODE) {
		(void)file_put(l, *fp);
		error = -EACCES;
	}
	return error;
}

int
sys_ktrace(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_ktrace_args *uap = args;
	int op = SCARG(uap, ops) & KTROP_MASK, error;
	struct file *f = NULL;

	(void)rv;
	if (op != KTROP_CLEAR &&
	    (error = open_file(l, SCARG(uap, fname), &f)) != 0)
		return error;
	error = trace(
	    l, f, SCARG(uap, ops), (unsigned)SCARG(uap, facs), SCARG(uap, pid));
	if (f != NULL)
		(void)file_put(l, f);
	return error;
}

int
sys_fktrace(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_fktrace_args *uap = args;
	struct file *f;
	int error;

	(void)rv;
	error = fd_getfile_mode(l, SCARG(uap, fd), FWRITE, &f);
	if (error != 0)
		return error;
	error = trace(
	    l, f, SCARG(uap, ops), (unsigned)SCARG(uap, facs), SCARG(uap, pid));
	(void)file_put(l, f);
	return error;
}

int
sys_utrace(struct lwp *l, const void *args, register_t *rv)
{
	const struct sys_utrace_args *uap = args;
	size_t n = SCARG(uap, len);
	struct ktr_user head;
	char *buf;
	int error;

	(void)rv;
	if (!ktr_wants(l->l_proc, KTR_USER))
		return 0;
	if (n > KTR_USER_MAXLEN)
		return -EINVAL;
	memset(&head, 0, sizeof(head));
	error = copyinstr(
	    l, SCARG(uap, label), head.ktr_id, sizeof(head.ktr_id), NULL);
	if (error != 0)
		return error;
	if ((buf = kmem_alloc(l->l_k, n + 1)) == NULL)
		return -ENOMEM;
	error = copyin(l, SCARG(uap, addr), buf, n);
	if (error == 0)
		record(
		    l->l_proc, l->l_lid, KTR_USER, &head, sizeof(head), buf, n);
	kmem_free(l->l_k, buf, n + 1);
	return error;
}
