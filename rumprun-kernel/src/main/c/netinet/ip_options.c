/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of IPv4 headers (RFC 791 3.1, 1122 3.2.1.8): record route, time stamps, source routes. */
#include "netinet/ip_private.h"

#define COPIED(type) (((type)&0x80) != 0)

unsigned
ip_optcopy(const uint8_t *ip, uint8_t *to)
{
	unsigned hlen = ip_hlen(ip), n = 0;

	for (unsigned i = IPH_SIZE; i < hlen;) {
		unsigned type = ip[i], len;

		if (type == IPOPT_EOL)
			break;
		if (type == IPOPT_NOP) {
			/* keeps what follows where it was */
			to[n++] = IPOPT_NOP;
			i++;
			continue;
		}
		if (i + 1 >= hlen || (len = ip[i + 1]) < 2 || i + len > hlen)
			break;
		if (COPIED(type)) {
			memcpy(to + n, ip + i, len);
			n += len;
		}
		i += len;
	}
	while (n > 0 && to[n - 1] == IPOPT_NOP)
		n--;
	while (n % 4 != 0)
		to[n++] = IPOPT_EOL;
	return n;
}

struct mbuf *
ip_insertoptions(struct mbuf *m, const struct mbuf *opt, unsigned *hlen)
{
	unsigned optlen = opt->m_len - 4;
	uint32_t first;

	*hlen = IPH_SIZE;
	if (opt->m_len <= 4 || optlen > IPH_MAX - IPH_SIZE ||
	    m->m_pkthdr.len + optlen > IP_MAXPACKET)
		return m;
	memcpy(&first, opt->m_data, 4);
	if (first != INADDR_ANY)
		ip_setaddr(m->m_data + IPH_DST, first);
	if ((m = m_prepend(m, optlen)) == NULL)
		return NULL;
	if (m->m_len < IPH_SIZE + optlen &&
	    (m = m_pullup(m, IPH_SIZE + optlen)) == NULL)
		return NULL;
	memmove(m->m_data, m->m_data + optlen, IPH_SIZE);
	memcpy(m->m_data + IPH_SIZE, opt->m_data + 4, optlen);
	*hlen = IPH_SIZE + optlen;
	m->m_data[IPH_VHL] = (uint8_t)(IPVERSION << 4 | *hlen / 4);
	return m;
}

/* --- a user's options --- */

/* Checks a source route of IP_OPTIONS and takes its first address out: the packet goes there, the last is the destination that sendto names. */
static int
user_route(uint8_t *p, unsigned *len, unsigned at, uint32_t *first)
{
	unsigned optlen = p[at + 1];

	if (optlen < 3 + 4 || (optlen - 3) % 4 != 0 || p[at + 2] != 4)
		return -EINVAL;
	memcpy(first, p + at + 3, 4);
	memmove(p + at + 3, p + at + 7, *len - (at + 7));
	*len -= 4;
	p[at + 1] = (uint8_t)(optlen - 4);
	return 0;
}

int
ip_pcbopts(
    struct rump_kernel *k, struct mbuf **pcbopt, const void *buf, size_t size)
{
	uint8_t opts[IPH_MAX - IPH_SIZE + 4];
	unsigned len = (unsigned)size;
	uint32_t first = INADDR_ANY;
	struct mbuf *m;
	int error;

	if (size == 0) {
		m_freem(*pcbopt);
		*pcbopt = NULL;
		return 0;
	}
	if (size > IPH_MAX - IPH_SIZE || size % 4 != 0)
		return -EINVAL;
	memcpy(opts, buf, size);
	for (unsigned i = 0; i < len;) {
		unsigned type = opts[i], n;

		if (type == IPOPT_EOL)
			break;
		if (type == IPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= len || (n = opts[i + 1]) < 2 || i + n > len)
			return -EINVAL;
		if (type == IPOPT_LSRR || type == IPOPT_SSRR) {
			if (first != INADDR_ANY ||
			    (error = user_route(opts, &len, i, &first)) != 0)
				return -EINVAL;
			n = opts[i + 1];
		}
		i += n;
	}
	while (len % 4 != 0)
		opts[len++] = IPOPT_EOL;
	if ((m = m_get(k, MT_DATA)) == NULL)
		return -ENOBUFS;
	memcpy(m->m_data, &first, 4);
	memcpy(m->m_data + 4, opts, len);
	m->m_len = 4 + len;
	m_freem(*pcbopt);
	*pcbopt = m;
	return 0;
}

/* --- options of a packet that arrives --- */

/* The option at i, behind it *next; false: there is none. Those of one byte are passed over. */
static bool
next_option(const uint8_t *ip, unsigned i, unsigned *at, unsigned *next)
{
	unsigned hlen = ip_hlen(ip);

	while (i < hlen && ip[i] == IPOPT_NOP)
		i++;
	if (i + 1 >= hlen || ip[i] == IPOPT_EOL || ip[i + 1] < 2 ||
	    i + ip[i + 1] > hlen)
		return false;
	*at = i;
	*next = i + ip[i + 1];
	return true;
}

unsigned
ip_srcroute(const uint8_t *ip, uint32_t *first, uint8_t *to)
{
	unsigned i = IPH_SIZE, at, hops;

	while (next_option(ip, i, &at, &i)) {
		const uint8_t *p = ip + at;

		if (p[0] != IPOPT_LSRR && p[0] != IPOPT_SSRR)
			continue;
		/* One that is not used up has not come to its end. */
		if (p[1] < 3 + 4 || (p[1] - 3) % 4 != 0 || p[2] <= p[1])
			return 0;
		hops = (p[1] - 3u) / 4;
		to[0] = p[0];
		to[1] = p[1];
		to[2] = IPOPT_MINOFF;
		memcpy(first, p + 3 + 4 * (hops - 1), 4);
		for (unsigned n = 1; n < hops; n++)
			memcpy(to + 3 + 4 * (n - 1), p + 3 + 4 * (hops - 1 - n),
			    4);
		memcpy(to + 3 + 4 * (hops - 1), ip + IPH_SRC, 4);
		return to[1];
	}
	return 0;
}

struct walk {
	struct rump_kernel *k;
	struct mbuf *m;
	uint8_t *ip;
	unsigned hlen;
	bool forward;	/* a source route names the next hop now */
	int type, code; /* what went wrong */
};

static bool
bad(struct walk *w, const uint8_t *where)
{
	w->type = ICMP_PARAMPROB;
	w->code = (int)(where - w->ip);
	return false;
}

static bool
unreachable(struct walk *w, int code)
{
	w->type = ICMP_UNREACH;
	w->code = code;
	return false;
}

/* The address of ours that a packet for addr leaves by. */
static bool
leaving(struct walk *w, uint32_t addr, bool direct, uint32_t *out)
{
	struct sockaddr_in sin;
	struct ifaddr *ifa;
	struct rtentry *rt;

	sockaddr_in_init(&sin, addr, 0);
	if (direct) {
		ifa = ifa_ifwithdstaddr(w->k, (struct sockaddr *)&sin);
		if (ifa == NULL)
			ifa = ifa_ifwithnet(w->k, (struct sockaddr *)&sin);
	} else {
		rt = rtalloc1(w->k, (struct sockaddr *)&sin);
		ifa = rt == NULL ? NULL : rt->rt_ifa;
	}
	if (ifa == NULL || ifa->ifa_addr->sa_family != AF_INET)
		return false;
	*out = ifatoia(ifa)->ia_addr.sin_addr.s_addr;
	return true;
}

static bool
source_route(struct walk *w, uint8_t *p)
{
	unsigned len = p[IPOPT_OLEN], off;
	bool strict = p[IPOPT_OPTVAL] == IPOPT_SSRR;
	uint32_t next, out;

	if (INET(w->k)->ip_allowsrcrt == 0)
		return unreachable(w, ICMP_UNREACH_NET_PROHIB);
	if (len < 3)
		return bad(w, p + IPOPT_OLEN);
	if ((off = p[IPOPT_OFFSET]) < IPOPT_MINOFF)
		return bad(w, p + IPOPT_OFFSET);
	if (in_ifaddr_lookup(w->k, ip_dst(w->ip)) == NULL)
		/* A loose route may pass by here. */
		return strict ? unreachable(w, ICMP_UNREACH_SRCFAIL) : true;
	off--;
	if (off + 4 > len)
		return true; /* its end: we are the destination */
	memcpy(&next, p + off, 4);
	if (!leaving(w, next, strict, &out))
		return unreachable(w, ICMP_UNREACH_SRCFAIL);
	ip_setaddr(w->ip + IPH_DST, next);
	memcpy(p + off, &out, 4);
	p[IPOPT_OFFSET] += 4;
	w->forward = !in_multicast(next);
	return true;
}

static bool
record_route(struct walk *w, uint8_t *p)
{
	unsigned len = p[IPOPT_OLEN], off;
	uint32_t out;

	if (len < 3)
		return bad(w, p + IPOPT_OLEN);
	if ((off = p[IPOPT_OFFSET]) < IPOPT_MINOFF)
		return bad(w, p + IPOPT_OFFSET);
	off--;
	if (off + 4 > len)
		return true;
	if (!leaving(w, ip_dst(w->ip), false, &out))
		return unreachable(w, ICMP_UNREACH_HOST);
	memcpy(p + off, &out, 4);
	p[IPOPT_OFFSET] += 4;
	return true;
}

/* Milliseconds since midnight UT. */
static uint32_t
ip_time(struct rump_kernel *k)
{
	struct timespec ts;

	kern_nanotime(k, &ts);
	return (uint32_t)(ts.tv_sec % 86400 * 1000 + ts.tv_nsec / 1000000);
}

static bool
time_stamp(struct walk *w, uint8_t *p)
{
	unsigned len = p[IPOPT_OLEN], off, flag, need = 4;
	const struct in_ifaddr *ia;
	uint32_t addr;

	if (len < 4 || len > 40)
		return bad(w, p + IPOPT_OLEN);
	if ((off = p[IPOPT_OFFSET]) < 5)
		return bad(w, p + IPOPT_OFFSET);
	flag = p[3] & 15;
	if (off - 1 + 4 > len) {
		if (p[3] >> 4 == 15) /* the count of those without room */
			return bad(w, p + 3);
		p[3] = (uint8_t)(p[3] + 16);
		return true;
	}
	off--;
	switch (flag) {
	case IPOPT_TS_TSONLY:
		break;
	case IPOPT_TS_TSANDADDR:
	case IPOPT_TS_PRESPEC:
		need = 8;
		if (off + need > len)
			return bad(w, p + IPOPT_OFFSET);
		if (flag == IPOPT_TS_PRESPEC) {
			memcpy(&addr, p + off, 4);
			if (in_ifaddr_lookup(w->k, addr) == NULL)
				return true;
		} else {
			ia = in_firstaddr(w->m->m_pkthdr.rcvif);
			if (ia == NULL)
				return true;
			memcpy(p + off, &ia->ia_addr.sin_addr, 4);
		}
		off += 4;
		break;
	default:
		return bad(w, p + 3);
	}
	be32_put(p + off, ip_time(w->k));
	p[IPOPT_OFFSET] = (uint8_t)(p[IPOPT_OFFSET] + need);
	return true;
}

static bool
walk(struct walk *w)
{
	for (unsigned i = IPH_SIZE; i < w->hlen;) {
		uint8_t *p = w->ip + i;
		unsigned type = p[IPOPT_OPTVAL], len;
		bool good = true;

		if (type == IPOPT_EOL)
			break;
		if (type == IPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= w->hlen)
			return bad(w, p);
		len = p[IPOPT_OLEN];
		if (len < 2 || i + len > w->hlen)
			return bad(w, p + IPOPT_OLEN);
		if (type == IPOPT_LSRR || type == IPOPT_SSRR)
			good = source_route(w, p);
		else if (type == IPOPT_RR)
			good = record_route(w, p);
		else if (type == IPOPT_TS)
			good = time_stamp(w, p);
		if (!good)
			return false;
		i += len;
	}
	return true;
}

bool
ip_dooptions(struct mbuf **mp)
{
	struct walk w = { .k = (*mp)->m_k };
	unsigned hlen = ip_hlen((*mp)->m_data);
	struct mbuf *m;

	if ((m = *mp = m_makewritable(*mp, hlen)) == NULL)
		return false;
	w.m = m;
	w.ip = m->m_data;
	w.hlen = hlen;
	if (!walk(&w)) {
		stat_inc(INET(w.k)->ipstat, IP_STAT_BADOPTIONS);
		*mp = NULL;
		icmp_error(m, w.type, w.code, 0, 0);
		return false;
	}
	if (!w.forward)
		return true;
	*mp = NULL;
	if (INET(w.k)->ip_forwsrcrt == 0 || INET(w.k)->ip_forwarding == 0) {
		stat_inc(INET(w.k)->ipstat, IP_STAT_CANTFORWARD);
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_SRCFAIL, 0, 0);
	} else
		ip_forward(m, true);
	return false;
}
