/* SPDX-License-Identifier: BSD-2-Clause */
/* The routing socket, as arp and ndp use it. */
#include "nbmsg.h"
#include <netbsd/sysctl.h>
#include <netbsd/time.h>

#define TRIES 4096 /* messages of others that are read before the answer */

void
nbmsg_begin(struct nbmsg *m, int type, int flags)
{
	memset(m, 0, sizeof(*m));
	m->hdr.rtm_version = RTM_VERSION;
	m->hdr.rtm_type = (unsigned char)type;
	m->hdr.rtm_flags = flags;
	m->len = sizeof(m->hdr);
}

void
nbmsg_add(struct nbmsg *m, int rta, const void *sockaddr)
{
	size_t n = *(const uint8_t *)sockaddr, at = m->len - sizeof(m->hdr),
	       step = n == 0 ? 8 : (n + 7) & ~(size_t)7;

	if (step > sizeof(m->space) - at)
		return;
	memcpy(m->space + at, sockaddr, n);
	m->len += step;
	m->hdr.rtm_addrs |= rta;
}

/* The message as bytes: the structure may have a gap in front of `space`. */
static size_t
flatten(struct nbmsg *m, uint8_t *out)
{
	m->hdr.rtm_msglen = (unsigned short)m->len;
	memcpy(out, &m->hdr, sizeof(m->hdr));
	memcpy(out + sizeof(m->hdr), m->space, m->len - sizeof(m->hdr));
	return m->len;
}

static int
open_and_write(struct tool *t, struct nbmsg *m, int *error)
{
	uint8_t buf[sizeof(struct nbmsg)];
	size_t n;
	int s;

	s = sys_socket(t, PF_ROUTE, SOCK_RAW, 0);
	if (s < 0)
		t_fail(t, 1, s, "socket");
	m->hdr.rtm_seq = 1;
	n = flatten(m, buf);
	*error = (int)sys_write(t, s, buf, n);
	if (*error > 0)
		*error = 0;
	return s;
}

int
nbmsg_send(struct tool *t, struct nbmsg *m)
{
	int error, s = open_and_write(t, m, &error);

	sys_close(t, s);
	return error;
}

int
nbmsg_ask(struct tool *t, struct nbmsg *m, union any_addr info[RTAX_MAX],
    bool *written)
{
	uint8_t buf[2048];
	struct rt_msghdr h;
	int type = m->hdr.rtm_type, pid = sys_getpid(t), s, error, i;
	ssize_t n;

	s = open_and_write(t, m, &error);
	*written = error == 0;
	for (i = 0; error == 0; i++) {
		n = sys_read(t, s, buf, sizeof(buf));
		if (n < 0) {
			error = (int)n;
			break;
		}
		if ((size_t)n < sizeof(h)) {
			error = i < TRIES ? 0 : -EIO;
			continue;
		}
		memcpy(&h, buf, sizeof(h));
		if (h.rtm_version == RTM_VERSION && h.rtm_type == type &&
		    h.rtm_seq == m->hdr.rtm_seq && h.rtm_pid == pid) {
			m->hdr = h;
			if (!rt_addresses(
				buf + sizeof(h), buf + n, h.rtm_addrs, info))
				error = -EIO;
			break;
		}
		if (i >= TRIES)
			error = -EIO;
	}
	sys_close(t, s);
	return error;
}

int
neighbour_interface(struct tool *t, const union any_addr *dst,
    struct sockaddr_dl *link, bool *written)
{
	union any_addr info[RTAX_MAX];
	struct nbmsg m;
	int error;

	nbmsg_begin(&m, RTM_GET, RTF_HOST);
	nbmsg_add(&m, RTA_DST, dst);
	error = nbmsg_ask(t, &m, info, written);
	if (error != 0)
		return error;
	/* A neighbour is on a network of ours: its gateway is a link, as is that of our own addresses. */
	if (info[RTAX_GATEWAY].sa.sa_family != AF_LINK ||
	    (m.hdr.rtm_flags & RTF_GATEWAY) != 0)
		return -EADDRNOTAVAIL;
	memset(link, 0, sizeof(*link));
	link->sdl_len = sizeof(*link);
	link->sdl_family = AF_LINK;
	link->sdl_index = info[RTAX_GATEWAY].dl.sdl_index;
	link->sdl_addr.dl_type = info[RTAX_GATEWAY].dl.sdl_addr.dl_type;
	return 0;
}

int
neighbours_get(struct tool *t, int af, struct neighbour **out)
{
	union any_addr info[RTAX_MAX];
	struct neighbour **tail = out, *e;
	struct rt_msghdr h;
	uint8_t *p, *end;
	size_t len, n;
	void *buf;
	int error;

	*out = NULL;
	error = rt_sysctl(t, af, NET_RT_FLAGS, RTF_LLDATA, &buf, &len);
	if (error != 0)
		return error;
	for (p = buf, end = p + len; (size_t)(end - p) >= sizeof(h); p += n) {
		memcpy(&h, p, sizeof(h));
		n = h.rtm_msglen;
		if (n < sizeof(h) || n > (size_t)(end - p))
			return -EIO;
		if (h.rtm_version != RTM_VERSION)
			continue;
		if (!rt_addresses(p + sizeof(h), p + n, h.rtm_addrs, info))
			return -EIO;
		if (info[RTAX_DST].sa.sa_family != af ||
		    info[RTAX_GATEWAY].sa.sa_family != AF_LINK)
			continue;
		e = t_calloc(t, 1, sizeof(*e));
		e->addr = info[RTAX_DST];
		e->link = info[RTAX_GATEWAY];
		e->flags = h.rtm_flags;
		e->index = e->link.dl.sdl_index != 0 ? e->link.dl.sdl_index :
						       h.rtm_index;
		e->expire = h.rtm_rmx.rmx_expire;
		/* struct sockaddr_inarp: sin_other has SIN_PROXY. */
		e->proxy = (e->flags & RTF_ANNOUNCE) != 0 ||
		    (af == AF_INET && e->addr.sa.sa_len >= 16 &&
			(e->addr.bytes[14] | e->addr.bytes[15]) != 0);
		*tail = e;
		tail = &e->next;
	}
	t_free(t, buf);
	return 0;
}
