/* SPDX-License-Identifier: BSD-2-Clause */
/* AF_INET: its protocols, and how the family comes and goes. */
#include "kern/callout.h"
#include "netinet/in_private.h"

/* The first of a type is what protocol 0 means. */
static const struct protosw inetsw[] = {
	{
	    .pr_type = SOCK_DGRAM,
	    .pr_domain = &inet_domain,
	    .pr_protocol = IPPROTO_UDP,
	    .pr_flags = PR_ATOMIC | PR_ADDR | PR_CTLW,
	    .pr_ctloutput = udp_ctloutput,
	    .pr_usrreqs = &udp_usrreqs,
	},
	{
	    .pr_type = SOCK_STREAM,
	    .pr_domain = &inet_domain,
	    .pr_protocol = IPPROTO_TCP,
	    .pr_flags = PR_CONNREQUIRED | PR_WANTRCVD | PR_LISTEN |
		PR_ACCEPTFILTER,
	    .pr_ctloutput = tcp_ctloutput,
	    .pr_usrreqs = &tcp_usrreqs,
	},
	{
	    .pr_type = SOCK_RAW,
	    .pr_domain = &inet_domain,
	    .pr_protocol = 0,
	    .pr_flags = PR_ATOMIC | PR_ADDR | PR_CTLW,
	    .pr_ctloutput = rip_ctloutput,
	    .pr_usrreqs = &rip_usrreqs,
	},
};

const struct domain inet_domain = {
	.dom_family = AF_INET,
	.dom_name = "internet",
	.dom_protosw = inetsw,
	.dom_nprotosw = sizeof(inetsw) / sizeof(inetsw[0]),
	.dom_addrlen = sizeof(struct sockaddr_in),
};

/* The recorded values of a fresh kernel. */
static void
defaults(struct inet_state *is)
{
	is->ip_forwarding = 1;
	is->ip_redirect = 1;
	is->ip_ttl = IPDEFTTL;
	is->ip_forwsrcrt = 1;
	is->ip_allowsrcrt = 1;
	is->ip_subnetsarelocal = 1;
	is->ip_mtudisc = 1;
	is->ip_anonportmin = IPPORT_ANONMIN;
	is->ip_anonportmax = IPPORT_ANONMAX;
	is->ip_mtudisctimeout = 600;
	is->ip_maxflows = 256;
	is->ip_gifttl = 30;
	is->ip_lowportmin = IPPORT_RESERVEDMIN;
	is->ip_lowportmax = IPPORT_RESERVEDMAX;
	is->ip_maxfragpackets = 200;
	is->ip_dad_count = 3;
	is->ip_hashsize = 64;
	is->icmp_returndatabytes = 8;
	is->icmp_errppslimit = 100;
	is->icmp_rediraccept = 1;
	is->icmp_redirtimeout = 600;
	is->arp_keep = 1200;
	is->arp_down = 20;
	is->arp_log_movements = 1;
	is->arp_log_permanent_modify = 1;
	is->arp_log_wrong_iface = 1;
	is->arp_log_unknown_network = 1;
	is->is_carp.allow = 1;
	is->is_anonportalgo = is->is_anonportalgo6 = PORTALGO_RANDOM_START;
}

static int
lo_address(struct rump_kernel *k)
{
	struct ifnet *lo;
	int error = 0;

	net_wrlock(k);
	if ((lo = if_loop(k)) != NULL)
		error = in_setaddr(
		    lo, htonl(INADDR_LOOPBACK), htonl(IN_CLASSA_NET), 0);
	net_unlock(k);
	return error;
}

/* carp(4) is not here. Its name is in the list of drivers, as a server started with this component has it. */
static int
no_carp(struct rump_kernel *k, const struct if_clone *ifc, int unit)
{
	(void)k;
	(void)ifc;
	(void)unit;
	return -EOPNOTSUPP;
}

static const struct if_clone carp_cloner = { .ifc_name = "carp",
	.ifc_create = no_carp };

static int
boot_parts(struct rump_kernel *k)
{
	struct inet_state *is = kmem_zalloc(k, sizeof(*is));
	int error;

	if (is == NULL)
		return -ENOMEM;
	is->is_k = k;
	NS(k)->ns_inet = is;
	defaults(is);
	if ((error = inpcbtable_create(k, 64, &is->is_rawtable)) != 0 ||
	    (error = ip_reass_boot(k)) != 0 || (error = igmp_boot(k)) != 0 ||
	    (error = arp_boot(k)) != 0 || (error = udp_boot(k)) != 0 ||
	    (error = tcp_boot(k)) != 0 ||
	    (error = if_clone_attach(k, &carp_cloner)) != 0 ||
	    (error = inet_sysctl(k)) != 0 || (error = udp_sysctl(k)) != 0 ||
	    (error = lo_address(k)) != 0)
		return error;
	ip_setproto(k, IPPROTO_ICMP, &icmp_protosw);
	ip_setproto(k, IPPROTO_IGMP, &igmp_protosw);
	net_setinput(k, NETPROTO_IP, ip_input);
	domain_attach(k, &inet_domain);
	return 0;
}

int
inet_boot(struct rump_kernel *k)
{
	int error = boot_parts(k);

	if (error != 0)
		inet_fini(k);
	return error;
}

/* Also after a boot that failed half-way. */
void
inet_fini(struct rump_kernel *k)
{
	struct inet_state *is = INET(k);

	if (is == NULL)
		return;
	NS(k)->ns_domains[AF_INET] = NULL;
	net_wrlock(k);
	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		in_ifdetach(ifp);
		arp_ifdetach(ifp);
	}
	net_setinput(k, NETPROTO_IP, NULL);
	net_setinput(k, NETPROTO_ARP, NULL);
	net_unlock(k);
	net_barrier(k);
	tcp_fini(k);
	udp_fini(k);
	arp_fini(k);
	igmp_fini(k);
	ip_reass_fini(k);
	callout_drain(k);
	if (is->is_rawtable != NULL)
		inpcbtable_destroy(is->is_rawtable);
	NS(k)->ns_inet = NULL;
	kmem_free(k, is, sizeof(*is));
}
