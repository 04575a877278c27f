/* SPDX-License-Identifier: BSD-2-Clause */
/* AF_INET6: its protocols, and how the family comes and goes. */
#include "netinet/tcp_var.h"
#include "netinet6/in6_private.h"

/* The first of a type is what protocol 0 means. */
static const struct protosw inet6sw[] = {
	{
	    .pr_type = SOCK_DGRAM,
	    .pr_domain = &inet6_domain,
	    .pr_protocol = IPPROTO_UDP,
	    .pr_flags = PR_ATOMIC | PR_ADDR | PR_CTLW,
	    .pr_ctloutput = udp6_ctloutput,
	    .pr_usrreqs = &udp6_usrreqs,
	},
	{
	    .pr_type = SOCK_STREAM,
	    .pr_domain = &inet6_domain,
	    .pr_protocol = IPPROTO_TCP,
	    .pr_flags = PR_CONNREQUIRED | PR_WANTRCVD | PR_LISTEN |
		PR_ACCEPTFILTER,
	    .pr_ctloutput = tcp_ctloutput,
	    .pr_usrreqs = &tcp6_usrreqs,
	},
	{
	    .pr_type = SOCK_RAW,
	    .pr_domain = &inet6_domain,
	    .pr_protocol = 0,
	    .pr_flags = PR_ATOMIC | PR_ADDR | PR_CTLW,
	    .pr_ctloutput = rip6_ctloutput,
	    .pr_usrreqs = &rip6_usrreqs,
	},
};

const struct domain inet6_domain = {
	.dom_family = AF_INET6,
	.dom_name = "internet6",
	.dom_protosw = inet6sw,
	.dom_nprotosw = sizeof(inet6sw) / sizeof(inet6sw[0]),
	.dom_addrlen = sizeof(struct sockaddr_in6),
};

/* The recorded values of a fresh kernel. */
static void
defaults(struct inet6_state *i6)
{
	i6->ip6_sendredirects = 1;
	i6->ip6_defhlim = IPV6_DEFHLIM;
	i6->ip6_maxfragpackets = 200;
	i6->ip6_maxfrags = 200;
	i6->ip6_log_interval = 5;
	i6->ip6_hdrnestlimit = 50;
	i6->ip6_dad_count = 1;
	i6->ip6_auto_flowlabel = 1;
	i6->ip6_defmcasthlim = IPV6_DEFAULT_MULTICAST_HOPS;
	i6->ip6_gifhlim = 30;
	i6->ip6_use_deprecated = 1;
	i6->ip6_rr_prune = 5;
	i6->ip6_v6only = 1;
	i6->ip6_anonportmin = IPV6PORT_ANONMIN;
	i6->ip6_anonportmax = IPV6PORT_ANONMAX;
	i6->ip6_lowportmin = IPV6PORT_RESERVEDMIN;
	i6->ip6_lowportmax = IPV6PORT_RESERVEDMAX;
	i6->ip6_auto_linklocal = 1;
	i6->ip6_rtadv_maxroutes = 100;
	i6->ip6_rtadv_numroutes = 1;
	i6->ip6_temppltime = DEF_TEMP_PREFERRED_LIFETIME;
	i6->ip6_tempvltime = DEF_TEMP_VALID_LIFETIME;
	i6->ip6_maxflows = 256;
	i6->ip6_hashsize = 64;
	i6->ip6_neighborgcthresh = 2048;
	i6->ip6_maxifprefixes = 16;
	i6->ip6_maxifdefrouters = 16;
	i6->ip6_maxdynroutes = 4096;
	i6->icmp6_rediraccept = 1;
	i6->icmp6_redirtimeout = 600;
	i6->nd6_prune = 1;
	i6->nd6_delay = 5;
	i6->nd6_umaxtries = 3;
	i6->nd6_mmaxtries = 3;
	i6->nd6_useloopback = 1;
	i6->icmp6_nodeinfo = 1;
	i6->icmp6_errppslimit = 100;
	i6->icmp6_mtudisc_hiwat = 1280;
	i6->icmp6_mtudisc_lowat = 256;
}

static void
protocols(struct rump_kernel *k)
{
	/* UDP's and TCP's are there already, or come. */
	for (int i = 0; i < 256; i++)
		if (INET6(k)->i6_proto[i] == NULL)
			ip6_setproto(k, i, &rip6_protosw);
	ip6_setproto(k, IPPROTO_ICMPV6, &icmp6_protosw);
	ip6_setproto(k, IPPROTO_FRAGMENT, &frag6_protosw);
	ip6_setproto(k, IPPROTO_ROUTING, &route6_protosw);
	ip6_setproto(k, IPPROTO_DSTOPTS, &dest6_protosw);
	ip6_setproto(k, IPPROTO_NONE, &none6_protosw);
}

/* Interfaces that are there by now: lo0, at least. */
static void
attach_interfaces(struct rump_kernel *k)
{
	net_wrlock(k);
	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next) {
		nd6_ifattach(ifp);
		if ((ifp->if_flags & (IFF_UP | IFF_LOOPBACK)) != 0) {
			atomic_fetch_or(&ifp->if_flags, IFF_UP);
			in6_ifattach(ifp);
		}
	}
	net_unlock(k);
}

static int
boot_parts(struct rump_kernel *k)
{
	struct inet6_state *i6;
	int error;

	/* Ports, control blocks, UDP and TCP are the other family's. */
	if (INET(k) == NULL)
		return -ENOENT;
	i6 = kmem_zalloc(k, sizeof(*i6));
	if (i6 == NULL)
		return -ENOMEM;
	i6->i6_k = k;
	NS(k)->ns_inet6 = i6;
	defaults(i6);
	if ((error = inpcbtable_create(k, 16, &i6->i6_rawtable)) != 0 ||
	    (error = addrsel_boot(k)) != 0 || (error = nd6_boot(k)) != 0 ||
	    (error = frag6_boot(k)) != 0 || (error = inet6_sysctl_boot(k)) != 0)
		return error;
	protocols(k);
	if ((error = udp6_boot(k)) != 0 || (error = tcp6_boot(k)) != 0)
		return error;
	rt_setllops(k, AF_INET6, &nd6_llops);
	attach_interfaces(k);
	net_setinput(k, NETPROTO_IP6, ip6_input);
	domain_attach(k, &inet6_domain);
	return 0;
}

int
inet6_boot(struct rump_kernel *k)
{
	int error = boot_parts(k);

	if (error != 0)
		inet6_fini(k);
	return error;
}

/* Also after a boot that failed half-way. */
void
inet6_fini(struct rump_kernel *k)
{
	struct inet6_state *i6 = INET6(k);

	if (i6 == NULL)
		return;
	NS(k)->ns_domains[AF_INET6] = NULL;
	net_wrlock(k);
	if (i6->i6_nd != NULL)
		for (struct ifnet *ifp = if_first(k); ifp != NULL;
		     ifp = ifp->if_next) {
			in6_ifdetach(ifp);
			nd6_ifdetach(ifp);
		}
	rt_setllops(k, AF_INET6, NULL);
	net_setinput(k, NETPROTO_IP6, NULL);
	net_unlock(k);
	net_barrier(k);
	nd6_fini(k);
	frag6_fini(k);
	addrsel_fini(k);
	if (i6->i6_rawtable != NULL)
		inpcbtable_destroy(i6->i6_rawtable);
	NS(k)->ns_inet6 = NULL;
	kmem_free(k, i6, sizeof(*i6));
}
