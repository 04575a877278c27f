/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The matrix of file systems: a case is written once and run on each file system that has what it needs, linked and over a socket.
 *
 *	CASE(vfs_condition_expectation) { CHECK_EQ(x_mkdir("d", 0755), 0); ... }
 *	static const struct mcase cases[] = { { C(vfs_...), CAP_LINK }, { NULL } };
 *	int main(void) { return matrix_main(cases, ro_cases); }
 *
 * A case starts as the super-user in an empty directory, m.dir, of the file system, which is emptied behind it; where space is accounted for
 * exactly, none of it may be lost. After the cases of one file system its image is checked, and the read-only cases run.
 *
 * Environment: CHECK_ONLY, a part of "case[file system, way]"; MATRIX_FS, a part of a file system's name; MATRIX_WAY, "linked" or "socket";
 * MATRIX_EACH, check the image behind each case; MATRIX_VERBOSE, a line for each case.
 */
#ifndef LIB_MATRIX_H
#define LIB_MATRIX_H

#include <netbsd/dirent.h>
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include <netbsd/unistd.h>
#include "host/host.h"
#include "kern/kernel.h"
#include "lib/check.h"

#define CAP_LINK 0x0001u /* link(2) */
#define CAP_RENAME 0x0002u
#define CAP_FLAGS 0x0004u /* chflags(2) */
#define CAP_NODES 0x0008u /* devices and fifos */
#define CAP_OWNER 0x0010u /* anyone can own a file */
#define CAP_DOTS 0x0020u  /* "." and ".." are listed */
#define CAP_SPACE 0x0040u /* free space comes back exactly */
#define CAP_DISK \
	0x0080u /* from a device, updated to read-only and back by mounting again */
#define CAP_BIG 0x0100u	  /* files over 4 GiB with holes */
#define CAP_MOUNT 0x0200u /* can be mounted anywhere, again and again */
#define CAP_FULL 0x0400u  /* has a size, so that it can be full */
#define CAP_HOLES 0x0800u /* st_blocks tells of holes */
#define CAP_TIMES 0x1000u /* nanoseconds are kept; all three times are ours */
#define CAP_ATIME 0x2000u /* reading is seen in the access time */
#define CAP_FH 0x4000u	  /* file handles */
#define CAP_UFS1 0x8000u
#define CAP_LOG 0x10000u
#define CAP_LINKED \
	0x20000u /* a way, not a file system: calls are made in this address space */
#define CAP_DIRSIZE \
	0x40000u /* a directory counts its subdirectories in its links */
#define CAP_SEEDIR 0x80000u /* a removal shows nothing twice, hides nothing */
#define CAP_ALL                                                                 \
	(CAP_LINK | CAP_RENAME | CAP_FLAGS | CAP_NODES | CAP_OWNER |            \
	    CAP_DOTS | CAP_SPACE | CAP_BIG | CAP_MOUNT | CAP_FULL | CAP_HOLES | \
	    CAP_TIMES | CAP_ATIME | CAP_FH | CAP_DIRSIZE | CAP_SEEDIR)

/* A process of the kernel under test: here, or a client. */
struct mproc {
	struct proc *p;
	struct lwp *l;
	struct proxy_client *c;
};

struct mfs {
	const char *name;
	unsigned caps;
	const char *newfs; /* the options that make an image */
	int flags;	   /* of the mount */
};

struct mcase {
	const char *name;
	void (*fn)(void);
	unsigned needs;
};
#define C(name) #name, name
#define CASE(name) static void name(void)

struct matrix {
	const struct mfs *fs;
	bool remote;
	struct rump_kernel *k;
	struct mproc root; /* the case's own process */
	char mnt[32], dir[64], img[128], url[96], host[128];
	size_t bsize, frsize; /* of the file system */
};
extern struct matrix m;
/* Whose calls this thread makes. */
extern _Thread_local struct mproc *me;

int matrix_main(const struct mcase *cases, const struct mcase *readonly);
bool has(unsigned caps);
/* A process of its own, super-user, without descriptors, in m.dir. */
void mproc_start(struct mproc *);
void mproc_stop(struct mproc *);
/* n threads with processes of their own run fn(arg + i * size). */
void m_threads(int n, void (*fn)(void *), void *arg, size_t size);
/* Mounts the case's kind of file system on a directory; at most one image exists, so for a disk this is what m.mnt shows. */
long m_mount(const char *on, int flags);
void m_remount(void);

/* The result of a call or the negative errno. */
int64_t m_call(int num, const void *args, size_t size);
#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
#define SYS(number, type, ...)                                  \
	__extension__({                                         \
		struct sys_##type##_args sa_ = { __VA_ARGS__ }; \
		m_call(number, &sa_, sizeof(sa_));              \
	})

/* --- calls --- */
long x_open(const char *, int flags, mode_t);
long x_openat(long dir, const char *, int flags, mode_t);
long x_close(long fd);
long x_read(long fd, void *, size_t);
long x_write(long fd, const void *, size_t);
long x_pread(long fd, void *, size_t, off_t);
long x_pwrite(long fd, const void *, size_t, off_t);
int64_t x_lseek(long fd, off_t, int whence);
long x_ftruncate(long fd, off_t);
long x_truncate(const char *, off_t);
long x_fsync(long fd);
long x_mkdir(const char *, mode_t);
long x_rmdir(const char *);
long x_unlink(const char *);
long x_rename(const char *, const char *);
long x_link(const char *, const char *);
long x_symlink(const char *, const char *);
long x_readlink(const char *, char *, size_t);
long x_stat(const char *, struct stat *);
long x_lstat(const char *, struct stat *);
long x_fstat(long fd, struct stat *);
long x_access(const char *, int);
long x_chmod(const char *, mode_t);
long x_chown(const char *, long uid, long gid);
long x_lchown(const char *, long uid, long gid);
long x_chflags(const char *, unsigned long);
long x_utimens(const char *, const struct timespec ts[2], int flag);
long x_chdir(const char *);
long x_mknod(const char *, mode_t, dev_t);
long x_mkfifo(const char *, mode_t);
long x_statvfs(const char *, struct statvfs *);
long x_pathconf(const char *, int);
long x_getdents(long fd, void *, size_t);
long x_setlk(long fd, int cmd, int type, off_t start, off_t len);
long x_unmount(const char *, int flags);
long x_umask(mode_t);
long x_setids(long uid, long gid);
void x_sync(void);

/* --- conveniences --- */
/* Makes a file of n bytes of a pattern; and compares. */
void m_fill(const char *, unsigned seed, uint64_t n);
bool m_filled(const char *, unsigned seed, uint64_t n);
uint8_t m_byte(unsigned seed, uint64_t at);
long m_touch(const char *);
int64_t m_size(const char *);  /* or the errno of lstat */
int m_count(const char *dir);  /* entries but the dots, or the errno */
int m_remove(const char *dir); /* all that is in it; what cannot be removed */
unsigned m_random(unsigned *state);

#endif
