/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls: all that the kernel asks of the host.
 *
 * Only .c files in host/ include the host's headers; this header names no host type. Every function returns 0 or a
 * count on success and a negative NetBSD errno otherwise; the host's EINTR is retried here. Services that a test may
 * want to replace (clock, files, randomness) stand in `struct host_ops`, which a kernel reaches as k->k_host.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <netbsd/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* What host_stat tells. Times in nanoseconds since 1970; type is NetBSD's S_IFMT bits and permission bits. */
struct host_stat {
	uint64_t hs_size;
	uint64_t hs_dev, hs_ino;
	uint64_t hs_rdev;
	uint64_t hs_blocks512;
	uint32_t hs_mode, hs_nlink, hs_uid, hs_gid, hs_blksize;
	int64_t hs_atime_ns, hs_mtime_ns, hs_ctime_ns;
};

/* Flags of host_open: NetBSD's O_ACCMODE values, and: */
#define HOST_O_CREAT 0x100
#define HOST_O_EXCL 0x200
#define HOST_O_TRUNC 0x400
#define HOST_O_DIRECTORY 0x800
#define HOST_O_NOFOLLOW 0x1000

struct host_dir;
struct host_dirent {
	uint64_t hd_ino;
	int64_t hd_next; /* where to go on after it: seekdir */
	uint8_t hd_type; /* DT_* */
	char hd_name[256];
};

/* Files are host descriptors (>= 0, close-on-exec). Offsets and sizes in bytes. iov is the host's own address space. */
struct host_ops {
	int (*open)(const char *path, int flags, uint32_t mode, int *fdp);
	int (*close)(int fd);
	/* One pread(2)/pwrite(2) family call each; short counts only at end of file / full disk. */
	ssize_t (*preadv)(int fd, const struct iovec *, int cnt, int64_t off);
	ssize_t (*pwritev)(int fd, const struct iovec *, int cnt, int64_t off);
	int (*fsync)(int fd);
	int (*fdatasync)(int fd);
	int (*ftruncate)(int fd, int64_t size);
	/* The range becomes a hole, the size stays. -EOPNOTSUPP where there are no holes. */
	int (*punch)(int fd, int64_t off, int64_t len);
	int (*fstat)(int fd, struct host_stat *);
	int (*stat)(const char *path, bool follow, struct host_stat *);
	/* Size in bytes of a regular file or block device. */
	int (*size)(int fd, uint64_t *sizep);
	/*
	 * Claims the file against other writers on this host (open file description lock): exclusive for writing, shared
	 * for reading. -EBUSY when held; then *pidp is the holder's process id or 0. Released by close.
	 */
	int (*lock)(int fd, bool exclusive, int *pidp);
	/* hostfs */
	int (*opendir)(const char *path, struct host_dir **);
	int (*readdir)(
	    struct host_dir *, struct host_dirent *); /* 1, 0 at the end */
	/* To an hd_next, or 0: the start. Costs the same wherever that is. */
	int (*seekdir)(struct host_dir *, int64_t at);
	void (*closedir)(struct host_dir *);
	int (*readlink)(const char *path, char *buf, size_t size); /* length */
	int (*unlink)(const char *path);
	int (*rmdir)(const char *path);
	int (*mkdir)(const char *path, uint32_t mode);
	int (*rename)(const char *from, const char *to);
	int (*link)(const char *from, const char *to);
	int (*symlink)(const char *target, const char *path);
	int (*mkfifo)(const char *path, uint32_t mode);
	int (*chmod)(const char *path, uint32_t mode);
	int (*chown)(const char *path, uint32_t uid, uint32_t gid, bool follow);
	int (*utimens)(
	    const char *path, int64_t atime_ns, int64_t mtime_ns, bool follow);
	int (*statvfs)(const char *path, struct host_stat *, uint64_t *frsize,
	    uint64_t *blocks, uint64_t *bfree, uint64_t *files, uint64_t *ffree);
	/* Nanoseconds: since 1970, and since some fixed point. */
	int64_t (*realtime)(void);
	int64_t (*monotonic)(void);
	/* Fills with random bytes; always succeeds. */
	void (*random)(void *, size_t);
};
extern const struct host_ops host_linux;

/* --- memory: plain; the kernel's accounting is on top (kern/kmem.h) --- */
void *host_malloc(size_t) MUST_CHECK;
void *host_memalign(size_t align, size_t) MUST_CHECK;
void host_free(void *);

/* --- threads --- */
struct host_thread;
int host_thread_create(const char *name, void (*fn)(void *), void *arg,
    struct host_thread **) MUST_CHECK;
void host_thread_join(struct host_thread *);
/* Unique nonzero id of the calling thread. */
uint32_t host_thread_self(void);
/* What a thread of this process does: 1 it runs, or would if it were let; 0 it sleeps; -1 it has ended. */
int host_thread_state(uint32_t id);
/* Where the caller runs just now: a hint, cheap enough for a lock. */
unsigned host_cpu(void);
int host_ncpu(void);
void host_sleep_ns(int64_t ns);
/* Lets another thread run: in the middle of a spin. */
void host_yield(void);

/* --- futex: the only blocking primitive under host/sync.h. Absolute deadline on the monotonic clock, INT64_MAX: none.
 * Returns 0 (woken, or value differed) or -ETIMEDOUT. --- */
int host_futex_wait(_Atomic uint32_t *, uint32_t value, int64_t deadline_ns);
void host_futex_wake(_Atomic uint32_t *, int count);

/* --- the host process --- */
int host_getpid(void);
uint64_t host_memsize(void);
/* Writes all bytes to one of the process's own descriptors. */
int host_fdwrite(int fd, const void *, size_t);
const char *host_getenv(const char *);
/* The host's name into buf (NUL-terminated, maybe cut). */
void host_hostname(char *buf, size_t size);
/*
 * Goes into the background. The caller goes on in a child, in a session of its own, with the descriptor that host_daemon_done answers to;
 * the parent waits for that answer and exits: with 0, or the error's number.
 */
int host_daemon_begin(int *fdp);
/* Success (0) or a positive error for the parent; on success standard descriptors go to /dev/null. */
int host_daemon_done(int fd, int error);
/* Sets the calling thread's errno as a C caller of the public API sees it. */
void host_seterrno(int netbsd_errno);

#endif
