/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP (RFC 792, 1122 3.2.2, 1812 4.3): answers, and what others tell us. */
#include "netinet/ip_private.h"

const uint8_t inetctlerrmap[PRC_NCMDS] = {
	[PRC_MSGSIZE] = EMSGSIZE,
	[PRC_HOSTDEAD] = EHOSTDOWN,
	[PRC_HOSTUNREACH] = EHOSTUNREACH,
	[PRC_UNREACH_NET] = EHOSTUNREACH,
	[PRC_UNREACH_HOST] = EHOSTUNREACH,
	[PRC_UNREACH_PROTOCOL] = ECONNREFUSED,
	[PRC_UNREACH_PORT] = ECONNREFUSED,
	[PRC_UNREACH_ADMIN] = EHOSTUNREACH,
	[PRC_TIMXCEED_INTRANS] = EHOSTUNREACH,
	[PRC_PARAMPROB] = ENOPROTOOPT,
};

/* Codes of ICMP_UNREACH; PRC_NCMDS: unknown. */
static const uint8_t unreach_cmd[] = {
	[ICMP_UNREACH_NET] = PRC_UNREACH_NET,
	[ICMP_UNREACH_HOST] = PRC_UNREACH_HOST,
	[ICMP_UNREACH_PROTOCOL] = PRC_UNREACH_PROTOCOL,
	[ICMP_UNREACH_PORT] = PRC_UNREACH_PORT,
	[ICMP_UNREACH_NEEDFRAG] = PRC_MSGSIZE,
	[ICMP_UNREACH_SRCFAIL] = PRC_UNREACH_HOST,
	[ICMP_UNREACH_NET_UNKNOWN] = PRC_UNREACH_NET,
	[ICMP_UNREACH_HOST_UNKNOWN] = PRC_UNREACH_HOST,
	[ICMP_UNREACH_ISOLATED] = PRC_UNREACH_HOST,
	[ICMP_UNREACH_NET_PROHIB] = PRC_UNREACH_ADMIN,
	[ICMP_UNREACH_HOST_PROHIB] = PRC_UNREACH_ADMIN,
	[ICMP_UNREACH_TOSNET] = PRC_UNREACH_NET,
	[ICMP_UNREACH_TOSHOST] = PRC_UNREACH_HOST,
	[ICMP_UNREACH_ADMIN_PROHIBIT] = PRC_UNREACH_ADMIN,
	[ICMP_UNREACH_HOST_PREC] = PRC_UNREACH_ADMIN,
	[ICMP_UNREACH_PREC_CUTOFF] = PRC_UNREACH_ADMIN,
};

/* --- what is told to us --- */

struct in_arrive {
	struct rump_kernel *k;
	struct mbuf *m; /* ICMP part is in one piece as far as it is looked at */
	unsigned off, len; /* of the ICMP part */
	_Atomic uint64_t *stat;
};

static uint8_t *
icmp_of(struct in_arrive *a)
{
	return a->m->m_data + a->off;
}

/* The quoted header, whole and with at least 8 bytes behind it; NULL. */
static const uint8_t *
quoted(struct in_arrive *a, size_t *len)
{
	const uint8_t *ip = icmp_of(a) + ICMP_H_IP;
	unsigned have, hlen;

	if (a->len < ICMP_MINLEN + IPH_SIZE + 8) {
		stat_inc(a->stat, ICMP_STAT_TOOSHORT);
		return NULL;
	}
	have = a->m->m_len - a->off - ICMP_H_IP;
	hlen = ip_hlen(ip);
	if (ip[IPH_VHL] >> 4 != IPVERSION || hlen < IPH_SIZE ||
	    hlen + 8 > have || hlen + 8 > a->len - ICMP_MINLEN) {
		stat_inc(a->stat, ICMP_STAT_BADLEN);
		return NULL;
	}
	*len = a->len - ICMP_MINLEN < have ? a->len - ICMP_MINLEN : have;
	return ip;
}

/* RFC 1191 7.1: sizes that are common. */
static uint32_t
next_plateau(uint32_t len)
{
	static const uint16_t plateau[] = { 65535, 32000, 17914, 8166, 4352,
		2002, 1492, 1006, 508, 296, 68 };

	for (unsigned i = 0; i < sizeof(plateau) / sizeof(plateau[0]); i++)
		if (plateau[i] < len)
			return plateau[i];
	return 68;
}

/* Paths that were made narrow by errors that nothing vouches for. */
#define UNVERIFIED_MAX 256

struct pmtu {
	uint32_t dst, mtu;
	int max;
};

static void
set_mtu(struct rump_kernel *k, void *data, struct mbuf *m)
{
	const struct pmtu *p = data;
	struct sockaddr_in sin;

	m_freem(m);
	sockaddr_in_init(&sin, p->dst, 0);
	rt_setmtu(k, (struct sockaddr *)&sin, p->mtu,
	    INET(k)->ip_mtudisctimeout, p->max);
}

void
icmp_mtudisc(struct rump_kernel *k, const uint8_t *ip, uint32_t mtu)
{
	bool known = ip[IPH_P] == IPPROTO_TCP || ip[IPH_P] == IPPROTO_UDP;
	struct pmtu p = { ip_dst(ip), mtu, known ? -1 : UNVERIFIED_MAX };

	if (INET(k)->ip_mtudisc == 0 ||
	    in_ifaddr_lookup(k, ip_src(ip)) == NULL || in_multicast(p.dst))
		return;
	stat_inc(INET(k)->icmpstat, ICMP_STAT_PMTUCHG);
	(void)net_defer(k, set_mtu, &p, sizeof(p), NULL);
}

/*
 * RFC 5927: whoever does not know a connection of ours, or a port that is used, must not make the path to a host narrow. Other protocols have
 * nothing to be known by.
 */
static bool
in_use(struct rump_kernel *k, const uint8_t *ip)
{
	const uint8_t *ports = ip + ip_hlen(ip);
	struct in_any faddr, laddr;
	struct socket *so = NULL;
	uint16_t lport, fport;

	if (ip[IPH_P] != IPPROTO_TCP && ip[IPH_P] != IPPROTO_UDP)
		return true;
	memcpy(&lport, ports, 2);
	memcpy(&fport, ports + 2, 2);
	in_any_set4(&faddr, ip_dst(ip));
	in_any_set4(&laddr, ip_src(ip));
	for (struct inpcbtable *t = INET(k)->is_tables; t != NULL && so == NULL;
	     t = t->it_next) {
		so = in_pcblookup_connect(t, &faddr, fport, &laddr, lport, 0);
		if (so == NULL && ip[IPH_P] == IPPROTO_UDP)
			so = in_pcblookup_bind(t, &laddr, lport, 0);
	}
	if (so == NULL)
		return false;
	so_put(so);
	return true;
}

static void
control(struct in_arrive *a, int cmd)
{
	const struct ipprotosw *pr;
	struct sockaddr_in dst;
	const uint8_t *ip;
	uint32_t mtu = 0;
	size_t len;

	if ((ip = quoted(a, &len)) == NULL)
		return;
	if (in_multicast(ip_dst(ip)))
		return;
	/* Not about a packet of ours. */
	if (in_ifaddr_lookup(a->k, ip_src(ip)) == NULL)
		return;
	if (cmd == PRC_MSGSIZE) {
		uint32_t had = be16_get(ip + IPH_LEN);

		mtu = be16_get(icmp_of(a) + ICMP_H_NEXTMTU);
		if (mtu == 0)
			mtu = next_plateau(had);
		/* Never more than the packet that did not fit, nor less than anybody can. */
		if (had > IPH_SIZE && mtu >= had)
			return;
		if (mtu < 68)
			mtu = 68;
	}
	sockaddr_in_init(&dst, ip_dst(ip), 0);
	pr = INET(a->k)->is_proto[ip[IPH_P]];
	if (cmd == PRC_MSGSIZE && in_use(a->k, ip))
		icmp_mtudisc(a->k, ip, mtu);
	if (pr != NULL && pr->ip_ctlinput != NULL)
		pr->ip_ctlinput(a->k, cmd, &dst, ip, len, mtu);
}

struct redirect {
	uint32_t dst, gw, src;
};

static void
take_redirect(struct rump_kernel *k, void *data, struct mbuf *m)
{
	const struct redirect *r = data;
	struct sockaddr_in dst, gw, src;

	m_freem(m);
	sockaddr_in_init(&dst, r->dst, 0);
	sockaddr_in_init(&gw, r->gw, 0);
	sockaddr_in_init(&src, r->src, 0);
	rtredirect(k, (struct sockaddr *)&dst, (struct sockaddr *)&gw, NULL,
	    RTF_GATEWAY | RTF_HOST, (struct sockaddr *)&src);
}

static void
redirected(struct in_arrive *a, uint8_t code)
{
	struct redirect r;
	const uint8_t *ip;
	size_t len;

	if (code > ICMP_REDIRECT_TOSHOST) {
		stat_inc(a->stat, ICMP_STAT_BADCODE);
		return;
	}
	if ((ip = quoted(a, &len)) == NULL)
		return;
	if (INET(a->k)->icmp_rediraccept == 0 ||
	    in_ifaddr_lookup(a->k, ip_src(ip)) == NULL)
		return;
	r.dst = ip_dst(ip);
	memcpy(&r.gw, icmp_of(a) + ICMP_H_GATEWAY, 4);
	r.src = ip_src(a->m->m_data);
	(void)net_defer(a->k, take_redirect, &r, sizeof(r), NULL);
}

/* --- questions: true when m has become the answer --- */

static bool
echo(struct in_arrive *a)
{
	if ((a->m->m_flags & (M_BCAST | M_MCAST)) != 0 &&
	    INET(a->k)->icmp_bmcastecho == 0) {
		stat_inc(a->stat, ICMP_STAT_BMCASTECHO);
		return false;
	}
	icmp_of(a)[ICMP_H_TYPE] = ICMP_ECHOREPLY;
	return true;
}

static bool
timestamp(struct in_arrive *a)
{
	struct timespec ts;
	uint32_t ms;

	if (a->len < ICMP_TSLEN) {
		stat_inc(a->stat, ICMP_STAT_BADLEN);
		return false;
	}
	if ((a->m->m_flags & (M_BCAST | M_MCAST)) != 0 &&
	    INET(a->k)->icmp_bmcastecho == 0) {
		stat_inc(a->stat, ICMP_STAT_BMCASTTSTAMP);
		return false;
	}
	kern_nanotime(a->k, &ts);
	ms = (uint32_t)(ts.tv_sec % 86400 * 1000 + ts.tv_nsec / 1000000);
	icmp_of(a)[ICMP_H_TYPE] = ICMP_TSTAMPREPLY;
	be32_put(icmp_of(a) + 12, ms);
	be32_put(icmp_of(a) + 16, ms);
	return true;
}

static bool
mask(struct in_arrive *a)
{
	struct ifnet *ifp = a->m->m_pkthdr.rcvif;
	const struct in_ifaddr *ia;
	uint32_t dst = ip_dst(a->m->m_data), net;

	if (INET(a->k)->icmp_maskrepl == 0)
		return false;
	if (a->len < ICMP_MASKLEN) {
		stat_inc(a->stat, ICMP_STAT_BADLEN);
		return false;
	}
	ia = in_ifaddr_on(ifp, dst);
	if (ia == NULL)
		ia = in_firstaddr(ifp);
	if (ia == NULL)
		return false;
	icmp_of(a)[ICMP_H_TYPE] = ICMP_MASKREPLY;
	net = htonl(ia->ia_subnetmask);
	memcpy(icmp_of(a) + 8, &net, 4);
	return true;
}

static bool
handle(struct in_arrive *a)
{
	uint8_t type = icmp_of(a)[ICMP_H_TYPE], code = icmp_of(a)[ICMP_H_CODE];

	switch (type) {
	case ICMP_UNREACH:
		if (code < sizeof(unreach_cmd))
			control(a, unreach_cmd[code]);
		else
			stat_inc(a->stat, ICMP_STAT_BADCODE);
		return false;
	case ICMP_TIMXCEED:
		if (code <= ICMP_TIMXCEED_REASS)
			control(a, PRC_TIMXCEED_INTRANS + code);
		else
			stat_inc(a->stat, ICMP_STAT_BADCODE);
		return false;
	case ICMP_PARAMPROB:
		if (code <= ICMP_PARAMPROB_OPTABSENT)
			control(a, PRC_PARAMPROB);
		else
			stat_inc(a->stat, ICMP_STAT_BADCODE);
		return false;
	case ICMP_SOURCEQUENCH: /* RFC 6633: silently discarded */
		return false;
	case ICMP_REDIRECT:
		redirected(a, code);
		return false;
	case ICMP_ECHO:
		return echo(a);
	case ICMP_TSTAMP:
		return timestamp(a);
	case ICMP_MASKREQ:
		return mask(a);
	default:
		return false;
	}
}

void
icmp_input(struct mbuf *m, int off, int proto)
{
	struct in_arrive a = { .k = m->m_k,
		.off = (unsigned)off,
		.stat = INET(m->m_k)->icmpstat };
	unsigned look;

	a.len = m->m_pkthdr.len - a.off;
	if (a.len < ICMP_MINLEN) {
		stat_inc(a.stat, ICMP_STAT_TOOSHORT);
		m_freem(m);
		return;
	}
	if (in_cksum(m, a.off, a.len) != 0) {
		stat_inc(a.stat, ICMP_STAT_CHECKSUM);
		m_freem(m);
		return;
	}
	look = a.len < ICMP_MINLEN + IPH_MAX + 8 ? a.len :
						   ICMP_MINLEN + IPH_MAX + 8;
	if (m->m_len < a.off + look && (m = m_pullup(m, a.off + look)) == NULL)
		return;
	a.m = m;
	if (icmp_of(&a)[ICMP_H_TYPE] < ICMP_NTYPES)
		stat_inc(a.stat,
		    ICMP_STAT_OUTHIST + ICMP_NTYPES + icmp_of(&a)[ICMP_H_TYPE]);
	/* What is answered is written to: not what another kernel may still have. */
	switch (icmp_of(&a)[ICMP_H_TYPE]) {
	case ICMP_ECHO:
	case ICMP_TSTAMP:
	case ICMP_MASKREQ:
		look = a.len < ICMP_TSLEN ? a.len : (unsigned)ICMP_TSLEN;
		if ((a.m = m = m_makewritable(m, a.off + look)) == NULL)
			return;
		if (handle(&a)) {
			stat_inc(a.stat, ICMP_STAT_REFLECT);
			stat_inc(a.stat,
			    ICMP_STAT_OUTHIST + icmp_of(&a)[ICMP_H_TYPE]);
			icmp_reflect(a.m);
			return;
		}
		break;
	default:
		(void)handle(&a);
	}
	rip_input(a.m, off, proto);
}

const struct ipprotosw icmp_protosw = { .ip_input = icmp_input };
