/* SPDX-License-Identifier: BSD-2-Clause */
/* ndp's lists but for the neighbours: prefixes, routers, an interface's variables, the default interface. */
#include "ndp.h"
#include <netbsd/sysctl.h>
#include <inttypes.h>
#include <stdio.h>

#define MAXLIST (16u << 20)

/* sysctl net.inet6.icmp6.<name>: everything that it has. */
static const uint8_t *
list(struct ndp *n, int name, const char *what, size_t *len)
{
	int mib[4] = { CTL_NET, AF_INET6, IPPROTO_ICMPV6, name };
	void *buf;
	int error;

	*len = 0;
	error = sys_sysctl(n->t, mib, 4, NULL, len, NULL, 0);
	if (error < 0 || *len > MAXLIST)
		t_fail(n->t, 1, error < 0 ? error : ENOMEM, "sysctl(%s)", what);
	*len += 4096;
	buf = t_calloc(n->t, 1, *len);
	error = sys_sysctl(n->t, mib, 4, buf, len, NULL, 0);
	if (error < 0)
		t_fail(n->t, 1, error, "sysctl(%s)", what);
	return buf;
}

static const char *
interface_name(struct ndp *n, unsigned index)
{
	const struct if_entry *e = iflist_index(n->ifs, index);

	return e != NULL ? e->name : "?";
}

static void
print_expire(struct ndp *n, int64_t expire)
{
	int64_t now = ndp_now(n);
	char span[48];

	t_printf(n->t, "expire=%s",
	    expire == 0	     ? "Never" :
		expire > now ? ndp_span(expire - now, span) :
			       "expired");
}

static void
print_lifetime(struct ndp *n, const char *name, uint32_t v)
{
	if (v == ND6_INFINITE_LIFETIME)
		t_printf(n->t, "%s=infinity", name);
	else
		t_printf(n->t, "%s=%" PRIu32, name, v);
}

static void
print_advertiser(
    struct ndp *n, const struct sockaddr_in6 *router, unsigned ifindex)
{
	struct in6_nbrinfo nbi;
	char host[80];

	t_printf(n->t, "    %s", ndp_host(n, router, host));
	if (!ndp_state(n, router, ifindex, &nbi))
		t_printf(n->t, " (no neighbor state)\n");
	else if (nbi.state == ND6_LLINFO_REACHABLE ||
	    nbi.state == ND6_LLINFO_STALE || nbi.state == ND6_LLINFO_DELAY)
		t_printf(n->t, " (reachable)\n");
	else
		t_printf(n->t, " (unreachable)\n");
}

int
ndp_prefixes(struct ndp *n)
{
	const uint8_t *p, *end;
	struct in6_prefix prefix;
	struct sockaddr_in6 router;
	char host[80];
	size_t len;
	unsigned i;

	p = list(n, ICMPV6CTL_ND6_PRLIST, "ICMPV6CTL_ND6_PRLIST", &len);
	for (end = p + len; (size_t)(end - p) >= sizeof(prefix);) {
		memcpy(&prefix, p, sizeof(prefix));
		p += sizeof(prefix);
		in6_zone_out(&prefix.prefix);
		t_printf(n->t, "%s/%u if=%s\nflags=%s%s%s%s%s ",
		    in6_text(&prefix.prefix, n->ifs, host), prefix.prefixlen,
		    interface_name(n, prefix.if_index),
		    prefix.raflags.onlink != 0 ? "L" : "",
		    prefix.raflags.autonomous != 0 ? "A" : "",
		    (prefix.flags & NDPRF_ONLINK) != 0 ? "O" : "",
		    (prefix.flags & NDPRF_DETACHED) != 0 ? "D" : "",
		    (prefix.flags & NDPRF_HOME) != 0 ? "H" : "");
		print_lifetime(n, "vltime", prefix.vltime);
		print_lifetime(n, ", pltime", prefix.pltime);
		t_printf(n->t, ", ");
		print_expire(n, prefix.expire);
		t_printf(n->t, ", ref=%d\n", prefix.refcnt);
		t_printf(n->t,
		    prefix.advrtrs != 0 ? "  advertised by\n" :
					  "  No advertising router\n");
		for (i = 0;
		     i < prefix.advrtrs && (size_t)(end - p) >= sizeof(router);
		     i++, p += sizeof(router)) {
			memcpy(&router, p, sizeof(router));
			in6_zone_out(&router);
			print_advertiser(n, &router, prefix.if_index);
		}
	}
	return 0;
}

int
ndp_routers(struct ndp *n)
{
	static const char *const prefs[] = { "medium", "high", "rsv", "low" };
	struct in6_defrouter r;
	const uint8_t *p;
	size_t len;
	char host[80];

	p = list(n, ICMPV6CTL_ND6_DRLIST, "ICMPV6CTL_ND6_DRLIST", &len);
	for (; len >= sizeof(r); p += sizeof(r), len -= sizeof(r)) {
		memcpy(&r, p, sizeof(r));
		in6_zone_out(&r.rtaddr);
		t_printf(n->t, "%s if=%s, flags=%s%s, pref=%s, ",
		    ndp_host(n, &r.rtaddr, host), interface_name(n, r.if_index),
		    (r.flags & ND_RA_FLAG_MANAGED) != 0 ? "M" : "",
		    (r.flags & ND_RA_FLAG_OTHER) != 0 ? "O" : "",
		    prefs[(r.flags & ND_RA_FLAG_RTPREF_MASK) >> 3]);
		print_expire(n, (int64_t)r.expire);
		t_putc(n->t, '\n');
	}
	return 0;
}

int
ndp_flush(struct ndp *n, unsigned long com, const char *what)
{
	struct in6_ifreq ifr;
	int error;

	memset(&ifr, 0, sizeof(ifr));
	/* Any interface will do. */
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "lo0");
	error = ndp_ioctl(n, com, &ifr);
	if (error < 0)
		t_fail(n->t, 1, error, "%s", what);
	return 0;
}

/* --- an interface --- */

static const struct {
	const char *name;
	uint32_t bit;
} nd_flags[] = { { "nud", ND6_IFF_PERFORMNUD },
	{ "disabled", ND6_IFF_IFDISABLED },
	{ "accept_rtadv", ND6_IFF_ACCEPT_RTADV },
	{ "override_rtadv", ND6_IFF_OVERRIDE_RTADV },
	{ "auto_linklocal", ND6_IFF_AUTO_LINKLOCAL },
	{ "prefer_source", ND6_IFF_PREFER_SOURCE } };
#define NFLAGS (sizeof(nd_flags) / sizeof(nd_flags[0]))

/* Words that are no flag are passed over. */
static uint32_t
change(uint32_t flags, const char *word)
{
	bool clear = word[0] == '-';
	size_t i;

	for (i = 0; i < NFLAGS; i++)
		if (strcmp(word + clear, nd_flags[i].name) == 0)
			flags = clear ? flags & ~nd_flags[i].bit :
					flags | nd_flags[i].bit;
	return flags;
}

int
ndp_interface(struct ndp *n, const char *name, char *const *words)
{
	struct in6_ndireq req;
	size_t i;
	int error;

	memset(&req, 0, sizeof(req));
	snprintf(req.ifname, sizeof(req.ifname), "%s", name);
	error = ndp_ioctl(n, SIOCGIFINFO_IN6, &req);
	if (error < 0)
		t_fail(n->t, 1, error, "ioctl(SIOCGIFINFO_IN6)");
	if (*words != NULL) {
		for (; *words != NULL; words++)
			req.ndi.flags = change(req.ndi.flags, *words);
		error = ndp_ioctl(n, SIOCSIFINFO_FLAGS, &req);
		if (error < 0)
			t_fail(n->t, 1, error, "ioctl(SIOCSIFINFO_FLAGS)");
		error = ndp_ioctl(n, SIOCGIFINFO_IN6, &req);
		if (error < 0)
			t_fail(n->t, 1, error, "ioctl(SIOCGIFINFO_IN6)");
	}
	t_printf(n->t, "linkmtu=%u, maxmtu=%u, curhlim=%u",
	    (unsigned)req.ndi.linkmtu, (unsigned)req.ndi.maxmtu, req.ndi.chlim);
	t_printf(n->t,
	    ", basereachable=%us%ums, reachable=%us, retrans=%us%ums\n",
	    (unsigned)req.ndi.basereachable / 1000,
	    (unsigned)req.ndi.basereachable % 1000, (unsigned)req.ndi.reachable,
	    (unsigned)req.ndi.retrans / 1000, (unsigned)req.ndi.retrans % 1000);
	if (req.ndi.flags == 0)
		return 0;
	t_printf(n->t, "Flags: ");
	for (i = 0; i < NFLAGS; i++)
		if ((req.ndi.flags & nd_flags[i].bit) != 0)
			t_printf(n->t, "%s ", nd_flags[i].name);
	t_putc(n->t, '\n');
	return 0;
}

int
ndp_default(struct ndp *n, const char *name)
{
	const struct if_entry *e;
	struct in6_ndifreq req;
	int error;

	memset(&req, 0, sizeof(req));
	snprintf(req.ifname, sizeof(req.ifname), "lo0");
	if (name != NULL) {
		e = iflist_name(n->ifs, name);
		if (e == NULL && strcmp(name, "delete") != 0)
			t_errx(n->t, 1, "invalid interface %s", name);
		req.ifindex = e != NULL ? e->index : 0;
		error = ndp_ioctl(n, SIOCSDEFIFACE_IN6, &req);
		if (error < 0)
			t_fail(n->t, 1, error, "ioctl(SIOCSDEFIFACE_IN6)");
	}
	memset(&req, 0, sizeof(req));
	snprintf(req.ifname, sizeof(req.ifname), "lo0");
	error = ndp_ioctl(n, SIOCGDEFIFACE_IN6, &req);
	if (error < 0)
		t_fail(n->t, 1, error, "ioctl(SIOCGDEFIFACE_IN6)");
	if (req.ifindex == 0)
		t_printf(n->t, "No default interface.\n");
	else
		t_printf(n->t, "ND default interface = %s\n",
		    interface_name(n, (unsigned)req.ifindex));
	return 0;
}
