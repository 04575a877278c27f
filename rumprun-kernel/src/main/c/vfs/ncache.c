/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name cache: (directory, name) to vnode, or to the knowledge that there is none.
 *
 * A hit takes one bucket's lock. An entry stands in its bucket, in its directory's list and in its vnode's list; it is
 * made and removed with the bucket's lock held throughout and each list's own lock (the vnode's v_interlock) in its
 * turn. A list's walker thus finds the first entry under v_interlock, takes its bucket's lock, and looks again. A vnode
 * purges both lists before its memory goes, so that an entry's pointers are good as long as it can be found.
 *
 * Entries change only while the directory is locked, shared at least, and the file system changes names only with it
 * locked exclusively; so an entry never contradicts the directory.
 */
#include "kern/hooks.h"
#include "vfs/vfs_impl.h"

#define BUCKET_MAX 8

struct ncache_entry {
	struct ncache_entry *nc_next;		  /* bucket */
	struct ncache_entry *nc_dnext, *nc_dprev; /* names in the directory */
	struct ncache_entry *nc_vnext, *nc_vprev; /* names of the vnode */
	struct vnode *nc_dvp, *nc_vp;		  /* nc_vp NULL: no such name */
	uint32_t nc_hash;
	uint8_t nc_len;
	char nc_name[];
};

int
ncache_init(struct vfs_state *vs, struct rump_kernel *k)
{
	vs->vs_ncache = kmem_calloc(
	    k, vs->vs_hashmask + 1u, sizeof(*vs->vs_ncache));
	return vs->vs_ncache == NULL ? -ENOMEM : 0;
}

void
ncache_fini(struct vfs_state *vs, struct rump_kernel *k)
{
	if (vs->vs_ncache != NULL)
		kmem_free(k, vs->vs_ncache,
		    (vs->vs_hashmask + 1u) * sizeof(*vs->vs_ncache));
}

static uint32_t
hash(struct vnode *dvp, const char *name, size_t len)
{
	uint64_t h = (uint64_t)(uintptr_t)dvp >> 6;

	while (len-- > 0)
		h = (h ^ (unsigned char)*name++) * UINT64_C(0x100000001b3);
	return (uint32_t)(h ^ h >> 32);
}

static struct ncache_bucket *
bucket_of(struct vfs_state *vs, uint32_t h)
{
	return &vs->vs_ncache[h & vs->vs_hashmask];
}

/* Where the entry of that name is linked, or NULL; the bucket is locked. */
static struct ncache_entry **
find(struct ncache_bucket *nb, uint32_t h, struct vnode *dvp, const char *name,
    size_t len)
{
	struct ncache_entry **p, *e;

	for (p = &nb->nb_first; (e = *p) != NULL; p = &e->nc_next) {
		if (e->nc_hash == h && e->nc_dvp == dvp && e->nc_len == len &&
		    memcmp(e->nc_name, name, len) == 0)
			return p;
	}
	return NULL;
}

static void
entry_free(struct rump_kernel *k, struct ncache_entry *e)
{
	kmem_free(k, e, sizeof(*e) + e->nc_len);
}

/* Takes the entry at *p out of everything; the bucket is locked. */
static void
removep(struct rump_kernel *k, struct ncache_entry **p)
{
	struct ncache_entry *e = *p;
	struct vnode *vp = e->nc_vp, *dvp = e->nc_dvp;

	*p = e->nc_next;
	if (vp != NULL) {
		kmutex_enter(&vp->v_interlock);
		if (e->nc_vprev != NULL)
			e->nc_vprev->nc_vnext = e->nc_vnext;
		else
			vp->v_dncache = e->nc_vnext;
		if (e->nc_vnext != NULL)
			e->nc_vnext->nc_vprev = e->nc_vprev;
		kmutex_exit(&vp->v_interlock);
	}
	kmutex_enter(&dvp->v_interlock);
	if (e->nc_dprev != NULL)
		e->nc_dprev->nc_dnext = e->nc_dnext;
	else
		dvp->v_nclist = e->nc_dnext;
	if (e->nc_dnext != NULL)
		e->nc_dnext->nc_dprev = e->nc_dprev;
	kmutex_exit(&dvp->v_interlock);
	entry_free(k, e);
}

int
ncache_lookup(
    struct vnode *dvp, const char *name, size_t len, struct vnode **vpp)
{
	struct vfs_state *vs = dvp->v_k->k_vfs;
	uint32_t h = hash(dvp, name, len);
	struct ncache_bucket *nb = bucket_of(vs, h);
	struct ncache_entry **p, *e;
	struct vnode *vp;

	*vpp = NULL;
	if (len > UINT8_MAX)
		return 0;
	kmutex_enter(&nb->nb_lock);
	p = find(nb, h, dvp, name, len);
	if (p == NULL) {
		nb->nb_miss++;
		kmutex_exit(&nb->nb_lock);
		return 0;
	}
	e = *p;
	vp = e->nc_vp;
	if (vp != NULL && (vnode_isdead(vp) || !vnode_tryget(vp))) {
		nb->nb_bad++;
		removep(dvp->v_k, p);
		kmutex_exit(&nb->nb_lock);
		return 0;
	}
	if (vp == NULL)
		nb->nb_negative++;
	else
		nb->nb_good++;
	if (p != &nb->nb_first) {
		*p = e->nc_next;
		e->nc_next = nb->nb_first;
		nb->nb_first = e;
	}
	kmutex_exit(&nb->nb_lock);
	if (vp == NULL)
		return -ENOENT;
	*vpp = vp;
	return 1;
}

static void
link_entry(struct ncache_bucket *nb, struct ncache_entry *e)
{
	struct vnode *vp = e->nc_vp, *dvp = e->nc_dvp;

	e->nc_next = nb->nb_first;
	nb->nb_first = e;
	kmutex_enter(&dvp->v_interlock);
	e->nc_dnext = dvp->v_nclist;
	if (e->nc_dnext != NULL)
		e->nc_dnext->nc_dprev = e;
	dvp->v_nclist = e;
	kmutex_exit(&dvp->v_interlock);
	if (vp == NULL)
		return;
	kmutex_enter(&vp->v_interlock);
	e->nc_vnext = vp->v_dncache;
	if (e->nc_vnext != NULL)
		e->nc_vnext->nc_vprev = e;
	vp->v_dncache = e;
	kmutex_exit(&vp->v_interlock);
}

void
ncache_enter(struct vnode *dvp, const char *name, size_t len, struct vnode *vp)
{
	struct rump_kernel *k = dvp->v_k;
	uint32_t h = hash(dvp, name, len);
	struct ncache_bucket *nb = bucket_of(k->k_vfs, h);
	struct ncache_entry **p, *e;
	unsigned n;

	if (len == 0 || len > UINT8_MAX ||
	    (atomic_load(&dvp->v_flag) & (VV_NOCACHE | VV_DEAD)) ||
	    (vp != NULL && (atomic_load(&vp->v_flag) & (VV_DEAD | VV_NOCACHE))))
		return;
	e = kmem_zalloc(k, sizeof(*e) + len);
	if (e == NULL)
		return;
	e->nc_dvp = dvp;
	e->nc_vp = vp;
	e->nc_hash = h;
	e->nc_len = (uint8_t)len;
	memcpy(e->nc_name, name, len);
	kmutex_enter(&nb->nb_lock);
	p = find(nb, h, dvp, name, len);
	if (p != NULL && (*p)->nc_vp == vp) {
		kmutex_exit(&nb->nb_lock);
		entry_free(k, e);
		return;
	}
	if (p != NULL)
		removep(k, p);
	for (n = 0, p = &nb->nb_first; *p != NULL; p = &(*p)->nc_next) {
		if (++n >= BUCKET_MAX && (*p)->nc_next == NULL) {
			removep(k, p);
			break;
		}
	}
	link_entry(nb, e);
	kmutex_exit(&nb->nb_lock);
}

void
ncache_purge_name(struct vnode *dvp, const char *name, size_t len)
{
	uint32_t h = hash(dvp, name, len);
	struct ncache_bucket *nb = bucket_of(dvp->v_k->k_vfs, h);
	struct ncache_entry **p;

	kmutex_enter(&nb->nb_lock);
	p = find(nb, h, dvp, name, len);
	if (p != NULL)
		removep(dvp->v_k, p);
	kmutex_exit(&nb->nb_lock);
}

/* Empties one of vp's two lists. */
static void
purge_list(struct vnode *vp, struct ncache_entry **head)
{
	struct vfs_state *vs = vp->v_k->k_vfs;
	struct ncache_bucket *nb;
	struct ncache_entry *e, **p;
	bool same;

	for (;;) {
		kmutex_enter(&vp->v_interlock);
		e = *head;
		nb = e == NULL ? NULL : bucket_of(vs, e->nc_hash);
		kmutex_exit(&vp->v_interlock);
		if (e == NULL)
			return;
		kmutex_enter(&nb->nb_lock);
		kmutex_enter(&vp->v_interlock);
		same = *head == e && bucket_of(vs, e->nc_hash) == nb;
		kmutex_exit(&vp->v_interlock);
		if (same) {
			for (p = &nb->nb_first; *p != e; p = &(*p)->nc_next)
				continue;
			removep(vp->v_k, p);
		}
		kmutex_exit(&nb->nb_lock);
	}
}

void
ncache_purge(struct vnode *vp)
{
	purge_list(vp, &vp->v_nclist);
	purge_list(vp, &vp->v_dncache);
}

void
ncache_purge_mount(struct mount *mp)
{
	struct rump_kernel *k = mp->mnt_k;
	struct vfs_state *vs = k->k_vfs;
	struct ncache_entry **p;
	unsigned i;

	for (i = 0; i <= vs->vs_hashmask; i++) {
		struct ncache_bucket *nb = &vs->vs_ncache[i];

		kmutex_enter(&nb->nb_lock);
		for (p = &nb->nb_first; *p != NULL;) {
			if ((*p)->nc_dvp->v_mount == mp)
				removep(k, p);
			else
				p = &(*p)->nc_next;
		}
		kmutex_exit(&nb->nb_lock);
	}
}

int
ncache_revlookup(struct vnode *vp, struct vnode **dvpp, char *name, size_t size)
{
	struct vfs_state *vs = vp->v_k->k_vfs;
	struct ncache_bucket *nb;
	struct ncache_entry *e;
	bool found;

	*dvpp = NULL;
	kmutex_enter(&vp->v_interlock);
	e = vp->v_dncache;
	nb = e == NULL ? NULL : bucket_of(vs, e->nc_hash);
	kmutex_exit(&vp->v_interlock);
	if (e == NULL) {
		atomic_fetch_add(&vs->vs_revmiss, 1);
		return 0;
	}
	/* As in purge_list. */
	kmutex_enter(&nb->nb_lock);
	kmutex_enter(&vp->v_interlock);
	found = vp->v_dncache == e && bucket_of(vs, e->nc_hash) == nb;
	kmutex_exit(&vp->v_interlock);
	found = found && e->nc_len < size && vnode_tryget(e->nc_dvp);
	if (found) {
		memcpy(name, e->nc_name, e->nc_len);
		name[e->nc_len] = '\0';
		*dvpp = e->nc_dvp;
	}
	kmutex_exit(&nb->nb_lock);
	atomic_fetch_add(found ? &vs->vs_revhits : &vs->vs_revmiss, 1);
	return found;
}

/* Names with a wrong number, names too long to be kept and second passes are what this cache does not have. */
void
ncache_stats(struct rump_kernel *k, uint64_t v[NCHSTATS])
{
	enum { GOOD, NEGATIVE, BAD, MISS = 4, REVHITS = 8, REVMISS };
	struct vfs_state *vs = k->k_vfs;

	memset(v, 0, NCHSTATS * sizeof(*v));
	if (vs == NULL)
		return;
	for (unsigned i = 0; i <= vs->vs_hashmask; i++) {
		struct ncache_bucket *nb = &vs->vs_ncache[i];

		kmutex_enter(&nb->nb_lock);
		v[GOOD] += nb->nb_good;
		v[NEGATIVE] += nb->nb_negative;
		v[BAD] += nb->nb_bad;
		v[MISS] += nb->nb_miss;
		kmutex_exit(&nb->nb_lock);
	}
	v[REVHITS] = atomic_load(&vs->vs_revhits);
	v[REVMISS] = atomic_load(&vs->vs_revmiss);
}
