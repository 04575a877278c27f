/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge, also with vlans in it, and all interfaces together: the test is at the other end of tap's cables. */
#include <netbsd/bpf.h>
#include "dev_net.h"
#include "kern/callout.h"
#include "net/pfil.h"

static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t h1[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t h2[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t stp_group[6] = { 1, 0x80, 0xc2, 0, 0, 0 };

static long
b_req(struct nets *n, unsigned long cmd, void *data, size_t len, bool get)
{
	struct ifdrv ifd;

	memset(&ifd, 0, sizeof(ifd));
	memcpy(ifd.ifd_name, "bridge0", 8);
	ifd.ifd_cmd = cmd;
	ifd.ifd_len = len;
	ifd.ifd_data = data;
	return l_ioctl(n->f.l, n->s, get ? SIOCGDRVSPEC : SIOCSDRVSPEC, &ifd);
}

static long
b_member(struct nets *n, unsigned long cmd, const char *name, uint32_t flags)
{
	struct ifbreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.ifbr_ifsname, name, strlen(name));
	r.ifbr_ifsflags = flags;
	return b_req(n, cmd, &r, sizeof(r), false);
}

/* A clock that the test moves. */
static struct host_ops ops;
static _Atomic int64_t now;

static int64_t
monotonic(void)
{
	return now;
}

static void
pass(struct nets *n, int seconds)
{
	for (int i = 0; i < seconds * 10; i++) {
		now += 100 * MS;
		(void)callout_run(n->f.k, now);
	}
}

static void
b_begin(struct nets *n, int taps)
{
	struct kern_config config = { .kc_host = &ops, .kc_manualtime = true };
	char name[16];

	ops = host_linux;
	ops.monotonic = monotonic;
	now = 1000000 * MS;
	n_begin_config(n, taps, &config);
	CHECK_EQ(n_create(n, "bridge0"), 0);
	for (int i = 0; i < taps; i++) {
		snprintf(name, sizeof(name), "tap%d", i);
		CHECK_EQ(b_member(n, BRDGADD, name, 0), 0);
	}
	CHECK_EQ(n_up(n, "bridge0"), 0);
	for (int i = 0; i < taps; i++)
		drain(n, i);
}

/* How many addresses it knows. */
static size_t
b_known(struct nets *n, struct ifbareq *to, size_t max)
{
	struct ifbaconf c;

	memset(&c, 0, sizeof(c));
	c.ifbac_len = (uint32_t)(max * sizeof(*to));
	c.ifbac_ifbacu.ifbacu_req = to;
	CHECK_EQ(b_req(n, BRDGRTS, &c, sizeof(c), true), 0);
	return c.ifbac_len / sizeof(*to);
}

TEST(bridge_learns_and_forwards)
{
	uint8_t f[256], g[256], mac[6];
	struct ifbareq known[8];
	struct nets n;
	size_t len;

	b_begin(&n, 3);
	/* From nobody to nobody: everywhere else. */
	len = n_frame(f, h2, h1, 0x1234, 50, 3);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), -EAGAIN);
	for (int i = 1; i < 3; i++) {
		CHECK_EQ(n_get(&n, i, g, sizeof(g)), (long)len);
		CHECK(memcmp(f, g, len) == 0);
	}
	CHECK_EQ(b_known(&n, known, 8), 1);
	CHECK_STR(known[0].ifba_ifsname, "tap0");
	/* The answer goes to him alone. */
	len = n_frame(f, h1, h2, 0x1234, 50, 4);
	n_put(&n, 1, f, len);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), (long)len);
	CHECK_EQ(n_get(&n, 2, g, sizeof(g)), -EAGAIN);
	/* He moves. */
	len = n_frame(f, all, h1, 0x1234, 50, 5);
	n_put(&n, 2, f, len);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), (long)len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), (long)len);
	len = n_frame(f, h1, h2, 0x1234, 50, 6);
	n_put(&n, 1, f, len);
	CHECK_EQ(n_get(&n, 2, g, sizeof(g)), (long)len);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), -EAGAIN);
	/* Behind the same port: not forwarded. */
	len = n_frame(f, h1, h2, 0x1234, 50, 6);
	n_put(&n, 2, f, len);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(n_get(&n, i, g, sizeof(g)), -EAGAIN);
	/* For a member's own address: taken, by whichever port it came. */
	n_lladdr(&n, "tap1", mac);
	len = n_frame(f, mac, h1, 0x1234, 50, 7);
	n_put(&n, 0, f, len);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(n_get(&n, i, g, sizeof(g)), -EAGAIN);
	/* Too large for the others; reserved groups; down. */
	uint8_t large[2000];
	len = n_frame(large, all, h1, 0x1234, 1501, 0);
	n_put(&n, 0, large, len);
	CHECK_EQ(n_get(&n, 1, large, sizeof(large)), -EAGAIN);
	n_frame(f, stp_group, h1, 38, 38, 0);
	for (f[5] = 0; f[5] < 16; f[5]++)
		n_put(&n, 0, f, 52);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), -EAGAIN);
	f[5] = 16;
	n_put(&n, 0, f, 52);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), 52);
	CHECK_EQ(n_setflags(&n, "bridge0", 0, IFF_UP), 0);
	n_put(&n, 0, f, 52);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), -EAGAIN);
	n_end(&n);
}

TEST(bridge_host_speaks_to_all_segments)
{
	uint8_t f[256], g[256], mac[6];
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };
	struct nets n;

	b_begin(&n, 2);
	CHECK_EQ(n_addr(&n, "tap0", 0x0a000001, 0xffffff00, 0), 0);
	drain(&n, 0);
	drain(&n, 1);
	/* What it asks for is heard on both; the answer comes by the other port. */
	be32_put(&sin.sin_addr, 0x0a000002);
	be16_put(&sin.sin_port, 7);
	CHECK_EQ(l_sendto(n.f.l, n.s, "hello", 5, 0, &sin, sizeof(sin)), 5);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), 42);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), 42);
	CHECK(memcmp(f, g, 42) == 0);
	n_lladdr(&n, "tap0", mac);
	n_frame(f, mac, h2, ETHERTYPE_ARP, 28, 0);
	memcpy(f + 14, "\0\1\10\0\6\4\0\2", 8);
	memcpy(f + 22, h2, 6);
	be32_put(f + 28, 0x0a000002);
	memcpy(f + 32, mac, 6);
	be32_put(f + 38, 0x0a000001);
	n_put(&n, 1, f, 42);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), 14 + 28 + 5);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), -EAGAIN);
	n_end(&n);
}

/* The host's address at one member answers who asks at another. */
TEST(bridge_members_hear_what_others_hear)
{
	uint8_t f[256], g[256], mac[6];
	struct nets n;

	b_begin(&n, 2);
	CHECK_EQ(n_addr(&n, "tap0", 0x0a000001, 0xffffff00, 0), 0);
	drain(&n, 0);
	drain(&n, 1);
	n_lladdr(&n, "tap0", mac);
	n_frame(f, all, h2, ETHERTYPE_ARP, 28, 0);
	memcpy(f + 14, "\0\1\10\0\6\4\0\1", 8);
	memcpy(f + 22, h2, 6);
	be32_put(f + 28, 0x0a000002);
	memset(f + 32, 0, 6);
	be32_put(f + 38, 0x0a000001);
	n_put(&n, 1, f, 42);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), 42);
	CHECK(memcmp(g, h2, 6) == 0 && memcmp(g + 22, mac, 6) == 0);
	CHECK_EQ(be16_get(g + 20), 2);
	/* Once: the question itself is all that the other segment sees. */
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), 42);
	CHECK(memcmp(g, f, 42) == 0);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), -EAGAIN);
	n_end(&n);
}

TEST(bridge_requests)
{
	struct ifbrparam p;
	struct ifbareq a, known[8];
	struct ifbreq r[4];
	struct nets n;

	b_begin(&n, 2);
	CHECK_EQ(b_member(&n, BRDGADD, "tap0", 0), -EEXIST);
	CHECK_EQ(b_member(&n, BRDGADD, "lo0", 0), -EINVAL);
	CHECK_EQ(b_member(&n, BRDGADD, "nope", 0), -ENOENT);
	CHECK_EQ(b_member(&n, BRDGDEL, "nope", 0), -ENOENT);
	CHECK_EQ(b_req(&n, BRDGADD, r, 7, false), -EINVAL);
	CHECK_EQ(b_req(&n, BRDGADD, r, sizeof(r[0]), true), -EINVAL);
	CHECK_EQ(b_req(&n, 12345, r, sizeof(r[0]), true), -EINVAL);
	CHECK_EQ(b_req(&n, BRDGSHT, NULL, sizeof(p), false), -EINVAL);
	memset(&p, 0, sizeof(p));
	CHECK_EQ(b_req(&n, BRDGSHT, &p, sizeof(p), false), -EINVAL);
	p.ifbrp_ifbrpu.ifbrpu_int32 = 2;
	CHECK_EQ(b_req(&n, BRDGSCACHE, &p, sizeof(p), false), 0);
	memset(&a, 0, sizeof(a));
	memcpy(a.ifba_ifsname, "tap1", 4);
	a.ifba_flags = IFBAF_STATIC;
	for (int i = 0; i < 3; i++) {
		a.ifba_dst[5] = (uint8_t)i;
		CHECK_EQ(b_req(&n, BRDGSADDR, &a, sizeof(a), false),
		    i < 2 ? 0 : -ENOSPC);
	}
	CHECK_EQ(b_known(&n, known, 8), 2);
	CHECK_EQ(known[0].ifba_dst[5], 1);
	CHECK_EQ(known[0].ifba_expire, 0);
	CHECK_EQ(known[0].ifba_flags, IFBAF_STATIC);
	CHECK_EQ(b_known(&n, known, 1), 1);
	CHECK_EQ(b_req(&n, BRDGDADDR, &a, sizeof(a), false), -ENOENT);
	a.ifba_dst[5] = 0;
	CHECK_EQ(b_req(&n, BRDGDADDR, &a, sizeof(a), false), 0);
	/* Lists straight into the buffer. */
	CHECK_EQ(b_req(&n, BRDGGIFS, r, 3 * sizeof(r[0]), true), 0);
	CHECK_STR(r[0].ifbr_ifsname, "tap1");
	CHECK_STR(r[1].ifbr_ifsname, "tap0");
	/* A member goes, and its addresses with it. */
	CHECK_EQ(n_destroy(&n, "tap1"), 0);
	CHECK_EQ(b_known(&n, known, 8), 0);
	CHECK_EQ(b_member(&n, BRDGDEL, "tap1", 0), -ENOENT);
	CHECK_EQ(n_destroy(&n, "bridge0"), 0);
	CHECK((n_flags(&n, "tap0") & IFF_PROMISC) == 0);
	n_end(&n);
}

/* A filter that counts, and drops what goes to one address. */
static struct filtered {
	struct pfil_state state;
	unsigned in[4], out[4];
	uint32_t drop;
} filtered;

static int
b_filter(
    void *arg, struct mbuf **mp, struct ifnet *ifp, int af, enum pfil_dir dir)
{
	struct filtered *f = arg;
	struct mbuf *m = *mp;
	bool drop = af == AF_INET && dir == PFIL_DIR_OUT &&
	    be32_get(m->m_data + 16) == f->drop;

	CHECK_THREAD(m->m_data[0] >> 4 == (af == AF_INET ? 4 : 6));
	(dir == PFIL_DIR_IN ? f->in : f->out)[ifp->if_dunit & 3]++;
	if (!drop)
		return 0;
	m_freem(m);
	*mp = NULL;
	return -EHOSTUNREACH;
}

static size_t
b_packet(uint8_t *f, const uint8_t *to, uint8_t last)
{
	size_t len = n_frame(f, to, h1, ETHERTYPE_IP, 46, 0);
	uint16_t sum;

	memset(f + 14, 0, 46);
	f[14] = 0x45;
	f[17] = 28;
	f[22] = 64;
	f[23] = 17;
	be32_put(f + 26, 0x0a000001);
	be32_put(f + 30, 0x0a000000 + last);
	sum = (uint16_t)~in_cksum_fold(in_cksum_add(0, f + 14, 20));
	memcpy(f + 24, &sum, 2);
	return len;
}

/* bridge(4): inward by where it came, outward by each where it goes; ARP passes, others that are not IP don't. */
TEST(bridge_filters_what_is_bridged)
{
	struct ifbrparam p = { .ifbrp_ifbrpu.ifbrpu_int32 = 2 };
	uint8_t f[256], g[256];
	struct pfil_state *was;
	struct nets n;
	size_t len;

	b_begin(&n, 3);
	memset(&filtered, 0, sizeof(filtered));
	filtered.state = (struct pfil_state){ b_filter, &filtered, NULL };
	filtered.drop = 0x0a000009;
	net_wrlock(n.f.k);
	was = NS(n.f.k)->ns_pfil;
	NS(n.f.k)->ns_pfil = &filtered.state;
	net_unlock(n.f.k);
	CHECK_EQ(b_req(&n, BRDGSFILT, &p, sizeof(p), false), -EINVAL);
	len = b_packet(f, h2, 9);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), (long)len);
	CHECK_EQ(n_get(&n, 2, g, sizeof(g)), (long)len);
	CHECK_EQ(filtered.in[0] + filtered.out[1] + filtered.out[2], 0);
	p.ifbrp_ifbrpu.ifbrpu_int32 = IFBF_FILT_USEIPF;
	CHECK_EQ(b_req(&n, BRDGSFILT, &p, sizeof(p), false), 0);
	p.ifbrp_ifbrpu.ifbrpu_int32 = 0;
	CHECK_EQ(b_req(&n, BRDGGFILT, &p, sizeof(p), true), 0);
	CHECK_EQ(p.ifbrp_ifbrpu.ifbrpu_int32, IFBF_FILT_USEIPF);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), -EAGAIN);
	CHECK_EQ(n_get(&n, 2, g, sizeof(g)), -EAGAIN);
	CHECK_EQ(filtered.in[0], 1);
	CHECK_EQ(filtered.out[0], 0);
	CHECK_EQ(filtered.out[1], 1);
	CHECK_EQ(filtered.out[2], 1);
	/* Others pass, without what was only filling. */
	for (int group = 0; group < 2; group++) {
		len = b_packet(f, group ? all : h2, 8);
		n_put(&n, 0, f, len);
		CHECK_EQ(n_get(&n, 1, g, sizeof(g)), 14 + 28);
		CHECK(memcmp(f, g, 14 + 28) == 0);
		CHECK_EQ(n_get(&n, 2, g, sizeof(g)), 14 + 28);
	}
	/* Broken ones are for no filter. */
	f[16] = 0xff;
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), -EAGAIN);
	len = n_frame(f, h2, h1, ETHERTYPE_IPV6, 30, 0);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), -EAGAIN);
	CHECK_EQ(filtered.out[1], 3);
	len = n_frame(f, all, h1, ETHERTYPE_ARP, 46, 0);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), (long)len);
	len = n_frame(f, h2, h1, 0x1234, 46, 0);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), -EAGAIN);
	/* Inside a vlan. */
	len = b_packet(f, h2, 8);
	memmove(f + 18, f + 14, len - 14);
	be16_put(f + 16, ETHERTYPE_IP);
	be16_put(f + 12, ETHERTYPE_VLAN);
	be16_put(f + 14, 5);
	n_put(&n, 0, f, len + 4);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), 18 + 28);
	CHECK(memcmp(f, g, 18 + 28) == 0);
	net_wrlock(n.f.k);
	NS(n.f.k)->ns_pfil = was;
	net_unlock(n.f.k);
	n_end(&n);
}

static uint8_t
b_state(struct nets *n, const char *name)
{
	struct ifbreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.ifbr_ifsname, name, strlen(name));
	CHECK_EQ(b_req(n, BRDGGIFFLGS, &r, sizeof(r), true), 0);
	return r.ifbr_state;
}

/* A message of another bridge whose root is better than any. */
static size_t
bpdu(uint8_t *f, uint64_t root, uint32_t cost, uint64_t bridge, uint16_t port)
{
	n_frame(f, stp_group, h1, 38, 38, 0);
	memset(f + 14, 0, 38);
	memcpy(f + 14, "\x42\x42\x03", 3);
	be64_put(f + 22, root);
	be32_put(f + 30, cost);
	be64_put(f + 34, bridge);
	be16_put(f + 42, port);
	be16_put(f + 44, 0);
	be16_put(f + 46, 20 * 256);
	be16_put(f + 48, 2 * 256);
	be16_put(f + 50, 4 * 256);
	return 52;
}

TEST(bridge_spanning_tree_blocks_the_second_way)
{
	uint8_t f[256], g[256];
	struct nets n;
	size_t len;

	b_begin(&n, 3);
	for (int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "tap%d", i);
		CHECK_EQ(b_member(&n, BRDGSIFFLGS, name,
			     IFBIF_STP | IFBIF_LEARNING | IFBIF_DISCOVER),
		    0);
	}
	/* It thinks it is the root, and says so. */
	CHECK_EQ(b_state(&n, "tap0"), BSTP_IFSTATE_LISTENING);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), 52);
	CHECK(memcmp(f, stp_group, 6) == 0);
	CHECK_EQ(be16_get(f + 12), 38);
	CHECK_EQ(be16_get(f + 22), 0x8000);
	CHECK(be64_get(f + 22) == be64_get(f + 34));
	/* Two ways to a better one: the first is taken, the second blocked. */
	len = bpdu(f, 0x1000000000000001, 0, 0x1000000000000001, 0x8001);
	n_put(&n, 0, f, len);
	len = bpdu(f, 0x1000000000000001, 10, 0x1000000000000002, 0x8001);
	n_put(&n, 1, f, len);
	CHECK_EQ(b_state(&n, "tap0"), BSTP_IFSTATE_LISTENING);
	CHECK_EQ(b_state(&n, "tap1"), BSTP_IFSTATE_BLOCKING);
	CHECK_EQ(b_state(&n, "tap2"), BSTP_IFSTATE_LISTENING);
	/* Nothing of users passes yet. */
	for (int i = 0; i < 3; i++)
		drain(&n, i);
	len = n_frame(f, all, h2, 0x1234, 40, 0);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 2, g, sizeof(g)), -EAGAIN);
	/* Nonsense is passed over. */
	for (size_t i = 0; i < 52; i++) {
		bpdu(f, 1, 0, 1, 1);
		be16_put(f + 16 + i % 30, (uint16_t)(0xffff ^ i));
		n_put(&n, 2, f, i + 1);
	}
	/* A port that goes takes its root with it. */
	CHECK_EQ(n_destroy(&n, "tap0"), 0);
	CHECK_EQ(b_state(&n, "tap1"), BSTP_IFSTATE_LISTENING);
	n_end(&n);
}

/* Alone: 15 seconds of listening, as many of learning. Addresses are forgotten in time. */
TEST(bridge_spanning_tree_takes_its_time)
{
	uint32_t flags = IFBIF_STP | IFBIF_LEARNING | IFBIF_DISCOVER;
	struct ifbareq known[4];
	uint8_t f[256], g[256];
	struct ifbrparam p = { .ifbrp_ifbrpu.ifbrpu_int32 = 60 };
	struct nets n;
	size_t len;
	int hellos = 0;

	b_begin(&n, 2);
	CHECK_EQ(b_member(&n, BRDGSIFFLGS, "tap0", flags), 0);
	CHECK_EQ(b_member(&n, BRDGSIFFLGS, "tap1", flags), 0);
	CHECK_EQ(b_req(&n, BRDGSTO, &p, sizeof(p), false), 0);
	len = n_frame(f, all, h2, 0x1234, 40, 0);
	pass(&n, 13);
	CHECK_EQ(b_state(&n, "tap0"), BSTP_IFSTATE_LISTENING);
	n_put(&n, 0, f, len);
	CHECK_EQ(b_known(&n, known, 4), 0);
	pass(&n, 4);
	CHECK_EQ(b_state(&n, "tap0"), BSTP_IFSTATE_LEARNING);
	n_put(&n, 0, f, len);
	CHECK_EQ(b_known(&n, known, 4), 1);
	CHECK_EQ(known[0].ifba_expire, 60);
	pass(&n, 11);
	CHECK_EQ(b_state(&n, "tap0"), BSTP_IFSTATE_LEARNING);
	pass(&n, 4);
	CHECK_EQ(b_state(&n, "tap0"), BSTP_IFSTATE_FORWARDING);
	while (n_get(&n, 1, g, sizeof(g)) == 52)
		hellos++;
	CHECK(hellos >= 14 && hellos <= 18);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), (long)len);
	CHECK_EQ(b_known(&n, known, 4), 1);
	pass(&n, 50);
	CHECK_EQ(b_known(&n, known, 4), 1);
	CHECK(known[0].ifba_expire < 12);
	pass(&n, 300);
	CHECK_EQ(b_known(&n, known, 4), 0);
	/* A better root is heard of, and then no more: its age ends after 20 seconds. */
	len = bpdu(f, 0x1000000000000001, 0, 0x1000000000000001, 0x8001);
	n_put(&n, 0, f, len);
	pass(&n, 3);
	while (n_get(&n, 1, g, sizeof(g)) > 0)
		memcpy(f, g, sizeof(f));
	CHECK(be64_get(f + 22) == 0x1000000000000001);
	CHECK_EQ(be32_get(f + 30), 55);
	pass(&n, 25);
	while (n_get(&n, 0, g, sizeof(g)) > 0)
		memcpy(f, g, sizeof(f));
	CHECK_EQ(be16_get(f + 22), 0x8000);
	CHECK_EQ(be32_get(f + 30), 0);
	n_end(&n);
}

/* A bridge of a vlan and an interface: tags on one side only; frames for others pass. */
TEST(vlan_in_a_bridge)
{
	uint8_t f[256], g[256];
	struct nets n;
	size_t len;

	b_begin(&n, 1);
	n_tap(&n, 1);
	CHECK_EQ(n_create(&n, "vlan0"), 0);
	CHECK_EQ(v_set(&n, "vlan0", "tap1", 3), 0);
	CHECK_EQ(n_up(&n, "vlan0"), 0);
	CHECK_EQ(b_member(&n, BRDGADD, "vlan0", 0), 0);
	CHECK((n_flags(&n, "tap1") & IFF_PROMISC) != 0);
	drain(&n, 0);
	drain(&n, 1);
	len = n_frame(f, h2, h1, 0x1234, 60, 0);
	n_put(&n, 0, f, len);
	CHECK_EQ(n_get(&n, 1, g, sizeof(g)), (long)len + 4);
	CHECK_EQ(be16_get(g + 14), 3);
	CHECK(memcmp(g + 16, f + 12, len - 12) == 0);
	memcpy(g, h1, 6);
	memcpy(g + 6, h2, 6);
	n_put(&n, 1, g, len + 4);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), (long)len);
	CHECK_EQ(be16_get(f + 12), 0x1234);
	/* The parent joins as well: no endless loop. */
	CHECK_EQ(b_member(&n, BRDGADD, "tap1", 0), 0);
	len = n_frame(f, all, h1, 0x1234, 60, 0);
	n_put(&n, 0, f, len);
	CHECK(n_get(&n, 1, g, sizeof(g)) > 0);
	CHECK_EQ(b_member(&n, BRDGDEL, "vlan0", 0), 0);
	CHECK((n_flags(&n, "vlan0") & IFF_PROMISC) == 0);
	n_end(&n);
}

/* --- all at once --- */

struct talker {
	struct nets *n;
	int unit;
	_Atomic bool stop, started;
};

static long
talk(struct lwp *l, void *arg)
{
	struct talker *t = arg;
	uint8_t f[256], g[2048];
	uint64_t sent = 0;

	while (!atomic_load(&t->stop)) {
		size_t len = n_frame(
		    f, sent % 3 == 0 ? all : h2, h1, 0x1234, 40 + sent % 50, 0);

		f[11] = (uint8_t)(sent % 200);
		(void)l_write(l, t->n->tap[t->unit], f, len);
		(void)l_read(l, t->n->tap[t->unit], g, sizeof(g));
		sent++;
		atomic_store(&t->started, true);
	}
	return (long)sent;
}

/* Members, listeners, vlans and tunnels come and go while frames pass. */
TEST(configuration_changes_under_traffic)
{
	struct talker t[2];
	struct side side[2];
	struct ifreq ifr = { 0 };
	struct nets n;

	b_begin(&n, 2);
	for (int i = 0; i < 2; i++) {
		t[i].n = &n;
		t[i].unit = i;
		atomic_store(&t[i].stop, false);
		atomic_store(&t[i].started, false);
		side_begin(&side[i], n.f.p, talk, &t[i]);
	}
	for (int i = 0; i < 2; i++)
		while (!atomic_load(&t[i].started))
			host_yield();
	for (int i = 0; i < 100; i++) {
		long bpf = l_open(n.f.l, "/dev/bpf", O_RDWR | O_NONBLOCK, 0);
		unsigned size = 4096;

		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s",
		    i % 2 == 0 ? "tap0" : "bridge0");
		CHECK_EQ(l_ioctl(n.f.l, bpf, BIOCSBLEN, &size), 0);
		CHECK_EQ(l_ioctl(n.f.l, bpf, BIOCSETIF, &ifr), 0);
		CHECK_EQ(b_member(&n, BRDGDEL, "tap1", 0), 0);
		CHECK_EQ(n_create(&n, "vlan0"), 0);
		CHECK_EQ(v_set(&n, "vlan0", "tap1", 5), 0);
		CHECK_EQ(b_member(&n, BRDGADD, "vlan0", 0), 0);
		CHECK_EQ(n_up(&n, "vlan0"), 0);
		CHECK_EQ(b_member(&n, BRDGADD, "tap1", 0), 0);
		CHECK_EQ(b_member(&n, BRDGSIFFLGS, "vlan0", IFBIF_STP), 0);
		CHECK_EQ(n_destroy(&n, "vlan0"), 0);
		CHECK_EQ(l_close(n.f.l, bpf), 0);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&t[i].stop, true);
		CHECK(side_end(&side[i]) > 0);
	}
	n_end(&n);
}

/* Whatever allocation fails: an error or a lost frame, and nothing leaks. */
TEST(everything_does_without_memory)
{
	uint32_t stp = IFBIF_STP | IFBIF_LEARNING | IFBIF_DISCOVER;
	struct ifreq ifr;
	struct nets n;
	uint8_t f[256];
	long own, bpf;
	bool failed = true;

	for (int64_t i = 1; failed && i < 400; i++) {
		n_begin(&n, 1);
		atomic_store(&n.f.k->k_failalloc, i);
		(void)n_create(&n, "bridge0");
		(void)b_member(&n, BRDGADD, "tap0", 0);
		(void)b_member(&n, BRDGSIFFLGS, "tap0", stp);
		(void)n_create(&n, "vlan0");
		(void)v_set(&n, "vlan0", "tap0", 5);
		(void)n_create(&n, "gif0");
		(void)g_tunnel(&n, "gif0", 0x0a000001, 0x0a000002);
		own = l_open(n.f.l, "/dev/tap", O_RDWR | O_NONBLOCK, 0);
		bpf = l_open(n.f.l, "/dev/bpf", O_RDWR | O_NONBLOCK, 0);
		memset(&ifr, 0, sizeof(ifr));
		memcpy(ifr.ifr_name, "tap0", 4);
		(void)l_ioctl(n.f.l, bpf, BIOCSETIF, &ifr);
		(void)l_write(
		    n.f.l, n.tap[0], f, n_frame(f, all, h1, 0x1234, 40, 0));
		(void)l_write(n.f.l, bpf, f, 54);
		(void)n_get_any(&n, 0, f, sizeof(f));
		failed = atomic_load(&n.f.k->k_failalloc) <= 0;
		atomic_store(&n.f.k->k_failalloc, 0);
		if (own >= 0)
			CHECK_EQ(l_close(n.f.l, own), 0);
		n_end(&n);
	}
	CHECK(!failed);
}

int
main(void)
{
	RUN(bridge_learns_and_forwards);
	RUN(bridge_host_speaks_to_all_segments);
	RUN(bridge_members_hear_what_others_hear);
	RUN(bridge_requests);
	RUN(bridge_filters_what_is_bridged);
	RUN(bridge_spanning_tree_blocks_the_second_way);
	RUN(bridge_spanning_tree_takes_its_time);
	RUN(vlan_in_a_bridge);
	RUN(configuration_changes_under_traffic);
	RUN(everything_does_without_memory);
	return check_done();
}
