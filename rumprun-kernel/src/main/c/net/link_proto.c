/* SPDX-License-Identifier: BSD-2-Clause */
/* PF_LINK: sockets that nothing is sent through, for requests about the link addresses of interfaces (SIOCALIFADDR, SIOCDLIFADDR, SIOCGLIFADDR). */
#include "net/if_private.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"
#include "net/route_var.h"
#include "net/socketvar.h"

static const uint8_t *
lladdr_of(const struct sockaddr_dl *sdl)
{
	return (const uint8_t *)sdl + 8 + sdl->sdl_addr.dl_nlen;
}

/* The address in a request, if it is one of this interface's kind. -EINVAL. */
static int
get_lladdr(const struct ifnet *ifp, const struct sockaddr_storage *ss,
    const uint8_t **lladdr)
{
	const struct sockaddr_dl *sdl = (const void *)ss;

	if (sdl->sdl_family != AF_LINK || sdl->sdl_len < 8 ||
	    sdl->sdl_len > sizeof(*ss) ||
	    8u + sdl->sdl_addr.dl_nlen + sdl->sdl_addr.dl_alen > sdl->sdl_len ||
	    sdl->sdl_addr.dl_alen != ifp->if_addrlen || ifp->if_addrlen == 0)
		return -EINVAL;
	*lladdr = lladdr_of(sdl);
	return 0;
}

static struct ifaddr *
find(struct ifnet *ifp, const uint8_t *lladdr)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ifp)
	{
		const struct sockaddr_dl *sdl = (const void *)ifa->ifa_addr;

		if (sdl->sdl_family == AF_LINK &&
		    memcmp(lladdr_of(sdl), lladdr, ifp->if_addrlen) == 0)
			return ifa;
	}
	return NULL;
}

/* The interface's own address becomes one of the others, and the other one its own. */
static int
activate(struct ifnet *ifp, struct ifaddr *ifa)
{
	struct link_ifaddr *other = (struct link_ifaddr *)ifa;
	uint8_t old[8], new[8];
	int error;

	if (ifa == ifp->if_dl)
		return 0;
	memcpy(old, ifp->if_lladdr, sizeof(old));
	memcpy(new, lladdr_of(&other->la_sdl), ifp->if_addrlen);
	sdl_fill(&other->la_sdl, ifp, ifp->if_xname, old, ifp->if_addrlen);
	if_setlladdr(ifp, new);
	/* The driver may want to know. */
	if (ifp->if_ops->ifo_updown != NULL && (ifp->if_flags & IFF_UP) != 0 &&
	    (error = ifp->if_ops->ifo_updown(ifp, true)) != 0)
		return error;
	if (NS(ifp->if_k)->ns_inet != NULL)
		arp_lladdr_changed(ifp);
	if (NS(ifp->if_k)->ns_inet6 != NULL)
		nd6_lladdr_changed(ifp);
	return 0;
}

static int
add(struct ifnet *ifp, const struct if_laddrreq *req)
{
	const uint8_t *lladdr;
	struct link_ifaddr *la;
	struct ifaddr *ifa;
	int error = get_lladdr(ifp, &req->addr, &lladdr);

	if (error != 0)
		return error;
	if ((ifa = find(ifp, lladdr)) == NULL) {
		la = link_ifaddr_create(ifp, lladdr, ifp->if_addrlen);
		if (la == NULL)
			return -ENOMEM;
		ifa = &la->la_ifa;
		ifa_insert(ifp, ifa);
		ifa_put(ifa);
		rt_newaddrmsg(RTM_NEWADDR, ifa, 0, NULL);
	}
	return (req->flags & IFLR_ACTIVE) != 0 ? activate(ifp, ifa) : 0;
}

static int delete (struct ifnet *ifp, const struct if_laddrreq *req)
{
	const uint8_t *lladdr;
	struct ifaddr *ifa;
	int error = get_lladdr(ifp, &req->addr, &lladdr);

	if (error != 0)
		return error;
	if ((ifa = find(ifp, lladdr)) == NULL)
		return -EADDRNOTAVAIL;
	if (ifa == ifp->if_dl)
		return -EBUSY;
	rt_newaddrmsg(RTM_DELADDR, ifa, 0, NULL);
	ifa_remove(ifp, ifa);
	return 0;
}

/* IFLR_PREFIX: the one that is meant; else the first. */
static int
get(struct ifnet *ifp, struct if_laddrreq *req)
{
	struct ifaddr *ifa = ifp->if_dl;
	const uint8_t *lladdr;
	int error;

	if ((req->flags & IFLR_PREFIX) != 0) {
		if (req->prefixlen != 8u * ifp->if_addrlen)
			return -EINVAL;
		if ((error = get_lladdr(ifp, &req->addr, &lladdr)) != 0)
			return error;
		ifa = find(ifp, lladdr);
	}
	if (ifa == NULL || ifp->if_addrlen == 0)
		return -EADDRNOTAVAIL;
	memset(&req->addr, 0, sizeof(req->addr));
	memcpy(&req->addr, ifa->ifa_addr, ifa->ifa_addr->sa_len);
	req->prefixlen = 8u * ifp->if_addrlen;
	req->flags = ifa == ifp->if_dl ? IFLR_ACTIVE : 0;
	return 0;
}

static int
link_ioctl(struct lwp *l, struct socket *so, unsigned long cmd, void *data,
    struct ifnet *ifp)
{
	(void)so;
	if (ifp == NULL)
		return -EOPNOTSUPP;
	if (cmd != SIOCGLIFADDR && !cred_issuser(l->l_cred))
		return -EPERM;
	switch (cmd) {
	case SIOCALIFADDR:
		return add(ifp, data);
	case SIOCDLIFADDR:
		return delete (ifp, data);
	case SIOCGLIFADDR:
		return get(ifp, data);
	default:
		return -ENOTTY;
	}
}

static int
link_attach(struct lwp *l, struct socket *so, int proto)
{
	(void)l;
	(void)proto;
	so->so_pcb = so;
	return 0;
}

static void
link_detach(struct socket *so)
{
	so->so_pcb = NULL;
}

static const struct pr_usrreqs link_usrreqs = {
	.pr_attach = link_attach,
	.pr_detach = link_detach,
	.pr_ioctl = link_ioctl,
};

static const struct domain link_domain;
static const struct protosw link_protosw[] = {
	{
	    .pr_type = SOCK_DGRAM,
	    .pr_domain = &link_domain,
	    .pr_flags = PR_ATOMIC | PR_ADDR,
	    .pr_usrreqs = &link_usrreqs,
	},
};

static const struct domain link_domain = {
	.dom_family = AF_LINK,
	.dom_name = "link",
	.dom_protosw = link_protosw,
	.dom_nprotosw = 1,
	.dom_addrlen = sizeof(struct sockaddr_dl),
};

int
link_boot(struct rump_kernel *k)
{
	domain_attach(k, &link_domain);
	return 0;
}
