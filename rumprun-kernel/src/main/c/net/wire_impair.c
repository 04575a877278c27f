/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The in-process wire: loss, delay, reordering, repetition, damage; captures. Contract: net/if_wire.h.
 *
 * Every interface has dice of its own, which are thrown equally often for each frame that is on its way to it. So what happens to its frames depends on the
 * wire's seed and on their order alone, not on what else is going on.
 */
#include <netbsd/fcntl.h>
#include "net/pcap.h"
#include "net/wire_private.h"

#define ONWAY_MAX 16384 /* frames that are on their way to one interface */
#define REORDER_NS 1000000

/* --- frames on their way: a heap by time; p_lock --- */

static bool
before(const struct wire_delayed *a, const struct wire_delayed *b)
{
	return a->wd_due_ns != b->wd_due_ns ? a->wd_due_ns < b->wd_due_ns :
					      a->wd_serial < b->wd_serial;
}

static bool
heap_put(struct wire_port *p, int64_t due, struct mbuf *m)
{
	struct rump_kernel *k = p->p_if.if_k;
	struct wire_delayed d = { due, p->p_serial++, m };
	size_t i;

	if (p->p_count + 1 >= p->p_room) {
		size_t room = p->p_room == 0 ? 32 : p->p_room * 2;
		struct wire_delayed *heap;

		if (room > 2 * ONWAY_MAX ||
		    (heap = kmem_calloc(k, room, sizeof(*heap))) == NULL)
			return false;
		if (p->p_heap != NULL) {
			memcpy(heap, p->p_heap, p->p_room * sizeof(*heap));
			kmem_free(k, p->p_heap, p->p_room * sizeof(*heap));
		}
		p->p_heap = heap;
		p->p_room = room;
	}
	for (i = ++p->p_count; i > 1 && before(&d, &p->p_heap[i / 2]); i /= 2)
		p->p_heap[i] = p->p_heap[i / 2];
	p->p_heap[i] = d;
	return true;
}

static struct mbuf *
heap_take(struct wire_port *p)
{
	struct wire_delayed *h = p->p_heap, last;
	struct mbuf *m = h[1].wd_m;
	size_t i = 1, child;

	last = h[p->p_count--];
	while ((child = i * 2) <= p->p_count) {
		if (child < p->p_count && before(&h[child + 1], &h[child]))
			child++;
		if (!before(&h[child], &last))
			break;
		h[i] = h[child];
		i = child;
	}
	h[i] = last;
	return m;
}

/* m is taken. */
static void
send_later(struct wire_port *p, int64_t due, struct mbuf *m)
{
	if (p->p_dying || p->p_count >= ONWAY_MAX || !heap_put(p, due, m)) {
		wire_count(p->p_wire, WIRE_OVERFLOWS, 1);
		m_freem(m);
		return;
	}
	/* Without a timer nothing comes any more: the kernel halts, or has no memory. */
	if (p->p_heap[1].wd_m == m && callout_schedule_abs(&p->p_due, due) != 0) {
		while (p->p_count > 0) {
			wire_count(p->p_wire, WIRE_OVERFLOWS, 1);
			m_freem(heap_take(p));
		}
	}
}

void
wire_due(void *arg)
{
	struct wire_port *p = arg;
	struct rump_kernel *k = p->p_if.if_k;
	int64_t now = kern_uptime_ns(k);
	struct mbuf *m;

	kmutex_enter(&p->p_lock);
	while (!p->p_dying && p->p_count > 0 && p->p_heap[1].wd_due_ns <= now) {
		m = heap_take(p);
		kmutex_exit(&p->p_lock);
		wire_deliver(p, m);
		kmutex_enter(&p->p_lock);
	}
	if (!p->p_dying && p->p_count > 0 &&
	    callout_schedule_abs(&p->p_due, p->p_heap[1].wd_due_ns) != 0)
		while (p->p_count > 0)
			m_freem(heap_take(p));
	kmutex_exit(&p->p_lock);
	net_run(k);
}

void
wire_flush(struct wire_port *p)
{
	kmutex_enter(&p->p_lock);
	p->p_dying = true;
	kmutex_exit(&p->p_lock);
	callout_halt(&p->p_due);
	while (p->p_count > 0)
		m_freem(heap_take(p));
	if (p->p_heap != NULL)
		kmem_free(
		    p->p_if.if_k, p->p_heap, p->p_room * sizeof(*p->p_heap));
}

/* --- what happens to a frame --- */

static bool
thrown(struct wire_port *p, uint32_t ppm)
{
	return wire_dice(&p->p_dice) % 1000000 < ppm;
}

/* A bit of it becomes another. */
static struct mbuf *
damage(struct mbuf *m, uint64_t where)
{
	struct mbuf *copy = m_dup(m, 0);
	size_t at = 0;
	struct mbuf *piece;

	m_freem(m);
	if (copy == NULL)
		return NULL;
	piece = m_getptr(copy, where / 8 % copy->m_pkthdr.len, &at);
	if (piece != NULL)
		piece->m_data[at] ^= (uint8_t)(1 << where % 8);
	return copy;
}

/* When a frame that is sent now arrives. p_lock. */
static int64_t
arrival(struct wire_port *p, const struct mbuf *m, uint64_t dice, bool held)
{
	const struct wire_params *wp = &p->p_wire->w_params;
	int64_t now = kern_uptime_ns(p->p_if.if_k), due = now;

	if (wp->wp_rate_bps != 0) {
		if (p->p_free_ns > due)
			due = p->p_free_ns;
		due += (int64_t)((uint64_t)m->m_pkthdr.len * 8 * 1000000000 /
		    wp->wp_rate_bps);
		p->p_free_ns = due;
	}
	due += wp->wp_delay_ns;
	if (wp->wp_jitter_ns > 0)
		due += (int64_t)(dice % ((uint64_t)wp->wp_jitter_ns + 1));
	if (held)
		due += wp->wp_jitter_ns > 0 ? wp->wp_jitter_ns : REORDER_NS;
	return due;
}

static void
send_one(struct wire_port *p, struct mbuf *m, int64_t due, bool now)
{
	if (now)
		wire_deliver(p, m);
	else
		send_later(p, due, m);
}

void
wire_impair(struct wire_port *p, struct mbuf *m)
{
	struct wire *w = p->p_wire;
	const struct wire_params *wp = &w->w_params;
	bool loss, twice, held, bad, now;
	uint64_t where, dice;
	struct mbuf *copy;
	int64_t due;

	kmutex_enter(&p->p_lock);
	loss = thrown(p, wp->wp_loss);
	twice = thrown(p, wp->wp_duplicate);
	bad = thrown(p, wp->wp_corrupt);
	held = thrown(p, wp->wp_reorder);
	where = wire_dice(&p->p_dice);
	dice = wire_dice(&p->p_dice);
	wire_count(w, WIRE_LOST, loss);
	if (loss) {
		kmutex_exit(&p->p_lock);
		m_freem(m);
		return;
	}
	wire_count(w, WIRE_CORRUPTED, bad);
	wire_count(w, WIRE_REORDERED, held);
	now = !held && wp->wp_delay_ns == 0 && wp->wp_jitter_ns == 0 &&
	    wp->wp_rate_bps == 0;
	if (bad && (m = damage(m, where)) == NULL) {
		kmutex_exit(&p->p_lock);
		return;
	}
	due = now ? 0 : arrival(p, m, dice, held);
	copy = twice ? m_copym(m, 0, M_COPYALL) : NULL;
	send_one(p, m, due, now);
	if (copy != NULL) {
		wire_count(w, WIRE_DUPLICATED, 1);
		send_one(p, copy, due, now);
	}
	kmutex_exit(&p->p_lock);
}

/* --- captures --- */

static void
show_file(struct wire *w, int64_t time_ns, const void *frame, size_t len)
{
	uint8_t h[PCAP_RECORD_SIZE];
	struct iovec iov[2];

	pcap_record_header(h, (uint32_t)(time_ns / 1000000000),
	    (uint32_t)(time_ns % 1000000000), (uint32_t)len, (uint32_t)len);
	iov[0].iov_base = h;
	iov[0].iov_len = sizeof(h);
	iov[1].iov_base = (void *)(uintptr_t)frame;
	iov[1].iov_len = len;
	if (host_linux.pwritev(w->w_capfd, iov, 2, w->w_capoff) ==
	    (ssize_t)(sizeof(h) + len))
		w->w_capoff += (int64_t)(sizeof(h) + len);
}

void
wire_show(struct wire *w, const struct mbuf *m, int64_t time_ns)
{
	size_t len = m->m_pkthdr.len;
	void *copy = NULL;
	const void *frame = m->m_data;

	if (m->m_next != NULL) {
		if ((copy = host_malloc(len)) == NULL)
			return;
		m_copydata(m, 0, len, copy);
		frame = copy;
	}
	kmutex_enter(&w->w_caplock);
	if (w->w_capfd != -1)
		show_file(w, time_ns, frame, len);
	else if (w->w_capture != NULL)
		w->w_capture(w->w_capctx, time_ns, frame, len);
	kmutex_exit(&w->w_caplock);
	host_free(copy);
}

static void
set_capture(struct wire *w, wire_capture_fn *fn, void *ctx, int fd)
{
	kmutex_enter(&w->w_caplock);
	if (w->w_capfd != -1)
		(void)host_linux.close(w->w_capfd);
	w->w_capture = fn;
	w->w_capctx = ctx;
	w->w_capfd = fd;
	w->w_capoff = PCAP_FILE_SIZE;
	atomic_store(&w->w_captured, fn != NULL || fd != -1);
	kmutex_exit(&w->w_caplock);
}

void
wire_capture(struct wire *w, wire_capture_fn *fn, void *ctx)
{
	set_capture(w, fn, ctx, -1);
}

int
wire_capture_file(struct wire *w, const char *path)
{
	uint8_t h[PCAP_FILE_SIZE];
	struct iovec iov = { h, sizeof(h) };
	ssize_t n;
	int error, fd;

	if (path == NULL) {
		set_capture(w, NULL, NULL, -1);
		return 0;
	}
	error = host_linux.open(
	    path, O_WRONLY | HOST_O_CREAT | HOST_O_TRUNC, 0644, &fd);
	if (error != 0)
		return error;
	pcap_file_header(h, PCAP_MAGIC_NS, 262144);
	n = host_linux.pwritev(fd, &iov, 1, 0);
	if (n != (ssize_t)sizeof(h)) {
		(void)host_linux.close(fd);
		return n < 0 ? (int)n : -EIO;
	}
	set_capture(w, NULL, NULL, fd);
	return 0;
}
