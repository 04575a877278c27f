/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network of the program's own kernel, configured by calls: what ifconfig(8), brconfig(8) and route(8) do by requests. Each gives 0 or NetBSD's
 * errno, positive: ENXIO when there is no such interface or kernel, EINVAL for text that is no address.
 */
#ifndef RUMP_NETCONFIG_H
#define RUMP_NETCONFIG_H

#ifdef __cplusplus
extern "C" {
#endif

/* "shmif0", or a driver's name alone: its first free unit. */
int rump_pub_netconfig_ifcreate(const char *ifname);
/* The same, and the new interface's number. */
int rump_pub_netconfig_ifcreateindex(const char *ifname, int *index);
int rump_pub_netconfig_ifdestroy(const char *ifname);
int rump_pub_netconfig_ifup(const char *ifname);
int rump_pub_netconfig_ifdown(const char *ifname);
/* What it is connected to: of shmif the bus file, of virt the host's tap. */
int rump_pub_netconfig_ifsetlinkstr(const char *ifname, const char *linkstr);
int rump_pub_netconfig_ifunsetlinkstr(const char *ifname);
/* An interface becomes, or ceases to be, a member of a bridge. */
int rump_pub_netconfig_bradd(const char *bridge, const char *ifname);
int rump_pub_netconfig_brdel(const char *bridge, const char *ifname);

int rump_pub_netconfig_ipv4_ifaddr(
    const char *ifname, const char *addr, const char *netmask);
int rump_pub_netconfig_ipv4_ifaddr_cidr(
    const char *ifname, const char *addr, int prefixlen);
int rump_pub_netconfig_ipv6_ifaddr(
    const char *ifname, const char *addr, int prefixlen);
/* The default route. */
int rump_pub_netconfig_ipv4_gw(const char *gateway);
int rump_pub_netconfig_ipv6_gw(const char *gateway);
/* Comes up, and takes its IPv6 address and routers from what routers on the link tell. */
int rump_pub_netconfig_auto_ipv6(const char *ifname);
/*
 * Asks for an IPv4 address, netmask and router by DHCP, once; the lease is not
 * renewed. ETIMEDOUT: nobody has offered one.
 */
int rump_pub_netconfig_dhcp_ipv4_oneshot(const char *ifname);

#ifdef __cplusplus
}
#endif

#endif
