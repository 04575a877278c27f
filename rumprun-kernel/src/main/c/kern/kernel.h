/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One kernel: struct rump_kernel and what every part of it sees of processes, lwps, credentials, user memory.
 *
 * A kernel is an object. Any number live in one host process; nothing is shared between them. The host thread that
 * makes a call runs it start to end as an lwp of some process (no scheduler, no current-lwp variable): every function
 * that may need to know gets `struct lwp *l`.
 */
#ifndef KERN_KERNEL_H
#define KERN_KERNEL_H

#include <netbsd/types.h>
#include <netbsd/errno.h>
#include <netbsd/limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "host/host.h"
#include "kern/locks.h"
#include "kern/vclock.h"

#define MAXCOMLEN 16
#define PID_MAX 30000

struct component;
struct cwdinfo;
struct file;
struct filedesc;
struct knote;
struct mount;
struct vnode;

/* --- the kernel --------------------------------------------------------------------------------------------------- */

struct kern_config {
	const struct host_ops *kc_host; /* NULL: host_linux */
	const char *const *
	    kc_components; /* names ("fs_ffs", "librumpfs_ffs"), NULL-terminated; NULL: every one */
	int kc_ncpu;	      /* 0: 2 */
	uint64_t kc_memlimit; /* bytes, 0: none */
	unsigned kc_nvnodes;  /* 0: 1024 */
	unsigned kc_nfiles;   /* open files of all processes, 0: 1772 */
	bool kc_verbose;      /* boot messages on the console */
	/* The console's output and its reader; NULL: discarded. Never called with locks held other than the console's. */
	void (*kc_consout)(void *ctx, const char *, size_t);
	void *kc_consctx;
	/* Called (once, from the caller's thread) when a process asks for reboot(2): howto is RB_*. NULL: kernel halts. */
	void (*kc_halt)(void *ctx, int howto);
	void *kc_haltctx;
	unsigned kc_blkfail,
	    kc_blkfail_seed;   /* RUMP_BLKFAIL: n of 10000 requests fail */
	unsigned kc_sectshift; /* RUMP_BLKSECTSHIFT: 9.. ; 0: 9 */
	bool kc_wedges; /* RUMP_WEDGES: disks are searched for wedges when they come */
	const struct devsw *const *
	    kc_devsw; /* test: drivers beside the components', NULL-terminated */
	int64_t kc_failalloc; /* test: that allocation of the boot fails; 0 none */
	/*
	 * Time is kc_host's monotonic(), which stands still until its owner moves it on: there is no timer thread, callouts and the ends of
	 * sleeps come by callout_run (kern/callout.h).
	 */
	bool kc_manualtime;
	/* Time, and what is random, come from a virtual clock (kern/vclock.h), which is to live as long as this call. */
	struct vclock *kc_clock;
};

enum kern_state { KERN_BOOTING, KERN_RUNNING, KERN_HALTING, KERN_DEAD };

struct rump_kernel {
	const struct host_ops *k_host;
	struct vclock *k_clock; /* NULL: time is the host's; constant */
	struct kern_config k_config;
	_Atomic int k_state;	   /* enum kern_state */
	char k_panic[128];	   /* why it stopped (KERN_DEAD by panic) */
	_Atomic int64_t k_memused; /* bytes out of kmem_alloc */
	_Atomic int64_t
	    k_failalloc; /* test: the nth next allocation fails; 0 off */

	struct kmutex k_proclock; /* the process tree and pid hash */
	struct kcond k_proccond;  /* a process exited; somebody waits */
	struct proc *k_proc0, *k_initproc; /* pid 0 (kernel's own), pid 1 */
	struct proc *k_pidhash[64];
	int k_nprocs, k_lastpid;
	/*
	 * Kernel work without a caller: credentials of proc 0. Any number of threads may use it at once, so its sleeps
	 * cannot be interrupted.
	 */
	struct lwp *k_lwp0;
	_Atomic int k_nfiles,
	    k_maxfiles; /* struct file: in being, at most (kern.maxfiles) */
	_Atomic int k_maxproc;

	_Atomic int64_t
	    k_timeoffset_ns; /* settimeofday: added to the host's realtime; changes under k_timelock */
	struct kmutex k_timelock;
	int64_t k_boottime_ns;
	struct rump_kernel *k_clocknext; /* vc_lock */
	_Atomic uint64_t k_dice;	 /* with a clock: of what is random */
	char k_hostname[256], k_domainname[256];
	uint32_t k_hostid;
	_Atomic int k_securelevel;

	/* Each subsystem's own state, made by its component's attach, freed by its detach. NULL: not booted. */
	struct sysctl_state *k_sysctl;
	struct vfs_state *k_vfs;
	struct etfs_state *k_etfs;
	struct spec_state *k_spec;
	struct disk_state *k_disks;
	struct rnd_state *k_rnd;
	struct pci_state *k_pci;
	struct console_state *k_console;
	struct timer_state *k_timers;
	struct proxy_state *k_proxy;
	struct net_state *k_net;
	struct kmutex
	    k_kqlock; /* knotes come and go (kern/kqueue.c); nothing is held when it is taken */
	struct kmutex
	    k_procknlock; /* k_procknotes: what watches processes and signals */
	struct knote *k_procknotes;
	_Atomic uint64_t k_knserial;
	_Atomic int32_t k_nbigpipes; /* pipes with the larger buffer */
	bool k_have[64];	     /* by index in the component table */
	_Atomic uint64_t k_unloaded; /* the same: was unloaded (kern/modctl.c) */
};

/* Boots: 0 and *kp, or -ENOMEM, -ENOENT (a component's name is unknown), or what a component's attach gave. */
int kern_boot(const struct kern_config *, struct rump_kernel **kp) MUST_CHECK;
/*
 * Halts: no new calls (they get -ESHUTDOWN... the call fails with EBUSY for remote clients), wakes every sleeper, waits until all calls have left,
 * kills processes, syncs unless nosync, unmounts, detaches components, frees everything. *leak: bytes not given back (0 unless there is a bug).
 */
void kern_halt(struct rump_kernel *, bool nosync, int64_t *leak);
/* The first part of it alone: no new calls, every sleeper wakes. From any thread, in the middle of a call too. */
void kern_halt_begin(struct rump_kernel *);
/* An invariant is broken: prints, makes the kernel KERN_DEAD; calls fail with EIO from now on. Returns (the caller unwinds with -EIO). */
void kern_panic(struct rump_kernel *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Console text (like printf of a kernel), only when verbose: aprint; always: kern_printf. */
void kern_printf(struct rump_kernel *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool kern_have(struct rump_kernel *, const char *component);

/* --- memory, accounted; kmem_alloc never sleeps; NULL when out of memory or over the limit. size at free as at alloc. --- */
void *kmem_alloc(struct rump_kernel *, size_t) MUST_CHECK;
void *kmem_zalloc(struct rump_kernel *, size_t) MUST_CHECK;
void kmem_free(struct rump_kernel *, void *, size_t);
/* n * size with overflow check: NULL. */
void *kmem_calloc(struct rump_kernel *, size_t n, size_t size) MUST_CHECK;
/* For who gets several pieces from the host at once: only the account. False: out of memory. */
bool kmem_charge(struct rump_kernel *, size_t) MUST_CHECK;
void kmem_uncharge(struct rump_kernel *, size_t);
char *kmem_strdup(
    struct rump_kernel *, const char *) MUST_CHECK; /* free with strlen + 1 */

/* --- components: one constant table in kern/components.c ------------------------------------------------------------ */

enum faction { FACTION_KERN, FACTION_VFS, FACTION_NET, FACTION_DEV };
struct vfsops;
struct devsw;
struct component {
	const char *c_library; /* "librumpfs_ffs" */
	enum faction c_faction;
	const char *
	    c_modules; /* built-in modules for modstat, comma separated ("ffs"), or NULL */
	/* Called in table order at boot, in reverse at halt. attach NULL: nothing to do. */
	int (*c_attach)(struct rump_kernel *);
	void (*c_detach)(struct rump_kernel *);
	const struct vfsops *c_vfsops; /* a file system type it brings, or NULL */
	const struct devsw *const
	    *c_devsw;	     /* NULL-terminated device drivers, or NULL */
	const char *c_needs; /* without that other one it is left out; NULL */
};
extern const struct component *const kern_components[]; /* NULL-terminated */

/* --- credentials: immutable once shared; reference counted ------------------------------------------------------------ */

struct cred {
	_Atomic uint32_t cr_refs;
	struct rump_kernel *cr_k;
	uid_t cr_uid, cr_euid, cr_svuid;
	gid_t cr_gid, cr_egid, cr_svgid;
	int cr_ngroups;
	gid_t cr_groups[NGROUPS_MAX];
};
struct cred *cred_get(struct cred *); /* another reference */
/* A copy to be changed, with one reference. */
int cred_copy(
    struct rump_kernel *, const struct cred *, struct cred **) MUST_CHECK;
/* Makes it (the reference is taken) the credentials of a process; l's own change at once. */
void proc_setcred(struct proc *, struct lwp *l, struct cred *);
void cred_put(struct cred *);
bool cred_groupmember(
    const struct cred *, gid_t); /* effective gid or in groups */
static inline bool
cred_issuser(const struct cred *c)
{
	return c->cr_euid == 0;
}

/* --- processes and lwps ---------------------------------------------------------------------------------------------- */

/*
 * User memory. Addresses in argument blocks are only touched through these. NULL ops: the process shares this address
 * space (then copyin is memcpy; NULL with nonzero length gives -EFAULT). All return 0 or a negative errno.
 */
struct uspace_ops {
	int (*copyin)(struct lwp *, const void *uaddr, void *kaddr, size_t);
	/* *lenp gets the length with the NUL; -ENAMETOOLONG when none within max. */
	int (*copyinstr)(struct lwp *, const void *uaddr, char *kaddr,
	    size_t max, size_t *lenp);
	int (*copyout)(struct lwp *, const void *kaddr, void *uaddr, size_t);
	/* A signal for the client, when it is remote. NULL: nothing. Called with p_lock held or not; never blocks. */
	void (*raise)(struct proc *, int signo);
	/*
	 * The lwp is about to sleep (kern_wait calls it before every sleep, the sleep's mutex held; it takes leaf locks only and never
	 * blocks): the thread that reads for a remote client gets a successor. NULL: nothing.
	 */
	void (*presleep)(struct lwp *);
	/* New zeroed memory in the client's address space, which he gives back. NULL: he has none to give. -ENOMEM, -EFAULT. */
	int (*anonmmap)(struct lwp *, size_t, void **uaddr);
};

struct lwp {
	struct rump_kernel *l_k;
	struct proc *l_proc;
	struct cred *
	    l_cred; /* the process's at the call's start; what permission checks use */
	lwpid_t l_lid;
	struct lwp *l_next; /* of p_lwps, under p_lock */
	void *l_uctx;	    /* the uspace's: request being served */
	/* Sleeping (kern/lwp.c). l_flags is set by wakers under l_lock. */
	struct kmutex l_lock;
	struct kcond *l_waitcond;
	_Atomic unsigned l_flags; /* L_* */
	_Atomic unsigned
	    l_incall; /* depth of kern_syscall; changed by its own thread only */
	void *l_bounce;
	size_t l_bouncesize; /* lwp_bounce */
	struct pollctx
	    *l_poll; /* the poll or select call being made (kern/select.c) */
	char l_pathbuf[1024]; /* scratch for one path at a time (namei) */
};
#define L_INTR \
	0x1 /* a signal came: interruptible sleeps end with -EINTR, once */
#define L_EXIT \
	0x2 /* the process goes (client gone, exec): every sleep ends with -EINTR */
#define L_KERNEL 0x4 /* kernel thread */
#define L_NOINTR 0x8 /* closes a process's files: its sleeps are not ended */
#define L_KTRACE 0x10 /* writes a trace: of its own sleeps then there is none */

#define P_NRLIMITS 12
struct proc {
	struct rump_kernel *p_k;
	pid_t p_pid;
	_Atomic pid_t p_ppid; /* the parent's, to be read without a lock */
	struct proc *p_hashnext;
	struct proc *p_parent, *p_children, *p_sibling; /* under k_proclock */
	struct kmutex p_lock;
	struct kcond p_cond; /* p_nlwps went down */
	struct lwp *p_lwps;
	int p_nlwps;
	lwpid_t p_nextlid;
	struct cred *_Atomic p_cred; /* under p_lock; replace, never change */
	struct filedesc *p_fd;
	struct cwdinfo *p_cwdi; /* NULL without vfs */
	struct {
		uint64_t cur, max;
	} p_rlimit[P_NRLIMITS]; /* under p_lock */
	char p_comm[MAXCOMLEN + 1];
	pid_t p_pgid, p_sid;
	int p_nice;
	_Atomic int p_flags; /* P_* */
	int p_xstat;	     /* wait status when a zombie */
	const struct uspace_ops *p_uspace;
	void *p_uspacectx;
	int64_t p_start_ns;
	char p_login[17];
	struct kmutex p_tracelock;    /* a leaf but for a session's */
	struct ktr_session *p_trace;  /* kern/kern_ktrace.c */
	_Atomic unsigned p_traceflag; /* KTRFAC_*: what is recorded; 0 */
};
#define P_EXITING 0x1
#define P_ZOMBIE 0x2
#define P_SYSTEM 0x200 /* as <netbsd/sysctl.h> */

/* Forks `parent` (NULL: proc 1): RFFDG copies descriptors, RFCFDG starts with none, 0 shares them. No lwp yet. comm NULL: parent's. */
#define RFFDG 0x1
#define RFCFDG 0x2
int proc_fork(struct rump_kernel *, struct proc *parent, int fdflags,
    const char *comm, struct proc **) MUST_CHECK;
/* Ends a process: wakes and waits out its lwps but `self`, closes, reparents, becomes a zombie if the parent waits, else goes. */
void proc_exit(struct proc *, struct lwp *self, int xstat);
/*
 * For a new image of a remote process: waits out every lwp but `self`, closes close-on-exec descriptors, sets the name.
 */
void proc_exec(struct proc *, struct lwp *self, const char *comm);
/* By pid; k_proclock held; NULL. */
struct proc *proc_find(struct rump_kernel *, pid_t);
/* An lwp for a call; refused (-ESRCH) when the process is exiting, (-ESHUTDOWN) when the kernel halts. lwp_destroy gives it back. */
int lwp_create(struct proc *, struct lwp **) MUST_CHECK;
void lwp_destroy(struct lwp *);
/* Ends interruptible sleeps of one lwp / all of a process. flag: L_INTR or L_EXIT. */
void lwp_wakeup(struct lwp *, unsigned flag);
void proc_wakeup_lwps(struct proc *, unsigned flag, const struct lwp *except);
/* A bounce buffer of at least n bytes that lives as long as the lwp; NULL when out of memory. */
void *lwp_bounce(struct lwp *, size_t n);
/* Signal for a process: SIGKILL etc.; to remote clients it is raised, local lwps get L_INTR. */
void proc_signal(struct proc *, int signo);

#define WAIT_INTR 0x1 /* interruptible: -EINTR */
#define WAIT_FOREVER INT64_MAX
/*
 * Sleeps on a condition with its mutex held on entry and exit. deadline: monotonic ns or WAIT_FOREVER.
 * 0 (maybe spuriously), -EWOULDBLOCK past the deadline, -EINTR interrupted, -ESHUTDOWN kernel halting (every sleep ends then).
 */
int kern_wait(struct lwp *, struct kcond *, struct kmutex *, int flags,
    int64_t deadline_ns) MUST_CHECK;

/* A kernel thread with an lwp of proc 0; it must return soon after kern_halting(k). Joined by kern_thread_join. */
struct kern_thread;
int kern_thread_create(struct rump_kernel *, const char *name,
    void (*fn)(struct lwp *, void *), void *arg,
    struct kern_thread **) MUST_CHECK;
void kern_thread_join(struct kern_thread *); /* wakes its sleeps first */
static inline bool
kern_halting(struct rump_kernel *k)
{
	return atomic_load_explicit(&k->k_state, memory_order_relaxed) >=
	    KERN_HALTING;
}

/* --- user memory ------------------------------------------------------------------------------------------------------ */

static inline int
copyin(struct lwp *l, const void *uaddr, void *kaddr, size_t n)
{
	const struct uspace_ops *u = l->l_proc->p_uspace;

	if (n == 0)
		return 0;
	if (uaddr == NULL)
		return -EFAULT;
	if (u != NULL)
		return u->copyin(l, uaddr, kaddr, n);
	memcpy(kaddr, uaddr, n);
	return 0;
}

static inline int
copyout(struct lwp *l, const void *kaddr, void *uaddr, size_t n)
{
	const struct uspace_ops *u = l->l_proc->p_uspace;

	if (n == 0)
		return 0;
	if (uaddr == NULL)
		return -EFAULT;
	if (u != NULL)
		return u->copyout(l, kaddr, uaddr, n);
	memcpy(uaddr, kaddr, n);
	return 0;
}

/* *lenp (may be NULL) gets the length including the NUL. -ENAMETOOLONG: no NUL within max. */
int copyinstr(struct lwp *, const void *uaddr, char *kaddr, size_t max,
    size_t *lenp) MUST_CHECK;
int copyoutstr(struct lwp *, const char *kaddr, void *uaddr, size_t max,
    size_t *lenp) MUST_CHECK;

enum uio_rw { UIO_READ, UIO_WRITE };
/* A transfer: uio_rw is seen from the file (UIO_READ: kernel to user). uio_lwp NULL: addresses are the kernel's own. */
struct uio {
	struct iovec *uio_iov; /* iov_base, iov_len; consumed as it goes */
	int uio_iovcnt;
	off_t uio_offset;
	size_t uio_resid;
	enum uio_rw uio_rw;
	struct lwp *uio_lwp;
};
/* Moves n <= uio_resid bytes between kbuf and the user, advances offset, resid, iov. */
int uiomove(void *kbuf, size_t n, struct uio *) MUST_CHECK;
/* uiomove of zeros (reads only). */
int uiomove_zero(size_t n, struct uio *) MUST_CHECK;
/*
 * When the user's memory is this address space: fills `out` with up to `max` vectors that cover n' <= n bytes from here and returns
 * their number, *np = n' ; 0 when it is remote (then go through lwp_bounce and uiomove). Does not advance: uio_advance does, after the I/O.
 */
int uio_hostvec(struct uio *, size_t n, struct iovec *out, int max, size_t *np);
void uio_advance(struct uio *, size_t n);
/* Moves up to n bytes between buf and offset `off` of a file; *movedp: how many, also with an error. */
typedef int uio_piece(void *ctx, void *buf, size_t n, off_t off, size_t *movedp);
/* One piece of at most `most` bytes through lwp_bounce; what a write had no place for is given back to uio's counts. */
int uio_bounce(struct uio *, size_t most, uio_piece *, void *ctx,
    size_t *movedp) MUST_CHECK;
/* All of uio from or to a file of the host that begins at `begin`, as far as it goes: straight, or through lwp_bounce. */
int uio_hostfile(struct lwp *, struct uio *, int fd, int64_t begin) MUST_CHECK;

/* --- the way in --------------------------------------------------------------------------------------------------------- */

/*
 * Makes system call `num` as lwp l, with its NetBSD argument block (layout <netbsd/syscallargs.h>; readable for the call's
 * full argsize). 0 with rv[0..1], or a negative NetBSD errno; -ENOSYS for unknown numbers. May sleep.
 */
int kern_syscall(struct lwp *l, int num, const void *args, register_t rv[2]);
typedef int sy_call_t(struct lwp *, const void *args, register_t rv[2]);
struct sysent {
	sy_call_t *sy_call; /* NULL: ENOSYS */
	uint16_t sy_argsize;
	uint8_t sy_narg;
	uint8_t sy_flags; /* SY_* */
	const char *sy_name;
};
#define SY_MODULE \
	0x1 /* of a module that isn't there: SIGSYS to a remote caller, then ENOSYS */
#define SY_VFS 0x2 /* ENOSYS in a kernel without the vfs component */
#define SY_NET 0x4 /* the same without the net component */
extern const struct sysent kern_sysent[512]; /* kern/sysent.c: one row a call */

/* --- time --------------------------------------------------------------------------------------------------------------- */

void kern_nanotime(
    struct rump_kernel *, struct timespec *); /* wall clock of this kernel */
static inline int64_t
kern_uptime_ns(struct rump_kernel *k)
{
	return k->k_clock != NULL ? vclock_now(k->k_clock) :
				    k->k_host->monotonic();
}
/* What the wall clock is moved against (k_timeoffset_ns). */
static inline int64_t
kern_basetime_ns(struct rump_kernel *k)
{
	return k->k_clock != NULL ? vclock_realtime(k->k_clock) :
				    k->k_host->realtime();
}
/* Random bytes; with a clock they follow from its seed. */
void kern_random(struct rump_kernel *, void *, size_t);
/* Wall clock in whole seconds. */
int64_t kern_time_second(struct rump_kernel *);

#endif
