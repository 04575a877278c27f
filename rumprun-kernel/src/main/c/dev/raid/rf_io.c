/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transfers of a set: requests cut at groups of stripes, and reading.
 *
 * What lies on one column is read with one call, straight into the request's memory. A dead column's part is made of what the others have at the same
 * place: of the request's own memory where that was asked for as well, and of what is read beside it.
 */
#include <netbsd/fcntl.h>
#include "dev/raid/rf_var.h"

#define NVEC 64
#define SMALL_HOLE ((uint64_t)16 << 10) /* is read through */

/* --- a request's memory ------------------------------------------------------------- */

int
rf_mem_vec(struct rf_mem *m, uint64_t at, uint64_t n, struct iovec *out,
    int max, uint64_t *np)
{
	int cnt = 0;

	if (at < m->m_base) {
		m->m_at = 0;
		m->m_base = 0;
	}
	while (m->m_at < m->m_cnt && at - m->m_base >= m->m_iov[m->m_at].iov_len)
		m->m_base += m->m_iov[m->m_at++].iov_len;
	*np = 0;
	for (int i = m->m_at; i < m->m_cnt && cnt < max && *np < n; i++) {
		uint64_t skip = cnt == 0 && i == m->m_at ? at - m->m_base : 0;
		uint64_t len = m->m_iov[i].iov_len - skip;

		if (len > n - *np)
			len = n - *np;
		if (len == 0)
			continue;
		out[cnt].iov_base = (uint8_t *)m->m_iov[i].iov_base + skip;
		out[cnt++].iov_len = (size_t)len;
		*np += len;
	}
	return cnt;
}

void
rf_mem_get(struct rf_mem *m, uint64_t at, void *buf, size_t n)
{
	uint8_t *p = buf;
	struct iovec v;
	uint64_t got;

	while (n > 0 && rf_mem_vec(m, at, n, &v, 1, &got) == 1) {
		memcpy(p, v.iov_base, v.iov_len);
		p += v.iov_len;
		at += v.iov_len;
		n -= v.iov_len;
	}
}

void
rf_mem_put(struct rf_mem *m, uint64_t at, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	struct iovec v;
	uint64_t got;

	while (n > 0 && rf_mem_vec(m, at, n, &v, 1, &got) == 1) {
		memcpy(v.iov_base, p, v.iov_len);
		p += v.iov_len;
		at += v.iov_len;
		n -= v.iov_len;
	}
}

static void
mem_xor(struct rf_mem *m, uint64_t at, uint8_t *acc, size_t n)
{
	struct iovec v;
	uint64_t got;

	while (n > 0 && rf_mem_vec(m, at, n, &v, 1, &got) == 1) {
		rf_xor(acc, v.iov_base, v.iov_len);
		acc += v.iov_len;
		at += v.iov_len;
		n -= v.iov_len;
	}
}

bool
rf_req_unit(const struct rf_req *q, uint64_t stripe, unsigned unit,
    uint64_t *lo, uint64_t *hi)
{
	const struct rf_set *r = q->q_r;
	uint64_t begin = (stripe * r->r_ndata + unit) * r->r_su;
	uint64_t end = q->q_off + q->q_n;

	if (unit >= r->r_ndata || end <= begin || q->q_off >= begin + r->r_su)
		return false;
	*lo = q->q_off > begin ? q->q_off - begin : 0;
	*hi = end - begin < r->r_su ? end - begin : r->r_su;
	return true;
}

uint64_t
rf_req_at(const struct rf_req *q, uint64_t stripe, unsigned unit, uint64_t pos)
{
	const struct rf_set *r = q->q_r;

	return (stripe * r->r_ndata + unit) * r->r_su + pos - q->q_base;
}

/* --- reading ------------------------------------------------------------------------ */

/* What is read of one column in one call. */
struct run {
	struct rf_set *r;
	struct rf_comp *comp;
	unsigned col;
	int cnt;
	uint64_t begin, end; /* places on the component */
	struct iovec v[NVEC];
};

/* 0; -EAGAIN: the component is out, and the set goes on; -EIO. */
static int
run_flush(struct run *u)
{
	int error;

	if (u->cnt == 0)
		return 0;
	error = rf_comp_io(u->r, u->comp, u->v, u->cnt, u->begin, false);
	u->cnt = 0;
	if (error == 0)
		return 0;
	return rf_comp_failed(u->r, u->col, u->comp) ? -EAGAIN : -EIO;
}

/* Makes place for `n` vectors that begin at `begin`; what lies between, if little, goes into `hole`. */
static int
run_extend(struct run *u, struct rf_comp *comp, uint64_t begin, uint8_t *hole)
{
	uint64_t gap = begin - u->end;
	int error = 0;

	if (u->cnt > 0 &&
	    (comp != u->comp || begin < u->end || u->cnt + 2 > NVEC ||
		(gap > 0 && (hole == NULL || gap > SMALL_HOLE))))
		error = run_flush(u);
	if (u->cnt == 0) {
		u->comp = comp;
		u->begin = u->end = begin;
	} else if (gap > 0) {
		u->v[u->cnt].iov_base = hole;
		u->v[u->cnt++].iov_len = (size_t)gap;
		u->end = begin;
	}
	return error;
}

static int
run_memory(struct run *u, struct rf_req *q, struct rf_comp *comp,
    uint64_t begin, uint64_t at, uint64_t n, uint8_t *hole)
{
	int error;

	while (n > 0) {
		uint64_t got;

		if ((error = run_extend(u, comp, begin, hole)) != 0)
			return error;
		u->cnt += rf_mem_vec(
		    &q->q_mem, at, n, u->v + u->cnt, NVEC - u->cnt, &got);
		if (got == 0)
			return -EFAULT;
		u->end += got;
		begin += got;
		at += got;
		n -= got;
	}
	return 0;
}

static int
run_buffer(
    struct run *u, struct rf_comp *comp, uint64_t begin, uint8_t *p, uint64_t n)
{
	int error = run_extend(u, comp, begin, NULL);

	if (error != 0)
		return error;
	u->v[u->cnt].iov_base = p;
	u->v[u->cnt++].iov_len = (size_t)n;
	u->end += n;
	return 0;
}

/* Where a dead unit's part is made: in the request's memory, when that is in one piece; or else in the buffer's unit. */
static uint8_t *
sum_place(struct rf_req *q, uint64_t s, unsigned unit, uint64_t lo, uint64_t hi,
    uint8_t *buf)
{
	struct iovec v;
	uint64_t got;

	return rf_mem_vec(&q->q_mem, rf_req_at(q, s, unit, lo), hi - lo, &v, 1,
		   &got) == 1 &&
		got == hi - lo ?
	    v.iov_base :
	    buf + lo;
}

/*
 * All that is asked for of one column. `dead` is the column that is to be made up for (-1: none): then parity of stripes where it has a part
 * is read as well, to its place in `parity`. A mirror's copy is what was asked for.
 */
static int
read_column(struct rf_req *q, unsigned col, int dead, uint64_t s0, uint64_t s1,
    uint8_t *hole, uint8_t *parity)
{
	struct rf_set *r = q->q_r;
	struct run u = { .r = r, .col = col };
	uint64_t lo, hi;
	int error = 0;

	for (uint64_t s = s0; s < s1 && error == 0; s++) {
		unsigned unit = rf_unit(r, s, col);
		struct rf_comp *comp;

		if (unit < r->r_ndata) {
			if (!rf_req_unit(q, s, unit, &lo, &hi))
				continue;
			if ((comp = rf_server(r, col, s)) == NULL)
				return dead < 0 ? -EAGAIN : -EIO;
			error = run_memory(&u, q, comp, s * r->r_su + lo,
			    rf_req_at(q, s, unit, lo), hi - lo, hole);
			continue;
		}
		if (dead < 0 ||
		    !rf_req_unit(q, s, rf_unit(r, s, (unsigned)dead), &lo, &hi))
			continue;
		if ((comp = rf_server(r, col, s)) == NULL)
			return -EIO;
		if (r->r_ndata == 1)
			error = run_memory(&u, q, comp, s * r->r_su + lo,
			    rf_req_at(q, s, 0, lo), hi - lo, NULL);
		else
			error = run_buffer(&u, comp, s * r->r_su + lo,
			    sum_place(q, s, rf_unit(r, s, (unsigned)dead), lo,
				hi, parity + (s - s0) * r->r_su),
			    hi - lo);
	}
	return error != 0 ? error : run_flush(&u);
}

/* The dead column's part of a stripe: parity, and the other units: from the request, or read. */
static int
make_up(
    struct rf_req *q, uint64_t s, unsigned unit, uint8_t *parity, uint8_t *buf)
{
	struct rf_set *r = q->q_r;
	uint64_t lo, hi, lo2, hi2;
	uint8_t *acc;

	if (!rf_req_unit(q, s, unit, &lo, &hi))
		return 0;
	acc = sum_place(q, s, unit, lo, hi, parity);
	for (unsigned j = 0; j < r->r_ndata; j++) {
		unsigned col = rf_column(r, s, j);
		struct rf_comp *comp = rf_server(r, col, s);
		struct iovec v = { buf, (size_t)(hi - lo) };

		if (j == unit)
			continue;
		if (rf_req_unit(q, s, j, &lo2, &hi2) && lo2 <= lo && hi2 >= hi) {
			mem_xor(
			    &q->q_mem, rf_req_at(q, s, j, lo), acc, v.iov_len);
			continue;
		}
		if (comp == NULL)
			return -EIO;
		if (rf_comp_io(r, comp, &v, 1, s * r->r_su + lo, false) != 0)
			return rf_comp_failed(r, col, comp) ? -EAGAIN : -EIO;
		rf_xor(acc, buf, v.iov_len);
	}
	if (acc == parity + lo)
		rf_mem_put(&q->q_mem, rf_req_at(q, s, unit, lo), acc,
		    (size_t)(hi - lo));
	return 0;
}

/* With a column dead, and the group's lock. */
static int
read_degraded(struct rf_req *q, unsigned dead, uint64_t s0, uint64_t s1)
{
	struct rf_set *r = q->q_r;
	uint8_t *buf = rf_buf_get(r), *parity = buf + r->r_bufcol;
	int error = 0;

	for (unsigned c = 0; c < r->r_ncols && error == 0; c++)
		if (c != dead)
			error = read_column(
			    q, c, (int)dead, s0, s1, NULL, parity);
	for (uint64_t s = s0; s < s1 && error == 0 && r->r_ndata > 1; s++) {
		unsigned unit = rf_unit(r, s, dead);

		if (unit < r->r_ndata)
			error = make_up(
			    q, s, unit, parity + (s - s0) * r->r_su, buf);
	}
	rf_buf_put(r, buf);
	return error;
}

/* Was something asked for that is on a dead column? */
static bool
misses(const struct rf_req *q, int dead, uint64_t s0, uint64_t s1)
{
	uint64_t lo, hi;

	for (uint64_t s = s0; s < s1 && dead >= 0; s++)
		if (rf_req_unit(
			q, s, rf_unit(q->q_r, s, (unsigned)dead), &lo, &hi))
			return true;
	return false;
}

static int
read_live(struct rf_req *q, uint64_t s0, uint64_t s1)
{
	struct rf_set *r = q->q_r;
	uint8_t hole[SMALL_HOLE];
	int error = 0;

	for (unsigned c = 0; c < r->r_ncols && error == 0; c++)
		error = read_column(q, c, -1, s0, s1,
		    r->r_su <= SMALL_HOLE ? hole : NULL, NULL);
	return error;
}

static int
read_part(struct rf_req *q)
{
	struct rf_set *r = q->q_r;
	uint64_t stripe = r->r_su * r->r_ndata;
	uint64_t s0 = q->q_off / stripe;
	uint64_t s1 = (q->q_off + q->q_n - 1) / stripe + 1;
	int error, dead;

	if (!misses(q, rf_deadcol(r, s0), s0, s1)) {
		error = read_live(q, s0, s1);
		if (error != -EAGAIN)
			return error;
	}
	/* Each try that does not come to an end has made a component fail. */
	krwlock_rdlock(rf_stripelock(r, s0));
	do {
		dead = rf_deadcol(r, s0);
		error = misses(q, dead, s0, s1) ?
		    read_degraded(q, (unsigned)dead, s0, s1) :
		    read_live(q, s0, s1);
	} while (error == -EAGAIN);
	krwlock_unlock(rf_stripelock(r, s0));
	return error;
}

/* --- requests ------------------------------------------------------------------------ */

static int
by_groups(struct rf_set *r, const struct iovec *iov, int cnt, uint64_t off,
    uint64_t n, int (*part)(struct rf_req *))
{
	uint64_t group = r->r_su * r->r_ndata * r->r_group, end = off + n;
	struct rf_req q = {
		.q_r = r,
		.q_mem = { .m_iov = iov, .m_cnt = cnt },
		.q_base = off,
	};
	int error = 0;

	while (off < end && error == 0) {
		uint64_t left = group - off % group;

		q.q_off = off;
		q.q_n = left < end - off ? left : end - off;
		error = part(&q);
		off += q.q_n;
	}
	return error;
}

static uint64_t
total(const struct iovec *iov, int cnt)
{
	uint64_t n = 0;

	for (int i = 0; i < cnt; i++)
		n += iov[i].iov_len;
	return n;
}

int
rf_readv(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	struct disk *dk = d->b_priv;
	struct rf_set *r = dk->dk_priv;
	uint64_t n = total(iov, cnt);
	int error;

	krwlock_rdlock(&r->r_lock);
	if (!r->r_configured)
		error = -ENXIO;
	else if (off % r->r_secsize != 0 || n % r->r_secsize != 0)
		error = -EINVAL;
	else
		error = by_groups(r, iov, cnt, off, n, read_part);
	krwlock_unlock(&r->r_lock);
	atomic_fetch_add_explicit(&r->r_naccesses, 1, memory_order_relaxed);
	return error;
}

int
rf_writev(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	struct disk *dk = d->b_priv;
	struct rf_set *r = dk->dk_priv;
	uint64_t n = total(iov, cnt);
	int error;

	krwlock_rdlock(&r->r_lock);
	if (!r->r_configured) {
		error = -ENXIO;
	} else if (off % r->r_secsize != 0 || n % r->r_secsize != 0) {
		error = -EINVAL;
	} else if (n == 0) {
		error = 0;
	} else if ((error = rf_pm_begin(r, off, n)) == 0) {
		error = by_groups(r, iov, cnt, off, n, rf_write_part);
		rf_pm_end(r, off, n);
	}
	krwlock_unlock(&r->r_lock);
	atomic_fetch_add_explicit(&r->r_naccesses, 1, memory_order_relaxed);
	return error;
}

int
rf_dsync(struct blkdev *d)
{
	struct disk *dk = d->b_priv;
	struct rf_set *r = dk->dk_priv;
	int error;

	krwlock_rdlock(&r->r_lock);
	error = r->r_configured ? rf_sync(r) : -ENXIO;
	krwlock_unlock(&r->r_lock);
	return error;
}
