/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket layer: readiness, signals, options, messages by the dozen; and what it does around a protocol, with one made for this: a family whose
 * streams and datagrams come back to their sender, which connects when it is told to, and may go on after a close.
 */
#include <netbsd/signal.h>
#include <netbsd/sockio.h>
#include <netbsd/sysctl.h>
#include "net/socketvar.h"
#include "sock_calls.h"

#define AF_TOY AF_ECMA

/* --- the toy --- */

static struct socket *toy_last; /* attached last */
static struct socket *toy_head; /* listens */
static bool toy_lasts;		/* goes on after the close */
static int toy_live;

struct toy {
	uint8_t oob;
	bool has_oob;
};

static int
toy_attach(struct lwp *l, struct socket *so, int proto)
{
	struct toy *t;

	(void)l, (void)proto;
	if (so->so_snd.sb_hiwat == 0)
		CHECK_EQ(soreserve(so, 8192, 8192), 0);
	t = kmem_zalloc(so->so_k, sizeof(*t));
	if (t == NULL)
		return -ENOBUFS;
	so->so_pcb = t;
	toy_last = so;
	toy_live++;
	return 0;
}

static void
toy_free(struct socket *so)
{
	kmem_free(so->so_k, so->so_pcb, sizeof(struct toy));
	so->so_pcb = NULL;
	toy_live--;
	soisdisconnected(so);
}

static void
toy_detach(struct socket *so)
{
	if (!toy_lasts)
		toy_free(so);
	sofree(so); /* nothing happens here: the socket layer does it */
}

static int
toy_abort(struct socket *so)
{
	toy_free(so);
	sofree(so);
	return 0;
}

static int
toy_connect(struct lwp *l, struct socket *so, struct sockaddr *sa)
{
	(void)l;
	if (sa->sa_family != AF_TOY)
		return -EAFNOSUPPORT;
	if (sa->sa_data[0] == 'w')
		soisconnecting(so);
	else
		soisconnected(so);
	return 0;
}

static int
toy_bind(struct lwp *l, struct socket *so, struct sockaddr *sa)
{
	(void)l, (void)so, (void)sa;
	return -EADDRNOTAVAIL;
}

static int
toy_listen(struct lwp *l, struct socket *so)
{
	(void)l;
	toy_head = so;
	return 0;
}

static int
toy_disconnect(struct socket *so)
{
	if (so->so_type == SOCK_DGRAM)
		so->so_state &= ~(unsigned)SS_ISCONNECTED;
	else if (toy_lasts)
		so->so_state |= SS_ISDISCONNECTING;
	else
		soisdisconnected(so);
	return 0;
}

static int
toy_shutdown(struct socket *so)
{
	socantsendmore(so);
	socantrcvmore(so);
	return 0;
}

static int
toy_accept(struct socket *so, struct sockaddr *nam)
{
	(void)so;
	nam->sa_len = 4;
	nam->sa_family = AF_TOY;
	return 0;
}

static int
toy_rcvd(struct socket *so, int flags)
{
	(void)flags;
	so->so_snd.sb_cc = so->so_rcv.sb_cc;
	sowwakeup(so);
	return 0;
}

static int
toy_send(struct lwp *l, struct socket *so, struct mbuf *m, struct sockaddr *sa,
    struct mbuf *control, int flags)
{
	static const struct sockaddr from = {
		.sa_len = 6, .sa_family = AF_TOY, .sa_data = "toy"
	};

	(void)l, (void)flags;
	if (so->so_type == SOCK_DGRAM) {
		if (sa != NULL && sa->sa_data[0] == 'b')
			m->m_flags |= M_BCAST;
		if (!sbappendaddr(&so->so_rcv, &from, m, control)) {
			soroverflow(so);
			m_freem(m);
			m_freem(control);
		}
	} else {
		m_freem(control);
		sbappendstream(&so->so_rcv, m);
		so->so_snd.sb_cc = so->so_rcv.sb_cc;
	}
	sorwakeup(so);
	return 0;
}

static int
toy_sendoob(struct socket *so, struct mbuf *m, struct mbuf *control)
{
	struct toy *t = so->so_pcb;

	m_freem(control);
	m_copydata(m, 0, 1, &t->oob);
	t->has_oob = true;
	m_freem(m);
	so->so_oobmark = so->so_rcv.sb_cc;
	if (so->so_oobmark == 0)
		so->so_state |= SS_RCVATMARK;
	sohasoutofband(so);
	return 0;
}

static int
toy_recvoob(struct socket *so, struct mbuf *m, int flags)
{
	struct toy *t = so->so_pcb;

	if (!t->has_oob)
		return -EINVAL;
	m->m_data[0] = t->oob;
	m->m_len = 1;
	if ((flags & MSG_PEEK) == 0)
		t->has_oob = false;
	return 0;
}

static int
toy_ctloutput(struct socket *so, struct sockopt *sopt)
{
	int v;

	(void)so;
	if (sopt->sopt_level != 7)
		return -ENOPROTOOPT;
	if (sopt->sopt_op == PRCO_SETOPT)
		return sockopt_getint(sopt, &v);
	return sockopt_setint(sopt, 42);
}

static const struct pr_usrreqs toy_usrreqs = {
	.pr_attach = toy_attach,
	.pr_detach = toy_detach,
	.pr_abort = toy_abort,
	.pr_accept = toy_accept,
	.pr_bind = toy_bind,
	.pr_connect = toy_connect,
	.pr_listen = toy_listen,
	.pr_disconnect = toy_disconnect,
	.pr_shutdown = toy_shutdown,
	.pr_rcvd = toy_rcvd,
	.pr_send = toy_send,
	.pr_sendoob = toy_sendoob,
	.pr_recvoob = toy_recvoob,
};

static const struct protosw toy_protosw[2];
static const struct domain toy_domain = {
	.dom_family = AF_TOY,
	.dom_name = "toy",
	.dom_protosw = toy_protosw,
	.dom_nprotosw = 2,
};
static const struct protosw toy_protosw[2] = {
	{ SOCK_STREAM, &toy_domain, 1, PR_CONNREQUIRED | PR_WANTRCVD | PR_LISTEN,
	    toy_ctloutput, &toy_usrreqs },
	{ SOCK_DGRAM, &toy_domain, 2, PR_ATOMIC | PR_ADDR | PR_CTLW,
	    toy_ctloutput, &toy_usrreqs },
};

static void
up_toy(struct fixture *f)
{
	up_local(f);
	domain_attach(f->k, &toy_domain);
	toy_last = toy_head = NULL;
	toy_lasts = false;
	toy_live = 0;
}

/* The protocol ends what it went on with, as from a timer. */
static void
toy_end(struct socket *so)
{
	struct rump_kernel *k = so->so_k;

	net_rdlock(k);
	solock(so);
	toy_free(so);
	sofree(so);
	net_unlock(k);
}

static const struct sockaddr to_wait = {
	.sa_len = 16, .sa_family = AF_TOY, .sa_data = "w"
};
static const struct sockaddr to_go = {
	.sa_len = 16, .sa_family = AF_TOY, .sa_data = "go"
};

static const struct sockaddr to_all = {
	.sa_len = 16, .sa_family = AF_TOY, .sa_data = "b"
};

static long
toy_pair(struct fixture *f)
{
	long s = l_socket(f->l, AF_TOY, SOCK_STREAM, 0);

	CHECK_EQ(l_connect(f->l, s, &to_go, sizeof(to_go)), 0);
	return s;
}

/* --- around a protocol --- */

TEST(socket_stream_of_a_protocol_transfers)
{
	struct fixture f;
	char out[30000], in[30000];
	long s, n, sum = 0;

	up_toy(&f);
	s = l_socket(f.l, AF_TOY, SOCK_STREAM, 0);
	CHECK_EQ(l_write(f.l, s, "x", 1), -ENOTCONN);
	CHECK_EQ(l_read(f.l, s, in, 1), -ENOTCONN);
	CHECK_EQ(l_close(f.l, s), 0);
	s = toy_pair(&f);
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7);
	CHECK_EQ(l_send(f.l, s, out, sizeof(out), MSG_DONTWAIT), 8192);
	CHECK_EQ(l_recv(f.l, s, in, 10000, 0), 8192);
	CHECK(memcmp(in, out, 8192) == 0);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(l_write(f.l, s, out + i, 1), 1);
	while (sum < 100 && (n = l_read(f.l, s, in + sum, 7)) > 0)
		sum += n;
	CHECK_EQ(sum, 100);
	CHECK(memcmp(in, out, 100) == 0);
	down(&f);
	CHECK_EQ(toy_live, 0);
}

TEST(socket_connect_waits_or_not)
{
	struct fixture f;
	struct socket *so;
	long s;

	up_toy(&f);
	s = l_socket(f.l, AF_TOY, SOCK_STREAM | SOCK_NONBLOCK, 0);
	so = toy_last;
	CHECK_EQ(l_connect(f.l, s, &to_wait, 16), -EINPROGRESS);
	CHECK_EQ(l_connect(f.l, s, &to_wait, 16), -EALREADY);
	CHECK_EQ(l_poll(f.l, s, POLLOUT, 0), 0);
	solock(so);
	soisconnected(so);
	sounlock(so);
	CHECK_EQ(l_poll(f.l, s, POLLOUT, 0), POLLOUT);
	CHECK_EQ(l_connect(f.l, s, &to_wait, 16), -EISCONN);
	s = l_socket(f.l, AF_TOY, SOCK_STREAM | SOCK_NONBLOCK, 0);
	so = toy_last;
	CHECK_EQ(l_connect(f.l, s, &to_wait, 16), -EINPROGRESS);
	solock(so);
	so->so_error = ECONNREFUSED;
	soisdisconnected(so);
	sounlock(so);
	CHECK(l_poll(f.l, s, POLLOUT, 0) & POLLOUT);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, SO_ERROR), 0);
	CHECK_EQ(l_connect(f.l, s, &to_go, 16), 0);
	down(&f);
}

TEST(socket_incomplete_connections_wait_in_q0)
{
	struct fixture f;
	struct socket *so[4];
	long s, a;

	up_toy(&f);
	s = l_socket(f.l, AF_TOY, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	net_rdlock(f.k);
	solock(toy_head);
	for (int i = 0; i < 4; i++) {
		so[i] = sonewconn(toy_head, 0);
		CHECK(so[i] != NULL);
		sounlock(so[i]);
	}
	CHECK_EQ(toy_head->so_q0len, 4);
	sounlock(toy_head);
	CHECK_EQ(l_poll(f.l, s, POLLIN, 0), 0);
	/* One is done, one goes; two are left when the listener is closed. */
	solock(so[1]);
	soisconnected(so[1]);
	sounlock(so[1]);
	solock(so[2]);
	toy_free(so[2]);
	sofree(so[2]);
	net_unlock(f.k);
	CHECK_EQ(toy_live, 4);
	CHECK_EQ(toy_head->so_q0len, 2);
	CHECK_EQ(l_poll(f.l, s, POLLIN, 0), POLLIN);
	a = l_accept(f.l, s, NULL, NULL);
	CHECK(a >= 0);
	CHECK_EQ(l_getint(f.l, a, SOL_SOCKET, SO_ACCEPTCONN), 0);
	CHECK_EQ(l_write(f.l, a, "x", 1), 1);
	CHECK_EQ(l_accept(f.l, s, NULL, NULL), -EAGAIN);
	CHECK_EQ(l_close(f.l, s), 0);
	CHECK_EQ(toy_live, 1);
	down(&f);
	CHECK_EQ(toy_live, 0);
}

TEST(socket_dead_connection_in_queue_is_aborted)
{
	struct fixture f;
	struct socket *so;
	long s;

	up_toy(&f);
	s = l_socket(f.l, AF_TOY, SOCK_STREAM, 0);
	CHECK_EQ(l_accept(f.l, s, NULL, NULL), -EINVAL);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	net_rdlock(f.k);
	solock(toy_head);
	so = sonewconn(toy_head, SS_ISCONNECTED);
	CHECK(so != NULL);
	sounlock(so);
	sounlock(toy_head);
	solock(so);
	toy_free(so);
	sofree(so);
	net_unlock(f.k);
	CHECK_EQ(l_accept(f.l, s, NULL, NULL), -ECONNABORTED);
	down(&f);
	CHECK_EQ(toy_live, 0);
}

TEST(socket_protocol_goes_on_after_the_close)
{
	struct fixture f;
	struct socket *so;
	long s;

	up_toy(&f);
	toy_lasts = true;
	s = toy_pair(&f);
	so = toy_last;
	CHECK_EQ(l_write(f.l, s, "unread", 6), 6);
	CHECK_EQ(l_close(f.l, s), 0);
	CHECK_EQ(toy_live, 1);
	toy_end(so);
	CHECK_EQ(toy_live, 0);
	down(&f);
}

static void
end_later(struct lwp *l, void *arg)
{
	struct socket *so = arg;

	(void)l;
	host_sleep_ns(30 * MS);
	net_rdlock(so->so_k);
	solock(so);
	soisdisconnected(so);
	sounlock(so);
	net_unlock(so->so_k);
}

TEST(socket_close_lingers)
{
	struct fixture f;
	struct linger li = { 1, 30 }, got;
	socklen_t len = sizeof(got);
	struct socket *so;
	struct helper h;
	long s;

	up_toy(&f);
	toy_lasts = true;
	s = toy_pair(&f);
	so = so_get(toy_last);
	CHECK_EQ(
	    l_setsockopt(f.l, s, SOL_SOCKET, SO_LINGER, &li, sizeof(li)), 0);
	CHECK_EQ(l_getsockopt(f.l, s, SOL_SOCKET, SO_LINGER, &got, &len), 0);
	CHECK_EQ(got.l_linger, 30);
	CHECK_EQ(got.l_onoff, 1);
	helper_start(&h, f.p, end_later, so);
	CHECK_EQ(l_close(f.l, s), 0);
	CHECK((so->so_state & SS_ISDISCONNECTED) != 0);
	helper_join(&h);
	toy_end(so);
	so_put(so);
	down(&f);
}

TEST(socket_linger_does_not_hold_up_the_halt)
{
	struct fixture f;
	struct linger li = { 1, 30000 };
	int64_t leak;
	long s;

	up_toy(&f);
	toy_lasts = true;
	s = toy_pair(&f);
	CHECK_EQ(
	    l_setsockopt(f.l, s, SOL_SOCKET, SO_LINGER, &li, sizeof(li)), 0);
	lwp_destroy(f.l);
	kern_halt_begin(f.k);
	proc_exit(f.p, NULL, 0);
	toy_end(toy_last);
	kern_halt(f.k, false, &leak);
	CHECK_EQ(leak, 0);
}

TEST(socket_urgent_data_has_a_mark)
{
	struct fixture f;
	char buf[16];
	int at;
	long s;

	up_toy(&f);
	s = toy_pair(&f);
	CHECK_EQ(l_recv(f.l, s, buf, 1, MSG_OOB), -EINVAL);
	CHECK_EQ(l_write(f.l, s, "before", 6), 6);
	CHECK_EQ(l_send(f.l, s, "!", 1, MSG_OOB), 1);
	CHECK_EQ(l_write(f.l, s, "after", 5), 5);
	CHECK_EQ(l_poll(f.l, s, POLLPRI | POLLIN, 0), POLLPRI | POLLIN);
	CHECK_EQ(l_ioctl(f.l, s, SIOCATMARK, &at), 0);
	CHECK_EQ(at, 0);
	CHECK_EQ(l_recv(f.l, s, buf, 16, MSG_PEEK), 6);
	CHECK_EQ(l_read(f.l, s, buf, 16), 6);
	CHECK(memcmp(buf, "before", 6) == 0);
	CHECK_EQ(l_ioctl(f.l, s, SIOCATMARK, &at), 0);
	CHECK_EQ(at, 1);
	CHECK_EQ(l_recv(f.l, s, buf, 4, MSG_OOB | MSG_PEEK), 1);
	CHECK_EQ(l_recv(f.l, s, buf, 4, MSG_OOB), 1);
	CHECK_EQ(buf[0], '!');
	CHECK_EQ(l_recv(f.l, s, buf, 4, MSG_OOB), -EINVAL);
	CHECK_EQ(l_read(f.l, s, buf, 16), 5);
	CHECK_EQ(l_ioctl(f.l, s, SIOCATMARK, &at), 0);
	CHECK_EQ(at, 0);
	down(&f);
}

TEST(socket_datagrams_have_names)
{
	struct fixture f;
	struct sockaddr from;
	socklen_t len = sizeof(from);
	char buf[9000];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	long s;
	int n = 0;

	up_toy(&f);
	s = l_socket(f.l, AF_TOY, SOCK_DGRAM, 0);
	CHECK_EQ(l_write(f.l, s, "x", 1), -EDESTADDRREQ);
	CHECK_EQ(l_sendto(f.l, s, "hello", 5, 0, &to_go, 16), 5);
	CHECK_EQ(l_recvfrom(f.l, s, buf, 16, MSG_PEEK, &from, &len), 5);
	CHECK_EQ(len, 6);
	len = 3;
	memset(&from, 9, sizeof(from));
	CHECK_EQ(l_recvfrom(f.l, s, buf, 16, 0, &from, &len), 5);
	CHECK_EQ(len, 3);
	CHECK_EQ(from.sa_family, AF_TOY);
	CHECK_EQ(from.sa_data[0], 't');
	CHECK_EQ(from.sa_data[1], 9);
	/* How a message came is told with it. */
	CHECK_EQ(l_sendto(f.l, s, "all", 3, 0, &to_all, 16), 3);
	CHECK_EQ(l_recvmsg(f.l, s, &mh, 0), 3);
	CHECK_EQ(mh.msg_flags, MSG_BCAST);
	CHECK_EQ(mh.msg_namelen, 0);
	/* Connections of datagrams may be made again. */
	CHECK_EQ(l_connect(f.l, s, &to_go, 16), 0);
	CHECK_EQ(l_connect(f.l, s, &to_go, 16), 0);
	for (int i = 0; i < 20; i++)
		n += l_send(f.l, s, buf, 1000, 0) == 1000;
	CHECK_EQ(n, 20);
	CHECK(l_getint(f.l, s, SOL_SOCKET, SO_OVERFLOWED) >= 12);
	CHECK_EQ(l_send(f.l, s, buf, 9000, 0), -EMSGSIZE);
	CHECK_EQ(l_recvfrom(f.l, s, buf, 16, 0, NULL, NULL), 16);
	CHECK_EQ(l_recvfrom(f.l, s, buf, 16, 0, &from, NULL), 16);
	CHECK_EQ(l_recvfrom(f.l, s, NULL, 16, 0, NULL, NULL), -EFAULT);
	down(&f);
}

/* --- options --- */

TEST(socket_options_answer_as_they_should)
{
	static const int flags[] = { SO_DEBUG, SO_REUSEADDR, SO_KEEPALIVE,
		SO_DONTROUTE, SO_BROADCAST, SO_USELOOPBACK, SO_OOBINLINE,
		SO_REUSEPORT, SO_NOSIGPIPE, SO_TIMESTAMP };
	struct fixture f;
	struct timeval50 old = { 3, 500000 };
	struct linger li = { 1, -1 };
	struct accept_filter_arg filter = { .af_name = "dataready" };
	uint64_t big[300];
	socklen_t len;
	long s;

	up_toy(&f);
	s = l_socket(f.l, AF_TOY, SOCK_STREAM, 0);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, flags[i]), 0);
		CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, flags[i], 5), 0);
		CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, flags[i]), 1);
		CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, flags[i], 0), 0);
		CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, flags[i]), 0);
	}
	CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, SO_ACCEPTCONN, 1), -ENOPROTOOPT);
	CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, SO_TYPE, 1), -ENOPROTOOPT);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, SO_SNDBUF), 8192);
	CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, SO_SNDBUF, 20000), 0);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, SO_SNDBUF), 20000);
	CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, SO_RCVBUF, 0), -EINVAL);
	CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, SO_RCVBUF, -5), -EINVAL);
	CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, SO_RCVBUF, 1 << 30), -ENOBUFS);
	CHECK_EQ(l_setint(f.l, s, SOL_SOCKET, SO_RCVLOWAT, 100000), 0);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, SO_RCVLOWAT), 8192);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_LINGER, &li, sizeof(li)),
	    -EDOM);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_LINGER, &li, 4), -EINVAL);
	CHECK_EQ(
	    l_setsockopt(f.l, s, SOL_SOCKET, SO_OSNDTIMEO, &old, sizeof(old)),
	    0);
	memset(&old, 0, sizeof(old));
	len = sizeof(old);
	CHECK_EQ(l_getsockopt(f.l, s, SOL_SOCKET, SO_OSNDTIMEO, &old, &len), 0);
	CHECK_EQ(old.tv_usec, 500000);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_DEBUG, NULL, 4), -EFAULT);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_DEBUG, big, 2), -EINVAL);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_DEBUG, big, 2400), -EINVAL);
	CHECK_EQ(l_getsockopt(f.l, s, SOL_SOCKET, SO_TYPE, &len, NULL), -EFAULT);
	CHECK_EQ(l_getsockopt(f.l, s, SOL_SOCKET, SO_TYPE, NULL, NULL), 0);
	len = UINT32_MAX;
	CHECK_EQ(l_getsockopt(f.l, s, SOL_SOCKET, SO_TYPE, big, &len), 0);
	CHECK_EQ(len, 4);
	len = 2;
	CHECK_EQ(l_getsockopt(f.l, s, SOL_SOCKET, SO_TYPE, big, &len), 0);
	CHECK_EQ(len, 2);
	CHECK_EQ(l_getint(f.l, s, 7, 1), 42);
	CHECK_EQ(l_setint(f.l, s, 7, 1, 1), 0);
	CHECK_EQ(l_getint(f.l, s, 8, 1), -ENOPROTOOPT);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, 12345), -ENOPROTOOPT);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, 0), -ENOPROTOOPT);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_ACCEPTFILTER, &filter,
		     sizeof(filter)),
	    -EINVAL);
	CHECK_EQ(l_listen(f.l, s, 1), 0);
	CHECK_EQ(l_setsockopt(f.l, s, SOL_SOCKET, SO_ACCEPTFILTER, &filter,
		     sizeof(filter)),
	    -ENOENT);
	down(&f);
}

/* --- many messages a call --- */

TEST(socket_mmsg_counts_messages)
{
	struct fixture f;
	struct mmsghdr mm[8];
	struct iovec iov[8];
	char buf[8][16];
	struct timespec ts = { 0, 0 };
	int fd[2];

	up_toy(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_DGRAM, 0, fd), 0);
	memset(mm, 0, sizeof(mm));
	for (int i = 0; i < 8; i++) {
		iov[i].iov_base = buf[i];
		iov[i].iov_len = (size_t)i + 1;
		mm[i].msg_hdr.msg_iov = &iov[i];
		mm[i].msg_hdr.msg_iovlen = 1;
		memset(buf[i], 'a' + i, 16);
	}
	CHECK_EQ(l_sendmmsg(f.l, fd[0], mm, 8, 0), 8);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(mm[i].msg_len, i + 1);
	for (int i = 0; i < 8; i++)
		iov[i].iov_len = 16;
	CHECK_EQ(l_recvmmsg(f.l, fd[1], mm, 3, 0, NULL), 3);
	CHECK_EQ(mm[2].msg_len, 3);
	CHECK_EQ(buf[2][2], 'c');
	CHECK_EQ(l_recvmmsg(f.l, fd[1], mm, 8, 0, &ts), 1);
	CHECK_EQ(l_recvmmsg(f.l, fd[1], mm, 8, MSG_WAITFORONE, NULL), 4);
	CHECK_EQ(mm[3].msg_len, 8);
	CHECK_EQ(l_recvmmsg(f.l, fd[1], mm, 8, MSG_DONTWAIT, NULL), -EAGAIN);
	CHECK_EQ(l_recvmmsg(f.l, fd[1], NULL, 8, MSG_DONTWAIT, NULL), -EFAULT);
	ts.tv_nsec = -1;
	CHECK_EQ(l_recvmmsg(f.l, fd[1], mm, 8, 0, &ts), -EINVAL);
	CHECK_EQ(l_sendmmsg(f.l, fd[0], mm, 0, 0), 0);
	down(&f);
}

/* --- readiness --- */

static long
kq_change(struct lwp *l, long kq, long fd, int filter, unsigned flags,
    unsigned fflags, int64_t data)
{
	struct kevent ev;

	memset(&ev, 0, sizeof(ev));
	ev.ident = (uintptr_t)fd;
	ev.filter = (uint32_t)filter;
	ev.flags = flags;
	ev.fflags = fflags;
	ev.data = data;
	return SYS(l, SYS___kevent50, __kevent50, P(int, kq),
	    P(const struct kevent *, &ev), P(size_t, 1),
	    P(struct kevent *, NULL), P(size_t, 0),
	    P(const struct timespec *, NULL));
}

static long
kq_get(struct lwp *l, long kq, struct kevent *ev)
{
	static const struct timespec now = { 0, 0 };

	return SYS(l, SYS___kevent50, __kevent50, P(int, kq),
	    P(const struct kevent *, NULL), P(size_t, 0), P(struct kevent *, ev),
	    P(size_t, 1), P(const struct timespec *, &now));
}

TEST(socket_kqueue_tells_counts_and_ends)
{
	struct fixture f;
	struct sockaddr_un sun;
	socklen_t len = sun_make(&sun, "/kq");
	struct kevent ev;
	long kq, s, c;
	char buf[16];
	int fd[2];

	up_toy(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	kq = SYS(f.l, SYS_kqueue1, kqueue1, P(int, 0));
	CHECK_EQ(kq_change(f.l, kq, fd[1], EVFILT_READ, EV_ADD, 0, 0), 0);
	CHECK_EQ(kq_get(f.l, kq, &ev), 0);
	CHECK_EQ(l_write(f.l, fd[0], "hello", 5), 5);
	CHECK_EQ(kq_get(f.l, kq, &ev), 1);
	CHECK_EQ(ev.data, 5);
	CHECK_EQ(l_read(f.l, fd[1], buf, 16), 5);
	CHECK_EQ(kq_get(f.l, kq, &ev), 0);
	CHECK_EQ(
	    kq_change(f.l, kq, fd[1], EVFILT_READ, EV_ADD, NOTE_LOWAT, 10), 0);
	CHECK_EQ(l_write(f.l, fd[0], "hello", 5), 5);
	CHECK_EQ(kq_get(f.l, kq, &ev), 0);
	CHECK_EQ(l_write(f.l, fd[0], "hello", 5), 5);
	CHECK_EQ(kq_get(f.l, kq, &ev), 1);
	CHECK_EQ(ev.data, 10);
	CHECK_EQ(kq_change(f.l, kq, fd[1], EVFILT_READ, EV_DELETE, 0, 0), 0);
	CHECK_EQ(kq_change(f.l, kq, fd[0], EVFILT_WRITE, EV_ADD, 0, 0), 0);
	CHECK_EQ(kq_get(f.l, kq, &ev), 1);
	CHECK(ev.data > 1000);
	CHECK_EQ(l_close(f.l, fd[1]), 0);
	CHECK_EQ(kq_get(f.l, kq, &ev), 1);
	CHECK((ev.flags & EV_EOF) != 0);
	CHECK_EQ(l_close(f.l, fd[0]), 0);
	/* A listener: how many wait. */
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	CHECK_EQ(kq_change(f.l, kq, s, EVFILT_READ, EV_ADD, 0, 0), 0);
	CHECK_EQ(kq_get(f.l, kq, &ev), 0);
	for (int i = 0; i < 2; i++) {
		c = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
		CHECK_EQ(l_connect(f.l, c, &sun, len), 0);
	}
	CHECK_EQ(kq_get(f.l, kq, &ev), 1);
	CHECK_EQ(ev.data, 2);
	down(&f);
}

TEST(socket_poll_tells_of_both_ends)
{
	struct fixture f;
	char buf[16];
	int fd[2];

	up_toy(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(l_poll(f.l, fd[0], POLLIN | POLLOUT, 0), POLLOUT);
	CHECK_EQ(l_write(f.l, fd[1], "x", 1), 1);
	CHECK_EQ(l_poll(f.l, fd[0], POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	while (l_send(f.l, fd[0], buf, 16, MSG_DONTWAIT) > 0)
		continue;
	CHECK_EQ(l_poll(f.l, fd[0], POLLOUT, 0), 0);
	CHECK_EQ(l_shutdown(f.l, fd[1], SHUT_WR), 0);
	CHECK_EQ(l_poll(f.l, fd[0], POLLIN, 0), POLLIN);
	CHECK_EQ(l_close(f.l, fd[1]), 0);
	CHECK_EQ(l_poll(f.l, fd[0], POLLIN | POLLOUT, 0),
	    POLLIN | POLLOUT | POLLHUP);
	down(&f);
}

static void
write_later(struct lwp *l, void *arg)
{
	host_sleep_ns(20 * MS);
	CHECK_THREAD(l_write(l, *(int *)arg, "x", 1) == 1);
}

TEST(socket_poll_sleeps_until_data)
{
	struct fixture f;
	struct helper h;
	int fd[2];

	up_toy(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	helper_start(&h, f.p, write_later, &fd[1]);
	CHECK_EQ(l_poll(f.l, fd[0], POLLIN, 10000), POLLIN);
	helper_join(&h);
	down(&f);
}

/* --- signals --- */

TEST(socket_signals_reach_the_owner)
{
	struct fixture f;
	struct kevent ev;
	long kq, s;
	int fd[2], on = 1, owner = 0;

	up_toy(&f);
	kq = SYS(f.l, SYS_kqueue1, kqueue1, P(int, 0));
	for (int i = 0; i < 3; i++)
		CHECK_EQ(kq_change(f.l, kq,
			     i == 0	? SIGPIPE :
				 i == 1 ? SIGIO :
					  SIGURG,
			     EVFILT_SIGNAL, EV_ADD, 0, 0),
		    0);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	owner = f.p->p_pid;
	CHECK_EQ(l_ioctl(f.l, fd[0], FIOSETOWN, &owner), 0);
	owner = 0;
	CHECK_EQ(l_ioctl(f.l, fd[0], FIOGETOWN, &owner), 0);
	CHECK_EQ(owner, f.p->p_pid);
	CHECK_EQ(SYS(f.l, SYS_fcntl, fcntl, P(int, fd[0]), P(int, F_GETOWN),
		     P(void *, NULL)),
	    owner);
	CHECK_EQ(l_write(f.l, fd[1], "x", 1), 1);
	CHECK_EQ(kq_get(f.l, kq, &ev), 0);
	CHECK_EQ(l_ioctl(f.l, fd[0], FIOASYNC, &on), 0);
	CHECK_EQ(l_write(f.l, fd[1], "x", 1), 1);
	CHECK_EQ(kq_get(f.l, kq, &ev), 1);
	CHECK_EQ(ev.ident, SIGIO);
	on = 0;
	CHECK_EQ(l_ioctl(f.l, fd[0], FIOASYNC, &on), 0);
	/* SIGPIPE, unless told not to. */
	CHECK_EQ(l_close(f.l, fd[0]), 0);
	(void)kq_get(f.l, kq, &ev);
	CHECK_EQ(l_send(f.l, fd[1], "x", 1, MSG_NOSIGNAL), -EPIPE);
	CHECK_EQ(kq_get(f.l, kq, &ev), 0);
	CHECK_EQ(l_write(f.l, fd[1], "x", 1), -EPIPE);
	CHECK_EQ(kq_get(f.l, kq, &ev), 1);
	CHECK_EQ(ev.ident, SIGPIPE);
	CHECK_EQ(l_setint(f.l, fd[1], SOL_SOCKET, SO_NOSIGPIPE, 1), 0);
	CHECK_EQ(l_send(f.l, fd[1], "x", 1, 0), -EPIPE);
	CHECK_EQ(kq_get(f.l, kq, &ev), 0);
	/* SIGURG, to the group. */
	s = toy_pair(&f);
	owner = -f.p->p_pgid;
	CHECK_EQ(l_ioctl(f.l, s, SIOCSPGRP, &owner), 0);
	CHECK_EQ(l_send(f.l, s, "!", 1, MSG_OOB), 1);
	CHECK_EQ(kq_get(f.l, kq, &ev), f.p->p_pgid != 0);
	owner = 29999;
	CHECK_EQ(l_ioctl(f.l, s, SIOCSPGRP, &owner), -ESRCH);
	down(&f);
}

/* --- descriptors, lists --- */

TEST(socket_flags_of_descriptors)
{
	struct fixture f;
	struct sockaddr_un sun;
	socklen_t len = sun_make(&sun, "/fl");
	struct stat st;
	long s, c, a;
	char b;

	up_toy(&f);
	s = l_socket(f.l, AF_LOCAL,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC | SOCK_NOSIGPIPE, 0);
#define FCNTL(fd, cmd) \
	SYS(f.l, SYS_fcntl, fcntl, P(int, fd), P(int, cmd), P(void *, NULL))
	CHECK_EQ(FCNTL(s, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(FCNTL(s, F_GETNOSIGPIPE), 1);
	CHECK((FCNTL(s, F_GETFL) & O_NONBLOCK) != 0);
	CHECK_EQ(
	    l_socket(f.l, AF_LOCAL, SOCK_STREAM | (int)0x80000000, 0), -EINVAL);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	CHECK_EQ(l_accept(f.l, s, NULL, NULL), -EAGAIN);
	for (int i = 0; i < 3; i++) {
		c = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
		CHECK_EQ(l_connect(f.l, c, &sun, len), 0);
	}
	a = l_accept(f.l, s, NULL, NULL);
	CHECK((FCNTL(a, F_GETFL) & O_NONBLOCK) != 0);
	CHECK_EQ(FCNTL(a, F_GETFD), 0);
	a = l_paccept(f.l, s, NULL, NULL, SOCK_CLOEXEC);
	CHECK((FCNTL(a, F_GETFL) & O_NONBLOCK) == 0);
	CHECK_EQ(FCNTL(a, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(l_paccept(f.l, s, NULL, NULL, 5), -EINVAL);
	/* A name that cannot be given: no descriptor is left. */
	CHECK_EQ(l_accept(f.l, s, &sun, NULL), -EFAULT);
	CHECK(l_accept(f.l, s, NULL, NULL) > 0);
	CHECK_EQ(l_fstat(f.l, a, &st), 0);
	CHECK_EQ(st.st_mode & S_IFMT, S_IFSOCK);
	CHECK_EQ(SYS(f.l, SYS_lseek, lseek, P(int, a), P(int, 0), P(off_t, 0),
		     P(int, 0)),
	    -ESPIPE);
	CHECK_EQ(l_pread(f.l, a, &b, 1, 0), -ESPIPE);
	down(&f);
}

static long
l_sysctl(struct lwp *l, const int *name, unsigned n, void *old, size_t *len)
{
	return SYS(l, SYS___sysctl, __sysctl, P(const int *, name),
	    P(unsigned, n), P(void *, old), P(size_t *, len),
	    P(const void *, NULL), P(size_t, 0));
}

TEST(socket_lists_tell_of_local_sockets)
{
	struct fixture f;
	struct sockaddr_un sun;
	socklen_t n = sun_make(&sun, "/listed");
	struct kinfo_pcb ki[4];
	int mib[8] = { CTL_NET, AF_LOCAL, SOCK_STREAM, 0, 0, 0, sizeof(ki[0]),
		100 },
	    v, sb[2] = { CTL_KERN, KERN_SBMAX };
	struct sysctlnode q, nodes[2];
	size_t len = sizeof(nodes);
	long s;
	int fd[2];

	up_toy(&f);
	memset(&q, 0, sizeof(q));
	q.sysctl_flags = SYSCTL_VERSION;
	mib[3] = CTL_QUERY;
	CHECK_EQ(SYS(f.l, SYS___sysctl, __sysctl, P(const int *, mib),
		     P(unsigned, 4), P(void *, nodes), P(size_t *, &len),
		     P(const void *, &q), P(size_t, sizeof(q))),
	    0);
	CHECK_STR(nodes[0].sysctl_name, "pcblist");
	mib[3] = nodes[0].sysctl_num;
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(f.l, s, &sun, n), 0);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(l_write(f.l, fd[0], "hello", 5), 5);
	len = 0;
	CHECK_EQ(l_sysctl(f.l, mib, 8, NULL, &len), 0);
	CHECK(len >= 3 * sizeof(ki[0]));
	len = sizeof(ki);
	CHECK_EQ(l_sysctl(f.l, mib, 8, ki, &len), 0);
	CHECK_EQ(len, 3 * sizeof(ki[0]));
	CHECK_EQ(ki[0].ki_family, AF_LOCAL);
	CHECK_EQ(ki[0].ki_rcvq + ki[1].ki_rcvq, 5);
	CHECK_EQ(ki[0].ki_conn, ki[1].ki_pcbaddr);
	CHECK_STR((char *)&ki[2].ki_s + 2, "/listed");
	CHECK(ki[2].ki_vnode != 0);
	mib[6] = -1;
	CHECK_EQ(l_sysctl(f.l, mib, 8, ki, &len), -EINVAL);
	mib[6] = 1 << 20;
	CHECK_EQ(l_sysctl(f.l, mib, 8, ki, &len), -EINVAL);
	len = sizeof(v);
	CHECK_EQ(l_sysctl(f.l, sb, 2, &v, &len), 0);
	CHECK_EQ(v, 262144);
	down(&f);
}

TEST(socket_calls_need_the_network)
{
	static const char *const names[] = { "librumpvfs", NULL };
	static const char *const net[] = { "librumpnet", NULL };
	struct kern_config c = { .kc_components = names };
	struct fixture f;
	int fd[2];

	up_config(&f, &c);
	CHECK_EQ(l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0), -ENOSYS);
	down(&f);
	c.kc_components = net;
	up_config(&f, &c);
	CHECK_EQ(l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_EQ(l_socketpair(f.l, AF_INET, SOCK_STREAM, 0, fd), -EAFNOSUPPORT);
	CHECK_EQ(SYS(f.l, SYS_compat_30_socket, __socket30, P(int, AF_INET),
		     P(int, SOCK_STREAM), P(int, 0)),
	    -EPROTONOSUPPORT);
	down(&f);
}

TEST(socket_without_memory_fails_clean)
{
	struct fixture f;
	int fd[2];
	char buf[3000] = { 0 };

	up_toy(&f);
	for (int nth = 1; nth < 30; nth++) {
		long e;

		atomic_store(&f.k->k_failalloc, nth);
		e = l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd);
		atomic_store(&f.k->k_failalloc, 0);
		if (e != 0)
			continue;
		atomic_store(&f.k->k_failalloc, nth);
		(void)l_sendfds(f.l, fd[0], buf, sizeof(buf), fd, 2);
		atomic_store(&f.k->k_failalloc, nth);
		(void)l_read(f.l, fd[1], buf, 1);
		atomic_store(&f.k->k_failalloc, 0);
		CHECK_EQ(l_close(f.l, fd[0]), 0);
		CHECK_EQ(l_close(f.l, fd[1]), 0);
	}
	down(&f);
}

int
main(void)
{
	RUN(socket_stream_of_a_protocol_transfers);
	RUN(socket_connect_waits_or_not);
	RUN(socket_incomplete_connections_wait_in_q0);
	RUN(socket_dead_connection_in_queue_is_aborted);
	RUN(socket_protocol_goes_on_after_the_close);
	RUN(socket_close_lingers);
	RUN(socket_linger_does_not_hold_up_the_halt);
	RUN(socket_urgent_data_has_a_mark);
	RUN(socket_datagrams_have_names);
	RUN(socket_options_answer_as_they_should);
	RUN(socket_mmsg_counts_messages);
	RUN(socket_kqueue_tells_counts_and_ends);
	RUN(socket_poll_tells_of_both_ends);
	RUN(socket_poll_sleeps_until_data);
	RUN(socket_signals_reach_the_owner);
	RUN(socket_flags_of_descriptors);
	RUN(socket_lists_tell_of_local_sockets);
	RUN(socket_calls_need_the_network);
	RUN(socket_without_memory_fails_clean);
	return check_done();
}
