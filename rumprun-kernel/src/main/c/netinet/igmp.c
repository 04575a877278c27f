/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IGMP, the host's part (RFC 1112, 2236, 3376).
 *
 * Starts as version 2 (as NetBSD's hosts do on a link without routers), and
 * follows the querier: a version 3 query makes the link version 3, an older one
 * holds it at its version for V1_ROUTER_TIME. Reports are delayed at random; in
 * versions 1 and 2 a report of somebody else's saves ours.
 *
 * All of an interface's state is under ig_lock (a leaf) with the net lock held;
 * lists of groups change with it held exclusively. One callout counts down in
 * TICKS of a second, while there is something to count.
 */
#include "netinet/ip_private.h"

#define TICKS 5
#define TICK_NS (1000000000LL / TICKS)
#define OLD_ROUTER_TICKS (400 * TICKS) /* RFC 3376 8.12: 400 s */
#define UNSOLICITED_V2 (IGMP_MAX_HOST_REPORT_DELAY * TICKS)
#define UNSOLICITED_V3 (1 * TICKS)
#define ROBUSTNESS 2
#define ALLROUTERS_V3 0xe0000016u /* 224.0.0.22 */

#define IGMP_V3_REPORT 0x22
/* record types (RFC 3376 4.2.12) */
#define MODE_IS_EXCLUDE 2
#define CHANGE_TO_INCLUDE 3
#define CHANGE_TO_EXCLUDE 4

struct igmp_state {
	struct rump_kernel *ig_k;
	struct kmutex ig_lock;
	struct callout ig_timer;
	bool ig_ticking;
};

static int
random_ticks(struct rump_kernel *k, int max)
{
	uint32_t r;

	kern_random(k, &r, sizeof(r));
	return max < 1 ? 1 : 1 + (int)(r % (uint32_t)max);
}

/* ig_lock held. */
static void
start(struct igmp_state *ig)
{
	if (!ig->ig_ticking)
		ig->ig_ticking = callout_schedule(&ig->ig_timer, TICK_NS) == 0;
}

/* 224.0.0.1 is never told (RFC 2236 6), nor is lo0. */
static bool
silent(const struct ifnet *ifp, uint32_t group)
{
	return group == htonl(INADDR_ALLHOSTS_GROUP) ||
	    (ifp->if_flags & IFF_LOOPBACK) != 0;
}

/* --- sending --- */

static void
put_out(struct ifnet *ifp, struct mbuf *m, uint32_t dst, bool alert)
{
	struct rump_kernel *k = ifp->if_k;
	struct ip_moptions imo = { .imo_multicast_ifindex = ifp->if_index,
		.imo_multicast_ttl = 1,
		.imo_multicast_loop = 0 };
	struct mbuf *opt = NULL;
	uint8_t *p = m->m_data;
	uint16_t sum;

	sum = in_cksum(m, IPH_SIZE, m->m_pkthdr.len - IPH_SIZE);
	memcpy(p + IPH_SIZE + 2, &sum, 2);
	memset(p, 0, IPH_SIZE);
	p[IPH_VHL] = IPVERSION << 4 | IPH_SIZE / 4;
	p[IPH_TTL] = 1;
	p[IPH_P] = IPPROTO_IGMP;
	ip_setaddr(p + IPH_DST, dst);
	/* RFC 2113: router alert, where the version asks for it (and recorded hosts send it). */
	if (alert && (opt = m_get(k, MT_DATA)) != NULL) {
		static const uint8_t ra[8] = { 0, 0, 0, 0, 148, 4, 0, 0 };

		memcpy(opt->m_data, ra, sizeof(ra));
		opt->m_len = sizeof(ra);
	}
	stat_inc(INET(k)->igmpstat, IGMP_STAT_SND_REPORTS);
	(void)ip_output(k, m, opt, NULL, 0, &imo, NULL);
	m_freem(opt);
}

static struct mbuf *
message(struct rump_kernel *k, unsigned len)
{
	struct mbuf *m = m_gethdr(k, MT_HEADER);

	if (m == NULL)
		return NULL;
	m->m_data += 16;
	m->m_len = m->m_pkthdr.len = IPH_SIZE + len;
	memset(m->m_data, 0, m->m_len);
	return m;
}

static void
send_old(struct ifnet *ifp, uint8_t type, uint32_t group)
{
	struct mbuf *m = message(ifp->if_k, IGMP_MINLEN);

	if (m == NULL)
		return;
	m->m_data[IPH_SIZE] = type;
	ip_setaddr(m->m_data + IPH_SIZE + 4, group);
	put_out(ifp, m, group, false);
}

/* One group's record (RFC 3376 4.2): all sources are wanted, or none. */
static void
send_v3(struct ifnet *ifp, uint8_t record, uint32_t group)
{
	struct mbuf *m = message(ifp->if_k, 16);
	uint8_t *p;

	if (m == NULL)
		return;
	p = m->m_data + IPH_SIZE;
	p[0] = IGMP_V3_REPORT;
	be16_put(p + 6, 1);
	p[8] = record;
	ip_setaddr(p + 12, group);
	put_out(ifp, m, htonl(ALLROUTERS_V3), true);
}

static void
report(struct ifnet *ifp, int version, uint32_t group, uint8_t record)
{
	if (version >= 3)
		send_v3(ifp, record, group);
	else
		send_old(ifp,
		    version == 1 ? IGMP_v1_HOST_MEMBERSHIP_REPORT :
				   IGMP_v2_HOST_MEMBERSHIP_REPORT,
		    group);
}

/* --- groups come and go --- */

static struct in_multi *
find(struct ifnet *ifp, uint32_t group)
{
	struct in_ifinfo *ii = IN_IFINFO(ifp);
	struct in_multi *inm = ii == NULL ? NULL : ii->ii_multi;

	while (inm != NULL && inm->inm_addr != group)
		inm = inm->inm_next;
	return inm;
}

void
igmp_joingroup(struct ifnet *ifp, uint32_t group)
{
	struct igmp_state *ig = INET(ifp->if_k)->is_igmp;
	struct in_multi *inm = find(ifp, group);
	int version;

	if (ig == NULL || inm == NULL || silent(ifp, group) ||
	    (ifp->if_flags & IFF_UP) == 0)
		return;
	kmutex_enter(&ig->ig_lock);
	version = IN_IFINFO(ifp)->ii_version;
	inm->inm_state = IGMP_DELAYING_MEMBER;
	inm->inm_retries = version >= 3 ? ROBUSTNESS - 1 : 1;
	inm->inm_timer = random_ticks(
	    ifp->if_k, version >= 3 ? UNSOLICITED_V3 : UNSOLICITED_V2);
	inm->inm_tellonce = true; /* what is told is a change */
	start(ig);
	kmutex_exit(&ig->ig_lock);
	report(ifp, version, group, CHANGE_TO_EXCLUDE);
}

void
igmp_leavegroup(struct ifnet *ifp, uint32_t group)
{
	struct igmp_state *ig = INET(ifp->if_k)->is_igmp;
	struct in_multi *inm = find(ifp, group);
	int version;

	if (ig == NULL || inm == NULL || silent(ifp, group) ||
	    (ifp->if_flags & IFF_UP) == 0)
		return;
	kmutex_enter(&ig->ig_lock);
	version = IN_IFINFO(ifp)->ii_version;
	inm->inm_timer = 0;
	kmutex_exit(&ig->ig_lock);
	if (version == 2)
		send_old(ifp, IGMP_HOST_LEAVE_MESSAGE, group);
	else if (version >= 3)
		send_v3(ifp, CHANGE_TO_INCLUDE, group);
}

void
igmp_ifup(struct ifnet *ifp)
{
	struct in_ifinfo *ii = IN_IFINFO(ifp);

	for (struct in_multi *inm = ii == NULL ? NULL : ii->ii_multi;
	     inm != NULL; inm = inm->inm_next)
		igmp_joingroup(ifp, inm->inm_addr);
}

/* --- time --- */

static bool
count_versions(struct in_ifinfo *ii)
{
	if (ii->ii_v1timer > 0 && --ii->ii_v1timer == 0)
		ii->ii_version = 2;
	if (ii->ii_v2timer > 0 && --ii->ii_v2timer == 0 && ii->ii_v1timer == 0)
		ii->ii_version = 3;
	return ii->ii_v1timer > 0 || ii->ii_v2timer > 0;
}

/* N, ig_lock held and dropped meanwhile: the net lock keeps the list as it is. True: more to count. */
static bool
count_ifp(struct igmp_state *ig, struct ifnet *ifp)
{
	struct in_ifinfo *ii = IN_IFINFO(ifp);
	bool more = count_versions(ii);

	for (struct in_multi *inm = ii->ii_multi; inm != NULL;
	     inm = inm->inm_next) {
		uint8_t record;
		int version = ii->ii_version;

		if (inm->inm_timer == 0)
			continue;
		if (--inm->inm_timer > 0) {
			more = true;
			continue;
		}
		record = inm->inm_tellonce ? CHANGE_TO_EXCLUDE : MODE_IS_EXCLUDE;
		inm->inm_tellonce = false;
		inm->inm_state = IGMP_IDLE_MEMBER;
		kmutex_exit(&ig->ig_lock);
		report(ifp, version, inm->inm_addr, record);
		kmutex_enter(&ig->ig_lock);
	}
	return more;
}

static void
tick(void *arg)
{
	struct igmp_state *ig = arg;
	struct rump_kernel *k = ig->ig_k;
	bool more = false;

	net_rdlock(k);
	kmutex_enter(&ig->ig_lock);
	/* From here on whoever has something to count schedules the next one. */
	ig->ig_ticking = false;
	for (struct ifnet *ifp = if_first(k); ifp != NULL; ifp = ifp->if_next)
		if (IN_IFINFO(ifp) != NULL)
			more |= count_ifp(ig, ifp);
	if (more)
		start(ig);
	kmutex_exit(&ig->ig_lock);
	net_unlock(k);
	net_run(k);
}

/* --- what arrives --- */

/* RFC 3376 4.1.1: longer times by exponent and mantissa, in tenths of a second. */
static int
max_resp(uint8_t code)
{
	return code < 128 ? code : ((code & 15) | 16) << ((code >> 4 & 7) + 3);
}

/* ig_lock held. Every group asked for answers within max ticks. */
static void
schedule_answers(
    struct igmp_state *ig, struct ifnet *ifp, uint32_t group, int max)
{
	for (struct in_multi *inm = IN_IFINFO(ifp)->ii_multi; inm != NULL;
	     inm = inm->inm_next) {
		if (silent(ifp, inm->inm_addr) ||
		    (group != INADDR_ANY && group != inm->inm_addr))
			continue;
		if (inm->inm_timer == 0 || inm->inm_timer > max) {
			inm->inm_state = IGMP_DELAYING_MEMBER;
			inm->inm_timer = random_ticks(ifp->if_k, max);
			start(ig);
		}
	}
}

static void
query(struct ifnet *ifp, const uint8_t *p, unsigned len, uint32_t dst)
{
	struct rump_kernel *k = ifp->if_k;
	struct igmp_state *ig = INET(k)->is_igmp;
	struct in_ifinfo *ii = IN_IFINFO(ifp);
	uint32_t group;
	int tenths;

	stat_inc(INET(k)->igmpstat, IGMP_STAT_RCV_QUERIES);
	memcpy(&group, p + 4, 4);
	if ((group == INADDR_ANY && dst != htonl(INADDR_ALLHOSTS_GROUP)) ||
	    (group != INADDR_ANY && !in_multicast(group)) || len < 8 ||
	    (len > 8 && len < 12)) {
		stat_inc(INET(k)->igmpstat, IGMP_STAT_RCV_BADQUERIES);
		return;
	}
	kmutex_enter(&ig->ig_lock);
	tenths = len >= 12 ? max_resp(p[1]) : p[1];
	if (len >= 12) {
		if (ii->ii_v1timer == 0 && ii->ii_v2timer == 0)
			ii->ii_version = 3;
	} else if (p[1] == 0) {
		ii->ii_version = 1;
		ii->ii_v1timer = OLD_ROUTER_TICKS;
		tenths = IGMP_MAX_HOST_REPORT_DELAY * IGMP_TIMER_SCALE;
	} else {
		if (ii->ii_v1timer == 0)
			ii->ii_version = 2;
		ii->ii_v2timer = OLD_ROUTER_TICKS;
	}
	start(ig);
	schedule_answers(ig, ifp, group, tenths * TICKS / IGMP_TIMER_SCALE);
	kmutex_exit(&ig->ig_lock);
}

/* Somebody else has told the router of the group. */
static void
other_report(struct ifnet *ifp, const uint8_t *ip, const uint8_t *p)
{
	struct rump_kernel *k = ifp->if_k;
	struct igmp_state *ig = INET(k)->is_igmp;
	struct in_multi *inm;
	uint32_t group;

	memcpy(&group, p + 4, 4);
	stat_inc(INET(k)->igmpstat, IGMP_STAT_RCV_REPORTS);
	if (!in_multicast(group) || group != ip_dst(ip)) {
		stat_inc(INET(k)->igmpstat, IGMP_STAT_RCV_BADREPORTS);
		return;
	}
	if (in_ifaddr_lookup(k, ip_src(ip)) != NULL)
		return;
	kmutex_enter(&ig->ig_lock);
	inm = find(ifp, group);
	if (inm != NULL) {
		stat_inc(INET(k)->igmpstat, IGMP_STAT_RCV_OURREPORTS);
		if (IN_IFINFO(ifp)->ii_version < 3) {
			inm->inm_timer = 0;
			inm->inm_state = IGMP_LAZY_MEMBER;
		}
	}
	kmutex_exit(&ig->ig_lock);
}

void
igmp_input(struct mbuf *m, int off, int proto)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	_Atomic uint64_t *stat = INET(k)->igmpstat;
	unsigned len = m->m_pkthdr.len - (unsigned)off;
	const uint8_t *p;

	stat_inc(stat, IGMP_STAT_RCV_TOTAL);
	if (len < IGMP_MINLEN) {
		stat_inc(stat, IGMP_STAT_RCV_TOOSHORT);
		m_freem(m);
		return;
	}
	if (in_cksum(m, (unsigned)off, len) != 0) {
		stat_inc(stat, IGMP_STAT_RCV_BADSUM);
		m_freem(m);
		return;
	}
	if (m->m_len < (unsigned)off + IGMP_MINLEN &&
	    (m = m_pullup(m, (unsigned)off + IGMP_MINLEN)) == NULL)
		return;
	p = m->m_data + off;
	if (IN_IFINFO(ifp) != NULL && (ifp->if_flags & IFF_LOOPBACK) == 0)
		switch (p[0]) {
		case IGMP_HOST_MEMBERSHIP_QUERY:
			query(ifp, p, len, ip_dst(m->m_data));
			break;
		case IGMP_v1_HOST_MEMBERSHIP_REPORT:
		case IGMP_v2_HOST_MEMBERSHIP_REPORT:
			other_report(ifp, m->m_data, p);
			break;
		}
	rip_input(m, off, proto);
}

const struct ipprotosw igmp_protosw = { .ip_input = igmp_input };

int
igmp_boot(struct rump_kernel *k)
{
	struct igmp_state *ig = kmem_zalloc(k, sizeof(*ig));

	if (ig == NULL)
		return -ENOMEM;
	ig->ig_k = k;
	callout_init(&ig->ig_timer, k, tick, ig);
	INET(k)->is_igmp = ig;
	return 0;
}

void
igmp_fini(struct rump_kernel *k)
{
	struct igmp_state *ig = INET(k)->is_igmp;

	if (ig == NULL)
		return;
	callout_halt(&ig->ig_timer);
	INET(k)->is_igmp = NULL;
	kmem_free(k, ig, sizeof(*ig));
}
