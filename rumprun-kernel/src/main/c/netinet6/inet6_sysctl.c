/* SPDX-License-Identifier: BSD-2-Clause */
/* net.inet6 but for udp6's and tcp6's: sysctl(7), inet6(4), ip6(4), icmp6(4). */
#include "kern/sysctl.h"
#include "netinet6/in6_private.h"

#define NODE (CTLFLAG_PERMANENT | CTLTYPE_NODE)
#define RO CTLFLAG_PERMANENT
#define RW (CTLFLAG_PERMANENT | CTLFLAG_READWRITE)
#define INT CTLTYPE_INT
#define VAR(member) .sd_off = offsetof(struct inet6_state, member)
#define MAXLISTED 256

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
	struct inet6_state *i6 = c->sc_ctx;
	_Atomic int32_t *at = var(c);
	bool low = at == &i6->ip6_lowportmin || at == &i6->ip6_lowportmax;
	int32_t v = *at, least = low ? 0 : IPV6PORT_RESERVED,
		most = low ? IPV6PORT_RESERVEDMAX : 65535;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (error != 0 || !changed)
		return error;
	if (v < least || v > most ||
	    (at == &i6->ip6_anonportmin && v > i6->ip6_anonportmax) ||
	    (at == &i6->ip6_anonportmax && v < i6->ip6_anonportmin) ||
	    (at == &i6->ip6_lowportmin && v > i6->ip6_lowportmax) ||
	    (at == &i6->ip6_lowportmax && v < i6->ip6_lowportmin))
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

/* Who begins to listen to routers asks for them. */
static int
fn_accept_rtadv(struct sysctl_call *c)
{
	struct rump_kernel *k = c->sc_k;
	_Atomic int32_t *at = var(c);
	int32_t v = *at;
	bool changed, was = v != 0;
	int error = sysctl_int(c, &v, &changed);

	if (error != 0 || !changed)
		return error;
	*at = v;
	if (v == 0 || was)
		return 0;
	net_wrlock(k);
	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		nd6_rs_start(ifp);
	net_unlock(k);
	return 0;
}

/* Temporary addresses: what is preferred must be valid, and live long enough to be replaced in time. */
static int
fn_templifetime(struct sysctl_call *c)
{
	struct inet6_state *i6 = c->sc_ctx;
	_Atomic int32_t *at = var(c);
	int32_t v = *at;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (error != 0 || !changed)
		return error;
	if (at == &i6->ip6_temppltime) {
		if (v <= MAX_TEMP_DESYNC_FACTOR + TEMPADDR_REGEN_ADVANCE ||
		    v > i6->ip6_tempvltime)
			return -EINVAL;
	} else if (v < i6->ip6_temppltime)
		return -EINVAL;
	*at = v;
	return 0;
}

static int
fn_qlen(struct sysctl_call *c)
{
	return net_queue_sysctl(c, NETPROTO_IP6, NETQUEUE_LEN);
}

static int
fn_qmaxlen(struct sysctl_call *c)
{
	return net_queue_sysctl(c, NETPROTO_IP6, NETQUEUE_MAXLEN);
}

static int
fn_qdrops(struct sysctl_call *c)
{
	return net_queue_sysctl(c, NETPROTO_IP6, NETQUEUE_DROPS);
}

static int
fn_maxqueuelen(struct sysctl_call *c)
{
	struct nd6_state *nd = ND6(c->sc_k);
	int32_t v = nd->nd_maxqueuelen;
	bool changed;
	int error = sysctl_int(c, &v, &changed);

	if (error == 0 && changed)
		nd->nd_maxqueuelen = v;
	return error;
}

static int
stats(struct sysctl_call *c, const _Atomic uint64_t *s, unsigned n)
{
	int error = 0;

	if (c->sc_new != NULL)
		return -EPERM;
	for (unsigned i = 0; i < n && error == 0; i++) {
		uint64_t v = s[i];

		error = sysctl_out(c, &v, sizeof(v));
	}
	return error;
}

static int
fn_ip6stat(struct sysctl_call *c)
{
	return stats(c, INET6(c->sc_k)->ip6stat, IP6_NSTATS);
}

static int
fn_icmp6stat(struct sysctl_call *c)
{
	return stats(c, INET6(c->sc_k)->icmp6stat, ICMP6_NSTATS);
}

static int
fn_rip6stat(struct sysctl_call *c)
{
	return stats(c, INET6(c->sc_k)->rip6stat, RIP6_NSTATS);
}

/* Multicast routing is not there: its counters stay where they are. */
static int
fn_pim6stat(struct sysctl_call *c)
{
	static const _Atomic uint64_t none[9];

	return stats(c, none, 9);
}

static int
fn_pcblist(struct sysctl_call *c)
{
	return in_pcblist_sysctl(c, INET6(c->sc_k)->i6_rawtable, AF_INET6);
}

/* --- port selection: kept by IPv4's state for both families --- */

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
	struct inet_state *is = INET(c->sc_k);
	char buf[PORTALGO_MAXLEN] = "";
	const char *name = portalgo_name(is->is_anonportalgo6);
	bool changed;
	int error, n;

	memcpy(buf, name, strlen(name) + 1);
	error = sysctl_string(c, buf, sizeof(buf), &changed);
	if (error != 0 || !changed)
		return error;
	if ((n = portalgo_number(buf)) < 0)
		return n;
	is->is_anonportalgo6 = n;
	return 0;
}

static int
fn_algo_reserve(struct sysctl_call *c)
{
	struct inet_state *is = INET(c->sc_k);
	int error = sysctl_out(
	    c, is->is_portreserve6, sizeof(is->is_portreserve6));

	if (error != 0 || c->sc_new == NULL)
		return error;
	if (c->sc_newlen != sizeof(is->is_portreserve6))
		return -EINVAL;
	return copyin(c->sc_l, c->sc_new, is->is_portreserve6,
	    sizeof(is->is_portreserve6));
}

/* --- lists: made with the net lock held, given out without --- */

static int
fn_addrctlpolicy(struct sysctl_call *c)
{
	struct rump_kernel *k = c->sc_k;
	struct in6_addrpolicy *list;
	int n, error = 0;

	if (c->sc_new != NULL)
		return -EPERM;
	list = kmem_calloc(k, MAXLISTED, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	net_rdlock(k);
	n = in6_addrsel_list(k, list, MAXLISTED);
	net_unlock(k);
	for (int i = 0; i < n && i < MAXLISTED && error == 0; i++)
		error = sysctl_out(c, &list[i], sizeof(list[i]));
	kmem_free(k, list, MAXLISTED * sizeof(*list));
	return error;
}

static void
list_router(const struct nd_defrouter *dr, struct in6_defrouter *d)
{
	sin6_init(&d->rtaddr, &dr->rtaddr);
	(void)sa6_recoverscope(&d->rtaddr);
	d->flags = dr->flags;
	d->rtlifetime = dr->rtlifetime;
	d->expire = (unsigned long)(dr->expire - in6_now(dr->ifp->if_k) +
	    kern_time_second(dr->ifp->if_k));
	d->if_index = dr->ifp->if_index;
}

static int
fn_drlist(struct sysctl_call *c)
{
	struct rump_kernel *k = c->sc_k;
	struct in6_defrouter *list;
	struct nd_defrouter *dr;
	int n = 0, error = 0;

	if (c->sc_new != NULL)
		return -EPERM;
	list = kmem_calloc(k, MAXLISTED, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	net_rdlock(k);
	for (dr = ND6(k)->nd_routers; dr != NULL && n < MAXLISTED; dr = dr->next)
		list_router(dr, &list[n++]);
	net_unlock(k);
	for (int i = 0; i < n && error == 0; i++)
		error = sysctl_out(c, &list[i], sizeof(list[i]));
	kmem_free(k, list, MAXLISTED * sizeof(*list));
	return error;
}

struct out {
	uint8_t *buf;
	size_t len, size;
};

static void
put(struct out *o, const void *p, size_t n)
{
	if (o->len + n > o->size)
		return;
	memcpy(o->buf + o->len, p, n);
	o->len += n;
}

/* A prefix, then the names of those who advertise it. */
static void
list_prefix(const struct nd_prefix *pr, struct out *o)
{
	struct rump_kernel *k = pr->ndpr_ifp->if_k;
	const struct nd_pfxrouter *pfr;
	struct sockaddr_in6 sin6;
	struct in6_prefix p;

	memset(&p, 0, sizeof(p));
	p.prefix = pr->ndpr_prefix;
	(void)sa6_recoverscope(&p.prefix);
	p.raflags.onlink = pr->ndpr_onlink;
	p.raflags.autonomous = pr->ndpr_auto;
	p.prefixlen = (unsigned char)pr->ndpr_plen;
	p.origin = PR_ORIG_RA;
	p.vltime = pr->ndpr_vltime;
	p.pltime = pr->ndpr_pltime;
	p.expire = pr->ndpr_expire == 0 ?
	    0 :
	    pr->ndpr_expire - in6_now(k) + kern_time_second(k);
	p.flags = pr->ndpr_stateflags;
	p.refcnt = pr->ndpr_refcnt;
	p.if_index = pr->ndpr_ifp->if_index;
	for (pfr = pr->ndpr_advrtrs; pfr != NULL; pfr = pfr->next)
		p.advrtrs++;
	put(o, &p, sizeof(p));
	for (pfr = pr->ndpr_advrtrs; pfr != NULL; pfr = pfr->next) {
		sin6_init(&sin6, &pfr->router->rtaddr);
		(void)sa6_recoverscope(&sin6);
		put(o, &sin6, sizeof(sin6));
	}
}

static int
fn_prlist(struct sysctl_call *c)
{
	struct rump_kernel *k = c->sc_k;
	struct out o = { .size = 65536 };
	int error;

	if (c->sc_new != NULL)
		return -EPERM;
	if ((o.buf = kmem_alloc(k, o.size)) == NULL)
		return -ENOMEM;
	net_rdlock(k);
	for (struct nd_prefix *pr = ND6(k)->nd_prefixes; pr != NULL;
	     pr = pr->ndpr_next)
		list_prefix(pr, &o);
	net_unlock(k);
	error = sysctl_out(c, o.buf, o.len);
	kmem_free(k, o.buf, o.size);
	return error;
}

#define IP6(name) "net.inet6.ip6." name
#define ICMP6(name) "net.inet6.icmp6." name

static const struct sysctl_def table[] = {
	{ "net.inet6", AF_INET6, NODE, .sd_fn = NULL },
	{ "net.inet6.ip6", IPPROTO_IPV6, NODE, .sd_fn = NULL },
	{ IP6("forwarding"), IPV6CTL_FORWARDING, RW | INT, VAR(ip6_forwarding) },
	{ IP6("redirect"), IPV6CTL_SENDREDIRECTS, RW | INT,
	    VAR(ip6_sendredirects) },
	{ IP6("hlim"), IPV6CTL_DEFHLIM, RW | INT, VAR(ip6_defhlim), .sd_min = 0,
	    .sd_max = 255 },
	{ IP6("stats"), IPV6CTL_STATS, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_ip6stat },
	{ IP6("maxfragpackets"), IPV6CTL_MAXFRAGPACKETS, RW | INT,
	    VAR(ip6_maxfragpackets) },
	{ IP6("accept_rtadv"), IPV6CTL_ACCEPT_RTADV, RW | INT,
	    .sd_fn = fn_accept_rtadv, VAR(ip6_accept_rtadv) },
	{ IP6("keepfaith"), IPV6CTL_KEEPFAITH, RW | INT, VAR(ip6_keepfaith) },
	{ IP6("log_interval"), IPV6CTL_LOG_INTERVAL, RW | INT,
	    VAR(ip6_log_interval) },
	{ IP6("hdrnestlimit"), IPV6CTL_HDRNESTLIMIT, RW | INT,
	    VAR(ip6_hdrnestlimit) },
	{ IP6("dad_count"), IPV6CTL_DAD_COUNT, RW | INT, VAR(ip6_dad_count) },
	{ IP6("auto_flowlabel"), IPV6CTL_AUTO_FLOWLABEL, RW | INT,
	    VAR(ip6_auto_flowlabel) },
	{ IP6("defmcasthlim"), IPV6CTL_DEFMCASTHLIM, RW | INT,
	    VAR(ip6_defmcasthlim), .sd_min = 0, .sd_max = 255 },
	{ IP6("kame_version"), IPV6CTL_KAME_VERSION, RO | CTLTYPE_STRING,
	    .sd_size = 15, .sd_string = "NetBSD-current" },
	{ IP6("use_deprecated"), IPV6CTL_USE_DEPRECATED, RW | INT,
	    VAR(ip6_use_deprecated) },
	{ IP6("rr_prune"), IPV6CTL_RR_PRUNE, RW | INT, VAR(ip6_rr_prune) },
	{ IP6("v6only"), IPV6CTL_V6ONLY, RW | INT, VAR(ip6_v6only) },
	{ IP6("anonportmin"), IPV6CTL_ANONPORTMIN, RW | INT, .sd_fn = fn_port,
	    VAR(ip6_anonportmin) },
	{ IP6("anonportmax"), IPV6CTL_ANONPORTMAX, RW | INT, .sd_fn = fn_port,
	    VAR(ip6_anonportmax) },
	{ IP6("lowportmin"), IPV6CTL_LOWPORTMIN, RW | INT, .sd_fn = fn_port,
	    VAR(ip6_lowportmin) },
	{ IP6("lowportmax"), IPV6CTL_LOWPORTMAX, RW | INT, .sd_fn = fn_port,
	    VAR(ip6_lowportmax) },
	{ IP6("auto_linklocal"), IPV6CTL_AUTO_LINKLOCAL, RW | INT,
	    VAR(ip6_auto_linklocal) },
	{ IP6("addctlpolicy"), IPV6CTL_ADDRCTLPOLICY, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_addrctlpolicy },
	{ IP6("use_defaultzone"), IPV6CTL_USE_DEFAULTZONE, RW | INT,
	    VAR(ip6_use_defzone) },
	{ IP6("maxfrags"), IPV6CTL_MAXFRAGS, RW | INT, VAR(ip6_maxfrags) },
	{ IP6("ifq"), IPV6CTL_IFQ, NODE, .sd_fn = NULL },
	{ IP6("ifq.len"), IFQCTL_LEN, RO | INT, .sd_fn = fn_qlen },
	{ IP6("ifq.maxlen"), IFQCTL_MAXLEN, RW | INT, .sd_fn = fn_qmaxlen },
	{ IP6("ifq.drops"), IFQCTL_DROPS, RO | INT, .sd_fn = fn_qdrops },
	{ IP6("rtadv_maxroutes"), IPV6CTL_RTADV_MAXROUTES, RW | INT,
	    VAR(ip6_rtadv_maxroutes) },
	{ IP6("rtadv_numroutes"), IPV6CTL_RTADV_NUMROUTES, RO | INT,
	    VAR(ip6_rtadv_numroutes) },
	{ IP6("use_tempaddr"), CTL_CREATE, RW | INT, VAR(ip6_use_tempaddr) },
	{ IP6("prefer_tempaddr"), CTL_CREATE, RW | INT,
	    VAR(ip6_prefer_tempaddr) },
	{ IP6("temppltime"), CTL_CREATE, RW | INT, .sd_fn = fn_templifetime,
	    VAR(ip6_temppltime) },
	{ IP6("tempvltime"), CTL_CREATE, RW | INT, .sd_fn = fn_templifetime,
	    VAR(ip6_tempvltime) },
	{ IP6("mcast_pmtu"), CTL_CREATE, RW | INT, VAR(ip6_mcast_pmtu) },
	{ IP6("maxflows"), CTL_CREATE, RW | INT, VAR(ip6_maxflows), .sd_min = 0,
	    .sd_max = INT32_MAX },
	{ IP6("hashsize"), CTL_CREATE, RW | INT, .sd_fn = fn_hashsize,
	    VAR(ip6_hashsize) },
	{ IP6("anonportalgo"), CTL_CREATE, NODE, .sd_fn = NULL },
	{ IP6("anonportalgo.available"), CTL_CREATE, RO | CTLTYPE_STRING,
	    .sd_size = 16, .sd_fn = fn_algo_available },
	{ IP6("anonportalgo.selected"), CTL_CREATE, RW | CTLTYPE_STRING,
	    .sd_size = 16, .sd_fn = fn_algo_selected },
	{ IP6("anonportalgo.reserve"), CTL_CREATE, RW | CTLTYPE_STRUCT,
	    .sd_fn = fn_algo_reserve },
	{ IP6("neighborgcthresh"), CTL_CREATE, RW | INT,
	    VAR(ip6_neighborgcthresh) },
	{ IP6("maxifprefixes"), CTL_CREATE, RW | INT, VAR(ip6_maxifprefixes) },
	{ IP6("maxifdefrouters"), CTL_CREATE, RW | INT,
	    VAR(ip6_maxifdefrouters) },
	{ IP6("maxdynroutes"), CTL_CREATE, RW | INT, VAR(ip6_maxdynroutes) },
	{ "net.inet6.icmp6", IPPROTO_ICMPV6, NODE, .sd_fn = NULL },
	{ ICMP6("stats"), ICMPV6CTL_STATS, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_icmp6stat },
	{ ICMP6("rediraccept"), ICMPV6CTL_REDIRACCEPT, RW | INT,
	    VAR(icmp6_rediraccept) },
	{ ICMP6("redirtimeout"), ICMPV6CTL_REDIRTIMEOUT, RW | INT,
	    VAR(icmp6_redirtimeout), .sd_min = 0, .sd_max = INT32_MAX },
	{ ICMP6("nd6_prune"), ICMPV6CTL_ND6_PRUNE, RW | INT, VAR(nd6_prune) },
	{ ICMP6("nd6_delay"), ICMPV6CTL_ND6_DELAY, RW | INT, VAR(nd6_delay) },
	{ ICMP6("nd6_umaxtries"), ICMPV6CTL_ND6_UMAXTRIES, RW | INT,
	    VAR(nd6_umaxtries) },
	{ ICMP6("nd6_mmaxtries"), ICMPV6CTL_ND6_MMAXTRIES, RW | INT,
	    VAR(nd6_mmaxtries) },
	{ ICMP6("nd6_useloopback"), ICMPV6CTL_ND6_USELOOPBACK, RW | INT,
	    VAR(nd6_useloopback) },
	{ ICMP6("nodeinfo"), ICMPV6CTL_NODEINFO, RW | INT, VAR(icmp6_nodeinfo) },
	{ ICMP6("errppslimit"), ICMPV6CTL_ERRPPSLIMIT, RW | INT,
	    VAR(icmp6_errppslimit) },
	{ ICMP6("nd6_maxnudhint"), ICMPV6CTL_ND6_MAXNUDHINT, RW | INT,
	    VAR(nd6_maxnudhint) },
	{ ICMP6("mtudisc_hiwat"), ICMPV6CTL_MTUDISC_HIWAT, RW | INT,
	    VAR(icmp6_mtudisc_hiwat) },
	{ ICMP6("mtudisc_lowat"), ICMPV6CTL_MTUDISC_LOWAT, RW | INT,
	    VAR(icmp6_mtudisc_lowat) },
	{ ICMP6("nd6_debug"), ICMPV6CTL_ND6_DEBUG, RW | INT, VAR(nd6_debug) },
	{ ICMP6("nd6_drlist"), ICMPV6CTL_ND6_DRLIST, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_drlist },
	{ ICMP6("nd6_prlist"), ICMPV6CTL_ND6_PRLIST, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_prlist },
	{ ICMP6("maxqueuelen"), ICMPV6CTL_ND6_MAXQLEN, RW | INT,
	    .sd_fn = fn_maxqueuelen },
	{ "net.inet6.pim6", IPPROTO_PIM, NODE, .sd_fn = NULL },
	{ "net.inet6.pim6.stats", 1, RO | CTLTYPE_STRUCT, .sd_fn = fn_pim6stat },
	{ "net.inet6.raw6", IPPROTO_RAW, NODE, .sd_fn = NULL },
	{ "net.inet6.raw6.stats", 1, RO | CTLTYPE_STRUCT, .sd_fn = fn_rip6stat },
	{ "net.inet6.raw6.pcblist", CTL_CREATE, RO | CTLTYPE_STRUCT,
	    .sd_fn = fn_pcblist },
	{ "net.inet6.multicast", CTL_CREATE, NODE, .sd_fn = NULL },
	{ "net.inet6.multicast_kludge", CTL_CREATE, NODE, .sd_fn = NULL },
	{ NULL, 0, 0, .sd_fn = NULL },
};

static const struct sysctl_def gif_table[] = {
	{ IP6("gifhlim"), IPV6CTL_GIF_HLIM, RW | INT, VAR(ip6_gifhlim),
	    .sd_min = 0, .sd_max = 255 },
	{ NULL, 0, 0, .sd_fn = NULL },
};

int
inet6_sysctl_boot(struct rump_kernel *k)
{
	int error = sysctl_attach(k, table, INET6(k));

	if (error == 0 && kern_have(k, "librumpnet_gif"))
		error = sysctl_attach(k, gif_table, INET6(k));
	return error;
}
