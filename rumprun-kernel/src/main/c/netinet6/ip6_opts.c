/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of packets (RFC 3542, and RFC 2292 before it): a socket's own, a packet's by control messages, and what received packets tell. */
#include "netinet6/in6_private.h"

/* --- keeping them --- */

void
ip6_initpktopts(struct ip6_pktopts *opt)
{
	memset(opt, 0, sizeof(*opt));
	opt->ip6po_hlim = -1;
	opt->ip6po_tclass = -1;
	opt->ip6po_minmtu = IP6PO_MINMTU_MCASTONLY;
	opt->ip6po_prefer_tempaddr = IP6PO_TEMPADDR_SYSTEM;
}

static void
free_header(struct rump_kernel *k, uint8_t **h)
{
	if (*h != NULL)
		kmem_free(k, *h, ((*h)[1] + 1u) * 8);
	*h = NULL;
}

void
ip6_clearpktopts(struct rump_kernel *k, struct ip6_pktopts *opt)
{
	free_header(k, &opt->ip6po_hbh);
	free_header(k, &opt->ip6po_dest1);
	free_header(k, &opt->ip6po_rthdr);
	free_header(k, &opt->ip6po_dest2);
	ip6_initpktopts(opt);
}

static int
copy_header(struct rump_kernel *k, uint8_t **to, const uint8_t *from)
{
	*to = NULL;
	if (from == NULL)
		return 0;
	*to = kmem_alloc(k, (from[1] + 1u) * 8);
	if (*to == NULL)
		return -ENOBUFS;
	memcpy(*to, from, (from[1] + 1u) * 8);
	return 0;
}

int
ip6_copypktopts(struct rump_kernel *k, struct ip6_pktopts *to,
    const struct ip6_pktopts *from)
{
	*to = *from;
	to->ip6po_hbh = to->ip6po_dest1 = to->ip6po_rthdr = to->ip6po_dest2 = NULL;
	if (copy_header(k, &to->ip6po_hbh, from->ip6po_hbh) != 0 ||
	    copy_header(k, &to->ip6po_dest1, from->ip6po_dest1) != 0 ||
	    copy_header(k, &to->ip6po_rthdr, from->ip6po_rthdr) != 0 ||
	    copy_header(k, &to->ip6po_dest2, from->ip6po_dest2) != 0) {
		ip6_clearpktopts(k, to);
		return -ENOBUFS;
	}
	return 0;
}

/* --- setting one --- */

static int
set_pktinfo(struct rump_kernel *k, struct ip6_pktopts *opt, const void *buf,
    size_t len, bool sticky)
{
	struct in6_pktinfo pi;
	struct ifnet *ifp = NULL;

	if (len != sizeof(pi))
		return -EINVAL;
	memcpy(&pi, buf, sizeof(pi));
	if (sticky && pi.ipi6_ifindex == 0 && a6_unspecified(&pi.ipi6_addr)) {
		opt->ip6po_havepktinfo = false;
		return 0;
	}
	if (a6_multicast(&pi.ipi6_addr))
		return -EADDRNOTAVAIL;
	if (pi.ipi6_ifindex != 0 &&
	    (ifp = if_byindex(k, pi.ipi6_ifindex)) == NULL)
		return -ENXIO;
	if (a6_linklocal(&pi.ipi6_addr) && ifp == NULL)
		return -EINVAL;
	if (ifp != NULL && a6_linklocal(&pi.ipi6_addr))
		(void)in6_setscope(&pi.ipi6_addr, ifp);
	opt->ip6po_pktinfo = pi;
	opt->ip6po_havepktinfo = true;
	return 0;
}

static int
set_nexthop(
    struct rump_kernel *k, struct ip6_pktopts *opt, const void *buf, size_t len)
{
	struct sockaddr_in6 sin6;
	int error;

	if (len == 0) {
		opt->ip6po_nexthop.sin6_len = 0;
		return 0;
	}
	if (len < sizeof(sin6))
		return -EINVAL;
	memcpy(&sin6, buf, sizeof(sin6));
	if (sin6.sin6_len != sizeof(sin6))
		return -EINVAL;
	if (sin6.sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	if (a6_unspecified(&sin6.sin6_addr) || a6_multicast(&sin6.sin6_addr))
		return -EINVAL;
	if ((error = sa6_embedscope(k, &sin6, INET6(k)->ip6_use_defzone != 0)) !=
	    0)
		return error;
	opt->ip6po_nexthop = sin6;
	return 0;
}

/* A whole extension header; none when len is 0. */
static int
set_header(struct rump_kernel *k, uint8_t **to, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint8_t *copy;

	if (len == 0) {
		free_header(k, to);
		return 0;
	}
	if (len < 2 || len != (p[1] + 1u) * 8)
		return -EINVAL;
	copy = kmem_alloc(k, len);
	if (copy == NULL)
		return -ENOBUFS;
	memcpy(copy, p, len);
	free_header(k, to);
	*to = copy;
	return 0;
}

static int
set_rthdr(
    struct rump_kernel *k, struct ip6_pktopts *opt, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	struct in6_addr a;

	if (len == 0)
		return set_header(k, &opt->ip6po_rthdr, NULL, 0);
	if (len < 8 || len != (p[1] + 1u) * 8)
		return -EINVAL;
	/* Nothing else has been given a number. Addresses in pairs of 8 bytes; all of them to be visited. */
	if (p[2] != IPV6_RTHDR_TYPE_0 || p[1] == 0 || p[1] % 2 != 0 ||
	    p[3] != p[1] / 2)
		return -EINVAL;
	for (size_t off = 8; off < len; off += 16) {
		a = a6_get(p + off);
		if (a6_multicast(&a) || a6_unspecified(&a))
			return -EINVAL;
	}
	return set_header(k, &opt->ip6po_rthdr, buf, len);
}

static int
get_int(const void *buf, size_t len, int min, int max, int *v)
{
	if (len != sizeof(*v))
		return -EINVAL;
	memcpy(v, buf, sizeof(*v));
	return *v < min || *v > max ? -EINVAL : 0;
}

static int
set_number(struct ip6_pktopts *opt, int name, const void *buf, size_t len)
{
	int v, error;

	switch (name) {
	case IPV6_HOPLIMIT:
	case IPV6_2292HOPLIMIT:
		if ((error = get_int(buf, len, -1, 255, &v)) == 0)
			opt->ip6po_hlim = v;
		return error;
	case IPV6_TCLASS:
	case IPV6_OTCLASS:
		if (name == IPV6_OTCLASS && len == 1) {
			opt->ip6po_tclass = *(const uint8_t *)buf;
			return 0;
		}
		if ((error = get_int(buf, len, -1, 255, &v)) == 0)
			opt->ip6po_tclass = v;
		return error;
	case IPV6_USE_MIN_MTU:
		if ((error = get_int(buf, len, -1, 1, &v)) == 0)
			opt->ip6po_minmtu = v;
		return error;
	case IPV6_PREFER_TEMPADDR:
		if ((error = get_int(buf, len, -1, 1, &v)) == 0)
			opt->ip6po_prefer_tempaddr = v;
		return error;
	default:
		if ((error = get_int(buf, len, 0, 1, &v)) != 0)
			return error;
		if (v != 0)
			opt->ip6po_flags |= IP6PO_DONTFRAG;
		else
			opt->ip6po_flags &= ~(unsigned)IP6PO_DONTFRAG;
		return 0;
	}
}

int
ip6_pktopt_set(struct rump_kernel *k, struct ip6_pktopts *opt, int name,
    const void *buf, size_t len, struct lwp *l, bool sticky, int uproto)
{
	bool root = l == NULL || cred_issuser(l->l_cred);

	switch (name) {
	case IPV6_PKTINFO:
	case IPV6_2292PKTINFO:
		/* TCP has one peer and one address; only the interface is left. */
		if (sticky && uproto == IPPROTO_TCP &&
		    len == sizeof(struct in6_pktinfo)) {
			struct in6_addr a = a6_get(buf);

			if (!a6_unspecified(&a))
				return -EINVAL;
		}
		return set_pktinfo(k, opt, buf, len, sticky);
	case IPV6_HOPLIMIT:
		/* Sticky there is IPV6_UNICAST_HOPS instead (RFC 3542 6.3). */
		if (sticky)
			return -ENOPROTOOPT;
		/* FALLTHROUGH */
	case IPV6_2292HOPLIMIT:
	case IPV6_TCLASS:
	case IPV6_OTCLASS:
	case IPV6_USE_MIN_MTU:
	case IPV6_DONTFRAG:
	case IPV6_PREFER_TEMPADDR:
		if (name == IPV6_PREFER_TEMPADDR && !sticky)
			return -ENOPROTOOPT;
		return set_number(opt, name, buf, len);
	case IPV6_NEXTHOP:
	case IPV6_2292NEXTHOP:
		return !root ? -EPERM : set_nexthop(k, opt, buf, len);
	case IPV6_HOPOPTS:
	case IPV6_2292HOPOPTS:
		return !root ? -EPERM : set_header(k, &opt->ip6po_hbh, buf, len);
	case IPV6_DSTOPTS:
	case IPV6_2292DSTOPTS:
		return !root ? -EPERM :
			       set_header(k, &opt->ip6po_dest2, buf, len);
	case IPV6_RTHDRDSTOPTS:
		return !root ? -EPERM :
			       set_header(k, &opt->ip6po_dest1, buf, len);
	case IPV6_RTHDR:
	case IPV6_2292RTHDR:
		return set_rthdr(k, opt, buf, len);
	}
	return -ENOPROTOOPT;
}

int
ip6_setpktopts(struct rump_kernel *k, struct mbuf *control,
    struct ip6_pktopts *opt, const struct ip6_pktopts *stickyopt, struct lwp *l,
    int uproto)
{
	size_t head = CMSG_ALIGN(sizeof(struct cmsghdr));
	struct cmsghdr cm;
	int error = 0;

	if (stickyopt == NULL)
		ip6_initpktopts(opt);
	else if ((error = ip6_copypktopts(k, opt, stickyopt)) != 0)
		return error;
	for (; control != NULL && error == 0; control = control->m_next) {
		if (control->m_len == 0)
			continue;
		if (control->m_len < head)
			error = -EINVAL;
		else {
			memcpy(&cm, control->m_data, sizeof(cm));
			if (cm.cmsg_len < head || cm.cmsg_len > control->m_len)
				error = -EINVAL;
			else if (cm.cmsg_level == IPPROTO_IPV6)
				error = ip6_pktopt_set(k, opt, cm.cmsg_type,
				    control->m_data + head, cm.cmsg_len - head,
				    l, false, uproto);
		}
	}
	if (error != 0)
		ip6_clearpktopts(k, opt);
	return error;
}

/* --- what a packet tells --- */

struct saver {
	struct rump_kernel *k;
	struct mbuf **tail;
	bool old; /* RFC 2292 */
};

static void
save(struct saver *s, int name, int oldname, const void *data, size_t len)
{
	struct mbuf *m = sbcreatecontrol(s->k, data, len,
	    s->old && oldname != 0 ? oldname : name, IPPROTO_IPV6);

	if (m == NULL)
		return;
	*s->tail = m;
	s->tail = &m->m_next;
}

/* Extension headers, as far as they are in one piece; those in front of a routing header are told apart (RFC 3542 9). */
static void
save_headers(struct saver *s, const struct inpcb *inp, const struct mbuf *m)
{
	const uint8_t *p = m->m_data;
	size_t off = IP6_HDRLEN, len;
	int n = p[IP6_NXT];

	while (n == IPPROTO_HOPOPTS || n == IPPROTO_DSTOPTS ||
	    n == IPPROTO_ROUTING) {
		if (m->m_len < off + 8)
			return;
		len = (p[off + 1] + 1u) * 8;
		if (m->m_len < off + len)
			return;
		if (n == IPPROTO_HOPOPTS &&
		    (inp->inp_flags6 & IN6P_HOPOPTS) != 0)
			save(s, IPV6_HOPOPTS, IPV6_2292HOPOPTS, p + off, len);
		else if (n == IPPROTO_ROUTING &&
		    (inp->inp_flags6 & IN6P_RTHDR) != 0)
			save(s, IPV6_RTHDR, IPV6_2292RTHDR, p + off, len);
		else if (n == IPPROTO_DSTOPTS &&
		    (inp->inp_flags6 & IN6P_DSTOPTS) != 0)
			save(s, IPV6_DSTOPTS, IPV6_2292DSTOPTS, p + off, len);
		n = p[off];
		off += len;
	}
}

static void
save_timestamp(struct saver *s, const struct mbuf *m)
{
	struct timespec ts;
	struct timeval tv;
	struct mbuf *c;

	if (m->m_pkthdr.rcvtime_ns != 0) {
		ts.tv_sec = m->m_pkthdr.rcvtime_ns / SEC_NS;
		ts.tv_nsec = (long)(m->m_pkthdr.rcvtime_ns % SEC_NS);
	} else
		kern_nanotime(s->k, &ts);
	memset(&tv, 0, sizeof(tv));
	tv.tv_sec = ts.tv_sec;
	tv.tv_usec = (int)(ts.tv_nsec / 1000);
	c = sbcreatecontrol(s->k, &tv, sizeof(tv), SCM_TIMESTAMP, SOL_SOCKET);
	if (c == NULL)
		return;
	*s->tail = c;
	s->tail = &c->m_next;
}

void
ip6_savecontrol(struct inpcb *inp, struct mbuf **control, struct mbuf *m)
{
	unsigned flags = inp->inp_flags6;
	const uint8_t *p = m->m_data;
	struct saver s = {
		.k = m->m_k, .tail = control, .old = (flags & IN6P_RFC2292) != 0
	};
	struct in6_pktinfo pi;
	int v;

	*control = NULL;
	if ((inp->inp_socket->so_options & SO_TIMESTAMP) != 0)
		save_timestamp(&s, m);
	if (m->m_len < IP6_HDRLEN || p[0] >> 4 != 6)
		return;
	if ((flags & IN6P_PKTINFO) != 0) {
		memset(&pi, 0, sizeof(pi));
		pi.ipi6_addr = a6_get(p + IP6_DST);
		in6_clearscope(&pi.ipi6_addr);
		pi.ipi6_ifindex = m->m_pkthdr.rcvif != NULL ?
		    m->m_pkthdr.rcvif->if_index :
		    m->m_pkthdr.rcvif_index;
		save(&s, IPV6_PKTINFO, IPV6_2292PKTINFO, &pi, sizeof(pi));
	}
	if ((flags & IN6P_HOPLIMIT) != 0) {
		v = p[IP6_HLIM];
		save(&s, IPV6_HOPLIMIT, IPV6_2292HOPLIMIT, &v, sizeof(v));
	}
	if ((flags & IN6P_TCLASS) != 0) {
		v = (int)(be32_get(p) >> 20 & 0xff);
		save(&s, IPV6_TCLASS, 0, &v, sizeof(v));
	}
	if ((flags & (IN6P_HOPOPTS | IN6P_DSTOPTS | IN6P_RTHDR)) != 0)
		save_headers(&s, inp, m);
}
