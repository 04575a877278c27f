/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running packetdrill's scripts (pd.h): a kernel whose time stands still until
 * the script moves it, an interface without a link layer whose other end is
 * the script, and a thread for calls that block.
 */
#include <netbsd/in6.h>
#include <netbsd/ip.h>
#include <netbsd/sysctl.h>
#include <netbsd/tcp.h>
#include <stdarg.h>
#include "kern/callout.h"
#include "lib/pd.h"
#include "net/if_var.h"
#include "net/route_var.h"
#include "netinet/inet.h"
#include "netinet6/inet6.h"
#include "sock_calls.h"

#define START (1000 * INT64_C(1000000000))
#define MAXSENT 512
#define MAXFD 64

struct sent {
	uint8_t *data;
	size_t len;
	int64_t when;
};

struct conn { /* by remote port */
	uint16_t rport, lport;
	uint32_t lseq; /* our end's first sequence number */
	bool known;
};

struct pd {
	struct fixture f;
	const struct pd_script *s;
	struct ifnet *ifp;
	struct kmutex lock; /* sent packets */
	struct sent sent[MAXSENT];
	unsigned nsent, next;
	const char *bad; /* a malformed one */
	struct conn conns[64];
	unsigned nconns;
	uint8_t local[16], remote[16];
	int fds[MAXFD]; /* script's number to the kernel's */
	uint32_t wrote[MAXFD], read[MAXFD];
	int64_t last; /* the event before */
	/* a call in its own thread */
	struct helper helper;
	const struct pd_event *blocked;
	_Atomic int done;
	long result;
	char *why;
	size_t whysize;
};

static _Atomic int64_t pd_clock;

static int64_t
pd_monotonic(void)
{
	return atomic_load(&pd_clock);
}

static int64_t
pd_realtime(void)
{
	return atomic_load(&pd_clock) + 1700000000 * INT64_C(1000000000);
}

static bool
wrong(struct pd *d, const struct pd_event *e, const char *fmt, ...)
{
	size_t n;
	va_list ap;

	n = (size_t)snprintf(d->why, d->whysize,
	    "line %d at %.6f: ", e == NULL ? 0 : e->line,
	    (double)(pd_clock - START) / 1e9);
	va_start(ap, fmt);
	vsnprintf(d->why + n, d->whysize - n, fmt, ap);
	va_end(ap);
	return false;
}

/* --- the interface --- */

static int
pd_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	struct pd *d = ifp->if_softc;
	struct sent *s;

	(void)dst, (void)rt;
	kmutex_enter(&d->lock);
	if (d->nsent == MAXSENT) {
		d->bad = "too many packets";
	} else {
		s = &d->sent[d->nsent++];
		s->len = m->m_pkthdr.len;
		s->data = malloc(s->len + 1);
		m_copydata(m, 0, s->len, s->data);
		s->when = pd_monotonic();
	}
	kmutex_exit(&d->lock);
	m_freem(m);
	return 0;
}

static int
pd_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return 0;
}

static int
pd_updown(struct ifnet *ifp, bool on)
{
	if (on)
		atomic_fetch_or(&ifp->if_flags, IFF_RUNNING);
	return 0;
}

static void
pd_destroy(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops pd_ops = {
	.ifo_output = pd_output,
	.ifo_transmit = pd_transmit,
	.ifo_updown = pd_updown,
	.ifo_destroy = pd_destroy,
};

static int
addresses(struct pd *d)
{
	struct sockaddr_in dst = { .sin_len = sizeof(dst),
		.sin_family = AF_INET };
	struct sockaddr_in gw = dst;
	uint32_t local, remote;

	if (d->s->ipv == 6) {
		struct in6_addr a;
		struct sockaddr_in6 dst6 = { .sin6_len = sizeof(dst6),
			.sin6_family = AF_INET6 };
		struct sockaddr_in6 gw6 = dst6;
		int error;

		memcpy(&a, d->local, 16);
		if ((error = in6_setaddr(d->ifp, &a, 64, 0)) != 0)
			return error;
		memcpy(&gw6.sin6_addr, d->local, 16);
		return rtrequest_sa(d->f.k, RTM_ADD, (struct sockaddr *)&dst6,
		    (struct sockaddr *)&gw6, (struct sockaddr *)&dst6,
		    RTF_UP | RTF_STATIC, NULL, NULL);
	}
	memcpy(&local, d->local, 4);
	memcpy(&remote, d->remote, 4);
	(void)gw;
	return in_setaddr(d->ifp, local, 0xffffffffu, remote);
}

static bool
make_interface(struct pd *d)
{
	struct rump_kernel *k = d->f.k;
	int error;

	net_wrlock(k);
	d->ifp = kmem_zalloc(k, sizeof(*d->ifp));
	d->ifp->if_k = k;
	if_initname(d->ifp, "pd", 0);
	d->ifp->if_type = IFT_TUNNEL;
	d->ifp->if_mtu = (uint64_t)d->s->mtu;
	d->ifp->if_flags = IFF_POINTOPOINT | IFF_MULTICAST;
	d->ifp->if_ops = &pd_ops;
	d->ifp->if_softc = d;
	if (d->s->tso != 0) {
		d->ifp->if_csum_flags_tx = M_CSUM_TSOv4 | M_CSUM_TSOv6;
		d->ifp->if_tso_max = (uint32_t)d->s->tso;
	}
	error = if_attach(d->ifp);
	if (error == 0)
		error = if_up(d->ifp);
	if (error == 0)
		error = addresses(d);
	net_unlock(k);
	net_run(k);
	return error == 0 ||
	    wrong(d, NULL, "the interface cannot be made: %d", error);
}

/* --- sysctl --- */

static int
ctl(struct pd *d, const int *name, unsigned n, void *old, size_t *oldlen,
    const void *new, size_t newlen)
{
	struct sys___sysctl_args a;
	register_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, name) = name;
	SCARG(&a, namelen) = n;
	SCARG(&a, oldv) = old;
	SCARG(&a, oldlenp) = oldlen;
	SCARG(&a, newv) = new;
	SCARG(&a, newlen) = newlen;
	return kern_syscall(d->f.l, SYS___sysctl, &a, rv);
}

/* The number of a name below a MIB: 0 or -1. */
static int
ctl_child(struct pd *d, int *mib, unsigned depth, const char *name, size_t n,
    uint32_t *flags)
{
	static struct sysctlnode nodes[128];
	struct sysctlnode v;
	size_t len = sizeof(nodes);

	memset(&v, 0, sizeof(v));
	v.sysctl_flags = SYSCTL_VERSION;
	mib[depth] = CTL_QUERY;
	if (ctl(d, mib, depth + 1, nodes, &len, &v, sizeof(v)) != 0)
		return -1;
	for (size_t i = 0; i < len / sizeof(*nodes); i++)
		if (strlen(nodes[i].sysctl_name) == n &&
		    strncmp(nodes[i].sysctl_name, name, n) == 0) {
			mib[depth] = nodes[i].sysctl_num;
			*flags = nodes[i].sysctl_flags;
			return 0;
		}
	return -1;
}

static bool
set_sysctl(struct pd *d, const char *line)
{
	const char *eq = strchr(line, '='), *p = line;
	int mib[10], v;
	unsigned depth = 0;
	uint32_t flags = 0;

	while (eq != NULL && p < eq && depth < 9) {
		size_t n = strcspn(p, ".=");

		if (ctl_child(d, mib, depth++, p, n, &flags) != 0)
			return wrong(d, NULL, "no sysctl %s", line);
		p += n + 1;
	}
	if (eq == NULL)
		return wrong(d, NULL, "a sysctl without a value: %s", line);
	v = (int)strtol(eq + 1, NULL, 0);
	if ((flags & 15) == CTLTYPE_STRING ?
		ctl(d, mib, depth, NULL, NULL, eq + 1, strlen(eq + 1) + 1) != 0 :
		ctl(d, mib, depth, NULL, NULL, &v, sizeof(v)) != 0)
		return wrong(d, NULL, "cannot set %s", line);
	return true;
}

/* --- time --- */

/* The thread of a blocking call is done or asleep; a moment for one that has been woken. */
static void
settle(struct pd *d)
{
	for (int i = 0; d->blocked != NULL && i < 2000; i++) {
		bool asleep;

		if (atomic_load(&d->done))
			return;
		kmutex_enter(&d->helper.l->l_lock);
		asleep = d->helper.l->l_waitcond != NULL;
		kmutex_exit(&d->helper.l->l_lock);
		if (asleep && i >= 20)
			return;
		host_sleep_ns(100000);
	}
}

static void
advance_to(struct pd *d, int64_t when)
{
	int64_t next;

	while ((next = callout_next(d->f.k)) <= when) {
		if (next > pd_clock)
			atomic_store(&pd_clock, next);
		(void)callout_run(d->f.k, pd_clock);
		net_run(d->f.k);
		settle(d);
	}
	if (when > pd_clock)
		atomic_store(&pd_clock, when);
}

/* One timer, or the end of the time: false. */
static bool
step(struct pd *d, int64_t limit)
{
	int64_t next = callout_next(d->f.k);

	if (next > limit)
		return false;
	advance_to(d, next > pd_clock ? next : pd_clock);
	return true;
}

/* --- packets --- */

static struct conn *
conn_of(struct pd *d, uint16_t rport, bool make)
{
	for (unsigned i = 0; i < d->nconns; i++)
		if (d->conns[i].rport == rport)
			return &d->conns[i];
	if (!make || d->nconns == 64)
		return NULL;
	d->conns[d->nconns] = (struct conn){ .rport = rport, .lport = 8080 };
	return &d->conns[d->nconns++];
}

static struct conn *
conn_for(struct pd *d, const struct pd_packet *k)
{
	uint16_t port = k->port;

	if (port == 0)
		port = d->nconns > 0 ? d->conns[0].rport : 33333;
	return conn_of(d, port, true);
}

static bool
inject(struct pd *d, const struct pd_event *e)
{
	static uint8_t buf[70000];
	struct conn *c = conn_for(d, &e->pkt);
	struct pd_ends ends = { .ipv = d->s->ipv };
	struct mbuf *m;
	size_t n;

	if (c == NULL)
		return wrong(d, e, "too many ports");
	memcpy(ends.local, d->local, 16);
	memcpy(ends.remote, d->remote, 16);
	ends.lport = c->lport;
	ends.rport = c->rport;
	n = pd_build(&e->pkt, &ends, c->lseq, buf, sizeof(buf));
	if (n == 0)
		return wrong(d, e, "the packet is too long");
	net_rdlock(d->f.k);
	m = m_devget(d->f.k, buf, n, d->ifp);
	if (m != NULL)
		net_input(
		    d->f.k, d->s->ipv == 6 ? NETPROTO_IP6 : NETPROTO_IP, m);
	net_unlock(d->f.k);
	net_run(d->f.k);
	settle(d);
	return m != NULL || wrong(d, e, "no memory");
}

/* What is not TCP (ND, IGMP) is none of the scripts' business. */
static bool
is_tcp(const struct pd *d, const struct sent *s)
{
	if (s->len < 40)
		return false;
	return d->s->ipv == 6 ? s->data[0] >> 4 == 6 && s->data[6] == 6 :
				s->data[0] >> 4 == 4 && s->data[9] == 6;
}

static struct sent *
next_sent(struct pd *d)
{
	struct sent *s = NULL;

	kmutex_enter(&d->lock);
	while (d->next < d->nsent && !is_tcp(d, &d->sent[d->next]))
		d->next++;
	if (d->next < d->nsent)
		s = &d->sent[d->next];
	kmutex_exit(&d->lock);
	return s;
}

static bool
in_time(const struct pd *d, const struct pd_event *e, int64_t begin,
    int64_t end, int64_t when)
{
	(void)e;
	return when >= begin - d->s->tolerance_ns &&
	    when <= end + d->s->tolerance_ns;
}

static void
times(const struct pd *d, const struct pd_event *e, int64_t *begin, int64_t *end)
{
	int64_t base = e->rel ? d->last : START;

	if (e->begin == PD_ANYTIME) {
		*begin = pd_clock;
		*end = pd_clock + 4000 * INT64_C(1000000000);
		return;
	}
	*begin = base + e->begin;
	*end = base + (e->range ? e->end : e->begin);
}

static bool
data_right(const struct pd_seen *s, uint32_t lseq)
{
	for (uint32_t i = 0; i < s->len; i++)
		if (s->data[i] != (uint8_t)(s->seq - lseq - 1 + i))
			return false;
	return true;
}

static bool
expect(struct pd *d, const struct pd_event *e)
{
	int64_t begin, end;
	struct pd_seen seen;
	const char *bad;
	struct sent *s;
	struct conn *c;
	char what[100], shown[300];
	uint32_t lseq;

	times(d, e, &begin, &end);
	while ((s = next_sent(d)) == NULL)
		if (!step(d, end + d->s->tolerance_ns))
			break;
	if (s == NULL) {
		atomic_store(&pd_clock, end > pd_clock ? end : pd_clock);
		return wrong(d, e, "no packet was sent");
	}
	d->next++;
	if ((bad = pd_dissect(s->data, s->len, d->s->ipv, &seen)) != NULL)
		return wrong(d, e, "%s", bad);
	/* A connect chooses the port; the first SYN tells the sequence. */
	if (d->nconns == 0 || e->pkt.port != 0)
		c = conn_of(d, seen.rport, true);
	else
		c = conn_for(d, &e->pkt);
	if (c == NULL)
		return wrong(d, e, "too many ports");
	if ((seen.flags & TH_SYN) != 0 && !c->known) {
		c->lseq = seen.seq;
		c->lport = seen.lport;
		c->known = true;
	}
	lseq = (seen.flags & TH_RST) != 0 && !c->known ? 0 : c->lseq;
	pd_show(&seen, lseq, shown, sizeof(shown));
	if (e->pkt.port != 0 && e->pkt.port != seen.rport)
		return wrong(d, e, "to port %u: %s", seen.rport, shown);
	if (!pd_match(&e->pkt, &seen, lseq, what, sizeof(what)))
		return wrong(d, e, "%s: %s", what, shown);
	if (!data_right(&seen, lseq))
		return wrong(d, e, "wrong data: %s", shown);
	if (!in_time(d, e, begin, end, s->when))
		return wrong(d, e, "sent at %.6f: %s",
		    (double)(s->when - START) / 1e9, shown);
	if (s->when > pd_clock)
		atomic_store(&pd_clock, s->when);
	d->last = e->begin == PD_ANYTIME || e->range ? s->when :
	    begin > s->when			     ? begin :
						       s->when;
	return true;
}

/* --- calls --- */

/* The nth argument (from 0), without blanks around. */
static void
argument(const struct pd_event *e, int n, char *buf, size_t size)
{
	const char *p = e->text;
	int depth = 0;
	size_t i = 0;

	for (; *p != '\0'; p++) {
		depth += *p == '{' || *p == '[' || *p == '(';
		depth -= *p == '}' || *p == ']' || *p == ')';
		if (*p == ',' && depth == 0) {
			if (n-- == 0)
				break;
			continue;
		}
		if (n == 0 && i < size - 1 && (i > 0 || *p != ' '))
			buf[i++] = *p;
	}
	while (i > 0 && buf[i - 1] == ' ')
		i--;
	buf[i] = '\0';
}

static long
int_argument(const struct pd_event *e, int n)
{
	char buf[200], *p = buf;
	long v;
	size_t len;

	argument(e, n, buf, sizeof(buf));
	len = strlen(buf);
	if (buf[0] == '[' && len > 1) {
		buf[len - 1] = '\0';
		p++;
	}
	return pd_constant(p, &v) ? v : -999999;
}

static int
fd_of(struct pd *d, const struct pd_event *e)
{
	long fd = int_argument(e, 0);

	return fd >= 0 && fd < MAXFD ? d->fds[fd] : -1;
}

static socklen_t
name_of(struct pd *d, const uint8_t *addr, uint16_t port, void *buf)
{
	struct sockaddr_in *sin = buf;
	struct sockaddr_in6 *sin6 = buf;

	if (d->s->ipv == 6) {
		memset(sin6, 0, sizeof(*sin6));
		sin6->sin6_len = sizeof(*sin6);
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(port);
		memcpy(&sin6->sin6_addr, addr, 16);
		return sizeof(*sin6);
	}
	memset(sin, 0, sizeof(*sin));
	sin->sin_len = sizeof(*sin);
	sin->sin_family = AF_INET;
	sin->sin_port = htons(port);
	memcpy(&sin->sin_addr, addr, 4);
	return sizeof(*sin);
}

static long
call_write(struct pd *d, struct lwp *l, const struct pd_event *e)
{
	long fd = int_argument(e, 0), n = int_argument(e, 2), r;
	int flags = strncmp(e->call, "send", 4) == 0 ? (int)int_argument(e, 3) :
						       0;
	uint8_t *buf = malloc((size_t)n + 1);

	for (long i = 0; i < n; i++)
		buf[i] = (uint8_t)(d->wrote[fd] + (uint32_t)i);
	r = strncmp(e->call, "send", 4) == 0 ?
	    l_send(l, d->fds[fd], buf, (size_t)n, flags) :
	    l_write(l, d->fds[fd], buf, (size_t)n);
	free(buf);
	if (r > 0)
		d->wrote[fd] += (uint32_t)r;
	return r;
}

static long
call_read(struct pd *d, struct lwp *l, const struct pd_event *e)
{
	long fd = int_argument(e, 0), n = int_argument(e, 2), r;
	int flags = strncmp(e->call, "recv", 4) == 0 ? (int)int_argument(e, 3) :
						       0;
	uint8_t *buf = malloc((size_t)n + 1);

	r = strncmp(e->call, "recv", 4) == 0 ?
	    l_recv(l, d->fds[fd], buf, (size_t)n, flags) :
	    l_read(l, d->fds[fd], buf, (size_t)n);
	/* Bytes out of band make the rest go out of step: 1 << 31 says so. */
	if (r > 0 && (flags & MSG_OOB) != 0)
		d->read[fd] |= 1u << 31;
	else if (r > 0 && (flags & MSG_PEEK) == 0) {
		for (long i = 0; d->read[fd] < 1u << 31 && i < r; i++)
			if (buf[i] != (uint8_t)(d->read[fd] + 1 + (uint32_t)i)) {
				r = -1000;
				break;
			}
		if (r > 0)
			d->read[fd] += (uint32_t)r;
	}
	free(buf);
	return r;
}

static long
call_sockopt(struct pd *d, struct lwp *l, const struct pd_event *e)
{
	int fd = fd_of(d, e), level = (int)int_argument(e, 1);
	int name = (int)int_argument(e, 2), v, on, lin;
	char buf[200];
	socklen_t len = sizeof(v);
	long r;

	argument(e, 3, buf, sizeof(buf));
	if (sscanf(buf, "{onoff=%d, linger=%d}", &on, &lin) == 2) {
		struct linger li = { on, lin };

		return l_setsockopt(l, fd, level, name, &li, sizeof(li));
	}
	if (buf[0] == '"') {
		buf[strlen(buf) - 1] = '\0';
		return l_setsockopt(
		    l, fd, level, name, buf + 1, (socklen_t)strlen(buf + 1));
	}
	v = (int)int_argument(e, 3);
	if (strcmp(e->call, "setsockopt") == 0)
		return l_setsockopt(l, fd, level, name, &v, sizeof(v));
	r = l_getsockopt(l, fd, level, name, &on, &len);
	if (r == 0 && (buf[0] == '[' && buf[1] != ']') && on != v) {
		fprintf(stderr, "line %d: the option is %d\n", e->line, on);
		return -1001;
	}
	return r;
}

static long
call_poll(struct pd *d, struct lwp *l, const struct pd_event *e)
{
	char buf[200], ev[64], rev[64];
	struct pollfd p;
	long want, wantev;
	int fd, timeout = (int)int_argument(e, 2);
	long r;

	argument(e, 0, buf, sizeof(buf));
	if (sscanf(buf, "[{fd=%d, events=%63[^,], revents=%63[^}]}]", &fd, ev,
		rev) != 3 ||
	    !pd_constant(ev, &wantev) || !pd_constant(rev, &want))
		return -1002;
	p = (struct pollfd){ .fd = d->fds[fd], .events = (short)wantev };
	r = SYS(l, SYS_poll, poll, P(struct pollfd *, &p), P(unsigned, 1),
	    P(int, timeout));
	if (r >= 0 && p.revents != want) {
		fprintf(stderr, "line %d: revents are %#x\n", e->line,
		    (unsigned)p.revents);
		return -1003;
	}
	return r;
}

static long
call_control(struct pd *d, struct lwp *l, const struct pd_event *e)
{
	int fd = fd_of(d, e), v = -1;
	long r, want = int_argument(e, 2);
	char buf[60];

	if (strcmp(e->call, "fcntl") == 0) {
		r = SYS(l, SYS_fcntl, fcntl, P(int, fd),
		    P(int, int_argument(e, 1)), P(void *, want));
		return r;
	}
	r = SYS(l, SYS_ioctl, ioctl, P(int, fd),
	    P(unsigned long, int_argument(e, 1)), P(void *, &v));
	argument(e, 2, buf, sizeof(buf));
	if (r == 0 && buf[0] == '[' && v != want) {
		fprintf(stderr, "line %d: the value is %d\n", e->line, v);
		return -1004;
	}
	return r;
}

/* A descriptor that came out gets the script's number. */
static long
new_fd(struct pd *d, const struct pd_event *e, long r)
{
	if (r < 0 || e->result < 0 || e->result >= MAXFD)
		return r;
	d->fds[e->result] = (int)r;
	d->wrote[e->result] = d->read[e->result] = 0;
	return e->result;
}

static long
call(struct pd *d, struct lwp *l, const struct pd_event *e)
{
	struct sockaddr_in6 sa;
	const char *c = e->call;
	socklen_t len;

	if (strcmp(c, "socket") == 0)
		return new_fd(d, e,
		    l_socket(l, d->s->ipv == 6 ? AF_INET6 : AF_INET,
			SOCK_STREAM, IPPROTO_TCP));
	if (strcmp(c, "accept") == 0) {
		len = sizeof(sa);
		return new_fd(d, e, l_accept(l, fd_of(d, e), &sa, &len));
	}
	if (strcmp(c, "bind") == 0) {
		len = name_of(d, d->local, 8080, &sa);
		return l_bind(l, fd_of(d, e), &sa, len);
	}
	if (strcmp(c, "connect") == 0) {
		len = name_of(d, d->remote, 8080, &sa);
		return l_connect(l, fd_of(d, e), &sa, len);
	}
	if (strcmp(c, "listen") == 0)
		return l_listen(l, fd_of(d, e), (int)int_argument(e, 1));
	if (strcmp(c, "shutdown") == 0)
		return l_shutdown(l, fd_of(d, e), (int)int_argument(e, 1));
	if (strcmp(c, "close") == 0)
		return l_close(l, fd_of(d, e));
	if (strcmp(c, "write") == 0 || strcmp(c, "send") == 0)
		return call_write(d, l, e);
	if (strcmp(c, "read") == 0 || strcmp(c, "recv") == 0)
		return call_read(d, l, e);
	if (strcmp(c, "setsockopt") == 0 || strcmp(c, "getsockopt") == 0)
		return call_sockopt(d, l, e);
	if (strcmp(c, "poll") == 0)
		return call_poll(d, l, e);
	if (strcmp(c, "fcntl") == 0 || strcmp(c, "ioctl") == 0)
		return call_control(d, l, e);
	return -1005;
}

static bool
check_result(struct pd *d, const struct pd_event *e, long r)
{
	long want = e->result, err;

	if (e->any_result)
		return true;
	if (e->error[0] != '\0' && pd_constant(e->error, &err))
		want = -err;
	if (r == want)
		return true;
	return wrong(d, e, "%s gave %ld, not %ld", e->call, r, want);
}

static void
blocking_main(struct lwp *l, void *arg)
{
	struct pd *d = arg;

	d->result = call(d, l, d->blocked);
	atomic_store(&d->done, 1);
}

/* The blocking call's end has come. */
static bool
finish_blocked(struct pd *d)
{
	const struct pd_event *e = d->blocked;

	if (e == NULL)
		return true;
	for (int i = 0; i < 20000 && !atomic_load(&d->done); i++)
		host_sleep_ns(100000);
	if (!atomic_load(&d->done)) {
		lwp_wakeup(d->helper.l, L_EXIT);
		helper_join(&d->helper);
		d->blocked = NULL;
		return wrong(d, e, "%s has not come back", e->call);
	}
	helper_join(&d->helper);
	d->blocked = NULL;
	return check_result(d, e, d->result);
}

static bool
do_call(struct pd *d, const struct pd_event *e)
{
	if (!e->blocks) {
		long r = call(d, d->f.l, e);

		net_run(d->f.k);
		settle(d);
		return check_result(d, e, r);
	}
	if (!finish_blocked(d))
		return false;
	d->blocked = e;
	atomic_store(&d->done, 0);
	helper_start(&d->helper, d->f.p, blocking_main, d);
	settle(d);
	return true;
}

/* --- assertions on tcp_info --- */

static const struct {
	const char *name;
	size_t off, size;
} info_fields[] = {
#define F(x)                                          \
	{                                             \
#x, offsetof(struct tcp_info, x),     \
		    sizeof(((struct tcp_info *)0)->x) \
	}
	F(tcpi_state), F(tcpi_options), F(tcpi_rto), F(tcpi_snd_mss),
	F(tcpi_rcv_mss), F(tcpi_rtt), F(tcpi_rttvar), F(tcpi_snd_ssthresh),
	F(tcpi_snd_cwnd), F(tcpi_rcv_space), F(tcpi_snd_wnd),
	F(tcpi_snd_rexmitpack), F(tcpi_rcv_ooopack), F(tcpi_snd_zerowin)
};

/* " assert tcpi_x == n", of the connection with the highest descriptor. */
static bool
do_assert(struct pd *d, const struct pd_event *e)
{
	struct tcp_info ti;
	socklen_t len = sizeof(ti);
	char name[40], op[3];
	int64_t want;
	int fd = MAXFD - 1;

	if (sscanf(e->text, " assert %39[a-z_] %2[=<>!] %" SCNd64, name, op,
		&want) != 3)
		return wrong(d, e, "the assertion is not understood");
	while (fd > 0 && d->fds[fd] < 0)
		fd--;
	if (l_getsockopt(
		d->f.l, d->fds[fd], IPPROTO_TCP, TCP_INFO, &ti, &len) != 0)
		return wrong(d, e, "no TCP_INFO");
	for (size_t i = 0; i < sizeof(info_fields) / sizeof(*info_fields); i++) {
		const uint8_t *p = (const uint8_t *)&ti + info_fields[i].off;
		uint32_t v = *p;
		bool right;

		if (strcmp(info_fields[i].name, name) != 0)
			continue;
		if (info_fields[i].size == 4)
			memcpy(&v, p, 4);
		right = strcmp(op, "==") == 0 ? v == want :
		    strcmp(op, ">=") == 0     ? v >= want :
		    strcmp(op, "<=") == 0     ? v <= want :
						v != want;
		return right || wrong(d, e, "%s is %u", name, v);
	}
	return wrong(d, e, "unknown field %s", name);
}

/* --- a script --- */

static bool
run_event(struct pd *d, const struct pd_event *e)
{
	int64_t begin, end;

	if (e->kind == PD_PACKET && !e->pkt.in)
		return expect(d, e);
	times(d, e, &begin, &end);
	advance_to(d, begin);
	d->last = begin;
	if (e->kind == PD_PACKET)
		return inject(d, e);
	return e->kind == PD_CALL ? do_call(d, e) : do_assert(d, e);
}

/* Calls that were to have come back by now. */
static bool
end_blocked(struct pd *d, const struct pd_event *next)
{
	const struct pd_event *e = d->blocked;
	int64_t begin, end;

	if (e == NULL)
		return true;
	if (next != NULL && !atomic_load(&d->done)) {
		times(d, next, &begin, &end);
		if (next->blocks || begin <= (e->rel ? 0 : START + e->end))
			return true;
	}
	if (next == NULL)
		advance_to(d, e->rel ? d->last : START + e->end);
	return finish_blocked(d);
}

static bool
run_all(struct pd *d)
{
	struct sent *s;

	for (const struct pd_event *e = d->s->events; e != NULL; e = e->next) {
		if (d->blocked != NULL && !end_blocked(d, e))
			return false;
		if (!run_event(d, e))
			return false;
		if (d->bad != NULL)
			return wrong(d, e, "%s", d->bad);
	}
	if (!end_blocked(d, NULL))
		return false;
	if ((s = next_sent(d)) != NULL) {
		struct pd_seen seen;
		char shown[300] = "";

		if (pd_dissect(s->data, s->len, d->s->ipv, &seen) == NULL)
			pd_show(&seen, d->nconns > 0 ? d->conns[0].lseq : 0,
			    shown, sizeof(shown));
		return wrong(d, NULL, "a packet nobody expects: %s", shown);
	}
	return true;
}

static void
fill_addresses(struct pd *d)
{
	static const uint8_t l6[16] = { 0xfd, 0x3d, 0xfa, 0x7b, 0xd1,
		0x7d, [15] = 1 };
	static const uint8_t r6[16] = { 0xfd, 0x3d, 0x0a, 0x0b, 0xd6, [15] = 1 };
	static const uint8_t l4[4] = { 192, 168, 0, 1 };
	static const uint8_t r4[4] = { 192, 0, 2, 1 };

	memcpy(d->local, d->s->ipv == 6 ? l6 : l4, d->s->ipv == 6 ? 16 : 4);
	memcpy(d->remote, d->s->ipv == 6 ? r6 : r4, d->s->ipv == 6 ? 16 : 4);
	for (int i = 0; i < MAXFD; i++)
		d->fds[i] = -1;
}

bool
pd_run(const struct pd_script *s, char *why, size_t size)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		NULL };
	static const char *const names6[] = { "net", "net_net", "net_netinet",
		"net_netinet6", NULL };
	struct host_ops ops = host_linux;
	struct kern_config c = { .kc_host = &ops,
		.kc_components = s->ipv == 6 ? names6 : names,
		.kc_manualtime = true };
	struct pd *d = calloc(1, sizeof(*d));
	bool right;

	ops.monotonic = pd_monotonic;
	ops.realtime = pd_realtime;
	atomic_store(&pd_clock, START);
	d->s = s;
	d->why = why;
	d->whysize = size;
	d->last = START;
	fill_addresses(d);
	up_config(&d->f, &c);
	if (s->ipv == 6)
		atomic_store(&INET6(d->f.k)->ip6_dad_count, 0);
	right = make_interface(d);
	for (unsigned i = 0; right && i < s->nsysctls; i++)
		right = set_sysctl(d, s->sysctls[i]);
	if (right)
		right = run_all(d);
	if (d->blocked != NULL) {
		lwp_wakeup(d->helper.l, L_EXIT);
		helper_join(&d->helper);
	}
	down(&d->f);
	for (unsigned i = 0; i < d->nsent; i++)
		free(d->sent[i].data);
	free(d);
	return right;
}
