/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge, vlan, gif, tun and tap: the test is at the other end of tap's cables. */
#include <netbsd/bpf.h>
#include <netbsd/ip.h>
#include "dev_net.h"
#include "kern/callout.h"

static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t h1[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t h2[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t stp_group[6] = { 1, 0x80, 0xc2, 0, 0, 0 };

static void
drain(struct nets *n, int unit)
{
	uint8_t f[2048];

	while (n_get_any(n, unit, f, sizeof(f)) > 0)
		continue;
}

/* --- tap, tun --- */

TEST(tap_device_is_one_opener_s)
{
	uint8_t f[256], mac[6];
	struct ifreq ifr;
	struct stat st;
	struct nets n;
	long fd, own, second;
	int v;

	n_begin(&n, 1);
	CHECK_EQ(l_open(n.f.l, "/dev/tap0", O_RDWR, 0), -EBUSY);
	CHECK_EQ(l_open(n.f.l, "/dev/tap1", O_RDWR, 0), -ENXIO);
	CHECK_EQ(l_close(n.f.l, n.tap[0]), 0);
	fd = n.tap[0] = l_open(n.f.l, "/dev/tap0", O_RDWR | O_NONBLOCK, 0);
	CHECK(fd >= 0);
	CHECK_EQ(l_fstat(n.f.l, fd, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	drain(&n, 0);
	CHECK_EQ(n_addr(&n, "tap0", 0x0a000001, 0xffffff00, 0), 0);
	CHECK(n_get(&n, 0, f, sizeof(f)) > 0);
	/* ARP: who has us? */
	n_lladdr(&n, "tap0", mac);
	static const uint8_t ask[] = { 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1,
		10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1 };
	drain(&n, 0);
	n_frame(f, all, h1, ETHERTYPE_ARP, 28, 0);
	memcpy(f + 14, ask, sizeof(ask));
	n_put(&n, 0, f, 42);
	CHECK_EQ(l_poll(n.f.l, fd, POLLIN | POLLOUT, 1000), POLLIN | POLLOUT);
	CHECK_EQ(l_ioctl(n.f.l, fd, FIONREAD, &v), 0);
	CHECK_EQ(v, 42);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), 42);
	CHECK(memcmp(f, h1, 6) == 0 && memcmp(f + 6, mac, 6) == 0);
	CHECK_EQ(be16_get(f + 20), 2);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), -EAGAIN);
	memset(&ifr, 0, sizeof(ifr));
	CHECK_EQ(l_ioctl(n.f.l, fd, TAPGIFNAME, &ifr), 0);
	CHECK_STR(ifr.ifr_name, "tap0");
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNSIFHEAD, &v), -ENOTTY);
	/* One's own goes with the close, or by request before. */
	own = l_open(n.f.l, "/dev/tap", O_RDWR, 0);
	second = l_open(n.f.l, "/dev/tap", O_RDWR, 0);
	CHECK_EQ(l_ioctl(n.f.l, own, TAPGIFNAME, &ifr), 0);
	CHECK_STR(ifr.ifr_name, "tap1");
	CHECK_EQ(l_read(n.f.l, own, f, sizeof(f)), -EHOSTDOWN);
	CHECK_EQ(l_close(n.f.l, own), 0);
	CHECK_EQ(n_if(&n, SIOCGIFFLAGS, "tap1", &ifr), -ENXIO);
	CHECK_EQ(n_destroy(&n, "tap2"), 0);
	CHECK_EQ(l_write(n.f.l, second, f, 60), -ENXIO);
	CHECK_EQ(l_read(n.f.l, second, f, 60), -ENXIO);
	CHECK_EQ(l_ioctl(n.f.l, second, TAPGIFNAME, &ifr), -ENXIO);
	CHECK_EQ(l_close(n.f.l, second), 0);
	/* Down: nothing to be read. */
	CHECK_EQ(n_setflags(&n, "tap0", 0, IFF_UP), 0);
	CHECK_EQ(l_read(n.f.l, fd, f, sizeof(f)), -EHOSTDOWN);
	n_end(&n);
}

static long
read_tap(struct lwp *l, void *arg)
{
	uint8_t f[64];

	return l_read(l, *(long *)arg, f, sizeof(f));
}

TEST(tap_sleeper_wakes_when_the_interface_goes)
{
	struct side side;
	struct nets n;
	long fd;

	n_begin(&n, 0);
	CHECK_EQ(n_create(&n, "tap3"), 0);
	CHECK_EQ(n_up(&n, "tap3"), 0);
	fd = l_open(n.f.l, "/dev/tap3", O_RDWR, 0);
	CHECK(fd >= 0);
	side_begin(&side, n.f.p, read_tap, &fd);
	host_sleep_ns(20 * MS);
	CHECK_EQ(n_destroy(&n, "tap3"), 0);
	long got = side_end(&side);
	CHECK(got == -ENXIO || got > 0);
	CHECK_EQ(n_create(&n, "tap3"), 0);
	CHECK_EQ(l_close(n.f.l, fd), 0);
	n_end(&n);
}

/* An ICMP echo request, with its IPv4 header, in 28 bytes. */
static void
echo(uint8_t *p, uint32_t src, uint32_t dst)
{
	uint32_t sum = 0;

	memset(p, 0, 28);
	p[0] = 0x45;
	p[3] = 28;
	p[8] = 64;
	p[9] = 1;
	be32_put(p + 12, src);
	be32_put(p + 16, dst);
	for (int i = 0; i < 20; i += 2)
		sum += be16_get(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	be16_put(p + 10, (uint16_t) ~(sum + (sum >> 16)));
	p[20] = 8;
	be16_put(p + 22, 0xf7ff);
}

TEST(tun_passes_packets)
{
	uint8_t p[256], q[256];
	struct ifreq ifr = { 0 };
	struct nets n;
	long fd;
	int on = 1, v;

	n_begin(&n, 0);
	CHECK_EQ(l_mknod(n.f.l, "/dev/tun4", S_IFCHR | 0600, makedev(40, 4)), 0);
	fd = l_open(n.f.l, "/dev/tun4", O_RDWR | O_NONBLOCK, 0);
	CHECK(fd >= 0);
	CHECK_EQ(n_if(&n, SIOCGIFMTU, "tun4", &ifr), 0);
	CHECK_EQ(ifr.ifr_ifru.ifru_mtu, 1500);
	CHECK_EQ(l_read(n.f.l, fd, p, sizeof(p)), -EHOSTDOWN);
	v = IFF_BROADCAST | IFF_MULTICAST;
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNSIFMODE, &v), 0);
	v = 0;
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNSIFMODE, &v), -EINVAL);
	v = IFF_POINTOPOINT;
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNSIFMODE, &v), 0);
	CHECK_EQ(n_addr(&n, "tun4", 0x0a010001, 0xffffffff, 0x0a010002), 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNSIFMODE, &v), -EBUSY);
	CHECK_EQ(l_read(n.f.l, fd, p, sizeof(p)), -EAGAIN);
	echo(p, 0x0a010002, 0x0a010001);
	CHECK_EQ(l_write(n.f.l, fd, p, 28), 28);
	CHECK_EQ(l_read(n.f.l, fd, q, sizeof(q)), 28);
	CHECK_EQ(q[20], 0);
	CHECK_EQ(be32_get(q + 16), 0x0a010002);
	/* Behind the family's number. */
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNSIFHEAD, &on), 0);
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNGIFHEAD, &v), 0);
	CHECK_EQ(v, 1);
	memmove(p + 4, p, 28);
	be32_put(p, AF_INET);
	CHECK_EQ(l_write(n.f.l, fd, p, 32), 32);
	CHECK_EQ(l_read(n.f.l, fd, q, sizeof(q)), 32);
	CHECK_EQ(be32_get(q), AF_INET);
	CHECK_EQ(q[24], 0);
	be32_put(p, 77);
	CHECK_EQ(l_write(n.f.l, fd, p, 32), -EAFNOSUPPORT);
	CHECK_EQ(l_write(n.f.l, fd, p, 3), -EAFNOSUPPORT);
	CHECK_EQ(l_write(n.f.l, fd, p, 0), -EIO);
	/* Behind an address; the packet doesn't fit and is cut. */
	CHECK_EQ(l_ioctl(n.f.l, fd, TUNSLMODE, &on), 0);
	memset(p, 0, 2);
	p[0] = 4;
	p[1] = AF_INET;
	CHECK_EQ(l_write(n.f.l, fd, p, 32), 32);
	CHECK_EQ(l_read(n.f.l, fd, q, 16), 16);
	CHECK_EQ(q[0], 16);
	CHECK_EQ(q[1], AF_INET);
	CHECK_EQ(be32_get(q + 4), 0x0a010002);
	CHECK_EQ(l_read(n.f.l, fd, q, sizeof(q)), -EAGAIN);
	CHECK_EQ(l_close(n.f.l, fd), 0);
	CHECK_EQ(n_flags(&n, "tun4") & (IFF_UP | IFF_RUNNING), 0);
	CHECK_EQ(n_destroy(&n, "tun4"), 0);
	n_end(&n);
}

/* --- bridge --- */

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

/* --- vlan --- */

static long
v_set(struct nets *n, const char *name, const char *parent, uint16_t tag)
{
	struct ifreq ifr = { 0 };
	struct vlanreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.vlr_parent, parent, strlen(parent));
	r.vlr_tag = tag;
	ifr.ifr_ifru.ifru_data = &r;
	return n_if(n, SIOCSETVLAN, name, &ifr);
}

TEST(vlan_tags)
{
	uint8_t f[256], g[256], mac[6], vmac[6];
	struct ifreq ifr = { 0 };
	struct vlanreq r;
	struct nets n;

	n_begin(&n, 1);
	n_lladdr(&n, "tap0", mac);
	CHECK_EQ(n_create(&n, "vlan7"), 0);
	CHECK_EQ(n_up(&n, "vlan7"), -EINVAL);
	CHECK_EQ(v_set(&n, "vlan7", "tap0", 4095), -EINVAL);
	CHECK_EQ(v_set(&n, "vlan7", "nope", 5), -ENOENT);
	CHECK_EQ(v_set(&n, "vlan7", "lo0", 5), -EPROTONOSUPPORT);
	CHECK_EQ(v_set(&n, "vlan7", "vlan7", 5), -EPROTONOSUPPORT);
	CHECK_EQ(v_set(&n, "tap0", "tap0", 5), -ENOTTY);
	CHECK_EQ(v_set(&n, "vlan7", "tap0", 5), 0);
	CHECK_EQ(v_set(&n, "vlan7", "tap0", 5), 0);
	CHECK_EQ(v_set(&n, "vlan7", "tap0", 6), -EBUSY);
	CHECK_EQ(n_create(&n, "vlan8"), 0);
	CHECK_EQ(v_set(&n, "vlan8", "tap0", 5), -EEXIST);
	CHECK_EQ(v_set(&n, "vlan8", "tap0", 6), 0);
	memset(&r, 0, sizeof(r));
	ifr.ifr_ifru.ifru_data = &r;
	CHECK_EQ(n_if(&n, SIOCGETVLAN, "vlan7", &ifr), 0);
	CHECK_STR(r.vlr_parent, "tap0");
	CHECK_EQ(r.vlr_tag, 5);
	n_lladdr(&n, "vlan7", vmac);
	CHECK(memcmp(mac, vmac, 6) == 0);
	CHECK_EQ(n_if(&n, SIOCGIFMTU, "vlan7", &ifr), 0);
	CHECK_EQ(ifr.ifr_ifru.ifru_mtu, 1500);
	ifr.ifr_ifru.ifru_mtu = 1501;
	CHECK_EQ(n_if(&n, SIOCSIFMTU, "vlan7", &ifr), -EINVAL);
	CHECK_EQ(n_addr(&n, "vlan7", 0x0a000001, 0xffffff00, 0), 0);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), 46);
	CHECK_EQ(be16_get(f + 12), ETHERTYPE_VLAN);
	CHECK_EQ(be16_get(f + 14), 5);
	CHECK_EQ(be16_get(f + 16), ETHERTYPE_ARP);
	drain(&n, 0);
	/* Its tag, with a priority: answered. Another's, none, too short: not. */
	n_frame(f, all, h1, ETHERTYPE_VLAN, 32, 0);
	be16_put(f + 14, 0x6005);
	be16_put(f + 16, ETHERTYPE_ARP);
	memcpy(f + 18, "\0\1\10\0\6\4\0\1", 8);
	memcpy(f + 26, h1, 6);
	be32_put(f + 32, 0x0a000002);
	memset(f + 36, 0, 6);
	be32_put(f + 42, 0x0a000001);
	n_put(&n, 0, f, 46);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), 46);
	CHECK_EQ(be16_get(g + 14), 5);
	CHECK_EQ(be16_get(g + 24), 2);
	be16_put(f + 14, 9);
	n_put(&n, 0, f, 46);
	for (int i = 1; i < 18; i++)
		n_put(&n, 0, f, (size_t)i);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), -EAGAIN);
	/* Unset, and gone with the parent. */
	CHECK_EQ(v_set(&n, "vlan8", "", 0), 0);
	CHECK_EQ(n_destroy(&n, "tap0"), 0);
	CHECK_EQ(n_flags(&n, "vlan7") & (IFF_UP | IFF_RUNNING), 0);
	ifr.ifr_ifru.ifru_data = &r;
	CHECK_EQ(n_if(&n, SIOCGETVLAN, "vlan7", &ifr), 0);
	CHECK_STR(r.vlr_parent, "");
	ifr.ifr_ifru.ifru_data = NULL;
	CHECK_EQ(n_if(&n, SIOCGETVLAN, "vlan7", &ifr), -EFAULT);
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

/* --- gif --- */

static long
g_tunnel(struct nets *n, const char *name, uint32_t src, uint32_t dst)
{
	struct in_aliasreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.ifra_name, name, strlen(name));
	r.ifra_addr.sin_len = r.ifra_dstaddr.sin_len = sizeof(r.ifra_addr);
	r.ifra_addr.sin_family = r.ifra_dstaddr.sin_family = AF_INET;
	be32_put(&r.ifra_addr.sin_addr, src);
	be32_put(&r.ifra_dstaddr.sin_addr, dst);
	return l_ioctl(n->f.l, n->s, SIOCSIFPHYADDR, &r);
}

TEST(gif_carries_what_is_its_own)
{
	uint8_t f[256], g[256], mac[6];
	struct ifreq ifr = { 0 };
	struct nets n;

	n_begin(&n, 1);
	n_lladdr(&n, "tap0", mac);
	CHECK_EQ(n_addr(&n, "tap0", 0x0a000001, 0xffffff00, 0), 0);
	CHECK_EQ(n_create(&n, "gif0"), 0);
	CHECK_EQ(n_if(&n, SIOCGIFPSRCADDR, "gif0", &ifr), -EADDRNOTAVAIL);
	CHECK_EQ(g_tunnel(&n, "gif0", 0x0a000001, 0x0a000002), 0);
	CHECK_EQ(n_if(&n, SIOCGIFPDSTADDR, "gif0", &ifr), 0);
	CHECK_EQ(be32_get((uint8_t *)&ifr.ifr_ifru + 4), 0x0a000002);
	CHECK_EQ(n_create(&n, "gif1"), 0);
	CHECK_EQ(g_tunnel(&n, "gif1", 0x0a000001, 0x0a000002), -EADDRNOTAVAIL);
	CHECK_EQ(n_addr(&n, "gif0", 0x0a090001, 0xffffffff, 0x0a090002), 0);
	ifr.ifr_ifru.ifru_mtu = 1279;
	CHECK_EQ(n_if(&n, SIOCSIFMTU, "gif0", &ifr), -EINVAL);
	ifr.ifr_ifru.ifru_mtu = 1300;
	CHECK_EQ(n_if(&n, SIOCSIFMTU, "gif0", &ifr), 0);
	drain(&n, 0);
	/* An echo comes through the tunnel; its answer waits for ARP. */
	n_frame(f, mac, h2, ETHERTYPE_IP, 48, 0);
	echo(f + 34, 0x0a090002, 0x0a090001);
	echo(f + 14, 0x0a000002, 0x0a000001);
	f[17] = 48;
	f[23] = IPPROTO_IPV4;
	echo(f + 34, 0x0a090002, 0x0a090001);
	uint16_t sum = (uint16_t)~be16_get(f + 24);
	be16_put(f + 24, (uint16_t) ~(uint16_t)(sum + 20 + 3));
	n_put(&n, 0, f, 62);
	/* It has been asked for already: by what IPv6 says of itself. */
	drain(&n, 0);
	n_frame(g, mac, h2, ETHERTYPE_ARP, 28, 0);
	memcpy(g + 14, "\0\1\10\0\6\4\0\2", 8);
	memcpy(g + 22, h2, 6);
	be32_put(g + 28, 0x0a000002);
	memcpy(g + 32, mac, 6);
	be32_put(g + 38, 0x0a000001);
	n_put(&n, 0, g, 42);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), 62);
	CHECK_EQ(g[22], 30);
	CHECK_EQ(g[23], IPPROTO_IPV4);
	CHECK_EQ(be32_get(g + 30), 0x0a000002);
	CHECK_EQ(be32_get(g + 50), 0x0a090002);
	CHECK_EQ(g[54], 0);
	/* From somebody else: not for us. */
	be32_put(f + 26, 0x0a000003);
	sum = (uint16_t)~be16_get(f + 24);
	be16_put(f + 24, (uint16_t) ~(uint16_t)(sum + 1));
	n_put(&n, 0, f, 62);
	CHECK_EQ(n_get(&n, 0, g, sizeof(g)), -EAGAIN);
	n_end(&n);
}

/* A tunnel through itself ends. */
TEST(gif_nesting_is_cut)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };
	struct nets n;

	n_begin(&n, 0);
	CHECK_EQ(n_create(&n, "gif0"), 0);
	CHECK_EQ(g_tunnel(&n, "gif0", 0x0a090001, 0x0a090002), 0);
	CHECK_EQ(n_addr(&n, "gif0", 0x0a090001, 0xffffffff, 0x0a090002), 0);
	be32_put(&sin.sin_addr, 0x0a090002);
	be16_put(&sin.sin_port, 9);
	CHECK_EQ(l_sendto(n.f.l, n.s, "hello", 5, 0, &sin, sizeof(sin)), -EIO);
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
	RUN(tap_device_is_one_opener_s);
	RUN(tap_sleeper_wakes_when_the_interface_goes);
	RUN(tun_passes_packets);
	RUN(bridge_learns_and_forwards);
	RUN(bridge_host_speaks_to_all_segments);
	RUN(bridge_requests);
	RUN(bridge_spanning_tree_blocks_the_second_way);
	RUN(bridge_spanning_tree_takes_its_time);
	RUN(vlan_tags);
	RUN(vlan_in_a_bridge);
	RUN(gif_carries_what_is_its_own);
	RUN(gif_nesting_is_cut);
	RUN(everything_does_without_memory);
	return check_done();
}
