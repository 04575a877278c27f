/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw sockets of AF_INET (ip(4)): any protocol that a user speaks himself, ICMP too. */
#include <netbsd/netstats.h>
#include "netinet/ip_private.h"

#define RAW_SPACE 8192

/* --- in --- */

struct raw_in {
	struct mbuf *m;
	unsigned off;
	struct in_any src, dst;
	uint8_t proto;
	bool had;
};

static bool
fits(const struct inpcb *inp, void *arg)
{
	const struct raw_in *in = arg;

	return inp->inp_af == AF_INET &&
	    (inp->inp_proto == 0 || inp->inp_proto == in->proto) &&
	    (in_any_unspecified(&inp->inp_laddr) ||
		in_any_eq(&inp->inp_laddr, &in->dst)) &&
	    (in_any_unspecified(&inp->inp_faddr) ||
		in_any_eq(&inp->inp_faddr, &in->src));
}

/*
 * ip(4): the header comes with the data, its length and offset in the host's order, and the length without the header.
 */
static void
append(struct inpcb *inp, struct raw_in *in, struct mbuf *m)
{
	struct socket *so = inp->inp_socket;
	struct mbuf *control = NULL;
	struct sockaddr_in from;
	uint16_t len, off;

	if ((so->so_state & SS_CANTRCVMORE) != 0) {
		m_freem(m);
		return;
	}
	sockaddr_in_init(&from, in_any_v4(&in->src), 0);
	if ((inp->inp_flags & INP_CONTROLOPTS) != 0 ||
	    (so->so_options & SO_TIMESTAMP) != 0)
		ip_savecontrol(inp, &control, m->m_data, m);
	if ((inp->inp_flags & INP_NOHEADER) != 0)
		m_adj(m, (int)in->off);
	else {
		len = (uint16_t)(be16_get(m->m_data + IPH_LEN) - in->off);
		off = be16_get(m->m_data + IPH_OFF);
		memcpy(m->m_data + IPH_LEN, &len, 2);
		memcpy(m->m_data + IPH_OFF, &off, 2);
	}
	m_tag_delete_all(m);
	if (sbappendaddr(&so->so_rcv, (struct sockaddr *)&from, m, control)) {
		sorwakeup(so);
		return;
	}
	m_freem(m);
	m_freem(control);
	soroverflow(so);
}

static int
deliver(struct inpcb *inp, void *arg)
{
	struct raw_in *in = arg;
	struct mbuf *copy;

	in->had = true;
	if (inp->inp_minttl != 0 && in->m->m_data[IPH_TTL] < inp->inp_minttl)
		return 0;
	copy = m_copym(in->m, 0, M_COPYALL);
	if (copy != NULL && (copy = m_makewritable(copy, in->off)) != NULL)
		append(inp, in, copy);
	return 0;
}

void
rip_input(struct mbuf *m, int off, int proto)
{
	struct rump_kernel *k = m->m_k;
	struct inet_state *is = INET(k);
	struct raw_in in = {
		.m = m, .off = (unsigned)off, .proto = (uint8_t)proto
	};

	in_any_set4(&in.src, ip_src(m->m_data));
	in_any_set4(&in.dst, ip_dst(m->m_data));
	(void)in_pcbforeach(is->is_rawtable, fits, deliver, &in);
	if (!in.had && is->is_proto[in.proto] == NULL) {
		stat_inc(is->ipstat, IP_STAT_NOPROTO);
		atomic_fetch_sub_explicit(
		    &is->ipstat[IP_STAT_DELIVERED], 1, memory_order_relaxed);
		icmp_error(m, ICMP_UNREACH, ICMP_UNREACH_PROTOCOL, 0, 0);
		return;
	}
	m_freem(m);
}

/* --- out --- */

/* A header of the user's own: its length and offset are in the host's order. */
static int
check_header(struct rump_kernel *k, struct mbuf **mp)
{
	struct mbuf *m = *mp;
	uint16_t len, off;
	unsigned hlen;
	uint8_t *ip;

	if (m->m_pkthdr.len < IPH_SIZE || m->m_pkthdr.len > IP_MAXPACKET) {
		int error = m->m_pkthdr.len < IPH_SIZE ? -EINVAL : -EMSGSIZE;

		m_freem(m);
		return error;
	}
	if ((m = m_pullup(m, IPH_SIZE)) == NULL)
		return -ENOBUFS;
	hlen = ip_hlen(m->m_data);
	memcpy(&len, m->m_data + IPH_LEN, 2);
	if (hlen < IPH_SIZE || hlen > m->m_pkthdr.len || len < hlen ||
	    len > m->m_pkthdr.len) {
		m_freem(m);
		return -EINVAL;
	}
	if ((m = m_pullup(m, hlen)) == NULL ||
	    (m = m_makewritable(m, hlen)) == NULL)
		return -ENOBUFS;
	ip = m->m_data;
	memcpy(&off, ip + IPH_OFF, 2);
	if (len < m->m_pkthdr.len)
		m_adj(m, -(int)(m->m_pkthdr.len - len));
	be16_put(ip + IPH_LEN, len);
	be16_put(ip + IPH_OFF, off);
	ip[IPH_VHL] = (uint8_t)(IPVERSION << 4 | hlen / 4);
	if (be16_get(ip + IPH_ID) == 0)
		be16_put(ip + IPH_ID, ip_newid(k));
	*mp = m;
	return 0;
}

static int
rip_output(struct inpcb *inp, struct mbuf *m, uint32_t dst)
{
	struct socket *so = inp->inp_socket;
	struct rump_kernel *k = so->so_k;
	struct mbuf *opt = inp->inp_options;
	int flags = (int)so->so_options & (SO_DONTROUTE | SO_BROADCAST);
	uint8_t *ip;
	int error;

	if ((inp->inp_flags & INP_HDRINCL) != 0) {
		if ((error = check_header(k, &m)) != 0)
			return error;
		flags |= IP_RAWOUTPUT;
		opt = NULL;
		stat_inc(INET(k)->ipstat, IP_STAT_RAWOUT);
	} else {
		if (m->m_pkthdr.len + IPH_SIZE > IP_MAXPACKET) {
			m_freem(m);
			return -EMSGSIZE;
		}
		if ((m = m_prepend(m, IPH_SIZE)) == NULL)
			return -ENOBUFS;
		ip = m->m_data;
		memset(ip, 0, IPH_SIZE);
		ip[IPH_VHL] = IPVERSION << 4 | IPH_SIZE / 4;
		ip[IPH_TOS] = inp->inp_tos;
		ip[IPH_TTL] = inp->inp_ttl;
		ip[IPH_P] = inp->inp_proto;
		ip_setaddr(ip + IPH_SRC, in_any_v4(&inp->inp_laddr));
		ip_setaddr(ip + IPH_DST, dst);
	}
	m->m_pkthdr.csum_flags = 0;
	return ip_output(
	    k, m, opt, &inp->inp_route, flags, inp->inp_moptions, NULL);
}

static int
rip_send(struct lwp *l, struct socket *so, struct mbuf *m, struct sockaddr *nam,
    struct mbuf *control, int flags)
{
	const struct sockaddr_in *sin = (const void *)nam;
	struct inpcb *inp = sotoinpcb(so);
	bool connected = (so->so_state & SS_ISCONNECTED) != 0;
	int error = 0;

	(void)l;
	(void)flags;
	if (control != NULL) {
		m_freem(control);
		error = -EINVAL;
	} else if (connected && nam != NULL)
		error = -EISCONN;
	else if (!connected && nam == NULL)
		error = -ENOTCONN;
	else if (nam != NULL && sin->sin_len != sizeof(*sin))
		error = -EINVAL;
	else if (nam != NULL && sin->sin_family != AF_INET)
		error = -EAFNOSUPPORT;
	if (error != 0) {
		m_freem(m);
		return error;
	}
	return rip_output(inp, m,
	    nam != NULL ? sin->sin_addr.s_addr : in_any_v4(&inp->inp_faddr));
}

/* --- sockets --- */

static int
rip_attach(struct lwp *l, struct socket *so, int proto)
{
	int error;

	if (!cred_issuser(l->l_cred))
		return -EPERM;
	error = soreserve(so, RAW_SPACE, RAW_SPACE);
	if (error == 0)
		error = in_pcballoc(so, INET(so->so_k)->is_rawtable);
	if (error == 0)
		sotoinpcb(so)->inp_proto = (uint8_t)proto;
	return error;
}

static void
rip_detach(struct socket *so)
{
	in_pcbfree(sotoinpcb(so));
}

/* What packets are matched by; with the table's lock. */
static void
set_addr(struct inpcb *inp, struct in_any *which, uint32_t addr)
{
	krwlock_wrlock(&inp->inp_table->it_lock);
	in_any_set4(which, addr);
	krwlock_unlock(&inp->inp_table->it_lock);
}

static int
rip_bind(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	const struct sockaddr_in *sin = (const void *)nam;
	struct inpcb *inp = sotoinpcb(so);
	struct sockaddr_in plain;

	(void)l;
	if (nam == NULL || sin->sin_len != sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family != AF_INET)
		return -EADDRNOTAVAIL;
	sockaddr_in_init(&plain, sin->sin_addr.s_addr, 0);
	if (plain.sin_addr.s_addr != INADDR_ANY &&
	    !in_multicast(plain.sin_addr.s_addr) &&
	    ifa_ifwithaddr(so->so_k, (struct sockaddr *)&plain) == NULL)
		return -EADDRNOTAVAIL;
	set_addr(inp, &inp->inp_laddr, plain.sin_addr.s_addr);
	return 0;
}

static int
rip_connect(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	const struct sockaddr_in *sin = (const void *)nam;
	struct inpcb *inp = sotoinpcb(so);

	(void)l;
	if (sin->sin_len != sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	set_addr(inp, &inp->inp_faddr, sin->sin_addr.s_addr);
	soisconnected(so);
	return 0;
}

static int
rip_disconnect(struct socket *so)
{
	struct inpcb *inp = sotoinpcb(so);

	if ((so->so_state & SS_ISCONNECTED) == 0)
		return -ENOTCONN;
	so->so_state &= ~(unsigned)SS_ISCONNECTED;
	set_addr(inp, &inp->inp_faddr, INADDR_ANY);
	return 0;
}

static int
rip_shutdown(struct socket *so)
{
	socantsendmore(so);
	return 0;
}

static int
rip_abort(struct socket *so)
{
	soisdisconnected(so);
	in_pcbfree(sotoinpcb(so));
	return 0;
}

static int
rip_stat(struct socket *so, struct stat *st)
{
	(void)so;
	(void)st;
	return 0;
}

static int
rip_peeraddr(struct socket *so, struct sockaddr *nam)
{
	return in_setpeeraddr(sotoinpcb(so), nam);
}

static int
rip_sockaddr(struct socket *so, struct sockaddr *nam)
{
	return in_setsockaddr(sotoinpcb(so), nam);
}

int
rip_ctloutput(struct socket *so, struct sockopt *sopt)
{
	struct inpcb *inp = sotoinpcb(so);
	int v, error;

	if (sopt->sopt_level == SOL_SOCKET && sopt->sopt_name == SO_NOHEADER) {
		if (sopt->sopt_op == PRCO_GETOPT)
			return sockopt_setint(
			    sopt, (inp->inp_flags & INP_NOHEADER) != 0);
		if ((error = sockopt_getint(sopt, &v)) != 0)
			return error;
		inp->inp_flags &= ~(unsigned)INP_NOHEADER;
		if (v != 0)
			inp->inp_flags |= INP_NOHEADER;
		return 0;
	}
	if (sopt->sopt_level != IPPROTO_IP)
		return -ENOPROTOOPT;
	if (sopt->sopt_name != IP_HDRINCL)
		return ip_ctloutput(so, sopt, inp);
	if (sopt->sopt_op == PRCO_GETOPT)
		return sockopt_setint(sopt, (inp->inp_flags & INP_HDRINCL) != 0);
	if ((error = sockopt_getint(sopt, &v)) != 0)
		return error;
	inp->inp_flags &= ~(unsigned)INP_HDRINCL;
	if (v != 0)
		inp->inp_flags |= INP_HDRINCL;
	return 0;
}

const struct pr_usrreqs rip_usrreqs = {
	.pr_attach = rip_attach,
	.pr_detach = rip_detach,
	.pr_bind = rip_bind,
	.pr_connect = rip_connect,
	.pr_disconnect = rip_disconnect,
	.pr_shutdown = rip_shutdown,
	.pr_abort = rip_abort,
	.pr_ioctl = in_control,
	.pr_stat = rip_stat,
	.pr_peeraddr = rip_peeraddr,
	.pr_sockaddr = rip_sockaddr,
	.pr_send = rip_send,
};
