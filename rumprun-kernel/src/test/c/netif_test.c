/* SPDX-License-Identifier: BSD-2-Clause */
/* vlan, gif, tun and tap: the test is at the other end of tap's cables. */
#include <netbsd/ip.h>
#include "dev_net.h"
#include "netinet6/in6_private.h"

static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
static const uint8_t h1[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t h2[6] = { 2, 0, 0, 0, 0, 2 };

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

/* --- vlan --- */

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

/* --- gif --- */

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

static void
g6_addr(void *to, uint8_t last)
{
	static const uint8_t start[15] = { 0x20, 1, 0xd, 0xb8 };
	struct sockaddr_in6 sin6 = { .sin6_len = sizeof(sin6),
		.sin6_family = AF_INET6 };

	memcpy(&sin6.sin6_addr, start, 15);
	A6(&sin6.sin6_addr)[15] = last;
	memcpy(to, &sin6, sizeof(sin6));
}

/* Says that what stands in f, sent by us, was too large for a path. */
static void
g6_too_big(struct nets *n, const uint8_t *f, uint32_t mtu)
{
	uint8_t g[14 + 40 + 8 + 100], *ip = g + 14;
	uint32_t sum;

	memset(g, 0, sizeof(g));
	n_frame(g, f + 6, h2, ETHERTYPE_IPV6, 0, 0);
	ip[0] = 0x60;
	be16_put(ip + 4, 108);
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 64;
	memcpy(ip + 8, f + 14 + 24, 16);
	memcpy(ip + 24, f + 14 + 8, 16);
	ip[40] = 2;
	be32_put(ip + 44, mtu);
	memcpy(ip + 48, f + 14, 100);
	sum = in_cksum_add(0, ip + 8, 32 + 108);
	sum += htons(108) + htons(IPPROTO_ICMPV6);
	uint16_t v = (uint16_t)~in_cksum_fold(sum);
	memcpy(ip + 42, &v, 2);
	n_put(n, 0, g, sizeof(g));
}

/* Over IPv6 pieces are as large as the path takes them. */
TEST(gif_follows_the_outer_path_mtu)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };
	struct if_laddrreq r = { .iflr_name = "gif0" };
	static uint8_t data[1252];
	struct sockaddr_in6 end;
	uint8_t f[1600];
	struct ifnet *ifp;
	struct nets n;

	n_begin(&n, 1);
	INET6(n.f.k)->ip6_dad_count = 0;
	net_wrlock(n.f.k);
	ifp = if_byname(n.f.k, "tap0");
	g6_addr(&end, 1);
	CHECK_EQ(in6_setaddr(ifp, &end.sin6_addr, 64, 0), 0);
	g6_addr(&end, 2);
	nd6_cache_lladdr(ifp, &end.sin6_addr, h2, ND_NEIGHBOR_SOLICIT, 0);
	net_unlock(n.f.k);
	CHECK_EQ(n_create(&n, "gif0"), 0);
	g6_addr(&r.addr, 1);
	g6_addr(&r.dstaddr, 2);
	CHECK_EQ(l_ioctl(n.f.l, n.s, SIOCSLIFPHYADDR, &r), 0);
	CHECK_EQ(n_addr(&n, "gif0", 0x0a090001, 0xffffffff, 0x0a090002), 0);
	drain(&n, 0);
	be32_put(&sin.sin_addr, 0x0a090002);
	be16_put(&sin.sin_port, 9);
	CHECK_EQ(l_sendto(n.f.l, n.s, data, 1252, 0, &sin, sizeof(sin)), 1252);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), 14 + 40 + 1280);
	CHECK_EQ(f[14 + 6], IPPROTO_IPV4);
	g6_too_big(&n, f, 1280);
	CHECK_EQ(l_sendto(n.f.l, n.s, data, 1252, 0, &sin, sizeof(sin)), 1252);
	CHECK_EQ(n_get(&n, 0, f, sizeof(f)), 14 + 1280);
	CHECK_EQ(f[14 + 6], IPPROTO_FRAGMENT);
	CHECK(n_get(&n, 0, f, sizeof(f)) > 0);
	CHECK_EQ(f[14 + 6], IPPROTO_FRAGMENT);
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

int
main(void)
{
	RUN(tap_device_is_one_opener_s);
	RUN(tap_sleeper_wakes_when_the_interface_goes);
	RUN(tun_passes_packets);
	RUN(vlan_tags);
	RUN(gif_carries_what_is_its_own);
	RUN(gif_follows_the_outer_path_mtu);
	RUN(gif_nesting_is_cut);
	return check_done();
}
