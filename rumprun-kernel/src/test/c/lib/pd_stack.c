/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's side of packetdrill's shared object (pd_stack.h). */
#include <netbsd/in6.h>
#include "lib/pd_stack.h"
#include "net/if_var.h"
#include "net/route_var.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"
#include "sock_calls.h"

#define MAXQUEUE 1024

struct out {
	struct out *next;
	int64_t when_ns;
	size_t len;
	uint8_t data[];
};

struct pd_stack {
	struct rump_kernel *k;
	struct proc *p;
	struct ifnet *ifp;
	struct kmutex lock;
	struct kcond cond;
	struct out *head, **tail;
	unsigned count;
};

static int
stack_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	struct pd_stack *s = ifp->if_softc;
	size_t len = m->m_pkthdr.len;
	struct out *o = malloc(sizeof(*o) + len);

	(void)dst, (void)rt;
	if (o != NULL) {
		o->next = NULL;
		o->len = len;
		o->when_ns = host_linux.realtime();
		m_copydata(m, 0, len, o->data);
		kmutex_enter(&s->lock);
		if (s->count < MAXQUEUE) {
			*s->tail = o;
			s->tail = &o->next;
			s->count++;
			o = NULL;
		}
		kcond_broadcast(&s->cond);
		kmutex_exit(&s->lock);
		free(o);
	}
	m_freem(m);
	return 0;
}

static int
stack_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return 0;
}

static int
stack_updown(struct ifnet *ifp, bool on)
{
	if (on)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	return 0;
}

static void
stack_gone(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops stack_ops = {
	.ifo_output = stack_output,
	.ifo_transmit = stack_transmit,
	.ifo_updown = stack_updown,
	.ifo_destroy = stack_gone,
};

/* All the rest of both families by the interface. */
static int
default_routes(struct pd_stack *s)
{
	static const uint8_t a6[16] = { 0xfd, 0x3d, 0xfa, 0x7b, 0xd1,
		0x7d, [15] = 1 };
	struct sockaddr_in any = { .sin_len = sizeof(any),
		.sin_family = AF_INET };
	struct sockaddr_in gw = any;
	struct sockaddr_in6 any6 = { .sin6_len = sizeof(any6),
		.sin6_family = AF_INET6 };
	struct sockaddr_in6 gw6 = any6;
	struct in6_addr a;
	int error;

	error = in_setaddr(
	    s->ifp, htonl(0xc0a80001), htonl(0xffff0000), htonl(0xc0a80002));
	if (error != 0)
		return error;
	gw.sin_addr.s_addr = htonl(0xc0a80001);
	error = rtrequest_sa(s->k, RTM_ADD, (struct sockaddr *)&any,
	    (struct sockaddr *)&gw, (struct sockaddr *)&any,
	    RTF_UP | RTF_STATIC, NULL, NULL);
	if (error != 0 || INET6(s->k) == NULL)
		return error;
	memcpy(&a, a6, 16);
	if ((error = in6_setaddr(s->ifp, &a, 64, 0)) != 0)
		return error;
	memcpy(&gw6.sin6_addr, a6, 16);
	return rtrequest_sa(s->k, RTM_ADD, (struct sockaddr *)&any6,
	    (struct sockaddr *)&gw6, (struct sockaddr *)&any6,
	    RTF_UP | RTF_STATIC, NULL, NULL);
}

static int
make_interface(struct pd_stack *s)
{
	int error;

	if ((s->ifp = kmem_zalloc(s->k, sizeof(*s->ifp))) == NULL)
		return -ENOMEM;
	s->ifp->if_k = s->k;
	if_initname(s->ifp, "pd", 0);
	s->ifp->if_type = IFT_TUNNEL;
	s->ifp->if_mtu = 1500;
	s->ifp->if_flags = IFF_POINTOPOINT | IFF_MULTICAST;
	s->ifp->if_ops = &stack_ops;
	s->ifp->if_softc = s;
	if ((error = if_attach(s->ifp)) != 0)
		return error;
	if ((error = if_up(s->ifp)) != 0)
		return error;
	return default_routes(s);
}

struct pd_stack *
pds_create(void)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		"net_netinet6", NULL };
	struct kern_config c = { .kc_components = names };
	struct pd_stack *s = calloc(1, sizeof(*s));
	int error;

	if (s == NULL)
		return NULL;
	s->tail = &s->head;
	if (kern_boot(&c, &s->k) != 0) {
		free(s);
		return NULL;
	}
	if (proc_fork(s->k, NULL, RFCFDG, "packetdrill", &s->p) != 0) {
		s->p = NULL;
		pds_destroy(s);
		return NULL;
	}
	if (INET6(s->k) != NULL)
		atomic_store(&INET6(s->k)->ip6_dad_count, 0);
	net_wrlock(s->k);
	error = make_interface(s);
	net_unlock(s->k);
	net_run(s->k);
	if (error != 0) {
		pds_destroy(s);
		return NULL;
	}
	return s;
}

void
pds_destroy(struct pd_stack *s)
{
	struct out *o;

	if (s->p != NULL)
		proc_exit(s->p, NULL, 0);
	kern_halt(s->k, true, NULL);
	while ((o = s->head) != NULL) {
		s->head = o->next;
		free(o);
	}
	free(s);
}

int
pds_inject(struct pd_stack *s, const void *p, size_t n)
{
	const uint8_t *b = p;
	struct mbuf *m;

	if (n < 20 || (b[0] >> 4 != 4 && b[0] >> 4 != 6))
		return -EINVAL;
	net_rdlock(s->k);
	m = m_devget(s->k, p, n, s->ifp);
	if (m != NULL)
		net_input(s->k, b[0] >> 4 == 6 ? NETPROTO_IP6 : NETPROTO_IP, m);
	net_unlock(s->k);
	net_run(s->k);
	return m == NULL ? -ENOBUFS : 0;
}

size_t
pds_sniff(struct pd_stack *s, void *buf, size_t size, int64_t *when_ns,
    int64_t wait_ns)
{
	int64_t deadline = host_linux.monotonic() + wait_ns;
	struct out *o;
	size_t n = 0;

	kmutex_enter(&s->lock);
	while (s->head == NULL)
		if (kcond_timedwait(&s->cond, &s->lock, deadline) != 0)
			break;
	if ((o = s->head) != NULL) {
		s->head = o->next;
		if (s->head == NULL)
			s->tail = &s->head;
		s->count--;
		n = o->len < size ? o->len : size;
		memcpy(buf, o->data, n);
		*when_ns = o->when_ns;
	}
	kmutex_exit(&s->lock);
	free(o);
	return n;
}

/* --- calls: each by an lwp of its own, so that any thread may make them --- */

#define CALL(s, expr)                         \
	do {                                  \
		struct lwp *l;                \
		long r;                       \
		int e = lwp_create(s->p, &l); \
		if (e != 0)                   \
			return e;             \
		r = (expr);                   \
		lwp_destroy(l);               \
		return r;                     \
	} while (0)

long
pds_socket(struct pd_stack *s, int domain, int type, int proto)
{
	CALL(s, l_socket(l, domain, type, proto));
}

long
pds_bind(struct pd_stack *s, int fd, const void *sa, unsigned len)
{
	CALL(s, l_bind(l, fd, sa, len));
}

long
pds_connect(struct pd_stack *s, int fd, const void *sa, unsigned len)
{
	CALL(s, l_connect(l, fd, sa, len));
}

long
pds_listen(struct pd_stack *s, int fd, int backlog)
{
	CALL(s, l_listen(l, fd, backlog));
}

long
pds_accept(struct pd_stack *s, int fd, void *sa, unsigned *len)
{
	CALL(s, l_accept(l, fd, sa, len));
}

long
pds_recv(struct pd_stack *s, int fd, void *buf, size_t n, int flags, void *sa,
    unsigned *len)
{
	CALL(s, l_recvfrom(l, fd, buf, n, flags, sa, len));
}

long
pds_send(struct pd_stack *s, int fd, const void *buf, size_t n, int flags,
    const void *sa, unsigned len)
{
	CALL(s, l_sendto(l, fd, buf, n, flags, sa, len));
}

long
pds_fcntl(struct pd_stack *s, int fd, int cmd, long arg)
{
	CALL(s,
	    SYS(l, SYS_fcntl, fcntl, P(int, fd), P(int, cmd), P(void *, arg)));
}

long
pds_ioctl(struct pd_stack *s, int fd, unsigned long cmd, void *arg)
{
	CALL(s,
	    SYS(l, SYS_ioctl, ioctl, P(int, fd), P(unsigned long, cmd),
		P(void *, arg)));
}

long
pds_close(struct pd_stack *s, int fd)
{
	CALL(s, l_close(l, fd));
}

long
pds_shutdown(struct pd_stack *s, int fd, int how)
{
	CALL(s, l_shutdown(l, fd, how));
}

long
pds_getsockopt(
    struct pd_stack *s, int fd, int level, int name, void *val, unsigned *len)
{
	CALL(s, l_getsockopt(l, fd, level, name, val, len));
}

long
pds_setsockopt(struct pd_stack *s, int fd, int level, int name, const void *val,
    unsigned len)
{
	CALL(s, l_setsockopt(l, fd, level, name, val, len));
}

long
pds_poll(struct pd_stack *s, void *fds, unsigned n, int timeout)
{
	CALL(s,
	    SYS(l, SYS_poll, poll, P(struct pollfd *, fds), P(unsigned, n),
		P(int, timeout)));
}
