/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about interfaces, their names and numbers, link addresses, lists; by the calls of a process. */
#include <netbsd/sysctl.h>
#include "net_toy.h"
#include "sock_calls.h"

struct ifx {
	struct fixture f;
	long s;
};

static void
start(struct ifx *x)
{
	toy_up(&x->f);
	x->s = l_socket(x->f.l, PF_ROUTE, SOCK_RAW, 0);
	CHECK(x->s >= 0);
}

static void
stop(struct ifx *x)
{
	CHECK_EQ(l_close(x->f.l, x->s), 0);
	down(&x->f);
}

static long
req(struct ifx *x, unsigned long cmd, const char *name, struct ifreq *ifr)
{
	memset(ifr->ifr_name, 0, sizeof(ifr->ifr_name));
	memcpy(ifr->ifr_name, name, strlen(name));
	return l_ioctl(x->f.l, x->s, cmd, ifr);
}

static long
plain(struct ifx *x, unsigned long cmd, const char *name)
{
	struct ifreq ifr = { 0 };

	return req(x, cmd, name, &ifr);
}

static long
value(struct ifx *x, unsigned long cmd, const char *name)
{
	struct ifreq ifr = { 0 };
	long error = req(x, cmd, name, &ifr);

	return error != 0 ? error : ifr.ifr_ifru.ifru_metric;
}

static long
set(struct ifx *x, unsigned long cmd, const char *name, int v)
{
	struct ifreq ifr = { 0 };

	ifr.ifr_ifru.ifru_metric = v;
	return req(x, cmd, name, &ifr);
}

static long
flags(struct ifx *x, const char *name)
{
	struct ifreq ifr = { 0 };
	long error = req(x, SIOCGIFFLAGS, name, &ifr);

	return error != 0 ? error : (uint16_t)ifr.ifr_ifru.ifru_flags;
}

TEST(names_make_interfaces)
{
	struct ifx x;

	start(&x);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy7"), 0);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy7"), -EEXIST);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy"), -EINVAL);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy0"), 0);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy01"), 0);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy1"), -EEXIST);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy01"), -EEXIST);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy1x"), -EINVAL);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "to"), -EINVAL);
	CHECK_EQ(plain(&x, SIOCIFCREATE, ""), -EINVAL);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy99999999999"), -EINVAL);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "123456789012345\xff"), -EINVAL);
	CHECK_EQ(value(&x, SIOCGIFINDEX, "lo0"), 1);
	CHECK_EQ(value(&x, SIOCGIFINDEX, "toy7"), 2);
	CHECK_EQ(value(&x, SIOCGIFINDEX, "toy0"), 3);
	CHECK_EQ(value(&x, SIOCGIFINDEX, "toy1"), 4);
	CHECK_EQ(value(&x, SIOCGIFINDEX, "toy2"), -ENXIO);
	CHECK_EQ(plain(&x, SIOCIFDESTROY, "toy7"), 0);
	CHECK_EQ(plain(&x, SIOCIFDESTROY, "toy7"), -ENXIO);
	CHECK_EQ(plain(&x, SIOCIFDESTROY, "lo0"), -EPERM);
	CHECK_EQ(plain(&x, SIOCIFDESTROY, "nosuch0"), -EINVAL);
	/* The number is free again. */
	CHECK_EQ(plain(&x, SIOCIFCREATE, "lo1"), 0);
	CHECK_EQ(value(&x, SIOCGIFINDEX, "lo1"), 2);
	stop(&x);
}

TEST(many_interfaces_have_numbers)
{
	struct ifx x;

	start(&x);
	net_wrlock(x.f.k);
	for (int i = 0; i < 300; i++)
		CHECK_EQ(if_clone_create(x.f.k, "toy", NULL), 0);
	net_unlock(x.f.k);
	CHECK_EQ(value(&x, SIOCGIFINDEX, "toy299"), 301);
	stop(&x);
}

TEST(flags_mtu_and_metric_are_kept)
{
	struct ifx x;

	start(&x);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy0"), 0);
	CHECK_EQ(flags(&x, "toy0"), IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST);
	CHECK_EQ(flags(&x, "lo0"), IFF_LOOPBACK | IFF_RUNNING | IFF_MULTICAST);
	/* What may not be set is not. */
	CHECK_EQ(set(&x, SIOCSIFFLAGS, "toy0", 0xffff), 0);
	CHECK_EQ(flags(&x, "toy0"),
	    IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST | IFF_RUNNING |
		(0xffff & ~IFF_CANTCHANGE));
	CHECK_EQ(set(&x, SIOCSIFFLAGS, "toy0", 0), 0);
	CHECK_EQ(flags(&x, "toy0"), IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST);
	CHECK_EQ(value(&x, SIOCGIFMTU, "toy0"), 1500);
	CHECK_EQ(set(&x, SIOCSIFMTU, "toy0", 9000), 0);
	CHECK_EQ(value(&x, SIOCGIFMTU, "toy0"), 9000);
	CHECK_EQ(set(&x, SIOCSIFMTU, "toy0", 9001), -EINVAL);
	CHECK_EQ(set(&x, SIOCSIFMTU, "toy0", -1), -EINVAL);
	CHECK_EQ(value(&x, SIOCGIFMTU, "lo0"), 33624);
	CHECK_EQ(set(&x, SIOCSIFMTU, "lo0", 0), -EINVAL);
	CHECK_EQ(set(&x, SIOCSIFMETRIC, "toy0", 3), 0);
	CHECK_EQ(value(&x, SIOCGIFMETRIC, "toy0"), 3);
	CHECK_EQ(plain(&x, SIOCGIFADDR, "toy0"), -ENOTTY);
	CHECK_EQ(plain(&x, SIOCSIFPHYADDR, "toy0"), -ENOTTY);
	stop(&x);
}

TEST(changes_are_roots)
{
	struct ifx x;

	start(&x);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy0"), 0);
	CHECK_EQ(SYS(x.f.l, SYS_setuid, setuid, P(uid_t, 100)), 0);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy1"), -EPERM);
	CHECK_EQ(plain(&x, SIOCIFDESTROY, "toy0"), -EPERM);
	CHECK_EQ(set(&x, SIOCSIFFLAGS, "toy0", IFF_UP), -EPERM);
	CHECK_EQ(set(&x, SIOCSIFMTU, "toy0", 1400), -EPERM);
	CHECK_EQ(value(&x, SIOCGIFMTU, "toy0"), 1500);
	stop(&x);
}

TEST(old_requests_are_understood)
{
	struct ifx x;
	struct oifreq old = { .ifr_name = "toy0" };
	struct ifdatareq data = { .ifdr_name = "toy0" };
	struct oifdatareq olddata = { .ifdr_name = "toy0" };
	struct ifnet *ifp;

	start(&x);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy0"), 0);
	CHECK_EQ(l_ioctl(x.f.l, x.s, OSIOCGIFMTU, &old), 0);
	CHECK_EQ(old.ifr_ifru.ifru_mtu, 1500);
	old.ifr_ifru.ifru_flags = IFF_UP;
	CHECK_EQ(l_ioctl(x.f.l, x.s, OSIOCSIFFLAGS, &old), 0);
	CHECK_EQ(l_ioctl(x.f.l, x.s, OSIOCGIFFLAGS, &old), 0);
	CHECK((old.ifr_ifru.ifru_flags & (IFF_UP | IFF_RUNNING)) ==
	    (IFF_UP | IFF_RUNNING));
	net_rdlock(x.f.k);
	ifp = if_byname(x.f.k, "toy0");
	ifp->if_ipackets = 11;
	ifp->if_noproto = 12;
	net_unlock(x.f.k);
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCGIFDATA, &data), 0);
	CHECK_EQ(data.ifdr_data.ifi_ipackets, 11);
	CHECK(data.ifdr_data.ifi_lastchange.tv_sec > 0);
	CHECK_EQ(l_ioctl(x.f.l, x.s, OSIOCZIFDATA, &olddata), 0);
	CHECK_EQ(olddata.ifdr_data.ifi_ipackets, 11);
	CHECK_EQ(olddata.ifdr_data.ifi_noproto, 12);
	CHECK(olddata.ifdr_data.ifi_lastchange.tv_sec > 0);
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCGIFDATA, &data), 0);
	CHECK_EQ(data.ifdr_data.ifi_ipackets, 0);
	stop(&x);
}

TEST(lists_fit_the_room)
{
	struct ifx x;
	struct ifreq rows[8];
	uint8_t bytes[512];
	struct ifconf ifc = { 0 };
	char names[4][IFNAMSIZ];
	struct if_clonereq cr = { 0 };

	start(&x);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy0"), 0);
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCGIFCONF, &ifc), 0);
	CHECK_EQ(ifc.ifc_len, 2 * sizeof(struct ifreq));
	ifc.ifc_len = sizeof(rows);
	ifc.ifc_ifcu.ifcu_req = rows;
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCGIFCONF, &ifc), 0);
	CHECK_EQ(ifc.ifc_len, 2 * sizeof(struct ifreq));
	CHECK_STR(rows[0].ifr_name, "lo0");
	CHECK_STR(rows[1].ifr_name, "toy0");
	CHECK_EQ(rows[1].ifr_ifru.ifru_addr.sa_family, AF_LINK);
	ifc.ifc_len = sizeof(struct ifreq) + 3;
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCGIFCONF, &ifc), 0);
	CHECK_EQ(ifc.ifc_len, sizeof(struct ifreq));
	ifc.ifc_len = -1;
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCGIFCONF, &ifc), -EINVAL);
	ifc.ifc_len = sizeof(bytes);
	ifc.ifc_ifcu.ifcu_buf = bytes;
	CHECK_EQ(l_ioctl(x.f.l, x.s, OSIOCGIFCONF, &ifc), 0);
	CHECK_EQ(ifc.ifc_len, 32 + 16 + (8 + 4 + 6));
	ifc.ifc_len = sizeof(bytes);
	CHECK_EQ(l_ioctl(x.f.l, x.s, OOSIOCGIFCONF, &ifc), 0);
	CHECK_EQ(ifc.ifc_len, 64);
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCIFGCLONERS, &cr), 0);
	CHECK_EQ(cr.ifcr_total, 2);
	cr.ifcr_count = 4;
	cr.ifcr_buffer = names[0];
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCIFGCLONERS, &cr), 0);
	CHECK_STR(names[0], "lo");
	CHECK_STR(names[1], "toy");
	cr.ifcr_count = -1;
	CHECK_EQ(l_ioctl(x.f.l, x.s, SIOCIFGCLONERS, &cr), -EINVAL);
	stop(&x);
}

/* --- link addresses --- */

static void
laddr(struct if_laddrreq *r, uint8_t last)
{
	uint8_t sdl[14] = { 14, AF_LINK, 0, 0, 0, 0, 6, 0, 2, 0, 0, 0, 0, last };

	memset(r, 0, sizeof(*r));
	memcpy(r->iflr_name, "toy0", 5);
	memcpy(&r->addr, sdl, sizeof(sdl));
}

TEST(link_addresses_come_and_go)
{
	struct ifx x;
	struct if_laddrreq r;
	struct ifnet *ifp;
	long s;

	start(&x);
	CHECK((s = l_socket(x.f.l, AF_LINK, SOCK_DGRAM, 0)) >= 0);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy0"), 0);
	ifp = if_byname(x.f.k, "toy0");
	laddr(&r, 9);
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCALIFADDR, &r), 0);
	CHECK_EQ(ifp->if_lladdr[5], 1);
	r.flags = IFLR_ACTIVE;
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCALIFADDR, &r), 0);
	CHECK_EQ(ifp->if_lladdr[5], 9);
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCDLIFADDR, &r), -EBUSY);
	laddr(&r, 1);
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCDLIFADDR, &r), 0);
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCDLIFADDR, &r), -EADDRNOTAVAIL);
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCGLIFADDR, &r), 0);
	CHECK_EQ(r.flags, IFLR_ACTIVE);
	CHECK_EQ(r.prefixlen, 48);
	laddr(&r, 7);
	((uint8_t *)&r.addr)[6] = 5;
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCALIFADDR, &r), -EINVAL);
	laddr(&r, 7);
	((uint8_t *)&r.addr)[0] = 9;
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCALIFADDR, &r), -EINVAL);
	laddr(&r, 7);
	((uint8_t *)&r.addr)[5] = 200;
	CHECK_EQ(l_ioctl(x.f.l, s, SIOCALIFADDR, &r), -EINVAL);
	CHECK_EQ(l_close(x.f.l, s), 0);
	stop(&x);
}

/* Every request of the group, with garbage behind it: an errno, and nothing breaks. */
TEST(garbage_is_refused)
{
	struct ifx x;
	uint8_t buf[1024];
	uint64_t seed = 1;

	start(&x);
	CHECK_EQ(plain(&x, SIOCIFCREATE, "toy0"), 0);
	for (unsigned n = 0; n < 256 * 40; n++) {
		static const uint32_t sizes[] = { 0, 4, 12, 16, 24, 32, 40, 48,
			64, 0x70, 0x90, 0x94, 0x98, 0x118, 0x120, 1023 };
		uint32_t size = sizes[n / 256 % 16];
		unsigned long cmd = (n % 3 == 0	       ? 0x80000000UL :
					    n % 3 == 1 ? 0xc0000000UL :
							 0x40000000UL) |
		    size << 16 | 'i' << 8 | (n & 0xff);

		for (size_t i = 0; i < sizeof(buf); i++) {
			seed = seed * 6364136223846793005u + 1;
			buf[i] = (uint8_t)(seed >> 60);
		}
		if (n % 5 != 0)
			memcpy(buf, "toy0\0", 6);
		/* Pointers into nowhere are the process' own business here. */
		if (cmd == SIOCGIFCONF || cmd == OSIOCGIFCONF ||
		    cmd == OOSIOCGIFCONF || cmd == SIOCIFGCLONERS ||
		    cmd == SIOCSDRVSPEC || cmd == SIOCGDRVSPEC ||
		    cmd == SIOCSLINKSTR || cmd == SIOCGLINKSTR ||
		    cmd == SIOCGIFMEDIA || cmd == SIOCIFDESTROY)
			continue;
		(void)l_ioctl(x.f.l, x.s, cmd, buf);
	}
	CHECK_EQ(plain(&x, SIOCIFDESTROY, "toy0"), 0);
	stop(&x);
}

int
main(void)
{
	RUN(names_make_interfaces);
	RUN(many_interfaces_have_numbers);
	RUN(flags_mtu_and_metric_are_kept);
	RUN(changes_are_roots);
	RUN(old_requests_are_understood);
	RUN(lists_fit_the_room);
	RUN(link_addresses_come_and_go);
	RUN(garbage_is_refused);
	return check_done();
}
