/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recorded exchanges of two NetBSD kernels, with one of them replaced by ours: what the other one sent comes in, what is answered is the same, byte for
 * byte. The recordings are in ../shared/golden beside the tree (or where GOLDEN says); without them there is nothing to be done.
 */
#include "inet6_toy.h"

#define MAXFRAMES 64

struct frame {
	unsigned len;
	uint8_t data[1600];
};
static struct frame frames[MAXFRAMES];
static unsigned nframes;

static bool
load(const char *name)
{
	const char *golden = getenv("GOLDEN");
	char path[512];
	uint8_t h[24];
	FILE *f;

	snprintf(path, sizeof(path), "%s/captures/net/%s.pcap",
	    golden != NULL ? golden : "../shared/golden", name);
	nframes = 0;
	if ((f = fopen(path, "rb")) == NULL) {
		printf("    (no %s)\n", path);
		return false;
	}
	CHECK(fread(h, 1, 24, f) == 24);
	while (nframes < MAXFRAMES && fread(h, 1, 16, f) == 16) {
		uint32_t len;

		memcpy(&len, h + 8, 4);
		CHECK(len <= sizeof(frames[0].data));
		frames[nframes].len = len;
		CHECK(fread(frames[nframes++].data, 1, len, f) == len);
	}
	fclose(f);
	return nframes > 0;
}

static const uint8_t *
icmp_of(const struct frame *f)
{
	const uint8_t *ip = f->data + 14;

	return f->len >= 62 && be16_get(f->data + 12) == ETHERTYPE_IPV6 &&
		ip[6] == IPPROTO_ICMPV6 ?
	    ip + 40 :
	    NULL;
}

/* What is sent only because something has come. */
static bool
is_answer(const struct frame *f)
{
	const uint8_t *p = icmp_of(f);

	return p != NULL &&
	    (p[0] == ICMP6_ECHO_REPLY || p[0] == ND_NEIGHBOR_ADVERT ||
		p[0] < 128);
}

static bool
was_sent(const struct frame *f)
{
	for (unsigned i = 0; i < t.nout[0]; i++)
		if (t.out[0][i].len == f->len &&
		    memcmp(t.out[0][i].data, f->data, f->len) == 0)
			return true;
	return false;
}

static void
come_in(const struct frame *f)
{
	struct mbuf *m = m_devget(t.f.k, f->data, f->len, t.ifp[0]);

	CHECK(m != NULL);
	net_rdlock(t.f.k);
	if_input(t.ifp[0], m);
	net_unlock(t.f.k);
	net_run(t.f.k);
}

/* The neighbour is known, as it was to who answered. */
static void
introduce(const char *me, const char *peer, const uint8_t mac[6])
{
	char group[40];
	const char *last = strrchr(me, ':') + 1;

	snprintf(group, sizeof(group), "ff02::1:ff00:%s", last);
	ns_in(0, peer, group, me, mac);
}

static void
start(const uint8_t mac[6], const char *me)
{
	t6_boot();
	net_wrlock(t.f.k);
	memcpy(t.ifp[0]->if_lladdr, mac, 6);
	net_unlock(t.f.k);
	INET6(t.f.k)->ip6_dad_count = 0;
	t6_addr(0, me, 64, 0);
	toy_pass(&t, 12 * TOY_SECOND);
	toy_forget(&t);
}

/* Plays the host that sent the frame `mine`; gives how many answers were compared. */
static unsigned
play(unsigned mine, const char *me, const char *peer, const uint8_t *peermac)
{
	uint8_t mac[6], theirs[6];
	unsigned compared = 0;
	int64_t at = 0;

	memcpy(mac, frames[mine].data + 6, 6);
	start(mac, me);
	for (unsigned i = 0; i < nframes; i++)
		if (memcmp(frames[i].data + 6, mac, 6) != 0)
			memcpy(theirs, frames[i].data + 6, 6);
	if (peermac != NULL)
		memcpy(theirs, peermac, 6);
	introduce(me, peer, theirs);
	toy_forget(&t);
	for (unsigned i = 0; i < nframes; i++) {
		if (memcmp(frames[i].data + 6, mac, 6) == 0) {
			if (!is_answer(&frames[i]))
				continue;
			compared++;
			if (!was_sent(&frames[i]))
				printf("    frame %u\n", i + 1);
			CHECK(was_sent(&frames[i]));
			continue;
		}
		if (at != 0)
			toy_pass(&t, TOY_SECOND / 10);
		at = 1;
		come_in(&frames[i]);
	}
	toy_halt(&t);
	return compared;
}

/* The frame that the host with this number (of those that are seen) sent first. */
static unsigned
first_of(unsigned n)
{
	unsigned i = 0;

	if (n > 0)
		while (i < nframes &&
		    memcmp(frames[i].data + 6, frames[0].data + 6, 6) == 0)
			i++;
	CHECK(i < nframes);
	return i;
}

/* a speaks first in all of them but dad6's. */
TEST(replay6_neighbor_discovery_and_echo)
{
	if (!load("nd-ping6"))
		return;
	CHECK_EQ(play(first_of(0), "2001:db8::1", "2001:db8::2", NULL), 2);
	CHECK_EQ(play(first_of(1), "2001:db8::2", "2001:db8::1", NULL), 2);
}

TEST(replay6_duplicate_is_told)
{
	if (!load("dad6"))
		return;
	CHECK_EQ(play(first_of(0), "2001:db8::1", "2001:db8::2", NULL), 1);
}

TEST(replay6_last_fragment_alone)
{
	if (!load("frag6"))
		return;
	CHECK_EQ(play(first_of(1), "2001:db8::2", "2001:db8::1", NULL), 1);
}

TEST(replay6_closed_port)
{
	if (!load("udp6-closed"))
		return;
	CHECK_EQ(play(first_of(1), "2001:db8::2", "2001:db8::1", NULL), 3);
}

TEST(replay6_groups)
{
	if (!load("mld"))
		return;
	CHECK_EQ(play(first_of(0), "2001:db8::1", "2001:db8::2", NULL), 1);
}

int
main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	RUN(replay6_neighbor_discovery_and_echo);
	RUN(replay6_duplicate_is_told);
	RUN(replay6_last_fragment_alone);
	RUN(replay6_closed_port);
	RUN(replay6_groups);
	return check_done();
}
