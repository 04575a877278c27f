/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck_ffs and the journal: replayed onto the disk, or under -n into memory.
 *
 * The layout is that of wapbl(4) (<netbsd/ffs.h>); its numbers stand in the order of the host that wrote it. A log that
 * makes no sense is left alone, with a word: the phases then mend what it would have.
 */
#include "fsck_ffs/fsck_ffs.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_FLAGS (UFS_WAPBL_FLAGS_CREATE_LOG | UFS_WAPBL_FLAGS_CLEAR_LOG)

struct sector {
	int64_t off, at; /* on the disk; in the log, -1: revoked */
	size_t seq;
};

struct log {
	struct fsck *f;
	int64_t base, size, head, tail, circ_off, circ_size;
	uint32_t lbs, unit, generation;
	bool swapped;
	struct sector *v;
	size_t n, max;
};

static bool
locate(struct fsck *f, struct log *l)
{
	const uint64_t *at = f->fs.fs_journallocs;
	uint64_t blksize = at[UFS_WAPBL_INFS_BLKSZ], base, size, end,
		 limit = fsbtobyte(&f->fs, f->fs.fs_size);

	if (f->fs.fs_journal_location == UFS_WAPBL_JOURNALLOC_END_PARTITION &&
	    f->device_bytes > 0)
		limit = (uint64_t)f->device_bytes;
	else if (f->fs.fs_journal_location != UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM)
		return false;
	if (blksize < 512 || blksize > FFS_MAXBSIZE ||
	    (blksize & (blksize - 1)) != 0 ||
	    __builtin_mul_overflow(at[UFS_WAPBL_INFS_ADDR], blksize, &base) ||
	    __builtin_mul_overflow(at[UFS_WAPBL_INFS_COUNT], blksize, &size) ||
	    __builtin_add_overflow(base, size, &end) || end > limit ||
	    size < 4 * blksize)
		return false;
	l->f = f;
	l->base = (int64_t)base;
	l->size = (int64_t)size;
	l->lbs = (uint32_t)blksize;
	return true;
}

static bool
read_header(struct log *l, int which, struct log *out)
{
	uint8_t p[512];
	uint32_t shift;
	bool s;

	if (!fsck_read(l->f, p, sizeof(p), l->base + which * (int64_t)l->lbs))
		return false;
	s = ffs_get32(p, false) != WAPBL_WC_HEADER;
	if (ffs_get32(p, s) != WAPBL_WC_HEADER ||
	    ffs_get32(p + WC_HEADER_OFF(wc_version), s) != UFS_WAPBL_VERSION)
		return false;
	*out = *l;
	out->swapped = s;
	out->generation = ffs_get32(p + WC_HEADER_OFF(wc_generation), s);
	shift = ffs_get32(p + WC_HEADER_OFF(wc_log_dev_bshift), s);
	if (shift < 9 || shift > 16 || 1u << shift != l->lbs)
		return false;
	shift = ffs_get32(p + WC_HEADER_OFF(wc_fs_dev_bshift), s);
	if (shift < 9 || shift > 16)
		return false;
	out->unit = 1u << shift;
	out->head = (int64_t)ffs_get64(p + WC_HEADER_OFF(wc_head), s);
	out->tail = (int64_t)ffs_get64(p + WC_HEADER_OFF(wc_tail), s);
	out->circ_off = (int64_t)ffs_get64(p + WC_HEADER_OFF(wc_circ_off), s);
	out->circ_size = (int64_t)ffs_get64(p + WC_HEADER_OFF(wc_circ_size), s);
	if (out->circ_off < 2 * (int64_t)l->lbs ||
	    out->circ_size < (int64_t)l->lbs || out->circ_off > l->size ||
	    out->circ_size > l->size - out->circ_off ||
	    out->circ_off % l->lbs != 0 || out->circ_size % l->lbs != 0)
		return false;
	if (out->head == out->tail)
		return true;
	return out->head >= out->circ_off && out->tail >= out->circ_off &&
	    out->head < out->circ_off + out->circ_size &&
	    out->tail < out->circ_off + out->circ_size &&
	    out->head % l->lbs == 0 && out->tail % l->lbs == 0;
}

static int64_t
forward(const struct log *l, int64_t at, int64_t n)
{
	at += n;
	return at >= l->circ_off + l->circ_size ? at - l->circ_size : at;
}

/* A list of blocks, or of revoked ones. */
static bool
add_blocks(struct log *l, const uint8_t *p, int64_t at, int64_t len, bool revoke)
{
	int64_t count = (int32_t)ffs_get32(p + 8, l->swapped), data = l->lbs, i,
		j,
		limit = l->f->device_bytes > 0 ?
	    l->f->device_bytes :
	    (int64_t)fsbtobyte(&l->f->fs, l->f->fs.fs_size);

	if (count < 0 || count > (int64_t)(l->lbs - 16) / 16)
		return false;
	for (i = 0; i < count; i++) {
		const uint8_t *e = p + 16 + i * 16;
		int64_t dlen = (int32_t)ffs_get32(e + 12, l->swapped);
		uint64_t off;

		if (__builtin_mul_overflow(
			ffs_get64(e, l->swapped), (uint64_t)l->unit, &off) ||
		    off > (uint64_t)limit || dlen < 0 ||
		    dlen > limit - (int64_t)off || dlen > l->size ||
		    (!revoke && dlen > len - data))
			return false;
		for (j = 0; j + 512 <= dlen; j += 512) {
			/* No more than what a whole log holds, revoked or not. */
			if (l->n > (size_t)(l->size / 512) * 64)
				return false;
			if (l->n == l->max) {
				l->max = l->max > 0 ? l->max * 2 : 256;
				l->v = t_realloc(
				    l->f->t, l->v, l->max * sizeof(*l->v));
			}
			l->v[l->n].off = (int64_t)off + j;
			l->v[l->n].at = revoke ? -1 : forward(l, at, data + j);
			l->v[l->n].seq = l->n;
			l->n++;
		}
		if (!revoke)
			data += (dlen + l->lbs - 1) & ~((int64_t)l->lbs - 1);
	}
	return true;
}

static bool
scan_log(struct log *l)
{
	int64_t at = l->tail, left = l->head - l->tail, len;
	uint8_t *p = t_malloc(l->f->t, l->lbs);
	bool ok = true;

	if (left < 0)
		left += l->circ_size;
	for (; left > 0 && ok; at = forward(l, at, len), left -= len) {
		uint32_t type;

		ok = fsck_read(l->f, p, l->lbs, l->base + at);
		type = ffs_get32(p, l->swapped);
		len = (int32_t)ffs_get32(p + 4, l->swapped);
		if (len < (int64_t)l->lbs || len % l->lbs != 0 || len > left)
			ok = false;
		else if (type == WAPBL_WC_BLOCKS || type == WAPBL_WC_REVOCATIONS)
			ok = ok &&
			    add_blocks(
				l, p, at, len, type == WAPBL_WC_REVOCATIONS);
		else if (type != WAPBL_WC_INODES)
			ok = false;
		if (!ok)
			break;
	}
	t_free(l->f->t, p);
	return ok;
}

static int
by_off(const void *a, const void *b)
{
	const struct sector *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* The newest contents of each sector. */
static void
apply(struct log *l)
{
	struct fsck *f = l->f;
	struct patch *v;
	uint8_t *data;
	size_t i, n = 0;

	if (l->n == 0)
		return;
	qsort(l->v, l->n, sizeof(*l->v), by_off);
	v = t_calloc(f->t, l->n, sizeof(*v));
	for (i = 0; i < l->n; i++) {
		if ((i + 1 < l->n && l->v[i + 1].off == l->v[i].off) ||
		    l->v[i].at < 0)
			continue;
		data = t_malloc(f->t, 512);
		fsck_read(f, data, 512, l->base + l->v[i].at);
		v[n].off = l->v[i].off;
		v[n++].data = data;
	}
	if (!f->writable) {
		f->patches = v;
		f->npatches = n;
		return;
	}
	for (i = 0; i < n; i++)
		fsck_write(f, v[i].data, 512, v[i].off);
}

/* Both headers say that the log is empty. */
static void
clear(struct log *l)
{
	uint8_t p[512];
	int i;

	for (i = 0; i < 2; i++) {
		if (!fsck_read(
			l->f, p, sizeof(p), l->base + i * (int64_t)l->lbs))
			return;
		ffs_put64(p + WC_HEADER_OFF(wc_head), 0, l->swapped);
		ffs_put64(p + WC_HEADER_OFF(wc_tail), 0, l->swapped);
		fsck_write(l->f, p, sizeof(p), l->base + i * (int64_t)l->lbs);
	}
}

/* The superblock may have been in the log. */
static void
reread(struct fsck *f)
{
	struct fs fs;
	bool swapped;

	if (!fsck_read(f, f->sbraw, SBLOCKSIZE, f->sbloc) ||
	    ffs_sb_decode(f->sbraw, SBLOCKSIZE, &fs, &swapped) != 0 ||
	    swapped != f->swapped || fs.fs_size != f->raw.fs_size ||
	    fs.fs_ncg != f->raw.fs_ncg)
		return;
	f->raw = fs;
	f->fs.fs_clean = fs.fs_clean;
	f->fs.fs_cstotal = fs.fs_cstotal;
	f->fs.fs_time = fs.fs_time;
}

void
fsck_journal(struct fsck *f)
{
	struct log l, h[2];
	bool have[2];
	int best;

	memset(&l, 0, sizeof(l));
	if (f->old)
		return;
	if ((f->fs.fs_journal_flags & ~(uint32_t)KNOWN_FLAGS) != 0) {
		pfatal(f, "INVALID JOURNAL FLAGS %" PRId32,
		    (int32_t)f->fs.fs_journal_flags);
		if (!reply(f, "CONTINUE"))
			giveup(f, EEXIT);
		t_printf(f->t, "CLEARING JOURNAL FLAGS\n");
		f->fs.fs_journal_flags = 0;
		f->fs.fs_journal_version = 0;
		f->fs.fs_journal_location = UFS_WAPBL_JOURNALLOC_NONE;
		memset(f->fs.fs_journallocs, 0, sizeof(f->fs.fs_journallocs));
		f->sbdirty = true;
		return;
	}
	if ((f->fs.fs_flags & FS_DOWAPBL) == 0 || (f->preen && !f->force) ||
	    (f->fs.fs_clean & FS_ISCLEAN) != 0)
		return;
	if (!f->quiet)
		pwarn(f, "** File system is journaled; replaying journal\n");
	if (!locate(f, &l)) {
		pwarn(f, "** Journal is damaged; not replayed\n");
		return;
	}
	have[0] = read_header(&l, 0, &h[0]);
	have[1] = read_header(&l, 1, &h[1]);
	if (!have[0] && !have[1]) {
		pwarn(f, "** Journal is damaged; not replayed\n");
		return;
	}
	best = !have[0] ||
		(have[1] && (int32_t)(h[1].generation - h[0].generation) > 0) ?
	    1 :
	    0;
	l = h[best];
	if (l.head == l.tail)
		return;
	if (!scan_log(&l)) {
		pwarn(f, "** Journal is damaged; not replayed\n");
		return;
	}
	apply(&l);
	if (f->writable)
		clear(&l);
	reread(f);
}
