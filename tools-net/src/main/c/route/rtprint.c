/* SPDX-License-Identifier: BSD-2-Clause */
/* Routes as text. Layouts are those of the recorded tables. */
#include "rtprint.h"
#include <netbsd/sysctl.h>
#include <stdio.h>

struct bit {
	int flag;
	const char *name;
	char letter; /* in tables */
	bool all;    /* by netstat only */
};
static const struct bit bits[] = {
	{ RTF_UP, "UP", 'U', false },
	{ RTF_GATEWAY, "GATEWAY", 'G', false },
	{ RTF_HOST, "HOST", 'H', false },
	{ RTF_REJECT, "REJECT", 'R', false },
	{ RTF_DYNAMIC, "DYNAMIC", 'D', true },
	{ RTF_MODIFIED, "MODIFIED", 'M', true },
	{ RTF_DONE, "DONE", 'd', false },
	{ RTF_MASK, "MASK_PRESENT", 'm', false },
	{ RTF_CONNECTED, "CONNECTED", 'C', true },
	{ RTF_LLDATA, "LLINFO", 0, false },
	{ RTF_STATIC, "STATIC", 'S', true },
	{ RTF_BLACKHOLE, "BLACKHOLE", 0, false },
	{ RTF_PROTO2, "PROTO2", '2', true },
	{ RTF_PROTO1, "PROTO1", '1', true },
	{ RTF_SRC, "SRC", 0, false },
	{ RTF_ANNOUNCE, "ANNOUNCE", 'p', false },
	{ RTF_LOCAL, "LOCAL", 'l', false },
	{ RTF_BROADCAST, "BROADCAST", 'b', false },
};
#define NBITS (sizeof(bits) / sizeof(bits[0]))

const char *
rtprint_flags(struct rtprint *r, int flags)
{
	char *s = t_malloc(r->t, 256);
	size_t n = 0;

	s[0] = '\0';
	for (size_t i = 0; i < NBITS; i++)
		if ((flags & bits[i].flag) != 0)
			n += (size_t)snprintf(s + n, 256 - n, "%c%s",
			    n == 0 ? '<' : ',', bits[i].name);
	if (n > 0)
		snprintf(s + n, 256 - n, ">");
	return s;
}

static const char *
letters(struct rtprint *r, int flags)
{
	char *s = t_malloc(r->t, NBITS + 2);
	size_t n = 0;

	for (size_t i = 0; i < NBITS; i++) {
		if (bits[i].letter != 0 && (r->all_flags || !bits[i].all) &&
		    (flags & bits[i].flag) != 0)
			s[n++] = bits[i].letter;
		/* In words it stands later. */
		if (bits[i].flag == RTF_REJECT && r->all_flags &&
		    (flags & RTF_BLACKHOLE) != 0)
			s[n++] = 'B';
	}
	s[n] = '\0';
	return s;
}

/* --- addresses --- */

static const char *
link_addr_text(struct rtprint *r, const union any_addr *a)
{
	const struct sockaddr_dl *dl = &a->dl;
	unsigned len;
	const uint8_t *b = link_bytes(a, &len);
	char text[64], *s;
	size_t at = 0;

	if (len == 0 && dl->sdl_addr.dl_nlen > 0)
		return t_asprintf(r->t, "%.*s", (int)dl->sdl_addr.dl_nlen,
		    dl->sdl_addr.dl_data);
	if (len == 0)
		return t_asprintf(r->t, "link#%d", dl->sdl_index);
	if (len == 6)
		return t_strdup(r->t, link_text(a, text));
	s = t_malloc(r->t, len * 3 + 1);
	for (unsigned i = 0; i < len; i++)
		at += (size_t)snprintf(
		    s + at, 4, "%s%x", i != 0 ? "." : "", b[i]);
	return s;
}

const char *
rtprint_addr(struct rtprint *r, const union any_addr *a)
{
	char text[80];

	switch (a->sa.sa_family) {
	case AF_INET:
		if (a->in.sin_addr.s_addr == 0)
			return "default";
		return t_strdup(r->t, t_inet_ntop4(a->in.sin_addr.s_addr, text));
	case AF_INET6:
		/* Without a zone, as the recorded tables have hosts. */
		return t_strdup(r->t,
		    t_inet_ntop6(a->in6.sin6_addr.__u6_addr.__u6_addr8, text));
	case AF_LINK:
		return link_addr_text(r, a);
	default:
		if (a->sa.sa_len == 0)
			return "default";
		return t_asprintf(r->t, "(%d)", a->sa.sa_family);
	}
}

/* A network of link scope with its zone; of interface scope with the zone's number inside. */
static char *
net6_text(struct rtprint *r, const struct sockaddr_in6 *sin6, char out[80])
{
	struct sockaddr_in6 a = *sin6;
	uint8_t *b = a.sin6_addr.__u6_addr.__u6_addr8;

	if (b[0] == 0xff && (b[1] & 0xf) == 1) {
		b[2] = (uint8_t)(a.sin6_scope_id >> 8);
		b[3] = (uint8_t)a.sin6_scope_id;
		return t_inet_ntop6(b, out);
	}
	return in6_text(&a, r->ifs, out);
}

static uint32_t
be32(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

/* Bytes of a mask, which may be cut after its last one. */
static unsigned
mask_bits(int af, const union any_addr *mask)
{
	size_t at = af == AF_INET6 ? offsetof(struct sockaddr_in6, sin6_addr) :
				     offsetof(struct sockaddr_in, sin_addr);
	size_t full = af == AF_INET6 ? 16 : 4;
	uint8_t b[16] = { 0 };

	for (size_t i = 0; i < full && at + i < mask->sa.sa_len; i++)
		b[i] = mask->bytes[at + i];
	return mask_length(b, full);
}

static const char *
net4(struct rtprint *r, uint32_t net, unsigned plen, unsigned shown)
{
	const char *name = r->numeric ? NULL : t_net_by_addr(r->t, net);
	unsigned octets = plen == 0 ? 1 : (plen + 7) / 8, at = 0;
	char s[20];

	if (name != NULL)
		return name;
	for (unsigned i = 0; i < octets; i++)
		at += (unsigned)snprintf(s + at, sizeof(s) - at, "%s%u",
		    i > 0 ? "." : "", net >> (24 - 8 * i) & 0xff);
	return t_asprintf(r->t, "%s/%u", s, shown);
}

const char *
rtprint_net(
    struct rtprint *r, const union any_addr *dst, const union any_addr *mask)
{
	char text[80];

	(void)mask;
	switch (dst->sa.sa_family) {
	case AF_INET: {
		uint32_t net = be32(&dst->in.sin_addr);
		unsigned plen = 8;

		if (net == 0)
			return "default";
		if ((net >> 30) == 2)
			plen = 16;
		else if ((net >> 29) == 6)
			plen = 24;
		return net4(r, net, plen, 0);
	}
	case AF_INET6:
		return t_asprintf(
		    r->t, "%s/128", in6_text(&dst->in6, r->ifs, text));
	default:
		return rtprint_addr(r, dst);
	}
}

const char *
rtprint_dest(struct rtprint *r, const union any_addr *dst,
    const union any_addr *mask, int flags)
{
	bool host = (flags & RTF_HOST) != 0;
	unsigned plen;
	char text[80];

	if (host)
		return rtprint_addr(r, dst);
	plen = mask_bits(dst->sa.sa_family, mask);
	switch (dst->sa.sa_family) {
	case AF_INET:
		if (dst->in.sin_addr.s_addr == 0 && plen == 0)
			return "default";
		return net4(r, be32(&dst->in.sin_addr), plen, plen);
	case AF_INET6:
		if (plen == 0) {
			static const uint8_t zeros[16];

			if (memcmp(&dst->in6.sin6_addr, zeros, 16) == 0)
				return "default";
		}
		return t_asprintf(
		    r->t, "%s/%u", net6_text(r, &dst->in6, text), plen);
	default:
		return rtprint_addr(r, dst);
	}
}

/* --- the table --- */

static const char *
family_name(int af)
{
	switch (af) {
	case AF_INET:
		return "Internet";
	case AF_INET6:
		return "Internet6";
	default:
		return NULL;
	}
}

static void
heading(struct rtprint *r, int af)
{
	int dst = af == AF_INET6 && r->numeric ? 39 : 18,
	    gw = af == AF_INET6 && r->numeric ? 30 : 18;

	t_printf(r->t, "\n%s:\n", family_name(af));
	t_printf(r->t, "%-*s %-*s %-6.6s %6.6s %8.8s %6.6s", dst, "Destination",
	    gw, "Gateway", "Flags", "Refs", "Use", "Mtu");
	t_printf(r->t, "%s Interface\n", r->tags ? "     Tag" : "");
}

static const char *
if_name(struct rtprint *r, unsigned index, char out[IFNAMSIZ])
{
	const struct if_entry *i = iflist_index(r->ifs, index);

	if (i != NULL)
		return i->name;
	snprintf(out, IFNAMSIZ, "%u", index);
	return out;
}

/* Those that are locked have an L. */
static void
metrics(struct rtprint *r, const struct rt_metrics *m)
{
#define LOCK(bit) ((m->rmx_locks & (bit)) != 0 ? 'L' : ' ')
	t_printf(r->t,
	    "\texpire   %10jd%c  recvpipe %10ju%c  sendpipe %10ju%c\n"
	    "\tssthresh %10ju%c  rtt      %10ju%c  rttvar   %10ju%c\n"
	    "\thopcount %10ju%c\n",
	    (intmax_t)m->rmx_expire, LOCK(RTV_EXPIRE),
	    (uintmax_t)m->rmx_recvpipe, LOCK(RTV_RPIPE),
	    (uintmax_t)m->rmx_sendpipe, LOCK(RTV_SPIPE),
	    (uintmax_t)m->rmx_ssthresh, LOCK(RTV_SSTHRESH),
	    (uintmax_t)m->rmx_rtt, LOCK(RTV_RTT), (uintmax_t)m->rmx_rttvar,
	    LOCK(RTV_RTTVAR), (uintmax_t)m->rmx_hopcount, LOCK(RTV_HOPCOUNT));
#undef LOCK
}

static void
row(struct rtprint *r, const struct rt_msghdr *rtm,
    const union any_addr info[RTAX_MAX])
{
	int af = info[RTAX_DST].sa.sa_family;
	int dst = af == AF_INET6 && r->numeric ? 39 : 18,
	    gw = af == AF_INET6 && r->numeric ? 30 : 18;
	const char *d = rtprint_dest(
	    r, &info[RTAX_DST], &info[RTAX_NETMASK], rtm->rtm_flags);
	const char *g = rtprint_addr(r, &info[RTAX_GATEWAY]);
	char name[IFNAMSIZ], mtu[24] = "-";

	if (r->numeric || r->verbose)
		t_printf(r->t, "%-*s %-*s ", dst, d, gw, g);
	else
		t_printf(r->t, "%-*.*s %-*.*s ", dst, dst, d, gw, gw, g);
	if (rtm->rtm_rmx.rmx_mtu != 0)
		snprintf(
		    mtu, sizeof(mtu), "%ju", (uintmax_t)rtm->rtm_rmx.rmx_mtu);
	t_printf(r->t, "%-6s ", letters(r, rtm->rtm_flags));
	t_printf(r->t, "%6s ", "-");
	if (rtm->rtm_use > 0)
		t_printf(r->t, "%8d", rtm->rtm_use);
	else
		t_printf(r->t, "%8s", "-");
	t_printf(r->t, " %6s%c", mtu,
	    (rtm->rtm_rmx.rmx_locks & RTV_MTU) != 0 ? 'L' : ' ');
	if (r->tags)
		t_printf(r->t, "%7s",
		    info[RTAX_TAG].sa.sa_len != 0 ?
			rtprint_addr(r, &info[RTAX_TAG]) :
			"-");
	t_printf(r->t, " %s\n", if_name(r, rtm->rtm_index, name));
	if (r->verbose)
		metrics(r, &rtm->rtm_rmx);
}

int
rtprint_table(struct rtprint *r, int af)
{
	void *buf;
	size_t len;
	int error, last = AF_UNSPEC;
	union any_addr *info = t_calloc(r->t, RTAX_MAX, sizeof(*info));

	if ((error = rt_sysctl(r->t, af, NET_RT_DUMP, 0, &buf, &len)) != 0)
		return error;
	t_printf(r->t, "Routing tables\n");
	for (size_t at = 0; at + sizeof(struct rt_msghdr) <= len;) {
		const uint8_t *p = (const uint8_t *)buf + at;
		struct rt_msghdr rtm;

		memcpy(&rtm, p, sizeof(rtm));
		if (rtm.rtm_msglen < sizeof(rtm) || rtm.rtm_msglen > len - at)
			break;
		at += rtm.rtm_msglen;
		if (rtm.rtm_version != RTM_VERSION ||
		    !rt_addresses(p + sizeof(rtm), p + rtm.rtm_msglen,
			rtm.rtm_addrs, info))
			continue;
		if (family_name(info[RTAX_DST].sa.sa_family) == NULL ||
		    (af != AF_UNSPEC && info[RTAX_DST].sa.sa_family != af))
			continue;
		if (!r->neighbours && (rtm.rtm_flags & RTF_LLDATA) != 0 &&
		    (rtm.rtm_flags & RTF_LOCAL) == 0)
			continue;
		if (info[RTAX_DST].sa.sa_family != last) {
			last = info[RTAX_DST].sa.sa_family;
			heading(r, last);
		}
		row(r, &rtm, info);
	}
	return 0;
}
