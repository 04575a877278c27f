/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mbufs against flat buffers: a random chain goes through random operations, and after each has the bytes that the same operation on an
 * array gives. Chains that share storage with it keep theirs.
 */
#include "sock_calls.h"
#include "net/mbuf.h"

#define MAX 40000

struct model {
	struct mbuf *m;
	size_t len;
	uint8_t *bytes;
};

static uint64_t seed;

static size_t
rnd(size_t n)
{
	seed = seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return n == 0 ? 0 : (size_t)((seed >> 33) % n);
}

static int freed;

static void
free_foreign(void *arg, void *buf, size_t size)
{
	(void)arg, (void)size;
	freed++;
	free(buf);
}

/* One mbuf of some kind with len bytes. */
static struct mbuf *
piece(struct rump_kernel *k, const uint8_t *p, size_t len, bool pkthdr)
{
	struct mbuf *m;

	if (rnd(4) == 0) {
		void *own = malloc(len + 1);

		CHECK(own != NULL);
		memcpy(own, p, len);
		m = m_extadd(k, own, len, free_foreign, NULL, pkthdr);
		CHECK(m != NULL);
		return m;
	}
	if (len <= MHLEN && rnd(2) == 0)
		m = pkthdr ? m_gethdr(k, MT_DATA) : m_get(k, MT_DATA);
	else
		m = m_getcl(k, MT_DATA, len + rnd(100), pkthdr);
	CHECK(m != NULL);
	m->m_data += rnd(m_room(m) - len + 1);
	memcpy(m->m_data, p, len);
	m->m_len = (uint32_t)len;
	return m;
}

static void
make(struct rump_kernel *k, struct model *x, size_t most)
{
	struct mbuf **tail = &x->m;
	size_t done = 0;

	x->len = rnd(most);
	x->bytes = malloc(MAX * 4);
	CHECK(x->bytes != NULL);
	for (size_t i = 0; i < x->len; i++)
		x->bytes[i] = (uint8_t)rnd(256);
	do {
		size_t n = rnd(rnd(3) == 0 ? 3000 : 150);

		if (n > x->len - done)
			n = x->len - done;
		*tail = piece(k, x->bytes + done, n, tail == &x->m);
		tail = &(*tail)->m_next;
		done += n;
	} while (done < x->len);
	x->m->m_pkthdr.len = (uint32_t)x->len;
}

static void
drop(struct model *x)
{
	m_freem(x->m);
	free(x->bytes);
	x->bytes = NULL;
	x->m = NULL;
}

static bool
same(const struct mbuf *m, const uint8_t *p, size_t len)
{
	size_t at = 0;

	for (; m != NULL; m = m->m_next) {
		if (m->m_len > len - at || m->m_data < m_start(m) ||
		    m->m_data + m->m_len > m_start(m) + m_room(m) ||
		    memcmp(m->m_data, p + at, m->m_len) != 0)
			return false;
		at += m->m_len;
	}
	return at == len;
}

static void
check(const struct model *x)
{
	CHECK(same(x->m, x->bytes, x->len));
	if ((x->m->m_flags & M_PKTHDR) != 0)
		CHECK_EQ(x->m->m_pkthdr.len, x->len);
}

static uint16_t
naive_sum(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? p[i] : (uint64_t)p[i] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* --- operations --- */

static void
op_front(struct model *x)
{
	size_t n = rnd(x->len + 1);

	switch (rnd(4)) {
	case 0:
		n = n > 4000 ? 4000 : n;
		x->m = m_pullup(x->m, n);
		CHECK(x->m != NULL && x->m->m_len >= n);
		break;
	case 1:
		n = rnd(rnd(2) == 0 ? 60 : 3000);
		if (x->len + n > MAX)
			return;
		x->m = m_prepend(x->m, n);
		CHECK(x->m != NULL);
		CHECK(x->m->m_len >= n);
		memmove(x->bytes + n, x->bytes, x->len);
		for (size_t i = 0; i < n; i++)
			x->m->m_data[i] = x->bytes[i] = (uint8_t)i;
		x->len += n;
		break;
	case 2:
		m_adj(x->m, (int)n);
		memmove(x->bytes, x->bytes + n, x->len - n);
		x->len -= n;
		break;
	default:
		m_adj(x->m, -(int)n);
		x->len -= n;
		break;
	}
}

static void
op_write(struct model *x)
{
	size_t off = rnd(x->len + 1), n = rnd(2000);
	uint8_t data[2000];

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)rnd(256);
	switch (rnd(4)) {
	case 0:
		if (x->len + n > MAX)
			return;
		CHECK_EQ(m_append(x->m, n, data), 0);
		memcpy(x->bytes + x->len, data, n);
		x->len += n;
		break;
	case 1:
		if (rnd(8) == 0)
			off += rnd(700); /* a gap of zeros */
		if (off + n > MAX)
			return;
		CHECK_EQ(m_copyback(x->m, off, n, data), 0);
		if (off + n > x->len && n > 0) {
			if (off > x->len)
				memset(x->bytes + x->len, 0, off - x->len);
			x->len = off + n;
		} else if (off > x->len) {
			memset(x->bytes + x->len, 0, off - x->len);
			x->len = off;
		}
		memcpy(x->bytes + off, data, n);
		break;
	case 2:
		x->m = m_makewritable(x->m, off);
		CHECK(x->m != NULL);
		memset(x->bytes, 0x5a, off);
		for (struct mbuf *m = x->m; m != NULL && off > 0;
		     m = m->m_next) {
			size_t part = m->m_len < off ? m->m_len : off;

			CHECK(part == 0 || m_writable(m));
			memset(m->m_data, 0x5a, part);
			off -= part;
		}
		break;
	default:
		x->m = m_defrag(x->m);
		CHECK(x->m != NULL && x->m->m_next == NULL);
		break;
	}
}

static void
op_copy(struct rump_kernel *k, struct model *x, struct model *y)
{
	size_t off = rnd(x->len + 1), n = rnd(x->len - off + 1), where;
	struct mbuf *c, *m;
	uint8_t *flat;

	(void)k;
	switch (rnd(5)) {
	case 0: /* another view of the same bytes, kept for later */
		c = m_copym(x->m, off, n);
		CHECK(c != NULL || n == 0);
		if (c == NULL)
			return;
		CHECK(same(c, x->bytes + off, n));
		CHECK_EQ((c->m_flags & M_PKTHDR) != 0,
		    off == 0 && (x->m->m_flags & M_PKTHDR) != 0);
		if (y->m != NULL)
			drop(y);
		y->m = c;
		y->len = n;
		y->bytes = malloc(MAX * 4);
		CHECK(y->bytes != NULL);
		memcpy(y->bytes, x->bytes + off, n);
		break;
	case 1:
		c = m_dup(x->m, off % 100);
		CHECK(c != NULL && same(c, x->bytes, x->len));
		CHECK(m_leadingspace(c) >= off % 100);
		m_freem(c);
		break;
	case 2:
		flat = malloc(n + 1);
		CHECK(flat != NULL);
		m_copydata(x->m, off, n, flat);
		CHECK(memcmp(flat, x->bytes + off, n) == 0);
		free(flat);
		m = m_getptr(x->m, off, &where);
		CHECK_EQ(m != NULL, off < x->len);
		if (m != NULL)
			CHECK_EQ(m->m_data[where], x->bytes[off]);
		break;
	case 3: {
		bool pkthdr = (x->m->m_flags & M_PKTHDR) != 0;

		c = m_split(x->m, off);
		CHECK(c != NULL);
		CHECK(same(x->m, x->bytes, off));
		CHECK(same(c, x->bytes + off, x->len - off));
		if (pkthdr)
			CHECK_EQ(c->m_pkthdr.len, x->len - off);
		m_cat(x->m, c);
		if (pkthdr)
			x->m->m_pkthdr.len = (uint32_t)x->len;
		break;
	}
	default:
		CHECK_EQ(in_cksum_fold(in_cksum_chain(0, x->m, off, n)),
		    naive_sum(x->bytes + off, n));
		break;
	}
}

TEST(mbuf_random_operations_match_flat_buffers)
{
	struct fixture f;
	int64_t used;

	up_local(&f);
	used = atomic_load(&f.k->k_memused);
	for (int round = 0; round < 600; round++) {
		struct model x = { 0 }, y = { 0 };

		seed = (uint64_t)round * 77 + 5;
		make(f.k, &x, round % 3 == 0 ? MAX / 2 : 3000);
		check(&x);
		for (int i = 0; i < 60; i++) {
			switch (rnd(3)) {
			case 0:
				op_front(&x);
				break;
			case 1:
				op_write(&x);
				break;
			default:
				op_copy(f.k, &x, &y);
				break;
			}
			check(&x);
			if (y.m != NULL)
				check(&y);
			/* The other view becomes the one that is worked on. */
			if (y.m != NULL && rnd(5) == 0) {
				struct model t = x;

				x = y;
				y = t;
			}
		}
		drop(&x);
		if (y.m != NULL)
			drop(&y);
		CHECK_EQ(atomic_load(&f.k->k_memused), used);
	}
	down(&f);
}

TEST(mbuf_without_memory_loses_nothing)
{
	struct fixture f;
	int64_t used;
	uint8_t data[5000];

	up_local(&f);
	memset(data, 7, sizeof(data));
	used = atomic_load(&f.k->k_memused);
	for (int nth = 1; nth < 12; nth++) {
		struct mbuf *m = m_devget(f.k, data, 3000, NULL), *c;

		CHECK(m != NULL);
		CHECK_EQ(m_append(m, 2000, data), 0);
		atomic_store(&f.k->k_failalloc, nth);
		c = m_copym(m, 0, M_COPYALL);
		if (c != NULL)
			m_freem(c);
		atomic_store(&f.k->k_failalloc, nth);
		if (m_append(m, 5000, data) != 0)
			CHECK(m_length(m) == 5000 && m->m_pkthdr.len == 5000);
		atomic_store(&f.k->k_failalloc, nth);
		c = m_split(m, 2500);
		atomic_store(&f.k->k_failalloc, 0);
		m_freem(c);
		atomic_store(&f.k->k_failalloc, nth);
		m = m_prepend(m, 500);
		if (m != NULL)
			m = m_pullup(m, 1000);
		if (m != NULL)
			m = m_makewritable(m, 800);
		if (m != NULL)
			m = m_defrag(m);
		atomic_store(&f.k->k_failalloc, 0);
		m_freem(m);
		CHECK_EQ(atomic_load(&f.k->k_memused), used);
	}
	CHECK(m_getcl(f.k, MT_DATA, SIZE_MAX, true) == NULL);
	freed = 0;
	CHECK(m_extadd(f.k, malloc(8), SIZE_MAX, free_foreign, NULL, false) ==
	    NULL);
	CHECK_EQ(freed, 1);
	down(&f);
}

TEST(mbuf_limit_of_memory_holds)
{
	static const char *const names[] = { "librumpnet", NULL };
	struct kern_config c = { .kc_memlimit = 8 << 20,
		.kc_components = names };
	struct fixture f;
	struct mbuf *list = NULL, *m;
	int n = 0;

	up_config(&f, &c);
	while ((m = m_getcl(f.k, MT_DATA, 65536, false)) != NULL) {
		m->m_next = list;
		list = m;
		n++;
	}
	CHECK(n > 50 && n < 130);
	m_freem(list);
	down(&f);
}

TEST(mbuf_tags_go_along_and_away)
{
	struct fixture f;
	struct mbuf *m, *c;
	struct m_tag *t;

	up_local(&f);
	m = m_devget(f.k, "abc", 3, NULL);
	CHECK(m != NULL);
	CHECK(m_tag_find(m, 5) == NULL);
	CHECK((t = m_tag_add(m, 5, 4)) != NULL);
	memcpy(t->m_tag_data, "tag", 4);
	CHECK(m_tag_add(m, 6, 0) != NULL);
	c = m_copym(m, 0, M_COPYALL);
	CHECK(c != NULL && (t = m_tag_find(c, 5)) != NULL);
	CHECK_STR((char *)t->m_tag_data, "tag");
	m_tag_delete(m, m_tag_find(m, 6));
	CHECK(m_tag_find(m, 6) == NULL && m_tag_find(c, 6) != NULL);
	m = m_prepend(m, 2000);
	CHECK(m != NULL && m_tag_find(m, 5) != NULL);
	m_freem(m);
	m_freem(c);
	down(&f);
}

TEST(mbuf_transfer_moves_the_account)
{
	struct fixture f, g;
	int64_t a, b;
	struct mbuf *m, *c;
	uint8_t data[3000] = { 1 };

	up_local(&f);
	up_local(&g);
	a = atomic_load(&f.k->k_memused);
	b = atomic_load(&g.k->k_memused);
	m = m_devget(f.k, data, sizeof(data), NULL);
	CHECK(m != NULL && m_tag_add(m, 1, 100) != NULL);
	c = m_copym(m, 0, M_COPYALL);
	CHECK(c != NULL);
	m_transfer(c, g.k);
	m_freem(m);
	CHECK_EQ(atomic_load(&f.k->k_memused), a);
	CHECK(atomic_load(&g.k->k_memused) > b);
	CHECK(same(c, data, sizeof(data)));
	m_freem(c);
	CHECK_EQ(atomic_load(&g.k->k_memused), b);
	down(&g);
	down(&f);
}

TEST(cksum_matches_the_definition)
{
	struct fixture f;
	uint8_t *p = malloc(70000), *q = malloc(70000);
	uint8_t head[12];
	uint32_t src = 0x0100000a, dst = 0x0200000a;
	struct mbuf *m;

	CHECK(p != NULL && q != NULL);
	up_local(&f);
	seed = 1;
	for (size_t i = 0; i < 70000; i++)
		p[i] = (uint8_t)rnd(256);
	for (int i = 0; i < 3000; i++) {
		size_t off = rnd(64), n = rnd(i % 10 == 0 ? 65536 : 300);

		CHECK_EQ(in_cksum_fold(in_cksum_add(0, p + off, n)),
		    naive_sum(p + off, n));
		memset(q, 0, n + 1);
		CHECK_EQ(in_cksum_fold(in_cksum_copy(0, q, p + off, n)),
		    naive_sum(p + off, n));
		CHECK(memcmp(q, p + off, n) == 0 && q[n] == 0);
	}
	/* All ones, the largest sums. */
	memset(p, 0xff, 70000);
	CHECK_EQ(in_cksum_fold(in_cksum_add(0xffffffff, p, 65536)), 0xffff);
	/* A UDP packet with its pseudo header sums up to 0. */
	memset(q, 0, 20);
	be16_put(q + 4, 20);
	memcpy(q + 8, "hello world.", 12);
	m = m_devget(f.k, q, 20, NULL);
	CHECK(m != NULL);
	memcpy(head, &src, 4);
	memcpy(head + 4, &dst, 4);
	head[8] = 0;
	head[9] = 17;
	be16_put(head + 10, 20);
	{
		uint16_t sum = in4_cksum(m, 17, src, dst, 0, 20);
		uint32_t want = (uint32_t)naive_sum(head, 12) + naive_sum(q, 20);

		want = (want & 0xffff) + (want >> 16);
		want = (want & 0xffff) + (want >> 16);
		CHECK_EQ(sum, (uint16_t)~want);
		CHECK_EQ(m_copyback(m, 6, 2, &sum), 0);
		CHECK_EQ(in4_cksum(m, 17, src, dst, 0, 20), 0);
	}
	m_freem(m);
	free(p);
	free(q);
	down(&f);
}

int
main(void)
{
	RUN(mbuf_random_operations_match_flat_buffers);
	RUN(mbuf_without_memory_loses_nothing);
	RUN(mbuf_limit_of_memory_holds);
	RUN(mbuf_tags_go_along_and_away);
	RUN(mbuf_transfer_moves_the_account);
	RUN(cksum_matches_the_definition);
	return check_done();
}
