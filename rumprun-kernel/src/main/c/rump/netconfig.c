/* SPDX-License-Identifier: BSD-2-Clause */
/* <rump/netconfig.h>: requests to the interfaces and the routing table of the program's own kernel, as the kernel itself. */
#include <stdio.h>
#include <stdlib.h>
#include <netbsd/if_bridgevar.h>
#include <rumprun/tool_net.h>
#include "net/if_shmif.h"
#include "net/route_var.h"
#include "net/socketvar.h"
#include "netinet6/inet6.h"
#include "rump/dhcp.h"
#include "rump/implicit.h"
#include <rump/netconfig.h>
#include <rump/rump.h>

#define PUBLIC __attribute__((visibility("default")))

/* --- requests --- */

/* A request by a socket of a family. Negative errno. */
static int
request(struct rump_kernel *k, int family, unsigned long cmd, void *data)
{
	struct socket *so;
	int error;

	if (NS(k) == NULL)
		return -ENOSYS;
	error = socreate(k->k_lwp0, family,
	    family == PF_ROUTE ? SOCK_RAW : SOCK_DGRAM, 0, &so);
	if (error != 0)
		return error;
	error = ifioctl(so, k->k_lwp0, cmd, data);
	(void)soclose(k->k_lwp0, so);
	net_run(k);
	return error;
}

/* Names that do not fit are nobody's. */
static int
put_name(char name[IFNAMSIZ], const char *ifname)
{
	size_t len = ifname != NULL ? strlen(ifname) : IFNAMSIZ;

	if (len >= IFNAMSIZ)
		return -ENXIO;
	memset(name, 0, IFNAMSIZ);
	memcpy(name, ifname, len);
	return 0;
}

/* Runs fn with the program's kernel, which cannot go meanwhile. Positive errno. */
struct args {
	const char *name, *a, *b;
	int n;
	int *out;
};

static int
with_kernel(int (*fn)(struct rump_kernel *, const struct args *),
    const struct args *args)
{
	unsigned use;
	struct rump_kernel *k = implicit_enter(&use);
	int error;

	if (k == NULL)
		return ENXIO;
	error = fn(k, args);
	implicit_leave(use);
	return -error;
}

/* --- interfaces --- */

static int
do_shmif(struct rump_kernel *k, const struct args *args)
{
	char name[IFNAMSIZ];
	int error;

	if (NS(k) == NULL)
		return -EINVAL;
	if ((error = shmif_create(k, args->a, name)) != 0)
		return error;
	if (args->out != NULL)
		*args->out = atoi(name + strlen("shmif"));
	return 0;
}

PUBLIC int
rump_pub_shmif_create(const char *bus, int *unit)
{
	return with_kernel(do_shmif, &(struct args){ .a = bus, .out = unit });
}

static int
do_create(struct rump_kernel *k, const struct args *args)
{
	char name[IFNAMSIZ], made[IFNAMSIZ];
	int error;

	if (NS(k) == NULL || put_name(name, args->name) != 0)
		return -EINVAL;
	net_wrlock(k);
	error = if_clone_create(k, name, made);
	if (error == 0 && args->out != NULL)
		*args->out = if_byname(k, made)->if_index;
	net_unlock(k);
	return error;
}

static int
do_destroy(struct rump_kernel *k, const struct args *args)
{
	char name[IFNAMSIZ];
	int error = put_name(name, args->name);

	if (error == 0 && NS(k) != NULL)
		error = if_clone_destroy(k, name);
	return error;
}

static int
do_updown(struct rump_kernel *k, const struct args *args)
{
	struct ifreq ifr = { 0 };
	int error = put_name(ifr.ifr_name, args->name);

	if (error != 0 ||
	    (error = request(k, PF_ROUTE, SIOCGIFFLAGS, &ifr)) != 0)
		return error;
	if (args->n)
		ifr.ifr_ifru.ifru_flags |= IFF_UP;
	else
		ifr.ifr_ifru.ifru_flags &= ~IFF_UP;
	return request(k, PF_ROUTE, SIOCSIFFLAGS, &ifr);
}

static int
do_linkstr(struct rump_kernel *k, const struct args *args)
{
	struct ifdrv ifd = { 0 };
	int error = put_name(ifd.ifd_name, args->name);

	if (args->a != NULL) {
		ifd.ifd_len = strlen(args->a) + 1;
		ifd.ifd_data = (void *)(uintptr_t)args->a;
	} else
		ifd.ifd_cmd = IFLINKSTR_UNSET;
	return error != 0 ? error : request(k, PF_ROUTE, SIOCSLINKSTR, &ifd);
}

static int
do_bridge(struct rump_kernel *k, const struct args *args)
{
	struct ifbreq req = { 0 };
	struct ifdrv ifd = { .ifd_cmd = (unsigned long)args->n,
		.ifd_len = sizeof(req),
		.ifd_data = &req };
	int error = put_name(ifd.ifd_name, args->name);

	if (error == 0)
		error = put_name(req.ifbr_ifsname, args->a);
	return error != 0 ? error : request(k, PF_ROUTE, SIOCSDRVSPEC, &ifd);
}

PUBLIC int
rump_pub_netconfig_ifcreate(const char *ifname)
{
	return with_kernel(do_create, &(struct args){ .name = ifname });
}

PUBLIC int
rump_pub_netconfig_ifcreateindex(const char *ifname, int *index)
{
	return with_kernel(
	    do_create, &(struct args){ .name = ifname, .out = index });
}

PUBLIC int
rump_pub_netconfig_ifdestroy(const char *ifname)
{
	return with_kernel(do_destroy, &(struct args){ .name = ifname });
}

PUBLIC int
rump_pub_netconfig_ifup(const char *ifname)
{
	return with_kernel(do_updown, &(struct args){ .name = ifname, .n = 1 });
}

PUBLIC int
rump_pub_netconfig_ifdown(const char *ifname)
{
	return with_kernel(do_updown, &(struct args){ .name = ifname });
}

PUBLIC int
rump_pub_netconfig_ifsetlinkstr(const char *ifname, const char *linkstr)
{
	if (linkstr == NULL)
		return EINVAL;
	return with_kernel(
	    do_linkstr, &(struct args){ .name = ifname, .a = linkstr });
}

PUBLIC int
rump_pub_netconfig_ifunsetlinkstr(const char *ifname)
{
	return with_kernel(do_linkstr, &(struct args){ .name = ifname });
}

PUBLIC int
rump_pub_netconfig_bradd(const char *bridge, const char *ifname)
{
	return with_kernel(do_bridge,
	    &(struct args){ .name = bridge, .a = ifname, .n = BRDGADD });
}

PUBLIC int
rump_pub_netconfig_brdel(const char *bridge, const char *ifname)
{
	return with_kernel(do_bridge,
	    &(struct args){ .name = bridge, .a = ifname, .n = BRDGDEL });
}

/* --- addresses --- */

static int
add4(struct rump_kernel *k, const char *ifname, uint32_t addr, uint32_t mask)
{
	struct in_aliasreq req = { 0 };
	int error = put_name(req.ifra_name, ifname);

	req.ifra_addr.sin_len = req.ifra_mask.sin_len = sizeof(req.ifra_addr);
	req.ifra_addr.sin_family = req.ifra_mask.sin_family = AF_INET;
	memcpy(&req.ifra_addr.sin_addr, &addr, sizeof(addr));
	memcpy(&req.ifra_mask.sin_addr, &mask, sizeof(mask));
	/* Without one, it is by the class of the address. */
	if (mask == 0)
		req.ifra_mask.sin_len = 0;
	return error != 0 ? error : request(k, AF_INET, SIOCAIFADDR, &req);
}

static int
do_addr4(struct rump_kernel *k, const struct args *args)
{
	uint32_t addr, mask;

	if (args->a == NULL || !t_inet_pton4(args->a, &addr) ||
	    args->b == NULL || !t_inet_pton4(args->b, &mask))
		return -EINVAL;
	return add4(k, args->name, addr, mask);
}

static int
do_cidr4(struct rump_kernel *k, const struct args *args)
{
	uint32_t addr;

	if (args->a == NULL || !t_inet_pton4(args->a, &addr) || args->n < 0 ||
	    args->n > 32)
		return -EINVAL;
	return add4(k, args->name, addr,
	    args->n == 0 ? 0 : htonl(0xffffffffu << (32 - args->n)));
}

static void
sin6_set(struct sockaddr_in6 *sin6, const uint8_t addr[16])
{
	memset(sin6, 0, sizeof(*sin6));
	sin6->sin6_len = sizeof(*sin6);
	sin6->sin6_family = AF_INET6;
	memcpy(&sin6->sin6_addr, addr, 16);
}

static int
do_addr6(struct rump_kernel *k, const struct args *args)
{
	struct in6_aliasreq req = { 0 };
	uint8_t addr[16], mask[16] = { 0 };
	int error;

	if (args->a == NULL || !t_inet_pton6(args->a, addr) || args->n < 0 ||
	    args->n > 128)
		return -EINVAL;
	for (int i = 0; i < args->n; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	sin6_set(&req.ifra_addr, addr);
	sin6_set(&req.ifra_prefixmask, mask);
	req.ifra_lifetime.ia6t_vltime = ND6_INFINITE_LIFETIME;
	req.ifra_lifetime.ia6t_pltime = ND6_INFINITE_LIFETIME;
	if ((error = put_name(req.ifra_name, args->name)) != 0)
		return error;
	return request(k, AF_INET6, SIOCAIFADDR_IN6, &req);
}

static int
do_auto6(struct rump_kernel *k, const struct args *args)
{
	const struct args up = { .name = args->name, .n = 1 };

	if (NS(k) == NULL || NS(k)->ns_inet6 == NULL)
		return -EAFNOSUPPORT;
	atomic_store(&NS(k)->ns_inet6->ip6_accept_rtadv, 1);
	return do_updown(k, &up);
}

PUBLIC int
rump_pub_netconfig_ipv4_ifaddr(
    const char *ifname, const char *addr, const char *netmask)
{
	return with_kernel(do_addr4,
	    &(struct args){ .name = ifname, .a = addr, .b = netmask });
}

PUBLIC int
rump_pub_netconfig_ipv4_ifaddr_cidr(
    const char *ifname, const char *addr, int prefixlen)
{
	return with_kernel(do_cidr4,
	    &(struct args){ .name = ifname, .a = addr, .n = prefixlen });
}

PUBLIC int
rump_pub_netconfig_ipv6_ifaddr(
    const char *ifname, const char *addr, int prefixlen)
{
	return with_kernel(do_addr6,
	    &(struct args){ .name = ifname, .a = addr, .n = prefixlen });
}

PUBLIC int
rump_pub_netconfig_auto_ipv6(const char *ifname)
{
	return with_kernel(do_auto6, &(struct args){ .name = ifname });
}

/* --- default routes --- */

static int
default_route(struct rump_kernel *k, const struct sockaddr *gateway,
    const struct sockaddr *any)
{
	struct rtentry *rt;
	int error;

	if (NS(k) == NULL || NS(k)->ns_route == NULL)
		return -EAFNOSUPPORT;
	net_wrlock(k);
	error = rtrequest_sa(
	    k, RTM_ADD, any, gateway, any, RTF_GATEWAY | RTF_STATIC, NULL, &rt);
	if (error == 0)
		rt_newmsg(RTM_ADD, rt, rt->rt_flags);
	net_unlock(k);
	return error;
}

static int
do_gw4(struct rump_kernel *k, const struct args *args)
{
	struct sockaddr_in gw = { .sin_len = sizeof(gw), .sin_family = AF_INET };
	struct sockaddr_in any = gw;
	uint32_t addr;

	if (args->a == NULL || !t_inet_pton4(args->a, &addr))
		return -EINVAL;
	memcpy(&gw.sin_addr, &addr, sizeof(addr));
	return default_route(k, (struct sockaddr *)&gw, (struct sockaddr *)&any);
}

static int
do_gw6(struct rump_kernel *k, const struct args *args)
{
	static const uint8_t zero[16];
	struct sockaddr_in6 gw, any;
	uint8_t addr[16];

	if (args->a == NULL || !t_inet_pton6(args->a, addr))
		return -EINVAL;
	sin6_set(&gw, addr);
	sin6_set(&any, zero);
	return default_route(k, (struct sockaddr *)&gw, (struct sockaddr *)&any);
}

PUBLIC int
rump_pub_netconfig_ipv4_gw(const char *gateway)
{
	return with_kernel(do_gw4, &(struct args){ .a = gateway });
}

PUBLIC int
rump_pub_netconfig_ipv6_gw(const char *gateway)
{
	return with_kernel(do_gw6, &(struct args){ .a = gateway });
}

/* --- DHCP --- */

static int
do_dhcp(struct rump_kernel *k, const struct args *args)
{
	struct sockaddr_in any = { .sin_len = sizeof(any),
		.sin_family = AF_INET };
	struct sockaddr_in router = any;
	struct dhcp_lease lease;
	int error = dhcp_ask(k, args->name, &lease);

	if (error == 0)
		error = add4(k, args->name, lease.addr, lease.mask);
	if (error != 0 || lease.router == 0)
		return error;
	memcpy(&router.sin_addr, &lease.router, sizeof(lease.router));
	error = default_route(
	    k, (struct sockaddr *)&router, (struct sockaddr *)&any);
	return error == -EEXIST ? 0 : error;
}

PUBLIC int
rump_pub_netconfig_dhcp_ipv4_oneshot(const char *ifname)
{
	return with_kernel(do_dhcp, &(struct args){ .name = ifname });
}
