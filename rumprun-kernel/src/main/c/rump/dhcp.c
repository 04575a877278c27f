/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP for a kernel without an address: requests are put together whole, from 0.0.0.0 to everybody, and given to the interface; answers, which
 * are asked for as broadcasts, come by an ordinary socket on the client's port.
 */
#include <netbsd/ip.h>
#include "net/if_var.h"
#include "net/socketvar.h"
#include "netinet/inet.h"
#include "rump/dhcp.h"

#define CLIENT_PORT 68
#define SERVER_PORT 67
#define IPHDR 20
#define UDPHDR 8
#define BOOTP 236 /* up to the magic number */
#define OPTIONS (BOOTP + 4)
#define MAXREPLY 1500
#define MAGIC 0x63825363u

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };
enum {
	OPT_PAD,
	OPT_MASK,
	OPT_ROUTER = 3,
	OPT_REQUESTED = 50,
	OPT_LEASE,
	OPT_OVERLOAD,
	OPT_TYPE,
	OPT_SERVER,
	OPT_WANTED,
	OPT_END = 255
};

struct dhcp {
	struct rump_kernel *k;
	struct socket *so;
	char ifname[IFNAMSIZ];
	uint8_t lladdr[6];
	uint32_t xid;
	int64_t began_ns;
};

/* --- out --- */

static uint8_t *
option(uint8_t *p, uint8_t code, const void *data, uint8_t len)
{
	*p++ = code;
	*p++ = len;
	memcpy(p, data, len);
	return p + len;
}

/* The message, behind room for the headers; its length. */
static size_t
compose(const struct dhcp *d, uint8_t *p, uint8_t type,
    const struct dhcp_lease *wanted)
{
	static const uint8_t want[] = { OPT_MASK, OPT_ROUTER, OPT_LEASE };
	int64_t secs = (kern_uptime_ns(d->k) - d->began_ns) / 1000000000;
	uint8_t *o = p + OPTIONS;

	p[0] = 1; /* request */
	p[1] = 1; /* Ethernet */
	p[2] = 6;
	be32_put(p + 4, d->xid);
	be16_put(p + 8, (uint16_t)secs);
	be16_put(p + 10, 0x8000); /* answers by broadcast */
	memcpy(p + 28, d->lladdr, 6);
	be32_put(p + BOOTP, MAGIC);
	o = option(o, OPT_TYPE, &type, 1);
	if (wanted != NULL) {
		o = option(o, OPT_REQUESTED, &wanted->addr, 4);
		o = option(o, OPT_SERVER, &wanted->server, 4);
	}
	o = option(o, OPT_WANTED, want, sizeof(want));
	*o++ = OPT_END;
	/* Relays want 300 bytes. */
	return o - p < 300 ? 300 : (size_t)(o - p);
}

static struct mbuf *
packet(const struct dhcp *d, uint8_t type, const struct dhcp_lease *wanted)
{
	uint8_t buf[IPHDR + UDPHDR + 400] = { 0 }, *ip = buf;
	uint8_t *udp = ip + IPHDR;
	size_t len = compose(d, udp + UDPHDR, type, wanted) + UDPHDR;
	struct mbuf *m;

	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(IPHDR + len));
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	be32_put(ip + 16, 0xffffffffu);
	be16_put(udp, CLIENT_PORT);
	be16_put(udp + 2, SERVER_PORT);
	be16_put(udp + 4, (uint16_t)len);
	if ((m = m_devget(d->k, buf, IPHDR + len, NULL)) == NULL)
		return NULL;
	be16_put(m->m_data + 10, htons(in_cksum(m, 0, IPHDR)));
	return m;
}

static int
send_message(struct dhcp *d, uint8_t type, const struct dhcp_lease *wanted)
{
	struct sockaddr ether = { .sa_len = sizeof(ether),
		.sa_family = AF_UNSPEC };
	struct mbuf *m = packet(d, type, wanted);
	struct ifnet *ifp;
	int error = -ENXIO;

	if (m == NULL)
		return -ENOBUFS;
	memset(ether.sa_data, 0xff, 6);
	be16_put(ether.sa_data + 12, ETHERTYPE_IP);
	net_rdlock(d->k);
	if ((ifp = if_byname(d->k, d->ifname)) != NULL)
		error = ifp->if_ops->ifo_output(ifp, m, &ether, NULL);
	else
		m_freem(m);
	net_unlock(d->k);
	net_run(d->k);
	return error;
}

/* --- in --- */

/* What the options of an answer tell; its type, or 0 for one that is none. */
static uint8_t
parse(const struct dhcp *d, const uint8_t *p, size_t len,
    struct dhcp_lease *lease)
{
	uint8_t type = 0;

	memset(lease, 0, sizeof(*lease));
	if (len < OPTIONS || p[0] != 2 || be32_get(p + 4) != d->xid ||
	    memcmp(p + 28, d->lladdr, 6) != 0 || be32_get(p + BOOTP) != MAGIC)
		return 0;
	memcpy(&lease->addr, p + 16, 4);
	for (size_t i = OPTIONS; i < len && p[i] != OPT_END;) {
		uint8_t code = p[i++], n;

		if (code == OPT_PAD)
			continue;
		if (i >= len || (n = p[i]) > len - i - 1)
			return 0;
		i++;
		if (code == OPT_TYPE && n == 1)
			type = p[i];
		else if (code == OPT_MASK && n == 4)
			memcpy(&lease->mask, p + i, 4);
		else if (code == OPT_ROUTER && n >= 4)
			memcpy(&lease->router, p + i, 4);
		else if (code == OPT_SERVER && n == 4)
			memcpy(&lease->server, p + i, 4);
		else if (code == OPT_LEASE && n == 4)
			lease->seconds = be32_get(p + i);
		i += n;
	}
	return type;
}

/* Waits for an answer of one type (or NAK). The type, or -EWOULDBLOCK. */
static int
await(struct dhcp *d, uint8_t want, int64_t until, struct dhcp_lease *lease)
{
	uint8_t buf[MAXREPLY];

	for (;;) {
		int64_t left = until - kern_uptime_ns(d->k);
		struct iovec iov = { buf, sizeof(buf) };
		struct uio uio = { .uio_iov = &iov,
			.uio_iovcnt = 1,
			.uio_resid = sizeof(buf),
			.uio_rw = UIO_READ };
		struct timeval tv = { left / 1000000000,
			(suseconds_t)(left % 1000000000 / 1000) };
		int flags = 0, error, type;

		if (left < 1000)
			return -EWOULDBLOCK;
		error = sosetopt(d->k->k_lwp0, d->so, SOL_SOCKET, SO_RCVTIMEO,
		    &tv, sizeof(tv));
		if (error == 0)
			error = soreceive(
			    d->k->k_lwp0, d->so, NULL, &uio, NULL, &flags);
		if (error != 0)
			return error == -EAGAIN ? -EWOULDBLOCK : error;
		type = parse(d, buf, sizeof(buf) - uio.uio_resid, lease);
		if (type == want || (type == NAK && want == ACK))
			return type;
	}
}

/* --- the conversation --- */

/* Asks until there is an answer, each time twice as long: 1, 2, 4, 8 s. */
static int
exchange(struct dhcp *d, uint8_t type, const struct dhcp_lease *wanted,
    struct dhcp_lease *lease)
{
	int64_t wait = 1000000000;
	int error = -EWOULDBLOCK;

	for (int i = 0; i < 4 && error == -EWOULDBLOCK; i++, wait *= 2) {
		if ((error = send_message(d, type, wanted)) != 0)
			return error;
		error = await(d, type == DISCOVER ? OFFER : ACK,
		    kern_uptime_ns(d->k) + wait, lease);
	}
	return error == -EWOULDBLOCK ? -ETIMEDOUT : error;
}

static int
prepare(struct dhcp *d, const char *ifname)
{
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET,
		.sin_port = htons(CLIENT_PORT) };
	struct ifnet *ifp;
	int error = 0, on = 1;

	strncpy(d->ifname, ifname, IFNAMSIZ - 1);
	net_wrlock(d->k);
	if ((ifp = if_byname(d->k, ifname)) == NULL)
		error = -ENXIO;
	else if (ifp->if_addrlen != 6)
		error = -EINVAL;
	else {
		memcpy(d->lladdr, ifp->if_lladdr, 6);
		error = if_up(ifp);
	}
	net_unlock(d->k);
	if (error != 0)
		return error;
	kern_random(d->k, &d->xid, sizeof(d->xid));
	d->began_ns = kern_uptime_ns(d->k);
	error = socreate(d->k->k_lwp0, AF_INET, SOCK_DGRAM, 0, &d->so);
	if (error != 0)
		return error;
	error = sosetopt(
	    d->k->k_lwp0, d->so, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (error == 0)
		error = sobind(d->k->k_lwp0, d->so, (struct sockaddr *)&sin);
	return error;
}

int
dhcp_ask(struct rump_kernel *k, const char *ifname, struct dhcp_lease *lease)
{
	struct dhcp d = { .k = k };
	struct dhcp_lease offer;
	int error;

	if (NS(k) == NULL || NS(k)->ns_inet == NULL)
		return -EAFNOSUPPORT;
	if (ifname == NULL || strlen(ifname) >= IFNAMSIZ)
		return -ENXIO;
	error = prepare(&d, ifname);
	if (error == 0)
		error = exchange(&d, DISCOVER, NULL, &offer);
	if (error == OFFER)
		error = exchange(&d, REQUEST, &offer, lease);
	if (d.so != NULL)
		(void)soclose(k->k_lwp0, d.so);
	net_run(k);
	if (error == NAK)
		return -EADDRNOTAVAIL;
	if (error < 0)
		return error;
	return lease->addr == 0 ? -EADDRNOTAVAIL : 0;
}
