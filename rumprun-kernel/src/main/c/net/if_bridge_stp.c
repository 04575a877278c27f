/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spanning tree of bridges: the procedures of IEEE 802.1D-1998, 8.6 and 8.7, by their names there.
 *
 * Everything runs with the net lock held exclusively: once a second (stp_tick), when something is configured (stp_configure), and by net_defer when another
 * bridge's message came. Times are in the messages' unit, 1/256 s; a timer that doesn't run is -1.
 */
#include "net/if_bridge_private.h"

#define SECOND 256
#define BPDU_CONFIG 0x00
#define BPDU_TCN 0x80
#define CONFIG_LEN 35
#define TCN_LEN 4
#define TC 0x01	 /* flags: a topology change */
#define TCA 0x80 /* its acknowledgement */
#define OFF (-1)

/* A configuration message. */
struct config {
	uint64_t root, bridge;
	uint32_t cost;
	uint16_t port;
	uint16_t message_age, max_age, hello, forward;
	bool tc, tca;
};

struct message {
	uint32_t ifindex;
	uint8_t type;
	struct config config;
};

static bool
enabled(const struct bridge_port *bp)
{
	return (bp->bp_flags & IFBIF_STP) != 0 &&
	    bp->bp_state != BSTP_IFSTATE_DISABLED;
}

static bool
designated(const struct bridge *sc, const struct bridge_port *bp)
{
	return bp->bp_stp.sp_bridge == sc->sc_stp.sb_id &&
	    bp->bp_stp.sp_port == bp->bp_stp.sp_id;
}

static bool
is_root(const struct bridge *sc)
{
	return sc->sc_stp.sb_root == sc->sc_stp.sb_id;
}

#define PORT_FOREACH(bp, sc)                                            \
	for ((bp) = (sc)->sc_ports; (bp) != NULL; (bp) = (bp)->bp_next) \
		if (enabled(bp))

/* --- sending --- */

static void
send_bpdu(struct bridge_port *bp, const uint8_t *body, size_t len)
{
	static const uint8_t group[] = { 0x01, 0x80, 0xc2, 0, 0, 0 };
	static const uint8_t llc[] = { 0x42, 0x42, 0x03 };
	struct ifnet *ifp = bp->bp_ifp;
	uint8_t frame[ETHER_HDR_LEN + sizeof(llc) + CONFIG_LEN];
	struct mbuf *m;

	if ((ifp->if_flags & IFF_RUNNING) == 0)
		return;
	memcpy(frame, group, 6);
	memcpy(frame + 6, ifp->if_lladdr, 6);
	be16_put(frame + 12, (uint16_t)(sizeof(llc) + len));
	memcpy(frame + 14, llc, sizeof(llc));
	memcpy(frame + 14 + sizeof(llc), body, len);
	m = m_devget(ifp->if_k, frame, ETHER_HDR_LEN + sizeof(llc) + len, NULL);
	if (m == NULL)
		return;
	m->m_flags |= M_MCAST;
	(void)if_transmit_member(ifp, m);
}

static void
transmit_config(struct bridge *sc, struct bridge_port *bp)
{
	const struct stp_bridge *sb = &sc->sc_stp;
	struct stp_port *sp = &bp->bp_stp;
	uint8_t b[CONFIG_LEN] = { 0 };
	int age = 0;

	if (sp->sp_hold != OFF) {
		sp->sp_pending = true;
		return;
	}
	if (!is_root(sc) && sb->sb_rootport != NULL)
		age = sb->sb_rootport->bp_stp.sp_message_age + SECOND;
	if (age >= sb->sb_max_age)
		return;
	b[3] = BPDU_CONFIG;
	b[4] = (uint8_t)((sb->sb_change ? TC : 0) | (sp->sp_tca ? TCA : 0));
	be64_put(b + 5, sb->sb_root);
	be32_put(b + 13, sb->sb_cost);
	be64_put(b + 17, sb->sb_id);
	be16_put(b + 25, sp->sp_id);
	be16_put(b + 27, (uint16_t)age);
	be16_put(b + 29, (uint16_t)sb->sb_max_age);
	be16_put(b + 31, (uint16_t)sb->sb_hello);
	be16_put(b + 33, (uint16_t)sb->sb_forward);
	sp->sp_tca = sp->sp_pending = false;
	sp->sp_hold = 0;
	send_bpdu(bp, b, sizeof(b));
}

static void
transmit_tcn(struct bridge *sc)
{
	uint8_t b[TCN_LEN] = { 0, 0, 0, BPDU_TCN };

	if (sc->sc_stp.sb_rootport != NULL)
		send_bpdu(sc->sc_stp.sb_rootport, b, sizeof(b));
}

static void
config_bpdu_generation(struct bridge *sc)
{
	struct bridge_port *bp;

	PORT_FOREACH(bp, sc)
	if (designated(sc, bp))
		transmit_config(sc, bp);
}

/* --- topology changes --- */

/* Addresses may have moved: they are learnt anew. */
static void
set_change(struct bridge *sc, bool on)
{
	if (on && !sc->sc_stp.sb_change)
		bridge_route_flush(sc, NULL, false);
	sc->sc_stp.sb_change = on;
}

static void
topology_change_detection(struct bridge *sc)
{
	struct stp_bridge *sb = &sc->sc_stp;

	if (is_root(sc)) {
		set_change(sc, true);
		sb->sb_change_timer = 0;
	} else if (!sb->sb_change_detected) {
		transmit_tcn(sc);
		sb->sb_tcn_timer = 0;
	}
	sb->sb_change_detected = true;
}

static void
topology_change_acknowledged(struct bridge *sc)
{
	sc->sc_stp.sb_change_detected = false;
	sc->sc_stp.sb_tcn_timer = OFF;
}

/* --- who is what --- */

static void
become_designated_port(struct bridge *sc, struct bridge_port *bp)
{
	struct stp_port *sp = &bp->bp_stp;

	sp->sp_root = sc->sc_stp.sb_root;
	sp->sp_cost = sc->sc_stp.sb_cost;
	sp->sp_bridge = sc->sc_stp.sb_id;
	sp->sp_port = sp->sp_id;
}

static uint64_t
cost_by(const struct bridge_port *bp)
{
	return (uint64_t)bp->bp_stp.sp_cost + bp->bp_cost;
}

/* Is a the better way to the root? */
static bool
better(const struct bridge_port *a, const struct bridge_port *b)
{
	const struct stp_port *x = &a->bp_stp, *y = &b->bp_stp;

	if (x->sp_root != y->sp_root)
		return x->sp_root < y->sp_root;
	if (cost_by(a) != cost_by(b))
		return cost_by(a) < cost_by(b);
	if (x->sp_bridge != y->sp_bridge)
		return x->sp_bridge < y->sp_bridge;
	if (x->sp_port != y->sp_port)
		return x->sp_port < y->sp_port;
	return x->sp_id < y->sp_id;
}

static void
root_selection(struct bridge *sc)
{
	struct stp_bridge *sb = &sc->sc_stp;
	struct bridge_port *bp, *root = NULL;

	PORT_FOREACH(bp, sc)
	if (!designated(sc, bp) && bp->bp_stp.sp_root < sb->sb_id &&
	    (root == NULL || better(bp, root)))
		root = bp;
	sb->sb_rootport = root;
	if (root == NULL) {
		sb->sb_root = sb->sb_id;
		sb->sb_cost = 0;
	} else {
		uint64_t cost = cost_by(root);

		sb->sb_root = root->bp_stp.sp_root;
		sb->sb_cost = cost > UINT32_MAX ? UINT32_MAX : (uint32_t)cost;
	}
}

static void
designated_port_selection(struct bridge *sc)
{
	const struct stp_bridge *sb = &sc->sc_stp;
	struct bridge_port *bp;

	PORT_FOREACH(bp, sc)
	{
		const struct stp_port *sp = &bp->bp_stp;

		if (designated(sc, bp) || sp->sp_root != sb->sb_root ||
		    sb->sb_cost < sp->sp_cost ||
		    (sb->sb_cost == sp->sp_cost &&
			(sb->sb_id < sp->sp_bridge ||
			    (sb->sb_id == sp->sp_bridge &&
				sp->sp_id <= sp->sp_port))))
			become_designated_port(sc, bp);
	}
}

static void
make_forwarding(struct bridge_port *bp)
{
	if (bp->bp_state != BSTP_IFSTATE_BLOCKING)
		return;
	bp->bp_state = BSTP_IFSTATE_LISTENING;
	bp->bp_stp.sp_forward = 0;
}

static void
make_blocking(struct bridge *sc, struct bridge_port *bp)
{
	bool told = bp->bp_state == BSTP_IFSTATE_FORWARDING ||
	    bp->bp_state == BSTP_IFSTATE_LEARNING;

	if (bp->bp_state == BSTP_IFSTATE_BLOCKING)
		return;
	bp->bp_state = BSTP_IFSTATE_BLOCKING;
	bp->bp_stp.sp_forward = OFF;
	bridge_route_flush(sc, bp, false);
	if (told)
		topology_change_detection(sc);
}

static void
port_state_selection(struct bridge *sc)
{
	struct bridge_port *bp;

	PORT_FOREACH(bp, sc)
	{
		struct stp_port *sp = &bp->bp_stp;

		if (bp == sc->sc_stp.sb_rootport) {
			sp->sp_pending = sp->sp_tca = false;
			make_forwarding(bp);
		} else if (designated(sc, bp)) {
			sp->sp_message_age = OFF;
			make_forwarding(bp);
		} else {
			sp->sp_pending = sp->sp_tca = false;
			make_blocking(sc, bp);
		}
	}
}

static void
configuration_update(struct bridge *sc)
{
	root_selection(sc);
	designated_port_selection(sc);
}

/* As the root, it says what the times are. */
static void
take_own_times(struct bridge *sc)
{
	sc->sc_stp.sb_max_age = sc->sc_maxage * SECOND;
	sc->sc_stp.sb_hello = sc->sc_hello * SECOND;
	sc->sc_stp.sb_forward = sc->sc_forward * SECOND;
}

/* It is the root now, and was not. */
static void
became_root(struct bridge *sc)
{
	take_own_times(sc);
	topology_change_detection(sc);
	sc->sc_stp.sb_tcn_timer = OFF;
	config_bpdu_generation(sc);
	sc->sc_stp.sb_hello_timer = 0;
}

/* --- messages --- */

static bool
supersedes(const struct bridge *sc, const struct bridge_port *bp,
    const struct config *c)
{
	const struct stp_port *sp = &bp->bp_stp;

	if (c->root != sp->sp_root)
		return c->root < sp->sp_root;
	if (c->cost != sp->sp_cost)
		return c->cost < sp->sp_cost;
	if (c->bridge != sp->sp_bridge)
		return c->bridge < sp->sp_bridge;
	return c->bridge != sc->sc_stp.sb_id || c->port <= sp->sp_port;
}

static void
record_config(struct bridge_port *bp, const struct config *c)
{
	struct stp_port *sp = &bp->bp_stp;

	sp->sp_root = c->root;
	sp->sp_cost = c->cost;
	sp->sp_bridge = c->bridge;
	sp->sp_port = c->port;
	sp->sp_message_age = c->message_age;
}

static void
received_config(
    struct bridge *sc, struct bridge_port *bp, const struct config *c)
{
	struct stp_bridge *sb = &sc->sc_stp;
	bool root = is_root(sc);

	if (!supersedes(sc, bp, c)) {
		if (designated(sc, bp))
			transmit_config(sc, bp);
		return;
	}
	record_config(bp, c);
	configuration_update(sc);
	port_state_selection(sc);
	if (root && !is_root(sc)) {
		sb->sb_hello_timer = OFF;
		if (sb->sb_change_detected) {
			sb->sb_change_timer = OFF;
			transmit_tcn(sc);
			sb->sb_tcn_timer = 0;
		}
	}
	if (bp != sb->sb_rootport)
		return;
	sb->sb_max_age = c->max_age;
	sb->sb_hello = c->hello;
	sb->sb_forward = c->forward;
	set_change(sc, c->tc);
	config_bpdu_generation(sc);
	if (c->tca)
		topology_change_acknowledged(sc);
}

static void
received_tcn(struct bridge *sc, struct bridge_port *bp)
{
	if (!designated(sc, bp))
		return;
	topology_change_detection(sc);
	bp->bp_stp.sp_tca = true;
	transmit_config(sc, bp);
}

static void
received(struct rump_kernel *k, void *data, struct mbuf *m)
{
	const struct message *msg = data;
	struct ifnet *ifp = if_byindex(k, msg->ifindex);
	struct bridge_port *bp = ifp != NULL ? ifp->if_bridge : NULL;

	m_freem(m);
	if (bp == NULL || !enabled(bp) || !bp->bp_sc->sc_stp.sb_running)
		return;
	if (msg->type == BPDU_CONFIG)
		received_config(bp->bp_sc, bp, &msg->config);
	else
		received_tcn(bp->bp_sc, bp);
}

/* What is wrong or newer than this is passed over. */
static bool
parse(const struct mbuf *m, struct message *msg)
{
	uint8_t b[3 + CONFIG_LEN] = { 0 };
	size_t len = m->m_pkthdr.len - ETHER_HDR_LEN;
	struct config *c = &msg->config;

	if (len < 3 + TCN_LEN)
		return false;
	m_copydata(m, ETHER_HDR_LEN, len < sizeof(b) ? len : sizeof(b), b);
	if (b[0] != 0x42 || b[1] != 0x42 || b[2] != 0x03 || be16_get(b + 3) != 0)
		return false;
	msg->type = b[6];
	if (msg->type == BPDU_TCN)
		return true;
	if (msg->type != BPDU_CONFIG || len < sizeof(b))
		return false;
	c->tc = (b[7] & TC) != 0;
	c->tca = (b[7] & TCA) != 0;
	c->root = be64_get(b + 8);
	c->cost = be32_get(b + 16);
	c->bridge = be64_get(b + 20);
	c->port = be16_get(b + 28);
	c->message_age = be16_get(b + 30);
	c->max_age = be16_get(b + 32);
	c->hello = be16_get(b + 34);
	c->forward = be16_get(b + 36);
	return c->message_age < c->max_age && c->hello > 0 && c->forward > 0;
}

void
stp_input(struct bridge_port *bp, struct mbuf *m)
{
	struct message msg;

	memset(&msg, 0, sizeof(msg));
	msg.ifindex = bp->bp_ifp->if_index;
	if (enabled(bp) && parse(m, &msg))
		(void)net_defer(m->m_k, received, &msg, sizeof(msg), NULL);
	m_freem(m);
}

/* --- time --- */

/* True when it is over; then it does not run any more. */
static bool
run_timer(int *timer, int limit)
{
	if (*timer == OFF || (*timer += SECOND) < limit)
		return false;
	*timer = OFF;
	return true;
}

static void
message_age_expiry(struct bridge *sc, struct bridge_port *bp)
{
	bool root = is_root(sc);

	become_designated_port(sc, bp);
	configuration_update(sc);
	port_state_selection(sc);
	if (is_root(sc) && !root)
		became_root(sc);
}

static void
forward_delay_expiry(struct bridge *sc, struct bridge_port *bp)
{
	struct bridge_port *any;

	if (bp->bp_state == BSTP_IFSTATE_LISTENING) {
		bp->bp_state = BSTP_IFSTATE_LEARNING;
		bp->bp_stp.sp_forward = 0;
		return;
	}
	if (bp->bp_state != BSTP_IFSTATE_LEARNING)
		return;
	bp->bp_state = BSTP_IFSTATE_FORWARDING;
	PORT_FOREACH(any, sc)
	if (any->bp_stp.sp_bridge == sc->sc_stp.sb_id) {
		topology_change_detection(sc);
		return;
	}
}

static void
bridge_timers(struct bridge *sc)
{
	struct stp_bridge *sb = &sc->sc_stp;

	if (run_timer(&sb->sb_hello_timer, sb->sb_hello)) {
		config_bpdu_generation(sc);
		sb->sb_hello_timer = 0;
	}
	if (run_timer(&sb->sb_tcn_timer, sc->sc_hello * SECOND)) {
		transmit_tcn(sc);
		sb->sb_tcn_timer = 0;
	}
	if (run_timer(&sb->sb_change_timer,
		(sc->sc_maxage + sc->sc_forward) * SECOND)) {
		sb->sb_change_detected = false;
		set_change(sc, false);
	}
}

static bool
usable(const struct bridge_port *bp)
{
	return (bp->bp_flags & IFBIF_STP) != 0 &&
	    (bp->bp_ifp->if_flags & (IFF_UP | IFF_RUNNING)) ==
	    (IFF_UP | IFF_RUNNING) &&
	    bp->bp_ifp->if_link_state != LINK_STATE_DOWN;
}

void
stp_tick(struct bridge *sc)
{
	struct stp_bridge *sb = &sc->sc_stp;
	struct bridge_port *bp;

	for (bp = sc->sc_ports; bp != NULL; bp = bp->bp_next)
		if ((bp->bp_flags & IFBIF_STP) != 0 &&
		    usable(bp) != enabled(bp)) {
			stp_configure(sc);
			break;
		}
	if (!sb->sb_running)
		return;
	bridge_timers(sc);
	PORT_FOREACH(bp, sc)
	{
		struct stp_port *sp = &bp->bp_stp;

		if (run_timer(&sp->sp_message_age, sb->sb_max_age))
			message_age_expiry(sc, bp);
		if (run_timer(&sp->sp_forward, sb->sb_forward))
			forward_delay_expiry(sc, bp);
		if (run_timer(&sp->sp_hold, SECOND) && sp->sp_pending)
			transmit_config(sc, bp);
	}
}

/* --- configuration --- */

/* Priority and the lowest address of a port; 0: no port takes part. */
static uint64_t
own_id(const struct bridge *sc)
{
	uint64_t least = UINT64_MAX;

	for (const struct bridge_port *bp = sc->sc_ports; bp != NULL;
	     bp = bp->bp_next) {
		const uint8_t *a = bp->bp_ifp->if_lladdr;
		uint64_t addr = (uint64_t)be16_get(a) << 32 | be32_get(a + 2);

		if (usable(bp) && addr < least)
			least = addr;
	}
	return least == UINT64_MAX ? 0 : (uint64_t)sc->sc_priority << 48 | least;
}

static void
port_reset(struct bridge_port *bp, uint8_t state)
{
	struct stp_port *sp = &bp->bp_stp;

	bp->bp_state = state;
	sp->sp_tca = sp->sp_pending = false;
	sp->sp_message_age = sp->sp_forward = sp->sp_hold = OFF;
}

static void
stop(struct bridge *sc)
{
	for (struct bridge_port *bp = sc->sc_ports; bp != NULL; bp = bp->bp_next)
		port_reset(bp, BSTP_IFSTATE_DISABLED);
	memset(&sc->sc_stp, 0, sizeof(sc->sc_stp));
	sc->sc_stp.sb_hello_timer = sc->sc_stp
					.sb_tcn_timer = sc->sc_stp
							    .sb_change_timer = OFF;
}

/* Ports that come, go, or got another number. */
static void
configure_ports(struct bridge *sc)
{
	for (struct bridge_port *bp = sc->sc_ports; bp != NULL;
	     bp = bp->bp_next) {
		struct stp_port *sp = &bp->bp_stp;
		uint16_t id = (uint16_t)(bp->bp_priority << 8 |
		    (bp->bp_ifp->if_index & 0xff));
		bool was = enabled(bp);

		if (!usable(bp)) {
			if (bp->bp_state != BSTP_IFSTATE_DISABLED)
				port_reset(bp, BSTP_IFSTATE_DISABLED);
			continue;
		}
		if (was && sp->sp_id != id && designated(sc, bp))
			sp->sp_port = id;
		sp->sp_id = id;
		if (!was) {
			port_reset(bp, BSTP_IFSTATE_BLOCKING);
			become_designated_port(sc, bp);
		}
	}
}

void
stp_configure(struct bridge *sc)
{
	struct stp_bridge *sb = &sc->sc_stp;
	uint64_t id = bridge_running(sc) && !sc->sc_dying ? own_id(sc) : 0;
	bool root, fresh = !sb->sb_running;

	if (id != sb->sb_id || id == 0) {
		stop(sc);
		if (id == 0)
			return;
		fresh = true;
		sb->sb_running = true;
		sb->sb_id = sb->sb_root = id;
	}
	root = is_root(sc);
	configure_ports(sc);
	configuration_update(sc);
	port_state_selection(sc);
	if (fresh || (is_root(sc) && !root))
		became_root(sc);
	else if (is_root(sc))
		take_own_times(sc);
	if (fresh) {
		/* Nothing has changed yet. */
		sb->sb_change = sb->sb_change_detected = false;
		sb->sb_change_timer = OFF;
	}
}
