/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a journal back: every record from tail to head, in memory; then its blocks are laid over what is read, or written to their places.
 *
 * A map leads from each 512-byte piece of the device to where the log has its newest contents. A revocation takes pieces out of it: what was freed must not be
 * written over by what stood there before. Nothing of the log is trusted: places, lengths and counts are checked where they are read.
 */
#include "vfs/wapbl.h"
#include "vfs/wapbl_format.h"

#define LOG_MAX ((int64_t)1 << 30)

struct piece {
	uint64_t p_blk; /* + 1; 0: none */
	int64_t p_at;	/* in the log; -1: revoked */
};
struct orphan {
	uint32_t o_ino, o_mode;
};
struct wapbl_replay {
	struct rump_kernel *r_k;
	struct wapbl_io r_io;
	uint64_t r_off;
	struct wc_header r_h;
	uint32_t r_lbs, r_unit;
	struct piece *r_map;
	size_t r_nmap, r_used;
	struct orphan *r_orphans;
	size_t r_norphans, r_maxorphans;
};

static size_t
slot_of(const struct wapbl_replay *r, uint64_t blk)
{
	size_t i = (size_t)((blk * 0x9e3779b97f4a7c15ULL) >> 20) &
	    (r->r_nmap - 1);

	while (r->r_map[i].p_blk != 0 && r->r_map[i].p_blk != blk + 1)
		i = (i + 1) & (r->r_nmap - 1);
	return i;
}

static int
map_grow(struct wapbl_replay *r)
{
	struct piece *old = r->r_map;
	size_t n = r->r_nmap;

	if (n != 0 && r->r_used < n / 2)
		return 0;
	r->r_nmap = n == 0 ? 1024 : n * 2;
	r->r_map = kmem_calloc(r->r_k, r->r_nmap, sizeof(*r->r_map));
	if (r->r_map == NULL) {
		r->r_map = old;
		r->r_nmap = n;
		return -ENOMEM;
	}
	memset(r->r_map, 0, r->r_nmap * sizeof(*r->r_map));
	for (size_t i = 0; i < n; i++)
		if (old[i].p_blk != 0)
			r->r_map[slot_of(r, old[i].p_blk - 1)] = old[i];
	if (n != 0)
		kmem_free(r->r_k, old, n * sizeof(*old));
	return 0;
}

/* at -1: revokes what is known. */
static int
map_set(struct wapbl_replay *r, uint64_t blk, int64_t at)
{
	size_t i;
	int error;

	if (r->r_nmap != 0) {
		i = slot_of(r, blk);
		if (r->r_map[i].p_blk != 0) {
			r->r_map[i].p_at = at;
			return 0;
		}
	}
	if (at < 0)
		return 0;
	if ((error = map_grow(r)) != 0)
		return error;
	i = slot_of(r, blk);
	r->r_map[i].p_blk = blk + 1;
	r->r_map[i].p_at = at;
	r->r_used++;
	return 0;
}

/* A place in the circle, n bytes on. n is not more than the circle. */
static int64_t
forward(const struct wapbl_replay *r, int64_t at, int64_t n)
{
	at += n;
	if (at >= r->r_h.h_circoff + r->r_h.h_circsize)
		at -= r->r_h.h_circsize;
	return at;
}

static int
log_read(const struct wapbl_replay *r, void *buf, size_t n, int64_t at)
{
	int64_t left = r->r_h.h_circoff + r->r_h.h_circsize - at;
	size_t part = (int64_t)n < left ? n : (size_t)left;
	int error;

	error = r->r_io.read(r->r_io.ctx, buf, part, r->r_off + (uint64_t)at);
	if (error == 0 && part < n)
		error = r->r_io.read(r->r_io.ctx, (uint8_t *)buf + part,
		    n - part, r->r_off + (uint64_t)r->r_h.h_circoff);
	return error;
}

/* --- records ---------------------------------------------------------------------------------------------------------- */

static int
blocks_record(struct wapbl_replay *r, const uint8_t *p, int64_t at, int64_t len,
    bool revoke)
{
	int64_t count = (int32_t)wc_get32(p + 8), data = r->r_lbs;
	int error = 0;

	if (count < 0 ||
	    count > (int64_t)(r->r_lbs - WC_LIST_LEN) / WC_BLOCK_LEN)
		return -EINVAL;
	for (int64_t i = 0; i < count && error == 0; i++) {
		const uint8_t *e = p + WC_LIST_LEN + i * WC_BLOCK_LEN;
		uint64_t blk = wc_get64(e), off;
		int64_t dlen = (int32_t)wc_get32(e + 12);

		if (dlen < 0 || __builtin_mul_overflow(blk, r->r_unit, &off) ||
		    off % WC_UNIT != 0 || off > r->r_io.device_size ||
		    (uint64_t)dlen > r->r_io.device_size - off ||
		    (!revoke && dlen > len - data))
			return -EINVAL;
		for (int64_t j = 0; j < dlen && error == 0; j += WC_UNIT)
			error = map_set(r, (off + (uint64_t)j) / WC_UNIT,
			    revoke ? -1 : forward(r, at, data + j));
		if (!revoke)
			data += (dlen + r->r_lbs - 1) & ~((int64_t)r->r_lbs - 1);
	}
	return error;
}

static int
add_orphan(struct wapbl_replay *r, uint32_t ino, uint32_t mode)
{
	struct orphan *p;
	size_t max;

	if (r->r_norphans == r->r_maxorphans) {
		max = r->r_maxorphans == 0 ? 64 : r->r_maxorphans * 2;
		if ((p = kmem_calloc(r->r_k, max, sizeof(*p))) == NULL)
			return -ENOMEM;
		if (r->r_norphans > 0) {
			memcpy(p, r->r_orphans, r->r_norphans * sizeof(*p));
			kmem_free(
			    r->r_k, r->r_orphans, r->r_maxorphans * sizeof(*p));
		}
		r->r_orphans = p;
		r->r_maxorphans = max;
	}
	r->r_orphans[r->r_norphans].o_ino = ino;
	r->r_orphans[r->r_norphans++].o_mode = mode;
	return 0;
}

static int
inodes_record(struct wapbl_replay *r, const uint8_t *p)
{
	int64_t count = (int32_t)wc_get32(p + 8);
	int error = 0;

	if (count < 0 ||
	    count > (int64_t)(r->r_lbs - WC_LIST_LEN) / WC_INODE_LEN)
		return -EINVAL;
	/* The list is written whole with every commit; its first part says so. */
	if (wc_get32(p + 12) != 0)
		r->r_norphans = 0;
	for (int64_t i = 0; i < count && error == 0; i++) {
		const uint8_t *e = p + WC_LIST_LEN + i * WC_INODE_LEN;

		error = add_orphan(r, wc_get32(e), wc_get32(e + 4));
	}
	return error;
}

static int
scan(struct wapbl_replay *r)
{
	const struct wc_header *h = &r->r_h;
	int64_t at = h->h_tail, left, len;
	uint8_t *p;
	int error = 0;

	left = h->h_head - h->h_tail;
	if (left < 0)
		left += h->h_circsize;
	if ((p = kmem_alloc(r->r_k, r->r_lbs)) == NULL)
		return -ENOMEM;
	while (left > 0 && error == 0) {
		if ((error = log_read(r, p, r->r_lbs, at)) != 0)
			break;
		len = (int32_t)wc_get32(p + 4);
		if (len < (int64_t)r->r_lbs || len % r->r_lbs != 0 ||
		    len > left) {
			error = -EINVAL;
			break;
		}
		switch (wc_get32(p)) {
		case WAPBL_WC_BLOCKS:
			error = blocks_record(r, p, at, len, false);
			break;
		case WAPBL_WC_REVOCATIONS:
			error = blocks_record(r, p, at, len, true);
			break;
		case WAPBL_WC_INODES:
			error = inodes_record(r, p);
			break;
		default:
			error = -EINVAL;
			break;
		}
		at = forward(r, at, len);
		left -= len;
	}
	kmem_free(r->r_k, p, r->r_lbs);
	return error;
}

/* --- headers ---------------------------------------------------------------------------------------------------------- */

static bool
header_ok(const struct wc_header *h, uint64_t size, uint32_t lbs)
{
	int64_t end;

	if (h->h_logshift < 9 || h->h_logshift > 16 ||
	    1u << h->h_logshift != lbs || h->h_fsshift < 9 || h->h_fsshift > 16)
		return false;
	if (h->h_circoff < 2 * (int64_t)lbs || h->h_circsize < (int64_t)lbs ||
	    h->h_circoff > (int64_t)size ||
	    h->h_circsize > (int64_t)size - h->h_circoff ||
	    h->h_circoff % lbs != 0 || h->h_circsize % lbs != 0)
		return false;
	/* Empty. */
	if (h->h_head == h->h_tail)
		return true;
	end = h->h_circoff + h->h_circsize;
	return h->h_head >= h->h_circoff && h->h_head < end &&
	    h->h_tail >= h->h_circoff && h->h_tail < end &&
	    h->h_head % lbs == 0 && h->h_tail % lbs == 0;
}

/* The newer of the two headers. */
static int
read_headers(struct wapbl_replay *r, uint64_t size)
{
	uint8_t *p = kmem_alloc(r->r_k, r->r_lbs);
	bool found = false;
	int error = 0;

	if (p == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < 2 && error == 0; i++) {
		struct wc_header h;

		error = r->r_io.read(
		    r->r_io.ctx, p, r->r_lbs, r->r_off + i * r->r_lbs);
		if (error != 0 || !wc_header_decode(p, &h) ||
		    !header_ok(&h, size, r->r_lbs))
			continue;
		if (!found ||
		    (int32_t)(h.h_generation - r->r_h.h_generation) > 0)
			r->r_h = h;
		found = true;
	}
	kmem_free(r->r_k, p, r->r_lbs);
	if (error == 0 && !found)
		error = -EINVAL;
	return error;
}

int
wapbl_replay_open(struct rump_kernel *k, const struct wapbl_io *io,
    uint64_t off, uint64_t size, uint32_t devblksize, struct wapbl_replay **rp)
{
	struct wapbl_replay *r;
	int error;

	*rp = NULL;
	if (devblksize < 512 || devblksize > 65536 ||
	    (devblksize & (devblksize - 1)) != 0 || size < 4 * devblksize ||
	    size > (uint64_t)LOG_MAX || off > io->device_size ||
	    size > io->device_size - off)
		return -EINVAL;
	if ((r = kmem_zalloc(k, sizeof(*r))) == NULL)
		return -ENOMEM;
	r->r_k = k;
	r->r_io = *io;
	r->r_off = off;
	r->r_lbs = devblksize;
	if ((error = read_headers(r, size)) == 0) {
		r->r_unit = 1u << r->r_h.h_fsshift;
		error = r->r_h.h_head == r->r_h.h_tail ? -ENOENT : scan(r);
	}
	if (error != 0) {
		wapbl_replay_close(r);
		return error;
	}
	*rp = r;
	return 0;
}

int
wapbl_replay_read(struct wapbl_replay *r, void *buf, size_t n, uint64_t off)
{
	uint8_t *p = buf;
	int error, any = 0;

	if (r->r_nmap == 0 || off % WC_UNIT != 0)
		return 0;
	for (size_t done = 0; done < n; done += WC_UNIT) {
		size_t part = n - done < WC_UNIT ? n - done : WC_UNIT;
		const struct piece
		    *m = &r->r_map[slot_of(r, (off + done) / WC_UNIT)];

		if (m->p_blk == 0 || m->p_at < 0)
			continue;
		if ((error = log_read(r, p + done, part, m->p_at)) != 0)
			return error;
		any = 1;
	}
	return any;
}

int
wapbl_replay_write(struct wapbl_replay *r, bool clear)
{
	uint8_t unit[WC_UNIT];
	int error = 0;

	for (size_t i = 0; i < r->r_nmap && error == 0; i++) {
		const struct piece *m = &r->r_map[i];

		if (m->p_blk == 0 || m->p_at < 0)
			continue;
		error = log_read(r, unit, sizeof(unit), m->p_at);
		if (error == 0)
			error = r->r_io.write(r->r_io.ctx, unit, sizeof(unit),
			    (m->p_blk - 1) * WC_UNIT);
	}
	return error != 0 || !clear ? error : wapbl_replay_clear(r);
}

int
wapbl_replay_clear(struct wapbl_replay *r)
{
	uint8_t *p = kmem_alloc(r->r_k, r->r_lbs);
	int error;

	if (p == NULL)
		return -ENOMEM;
	r->r_h.h_generation++;
	r->r_h.h_head = r->r_h.h_tail = 0;
	wc_header_encode(&r->r_h, p, r->r_lbs);
	error = r->r_io.write(r->r_io.ctx, p, r->r_lbs,
	    r->r_off + (r->r_h.h_generation & 1) * r->r_lbs);
	kmem_free(r->r_k, p, r->r_lbs);
	return error;
}

int
wapbl_replay_inodes(
    struct wapbl_replay *r, int (*fn)(void *, ino_t, mode_t), void *ctx)
{
	int error = 0;

	for (size_t i = 0; i < r->r_norphans && error == 0; i++)
		error = fn(ctx, r->r_orphans[i].o_ino, r->r_orphans[i].o_mode);
	return error;
}

void
wapbl_replay_close(struct wapbl_replay *r)
{
	if (r->r_nmap != 0)
		kmem_free(r->r_k, r->r_map, r->r_nmap * sizeof(*r->r_map));
	if (r->r_maxorphans != 0)
		kmem_free(r->r_k, r->r_orphans,
		    r->r_maxorphans * sizeof(*r->r_orphans));
	kmem_free(r->r_k, r, sizeof(*r));
}
