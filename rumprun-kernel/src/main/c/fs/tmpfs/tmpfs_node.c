/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes of the memory file system, and the page tree of its regular files. */
#include "fs/tmpfs/tmpfs.h"

static struct tmpfs_node **
bucket(struct tmpfs_mount *tm, ino_t ino)
{
	return &tm->tm_hash[ino % TMPFS_HASH];
}

int
tmpfs_node_create(struct tmpfs_mount *tm, const struct vattr *va,
    const char *target, struct tmpfs_node **np)
{
	struct tmpfs_node *n, **b;

	*np = NULL;
	kmutex_enter(&tm->tm_lock);
	if (tm->tm_nodes_max != 0 && tm->tm_nodes + 1 >= tm->tm_nodes_max) {
		kmutex_exit(&tm->tm_lock);
		return -ENOSPC;
	}
	tm->tm_nodes++;
	kmutex_exit(&tm->tm_lock);
	n = tmpfs_alloc(tm, sizeof(*n));
	if (n == NULL)
		goto nospace;
	n->tn_type = va->va_type;
	n->tn_mode = va->va_mode & 07777;
	n->tn_uid = va->va_uid;
	n->tn_gid = va->va_gid;
	n->tn_nlink = 0;
	if (va->va_type == VLNK) {
		n->tn_size = strlen(target);
		n->u.link = tmpfs_alloc(tm, n->tn_size + 1);
		if (n->u.link == NULL) {
			tmpfs_free(tm, n, sizeof(*n));
			goto nospace;
		}
		memcpy(n->u.link, target, n->tn_size + 1);
	} else if (va->va_type == VBLK || va->va_type == VCHR) {
		n->tn_rdev = va->va_rdev;
	} else if (va->va_type == VDIR) {
		n->u.dir.dir_nextcookie = 2;
	}
	kern_nanotime(tm->tm_k, &n->tn_birthtim);
	tmpfs_set_atime(n, n->tn_birthtim);
	n->tn_mtim = n->tn_ctim = n->tn_birthtim;
	kmutex_enter(&tm->tm_lock);
	n->tn_ino = tm->tm_nextino++;
	n->tn_gen = (uint32_t)n->tn_ino;
	b = bucket(tm, n->tn_ino);
	n->tn_hashnext = *b;
	*b = n;
	kmutex_exit(&tm->tm_lock);
	*np = n;
	return 0;

nospace:
	kmutex_enter(&tm->tm_lock);
	tm->tm_nodes--;
	kmutex_exit(&tm->tm_lock);
	return -ENOSPC;
}

void
tmpfs_node_destroy(struct tmpfs_mount *tm, struct tmpfs_node *n)
{
	struct tmpfs_node **p;

	kmutex_enter(&tm->tm_lock);
	for (p = bucket(tm, n->tn_ino); *p != n; p = &(*p)->tn_hashnext)
		continue;
	*p = n->tn_hashnext;
	tm->tm_nodes--;
	kmutex_exit(&tm->tm_lock);
	if (n->tn_type == VREG)
		tmpfs_reg_discard(tm, n, 0, UINT64_MAX);
	else if (n->tn_type == VLNK)
		tmpfs_free(tm, n->u.link, n->tn_size + 1);
	else if (n->tn_type == VDIR)
		tmpfs_dir_free(tm, n);
	tmpfs_free(tm, n, sizeof(*n));
}

struct tmpfs_node *
tmpfs_node_find(struct tmpfs_mount *tm, ino_t ino)
{
	struct tmpfs_node *n;

	kmutex_enter(&tm->tm_lock);
	for (n = *bucket(tm, ino); n != NULL && n->tn_ino != ino;
	     n = n->tn_hashnext)
		continue;
	/* With its last name gone it is about to go, and only its vnode's owner may look at it. */
	if (n != NULL && n->tn_nlink == 0)
		n = NULL;
	kmutex_exit(&tm->tm_lock);
	return n;
}

/* tn_timelock held. */
void
tmpfs_set_atime(struct tmpfs_node *n, struct timespec t)
{
	n->tn_atim = t;
	atomic_store_explicit(&n->tn_atimesec, t.tv_sec, memory_order_relaxed);
}

/*
 * Reading marks the time by the second: readers of one file at once have nothing to write to it then.
 */
void
tmpfs_accessed(struct tmpfs_mount *tm, struct tmpfs_node *n)
{
	if (atomic_load_explicit(&n->tn_atimesec, memory_order_relaxed) !=
	    kern_time_second(tm->tm_k))
		tmpfs_touch(tm, n, TMPFS_ATIME);
}

void
tmpfs_touch(struct tmpfs_mount *tm, struct tmpfs_node *n, int which)
{
	struct timespec now;

	kern_nanotime(tm->tm_k, &now);
	kmutex_enter(&n->tn_timelock);
	if (which & TMPFS_ATIME)
		tmpfs_set_atime(n, now);
	if (which & TMPFS_MTIME)
		n->tn_mtim = now;
	if (which & TMPFS_CTIME)
		n->tn_ctim = now;
	kmutex_exit(&n->tn_timelock);
}

/* --- the page tree: height 0 is one page; each level above has TMPFS_FANOUT children --- */

static bool
covers(unsigned height, uint64_t pageno)
{
	return height >= 8 || pageno >> (8 * height) == 0;
}

static bool
grow(struct tmpfs_mount *tm, struct tmpfs_reg *r, uint64_t pageno)
{
	void **table;

	if (r->reg_root == NULL) {
		while (!covers(r->reg_height, pageno))
			r->reg_height++;
		return true;
	}
	while (!covers(r->reg_height, pageno)) {
		table = tmpfs_alloc(tm, TMPFS_FANOUT * sizeof(void *));
		if (table == NULL)
			return false;
		table[0] = r->reg_root;
		r->reg_root = table;
		r->reg_height++;
	}
	return true;
}

void *
tmpfs_page_get(
    struct tmpfs_mount *tm, struct tmpfs_node *n, uint64_t pageno, bool create)
{
	struct tmpfs_reg *r = &n->u.reg;
	void **where;
	unsigned h;

	if (create) {
		if (!grow(tm, r, pageno))
			return NULL;
	} else if (!covers(r->reg_height, pageno)) {
		return NULL;
	}
	where = &r->reg_root;
	for (h = r->reg_height; h > 0; h--) {
		if (*where == NULL) {
			if (!create)
				return NULL;
			*where = tmpfs_alloc(tm, TMPFS_FANOUT * sizeof(void *));
			if (*where == NULL)
				return NULL;
		}
		where = (void **)*where +
		    (pageno >> (8 * (h - 1)) & (TMPFS_FANOUT - 1));
	}
	if (*where == NULL && create) {
		*where = tmpfs_alloc(tm, TMPFS_PAGE);
		if (*where != NULL)
			r->reg_pages++;
	}
	return *where;
}

/* Frees the pages [first, end) of the subtree at *where, whose own range starts at `base`; the subtree itself when nothing is left of it. */
static void
prune(struct tmpfs_mount *tm, struct tmpfs_reg *r, void **where,
    unsigned height, uint64_t base, uint64_t first, uint64_t end)
{
	uint64_t span, child;
	bool empty = true;
	void **table;
	unsigned i;

	if (*where == NULL)
		return;
	if (height == 0) {
		if (base >= first && base < end) {
			tmpfs_free(tm, *where, TMPFS_PAGE);
			*where = NULL;
			r->reg_pages--;
		}
		return;
	}
	span = (uint64_t)1 << (8 * (height - 1));
	table = *where;
	for (i = 0; i < TMPFS_FANOUT; i++) {
		child = base + i * span;
		if (child < end && child + (span - 1) >= first)
			prune(tm, r, &table[i], height - 1, child, first, end);
		if (table[i] != NULL)
			empty = false;
	}
	if (empty) {
		tmpfs_free(tm, table, TMPFS_FANOUT * sizeof(void *));
		*where = NULL;
	}
}

void
tmpfs_reg_discard(
    struct tmpfs_mount *tm, struct tmpfs_node *n, uint64_t first, uint64_t end)
{
	struct tmpfs_reg *r = &n->u.reg;

	prune(tm, r, &r->reg_root, r->reg_height, 0, first, end);
	if (r->reg_root == NULL)
		r->reg_height = 0;
}

void
tmpfs_reg_truncate(struct tmpfs_mount *tm, struct tmpfs_node *n, uint64_t size)
{
	unsigned char *page;
	size_t in = size % TMPFS_PAGE;

	if (size < n->tn_size) {
		tmpfs_reg_discard(
		    tm, n, (size + TMPFS_PAGE - 1) / TMPFS_PAGE, UINT64_MAX);
		/* What a later extension uncovers must read as zeros. */
		page = in == 0 ?
		    NULL :
		    tmpfs_page_get(tm, n, size / TMPFS_PAGE, false);
		if (page != NULL)
			memset(page + in, 0, TMPFS_PAGE - in);
	}
	n->tn_size = size;
}
