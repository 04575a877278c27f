/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zones of scoped addresses (RFC 4007): in sockets' names they stand in sin6_scope_id, inside the kernel in bytes 2 and 3 of the address, which are
 * zero on the wire. Here a zone is an interface, for interface-local and link-local addresses alike.
 */
#include <stdio.h>
#include "netinet6/in6_private.h"

const struct in6_addr in6_any = { { { 0 } } };
const struct in6_addr in6_loopback = { { { [15] = 1 } } };
const struct in6_addr in6_allnodes = { { { 0xff, 2, [15] = 1 } } };
const struct in6_addr in6_allrouters = { { { 0xff, 2, [15] = 2 } } };

void
sin6_init(struct sockaddr_in6 *sin6, const struct in6_addr *a)
{
	memset(sin6, 0, sizeof(*sin6));
	sin6->sin6_len = sizeof(*sin6);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = *a;
}

void
sin6_mask(struct sockaddr_in6 *sin6, unsigned plen)
{
	uint8_t *a = A6(&sin6->sin6_addr);

	sin6_init(sin6, &in6_any);
	for (unsigned i = 0; i<16; i++, plen = plen> 8 ? plen - 8 : 0)
		a[i] = plen >= 8 ? 0xff : (uint8_t)(0xff00 >> plen);
}

void
a6_prefix(struct in6_addr *a, unsigned plen)
{
	struct sockaddr_in6 mask;

	sin6_mask(&mask, plen);
	for (unsigned i = 0; i < 16; i++)
		A6(a)[i] &= A6(&mask.sin6_addr)[i];
}

bool
a6_sameprefix(const struct in6_addr *a, const struct in6_addr *b, unsigned plen)
{
	unsigned bytes = plen / 8, bits = plen % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return bits == 0 ||
	    ((A6(a)[bytes] ^ A6(b)[bytes]) & (0xff00 >> bits) & 0xff) == 0;
}

bool
in6_is_linklocal(const struct in6_addr *a)
{
	return a6_linklocal(a);
}

bool
in6_is_mc_linklocal(const struct in6_addr *a)
{
	return a6_multicast(a) && a6_mcscope(a) == IPV6_ADDR_SCOPE_LINKLOCAL;
}

unsigned
in6_scope(const struct in6_addr *a)
{
	if (a6_multicast(a))
		return a6_mcscope(a);
	if (a6_linklocal(a) || a6_loopback(a))
		return IPV6_ADDR_SCOPE_LINKLOCAL;
	if (A6(a)[0] == 0xfe && (A6(a)[1] & 0xc0) == 0xc0)
		return IPV6_ADDR_SCOPE_SITELOCAL;
	return IPV6_ADDR_SCOPE_GLOBAL;
}

int
sa6_embedscope(struct rump_kernel *k, struct sockaddr_in6 *sin6, bool defaultok)
{
	struct in6_addr *a = &sin6->sin6_addr;
	uint32_t zone = sin6->sin6_scope_id;

	if (!a6_zoned(a))
		return 0;
	/* Who has put the zone into the address already (KAME's form) may. */
	if (zone == 0)
		zone = be16_get(A6(a) + 2);
	if (zone == 0 && defaultok && ND6(k)->nd_defif != NULL)
		zone = ND6(k)->nd_defif->if_index;
	if (zone == 0)
		return 0;
	if (zone > UINT16_MAX || if_byindex(k, zone) == NULL)
		return -ENXIO;
	be16_put(A6(a) + 2, (uint16_t)zone);
	sin6->sin6_scope_id = 0;
	return 0;
}

int
sa6_recoverscope(struct sockaddr_in6 *sin6)
{
	if (!a6_zoned(&sin6->sin6_addr))
		return 0;
	if (a6_zone(&sin6->sin6_addr) != 0)
		sin6->sin6_scope_id = a6_zone(&sin6->sin6_addr);
	in6_clearscope(&sin6->sin6_addr);
	return 0;
}

void
in6_clearscope(struct in6_addr *a)
{
	if (a6_zoned(a))
		be16_put(A6(a) + 2, 0);
}

int
in6_setscope(struct in6_addr *a, const struct ifnet *ifp)
{
	if (a6_zoned(a))
		be16_put(A6(a) + 2, ifp->if_index);
	return 0;
}

/* RFC 5952: the longest run of zeros is left out; no zone. */
const char *
in6_fmtaddr(char buf[INET6_ADDRSTRLEN], const struct in6_addr *a)
{
	struct in6_addr bare = *a;
	int best = -1, len = 1, at = 0;

	in6_clearscope(&bare);
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && be16_get(A6(&bare) + (i + n) * 2) == 0)
			n++;
		if (n > len) {
			best = i;
			len = n;
		}
	}
	buf[0] = '\0';
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			at += snprintf(buf + at, INET6_ADDRSTRLEN - (size_t)at,
			    "%s", i == 0 ? "::" : ":");
			i += len - 1;
			continue;
		}
		at += snprintf(buf + at, INET6_ADDRSTRLEN - (size_t)at, "%x%s",
		    be16_get(A6(&bare) + i * 2), i < 7 ? ":" : "");
	}
	return buf;
}
