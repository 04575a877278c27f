/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: buses of shmif that anybody may have written to, and TCP segments that are put together and cut.
 *
 * An input is a row of operations: a byte that names one, and what that takes (see step). The bus goes on, whatever stands in it: after the input two frames are
 * written, and the second is read.
 */
#include "net/if_shmif_bus.h"
#include "net/if_tso.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct rump_kernel *kernel;
static struct shmif_bus bus;
static const uint8_t lladdr[6] = { 0xb2, 0xa0, 1, 2, 3, 4 };

struct input {
	const uint8_t *p;
	size_t n;
};

static uint32_t
number(struct input *in, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0) {
		v = v << 8 | (in->n > 0 ? *in->p : 0);
		if (in->n > 0)
			in->p++, in->n--;
	}
	return v;
}

/* --- segments --- */

static void
take(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	if (m_length(m) != m->m_pkthdr.len)
		abort();
	if ((m->m_pkthdr.csum_flags & M_CSUM_TSO) == 0) {
		m_freem(m);
		return;
	}
	m = tso_split(m);
	/* What was put together of segments is cut into such. */
	if (m == NULL || m->m_nextpkt == NULL)
		abort();
	m_freepkts(m);
}

static void
count(void *ctx, const struct tso_segment *s)
{
	if (s->ts_off + s->ts_len > s->ts_m->m_pkthdr.len)
		abort();
	*(uint32_t *)ctx += s->ts_len;
}

/* A frame of the input's bytes, with right checksums if `sum`. */
static void
segment(struct lro *l, const uint8_t *p, size_t n, bool sum)
{
	struct mbuf *m = m_getcl(kernel, MT_DATA, 0, true);
	uint32_t total = 0;

	if (m == NULL || n < 14 || n > 2000)
		abort();
	m->m_data += 34;
	memcpy(m->m_data, p, n);
	m->m_len = m->m_pkthdr.len = (uint32_t)n;
	if (sum) {
		m->m_pkthdr.csum_flags = be16_get(p + 12) == ETHERTYPE_IP ?
		    M_CSUM_TCPv4 | M_CSUM_IPv4 :
		    M_CSUM_TCPv6;
		m->m_pkthdr.csum_data = 16;
		if ((m = ether_delayed_cksum(m)) == NULL)
			return;
	}
	m->m_pkthdr.csum_flags = M_CSUM_TSOv4;
	m->m_pkthdr.segsz = (uint16_t)(n / 3);
	(void)tso_each(m, count, &total);
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.segsz = 0;
	if (m->m_next != NULL && (m = m_defrag(m)) == NULL)
		return;
	lro_input(l, m, take, NULL);
}

/* --- the bus --- */

static int
read_one(struct shmif_reader *r)
{
	struct shmif_want want = { 99, lladdr, true };
	uint8_t *buf = malloc(SHMIF_MAXFRAME);
	uint64_t lost = 0;
	int n = shmif_bus_read(&bus, r, &want, buf, &lost);

	if (n > SHMIF_MAXFRAME)
		abort();
	free(buf);
	return n;
}

static void
write_one(uint32_t len)
{
	static uint8_t frame[SHMIF_MAXFRAME];
	struct mbuf m;

	memset(&m, 0, sizeof(m));
	m.m_data = frame;
	m.m_len = len;
	shmif_bus_write(&bus, NULL, 0, &m, 0, len, 1, 12345678);
}

static void
step(struct input *in, struct shmif_reader *r, struct lro *l)
{
	uint32_t op = number(in, 1), n, at;

	switch (op % 8) {
	case 0: /* bytes somewhere in the ring */
		at = number(in, 3) % BUSMEM_DATASIZE;
		n = number(in, 1) % 64;
		while (n-- > 0)
			bus.b_mem->shm_data[at++ % BUSMEM_DATASIZE] = (uint8_t)
			    number(in, 1);
		break;
	case 1:
		bus.b_mem->shm_first = number(in, 4);
		break;
	case 2:
		bus.b_mem->shm_last = number(in, 4);
		break;
	case 3:
		bus.b_mem->shm_gen += (uint64_t)number(in, 1) - 128;
		break;
	case 4: /* many frames: rounds go by */
		n = number(in, 2) % 2000;
		at = 14 + number(in, 2) % (SHMIF_MAXFRAME - 13);
		while (n-- > 0)
			write_one(at);
		break;
	case 5:
		for (n = number(in, 1); n > 0; n--)
			(void)read_one(r);
		break;
	case 6:
	case 7:
		n = 14 + number(in, 1);
		if (n > in->n)
			break;
		segment(l, in->p, n, op % 8 == 6);
		in->p += n;
		in->n -= n;
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const parts[] = { "net", "net_net", NULL };
	struct kern_config config = { .kc_components = parts };
	struct input in = { p, n };
	struct lro l = { NULL, NULL, 0, 0, 0, false };
	struct shmif_reader r;

	if (kernel == NULL) {
		if (kern_boot(&config, &kernel) != 0)
			abort();
		bus.b_mem = malloc(sizeof(*bus.b_mem));
		bus.b_pid = 1;
	}
	memset(bus.b_mem, 0, sizeof(*bus.b_mem));
	if (shmif_bus_init(&bus) != 0)
		abort();
	shmif_bus_join(&bus, &r);
	while (in.n > 0)
		step(&in, &r, &l);
	lro_flush(&l, take, NULL);
	write_one(60);
	while (read_one(&r) != 0)
		continue;
	write_one(61);
	if (read_one(&r) != 61)
		abort();
	return 0;
}
