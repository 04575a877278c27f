/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor tables.
 *
 * A table is a row of chunks, each as long as all before it together, which
 * never move: who looks up a descriptor needs no lock of the table. An entry
 * is one word, the file's address with two bits: BUSY, a lock that is held
 * for the few instructions between reading the address and taking a reference
 * to the file, and CLOEXEC. Which descriptors are taken stands in a bitmap
 * beside the entries, under fd_lock; a descriptor that is reserved is taken,
 * and its entry is empty. Neighbours' entries are in different cache lines:
 * threads that use one each do not get in each other's way.
 */
#include <netbsd/fcntl.h>
#include <netbsd/resource.h>
#include "kern/file.h"

#define BUSY ((uintptr_t)1)
#define CLOEXEC ((uintptr_t)2)
#define FILE_OF(word) ((struct file *)((word) & ~(BUSY | CLOEXEC)))

#define FIRST_SHIFT 6
#define FIRST (1 << FIRST_SHIFT) /* entries of chunks 0 and 1 */
#define NCHUNKS 12
#define LINE_SHIFT 3 /* 8 entries are a cache line */
#define FD_MAX (FIRST << (NCHUNKS - 1))

struct fdchunk {
	uint64_t *fc_used; /* behind the entries; under fd_lock */
	_Atomic uintptr_t fc_entry[];
};

struct filedesc {
	_Atomic uint32_t fd_refs;
	struct rump_kernel *fd_k;
	struct kmutex fd_lock;
	int fd_free; /* no free descriptor is below it */
	struct fdchunk *_Atomic fd_chunk[NCHUNKS];
};

/* --- places --- */

static int
chunk_of(int fd)
{
	return fd < FIRST ? 0 : 32 - __builtin_clz((unsigned)fd) - FIRST_SHIFT;
}

static int
chunk_first(int c)
{
	return c == 0 ? 0 : FIRST << (c - 1);
}

static int
chunk_len(int c)
{
	return c == 0 ? FIRST : FIRST << (c - 1);
}

static size_t
chunk_size(int c)
{
	size_t n = (size_t)chunk_len(c);

	return sizeof(struct fdchunk) + n * sizeof(uintptr_t) + n / 8 + 8;
}

/* The place of a chunk's ith entry: row after row, in as many rows as lines. */
static int
place(int c, int i)
{
	int shift = FIRST_SHIFT - LINE_SHIFT + (c == 0 ? 0 : c - 1);

	return (i & ((1 << shift) - 1)) << LINE_SHIFT | i >> shift;
}

/* The entry of a descriptor, or NULL when its chunk isn't there. */
static _Atomic uintptr_t *
entry_of(struct filedesc *fdp, int fd)
{
	struct fdchunk *chunk;
	int c;

	if (fd < 0 || fd >= FD_MAX)
		return NULL;
	c = chunk_of(fd);
	chunk = atomic_load_explicit(&fdp->fd_chunk[c], memory_order_acquire);
	return chunk == NULL ? NULL :
			       &chunk->fc_entry[place(c, fd - chunk_first(c))];
}

/* Makes the chunk of a descriptor; fd_lock held. */
static int
chunk_make(struct filedesc *fdp, int c)
{
	struct fdchunk *chunk;
	uintptr_t bits;

	if (atomic_load_explicit(&fdp->fd_chunk[c], memory_order_relaxed) !=
	    NULL)
		return 0;
	if ((chunk = kmem_zalloc(fdp->fd_k, chunk_size(c))) == NULL)
		return -ENOMEM;
	bits = (uintptr_t)&chunk->fc_entry[chunk_len(c)];
	chunk->fc_used = (uint64_t *)((bits + 7) & ~(uintptr_t)7);
	atomic_store_explicit(&fdp->fd_chunk[c], chunk, memory_order_release);
	return 0;
}

/* --- the bitmap; fd_lock held --- */

static bool
is_used(struct filedesc *fdp, int fd)
{
	int c = chunk_of(fd), i = fd - chunk_first(c);
	struct fdchunk *chunk = fdp->fd_chunk[c];

	return chunk != NULL && (chunk->fc_used[i / 64] >> (i % 64) & 1) != 0;
}

static void
set_used(struct filedesc *fdp, int fd, bool used)
{
	int c = chunk_of(fd), i = fd - chunk_first(c);
	struct fdchunk *chunk = fdp->fd_chunk[c];
	uint64_t bit = (uint64_t)1 << (i % 64);

	if (used)
		chunk->fc_used[i / 64] |= bit;
	else
		chunk->fc_used[i / 64] &= ~bit;
	if (!used && fd < fdp->fd_free)
		fdp->fd_free = fd;
	else if (used && fd == fdp->fd_free)
		fdp->fd_free = fd + 1;
}

/* The lowest free descriptor from min on, below limit; or limit. */
static int
lowest_free(struct filedesc *fdp, int min, int limit)
{
	int fd = min > fdp->fd_free ? min : fdp->fd_free;

	while (fd < limit) {
		int c = chunk_of(fd), i = fd - chunk_first(c);
		struct fdchunk *chunk = fdp->fd_chunk[c];
		uint64_t taken;

		if (chunk == NULL)
			break;
		taken = chunk->fc_used[i / 64] | (((uint64_t)1 << (i % 64)) - 1);
		if (taken != UINT64_MAX) {
			fd += __builtin_ctzll(~taken) - i % 64;
			break;
		}
		fd += 64 - i % 64;
	}
	return fd < limit ? fd : limit;
}

static int
fd_limit(struct lwp *l)
{
	struct proc *p = l->l_proc;
	uint64_t limit;

	kmutex_enter(&p->p_lock);
	limit = p->p_rlimit[RLIMIT_NOFILE].cur;
	kmutex_exit(&p->p_lock);
	if (limit > (uint64_t)l->l_k->k_maxfiles)
		limit = (uint64_t)l->l_k->k_maxfiles;
	return limit < FD_MAX ? (int)limit : FD_MAX;
}

int
fd_alloc(struct lwp *l, int min, int *fdp_out)
{
	struct filedesc *fdp = l->l_proc->p_fd;
	int limit = fd_limit(l), fd, error = 0;

	*fdp_out = -1;
	if (min < 0)
		return -EINVAL;
	kmutex_enter(&fdp->fd_lock);
	if ((fd = lowest_free(fdp, min, limit)) >= limit)
		error = -EMFILE;
	else if ((error = chunk_make(fdp, chunk_of(fd))) == 0) {
		set_used(fdp, fd, true);
		*fdp_out = fd;
	}
	kmutex_exit(&fdp->fd_lock);
	return error;
}

void
fd_unreserve(struct lwp *l, int fd)
{
	struct filedesc *fdp = l->l_proc->p_fd;

	kmutex_enter(&fdp->fd_lock);
	set_used(fdp, fd, false);
	kmutex_exit(&fdp->fd_lock);
}

/* --- entries --- */

static uintptr_t
entry_lock(_Atomic uintptr_t *e)
{
	uintptr_t word = atomic_load_explicit(e, memory_order_relaxed);

	for (int spins = 0;;) {
		if ((word & BUSY) != 0) {
			if (++spins % 64 == 0)
				host_yield();
			word = atomic_load_explicit(e, memory_order_relaxed);
			continue;
		}
		if (atomic_compare_exchange_weak_explicit(e, &word, word | BUSY,
			memory_order_acquire, memory_order_relaxed))
			return word;
	}
}

static void
entry_unlock(_Atomic uintptr_t *e, uintptr_t word)
{
	atomic_store_explicit(e, word, memory_order_release);
}

void
fd_install(struct lwp *l, int fd, struct file *f, bool cloexec)
{
	_Atomic uintptr_t *e = entry_of(l->l_proc->p_fd, fd);

	entry_lock(e);
	entry_unlock(e, (uintptr_t)f | (cloexec ? CLOEXEC : 0));
}

static struct file *
entry_getfile(_Atomic uintptr_t *e, bool *cloexec)
{
	uintptr_t word;
	struct file *f;

	if (FILE_OF(atomic_load_explicit(e, memory_order_relaxed)) == NULL)
		return NULL;
	word = entry_lock(e);
	if ((f = FILE_OF(word)) != NULL)
		file_get(f);
	entry_unlock(e, word);
	*cloexec = (word & CLOEXEC) != 0;
	return f;
}

int
fd_getfile(struct lwp *l, int fd, struct file **fp)
{
	_Atomic uintptr_t *e = entry_of(l->l_proc->p_fd, fd);
	bool cloexec;

	*fp = e == NULL ? NULL : entry_getfile(e, &cloexec);
	return *fp == NULL ? -EBADF : 0;
}

int
fd_getfile_mode(struct lwp *l, int fd, unsigned flag, struct file **fp)
{
	int error = fd_getfile(l, fd, fp);

	if (error == 0 && ((*fp)->f_flag & flag) != flag) {
		(void)file_put(l, *fp);
		*fp = NULL;
		error = -EBADF;
	}
	return error;
}

int
fd_getcloexec(struct lwp *l, int fd, bool *cloexec)
{
	_Atomic uintptr_t *e = entry_of(l->l_proc->p_fd, fd);
	uintptr_t word = e == NULL ?
	    0 :
	    atomic_load_explicit(e, memory_order_relaxed);

	*cloexec = (word & CLOEXEC) != 0;
	return FILE_OF(word) == NULL ? -EBADF : 0;
}

int
fd_setcloexec(struct lwp *l, int fd, bool cloexec)
{
	_Atomic uintptr_t *e = entry_of(l->l_proc->p_fd, fd);
	uintptr_t word;
	bool there;

	if (e == NULL)
		return -EBADF;
	word = entry_lock(e);
	there = FILE_OF(word) != NULL;
	if (there)
		word = cloexec ? word | CLOEXEC : word & ~CLOEXEC;
	entry_unlock(e, word);
	return there ? 0 : -EBADF;
}

/* --- closing --- */

/* Takes the file out of the entry; its reference is the caller's. */
static struct file *
entry_take(_Atomic uintptr_t *e)
{
	uintptr_t word;

	if (FILE_OF(atomic_load_explicit(e, memory_order_relaxed)) == NULL)
		return NULL;
	word = entry_lock(e);
	entry_unlock(e, 0);
	return FILE_OF(word);
}

/* What a descriptor's end means to others, then its reference. */
static int
finish_close(struct lwp *l, int fd, struct file *f)
{
	kqueue_fdclose(l, fd, f);
	if (f->f_type == DTYPE_VNODE)
		vn_fdclose(l, f);
	if (f->f_ops != NULL && f->f_ops->fo_restart != NULL)
		f->f_ops->fo_restart(f);
	return file_put(l, f);
}

int
fd_close(struct lwp *l, int fd)
{
	struct filedesc *fdp = l->l_proc->p_fd;
	_Atomic uintptr_t *e = entry_of(fdp, fd);
	struct file *f;

	if (e == NULL || (f = entry_take(e)) == NULL)
		return -EBADF;
	kmutex_enter(&fdp->fd_lock);
	set_used(fdp, fd, false);
	kmutex_exit(&fdp->fd_lock);
	return finish_close(l, fd, f);
}

int
fd_dup2(struct lwp *l, struct file *f, int to, bool cloexec)
{
	struct filedesc *fdp = l->l_proc->p_fd;
	_Atomic uintptr_t *e;
	struct file *old = NULL;
	uintptr_t word;
	int error = 0;

	if (to < 0 || to >= fd_limit(l)) {
		(void)file_put(l, f);
		return -EBADF;
	}
	kmutex_enter(&fdp->fd_lock);
	if ((error = chunk_make(fdp, chunk_of(to))) == 0) {
		e = entry_of(fdp, to);
		word = entry_lock(e);
		old = FILE_OF(word);
		/* Taken and empty: another thread is opening into it. */
		if (old == NULL && is_used(fdp, to)) {
			entry_unlock(e, word);
			error = -EBUSY;
		} else {
			set_used(fdp, to, true);
			entry_unlock(e, (uintptr_t)f | (cloexec ? CLOEXEC : 0));
		}
	}
	kmutex_exit(&fdp->fd_lock);
	if (error != 0)
		(void)file_put(l, f);
	else if (old != NULL)
		(void)finish_close(l, to, old);
	return error;
}

int
fd_highest(struct filedesc *fdp)
{
	int fd = -1;

	kmutex_enter(&fdp->fd_lock);
	for (int c = NCHUNKS - 1; c >= 0 && fd == -1; c--) {
		struct fdchunk *chunk = fdp->fd_chunk[c];

		if (chunk == NULL)
			continue;
		for (int i = chunk_len(c) / 64 - 1; i >= 0 && fd == -1; i--)
			if (chunk->fc_used[i] != 0)
				fd = chunk_first(c) + i * 64 + 63 -
				    __builtin_clzll(chunk->fc_used[i]);
	}
	kmutex_exit(&fdp->fd_lock);
	return fd;
}

int
fd_foreach(struct lwp *l, struct filedesc *fdp,
    int (*fn)(struct lwp *, int, struct file *, void *), void *arg)
{
	int result = 0;

	for (int c = 0; c < NCHUNKS && result == 0; c++) {
		struct fdchunk *chunk = fdp->fd_chunk[c];

		for (int i = 0;
		     chunk != NULL && i < chunk_len(c) && result == 0; i++) {
			bool cloexec;
			struct file *f = entry_getfile(
			    &chunk->fc_entry[place(c, i)], &cloexec);

			if (f == NULL)
				continue;
			result = fn(l, chunk_first(c) + i, f, arg);
			(void)file_put(l, f);
		}
	}
	return result;
}

void
fd_closeexec(struct lwp *l)
{
	struct filedesc *fdp = l->l_proc->p_fd;
	int last = fd_highest(fdp);

	for (int fd = 0; fd <= last; fd++) {
		bool cloexec;

		if (fd_getcloexec(l, fd, &cloexec) == 0 && cloexec)
			(void)fd_close(l, fd);
	}
}

/* --- tables --- */

int
filedesc_create(struct rump_kernel *k, struct filedesc **fdpp)
{
	struct filedesc *fdp;

	if ((fdp = kmem_zalloc(k, sizeof(*fdp))) != NULL) {
		fdp->fd_refs = 1;
		fdp->fd_k = k;
	}
	*fdpp = fdp;
	return fdp == NULL ? -ENOMEM : 0;
}

struct filedesc *
filedesc_share(struct filedesc *fdp)
{
	atomic_fetch_add(&fdp->fd_refs, 1);
	return fdp;
}

/* A kqueue stays with the process that made it. */
int
filedesc_copy(struct filedesc *from, struct filedesc **fdpp)
{
	struct filedesc *to;
	int error;

	if ((error = filedesc_create(from->fd_k, &to)) != 0)
		return error;
	kmutex_enter(&from->fd_lock);
	for (int c = 0; c < NCHUNKS && error == 0; c++) {
		struct fdchunk *chunk = from->fd_chunk[c];

		if (chunk == NULL)
			continue;
		if ((error = chunk_make(to, c)) != 0)
			break;
		for (int i = 0; i < chunk_len(c); i++) {
			bool cloexec;
			struct file *f = entry_getfile(
			    &chunk->fc_entry[place(c, i)], &cloexec);

			if (f == NULL)
				continue;
			if (f->f_type == DTYPE_KQUEUE) {
				/* The table's own reference is left. */
				atomic_fetch_sub(&f->f_count, 1);
				continue;
			}
			atomic_store(&to->fd_chunk[c]->fc_entry[place(c, i)],
			    (uintptr_t)f | (cloexec ? CLOEXEC : 0));
			set_used(to, chunk_first(c) + i, true);
		}
	}
	kmutex_exit(&from->fd_lock);
	if (error != 0) {
		filedesc_put(from->fd_k->k_lwp0, to);
		to = NULL;
	}
	*fdpp = to;
	return error;
}

void
filedesc_put(struct lwp *l, struct filedesc *fdp)
{
	struct rump_kernel *k = fdp->fd_k;

	if (atomic_fetch_sub(&fdp->fd_refs, 1) != 1)
		return;
	for (int c = 0; c < NCHUNKS; c++) {
		struct fdchunk *chunk = fdp->fd_chunk[c];

		if (chunk == NULL)
			continue;
		for (int i = 0; i < chunk_len(c); i++) {
			struct file *f = entry_take(
			    &chunk->fc_entry[place(c, i)]);

			if (f != NULL)
				(void)finish_close(l, chunk_first(c) + i, f);
		}
		kmem_free(k, chunk, chunk_size(c));
	}
	kmem_free(k, fdp, sizeof(*fdp));
}

/* --- files --- */

int
file_create(struct lwp *l, struct file **fp)
{
	struct rump_kernel *k = l->l_k;
	struct file *f;

	*fp = NULL;
	if (atomic_fetch_add(&k->k_nfiles, 1) >= k->k_maxfiles) {
		atomic_fetch_sub(&k->k_nfiles, 1);
		return -ENFILE;
	}
	if ((f = kmem_zalloc(k, sizeof(*f))) == NULL) {
		atomic_fetch_sub(&k->k_nfiles, 1);
		return -ENOMEM;
	}
	f->f_count = 1;
	f->f_k = k;
	f->f_cred = cred_get(l->l_cred);
	*fp = f;
	return 0;
}

void
file_get(struct file *f)
{
	atomic_fetch_add_explicit(&f->f_count, 1, memory_order_relaxed);
}

int
file_put(struct lwp *l, struct file *f)
{
	struct rump_kernel *k = f->f_k;
	int error = 0;

	if (atomic_fetch_sub_explicit(&f->f_count, 1, memory_order_acq_rel) != 1)
		return 0;
	if (f->f_knotes != NULL)
		knote_filegone(f);
	if (f->f_ops != NULL && f->f_ops->fo_close != NULL)
		error = f->f_ops->fo_close(l, f);
	cred_put(f->f_cred);
	kmem_free(k, f, sizeof(*f));
	atomic_fetch_sub(&k->k_nfiles, 1);
	return error;
}
