/* SPDX-License-Identifier: BSD-2-Clause */
/* Which port a socket gets that does not ask for one (RFC 6056; net.inet.ip.anonportalgo, IP_PORTALGO). */
#include <netbsd/netstats.h>
#include "netinet/in_pcb.h"
#include "netinet6/inet6.h"

static const char *const names[] = {
	[PORTALGO_BSD] = "bsd",
	[PORTALGO_RANDOM_START] = "random_start",
	[PORTALGO_RANDOM_PICK] = "random_pick",
	[PORTALGO_HASH] = "hash",
	[PORTALGO_DOUBLEHASH] = "doublehash",
	[PORTALGO_RANDINC] = "randinc",
};
#define NALGOS ((int)(sizeof(names) / sizeof(names[0])))

int
portalgo_number(const char *name)
{
	for (int i = 0; i < NALGOS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -EINVAL;
}

const char *
portalgo_name(int algo)
{
	return algo < 0 || algo >= NALGOS ? NULL : names[algo];
}

struct range {
	unsigned min, max;
	const uint32_t *reserved;
	bool low;
};

static void
range_of(const struct inpcb *inp, struct range *r)
{
	struct rump_kernel *k = inp->inp_table->it_k;
	const struct inet_state *is = INET(k);
	const struct inet6_state *i6 = inp->inp_af == AF_INET6 ? INET6(k) : NULL;

	r->low = (inp->inp_flags & INP_LOWPORT) != 0;
	r->reserved = i6 != NULL ? is->is_portreserve6 : is->is_portreserve;
	if (r->low) {
		r->min = (unsigned)(i6 != NULL ? i6->ip6_lowportmin :
						 is->ip_lowportmin);
		r->max = (unsigned)(i6 != NULL ? i6->ip6_lowportmax :
						 is->ip_lowportmax);
	} else {
		r->min = (unsigned)(i6 != NULL ? i6->ip6_anonportmin :
						 is->ip_anonportmin);
		r->max = (unsigned)(i6 != NULL ? i6->ip6_anonportmax :
						 is->ip_anonportmax);
	}
	if (r->min > r->max) {
		unsigned t = r->min;

		r->min = r->max;
		r->max = t;
	}
}

static uint32_t
hash_names(const struct inpcbtable *t, const struct in_any *laddr,
    const struct in_any *faddr, uint16_t fport, unsigned which)
{
	uint64_t h = t->it_secret[which] |
	    (uint64_t)t->it_secret[(which + 1) & 3] << 32;
	const uint64_t v[] = { laddr->a64[0], laddr->a64[1],
		faddr == NULL ? 0 : faddr->a64[0],
		faddr == NULL ? 0 : faddr->a64[1], fport };

	for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		h = (h ^ v[i]) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 31;
	}
	return (uint32_t)(h >> 16);
}

static uint32_t
random32(struct rump_kernel *k)
{
	uint32_t r;

	kern_random(k, &r, sizeof(r));
	return r;
}

/* Where to begin in a range of n, from its upper end down. */
static unsigned
begin(struct inpcb *inp, const struct range *r, unsigned n, int algo,
    const struct in_any *laddr, const struct in_any *faddr, uint16_t fport)
{
	struct inpcbtable *t = inp->inp_table;
	uint16_t *last = r->low ? &t->it_lastlow : &t->it_lastport;
	unsigned at = *last >= r->min && *last <= r->max ? r->max - *last + 1 :
							   0;

	switch (algo) {
	case PORTALGO_BSD:
		return at % n;
	case PORTALGO_HASH:
	case PORTALGO_DOUBLEHASH:
		return (hash_names(t, laddr, faddr, fport, 0) + at) % n;
	case PORTALGO_RANDINC:
		return (at + random32(t->it_k) % 500) % n;
	default:
		return random32(t->it_k) % n;
	}
}

struct asked {
	struct inpcb *inp;
	struct cred *cred;
	const struct range *r;
	const struct in_any *laddr, *faddr;
	uint16_t fport;
};

/* Connections may share a port while their other ends differ. */
static bool
is_free(const struct asked *a, unsigned port)
{
	const struct inpcbtable *t = a->inp->inp_table;
	uint16_t lport = htons(port);

	if ((a->r->reserved[port / 32] & 1u << port % 32) != 0)
		return false;
	if (a->faddr == NULL)
		return in_pcbcheckuse(a->inp, a->cred, a->laddr,
			   a->inp->inp_zone, lport, false) == 0;
	for (const struct inpcb_key *o = in_pcbport_first(t, lport); o != NULL;
	     o = o->ik_portnext)
		if (o != &a->inp->inp_key && o->ik_lport == lport &&
		    (in_any_unspecified(&o->ik_laddr) ||
			in_any_eq(&o->ik_laddr, a->laddr)) &&
		    (o->ik_fport == 0 ||
			(o->ik_fport == a->fport &&
			    in_any_eq(&o->ik_faddr, a->faddr))))
			return false;
	return true;
}

uint16_t
in_portpick(struct inpcb *inp, struct cred *cred, const struct in_any *laddr,
    const struct in_any *faddr, uint16_t fport)
{
	struct inpcbtable *t = inp->inp_table;
	int algo = inp->inp_portalgo;
	struct range r;
	struct asked a = { inp, cred, &r, laddr, faddr, fport };
	unsigned n, at;

	if (algo < 0 || algo >= NALGOS)
		algo = inp->inp_af == AF_INET6 ?
		    INET(t->it_k)->is_anonportalgo6 :
		    INET(t->it_k)->is_anonportalgo;
	range_of(inp, &r);
	if (r.max > 65535 || r.min == 0)
		return 0;
	n = r.max - r.min + 1;
	at = begin(inp, &r, n, algo, laddr, faddr, fport);
	for (unsigned i = 0; i < n; i++) {
		unsigned port = r.max - (at + i) % n;

		if (algo == PORTALGO_RANDOM_PICK && i < 32)
			port = r.max - random32(t->it_k) % n;
		if (!is_free(&a, port))
			continue;
		*(r.low ? &t->it_lastlow : &t->it_lastport) = (uint16_t)port;
		return htons(port);
	}
	return 0;
}
