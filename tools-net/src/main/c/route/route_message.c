/* SPDX-License-Identifier: BSD-2-Clause */
/* route: messages of the routing socket as text. */
#include "route.h"
#include <stdio.h>

static const char *
type_text(int type)
{
	switch (type) {
	case RTM_ADD:
		return "RTM_ADD: Add Route";
	case RTM_DELETE:
		return "RTM_DELETE: Delete Route";
	case RTM_CHANGE:
		return "RTM_CHANGE: Change Metrics, Flags or Gateway";
	case RTM_GET:
		return "RTM_GET: Report Metrics";
	case RTM_LOSING:
		return "RTM_LOSING: Kernel Suspects Partitioning";
	case RTM_REDIRECT:
		return "RTM_REDIRECT: Told to use different route";
	case RTM_MISS:
		return "RTM_MISS: Lookup failed on this address";
	case RTM_LOCK:
		return "RTM_LOCK: fix specified metrics";
	case RTM_NEWADDR:
		return "RTM_NEWADDR: address being added to iface";
	case RTM_DELADDR:
		return "RTM_DELADDR: address being removed from iface";
	case RTM_CHGADDR:
		return "RTM_CHGADDR: address being changed on iface";
	case RTM_IFANNOUNCE:
		return "RTM_IFANNOUNCE: iface arrival/departure";
	case RTM_IEEE80211:
		return "RTM_IEEE80211: IEEE80211 wireless event";
	case RTM_SETGATE:
		return "RTM_SETGATE: set the gateway";
	case RTM_LLINFO_UPD:
		return "RTM_LLINFO_UPD: indication to ARP/NDP updated";
	case RTM_IFINFO:
		return "RTM_IFINFO: iface status change";
	default:
		return NULL;
	}
}

/* "<A,B>" of the bits that are set, names by bit; "none" for none if asked for. */
static void
print_bits(struct route_cmd *r, unsigned v, const char *const *names, size_t n)
{
	char c = '<';

	for (size_t i = 0; i < n; i++)
		if ((v >> i & 1) != 0 && names[i] != NULL) {
			t_printf(r->t, "%c%s", c, names[i]);
			c = ',';
		}
	if (c == ',')
		t_putc(r->t, '>');
}

void
route_print_addrs(
    struct route_cmd *r, const void *msg, size_t hdr, size_t len, int addrs)
{
	static const char *const names[RTAX_MAX] = { "DST", "GATEWAY",
		"NETMASK", "GENMASK", "IFP", "IFA", "AUTHOR", "BRD", "TAG" };
	union any_addr *info;
	const uint8_t *p = msg;
	int af = AF_INET;

	if (addrs == 0) {
		t_putc(r->t, '\n');
		return;
	}
	info = t_calloc(r->t, RTAX_MAX, sizeof(*info));
	t_printf(r->t, "\nsockaddrs: ");
	print_bits(r, (unsigned)addrs, names, RTAX_MAX);
	t_putc(r->t, '\n');
	if (!rt_addresses(p + hdr, p + len, addrs, info)) {
		t_putc(r->t, '\n');
		t_free(r->t, info);
		return;
	}
	if (info[RTAX_DST].sa.sa_family != 0)
		af = info[RTAX_DST].sa.sa_family;
	else if (info[RTAX_IFA].sa.sa_family != 0)
		af = info[RTAX_IFA].sa.sa_family;
	for (int i = 0; i < RTAX_MAX; i++) {
		if ((addrs & 1 << i) == 0)
			continue;
		if (i == RTAX_NETMASK && info[i].sa.sa_len != 0)
			info[i].sa.sa_family = (uint8_t)af;
		t_printf(r->t, " %s", rtprint_addr(&r->print, &info[i]));
	}
	t_putc(r->t, '\n');
	t_free(r->t, info);
}

static void
print_ifinfo(struct route_cmd *r, const uint8_t *p, size_t len)
{
	static const char *const names[] = { "UP", "BROADCAST", "DEBUG",
		"LOOPBACK", "PTP", "NOTRAILERS", "RUNNING", "NOARP", "PPROMISC",
		"ALLMULTI", "OACTIVE", "SIMPLEX", "LINK0", "LINK1", "LINK2",
		"MULTICAST" };
	struct if_msghdr ifm = { 0 };

	memcpy(&ifm, p, len < sizeof(ifm) ? len : sizeof(ifm));
	t_printf(r->t, "if# %d, carrier: %s, flags: ", ifm.ifm_index,
	    ifm.ifm_data.ifi_link_state == 1	 ? "no carrier" :
		ifm.ifm_data.ifi_link_state == 2 ? "active" :
						   "unknown");
	print_bits(r, (unsigned)ifm.ifm_flags, names,
	    sizeof(names) / sizeof(names[0]));
	if (len >= sizeof(ifm))
		route_print_addrs(r, p, sizeof(ifm), len, ifm.ifm_addrs);
	else
		t_putc(r->t, '\n');
}

static void
print_metric_bits(struct route_cmd *r, const char *what, unsigned v)
{
	static const char *const names[] = { "mtu", "hopcount", "expire",
		"recvpipe", "sendpipe", "ssthresh", "rtt", "rttvar" };

	t_printf(r->t, "%s: ", what);
	if ((v & 0xff) != 0)
		print_bits(r, v, names, sizeof(names) / sizeof(names[0]));
	else
		t_printf(r->t, "none");
}

void
route_print_message(struct route_cmd *r, const void *msg, size_t len)
{
	const uint8_t *p = msg;
	struct rt_msghdr rtm = { 0 };
	const char *text;

	if (len < 4)
		return;
	memcpy(&rtm, p, len < sizeof(rtm) ? len : sizeof(rtm));
	if (rtm.rtm_version != RTM_VERSION) {
		t_printf(r->t, "routing message version %d not understood\n",
		    rtm.rtm_version);
		return;
	}
	if (rtm.rtm_msglen < len)
		len = rtm.rtm_msglen;
	if ((text = type_text(rtm.rtm_type)) == NULL) {
		t_printf(
		    r->t, "type %d: len %d\n", rtm.rtm_type, rtm.rtm_msglen);
		return;
	}
	t_printf(r->t, "%s: len %d, ", text, rtm.rtm_msglen);
	switch (rtm.rtm_type) {
	case RTM_IFINFO:
		print_ifinfo(r, p, len);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
	case RTM_CHGADDR: {
		struct ifa_msghdr ifam = { 0 };

		memcpy(&ifam, p, len < sizeof(ifam) ? len : sizeof(ifam));
		t_printf(r->t, "metric %d, flags: %s", ifam.ifam_metric,
		    rtprint_flags(&r->print, ifam.ifam_flags));
		if (len >= sizeof(ifam))
			route_print_addrs(
			    r, p, sizeof(ifam), len, ifam.ifam_addrs);
		break;
	}
	case RTM_IFANNOUNCE: {
		struct if_announcemsghdr ifan = { 0 };

		memcpy(&ifan, p, len < sizeof(ifan) ? len : sizeof(ifan));
		t_printf(r->t, "if# %d, what: ", ifan.ifan_index);
		if (ifan.ifan_what == IFAN_ARRIVAL)
			t_printf(r->t, "arrival\n");
		else if (ifan.ifan_what == IFAN_DEPARTURE)
			t_printf(r->t, "departure\n");
		else
			t_printf(r->t, "#%d\n", ifan.ifan_what);
		break;
	}
	default:
		t_printf(r->t, "pid %d, seq %d, errno %d, flags: %s\n",
		    rtm.rtm_pid, rtm.rtm_seq, rtm.rtm_errno,
		    rtprint_flags(&r->print, rtm.rtm_flags));
		print_metric_bits(r, "locks", (unsigned)rtm.rtm_rmx.rmx_locks);
		print_metric_bits(r, " inits", (unsigned)rtm.rtm_inits);
		if (len >= sizeof(rtm))
			route_print_addrs(r, p, sizeof(rtm), len, rtm.rtm_addrs);
		break;
	}
}
