/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket buffers: records of mbufs, counted.
 *
 * Invariants, under so_lock:
 *  1 sb_mb is the first record, sb_lastrecord the last, sb_mbtail the last mbuf of the last; all NULL when there is none.
 *  2 sb_cc and sb_mbcnt are the sums over all mbufs; but a local stream's so_snd has no mbufs, and mirrors the counts of its peer's so_rcv.
 *  3 Who holds SB_LOCK of a so_rcv may read the first record's mbufs, as long as they were when he looked, without so_lock:
 *    others only append. (sbflush and sbdrop are for those who hold SB_LOCK, or know that there is no reader.)
 */
#include "net/socket_private.h"

size_t
mbuf_charge(const struct mbuf *m)
{
	return MSIZE + (m->m_ext != NULL ? m->m_ext->me_size : 0);
}

static void
count_in(struct sockbuf *sb, const struct mbuf *m)
{
	sb->sb_cc += m->m_len;
	sb->sb_mbcnt += mbuf_charge(m);
}

static void
count_out(struct sockbuf *sb, const struct mbuf *m)
{
	sb->sb_cc -= m->m_len;
	sb->sb_mbcnt -= mbuf_charge(m);
}

/* What was said of a packet is of no use in a buffer, but how it came. */
static void
strip(struct mbuf *m)
{
	if ((m->m_flags & M_PKTHDR) != 0) {
		m_tag_delete_all(m);
		m->m_flags &= M_EOR | M_BCAST | M_MCAST;
	}
	if (m->m_type != MT_SONAME && m->m_type != MT_CONTROL)
		m->m_type = MT_DATA;
}

/* Bytes of a small mbuf go behind those of the last one, if it has room. */
static bool
merge(struct sockbuf *sb, const struct mbuf *m)
{
	struct mbuf *tail = sb->sb_mbtail;

	if (tail == NULL || m->m_len > MCLBYTES / 2 || m->m_type != MT_DATA ||
	    tail->m_type != MT_DATA || (tail->m_flags & M_EOR) != 0 ||
	    m_trailingspace(tail) < m->m_len)
		return false;
	memcpy(tail->m_data + tail->m_len, m->m_data, m->m_len);
	tail->m_len += m->m_len;
	sb->sb_cc += m->m_len;
	if ((m->m_flags & M_EOR) != 0)
		tail->m_flags |= M_EOR;
	return true;
}

static void
add_tail(struct sockbuf *sb, struct mbuf *m)
{
	m->m_next = NULL;
	if (sb->sb_mbtail != NULL)
		sb->sb_mbtail->m_next = m;
	else
		sb->sb_mb = sb->sb_lastrecord = m;
	sb->sb_mbtail = m;
	count_in(sb, m);
}

void
sbappendstream(struct sockbuf *sb, struct mbuf *m)
{
	while (m != NULL) {
		struct mbuf *next = m->m_next;

		strip(m);
		m->m_nextpkt = NULL;
		if (m->m_len == 0 && (m->m_flags & M_EOR) == 0)
			(void)m_free(m);
		else if (merge(sb, m))
			(void)m_free(m);
		else
			add_tail(sb, m);
		m = next;
	}
}

void
sbappendrecord(struct sockbuf *sb, struct mbuf *m)
{
	if (m == NULL)
		return;
	if (sb->sb_lastrecord != NULL)
		sb->sb_lastrecord->m_nextpkt = m;
	else
		sb->sb_mb = m;
	sb->sb_lastrecord = m;
	m->m_nextpkt = NULL;
	for (;; m = m->m_next) {
		strip(m);
		count_in(sb, m);
		if (m->m_next == NULL)
			break;
	}
	sb->sb_mbtail = m;
}

/* Names and control messages count, but not for what there is no room: then nothing is taken. */
static bool
has_room(const struct sockbuf *sb, size_t name, const struct mbuf *m0,
    const struct mbuf *control)
{
	size_t need = name + m_length(m0) + m_length(control);

	return need <= sbspace(sb);
}

static struct mbuf *
chain(struct mbuf *a, struct mbuf *b)
{
	if (a == NULL)
		return b;
	if (b != NULL)
		m_cat(a, b);
	return a;
}

bool
sbappendaddr(struct sockbuf *sb, const struct sockaddr *sa, struct mbuf *m0,
    struct mbuf *control)
{
	size_t len = sa->sa_len;
	struct rump_kernel *k = m0 != NULL ? m0->m_k :
	    control != NULL		   ? control->m_k :
					     NULL;
	struct mbuf *m;

	if (!has_room(sb, len, m0, control))
		return false;
	if (k == NULL)
		return true;
	m = len <= MLEN ? m_get(k, MT_SONAME) :
			  m_getcl(k, MT_SONAME, len, false);
	if (m == NULL)
		return false;
	memcpy(m->m_data, sa, len);
	m->m_len = (uint32_t)len;
	m->m_next = chain(control, m0);
	sbappendrecord(sb, m);
	return true;
}

bool
sbappendcontrol(struct sockbuf *sb, struct mbuf *m0, struct mbuf *control)
{
	if (!has_room(sb, 0, m0, control))
		return false;
	sbappendrecord(sb, chain(control, m0));
	return true;
}

/* --- taking out --- */

/* The first record's first mbuf is off; the rest of the record, if any, is first. */
static void
new_first(struct sockbuf *sb, struct mbuf *rest, struct mbuf *nextrecord)
{
	if (rest != NULL) {
		if (sb->sb_lastrecord == sb->sb_mb)
			sb->sb_lastrecord = rest;
		rest->m_nextpkt = nextrecord;
		sb->sb_mb = rest;
		return;
	}
	sb->sb_mb = nextrecord;
	if (nextrecord == NULL)
		sb->sb_lastrecord = sb->sb_mbtail = NULL;
}

struct mbuf *
sb_takefirst(struct sockbuf *sb)
{
	struct mbuf *m = sb->sb_mb;

	count_out(sb, m);
	new_first(sb, m->m_next, m->m_nextpkt);
	m->m_next = m->m_nextpkt = NULL;
	return m;
}

struct mbuf *
sb_take(struct sockbuf *sb, size_t len)
{
	struct mbuf *gone = NULL, **tail = &gone;

	while (sb->sb_mb != NULL && len >= sb->sb_mb->m_len) {
		struct mbuf *m;

		len -= sb->sb_mb->m_len;
		/* A record's end stays, until its last byte was taken. */
		m = sb_takefirst(sb);
		*tail = m;
		tail = &m->m_next;
		if (len == 0)
			break;
	}
	if (len > 0 && sb->sb_mb != NULL) {
		sb->sb_mb->m_data += len;
		sb->sb_mb->m_len -= (uint32_t)len;
		sb->sb_cc -= len;
	}
	return gone;
}

void
sbdrop(struct sockbuf *sb, size_t len)
{
	m_freem(sb_take(sb, len));
}

/* The first record, off the buffer. */
struct mbuf *
sb_takerecord(struct sockbuf *sb)
{
	struct mbuf *m = sb->sb_mb;

	if (m == NULL)
		return NULL;
	for (struct mbuf *n = m; n != NULL; n = n->m_next)
		count_out(sb, n);
	new_first(sb, NULL, m->m_nextpkt);
	m->m_nextpkt = NULL;
	return m;
}

void
sbdroprecord(struct sockbuf *sb)
{
	struct mbuf *m = sb_takerecord(sb);

	if (m != NULL)
		sb_dispose(m->m_k, m);
}

/* Frees a record that nobody reads, with the rights in it. */
void
sb_dispose(struct rump_kernel *k, struct mbuf *m)
{
	const struct domain *local = NS(k)->ns_domains[AF_LOCAL];
	struct mbuf *next, *rights = NULL;

	for (; m != NULL; m = next) {
		next = m->m_next;
		if (m->m_type == MT_CONTROL && local != NULL) {
			m->m_next = rights;
			rights = m;
		} else
			(void)m_free(m);
	}
	if (rights != NULL)
		local->dom_dispose(k, rights);
}

void
sbflush(struct rump_kernel *k, struct sockbuf *sb)
{
	struct mbuf *m;

	while ((m = sb_takerecord(sb)) != NULL)
		sb_dispose(k, m);
	sb->sb_cc = sb->sb_mbcnt = 0;
}

/* --- for senders --- */

struct mbuf *
sb_copy(struct sockbuf *sb, struct sbcursor *cursor, size_t off, size_t len)
{
	struct mbuf *m = sb->sb_mb;
	size_t at = 0;

	if (cursor->sc_m != NULL && off >= cursor->sc_at) {
		m = cursor->sc_m;
		at = cursor->sc_at;
	}
	while (m != NULL && off - at >= m->m_len) {
		at += m->m_len;
		m = m->m_next;
	}
	if (m == NULL)
		return NULL;
	cursor->sc_m = m;
	cursor->sc_at = at;
	return m_copym(m, off - at, len);
}

struct mbuf *
sbcreatecontrol(
    struct rump_kernel *k, const void *p, size_t len, int type, int level)
{
	size_t head = CMSG_ALIGN(sizeof(struct cmsghdr)), size;
	struct cmsghdr cm;
	struct mbuf *m;

	if (__builtin_add_overflow(head, len, &size) || size > UINT32_MAX / 4)
		return NULL;
	m = size <= MLEN ? m_get(k, MT_CONTROL) :
			   m_getcl(k, MT_CONTROL, size, false);
	if (m == NULL)
		return NULL;
	cm.cmsg_len = (socklen_t)size;
	cm.cmsg_level = level;
	cm.cmsg_type = type;
	memset(m->m_data, 0, head);
	memcpy(m->m_data, &cm, sizeof(cm));
	if (len > 0 && p != NULL)
		memcpy(m->m_data + head, p, len);
	else
		memset(m->m_data + head, 0, len);
	m->m_len = (uint32_t)size;
	return m;
}
