/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetBSD's own frames again: one host of a recording is ours, the others' frames arrive as they were recorded, and what we answer is of the recorded
 * kind. What our host began by itself (ping, say) is left out. Without the recordings beside the tree nothing is tested, and that is said.
 */
#include <stdio.h>
#include "inet_toy.h"

#define CAPTURES "../shared/golden/captures/net/"
#define MASK IP4(255, 255, 255, 0)
#define MAXRECORDED 64

static struct toy t;
static struct toy_frame rec[MAXRECORDED];
static unsigned nrec;
static bool used[TOY_FRAMES];

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static bool
load(const char *name)
{
	char path[200];
	uint8_t head[24];
	FILE *f;

	snprintf(path, sizeof(path), CAPTURES "%s.pcap", name);
	if ((f = fopen(path, "rb")) == NULL) {
		printf("skipped: no %s\n", path);
		return false;
	}
	CHECK_EQ(fread(head, 1, 24, f), 24);
	for (nrec = 0; nrec < MAXRECORDED && fread(head, 1, 16, f) == 16;
	     nrec++) {
		rec[nrec].len = le32(head + 8);
		CHECK(rec[nrec].len <= sizeof(rec[0].data));
		CHECK_EQ(
		    fread(rec[nrec].data, 1, rec[nrec].len, f), rec[nrec].len);
	}
	fclose(f);
	memset(used, 0, sizeof(used));
	return true;
}

/* The link address of a frame's sender; frames count from 1, as in the transcripts. */
static const uint8_t *
sender(unsigned frame)
{
	return rec[frame - 1].data + 6;
}

static bool
mine(unsigned i)
{
	return memcmp(rec[i].data + 6, t.ifp[0]->if_lladdr, 6) == 0;
}

/* What must be the same: addresses, kinds, lengths; not numbers and sums that depend on what went before. */
static bool
same_kind(const struct toy_frame *a, const struct toy_frame *b)
{
	const uint8_t *p = a->data + 14, *q = b->data + 14;

	if (a->len != b->len || memcmp(a->data, b->data, 14) != 0)
		return false;
	if (be16_get(a->data + 12) != ETHERTYPE_IP)
		return memcmp(p, q, a->len - 14) == 0;
	/* version to length, flags to protocol, addresses */
	if (memcmp(p, q, 4) != 0 || memcmp(p + 6, q + 6, 4) != 0 ||
	    memcmp(p + 12, q + 12, 8) != 0)
		return false;
	if (p[9] == IPPROTO_ICMP && (be16_get(p + 6) & IP_OFFMASK) == 0)
		return p[20] == q[20] && p[21] == q[21] &&
		    memcmp(p + 24, q + 24, 4) == 0;
	return p[9] != IPPROTO_IGMP || memcmp(p + 20, q + 20, a->len - 34) == 0;
}

/* One of the frames that we sent is as that. */
static bool
sent(unsigned i)
{
	for (unsigned j = 0; j < t.nout[0]; j++)
		if (!used[j] && same_kind(&t.out[0][j], &rec[i])) {
			used[j] = true;
			return true;
		}
	printf("nothing like frame %u was sent\n", i + 1);
	return false;
}

static void
arrive(unsigned i)
{
	struct mbuf *m = m_devget(t.f.k, rec[i].data, rec[i].len, t.ifp[0]);

	CHECK(m != NULL);
	net_rdlock(t.f.k);
	if_input(t.ifp[0], m);
	net_unlock(t.f.k);
	net_run(t.f.k);
}

/* Frames from..to: others' arrive, ours must have been sent, but for those in `not` (a list that ends with 0). */
static void
replay(unsigned from, unsigned to, const unsigned * not )
{
	for (unsigned i = from - 1; i < to && i < nrec; i++) {
		bool skip = false;

		for (const unsigned *n = not ; *n != 0; n++)
			skip |= *n == i + 1;
		if (!mine(i))
			arrive(i);
		else if (!skip)
			CHECK(sent(i));
	}
	/* And nothing else. */
	for (unsigned j = 0; j < t.nout[0]; j++)
		CHECK(used[j]);
}

static void
add_route(uint32_t net, uint32_t netmask, uint32_t gateway)
{
	struct sockaddr_in dst = toy_sin(net, 0), mask = toy_sin(netmask, 0),
			   gw = toy_sin(gateway, 0);

	net_wrlock(t.f.k);
	CHECK_EQ(rtrequest_sa(t.f.k, RTM_ADD, (struct sockaddr *)&dst,
		     (struct sockaddr *)&gw, (struct sockaddr *)&mask,
		     RTF_UP | RTF_GATEWAY | RTF_STATIC, NULL, NULL),
	    0);
	net_unlock(t.f.k);
}

static void
begin(unsigned frame, uint32_t addr)
{
	toy_boot_as(&t, sender(frame));
	toy_addr(&t, 0, addr, MASK);
}

TEST(replay_arp_ping)
{
	if (!load("arp-ping"))
		return;
	begin(2, IP4(10, 0, 0, 2));
	replay(1, 8, (const unsigned[]){ 0 });
	toy_halt(&t);
}

TEST(replay_arp_unanswered)
{
	if (!load("arp-unanswered"))
		return;
	begin(2, IP4(10, 0, 0, 2));
	replay(1, nrec, (const unsigned[]){ 0 });
	toy_halt(&t);
}

TEST(replay_dad4)
{
	if (!load("dad4"))
		return;
	toy_boot_as(&t, sender(1));
	net_wrlock(t.f.k);
	CHECK_EQ(if_up(t.ifp[0]), 0);
	net_unlock(t.f.k);
	toy_addr(&t, 0, IP4(10, 0, 0, 1), MASK);
	toy_pass(&t, 12 * TOY_SECOND);
	replay(1, nrec, (const unsigned[]){ 0 });
	toy_halt(&t);
	/* The other one. */
	toy_boot_as(&t, sender(6));
	memset(used, 0, sizeof(used));
	net_wrlock(t.f.k);
	CHECK_EQ(if_up(t.ifp[0]), 0);
	net_unlock(t.f.k);
	toy_addr(&t, 0, IP4(10, 0, 0, 1), MASK);
	toy_pass(&t, 11 * TOY_SECOND / 10);
	replay(6, 7, (const unsigned[]){ 0 });
	net_rdlock(t.f.k);
	CHECK_EQ(in_ifaddr_lookup(t.f.k, IP4(10, 0, 0, 1))->ia_flags,
	    IN_IFF_DUPLICATED);
	net_unlock(t.f.k);
	toy_halt(&t);
}

TEST(replay_frag4)
{
	if (!load("frag4"))
		return;
	begin(2, IP4(10, 0, 0, 2));
	replay(1, nrec, (const unsigned[]){ 0 });
	toy_halt(&t);
}

TEST(replay_redirect)
{
	if (!load("redirect"))
		return;
	begin(2, IP4(10, 0, 0, 2));
	add_route(IP4(10, 7, 0, 0), IP4(255, 255, 0, 0), IP4(10, 0, 0, 3));
	replay(1, nrec, (const unsigned[]){ 0 });
	toy_halt(&t);
}

TEST(replay_icmp_errors_of_the_far_host)
{
	if (!load("icmp-errors-bus2"))
		return;
	toy_boot_as(&t, sender(2));
	net_wrlock(t.f.k);
	t.ifp[0]->if_mtu = 600;
	net_unlock(t.f.k);
	toy_addr(&t, 0, IP4(10, 0, 2, 1), MASK);
	add_route(INADDR_ANY, INADDR_ANY, IP4(10, 0, 2, 254));
	replay(1, nrec, (const unsigned[]){ 0 });
	toy_halt(&t);
}

TEST(replay_icmp_errors_of_the_router)
{
	unsigned found = 0;

	if (!load("icmp-errors"))
		return;
	for (unsigned i = 0; i < nrec; i++)
		if (be16_get(rec[i].data + 12) == ETHERTYPE_ARP &&
		    toy_word(rec[i].data + 28) == IP4(10, 0, 1, 254)) {
			toy_boot_as(&t, sender(i + 1));
			break;
		}
	toy_addr(&t, 0, IP4(10, 0, 1, 254), MASK);
	net_wrlock(t.f.k);
	t.ifp[1]->if_mtu = 600;
	net_unlock(t.f.k);
	toy_addr(&t, 1, IP4(10, 0, 2, 254), MASK);
	for (unsigned i = 0; i < nrec; i++) {
		const uint8_t *p = rec[i].data + 14;

		if (!mine(i))
			arrive(i);
		else if (be16_get(rec[i].data + 12) == ETHERTYPE_ARP ||
		    toy_word(p + 12) == IP4(10, 0, 1, 254)) {
			CHECK(sent(i));
			found++;
		}
	}
	/* Two of ARP, and: time exceeded, no net, too large. */
	CHECK(found >= 5);
	toy_halt(&t);
}

TEST(replay_udp_closed)
{
	struct sockaddr_in sin = toy_sin(INADDR_ANY, 9998);
	long s;

	if (!load("udp-closed"))
		return;
	begin(2, IP4(10, 0, 0, 2));
	s = l_socket(t.f.l, AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(l_bind(t.f.l, s, &sin, sizeof(sin)), 0);
	replay(1, nrec, (const unsigned[]){ 0 });
	CHECK_EQ(l_recv(t.f.l, s, &sin, sizeof(sin), MSG_DONTWAIT), 5);
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

TEST(replay_igmp)
{
	struct ip_mreq mreq = { { IP4(224, 1, 2, 3) }, { IP4(10, 0, 0, 1) } };
	long s;

	if (!load("igmp"))
		return;
	begin(1, IP4(10, 0, 0, 1));
	s = l_socket(t.f.l, AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(l_setsockopt(t.f.l, s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
		     sizeof(mreq)),
	    0);
	toy_pass(&t, 12 * TOY_SECOND);
	CHECK_EQ(l_setsockopt(t.f.l, s, IPPROTO_IP, IP_DROP_MEMBERSHIP, &mreq,
		     sizeof(mreq)),
	    0);
	replay(1, nrec, (const unsigned[]){ 0 });
	CHECK_EQ(l_close(t.f.l, s), 0);
	toy_halt(&t);
}

int
main(void)
{
	RUN(replay_arp_ping);
	RUN(replay_arp_unanswered);
	RUN(replay_dad4);
	RUN(replay_frag4);
	RUN(replay_redirect);
	RUN(replay_icmp_errors_of_the_far_host);
	RUN(replay_icmp_errors_of_the_router);
	RUN(replay_udp_closed);
	RUN(replay_igmp);
	return check_done();
}
