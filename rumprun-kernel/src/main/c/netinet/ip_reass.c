/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments of IPv4 datagrams put together (RFC 791 3.2, 815; limits by RFC 1858, 3128, 5722).
 *
 * 1. A queue is one datagram: source, destination, protocol, number. Its fragments
 *    are in order, without their headers, and never overlap: a fragment that is
 *    there already is dropped, one that overlaps in any other way ends the queue.
 * 2. Limits: net.inet.ip.maxfragpackets queues, of which one source has at most a
 *    quarter (16 at least), MAXFRAGS fragments in all. Over that the source's, or
 *    the table's, oldest queue goes.
 * 3. A queue lives for 60 s (RFC 1122 3.3.2), then its sender is told, if the
 *    first fragment has come.
 */
#include "netinet/ip_private.h"

#define NBUCKETS 64
#define MAXFRAGS 8192
#define LIFETIME_NS 60000000000LL
#define TICK_NS 1000000000LL

struct fragq {
	struct fragq *fq_next; /* of its bucket */
	struct fragq *fq_newer, *fq_older;
	uint32_t fq_src, fq_dst;
	uint16_t fq_id;
	uint8_t fq_p;
	int64_t fq_until_ns;
	struct mbuf *fq_frags; /* by m_nextpkt; csum_data: offset / 8 */
	unsigned fq_nfrags, fq_bytes;
	unsigned fq_total;	  /* of data, known from the last one; 0 */
	uint8_t fq_head[IPH_MAX]; /* of the first fragment */
	unsigned fq_hlen;	  /* 0: it has not come */
	uint8_t fq_ecn;		  /* bits of the kinds that came */
	struct ifnet *fq_ifp;
};

struct ip_reass {
	struct rump_kernel *ir_k;
	struct kmutex ir_lock; /* a leaf */
	struct fragq *ir_bucket[NBUCKETS], *ir_newest, *ir_oldest;
	unsigned ir_nqueues, ir_nfrags;
	uint32_t ir_secret;
	struct callout ir_timer;
	bool ir_ticking;
};

static struct fragq **
bucket(struct ip_reass *ir, uint32_t src, uint32_t dst, uint16_t id)
{
	uint32_t h = (src ^ ir->ir_secret) * 0x9e3779b1u ^ dst * 0x85ebca6bu ^
	    id * 0xc2b2ae35u;

	return &ir->ir_bucket[(h ^ h >> 16) % NBUCKETS];
}

static void
unlink_queue(struct ip_reass *ir, struct fragq *fq)
{
	struct fragq **p = bucket(ir, fq->fq_src, fq->fq_dst, fq->fq_id);

	while (*p != fq)
		p = &(*p)->fq_next;
	*p = fq->fq_next;
	*(fq->fq_newer != NULL ? &fq->fq_newer->fq_older :
				 &ir->ir_newest) = fq->fq_older;
	*(fq->fq_older != NULL ? &fq->fq_older->fq_newer :
				 &ir->ir_oldest) = fq->fq_newer;
	ir->ir_nqueues--;
	ir->ir_nfrags -= fq->fq_nfrags;
}

/* Off the table, with everything in it. */
static void
drop_queue(struct ip_reass *ir, struct fragq *fq, unsigned stat)
{
	stat_add(INET(ir->ir_k)->ipstat, stat, fq->fq_nfrags);
	unlink_queue(ir, fq);
	m_freepkts(fq->fq_frags);
	kmem_free(ir->ir_k, fq, sizeof(*fq));
}

/* Makes room for one more queue of a source. */
static bool
make_room(struct ip_reass *ir, uint32_t src)
{
	int32_t max = INET(ir->ir_k)->ip_maxfragpackets;
	struct fragq *fq, *oldest = NULL;
	unsigned own = 0, share;

	if (max == 0)
		return false;
	if (max < 0 || max > MAXFRAGS)
		max = MAXFRAGS;
	share = (unsigned)max / 4 < 16 ? 16 : (unsigned)max / 4;
	for (fq = ir->ir_oldest; fq != NULL; fq = fq->fq_newer)
		if (fq->fq_src == src) {
			own++;
			if (oldest == NULL)
				oldest = fq;
		}
	if (own >= share)
		drop_queue(ir, oldest, IP_STAT_FRAGDROPPED);
	while (ir->ir_oldest != NULL && ir->ir_nqueues >= (unsigned)max)
		drop_queue(ir, ir->ir_oldest, IP_STAT_FRAGDROPPED);
	return true;
}

/* What timed out, as icmp_error wants it; lock held. */
static struct mbuf *
obituary(struct ip_reass *ir, struct fragq *fq)
{
	struct mbuf *m, *f = fq->fq_frags;
	unsigned n;

	if (fq->fq_hlen == 0 || f == NULL)
		return NULL;
	n = f->m_pkthdr.len < 8 ? f->m_pkthdr.len : 8;
	m = m_devget(ir->ir_k, fq->fq_head, fq->fq_hlen, fq->fq_ifp);
	if (m == NULL)
		return NULL;
	m->m_pkthdr.rcvif_index = fq->fq_ifp->if_index;
	if (m_copyback(m, fq->fq_hlen, n, f->m_data) != 0) {
		m_freem(m);
		return NULL;
	}
	return m;
}

static void
tick(void *arg)
{
	struct ip_reass *ir = arg;
	struct rump_kernel *k = ir->ir_k;
	struct mbuf *dead = NULL, *m;
	int64_t now = kern_uptime_ns(k);

	net_rdlock(k);
	kmutex_enter(&ir->ir_lock);
	while (ir->ir_oldest != NULL && ir->ir_oldest->fq_until_ns <= now) {
		if ((m = obituary(ir, ir->ir_oldest)) != NULL) {
			m->m_nextpkt = dead;
			dead = m;
		}
		drop_queue(ir, ir->ir_oldest, IP_STAT_FRAGTIMEOUT);
	}
	ir->ir_ticking = ir->ir_oldest != NULL &&
	    callout_schedule(&ir->ir_timer, TICK_NS) == 0;
	kmutex_exit(&ir->ir_lock);
	while ((m = dead) != NULL) {
		dead = m->m_nextpkt;
		m->m_nextpkt = NULL;
		icmp_error(m, ICMP_TIMXCEED, ICMP_TIMXCEED_REASS, 0, 0);
	}
	net_unlock(k);
	net_run(k);
}

static struct fragq *
queue_for(struct ip_reass *ir, const uint8_t *ip, struct ifnet *ifp)
{
	uint32_t src = ip_src(ip), dst = ip_dst(ip);
	uint16_t id = be16_get(ip + IPH_ID);
	struct fragq **b = bucket(ir, src, dst, id), *fq;

	for (fq = *b; fq != NULL; fq = fq->fq_next)
		if (fq->fq_id == id && fq->fq_src == src && fq->fq_dst == dst &&
		    fq->fq_p == ip[IPH_P])
			return fq;
	if (!make_room(ir, src) ||
	    (fq = kmem_zalloc(ir->ir_k, sizeof(*fq))) == NULL)
		return NULL;
	fq->fq_src = src;
	fq->fq_dst = dst;
	fq->fq_id = id;
	fq->fq_p = ip[IPH_P];
	fq->fq_ifp = ifp;
	fq->fq_until_ns = kern_uptime_ns(ir->ir_k) + LIFETIME_NS;
	fq->fq_next = *b;
	*b = fq;
	fq->fq_older = ir->ir_newest;
	*(ir->ir_newest != NULL ? &ir->ir_newest->fq_newer :
				  &ir->ir_oldest) = fq;
	ir->ir_newest = fq;
	ir->ir_nqueues++;
	if (!ir->ir_ticking)
		ir->ir_ticking = callout_schedule(&ir->ir_timer, TICK_NS) == 0;
	return fq;
}

enum put { PUT, SAME, OVERLAP };

/* Into its place. m: data only. */
static enum put
put(struct fragq *fq, struct mbuf *m, unsigned off, bool more)
{
	unsigned end = off + m->m_pkthdr.len;
	struct mbuf **p = &fq->fq_frags, *f;

	for (; (f = *p) != NULL; p = &f->m_nextpkt) {
		unsigned foff = f->m_pkthdr.csum_data * 8u;

		if (foff + f->m_pkthdr.len <= off)
			continue;
		if (foff == off && f->m_pkthdr.len == m->m_pkthdr.len)
			return SAME;
		if (foff < end)
			return OVERLAP;
		break;
	}
	if (!more) {
		if (fq->fq_total != 0 && fq->fq_total != end)
			return OVERLAP;
		if (f != NULL)
			return OVERLAP;
		fq->fq_total = end;
	} else if (fq->fq_total != 0 && end > fq->fq_total)
		return OVERLAP;
	m->m_pkthdr.csum_data = (uint16_t)(off / 8);
	m->m_nextpkt = f;
	*p = m;
	fq->fq_nfrags++;
	fq->fq_bytes += m->m_pkthdr.len;
	return PUT;
}

/* RFC 3168 5.3: congestion seen by a fragment was seen by the datagram; a mixture that cannot be is no datagram. */
static bool
merge_ecn(struct fragq *fq)
{
	bool ce = (fq->fq_ecn & 1u << IPTOS_ECN_CE) != 0;

	if (!ce)
		return true;
	if ((fq->fq_ecn & 1u << IPTOS_ECN_NOTECT) != 0)
		return false;
	fq->fq_head[IPH_TOS] |= IPTOS_ECN_CE;
	return true;
}

/* Everything has come: the queue becomes a packet. */
static struct mbuf *
join(struct ip_reass *ir, struct fragq *fq)
{
	struct mbuf *m, *f, *next;
	unsigned hlen = fq->fq_hlen, total = hlen + fq->fq_total;
	uint8_t head[IPH_MAX];

	if (total > IP_MAXPACKET || !merge_ecn(fq)) {
		stat_inc(INET(ir->ir_k)->ipstat,
		    total > IP_MAXPACKET ? IP_STAT_TOOLONG : IP_STAT_BADFRAGS);
		drop_queue(ir, fq, IP_STAT_FRAGDROPPED);
		return NULL;
	}
	unlink_queue(ir, fq);
	m = fq->fq_frags;
	memcpy(head, fq->fq_head, hlen);
	kmem_free(ir->ir_k, fq, sizeof(*fq));
	next = m->m_nextpkt;
	m->m_nextpkt = NULL;
	for (struct mbuf *tail = m; (f = next) != NULL;) {
		next = f->m_nextpkt;
		f->m_nextpkt = NULL;
		while (tail->m_next != NULL)
			tail = tail->m_next;
		m_cat(tail, f);
	}
	m->m_pkthdr.len = total - hlen;
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.csum_data = 0;
	if ((m = m_prepend(m, hlen)) == NULL ||
	    (m = m_makewritable(m, hlen)) == NULL)
		return NULL;
	memcpy(m->m_data, head, hlen);
	be16_put(m->m_data + IPH_LEN, (uint16_t)total);
	be16_put(m->m_data + IPH_OFF, 0);
	/* An ICMP error quotes this header. */
	ip_setcksum(m->m_data, hlen);
	stat_inc(INET(m->m_k)->ipstat, IP_STAT_REASSEMBLED);
	return m;
}

/* RFC 791, 1858: is it a piece at all? */
static bool
sound(const uint8_t *ip, unsigned hlen, unsigned len, unsigned off, bool more)
{
	if (len <= hlen)
		return false;
	len -= hlen;
	if (more && (len & 7) != 0)
		return false;
	/* A header of TCP in two pieces comes from nobody who means well. */
	return ip[IPH_P] != IPPROTO_TCP || off != 8;
}

struct mbuf *
ip_reassemble(struct mbuf *m)
{
	struct rump_kernel *k = m->m_k;
	struct ip_reass *ir = INET(k)->is_reass;
	_Atomic uint64_t *stat = INET(k)->ipstat;
	unsigned hlen = ip_hlen(m->m_data), len = m->m_pkthdr.len;
	uint16_t ipoff = be16_get(m->m_data + IPH_OFF);
	unsigned off = (ipoff & IP_OFFMASK) * 8u;
	bool more = (ipoff & IP_MF) != 0, beyond;
	uint8_t head[IPH_MAX];
	struct fragq *fq;
	enum put how;

	/* The end of more than a packet can be, "ping of death". */
	beyond = len > hlen && off + len - hlen > IP_MAXPACKET - IPH_SIZE;
	if (beyond || !sound(m->m_data, hlen, len, off, more)) {
		stat_inc(stat, beyond ? IP_STAT_TOOLONG : IP_STAT_BADFRAGS);
		m_freem(m);
		return NULL;
	}
	memcpy(head, m->m_data, hlen);
	m_tag_delete_all(m);
	kmutex_enter(&ir->ir_lock);
	while (ir->ir_nfrags >= MAXFRAGS && ir->ir_oldest != NULL)
		drop_queue(ir, ir->ir_oldest, IP_STAT_FRAGDROPPED);
	fq = queue_for(ir, head, m->m_pkthdr.rcvif);
	if (fq == NULL) {
		kmutex_exit(&ir->ir_lock);
		stat_inc(stat, IP_STAT_FRAGDROPPED);
		m_freem(m);
		return NULL;
	}
	m_adj(m, (int)hlen);
	how = put(fq, m, off, more);
	if (how != PUT) {
		stat_inc(stat, IP_STAT_FRAGDROPPED);
		if (how == OVERLAP)
			drop_queue(ir, fq, IP_STAT_FRAGDROPPED);
		kmutex_exit(&ir->ir_lock);
		m_freem(m);
		return NULL;
	}
	ir->ir_nfrags++;
	fq->fq_ecn |= (uint8_t)(1u << (head[IPH_TOS] & IPTOS_ECN_MASK));
	if (off == 0) {
		memcpy(fq->fq_head, head, hlen);
		fq->fq_hlen = hlen;
	}
	m = NULL;
	if (fq->fq_total != 0 && fq->fq_bytes == fq->fq_total &&
	    fq->fq_hlen != 0)
		m = join(ir, fq);
	kmutex_exit(&ir->ir_lock);
	return m;
}

/* Packets that came by an interface that goes; its pointer is in them. */
void
ip_reass_ifdetach(struct rump_kernel *k, struct ifnet *ifp)
{
	struct ip_reass *ir = INET(k)->is_reass;
	struct fragq *fq, *next;

	if (ir == NULL)
		return;
	kmutex_enter(&ir->ir_lock);
	for (fq = ir->ir_oldest; fq != NULL; fq = next) {
		bool from = fq->fq_ifp == ifp;

		next = fq->fq_newer;
		for (struct mbuf *m = fq->fq_frags; m != NULL; m = m->m_nextpkt)
			from |= m->m_pkthdr.rcvif == ifp;
		if (from)
			drop_queue(ir, fq, IP_STAT_FRAGDROPPED);
	}
	kmutex_exit(&ir->ir_lock);
}

int
ip_reass_boot(struct rump_kernel *k)
{
	struct ip_reass *ir = kmem_zalloc(k, sizeof(*ir));

	if (ir == NULL)
		return -ENOMEM;
	ir->ir_k = k;
	kern_random(k, &ir->ir_secret, sizeof(ir->ir_secret));
	callout_init(&ir->ir_timer, k, tick, ir);
	INET(k)->is_reass = ir;
	return 0;
}

void
ip_reass_fini(struct rump_kernel *k)
{
	struct ip_reass *ir = INET(k)->is_reass;

	if (ir == NULL)
		return;
	callout_halt(&ir->ir_timer);
	while (ir->ir_oldest != NULL)
		drop_queue(ir, ir->ir_oldest, IP_STAT_FRAGDROPPED);
	callout_halt(&ir->ir_timer);
	kmem_free(k, ir, sizeof(*ir));
	INET(k)->is_reass = NULL;
}
