/* SPDX-License-Identifier: BSD-2-Clause */
/* net.inet (but for TCP's) and net.inet6.udp6: sysctl(7), inet(4), ip(4), icmp(4), arp(4). */
#include "kern/sysctl.h"
#include "netinet/udp_private.h"

#define NODE (CTLFLAG_PERMANENT | CTLTYPE_NODE)
#define RO CTLFLAG_PERMANENT
#define RW (CTLFLAG_PERMANENT | CTLFLAG_READWRITE)
#define INT CTLTYPE_INT
#define VAR(member) .sd_off = offsetof(struct inet_state, member)
#define UVAR(member) .sd_off = offsetof(struct udp_state, member)

static _Atomic int32_t *
var(struct sysctl_call *c)
{
	return (
	    _Atomic int32_t *)(void *)((char *)c->sc_ctx + c->sc_def->sd_off);
}

/* Ranges of ports: what is set must leave the lower end below the upper. */
static int
fn_port(struct sysctl_call *c)
{
	struct inet_state *is = c->sc_ctx;
	_Atomic int32_t *at = var(c);
	bool low = at == &is->ip_lowportmin || at == &is->ip_lowportmax;
	int32_t v = *at, least = low ? 0 : IPPORT_RESERVED,
		most = low ? IPPORT_RESERVEDMAX : 65535;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (error != 0 || !changed)
		return error;
	if (v < least || v > most)
		return -EINVAL;
	if ((at == &is->ip_anonportmin && v > is->ip_anonportmax) ||
	    (at == &is->ip_anonportmax && v < is->ip_anonportmin) ||
	    (at == &is->ip_lowportmin && v > is->ip_lowportmax) ||
	    (at == &is->ip_lowportmax && v < is->ip_lowportmin))
		return -EINVAL;
	*at = v;
	return 0;
}

/* A power of two; there is nothing here that it would size. */
static int
fn_hashsize(struct sysctl_call *c)
{
	_Atomic int32_t *at = var(c);
	int32_t v = *at;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (error != 0 || !changed)
		return error;
	if (v <= 0 || (v & (v - 1)) != 0)
		return -EINVAL;
	*at = v;
	return 0;
}

static int
fn_qlen(struct sysctl_call *c)
{
	return net_queue_sysctl(c, NETPROTO_IP, NETQUEUE_LEN);
}

static int
fn_qmaxlen(struct sysctl_call *c)
{
	return net_queue_sysctl(c, NETPROTO_IP, NETQUEUE_MAXLEN);
}

static int
fn_qdrops(struct sysctl_call *c)
{
	return net_queue_sysctl(c, NETPROTO_IP, NETQUEUE_DROPS);
}

static int
fn_algo_available(struct sysctl_call *c)
{
	char buf[128] = "";

	for (int i = 0; portalgo_name(i) != NULL; i++) {
		if (i > 0)
			strcat(buf, " ");
		strcat(buf, portalgo_name(i));
	}
	return sysctl_out(c, buf, strlen(buf) + 1);
}

static int
fn_algo_selected(struct sysctl_call *c)
{
	int *algo = (int *)(void *)var(c), n;
	char buf[PORTALGO_MAXLEN] = "";
	const char *name = portalgo_name(*algo);
	bool changed;
	int error;

	memcpy(buf, name, strlen(name) + 1);
	error = sysctl_string(c, buf, sizeof(buf), &changed);
	if (error != 0 || !changed)
		return error;
	if ((n = portalgo_number(buf)) < 0)
		return n;
	*algo = n;
	return 0;
}

/* A bit for each port that is never chosen. */
static int
fn_algo_reserve(struct sysctl_call *c)
{
	uint32_t *bits = (uint32_t *)(void *)var(c);
	size_t size = sizeof(((struct inet_state *)0)->is_portreserve);
	int error = sysctl_out(c, bits, size);

	if (error != 0 || c->sc_new == NULL)
		return error;
	if (c->sc_newlen != size)
		return -EINVAL;
	return copyin(c->sc_l, c->sc_new, bits, size);
}

static int
stats(struct sysctl_call *c, const _Atomic uint64_t *s, unsigned n)
{
	uint64_t v[98];

	if (c->sc_new != NULL)
		return -EPERM;
	for (unsigned i = 0; i < n; i++)
		v[i] = s[i];
	return sysctl_out(c, v, n * sizeof(v[0]));
}

static int
fn_ipstat(struct sysctl_call *c)
{
	return stats(c, INET(c->sc_k)->ipstat, IP_NSTATS);
}

static int
fn_icmpstat(struct sysctl_call *c)
{
	return stats(c, INET(c->sc_k)->icmpstat, 98);
}

static int
fn_igmpstat(struct sysctl_call *c)
{
	return stats(c, INET(c->sc_k)->igmpstat, IGMP_NSTATS);
}

static int
fn_arpstat(struct sysctl_call *c)
{
	return stats(c, INET(c->sc_k)->arpstat, ARP_NSTATS);
}

/* Hosts that share an address are not here: nothing to count. */
static int
fn_carpstat(struct sysctl_call *c)
{
	static const uint64_t none[16];

	return c->sc_new != NULL ? -EPERM : sysctl_out(c, none, sizeof(none));
}

static int
fn_udpstat(struct sysctl_call *c)
{
	return stats(c, UDP(c->sc_k)->us_stat, UDP_NSTATS);
}

static int
fn_udp6stat(struct sysctl_call *c)
{
	return stats(c, INET6(c->sc_k)->udp6stat, UDP6_NSTATS);
}

static int
fn_rawlist(struct sysctl_call *c)
{
	return in_pcblist_sysctl(c, INET(c->sc_k)->is_rawtable, AF_INET);
}

static int
fn_udplist(struct sysctl_call *c)
{
	return in_pcblist_sysctl(c, UDP(c->sc_k)->us_table, AF_INET);
}

static int
fn_udp6list(struct sysctl_call *c)
{
	return in_pcblist_sysctl(c, UDP(c->sc_k)->us_table, AF_INET6);
}

static const struct sysctl_def ip_table[] = {
	{ "net.inet", AF_INET, NODE, .sd_fn = NULL },
	{ "net.inet.ip", IPPROTO_IP, NODE, .sd_fn = NULL },
	{ "net.inet.ip.forwarding", IPCTL_FORWARDING, RW | INT,
	    VAR(ip_forwarding) },
	{ "net.inet.ip.redirect", IPCTL_SENDREDIRECTS, RW | INT,
	    VAR(ip_redirect) },
	{ "net.inet.ip.ttl", IPCTL_DEFTTL, RW | INT, VAR(ip_ttl) },
	{ "net.inet.ip.forwsrcrt", IPCTL_FORWSRCRT, RW | INT,
	    VAR(ip_forwsrcrt) },
	{ "net.inet.ip.directed-broadcast", IPCTL_DIRECTEDBCAST, RW | INT,
	    VAR(ip_directedbcast) },
	{ "net.inet.ip.allowsrcrt", IPCTL_ALLOWSRCRT, RW | INT,
	    VAR(ip_allowsrcrt) },
	{ "net.inet.ip.subnetsarelocal", IPCTL_SUBNETSARELOCAL, RW | INT,
	    VAR(ip_subnetsarelocal) },
	{ "net.inet.ip.mtudisc", IPCTL_MTUDISC, RW | INT, VAR(ip_mtudisc) },
	{ "net.inet.ip.anonportmin", IPCTL_ANONPORTMIN, RW | INT,
	    .sd_fn = fn_port, VAR(ip_anonportmin) },
	{ "net.inet.ip.anonportmax", IPCTL_ANONPORTMAX, RW | INT,
	    .sd_fn = fn_port, VAR(ip_anonportmax) },
	{ "net.inet.ip.mtudisctimeout", IPCTL_MTUDISCTIMEOUT, RW | INT,
	    VAR(ip_mtudisctimeout), .sd_min = 0, .sd_max = INT32_MAX },
	{ "net.inet.ip.maxflows", IPCTL_MAXFLOWS, RW | INT, VAR(ip_maxflows),
	    .sd_min = 0, .sd_max = INT32_MAX },
	{ "net.inet.ip.hostzerobroadcast", IPCTL_HOSTZEROBROADCAST, RW | INT,
	    VAR(ip_hostzerobroadcast) },
	{ "net.inet.ip.lowportmin", IPCTL_LOWPORTMIN, RW | INT,
	    .sd_fn = fn_port, VAR(ip_lowportmin) },
	{ "net.inet.ip.lowportmax", IPCTL_LOWPORTMAX, RW | INT,
	    .sd_fn = fn_port, VAR(ip_lowportmax) },
	{ "net.inet.ip.maxfragpackets", IPCTL_MAXFRAGPACKETS,
	    CTLFLAG_READWRITE | INT, VAR(ip_maxfragpackets) },
	{ "net.inet.ip.checkinterface", IPCTL_CHECKINTERFACE, RW | INT,
	    VAR(ip_checkinterface) },
	{ "net.inet.ip.ifq", IPCTL_IFQ, NODE, .sd_fn = NULL },
	{ "net.inet.ip.ifq.len", IFQCTL_LEN, RO | INT, .sd_fn = fn_qlen },
	{ "net.inet.ip.ifq.maxlen", IFQCTL_MAXLEN, RW | INT,
	    .sd_fn = fn_qmaxlen },
	{ "net.inet.ip.ifq.drops", IFQCTL_DROPS, RO | INT, .sd_fn = fn_qdrops },
	{ "net.inet.ip.random_id", IPCTL_RANDOMID, RW | INT, VAR(ip_randomid) },
	{ "net.inet.ip.do_loopback_cksum", IPCTL_LOOPBACKCKSUM, RW | INT,
	    VAR(ip_loopbackcksum) },
	{ "net.inet.ip.stats", IPCTL_STATS, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_ipstat },
	{ "net.inet.ip.dad_count", IPCTL_DAD_COUNT, RW | INT,
	    VAR(ip_dad_count) },
	{ "net.inet.ip.anonportalgo", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "net.inet.ip.anonportalgo.available", CTL_CREATE, RO | CTLTYPE_STRING,
	    .sd_size = 16, .sd_fn = fn_algo_available },
	{ "net.inet.ip.anonportalgo.selected", CTL_CREATE, RW | CTLTYPE_STRING,
	    .sd_size = 16, .sd_fn = fn_algo_selected, VAR(is_anonportalgo) },
	{ "net.inet.ip.anonportalgo.reserve", CTL_CREATE, RW | CTLTYPE_STRUCT,
	    .sd_fn = fn_algo_reserve, VAR(is_portreserve) },
	{ "net.inet.ip.hashsize", CTL_CREATE, RW | INT, .sd_fn = fn_hashsize,
	    VAR(ip_hashsize) },
	{ NULL, 0, 0, .sd_fn = NULL },
};

static const struct sysctl_def gif_table[] = {
	{ "net.inet.ip.gifttl", IPCTL_GIF_TTL, RW | INT, VAR(ip_gifttl) },
	{ NULL, 0, 0, .sd_fn = NULL },
};

static const struct sysctl_def others_table[] = {
	{ "net.inet.icmp", IPPROTO_ICMP, NODE, .sd_fn = NULL },
	{ "net.inet.icmp.maskrepl", ICMPCTL_MASKREPL, RW | INT,
	    VAR(icmp_maskrepl) },
	{ "net.inet.icmp.returndatabytes", ICMPCTL_RETURNDATABYTES, RW | INT,
	    VAR(icmp_returndatabytes), .sd_min = 8, .sd_max = 512 },
	{ "net.inet.icmp.errppslimit", ICMPCTL_ERRPPSLIMIT, RW | INT,
	    VAR(icmp_errppslimit) },
	{ "net.inet.icmp.rediraccept", ICMPCTL_REDIRACCEPT, RW | INT,
	    VAR(icmp_rediraccept) },
	{ "net.inet.icmp.redirtimeout", ICMPCTL_REDIRTIMEOUT, RW | INT,
	    VAR(icmp_redirtimeout), .sd_min = 0, .sd_max = INT32_MAX },
	{ "net.inet.icmp.stats", ICMPCTL_STATS, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_icmpstat },
	{ "net.inet.icmp.bmcastecho", ICMPCTL_BMCASTECHO, RW | INT,
	    VAR(icmp_bmcastecho) },
	{ "net.inet.igmp", IPPROTO_IGMP, NODE, .sd_fn = NULL },
	{ "net.inet.igmp.stats", CTL_CREATE, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_igmpstat },
	{ "net.inet.carp", IPPROTO_CARP, NODE, .sd_fn = NULL },
	{ "net.inet.carp.preempt", CTL_CREATE, RW | INT, VAR(is_carp.preempt) },
	{ "net.inet.carp.arpbalance", CTL_CREATE, RW | INT,
	    VAR(is_carp.arpbalance) },
	{ "net.inet.carp.allow", CTL_CREATE, RW | INT, VAR(is_carp.allow) },
	{ "net.inet.carp.log", CTL_CREATE, RW | INT, VAR(is_carp.log) },
	{ "net.inet.carp.stats", 5, RO | CTLTYPE_STRUCT, .sd_fn = fn_carpstat },
	{ "net.inet.raw", IPPROTO_RAW, NODE, .sd_fn = NULL },
	{ "net.inet.raw.pcblist", CTL_CREATE, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_rawlist },
	{ "net.inet.arp", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "net.inet.arp.keep", CTL_CREATE, RW | INT, VAR(arp_keep), .sd_min = 0,
	    .sd_max = INT32_MAX },
	{ "net.inet.arp.down", CTL_CREATE, RW | INT, VAR(arp_down), .sd_min = 0,
	    .sd_max = INT32_MAX },
	{ "net.inet.arp.stats", CTL_CREATE, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_arpstat },
	{ "net.inet.arp.log_movements", CTL_CREATE, RW | INT,
	    VAR(arp_log_movements) },
	{ "net.inet.arp.log_permanent_modify", CTL_CREATE, RW | INT,
	    VAR(arp_log_permanent_modify) },
	{ "net.inet.arp.log_wrong_iface", CTL_CREATE, RW | INT,
	    VAR(arp_log_wrong_iface) },
	{ "net.inet.arp.log_unknown_network", CTL_CREATE, RW | INT,
	    VAR(arp_log_unknown_network) },
	{ "net.inet.arp.debug", CTL_CREATE, RW | INT, VAR(arp_debug) },
	{ "net.inet.multicast", CTL_CREATE, NODE, .sd_fn = NULL },
	{ NULL, 0, 0, .sd_fn = NULL },
};

static const struct sysctl_def udp_table[] = {
	{ "net.inet.udp", IPPROTO_UDP, NODE, .sd_fn = NULL },
	{ "net.inet.udp.checksum", UDPCTL_CHECKSUM, RW | INT,
	    UVAR(us_checksum) },
	{ "net.inet.udp.sendspace", UDPCTL_SENDSPACE, RW | INT,
	    UVAR(us_sendspace), .sd_min = 1, .sd_max = INT32_MAX },
	{ "net.inet.udp.recvspace", UDPCTL_RECVSPACE, RW | INT,
	    UVAR(us_recvspace), .sd_min = 1, .sd_max = INT32_MAX },
	{ "net.inet.udp.do_loopback_cksum", UDPCTL_LOOPBACKCKSUM, RW | INT,
	    UVAR(us_loopbackcksum) },
	{ "net.inet.udp.stats", UDPCTL_STATS, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_udpstat },
	{ "net.inet.udp.pcblist", CTL_CREATE, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_udplist },
	{ NULL, 0, 0, .sd_fn = NULL },
};

static const struct sysctl_def udp6_table[] = {
	{ "net.inet6", AF_INET6, NODE, .sd_fn = NULL },
	{ "net.inet6.udp6", IPPROTO_UDP, NODE, .sd_fn = NULL },
	{ "net.inet6.udp6.sendspace", UDP6CTL_SENDSPACE, RW | INT,
	    UVAR(us_sendspace6), .sd_min = 1, .sd_max = INT32_MAX },
	{ "net.inet6.udp6.recvspace", UDP6CTL_RECVSPACE, RW | INT,
	    UVAR(us_recvspace6), .sd_min = 1, .sd_max = INT32_MAX },
	{ "net.inet6.udp6.do_loopback_cksum", UDP6CTL_LOOPBACKCKSUM, RW | INT,
	    UVAR(us_loopbackcksum6) },
	{ "net.inet6.udp6.stats", UDP6CTL_STATS, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_udp6stat },
	{ "net.inet6.udp6.pcblist", CTL_CREATE, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_udp6list },
	{ NULL, 0, 0, .sd_fn = NULL },
};

int
inet_sysctl(struct rump_kernel *k)
{
	int error = sysctl_attach(k, ip_table, INET(k));

	if (error == 0)
		error = sysctl_attach(k, others_table, INET(k));
	if (error == 0 && kern_have(k, "librumpnet_gif"))
		error = sysctl_attach(k, gif_table, INET(k));
	return error;
}

int
udp_sysctl(struct rump_kernel *k)
{
	return sysctl_attach(k, udp_table, UDP(k));
}

int
udp6_boot(struct rump_kernel *k)
{
	ip6_setproto(k, IPPROTO_UDP, &udp6_protosw);
	return sysctl_attach(k, udp6_table, UDP(k));
}
