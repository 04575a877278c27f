/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kqueue: events of files, processes, signals and timers, by interest registered before.
 *
 * A knote is one interest. It hangs in three places: in its kqueue's hash; at what it watches (a selinfo, or a list of
 * its filter's); and, when that is a file, in the file's f_knotes.
 *
 * Invariants:
 *  1 Knotes are made and ended under k_kqlock, which is above all other locks. So only one thread at a time changes the hash and
 *    f_knotes, and a knote found in them under it stays.
 *  2 kn_status and the queue are under kq_lock. A knote is queued at most once; DISABLED ones are not queued.
 *  3 kevent looks at a knote without a lock, and marks it BUSY meanwhile. Who ends a knote marks it DETACHED (nothing
 *    queues it from then on), and waits until it isn't BUSY.
 *  4 A kqueue that watches another has a higher level; there are no cycles.
 * Lock order: k_kqlock ... the object's lock, its si_lock, kq_lock, kq_sel's si_lock, the next kqueue's kq_lock.
 */
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/poll.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include "kern/kqueue.h"
#include "kern/poll.h"
#include "kern/syscalls.h"

#define NS INT64_C(1000000000)
#define MAX_SEC (INT64_MAX / NS / 4)
#define MAX_LEVEL 16
#define BATCH 16 /* events or changes copied at once */

static struct knote **
bucket(struct kqueue *kq, uintptr_t ident)
{
	return &kq->kq_hash[(ident ^ ident >> 6) % 64];
}

/* --- the queue; kq_lock held --- */

static void
enqueue(struct kqueue *kq, struct knote *kn)
{
	kn->kn_activenext = NULL;
	*kq->kq_tailp = kn;
	kq->kq_tailp = &kn->kn_activenext;
	kq->kq_count++;
	kn->kn_status |= KN_QUEUED;
	kcond_broadcast(&kq->kq_cond);
	selnotify(kq->kq_k, &kq->kq_sel, POLLIN | POLLRDNORM, 0);
}

static void
enqueue_if_due(struct kqueue *kq, struct knote *kn)
{
	if ((kn->kn_status &
		(KN_ACTIVE | KN_QUEUED | KN_DISABLED | KN_DETACHED | KN_BUSY)) ==
	    KN_ACTIVE)
		enqueue(kq, kn);
}

static struct knote *
dequeue(struct kqueue *kq)
{
	struct knote *kn = kq->kq_head;

	if (kn == NULL)
		return NULL;
	kq->kq_head = kn->kn_activenext;
	if (kq->kq_head == NULL)
		kq->kq_tailp = &kq->kq_head;
	kq->kq_count--;
	kn->kn_status &= ~KN_QUEUED;
	return kn;
}

static void
remove_queued(struct kqueue *kq, struct knote *kn)
{
	struct knote **kp;

	if (!(kn->kn_status & KN_QUEUED))
		return;
	for (kp = &kq->kq_head; *kp != kn; kp = &(*kp)->kn_activenext)
		continue;
	*kp = kn->kn_activenext;
	if (kq->kq_tailp == &kn->kn_activenext)
		kq->kq_tailp = kp;
	kq->kq_count--;
	kn->kn_status &= ~KN_QUEUED;
}

void
knote_activate(struct knote *kn)
{
	struct kqueue *kq = kn->kn_kq;

	kmutex_enter(&kq->kq_lock);
	kn->kn_status |= KN_ACTIVE;
	enqueue_if_due(kq, kn);
	kmutex_exit(&kq->kq_lock);
}

void
knote_notify(struct selinfo *si, long hint)
{
	for (struct knote *kn = si->si_knotes; kn != NULL; kn = kn->kn_selnext)
		if (kn->kn_fop->f_event(kn, hint))
			knote_activate(kn);
}

/* --- knotes; k_kqlock held --- */

static void
unlink_file(struct knote *kn)
{
	struct knote *prev = NULL, *i;

	if (kn->kn_file == NULL)
		return;
	for (i = kn->kn_file->f_knotes; i != kn; i = i->kn_filenext)
		prev = i;
	if (prev == NULL)
		kn->kn_file->f_knotes = kn->kn_filenext;
	else
		prev->kn_filenext = kn->kn_filenext;
}

static void
knote_end(struct knote *kn)
{
	struct kqueue *kq = kn->kn_kq;
	struct knote **kp;

	for (kp = bucket(kq, kn->kn_ident); *kp != kn; kp = &(*kp)->kn_next)
		continue;
	*kp = kn->kn_next;
	kmutex_enter(&kq->kq_lock);
	kn->kn_status |= KN_DETACHED;
	remove_queued(kq, kn);
	while (kn->kn_status & KN_BUSY)
		kcond_wait(&kq->kq_cond, &kq->kq_lock);
	kmutex_exit(&kq->kq_lock);
	kn->kn_fop->f_detach(kn);
	unlink_file(kn);
	kmem_free(kq->kq_k, kn, sizeof(*kn));
}

static struct knote *
knote_find(struct kqueue *kq, uintptr_t ident, int32_t filter)
{
	struct knote *kn;

	for (kn = *bucket(kq, ident); kn != NULL; kn = kn->kn_next)
		if (kn->kn_ident == ident && kn->kn_filter == filter)
			break;
	return kn;
}

static int
knote_create(struct lwp *l, struct kqueue *kq, struct file *fp,
    const struct kevent *kev, struct knote **knp)
{
	struct knote *kn = kmem_zalloc(kq->kq_k, sizeof(*kn));
	int error;

	if (kn == NULL)
		return -ENOMEM;
	kn->kn_kq = kq;
	kn->kn_ident = kev->ident;
	kn->kn_filter = (int32_t)kev->filter;
	kn->kn_flags = kev->flags &
	    ~(EV_DELETE | EV_ENABLE | EV_DISABLE | EV_SYSFLAGS);
	kn->kn_sfflags = kev->fflags;
	kn->kn_sdata = kev->data;
	kn->kn_udata = kev->udata;
	kn->kn_serial = atomic_fetch_add(&kq->kq_k->k_knserial, 1);
	/* Until it is complete nothing queues it. */
	kn->kn_status = KN_BUSY;
	if (fp == NULL)
		error = kqfilter_nofile(l, kn);
	else if (fp->f_ops->fo_kqfilter == NULL)
		error = -EOPNOTSUPP;
	else
		error = fp->f_ops->fo_kqfilter(l, fp, kn);
	if (error != 0) {
		kmem_free(kq->kq_k, kn, sizeof(*kn));
		return error;
	}
	if (fp != NULL) {
		kn->kn_file = fp;
		kn->kn_filenext = fp->f_knotes;
		fp->f_knotes = kn;
	}
	kn->kn_next = *bucket(kq, kn->kn_ident);
	*bucket(kq, kn->kn_ident) = kn;
	kmutex_enter(&kq->kq_lock);
	kn->kn_status &= ~KN_BUSY;
	enqueue_if_due(kq, kn);
	kmutex_exit(&kq->kq_lock);
	*knp = kn;
	return 0;
}

static int
apply(
    struct lwp *l, struct kqueue *kq, struct file *fp, const struct kevent *kev)
{
	struct knote *kn = knote_find(kq, kev->ident, (int32_t)kev->filter);
	int error;

	if (kn == NULL && !(kev->flags & EV_ADD))
		return -ENOENT;
	if (kev->flags & EV_DELETE && kn != NULL) {
		knote_end(kn);
		return 0;
	}
	if (kn == NULL) {
		error = knote_create(l, kq, fp, kev, &kn);
		if (error != 0)
			return error;
	} else if (kev->flags & EV_ADD) {
		kn->kn_sfflags = kev->fflags;
		kn->kn_sdata = kev->data;
		kmutex_enter(&kq->kq_lock);
		kn->kn_udata = kev->udata;
		kmutex_exit(&kq->kq_lock);
	}
	if (kev->flags & EV_ADD && kn->kn_fop->f_event(kn, 0))
		knote_activate(kn);
	kmutex_enter(&kq->kq_lock);
	if (kev->flags & EV_DISABLE) {
		kn->kn_status |= KN_DISABLED;
		remove_queued(kq, kn);
	}
	if (kev->flags & EV_ENABLE) {
		kn->kn_status &= ~KN_DISABLED;
		enqueue_if_due(kq, kn);
	}
	kmutex_exit(&kq->kq_lock);
	return 0;
}

static int
kq_register(struct lwp *l, struct kqueue *kq, const struct kevent *kev)
{
	struct file *fp = NULL;
	int error;

	switch (kev->filter) {
	case EVFILT_READ:
	case EVFILT_WRITE:
	case EVFILT_VNODE:
		if (kev->ident > INT32_MAX)
			return -EBADF;
		error = fd_getfile(l, (int)kev->ident, &fp);
		if (error != 0)
			return error;
		break;
	case EVFILT_PROC:
	case EVFILT_SIGNAL:
	case EVFILT_TIMER:
		break;
	default:
		return -EINVAL;
	}
	kmutex_enter(&kq->kq_k->k_kqlock);
	error = apply(l, kq, fp, kev);
	kmutex_exit(&kq->kq_k->k_kqlock);
	if (fp != NULL)
		file_put(l, fp);
	return error;
}

void
kqueue_fdclose(struct lwp *l, int fd, struct file *fp)
{
	struct rump_kernel *k = l->l_k;
	struct knote *kn, *next;

	if (fp->f_knotes == NULL)
		return;
	kmutex_enter(&k->k_kqlock);
	for (kn = fp->f_knotes; kn != NULL; kn = next) {
		next = kn->kn_filenext;
		if (kn->kn_ident == (uintptr_t)fd &&
		    kn->kn_kq->kq_fdp == l->l_proc->p_fd)
			knote_end(kn);
	}
	kmutex_exit(&k->k_kqlock);
}

void
knote_filegone(struct file *fp)
{
	struct rump_kernel *k = fp->f_k;
	struct knote *kn;

	if (fp->f_knotes == NULL)
		return;
	kmutex_enter(&k->k_kqlock);
	while ((kn = fp->f_knotes) != NULL)
		knote_end(kn);
	kmutex_exit(&k->k_kqlock);
}

/* --- waiting --- */

/* An interest that fires once is ended after it was reported; by then somebody else may have done it. */
struct spent {
	uintptr_t ident;
	int32_t filter;
	uint64_t serial;
};

static void
end_spent(struct kqueue *kq, const struct spent *spent, int n)
{
	struct knote *kn;

	if (n == 0)
		return;
	kmutex_enter(&kq->kq_k->k_kqlock);
	for (int i = 0; i < n; i++) {
		kn = knote_find(kq, spent[i].ident, spent[i].filter);
		if (kn != NULL && kn->kn_serial == spent[i].serial)
			knote_end(kn);
	}
	kmutex_exit(&kq->kq_k->k_kqlock);
}

static void
report(struct knote *kn, struct kevent *kev)
{
	memset(kev, 0, sizeof(*kev));
	kev->ident = kn->kn_ident;
	kev->filter = (uint32_t)kn->kn_filter;
	kev->flags = kn->kn_flags;
	kev->udata = kn->kn_udata;
	if (kn->kn_flags & EV_CLEAR) {
		kev->fflags = atomic_exchange(&kn->kn_fflags, 0);
		kev->data = atomic_exchange(&kn->kn_data, 0);
	} else {
		kev->fflags = kn->kn_fflags;
		kev->data = kn->kn_data;
	}
}

/* Looks at one knote from the queue; true if it is reported. kq_lock held on entry and exit, not between. */
static bool
look(struct kqueue *kq, struct knote *kn, struct kevent *kev, bool *spent)
{
	bool ready, disabled;

	kn->kn_status |= KN_BUSY;
	kn->kn_status &= ~KN_ACTIVE;
	kmutex_exit(&kq->kq_lock);
	ready = kn->kn_fop->f_event(kn, 0);
	kmutex_enter(&kq->kq_lock);
	disabled = (kn->kn_status & (KN_DISABLED | KN_DETACHED)) != 0;
	kn->kn_status &= ~KN_BUSY;
	*spent = false;
	if (ready && disabled)
		kn->kn_status |= KN_ACTIVE;
	else if (ready) {
		report(kn, kev);
		if (kn->kn_flags & EV_ONESHOT) {
			*spent = true;
			kn->kn_status |= KN_DISABLED;
		} else if (kn->kn_flags & EV_DISPATCH)
			kn->kn_status |= KN_DISABLED | KN_ACTIVE;
		else if (!(kn->kn_flags & EV_CLEAR))
			kn->kn_status |= KN_ACTIVE;
	}
	enqueue_if_due(kq, kn);
	if (kn->kn_status & KN_DETACHED)
		kcond_broadcast(&kq->kq_cond);
	return ready && !disabled;
}

/* Up to n events of *look_at queued knotes. */
static int
collect(struct kqueue *kq, struct kevent *kev, int n, size_t *look_at)
{
	struct spent spent[BATCH];
	int nspent = 0, got = 0;

	kmutex_enter(&kq->kq_lock);
	while (got<n && * look_at> 0) {
		struct knote *kn = dequeue(kq);
		struct spent s;
		bool is_spent;

		if (kn == NULL) {
			*look_at = 0;
			break;
		}
		--*look_at;
		s = (struct spent){ kn->kn_ident, kn->kn_filter, kn->kn_serial };
		if (look(kq, kn, &kev[got], &is_spent)) {
			got++;
			if (is_spent)
				spent[nspent++] = s;
		}
	}
	kmutex_exit(&kq->kq_lock);
	end_spent(kq, spent, nspent);
	return got;
}

/* Until something is queued; 0 past the deadline, 1, or an error. */
static int
await_queue(struct lwp *l, struct kqueue *kq, int64_t dl, size_t *count)
{
	int error = 0;

	kmutex_enter(&kq->kq_lock);
	while (kq->kq_count == 0 && error == 0)
		error = dl == 0 ?
		    -EWOULDBLOCK :
		    kern_wait(l, &kq->kq_cond, &kq->kq_lock, WAIT_INTR, dl);
	*count = kq->kq_count;
	kmutex_exit(&kq->kq_lock);
	if (*count > 0)
		return 1;
	return error == -EWOULDBLOCK ? 0 : error == -ESHUTDOWN ? -EINTR : error;
}

static int
kq_scan(struct lwp *l, struct kqueue *kq, struct kevent *uevents, size_t n,
    int64_t dl, register_t *rv)
{
	struct kevent batch[BATCH];
	size_t done = 0, look_at;
	int error = 0, got;

	while (done == 0) {
		got = await_queue(l, kq, dl, &look_at);
		if (got <= 0)
			return got;
		while (done < n && look_at > 0 && error == 0) {
			got = collect(kq, batch,
			    n - done < BATCH ? (int)(n - done) : BATCH,
			    &look_at);
			error = copyout(l, batch, uevents + done,
			    (size_t)got * sizeof(batch[0]));
			done += (size_t)got;
		}
		if (error != 0)
			return error;
		rv[0] = (register_t)done;
	}
	return 0;
}

/* --- the call --- */

/* Makes the changes; *n is what went into the event list: errors, and receipts. */
static int
kq_change(struct lwp *l, struct kqueue *kq, const struct kevent *uchanges,
    size_t nchanges, struct kevent *uevents, size_t nevents, size_t *n)
{
	struct kevent batch[BATCH];

	*n = 0;
	while (nchanges > 0) {
		size_t m = nchanges < BATCH ? nchanges : BATCH;
		int error = copyin(l, uchanges, batch, m * sizeof(batch[0]));

		for (size_t i = 0; i < m && error == 0; i++) {
			struct kevent *kev = &batch[i];
			uint32_t receipt = kev->flags & EV_RECEIPT;

			kev->flags &= ~EV_SYSFLAGS;
			error = kq_register(l, kq, kev);
			if ((error == 0 && receipt == 0) || *n >= nevents)
				continue;
			kev->flags = EV_ERROR;
			kev->data = -error;
			error = copyout(l, kev, uevents + *n, sizeof(*kev));
			++*n;
		}
		if (error != 0)
			return error;
		uchanges += m;
		nchanges -= m;
	}
	return 0;
}

int
sys___kevent50(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys___kevent50_args *uap = v;
	size_t nevents = SCARG(uap, nevents), n;
	struct timespec t;
	struct file *fp;
	int64_t dl = WAIT_FOREVER;
	int error;

	if (SCARG(uap, timeout) != NULL) {
		error = copyin(l, SCARG(uap, timeout), &t, sizeof(t));
		if (error != 0)
			return error;
		if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= NS)
			return -EINVAL;
		if (t.tv_sec == 0 && t.tv_nsec == 0)
			dl = 0;
		else if (t.tv_sec < MAX_SEC)
			dl = kern_uptime_ns(l->l_k) + t.tv_sec * NS + t.tv_nsec;
	}
	error = fd_getfile(l, SCARG(uap, fd), &fp);
	if (error != 0)
		return error;
	if (fp->f_type != DTYPE_KQUEUE) {
		file_put(l, fp);
		return -EBADF;
	}
	rv[0] = 0;
	error = kq_change(l, fp->f_data, SCARG(uap, changelist),
	    SCARG(uap, nchanges), SCARG(uap, eventlist), nevents, &n);
	if (error == 0 && n > 0)
		rv[0] = (register_t)n;
	else if (error == 0 && nevents > 0)
		error = kq_scan(
		    l, fp->f_data, SCARG(uap, eventlist), nevents, dl, rv);
	file_put(l, fp);
	return error;
}

/* --- the file --- */

static int
kq_norw(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	(void)l, (void)fp, (void)uio, (void)flags;
	return -ENXIO;
}

static int
kq_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	(void)l, (void)fp, (void)data;
	return cmd == FIONBIO || cmd == FIOASYNC ? 0 : -ENOTTY;
}

static int
kq_fcntl(struct lwp *l, struct file *fp, unsigned cmd, void *data)
{
	(void)l, (void)fp, (void)data;
	return cmd == F_SETFL ? 0 : -ENOTTY;
}

static int
kq_poll(struct lwp *l, struct file *fp, int events)
{
	struct kqueue *kq = fp->f_data;
	int revents = 0;

	if (!(events & (POLLIN | POLLRDNORM)))
		return 0;
	kmutex_enter(&kq->kq_lock);
	if (kq->kq_count > 0)
		revents = events & (POLLIN | POLLRDNORM);
	else
		selrecord(l, &kq->kq_sel);
	kmutex_exit(&kq->kq_lock);
	return revents;
}

static int
kq_stat(struct lwp *l, struct file *fp, struct stat *st)
{
	struct kqueue *kq = fp->f_data;

	(void)l;
	memset(st, 0, sizeof(*st));
	kmutex_enter(&kq->kq_lock);
	st->st_size = (off_t)kq->kq_count;
	kmutex_exit(&kq->kq_lock);
	st->st_blksize = sizeof(struct kevent);
	st->st_mode = S_IFIFO;
	return 0;
}

static int
kq_close(struct lwp *l, struct file *fp)
{
	struct kqueue *kq = fp->f_data;
	struct rump_kernel *k = kq->kq_k;

	(void)l;
	kmutex_enter(&k->k_kqlock);
	for (size_t i = 0; i < 64; i++)
		while (kq->kq_hash[i] != NULL)
			knote_end(kq->kq_hash[i]);
	kmutex_exit(&k->k_kqlock);
	selinfo_destroy(k, &kq->kq_sel);
	kmem_free(k, kq, sizeof(*kq));
	fp->f_data = NULL;
	return 0;
}

/* A kqueue in a kqueue. */
static void
filt_kq_detach(struct knote *kn)
{
	struct kqueue *kq = kn->kn_hook;

	selinfo_detach(&kq->kq_sel, kn);
	kq->kq_watched--;
}

static bool
filt_kq_event(struct knote *kn, long hint)
{
	struct kqueue *kq = kn->kn_hook;

	if (hint == 0)
		kmutex_enter(&kq->kq_lock);
	kn->kn_data = (int64_t)kq->kq_count;
	if (hint == 0)
		kmutex_exit(&kq->kq_lock);
	return kn->kn_data > 0;
}

static const struct filterops kq_filtops = { filt_kq_detach, filt_kq_event };

static int
kq_kqfilter(struct lwp *l, struct file *fp, struct knote *kn)
{
	struct kqueue *kq = fp->f_data, *outer = kn->kn_kq;

	(void)l;
	if (kn->kn_filter != EVFILT_READ || kq == outer)
		return -EINVAL;
	if (kq->kq_level >= outer->kq_level) {
		/* The outer one rises, unless others rely on its level. */
		if (outer->kq_watched > 0 || kq->kq_level + 1 >= MAX_LEVEL)
			return -EINVAL;
		outer->kq_level = kq->kq_level + 1;
	}
	kq->kq_watched++;
	kn->kn_hook = kq;
	kn->kn_fop = &kq_filtops;
	selinfo_attach(&kq->kq_sel, kn);
	return 0;
}

static const struct fileops kqueue_fileops = {
	.fo_read = kq_norw,
	.fo_write = kq_norw,
	.fo_ioctl = kq_ioctl,
	.fo_fcntl = kq_fcntl,
	.fo_poll = kq_poll,
	.fo_stat = kq_stat,
	.fo_close = kq_close,
	.fo_kqfilter = kq_kqfilter,
};

static int
kqueue_open(struct lwp *l, int flags, register_t *rv)
{
	struct kqueue *kq;
	struct file *fp;
	int fd, error;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_NOSIGPIPE))
		return -EINVAL;
	kq = kmem_zalloc(l->l_k, sizeof(*kq));
	if (kq == NULL)
		return -ENOMEM;
	kq->kq_k = l->l_k;
	kq->kq_fdp = l->l_proc->p_fd;
	kq->kq_proc = l->l_proc;
	kq->kq_tailp = &kq->kq_head;
	error = file_create(l, &fp);
	if (error != 0) {
		kmem_free(l->l_k, kq, sizeof(*kq));
		return error;
	}
	fp->f_type = DTYPE_KQUEUE;
	fp->f_flag = FREAD | FWRITE |
	    ((unsigned)flags & (O_NONBLOCK | O_NOSIGPIPE));
	fp->f_ops = &kqueue_fileops;
	fp->f_data = kq;
	error = fd_alloc(l, 0, &fd);
	if (error != 0) {
		file_put(l, fp);
		return error;
	}
	fd_install(l, fd, fp, (flags & O_CLOEXEC) != 0);
	rv[0] = fd;
	return 0;
}

int
sys_kqueue(struct lwp *l, const void *v, register_t *rv)
{
	(void)v;
	return kqueue_open(l, 0, rv);
}

int
sys_kqueue1(struct lwp *l, const void *v, register_t *rv)
{
	const struct sys_kqueue1_args *uap = v;

	return kqueue_open(l, SCARG(uap, flags), rv);
}
