/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sysctl tree. Each kernel has its own; nodes come from constant tables which subsystems attach while they boot, and
 * stay until the kernel goes. Clients cannot make or destroy nodes (EPERM).
 *
 * A table row names one node by its path. Parents stand before children, in the same table or an earlier one; a row for
 * a NODE that exists already is skipped, so that several subsystems may name a common parent. Rows are numbered in
 * order: sd_num is the MIB number, or CTL_CREATE for the next free one from CREATE_BASE + 1 on.
 *
 * Where a value comes from, the first that applies:
 *	sd_fn		a function: reads, writes, whatever the type
 *	CTLFLAG_IMMEDIATE	sd_value, if it is not 0
 *	sd_string	a constant string
 *	otherwise	a variable at ctx + sd_off, of type _Atomic int32_t, _Atomic int64_t or _Atomic bool by CTLTYPE; writes are checked
 *			against sd_min..sd_max if those differ.
 */
#ifndef KERN_SYSCTL_H
#define KERN_SYSCTL_H

#include <netbsd/sysctl.h>
#include "kern/kernel.h"

struct sysctl_call;
typedef int sysctl_fn(struct sysctl_call *);

struct sysctl_def {
	const char *sd_path; /* "vfs.sync.delay" */
	int sd_num;
	uint32_t sd_flags; /* CTLTYPE_* | CTLFLAG_* */
	uint32_t sd_size; /* as a query shows it; 0 for INT, QUAD, BOOL and NODE means theirs */
	sysctl_fn *sd_fn;
	int64_t sd_value;
	const char *sd_string;
	size_t sd_off;
	int64_t sd_min, sd_max;
};

/* One access, as a node's function sees it. Permission to write has been checked. */
struct sysctl_call {
	struct lwp *sc_l;
	struct rump_kernel *sc_k;
	const struct sysctl_def *sc_def;
	void *sc_ctx;	    /* of sysctl_attach */
	const int *sc_name; /* the MIB below this node */
	unsigned sc_namelen;
	const int *sc_mib; /* the MIB from the root, sc_miblen numbers down to this node */
	unsigned sc_miblen;
	void *sc_old; /* the caller's buffer, NULL: only the size is wanted */
	size_t sc_oldlen;
	const void *sc_new; /* the caller's new value, NULL: none */
	size_t sc_newlen;
	size_t sc_done; /* bytes there are, set by what follows */
};

/* Adds a table's nodes; rows end with sd_path NULL. ctx is passed to functions, and is where variables are. */
int sysctl_attach(
    struct rump_kernel *, const struct sysctl_def *, void *ctx) MUST_CHECK;

/* For functions. Appends to the old value; past its end it goes on counting and sysctl gives -ENOMEM in the end. */
int sysctl_out(struct sysctl_call *, const void *, size_t) MUST_CHECK;
/* How much room is left; SIZE_MAX when only the size is wanted. */
size_t sysctl_room(const struct sysctl_call *);
/* A whole value: gives old, takes new into *v if there is one and *changed says so (the size is checked, -EINVAL). */
int sysctl_int(struct sysctl_call *, int32_t *v, bool *changed) MUST_CHECK;
int sysctl_quad(struct sysctl_call *, int64_t *v, bool *changed) MUST_CHECK;
int sysctl_bool(struct sysctl_call *, bool *v, bool *changed) MUST_CHECK;
/* buf holds size bytes, a string now and then. */
int sysctl_string(
    struct sysctl_call *, char *buf, size_t size, bool *changed) MUST_CHECK;

/* --- for kern/services.c --- */
int sysctl_init(struct rump_kernel *) MUST_CHECK;  /* the base kernel's nodes */
int sysctl_start(struct rump_kernel *) MUST_CHECK; /* modules' */
void sysctl_fini(struct rump_kernel *);
extern const struct sysctl_def sysctl_base_table[], sysctl_proc_table[],
    sysctl_module_table[];

/*
 * The names of the file system layer that nothing else owns yet: vfs.generic.*, vfs.sync.*, vfs.wapbl.*, vm.buf*. The vfs
 * component's attach calls this before file systems attach.
 */
int sysctl_attach_vfs(struct rump_kernel *) MUST_CHECK;
/* vfs.ffs.*, vfs.ufs.*: FFS' attach, or by itself after it; the second call does nothing. */
int sysctl_attach_ffs(struct rump_kernel *) MUST_CHECK;
/*
 * The variables behind them, for those who go by them. Dirhash and buffer memory are filled in by
 * their owners.
 */
struct sysctl_vfs {
	_Atomic int32_t magiclinks;
	_Atomic int32_t dirhash_memused, dirhash_maxmem;
	_Atomic int64_t sync_delay, sync_filedelay, sync_dirdelay,
	    sync_metadelay;
	_Atomic int32_t wapbl_flush_disk_cache, wapbl_verbose_commit;
	_Atomic int32_t bufcache_percent;
	_Atomic int64_t bufmem, bufmem_lowater, bufmem_hiwater;
	_Atomic int32_t ffs_doclusterread, ffs_doclusterwrite, ffs_doreallocblks;
	_Atomic int32_t ffs_log_changeopt, ffs_extattr_autocreate;
	_Atomic int32_t ufs_dirhash_minblocks, ufs_dirhash_maxmem,
	    ufs_dirhash_memused, ufs_dirhash_docheck;
};
struct sysctl_vfs *sysctl_vfs(struct rump_kernel *);
/* kern.pipe.maxbigpipes */
int32_t sysctl_maxbigpipes(struct rump_kernel *);

#endif
