/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing. All that is to be written is in buffers of the set before the first byte is: nobody changes it between its parity and its way out, and
 * when a component fails in the middle the others are finished, so that the stripe is consistent without it.
 */
#include "dev/raid/rf_var.h"

#define PIECE ((uint64_t)8 << 10)
/* From so many bytes on two threads are faster than one. */
#define MUCH ((uint64_t)256 << 10)

/* Writes that go out: bits of columns whose component failed. */
struct outcome {
	_Atomic uint64_t failed;
	struct rf_comp *comp[RF_MAXCOL];
};

/* A column's bytes, to its server, and to a target that is being filled. */
static void
put(struct rf_set *r, unsigned col, uint64_t stripe, uint64_t off, void *p,
    uint64_t n, struct outcome *o)
{
	struct rf_comp *comp = rf_server(r, col, stripe);
	struct rf_comp *target = r->r_cols[col].rc_target;
	struct iovec v = { p, (size_t)n };

	if (comp == NULL)
		return;
	if (rf_comp_io(r, comp, &v, 1, off, true) != 0) {
		o->comp[col] = comp;
		atomic_fetch_or(&o->failed, (uint64_t)1 << col);
	}
	if (target != NULL && target != comp &&
	    stripe < atomic_load(&r->r_cols[col].rc_done) &&
	    rf_comp_io(r, target, &v, 1, off, true) != 0)
		(void)rf_comp_failed(r, col, target);
}

static int
settle(struct rf_set *r, struct outcome *o)
{
	int error = 0;

	for (unsigned c = 0; c < r->r_ncols; c++)
		if ((atomic_load(&o->failed) >> c & 1) != 0 &&
		    !rf_comp_failed(r, c, o->comp[c]))
			error = -EIO;
	return error;
}

/* A piece of a unit out of memory, and into parity (NULL: there is none). The first one begins it. */
static void
gather(struct rf_req *q, uint64_t at, uint8_t *unit, uint8_t *parity,
    bool first, uint64_t n)
{
	struct iovec v;
	uint64_t got;

	for (; n > 0 && rf_mem_vec(&q->q_mem, at, n, &v, 1, &got) == 1;
	     at += got, n -= got) {
		if (parity == NULL || first)
			memcpy(unit, v.iov_base, v.iov_len);
		else
			rf_copyxor(unit, parity, v.iov_base, v.iov_len);
		if (parity != NULL && first)
			memcpy(parity, unit, v.iov_len);
		unit += got;
		parity = parity != NULL ? parity + got : NULL;
	}
}

/* Whole stripes in a buffer, on their way. */
struct whole {
	struct rf_set *r;
	uint64_t s0, s1;
	uint8_t *buf;
	struct outcome *o;
};

static void
put_column(void *arg, unsigned col)
{
	struct whole *w = arg;

	put(w->r, col, w->s0, w->s0 * w->r->r_su, w->buf + col * w->r->r_bufcol,
	    (w->s1 - w->s0) * w->r->r_su, w->o);
}

/* Whole stripes: as the columns will have them, side by side in the buffer. Piece by piece, so that parity's stays in the nearest cache. */
static int
write_full(struct rf_req *q, uint64_t s0, uint64_t s1, uint8_t *buf)
{
	struct rf_set *r = q->q_r;
	struct outcome o = { 0 };
	struct whole w = { r, s0, s1, buf, &o };
	struct rf_fan fan = {
		.f_fn = put_column, .f_arg = &w, .f_n = r->r_ncols
	};
	uint64_t su = r->r_su, n;

	for (uint64_t s = s0; s < s1; s++) {
		uint8_t *row = buf + (s - s0) * su;
		uint8_t *parity = rf_redundant(r) ?
		    row + rf_column(r, s, r->r_ndata) * r->r_bufcol :
		    NULL;

		for (uint64_t i = 0; i < su; i += n) {
			n = su - i < PIECE ? su - i : PIECE;
			for (unsigned j = 0; j < r->r_ndata; j++)
				gather(q, rf_req_at(q, s, j, i),
				    row + rf_column(r, s, j) * r->r_bufcol + i,
				    parity != NULL ? parity + i : NULL, j == 0,
				    n);
		}
	}
	rf_fan_run(r, &fan, (s1 - s0) * su * r->r_ncols >= MUCH);
	return settle(r, &o);
}

/* --- a part of a stripe ---------------------------------------------------------------- */

struct partial {
	struct rf_req *q;
	uint64_t s;
	uint64_t lo,
	    hi; /* places of a unit that parity changes at: from the first to the last */
	uint8_t *buf; /* a unit for each column, r_bufcol apart */
	int dead;
};

static uint8_t *
unit_buf(const struct partial *p, unsigned unit)
{
	struct rf_set *r = p->q->q_r;

	return p->buf + rf_column(r, p->s, unit) * r->r_bufcol;
}

static int
fetch(struct partial *p, unsigned unit, uint64_t lo, uint64_t hi)
{
	struct rf_set *r = p->q->q_r;
	unsigned col = rf_column(r, p->s, unit);
	struct rf_comp *comp = rf_server(r, col, p->s);
	struct iovec v = { unit_buf(p, unit) + lo, (size_t)(hi - lo) };

	if (hi <= lo)
		return 0;
	/* It died since p->dead was looked up: another way is due. */
	if (comp == NULL)
		return -EAGAIN;
	if (rf_comp_io(r, comp, &v, 1, p->s * r->r_su + lo, false) == 0)
		return 0;
	return rf_comp_failed(r, col, comp) ? -EAGAIN : -EIO;
}

/* What is written, over what the buffer has. */
static void
overlay(struct partial *p, unsigned unit)
{
	uint64_t lo, hi;

	if (rf_req_unit(p->q, p->s, unit, &lo, &hi))
		rf_mem_get(&p->q->q_mem, rf_req_at(p->q, p->s, unit, lo),
		    unit_buf(p, unit) + lo, (size_t)(hi - lo));
}

/* Parity of all units in the buffer. */
static void
sum(struct partial *p)
{
	struct rf_set *r = p->q->q_r;
	uint8_t *parity = unit_buf(p, r->r_ndata) + p->lo;
	size_t n = (size_t)(p->hi - p->lo);

	memcpy(parity, unit_buf(p, 0) + p->lo, n);
	for (unsigned j = 1; j < r->r_ndata; j++)
		rf_xor(parity, unit_buf(p, j) + p->lo, n);
}

/* Old parity, less what was there, plus what comes. Units that are not written need not be read. */
static int
read_modify(struct partial *p)
{
	struct rf_set *r = p->q->q_r;
	uint8_t *parity = unit_buf(p, r->r_ndata);
	uint64_t lo, hi;
	int error = fetch(p, r->r_ndata, p->lo, p->hi);

	for (unsigned j = 0; j < r->r_ndata && error == 0; j++)
		if (rf_req_unit(p->q, p->s, j, &lo, &hi))
			error = fetch(p, j, lo, hi);
	if (error != 0)
		return error;
	for (unsigned j = 0; j < r->r_ndata; j++) {
		if (!rf_req_unit(p->q, p->s, j, &lo, &hi))
			continue;
		rf_xor(parity + lo, unit_buf(p, j) + lo, (size_t)(hi - lo));
		overlay(p, j);
		rf_xor(parity + lo, unit_buf(p, j) + lo, (size_t)(hi - lo));
	}
	return 0;
}

/* Parity anew from what is written and what stays of the units. */
static int
reconstruct(struct partial *p)
{
	struct rf_set *r = p->q->q_r;
	int error = 0;

	for (unsigned j = 0; j < r->r_ndata && error == 0; j++) {
		uint64_t lo = p->hi, hi = p->hi;

		(void)rf_req_unit(p->q, p->s, j, &lo, &hi);
		error = fetch(p, j, p->lo, lo);
		if (error == 0)
			error = fetch(p, j, hi, p->hi);
	}
	if (error != 0)
		return error;
	for (unsigned j = 0; j < r->r_ndata; j++)
		overlay(p, j);
	sum(p);
	return 0;
}

/* The dead unit is written in part: what it has besides must be known. */
static int
reconstruct_dead(struct partial *p, unsigned dead)
{
	struct rf_set *r = p->q->q_r;
	uint8_t *lost = unit_buf(p, dead) + p->lo;
	size_t n = (size_t)(p->hi - p->lo);
	int error = 0;

	for (unsigned j = 0; j <= r->r_ndata && error == 0; j++)
		if (j != dead)
			error = fetch(p, j, p->lo, p->hi);
	if (error != 0)
		return error;
	memcpy(lost, unit_buf(p, r->r_ndata) + p->lo, n);
	for (unsigned j = 0; j < r->r_ndata; j++)
		if (j != dead)
			rf_xor(lost, unit_buf(p, j) + p->lo, n);
	for (unsigned j = 0; j < r->r_ndata; j++)
		overlay(p, j);
	sum(p);
	return 0;
}

/* Fills the buffers with what is to be written, by the way that reads least. */
static int
prepare(struct partial *p)
{
	struct rf_set *r = p->q->q_r;
	unsigned touched = 0, whole = 0, dead = 0;
	uint64_t lo, hi;
	bool dead_touched = false, dead_whole = false;

	if (p->dead >= 0)
		dead = rf_unit(r, p->s, (unsigned)p->dead);
	for (unsigned j = 0; j < r->r_ndata; j++) {
		if (!rf_req_unit(p->q, p->s, j, &lo, &hi))
			continue;
		touched++;
		if (lo <= p->lo && hi >= p->hi)
			whole++;
		if (p->dead >= 0 && j == dead) {
			dead_touched = true;
			dead_whole = lo <= p->lo && hi >= p->hi;
		}
	}
	if (p->dead >= 0 && dead == r->r_ndata) { /* there is no parity */
		for (unsigned j = 0; j < r->r_ndata; j++)
			overlay(p, j);
		return 0;
	}
	if (p->dead >= 0 && !dead_touched)
		return read_modify(p);
	if (p->dead >= 0 && !dead_whole)
		return reconstruct_dead(p, dead);
	if (p->dead < 0 && touched + 1 < r->r_ndata - whole)
		return read_modify(p);
	return reconstruct(p);
}

static int
write_partial(struct rf_req *q, uint64_t s, uint8_t *buf)
{
	struct rf_set *r = q->q_r;
	struct partial p = { .q = q, .s = s, .lo = r->r_su, .buf = buf };
	struct outcome o = { 0 };
	uint64_t lo, hi;
	int error;

	for (unsigned j = 0; j < r->r_ndata; j++) {
		if (!rf_req_unit(q, s, j, &lo, &hi))
			continue;
		p.lo = lo < p.lo ? lo : p.lo;
		p.hi = hi > p.hi ? hi : p.hi;
	}
	do {
		p.dead = rf_deadcol(r, s);
		error = prepare(&p);
	} while (error == -EAGAIN);
	if (error != 0)
		return error;
	for (unsigned j = 0; j < r->r_ndata; j++)
		if (rf_req_unit(q, s, j, &lo, &hi))
			put(r, rf_column(r, s, j), s, s * r->r_su + lo,
			    unit_buf(&p, j) + lo, hi - lo, &o);
	put(r, rf_column(r, s, r->r_ndata), s, s * r->r_su + p.lo,
	    unit_buf(&p, r->r_ndata) + p.lo, p.hi - p.lo, &o);
	return settle(r, &o);
}

/* Without redundancy: straight from memory. */
static int
write_plain(struct rf_req *q, uint64_t s, uint8_t *buf)
{
	struct rf_set *r = q->q_r;
	struct outcome o = { 0 };
	uint64_t lo, hi;

	for (unsigned j = 0; j < r->r_ndata; j++) {
		if (!rf_req_unit(q, s, j, &lo, &hi))
			continue;
		rf_mem_get(
		    &q->q_mem, rf_req_at(q, s, j, lo), buf, (size_t)(hi - lo));
		put(r, j, s, s * r->r_su + lo, buf, hi - lo, &o);
	}
	return settle(r, &o);
}

/* A stripe that is not written whole, and those that are, in order. */
static int
write_stripes(struct rf_req *q, uint8_t *buf)
{
	struct rf_set *r = q->q_r;
	uint64_t stripe = r->r_su * r->r_ndata, end = q->q_off + q->q_n;
	uint64_t s0 = q->q_off / stripe, s1 = (end - 1) / stripe + 1;
	uint64_t f0 = q->q_off % stripe == 0 ? s0 : s0 + 1, f1 = end / stripe;
	int (*part)(struct rf_req *, uint64_t,
	    uint8_t *) = rf_redundant(r) ? write_partial : write_plain;
	int error = 0;

	if (f0 > s0)
		error = part(q, s0, buf);
	if (error == 0 && f1 > f0)
		error = write_full(q, f0, f1, buf);
	if (error == 0 && s1 > f1 && f1 >= f0)
		error = part(q, f1, buf);
	return error;
}

int
rf_write_part(struct rf_req *q)
{
	struct rf_set *r = q->q_r;
	uint64_t s0 = q->q_off / (r->r_su * r->r_ndata);
	uint8_t *buf;
	int error;

	if (rf_redundant(r))
		krwlock_wrlock(rf_stripelock(r, s0));
	buf = rf_buf_get(r);
	error = write_stripes(q, buf);
	rf_buf_put(r, buf);
	if (rf_redundant(r))
		krwlock_unlock(rf_stripelock(r, s0));
	return error;
}
