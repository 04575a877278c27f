/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools that configure: what they ask of a kernel, and what they make of any answer. */
#include "lib/check.h"
#include "iflist.h"
#include "lib/fake_net.h"
#include "nbmsg.h"
#include <netbsd/if_bridgevar.h>
#include <netbsd/if_media.h>
#include <netbsd/in6_var.h>
#include <netbsd/in_var.h>
#include <netbsd/sockio.h>
#include <netbsd/sysctl.h>

static struct fake_net f;
static uint8_t list[4096];

static struct sockaddr_in
in(const char *s)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET };

	if (!t_inet_aton(s, &sin.sin_addr.s_addr))
		abort();
	return sin;
}

static struct sockaddr_in6
in6(const char *s)
{
	struct sockaddr_in6 sin6 = { .sin6_len = sizeof(sin6),
		.sin6_family = AF_INET6 };

	if (!t_inet_pton6(s, sin6.sin6_addr.__u6_addr.__u6_addr8))
		abort();
	return sin6;
}

/* lo0 and shmif0, with an address each of either family. */
static size_t
interfaces(void)
{
	struct sockaddr_in a = in("127.0.0.1"), am = in("255.0.0.0"),
			   b = in("10.0.0.1"), bm = in("255.255.255.0"),
			   bb = in("10.0.0.255");
	struct sockaddr_in6 c = in6("fe80:2::5"),
			    cm = in6("ffff:ffff:ffff:ffff::");
	size_t n = 0;

	n = fake_if(list, n, 1, "lo0", IFF_UP | IFF_LOOPBACK, 0);
	n = fake_ifa(list, n, 1, &a, &am, NULL);
	n = fake_if(list, n, 2, "shmif0", IFF_UP | IFF_BROADCAST, 6);
	n = fake_ifa(list, n, 2, &c, &cm, NULL);
	n = fake_ifa(list, n, 2, &b, &bm, &bb);
	return n;
}

static int
all_fine(struct fake_net *fake, unsigned long com, void *data)
{
	(void)fake;
	if (com == SIOCGIFFLAGS)
		((struct ifreq *)data)->ifr_ifru.ifru_flags = (short)0x8843;
	else if (com != SIOCAIFADDR && com != SIOCAIFADDR_IN6 &&
	    com != SIOCDIFADDR && com != SIOCSIFFLAGS && com != SIOCSIFMTU)
		return -ENOTTY;
	return 0;
}

static void
setup(int (*ioctl)(struct fake_net *, unsigned long, void *))
{
	memset(&f, 0, sizeof(f));
	f.ioctl = ioctl;
	f.list[NET_RT_IFLIST].data = list;
	f.list[NET_RT_IFLIST].len = interfaces();
}

TEST(ifconfig_all_shows_the_list)
{
	setup(all_fine);
	CHECK_EQ(fake_net_run(&f, ifconfig_main, "ifconfig -a"), 0);
	CHECK_STR(f.out,
	    "lo0: flags=0x9<UP,LOOPBACK> mtu 1500\n"
	    "\tinet 127.0.0.1 netmask 0xff000000\n"
	    "shmif0: flags=0x3<UP,BROADCAST> mtu 1500\n"
	    "\taddress: 02:00:00:00:00:02\n"
	    "\tinet6 fe80::5%shmif0 prefixlen 64 scopeid 0x2\n"
	    "\tinet 10.0.0.1 netmask 0xffffff00 broadcast 10.0.0.255\n");
	CHECK_EQ(fake_net_run(&f, ifconfig_main, "ifconfig -lb"), 0);
	CHECK_STR(f.out, "shmif0\n");
	CHECK_EQ(fake_net_run(&f, ifconfig_main, "ifconfig -a link"), 0);
	CHECK(strstr(f.out, "inet") == NULL);
}

TEST(ifconfig_address_is_set_with_its_mask)
{
	const struct in_aliasreq *req;

	setup(all_fine);
	CHECK_EQ(fake_net_run(
		     &f, ifconfig_main, "ifconfig shmif0 inet 10.1/20 alias"),
	    0);
	req = fake_net_call(&f, SIOCAIFADDR, 0);
	CHECK(req != NULL);
	CHECK_STR(req->ifra_name, "shmif0");
	CHECK_EQ(req->ifra_addr.sin_addr.s_addr, in("10.0.0.1").sin_addr.s_addr);
	CHECK_EQ(req->ifra_mask.sin_addr.s_addr,
	    in("255.255.240.0").sin_addr.s_addr);
	CHECK_EQ(req->ifra_dstaddr.sin_len, 0);
	CHECK(fake_net_call(&f, SIOCDIFADDR, 0) == NULL);
}

TEST(ifconfig_plain_address_replaces_the_first)
{
	setup(all_fine);
	/* SIOCGIFADDR is refused here: there is none to replace. */
	CHECK_EQ(fake_net_run(&f, ifconfig_main,
		     "ifconfig shmif0 10.0.0.9 netmask 0xffff0000"),
	    0);
	CHECK(fake_net_call(&f, SIOCGIFADDR, 0) != NULL);
	CHECK(fake_net_call(&f, SIOCDIFADDR, 0) == NULL);
	CHECK(fake_net_call(&f, SIOCAIFADDR, 0) != NULL);
}

TEST(ifconfig_inet6_has_prefix_flags_and_lifetimes)
{
	const struct in6_aliasreq *req;

	setup(all_fine);
	CHECK_EQ(fake_net_run(&f, ifconfig_main,
		     "ifconfig shmif0 inet6 fe80::7%shmif0/60 anycast "
		     "deprecated -deprecated pltime 10 vltime 20"),
	    0);
	req = fake_net_call(&f, SIOCAIFADDR_IN6, 0);
	CHECK(req != NULL);
	CHECK_EQ(req->ifra_addr.sin6_scope_id, 2);
	CHECK_EQ(
	    mask_length((const uint8_t *)&req->ifra_prefixmask.sin6_addr, 16),
	    60);
	CHECK_EQ(req->ifra_flags, IN6_IFF_ANYCAST);
	CHECK_EQ(req->ifra_lifetime.ia6t_pltime, 10);
	CHECK_EQ(req->ifra_lifetime.ia6t_vltime, 20);
	CHECK_EQ(req->ifra_lifetime.ia6t_expire, 1000020);
}

TEST(ifconfig_eui64_fills_the_lower_half)
{
	const struct in6_aliasreq *req;
	struct sockaddr_in6 want = in6("2001:db8::5");

	setup(all_fine);
	CHECK_EQ(fake_net_run(&f, ifconfig_main,
		     "ifconfig shmif0 inet6 2001:db8:: eui64"),
	    0);
	req = fake_net_call(&f, SIOCAIFADDR_IN6, 0);
	CHECK(req != NULL &&
	    memcmp(&req->ifra_addr.sin6_addr, &want.sin6_addr, 16) == 0);
}

TEST(ifconfig_bad_line_changes_nothing)
{
	static const char *const lines[] = { "up nosuchword", "mtu", "mtu x",
		"mtu 99999999999999999999999", "inet 10.0.0.256",
		"inet 1.2.3.4/-1", "inet 1.2.3.4/x", "inet6 1.2.3.4",
		"inet 2001:db8::1", "inet6 2001:db8:::1",
		"inet6 fe80::1%nosuch0", "link 02:00:00:00:00:xx",
		"link 020000000001", "inet 1.2.3.4 5.6.7.8 9.10.11.12",
		"tunnel 1.1.1.1", "tunnel 1.1.1.1 ::1",
		"tunnel 1.1.1.1/8 2.2.2.2", "instance 0", "vlan 65536",
		"pltime -1", "preference 3", "''", "up ''", "inet", "nwid 0xzz",
		"vhid 0", "state none" };
	char line[128];
	size_t i;

	setup(all_fine);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(lines[i], "inet") == 0)
			continue;
		snprintf(line, sizeof(line), "ifconfig shmif0 %s", lines[i]);
		CHECK_EQ(fake_net_run(&f, ifconfig_main, line), 1);
		CHECK(strncmp(f.out, "usage: ifconfig", 15) == 0);
		CHECK_EQ(f.ncalls, 0);
	}
}

TEST(ifconfig_prefix_too_long_is_told)
{
	setup(all_fine);
	CHECK_EQ(
	    fake_net_run(&f, ifconfig_main, "ifconfig x0 inet 1.2.3.4/33"), 1);
	CHECK_STR(f.out,
	    "ifconfig: paddr_match: prefixlen_to_mask(2, 33): Invalid "
	    "argument\n");
}

TEST(ifconfig_refused_mtu_does_not_stop_the_rest)
{
	setup(NULL);
	CHECK_EQ(
	    fake_net_run(&f, ifconfig_main, "ifconfig x0 mtu 9 metric 1"), 0);
	CHECK(fake_net_call(&f, SIOCSIFMTU, 0) != NULL);
	CHECK(fake_net_call(&f, SIOCSIFMETRIC, 0) != NULL);
}

static int
counters_ioctl(struct fake_net *fake, unsigned long com, void *data)
{
	struct if_data *d = &((struct ifdatareq *)data)->ifdr_data;

	if (com != SIOCGIFDATA && com != SIOCZIFDATA)
		return all_fine(fake, com, data);
	memset(d, 0, sizeof(*d));
	d->ifi_ipackets = 1;
	d->ifi_ibytes = 1;
	d->ifi_iqdrops = 2;
	d->ifi_noproto = 1;
	d->ifi_opackets = UINT64_MAX;
	d->ifi_obytes = 123456;
	d->ifi_collisions = 1;
	return 0;
}

TEST(ifconfig_counters_have_plurals_and_units)
{
	setup(counters_ioctl);
	CHECK_EQ(fake_net_run(&f, ifconfig_main, "ifconfig -z shmif0 link"), 0);
	CHECK(fake_net_call(&f, SIOCZIFDATA, 0) != NULL);
	CHECK(strstr(f.out,
		  "\tinput: 1 packet, 1 byte, 2 queue drops, 1 unknown "
		  "protocol\n"
		  "\toutput: 18446744073709551615 packets, 123456 bytes, 1 "
		  "collision\n") != NULL);
	CHECK_EQ(fake_net_run(&f, ifconfig_main, "ifconfig -hv shmif0 link"), 0);
	CHECK(strstr(f.out, " 120K bytes,") != NULL ||
	    strstr(f.out, " 121K bytes,") != NULL);
}

/* --- media, which no interface of ours has yet --- */

static int
media_ioctl(struct fake_net *fake, unsigned long com, void *data)
{
	static const int words[] = { IFM_ETHER | IFM_AUTO,
		IFM_ETHER | IFM_100_TX | IFM_FDX };
	struct ifmediareq *req = data;
	int room = com == SIOCGIFMEDIA ? req->ifm_count : 0;

	if (com == SIOCSIFMEDIA)
		return 0;
	if (com != SIOCGIFMEDIA)
		return all_fine(fake, com, data);
	req->ifm_current = words[0];
	req->ifm_active = words[1];
	req->ifm_status = IFM_AVALID | IFM_ACTIVE;
	req->ifm_count = 2;
	if (room >= 2)
		memcpy(req->ifm_ulist, words, sizeof(words));
	return 0;
}

TEST(ifconfig_media_is_shown_and_set)
{
	const struct ifreq *ifr;

	setup(media_ioctl);
	CHECK_EQ(fake_net_run(&f, ifconfig_main, "ifconfig -m shmif0 link"), 0);
	CHECK(strstr(f.out,
		  "\tmedia: Ethernet autoselect (100baseTX full-duplex)\n"
		  "\tstatus: active\n"
		  "\tsupported Ethernet media:\n"
		  "\t\tmedia autoselect\n"
		  "\t\tmedia 100baseTX mediaopt full-duplex\n") != NULL);
	CHECK_EQ(fake_net_run(&f, ifconfig_main,
		     "ifconfig shmif0 media 10baset mediaopt fdx,loopback "
		     "instance 3"),
	    0);
	ifr = fake_net_call(&f, SIOCSIFMEDIA, 2);
	CHECK(ifr != NULL);
	CHECK_EQ((unsigned)ifr->ifr_ifru.ifru_value,
	    IFM_ETHER | IFM_10_T | IFM_FDX | IFM_LOOP | 3u << IFM_ISHIFT);
	CHECK_EQ(
	    fake_net_run(&f, ifconfig_main, "ifconfig shmif0 media wet"), 1);
	CHECK_STR(f.out, "ifconfig: unknown media subtype: wet\n");
}

/* --- any answer --- */

/* Interface lists cut short, and with any byte changed: an answer or an error, nothing worse. */
TEST(iflist_hostile_answers_are_survived)
{
	size_t whole, i;
	uint8_t *copy;

	setup(all_fine);
	whole = f.list[NET_RT_IFLIST].len;
	for (i = 0; i <= whole; i++) {
		copy = malloc(i + 1);
		memcpy(copy, list, i);
		f.list[NET_RT_IFLIST].data = copy;
		f.list[NET_RT_IFLIST].len = i;
		fake_net_run(&f, ifconfig_main, "ifconfig -av");
		fake_net_run(&f, ndp_main, "ndp -I shmif0");
		free(copy);
	}
	f.list[NET_RT_IFLIST].len = whole;
	for (i = 0; i < whole * 4; i++) {
		static const uint8_t values[] = { 0, 1, 0x7f, 0xff };

		copy = malloc(whole);
		memcpy(copy, list, whole);
		copy[i / 4] = values[i % 4];
		f.list[NET_RT_IFLIST].data = copy;
		fake_net_run(&f, ifconfig_main, "ifconfig -av");
		free(copy);
	}
}

TEST(neighbours_hostile_answers_are_survived)
{
	uint8_t buf[512] = { 0 }, *copy;
	struct sockaddr_in dst = in("10.0.0.2");
	struct sockaddr_dl dl;
	struct rt_msghdr h;
	size_t whole = sizeof(h) + 16 + 24, i;

	setup(all_fine);
	memset(&h, 0, sizeof(h));
	h.rtm_msglen = (unsigned short)whole;
	h.rtm_version = RTM_VERSION;
	h.rtm_type = RTM_GET;
	h.rtm_addrs = RTA_DST | RTA_GATEWAY;
	h.rtm_index = 2;
	CHECK(link_parse("02:00:00:00:00:09", &dl));
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), &dst, 16);
	memcpy(buf + sizeof(h) + 16, &dl, sizeof(dl));
	f.list[NET_RT_FLAGS].data = buf;
	f.list[NET_RT_FLAGS].len = whole;
	CHECK_EQ(fake_net_run(&f, arp_main, "arp -an"), 0);
	CHECK_STR(
	    f.out, "? (10.0.0.2) at 02:00:00:00:00:09 on shmif0 permanent\n");
	for (i = 0; i < whole * 4; i++) {
		static const uint8_t values[] = { 0, 1, 0x7f, 0xff };

		copy = malloc(whole);
		memcpy(copy, buf, whole);
		copy[i / 4] = values[i % 4];
		f.list[NET_RT_FLAGS].data = copy;
		fake_net_run(&f, arp_main, "arp -an");
		fake_net_run(&f, ndp_main, "ndp -an");
		f.list[NET_RT_FLAGS].len = i / 4;
		fake_net_run(&f, arp_main, "arp -an");
		f.list[NET_RT_FLAGS].len = whole;
		free(copy);
	}
}

/* --- arp and ndp --- */

static struct rt_msghdr added;

/* Answers RTM_GET with the interface's route, takes anything else. */
static int
route_answer(struct fake_net *fake, const void *msg, size_t len, void *answer)
{
	struct sockaddr_in dst = in("10.0.0.0");
	struct sockaddr_dl dl = { .sdl_len = 20,
		.sdl_family = AF_LINK,
		.sdl_index = 2,
		.sdl_addr = { .dl_type = IFT_ETHER } };
	struct rt_msghdr h;
	uint8_t *p = answer;

	(void)fake;
	if (len < sizeof(h))
		return -EINVAL;
	memcpy(&h, msg, sizeof(h));
	if (h.rtm_msglen != len)
		return -EINVAL;
	if (h.rtm_type != RTM_GET) {
		memcpy(&added, &h, sizeof(h));
		return 0;
	}
	h.rtm_pid = 77;
	h.rtm_addrs = RTA_DST | RTA_GATEWAY;
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), &dst, 16);
	memset(p + sizeof(h) + 16, 0, 24);
	memcpy(p + sizeof(h) + 16, &dl, sizeof(dl));
	return (int)sizeof(h) + 16 + 24;
}

TEST(arp_entries_are_sent_as_routing_messages)
{
	setup(all_fine);
	f.route = route_answer;
	CHECK_EQ(
	    fake_net_run(&f, arp_main, "arp -s 10.0.0.5 2:0:0:0:0:5 temp pub"),
	    0);
	CHECK_STR(f.out, "");
	CHECK_EQ(added.rtm_type, RTM_ADD);
	CHECK_EQ(added.rtm_rmx.rmx_expire, 1000000 + 1200);
	CHECK((added.rtm_flags & RTF_ANNOUNCE) != 0);
	CHECK((added.rtm_flags & RTF_LLDATA) != 0);
	CHECK_EQ(fake_net_run(&f, arp_main, "arp -vd 10.0.0.5"), 0);
	CHECK_EQ(added.rtm_type, RTM_DELETE);
	CHECK_STR(f.out, "10.0.0.5 (10.0.0.5) deleted\n");
	CHECK_EQ(
	    fake_net_run(&f, ndp_main, "ndp -s fe80::9%shmif0 2:0:0:0:0:9"), 0);
	CHECK_EQ(added.rtm_rmx.rmx_expire, 0);
	CHECK_EQ(fake_net_run(&f, ndp_main, "ndp -d fe80::9%shmif0"), 0);
	CHECK_STR(f.out, "fe80::9%shmif0 (fe80:2::9) deleted\n");
}

/* --- brconfig --- */

/* A bridge that claims more members, and says more of them, than there is room for. */
static int
bridge_ioctl(struct fake_net *fake, unsigned long com, void *data)
{
	struct ifdrv *ifd = data;
	struct ifbifconf *conf;

	if (com != SIOCGDRVSPEC)
		return all_fine(fake, com, data);
	if (ifd->ifd_cmd == BRDGGIFS || ifd->ifd_cmd == BRDGRTS) {
		conf = ifd->ifd_data;
		if (conf->ifbic_len <= 64 * 1024)
			return 0;
		memset(conf->ifbic_ifbicu.ifbicu_buf, 0xff, 4096);
		conf->ifbic_len = 4096;
	}
	return 0;
}

TEST(brconfig_hostile_lists_are_survived)
{
	setup(bridge_ioctl);
	CHECK_EQ(fake_net_run(&f, brconfig_main, "brconfig bridge0"), 0);
	CHECK(strstr(f.out, "<unknown state 255>") != NULL);
	CHECK_EQ(fake_net_run(&f, brconfig_main, "brconfig -a"), 0);
	CHECK_EQ(
	    fake_net_run(&f, brconfig_main, "brconfig bridge0 priority 65536"),
	    1);
	CHECK_EQ(fake_net_run(&f, brconfig_main, "brconfig bridge0 add"), 1);
	CHECK_EQ(fake_net_run(&f, brconfig_main,
		     "brconfig averyveryverylonginterfacename0"),
	    0);
}

TEST(link_addresses_are_read_strictly)
{
	struct sockaddr_dl dl;

	CHECK(link_parse("2:0:0:0:0:1", &dl));
	CHECK_EQ(dl.sdl_addr.dl_alen, 6);
	CHECK(!link_parse("", &dl));
	CHECK(!link_parse("02", &dl));
	CHECK(!link_parse("02:", &dl));
	CHECK(!link_parse(":02", &dl));
	CHECK(!link_parse("002:1", &dl));
	CHECK(!link_parse("1:2:3:4:5:6:7:8:9:a:b:c:d", &dl));
}

int
main(void)
{
	RUN(ifconfig_all_shows_the_list);
	RUN(ifconfig_address_is_set_with_its_mask);
	RUN(ifconfig_plain_address_replaces_the_first);
	RUN(ifconfig_inet6_has_prefix_flags_and_lifetimes);
	RUN(ifconfig_eui64_fills_the_lower_half);
	RUN(ifconfig_bad_line_changes_nothing);
	RUN(ifconfig_prefix_too_long_is_told);
	RUN(ifconfig_refused_mtu_does_not_stop_the_rest);
	RUN(ifconfig_counters_have_plurals_and_units);
	RUN(ifconfig_media_is_shown_and_set);
	RUN(iflist_hostile_answers_are_survived);
	RUN(neighbours_hostile_answers_are_survived);
	RUN(arp_entries_are_sent_as_routing_messages);
	RUN(brconfig_hostile_lists_are_survived);
	RUN(link_addresses_are_read_strictly);
	return check_done();
}
