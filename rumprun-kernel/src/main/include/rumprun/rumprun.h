/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rump kernels by handle: any number in a program, and every call says which
 * process it acts for. Integers, longs and pointers only, for foreign function
 * interfaces; no structure crosses this border.
 *
 * Results are 0 or a count, or a negative NetBSD errno; rumprun_errname() and
 * rumprun_strerror() of <netbsd/errnames.h> tell what a number means. `why`
 * (whysize bytes, may be NULL) gets a sentence about a failure, or "".
 *
 * Any thread may call at any time. A handle is ended once, by one thread; calls
 * that others have in progress on it end first.
 */
#ifndef RUMPRUN_RUMPRUN_H
#define RUMPRUN_RUMPRUN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef RUMPRUN_API
#define RUMPRUN_API __attribute__((visibility("default")))
#endif

struct rumprun_clock;
struct rumprun_kernel;
struct rumprun_proc;

/* "1.0 NetBSD-7.99.34/amd64": this library's version and NetBSD's. */
RUMPRUN_API const char *rumprun_version(void);

/* --- kernels --- */

/* Text that the kernel writes to its console, not NUL-terminated. */
typedef void rumprun_console(void *ctx, const char *text, size_t size);

/*
 * components: comma separated names ("vfs,fs_ffs", "rumpfs_ffs"), NULL for all.
 * options: comma separated "ncpu=N,memlimit=64m,nvnodes=N,nfiles=N,verbose,
 * blkfail=N", or NULL. console may be NULL.
 */
RUMPRUN_API int rumprun_kernel_boot(const char *components, const char *options,
    rumprun_console *console, void *ctx, struct rumprun_kernel **kernelp,
    char *why, size_t whysize);
/*
 * Syncs (unless nosync), unmounts everything, ends the processes and gives the
 * handle back. Calls in progress end with ESHUTDOWN; handles of processes stay
 * valid, fail, and are to be destroyed as ever. The bytes not given back: 0.
 * -EBUSY, and the kernel goes on, when the caller is in a function that a tool
 * or the console of this kernel has called: it would wait for itself.
 */
RUMPRUN_API int64_t rumprun_kernel_halt(struct rumprun_kernel *, int nosync);
/* Serves other programs at unix://PATH or tcp://ADDRESS:PORT. */
RUMPRUN_API int rumprun_kernel_listen(
    struct rumprun_kernel *, const char *url, char *why, size_t whysize);
/* Why a kernel that fails its calls with EIO has stopped; "" when it runs. */
RUMPRUN_API void rumprun_kernel_why(
    struct rumprun_kernel *, char *why, size_t whysize);
/*
 * Whether a process has asked for reboot(2); the kernel's owner then halts it.
 * -1: no, else the flags of the call.
 */
RUMPRUN_API int rumprun_kernel_rebooted(struct rumprun_kernel *);

/* Shows the window of a host's file as `key`; size -1: to its end. */
#define RUMPRUN_ETFS_REG 0
#define RUMPRUN_ETFS_BLK 1
#define RUMPRUN_ETFS_CHR 2
#define RUMPRUN_ETFS_DIR 3
#define RUMPRUN_ETFS_DIR_SUBDIRS 4
RUMPRUN_API int rumprun_etfs_register(struct rumprun_kernel *, const char *key,
    const char *hostpath, int type, int64_t begin, int64_t size, char *why,
    size_t whysize);
RUMPRUN_API int rumprun_etfs_remove(struct rumprun_kernel *, const char *key);
/* Who was in the way when a call last failed with EBUSY, as a sentence, or "". */
RUMPRUN_API void rumprun_etfs_why(
    struct rumprun_kernel *, char *why, size_t whysize);

/* --- images, without a kernel --- */

/* A partition of an image: its name as mount's IMAGE@NAME has it, its type as wedges have it ("ffs", "cgd"; "": unknown), and the bytes where it lies. */
struct rumprun_partition {
	char p_name[8];
	char p_type[40];
	int64_t p_begin, p_size;
};
/*
 * The partitions of a host's file: of its BSD label "a" to "p", then of its GPT or MBR "p1" and so on; those that make no sense are left out. How many, at most n;
 * 0: no table; or a negative errno.
 */
RUMPRUN_API int rumprun_partitions(
    const char *image, struct rumprun_partition *, int n);

/* --- virtual time --- */

/*
 * A clock that kernels share instead of the host's: their CLOCK_REALTIME and
 * CLOCK_MONOTONIC, callouts, timeouts, and the delays of wires to them. Its
 * wall clock starts at realtime_ns since 1970, CLOCK_MONOTONIC at 1000 s. All
 * that is random in these kernels follows from the seed (0: any) and the order
 * in which they are booted.
 *
 * Time moves by rumprun_clock_advance and, unless rumprun_clock_automatic says
 * otherwise, by itself: when a thread sleeps in a call of one of the kernels and
 * no other is in a call that does anything, it jumps to what is due next. For
 * sleeps without an end it stops after three hours in which no thread did
 * anything. Threads are waited for that left a call less than 0.1 s (of the
 * host's time) ago, or 3 s if they are not asleep; who waits elsewhere for longer
 * holds the clock meanwhile. A call that neither ends nor sleeps for 10 s, since
 * it waits for the host, keeps time no longer from moving.
 *
 * What happens is the same every time if the clock, the wires and the calls are,
 * and the calls' order is: with one thread that makes calls it always is.
 * Interfaces that lead to the host (virt, tap, shmif) know no virtual time.
 */
RUMPRUN_API int rumprun_clock_create(
    int64_t realtime_ns, int64_t seed, struct rumprun_clock **clockp);
/* The handle goes; kernels that are on it go on. NULL is fine. */
RUMPRUN_API int rumprun_clock_free(struct rumprun_clock *);
/* rumprun_kernel_boot on a clock (NULL: the host's). */
RUMPRUN_API int rumprun_clock_boot(struct rumprun_clock *,
    const char *components, const char *options, rumprun_console *console,
    void *ctx, struct rumprun_kernel **kernelp, char *why, size_t whysize);
/* Nanoseconds since 1970. */
RUMPRUN_API int64_t rumprun_clock_now(struct rumprun_clock *);
/*
 * Moves it on. All that is due until then runs first, in order of time; of what
 * is due at once the kernels' own work, in the order in which they were booted,
 * and then threads whose sleeps end, one after the other, each until it sleeps
 * again. -EBUSY: from inside of a call, or of what the clock runs; -EINVAL:
 * negative, or more than time has.
 */
RUMPRUN_API int rumprun_clock_advance(struct rumprun_clock *, int64_t ns);
RUMPRUN_API int rumprun_clock_automatic(struct rumprun_clock *, int on);
/* It doesn't jump by itself until as many releases have followed. */
RUMPRUN_API int rumprun_clock_hold(struct rumprun_clock *);
RUMPRUN_API int rumprun_clock_release(struct rumprun_clock *);
/* How many threads sleep in calls just now: for who wants them to be there. */
RUMPRUN_API int rumprun_clock_asleep(struct rumprun_clock *);

/* --- processes --- */

/* A new process, child of pid 1, without descriptors, as the super-user. */
RUMPRUN_API int rumprun_proc_create(
    struct rumprun_kernel *, const char *name, struct rumprun_proc **procp);
/* The same in a kernel behind a server's socket. */
RUMPRUN_API int rumprun_client_connect(const char *url, const char *name,
    struct rumprun_proc **procp, char *why, size_t whysize);
/*
 * Its descriptors close. NULL is fine. -EBUSY, and the handle stays, from a
 * function that a tool of this process, or its kernel's console, has called.
 */
RUMPRUN_API int rumprun_proc_destroy(struct rumprun_proc *);
/*
 * Ends its calls in progress and makes later ones fail with ESHUTDOWN: for whoever
 * is to wait for other threads before rumprun_proc_destroy.
 */
RUMPRUN_API void rumprun_proc_shut(struct rumprun_proc *);
/* Ends the sleeps of its calls with EINTR. */
RUMPRUN_API void rumprun_proc_interrupt(struct rumprun_proc *);

/*
 * A system call by NetBSD's number with its argument block, whose pointers are
 * addresses of this program. 0 with both results, or a negative errno.
 */
RUMPRUN_API int rumprun_proc_syscall(struct rumprun_proc *, int number,
    const void *args, size_t argsize, int64_t results[2]);

/* --- calls on files, without an argument block --- */

RUMPRUN_API int rumprun_open(
    struct rumprun_proc *, const char *path, int flags, int mode);
RUMPRUN_API int rumprun_close(struct rumprun_proc *, int fd);
RUMPRUN_API int64_t rumprun_read(struct rumprun_proc *, int fd, void *, size_t);
RUMPRUN_API int64_t rumprun_write(
    struct rumprun_proc *, int fd, const void *, size_t);
RUMPRUN_API int64_t rumprun_pread(
    struct rumprun_proc *, int fd, void *, size_t, int64_t offset);
RUMPRUN_API int64_t rumprun_pwrite(
    struct rumprun_proc *, int fd, const void *, size_t, int64_t offset);
RUMPRUN_API int64_t rumprun_lseek(
    struct rumprun_proc *, int fd, int64_t offset, int whence);
RUMPRUN_API int rumprun_fsync(struct rumprun_proc *, int fd, int dataonly);
RUMPRUN_API int rumprun_ftruncate(struct rumprun_proc *, int fd, int64_t size);

/* What the calls of the stat family write. Times: seconds, nanoseconds. */
enum {
	RUMPRUN_ST_DEV,
	RUMPRUN_ST_INO,
	RUMPRUN_ST_MODE,
	RUMPRUN_ST_NLINK,
	RUMPRUN_ST_UID,
	RUMPRUN_ST_GID,
	RUMPRUN_ST_RDEV,
	RUMPRUN_ST_SIZE,
	RUMPRUN_ST_BLOCKS,
	RUMPRUN_ST_BLKSIZE,
	RUMPRUN_ST_FLAGS,
	RUMPRUN_ST_GEN,
	RUMPRUN_ST_ATIME,
	RUMPRUN_ST_ATIME_NS,
	RUMPRUN_ST_MTIME,
	RUMPRUN_ST_MTIME_NS,
	RUMPRUN_ST_CTIME,
	RUMPRUN_ST_CTIME_NS,
	RUMPRUN_ST_BIRTHTIME,
	RUMPRUN_ST_BIRTHTIME_NS,
	RUMPRUN_ST_COUNT
};
RUMPRUN_API int rumprun_stat(
    struct rumprun_proc *, const char *path, int64_t st[RUMPRUN_ST_COUNT]);
RUMPRUN_API int rumprun_lstat(
    struct rumprun_proc *, const char *path, int64_t st[RUMPRUN_ST_COUNT]);
RUMPRUN_API int rumprun_fstat(
    struct rumprun_proc *, int fd, int64_t st[RUMPRUN_ST_COUNT]);

/*
 * Directory entries: the next ones, as many as fit; the bytes written, 0 at the
 * end. An entry is NetBSD's struct dirent: inode number (8 bytes), its own
 * length (2), the name's (2), type (1), the name and a NUL, padding.
 */
RUMPRUN_API int64_t rumprun_getdents(
    struct rumprun_proc *, int fd, void *, size_t);

RUMPRUN_API int rumprun_access(
    struct rumprun_proc *, const char *path, int mode);
RUMPRUN_API int rumprun_mkdir(struct rumprun_proc *, const char *path, int mode);
RUMPRUN_API int rumprun_rmdir(struct rumprun_proc *, const char *path);
RUMPRUN_API int rumprun_unlink(struct rumprun_proc *, const char *path);
RUMPRUN_API int rumprun_rename(
    struct rumprun_proc *, const char *from, const char *to);
RUMPRUN_API int rumprun_link(
    struct rumprun_proc *, const char *path, const char *link);
RUMPRUN_API int rumprun_symlink(
    struct rumprun_proc *, const char *target, const char *path);
/* The target's length; not NUL-terminated. */
RUMPRUN_API int64_t rumprun_readlink(
    struct rumprun_proc *, const char *path, char *buf, size_t size);
RUMPRUN_API int rumprun_chmod(
    struct rumprun_proc *, const char *path, int mode, int follow);
RUMPRUN_API int rumprun_chown(struct rumprun_proc *, const char *path,
    int64_t uid, int64_t gid, int follow); /* -1: leave it */
RUMPRUN_API int rumprun_chflags(
    struct rumprun_proc *, const char *path, int64_t flags);
/* nanoseconds RUMPRUN_TIME_OMIT: leave it, RUMPRUN_TIME_NOW: now. */
#define RUMPRUN_TIME_NOW 0x3fffffff
#define RUMPRUN_TIME_OMIT 0x3ffffffe
RUMPRUN_API int rumprun_utimens(struct rumprun_proc *, const char *path,
    int64_t atime, int64_t atime_ns, int64_t mtime, int64_t mtime_ns,
    int follow);
RUMPRUN_API int rumprun_truncate(
    struct rumprun_proc *, const char *path, int64_t size);

/* Of the file system that holds path; its names (NUL-terminated, cut). */
enum {
	RUMPRUN_VFS_FLAG,
	RUMPRUN_VFS_BSIZE,
	RUMPRUN_VFS_FRSIZE,
	RUMPRUN_VFS_IOSIZE,
	RUMPRUN_VFS_BLOCKS,
	RUMPRUN_VFS_BFREE,
	RUMPRUN_VFS_BAVAIL,
	RUMPRUN_VFS_FILES,
	RUMPRUN_VFS_FFREE,
	RUMPRUN_VFS_FSID,
	RUMPRUN_VFS_NAMEMAX,
	RUMPRUN_VFS_COUNT
};
RUMPRUN_API int rumprun_statvfs(struct rumprun_proc *, const char *path,
    int64_t sv[RUMPRUN_VFS_COUNT], char *type, size_t typesize, char *from,
    size_t fromsize, char *on, size_t onsize);

/* ffs from a block device: flags are NetBSD's MNT_*. */
RUMPRUN_API int rumprun_mount_ffs(
    struct rumprun_proc *, const char *device, const char *dir, int flags);
RUMPRUN_API int rumprun_unmount(
    struct rumprun_proc *, const char *dir, int force);

/* --- tools --- */

/*
 * Runs a tool as a child of the process, on this thread, to its end. groups: a
 * NULL-terminated list of tool groups (struct tool_group of <rumprun/tool.h>),
 * NULL for the kernel's own. argv and envp end with NULL. siginfo and interrupt
 * may be NULL: set to 1 they are what SIGINFO and SIGINT are to the tool. The
 * exit status, or a negative errno: -ENOENT for an unknown tool.
 *
 * The streams: count, 0 at the end, or a negative errno; write writes all.
 */
typedef int rumprun_tool_read(void *ctx, int fd, void *buf, size_t size);
typedef int rumprun_tool_write(void *ctx, int fd, const void *buf, size_t size);
typedef int rumprun_tool_isatty(void *ctx, int fd);
typedef void rumprun_tool_progress(
    void *ctx, const char *what, int64_t done, int64_t total);
RUMPRUN_API int rumprun_tool_run(struct rumprun_proc *, const void *groups,
    const char *name, int argc, char **argv, char **envp, rumprun_tool_read *,
    rumprun_tool_write *, rumprun_tool_isatty *, rumprun_tool_progress *,
    void *ctx, int *siginfo, int *interrupt);
/*
 * Sets the flag, and ends the sleep of the tool that runs with it as a child of
 * this process, and of the tools that this one runs. Behind a socket that cuts
 * the connection of a tool that does not look at SIGINT itself.
 */
RUMPRUN_API void rumprun_tool_interrupt(struct rumprun_proc *, int *interrupt);

#ifdef __cplusplus
}
#endif

#endif
