/* SPDX-License-Identifier: BSD-2-Clause */
/* Mbufs: getting and giving back, and what is done with chains. Contracts: net/mbuf.h. */
#include "net/mbuf.h"

#define LEAD 64 /* room in front of packets that come from a device */

/* --- getting and giving back --- */

/* One that has no storage yet, but is charged for one of `extra` bytes. */
static struct mbuf *
getbuf(struct rump_kernel *k, int type, unsigned flags, size_t extra)
{
	struct mbuf *m;

	if (!kmem_charge(k, sizeof(*m) + extra))
		return NULL;
	if ((m = host_malloc(sizeof(*m))) == NULL) {
		kmem_uncharge(k, sizeof(*m) + extra);
		return NULL;
	}
	m->m_next = m->m_nextpkt = NULL;
	m->m_len = 0;
	m->m_flags = (uint16_t)flags;
	m->m_type = (uint8_t)type;
	m->m_k = k;
	m->m_ext = NULL;
	m->m_data = m->m_dat;
	if ((flags & M_PKTHDR) != 0) {
		m->m_data += sizeof(struct mpkthdr);
		memset(&m->m_pkthdr, 0, sizeof(m->m_pkthdr));
	}
	return m;
}

/* Gives it back where there was no memory for its storage. */
static void
ungetbuf(struct mbuf *m, size_t extra)
{
	kmem_uncharge(m->m_k, sizeof(*m) + extra);
	host_free(m);
}

static void
ext_put(struct mext *me)
{
	if (atomic_load_explicit(&me->me_refs, memory_order_acquire) != 1 &&
	    atomic_fetch_sub_explicit(&me->me_refs, 1, memory_order_acq_rel) !=
		1)
		return;
	if (me->me_free != NULL)
		me->me_free(me->me_arg, me->me_buf, me->me_size);
	host_free(me);
}

/* An mbuf is charged for the whole of the storage that it refers to: its getter has done that. */
static void
ext_attach(struct mbuf *m, struct mext *me)
{
	m->m_ext = me;
	m->m_data = me->me_buf;
}

/* m refers to what `from` refers to. */
static void
ext_share(struct mbuf *m, const struct mbuf *from)
{
	atomic_fetch_add_explicit(
	    &from->m_ext->me_refs, 1, memory_order_relaxed);
	ext_attach(m, from->m_ext);
}

struct mbuf *
m_get(struct rump_kernel *k, int type)
{
	return getbuf(k, type, 0, 0);
}

struct mbuf *
m_gethdr(struct rump_kernel *k, int type)
{
	return getbuf(k, type, M_PKTHDR, 0);
}

struct mbuf *
m_getcl(struct rump_kernel *k, int type, size_t size, bool pkthdr)
{
	struct mbuf *m;
	struct mext *me;

	if (size < MCLBYTES)
		size = MCLBYTES;
	if (size > UINT32_MAX / 2 ||
	    (m = getbuf(k, type, pkthdr ? M_PKTHDR : 0, size)) == NULL)
		return NULL;
	if ((me = host_malloc(sizeof(*me) + size)) == NULL) {
		ungetbuf(m, size);
		return NULL;
	}
	atomic_init(&me->me_refs, 1);
	me->me_size = (uint32_t)size;
	me->me_free = NULL;
	me->me_arg = NULL;
	me->me_buf = me->me_data;
	ext_attach(m, me);
	return m;
}

struct mbuf *
m_extadd(struct rump_kernel *k, void *buf, size_t size,
    void (*free)(void *, void *, size_t), void *arg, bool pkthdr)
{
	struct mbuf *m = NULL;
	struct mext *me = NULL;

	if (size <= UINT32_MAX / 2 &&
	    (m = getbuf(k, MT_DATA, pkthdr ? M_PKTHDR : 0, size)) != NULL &&
	    (me = host_malloc(sizeof(*me))) == NULL) {
		ungetbuf(m, size);
		m = NULL;
	}
	if (m == NULL) {
		free(arg, buf, size);
		return NULL;
	}
	atomic_init(&me->me_refs, 1);
	me->me_size = (uint32_t)size;
	me->me_free = free;
	me->me_arg = arg;
	me->me_buf = buf;
	ext_attach(m, me);
	m->m_len = (uint32_t)size;
	if (pkthdr)
		m->m_pkthdr.len = (uint32_t)size;
	return m;
}

struct mbuf *
m_free(struct mbuf *m)
{
	struct mbuf *next = m->m_next;
	size_t size = sizeof(*m);

	if ((m->m_flags & M_PKTHDR) != 0 && m->m_pkthdr.tags != NULL)
		m_tag_delete_all(m);
	if (m->m_ext != NULL) {
		size += m->m_ext->me_size;
		ext_put(m->m_ext);
	}
	kmem_uncharge(m->m_k, size);
	host_free(m);
	return next;
}

void
m_freem(struct mbuf *m)
{
	while (m != NULL)
		m = m_free(m);
}

void
m_freepkts(struct mbuf *m)
{
	while (m != NULL) {
		struct mbuf *next = m->m_nextpkt;

		m_freem(m);
		m = next;
	}
}

void
m_transfer(struct mbuf *m, struct rump_kernel *to)
{
	if ((m->m_flags & M_PKTHDR) != 0) {
		m_tag_delete_all(m);
		m->m_pkthdr.rcvif = NULL;
		m->m_pkthdr.rcvif_index = 0;
		m->m_pkthdr.hops = 0;
	}
	for (; m != NULL; m = m->m_next) {
		int64_t size = (int64_t)sizeof(*m) +
		    (m->m_ext != NULL ? m->m_ext->me_size : 0);

		atomic_fetch_sub_explicit(
		    &m->m_k->k_memused, size, memory_order_relaxed);
		atomic_fetch_add_explicit(
		    &to->k_memused, size, memory_order_relaxed);
		m->m_k = to;
	}
}

/* --- tags --- */

static size_t
tag_size(const struct m_tag *t)
{
	return sizeof(*t) + t->m_tag_len;
}

struct m_tag *
m_tag_add(struct mbuf *m, uint16_t id, size_t len)
{
	struct m_tag *t;

	if (len > UINT16_MAX ||
	    (t = kmem_zalloc(m->m_k, sizeof(*t) + len)) == NULL)
		return NULL;
	t->m_tag_id = id;
	t->m_tag_len = (uint16_t)len;
	t->m_tag_next = m->m_pkthdr.tags;
	m->m_pkthdr.tags = t;
	return t;
}

struct m_tag *
m_tag_find(const struct mbuf *m, uint16_t id)
{
	struct m_tag *t = m->m_pkthdr.tags;

	while (t != NULL && t->m_tag_id != id)
		t = t->m_tag_next;
	return t;
}

void
m_tag_delete(struct mbuf *m, struct m_tag *t)
{
	struct m_tag **tp = &m->m_pkthdr.tags;

	while (*tp != t)
		tp = &(*tp)->m_tag_next;
	*tp = t->m_tag_next;
	kmem_free(m->m_k, t, tag_size(t));
}

void
m_tag_delete_all(struct mbuf *m)
{
	while (m->m_pkthdr.tags != NULL)
		m_tag_delete(m, m->m_pkthdr.tags);
}

static int
tags_copy(struct mbuf *to, const struct mbuf *from)
{
	for (struct m_tag *t = from->m_pkthdr.tags; t != NULL;
	     t = t->m_tag_next) {
		struct m_tag *n = m_tag_add(to, t->m_tag_id, t->m_tag_len);

		if (n == NULL)
			return -ENOMEM;
		memcpy(n->m_tag_data, t->m_tag_data, t->m_tag_len);
	}
	return 0;
}

/* Header fields, flags and tags; the length is the caller's. */
static int
pkthdr_copy(struct mbuf *to, const struct mbuf *from)
{
	to->m_flags |= from->m_flags;
	to->m_pkthdr = from->m_pkthdr;
	to->m_pkthdr.tags = NULL;
	return tags_copy(to, from);
}

/* Moves them: `from` is no packet's first mbuf afterwards. to has M_PKTHDR. */
static void
pkthdr_move(struct mbuf *to, struct mbuf *from)
{
	to->m_flags |= from->m_flags;
	to->m_pkthdr = from->m_pkthdr;
	from->m_pkthdr.tags = NULL;
	to->m_nextpkt = from->m_nextpkt;
	from->m_nextpkt = NULL;
	from->m_flags &= (uint16_t)~M_PKTHDR;
}

/* --- looking --- */

size_t
m_length(const struct mbuf *m)
{
	size_t n = 0;

	for (; m != NULL; m = m->m_next)
		n += m->m_len;
	return n;
}

struct mbuf *
m_getptr(struct mbuf *m, size_t off, size_t *where)
{
	for (; m != NULL; m = m->m_next) {
		if (off < m->m_len) {
			*where = off;
			return m;
		}
		off -= m->m_len;
	}
	return NULL;
}

void
m_copydata(const struct mbuf *m, size_t off, size_t len, void *to)
{
	uint8_t *p = to;

	for (; m != NULL && off >= m->m_len; m = m->m_next)
		off -= m->m_len;
	for (; m != NULL && len > 0; m = m->m_next) {
		size_t n = m->m_len - off < len ? m->m_len - off : len;

		memcpy(p, m->m_data + off, n);
		p += n;
		len -= n;
		off = 0;
	}
}

/* --- copies --- */

/* n bytes at off of one mbuf, referred to or copied. */
static struct mbuf *
copy_one(const struct mbuf *m, size_t off, size_t n, bool pkthdr)
{
	struct mbuf *c;

	if (m->m_ext == NULL && n > (pkthdr ? MHLEN : MLEN))
		c = m_getcl(m->m_k, m->m_type, n, pkthdr);
	else
		c = getbuf(m->m_k, m->m_type, pkthdr ? M_PKTHDR : 0,
		    m->m_ext != NULL ? m->m_ext->me_size : 0);
	if (c == NULL)
		return NULL;
	if (m->m_ext != NULL) {
		ext_share(c, m);
		c->m_data = m->m_data + off;
	} else
		memcpy(c->m_data, m->m_data + off, n);
	c->m_len = (uint32_t)n;
	c->m_flags |= m->m_flags & M_EOR;
	return c;
}

struct mbuf *
m_copym(const struct mbuf *m, size_t off, size_t len)
{
	bool pkthdr = off == 0 && (m->m_flags & M_PKTHDR) != 0;
	const struct mbuf *first = m;
	struct mbuf *top = NULL, **tail = &top;
	size_t done = 0;

	for (; m != NULL && off >= m->m_len && off > 0; m = m->m_next)
		off -= m->m_len;
	do {
		size_t n = m == NULL ? 0 : m->m_len - off;

		if (m == NULL || (n == 0 && top != NULL))
			continue;
		if (n > len - done)
			n = len - done;
		*tail = copy_one(m, off, n, pkthdr && top == NULL);
		if (*tail == NULL ||
		    (pkthdr && tail == &top && pkthdr_copy(top, first) != 0)) {
			m_freem(top);
			return NULL;
		}
		tail = &(*tail)->m_next;
		done += n;
		off = 0;
	} while (done < len && m != NULL && (m = m->m_next) != NULL);
	if (pkthdr && top != NULL)
		top->m_pkthdr.len = (uint32_t)done;
	return top;
}

struct mbuf *
m_dup(const struct mbuf *m, size_t lead)
{
	size_t len = m_length(m);
	struct mbuf *c;

	if (lead > UINT32_MAX / 4 || len > UINT32_MAX / 4)
		return NULL;
	if ((c = m_getcl(m->m_k, m->m_type, len + lead, true)) == NULL)
		return NULL;
	if ((m->m_flags & M_PKTHDR) != 0 && pkthdr_copy(c, m) != 0) {
		m_freem(c);
		return NULL;
	}
	c->m_data += lead;
	m_copydata(m, 0, len, c->m_data);
	c->m_len = c->m_pkthdr.len = (uint32_t)len;
	return c;
}

struct mbuf *
m_defrag(struct mbuf *m)
{
	struct mbuf *c;

	if (m->m_next == NULL && m_writable(m))
		return m;
	c = m_dup(m, LEAD);
	if (c != NULL)
		c->m_nextpkt = m->m_nextpkt;
	m_freem(m);
	return c;
}

/* --- changing the front --- */

/* A new first mbuf with the first len bytes in one piece, the rest behind. */
static struct mbuf *
pullup_new(struct mbuf *m, size_t len)
{
	bool pkthdr = (m->m_flags & M_PKTHDR) != 0;
	size_t lead = len + LEAD <= (pkthdr ? MHLEN : MLEN) ? LEAD / 2 : 0;
	struct mbuf *c = len + lead <= (pkthdr ? MHLEN : MLEN) ?
	    getbuf(m->m_k, m->m_type, pkthdr ? M_PKTHDR : 0, 0) :
	    m_getcl(m->m_k, m->m_type, len + LEAD, pkthdr);

	if (c == NULL) {
		m_freem(m);
		return NULL;
	}
	if (c->m_ext != NULL)
		lead = LEAD;
	if (pkthdr)
		pkthdr_move(c, m);
	else
		c->m_nextpkt = m->m_nextpkt, m->m_nextpkt = NULL;
	c->m_data += lead;
	m_copydata(m, 0, len, c->m_data);
	c->m_len = (uint32_t)len;
	while (len > 0 || (m != NULL && m->m_len == 0)) {
		size_t n = m->m_len < len ? m->m_len : len;

		m->m_data += n;
		m->m_len -= (uint32_t)n;
		len -= n;
		if (m->m_len == 0)
			m = m_free(m);
	}
	c->m_next = m;
	return c;
}

struct mbuf *
m_pullup(struct mbuf *m, size_t len)
{
	if (m->m_len >= len)
		return m;
	if (m_length(m) < len) {
		m_freem(m);
		return NULL;
	}
	/* There is room behind what the first one has. */
	if (m->m_ext == NULL && m_trailingspace(m) >= len - m->m_len) {
		size_t need = len - m->m_len;

		while (need > 0) {
			struct mbuf *n = m->m_next;
			size_t part = n->m_len < need ? n->m_len : need;

			memcpy(m->m_data + m->m_len, n->m_data, part);
			m->m_len += (uint32_t)part;
			n->m_data += part;
			n->m_len -= (uint32_t)part;
			need -= part;
			if (n->m_len == 0)
				m->m_next = m_free(n);
		}
		return m;
	}
	return pullup_new(m, len);
}

struct mbuf *
m_makewritable(struct mbuf *m, size_t len)
{
	size_t at = 0;
	bool shared = m->m_len < len;

	for (struct mbuf *n = m; n != NULL && at < len && !shared;
	     n = n->m_next) {
		shared = !m_writable(n);
		at += n->m_len;
	}
	if (!shared)
		return m;
	if (m_length(m) < len)
		len = m_length(m);
	return m->m_len >= len && m_writable(m) ? m : pullup_new(m, len);
}

struct mbuf *
m_prepend(struct mbuf *m, size_t len)
{
	struct mbuf *c;

	if (m_leadingspace(m) >= len) {
		m->m_data -= len;
		m->m_len += (uint32_t)len;
		if ((m->m_flags & M_PKTHDR) != 0)
			m->m_pkthdr.len += (uint32_t)len;
		return m;
	}
	bool pkthdr = (m->m_flags & M_PKTHDR) != 0;
	size_t room = pkthdr ? MHLEN : MLEN;

	c = len <= room ? getbuf(m->m_k, m->m_type, pkthdr ? M_PKTHDR : 0, 0) :
			  m_getcl(m->m_k, m->m_type, len, pkthdr);
	if (c == NULL) {
		m_freem(m);
		return NULL;
	}
	if (pkthdr) {
		pkthdr_move(c, m);
		c->m_pkthdr.len += (uint32_t)len;
	} else
		c->m_nextpkt = m->m_nextpkt, m->m_nextpkt = NULL;
	/* At the end, so that further headers find room. */
	c->m_data += (m_room(c) - len) & ~(size_t)7;
	c->m_len = (uint32_t)len;
	c->m_next = m;
	return c;
}

void
m_adj(struct mbuf *m, int req)
{
	struct mbuf *first = m;
	size_t len = req < 0 ? 0 - (size_t)req : (size_t)req, have;

	if (req >= 0) {
		for (have = 0; m != NULL && have < len; m = m->m_next) {
			size_t n = m->m_len < len - have ? m->m_len : len - have;

			m->m_data += n;
			m->m_len -= (uint32_t)n;
			have += n;
		}
		len = have;
	} else {
		size_t total = m_length(m), keep;

		if (len > total)
			len = total;
		for (keep = total - len; m != NULL; m = m->m_next) {
			if (m->m_len > keep)
				m->m_len = (uint32_t)keep;
			keep -= m->m_len;
		}
	}
	if ((first->m_flags & M_PKTHDR) != 0)
		first->m_pkthdr.len -= (uint32_t)len;
}

/* --- putting together and apart --- */

void
m_cat(struct mbuf *m, struct mbuf *n)
{
	while (m->m_next != NULL)
		m = m->m_next;
	m->m_next = n;
}

struct mbuf *
m_split(struct mbuf *m0, size_t off)
{
	struct mbuf *m, *tail, **prev = &m0;
	size_t at = off, total = m_length(m0);
	bool pkthdr = (m0->m_flags & M_PKTHDR) != 0;

	if (off > total)
		return NULL;
	for (m = m0; m != NULL && at > 0 && at >= m->m_len; m = m->m_next) {
		at -= m->m_len;
		prev = &m->m_next;
	}
	if (m == NULL || m == m0 || at > 0 || pkthdr) {
		if (m == NULL)
			tail = getbuf(
			    m0->m_k, MT_DATA, pkthdr ? M_PKTHDR : 0, 0);
		else
			tail = copy_one(m, at, m->m_len - at, pkthdr);
		if (tail == NULL)
			return NULL;
		if (pkthdr && pkthdr_copy(tail, m0) != 0) {
			m_freem(tail);
			return NULL;
		}
		if (m != NULL) {
			tail->m_next = m->m_next;
			m->m_next = NULL;
			m->m_len = (uint32_t)at;
		}
	} else {
		tail = m;
		*prev = NULL;
	}
	if (pkthdr) {
		tail->m_pkthdr.len = (uint32_t)(total - off);
		m0->m_pkthdr.len = (uint32_t)off;
	}
	return tail;
}

/* Room for n more bytes at the end of a chain; its last mbuf. */
static struct mbuf *
extend(struct mbuf *last, size_t n)
{
	struct mbuf *c = n <= MLEN ?
	    getbuf(last->m_k, last->m_type, 0, 0) :
	    m_getcl(last->m_k, last->m_type, n < MBIGCLBYTES ? n : MBIGCLBYTES,
		false);

	if (c != NULL)
		last->m_next = c;
	return c;
}

int
m_append(struct mbuf *m, size_t len, const void *data)
{
	const uint8_t *p = data;
	struct mbuf *last = m, *old;
	size_t done = 0, n;
	uint32_t oldlen;

	while (last->m_next != NULL)
		last = last->m_next;
	old = last;
	oldlen = last->m_len;
	while (done < len) {
		n = m_writable(last) ? m_trailingspace(last) : 0;
		if (n == 0) {
			struct mbuf *c = extend(last, len - done);

			if (c == NULL) {
				m_freem(old->m_next);
				old->m_next = NULL;
				old->m_len = oldlen;
				return -ENOMEM;
			}
			last = c;
			continue;
		}
		if (n > len - done)
			n = len - done;
		memcpy(last->m_data + last->m_len, p + done, n);
		last->m_len += (uint32_t)n;
		done += n;
	}
	if ((m->m_flags & M_PKTHDR) != 0)
		m->m_pkthdr.len += (uint32_t)len;
	return 0;
}

/* A storage of its own for one mbuf. */
static int
unshare(struct mbuf *m)
{
	struct mbuf *c = m_getcl(m->m_k, m->m_type, m->m_len, false);
	struct mext *old = m->m_ext;

	if (c == NULL)
		return -ENOMEM;
	memcpy(c->m_data, m->m_data, m->m_len);
	m->m_ext = c->m_ext;
	m->m_data = c->m_data;
	c->m_ext = old;
	(void)m_free(c);
	return 0;
}

int
m_copyback(struct mbuf *m0, size_t off, size_t len, const void *data)
{
	const uint8_t *p = data;
	size_t total = m_length(m0), end;
	int error;

	if (__builtin_add_overflow(off, len, &end) || end > UINT32_MAX / 2)
		return -EINVAL;
	while (total < off) {
		static const uint8_t zeros[256];
		size_t n = off - total < sizeof(zeros) ? off - total :
							 sizeof(zeros);

		if ((error = m_append(m0, n, zeros)) != 0)
			return error;
		total += n;
	}
	for (struct mbuf *m = m0; m != NULL && len > 0; m = m->m_next) {
		size_t n;

		if (off >= m->m_len) {
			off -= m->m_len;
			continue;
		}
		if (!m_writable(m) && (error = unshare(m)) != 0)
			return error;
		n = m->m_len - off < len ? m->m_len - off : len;
		memcpy(m->m_data + off, p, n);
		p += n;
		len -= n;
		off = 0;
	}
	return len > 0 ? m_append(m0, len, p) : 0;
}

/* --- from and to elsewhere --- */

struct mbuf *
m_devget(
    struct rump_kernel *k, const void *data, size_t len, struct ifnet *rcvif)
{
	struct mbuf *m;

	if (len > UINT32_MAX / 4)
		return NULL;
	m = len + LEAD <= MHLEN ? m_gethdr(k, MT_DATA) :
				  m_getcl(k, MT_DATA, len + LEAD, true);
	if (m == NULL)
		return NULL;
	m->m_data += LEAD;
	memcpy(m->m_data, data, len);
	m->m_len = m->m_pkthdr.len = (uint32_t)len;
	m->m_pkthdr.rcvif = rcvif;
	return m;
}

int
m_uiomove(struct rump_kernel *k, struct uio *uio, size_t len, size_t lead,
    struct mbuf **mp)
{
	struct mbuf *top = NULL, **tail = &top;
	size_t left = len;
	int error = 0;

	*mp = NULL;
	do {
		bool first = top == NULL;
		size_t room = left + (first ? lead : 0);
		struct mbuf *m = room <= (first ? MHLEN : MLEN) ?
		    getbuf(k, MT_DATA, first ? M_PKTHDR : 0, 0) :
		    m_getcl(k, MT_DATA, room < MBIGCLBYTES ? room : MBIGCLBYTES,
			first);

		if (m == NULL) {
			error = -ENOBUFS;
			break;
		}
		*tail = m;
		tail = &m->m_next;
		if (first)
			m->m_data += lead;
		m->m_len = (uint32_t)m_trailingspace(m);
		if (m->m_len > left)
			m->m_len = (uint32_t)left;
		error = m->m_len > 0 ? uiomove(m->m_data, m->m_len, uio) : 0;
		left -= m->m_len;
	} while (error == 0 && left > 0);
	if (error != 0) {
		m_freem(top);
		return error;
	}
	top->m_pkthdr.len = (uint32_t)len;
	*mp = top;
	return 0;
}

int
m_uiocopy(const struct mbuf *m, size_t off, size_t len, struct uio *uio)
{
	int error = 0;

	for (; m != NULL && off >= m->m_len && off > 0; m = m->m_next)
		off -= m->m_len;
	for (; m != NULL && len > 0 && error == 0; m = m->m_next) {
		size_t n = m->m_len - off < len ? m->m_len - off : len;

		if (n > 0)
			error = uiomove(m->m_data + off, n, uio);
		len -= n;
		off = 0;
	}
	return error;
}
