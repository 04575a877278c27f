/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories of the memory file system: a hash by name, and the entries in order of creation, each under a number
 * that is never used again in that directory and serves as the reading position.
 */
#include <netbsd/dirent.h>
#include "fs/tmpfs/tmpfs.h"

static uint32_t
hash_name(const char *name, size_t len)
{
	uint32_t h = 2166136261u;

	while (len-- > 0)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h;
}

struct tmpfs_dirent *
tmpfs_dir_find(struct tmpfs_node *n, const char *name, size_t len)
{
	struct tmpfs_dir *d = &n->u.dir;
	struct tmpfs_dirent *de;

	if (d->dir_hashsize == 0)
		return NULL;
	de = d->dir_hash[hash_name(name, len) & (d->dir_hashsize - 1)];
	while (de != NULL &&
	    (de->td_len != len || memcmp(de->td_name, name, len) != 0))
		de = de->td_hashnext;
	return de;
}

static bool
grow_hash(struct tmpfs_mount *tm, struct tmpfs_dir *d)
{
	size_t size = d->dir_hashsize == 0 ? 16 : d->dir_hashsize * 2, i;
	struct tmpfs_dirent **table, *de, *next;
	uint32_t h;

	table = tmpfs_alloc(tm, size * sizeof(*table));
	if (table == NULL)
		return d->dir_hashsize != 0; /* long chains, but it works */
	for (i = 0; i < d->dir_hashsize; i++) {
		for (de = d->dir_hash[i]; de != NULL; de = next) {
			next = de->td_hashnext;
			h = hash_name(de->td_name, de->td_len) & (size - 1);
			de->td_hashnext = table[h];
			table[h] = de;
		}
	}
	if (d->dir_hash != NULL)
		tmpfs_free(tm, d->dir_hash, d->dir_hashsize * sizeof(*table));
	d->dir_hash = table;
	d->dir_hashsize = size;
	return true;
}

/* Room for one more slot at the end: squeezes the holes out first, grows when that frees little. */
static bool
room_for_slot(struct tmpfs_mount *tm, struct tmpfs_dir *d)
{
	size_t i, n, size;
	struct tmpfs_slot *slots;

	if (d->dir_nslots < d->dir_slotsize)
		return true;
	for (i = n = 0; i < d->dir_nslots; i++) {
		if (d->dir_slots[i].de != NULL)
			d->dir_slots[n++] = d->dir_slots[i];
	}
	d->dir_nslots = n;
	if (d->dir_slotsize != 0 && n <= d->dir_slotsize / 4 * 3)
		return true;
	size = d->dir_slotsize == 0 ? 8 : d->dir_slotsize * 2;
	slots = tmpfs_alloc(tm, size * sizeof(*slots));
	if (slots == NULL)
		return n < d->dir_slotsize;
	if (n != 0)
		memcpy(slots, d->dir_slots, n * sizeof(*slots));
	if (d->dir_slots != NULL)
		tmpfs_free(tm, d->dir_slots, d->dir_slotsize * sizeof(*slots));
	d->dir_slots = slots;
	d->dir_slotsize = size;
	return true;
}

int
tmpfs_dir_enter(struct tmpfs_mount *tm, struct tmpfs_node *dn, const char *name,
    size_t len, struct tmpfs_node *n)
{
	struct tmpfs_dir *d = &dn->u.dir;
	struct tmpfs_dirent *de, **h;

	if (!room_for_slot(tm, d))
		return -ENOSPC;
	if (d->dir_nentries >= d->dir_hashsize && !grow_hash(tm, d))
		return -ENOSPC;
	de = tmpfs_alloc(tm, sizeof(*de) + len);
	if (de == NULL)
		return -ENOSPC;
	memcpy(de->td_name, name, len);
	de->td_len = (uint16_t)len;
	de->td_node = n;
	de->td_cookie = d->dir_nextcookie++;
	h = &d->dir_hash[hash_name(name, len) & (d->dir_hashsize - 1)];
	de->td_hashnext = *h;
	*h = de;
	d->dir_slots[d->dir_nslots].cookie = de->td_cookie;
	d->dir_slots[d->dir_nslots++].de = de;
	d->dir_nentries++;
	return 0;
}

/* The first slot whose cookie is not less. */
static size_t
slot_at(const struct tmpfs_dir *d, uint64_t cookie)
{
	size_t lo = 0, hi = d->dir_nslots, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (d->dir_slots[mid].cookie < cookie)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
tmpfs_dir_remove(
    struct tmpfs_mount *tm, struct tmpfs_node *dn, struct tmpfs_dirent *de)
{
	struct tmpfs_dir *d = &dn->u.dir;
	struct tmpfs_dirent **p;

	p = &d->dir_hash[hash_name(de->td_name, de->td_len) &
	    (d->dir_hashsize - 1)];
	while (*p != de)
		p = &(*p)->td_hashnext;
	*p = de->td_hashnext;
	d->dir_slots[slot_at(d, de->td_cookie)].de = NULL;
	d->dir_nentries--;
	while (d->dir_nslots > 0 && d->dir_slots[d->dir_nslots - 1].de == NULL)
		d->dir_nslots--;
	tmpfs_free(tm, de, sizeof(*de) + de->td_len);
}

void
tmpfs_dir_free(struct tmpfs_mount *tm, struct tmpfs_node *dn)
{
	struct tmpfs_dir *d = &dn->u.dir;
	size_t i;

	for (i = 0; i < d->dir_nslots; i++) {
		if (d->dir_slots[i].de != NULL)
			tmpfs_free(tm, d->dir_slots[i].de,
			    sizeof(struct tmpfs_dirent) +
				d->dir_slots[i].de->td_len);
	}
	if (d->dir_slots != NULL)
		tmpfs_free(
		    tm, d->dir_slots, d->dir_slotsize * sizeof(*d->dir_slots));
	if (d->dir_hash != NULL)
		tmpfs_free(
		    tm, d->dir_hash, d->dir_hashsize * sizeof(*d->dir_hash));
	memset(d, 0, sizeof(*d));
}

/* One record out; 0 (with *full when it does not fit). */
static int
emit(struct uio *uio, ino_t ino, enum vtype type, const char *name, size_t len,
    bool *full)
{
	static const uint8_t dtypes[] = {
		[VREG] = DT_REG,
		[VDIR] = DT_DIR,
		[VBLK] = DT_BLK,
		[VCHR] = DT_CHR,
		[VLNK] = DT_LNK,
		[VSOCK] = DT_SOCK,
		[VFIFO] = DT_FIFO,
	};
	struct dirent de;
	size_t reclen = (offsetof(struct dirent, d_name) + len + 1 + 7) &
	    ~(size_t)7;

	*full = reclen > uio->uio_resid;
	if (*full)
		return 0;
	memset(&de, 0, reclen);
	de.d_fileno = ino;
	de.d_reclen = (uint16_t)reclen;
	de.d_namlen = (uint16_t)len;
	de.d_type = dtypes[type];
	memcpy(de.d_name, name, len);
	return uiomove(&de, reclen, uio);
}

int
tmpfs_dir_read(struct tmpfs_node *dn, bool dots, struct uio *uio, bool *eof)
{
	struct tmpfs_dir *d = &dn->u.dir;
	uint64_t at = (uint64_t)uio->uio_offset;
	struct tmpfs_dirent *de;
	bool full = false;
	int error = 0;
	size_t i;

	*eof = false;
	if (dots && at == 0) {
		error = emit(uio, dn->tn_ino, VDIR, ".", 1, &full);
		if (error == 0 && !full)
			at = 1;
	}
	if (dots && error == 0 && !full && at == 1) {
		error = emit(uio,
		    (d->dir_parent == NULL ? dn : d->dir_parent)->tn_ino, VDIR,
		    "..", 2, &full);
		if (error == 0 && !full)
			at = 2;
	}
	for (i = slot_at(d, at); error == 0 && !full && i < d->dir_nslots; i++) {
		de = d->dir_slots[i].de;
		if (de == NULL)
			continue;
		error = emit(uio, de->td_node->tn_ino, de->td_node->tn_type,
		    de->td_name, de->td_len, &full);
		if (error == 0 && !full)
			at = de->td_cookie + 1;
	}
	if (error == 0 && !full)
		*eof = true;
	uio->uio_offset = (off_t)at;
	return error;
}
