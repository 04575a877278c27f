/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Node information queries (RFC 4620): what a node is called, which addresses it has. net.inet6.icmp6.nodeinfo says what is told: 1 names, 2 addresses, 4 also
 * temporary ones.
 */
#include <netbsd/sysctl.h>
#include "netinet6/in6_private.h"

#define NI_HDRLEN 16u /* type, code, sum, qtype, flags, nonce */
#define NI_NAMES 1
#define NI_ADDRESSES 2
#define NI_TEMPORARY 4
#define NI_MAXADDRS 60
/* As they stand in a message. */
#define NI_F_TRUNCATE 0x0001
#define NI_F_ALL 0x0002
#define NI_F_COMPAT 0x0004
#define NI_F_LINKLOCAL 0x0008
#define NI_F_SITELOCAL 0x0010
#define NI_F_GLOBAL 0x0020
#define NI_F_ANYCAST 0x0040

/* The name as a sequence of labels (RFC 4620 6.3): not qualified when it has no dot. */
static size_t
dns_name(const char *name, uint8_t *out, size_t room)
{
	size_t at = 0, len = strlen(name), start = 0;
	bool dot = strchr(name, '.') != NULL;

	if (len == 0)
		return 0;
	while (start <= len) {
		size_t n = strcspn(name + start, ".");

		if (n == 0 || n > 63 || at + n + 3 > room)
			break;
		out[at] = (uint8_t)n;
		memcpy(out + at + 1, name + start, n);
		at += n + 1;
		start += n + 1;
	}
	out[at++] = 0;
	if (!dot)
		out[at++] = 0;
	return at;
}

/* The query's subject is us? (RFC 4620 4) *ifpp: the interface that an address names. */
static bool
subject_ours(
    const struct mbuf *m, const uint8_t *p, size_t len, struct ifnet **ifpp)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	uint8_t name[264];
	size_t n;

	*ifpp = ifp;
	switch (p[1]) {
	case ICMP6_NI_SUBJ_IPV6: {
		struct in6_ifaddr *ia;
		struct in6_addr a;

		if (len == NI_HDRLEN)
			return true; /* the oldest drafts had none */
		if (len != NI_HDRLEN + 16)
			return false;
		a = a6_get(p + NI_HDRLEN);
		(void)in6_setscope(&a, ifp);
		if (a6_multicast(&a))
			return in6_ismember(ifp, &a);
		if ((ia = in6_ifaddr_lookup(k, &a)) == NULL)
			return false;
		*ifpp = ia->ia_ifa.ifa_ifp;
		return true;
	}
	case ICMP6_NI_SUBJ_FQDN:
		n = dns_name(k->k_hostname, name, sizeof(name));
		if (n == 0 || len <= NI_HDRLEN)
			return false;
		/* Its first label is enough. */
		return len - NI_HDRLEN >= 1u + name[0] &&
		    memcmp(name, p + NI_HDRLEN, 1u + name[0]) == 0;
	}
	return false;
}

static bool
listed(const struct in6_ifaddr *ia, unsigned flags, int allowed)
{
	const struct in6_addr *a = &ia->ia_addr.sin6_addr;
	unsigned scope = in6_scope(a), want;

	want = scope == IPV6_ADDR_SCOPE_LINKLOCAL ? NI_F_LINKLOCAL :
	    scope == IPV6_ADDR_SCOPE_SITELOCAL	  ? NI_F_SITELOCAL :
						    NI_F_GLOBAL;
	if ((flags & want) == 0 || (ia->ia6_flags & IN6_IFF_NOTREADY) != 0)
		return false;
	/* Anycast addresses are told alone. */
	if (((ia->ia6_flags & IN6_IFF_ANYCAST) != 0) !=
	    ((flags & NI_F_ANYCAST) != 0))
		return false;
	return (ia->ia6_flags & IN6_IFF_TEMPORARY) == 0 ||
	    (allowed & NI_TEMPORARY) != 0;
}

static uint32_t
remaining(const struct in6_ifaddr *ia, int64_t now)
{
	const struct in6_addrlifetime *lt = &ia->ia6_lifetime;
	int64_t left;

	if (lt->ia6t_vltime == ND6_INFINITE_LIFETIME)
		return 0x7fffffff;
	left = ia->ia6_updatetime + lt->ia6t_vltime - now;
	return left < 0 ? 0 : (uint32_t)left;
}

/* Time to live, address; preferred ones first. Gives their number. */
static unsigned
addresses(struct ifnet *ifp, unsigned flags, uint8_t *out, bool *truncated)
{
	struct rump_kernel *k = ifp->if_k;
	int64_t now = in6_now(k);
	unsigned n = 0;
	struct in6_ifaddr *ia;
	struct in6_addr a;

	*truncated = false;
	for (int deprecated = 0; deprecated < 2; deprecated++)
		for (ia = INET6(k)->i6_ifaddrs; ia != NULL; ia = ia->ia_next) {
			if ((ia->ia_ifa.ifa_ifp != ifp &&
				(flags & NI_F_ALL) == 0) ||
			    in6_deprecated(ia) != (deprecated != 0) ||
			    !listed(ia, flags, INET6(k)->icmp6_nodeinfo))
				continue;
			if (n == NI_MAXADDRS) {
				*truncated = true;
				return n;
			}
			a = ia->ia_addr.sin6_addr;
			in6_clearscope(&a);
			be32_put(out + n * 20, remaining(ia, now));
			a6_put(out + n * 20 + 4, &a);
			n++;
		}
	return n;
}

static void
reply(const struct mbuf *m, int off, int code, unsigned flags, const void *data,
    size_t len)
{
	const uint8_t *q = m->m_data + off;
	struct ifnet *ifp = m->m_pkthdr.rcvif, *out = NULL;
	struct rump_kernel *k = m->m_k;
	struct in6_addr src = a6_get(m->m_data + IP6_SRC),
			from = a6_get(m->m_data + IP6_DST);
	struct sockaddr_in6 to;
	struct mbuf *r;
	uint16_t sum;
	uint8_t *p;

	sin6_init(&to, &src);
	if ((a6_multicast(&from) || (m->m_flags & M_ANYCAST6) != 0) &&
	    in6_selectsrc(k, &to, NULL, NULL, NULL, &out, &from) != 0)
		return;
	r = icmp6_message(k, ifp, NI_HDRLEN + len, ICMP6_NI_REPLY, code);
	if (r == NULL)
		return;
	p = r->m_data + IP6_HDRLEN;
	memcpy(p + 4, q + 4, 2);
	be16_put(p + 6, (uint16_t)flags);
	memcpy(p + 8, q + 8, 8);
	if (len > 0)
		memcpy(p + NI_HDRLEN, data, len);
	r->m_data[IP6_HLIM] = (uint8_t)in6_selecthlim(NULL, ifp);
	a6_put(r->m_data + IP6_SRC, &from);
	a6_put(r->m_data + IP6_DST, &src);
	sum = in6_cksum(r, IPPROTO_ICMPV6, r->m_data + IP6_SRC,
	    r->m_data + IP6_DST, IP6_HDRLEN, NI_HDRLEN + len);
	memcpy(p + 2, &sum, 2);
	stat_inc(INET6(k)->icmp6stat, ICMP6_STAT_OUTHIST + ICMP6_NI_REPLY);
	(void)ip6_output(k, r, NULL, NULL, 0, NULL, NULL, NULL);
}

static void
tell_addresses(const struct mbuf *m, int off, struct ifnet *ifp)
{
	struct rump_kernel *k = m->m_k;
	unsigned flags = be16_get(m->m_data + off + 6), n;
	uint8_t *buf;
	bool truncated;

	buf = kmem_alloc(k, NI_MAXADDRS * 20);
	if (buf == NULL)
		return;
	n = addresses(ifp, flags, buf, &truncated);
	reply(m, off, ICMP6_NI_SUCCESS,
	    (flags & ~(unsigned)NI_F_TRUNCATE) | (truncated ? NI_F_TRUNCATE : 0),
	    buf, n * 20);
	kmem_free(k, buf, NI_MAXADDRS * 20);
}

static void
tell_name(const struct mbuf *m, int off)
{
	uint8_t buf[4 + 264];
	size_t n;

	/* No time to live, then the name. */
	memset(buf, 0, 4);
	n = dns_name(m->m_k->k_hostname, buf + 4, sizeof(buf) - 4);
	reply(m, off, ICMP6_NI_SUCCESS, 0, buf, 4 + n);
}

static void
tell_types(const struct mbuf *m, int off)
{
	static const uint8_t types[4] = { 0, 0, 0, 0x0f };

	reply(m, off, ICMP6_NI_SUCCESS, 0, types, sizeof(types));
}

/* A multicast query is for a name: it asks those whose name's hash is the group's. */
static bool
group_ours(const struct mbuf *m)
{
	struct in6_addr dst = a6_get(m->m_data + IP6_DST);

	return !a6_multicast(&dst) || in6_ismember(m->m_pkthdr.rcvif, &dst);
}

void
icmp6_ni_input(struct mbuf *m, int off)
{
	struct rump_kernel *k = m->m_k;
	const uint8_t *p = m->m_data + off;
	size_t len = m->m_pkthdr.len - (size_t)off;
	int allowed = INET6(k)->icmp6_nodeinfo;
	struct ifnet *ifp;
	unsigned qtype;

	if (len < NI_HDRLEN || allowed == 0 || !group_ours(m))
		goto out;
	qtype = be16_get(p + 4);
	if (qtype != NI_QTYPE_NOOP && qtype != NI_QTYPE_SUPTYPES &&
	    !subject_ours(m, p, len, &ifp))
		goto out;
	if (!ppsratecheck(
		k, &INET6(k)->i6_icmprate, INET6(k)->icmp6_errppslimit))
		goto out;
	switch (qtype) {
	case NI_QTYPE_NOOP:
		reply(m, off, ICMP6_NI_SUCCESS, 0, NULL, 0);
		break;
	case NI_QTYPE_SUPTYPES:
		tell_types(m, off);
		break;
	case NI_QTYPE_FQDN:
		if ((allowed & NI_NAMES) != 0)
			tell_name(m, off);
		break;
	case NI_QTYPE_NODEADDR:
		if ((allowed & NI_ADDRESSES) != 0)
			tell_addresses(m, off, ifp);
		break;
	default:
		reply(m, off, ICMP6_NI_UNKNOWN, 0, NULL, 0);
		break;
	}
out:
	m_freem(m);
}
