/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of IPv4 and of what lies on it. */
#include "netstat.h"
#include <netbsd/netstats.h>

#define L1(text, a)        \
	{                  \
		text, a, a \
	}
#define L2(text, a, b)     \
	{                  \
		text, a, b \
	}
#define END                \
	{                  \
		NULL, 0, 0 \
	}

static const struct stat_line ip[] = {
	L1("\t# total packet@ received", IP_STAT_TOTAL),
	L1("\t# bad header checksum@", IP_STAT_BADSUM),
	L1("\t# with size smaller than minimum", IP_STAT_TOOSMALL),
	L1("\t# with data size < data length", IP_STAT_TOOSHORT),
	L1("\t# with length > max ip packet size", IP_STAT_TOOLONG),
	L1("\t# with header length < data size", IP_STAT_BADHLEN),
	L1("\t# with data length < header length", IP_STAT_BADLEN),
	L1("\t# with bad options", IP_STAT_BADOPTIONS),
	L1("\t# with incorrect version number", IP_STAT_BADVERS),
	L1("\t# fragment@ received", IP_STAT_FRAGMENTS),
	L1("\t# fragment@ dropped (dup or out of space)", IP_STAT_FRAGDROPPED),
	L1("\t# fragment@ dropped (out of ipqent)", IP_STAT_RCVMEMDROP),
	L1("\t# malformed fragment@ dropped", IP_STAT_BADFRAGS),
	L1("\t# fragment@ dropped after timeout", IP_STAT_FRAGTIMEOUT),
	L1("\t# packet@ reassembled ok", IP_STAT_REASSEMBLED),
	L1("\t# packet@ for this host", IP_STAT_DELIVERED),
	L1("\t# packet@ for unknown/unsupported protocol", IP_STAT_NOPROTO),
	L2("\t# packet@ forwarded (# packet@ fast forwarded)", IP_STAT_FORWARD,
	    IP_STAT_FASTFORWARD),
	L1("\t# packet@ not forwardable", IP_STAT_CANTFORWARD),
	L1("\t# redirect@ sent", IP_STAT_REDIRECTSENT),
	L1("\t# packet@ no matching gif found", IP_STAT_NOGIF),
	L1("\t# packet@ sent from this host", IP_STAT_LOCALOUT),
	L1("\t# packet@ sent with fabricated ip header", IP_STAT_RAWOUT),
	L1("\t# output packet@ dropped due to no bufs, etc.", IP_STAT_ODROPPED),
	L1("\t# output packet@ discarded due to no route", IP_STAT_NOROUTE),
	L1("\t# output datagram@ fragmented", IP_STAT_FRAGMENTED),
	L1("\t# fragment@ created", IP_STAT_OFRAGMENTS),
	L1("\t# datagram@ that can't be fragmented", IP_STAT_CANTFRAG),
	L1("\t# datagram@ with bad address in header", IP_STAT_BADADDR),
	END,
};

/* Types up to 40 go and come in two histograms, one behind the other. */
#define ICMP_TYPES 41
#define ICMP_INHIST (ICMP_STAT_OUTHIST + ICMP_TYPES)

static const struct stat_line icmp_before[] = {
	L1("\t# call@ to icmp_error", ICMP_STAT_ERROR),
	L1("\t# error@ not generated because old message was icmp",
	    ICMP_STAT_OLDICMP),
	END,
};
static const struct stat_line icmp_between[] = {
	L1("\t# message@ with bad code fields", ICMP_STAT_BADCODE),
	L1("\t# message@ < minimum length", ICMP_STAT_TOOSHORT),
	L1("\t# bad checksum@", ICMP_STAT_CHECKSUM),
	L1("\t# message@ with bad length", ICMP_STAT_BADLEN),
	L1("\t# multicast echo request@ ignored", ICMP_STAT_BMCASTECHO),
	L1("\t# multicast timestamp request@ ignored", ICMP_STAT_BMCASTTSTAMP),
	END,
};
static const struct stat_line icmp_after[] = {
	L1("\t# message response@ generated", ICMP_STAT_REFLECT),
	L1("\t# path MTU change@", ICMP_STAT_PMTUCHG),
	END,
};
static const char *const icmp_names[] = { "echo reply", NULL, NULL,
	"destination unreachable", "source quench", "routing redirect",
	"alternate host address", NULL, "echo", "router advertisement",
	"router solicitation", "time exceeded", "parameter problem",
	"time stamp", "time stamp reply", "information request",
	"information request reply", "address mask request",
	"address mask reply" };

static const struct stat_line igmp[] = {
	L1("\t# message@ received", IGMP_STAT_RCV_TOTAL),
	L1("\t# message@ received with too few bytes", IGMP_STAT_RCV_TOOSHORT),
	L1("\t# message@ received with bad checksum", IGMP_STAT_RCV_BADSUM),
	L1("\t# membership quer^ received", IGMP_STAT_RCV_QUERIES),
	L1("\t# membership quer^ received with invalid field(s)",
	    IGMP_STAT_RCV_BADQUERIES),
	L1("\t# membership report@ received", IGMP_STAT_RCV_REPORTS),
	L1("\t# membership report@ received with invalid field(s)",
	    IGMP_STAT_RCV_BADREPORTS),
	L1("\t# membership report@ received for groups to which we belong",
	    IGMP_STAT_RCV_OURREPORTS),
	L1("\t# membership report@ sent", IGMP_STAT_SND_REPORTS),
	END,
};

static const struct stat_line tcp[] = {
	L1("\t# packet@ sent", TCP_STAT_SNDTOTAL),
	L2("\t\t# data packet@ (# byte@)", TCP_STAT_SNDPACK, TCP_STAT_SNDBYTE),
	L2("\t\t# data packet@ (# byte@) retransmitted", TCP_STAT_SNDREXMITPACK,
	    TCP_STAT_SNDREXMITBYTE),
	L2("\t\t# ack-only packet@ (# delayed)", TCP_STAT_SNDACKS,
	    TCP_STAT_DELACK),
	L1("\t\t# URG only packet@", TCP_STAT_SNDURG),
	L1("\t\t# window probe packet@", TCP_STAT_SNDPROBE),
	L1("\t\t# window update packet@", TCP_STAT_SNDWINUP),
	L1("\t\t# control packet@", TCP_STAT_SNDCTRL),
	L1("\t\t# send attempt@ resulted in self-quench", TCP_STAT_SELFQUENCH),
	L1("\t# packet@ received", TCP_STAT_RCVTOTAL),
	L2("\t\t# ack@ (for # byte@)", TCP_STAT_RCVACKPACK, TCP_STAT_RCVACKBYTE),
	L1("\t\t# duplicate ack@", TCP_STAT_RCVDUPACK),
	L1("\t\t# ack@ for unsent data", TCP_STAT_RCVACKTOOMUCH),
	L2("\t\t# packet@ (# byte@) received in-sequence", TCP_STAT_RCVPACK,
	    TCP_STAT_RCVBYTE),
	L2("\t\t# completely duplicate packet@ (# byte@)", TCP_STAT_RCVDUPPACK,
	    TCP_STAT_RCVDUPBYTE),
	L1("\t\t# old duplicate packet@", TCP_STAT_PAWSDROP),
	L2("\t\t# packet@ with some dup. data (# byte@ duped)",
	    TCP_STAT_RCVPARTDUPPACK, TCP_STAT_RCVPARTDUPBYTE),
	L2("\t\t# out-of-order packet@ (# byte@)", TCP_STAT_RCVOOPACK,
	    TCP_STAT_RCVOOBYTE),
	L2("\t\t# packet@ (# byte@) of data after window",
	    TCP_STAT_RCVPACKAFTERWIN, TCP_STAT_RCVBYTEAFTERWIN),
	L1("\t\t# window probe@", TCP_STAT_RCVWINPROBE),
	L1("\t\t# window update packet@", TCP_STAT_RCVWINUPD),
	L1("\t\t# packet@ received after close", TCP_STAT_RCVAFTERCLOSE),
	L1("\t\t# discarded for bad checksum@", TCP_STAT_RCVBADSUM),
	L1("\t\t# discarded for bad header offset field@", TCP_STAT_RCVBADOFF),
	L1("\t\t# discarded because packet too short", TCP_STAT_RCVSHORT),
	L1("\t# connection request@", TCP_STAT_CONNATTEMPT),
	L1("\t# connection accept@", TCP_STAT_ACCEPTS),
	L1("\t# connection@ established (including accepts)", TCP_STAT_CONNECTS),
	L2("\t# connection@ closed (including # drop@)", TCP_STAT_CLOSED,
	    TCP_STAT_DROPS),
	L1("\t# embryonic connection@ dropped", TCP_STAT_CONNDROPS),
	L1("\t# delayed free@ of tcpcb", TCP_STAT_DELAYED_FREE),
	L2("\t# segment@ updated rtt (of # attempt@)", TCP_STAT_RTTUPDATED,
	    TCP_STAT_SEGSTIMED),
	L1("\t# retransmit timeout@", TCP_STAT_REXMTTIMEO),
	L1("\t\t# connection@ dropped by rexmit timeout", TCP_STAT_TIMEOUTDROP),
	L2("\t# persist timeout@ (resulting in # dropped connection@)",
	    TCP_STAT_PERSISTTIMEO, TCP_STAT_PERSISTDROPS),
	L1("\t# keepalive timeout@", TCP_STAT_KEEPTIMEO),
	L1("\t\t# keepalive probe@ sent", TCP_STAT_KEEPPROBE),
	L1("\t\t# connection@ dropped by keepalive", TCP_STAT_KEEPDROPS),
	L1("\t# correct ACK header prediction@", TCP_STAT_PREDACK),
	L1("\t# correct data packet header prediction@", TCP_STAT_PREDDAT),
	L1("\t# PCB hash miss&", TCP_STAT_PCBHASHMISS),
	L1("\t# dropped due to no socket", TCP_STAT_NOPORT),
	L1("\t# connection@ drained due to memory shortage",
	    TCP_STAT_CONNSDRAINED),
	L1("\t# PMTUD blackhole@ detected", TCP_STAT_PMTUBLACKHOLE),
	L1("\t# bad connection attempt@", TCP_STAT_BADSYN),
	L1("\t# SYN cache entr^ added", TCP_STAT_SC_ADDED),
	L1("\t\t# hash collision@", TCP_STAT_SC_COLLISIONS),
	L1("\t\t# completed", TCP_STAT_SC_COMPLETED),
	L1("\t\t# aborted (no space to build PCB)", TCP_STAT_SC_ABORTED),
	L1("\t\t# timed out", TCP_STAT_SC_TIMED_OUT),
	L1("\t\t# dropped due to overflow", TCP_STAT_SC_OVERFLOWED),
	L1("\t\t# dropped due to bucket overflow", TCP_STAT_SC_BUCKETOVERFLOW),
	L1("\t\t# dropped due to RST", TCP_STAT_SC_RESET),
	L1("\t\t# dropped due to ICMP unreachable", TCP_STAT_SC_UNREACH),
	L1("\t\t# delayed free@ of SYN cache entries", TCP_STAT_SC_DELAYED_FREE),
	L1("\t# SYN,ACK@ retransmitted", TCP_STAT_SC_RETRANSMITTED),
	L1("\t# duplicate SYN@ received for entries already in the cache",
	    TCP_STAT_SC_DUPESYN),
	L1("\t# SYN@ dropped (no route or no space)", TCP_STAT_SC_DROPPED),
	L1("\t# packet@ with bad signature", TCP_STAT_BADSIG),
	L1("\t# packet@ with good signature", TCP_STAT_GOODSIG),
	L1("\t# successful ECN handshake@", TCP_STAT_ECN_SHS),
	L1("\t# packet@ with ECN CE bit", TCP_STAT_ECN_CE),
	L1("\t# packet@ ECN ECT(0) bit", TCP_STAT_ECN_ECT),
	END,
};

#define UDP_DELIVERED UDP_NSTATS
static const struct stat_line udp[] = {
	L1("\t# datagram@ received", UDP_STAT_IPACKETS),
	L1("\t# with incomplete header", UDP_STAT_HDROPS),
	L1("\t# with bad data length field", UDP_STAT_BADLEN),
	L1("\t# with bad checksum", UDP_STAT_BADSUM),
	L1("\t# dropped due to no socket", UDP_STAT_NOPORT),
	L1("\t# broadcast/multicast datagram@ dropped due to no socket",
	    UDP_STAT_NOPORTBCAST),
	L1("\t# dropped due to full socket buffers", UDP_STAT_FULLSOCK),
	L1("\t# delivered", UDP_DELIVERED),
	L1("\t# PCB hash miss&", UDP_STAT_PCBHASHMISS),
	L1("\t# datagram@ output", UDP_STAT_OPACKETS),
	END,
};

static const struct stat_line carp[] = {
	L1("\t# packet@ received (IPv4)", CARP_STAT_IPACKETS),
	L1("\t# packet@ received (IPv6)", CARP_STAT_IPACKETS6),
	L1("\t\t# packet@ discarded for bad interface", CARP_STAT_BADIF),
	L1("\t\t# packet@ discarded for wrong TTL", CARP_STAT_BADTTL),
	L1("\t\t# packet@ shorter than header", CARP_STAT_HDROPS),
	L1("\t\t# packet@ discarded for bad checksum", CARP_STAT_BADSUM),
	L1("\t\t# packet@ discarded with a bad version", CARP_STAT_BADVER),
	L1("\t\t# packet@ discarded because packet was too short",
	    CARP_STAT_BADLEN),
	L1("\t\t# packet@ discarded for bad authentication", CARP_STAT_BADAUTH),
	L1("\t\t# packet@ discarded for unknown vhid", CARP_STAT_BADVHID),
	L1("\t\t# packet@ discarded because of a bad address list",
	    CARP_STAT_BADADDRS),
	L1("\t# packet@ sent (IPv4)", CARP_STAT_OPACKETS),
	L1("\t# packet@ sent (IPv6)", CARP_STAT_OPACKETS6),
	L1("\t\t# send failed due to mbuf memory error", CARP_STAT_ONOMEM),
	END,
};

static const struct stat_line arp[] = {
	L1("\t# packet@ sent", ARP_STAT_SNDTOTAL),
	L1("\t\t# reply packet@", ARP_STAT_SNDREPLY),
	L1("\t\t# request packet@", ARP_STAT_SENDREQUEST),
	L1("\t# packet@ received", ARP_STAT_RCVTOTAL),
	L1("\t\t# reply packet@", ARP_STAT_RCVREPLY),
	L1("\t\t# valid request packet@", ARP_STAT_RCVREQUEST),
	L1("\t\t# broadcast/multicast packet@", ARP_STAT_RCVMCAST),
	L1("\t\t# packet@ with unknown protocol type", ARP_STAT_RCVBADPROTO),
	L1("\t\t# packet@ with bad (short) length", ARP_STAT_RCVBADLEN),
	L1("\t\t# packet@ with null target IP address", ARP_STAT_RCVZEROTPA),
	L1("\t\t# packet@ with null source IP address", ARP_STAT_RCVZEROSPA),
	L1("\t\t# could not be mapped to an interface", ARP_STAT_RCVNOINT),
	L1("\t\t# packet@ sourced from a local hardware address",
	    ARP_STAT_RCVLOCALSHA),
	L1("\t\t# packet@ with a broadcast source hardware address",
	    ARP_STAT_RCVBCASTSHA),
	L1("\t\t# duplicate@ for a local IP address", ARP_STAT_RCVLOCALSPA),
	L1("\t\t# attempt@ to overwrite a static entry", ARP_STAT_RCVOVERPERM),
	L1("\t\t# packet@ received on wrong interface", ARP_STAT_RCVOVERINT),
	L1("\t\t# entr^ overwritten", ARP_STAT_RCVOVER),
	L1("\t\t# change@ in hardware address length", ARP_STAT_RCVLENCHG),
	L1("\t# packet@ deferred pending ARP resolution", ARP_STAT_DFRTOTAL),
	L1("\t\t# sent", ARP_STAT_DFRSENT),
	L1("\t\t# dropped", ARP_STAT_DFRDROPPED),
	L1("\t# failure@ to allocate llinfo", ARP_STAT_ALLOCFAIL),
	END,
};

static const struct {
	const char *name;
	const struct stat_line *lines;
} protos[] = { { "ip", ip }, { "icmp", icmp_before }, { "igmp", igmp },
	{ "tcp", tcp }, { "udp", udp }, { "carp", carp }, { "arp", arp } };

bool
stats_inet(struct netstat *ns, const char *proto)
{
	uint64_t v[128]; /* more than any of them has */
	size_t i = 0;

	while (strcmp(protos[i].name, proto) != 0)
		if (++i == sizeof(protos) / sizeof(protos[0]))
			return false;
	if (sysctl_value_of(ns->t, t_asprintf(ns->t, "net.inet.%s.stats", proto),
		v, sizeof(v)) != 0)
		return false;
	if (protos[i].lines == udp)
		v[UDP_DELIVERED] = v[UDP_STAT_IPACKETS] - v[UDP_STAT_HDROPS] -
		    v[UDP_STAT_BADLEN] - v[UDP_STAT_BADSUM] -
		    v[UDP_STAT_NOPORT] - v[UDP_STAT_NOPORTBCAST] -
		    v[UDP_STAT_FULLSOCK];
	t_printf(ns->t, "%s:\n", proto);
	stats_lines(ns, v, protos[i].lines);
	if (protos[i].lines != icmp_before)
		return true;
	stats_histogram(ns, "Output histogram", v + ICMP_STAT_OUTHIST,
	    ICMP_TYPES, icmp_names, sizeof(icmp_names) / sizeof(*icmp_names));
	stats_lines(ns, v, icmp_between);
	stats_histogram(ns, "Input histogram", v + ICMP_INHIST, ICMP_TYPES,
	    icmp_names, sizeof(icmp_names) / sizeof(*icmp_names));
	stats_lines(ns, v, icmp_after);
	return true;
}
