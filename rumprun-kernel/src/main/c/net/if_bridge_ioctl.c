/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to a bridge: BRDG* by SIOCSDRVSPEC and SIOCGDRVSPEC. Lists are given straight into the request's buffer (net/if_ioctl.c takes those apart that
 * have the buffer's address inside).
 */
#include "net/if_bridge_private.h"

struct bridge_port *
bridge_member(struct bridge *sc, const char *name)
{
	struct bridge_port *bp;

	for (bp = sc->sc_ports; bp != NULL; bp = bp->bp_next)
		if (strncmp(bp->bp_ifp->if_xname, name, IFNAMSIZ) == 0)
			return bp;
	return NULL;
}

/* --- members --- */

static int
member_add(struct bridge *sc, const struct ifbreq *req)
{
	char name[IFNAMSIZ];
	struct ifnet *ifp;

	memcpy(name, req->ifbr_ifsname, sizeof(name));
	name[IFNAMSIZ - 1] = '\0';
	ifp = if_byname(sc->sc_if.if_k, name);
	return ifp == NULL ? -ENOENT : bridge_add(sc, ifp);
}

static void
describe(const struct bridge_port *bp, struct ifbreq *req)
{
	memset(req, 0, sizeof(*req));
	memcpy(
	    req->ifbr_ifsname, bp->bp_ifp->if_xname, sizeof(req->ifbr_ifsname));
	req->ifbr_ifsflags = bp->bp_flags;
	req->ifbr_state = bp->bp_state;
	req->ifbr_priority = bp->bp_priority;
	req->ifbr_path_cost = bp->bp_cost;
	req->ifbr_portno = (uint8_t)bp->bp_ifp->if_index;
}

/* Those about one member. */
static int
member_request(struct bridge *sc, unsigned long cmd, struct ifbreq *req)
{
	struct bridge_port *bp;

	if (cmd == BRDGADD)
		return member_add(sc, req);
	if ((bp = bridge_member(sc, req->ifbr_ifsname)) == NULL)
		return -ENOENT;
	switch (cmd) {
	case BRDGDEL:
		bridge_delete(bp);
		return 0;
	case BRDGGIFFLGS:
		describe(bp, req);
		return 0;
	case BRDGSIFFLGS:
		bp->bp_flags = req->ifbr_ifsflags &
		    (IFBIF_LEARNING | IFBIF_DISCOVER | IFBIF_STP);
		break;
	case BRDGSIFPRIO:
		bp->bp_priority = req->ifbr_priority;
		break;
	default: /* BRDGSIFCOST */
		if (req->ifbr_path_cost == 0)
			return -EINVAL;
		bp->bp_cost = req->ifbr_path_cost;
		break;
	}
	stp_configure(sc);
	return 0;
}

/* --- addresses --- */

static int
address_request(struct bridge *sc, unsigned long cmd, const struct ifbareq *req)
{
	struct bridge_port *bp;

	if (cmd == BRDGDADDR)
		return bridge_route_delete(sc, req->ifba_dst);
	if ((bp = bridge_member(sc, req->ifba_ifsname)) == NULL)
		return -ENOENT;
	return bridge_route_update(
	    sc, req->ifba_dst, bp, req->ifba_flags & IFBAF_TYPEMASK);
}

/* --- numbers --- */

static int
get_parameter(struct bridge *sc, unsigned long cmd, struct ifbrparam *param)
{
	memset(param, 0, sizeof(*param));
	switch (cmd) {
	case BRDGGCACHE:
		param->ifbrp_ifbrpu.ifbrpu_int32 = sc->sc_maxroutes;
		break;
	case BRDGGTO:
		param->ifbrp_ifbrpu.ifbrpu_int32 = sc->sc_timeout;
		break;
	case BRDGGPRI:
		param->ifbrp_ifbrpu.ifbrpu_int16 = sc->sc_priority;
		break;
	case BRDGGHT:
		param->ifbrp_ifbrpu.ifbrpu_int8 = sc->sc_hello;
		break;
	case BRDGGFD:
		param->ifbrp_ifbrpu.ifbrpu_int8 = sc->sc_forward;
		break;
	case BRDGGMA:
		param->ifbrp_ifbrpu.ifbrpu_int8 = sc->sc_maxage;
		break;
	default: /* BRDGGFILT */
		param->ifbrp_ifbrpu.ifbrpu_int32 = sc->sc_filter;
		break;
	}
	return 0;
}

static int
set_seconds(struct bridge *sc, uint8_t *which, uint8_t v)
{
	if (v == 0)
		return -EINVAL;
	*which = v;
	stp_configure(sc);
	return 0;
}

static int
set_parameter(
    struct bridge *sc, unsigned long cmd, const struct ifbrparam *param)
{
	uint32_t v = param->ifbrp_ifbrpu.ifbrpu_int32;
	uint8_t v8 = param->ifbrp_ifbrpu.ifbrpu_int8;

	switch (cmd) {
	case BRDGSCACHE:
		sc->sc_maxroutes = v;
		bridge_route_limit(sc);
		return 0;
	case BRDGSTO:
		sc->sc_timeout = v;
		return 0;
	case BRDGSPRI:
		sc->sc_priority = param->ifbrp_ifbrpu.ifbrpu_int16;
		stp_configure(sc);
		return 0;
	case BRDGSHT:
		return set_seconds(sc, &sc->sc_hello, v8);
	case BRDGSFD:
		return set_seconds(sc, &sc->sc_forward, v8);
	case BRDGSMA:
		return set_seconds(sc, &sc->sc_maxage, v8);
	default: /* BRDGSFILT */
		if ((v & ~(uint32_t)IFBF_FILT_MASK) != 0)
			return -EINVAL;
		sc->sc_filter = v;
		return 0;
	}
}

/* --- lists --- */

static int
list_members(struct bridge *sc, struct ifdrv *ifd)
{
	struct ifbreq *to = ifd->ifd_data;
	size_t max = to == NULL ? 0 : ifd->ifd_len / sizeof(*to), n = 0;

	for (struct bridge_port *bp = sc->sc_ports; bp != NULL;
	     bp = bp->bp_next, n++)
		if (n < max)
			describe(bp, &to[n]);
	if (max > 0 && n > max)
		n = max;
	ifd->ifd_len = n * sizeof(*to);
	return 0;
}

static int
list_addresses(struct bridge *sc, struct ifdrv *ifd)
{
	size_t max = ifd->ifd_data == NULL ?
	    0 :
	    ifd->ifd_len / sizeof(struct ifbareq);
	size_t n = bridge_route_list(sc, ifd->ifd_data, max);

	if (max > 0 && n > max)
		n = max;
	ifd->ifd_len = n * sizeof(struct ifbareq);
	return 0;
}

/* --- which --- */

enum kind { K_NONE, K_MEMBER, K_ADDRESS, K_PARAM, K_FLUSH, K_LIST };
static const struct {
	uint8_t kind;
	bool get;
} requests[] = {
	[BRDGADD] = { K_MEMBER, false },
	[BRDGDEL] = { K_MEMBER, false },
	[BRDGGIFFLGS] = { K_MEMBER, true },
	[BRDGSIFFLGS] = { K_MEMBER, false },
	[BRDGSIFPRIO] = { K_MEMBER, false },
	[BRDGSIFCOST] = { K_MEMBER, false },
	[BRDGSADDR] = { K_ADDRESS, false },
	[BRDGDADDR] = { K_ADDRESS, false },
	[BRDGFLUSH] = { K_FLUSH, false },
	[BRDGSCACHE] = { K_PARAM, false },
	[BRDGGCACHE] = { K_PARAM, true },
	[BRDGSTO] = { K_PARAM, false },
	[BRDGGTO] = { K_PARAM, true },
	[BRDGSPRI] = { K_PARAM, false },
	[BRDGGPRI] = { K_PARAM, true },
	[BRDGSHT] = { K_PARAM, false },
	[BRDGGHT] = { K_PARAM, true },
	[BRDGSFD] = { K_PARAM, false },
	[BRDGGFD] = { K_PARAM, true },
	[BRDGSMA] = { K_PARAM, false },
	[BRDGGMA] = { K_PARAM, true },
	[BRDGSFILT] = { K_PARAM, false },
	[BRDGGFILT] = { K_PARAM, true },
	[OBRDGGIFS] = { K_LIST, true },
	[OBRDGRTS] = { K_LIST, true },
	[BRDGGIFS] = { K_LIST, true },
	[BRDGRTS] = { K_LIST, true },
};

static int
request(struct bridge *sc, struct ifdrv *ifd, bool get)
{
	static const size_t sizes[] = {
		[K_MEMBER] = sizeof(struct ifbreq),
		[K_ADDRESS] = sizeof(struct ifbareq),
		[K_PARAM] = sizeof(struct ifbrparam),
		[K_FLUSH] = sizeof(struct ifbreq),
	};
	unsigned long cmd = ifd->ifd_cmd;
	enum kind kind;

	if (cmd >= sizeof(requests) / sizeof(requests[0]))
		return -EINVAL;
	kind = requests[cmd].kind;
	if (kind == K_NONE || requests[cmd].get != get)
		return -EINVAL;
	if (kind == K_LIST)
		return cmd == BRDGGIFS || cmd == OBRDGGIFS ?
		    list_members(sc, ifd) :
		    list_addresses(sc, ifd);
	if (ifd->ifd_len != sizes[kind] || ifd->ifd_data == NULL)
		return -EINVAL;
	switch (kind) {
	case K_MEMBER:
		return member_request(sc, cmd, ifd->ifd_data);
	case K_ADDRESS:
		return address_request(sc, cmd, ifd->ifd_data);
	case K_FLUSH:
		bridge_route_flush(sc, NULL,
		    (((struct ifbreq *)ifd->ifd_data)->ifbr_ifsflags &
			IFBF_FLUSHALL) != 0);
		return 0;
	default:
		return get ? get_parameter(sc, cmd, ifd->ifd_data) :
			     set_parameter(sc, cmd, ifd->ifd_data);
	}
}

int
bridge_ioctl(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	(void)l;
	switch (cmd) {
	case SIOCGDRVSPEC:
		return request(BRIDGE_OF(ifp), data, true);
	case SIOCSDRVSPEC:
		return request(BRIDGE_OF(ifp), data, false);
	default:
		return -ENOTTY;
	}
}
