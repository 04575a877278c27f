/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rump(3): a rump kernel in this program. Link with -lrumprun-kernel.
 *
 * NetBSD's names and meanings; errors are NetBSD's errno values, positive.
 * The system calls are in <rump/rump_syscalls.h>. One kernel in a program goes
 * without a handle; for any number of them see <rumprun/rumprun.h>.
 */
#ifndef RUMP_RUMP_H
#define RUMP_RUMP_H

#ifndef NETBSD_TYPES_H
#include <sys/types.h>
#endif
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lwp;

/* --- life --- */

/*
 * Boots the kernel; 0 when it runs already. Reads RUMP_NCPU, RUMP_VERBOSE,
 * RUMP_MEMLIMIT, RUMP_NVNODES, RUMP_BLKFAIL, RUMP_BLKFAIL_SEED and
 * RUMP_BLKSECTSHIFT.
 */
int rump_init(void);
/*
 * Lets other programs make calls, at unix://PATH or tcp://ADDRESS:PORT. One of
 * them that halts the kernel, by reboot(2), ends this program with exit(0).
 */
int rump_init_server(const char *url);

/* The version of NetBSD's interface that this is, as 799003400. */
int rump_getversion(void);
int rump_pub_getversion(void);
/* Whether a program built for NetBSD on this machine has this ABI. */
int rump_nativeabi_p(void);

#define RUMP_DAEMONIZE_SUCCESS 0
/* Goes into the background; the parent waits until _done, and then exits. */
int rump_daemonize_begin(void);
int rump_daemonize_done(int error);

enum rump_sigmodel {
	RUMP_SIGMODEL_PANIC,
	RUMP_SIGMODEL_IGNORE,
	RUMP_SIGMODEL__HOST_NOTANYMORE,
	RUMP_SIGMODEL_RAISE,
	RUMP_SIGMODEL_RECORD
};
/* Signals have no handlers here: accepted, and without effect. */
void rump_boot_setsigmodel(enum rump_sigmodel);
int rump_boot_gethowto(void);
void rump_boot_sethowto(int);

/* There is no virtual processor to be had or to be given back. */
void rump_schedule(void);
void rump_unschedule(void);
void rump_printevcnts(void);

/* --- which process and thread the calling host thread is --- */

#define RUMP_RFFDG 0x01	 /* a copy of the descriptors */
#define RUMP_RFCFDG 0x02 /* none */
#define RUMP_RFFD_SHARE 0x00
#define RUMP_RFFD_COPY 0x01
#define RUMP_RFFD_CLEAR 0x02

/*
 * A new process, whose first thread the caller becomes. A thread that has not
 * said who it is acts as the process with pid 1. A process ends when its last
 * thread is released.
 */
int rump_pub_lwproc_rfork(int flags);
int rump_pub_lwproc_newlwp(pid_t pid);
void rump_pub_lwproc_switch(struct lwp *);
void rump_pub_lwproc_releaselwp(void);
struct lwp *rump_pub_lwproc_curlwp(void);

/* --- etfs: the host's files in the kernel's root file system --- */

enum rump_etfs_type {
	RUMP_ETFS_REG,
	RUMP_ETFS_BLK,
	RUMP_ETFS_CHR,
	RUMP_ETFS_DIR,	      /* the files of a folder */
	RUMP_ETFS_DIR_SUBDIRS /* and what is below it */
};
#define RUMP_ETFS_SIZE_ENDOFF ((uint64_t)-1)

int rump_pub_etfs_register(
    const char *key, const char *hostpath, enum rump_etfs_type);
int rump_pub_etfs_register_withsize(const char *key, const char *hostpath,
    enum rump_etfs_type, uint64_t begin, uint64_t size);
int rump_pub_etfs_remove(const char *key);

/*
 * The next free shmifN on the bus file of that name (NULL: on none); N comes
 * in *unit. See <rump/netconfig.h> for more of the network.
 */
int rump_pub_shmif_create(const char *bus, int *unit);

/* What is mounted on a path, on the console; full: with its space. */
void rump_pub_vfs_mount_print(const char *path, int full);

/* Registered by rump_init; eb_status says how that went: -1 not yet. */
struct rump_boot_etfs {
	const char *eb_key;
	const char *eb_hostpath;
	enum rump_etfs_type eb_type;
	uint64_t eb_begin;
	uint64_t eb_size;
	struct rump_boot_etfs *_eb_next;
	int eb_status;
};
void rump_boot_etfs_register(struct rump_boot_etfs *);

#ifdef __cplusplus
}
#endif

#endif
