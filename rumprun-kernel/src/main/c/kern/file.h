/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files and descriptor tables; poll, select and kqueue notification.
 *
 * A struct file is shared by every descriptor that dup or fork made of one open; f_count counts descriptors and calls in
 * progress. fd_getfile is lock-free for readers of the table that is not being changed at the same time (fd_lock otherwise).
 */
#ifndef KERN_FILE_H
#define KERN_FILE_H

#include "kern/kernel.h"

struct stat;
struct selinfo;
struct kevent;

enum dtype {
	DTYPE_VNODE = 1,
	DTYPE_SOCKET,
	DTYPE_PIPE,
	DTYPE_KQUEUE,
	DTYPE_MISC
};

struct fileops {
	/*
	 * Transfers at *offset (FOF_UPDATE: the file's own, advance it) through uio. Return 0 or -errno; what was moved before an error
	 * shows in uio_resid.
	 */
	int (*fo_read)(struct lwp *, struct file *, struct uio *, int flags);
	int (*fo_write)(struct lwp *, struct file *, struct uio *, int flags);
	/* data is a kernel copy of IOCPARM_LEN bytes, copied in/out by sys_ioctl. */
	int (*fo_ioctl)(
	    struct lwp *, struct file *, unsigned long cmd, void *data);
	int (*fo_fcntl)(struct lwp *, struct file *, unsigned cmd, void *data);
	/* POLL* bits that are ready; records l with selrecord when none is. */
	int (*fo_poll)(struct lwp *, struct file *, int events);
	int (*fo_stat)(struct lwp *, struct file *, struct stat *);
	/* Last reference gone. l is never NULL. */
	int (*fo_close)(struct lwp *, struct file *);
	/* Attach a knote: sets kn_fop and links it to its selinfo; -EINVAL: this filter doesn't apply. */
	int (*fo_kqfilter)(struct lwp *, struct file *, struct knote *);
	/* NULL: -ESPIPE */
	int (*fo_seek)(struct lwp *, struct file *, off_t delta, int whence,
	    off_t *newoffset);
	/* wake sleepers for a close by another thread (fd_close of a file in use) or client exit; may be NULL */
	void (*fo_restart)(struct file *);
};
#define FOF_UPDATE \
	0x1 /* read/write use and move f_offset (serialized by f_lock for regular files) */

struct file {
	/* What calls write: in a cache line without another file's members. */
	struct kmutex f_lock; /* f_offset, f_flag changes */
	_Atomic uint32_t f_count;
	off_t f_offset;
	struct rump_kernel *f_k;
	enum dtype f_type;
	_Atomic unsigned
	    f_flag; /* FREAD, FWRITE, O_APPEND, O_NONBLOCK ... (FFLAGS form) */
	const struct fileops *f_ops;
	void *f_data; /* vnode, pipe, kqueue */
	struct cred *f_cred;
	unsigned f_advice;
	uint32_t f_msgcount; /* references in messages under way (net/unp_rights.c) */
	struct knote *_Atomic
	    f_knotes; /* under k_kqlock (kern/kqueue.c); look at it without */
	char f_pad[64];
};

/* A new file, f_count 1, not in any table; and a reserved lowest descriptor >= min for it (close-on-exec if cloexec). -EMFILE, -ENFILE, -ENOMEM. */
int file_create(struct lwp *, struct file **) MUST_CHECK;
int fd_alloc(struct lwp *, int min,
    int *fdp) MUST_CHECK; /* reserves: invisible until fd_install */
void fd_install(struct lwp *, int fd, struct file *,
    bool cloexec); /* takes the reference */
void fd_unreserve(struct lwp *, int fd);
/* The file behind a descriptor, with a reference to give back by file_put. -EBADF. */
int fd_getfile(struct lwp *, int fd, struct file **) MUST_CHECK;
/* Only if opened with all of `flag` (FREAD/FWRITE), else -EBADF. */
int fd_getfile_mode(
    struct lwp *, int fd, unsigned flag, struct file **) MUST_CHECK;
void file_get(struct file *);
int file_put(
    struct lwp *, struct file *); /* last one closes: fo_close's result */
int fd_close(struct lwp *, int fd);
/* The table itself. */
int filedesc_create(struct rump_kernel *, struct filedesc **) MUST_CHECK;
int filedesc_copy(struct filedesc *, struct filedesc **) MUST_CHECK;
struct filedesc *filedesc_share(struct filedesc *);
void filedesc_put(struct lwp *,
    struct filedesc *); /* closes everything with the last reference */
void fd_closeexec(struct lwp *);
/* Makes descriptor `to` another name of f, closing what was there; the reference is taken (on error too). -EBADF: out of range. */
int fd_dup2(struct lwp *, struct file *f, int to, bool cloexec) MUST_CHECK;
int fd_getcloexec(struct lwp *, int fd, bool *) MUST_CHECK; /* -EBADF */
int fd_setcloexec(struct lwp *, int fd, bool) MUST_CHECK;
/* The highest descriptor in use, or -1. */
int fd_highest(struct filedesc *);
/* Calls fn for every installed descriptor, with a reference held; stops at the first nonzero result and returns it. */
int fd_foreach(struct lwp *, struct filedesc *,
    int (*fn)(struct lwp *, int fd, struct file *, void *), void *);
/* Hooks of other folders, called by fd_close: knotes of the descriptor (kqueue.c), the process's record locks (vfs, DTYPE_VNODE only). */
void kqueue_fdclose(struct lwp *, int fd, struct file *);
void vn_fdclose(struct lwp *, struct file *);

/* --- readiness: poll/select/kqueue ----------------------------------------------------------------------------------- */

/* Where waiters and knotes for one object hang. Zero-initialized is ready; selinfo_destroy before the object goes. */
struct selinfo {
	struct kmutex si_lock;
	struct selwait *si_waiters;
	struct knote *_Atomic
	    si_knotes; /* whether there are any can be asked without the lock */
};
/* Called inside fo_poll: l's poll call sleeps until selnotify. */
void selrecord(struct lwp *, struct selinfo *);
/* The object became ready for POLL* events; hint goes to knotes' filters (NOTE_* for vnodes). Object's own lock may be held. */
void selnotify(struct rump_kernel *, struct selinfo *, int events, long hint);
/* Whoever polls holds a reference to the file: no waiter is left when the object goes. */
void selinfo_destroy(struct rump_kernel *, struct selinfo *);
/*
 * filterops of a knote: f_event returns true when active. hint 0: kevent asks, no lock is held, take the object's own. Otherwise it
 * comes from selnotify (whose hint 0 arrives as NOTE_SUBMIT), in the caller's locks, with si_lock held.
 */
struct filterops {
	void (*f_detach)(struct knote *);
	bool (*f_event)(struct knote *, long hint);
};
/* Links/unlinks a knote at a selinfo (for fo_kqfilter and f_detach). */
void selinfo_attach(struct selinfo *, struct knote *);
void selinfo_detach(struct selinfo *, struct knote *);
/* What filterops may use of a knote. */
struct knote {
	struct knote *kn_selnext; /* of si_knotes */
	struct knote *kn_next;	  /* kqueue's own list */
	struct kqueue *kn_kq;
	const struct filterops *kn_fop;
	void *kn_hook; /* for the filter's owner */
	uintptr_t kn_ident;
	int32_t kn_filter;
	_Atomic uint32_t kn_flags, kn_sfflags,
	    kn_fflags; /* EV_*; wanted NOTE_*; seen NOTE_* */
	_Atomic int64_t kn_data, kn_sdata;
	intptr_t kn_udata;
	struct file *kn_file;
	unsigned kn_status;
	struct knote *kn_activenext;
	struct knote *kn_filenext; /* of f_knotes */
	uint64_t kn_serial;
};
/* For fo_kqfilter of vnodes: EVFILT_VNODE on the object's selinfo; the hints of selnotify are its NOTE_* events. */
int kqfilter_vnode(struct selinfo *, struct knote *);
/* For fo_kqfilter of what is always ready for reading and writing. */
int kqfilter_true(struct selinfo *, struct knote *);
/* The last reference of a file goes (file_put, before fo_close): what watches it ends. Not needed when f_knotes is NULL; no lock held. */
void knote_filegone(struct file *);
/* Something happened to a process: note is NOTE_EXIT, NOTE_FORK or NOTE_EXEC; or a signal was posted to it. k_proclock may be held. */
void knote_proc(struct proc *, long note);
void knote_signal(struct proc *, int signo);

#endif
