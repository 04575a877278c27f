/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: their words, and how they are set and taken away. */
#include "ifconfig.h"
#include <stdio.h>

/* --- reading --- */

static bool
inet_address(struct ifconfig *ic, const char *s, struct sockaddr_in *sin)
{
	memset(sin, 0, sizeof(*sin));
	sin->sin_len = sizeof(*sin);
	sin->sin_family = AF_INET;
	return t_inet_aton(s, &sin->sin_addr.s_addr) ||
	    t_host_by_name(ic->t, s, AF_INET, &sin->sin_addr.s_addr);
}

static bool
inet6_address(struct ifconfig *ic, const char *s, struct sockaddr_in6 *sin6)
{
	const struct if_entry *list = strchr(s, '%') != NULL ?
	    ifconfig_list(ic) :
	    NULL;

	if (in6_parse(s, list, sin6))
		return true;
	return t_host_by_name(
	    ic->t, s, AF_INET6, sin6->sin6_addr.__u6_addr.__u6_addr8);
}

/* An address of the family (AF_UNSPEC: the first that it is one of). */
static bool
any_address(struct ifconfig *ic, int af, const char *s, union any_addr *a)
{
	memset(a, 0, sizeof(*a));
	if (*s == '\0')
		return false;
	if (af == AF_LINK)
		return link_parse(s, &a->dl);
	if ((af == AF_INET || af == AF_UNSPEC) && inet_address(ic, s, &a->in))
		return true;
	memset(a, 0, sizeof(*a));
	return (af == AF_INET6 || af == AF_UNSPEC) &&
	    inet6_address(ic, s, &a->in6);
}

static unsigned
address_bits(int af)
{
	return af == AF_INET ? 32 : 128;
}

/* A mask of that many ones; none means all, as in NetBSD. */
static bool
make_mask(int af, int64_t n, union any_addr *mask)
{
	uint8_t *b = af == AF_INET ? (uint8_t *)&mask->in.sin_addr :
				     (uint8_t *)&mask->in6.sin6_addr;
	unsigned i, bits = address_bits(af);

	if (n < 0 || n > bits)
		return false;
	memset(mask, 0, sizeof(*mask));
	mask->sa.sa_family = (sa_family_t)af;
	mask->sa.sa_len = af == AF_INET ? sizeof(mask->in) : sizeof(mask->in6);
	for (i = 0; i < (n == 0 ? bits : (unsigned)n); i++)
		b[i / 8] |= (uint8_t)(0x80 >> (i & 7));
	return true;
}

bool
address_read(struct ifconfig *ic, const char *word, struct paddr *p)
{
	char *s = t_strdup(ic->t, word), *slash = strchr(s, '/');
	union any_addr mask;
	int64_t n;
	int af;

	p->prefixlen = -1;
	if (slash != NULL)
		*slash++ = '\0';
	if (!any_address(ic, ic->af, s, &p->a)) {
		memset(&p->a, 0, sizeof(p->a));
		return false;
	}
	af = p->a.sa.sa_family;
	if (slash == NULL || *slash == '\0')
		return true;
	if (af == AF_LINK || !word_number(slash, 0, INT32_MAX, &n))
		return false;
	if (!make_mask(af, n, &mask))
		t_fail(ic->t, 1, EINVAL,
		    "paddr_match: prefixlen_to_mask(%d, %d)", af, (int)n);
	p->prefixlen = (int)n;
	return true;
}

/* --- the words --- */

static void
run_alias(struct ifconfig *ic, const struct action *a)
{
	ic->alias = a->word->arg != 0 ? ALIAS_ADD : ALIAS_DELETE;
}

/* A mask: a number, an address, or the name of a network. */
static bool
read_netmask(struct ifconfig *ic, struct action *a)
{
	int af = ic->af != AF_UNSPEC ? ic->af : ic->addr.a.sa.sa_family;
	uint32_t net;
	uint8_t b[4];

	if (af == AF_LINK)
		return false;
	memset(&ic->mask, 0, sizeof(ic->mask));
	if (af != AF_INET6 && t_net_by_name(ic->t, a->arg, &net)) {
		b[0] = (uint8_t)(net >> 24);
		b[1] = (uint8_t)(net >> 16);
		b[2] = (uint8_t)(net >> 8);
		b[3] = (uint8_t)net;
		memcpy(&ic->mask.in.sin_addr, b, sizeof(b));
		ic->mask.in.sin_len = sizeof(ic->mask.in);
		ic->mask.in.sin_family = AF_INET;
		return true;
	}
	return any_address(ic, af, a->arg, &ic->mask);
}

static bool
read_prefixlen(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return word_number(a->arg, 0, INT32_MAX, &a->num);
}

static void
run_prefixlen(struct ifconfig *ic, const struct action *a)
{
	int af = ic->af != AF_UNSPEC	 ? ic->af :
	    ic->addr.a.sa.sa_family != 0 ? ic->addr.a.sa.sa_family :
					   AF_INET;

	if (af == AF_LINK || !make_mask(af, a->num, &ic->mask))
		t_fail(ic->t, 1, EINVAL, "prefixlen_to_mask");
}

static bool
read_broadcast(struct ifconfig *ic, struct action *a)
{
	int af = ic->af != AF_UNSPEC ? ic->af : ic->addr.a.sa.sa_family;

	return af != AF_LINK && any_address(ic, af, a->arg, &ic->brd);
}

/* Flags of IPv6 addresses; a negative argument clears. */
static void
run_flag6(struct ifconfig *ic, const struct action *a)
{
	int bits = (int)a->word->arg;

	if (bits > 0)
		ic->flags6 |= bits;
	else
		ic->flags6 &= ~-bits;
}

static void
run_eui64(struct ifconfig *ic, const struct action *a)
{
	(void)a;
	ic->eui64 = true;
}

static void
run_active(struct ifconfig *ic, const struct action *a)
{
	(void)a;
	ic->active = true;
}

static bool
read_lifetime(struct ifconfig *ic, struct action *a)
{
	(void)ic;
	return word_number(a->arg, 0, UINT32_MAX, &a->num);
}

static void
run_lifetime(struct ifconfig *ic, const struct action *a)
{
	*(a->word->arg != 0 ? &ic->vltime : &ic->pltime) = a->num;
}

/* It is an address's, so there must be one. */
static bool
read_preference(struct ifconfig *ic, struct action *a)
{
	int64_t n;

	if (ic->addr.a.sa.sa_family == 0 ||
	    !word_number(a->arg, INT16_MIN, INT16_MAX, &n))
		return false;
	ic->have_preference = true;
	ic->preference = (int16_t)n;
	return true;
}

const struct word address_words[] = {
	{ "alias", run_alias, NULL, 1 },
	{ "-alias", run_alias, NULL, 0 },
	{ "delete", run_alias, NULL, 0 },
	{ "netmask", NULL, read_netmask, 0 },
	{ "prefixlen", run_prefixlen, read_prefixlen, 0 },
	{ "broadcast", NULL, read_broadcast, 0 },
	{ "anycast", run_flag6, NULL, IN6_IFF_ANYCAST },
	{ "-anycast", run_flag6, NULL, -IN6_IFF_ANYCAST },
	{ "tentative", run_flag6, NULL, IN6_IFF_TENTATIVE },
	{ "-tentative", run_flag6, NULL, -IN6_IFF_TENTATIVE },
	{ "deprecated", run_flag6, NULL, IN6_IFF_DEPRECATED },
	{ "-deprecated", run_flag6, NULL, -IN6_IFF_DEPRECATED },
	{ "eui64", run_eui64, NULL, 0 },
	{ "active", run_active, NULL, 0 },
	{ "pltime", run_lifetime, read_lifetime, 0 },
	{ "vltime", run_lifetime, read_lifetime, 1 },
	{ "preference", NULL, read_preference, 0 },
	{ NULL, NULL, NULL, 0 },
};

/* --- setting --- */

static int
family_ioctl(struct ifconfig *ic, int af, unsigned long com, void *data)
{
	int s = ifconfig_socket(ic, af);

	return s < 0 ? s : sys_ioctl(ic->t, s, com, data);
}

/* The first IPv4 address, which a plain new one takes the place of: 0 or -errno. */
static int
inet_first(struct ifconfig *ic, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	ifconfig_name(ic, ifr->ifr_name);
	ifr->ifr_ifru.ifru_addr.sa_family = AF_INET;
	return family_ioctl(ic, AF_INET, SIOCGIFADDR, ifr);
}

static void
inet_delete(struct ifconfig *ic)
{
	struct ifreq ifr;
	int error;

	if (ic->addr.a.sa.sa_family == 0) {
		error = inet_first(ic, &ifr);
		if (error < 0)
			t_fail(ic->t, 1, error, "SIOCGIFADDR");
	} else {
		memset(&ifr, 0, sizeof(ifr));
		ifconfig_name(ic, ifr.ifr_name);
		memcpy(&ifr.ifr_ifru.ifru_addr, &ic->addr.a.in,
		    sizeof(ic->addr.a.in));
	}
	error = family_ioctl(ic, AF_INET, SIOCDIFADDR, &ifr);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCDIFADDR");
}

/* The mask: by its word, else by the slash. Family 0: the kernel's choice. */
static void
choose_mask(struct ifconfig *ic, union any_addr *mask)
{
	int af = ic->addr.a.sa.sa_family;

	if (ic->mask.sa.sa_family == af)
		*mask = ic->mask;
	else if (ic->addr.prefixlen < 0 ||
	    !make_mask(af, ic->addr.prefixlen, mask))
		memset(mask, 0, sizeof(*mask));
}

static void
inet_set(struct ifconfig *ic, int flags)
{
	struct in_aliasreq req;
	union any_addr mask;
	struct ifreq ifr;
	int error;

	if (ic->alias != ALIAS_ADD && inet_first(ic, &ifr) >= 0) {
		error = family_ioctl(ic, AF_INET, SIOCDIFADDR, &ifr);
		if (error < 0)
			t_fail(ic->t, 1, error, "SIOCDIFADDR");
	}
	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.ifra_name);
	req.ifra_addr = ic->addr.a.in;
	choose_mask(ic, &mask);
	req.ifra_mask = mask.in;
	if ((flags & IFF_POINTOPOINT) != 0)
		req.ifra_dstaddr = ic->dst.a.in;
	else if ((flags & IFF_BROADCAST) != 0) {
		req.ifra_dstaddr = ic->brd.in;
		/* What would be the other end is the mask of an interface that has none. */
		if (mask.sa.sa_family == 0)
			req.ifra_mask = ic->dst.a.in;
	}
	error = family_ioctl(ic, AF_INET, SIOCAIFADDR, &req);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCAIFADDR");
}

static void
inet6_delete(struct ifconfig *ic)
{
	struct in6_ifreq ifr;
	int error;

	memset(&ifr, 0, sizeof(ifr));
	ifconfig_name(ic, ifr.ifr_name);
	if (ic->addr.a.sa.sa_family == 0) {
		error = family_ioctl(ic, AF_INET6, SIOCGIFADDR_IN6, &ifr);
		if (error < 0)
			t_fail(ic->t, 1, error, "SIOCGIFADDR_IN6");
	} else
		ifr.ifr_ifru.ifru_addr = ic->addr.a.in6;
	error = family_ioctl(ic, AF_INET6, SIOCDIFADDR_IN6, &ifr);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCDIFADDR_IN6");
}

/* The lower half of the interface's link-local address. */
static void
fill_eui64(struct ifconfig *ic, struct sockaddr_in6 *sin6)
{
	const struct if_entry *e = iflist_name(ifconfig_list(ic), ic->ifname);
	uint8_t *b = sin6->sin6_addr.__u6_addr.__u6_addr8;
	static const uint8_t none[8];
	const struct ifa_entry *a;

	if (memcmp(b + 8, none, 8) != 0)
		t_errx(ic->t, 1, "the lower 64 bits of the address are in use");
	for (a = e != NULL ? e->addrs : NULL; a != NULL; a = a->next) {
		const uint8_t *have = a->addr.in6.sin6_addr.__u6_addr.__u6_addr8;

		if (a->addr.sa.sa_family == AF_INET6 && have[0] == 0xfe &&
		    (have[1] & 0xc0) == 0x80) {
			memcpy(b + 8, have + 8, 8);
			return;
		}
	}
	t_errx(ic->t, 1, "could not determine link local address");
}

static void
lifetimes(struct ifconfig *ic, struct in6_addrlifetime *lt)
{
	struct timespec now = { 0, 0 };

	lt->ia6t_vltime = lt->ia6t_pltime = ND6_INFINITE_LIFETIME;
	if (ic->vltime < 0 && ic->pltime < 0)
		return;
	if (sys_clock_gettime(ic->t, CLOCK_REALTIME, &now) != 0)
		now.tv_sec = 0;
	if (ic->vltime >= 0) {
		lt->ia6t_vltime = (uint32_t)ic->vltime;
		lt->ia6t_expire = now.tv_sec + ic->vltime;
	}
	if (ic->pltime >= 0) {
		lt->ia6t_pltime = (uint32_t)ic->pltime;
		lt->ia6t_preferred = now.tv_sec + ic->pltime;
	}
}

static void
inet6_set(struct ifconfig *ic)
{
	struct in6_aliasreq req;
	union any_addr mask;
	int error;

	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.ifra_name);
	if (ic->eui64)
		fill_eui64(ic, &ic->addr.a.in6);
	req.ifra_addr = ic->addr.a.in6;
	choose_mask(ic, &mask);
	if (mask.sa.sa_family == 0)
		make_mask(AF_INET6, 64, &mask);
	req.ifra_prefixmask = mask.in6;
	if (ic->dst.a.sa.sa_family == AF_INET6)
		req.ifra_dstaddr = ic->dst.a.in6;
	else if (ic->brd.sa.sa_family == AF_INET6)
		req.ifra_dstaddr = ic->brd.in6;
	req.ifra_flags = ic->flags6;
	lifetimes(ic, &req.ifra_lifetime);
	error = family_ioctl(ic, AF_INET6, SIOCAIFADDR_IN6, &req);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCAIFADDR_IN6");
}

static void
link_change(struct ifconfig *ic)
{
	bool delete = ic->alias == ALIAS_DELETE;
	struct if_laddrreq req;
	int error;

	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.iflr_name);
	if (ic->active)
		req.flags = IFLR_ACTIVE;
	memcpy(&req.addr, &ic->addr.a.dl, ic->addr.a.sa.sa_len);
	error = family_ioctl(
	    ic, AF_LINK, delete ? SIOCDLIFADDR : SIOCALIFADDR, &req);
	if (error < 0)
		t_fail(
		    ic->t, 1, error, delete ? "SIOCDLIFADDR" : "SIOCALIFADDR");
}

static void
set_preference(struct ifconfig *ic)
{
	struct if_addrprefreq req;
	int error;

	memset(&req, 0, sizeof(req));
	ifconfig_name(ic, req.ifap_name);
	req.ifap_preference = ic->preference;
	memcpy(&req.ifap_addr, &ic->addr.a, ic->addr.a.sa.sa_len);
	error = family_ioctl(ic, ic->addr.a.sa.sa_family, SIOCSIFADDRPREF, &req);
	if (error < 0)
		t_fail(ic->t, 1, error, "SIOCSIFADDRPREF");
}

void
address_commit(struct ifconfig *ic)
{
	int af = ic->addr.a.sa.sa_family, flags, error;
	bool delete = ic->alias == ALIAS_DELETE;

	if (af == 0 && !delete)
		return;
	if (af == 0)
		af = ic->af != AF_UNSPEC ? ic->af : AF_INET;
	error = ifconfig_socket(ic, af);
	if (error < 0)
		t_fail(ic->t, 1, error, "commit_address: getsock");
	error = delete ? 0 : ifconfig_getflags(ic, &flags);
	if (error < 0)
		t_fail(ic->t, 1, error, "commit_address: getifflags");
	if (af == AF_LINK)
		link_change(ic);
	else if (delete &&af == AF_INET)
		inet_delete(ic);
	else if (delete)
		inet6_delete(ic);
	else if (af == AF_INET)
		inet_set(ic, flags);
	else
		inet6_set(ic);
	if (!delete &&ic->have_preference && af != AF_LINK)
		set_preference(ic);
}
