/* SPDX-License-Identifier: BSD-2-Clause */
/* shmif: the bus against a second implementation of its description, damaged buses, dead holders of its lock. */
#include <stdatomic.h>
#include "host/netdev.h"
#include "net/if_shmif_bus.h"
#include "lib/check.h"

#define D BUSMEM_DATASIZE
#define H ((uint32_t)sizeof(struct shmif_pkthdr))

static uint64_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return n == 0 ? 0 : (uint32_t)(seed >> 33) % n;
}

static struct shmif_bus
new_bus(void)
{
	struct shmif_bus b = { aligned_alloc(64, sizeof(struct shmif_mem)),
		(uint32_t)host_getpid() };

	memset(b.b_mem, 0, sizeof(*b.b_mem));
	return b;
}

static void
put(struct shmif_bus *b, const uint8_t *frame, uint32_t len, uint64_t sender)
{
	struct mbuf m[2];

	memset(m, 0, sizeof(m));
	m[0].m_data = (uint8_t *)(uintptr_t)frame;
	m[0].m_len = len / 3;
	m[0].m_next = &m[1];
	m[1].m_data = m[0].m_data + len / 3;
	m[1].m_len = len - len / 3;
	if (len % 2 != 0)
		shmif_bus_write(b, NULL, 0, m, 0, len, sender, 1234567890123);
	else
		shmif_bus_write(
		    b, frame, 14, m, 14, len - 14, sender, 1234567890123);
}

/*
 * The other implementation: piece by piece and byte by byte, as the description of the bus has it.
 */
struct ref {
	struct shmif_mem *mem;
	uint32_t pos;
	uint64_t gen;
};

static uint32_t
ref_copy(struct shmif_mem *mem, uint32_t off, void *buf, uint32_t n, bool in,
    bool *wrap)
{
	uint8_t *p = buf;

	while (n-- > 0) {
		if (off == D) {
			off = 0;
			*wrap = true;
		}
		if (in)
			mem->shm_data[off++] = *p++;
		else
			*p++ = mem->shm_data[off++];
	}
	if (off == D) {
		off = 0;
		*wrap = true;
	}
	return off;
}

static uint32_t
ref_next(struct shmif_mem *mem, uint32_t off)
{
	bool wrap;
	uint32_t len;

	(void)ref_copy(mem, off, &len, sizeof(len), false, &wrap);
	return (off + H + len) % D;
}

static void
ref_clear(struct shmif_mem *mem, uint32_t off, uint32_t len)
{
	if (off + len == D)
		len++;
	while (off <= mem->shm_first + H && off + len > mem->shm_first)
		mem->shm_first = ref_next(mem, mem->shm_first);
}

static uint32_t
ref_piece(struct shmif_mem *mem, uint32_t off, void *buf, uint32_t n, bool *wrap)
{
	uint32_t part = off + n > D ? D - off : n;

	ref_clear(mem, off, part);
	if (part < n)
		ref_clear(mem, 0, n - part);
	return ref_copy(mem, off, buf, n, true, wrap);
}

static void
ref_write(struct shmif_mem *mem, uint8_t *frame, uint32_t len, uint64_t sender)
{
	struct shmif_pkthdr h = { .sp_len = len, .sp_sender = sender };
	bool wrap = false;
	uint32_t off;

	CHECK_EQ(mem->shm_lock, 0);
	mem->shm_last = ref_next(mem, mem->shm_last);
	off = ref_piece(mem, mem->shm_last, &h, H, &wrap);
	off = ref_piece(mem, off, frame, len / 2, &wrap);
	(void)ref_piece(mem, off, frame + len / 2, len - len / 2, &wrap);
	if (wrap)
		mem->shm_gen++;
	CHECK(mem->shm_first != mem->shm_last);
}

/* A length, or 0; -1: overrun. */
static int
ref_read(struct ref *r, uint8_t *buf)
{
	struct shmif_mem *mem = r->mem;
	uint32_t l = ref_next(mem, mem->shm_last), p = r->pos, off;
	uint64_t lag = mem->shm_gen - r->gen;
	struct shmif_pkthdr h;
	bool wrap = false, ok = lag <= 1;

	if (lag == 0 && l == p)
		return 0;
	if (mem->shm_first >= l) {
		l += D;
		if (lag == 0)
			p += D;
	} else
		ok = ok && lag == 0;
	if (!ok || mem->shm_first > p || p > l)
		return -1;
	off = ref_copy(mem, r->pos, &h, H, false, &wrap);
	r->pos = ref_copy(mem, off, buf, h.sp_len, false, &wrap);
	if (wrap)
		r->gen++;
	return (int)h.sp_len;
}

static void
fill(uint8_t *frame, uint32_t len, uint32_t number)
{
	memset(frame, 0, 12);
	for (uint32_t i = 12; i < len; i++)
		frame[i] = (uint8_t)(number * 7 + i);
	memcpy(frame + 8, &number, 4);
	frame[0] = 1; /* everybody's */
}

static const uint8_t lladdr[6] = { 0xb2, 0xa0, 1, 2, 3, 4 };

/* Every frame of either writer comes, in order and whole, at readers of both kinds. */
TEST(bus_two_implementations_agree)
{
	static uint8_t frame[SHMIF_MAXFRAME], got[SHMIF_MAXFRAME];
	struct shmif_bus b = new_bus();
	struct shmif_want want = { 99, lladdr, false };
	struct shmif_reader r;
	struct ref ref = { b.b_mem, 0, 0 };
	uint32_t sent = 0, rgot = 0, refgot = 0;
	uint64_t lost = 0;
	int n;

	CHECK_EQ(shmif_bus_init(&b), 0);
	CHECK_EQ(b.b_mem->shm_magic, SHMIF_MAGIC);
	CHECK_EQ(b.b_mem->shm_first, D);
	CHECK_EQ(b.b_mem->shm_last, 0);
	CHECK_EQ(b.b_mem->shm_lock, 0);
	shmif_bus_join(&b, &r);
	ref.pos = ref_next(b.b_mem, b.b_mem->shm_last);
	CHECK_EQ(r.sr_pos, H);
	for (int round = 0; round < 20000; round++) {
		for (uint32_t some = rnd(30); some > 0; some--) {
			uint32_t len = rnd(4) == 0 ? 14 + rnd(1501) : 1514;

			fill(frame, len, sent++);
			if (rnd(2) == 0)
				put(&b, frame, len, 1);
			else
				ref_write(b.b_mem, frame, len, 2);
			CHECK_EQ(b.b_mem->shm_lock, 0);
		}
		while ((n = shmif_bus_read(&b, &r, &want, got, &lost)) > 0) {
			fill(frame, (uint32_t)n, rgot++);
			CHECK(memcmp(frame, got, (size_t)n) == 0);
		}
		CHECK(!shmif_bus_pending(&b, &r));
		while ((n = ref_read(&ref, got)) > 0) {
			fill(frame, (uint32_t)n, refgot++);
			CHECK(memcmp(frame, got, (size_t)n) == 0);
		}
		CHECK_EQ(n, 0);
	}
	CHECK_EQ(lost, 0);
	CHECK_EQ(rgot, sent);
	CHECK_EQ(refgot, sent);
	CHECK(b.b_mem->shm_gen > 100);
	free(b.b_mem);
}

/* The state of the ring is the same whichever of the two has written. */
TEST(bus_writers_leave_same_state)
{
	static uint8_t frame[SHMIF_MAXFRAME];
	struct shmif_bus a = new_bus(), b = new_bus();

	CHECK_EQ(shmif_bus_init(&a), 0);
	CHECK_EQ(shmif_bus_init(&b), 0);
	for (uint32_t i = 0; i < 30000; i++) {
		uint32_t len = rnd(3) == 0 ? 14 + rnd(1501) :
		    rnd(2) == 0		   ? 1514 :
					     60;

		fill(frame, len, i);
		put(&a, frame, len, 5);
		ref_write(b.b_mem, frame, len, 5);
		CHECK_EQ(a.b_mem->shm_first, b.b_mem->shm_first);
		CHECK_EQ(a.b_mem->shm_last, b.b_mem->shm_last);
		CHECK_EQ(a.b_mem->shm_gen, b.b_mem->shm_gen);
	}
	free(a.b_mem);
	free(b.b_mem);
}

/* Who is too slow goes on with the oldest frame that is whole, and loses none after it. */
TEST(bus_overrun_continues_at_oldest)
{
	static uint8_t frame[SHMIF_MAXFRAME], got[SHMIF_MAXFRAME];
	struct shmif_bus b = new_bus();
	struct shmif_want want = { 99, lladdr, false };
	struct shmif_reader r;
	uint32_t sent = 0, number, expect;
	uint64_t lost;
	int n;

	CHECK_EQ(shmif_bus_init(&b), 0);
	shmif_bus_join(&b, &r);
	for (int round = 0; round < 300; round++) {
		uint32_t many = 600 + rnd(3000);

		for (uint32_t i = 0; i < many; i++) {
			uint32_t len = 14 + rnd(1501);

			fill(frame, len, sent++);
			put(&b, frame, len, 1);
		}
		lost = 0;
		expect = 0;
		while ((n = shmif_bus_read(&b, &r, &want, got, &lost)) > 0) {
			memcpy(&number, got + 8, 4);
			fill(frame, (uint32_t)n, number);
			CHECK(memcmp(frame, got, (size_t)n) == 0);
			CHECK(expect == 0 || number == expect);
			expect = number + 1;
		}
		CHECK_EQ(expect, sent);
		CHECK(lost <= 1);
	}
	free(b.b_mem);
}

TEST(bus_reader_filters)
{
	uint8_t frame[64], got[SHMIF_MAXFRAME];
	struct shmif_bus b = new_bus();
	struct shmif_want want = { 7, lladdr, false };
	struct shmif_reader r;
	uint64_t lost = 0;

	CHECK_EQ(shmif_bus_init(&b), 0);
	shmif_bus_join(&b, &r);
	fill(frame, 60, 1);
	put(&b, frame, 60, 7); /* my own */
	CHECK_EQ(shmif_bus_read(&b, &r, &want, got, &lost), 0);
	frame[0] = 2; /* another's */
	put(&b, frame, 60, 8);
	CHECK_EQ(shmif_bus_read(&b, &r, &want, got, &lost), 0);
	memcpy(frame, lladdr, 6);
	put(&b, frame, 61, 8);
	CHECK_EQ(shmif_bus_read(&b, &r, &want, got, &lost), 61);
	frame[5]++;
	put(&b, frame, 62, 8);
	want.sw_promisc = true;
	CHECK_EQ(shmif_bus_read(&b, &r, &want, got, &lost), 62);
	/* Many that are not wanted are passed by in several goes. */
	for (int i = 0; i < 200; i++)
		put(&b, frame, 60, 7);
	put(&b, frame, 63, 8);
	int n, goes = 0;
	while ((n = shmif_bus_read(&b, &r, &want, got, &lost)) == -EAGAIN)
		goes++;
	CHECK_EQ(n, 63);
	CHECK(goes > 0);
	CHECK_EQ(lost, 0);
	free(b.b_mem);
}

/* Whatever stands in the bus: reads and writes end, stay inside, and traffic goes on afterwards. */
TEST(bus_survives_nonsense)
{
	static uint8_t frame[SHMIF_MAXFRAME], got[SHMIF_MAXFRAME];
	struct shmif_bus b = new_bus();
	struct shmif_want want = { 99, lladdr, false };
	struct shmif_reader r;
	uint64_t lost = 0;
	int n;

	CHECK_EQ(shmif_bus_init(&b), 0);
	shmif_bus_join(&b, &r);
	for (int round = 0; round < 5000; round++) {
		for (int hits = (int)rnd(6); hits > 0; hits--) {
			_Atomic uint32_t *w[] = { &b.b_mem->shm_first,
				&b.b_mem->shm_last };
			uint32_t v[] = { 0, D - 1, D, D + 1, UINT32_MAX, rnd(D),
				rnd(UINT32_MAX), b.b_mem->shm_last };

			if (rnd(3) == 0)
				*w[rnd(2)] = v[rnd(8)];
			else if (rnd(4) == 0)
				b.b_mem->shm_gen += (uint64_t)rnd(5) - 2;
			else
				for (int i = 0; i < 200; i++)
					b.b_mem->shm_data[rnd(D)] = (uint8_t)rnd(
					    256);
		}
		for (uint32_t i = rnd(1000); i > 0; i--)
			put(&b, frame, 14 + rnd(1501), 1);
		for (int i = 0;; i++) {
			CHECK(i < 100000);
			n = shmif_bus_read(&b, &r, &want, got, &lost);
			if (n == 0)
				break;
			CHECK(n == -EAGAIN || (n >= 14 && n <= 1514));
		}
		/* After that what is sent comes. */
		fill(frame, 100, 77);
		put(&b, frame, 100, 1);
		while (
		    (n = shmif_bus_read(&b, &r, &want, got, &lost)) == -EAGAIN)
			continue;
		CHECK(n == 100 || n == 0);
		put(&b, frame, 100, 1);
		CHECK_EQ(shmif_bus_read(&b, &r, &want, got, &lost), 100);
		CHECK(memcmp(frame, got, 100) == 0);
	}
	free(b.b_mem);
}

TEST(bus_init_other_file_is_refused)
{
	struct shmif_bus b = new_bus();

	b.b_mem->shm_magic = 0x54d011ca; /* the other byte order */
	CHECK_EQ(shmif_bus_init(&b), -ENOEXEC);
	b.b_mem->shm_magic = SHMIF_MAGIC;
	b.b_mem->shm_version = 17; /* is not looked at */
	b.b_mem->shm_first = 5;
	CHECK_EQ(shmif_bus_init(&b), 0);
	CHECK_EQ(b.b_mem->shm_first, 5);
	free(b.b_mem);
}

/* The holder died: as soon as that is sure the bus goes on. */
static void
dead_holder(uint32_t owner)
{
	static uint8_t frame[SHMIF_MAXFRAME], got[SHMIF_MAXFRAME];
	struct shmif_bus b = new_bus();
	struct shmif_want want = { 99, lladdr, false };
	struct shmif_reader r;
	uint64_t lost = 0;

	CHECK_EQ(shmif_bus_init(&b), 0);
	shmif_bus_join(&b, &r);
	fill(frame, 100, 1);
	put(&b, frame, 100, 1);
	/* He was about to write: `last` is there already, the frame is not. */
	b.b_mem->shm_last += H + 100;
	memset(b.b_mem->shm_data + b.b_mem->shm_last, 0xee, H);
	b.b_mem->shm_lock = 1;
	b.b_mem->shm_owner = owner;
	put(&b, frame, 200, 1);
	CHECK_EQ(b.b_mem->shm_lock, 0);
	CHECK_EQ(b.b_mem->shm_owner, 0);
	CHECK_EQ(shmif_bus_read(&b, &r, &want, got, &lost), 100);
	while (shmif_bus_read(&b, &r, &want, got, &lost) == -EAGAIN)
		continue;
	CHECK(memcmp(frame, got, 100) == 0);
	CHECK_EQ(lost, 0);
	free(b.b_mem);
}

TEST(bus_dead_holder_is_replaced)
{
	dead_holder(0x7ffffff0); /* no such process */
	dead_holder(0);		 /* NetBSD's, or who died at once */
}

int
main(void)
{
	seed = 1;
	RUN(bus_two_implementations_agree);
	RUN(bus_writers_leave_same_state);
	RUN(bus_overrun_continues_at_oldest);
	RUN(bus_reader_filters);
	RUN(bus_survives_nonsense);
	RUN(bus_init_other_file_is_refused);
	RUN(bus_dead_holder_is_replaced);
	return check_done();
}
