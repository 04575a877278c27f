/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups that interfaces listen to, and telling routers of them (RFC 2710, 3810).
 *
 * As recorded, version 1 is spoken: a report at once, one more within ten seconds, Done when the last to report leaves. As long as a querier of version 2
 * (and none of version 1) is heard, version 2 is.
 */
#include "netinet6/in6_private.h"

#define MLD_UNSOLICITED_NS (10 * SEC_NS) /* RFC 2710 7.10 */
#define MLD_OLDER_NS (260 * SEC_NS)	 /* RFC 3810 9.12 */
#define MLD2_MODE_IS_EXCLUDE 2
#define MLD2_TO_INCLUDE 3
#define MLD2_TO_EXCLUDE 4
#define MLD2_MAXGROUPS 60 /* of one report: 1280 bytes */

static const struct in6_addr mld2_routers = { { { 0xff, 2, [15] = 0x16 } } };

static struct in6_multi *
find(struct ifnet *ifp, const struct in6_addr *group)
{
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	struct in6_multi *in6m = ie == NULL ? NULL : ie->ie_multi;

	while (in6m != NULL && !a6_equal(&in6m->in6m_addr, group))
		in6m = in6m->in6m_next;
	return in6m;
}

bool
in6_ismember(struct ifnet *ifp, const struct in6_addr *group)
{
	return find(ifp, group) != NULL;
}

/* RFC 2464 7 */
static void
group_lladdr(const struct in6_addr *group, uint8_t ll[6])
{
	ll[0] = ll[1] = 0x33;
	memcpy(ll + 2, A6(group) + 12, 4);
}

int
in6_addmulti(struct ifnet *ifp, const struct in6_addr *group)
{
	struct in6_multi *in6m = find(ifp, group);
	struct in6_ifextra *ie;
	uint8_t ll[6];
	int error;

	if (!a6_multicast(group))
		return -EINVAL;
	if (in6m != NULL) {
		in6m->in6m_refs++;
		return 0;
	}
	if ((ie = in6_ifextra_get(ifp)) == NULL ||
	    (in6m = kmem_zalloc(ifp->if_k, sizeof(*in6m))) == NULL)
		return -ENOBUFS;
	in6m->in6m_addr = *group;
	in6m->in6m_refs = 1;
	group_lladdr(group, ll);
	if (ifp->if_addrlen == 6 && (error = ether_addmulti(ifp, ll, ll)) < 0) {
		kmem_free(ifp->if_k, in6m, sizeof(*in6m));
		return error;
	}
	in6m->in6m_next = ie->ie_multi;
	ie->ie_multi = in6m;
	mld6_join(ifp, in6m);
	return 0;
}

int
in6_delmulti(struct ifnet *ifp, const struct in6_addr *group)
{
	struct in6_multi *in6m = find(ifp, group), **p;
	uint8_t ll[6];

	if (in6m == NULL)
		return -EADDRNOTAVAIL;
	if (--in6m->in6m_refs > 0)
		return 0;
	mld6_leave(ifp, in6m);
	for (p = &IN6_IFEXTRA(ifp)->ie_multi; *p != in6m;)
		p = &(*p)->in6m_next;
	*p = in6m->in6m_next;
	group_lladdr(&in6m->in6m_addr, ll);
	if (ifp->if_addrlen == 6)
		(void)ether_delmulti(ifp, ll, ll);
	kmem_free(ifp->if_k, in6m, sizeof(*in6m));
	return 0;
}

/* --- telling --- */

/* RFC 2710 5: of all nodes, and of what does not leave the node, nobody is told. */
static bool
told(const struct ifnet *ifp, const struct in6_addr *group)
{
	struct in6_addr g = *group;

	in6_clearscope(&g);
	return (ifp->if_flags & IFF_MULTICAST) != 0 &&
	    (ifp->if_flags & IFF_LOOPBACK) == 0 && a6_mcscope(&g) > 1 &&
	    !a6_equal(&g, &in6_allnodes);
}

static bool
version2(const struct ifnet *ifp)
{
	const struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	int64_t now = kern_uptime_ns(ifp->if_k);

	return ie->ie_mldv2_until_ns > now && ie->ie_mldv1_until_ns <= now;
}

/* RFC 3590: before there is a link-local address, from nobody. */
static struct in6_addr
source(struct ifnet *ifp)
{
	struct in6_ifaddr *ia = in6ifa_ifpforlinklocal(
	    ifp, IN6_IFF_NOTREADY | IN6_IFF_ANYCAST | IN6_IFF_DETACHED);

	return ia != NULL ? ia->ia_addr.sin6_addr : in6_any;
}

static void
send1(struct ifnet *ifp, const struct in6_multi *in6m, int type)
{
	struct mbuf *m = icmp6_message(ifp->if_k, ifp, MLD_MINLEN, type, 0);
	struct in6_addr src = source(ifp), group = in6m->in6m_addr,
			dst = type == MLD_LISTENER_DONE ? in6_allrouters : group;

	if (m == NULL)
		return;
	in6_clearscope(&group);
	a6_put(m->m_data + IP6_HDRLEN + 8, &group);
	(void)in6_setscope(&dst, ifp);
	icmp6_ifstat_inc(ifp,
	    type == MLD_LISTENER_DONE ? ICMP6IFS(out_mlddone) :
					ICMP6IFS(out_mldreport));
	icmp6_send(ifp, m, &src, &dst, 1, true);
}

/* One group's record, or (in6m NULL) all groups as they are. */
static void
send2(struct ifnet *ifp, const struct in6_multi *in6m, int record)
{
	const struct in6_multi *g = in6m != NULL ? in6m :
						   IN6_IFEXTRA(ifp)->ie_multi;
	struct in6_addr src = source(ifp), dst = mld2_routers, group;
	struct mbuf *m;
	unsigned n;

	(void)in6_setscope(&dst, ifp);
	while (g != NULL) {
		uint8_t *p;

		m = icmp6_message(ifp->if_k, ifp, 8 + MLD2_MAXGROUPS * 20,
		    MLDV2_LISTENER_REPORT, 0);
		if (m == NULL)
			return;
		p = m->m_data + IP6_HDRLEN + 8;
		for (n = 0; g != NULL && n < MLD2_MAXGROUPS;
		     g = in6m != NULL ? NULL : g->in6m_next) {
			if (!told(ifp, &g->in6m_addr))
				continue;
			group = g->in6m_addr;
			in6_clearscope(&group);
			p[0] = (uint8_t)record;
			p[1] = p[2] = p[3] = 0;
			a6_put(p + 4, &group);
			p += 20;
			n++;
		}
		be16_put(m->m_data + IP6_HDRLEN + 6, (uint16_t)n);
		m_adj(m, -(int)((MLD2_MAXGROUPS - n) * 20));
		if (n == 0) {
			m_freem(m);
			return;
		}
		icmp6_ifstat_inc(ifp, ICMP6IFS(out_mldreport));
		icmp6_send(ifp, m, &src, &dst, 1, true);
	}
}

static void
report(struct ifnet *ifp, struct in6_multi *in6m, int record)
{
	if (version2(ifp))
		send2(ifp, in6m, record);
	else
		send1(ifp, in6m, MLD_LISTENER_REPORT);
	in6m->in6m_reporter = true;
}

static void
report_at(struct ifnet *ifp, struct in6_multi *in6m, int64_t when)
{
	in6m->in6m_when_ns = when;
	nd6_wakeat(ifp->if_k, when);
}

void
mld6_join(struct ifnet *ifp, struct in6_multi *in6m)
{
	int64_t most = MLD_UNSOLICITED_NS;

	if (!told(ifp, &in6m->in6m_addr))
		return;
	if ((ifp->if_flags & IFF_UP) != 0)
		report(ifp, in6m, MLD2_TO_EXCLUDE);
	else
		most = SEC_NS;
	report_at(ifp, in6m,
	    kern_uptime_ns(ifp->if_k) +
		(int64_t)in6_random(ifp->if_k, (uint32_t)(most / MSEC_NS)) *
		    MSEC_NS);
}

void
mld6_leave(struct ifnet *ifp, struct in6_multi *in6m)
{
	if (!told(ifp, &in6m->in6m_addr) || (ifp->if_flags & IFF_UP) == 0)
		return;
	if (version2(ifp))
		send2(ifp, in6m, MLD2_TO_INCLUDE);
	else if (in6m->in6m_reporter)
		send1(ifp, in6m, MLD_LISTENER_DONE);
}

int64_t
mld6_tick(struct rump_kernel *k, int64_t now)
{
	int64_t next = INT64_MAX;

	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		struct in6_ifextra *ie = IN6_IFEXTRA(ifp);

		if (ie == NULL)
			continue;
		if (ie->ie_mldgeneral_ns != 0 && ie->ie_mldgeneral_ns <= now) {
			ie->ie_mldgeneral_ns = 0;
			send2(ifp, NULL, MLD2_MODE_IS_EXCLUDE);
		}
		if (ie->ie_mldgeneral_ns != 0 && ie->ie_mldgeneral_ns < next)
			next = ie->ie_mldgeneral_ns;
		for (struct in6_multi *g = ie->ie_multi; g != NULL;
		     g = g->in6m_next) {
			if (g->in6m_when_ns == 0)
				continue;
			if (g->in6m_when_ns <= now) {
				g->in6m_when_ns = 0;
				if ((ifp->if_flags & IFF_UP) != 0)
					report(ifp, g, MLD2_MODE_IS_EXCLUDE);
			} else if (g->in6m_when_ns < next)
				next = g->in6m_when_ns;
		}
	}
	return next;
}

/* --- being asked --- */

struct heard {
	unsigned ifindex;
	int type;
	bool v2;
	uint32_t maxdelay_ms;
	struct in6_addr group;
};

static int64_t
delay(struct rump_kernel *k, const struct heard *h, int64_t now)
{
	return now + (int64_t)in6_random(k, h->maxdelay_ms + 1) * MSEC_NS;
}

static void
query(struct ifnet *ifp, struct heard *h)
{
	struct rump_kernel *k = ifp->if_k;
	struct in6_ifextra *ie = IN6_IFEXTRA(ifp);
	bool general = a6_unspecified(&h->group);
	int64_t now = kern_uptime_ns(k);

	if (h->v2)
		ie->ie_mldv2_until_ns = now + MLD_OLDER_NS;
	else
		ie->ie_mldv1_until_ns = now + MLD_OLDER_NS;
	(void)in6_setscope(&h->group, ifp);
	if (general && version2(ifp)) {
		int64_t when = delay(k, h, now);

		if (ie->ie_mldgeneral_ns == 0 || when < ie->ie_mldgeneral_ns)
			ie->ie_mldgeneral_ns = when;
		nd6_wakeat(k, ie->ie_mldgeneral_ns);
		return;
	}
	for (struct in6_multi *g = ie->ie_multi; g != NULL; g = g->in6m_next) {
		int64_t when = delay(k, h, now);

		if (!told(ifp, &g->in6m_addr) ||
		    (!general && !a6_equal(&g->in6m_addr, &h->group)))
			continue;
		if (g->in6m_when_ns == 0 || when < g->in6m_when_ns)
			report_at(ifp, g, when);
	}
}

/* W */
static void
heard(struct rump_kernel *k, void *data, struct mbuf *m)
{
	struct heard *h = data;
	struct ifnet *ifp = if_byindex(k, h->ifindex);
	struct in6_multi *in6m;

	m_freem(m);
	if (ifp == NULL || IN6_IFEXTRA(ifp) == NULL)
		return;
	if (h->type == MLD_LISTENER_QUERY) {
		query(ifp, h);
		return;
	}
	/* Somebody else has told. */
	(void)in6_setscope(&h->group, ifp);
	if ((in6m = find(ifp, &h->group)) != NULL) {
		in6m->in6m_when_ns = 0;
		in6m->in6m_reporter = false;
	}
}

/* RFC 3810 5.1.3: the longest delay; from 32768 on a floating-point number. */
static uint32_t
max_delay(uint16_t code)
{
	return code < 32768 ?
	    code :
	    ((code & 0xfffu) | 0x1000) << ((code >> 12 & 7) + 3);
}

void
mld6_input(struct mbuf *m, int off)
{
	const uint8_t *p = m->m_data + off;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	struct in6_addr src = a6_get(m->m_data + IP6_SRC);
	struct heard h = { .ifindex = ifp->if_index, .type = p[0] };
	size_t len = m->m_pkthdr.len - (size_t)off;

	h.group = a6_get(p + 8);
	/* RFC 2710 4: from the link, by a link-local address, and no further. */
	if (m->m_data[IP6_HLIM] != 1 || len < MLD_MINLEN ||
	    (!a6_linklocal(&src) && !a6_unspecified(&src)) ||
	    (!a6_unspecified(&h.group) && !a6_multicast(&h.group)))
		goto out;
	if (p[0] == MLD_LISTENER_QUERY) {
		if (a6_unspecified(&src))
			goto out;
		h.v2 = len >= 28;
		if (len > MLD_MINLEN && len < 28)
			goto out;
		h.maxdelay_ms = h.v2 ? max_delay(be16_get(p + 4)) :
				       be16_get(p + 4);
	} else if (p[0] != MLD_LISTENER_REPORT || (m->m_flags & M_LOOP) != 0 ||
	    a6_unspecified(&h.group))
		goto out;
	(void)net_defer(m->m_k, heard, &h, sizeof(h), NULL);
out:
	m_freem(m);
}
