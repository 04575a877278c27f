/* SPDX-License-Identifier: BSD-2-Clause */
/* route: addresses from words. */
#include "route.h"
#include <stdlib.h>

static _Noreturn void
bad(struct route_cmd *r, const char *s)
{
	t_errx(r->t, 1, "%s: bad value", s);
}

/* A mask, as long as its last byte that is not zero; all zeros: no bytes at all. */
static void
set_mask(struct route_cmd *r, int af, unsigned plen)
{
	size_t at = af == AF_INET6 ? offsetof(struct sockaddr_in6, sin6_addr) :
				     offsetof(struct sockaddr_in, sin_addr);
	union any_addr *m = &r->sa[RTAX_NETMASK];

	memset(m, 0, sizeof(*m));
	for (unsigned i = 0; i < plen; i++)
		m->bytes[at + i / 8] |= (uint8_t)(0x80 >> i % 8);
	m->sa.sa_family = (uint8_t)af;
	m->sa.sa_len = (uint8_t)(plen == 0 ? 0 : at + (plen + 7) / 8);
	if (plen == 0)
		m->sa.sa_family = 0;
	r->addrs |= 1 << RTAX_NETMASK;
}

void
route_prefixlen(struct route_cmd *r, const char *s)
{
	int af = r->af == AF_UNSPEC ? AF_INET : r->af;
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v > (af == AF_INET6 ? 128u : 32u))
		bad(r, s);
	r->forcenet = true;
	set_mask(r, af, (unsigned)v);
}

static void
set_inet(union any_addr *sa, uint32_t addr)
{
	sa->in.sin_len = sizeof(struct sockaddr_in);
	sa->in.sin_family = AF_INET;
	sa->in.sin_addr.s_addr = addr;
}

/* How long the mask of a network is that has none: as far as its last byte. */
static unsigned
implied_length(uint32_t host_order)
{
	if (host_order == 0)
		return 0;
	if ((host_order & 0xff) != 0)
		return 32;
	if ((host_order & 0xff00) != 0)
		return 24;
	return (host_order & 0xff0000) != 0 ? 16 : 8;
}

static uint32_t
swap(uint32_t v)
{
	return __builtin_bswap32(v);
}

/* "172.16" of a network is its first bytes. */
static bool
network_number(const char *s, uint32_t *net)
{
	uint32_t v = 0;
	int n = 0;

	for (;;) {
		char *end;
		unsigned long part = strtoul(s, &end, 0);

		if (end == s || part > 255 || n == 4)
			return false;
		v = v << 8 | (uint32_t)part;
		n++;
		if (*end == '\0')
			break;
		if (*end != '.')
			return false;
		s = end + 1;
	}
	*net = v << (8 * (4 - n));
	return true;
}

static void
inet_dest(struct route_cmd *r, union any_addr *sa, const char *word)
{
	char *s = t_strdup(r->t, word), *slash = strchr(s, '/'), *end;
	uint32_t addr, net;

	if (slash != NULL) {
		unsigned long plen;

		*slash++ = '\0';
		plen = strtoul(slash, &end, 10);
		if (*slash == '\0' || *end != '\0' || plen > 32)
			bad(r, slash);
		if (!network_number(s, &net)) {
			if (!t_inet_aton(s, &addr))
				bad(r, s);
			net = swap(addr);
		}
		r->dest = s;
		set_inet(sa, swap(net));
		set_mask(r, AF_INET, (unsigned)plen);
		r->isnet = true;
		return;
	}
	r->dest = s;
	if (r->forcenet && network_number(s, &net)) {
		set_inet(sa, swap(net));
		if ((r->addrs & 1 << RTAX_NETMASK) == 0)
			set_mask(r, AF_INET, implied_length(net));
		r->isnet = true;
		return;
	}
	if (t_inet_aton(s, &addr)) {
		set_inet(sa, addr);
		if (addr == 0 && !r->forcehost) {
			set_mask(r, AF_INET, 0);
			r->isnet = true;
		}
	} else if (!r->forcenet && t_host_by_name(r->t, s, AF_INET, &addr))
		set_inet(sa, addr);
	else if (t_net_by_name(r->t, s, &net)) {
		set_inet(sa, swap(net));
		set_mask(r, AF_INET, implied_length(net));
		r->isnet = true;
	} else
		bad(r, s);
}

/* The kernel's way with zones: inside the address. */
static void
zone_in(struct sockaddr_in6 *sin6)
{
	uint8_t *b = sin6->sin6_addr.__u6_addr.__u6_addr8;

	if (sin6->sin6_scope_id == 0)
		return;
	if ((b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
	    (b[0] == 0xff && ((b[1] & 0xf) == 1 || (b[1] & 0xf) == 2))) {
		b[2] = (uint8_t)(sin6->sin6_scope_id >> 8);
		b[3] = (uint8_t)sin6->sin6_scope_id;
		sin6->sin6_scope_id = 0;
	}
}

static void
inet6_addr(struct route_cmd *r, union any_addr *sa, const char *s)
{
	if (!in6_parse(s, r->print.ifs, &sa->in6) &&
	    !t_host_by_name(r->t, s, AF_INET6, &sa->in6.sin6_addr))
		bad(r, s);
	sa->in6.sin6_len = sizeof(struct sockaddr_in6);
	sa->in6.sin6_family = AF_INET6;
	zone_in(&sa->in6);
}

static void
inet6_dest(struct route_cmd *r, union any_addr *sa, const char *word)
{
	char *s = t_strdup(r->t, word), *slash = strchr(s, '/'), *end;

	r->dest = word;
	if (slash != NULL) {
		unsigned long plen;

		*slash++ = '\0';
		plen = strtoul(slash, &end, 10);
		if (*slash == '\0' || *end != '\0' || plen > 128)
			bad(r, slash);
		set_mask(r, AF_INET6, (unsigned)plen);
		r->isnet = true;
	} else if (r->forcenet && (r->addrs & 1 << RTAX_NETMASK) == 0)
		set_mask(r, AF_INET6, 64);
	inet6_addr(r, sa, s);
}

static void
link_word(struct route_cmd *r, union any_addr *sa, const char *s)
{
	const struct if_entry *i = iflist_name(r->print.ifs, s);

	if (i != NULL) {
		size_t n = strlen(s);

		memset(sa, 0, sizeof(*sa));
		sa->dl.sdl_len = sizeof(struct sockaddr_dl);
		sa->dl.sdl_family = AF_LINK;
		sa->dl.sdl_index = (uint16_t)i->index;
		sa->dl.sdl_addr.dl_nlen = (uint8_t)n;
		memcpy(sa->dl.sdl_addr.dl_data, s, n);
		return;
	}
	if (!link_parse(s, &sa->dl))
		bad(r, s);
	sa->dl.sdl_len = sizeof(struct sockaddr_dl);
	sa->dl.sdl_family = AF_LINK;
}

static void
mask_word(struct route_cmd *r, int which, int af, const char *s)
{
	union any_addr *m = &r->sa[which];

	memset(m, 0, sizeof(*m));
	if (af == AF_INET6) {
		unsigned n;

		if (!in6_parse(s, NULL, &m->in6))
			bad(r, s);
		n = mask_length(m->in6.sin6_addr.__u6_addr.__u6_addr8, 16);
		set_mask(r, AF_INET6, n);
	} else {
		uint32_t addr;
		unsigned last = 0;

		/* Hexadecimal and decimal numbers, too. */
		if (!t_inet_aton(s, &addr))
			bad(r, s);
		set_inet(m, addr);
		for (unsigned i = 0; i < 4; i++)
			if (m->bytes[4 + i] != 0)
				last = 4 + i + 1;
		m->sa.sa_len = (uint8_t)last;
		if (last == 0)
			m->sa.sa_family = 0;
	}
	r->addrs |= 1 << which;
}

void
route_getaddr(struct route_cmd *r, int which, const char *s)
{
	union any_addr *sa = &r->sa[which];
	int af = r->af;

	if (af == AF_UNSPEC)
		af = strchr(s, ':') != NULL && which != RTAX_IFP ? AF_INET6 :
								   AF_INET;
	if (r->af == AF_UNSPEC && af == AF_INET6)
		r->af = AF_INET6;
	if (which == RTAX_NETMASK || which == RTAX_GENMASK) {
		mask_word(r, which, af, s);
		return;
	}
	memset(sa, 0, sizeof(*sa));
	r->addrs |= 1 << which;
	if (which == RTAX_IFP) {
		link_word(r, sa, s);
		return;
	}
	if (which == RTAX_GATEWAY)
		r->gateway = s;
	if (which == RTAX_DST && strcmp(s, "default") == 0) {
		r->dest = s;
		r->isnet = true;
		sa->sa.sa_family = (uint8_t)af;
		sa->sa.sa_len = af == AF_INET6 ? sizeof(struct sockaddr_in6) :
						 sizeof(struct sockaddr_in);
		set_mask(r, af, 0);
		return;
	}
	if (af == AF_LINK ||
	    (which == RTAX_GATEWAY && r->iface &&
		iflist_name(r->print.ifs, s) != NULL))
		link_word(r, sa, s);
	else if (af == AF_INET6)
		which == RTAX_DST ? inet6_dest(r, sa, s) : inet6_addr(r, sa, s);
	else if (which == RTAX_DST)
		inet_dest(r, sa, s);
	else {
		uint32_t addr;

		if (!t_inet_aton(s, &addr) &&
		    !t_host_by_name(r->t, s, AF_INET, &addr))
			bad(r, s);
		set_inet(sa, addr);
	}
}
