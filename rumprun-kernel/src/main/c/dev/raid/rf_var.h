/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raid(4), inside: a set of components with one layout, levels 0, 1, 4 and 5.
 *
 * Every stripe is a unit on each column. With parity, the units of a stripe XOR to zero; a mirror is the case of one data unit. At one place in each stripe
 * this holds for itself, whatever the other places do, so that requests for parts of units work on parts.
 *
 * A column is served by its component, or by a spare. It is dead when that failed; then the others make up for it. While a column is rebuilt (or copied back)
 * its target takes part for the stripes below rc_done.
 *
 * Locks, top first:
 *   r_lock       readers: transfers and the chunks of jobs; writer: who changes what serves a column, or the configuration
 *   r_stripes[]  of a group of stripes, by hash: writers of parity exclusively, readers of dead columns shared
 *   a buffer of the pool (who has one takes nothing above it)
 *   pm_lock      the parity map
 *   r_faillock   who fails a component; labels are written under it
 * Requests of raidctl come with the unit's dk_lock, above all of these; jobs never take that one.
 */
#ifndef DEV_RAID_RF_VAR_H
#define DEV_RAID_RF_VAR_H

#include <netbsd/raidframe.h>
#include "dev/disk.h"

#define RF_MAXCOMP (RF_MAXCOL + RF_MAXSPARE)
#define RF_LABEL_OFFSET 16384
#define RF_LABEL_ROOM 1024
#define RF_LABEL_VERSION 2
#define RF_MAXUNIT ((uint64_t)4 << 20) /* bytes of a stripe unit, at most */
#define RF_GROUP \
	((uint64_t)128 << 10) /* bytes of a column worked on at a time */
#define RF_NLOCKS 64
#define RF_NBUFS 4
#define RF_NAMELEN 50

struct rf_comp {
	struct vnode *c_vp; /* NULL: absent, or closed since it failed */
	struct blkdev *c_dev;
	char c_name[RF_NAMELEN + 1];
	_Atomic int c_status; /* enum RF_DiskStatus_e */
	bool c_auto;
	uint64_t c_size; /* bytes of the device */
	dev_t c_rdev;
	struct RF_ComponentLabel_s
	    c_label; /* as it is on the medium, once configured */
};

struct rf_col {
	struct rf_comp *rc_comp; /* who serves it; under r_lock */
	_Atomic bool
	    rc_dead; /* nobody does; set under r_faillock, cleared under r_lock */
	struct rf_comp *rc_target; /* being filled; under r_lock */
	_Atomic uint64_t rc_done;  /* stripes below take part on the target */
};

struct rf_paritymap {
	bool pm_enabled, pm_nextdisabled;
	int pm_cooldown, pm_tickms;
	unsigned pm_regions,
	    pm_nextregions; /* a change of regions waits for the next configuration */
	uint64_t pm_regionsize; /* bytes of the set */
	struct kmutex pm_lock;
	struct kcond pm_cv; /* the thread of ticks is to look again, or to end */
	bool pm_stop;
	struct kern_thread *pm_thread;
	unsigned pm_ahead; /* regions marked beyond what is asked, for who goes on writing there */
	struct rf_pmctrs pm_ctrs;
	_Atomic uint8_t
	    pm_dirty[RF_PARITYMAP_NREG]; /* set once it is on the media */
	_Atomic uint8_t pm_stale[RF_PARITYMAP_NREG]; /* to be rewritten */
	_Atomic uint8_t pm_cool[RF_PARITYMAP_NREG];
	_Atomic uint32_t pm_inflight[RF_PARITYMAP_NREG];
};

enum rf_job { RF_JOB_NONE, RF_JOB_PARITY, RF_JOB_RECON, RF_JOB_COPYBACK };

struct rf_fan;
struct rf_set {
	struct disk *r_disk;
	struct rump_kernel *r_k;
	struct krwlock r_lock;
	bool r_looked; /* for a set that configures itself; once */
	struct krwlock r_stripes[RF_NLOCKS];
	struct kmutex r_faillock;
	bool r_configured; /* under r_lock */
	/* The layout. */
	char r_level; /* '0', '1', '4', '5' */
	unsigned r_ncols, r_ndata, r_nspares;
	uint32_t r_secsize;
	int r_sectpersu, r_suspersparity, r_suspersrecon, r_queue;
	uint64_t r_su;	 /* bytes of a stripe unit */
	uint64_t r_data; /* where units begin on a component */
	uint64_t r_nstripes;
	uint64_t r_numblocks;
	unsigned r_group; /* stripes of a group */
	struct rf_col r_cols[RF_MAXCOL];
	struct rf_comp r_comps[RF_MAXCOMP]; /* columns, then spares */
	int r_serial, r_modcounter, r_autoconfig, r_rootpart, r_lastunit,
	    r_order;
	_Atomic bool r_paritygood;
	struct rf_paritymap *r_pm; /* NULL: level 0 */
	/* Buffers of r_ncols * r_bufcol bytes: who finds none waits. */
	struct kmutex r_poollock;
	struct kcond r_poolcv;
	uint64_t r_bufcol;
	unsigned r_nbufs, r_nfree;
	uint8_t *r_free[RF_NBUFS],
	    *r_bufs[RF_NBUFS]; /* those to be had; as allocated */
	/* rf_fan.c: what the helper is to look at. */
	struct kmutex r_fanlock;
	struct kcond r_fancv, r_fandone;
	struct rf_fan *r_fan;
	bool r_fanstop;
	struct kern_thread *r_fanthread;
	/* One job at a time. */
	struct kern_thread *r_thread;
	_Atomic int r_job;
	_Atomic bool r_cancel;
	_Atomic bool r_targetbad; /* the target failed: under r_faillock */
	unsigned r_jobcol;
	_Atomic uint64_t r_progress; /* stripes */
	_Atomic uint64_t r_naccesses, r_nphys;
};

/* --- layout: unit `ndata` of a stripe is its parity -------------------------------------- */

static inline unsigned
rf_rotation(const struct rf_set *r, uint64_t stripe)
{
	return r->r_level == '5' ?
	    (unsigned)((r->r_ncols - stripe % r->r_ncols) % r->r_ncols) :
	    0;
}

static inline unsigned
rf_column(const struct rf_set *r, uint64_t stripe, unsigned unit)
{
	return (rf_rotation(r, stripe) + unit) % r->r_ncols;
}

static inline unsigned
rf_unit(const struct rf_set *r, uint64_t stripe, unsigned col)
{
	return (col + r->r_ncols - rf_rotation(r, stripe)) % r->r_ncols;
}

static inline bool
rf_redundant(const struct rf_set *r)
{
	return r->r_level != '0';
}

/* The column's server for a stripe; NULL: dead. r_lock is held. */
static inline struct rf_comp *
rf_server(struct rf_set *r, unsigned col, uint64_t stripe)
{
	struct rf_col *rc = &r->r_cols[col];

	if (!atomic_load_explicit(&rc->rc_dead, memory_order_acquire))
		return rc->rc_comp;
	return rc->rc_target != NULL && stripe < atomic_load(&rc->rc_done) ?
	    rc->rc_target :
	    NULL;
}

static inline struct krwlock *
rf_stripelock(struct rf_set *r, uint64_t stripe)
{
	return &r->r_stripes[stripe / r->r_group % RF_NLOCKS];
}

/* --- rf_xor.c ------------------------------------------------------------------------- */
void rf_xor(void *restrict dst, const void *restrict src, size_t n);
/* dst = src, and acc ^= src. */
void rf_copyxor(
    void *restrict dst, void *restrict acc, const void *restrict src, size_t n);
bool rf_iszero(const void *, size_t n);

/* --- rf_label.c ------------------------------------------------------------------------ */
/* Does it make sense on a component of `size` bytes and this sector size? For any bytes. */
bool rf_label_sane(
    const struct RF_ComponentLabel_s *, uint64_t size, uint32_t secsize);
/* Of one set, the same layout; column and counter may differ. */
bool rf_label_sameset(
    const struct RF_ComponentLabel_s *, const struct RF_ComponentLabel_s *);
uint64_t rf_label_numblocks(const struct RF_ComponentLabel_s *);
int rf_label_read(struct blkdev *, struct RF_ComponentLabel_s *) MUST_CHECK;
int rf_label_write(
    struct blkdev *, const struct RF_ComponentLabel_s *) MUST_CHECK;
uint64_t rf_map_offset(uint32_t secsize);
/* Fills the component's label for its column from what the set knows. r_faillock. */
void rf_label_fill(struct rf_set *, struct rf_comp *, unsigned col, bool clean);
/* A new counter and the labels on all live components, but `but`; they are on the media then. r_faillock. Errors fail nobody. */
void rf_labels_update(struct rf_set *, const struct rf_comp *but, bool clean);

/* --- rf_comp.c: components, their failing, buffers ---------------------------------------- */
/* Opens and measures it; c_name is set. */
int rf_comp_open(struct lwp *, struct rf_comp *, struct rf_set *) MUST_CHECK;
void rf_comp_close(struct lwp *, struct rf_comp *);
/* n bytes at a place of the column's data (0: its first unit). */
int rf_comp_io(struct rf_set *, struct rf_comp *, const struct iovec *, int cnt,
    uint64_t off, bool write) MUST_CHECK;
/*
 * A request to `comp`, for column `col`, failed. True: the set goes on without it, what the request needed can be made up for. False: the
 * data depend on it.
 */
bool rf_comp_failed(struct rf_set *, unsigned col, struct rf_comp *);
/* The same on demand: -EINVAL when the set cannot do without it, or it is dead already. */
int rf_col_fail(struct rf_set *, unsigned col) MUST_CHECK;
/* The column that is dead at a stripe; -1: none. */
int rf_deadcol(struct rf_set *, uint64_t stripe);
int rf_sync(struct rf_set *) MUST_CHECK;
int rf_pool_create(struct rf_set *) MUST_CHECK;
void rf_pool_destroy(struct rf_set *);
uint8_t *rf_buf_get(struct rf_set *);
void rf_buf_put(struct rf_set *, uint8_t *);

/* --- rf_fan.c -------------------------------------------------------------- */
/* fn(arg, 0 .. n-1), each once, on any thread. */
struct rf_fan {
	void (*f_fn)(void *, unsigned);
	void *f_arg;
	unsigned f_n;
	_Atomic unsigned f_next;
	bool f_busy; /* r_fanlock: the helper is at it */
};
/* All of it is done when it returns. much: enough to ask for help. */
void rf_fan_run(struct rf_set *, struct rf_fan *, bool much);
int rf_fan_start(struct rf_set *) MUST_CHECK;
void rf_fan_stop(struct rf_set *);

/* --- rf_io.c, rf_write.c: transfers --------------------------------------------------------- */
/* A request's memory by place in the request; it remembers where it was. */
struct rf_mem {
	const struct iovec *m_iov;
	int m_cnt, m_at;
	uint64_t m_base; /* place of m_iov[m_at] */
};
/* Up to `max` vectors for n bytes at `at`; returns how many, *np how many bytes. */
int rf_mem_vec(struct rf_mem *, uint64_t at, uint64_t n, struct iovec *,
    int max, uint64_t *np);
void rf_mem_get(struct rf_mem *, uint64_t at, void *, size_t n);
void rf_mem_put(struct rf_mem *, uint64_t at, const void *, size_t n);

/* A request, or a part of one inside one group of stripes. */
struct rf_req {
	struct rf_set *q_r;
	struct rf_mem q_mem;
	uint64_t q_base;     /* place of the set where the memory begins */
	uint64_t q_off, q_n; /* this part */
};
/* The part of a stripe's unit that is asked for, as places in the unit; false: nothing of it. */
bool rf_req_unit(const struct rf_req *, uint64_t stripe, unsigned unit,
    uint64_t *lo, uint64_t *hi);
/* Where that place of a unit lies in the request's memory. */
uint64_t rf_req_at(
    const struct rf_req *, uint64_t stripe, unsigned unit, uint64_t pos);
int rf_write_part(struct rf_req *) MUST_CHECK;
int rf_readv(struct blkdev *, const struct iovec *, int cnt, uint64_t off);
int rf_writev(struct blkdev *, const struct iovec *, int cnt, uint64_t off);
int rf_dsync(struct blkdev *);

/* --- rf_paritymap.c -------------------------------------------------------------------------- */
/* From the labels and maps of the live components; `fresh`: nothing is known. */
int rf_pm_attach(struct rf_set *, bool fresh, bool clean) MUST_CHECK;
int rf_pm_start(struct rf_set *) MUST_CHECK;
/* Ends the thread. */
void rf_pm_stop(struct rf_set *);
void rf_pm_detach(struct rf_set *);
/* Around every write: the regions are dirty on the media in between. */
int rf_pm_begin(struct rf_set *, uint64_t off, uint64_t n) MUST_CHECK;
void rf_pm_end(struct rf_set *, uint64_t off, uint64_t n);
/* Is parity in doubt somewhere in these stripes? */
bool rf_pm_stale(struct rf_set *, uint64_t s0, uint64_t s1);
/* All regions are right: nothing is stale any more, what rests becomes clean. */
void rf_pm_rewritten(struct rf_set *);
/* One tick: regions that rested long enough become clean. */
void rf_pm_tick(struct rf_set *);
/* The map as it is now, on one component (a target that is done). */
int rf_pm_write_to(struct rf_set *, struct rf_comp *) MUST_CHECK;
/* Shutting down: nothing is dirty but what is stale. */
void rf_pm_final(struct rf_set *);

/* --- rf_job.c --------------------------------------------------------------------------------- */
/* -EBUSY: another one is under way. r_job etc. are set by it. */
int rf_parity_start(struct rf_set *) MUST_CHECK;
/* Fills `target` with the column's contents: a dead column's, or (copyback) a live one's. */
int rf_recon_start(struct rf_set *, unsigned col, struct rf_comp *target,
    enum rf_job) MUST_CHECK;
void rf_job_stop(struct rf_set *); /* and waits for it */

/* --- rf_conf.c --------------------------------------------------------------------------------- */
int rf_configure(struct lwp *, struct disk *, const void *uconfig) MUST_CHECK;
/* The same with a description of the kernel's own. */
int rf_configure_from(
    struct lwp *, struct disk *, struct RF_Config_s *) MUST_CHECK;
int rf_unconfigure(struct lwp *, struct disk *, unsigned part) MUST_CHECK;
void rf_shutdown(struct lwp *, struct disk *);

/* --- rf_auto.c --- */
/* At the unit's first open: a set whose labels ask for this unit. */
void rf_autoconfigure(struct lwp *, struct disk *);

/* --- rf_manage.c ------------------------------------------------------------------------------- */
/* Requests that change which components serve. dk_lock. -ENOTTY: none of them. */
int rf_manage(
    struct lwp *, struct rf_set *, unsigned long cmd, void *data) MUST_CHECK;

extern const struct disk_driver rf_driver;

#endif
