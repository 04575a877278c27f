/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of IPv6 and of what lies on it, of the stack and of interfaces. */
#include "netstat.h"
#include <inttypes.h>
#include <netbsd/in6_var.h>
#include <netbsd/ip6.h>
#include <netbsd/netstats.h>
#include <stdio.h>

#define L1(text, a)        \
	{                  \
		text, a, a \
	}
#define END                \
	{                  \
		NULL, 0, 0 \
	}

static const struct stat_line ip6[] = {
	L1("\t# total packet@ received", IP6_STAT_TOTAL),
	L1("\t# with size smaller than minimum", IP6_STAT_TOOSMALL),
	L1("\t# with data size < data length", IP6_STAT_TOOSHORT),
	L1("\t# with bad options", IP6_STAT_BADOPTIONS),
	L1("\t# with incorrect version number", IP6_STAT_BADVERS),
	L1("\t# fragment@ received", IP6_STAT_FRAGMENTS),
	L1("\t# fragment@ dropped (dup or out of space)", IP6_STAT_FRAGDROPPED),
	L1("\t# fragment@ dropped after timeout", IP6_STAT_FRAGTIMEOUT),
	L1("\t# fragment@ that exceeded limit", IP6_STAT_FRAGOVERFLOW),
	L1("\t# packet@ reassembled ok", IP6_STAT_REASSEMBLED),
	L1("\t# packet@ for this host", IP6_STAT_DELIVERED),
	L1("\t# packet@ forwarded", IP6_STAT_FORWARD),
	L1("\t# packet@ fast forwarded", IP6_STAT_FASTFORWARD),
	L1("\t# fast forward flow@", IP6_STAT_FASTFORWARDFLOWS),
	L1("\t# packet@ not forwardable", IP6_STAT_CANTFORWARD),
	L1("\t# redirect@ sent", IP6_STAT_REDIRECTSENT),
	L1("\t# packet@ sent from this host", IP6_STAT_LOCALOUT),
	L1("\t# packet@ sent with fabricated ip header", IP6_STAT_RAWOUT),
	L1("\t# output packet@ dropped due to no bufs, etc.", IP6_STAT_ODROPPED),
	L1("\t# output packet@ discarded due to no route", IP6_STAT_NOROUTE),
	L1("\t# output datagram@ fragmented", IP6_STAT_FRAGMENTED),
	L1("\t# fragment@ created", IP6_STAT_OFRAGMENTS),
	L1("\t# datagram@ that can't be fragmented", IP6_STAT_CANTFRAG),
	L1("\t# packet@ that violated scope rules", IP6_STAT_BADSCOPE),
	L1("\t# multicast packet@ which we don't join", IP6_STAT_NOTMEMBER),
	END,
};
static const struct stat_line ip6_after[] = {
	L1("\t# packet@ whose headers are not continuous",
	    IP6_STAT_EXTHDRTOOLONG),
	L1("\t# tunneling packet@ that can't find gif", IP6_STAT_NOGIF),
	L1("\t# packet@ discarded due to too many headers", IP6_STAT_TOOMANYHDR),
	L1("\t# failure@ of source address selection", IP6_STAT_SOURCES_NONE),
	END,
};
static const struct stat_line ip6_cache[] = {
	L1("\t# forward cache hit@", IP6_STAT_FORWARD_CACHEHIT),
	L1("\t# forward cache miss&", IP6_STAT_FORWARD_CACHEMISS),
	END,
};
static const char *const nexthdr[] = {
	[0] = "hop by hop",
	[1] = "ICMP",
	[2] = "IGMP",
	[4] = "IP",
	[6] = "TCP",
	[17] = "UDP",
	[41] = "IP6",
	[43] = "routing",
	[44] = "fragment",
	[46] = "RSVP",
	[47] = "GRE",
	[50] = "ESP",
	[51] = "AH",
	[58] = "ICMP6",
	[59] = "no next header",
	[60] = "destination option",
	[89] = "OSPF",
	[97] = "EtherIP",
	[103] = "PIM",
	[108] = "IPcomp",
	[112] = "CARP",
};

#define ICMP6_N (ICMP6_STAT_DROPPED_RAROUTE + 1)
static const struct stat_line icmp6_before[] = {
	L1("\t# call@ to icmp6_error", ICMP6_STAT_ERROR),
	L1("\t# error@ not generated because old message was icmp6 or so",
	    ICMP6_STAT_CANTERROR),
	L1("\t# error@ not generated because of rate limitation",
	    ICMP6_STAT_TOOFREQ),
	END,
};
static const struct stat_line icmp6_between[] = {
	L1("\t# message@ with bad code fields", ICMP6_STAT_BADCODE),
	L1("\t# message@ < minimum length", ICMP6_STAT_TOOSHORT),
	L1("\t# bad checksum@", ICMP6_STAT_CHECKSUM),
	L1("\t# message@ with bad length", ICMP6_STAT_BADLEN),
	END,
};
#define ERR(text, which) L1("\t\t# " text, ICMP6_STAT_OUTERRHIST + (which))
static const struct stat_line icmp6_errors[] = {
	ERR("no route", 0),
	ERR("administratively prohibited", 1),
	ERR("beyond scope", 2),
	ERR("address unreachable", 3),
	ERR("port unreachable", 4),
	ERR("packet too big", 5),
	ERR("time exceed transit", 6),
	ERR("time exceed reassembly", 7),
	ERR("erroneous header field", 8),
	ERR("unrecognized next header", 9),
	ERR("unrecognized option", 10),
	ERR("redirect", 11),
	ERR("unknown", 12),
	END,
};
static const struct stat_line icmp6_after[] = {
	L1("\t# message response@ generated", ICMP6_STAT_REFLECT),
	L1("\t# message@ with too many ND options", ICMP6_STAT_ND_TOOMANYOPT),
	L1("\t# message@ with bad ND options", ICMP6_STAT_ND_BADOPT),
	L1("\t# bad neighbor solicitation message@", ICMP6_STAT_BADNS),
	L1("\t# bad neighbor advertisement message@", ICMP6_STAT_BADNA),
	L1("\t# bad router solicitation message@", ICMP6_STAT_BADRS),
	L1("\t# bad router advertisement message@", ICMP6_STAT_BADRA),
	L1("\t# router advertisement route@ dropped",
	    ICMP6_STAT_DROPPED_RAROUTE),
	L1("\t# bad redirect message@", ICMP6_STAT_BADREDIRECT),
	L1("\t# path MTU change@", ICMP6_STAT_PMTUCHG),
	END,
};
static const char *const icmp6_names[] = {
	[1] = "unreach",
	[2] = "packet too big",
	[3] = "time exceed",
	[4] = "parameter problem",
	[128] = "echo",
	[129] = "echo reply",
	[130] = "multicast listener query",
	[131] = "multicast listener report",
	[132] = "multicast listener done",
	[133] = "router solicitation",
	[134] = "router advertisement",
	[135] = "neighbor solicitation",
	[136] = "neighbor advertisement",
	[137] = "redirect",
	[138] = "router renumbering",
	[139] = "node information request",
	[140] = "node information reply",
	[143] = "multicast listener report v2",
};

static const struct stat_line pim6[] = {
	L1("\t# message@ received", PIM6_STAT_RCV_TOTAL),
	L1("\t# message@ received with too few bytes", PIM6_STAT_RCV_TOOSHORT),
	L1("\t# message@ received with bad checksum", PIM6_STAT_RCV_BADSUM),
	L1("\t# message@ received with bad version", PIM6_STAT_RCV_BADVERSION),
	L1("\t# register@ received", PIM6_STAT_RCV_REGISTERS),
	L1("\t# bad register@ received", PIM6_STAT_RCV_BADREGISTERS),
	L1("\t# register@ sent", PIM6_STAT_SND_REGISTERS),
	END,
};

#define RIP6_DELIVERED RIP6_NSTATS
static const struct stat_line rip6[] = {
	L1("\t# message@ received", RIP6_STAT_IPACKETS),
	L1("\t# checksum calculation@ on inbound", RIP6_STAT_ISUM),
	L1("\t# message@ with bad checksum", RIP6_STAT_BADSUM),
	L1("\t# message@ dropped due to no socket", RIP6_STAT_NOSOCK),
	L1("\t# multicast message@ dropped due to no socket",
	    RIP6_STAT_NOSOCKMCAST),
	L1("\t# message@ dropped due to full socket buffers",
	    RIP6_STAT_FULLSOCK),
	L1("\t# delivered", RIP6_DELIVERED),
	L1("\t# datagram@ output", RIP6_STAT_OPACKETS),
	END,
};

#define UDP6_DELIVERED UDP6_NSTATS
static const struct stat_line udp6[] = {
	L1("\t# datagram@ received", UDP6_STAT_IPACKETS),
	L1("\t# with incomplete header", UDP6_STAT_HDROPS),
	L1("\t# with bad data length field", UDP6_STAT_BADLEN),
	L1("\t# with bad checksum", UDP6_STAT_BADSUM),
	L1("\t# with no checksum", UDP6_STAT_NOSUM),
	L1("\t# dropped due to no socket", UDP6_STAT_NOPORT),
	L1("\t# multicast datagram@ dropped due to no socket",
	    UDP6_STAT_NOPORTMCAST),
	L1("\t# dropped due to full socket buffers", UDP6_STAT_FULLSOCK),
	L1("\t# delivered", UDP6_DELIVERED),
	L1("\t# datagram@ output", UDP6_STAT_OPACKETS),
	END,
};

/* Addresses that were chosen as a source, by their scope. */
static void
sources(struct netstat *ns, const uint64_t *v, const char *title, unsigned at)
{
	static const char *const scopes[] = {
		[1] = "node-local",
		[2] = "link-local",
		[5] = "site-local",
		[14] = "global",
	};
	bool first = true;
	unsigned i;

	for (i = 0; i < 16; i++) {
		uint64_t n = v[at + i];

		if (n == 0)
			continue;
		if (first)
			t_printf(ns->t, "\tsource addresses %s\n", title);
		first = false;
		if (i < sizeof(scopes) / sizeof(*scopes) && scopes[i] != NULL)
			t_printf(ns->t, "\t\t%" PRIu64 " %s%s\n", n, scopes[i],
			    n != 1 ? "s" : "");
		else
			t_printf(ns->t, "\t\t%" PRIu64 " address%s scope=%x\n",
			    n, n != 1 ? "es" : "", i);
	}
}

static void
show_ip6(struct netstat *ns, const uint64_t *v)
{
	bool first = true;
	unsigned i;
	char name[IFNAMSIZ];

	stats_lines(ns, v, ip6);
	stats_histogram(ns, "Input packet histogram", v + IP6_STAT_NXTHIST, 256,
	    nexthdr, sizeof(nexthdr) / sizeof(*nexthdr));
	t_printf(ns->t, "\tMbuf statistics:\n");
	t_printf(ns->t, "\t\t%" PRIu64 " one mbuf\n", v[IP6_STAT_M1]);
	for (i = 0; i < 32; i++) {
		const struct if_entry *ifp = iflist_index(ns->ifs, i);

		if (v[IP6_STAT_M2M + i] == 0)
			continue;
		if (first)
			t_printf(ns->t, "\t\ttwo or more mbuf:\n");
		first = false;
		snprintf(name, sizeof(name), "#%u", i);
		t_printf(ns->t, "\t\t\t%s = %" PRIu64 "\n",
		    ifp != NULL ? ifp->name : name, v[IP6_STAT_M2M + i]);
	}
	t_printf(ns->t, "\t\t%" PRIu64 " one ext mbuf\n", v[IP6_STAT_MEXT1]);
	t_printf(ns->t, "\t\t%" PRIu64 " two or more ext mbuf\n",
	    v[IP6_STAT_MEXT2M]);
	stats_lines(ns, v, ip6_after);
	sources(ns, v, "on an outgoing I/F", IP6_STAT_SOURCES_SAMEIF);
	sources(ns, v, "on a non-outgoing I/F", IP6_STAT_SOURCES_OTHERIF);
	sources(ns, v, "of same scope", IP6_STAT_SOURCES_SAMESCOPE);
	sources(ns, v, "of a different scope", IP6_STAT_SOURCES_OTHERSCOPE);
	sources(ns, v, "that are deprecated", IP6_STAT_SOURCES_DEPRECATED);
	stats_lines(ns, v, ip6_cache);
}

static void
show_icmp6(struct netstat *ns, const uint64_t *v)
{
	const unsigned nnames = sizeof(icmp6_names) / sizeof(*icmp6_names);

	stats_lines(ns, v, icmp6_before);
	stats_histogram(ns, "Output packet histogram", v + ICMP6_STAT_OUTHIST,
	    256, icmp6_names, nnames);
	stats_lines(ns, v, icmp6_between);
	stats_histogram(ns, "Input packet histogram", v + ICMP6_STAT_INHIST,
	    256, icmp6_names, nnames);
	t_printf(ns->t, "\tHistogram of error messages to be generated:\n");
	stats_lines(ns, v, icmp6_errors);
	stats_lines(ns, v, icmp6_after);
}

static bool
values(struct netstat *ns, const char *node, uint64_t *v, size_t n)
{
	return sysctl_value_of(ns->t,
		   t_asprintf(ns->t, "net.inet6.%s.stats", node), v,
		   n * sizeof(*v)) == 0;
}

bool
stats_inet6(struct netstat *ns, const char *proto)
{
	uint64_t v[ICMP6_N];
	const struct stat_line *lines = NULL;

	/* tcp6 has the counters of tcp. */
	if (strcmp(proto, "rip6") == 0)
		lines = rip6;
	else if (strcmp(proto, "udp6") == 0)
		lines = udp6;
	else if (strcmp(proto, "pim6") == 0)
		lines = pim6;
	if (!values(ns, lines == rip6 ? "raw6" : proto, v, ICMP6_N))
		return false;
	t_printf(ns->t, "%s:\n", proto);
	if (lines == rip6)
		v[RIP6_DELIVERED] = v[RIP6_STAT_IPACKETS] -
		    v[RIP6_STAT_BADSUM] - v[RIP6_STAT_NOSOCK] -
		    v[RIP6_STAT_NOSOCKMCAST] - v[RIP6_STAT_FULLSOCK];
	else if (lines == udp6)
		v[UDP6_DELIVERED] = v[UDP6_STAT_IPACKETS] - v[UDP6_STAT_HDROPS] -
		    v[UDP6_STAT_BADLEN] - v[UDP6_STAT_BADSUM] -
		    v[UDP6_STAT_NOSUM] - v[UDP6_STAT_NOPORT] -
		    v[UDP6_STAT_NOPORTMCAST] - v[UDP6_STAT_FULLSOCK];
	if (lines != NULL)
		stats_lines(ns, v, lines);
	else if (strcmp(proto, "ip6") == 0)
		show_ip6(ns, v);
	else if (strcmp(proto, "icmp6") == 0)
		show_icmp6(ns, v);
	return true;
}

/* --- of one interface --- */

#define IN6(member) (offsetof(struct in6_ifstat, member) / sizeof(uint64_t))
static const struct stat_line if_ip6[] = {
	L1("\t# total input datagram@", IN6(ifs6_in_receive)),
	L1("\t# datagram@ with invalid header received", IN6(ifs6_in_hdrerr)),
	L1("\t# datagram@ exceeded MTU received", IN6(ifs6_in_toobig)),
	L1("\t# datagram@ with no route received", IN6(ifs6_in_noroute)),
	L1("\t# datagram@ with invalid dst received", IN6(ifs6_in_addrerr)),
	L1("\t# datagram@ with unknown proto received",
	    IN6(ifs6_in_protounknown)),
	L1("\t# truncated datagram@ received", IN6(ifs6_in_truncated)),
	L1("\t# input datagram@ discarded", IN6(ifs6_in_discard)),
	L1("\t# datagram@ delivered to an upper layer protocol",
	    IN6(ifs6_in_deliver)),
	L1("\t# datagram@ forwarded to this interface", IN6(ifs6_out_forward)),
	L1("\t# datagram@ sent from an upper layer protocol",
	    IN6(ifs6_out_request)),
	L1("\t# total discarded output datagram@", IN6(ifs6_out_discard)),
	L1("\t# output datagram@ fragmented", IN6(ifs6_out_fragok)),
	L1("\t# output datagram@ failed on fragment", IN6(ifs6_out_fragfail)),
	L1("\t# output datagram@ succeeded on fragment",
	    IN6(ifs6_out_fragcreat)),
	L1("\t# incoming datagram@ fragmented", IN6(ifs6_reass_reqd)),
	L1("\t# datagram@ reassembled", IN6(ifs6_reass_ok)),
	L1("\t# datagram@ failed on reassembling", IN6(ifs6_reass_fail)),
	L1("\t# multicast datagram@ received", IN6(ifs6_in_mcast)),
	L1("\t# multicast datagram@ sent", IN6(ifs6_out_mcast)),
	END,
};

#define IC6(member) (offsetof(struct icmp6_ifstat, member) / sizeof(uint64_t))
#define WAY(way)                                                            \
	L1("\t# total " #way "put message@", IC6(ifs6_##way##_msg)),        \
	    L1("\t# total " #way "put error message@",                      \
		IC6(ifs6_##way##_error)),                                   \
	    L1("\t# " #way "put destination unreachable error@",            \
		IC6(ifs6_##way##_dstunreach)),                              \
	    L1("\t# " #way "put administratively prohibited error@",        \
		IC6(ifs6_##way##_adminprohib)),                             \
	    L1("\t# " #way "put time exceeded error@",                      \
		IC6(ifs6_##way##_timeexceed)),                              \
	    L1("\t# " #way "put parameter problem error@",                  \
		IC6(ifs6_##way##_paramprob)),                               \
	    L1("\t# " #way "put packet too big error@",                     \
		IC6(ifs6_##way##_pkttoobig)),                               \
	    L1("\t# " #way "put echo request@", IC6(ifs6_##way##_echo)),    \
	    L1("\t# " #way "put echo repl^", IC6(ifs6_##way##_echoreply)),  \
	    L1("\t# " #way "put router solicitation@",                      \
		IC6(ifs6_##way##_routersolicit)),                           \
	    L1("\t# " #way "put router advertisement@",                     \
		IC6(ifs6_##way##_routeradvert)),                            \
	    L1("\t# " #way "put neighbor solicitation@",                    \
		IC6(ifs6_##way##_neighborsolicit)),                         \
	    L1("\t# " #way "put neighbor advertisement@",                   \
		IC6(ifs6_##way##_neighboradvert)),                          \
	    L1("\t# " #way "put redirect@", IC6(ifs6_##way##_redirect)),    \
	    L1("\t# " #way "put MLD quer^", IC6(ifs6_##way##_mldquery)),    \
	    L1("\t# " #way "put MLD report@", IC6(ifs6_##way##_mldreport)), \
	    L1("\t# " #way "put MLD done@", IC6(ifs6_##way##_mlddone))
static const struct stat_line if_icmp6[] = { WAY(in), WAY(out), END };

void
stats_interface6(struct netstat *ns, const char *proto, const char *ifname)
{
	bool icmp = strcmp(proto, "icmp6") == 0;
	struct in6_ifreq req;
	uint64_t v[64] = { 0 };
	int s, error;

	memset(&req, 0, sizeof(req));
	if ((s = sys_socket(ns->t, AF_INET6, SOCK_DGRAM, 0)) < 0)
		t_fail(ns->t, 1, s, "socket");
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", ifname);
	error = sys_ioctl(
	    ns->t, s, icmp ? SIOCGIFSTAT_ICMP6 : SIOCGIFSTAT_IN6, &req);
	sys_close(ns->t, s);
	t_printf(ns->t, "%s on %s:\n", proto, ifname);
	if (error < 0) {
		t_warn(ns->t, error, "Warning: ioctl(%s)",
		    icmp ? "SIOCGIFSTAT_ICMP6" : "SIOCGIFSTAT_IN6");
		return;
	}
	memcpy(v, &req.ifr_ifru,
	    icmp ? sizeof(struct icmp6_ifstat) : sizeof(struct in6_ifstat));
	stats_lines(ns, v, icmp ? if_icmp6 : if_ip6);
}
