/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: sequences of socket calls, of all families, by one process that never sleeps in them; what they send comes back by the loopback interface.
 *
 * An input: records of a byte (which call), a byte of length, and what the call's numbers, names and data are made of.
 */
#include <netbsd/ioctl.h>
#include <netbsd/un.h>
#include "packet_fuzz.h"

struct args {
	const uint8_t *p;
	size_t n;
};

static uint8_t
byte(struct args *a)
{
	if (a->n == 0)
		return 0;
	a->n--;
	return *a->p++;
}

/* Descriptors are few, so that calls meet; others than sockets too. */
static int
descriptor(struct args *a)
{
	return byte(a) % 12;
}

static socklen_t
name(struct args *a, uint8_t *to)
{
	uint8_t kind = byte(a);
	struct sockaddr_storage ss;
	socklen_t len;

	memset(to, 0, 128);
	if (kind & 4) { /* whatever */
		len = a->n < 120 ? (socklen_t)a->n : 120;
		memcpy(to, a->p, len);
		return len;
	}
	if ((kind & 3) == 2) {
		to[1] = AF_LOCAL;
		memcpy(to + 2, "/n", 2);
		to[4] = 'a' + (byte(a) & 3);
		to[0] = 6;
		return 6;
	}
	len = pf_name(&ss, kind & 1 ? AF_INET6 : AF_INET, byte(a) & 3,
	    7000 + (byte(a) & 3));
	if (kind & 8)
		A6(&((struct sockaddr_in6 *)(void *)&ss)->sin6_addr)[0] = 0;
	memcpy(to, &ss, len);
	return len;
}

static void
make(struct net_fuzz *nf, struct args *a)
{
	static const int families[] = { AF_INET, AF_INET6, AF_LOCAL, AF_ROUTE };
	int af = families[byte(a) & 3], type = 1 + byte(a) % 5, fds[2];

	if (byte(a) & 1)
		(void)SYS(nf->l, SYS_socketpair, socketpair, P(int, af),
		    P(int, type | SOCK_NONBLOCK), P(int, 0), P(int *, fds));
	else
		(void)pf_socket(nf, af, type, byte(a) & 1 ? byte(a) : 0);
}

/* Lingering would wait for a clock that stands still. */
static void
option(struct net_fuzz *nf, struct args *a)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6,
		IPPROTO_TCP, IPPROTO_UDP, 0, IPPROTO_ICMPV6, 41 };
	int s = descriptor(a), level = levels[byte(a) & 7],
	    which = byte(a) | (byte(a) & 0x1f) << 8;
	uint8_t buf[256];
	socklen_t len = (socklen_t)a->n;

	memset(buf, 0, sizeof(buf));
	memcpy(buf, a->p, a->n);
	if (level == SOL_SOCKET && which == SO_LINGER)
		return;
	(void)SYS(nf->l, SYS_setsockopt, setsockopt, P(int, s), P(int, level),
	    P(int, which), P(const void *, buf), P(socklen_t, len));
	(void)SYS(nf->l, SYS_getsockopt, getsockopt, P(int, s), P(int, level),
	    P(int, which), P(void *, buf), P(socklen_t *, &len));
}

static void
send(struct net_fuzz *nf, struct args *a)
{
	int s = descriptor(a), flags = byte(a);
	uint8_t sa[128], control[64];
	bool named = flags & 16;
	socklen_t len = named ? name(a, sa) : 0;
	size_t clen = byte(a) & 63, n = byte(a) * 16;
	static uint8_t data[4096];
	struct iovec iov[2] = { { data, n }, { data, n / 2 } };
	struct msghdr mh = { .msg_name = named ? sa : NULL,
		.msg_namelen = len,
		.msg_iov = iov,
		.msg_iovlen = 1 + (flags & 1),
		.msg_control = control,
		.msg_controllen = (socklen_t)clen };

	memset(control, 0, sizeof(control));
	memcpy(control, a->p, a->n < clen ? a->n : clen);
	(void)SYS(nf->l, SYS_sendmsg, sendmsg, P(int, s),
	    P(const struct msghdr *, &mh),
	    P(int, flags &(MSG_OOB | MSG_DONTROUTE | MSG_EOR)));
}

static void
one(struct net_fuzz *nf, uint8_t how, struct args *a)
{
	uint8_t sa[128];
	socklen_t len = 64;
	int s, v = 0;

	switch (how % 13) {
	case 0:
	case 1:
		make(nf, a);
		return;
	case 2:
		option(nf, a);
		return;
	case 3:
	case 4:
		send(nf, a);
		return;
	case 5:
		(void)pf_recv(nf, descriptor(a));
		return;
	case 6:
		s = descriptor(a);
		len = name(a, sa);
		(void)SYS(nf->l, SYS_bind, bind, P(int, s),
		    P(const struct sockaddr *, (const void *)sa),
		    P(socklen_t, len));
		return;
	case 7:
		s = descriptor(a);
		len = name(a, sa);
		(void)SYS(nf->l, SYS_connect, connect, P(int, s),
		    P(const struct sockaddr *, (const void *)sa),
		    P(socklen_t, len));
		return;
	case 8:
		s = descriptor(a);
		(void)SYS(nf->l, SYS_listen, listen, P(int, s),
		    P(int, (int8_t)byte(a)));
		return;
	case 9:
		s = descriptor(a);
		(void)SYS(nf->l, SYS_paccept, paccept, P(int, s),
		    P(struct sockaddr *, (void *)sa), P(socklen_t *, &len),
		    P(const sigset_t *, NULL), P(int, SOCK_NONBLOCK));
		return;
	case 10:
		s = descriptor(a);
		(void)SYS(nf->l, SYS_shutdown, shutdown, P(int, s),
		    P(int, byte(a) & 3));
		return;
	case 11:
		s = descriptor(a);
		(void)SYS(nf->l, SYS_close, close, P(int, s));
		return;
	default:
		s = descriptor(a);
		(void)SYS(nf->l, SYS_getsockname, getsockname, P(int, s),
		    P(struct sockaddr *, (void *)sa), P(socklen_t *, &len));
		len = byte(a) & 127;
		(void)SYS(nf->l, SYS_getpeername, getpeername, P(int, s),
		    P(struct sockaddr *, (void *)sa), P(socklen_t *, &len));
		(void)SYS(nf->l, SYS_ioctl, ioctl, P(int, s),
		    P(unsigned long, FIONREAD), P(void *, &v));
		pf_pass(nf, SEC_NS / 4 * (how >> 4));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct net_fuzz nf;
	uint8_t how, buf[256];
	struct args a;
	size_t len;

	(void)pf_start(&nf);
	memset(buf, 0, sizeof(buf));
	while (pf_record(&in, &n, &how, buf, &len)) {
		a = (struct args){ buf, len };
		one(&nf, how, &a);
	}
	pf_stop(&nf);
	return 0;
}
