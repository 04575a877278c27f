/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route(4): sockets of PF_ROUTE. What is written to one is a request for the table; it comes back, with its outcome, to everybody who listens.
 *
 * The socket layer holds the net lock exclusively around every call here (PR_CONFIG). so_lock is let go while the table changes: what that
 * announces is appended to this socket like to the others.
 */
#include "net/if_private.h"
#include "net/rtsock_private.h"

#define RTSOCK_SND 8192
#define RTSOCK_RCV 8192

/* --- requests --- */

struct request {
	struct rump_kernel *k;
	struct socket *so;
	struct rt_msghdr *rtm; /* the message as it was written */
	size_t len;
	struct rt_addrinfo info;
	/* Copies of its addresses: whole for their family, whatever they say of their length. */
	uint64_t addr[RTAX_MAX][33];
	struct rtmsg out; /* the answer, if it is not the message itself */
	bool rewritten;
};

/* Addresses stand one after another, in the order of their bits. */
static int
parse_addrs(struct request *r)
{
	const uint8_t *p = (const uint8_t *)r->rtm;
	size_t off = sizeof(*r->rtm);

	for (int i = 0; i < RTAX_MAX; i++) {
		if ((r->rtm->rtm_addrs & (1 << i)) == 0)
			continue;
		if (off >= r->len || p[off] > r->len - off)
			return -EINVAL;
		memcpy(r->addr[i], p + off, p[off]);
		r->info.rti_info[i] = (const struct sockaddr *)r->addr[i];
		r->info.rti_addrs |= 1 << i;
		off += RT_ROUNDUP(p[off]);
	}
	if ((r->rtm->rtm_addrs >> RTAX_MAX) != 0)
		return -EINVAL;
	return 0;
}

/* The parts of a link address lie inside it. */
static bool
link_ok(const struct sockaddr *sa)
{
	const struct sockaddr_dl *sdl = (const void *)sa;

	if (sa->sa_len < 2 || sa->sa_family != AF_LINK)
		return sa->sa_len >= 2;
	return sa->sa_len >= 8 &&
	    8u + sdl->sdl_addr.dl_nlen + sdl->sdl_addr.dl_alen +
		sdl->sdl_addr.dl_slen <=
	    sa->sa_len;
}

/* An IPv4 or IPv6 name is as long as its family says, or shorter with zeros; longer ones are not kept. */
static int
check_addrs(struct request *r)
{
	static const int names[] = { RTAX_DST, RTAX_GATEWAY, RTAX_IFA };

	if (r->info.rti_info[RTAX_DST] == NULL)
		return -EINVAL;
	for (int i = 0; i < 3; i++) {
		struct sockaddr *sa = (struct sockaddr *)r->addr[names[i]];

		if (r->info.rti_info[names[i]] == NULL)
			continue;
		if (sa->sa_family >= AF_MAX)
			return -EINVAL;
		if (sa->sa_family == AF_INET)
			sa->sa_len = 16;
		else if (sa->sa_family == AF_INET6)
			sa->sa_len = 28;
		else if (!link_ok(sa))
			return -EINVAL;
	}
	return 0;
}

static void
set_metrics(struct rtentry *rt, const struct rt_msghdr *rtm, bool lock)
{
	const struct rt_metrics *in = &rtm->rtm_rmx;
	struct rt_metrics *out = &rt->rt_rmx;
	unsigned which = (unsigned)rtm->rtm_inits;

	if ((which & RTV_MTU) != 0)
		out->rmx_mtu = in->rmx_mtu > UINT32_MAX ? UINT32_MAX :
							  in->rmx_mtu;
	if ((which & RTV_HOPCOUNT) != 0)
		out->rmx_hopcount = in->rmx_hopcount;
	if ((which & RTV_RPIPE) != 0)
		out->rmx_recvpipe = in->rmx_recvpipe;
	if ((which & RTV_SPIPE) != 0)
		out->rmx_sendpipe = in->rmx_sendpipe;
	if ((which & RTV_SSTHRESH) != 0)
		out->rmx_ssthresh = in->rmx_ssthresh;
	if ((which & RTV_RTT) != 0)
		out->rmx_rtt = in->rmx_rtt;
	if ((which & RTV_RTTVAR) != 0)
		out->rmx_rttvar = in->rmx_rttvar;
	if ((which & RTV_EXPIRE) != 0)
		rt_setexpire(rt, rt_uptime_of(rt->rt_k, in->rmx_expire));
	if (lock)
		out->rmx_locks = (out->rmx_locks & ~(uint64_t)which) |
		    (in->rmx_locks & which);
	atomic_fetch_add(&NS(rt->rt_k)->ns_route->rs_gen, 1);
}

static void
answer_entry(struct request *r, struct rtentry *rt)
{
	bool full = (r->rtm->rtm_addrs & (RTA_IFP | RTA_IFA)) != 0;
	struct rt_msghdr *rtm = (void *)r->out.buf;

	rtmsg_rtentry(&r->out, r->rtm->rtm_type, rt, full);
	rtm->rtm_pid = r->rtm->rtm_pid;
	rtm->rtm_seq = r->rtm->rtm_seq;
	rtm->rtm_inits = r->rtm->rtm_inits;
	r->rewritten = true;
}

static int
do_add(struct request *r)
{
	struct rtentry *rt;
	int error;

	if (r->info.rti_info[RTAX_GATEWAY] == NULL)
		return -EINVAL;
	if ((error = rtrequest(r->k, RTM_ADD, &r->info, &rt)) != 0)
		return error;
	set_metrics(
	    rt, r->rtm, false); /* locks come by RTM_CHANGE and RTM_LOCK only */
	return 0;
}

static int
do_delete(struct request *r)
{
	struct rtentry *rt;
	int error;

	if ((error = rtrequest(r->k, RTM_DELETE, &r->info, &rt)) != 0)
		return error;
	answer_entry(r, rt);
	rt_put(rt);
	return 0;
}

/* With a mask it is a network's entry that is meant, if there is one. */
static int
do_get(struct request *r)
{
	const struct sockaddr *dst = r->info.rti_info[RTAX_DST];
	const struct sockaddr *mask = r->info.rti_info[RTAX_NETMASK];
	struct rtentry *rt = NULL;

	if (!rt_family(r->k, dst->sa_family))
		return -ESRCH;
	if (mask != NULL)
		rt = rt_find(r->k, dst, mask);
	if (rt == NULL && (rt = rtalloc1(r->k, dst)) == NULL)
		return -ESRCH;
	answer_entry(r, rt);
	return 0;
}

static int
do_change(struct request *r)
{
	struct rtentry *rt;
	int error;

	if ((error = rtrequest(r->k, RTM_CHANGE, &r->info, &rt)) != 0)
		return error;
	set_metrics(rt, r->rtm, true);
	return 0;
}

static int
do_lock(struct request *r)
{
	const struct sockaddr *dst = r->info.rti_info[RTAX_DST];
	struct rtentry *rt = NULL;

	if (rt_family(r->k, dst->sa_family))
		rt = rt_find(r->k, dst,
		    (r->rtm->rtm_flags & RTF_HOST) != 0 ?
			NULL :
			r->info.rti_info[RTAX_NETMASK]);
	if (rt == NULL)
		return -ESRCH;
	rt->rt_rmx.rmx_locks = (rt->rt_rmx.rmx_locks &
				   ~(uint64_t)(unsigned)r->rtm->rtm_inits) |
	    (r->rtm->rtm_rmx.rmx_locks & (unsigned)r->rtm->rtm_inits);
	return 0;
}

/* --- neighbours --- */

static int
answer_neighbour(void *arg, struct ifnet *ifp, const struct sockaddr *key,
    const struct sockaddr_dl *lladdr, int flags, int64_t expire)
{
	struct request *r = arg;
	struct rtneighbour n = { ifp, key, lladdr, flags, expire };
	struct rt_msghdr *rtm = (void *)r->out.buf;

	rtmsg_neighbour(&r->out, RTM_GET, &n);
	rtm->rtm_pid = r->rtm->rtm_pid;
	rtm->rtm_seq = r->rtm->rtm_seq;
	r->rewritten = true;
	return 1;
}

/* A request about a neighbour (RTF_LLDATA). 1: it is none. */
static int
neighbour_request(struct request *r)
{
	const struct sockaddr *dst = r->info.rti_info[RTAX_DST];
	const struct sockaddr *gate = r->info.rti_info[RTAX_GATEWAY];
	const struct rt_llops *ops = NS(r->k)->ns_route->rs_llops[dst->sa_family];
	int error;

	if ((r->rtm->rtm_flags & RTF_LLDATA) == 0 || ops == NULL)
		return 1;
	switch (r->rtm->rtm_type) {
	case RTM_ADD:
	case RTM_CHANGE:
		if (gate == NULL || gate->sa_family != AF_LINK ||
		    gate->sa_len < 8)
			return -EINVAL;
		return ops->rtl_add(r->k, dst, (const void *)gate,
		    r->rtm->rtm_flags, &r->rtm->rtm_rmx);
	case RTM_DELETE:
		/* What leads to ourselves has nobody behind it. */
		if ((r->rtm->rtm_flags & RTF_LOCAL) != 0)
			return -ENOENT;
		error = ops->rtl_delete(r->k, dst);
		return error == -ESRCH ? -ENOENT : error;
	case RTM_GET:
		ops->rtl_foreach(r->k, dst, answer_neighbour, r);
		return r->rewritten ? 0 : 1;
	default:
		return 1;
	}
}

static int
execute(struct request *r)
{
	int error = neighbour_request(r);

	if (error <= 0)
		return error;
	r->info.rti_flags = r->rtm->rtm_flags;
	switch (r->rtm->rtm_type) {
	case RTM_ADD:
		return do_add(r);
	case RTM_DELETE:
		return do_delete(r);
	case RTM_GET:
		return do_get(r);
	case RTM_CHANGE:
		return do_change(r);
	case RTM_LOCK:
		return do_lock(r);
	default:
		return -EOPNOTSUPP;
	}
}

/* --- the way in and back --- */

/* Tells everybody; who asked hears it too, unless he does not want to. */
static void
reply(struct request *r, int error)
{
	struct rt_msghdr *rtm = (void *)r->out.buf;

	if (!r->rewritten) {
		if (r->len > sizeof(r->out.buf))
			return;
		memcpy(r->out.buf, r->rtm, r->len);
		r->out.len = r->len;
	}
	rtm->rtm_errno = -error;
	if (error == 0)
		rtm->rtm_flags |= RTF_DONE;
	rtmsg_send(r->k, &r->out,
	    r->info.rti_info[RTAX_DST] != NULL ?
		r->info.rti_info[RTAX_DST]->sa_family :
		0,
	    (r->so->so_options & SO_USELOOPBACK) != 0 ? NULL : r->so);
}

static int
process(struct lwp *l, struct request *r)
{
	int error;

	if (r->rtm->rtm_version != RTM_VERSION)
		return -EPROTONOSUPPORT;
	r->rtm->rtm_pid = l->l_proc->p_pid;
	if (r->rtm->rtm_type != RTM_GET && !cred_issuser(l->l_cred))
		error = -EACCES;
	else if ((error = parse_addrs(r)) == 0 && (error = check_addrs(r)) == 0)
		error = execute(r);
	reply(r, error);
	return error;
}

static int
rtsock_send(struct lwp *l, struct socket *so, struct mbuf *m,
    struct sockaddr *nam, struct mbuf *control, int flags)
{
	struct rump_kernel *k = so->so_k;
	size_t len = m_length(m);
	struct request *r = NULL;
	uint8_t *copy = NULL;
	int error = -EINVAL;

	(void)flags;
	m_freem(control);
	if (nam != NULL) {
		m_freem(m);
		return -EISCONN;
	}
	if (len < sizeof(struct rt_msghdr) || len > RTMSG_MAX) {
		m_freem(m);
		return -EINVAL;
	}
	r = kmem_zalloc(k, sizeof(*r));
	copy = kmem_alloc(k, len);
	if (r == NULL || copy == NULL) {
		error = -ENOBUFS;
		goto out;
	}
	m_copydata(m, 0, len, copy);
	r->k = k;
	r->so = so;
	r->rtm = (void *)copy;
	r->len = len;
	if (r->rtm->rtm_msglen == len) {
		sounlock(so);
		error = process(l, r);
		solock(so);
	}
out:
	m_freem(m);
	kmem_free(k, copy, len);
	kmem_free(k, r, sizeof(*r));
	return error;
}

/* --- sockets --- */

static int
rtsock_attach(struct lwp *l, struct socket *so, int proto)
{
	struct rump_kernel *k = so->so_k;
	struct rtsock_state *rk = NS(k)->ns_rtsock;
	struct rtpcb *rp = kmem_zalloc(k, sizeof(*rp));
	int error;

	(void)l;
	if (rp == NULL)
		return -ENOBUFS;
	if ((error = soreserve(so, RTSOCK_SND, RTSOCK_RCV)) != 0) {
		kmem_free(k, rp, sizeof(*rp));
		return error;
	}
	rp->rp_so = so;
	rp->rp_family = proto;
	rp->rp_next = rk->rk_pcbs;
	rk->rk_pcbs = rp;
	so->so_pcb = rp;
	so->so_options |= SO_USELOOPBACK;
	soisconnected(so);
	return 0;
}

static void
rtsock_detach(struct socket *so)
{
	struct rtsock_state *rk = NS(so->so_k)->ns_rtsock;
	struct rtpcb *rp = so->so_pcb, **rpp = &rk->rk_pcbs;

	while (*rpp != rp)
		rpp = &(*rpp)->rp_next;
	*rpp = rp->rp_next;
	kmem_free(so->so_k, rp, sizeof(*rp));
	so->so_pcb = NULL;
}

static int
rtsock_refuse(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	(void)l;
	(void)so;
	(void)nam;
	return -EINVAL;
}

static int
rtsock_disconnect(struct socket *so)
{
	soisdisconnected(so);
	return 0;
}

static int
rtsock_shutdown(struct socket *so)
{
	socantsendmore(so);
	return 0;
}

static int
rtsock_name(struct socket *so, struct sockaddr *nam)
{
	(void)so;
	memset(nam, 0, sizeof(*nam));
	nam->sa_len = 2;
	nam->sa_family = PF_ROUTE;
	return 0;
}

static const struct pr_usrreqs route_usrreqs = {
	.pr_attach = rtsock_attach,
	.pr_detach = rtsock_detach,
	.pr_bind = rtsock_refuse,
	.pr_connect = rtsock_refuse,
	.pr_disconnect = rtsock_disconnect,
	.pr_shutdown = rtsock_shutdown,
	.pr_abort = rtsock_disconnect,
	.pr_peeraddr = rtsock_name,
	.pr_sockaddr = rtsock_name,
	.pr_send = rtsock_send,
};

static const struct domain route_domain;
static const struct protosw route_protosw[] = {
	{
	    .pr_type = SOCK_RAW,
	    .pr_domain = &route_domain,
	    .pr_flags = PR_ATOMIC | PR_ADDR | PR_CONFIG,
	    .pr_usrreqs = &route_usrreqs,
	},
};

static const struct domain route_domain = {
	.dom_family = PF_ROUTE,
	.dom_name = "route",
	.dom_protosw = route_protosw,
	.dom_nprotosw = 1,
	.dom_addrlen = 2,
};

int
rtsock_boot(struct rump_kernel *k)
{
	struct rtsock_state *rk = kmem_zalloc(k, sizeof(*rk));

	if (rk == NULL)
		return -ENOMEM;
	NS(k)->ns_rtsock = rk;
	domain_attach(k, &route_domain);
	return rtsock_sysctl_boot(k);
}

void
rtsock_fini(struct rump_kernel *k)
{
	struct rtsock_state *rk = NS(k)->ns_rtsock;

	if (rk == NULL)
		return;
	NS(k)->ns_rtsock = NULL;
	kmem_free(k, rk, sizeof(*rk));
}
