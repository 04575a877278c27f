/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP as sockets use it: AF_INET, and what AF_INET6 shares. */
#include "kern/sysctl.h"
#include "netinet/udp_private.h"

static int
udp_attach(struct lwp *l, struct socket *so, int proto)
{
	struct udp_state *us = UDP(so->so_k);
	bool v6 = so->so_proto->pr_domain->dom_family == AF_INET6;
	int error;

	(void)l;
	(void)proto;
	error = soreserve(so,
	    (size_t)(v6 ? us->us_sendspace6 : us->us_sendspace),
	    (size_t)(v6 ? us->us_recvspace6 : us->us_recvspace));
	return error != 0 ? error : in_pcballoc(so, us->us_table);
}

static void
udp_detach(struct socket *so)
{
	in_pcbfree(sotoinpcb(so));
}

static int
udp_bind(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	return in_pcbbind(sotoinpcb(so), nam, l);
}

static int
udp_connect(struct lwp *l, struct socket *so, struct sockaddr *nam)
{
	int error = in_pcbconnect(sotoinpcb(so), nam, l);

	if (error == 0)
		soisconnected(so);
	return error;
}

static int
udp_disconnect(struct socket *so)
{
	struct inpcb *inp = sotoinpcb(so);

	if (inp->inp_fport == 0)
		return -ENOTCONN;
	so->so_state &= ~(unsigned)SS_ISCONNECTED;
	krwlock_wrlock(&inp->inp_table->it_lock);
	if (inp->inp_af == AF_INET)
		in_any_set4(&inp->inp_laddr, INADDR_ANY);
	else {
		memset(&inp->inp_laddr, 0, sizeof(inp->inp_laddr));
		inp->inp_zone = 0;
	}
	krwlock_unlock(&inp->inp_table->it_lock);
	in_pcbdisconnect(inp);
	return 0;
}

static int
udp_shutdown(struct socket *so)
{
	socantsendmore(so);
	return 0;
}

static int
udp_abort(struct socket *so)
{
	soisdisconnected(so);
	in_pcbfree(sotoinpcb(so));
	return 0;
}

static int
udp_stat(struct socket *so, struct stat *st)
{
	(void)so;
	(void)st;
	return 0;
}

static int
udp_peeraddr(struct socket *so, struct sockaddr *nam)
{
	return in_setpeeraddr(sotoinpcb(so), nam);
}

static int
udp_sockaddr(struct socket *so, struct sockaddr *nam)
{
	return in_setsockaddr(sotoinpcb(so), nam);
}

int
udp4_output(struct inpcb *inp, struct mbuf *m, uint32_t laddr, uint32_t faddr,
    uint16_t fport, uint32_t ifindex)
{
	struct socket *so = inp->inp_socket;
	struct rump_kernel *k = so->so_k;
	struct ip_moptions *imo = inp->inp_moptions, by_index;
	uint32_t len = m->m_pkthdr.len;
	struct in_ifaddr *ia;
	uint8_t *p;
	int error;

	if (len + UDPH_SIZE + IPH_SIZE > IP_MAXPACKET) {
		m_freem(m);
		return -EMSGSIZE;
	}
	if (ifindex != 0 && in_multicast(faddr)) {
		if (imo != NULL)
			by_index = *imo;
		else
			by_index = (struct ip_moptions){
				.imo_multicast_ttl = IP_DEFAULT_MULTICAST_TTL,
				.imo_multicast_loop = IP_DEFAULT_MULTICAST_LOOP
			};
		by_index.imo_multicast_ifindex = ifindex;
		imo = &by_index;
	}
	if (laddr == INADDR_ANY) {
		error = in_selectsrc(
		    k, faddr, &inp->inp_route, (int)so->so_options, imo, &ia);
		if (error != 0) {
			m_freem(m);
			return error;
		}
		laddr = ia->ia_addr.sin_addr.s_addr;
	}
	if ((m = m_prepend(m, UDPH_SIZE + IPH_SIZE)) == NULL)
		return -ENOBUFS;
	p = m->m_data;
	memset(p, 0, IPH_SIZE);
	p[IPH_VHL] = IPVERSION << 4 | IPH_SIZE / 4;
	p[IPH_TOS] = inp->inp_tos;
	p[IPH_TTL] = inp->inp_ttl;
	p[IPH_P] = IPPROTO_UDP;
	ip_setaddr(p + IPH_SRC, laddr);
	ip_setaddr(p + IPH_DST, faddr);
	p += IPH_SIZE;
	memcpy(p + UDPH_SPORT, &inp->inp_lport, 2);
	memcpy(p + UDPH_DPORT, &fport, 2);
	be16_put(p + UDPH_LEN, (uint16_t)(len + UDPH_SIZE));
	be16_put(p + UDPH_SUM, 0);
	m->m_pkthdr.csum_flags = 0;
	if (UDP(k)->us_checksum != 0) {
		m->m_pkthdr.csum_flags = M_CSUM_UDPv4;
		m->m_pkthdr.csum_data = UDPH_SUM;
	}
	stat_inc(UDP(k)->us_stat, UDP_STAT_OPACKETS);
	return ip_output(k, m, inp->inp_options, &inp->inp_route,
	    (int)so->so_options & (SO_DONTROUTE | SO_BROADCAST), imo, NULL);
}

/* IP_PKTINFO of a datagram: its source, and the interface for a group. */
static int
pktinfo(struct rump_kernel *k, const struct mbuf *control, uint32_t *laddr,
    uint32_t *ifindex)
{
	for (; control != NULL; control = control->m_next) {
		const uint8_t *p = control->m_data;
		size_t left = control->m_len;

		while (left >= sizeof(struct cmsghdr)) {
			struct cmsghdr cm;
			struct in_pktinfo pi;
			size_t step, head = CMSG_ALIGN(sizeof(cm));

			memcpy(&cm, p, sizeof(cm));
			if (cm.cmsg_len < head || cm.cmsg_len > left)
				return -EINVAL;
			if (cm.cmsg_level != IPPROTO_IP ||
			    cm.cmsg_type != IP_PKTINFO ||
			    cm.cmsg_len != head + sizeof(pi))
				return -EINVAL;
			memcpy(&pi, p + head, sizeof(pi));
			if (pi.ipi_addr.s_addr != INADDR_ANY) {
				if (in_ifaddr_lookup(k, pi.ipi_addr.s_addr) ==
				    NULL)
					return -EADDRNOTAVAIL;
				*laddr = pi.ipi_addr.s_addr;
			}
			if (pi.ipi_ifindex != 0 &&
			    if_byindex(k, pi.ipi_ifindex) == NULL)
				return -ENXIO;
			*ifindex = pi.ipi_ifindex;
			step = CMSG_ALIGN(cm.cmsg_len);
			if (step >= left)
				break;
			p += step;
			left -= step;
		}
	}
	return 0;
}

static int
destination(struct inpcb *inp, const struct sockaddr *nam, uint32_t *addr,
    uint16_t *port)
{
	const struct sockaddr_in *sin = (const void *)nam;
	const struct in_ifaddr *ia;

	if (nam == NULL) {
		if (inp->inp_fport == 0)
			return -EDESTADDRREQ;
		*addr = in_any_v4(&inp->inp_faddr);
		*port = inp->inp_fport;
		return 0;
	}
	if (inp->inp_fport != 0)
		return -EISCONN;
	if (sin->sin_len != sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	if (sin->sin_port == 0)
		return -EADDRNOTAVAIL;
	*addr = sin->sin_addr.s_addr;
	*port = sin->sin_port;
	ia = INET(inp->inp_table->it_k)->is_ifaddrs;
	if (*addr == INADDR_ANY && ia != NULL)
		*addr = ia->ia_addr.sin_addr.s_addr;
	return 0;
}

static int
udp_send(struct lwp *l, struct socket *so, struct mbuf *m, struct sockaddr *nam,
    struct mbuf *control, int flags)
{
	struct inpcb *inp = sotoinpcb(so);
	uint32_t laddr = in_any_v4(&inp->inp_laddr), faddr, ifindex = 0;
	uint16_t fport;
	int error;

	(void)flags;
	error = control != NULL ? pktinfo(so->so_k, control, &laddr, &ifindex) :
				  0;
	m_freem(control);
	if (error == 0)
		error = destination(inp, nam, &faddr, &fport);
	if (error == 0 && inp->inp_lport == 0)
		error = in_pcbbind(inp, NULL, l);
	if (error != 0) {
		m_freem(m);
		return error;
	}
	return udp4_output(inp, m, laddr, faddr, fport, ifindex);
}

/* UDP's own level has only what encapsulates IPsec, which is not here. */
int
udp_ctloutput(struct socket *so, struct sockopt *sopt)
{
	if (sopt->sopt_level == IPPROTO_UDP)
		return -ENOPROTOOPT;
	return ip_ctloutput(so, sopt, sotoinpcb(so));
}

int
udp6_ctloutput(struct socket *so, struct sockopt *sopt)
{
	if (sopt->sopt_level == IPPROTO_UDP)
		return -ENOPROTOOPT;
	if (sopt->sopt_level == IPPROTO_IP)
		return ip_ctloutput(so, sopt, sotoinpcb(so));
	return ip6_ctloutput(so, sopt, sotoinpcb(so));
}

const struct pr_usrreqs udp_usrreqs = {
	.pr_attach = udp_attach,
	.pr_detach = udp_detach,
	.pr_bind = udp_bind,
	.pr_connect = udp_connect,
	.pr_disconnect = udp_disconnect,
	.pr_shutdown = udp_shutdown,
	.pr_abort = udp_abort,
	.pr_ioctl = in_control,
	.pr_stat = udp_stat,
	.pr_peeraddr = udp_peeraddr,
	.pr_sockaddr = udp_sockaddr,
	.pr_send = udp_send,
};

const struct pr_usrreqs udp6_usrreqs = {
	.pr_attach = udp_attach,
	.pr_detach = udp_detach,
	.pr_bind = udp_bind,
	.pr_connect = udp_connect,
	.pr_disconnect = udp_disconnect,
	.pr_shutdown = udp_shutdown,
	.pr_abort = udp_abort,
	.pr_ioctl = in6_control,
	.pr_stat = udp_stat,
	.pr_peeraddr = udp_peeraddr,
	.pr_sockaddr = udp_sockaddr,
	.pr_send = udp6_send,
};

int
udp_boot(struct rump_kernel *k)
{
	struct udp_state *us = kmem_zalloc(k, sizeof(*us));

	if (us == NULL)
		return -ENOMEM;
	us->us_k = k;
	us->us_checksum = 1;
	us->us_sendspace = us->us_sendspace6 = 9216;
	us->us_recvspace = 41600;
	us->us_recvspace6 = 42080;
	NS(k)->ns_udp = us;
	ip_setproto(k, IPPROTO_UDP, &udp_protosw);
	return inpcbtable_create(k, 1024, &us->us_table);
}

void
udp_fini(struct rump_kernel *k)
{
	if (UDP(k) == NULL)
		return;
	inpcbtable_destroy(UDP(k)->us_table);
	kmem_free(k, UDP(k), sizeof(struct udp_state));
	NS(k)->ns_udp = NULL;
}
