/* SPDX-License-Identifier: BSD-2-Clause */
/* PF_ROUTE: requests and their answers, who hears what, the lists of sysctl, broken messages. */
#include <netbsd/sysctl.h>
#include "net_toy.h"
#include "sock_calls.h"

struct rx {
	struct fixture f;
	long s, mon; /* who asks; who only listens */
	struct ifnet *ifp;
	struct toy_addr *ta;
};

static void
start(struct rx *x)
{
	toy_up(&x->f);
	net_wrlock(x->f.k);
	x->ifp = &toy_make(x->f.k, 0)->ifn;
	x->ta = toy_addaddr(x->ifp, 0x0a000001, 0xffffff00);
	x->ta->mask.sin_len = 7;
	net_unlock(x->f.k);
	x->s = l_socket(x->f.l, PF_ROUTE, SOCK_RAW, 0);
	x->mon = l_socket(x->f.l, PF_ROUTE, SOCK_RAW, 0);
	CHECK(x->s >= 0 && x->mon >= 0);
}

static void
stop(struct rx *x)
{
	CHECK_EQ(l_close(x->f.l, x->s), 0);
	CHECK_EQ(l_close(x->f.l, x->mon), 0);
	down(&x->f);
}

struct msg {
	struct rt_msghdr h;
	uint8_t space[1024];
};

static void
begin(struct msg *m, int type, int flags)
{
	memset(m, 0, sizeof(*m));
	m->h.rtm_version = RTM_VERSION;
	m->h.rtm_type = (unsigned char)type;
	m->h.rtm_flags = flags;
	m->h.rtm_seq = 5;
	m->h.rtm_msglen = sizeof(m->h);
}

static void
add(struct msg *m, int bit, const void *sa)
{
	size_t len = ((const uint8_t *)sa)[0];

	memcpy((uint8_t *)m + m->h.rtm_msglen, sa, len);
	m->h.rtm_msglen = (unsigned short)(m->h.rtm_msglen + RT_ROUNDUP(len));
	m->h.rtm_addrs |= bit;
}

static void
add_in(struct msg *m, int bit, uint32_t addr)
{
	struct sockaddr_in sin = sin_of(addr);

	add(m, bit, &sin);
}

static void
add_mask(struct msg *m, uint32_t mask, int len)
{
	struct sockaddr_in sin = sin_of(mask);

	sin.sin_len = (uint8_t)len;
	add(m, RTA_NETMASK, &sin);
}

static long
put(struct rx *x, struct msg *m)
{
	long n = l_write(x->f.l, x->s, m, m->h.rtm_msglen);

	return n == m->h.rtm_msglen ? 0 : n;
}

/* The next message on a socket; its length, or the negative errno. */
static long
next(struct rx *x, long s, struct msg *m)
{
	return l_recv(x->f.l, s, m, sizeof(*m), MSG_DONTWAIT);
}

/* The address of a bit in a message, NULL: not there. */
static const struct sockaddr *
addr_in(const struct msg *m, size_t hdrlen, int addrs, int bit)
{
	const uint8_t *p = (const uint8_t *)m + hdrlen;

	for (int i = 1; i < bit; i <<= 1)
		if ((addrs & i) != 0)
			p += RT_ROUNDUP(*p);
	return (addrs & bit) != 0 ? (const void *)p : NULL;
}

static uint32_t
in_at(const struct msg *m, int bit)
{
	const struct sockaddr *sa = addr_in(
	    m, sizeof(m->h), m->h.rtm_addrs, bit);

	return sa == NULL ? 0 : be32_get((const uint8_t *)sa + 4);
}

TEST(messages_have_the_recorded_sizes)
{
	CHECK_EQ(sizeof(struct rt_metrics), 80);
	CHECK_EQ(sizeof(struct rt_msghdr), 120);
	CHECK_EQ(offsetof(struct rt_msghdr, rtm_rmx), 40);
	CHECK_EQ(sizeof(struct if_announcemsghdr), 24);
	CHECK_EQ(sizeof(struct ifa_msghdr), 24);
#ifdef __LP64__
	CHECK_EQ(sizeof(struct if_msghdr), 152);
#endif
}

TEST(request_comes_back_to_all)
{
	struct rx x;
	struct msg m, r;

	start(&x);
	begin(&m, RTM_ADD, RTF_UP | RTF_GATEWAY | RTF_STATIC);
	add_in(&m, RTA_DST, 0x0a050000);
	add_in(&m, RTA_GATEWAY, 0x0a000002);
	add_mask(&m, 0xffff0000, 6);
	CHECK_EQ(m.h.rtm_msglen, 160);
	m.h.rtm_inits = RTV_MTU;
	m.h.rtm_rmx.rmx_mtu = 1200;
	CHECK_EQ(put(&x, &m), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(next(&x, i == 0 ? x.s : x.mon, &r), 160);
		CHECK_EQ(r.h.rtm_type, RTM_ADD);
		CHECK_EQ(r.h.rtm_errno, 0);
		CHECK_EQ(r.h.rtm_seq, 5);
		CHECK_EQ(r.h.rtm_pid, x.f.p->p_pid);
		CHECK_EQ(r.h.rtm_flags,
		    RTF_UP | RTF_GATEWAY | RTF_STATIC | RTF_DONE);
	}
	CHECK_EQ(put(&x, &m), -EEXIST);
	CHECK_EQ(next(&x, x.mon, &r), 160);
	CHECK_EQ(r.h.rtm_errno, EEXIST);
	CHECK_EQ(r.h.rtm_flags & RTF_DONE, 0);
	CHECK_EQ(next(&x, x.s, &r), 160);
	/* Who does not want to hear himself. */
	CHECK_EQ(l_setint(x.f.l, x.s, SOL_SOCKET, SO_USELOOPBACK, 0), 0);
	CHECK_EQ(put(&x, &m), -EEXIST);
	CHECK_EQ(next(&x, x.s, &r), -EAGAIN);
	CHECK_EQ(next(&x, x.mon, &r), 160);
	CHECK_EQ(l_setint(x.f.l, x.s, SOL_SOCKET, SO_USELOOPBACK, 1), 0);

	begin(&m, RTM_GET, RTF_UP | RTF_HOST);
	add_in(&m, RTA_DST, 0x0a050607);
	CHECK_EQ(put(&x, &m), 0);
	CHECK_EQ(next(&x, x.s, &r), 160);
	CHECK_EQ(in_at(&r, RTA_DST), 0x0a050000);
	CHECK_EQ(in_at(&r, RTA_GATEWAY), 0x0a000002);
	CHECK_EQ(r.h.rtm_addrs, RTA_DST | RTA_GATEWAY | RTA_NETMASK);
	CHECK_EQ(r.h.rtm_rmx.rmx_mtu, 1200);
	CHECK_EQ(r.h.rtm_index, x.ifp->if_index);
	m.h.rtm_addrs |= RTA_IFA; /* names interface and address */
	add_in(&m, RTA_IFA, 0);
	CHECK_EQ(put(&x, &m), 0);
	CHECK_EQ(next(&x, x.s, &r), 160 + 24 + 16);
	CHECK_EQ(in_at(&r, RTA_IFA), 0x0a000001);

	begin(&m, RTM_DELETE, RTF_UP | RTF_GATEWAY);
	add_in(&m, RTA_DST, 0x0a050000);
	add_mask(&m, 0xffff0000, 6);
	CHECK_EQ(put(&x, &m), 0);
	CHECK_EQ(next(&x, x.s, &r), 160);
	CHECK_EQ(r.h.rtm_flags, RTF_GATEWAY | RTF_STATIC | RTF_DONE);
	CHECK_EQ(in_at(&r, RTA_GATEWAY), 0x0a000002);
	CHECK_EQ(put(&x, &m), -ESRCH);
	stop(&x);
}

TEST(change_and_lock_change_what_is_named)
{
	struct rx x;
	struct msg m, r;

	start(&x);
	begin(&m, RTM_ADD, RTF_GATEWAY);
	add_in(&m, RTA_DST, 0x0a050000);
	add_in(&m, RTA_GATEWAY, 0x0a000002);
	add_mask(&m, 0xffff0000, 6);
	CHECK_EQ(put(&x, &m), 0);
	CHECK_EQ(next(&x, x.s, &r), 160);
	m.h.rtm_type = RTM_CHANGE;
	m.h.rtm_inits = RTV_MTU | RTV_EXPIRE | RTV_HOPCOUNT;
	m.h.rtm_rmx.rmx_mtu = 900;
	m.h.rtm_rmx.rmx_locks = RTV_MTU;
	m.h.rtm_rmx.rmx_hopcount = 4;
	m.h.rtm_rmx.rmx_expire = kern_time_second(x.f.k) + 1000;
	((struct sockaddr_in *)(void *)m.space)[1] = sin_of(0x0a000003);
	CHECK_EQ(put(&x, &m), 0);
	CHECK_EQ(next(&x, x.s, &r), 160);
	begin(&m, RTM_GET, 0);
	add_in(&m, RTA_DST, 0x0a050607);
	CHECK_EQ(put(&x, &m), 0);
	CHECK_EQ(next(&x, x.s, &r), 160);
	CHECK_EQ(in_at(&r, RTA_GATEWAY), 0x0a000003);
	CHECK_EQ(r.h.rtm_rmx.rmx_mtu, 900);
	CHECK_EQ(r.h.rtm_rmx.rmx_locks, RTV_MTU);
	CHECK_EQ(r.h.rtm_rmx.rmx_hopcount, 4);
	CHECK(r.h.rtm_rmx.rmx_expire >= kern_time_second(x.f.k) + 998 &&
	    r.h.rtm_rmx.rmx_expire <= kern_time_second(x.f.k) + 1002);
	begin(&m, RTM_LOCK, 0);
	add_in(&m, RTA_DST, 0x0a050000);
	add_mask(&m, 0xffff0000, 6);
	m.h.rtm_inits = RTV_MTU | RTV_RTT;
	m.h.rtm_rmx.rmx_locks = RTV_RTT;
	CHECK_EQ(put(&x, &m), 0);
	m.h.rtm_type = RTM_CHANGE;
	((struct sockaddr_in *)(void *)m.space)[0] = sin_of(0x0a630000);
	CHECK_EQ(put(&x, &m), -ESRCH);
	stop(&x);
}

TEST(interfaces_and_addresses_are_announced)
{
	struct rx x;
	struct msg r;
	struct if_msghdr *ifm = (void *)&r;
	struct ifa_msghdr *ifam = (void *)&r;
	struct if_announcemsghdr *ifan = (void *)&r;
	char name[IFNAMSIZ];

	start(&x);
	net_wrlock(x.f.k);
	CHECK_EQ(if_up(x.ifp), 0);
	rt_newaddrmsg(RTM_NEWADDR, &x.ta->ifa, 0, NULL);
	CHECK_EQ(if_clone_create(x.f.k, "toy", name), 0);
	net_unlock(x.f.k);
	CHECK_EQ(if_clone_destroy(x.f.k, name), 0);
	CHECK_EQ(next(&x, x.mon, &r), sizeof(*ifm));
	CHECK_EQ(ifm->ifm_type, RTM_IFINFO);
	CHECK_EQ(ifm->ifm_flags & (IFF_UP | IFF_RUNNING), IFF_UP | IFF_RUNNING);
	CHECK_EQ(ifm->ifm_data.ifi_mtu, 1500);
	CHECK_EQ(next(&x, x.mon, &r), 24 + 8 + 24 + 16 + 16);
	CHECK_EQ(ifam->ifam_type, RTM_NEWADDR);
	CHECK_EQ(ifam->ifam_addrs, RTA_NETMASK | RTA_IFP | RTA_IFA | RTA_BRD);
	CHECK_EQ(ifam->ifam_flags, RTF_CONNECTED);
	CHECK_EQ(next(&x, x.mon, &r), 24);
	CHECK_EQ(ifan->ifan_what, IFAN_ARRIVAL);
	CHECK_STR(ifan->ifan_name, "toy1");
	CHECK_EQ(next(&x, x.mon, &r), sizeof(*ifm));
	CHECK_EQ(next(&x, x.mon, &r), 24);
	CHECK_EQ(ifan->ifan_what, IFAN_DEPARTURE);
	CHECK_EQ(ifan->ifan_index, 3);
	CHECK_EQ(next(&x, x.mon, &r), -EAGAIN);
	stop(&x);
}

TEST(sockets_of_a_family_hear_their_own)
{
	struct rx x;
	struct msg m, r;
	long s6, s4;

	start(&x);
	CHECK((s4 = l_socket(x.f.l, PF_ROUTE, SOCK_RAW, AF_INET)) >= 0);
	CHECK((s6 = l_socket(x.f.l, PF_ROUTE, SOCK_RAW, AF_INET6)) >= 0);
	begin(&m, RTM_GET, 0);
	add_in(&m, RTA_DST, 0x0a050607);
	CHECK_EQ(put(&x, &m), -ESRCH);
	CHECK_EQ(next(&x, s4, &r), m.h.rtm_msglen);
	CHECK_EQ(next(&x, s6, &r), -EAGAIN);
	CHECK_EQ(l_close(x.f.l, s4), 0);
	CHECK_EQ(l_close(x.f.l, s6), 0);
	stop(&x);
}

/* --- lists --- */

static long
list(struct rx *x, int af, int what, int arg, void *buf, size_t room)
{
	int mib[6] = { CTL_NET, PF_ROUTE, 0, af, what, arg };
	size_t len = room;
	struct sys___sysctl_args a;
	register_t rv[2];
	int error;

	memset(&a, 0, sizeof(a));
	SCARG(&a, name) = mib;
	SCARG(&a, namelen) = 6;
	SCARG(&a, oldv) = buf;
	SCARG(&a, oldlenp) = &len;
	error = kern_syscall(x->f.l, SYS___sysctl, &a, rv);
	return error != 0 ? error : (long)len;
}

TEST(lists_hold_routes_and_interfaces)
{
	struct rx x;
	uint8_t buf[4096];
	struct msg *m = (void *)buf;
	struct if_msghdr *ifm = (void *)buf;
	long len;

	start(&x);
	net_wrlock(x.f.k);
	CHECK_EQ(rt_ifa_addlocal(&x.ta->ifa), 0);
	CHECK_EQ(rtinit(&x.ta->ifa, RTM_ADD, RTF_UP), 0);
	net_unlock(x.f.k);
	len = list(&x, 0, NET_RT_DUMP, 0, buf, sizeof(buf));
	CHECK_EQ(len, 208 + 120 + 16 + 24 + 16 + 16);
	CHECK_EQ(m->h.rtm_type, RTM_GET);
	CHECK_EQ(in_at(m, RTA_DST), 0x0a000000);
	CHECK_EQ(list(&x, AF_INET6, NET_RT_DUMP, 0, buf, sizeof(buf)), 0);
	CHECK_EQ(list(&x, AF_INET, NET_RT_DUMP, 0, NULL, 0), len);
	CHECK_EQ(list(&x, 0, NET_RT_FLAGS, RTF_LLDATA, buf, sizeof(buf)), 0);
	CHECK_EQ(
	    list(&x, 0, NET_RT_FLAGS, RTF_CONNECTED, buf, sizeof(buf)), 208);
	len = list(&x, 0, NET_RT_IFLIST, 0, buf, sizeof(buf));
	CHECK_EQ(len,
	    (long)(sizeof(*ifm) + 16 + sizeof(*ifm) + 24 + 24 + 8 + 16 + 16));
	CHECK_EQ(ifm->ifm_index, 1);
	CHECK_EQ(ifm->ifm_addrs, RTA_IFP);
	len = list(&x, AF_LINK, NET_RT_IFLIST, 2, buf, sizeof(buf));
	CHECK_EQ(len, (long)sizeof(*ifm) + 24);
	CHECK(list(&x, 0, NET_RT_OIFLIST, 0, buf, sizeof(buf)) > 0);
	CHECK_EQ(ifm->ifm_type, RTM_OIFINFO);
	CHECK(list(&x, 0, NET_RT_OOIFLIST, 0, buf, sizeof(buf)) > 0);
	CHECK_EQ(ifm->ifm_type, RTM_OOIFINFO);
	CHECK_EQ(list(&x, 0, 77, 0, buf, sizeof(buf)), -EINVAL);
	stop(&x);
}

/* --- bad messages --- */

TEST(bad_messages_are_refused)
{
	struct rx x;
	struct msg m;
	uint8_t sdl[20] = { 20, AF_LINK, 0, 0, 0, 200, 6, 0 };

	start(&x);
	begin(&m, RTM_GET, 0);
	add_in(&m, RTA_DST, 0x0a000005);
	CHECK_EQ(l_write(x.f.l, x.s, &m, 4), -EINVAL);
	CHECK_EQ(l_write(x.f.l, x.s, &m, m.h.rtm_msglen - 1), -EINVAL);
	m.h.rtm_version = 3;
	CHECK_EQ(put(&x, &m), -EPROTONOSUPPORT);
	m.h.rtm_version = RTM_VERSION;
	m.h.rtm_type = 77;
	CHECK_EQ(put(&x, &m), -EOPNOTSUPP);
	m.h.rtm_type = RTM_GET;
	m.h.rtm_addrs = 0;
	CHECK_EQ(put(&x, &m), -EINVAL);
	m.h.rtm_addrs = RTA_DST | RTA_GATEWAY;
	CHECK_EQ(put(&x, &m), -EINVAL);
	m.h.rtm_addrs = RTA_DST | 0x200;
	CHECK_EQ(put(&x, &m), -EINVAL);
	m.h.rtm_addrs = RTA_DST;
	m.space[0] = 200;
	CHECK_EQ(put(&x, &m), -EINVAL);
	m.space[0] = 16;
	m.space[1] = 77;
	CHECK_EQ(put(&x, &m), -EINVAL);
	m.space[1] = AF_LINK;
	CHECK_EQ(put(&x, &m), -ESRCH);
	begin(&m, RTM_ADD, RTF_HOST);
	add_in(&m, RTA_DST, 0x0a000005);
	add(&m, RTA_GATEWAY, sdl);
	CHECK_EQ(put(&x, &m), -EINVAL);
	begin(&m, RTM_ADD, RTF_GATEWAY);
	add_in(&m, RTA_DST, 0x0a050000);
	CHECK_EQ(put(&x, &m), -EINVAL);
	add_in(&m, RTA_GATEWAY, 0x0a000002);
	add_mask(&m, 0xff00ff00, 16);
	CHECK_EQ(put(&x, &m), -EINVAL);
	CHECK_EQ(SYS(x.f.l, SYS_setuid, setuid, P(uid_t, 100)), 0);
	begin(&m, RTM_ADD, RTF_GATEWAY | RTF_HOST);
	add_in(&m, RTA_DST, 0x0a050000);
	add_in(&m, RTA_GATEWAY, 0x0a000002);
	CHECK_EQ(put(&x, &m), -EACCES);
	stop(&x);
}

TEST(random_messages_break_nothing)
{
	struct rx x;
	struct msg m, r;
	uint64_t seed = 1;

	start(&x);
	for (int i = 0; i < 20000; i++) {
		unsigned damage;

		begin(&m, RTM_ADD + (int)(seed >> 40) % 4, RTF_GATEWAY);
		add_in(&m, RTA_DST, 0x0a050000 + (uint32_t)(seed >> 50));
		add_in(&m, RTA_GATEWAY, 0x0a000002);
		add_mask(&m, 0xffff0000, 6);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		damage = (unsigned)(seed >> 60);
		for (unsigned n = 0; n < damage; n++) {
			seed = seed * 6364136223846793005u + 1;
			((uint8_t *)&m)[2 +
			    (seed >> 33) %
				(size_t)(m.h.rtm_msglen - 2)] = (uint8_t)(seed >>
			    25);
			m.h.rtm_version = RTM_VERSION;
		}
		(void)put(&x, &m);
		while (next(&x, x.s, &r) > 0)
			continue;
		while (next(&x, x.mon, &r) > 0)
			continue;
	}
	stop(&x);
}

int
main(void)
{
	RUN(messages_have_the_recorded_sizes);
	RUN(request_comes_back_to_all);
	RUN(change_and_lock_change_what_is_named);
	RUN(interfaces_and_addresses_are_announced);
	RUN(sockets_of_a_family_hear_their_own);
	RUN(lists_hold_routes_and_interfaces);
	RUN(bad_messages_are_refused);
	RUN(random_messages_break_nothing);
	return check_done();
}
