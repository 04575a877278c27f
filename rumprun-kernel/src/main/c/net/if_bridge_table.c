/* SPDX-License-Identifier: BSD-2-Clause */
/* A bridge's table of addresses: who lives behind which port. */
#include "net/if_bridge_private.h"

#define NSEC INT64_C(1000000000)

static struct bridge_route **
bucket(struct bridge *sc, const uint8_t addr[6])
{
	uint32_t h = be32_get(addr + 2) * 2654435761u ^ be16_get(addr);

	return &sc->sc_hash[(h ^ h >> 16) % BRIDGE_ROUTES];
}

static struct bridge_route *
find(struct bridge *sc, const uint8_t addr[6])
{
	struct bridge_route *br;

	for (br = *bucket(sc, addr); br != NULL; br = br->br_hashnext)
		if (memcmp(br->br_addr, addr, 6) == 0)
			return br;
	return NULL;
}

/* Off both lists, and freed. */
static void
forget(struct bridge *sc, struct bridge_route *br)
{
	struct bridge_route **p = bucket(sc, br->br_addr);

	while (*p != br)
		p = &(*p)->br_hashnext;
	*p = br->br_hashnext;
	for (p = &sc->sc_routes; *p != br; p = &(*p)->br_next)
		continue;
	*p = br->br_next;
	sc->sc_nroutes--;
	kmem_free(sc->sc_if.if_k, br, sizeof(*br));
}

static bool
expired(const struct bridge_route *br, int64_t now)
{
	return (br->br_flags & IFBAF_TYPEMASK) == IFBAF_DYNAMIC &&
	    br->br_expire_ns != 0 && br->br_expire_ns <= now;
}

struct bridge_port *
bridge_route_find(struct bridge *sc, const uint8_t addr[6])
{
	struct bridge_port *port = NULL;
	struct bridge_route *br;

	kmutex_enter(&sc->sc_rtlock);
	br = find(sc, addr);
	if (br != NULL && !expired(br, kern_uptime_ns(sc->sc_if.if_k)))
		port = br->br_port;
	kmutex_exit(&sc->sc_rtlock);
	return port;
}

static int
add(struct bridge *sc, const uint8_t addr[6], struct bridge_route **brp)
{
	struct bridge_route *br, **b;

	if (sc->sc_nroutes >= sc->sc_maxroutes)
		return -ENOSPC;
	if ((br = kmem_zalloc(sc->sc_if.if_k, sizeof(*br))) == NULL)
		return -ENOMEM;
	memcpy(br->br_addr, addr, 6);
	b = bucket(sc, addr);
	br->br_hashnext = *b;
	*b = br;
	br->br_next = sc->sc_routes;
	sc->sc_routes = br;
	sc->sc_nroutes++;
	*brp = br;
	return 0;
}

int
bridge_route_update(struct bridge *sc, const uint8_t addr[6],
    struct bridge_port *port, int flags)
{
	int64_t now = kern_uptime_ns(sc->sc_if.if_k);
	struct bridge_route *br;
	bool dynamic = (flags & IFBAF_TYPEMASK) == IFBAF_DYNAMIC;
	int error = 0;

	kmutex_enter(&sc->sc_rtlock);
	br = find(sc, addr);
	if (br == NULL && (error = add(sc, addr, &br)) != 0)
		goto out;
	if (dynamic && (br->br_flags & IFBAF_TYPEMASK) != IFBAF_DYNAMIC)
		goto out;
	br->br_port = port;
	br->br_flags = (uint8_t)flags;
	br->br_expire_ns = dynamic && sc->sc_timeout != 0 ?
	    now + sc->sc_timeout * NSEC :
	    0;
out:
	kmutex_exit(&sc->sc_rtlock);
	return error;
}

int
bridge_route_delete(struct bridge *sc, const uint8_t addr[6])
{
	struct bridge_route *br;

	kmutex_enter(&sc->sc_rtlock);
	if ((br = find(sc, addr)) != NULL)
		forget(sc, br);
	kmutex_exit(&sc->sc_rtlock);
	return br != NULL ? 0 : -ENOENT;
}

void
bridge_route_flush(struct bridge *sc, struct bridge_port *port, bool all)
{
	struct bridge_route *br, *next;

	kmutex_enter(&sc->sc_rtlock);
	for (br = sc->sc_routes; br != NULL; br = next) {
		next = br->br_next;
		if ((port == NULL || br->br_port == port) &&
		    (all || (br->br_flags & IFBAF_TYPEMASK) == IFBAF_DYNAMIC))
			forget(sc, br);
	}
	kmutex_exit(&sc->sc_rtlock);
}

void
bridge_route_age(struct bridge *sc)
{
	int64_t now = kern_uptime_ns(sc->sc_if.if_k);
	struct bridge_route *br, *next;

	kmutex_enter(&sc->sc_rtlock);
	for (br = sc->sc_routes; br != NULL; br = next) {
		next = br->br_next;
		if (expired(br, now))
			forget(sc, br);
	}
	kmutex_exit(&sc->sc_rtlock);
}

/* The dynamic ones go. */
void
bridge_route_limit(struct bridge *sc)
{
	struct bridge_route *br, *next;

	bridge_route_age(sc);
	kmutex_enter(&sc->sc_rtlock);
	for (br = sc->sc_routes;
	     br != NULL && sc->sc_nroutes > sc->sc_maxroutes; br = next) {
		next = br->br_next;
		if ((br->br_flags & IFBAF_TYPEMASK) == IFBAF_DYNAMIC)
			forget(sc, br);
	}
	kmutex_exit(&sc->sc_rtlock);
}

size_t
bridge_route_list(struct bridge *sc, struct ifbareq *to, size_t max)
{
	int64_t now = kern_uptime_ns(sc->sc_if.if_k);
	struct bridge_route *br;
	size_t n = 0;

	kmutex_enter(&sc->sc_rtlock);
	for (br = sc->sc_routes; br != NULL; br = br->br_next, n++) {
		struct ifbareq *a = &to[n];

		if (n >= max)
			continue;
		memset(a, 0, sizeof(*a));
		memcpy(a->ifba_ifsname, br->br_port->bp_ifp->if_xname,
		    sizeof(a->ifba_ifsname));
		memcpy(a->ifba_dst, br->br_addr, sizeof(a->ifba_dst));
		a->ifba_flags = br->br_flags;
		if (br->br_expire_ns > now)
			a->ifba_expire = (br->br_expire_ns - now) / NSEC;
	}
	kmutex_exit(&sc->sc_rtlock);
	return n;
}
