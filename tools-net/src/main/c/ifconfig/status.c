/* SPDX-License-Identifier: BSD-2-Clause */
/* What ifconfig shows of an interface. */
#include "ifconfig.h"
#include <inttypes.h>
#include <stdio.h>

static const char *const flag_names[16] = { "UP", "BROADCAST", "DEBUG",
	"LOOPBACK", "POINTOPOINT", "NOTRAILERS", "RUNNING", "NOARP", "PROMISC",
	"ALLMULTI", "OACTIVE", "SIMPLEX", "LINK0", "LINK1", "LINK2",
	"MULTICAST" };
const char *const capability_names[13] = { "TSO4", "IP4CSUM_Rx", "IP4CSUM_Tx",
	"TCP4CSUM_Rx", "TCP4CSUM_Tx", "UDP4CSUM_Rx", "UDP4CSUM_Tx",
	"TCP6CSUM_Rx", "TCP6CSUM_Tx", "UDP6CSUM_Rx", "UDP6CSUM_Tx", "TSO6",
	"LRO" };
static const char *const ether_names[3] = { "VLAN_MTU", "VLAN_HWTAGGING",
	"JUMBO_MTU" };

static void
bit_names(
    struct tool *t, uint64_t bits, const char *const *names, int first, int n)
{
	const char *sep = "<";
	int i;

	for (i = 0; i < n; i++)
		if ((bits >> (first + i) & 1) != 0 && names[i] != NULL) {
			t_printf(t, "%s%s", sep, names[i]);
			sep = ",";
		}
	if (*sep == ',')
		t_putc(t, '>');
}

void
status_bits(
    struct tool *t, uint64_t bits, const char *const *names, int first, int n)
{
	t_printf(t, bits != 0 ? "0x%" PRIx64 : "%" PRIu64, bits);
	bit_names(t, bits, names, first, n);
}

/* --- hardware --- */

static void
show_capabilities(struct ifconfig *ic)
{
	struct tool *t = ic->t;
	struct ifcapreq cap;
	struct eccapreq ec;

	memset(&cap, 0, sizeof(cap));
	ifconfig_name(ic, cap.ifcr_name);
	if (ifconfig_ioctl(ic, SIOCGIFCAP, &cap) >= 0 &&
	    cap.ifcr_capabilities != 0) {
		t_printf(t, "\tcapabilities=");
		status_bits(t, cap.ifcr_capabilities, capability_names, 7, 13);
		t_printf(t, "\n\tenabled=");
		status_bits(t, cap.ifcr_capenable, capability_names, 7, 13);
		t_putc(t, '\n');
	}
	memset(&ec, 0, sizeof(ec));
	ifconfig_name(ic, ec.eccr_name);
	if (ifconfig_ioctl(ic, SIOCGETHERCAP, &ec) >= 0 &&
	    ec.eccr_capabilities != 0) {
		t_printf(t, "\tec_capabilities=%d", ec.eccr_capabilities);
		bit_names(t, (unsigned)ec.eccr_capabilities, ether_names, 0, 3);
		t_printf(t, "\n\tec_enabled=%d", ec.eccr_capenable);
		bit_names(t, (unsigned)ec.eccr_capenable, ether_names, 0, 3);
		t_putc(t, '\n');
	}
}

static void
show_vlan(struct ifconfig *ic)
{
	struct vlanreq req;
	struct ifreq ifr;

	if (strncmp(ic->ifname, "vlan", 4) != 0)
		return;
	memset(&req, 0, sizeof(req));
	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	ifr.ifr_ifru.ifru_data = &req;
	if (ifconfig_ioctl(ic, SIOCGETVLAN, &ifr) < 0 ||
	    (req.vlr_tag == 0 && req.vlr_parent[0] == '\0'))
		return;
	t_printf(ic->t, "\tvlan: %u parent: %.*s\n", req.vlr_tag, IFNAMSIZ,
	    req.vlr_parent[0] == '\0' ? "<none>" : req.vlr_parent);
}

/* One end of a tunnel, with its port where there is one. */
static void
print_end(struct ifconfig *ic, const struct sockaddr_storage *ss)
{
	union any_addr a;
	unsigned port;
	char buf[80];

	memset(&a, 0, sizeof(a));
	memcpy(&a, ss, sizeof(*ss));
	port = (unsigned)a.bytes[2] << 8 | a.bytes[3];
	if (a.sa.sa_family == AF_INET)
		t_inet_ntop4(a.in.sin_addr.s_addr, buf);
	else {
		in6_zone_out(&a.in6);
		in6_text(&a.in6, ifconfig_list(ic), buf);
	}
	t_printf(ic->t, port != 0 ? "%s,%u" : "%s", buf, port);
}

static void
show_tunnel(struct ifconfig *ic)
{
	struct if_laddrreq req;
	int af;

	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.iflr_name);
	if (ifconfig_ioctl(ic, SIOCGLIFPHYADDR, &req) < 0)
		return;
	af = req.addr.ss_family;
	if (af != AF_INET && af != AF_INET6)
		return;
	t_printf(ic->t, "\ttunnel %s ", af == AF_INET ? "inet" : "inet6");
	print_end(ic, &req.addr);
	t_printf(ic->t, " --> ");
	print_end(ic, &req.dstaddr);
	t_putc(ic->t, '\n');
}

static void
show_linkstr(struct ifconfig *ic)
{
	struct ifdrv ifd;
	char *s;

	memset(&ifd, 0, sizeof(ifd));
	ifconfig_name(ic, ifd.ifd_name);
	ifd.ifd_cmd = IFLINKSTR_QUERYLEN;
	if (ifconfig_ioctl(ic, SIOCGLINKSTR, &ifd) < 0 || ifd.ifd_len == 0 ||
	    ifd.ifd_len > 65536)
		return;
	s = t_calloc(ic->t, 1, ifd.ifd_len + 1);
	ifd.ifd_cmd = 0;
	ifd.ifd_data = s;
	if (ifconfig_ioctl(ic, SIOCGLINKSTR, &ifd) >= 0)
		t_printf(ic->t, "\tlinkstr: %s\n", s);
}

/* --- counters --- */

static void
count(struct ifconfig *ic, const char *sep, uint64_t n, const char *what,
    const char *many)
{
	t_printf(ic->t, "%s%" PRIu64 " %s%s", sep, n, what, n == 1 ? "" : many);
}

static void
bytes(struct ifconfig *ic, uint64_t n)
{
	char buf[8];

	if (!ic->human || n > INT64_MAX) {
		count(ic, ", ", n, "byte", "s");
		return;
	}
	t_humanize(
	    buf, 5, (int64_t)n, "", HN_AUTOSCALE, HN_NOSPACE | HN_DECIMAL);
	t_printf(ic->t, ", %s byte%s", buf, n == 1 ? "" : "s");
}

static void
show_counters(struct ifconfig *ic)
{
	struct ifdatareq req;
	const struct if_data *d = &req.ifdr_data;

	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.ifdr_name);
	if (ifconfig_ioctl(ic, ic->zero ? SIOCZIFDATA : SIOCGIFDATA, &req) < 0)
		return;
	count(ic, "\tinput: ", d->ifi_ipackets, "packet", "s");
	bytes(ic, d->ifi_ibytes);
	if (d->ifi_imcasts != 0)
		count(ic, ", ", d->ifi_imcasts, "multicast", "s");
	if (d->ifi_ierrors != 0)
		count(ic, ", ", d->ifi_ierrors, "error", "s");
	if (d->ifi_iqdrops != 0)
		count(ic, ", ", d->ifi_iqdrops, "queue drop", "s");
	if (d->ifi_noproto != 0)
		count(ic, ", ", d->ifi_noproto, "unknown protocol", "");
	t_putc(ic->t, '\n');
	count(ic, "\toutput: ", d->ifi_opackets, "packet", "s");
	bytes(ic, d->ifi_obytes);
	if (d->ifi_omcasts != 0)
		count(ic, ", ", d->ifi_omcasts, "multicast", "s");
	if (d->ifi_oerrors != 0)
		count(ic, ", ", d->ifi_oerrors, "error", "s");
	if (d->ifi_collisions != 0)
		count(ic, ", ", d->ifi_collisions, "collision", "s");
	t_putc(ic->t, '\n');
}

/* --- addresses --- */

static void
show_preference(struct ifconfig *ic, const union any_addr *a)
{
	struct if_addrprefreq req;
	int s = ifconfig_socket(ic, a->sa.sa_family);

	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.ifap_name);
	memcpy(&req.ifap_addr, a,
	    a->sa.sa_len < sizeof(req.ifap_addr) ? a->sa.sa_len :
						   sizeof(req.ifap_addr));
	if (s >= 0 && sys_ioctl(ic->t, s, SIOCGIFADDRPREF, &req) >= 0 &&
	    req.ifap_preference != 0)
		t_printf(ic->t, " preference %d", req.ifap_preference);
}

/* Words for the bits that are set, each after a blank. */
static void
words(struct tool *t, int bits, const char *const *names, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if ((bits >> i & 1) != 0 && names[i] != NULL)
			t_printf(t, " %s", names[i]);
}

static int
flags4(struct ifconfig *ic, const char *ifname, const union any_addr *a)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	memcpy(&ifr.ifr_ifru.ifru_addr, &a->in, sizeof(a->in));
	return ifconfig_ioctl(ic, SIOCGIFAFLAG_IN, &ifr) < 0 ?
	    0 :
	    ifr.ifr_ifru.ifru_addrflags;
}

static int
flags6(struct ifconfig *ic, const char *ifname, const union any_addr *a)
{
	int s = ifconfig_socket(ic, AF_INET6);
	struct in6_ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	ifr.ifr_ifru.ifru_addr = a->in6;
	if (s < 0 || sys_ioctl(ic->t, s, SIOCGIFAFLAG_IN6, &ifr) < 0)
		return 0;
	return ifr.ifr_ifru.ifru_flags6;
}

/* An address; with -N its name, where it has one. */
static const char *
host_text(struct ifconfig *ic, const union any_addr *a, char buf[80])
{
	bool v4 = a->sa.sa_family != AF_INET6;
	const char *name = NULL;

	if (ic->names)
		name = t_host_by_addr(ic->t, v4 ? AF_INET : AF_INET6,
		    v4 ? (const void *)&a->in.sin_addr : &a->in6.sin6_addr);
	if (name != NULL)
		return name;
	return v4 ? t_inet_ntop4(a->in.sin_addr.s_addr, buf) :
		    in6_text(&a->in6, ifconfig_list(ic), buf);
}

static void
show_inet(struct ifconfig *ic, const struct ifa_entry *a, bool first, int flags)
{
	static const char *const names[] = { "tentative", "duplicated",
		"detached" };
	uint32_t mask = 0;
	const uint8_t *m = (const uint8_t *)&a->mask.in.sin_addr;
	char buf[80];
	int i;

	for (i = 0; i < 4; i++)
		mask = mask << 8 | m[i];
	t_printf(ic->t, "\tinet %s%s", first ? "" : "alias ",
	    host_text(ic, &a->addr, buf));
	if ((flags & IFF_POINTOPOINT) != 0)
		t_printf(ic->t, " -> %s", host_text(ic, &a->dst, buf));
	t_printf(ic->t, " netmask 0x%" PRIx32, mask);
	if ((flags & IFF_BROADCAST) != 0)
		t_printf(ic->t, " broadcast %s",
		    t_inet_ntop4(a->dst.in.sin_addr.s_addr, buf));
	words(ic->t, flags4(ic, ic->ifname, &a->addr), names, 3);
	show_preference(ic, &a->addr);
	t_putc(ic->t, '\n');
}

/* One lifetime, by its end in wall-clock seconds. */
static void
show_lifetime(struct ifconfig *ic, const char *what, int64_t end, int64_t now)
{
	if (end == 0)
		t_printf(ic->t, " %s infty", what);
	else
		t_printf(ic->t, " %s %" PRId64, what, end > now ? end - now : 0);
}

static void
show_lifetimes(struct ifconfig *ic, const union any_addr *a)
{
	int s = ifconfig_socket(ic, AF_INET6);
	const struct in6_addrlifetime *lt;
	struct in6_ifreq ifr;
	struct timespec now;

	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	ifr.ifr_ifru.ifru_addr = a->in6;
	lt = &ifr.ifr_ifru.ifru_lifetime;
	if (s < 0 || sys_ioctl(ic->t, s, SIOCGIFALIFETIME_IN6, &ifr) < 0 ||
	    (lt->ia6t_preferred == 0 && lt->ia6t_expire == 0) ||
	    sys_clock_gettime(ic->t, CLOCK_REALTIME, &now) != 0)
		return;
	show_lifetime(ic, "pltime", lt->ia6t_preferred, now.tv_sec);
	show_lifetime(ic, "vltime", lt->ia6t_expire, now.tv_sec);
}

static void
show_inet6(struct ifconfig *ic, const struct ifa_entry *a, int flags)
{
	static const char *const names[] = { "anycast", "tentative",
		"duplicated", "detached", "deprecated", NULL, "autoconf",
		"temporary" };
	static const struct in6_addr none;
	char buf[80];

	t_printf(ic->t, "\tinet6 %s", host_text(ic, &a->addr, buf));
	/* The other end of a link-local address is not known: its place stays empty, as in NetBSD. */
	if ((flags & IFF_POINTOPOINT) != 0)
		t_printf(ic->t, " -> %s",
		    memcmp(&a->dst.in6.sin6_addr, &none, sizeof(none)) == 0 ?
			"" :
			host_text(ic, &a->dst, buf));
	t_printf(ic->t, " prefixlen %u",
	    mask_length(a->mask.in6.sin6_addr.__u6_addr.__u6_addr8, 16));
	words(ic->t, flags6(ic, ic->ifname, &a->addr), names, 8);
	if (a->addr.in6.sin6_scope_id != 0)
		t_printf(ic->t, " scopeid 0x%x",
		    (unsigned)a->addr.in6.sin6_scope_id);
	if (ic->lifetimes)
		show_lifetimes(ic, &a->addr);
	show_preference(ic, &a->addr);
	t_putc(ic->t, '\n');
}

static bool
same_link(const union any_addr *a, const union any_addr *b)
{
	unsigned na, nb;
	const uint8_t *pa = link_bytes(a, &na), *pb = link_bytes(b, &nb);

	return na == nb && memcmp(pa, pb, na) == 0;
}

/* The addresses of one family; of link addresses those that are not in use. */
static void
show_family(struct ifconfig *ic, const struct if_entry *e, int af, int flags)
{
	const struct ifa_entry *a;
	bool first = true;
	char buf[64];

	if (ic->af != AF_UNSPEC && ic->af != af)
		return;
	for (a = e->addrs; a != NULL; a = a->next) {
		if (a->addr.sa.sa_family != af)
			continue;
		if (af == AF_INET)
			show_inet(ic, a, first, flags);
		else if (af == AF_INET6)
			show_inet6(ic, a, flags);
		else if (!same_link(&a->addr, &e->link) &&
		    link_text(&a->addr, buf)[0] != '\0')
			t_printf(ic->t, "\tlink %s\n", buf);
		first = false;
	}
}

void
status_show(struct ifconfig *ic, const struct if_entry *e, int flags)
{
	char buf[64];
	int error;

	error = ifconfig_socket(ic, ic->af);
	if (error < 0)
		t_fail(ic->t, 1, error, "status: getsock");
	t_printf(ic->t, "%s: flags=", e->name);
	if ((flags & 0xffff) == 0)
		t_printf(ic->t, "0x0");
	else
		status_bits(ic->t, (unsigned)flags & 0xffff, flag_names, 0, 16);
	if (e->data.ifi_metric != 0)
		t_printf(ic->t, " metric %" PRId64, (int64_t)e->data.ifi_metric);
	if (e->data.ifi_mtu != 0)
		t_printf(ic->t, " mtu %" PRIu64, e->data.ifi_mtu);
	t_putc(ic->t, '\n');
	show_capabilities(ic);
	show_vlan(ic);
	show_tunnel(ic);
	if (link_text(&e->link, buf)[0] != '\0')
		t_printf(ic->t, "\taddress: %s\n", buf);
	show_linkstr(ic);
	media_show(ic);
	if (ic->verbose)
		show_counters(ic);
	show_family(ic, e, AF_LINK, flags);
	show_family(ic, e, AF_INET6, flags);
	show_family(ic, e, AF_INET, flags);
}

bool
status_tentative(struct ifconfig *ic)
{
	const struct ifa_entry *a;
	struct if_entry *e;

	if (iflist_get(ic->t, &e) != 0)
		return false;
	for (; e != NULL; e = e->next)
		for (a = e->addrs; a != NULL; a = a->next)
			if ((a->addr.sa.sa_family == AF_INET &&
				(flags4(ic, e->name, &a->addr) &
				    IN_IFF_TENTATIVE) != 0) ||
			    (a->addr.sa.sa_family == AF_INET6 &&
				(flags6(ic, e->name, &a->addr) &
				    IN6_IFF_TENTATIVE) != 0))
				return true;
	return false;
}
