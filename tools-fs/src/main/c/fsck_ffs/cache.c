/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck_ffs's disk: a cache of blocks that are written when they leave it or at the end.
 *
 * Blocks may overlap (a file's and a directory's claim the same fragments): a block that another size or place of was
 * changed is written before it is read again.
 */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <string.h>

#define NHASH 512

static uint32_t
hash(int64_t off)
{
	return (uint32_t)((uint64_t)off >> 9) % NHASH;
}

void
cache_init(struct fsck *f)
{
	f->hashtab = t_calloc(f->t, NHASH, sizeof(*f->hashtab));
}

/* Sectors that the journal holds newer, -n. */
static void
apply_patches(struct fsck *f, uint8_t *p, size_t n, int64_t off)
{
	size_t lo = 0, hi = f->npatches;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (f->patches[mid].off + 512 <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->npatches && f->patches[lo].off < off + (int64_t)n; lo++) {
		int64_t at = f->patches[lo].off - off;

		if (at >= 0 && at + 512 <= (int64_t)n)
			memcpy(p + at, f->patches[lo].data, 512);
	}
}

/* Names the sectors that cannot be moved. */
static void
rwerror(struct fsck *f, const char *what, int64_t off)
{
	t_flush(f->t->t_out);
	t_putc(f->t, '\n');
	pfatal(f, "CANNOT %s: BLK %" PRId64, what, off / f->sector);
	if (!reply(f, "CONTINUE"))
		giveup(f, EEXIT);
}

/* All bytes or an error: what is missing is zero. */
static bool
read_all(struct fsck *f, uint8_t *p, size_t n, int64_t off)
{
	while (n > 0) {
		ssize_t got = off < 0 ? -EINVAL :
					sys_pread(f->t, f->fd, p, n, off);

		if (got <= 0 || (size_t)got > n) {
			memset(p, 0, n);
			return false;
		}
		p += got;
		n -= (size_t)got;
		off += got;
	}
	return true;
}

bool
fsck_read(struct fsck *f, void *buf, size_t n, int64_t off)
{
	uint8_t *p = buf;
	bool ok = true;
	size_t i;

	if (read_all(f, p, n, off)) {
		apply_patches(f, p, n, off);
		return true;
	}
	rwerror(f, "READ", off);
	t_printf(f->t, "THE FOLLOWING DISK SECTORS COULD NOT BE READ:");
	for (i = 0; i < n; i += f->sector)
		if (!read_all(f, p + i, n - i < f->sector ? n - i : f->sector,
			off + (int64_t)i)) {
			t_printf(f->t, " %" PRId64 ",",
			    (off + (int64_t)i) / f->sector);
			ok = false;
		}
	t_putc(f->t, '\n');
	apply_patches(f, p, n, off);
	return ok;
}

void
fsck_write(struct fsck *f, const void *buf, size_t n, int64_t off)
{
	const uint8_t *p = buf;
	size_t i, m;

	if (!f->writable)
		return;
	f->modified = true;
	if (off >= 0 && sys_pwrite(f->t, f->fd, p, n, off) == (ssize_t)n)
		return;
	f->unresolved = true;
	rwerror(f, "WRITE", off);
	t_printf(f->t, "THE FOLLOWING SECTORS COULD NOT BE WRITTEN:");
	for (i = 0; i < n; i += m) {
		m = n - i < f->sector ? n - i : f->sector;
		if (off < 0 ||
		    sys_pwrite(f->t, f->fd, p + i, m, off + (int64_t)i) !=
			(ssize_t)m)
			t_printf(f->t, " %" PRId64 ",",
			    (off + (int64_t)i) / f->sector);
	}
	t_putc(f->t, '\n');
}

static void
unlink_lru(struct fsck *f, struct buf *b)
{
	if (b->newer != NULL)
		b->newer->older = b->older;
	else
		f->newest = b->older;
	if (b->older != NULL)
		b->older->newer = b->newer;
	else
		f->oldest = b->newer;
}

static void
link_newest(struct fsck *f, struct buf *b)
{
	b->newer = NULL;
	b->older = f->newest;
	if (f->newest != NULL)
		f->newest->newer = b;
	else
		f->oldest = b;
	f->newest = b;
}

static void
write_buf(struct fsck *f, struct buf *b)
{
	if (b->dirty)
		fsck_write(f, b->data, b->size, b->off);
	b->dirty = false;
}

static void
unhash(struct fsck *f, struct buf *b)
{
	struct buf **p = &f->hashtab[hash(b->off)];

	while (*p != b)
		p = &(*p)->hash;
	*p = b->hash;
}

static struct buf *
take(struct fsck *f)
{
	struct buf *b;

	if (f->nbufs < FSCK_BUFS) {
		b = t_calloc(f->t, 1, sizeof(*b));
		b->data = t_malloc(f->t, FFS_MAXBSIZE);
		f->nbufs++;
		return b;
	}
	b = f->oldest;
	unlink_lru(f, b);
	unhash(f, b);
	write_buf(f, b);
	return b;
}

struct buf *
getblk(struct fsck *f, int64_t frag, uint32_t size)
{
	int64_t off = (int64_t)fsbtobyte(&f->fs, frag);
	struct buf *b, *o;

	for (b = f->hashtab[hash(off)]; b != NULL; b = b->hash)
		if (b->off == off && b->size == size) {
			unlink_lru(f, b);
			link_newest(f, b);
			return b;
		}
	/* Changed under another size or place: to the disk first. */
	for (o = f->newest; o != NULL; o = o->older)
		if (o->dirty && o->off < off + size && off < o->off + o->size)
			write_buf(f, o);
	b = take(f);
	b->off = off;
	b->size = size;
	b->dirty = false;
	fsck_read(f, b->data, size, off);
	b->hash = f->hashtab[hash(off)];
	f->hashtab[hash(off)] = b;
	link_newest(f, b);
	return b;
}

/* Others that overlap it would show old contents: dropped. */
void
dirty(struct fsck *f, struct buf *b)
{
	struct buf *o, *next;

	b->dirty = true;
	for (o = f->newest; o != NULL; o = next) {
		next = o->older;
		if (o == b || o->off >= b->off + b->size ||
		    b->off >= o->off + o->size)
			continue;
		if (!f->writable) {
			/* The change is seen nowhere but here. */
			int64_t from = o->off > b->off ? o->off : b->off,
				to = o->off + o->size < b->off + b->size ?
			    o->off + o->size :
			    b->off + b->size;

			memcpy(o->data + (from - o->off),
			    b->data + (from - b->off), (size_t)(to - from));
			continue;
		}
		write_buf(f, o);
		write_buf(f, b);
		fsck_read(f, o->data, o->size, o->off);
	}
}

void
cache_flush(struct fsck *f)
{
	struct buf *b;

	for (b = f->oldest; b != NULL; b = b->newer)
		write_buf(f, b);
}

void
cache_drop(struct fsck *f)
{
	struct buf *b, *next;

	for (b = f->oldest; b != NULL; b = next) {
		next = b->newer;
		t_free(f->t, b->data);
		t_free(f->t, b);
	}
	f->oldest = f->newest = NULL;
	f->nbufs = 0;
	memset(f->hashtab, 0, NHASH * sizeof(*f->hashtab));
}
