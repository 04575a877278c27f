/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus of shmif: lock, ring, frames. Contract: net/if_shmif_bus.h; layout and rules: NetBSD's bus of version 3.
 *
 * Offsets count from the start of the ring; D is its size, H that of a frame's header. A frame is followed by the next one at
 * (offset + H + length) mod D. `last` is the newest frame, `first` the oldest one that is whole, or D on a bus that has not come round yet; gen counts
 * the rounds. A reader has a position and the round that he is in: he has caught up when he is where the next frame will begin.
 */
#include "host/netdev.h"
#include "net/if_shmif_bus.h"

#define D BUSMEM_DATASIZE
#define H ((uint32_t)sizeof(struct shmif_pkthdr))
#define SPINS 1001
#define YIELDS 20
#define SKIPS 64 /* frames passed by under one lock */

static inline uint32_t
get(_Atomic uint32_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static inline void
set(_Atomic uint32_t *p, uint32_t v)
{
	atomic_store_explicit(p, v, memory_order_relaxed);
}

/* --- the ring --- */

static void
ring_read(const struct shmif_mem *bus, uint32_t off, void *buf, uint32_t n)
{
	uint32_t part = D - off < n ? D - off : n;

	memcpy(buf, bus->shm_data + off, part);
	if (part < n)
		memcpy((uint8_t *)buf + part, bus->shm_data, n - part);
}

/* Where the next byte goes. */
static uint32_t
ring_write(struct shmif_mem *bus, uint32_t off, const void *buf, uint32_t n)
{
	uint32_t part = D - off < n ? D - off : n;

	if (n == 0)
		return off;
	memcpy(bus->shm_data + off, buf, part);
	if (part < n)
		memcpy(bus->shm_data, (const uint8_t *)buf + part, n - part);
	return off + n >= D ? off + n - D : off + n;
}

/* The length of the frame at off (0..D); false: that is none. */
static bool
frame_len(const struct shmif_mem *bus, uint32_t off, uint32_t *lenp)
{
	if (off > D)
		return false;
	ring_read(bus, off, lenp, sizeof(*lenp));
	return *lenp <= SHMIF_MAXFRAME;
}

static inline uint32_t
next(uint32_t off, uint32_t len)
{
	return (off + H + len) % D;
}

/* --- the lock --- */

/* What a holder who is at work changes sooner or later. */
struct progress {
	uint32_t first, last, lock, owner;
	uint64_t gen;
	int64_t waited_ms;
};

static uint32_t
patience(uint32_t owner)
{
	if (owner == 0)
		return SHMIF_STEAL_UNKNOWN;
	return netdev_process_lives(owner) ? SHMIF_STEAL_ALIVE :
					     SHMIF_STEAL_DEAD;
}

/* Sleeps a moment. True: nothing has happened for so long that the holder is taken for dead. */
static bool
nap(struct shmif_mem *bus, struct progress *p)
{
	struct progress now = { get(&bus->shm_first), get(&bus->shm_last),
		get(&bus->shm_lock), get(&bus->shm_owner),
		atomic_load_explicit(&bus->shm_gen, memory_order_relaxed),
		p->waited_ms };

	if (now.first != p->first || now.last != p->last || now.gen != p->gen ||
	    now.lock != p->lock || now.owner != p->owner)
		now.waited_ms = 0;
	*p = now;
	host_sleep_ns(1000000);
	p->waited_ms++;
	return (p->waited_ms & 15) == 0 && p->waited_ms >= patience(p->owner);
}

/* After a holder died in the middle: is the newest frame one at all? If not it becomes an empty one. */
static void
repair(struct shmif_mem *bus)
{
	struct shmif_pkthdr empty;
	uint32_t last = get(&bus->shm_last), first = get(&bus->shm_first), len;

	memset(&empty, 0, sizeof(empty));
	if (last >= D) {
		last = 0;
		set(&bus->shm_last, 0);
		set(&bus->shm_first, D);
		(void)ring_write(bus, 0, &empty, H);
	} else if (!frame_len(bus, last, &len)) {
		if (ring_write(bus, last, &empty, H) < last)
			atomic_fetch_add(&bus->shm_gen, 1);
	}
	if (first > D || !frame_len(bus, first, &len))
		set(&bus->shm_first, last == 0 ? D : last);
}

/* What stands in the lock word while the caller has it, for unlock. */
static uint32_t
lock(struct shmif_bus *b)
{
	struct shmif_mem *bus = b->b_mem;
	struct progress p = { 0 };
	uint32_t v, mine;
	int rounds = 0;

	for (;;) {
		for (int i = 0; i < SPINS; i++) {
			v = get(&bus->shm_lock);
			if (v == 0 &&
			    atomic_compare_exchange_strong_explicit(
				&bus->shm_lock, &v, 1, memory_order_acquire,
				memory_order_relaxed)) {
				set(&bus->shm_owner, b->b_pid);
				return 1;
			}
			__builtin_ia32_pause();
		}
		/* A holder who has lost his processor gets it back soon, if he is let. */
		if (rounds++ < YIELDS) {
			host_yield();
			continue;
		}
		if (!nap(bus, &p))
			continue;
		/*
		 * Taken over by making another nonzero value of it, which only one can do. NetBSD waits for 0 and so doesn't mind which it is.
		 */
		v = p.lock;
		mine = v >= UINT32_MAX - 1 ? 2 : v + 1;
		if (v != 0 &&
		    atomic_compare_exchange_strong_explicit(&bus->shm_lock, &v,
			mine, memory_order_acquire, memory_order_relaxed)) {
			set(&bus->shm_owner, b->b_pid);
			repair(bus);
			return mine;
		}
	}
}

static void
unlock(struct shmif_bus *b, uint32_t mine)
{
	struct shmif_mem *bus = b->b_mem;

	set(&bus->shm_owner, 0);
	/* Unless it was taken over, because we were asleep for long. */
	(void)atomic_compare_exchange_strong_explicit(&bus->shm_lock, &mine, 0,
	    memory_order_release, memory_order_relaxed);
}

/* --- writing --- */

/*
 * Moves `first` out of [off, off + n), where n <= D - off. Each step is a frame further, at most as far as the end of the ring, so
 * that it ends. `keep`: the newest frame, where first goes when what is there is no frame.
 */
static uint32_t
make_way(const struct shmif_mem *bus, uint32_t first, uint32_t off, uint32_t n,
    uint32_t keep)
{
	uint32_t len;

	if (off + n == D)
		n++;
	while (off <= first + H && off + n > first) {
		if (!frame_len(bus, first, &len))
			return keep;
		first = next(first, len);
		if (first < off)
			break;
	}
	return first;
}

void
shmif_bus_write(struct shmif_bus *b, const void *header, uint32_t hlen,
    const struct mbuf *m, uint32_t moff, uint32_t len, uint64_t sender,
    int64_t uptime_ns)
{
	struct shmif_mem *bus = b->b_mem;
	struct shmif_pkthdr h;
	uint32_t mine, first, last, lastlen, off, total = H + hlen + len, part;

	memset(&h, 0, sizeof(h));
	h.sp_len = hlen + len;
	h.sp_sec = (uint32_t)(uptime_ns / 1000000000);
	h.sp_usec = (uint32_t)(uptime_ns % 1000000000 / 1000);
	h.sp_sender = sender;
	mine = lock(b);
	last = get(&bus->shm_last);
	first = get(&bus->shm_first);
	if (last >= D || first > D || !frame_len(bus, last, &lastlen)) {
		repair(bus);
		last = get(&bus->shm_last) % D;
		first = get(&bus->shm_first) % (D + 1);
		lastlen = 0;
	}
	off = next(last, lastlen);
	part = D - off < total ? D - off : total;
	first = make_way(bus, first, off, part, last);
	if (part < total)
		first = make_way(bus, first, 0, total - part, last);
	set(&bus->shm_first, first);
	set(&bus->shm_last, off);
	part = ring_write(bus, off, &h, H);
	part = ring_write(bus, part, header, hlen);
	for (; m != NULL && len > 0; m = m->m_next) {
		uint32_t n;

		if (moff >= m->m_len) {
			moff -= m->m_len;
			continue;
		}
		n = m->m_len - moff < len ? m->m_len - moff : len;
		part = ring_write(bus, part, m->m_data + moff, n);
		len -= n;
		moff = 0;
	}
	if (off + total >= D)
		atomic_fetch_add(&bus->shm_gen, 1);
	unlock(b, mine);
}

/* --- reading --- */

int
shmif_bus_init(struct shmif_bus *b)
{
	struct shmif_mem *bus = b->b_mem;
	uint32_t mine, magic = get(&bus->shm_magic);
	int error = 0;

	if (magic != 0 && magic != SHMIF_MAGIC)
		return -ENOEXEC;
	mine = lock(b);
	magic = get(&bus->shm_magic);
	if (magic == 0) {
		set(&bus->shm_first, D);
		set(&bus->shm_magic, SHMIF_MAGIC);
	} else if (magic != SHMIF_MAGIC)
		error = -ENOEXEC;
	unlock(b, mine);
	return error;
}

void
shmif_bus_restart(struct shmif_bus *b)
{
	struct shmif_mem *bus = b->b_mem;
	uint32_t mine;

	/* Cut in the middle of the first words: those are lost, the lock among them. */
	if (get(&bus->shm_magic) != SHMIF_MAGIC) {
		set(&bus->shm_lock, 0);
		set(&bus->shm_owner, 0);
		set(&bus->shm_last, 0);
		set(&bus->shm_magic, 0);
	}
	mine = lock(b);
	if (get(&bus->shm_magic) == 0 || get(&bus->shm_last) == 0) {
		set(&bus->shm_first, D);
		set(&bus->shm_magic, SHMIF_MAGIC);
	}
	repair(bus);
	unlock(b, mine);
}

/* The lock is held. Behind everything that is there. */
static void
catch_up(struct shmif_mem *bus, struct shmif_reader *r)
{
	uint32_t last = get(&bus->shm_last), len;

	r->sr_seenlast = last;
	r->sr_seengen = atomic_load_explicit(
	    &bus->shm_gen, memory_order_relaxed);
	r->sr_gen = r->sr_seengen;
	if (last >= D)
		last = 0;
	r->sr_pos = frame_len(bus, last, &len) ? next(last, len) : last;
}

void
shmif_bus_join(struct shmif_bus *b, struct shmif_reader *r)
{
	struct shmif_mem *bus = b->b_mem;
	uint32_t mine = lock(b);

	catch_up(bus, r);
	unlock(b, mine);
}

enum place { CAUGHT_UP, FRAME, OVERRUN, NONSENSE };

/* Where the reader is in relation to what the bus says; *leftp: bytes from there to where the next frame will begin. */
static enum place
find_place(struct shmif_mem *bus, const struct shmif_reader *r, uint32_t *leftp)
{
	uint32_t first = get(&bus->shm_first), last = get(&bus->shm_last);
	uint64_t gen = atomic_load_explicit(&bus->shm_gen, memory_order_relaxed);
	uint64_t lag = gen - r->sr_gen;
	uint32_t len, p = r->sr_pos, l;

	if (last >= D || first > D || !frame_len(bus, last, &len))
		return NONSENSE;
	l = next(last, len);
	if (lag == 0 && l == p)
		return CAUGHT_UP;
	if (lag > 1)
		return OVERRUN;
	*leftp = (l + D - p) % D;
	if (first >= l) {
		l += D;
		if (lag == 0)
			p += D;
	} else if (lag != 0)
		return OVERRUN;
	return first <= p && p <= l ? FRAME : OVERRUN;
}

/* To the oldest frame. */
static void
start_over(struct shmif_mem *bus, struct shmif_reader *r)
{
	uint32_t first = get(&bus->shm_first), last = get(&bus->shm_last), len;
	uint64_t gen = atomic_load_explicit(&bus->shm_gen, memory_order_relaxed);

	if (last >= D || first >= D) { /* the start of the first round */
		r->sr_pos = 0;
		r->sr_gen = gen;
		return;
	}
	r->sr_pos = first;
	/*
	 * What is there goes over the end of the ring: the reader is still in the round before.
	 */
	r->sr_gen = first >= (frame_len(bus, last, &len) ? next(last, len) : 0) ?
	    gen - 1 :
	    gen;
}

static bool
wanted(const struct shmif_mem *bus, const struct shmif_pkthdr *h, uint32_t data,
    const struct shmif_want *w)
{
	uint8_t dest[6];

	if (h->sp_len < 14 || h->sp_sender == w->sw_self)
		return false;
	if (w->sw_promisc)
		return true;
	ring_read(bus, data, dest, sizeof(dest));
	return (dest[0] & 1) != 0 || memcmp(dest, w->sw_lladdr, 6) == 0;
}

/* The lock is held. As shmif_bus_read; one frame. */
static int
read_one(struct shmif_mem *bus, struct shmif_reader *r,
    const struct shmif_want *w, uint8_t *buf, uint64_t *lostp)
{
	struct shmif_pkthdr h;
	uint32_t left = 0, data;
	enum place place = find_place(bus, r, &left);
	bool take;

	if (place == OVERRUN) {
		++*lostp;
		start_over(bus, r);
		place = find_place(bus, r, &left);
		if (place == OVERRUN)
			place = NONSENSE;
	}
	if (place == FRAME) {
		ring_read(bus, r->sr_pos, &h, H);
		if (h.sp_len > SHMIF_MAXFRAME || left < H + h.sp_len)
			place = NONSENSE;
	}
	if (place != FRAME) {
		*lostp += place == NONSENSE;
		catch_up(bus, r);
		return 0;
	}
	data = (r->sr_pos + H) % D;
	take = wanted(bus, &h, data, w);
	if (take)
		ring_read(bus, data, buf, h.sp_len);
	if (r->sr_pos + H + h.sp_len >= D)
		r->sr_gen++;
	r->sr_pos = next(r->sr_pos, h.sp_len);
	return take ? (int)h.sp_len : -EAGAIN;
}

int
shmif_bus_read(struct shmif_bus *b, struct shmif_reader *r,
    const struct shmif_want *w, uint8_t *buf, uint64_t *lostp)
{
	struct shmif_mem *bus = b->b_mem;
	uint32_t mine = lock(b);
	int n, skipped = 0;

	do
		n = read_one(bus, r, w, buf, lostp);
	while (n == -EAGAIN && ++skipped < SKIPS);
	unlock(b, mine);
	return n;
}
