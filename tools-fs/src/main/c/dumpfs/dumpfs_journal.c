/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dumpfs -j: the WAPBL journal.
 *
 * It begins with two commit headers, one valid (wapbl(4); layouts in <netbsd/ffs.h>). Behind them is a circle in which
 * records stand one after the other from the tail to the head: lists of blocks, each followed by the blocks; revocations;
 * lists of inodes. A record's wc_len tells where the next begins.
 */
#include "dumpfs/dumpfs.h"
#include "tools.h"
#include <inttypes.h>
#include <string.h>

struct journal {
	int64_t base; /* bytes */
	uint32_t blksize;
	int64_t size;
};

struct header {
	uint32_t version, checksum, generation, fsid[2], log_bshift, fs_bshift;
	int32_t len;
	int64_t time, head, tail, circ_off, circ_size;
	uint32_t nsec;
};

static bool
find_journal(struct dumpfs *d, struct journal *j)
{
	const uint64_t *at = d->fs.fs_journallocs;
	uint64_t blksize, base, size;

	if (d->fs.fs_journal_location != UFS_WAPBL_JOURNALLOC_END_PARTITION &&
	    d->fs.fs_journal_location != UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM)
		return false;
	/* Both places tell address, count and block size in the same order. */
	blksize = at[UFS_WAPBL_INFS_BLKSZ];
	if (blksize < 512 || blksize > FFS_MAXBSIZE ||
	    (blksize & (blksize - 1)) != 0 ||
	    __builtin_mul_overflow(at[UFS_WAPBL_INFS_ADDR], blksize, &base) ||
	    __builtin_mul_overflow(at[UFS_WAPBL_INFS_COUNT], blksize, &size) ||
	    base > INT64_MAX / 2 || size > INT64_MAX / 2) {
		dumpfs_bad(d, "journal's place is damaged");
		return false;
	}
	j->base = (int64_t)base;
	j->size = (int64_t)size;
	j->blksize = (uint32_t)blksize;
	return true;
}

static bool
get_header(const uint8_t *p, bool swapped, struct header *h)
{
	if (ffs_get32(p + WC_HEADER_OFF(wc_type), swapped) != WAPBL_WC_HEADER)
		return false;
	h->len = (int32_t)ffs_get32(p + WC_HEADER_OFF(wc_len), swapped);
	h->checksum = ffs_get32(p + WC_HEADER_OFF(wc_checksum), swapped);
	h->generation = ffs_get32(p + WC_HEADER_OFF(wc_generation), swapped);
	h->fsid[0] = ffs_get32(p + WC_HEADER_OFF(wc_fsid), swapped);
	h->fsid[1] = ffs_get32(p + WC_HEADER_OFF(wc_fsid) + 4, swapped);
	h->time = (int64_t)ffs_get64(p + WC_HEADER_OFF(wc_time), swapped);
	h->nsec = ffs_get32(p + WC_HEADER_OFF(wc_timensec), swapped);
	h->version = ffs_get32(p + WC_HEADER_OFF(wc_version), swapped);
	h->log_bshift = ffs_get32(p + WC_HEADER_OFF(wc_log_dev_bshift), swapped);
	h->fs_bshift = ffs_get32(p + WC_HEADER_OFF(wc_fs_dev_bshift), swapped);
	h->head = (int64_t)ffs_get64(p + WC_HEADER_OFF(wc_head), swapped);
	h->tail = (int64_t)ffs_get64(p + WC_HEADER_OFF(wc_tail), swapped);
	h->circ_off = (int64_t)ffs_get64(
	    p + WC_HEADER_OFF(wc_circ_off), swapped);
	h->circ_size = (int64_t)ffs_get64(
	    p + WC_HEADER_OFF(wc_circ_size), swapped);
	return true;
}

static void
print_header(struct dumpfs *d, const struct header *h)
{
	struct tool *t = d->t;

	t_printf(t, "  type header len %" PRId32 "  version %" PRIu32 "\n",
	    h->len, h->version);
	t_printf(t, "  checksum    0x%08" PRIx32 "  generation %9" PRIu32 "\n",
	    h->checksum, h->generation);
	t_printf(t,
	    "  fsid %08" PRIx32 " %08" PRIx32 "  time %" PRId64 ".%09" PRIu32
	    "\n",
	    h->fsid[0], h->fsid[1], h->time, h->nsec);
	t_printf(t, "  log_bshift %11" PRIu32 "  fs_bshift %10" PRIu32 "\n",
	    h->log_bshift, h->fs_bshift);
	t_printf(
	    t, "  head %17" PRId64 "  tail %15" PRId64 "\n", h->head, h->tail);
	t_printf(t, "  circ_off %13" PRId64 "  circ_size %10" PRId64 "\n",
	    h->circ_off, h->circ_size);
}

/* The header in force: its numbers make sense, and it is the newer one. */
static bool
usable(const struct journal *j, const struct header *h)
{
	int64_t end;

	return h->log_bshift >= 9 && h->log_bshift <= 16 && h->circ_size > 0 &&
	    h->circ_off > 0 &&
	    !__builtin_add_overflow(h->circ_off, h->circ_size, &end) &&
	    end <= j->size && h->head >= h->circ_off && h->head <= end &&
	    h->tail >= h->circ_off && h->tail <= end &&
	    h->circ_size % (1 << h->log_bshift) == 0;
}

/* A record at byte `off` of the journal: one line, and the length to the next; 0 when it is none. */
static int64_t
print_record(
    struct dumpfs *d, const struct journal *j, const uint8_t *p, int64_t off)
{
	uint32_t type = ffs_get32(p, d->swapped),
		 count = ffs_get32(
		     p + WC_BLOCKLIST_OFF(wc_blkcount), d->swapped);
	int32_t len = (int32_t)ffs_get32(p + 4, d->swapped);
	const char *name = type == WAPBL_WC_BLOCKS ? "blocks" :
	    type == WAPBL_WC_REVOCATIONS	   ? "revocations" :
	    type == WAPBL_WC_INODES		   ? "inodes" :
						     NULL;
	struct tool *t = d->t;

	if (name == NULL || len <= 0 || len > j->size)
		return 0;
	t_printf(t, "journal block %" PRId64 "\n", (j->base + off) / j->blksize);
	t_printf(t, "  type %s len %" PRId32 "  count %" PRIu32 "\n", name, len,
	    count);
	return len;
}

/* The entries of a block list or inode list, as far as they are in its first block. */
static void
print_entries(struct dumpfs *d, const uint8_t *p, uint32_t blksize)
{
	uint32_t type = ffs_get32(p, d->swapped), i,
		 count = ffs_get32(
		     p + WC_BLOCKLIST_OFF(wc_blkcount), d->swapped);
	bool inodes = type == WAPBL_WC_INODES;
	uint32_t size = inodes ? 8 : 16,
		 most = (blksize - WC_BLOCKLIST_DISK_SIZE) / size;

	for (i = 0; i < count && i < most; i++) {
		const uint8_t *e = p + WC_BLOCKLIST_DISK_SIZE + (size_t)i * size;

		if (inodes)
			t_printf(d->t,
			    "    inode %" PRIu32 "  mode %" PRIo32 "\n",
			    ffs_get32(e, d->swapped),
			    ffs_get32(e + 4, d->swapped));
		else
			t_printf(d->t,
			    "    daddr %" PRId64 "  len %" PRIu32 "\n",
			    (int64_t)ffs_get64(e, d->swapped),
			    ffs_get32(e + 12, d->swapped));
	}
}

static void
print_records(struct dumpfs *d, const struct journal *j, const struct header *h)
{
	int64_t off = h->tail, end = h->circ_off + h->circ_size, left, len;
	uint32_t blksize = 1u << h->log_bshift;

	left = h->head >= h->tail ? h->head - h->tail :
				    h->circ_size - (h->tail - h->head);
	/* No head and tail: nothing to replay. */
	if (h->head == 0 || h->head == h->tail)
		return;
	for (; left > 0; left -= len, off += len) {
		if (off >= end)
			off -= h->circ_size;
		if (off % blksize != 0 ||
		    !dumpfs_read(d, d->block, blksize, j->base + off) ||
		    (len = print_record(d, j, d->block, off)) == 0) {
			dumpfs_bad(
			    d, "journal is damaged at byte %" PRId64, off);
			return;
		}
		if (d->verbose)
			print_entries(d, d->block, blksize);
	}
}

void
dumpfs_journal(struct dumpfs *d)
{
	struct header h[2];
	bool have[2] = { false, false };
	struct journal j;
	int i, best;

	if (!find_journal(d, &j))
		return;
	for (i = 0; i < 2; i++) {
		int64_t off = i == 0 ? 0 :
		    have[0] && h[0].log_bshift <= 16 && h[0].log_bshift >= 9 ?
				       (int64_t)1 << h[0].log_bshift :
				       j.blksize;

		t_printf(d->t, "journal block %" PRId64 "\n",
		    (j.base + off) / j.blksize);
		if (!dumpfs_read(d, d->block, j.blksize, j.base + off)) {
			dumpfs_bad(d, "journal cannot be read");
			return;
		}
		have[i] = get_header(d->block, d->swapped, &h[i]);
		if (have[i])
			print_header(d, &h[i]);
	}
	best = have[0] &&
		(!have[1] || (int32_t)(h[0].generation - h[1].generation) >= 0) ?
	    0 :
	    1;
	if (have[best] && usable(&j, &h[best]))
		print_records(d, &j, &h[best]);
}
