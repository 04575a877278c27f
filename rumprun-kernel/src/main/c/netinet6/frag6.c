/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting fragments together (RFC 8200 4.5, 5722, 6946).
 *
 * A queue for each (source, destination, identification), in a hash; its fragments in order of their offsets. Overlapping ones end the whole queue, which
 * goes on as a dead one until it times out, so that what comes later cannot start it anew. Limits: ip6_maxfragpackets queues, ip6_maxfrags fragments; when
 * queues run out the oldest goes. fs_lock is a leaf: packets are passed on without it.
 */
#include "netinet6/in6_private.h"

#define FRAG_BUCKETS 64
#define FRAG_TTL_NS ((int64_t)IPV6_FRAGTTL / 2 * SEC_NS)
#define FRAG_MAXOFQUEUE 256 /* pieces of one packet */

struct frag {
	struct frag *next;
	uint32_t off, len; /* of its data in the packet */
	struct mbuf *m;	   /* data alone */
};
struct fragq {
	struct fragq *next; /* of its bucket */
	struct in6_addr src, dst;
	uint32_t id;
	unsigned ifindex;
	int64_t expire_ns;
	struct frag *list;
	unsigned n;
	uint32_t total; /* 0: the last one is missing */
	bool dead;
	uint8_t ecn;
	struct mbuf *head; /* unfragmentable part of the first fragment */
	uint8_t nxt;	   /* as that says */
	size_t nxtat;	   /* where the number stands that is to become nxt */
};
struct frag6_state {
	struct kmutex fs_lock;
	struct fragq *fs_bucket[FRAG_BUCKETS];
	int fs_nqueues, fs_nfrags;
	uint32_t fs_secret;
	struct callout fs_timer;
	bool fs_armed, fs_halting;
};

static struct fragq **
bucket(struct frag6_state *fs, const struct in6_addr *src,
    const struct in6_addr *dst, uint32_t id)
{
	uint32_t h = fs->fs_secret ^ id;

	for (int i = 0; i < 16; i += 4) {
		h = (h ^ be32_get(A6(src) + i)) * 0x9e3779b1u;
		h = (h << 13 | h >> 19) ^ be32_get(A6(dst) + i);
	}
	h ^= h >> 16;
	return &fs->fs_bucket[(h * 0x85ebca6bu) >> 26];
}

/* fs_lock. */
static void
free_frags(struct rump_kernel *k, struct frag6_state *fs, struct fragq *q)
{
	struct frag *f;

	while ((f = q->list) != NULL) {
		q->list = f->next;
		m_freem(f->m);
		kmem_free(k, f, sizeof(*f));
		fs->fs_nfrags--;
	}
	m_freem(q->head);
	q->head = NULL;
	q->n = 0;
	q->total = 0;
}

static void
free_queue(struct rump_kernel *k, struct frag6_state *fs, struct fragq **qp)
{
	struct fragq *q = *qp;

	*qp = q->next;
	free_frags(k, fs, q);
	kmem_free(k, q, sizeof(*q));
	fs->fs_nqueues--;
}

/* The first piece of what has not become whole, to tell its sender of; NULL. */
static struct mbuf *
first_piece(struct fragq *q)
{
	struct mbuf *m = q->head;

	if (q->dead || m == NULL || q->list == NULL || q->list->off != 0)
		return NULL;
	q->head = NULL;
	m->m_data[q->nxtat] = q->nxt;
	m->m_pkthdr.len += q->list->len;
	m_cat(m, q->list->m);
	q->list->m = NULL;
	be16_put(m->m_data + IP6_PLEN, (uint16_t)(m->m_pkthdr.len - IP6_HDRLEN));
	return m;
}

static void
timed_out(struct rump_kernel *k, struct fragq **qp, struct mbuf **tell)
{
	struct frag6_state *fs = INET6(k)->i6_frag;
	struct ifnet *ifp = if_byindex(k, (*qp)->ifindex);
	struct mbuf *m = first_piece(*qp);

	IP6STAT_INC(k, FRAGTIMEOUT);
	if (!(*qp)->dead)
		in6_ifstat_inc(ifp, IFS6(reass_fail));
	if (m != NULL && ifp != NULL) {
		m->m_pkthdr.rcvif = ifp;
		m->m_nextpkt = *tell;
		*tell = m;
	} else
		m_freem(m);
	free_queue(k, fs, qp);
}

static void
arm(struct frag6_state *fs)
{
	if (fs->fs_armed || fs->fs_halting)
		return;
	fs->fs_armed = callout_schedule(&fs->fs_timer, SEC_NS) == 0;
}

static void
frag6_timer(void *arg)
{
	struct rump_kernel *k = arg;
	struct frag6_state *fs = INET6(k)->i6_frag;
	struct mbuf *tell = NULL, *m;
	int64_t now;

	net_rdlock(k);
	now = kern_uptime_ns(k);
	kmutex_enter(&fs->fs_lock);
	fs->fs_armed = false;
	for (int i = 0; i < FRAG_BUCKETS; i++)
		for (struct fragq **qp = &fs->fs_bucket[i]; *qp != NULL;)
			if ((*qp)->expire_ns <= now)
				timed_out(k, qp, &tell);
			else
				qp = &(*qp)->next;
	if (fs->fs_nqueues > 0)
		arm(fs);
	kmutex_exit(&fs->fs_lock);
	while ((m = tell) != NULL) {
		tell = m->m_nextpkt;
		m->m_nextpkt = NULL;
		icmp6_error(
		    m, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY, 0);
	}
	net_unlock(k);
	net_run(k);
}

/* The oldest of all goes, for a new one. */
static void
evict(struct rump_kernel *k, struct frag6_state *fs)
{
	struct fragq **oldest = NULL;

	for (int i = 0; i < FRAG_BUCKETS; i++)
		for (struct fragq **qp = &fs->fs_bucket[i]; *qp != NULL;
		     qp = &(*qp)->next)
			if (oldest == NULL ||
			    (*qp)->expire_ns < (*oldest)->expire_ns)
				oldest = qp;
	if (oldest != NULL) {
		IP6STAT_INC(k, FRAGOVERFLOW);
		free_queue(k, fs, oldest);
	}
}

static struct fragq *
find_queue(struct mbuf *m, const struct in6_addr *src,
    const struct in6_addr *dst, uint32_t id)
{
	struct rump_kernel *k = m->m_k;
	struct frag6_state *fs = INET6(k)->i6_frag;
	struct fragq **b = bucket(fs, src, dst, id), *q;
	int most = INET6(k)->ip6_maxfragpackets;

	for (q = *b; q != NULL; q = q->next)
		if (q->id == id && a6_equal(&q->src, src) &&
		    a6_equal(&q->dst, dst))
			return q;
	if (most == 0)
		return NULL;
	while (most > 0 && fs->fs_nqueues >= most)
		evict(k, fs);
	q = kmem_zalloc(k, sizeof(*q));
	if (q == NULL)
		return NULL;
	q->src = *src;
	q->dst = *dst;
	q->id = id;
	q->ifindex = m->m_pkthdr.rcvif->if_index;
	q->expire_ns = kern_uptime_ns(k) + FRAG_TTL_NS;
	q->next = *b;
	*b = q;
	fs->fs_nqueues++;
	arm(fs);
	return q;
}

static void
kill_queue(struct rump_kernel *k, struct fragq *q)
{
	free_frags(k, INET6(k)->i6_frag, q);
	q->dead = true;
}

struct piece {
	uint32_t off, len;
	bool more;
	uint8_t nxt;
	size_t at, nxtat; /* of the fragment header; of the number before it */
};

/* Where p belongs; false: it overlaps, or contradicts what is known of the end. *dup: it is there already. */
static bool
place(struct fragq *q, const struct piece *p, struct frag ***where, bool *dup)
{
	uint32_t end = p->off + p->len;
	struct frag **fp = &q->list;

	*dup = false;
	if ((q->total != 0 && end > q->total) ||
	    (!p->more && q->total != 0 && end != q->total))
		return false;
	while (*fp != NULL && (*fp)->off < p->off) {
		if ((*fp)->off + (*fp)->len > p->off)
			return false;
		fp = &(*fp)->next;
	}
	*where = fp;
	if (*fp == NULL)
		return true;
	/* The very same one twice is the network's doing, not an attack. */
	if ((*fp)->off == p->off && (*fp)->len == p->len) {
		*dup = true;
		return true;
	}
	return end <= (*fp)->off && (p->more || *fp == NULL);
}

static bool
complete(const struct fragq *q)
{
	uint32_t at = 0;

	if (q->total == 0 || q->head == NULL)
		return false;
	for (const struct frag *f = q->list; f != NULL; f = f->next) {
		if (f->off != at)
			return false;
		at += f->len;
	}
	return at == q->total;
}

/* RFC 3168 5.3: congestion that one has met counts; ECT beside not-ECT doesn't go. */
static bool
merge_ecn(struct fragq *q, uint8_t ecn)
{
	if (q->list == NULL) {
		q->ecn = ecn;
		return true;
	}
	if (ecn == 3 && q->ecn != 3)
		q->ecn = q->ecn == 0 ? 0xff : 3;
	else if (q->ecn == 3 && ecn == 0)
		q->ecn = 0xff;
	return q->ecn != 0xff;
}

/* The whole packet out of a queue, which goes. NULL: no memory, or too long. */
static struct mbuf *
assemble(struct rump_kernel *k, struct fragq *q)
{
	struct frag6_state *fs = INET6(k)->i6_frag;
	struct fragq **qp = bucket(fs, &q->src, &q->dst, q->id);
	struct mbuf *m = q->head;
	struct frag *f;

	q->head = NULL;
	while ((f = q->list) != NULL) {
		q->list = f->next;
		m->m_pkthdr.len += f->len;
		m_cat(m, f->m);
		kmem_free(k, f, sizeof(*f));
		fs->fs_nfrags--;
	}
	m->m_data[q->nxtat] = q->nxt;
	be16_put(m->m_data + IP6_PLEN, (uint16_t)(m->m_pkthdr.len - IP6_HDRLEN));
	if (q->ecn == 3)
		m->m_data[1] |= 0x30;
	while (*qp != q)
		qp = &(*qp)->next;
	free_queue(k, fs, qp);
	return m;
}

/* m's unfragmentable part for the queue, its data for the fragment. */
static int
store(struct rump_kernel *k, struct fragq *q, const struct piece *p,
    struct mbuf *m, struct frag **where)
{
	struct frag6_state *fs = INET6(k)->i6_frag;
	struct frag *f = kmem_zalloc(k, sizeof(*f));
	struct mbuf *data = f == NULL ? NULL : m_split(m, p->at + 8);

	if (data == NULL) {
		if (f != NULL)
			kmem_free(k, f, sizeof(*f));
		m_freem(m);
		return -ENOBUFS;
	}
	f->off = p->off;
	f->len = p->len;
	f->m = data;
	f->next = *where;
	*where = f;
	q->n++;
	fs->fs_nfrags++;
	if (!p->more)
		q->total = p->off + p->len;
	if (p->off == 0 && q->head == NULL) {
		m_adj(m, -8); /* the fragment header */
		q->head = m;
		q->nxt = p->nxt;
		q->nxtat = p->nxtat;
	} else
		m_freem(m);
	return 0;
}

/* fs_lock. Takes m: the whole packet, when this was the last; else NULL. */
static struct mbuf *
add(struct mbuf *m, const struct piece *p, uint32_t id)
{
	struct rump_kernel *k = m->m_k;
	struct ifnet *ifp = m->m_pkthdr.rcvif;
	struct frag6_state *fs = INET6(k)->i6_frag;
	struct in6_addr src = a6_get(m->m_data + IP6_SRC),
			dst = a6_get(m->m_data + IP6_DST);
	int most = INET6(k)->ip6_maxfrags;
	struct fragq *q = find_queue(m, &src, &dst, id);
	struct frag **where;
	bool dup;

	if (q == NULL || q->dead || (most >= 0 && fs->fs_nfrags >= most) ||
	    q->n >= FRAG_MAXOFQUEUE)
		goto drop;
	if (!place(q, p, &where, &dup) || !merge_ecn(q, m->m_data[1] >> 4 & 3)) {
		kill_queue(k, q);
		goto drop;
	}
	/* The fragmentable part ends where 65535 bytes of payload do. */
	if (dup)
		goto drop;
	if (store(k, q, p, m, where) != 0) {
		IP6STAT_INC(k, FRAGDROPPED);
		return NULL;
	}
	if (!complete(q))
		return NULL;
	if (q->head->m_pkthdr.len - IP6_HDRLEN + q->total > IPV6_MAXPACKET) {
		kill_queue(k, q);
		IP6STAT_INC(k, FRAGDROPPED);
		return NULL;
	}
	IP6STAT_INC(k, REASSEMBLED);
	in6_ifstat_inc(ifp, IFS6(reass_ok));
	return assemble(k, q);
drop:
	IP6STAT_INC(k, FRAGDROPPED);
	in6_ifstat_inc(ifp, IFS6(reass_fail));
	m_freem(m);
	return NULL;
}

/* Where the number stands that says that a fragment header is at `at`. */
static size_t
number_before(const uint8_t *p, size_t at)
{
	size_t off = IP6_HDRLEN, num = IP6_NXT;

	while (off < at) {
		num = off;
		off += (p[off + 1] + 1u) * 8;
	}
	return num;
}

/* RFC 6946: the only fragment needs no queue. */
static int
atomic_fragment(struct mbuf **mp, int *offp, const struct piece *p)
{
	struct mbuf *m = *mp;

	m->m_data[p->nxtat] = p->nxt;
	memmove(m->m_data + 8, m->m_data, p->at);
	m_adj(m, 8);
	be16_put(m->m_data + IP6_PLEN, (uint16_t)(m->m_pkthdr.len - IP6_HDRLEN));
	*offp = (int)p->at;
	IP6STAT_INC(m->m_k, REASSEMBLED);
	return p->nxt;
}

static int
parse(struct mbuf **mp, size_t off, struct piece *p, uint32_t *id)
{
	struct mbuf *m = *mp;
	const uint8_t *h;

	if (m->m_pkthdr.len < off + 8) {
		IP6STAT_INC(m->m_k, TOOSHORT);
		m_freem(m);
		return -1;
	}
	if ((m->m_len < off + 8 && (m = *mp = m_pullup(m, off + 8)) == NULL) ||
	    (m = *mp = m_makewritable(m, off + 8)) == NULL)
		return -1;
	h = m->m_data + off;
	*p = (struct piece){ .off = be16_get(h + 2) & 0xfff8u,
		.len = m->m_pkthdr.len - (uint32_t)off - 8,
		.more = (h[3] & 1) != 0,
		.nxt = h[0],
		.at = off,
		.nxtat = number_before(m->m_data, off) };
	*id = be32_get(h + 4);
	if (p->more && (p->len == 0 || p->len % 8 != 0)) {
		icmp6_error(
		    m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, IP6_PLEN);
		return -1;
	}
	if (p->off + p->len > IPV6_MAXPACKET) {
		icmp6_error(m, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER,
		    (uint32_t)off + 2);
		return -1;
	}
	/* Nothing to put anywhere. */
	if (p->len == 0 && p->off != 0) {
		m_freem(m);
		return -1;
	}
	return 0;
}

static int
frag6_input(struct mbuf **mp, int *offp, int proto)
{
	struct rump_kernel *k = (*mp)->m_k;
	struct frag6_state *fs = INET6(k)->i6_frag;
	struct ifnet *ifp = (*mp)->m_pkthdr.rcvif;
	struct piece p;
	uint32_t id;
	int nxt = 0;

	(void)proto;
	IP6STAT_INC(k, FRAGMENTS);
	in6_ifstat_inc(ifp, IFS6(reass_reqd));
	if (parse(mp, (size_t)*offp, &p, &id) != 0)
		return IPPROTO_DONE;
	if (p.off == 0 && !p.more)
		return atomic_fragment(mp, offp, &p);
	kmutex_enter(&fs->fs_lock);
	*mp = add(*mp, &p, id);
	kmutex_exit(&fs->fs_lock);
	if (*mp == NULL)
		return IPPROTO_DONE;
	/* It may have come in by another of our interfaces: this one counts. */
	(*mp)->m_pkthdr.rcvif = ifp;
	(*mp)->m_pkthdr.rcvif_index = ifp->if_index;
	(*mp)->m_pkthdr.csum_flags = 0;
	/* RFC 7112: all headers were in the first one. The first one's own unfragmentable part may be longer or shorter than this one's. */
	if (ip6_lasthdr(*mp, &nxt) == 0) {
		IP6STAT_INC(k, TOOSHORT);
		m_freem(*mp);
		return IPPROTO_DONE;
	}
	*offp = IP6_HDRLEN;
	nxt = (*mp)->m_data[IP6_NXT];
	if (nxt == IPPROTO_HOPOPTS) {
		*offp += ((*mp)->m_data[IP6_HDRLEN + 1] + 1) * 8;
		nxt = (*mp)->m_data[IP6_HDRLEN];
	}
	return nxt;
}

const struct ip6protosw frag6_protosw = { .ip6_input = frag6_input };

void
frag6_ifdetach(struct ifnet *ifp)
{
	struct rump_kernel *k = ifp->if_k;
	struct frag6_state *fs = INET6(k)->i6_frag;

	if (fs == NULL)
		return;
	kmutex_enter(&fs->fs_lock);
	for (int i = 0; i < FRAG_BUCKETS; i++)
		for (struct fragq **qp = &fs->fs_bucket[i]; *qp != NULL;)
			if ((*qp)->ifindex == ifp->if_index)
				free_queue(k, fs, qp);
			else
				qp = &(*qp)->next;
	kmutex_exit(&fs->fs_lock);
}

int
frag6_boot(struct rump_kernel *k)
{
	struct frag6_state *fs = kmem_zalloc(k, sizeof(*fs));

	if (fs == NULL)
		return -ENOMEM;
	fs->fs_secret = in6_random(k, 0);
	callout_init(&fs->fs_timer, k, frag6_timer, k);
	INET6(k)->i6_frag = fs;
	return 0;
}

void
frag6_fini(struct rump_kernel *k)
{
	struct frag6_state *fs = INET6(k)->i6_frag;

	if (fs == NULL)
		return;
	kmutex_enter(&fs->fs_lock);
	fs->fs_halting = true;
	kmutex_exit(&fs->fs_lock);
	callout_halt(&fs->fs_timer);
	for (int i = 0; i < FRAG_BUCKETS; i++)
		while (fs->fs_bucket[i] != NULL)
			free_queue(k, fs, &fs->fs_bucket[i]);
	INET6(k)->i6_frag = NULL;
	kmem_free(k, fs, sizeof(*fs));
}
