/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of control blocks: bind, connect, and who may share a port. */
#include <netbsd/netstats.h>
#include "netinet/in_pcb.h"
#include "netinet6/inet6.h"

static bool
is_multicast(const struct in_any *a)
{
	return in_any_isv4(a) ? in_multicast(in_any_v4(a)) : a->a8[0] == 0xff;
}

/* Do both take packets of one family? */
static bool
common_family(const struct inpcb_key *a, const struct inpcb_key *b)
{
	return a->ik_af == b->ik_af || (key_takes4(a) && key_takes4(b));
}

/* SO_REUSEADDR lets wildcard and specific names stand side by side; SO_REUSEPORT, set by all of them, even equal names. */
int
in_pcbcheckuse(struct inpcb *inp, struct cred *cred, const struct in_any *laddr,
    uint32_t zone, uint16_t lport, bool reuse)
{
	struct inpcbtable *t = inp->inp_table;
	unsigned options = inp->inp_socket->so_options,
		 share = options & SO_REUSEPORT;
	bool multi = is_multicast(laddr), any = in_any_unspecified(laddr);

	if (multi && (options & SO_REUSEADDR) != 0)
		share = SO_REUSEADDR | SO_REUSEPORT;
	for (struct inpcb_key *o = in_pcbport_first(t, lport); o != NULL;
	     o = o->ik_portnext) {
		bool wild, oany = in_any_unspecified(&o->ik_laddr);

		if (o == &inp->inp_key || o->ik_lport != lport ||
		    !common_family(&inp->inp_key, o))
			continue;
		if (!any && !oany &&
		    (!in_any_eq(laddr, &o->ik_laddr) ||
			(zone != 0 && o->ik_zone != 0 && zone != o->ik_zone)))
			continue;
		wild = any != oany || o->ik_fport != 0;
		/* A port of another user's cannot be taken over. */
		if (reuse && !multi && !cred_issuser(cred) &&
		    inp->inp_socket->so_uid != key_uid(o))
			return -EADDRINUSE;
		if (wild && reuse &&
		    (options & (SO_REUSEADDR | SO_REUSEPORT)) != 0)
			continue;
		if ((share & key_options(o)) == 0)
			return -EADDRINUSE;
	}
	return 0;
}

static int
take_name4(struct inpcb *inp, const struct sockaddr *sa, struct in_any *a,
    uint16_t *port)
{
	const struct sockaddr_in *sin = (const void *)sa;
	struct rump_kernel *k = inp->inp_table->it_k;
	uint32_t addr = sin->sin_addr.s_addr;
	const struct in_ifaddr *ia;
	struct sockaddr_in plain;

	if (sin->sin_len != sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	in_any_set4(a, addr);
	*port = sin->sin_port;
	if (addr == INADDR_ANY || in_multicast(addr))
		return 0;
	ia = in_ifaddr_lookup(k, addr);
	if (ia != NULL)
		return (ia->ia_flags & IN_IFF_DUPLICATED) != 0 ?
		    -EADDRNOTAVAIL :
		    0;
	/* A broadcast address of ours. */
	sockaddr_in_init(&plain, addr, 0);
	return ifa_ifwithaddr(k, (struct sockaddr *)&plain) != NULL ?
	    0 :
	    -EADDRNOTAVAIL;
}

static int
take_name6(struct inpcb *inp, const struct sockaddr *sa, struct in_any *a,
    uint16_t *port, uint32_t *zone)
{
	struct rump_kernel *k = inp->inp_table->it_k;
	const struct in6_ifaddr *ia;
	struct sockaddr_in6 sin6;
	int error;

	if (sa->sa_len != sizeof(sin6))
		return -EINVAL;
	memcpy(&sin6, sa, sizeof(sin6));
	if (sin6.sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	*port = sin6.sin6_port;
	memcpy(a, &sin6.sin6_addr, 16);
	if (in_any_isv4(a)) {
		if (inp->inp_v6only)
			return -EADDRNOTAVAIL;
		return in_any_v4(a) == INADDR_ANY ||
			in_multicast(in_any_v4(a)) ||
			in_ifaddr_lookup(k, in_any_v4(a)) != NULL ?
		    0 :
		    -EADDRNOTAVAIL;
	}
	if ((error = sa6_embedscope(k, &sin6, true)) != 0)
		return error;
	if (in6_is_linklocal(&sin6.sin6_addr) ||
	    in6_is_mc_linklocal(&sin6.sin6_addr))
		*zone = be16_get((const uint8_t *)&sin6.sin6_addr + 2);
	if (in_any_unspecified(a) || a->a8[0] == 0xff)
		return 0;
	ia = in6_ifaddr_lookup(k, &sin6.sin6_addr);
	if (ia == NULL ||
	    (ia->ia6_flags & (IN6_IFF_NOTREADY | IN6_IFF_DETACHED)) != 0)
		return -EADDRNOTAVAIL;
	return 0;
}

/* it_lock held. A port of the range that the socket asks for. */
static int
pick(struct inpcb *inp, struct cred *cred, const struct in_any *laddr,
    const struct in_any *faddr, uint16_t fport)
{
	uint16_t port;

	if ((inp->inp_flags & INP_LOWPORT) != 0 && !cred_issuser(cred))
		return -EACCES;
	port = in_portpick(inp, cred, laddr, faddr, fport);
	if (port == 0)
		return -EAGAIN;
	inp->inp_lport = port;
	inp->inp_flags |= INP_ANONPORT;
	return 0;
}

int
in_pcbbind(struct inpcb *inp, struct sockaddr *sa, struct lwp *l)
{
	struct inpcbtable *t = inp->inp_table;
	struct in_any laddr = inp->inp_laddr;
	uint32_t zone = inp->inp_zone;
	uint16_t lport = 0;
	int error = 0;

	if (inp->inp_lport != 0 || !in_any_unspecified(&inp->inp_laddr))
		return -EINVAL;
	if (sa != NULL)
		error = inp->inp_af == AF_INET ?
		    take_name4(inp, sa, &laddr, &lport) :
		    take_name6(inp, sa, &laddr, &lport, &zone);
	if (error != 0)
		return error;
	if (lport != 0 && ntohs(lport) < IPPORT_RESERVED &&
	    !cred_issuser(l->l_cred))
		return -EACCES;
	krwlock_wrlock(&t->it_lock);
	if (lport == 0) {
		error = pick(inp, l->l_cred, &laddr, NULL, 0);
	} else {
		error = in_pcbcheckuse(
		    inp, l->l_cred, &laddr, zone, lport, true);
		if (error == 0)
			inp->inp_lport = lport;
	}
	if (error == 0) {
		inp->inp_laddr = laddr;
		inp->inp_zone = zone;
		inp->inp_state = INP_BOUND;
	}
	krwlock_unlock(&t->it_lock);
	if (error == 0)
		in_pcbrehash(inp);
	return error;
}

/* --- connect --- */

struct peer {
	struct in_any faddr, laddr;
	uint16_t fport;
	uint32_t zone;
};

static int
peer4(struct inpcb *inp, uint32_t addr, struct peer *p)
{
	struct rump_kernel *k = inp->inp_table->it_k;
	struct in_ifaddr *ia = INET(k)->is_ifaddrs;
	int error;

	/* This host, and the first net's broadcast. */
	if (ia != NULL && addr == INADDR_ANY)
		addr = ia->ia_addr.sin_addr.s_addr;
	else if (addr == INADDR_BROADCAST)
		for (; ia != NULL; ia = ia->ia_next)
			if ((ia->ia_ifa.ifa_ifp->if_flags & IFF_BROADCAST) != 0) {
				addr = ia->ia_broadaddr.sin_addr.s_addr;
				break;
			}
	in_any_set4(&p->faddr, addr);
	p->laddr = inp->inp_laddr;
	if (!in_any_unspecified(&inp->inp_laddr))
		return 0;
	error = in_selectsrc(k, addr, &inp->inp_route,
	    (int)inp->inp_socket->so_options, inp->inp_moptions, &ia);
	if (error == 0)
		in_any_set4(&p->laddr, ia->ia_addr.sin_addr.s_addr);
	return error;
}

static int
peer6(struct inpcb *inp, struct sockaddr_in6 *sin6, struct peer *p)
{
	struct rump_kernel *k = inp->inp_table->it_k;
	struct in6_addr src;
	struct ifnet *ifp = NULL;
	int error;

	if (memcmp(&sin6->sin6_addr, &(struct in6_addr){ 0 }, 16) == 0)
		((uint8_t *)&sin6->sin6_addr)[15] = 1; /* ::1 */
	if (sin6->sin6_scope_id == 0 && inp->inp_zone != 0 &&
	    in6_is_linklocal(&sin6->sin6_addr))
		sin6->sin6_scope_id = inp->inp_zone;
	memcpy(&p->faddr, &sin6->sin6_addr, 16);
	if ((error = sa6_embedscope(k, sin6, true)) != 0)
		return error;
	if (in6_is_linklocal(&sin6->sin6_addr) ||
	    in6_is_mc_linklocal(&sin6->sin6_addr))
		p->zone = be16_get((const uint8_t *)&sin6->sin6_addr + 2);
	p->laddr = inp->inp_laddr;
	if (!in_any_unspecified(&inp->inp_laddr))
		return 0;
	error = in6_selectsrc(k, sin6, inp->inp_outputopts6, inp->inp_moptions6,
	    &inp->inp_route, &ifp, &src);
	if (error != 0)
		return error;
	if (in6_is_linklocal(&src))
		p->zone = be16_get((const uint8_t *)&src + 2);
	in6_clearscope(&src);
	memcpy(&p->laddr, &src, 16);
	return 0;
}

static int
take_peer(struct inpcb *inp, const struct sockaddr *sa, struct peer *p)
{
	const struct sockaddr_in *sin = (const void *)sa;
	struct sockaddr_in6 sin6;
	struct in_any a;

	memset(p, 0, sizeof(*p));
	p->zone = inp->inp_zone;
	if (inp->inp_af == AF_INET) {
		if (sin->sin_len != sizeof(*sin))
			return -EINVAL;
		if (sin->sin_family != AF_INET)
			return -EAFNOSUPPORT;
		if ((p->fport = sin->sin_port) == 0)
			return -EADDRNOTAVAIL;
		return peer4(inp, sin->sin_addr.s_addr, p);
	}
	if (sa->sa_len != sizeof(sin6))
		return -EINVAL;
	memcpy(&sin6, sa, sizeof(sin6));
	if (sin6.sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	if ((p->fport = sin6.sin6_port) == 0)
		return -EADDRNOTAVAIL;
	memcpy(&a, &sin6.sin6_addr, 16);
	if (!in_any_isv4(&a))
		return peer6(inp, &sin6, p);
	if (inp->inp_v6only)
		return -EINVAL;
	return peer4(inp, in_any_v4(&a), p);
}

int
in_pcbconnect(struct inpcb *inp, struct sockaddr *sa, struct lwp *l)
{
	struct inpcbtable *t = inp->inp_table;
	struct cred *cred = l != NULL ? l->l_cred : inp->inp_socket->so_cred;
	struct peer p;
	int error = take_peer(inp, sa, &p);

	if (error != 0)
		return error;
	krwlock_wrlock(&t->it_lock);
	if (inp->inp_lport != 0) {
		if (in_pcbconn_exists(t, inp, &p.faddr, p.fport, &p.laddr,
			inp->inp_lport, p.zone))
			error = -EADDRINUSE;
	} else
		error = pick(inp, cred, &p.laddr, &p.faddr, p.fport);
	if (error == 0) {
		inp->inp_laddr = p.laddr;
		inp->inp_faddr = p.faddr;
		inp->inp_fport = p.fport;
		inp->inp_zone = p.zone;
		inp->inp_state = INP_CONNECTED;
	}
	krwlock_unlock(&t->it_lock);
	if (error == 0)
		in_pcbrehash(inp);
	return error;
}

void
in_pcbdisconnect(struct inpcb *inp)
{
	struct inpcbtable *t = inp->inp_table;

	krwlock_wrlock(&t->it_lock);
	if (inp->inp_af == AF_INET)
		in_any_set4(&inp->inp_faddr, INADDR_ANY);
	else
		memset(&inp->inp_faddr, 0, sizeof(inp->inp_faddr));
	inp->inp_fport = 0;
	inp->inp_state = inp->inp_lport != 0 ? INP_BOUND : INP_UNBOUND;
	krwlock_unlock(&t->it_lock);
	in_pcbrehash(inp);
}
