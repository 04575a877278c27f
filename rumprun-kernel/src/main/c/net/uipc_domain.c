/* SPDX-License-Identifier: BSD-2-Clause */
/* Protocol families of a kernel and their members; what protocols use to read and answer socket options. */
#include "net/protosw.h"

#define NDOMAINS \
	(sizeof(((struct net_state *)0)->ns_domains) / sizeof(struct domain *))

void
domain_attach(struct rump_kernel *k, const struct domain *dom)
{
	NS(k)->ns_domains[dom->dom_family] = dom;
}

static const struct domain *
find_domain(struct rump_kernel *k, int family)
{
	if (family < 0 || (size_t)family >= NDOMAINS)
		return NULL;
	return NS(k)->ns_domains[family];
}

/* A raw socket of any protocol is served by the family's raw row with protocol 0. */
const struct protosw *
pffindproto(struct rump_kernel *k, int family, int protocol, int type)
{
	const struct domain *dom = find_domain(k, family);
	const struct protosw *any = NULL;

	if (dom == NULL || protocol == 0)
		return NULL;
	for (unsigned i = 0; i < dom->dom_nprotosw; i++) {
		const struct protosw *pr = &dom->dom_protosw[i];

		if (pr->pr_protocol == protocol && pr->pr_type == type)
			return pr;
		if (type == SOCK_RAW && pr->pr_type == SOCK_RAW &&
		    pr->pr_protocol == 0 && any == NULL)
			any = pr;
	}
	return any;
}

const struct protosw *
pffindtype(struct rump_kernel *k, int family, int type)
{
	const struct domain *dom = find_domain(k, family);

	for (unsigned i = 0; dom != NULL && i < dom->dom_nprotosw; i++)
		if (dom->dom_protosw[i].pr_type == type)
			return &dom->dom_protosw[i];
	return NULL;
}

/* --- options --- */

int
sockopt_getint(const struct sockopt *sopt, int *v)
{
	if (sopt->sopt_size < sizeof(*v))
		return -EINVAL;
	memcpy(v, sopt->sopt_data, sizeof(*v));
	return 0;
}

int
sockopt_setint(struct sockopt *sopt, int v)
{
	return sockopt_set(sopt, &v, sizeof(v));
}

int
sockopt_get(const struct sockopt *sopt, void *buf, size_t len)
{
	if (sopt->sopt_size < len)
		return -EINVAL;
	memcpy(buf, sopt->sopt_data, len);
	return 0;
}

int
sockopt_set(struct sockopt *sopt, const void *buf, size_t len)
{
	if (len > sopt->sopt_size)
		len = sopt->sopt_size;
	if (len > 0)
		memcpy(sopt->sopt_data, buf, len);
	sopt->sopt_size = len;
	return 0;
}
