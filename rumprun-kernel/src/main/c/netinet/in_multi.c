/* SPDX-License-Identifier: BSD-2-Clause */
/* Multicast groups of interfaces, counted by who wants them, and of sockets. */
#include "netinet/inet.h"

/* RFC 1112 6.4: the low 23 bits of the group behind 01:00:5e. */
static void
group_lladdr(uint32_t group, uint8_t ll[6])
{
	const uint8_t *g = (const uint8_t *)&group;

	ll[0] = 0x01;
	ll[1] = 0x00;
	ll[2] = 0x5e;
	ll[3] = g[1] & 0x7f;
	ll[4] = g[2];
	ll[5] = g[3];
}

static struct in_multi *
find(struct ifnet *ifp, uint32_t group)
{
	struct in_ifinfo *ii = IN_IFINFO(ifp);
	struct in_multi *inm = ii == NULL ? NULL : ii->ii_multi;

	while (inm != NULL && inm->inm_addr != group)
		inm = inm->inm_next;
	return inm;
}

bool
in_ismember(struct ifnet *ifp, uint32_t group)
{
	return find(ifp, group) != NULL;
}

static bool
ethernet(const struct ifnet *ifp)
{
	return ifp->if_addrlen == 6;
}

int
in_addmulti(struct ifnet *ifp, uint32_t group)
{
	struct rump_kernel *k = ifp->if_k;
	struct in_ifinfo *ii = IN_IFINFO(ifp);
	struct in_multi *inm = find(ifp, group);
	uint8_t ll[6];
	int error;

	if (inm != NULL) {
		inm->inm_refs++;
		return 0;
	}
	if (ii == NULL) {
		ii = kmem_zalloc(k, sizeof(*ii));
		if (ii == NULL)
			return -ENOBUFS;
		ii->ii_version = 2;
		ifp->if_afdata[AF_INET] = ii;
	}
	inm = kmem_zalloc(k, sizeof(*inm));
	if (inm == NULL)
		return -ENOBUFS;
	inm->inm_addr = group;
	inm->inm_refs = 1;
	inm->inm_ifp = ifp;
	group_lladdr(group, ll);
	if (ethernet(ifp) && (error = ether_addmulti(ifp, ll, ll)) < 0) {
		kmem_free(k, inm, sizeof(*inm));
		return error;
	}
	inm->inm_next = ii->ii_multi;
	ii->ii_multi = inm;
	igmp_joingroup(ifp, group);
	return 0;
}

int
in_delmulti(struct ifnet *ifp, uint32_t group)
{
	struct in_ifinfo *ii = IN_IFINFO(ifp);
	struct in_multi *inm = find(ifp, group), **p;
	uint8_t ll[6];

	if (inm == NULL)
		return -EADDRNOTAVAIL;
	if (--inm->inm_refs > 0)
		return 0;
	igmp_leavegroup(ifp, group);
	for (p = &ii->ii_multi; *p != inm;)
		p = &(*p)->inm_next;
	*p = inm->inm_next;
	group_lladdr(group, ll);
	if (ethernet(ifp))
		(void)ether_delmulti(ifp, ll, ll);
	kmem_free(ifp->if_k, inm, sizeof(*inm));
	return 0;
}

/* --- memberships of sockets --- */

static void
leave_all(struct rump_kernel *k, void *data, struct mbuf *m)
{
	const struct ip_moptions *imo = data;

	m_freem(m);
	for (unsigned i = 0; i < imo->imo_num; i++) {
		struct ifnet *ifp = if_byindex(k, imo->imo_member[i].ifindex);

		if (ifp != NULL)
			(void)in_delmulti(ifp, imo->imo_member[i].group);
	}
}

void
ip_freemoptions(struct rump_kernel *k, struct ip_moptions *imo)
{
	if (imo == NULL)
		return;
	if (imo->imo_num > 0)
		(void)net_defer(k, leave_all, imo, sizeof(*imo), NULL);
	kmem_free(k, imo, sizeof(*imo));
}
