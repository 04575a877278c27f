/* SPDX-License-Identifier: BSD-2-Clause */
/* Local sockets: streams, datagrams, packets; names; credentials; descriptors in messages. */
#include <netbsd/signal.h>
#include <netbsd/sysctl.h>
#include "sock_calls.h"

/* --- pairs --- */

TEST(local_stream_pair_carries_bytes)
{
	struct fixture f;
	char buf[16];
	int fd[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(l_write(f.l, fd[0], "hello", 5), 5);
	CHECK_EQ(l_write(f.l, fd[0], " you", 4), 4);
	CHECK_EQ(l_read(f.l, fd[1], buf, 3), 3);
	CHECK(memcmp(buf, "hel", 3) == 0);
	CHECK_EQ(l_recv(f.l, fd[1], buf, 16, MSG_PEEK), 6);
	CHECK_EQ(l_read(f.l, fd[1], buf, 16), 6);
	CHECK(memcmp(buf, "lo you", 6) == 0);
	CHECK_EQ(l_recv(f.l, fd[1], buf, 16, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_write(f.l, fd[1], "back", 4), 4);
	CHECK_EQ(l_read(f.l, fd[0], buf, 16), 4);
	CHECK_EQ(l_write(f.l, fd[0], "last", 4), 4);
	CHECK_EQ(l_close(f.l, fd[0]), 0);
	CHECK_EQ(l_read(f.l, fd[1], buf, 16), 4);
	CHECK_EQ(l_read(f.l, fd[1], buf, 16), 0);
	CHECK_EQ(l_write(f.l, fd[1], "x", 1), -EPIPE);
	down(&f);
}

TEST(local_stream_full_buffer_blocks_and_counts)
{
	struct fixture f;
	static char big[300000];
	int fd[2], n;
	long a, b;

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	a = l_send(f.l, fd[0], big, sizeof(big), MSG_DONTWAIT);
	CHECK_EQ(a, l_getint(f.l, fd[0], SOL_SOCKET, SO_SNDBUF));
	CHECK_EQ(l_send(f.l, fd[0], big, 1, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_ioctl(f.l, fd[0], FIONWRITE, &n), 0);
	CHECK_EQ(n, a);
	CHECK_EQ(l_ioctl(f.l, fd[1], FIONREAD, &n), 0);
	CHECK_EQ(n, a);
	CHECK_EQ(l_ioctl(f.l, fd[0], FIONSPACE, &n), 0);
	CHECK_EQ(n, 0);
	b = l_read(f.l, fd[1], big, 65536);
	CHECK_EQ(b, 65536);
	CHECK_EQ(l_send(f.l, fd[0], big, 65536, MSG_DONTWAIT), 65536);
	CHECK_EQ(
	    l_recv(f.l, fd[1], big, sizeof(big), MSG_WAITALL | MSG_DONTWAIT), a);
	down(&f);
}

TEST(local_dgram_pair_keeps_messages)
{
	struct fixture f;
	char buf[16];
	int fd[2], flags = 0;
	struct iovec iov = { buf, 3 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	(void)flags;
	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_DGRAM, 0, fd), 0);
	CHECK_EQ(l_write(f.l, fd[0], "hello", 5), 5);
	CHECK_EQ(l_write(f.l, fd[0], "", 0), 0);
	CHECK_EQ(l_write(f.l, fd[0], "x", 1), 1);
	CHECK_EQ(l_recvmsg(f.l, fd[1], &mh, 0), 3);
	CHECK_EQ(mh.msg_flags, MSG_TRUNC);
	CHECK_EQ(l_read(f.l, fd[1], buf, 16), 0);
	CHECK_EQ(l_read(f.l, fd[1], buf, 16), 1);
	CHECK_EQ(l_recv(f.l, fd[1], buf, 16, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_write(f.l, fd[1], "back", 4), 4);
	CHECK_EQ(l_read(f.l, fd[0], buf, 16), 4);
	CHECK_EQ(l_send(f.l, fd[0], buf, 4000, 0), -EMSGSIZE);
	CHECK_EQ(l_close(f.l, fd[1]), 0);
	CHECK_EQ(l_write(f.l, fd[0], "x", 1), -ECONNRESET);
	down(&f);
}

TEST(local_seqpacket_keeps_records_and_waits_for_room)
{
	struct fixture f;
	static char buf[220000];
	int fd[2], n = 0;
	struct iovec iov = { buf, 100 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_SEQPACKET, 0, fd), 0);
	CHECK_EQ(l_send(f.l, fd[0], "one", 3, MSG_EOR), 3);
	CHECK_EQ(l_send(f.l, fd[0], "two!", 4, 0), 4);
	CHECK_EQ(l_recvmsg(f.l, fd[1], &mh, 0), 3);
	CHECK_EQ(mh.msg_flags, MSG_EOR);
	CHECK_EQ(l_recv(f.l, fd[1], buf, 2, 0), 2);
	while (l_send(f.l, fd[0], buf, 1000, MSG_DONTWAIT) == 1000)
		n++;
	CHECK(n > 10);
	CHECK_EQ(l_recv(f.l, fd[1], buf, 2000, 0), 1000);
	CHECK_EQ(l_send(f.l, fd[0], buf, 1000, MSG_DONTWAIT), 1000);
	CHECK_EQ(l_send(f.l, fd[0], buf, 220000, 0), -EMSGSIZE);
	CHECK_EQ(l_close(f.l, fd[0]), 0);
	for (; n > 0; n--)
		CHECK_EQ(l_recv(f.l, fd[1], buf, 2000, 0), 1000);
	CHECK_EQ(l_recv(f.l, fd[1], buf, 2000, 0), 0);
	down(&f);
}

/* --- names --- */

TEST(local_name_connects_and_accepts)
{
	struct fixture f;
	struct sockaddr_un sun, got;
	socklen_t len = sun_make(&sun, "/sock"), n;
	long s, c, a;
	struct stat st;
	char buf[8];

	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	c = l_socket(f.l, AF_LOCAL, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(s >= 0 && c >= 0);
	CHECK_EQ(l_listen(f.l, s, 5), -EINVAL);
	CHECK_EQ(l_connect(f.l, c, &sun, len), -ENOENT);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_bind(f.l, s, &sun, len), -EINVAL);
	CHECK_EQ(l_bind(f.l, c, &sun, len), -EADDRINUSE);
	CHECK_EQ(l_stat(f.l, "/sock", &st), 0);
	CHECK_EQ(st.st_mode & S_IFMT, S_IFSOCK);
	CHECK_EQ(l_connect(f.l, c, &sun, len), -ECONNREFUSED);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	CHECK_EQ(l_getint(f.l, s, SOL_SOCKET, SO_ACCEPTCONN), 1);
	CHECK_EQ(l_connect(f.l, c, &sun, len), 0);
	CHECK_EQ(l_connect(f.l, c, &sun, len), -EISCONN);
	n = sizeof(got);
	a = l_accept(f.l, s, &got, &n);
	CHECK(a >= 0);
	CHECK_EQ(n, 2);
	CHECK_EQ(got.sun_family, AF_LOCAL);
	n = sizeof(got);
	CHECK_EQ(l_getpeername(f.l, c, &got, &n), 0);
	CHECK_EQ(n, len);
	CHECK_STR(got.sun_path, "/sock");
	n = sizeof(got);
	CHECK_EQ(l_getsockname(f.l, a, &got, &n), 0);
	CHECK_STR(got.sun_path, "/sock");
	CHECK_EQ(l_write(f.l, c, "hi", 2), 2);
	CHECK_EQ(l_read(f.l, a, buf, 8), 2);
	CHECK_EQ(l_close(f.l, s), 0);
	CHECK_EQ(l_write(f.l, a, "on", 2), 2);
	CHECK_EQ(l_read(f.l, c, buf, 8), 2);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_connect(f.l, s, &sun, len), -ECONNREFUSED);
	CHECK_EQ(l_open(f.l, "/sock", O_RDONLY, 0), -EOPNOTSUPP);
	down(&f);
}

TEST(local_queue_of_closed_listener_is_reset)
{
	struct fixture f;
	struct sockaddr_un sun;
	socklen_t len = sun_make(&sun, "/q");
	long s, c[8];
	char buf[4];
	int refused = 0;

	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_listen(f.l, s, 2), 0);
	for (int i = 0; i < 8; i++) {
		long e;

		c[i] = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
		e = l_connect(f.l, c[i], &sun, len);
		CHECK(e == 0 || e == -ECONNREFUSED);
		refused += e != 0;
	}
	CHECK(refused > 0 && refused < 8);
	CHECK_EQ(l_close(f.l, s), 0);
	CHECK_EQ(l_read(f.l, c[0], buf, 4), -ECONNRESET);
	CHECK_EQ(l_read(f.l, c[0], buf, 4), 0);
	down(&f);
}

TEST(local_dgram_by_name_tells_the_sender)
{
	struct fixture f;
	struct sockaddr_un sa, sb, got;
	socklen_t la = sun_make(&sa, "/a"), lb = sun_make(&sb, "/b"), n;
	char buf[8];
	long a, b, x;

	up_local(&f);
	a = l_socket(f.l, AF_LOCAL, SOCK_DGRAM, 0);
	b = l_socket(f.l, AF_LOCAL, SOCK_DGRAM, 0);
	x = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(f.l, a, &sa, la), 0);
	CHECK_EQ(l_bind(f.l, b, &sb, lb), 0);
	CHECK_EQ(l_send(f.l, a, "x", 1, 0), -EDESTADDRREQ);
	CHECK_EQ(l_sendto(f.l, a, "one", 3, 0, &sb, lb), 3);
	n = sizeof(got);
	CHECK_EQ(l_recvfrom(f.l, b, buf, 8, 0, &got, &n), 3);
	CHECK_STR(got.sun_path, "/a");
	CHECK_EQ(n, la);
	CHECK_EQ(l_connect(f.l, x, &sb, lb), -EPROTOTYPE);
	CHECK_EQ(l_connect(f.l, a, &sb, lb), 0);
	CHECK_EQ(l_connect(f.l, a, &sa, la), 0);
	CHECK_EQ(l_write(f.l, a, "me", 2), 2);
	CHECK_EQ(l_read(f.l, a, buf, 8), 2);
	CHECK_EQ(l_sendto(f.l, a, "x", 1, 0, &sb, lb), -EISCONN);
	CHECK_EQ(l_sendto(f.l, b, "x", 1, 0, &sb, 1), -EINVAL);
	CHECK_EQ(l_close(f.l, a), 0);
	CHECK_EQ(l_sendto(f.l, b, "x", 1, 0, &sa, la), -ECONNREFUSED);
	down(&f);
}

TEST(local_names_are_checked)
{
	struct fixture f;
	struct sockaddr_un sun;
	socklen_t len = sun_make(&sun, "/f");
	char longname[300];
	long s, fd;

	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	fd = l_open(f.l, "/f", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(l_connect(f.l, s, &sun, len), -ENOTSOCK);
	CHECK_EQ(l_connect(f.l, fd, &sun, len), -ENOTSOCK);
	CHECK_EQ(l_connect(f.l, 99, &sun, len), -EBADF);
	CHECK_EQ(l_bind(f.l, s, NULL, len), -EFAULT);
	memset(longname, 'a', sizeof(longname));
	longname[1] = AF_LOCAL;
	CHECK_EQ(l_bind(f.l, s, longname, 256), -EINVAL);
	CHECK_EQ(l_bind(f.l, s, longname, 200), 0);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	sun.sun_family = AF_INET;
	CHECK_EQ(l_bind(f.l, s, &sun, len), -EAFNOSUPPORT);
	sun.sun_family = AF_LOCAL;
	CHECK_EQ(l_bind(f.l, s, &sun, 0), -EINVAL);
	CHECK_EQ(l_bind(f.l, s, &sun, 2), -ENOENT);
	CHECK_EQ(l_socket(f.l, AF_LOCAL, 77, 0), -EPROTOTYPE);
	CHECK_EQ(l_socket(f.l, AF_LOCAL, SOCK_STREAM, 5), -EPROTONOSUPPORT);
	CHECK_EQ(l_socket(f.l, 77, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_EQ(l_socket(f.l, -1, SOCK_STREAM, 0), -EAFNOSUPPORT);
	down(&f);
}

/* --- shutdown, signals, sleeping --- */

TEST(local_shutdown_ends_one_direction)
{
	struct fixture f;
	char buf[8];
	int fd[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(l_shutdown(f.l, fd[0], 7), -EINVAL);
	CHECK_EQ(l_write(f.l, fd[0], "abc", 3), 3);
	CHECK_EQ(l_shutdown(f.l, fd[0], SHUT_WR), 0);
	CHECK_EQ(l_send(f.l, fd[0], "x", 1, MSG_NOSIGNAL), -EPIPE);
	CHECK_EQ(l_read(f.l, fd[1], buf, 8), 3);
	CHECK_EQ(l_read(f.l, fd[1], buf, 8), 0);
	CHECK_EQ(l_write(f.l, fd[1], "back", 4), 4);
	CHECK_EQ(l_shutdown(f.l, fd[0], SHUT_RD), 0);
	CHECK_EQ(l_read(f.l, fd[0], buf, 8), 0);
	CHECK_EQ(l_write(f.l, fd[1], "x", 1), -EPIPE);
	CHECK_EQ(
	    l_shutdown(f.l, l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0), SHUT_WR),
	    -ENOTCONN);
	down(&f);
}

struct sleeper {
	long fd, got;
	char buf[64];
	int how;
	_Atomic int state;
};

static void
sleep_read(struct lwp *l, void *arg)
{
	struct sleeper *s = arg;

	atomic_store(&s->state, 1);
	s->got = l_recv(l, s->fd, s->buf, sizeof(s->buf), s->how);
	atomic_store(&s->state, 2);
}

TEST(local_close_wakes_a_sleeping_reader)
{
	struct fixture f;
	struct sleeper s = { .how = 0 };
	struct helper h;
	int fd[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	s.fd = fd[0];
	helper_start(&h, f.p, sleep_read, &s);
	while (atomic_load(&s.state) == 0)
		host_yield();
	host_sleep_ns(20 * MS);
	CHECK_EQ(l_close(f.l, fd[0]), 0);
	helper_join(&h);
	CHECK_EQ(s.got, -EBADF);
	down(&f);
}

TEST(local_close_of_a_copy_leaves_the_reader_asleep)
{
	struct fixture f;
	struct sleeper s = { .how = 0 };
	struct helper h;
	long copy;
	int fd[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	copy = SYS(f.l, SYS_dup, dup, P(int, fd[0]));
	s.fd = fd[0];
	helper_start(&h, f.p, sleep_read, &s);
	host_sleep_ns(20 * MS);
	CHECK_EQ(l_close(f.l, copy), 0);
	host_sleep_ns(20 * MS);
	CHECK_EQ(l_write(f.l, fd[1], "x", 1), 1);
	helper_join(&h);
	CHECK_EQ(s.got, 1);
	down(&f);
}

TEST(local_waitall_gathers_pieces)
{
	struct fixture f;
	struct sleeper s = { .how = MSG_WAITALL };
	struct helper h;
	int fd[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	s.fd = fd[0];
	helper_start(&h, f.p, sleep_read, &s);
	for (int i = 0; i < 64; i++)
		CHECK_EQ(l_write(f.l, fd[1], "0123456789abcdef" + i % 16, 1), 1);
	helper_join(&h);
	CHECK_EQ(s.got, 64);
	CHECK(memcmp(s.buf + 48, "0123456789abcdef", 16) == 0);
	down(&f);
}

TEST(local_timeouts_end_sleeps)
{
	struct fixture f;
	struct timeval tv, got;
	socklen_t len = sizeof(got);
	char buf[4];
	int fd[2];

	up_local(&f);
	memset(&tv, 0, sizeof(tv));
	tv.tv_usec = 20000;
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(
	    l_setsockopt(f.l, fd[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	CHECK_EQ(l_read(f.l, fd[0], buf, 4), -EAGAIN);
	CHECK_EQ(
	    l_getsockopt(f.l, fd[0], SOL_SOCKET, SO_RCVTIMEO, &got, &len), 0);
	CHECK_EQ(got.tv_usec, 20000);
	tv.tv_usec = 2000000;
	CHECK_EQ(
	    l_setsockopt(f.l, fd[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)),
	    -EDOM);
	CHECK_EQ(
	    l_setsockopt(f.l, fd[0], SOL_SOCKET, SO_RCVTIMEO, &tv, 4), -EINVAL);
	down(&f);
}

/* --- credentials --- */

TEST(local_peereid_and_creds)
{
	struct fixture f;
	struct sockaddr_un sun;
	struct unpcbid id;
	struct sockcred sc;
	struct cmsghdr cm;
	socklen_t len = sizeof(id), n = sun_make(&sun, "/creds");
	uint64_t control[32];
	char buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	long s, c, a;
	int fd[2];

	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	c = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_getsockopt(f.l, c, 0, LOCAL_PEEREID, &id, &len), -ENOTCONN);
	CHECK_EQ(l_bind(f.l, s, &sun, n), 0);
	CHECK_EQ(l_listen(f.l, s, 1), 0);
	CHECK_EQ(l_setint(f.l, s, 0, LOCAL_CREDS, 1), 0);
	CHECK_EQ(l_connect(f.l, c, &sun, n), 0);
	a = l_accept(f.l, s, NULL, NULL);
	len = sizeof(id);
	CHECK_EQ(l_getsockopt(f.l, a, 0, LOCAL_PEEREID, &id, &len), 0);
	CHECK_EQ(id.unp_pid, f.p->p_pid);
	CHECK_EQ(id.unp_euid, 0);
	CHECK_EQ(l_getsockopt(f.l, c, 0, LOCAL_PEEREID, &id, &len), 0);
	CHECK_EQ(l_write(f.l, c, "hi", 2), 2);
	CHECK_EQ(l_write(f.l, c, "ho", 2), 2);
	CHECK_EQ(l_recvmsg(f.l, a, &mh, 0), 4);
	CHECK(mh.msg_controllen > sizeof(cm));
	memcpy(&cm, control, sizeof(cm));
	CHECK_EQ(cm.cmsg_type, SCM_CREDS);
	memcpy(&sc, (char *)control + CMSG_HEAD, sizeof(sc));
	CHECK_EQ(sc.sc_pid, f.p->p_pid);
	CHECK_EQ(sc.sc_euid, 0);
	CHECK_EQ(l_write(f.l, c, "hi", 2), 2);
	mh.msg_controllen = sizeof(control);
	CHECK_EQ(l_recvmsg(f.l, a, &mh, 0), 2);
	CHECK_EQ(mh.msg_controllen, 0);
	/* Datagrams have them every time. */
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_DGRAM, 0, fd), 0);
	CHECK_EQ(l_setint(f.l, fd[1], 0, LOCAL_CREDS, 1), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(l_write(f.l, fd[0], "hi", 2), 2);
		mh.msg_controllen = sizeof(control);
		CHECK_EQ(l_recvmsg(f.l, fd[1], &mh, 0), 2);
		CHECK(mh.msg_controllen > sizeof(cm));
	}
	down(&f);
}

/* --- descriptors --- */

TEST(local_rights_pass_descriptors)
{
	struct fixture f;
	int fd[2], p[2], got[4], n = 4, flags = 0;
	char buf[8];
	bool cloexec = false;

	(void)cloexec;
	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, p), 0);
	CHECK_EQ(l_sendfds(f.l, fd[0], "m", 1, p, 2), 1);
	CHECK_EQ(l_write(f.l, fd[0], "n", 1), 1);
	CHECK_EQ(l_close(f.l, p[0]), 0);
	CHECK_EQ(l_recvfds(f.l, fd[1], buf, 8, got, &n, &flags), 2);
	CHECK_EQ(n, 2);
	CHECK_EQ(flags, 0);
	CHECK_EQ(l_write(f.l, got[0], "through", 7), 7);
	CHECK_EQ(l_read(f.l, p[1], buf, 8), 7);
	CHECK_EQ(l_write(f.l, p[1], "x", 1), 1);
	CHECK_EQ(l_read(f.l, got[0], buf, 8), 1);
	/* No room: none is made. */
	CHECK_EQ(l_sendfds(f.l, fd[0], "m", 1, p + 1, 1), 1);
	n = 0;
	flags = 0;
	CHECK_EQ(l_recvfds(f.l, fd[1], buf, 8, got, &n, &flags), 1);
	CHECK_EQ(flags, MSG_CTRUNC);
	/* Nobody asks for them. */
	CHECK_EQ(l_sendfds(f.l, fd[0], "m", 1, p + 1, 1), 1);
	CHECK_EQ(l_read(f.l, fd[1], buf, 8), 1);
	/* Nobody reads them. */
	CHECK_EQ(l_sendfds(f.l, fd[0], "m", 1, p + 1, 1), 1);
	n = 999;
	CHECK_EQ(l_sendfds(f.l, fd[0], "m", 1, &n, 1), -EBADF);
	down(&f);
}

TEST(local_rights_come_closed_on_exec)
{
	struct fixture f;
	int fd[2], got, n = 1, flags = MSG_CMSG_CLOEXEC;
	char buf[8];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_DGRAM, 0, fd), 0);
	CHECK_EQ(l_sendfds(f.l, fd[0], "m", 1, fd, 1), 1);
	CHECK_EQ(l_recvfds(f.l, fd[1], buf, 8, &got, &n, &flags), 1);
	CHECK_EQ(SYS(f.l, SYS_fcntl, fcntl, P(int, got), P(int, F_GETFD),
		     P(void *, NULL)),
	    FD_CLOEXEC);
	down(&f);
}

TEST(local_connwait_waits_for_accept)
{
	struct fixture f;
	struct sockaddr_un sun;
	socklen_t len = sun_make(&sun, "/wait");
	long s, c;

	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	c = l_socket(f.l, AF_LOCAL, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(l_setint(f.l, c, 0, LOCAL_CONNWAIT, 1), 0);
	CHECK_EQ(l_getint(f.l, c, 0, LOCAL_CONNWAIT), 1);
	CHECK_EQ(l_connect(f.l, c, &sun, len), -EINPROGRESS);
	CHECK_EQ(l_poll(f.l, c, POLLOUT, 0), 0);
	CHECK(l_accept(f.l, s, NULL, NULL) > 0);
	CHECK_EQ(l_poll(f.l, c, POLLOUT, 0), POLLOUT);
	c = l_socket(f.l, AF_LOCAL, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(l_setint(f.l, c, 0, LOCAL_CONNWAIT, 1), 0);
	CHECK_EQ(l_connect(f.l, c, &sun, len), -EINPROGRESS);
	CHECK_EQ(l_close(f.l, s), 0);
	CHECK_EQ(l_getint(f.l, c, SOL_SOCKET, SO_ERROR), ECONNRESET);
	down(&f);
}

TEST(local_permissions_of_the_name_count)
{
	struct fixture f;
	struct sockaddr_un sun;
	socklen_t len = sun_make(&sun, "/private");
	long s, c;

	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	c = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(SYS(f.l, SYS_seteuid, seteuid, P(uid_t, 77)), 0);
	CHECK_EQ(l_connect(f.l, c, &sun, len), -EACCES);
	CHECK_EQ(SYS(f.l, SYS_seteuid, seteuid, P(uid_t, 0)), 0);
	CHECK_EQ(l_chmod(f.l, "/private", 0777), 0);
	CHECK_EQ(SYS(f.l, SYS_seteuid, seteuid, P(uid_t, 77)), 0);
	CHECK_EQ(l_connect(f.l, c, &sun, len), 0);
	down(&f);
}

TEST(local_rights_alone_are_no_end_of_file)
{
	struct fixture f;
	int fd[2], got[4], n = 4, flags = 0;
	char buf[8];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(l_sendfds(f.l, fd[0], "", 0, fd, 1), 0);
	CHECK_EQ(l_recvfds(f.l, fd[1], buf, 8, got, &n, &flags), 0);
	CHECK_EQ(n, 1);
	CHECK_EQ(l_recv(f.l, fd[1], buf, 8, MSG_DONTWAIT), -EAGAIN);
	CHECK_EQ(l_write(f.l, got[0], "x", 1), 1);
	CHECK_EQ(l_read(f.l, fd[1], buf, 8), 1);
	down(&f);
}

static int
files_of(struct fixture *f)
{
	return atomic_load(&f->k->k_nfiles);
}

static bool
files_become(struct fixture *f, int n)
{
	for (int i = 0; i < 500 && files_of(f) != n; i++)
		host_sleep_ns(5 * MS);
	return files_of(f) == n;
}

TEST(local_cycles_are_collected)
{
	struct fixture f;
	int a[2], b[2], before;

	up_local(&f);
	before = files_of(&f);
	/* A socket in its own buffer. */
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, a), 0);
	CHECK_EQ(l_sendfds(f.l, a[0], "x", 1, &a[1], 1), 1);
	CHECK_EQ(l_sendfds(f.l, a[1], "x", 1, &a[0], 1), 1);
	CHECK_EQ(l_close(f.l, a[1]), 0);
	CHECK_EQ(l_close(f.l, a[0]), 0);
	CHECK(files_become(&f, before));
	/* Two that hold each other, and one that is used. */
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, a), 0);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_DGRAM, 0, b), 0);
	CHECK_EQ(l_sendfds(f.l, a[0], "x", 1, &b[1], 1), 1);
	CHECK_EQ(l_sendfds(f.l, b[0], "x", 1, &a[1], 1), 1);
	CHECK_EQ(l_close(f.l, a[1]), 0);
	CHECK_EQ(l_close(f.l, b[1]), 0);
	host_sleep_ns(60 * MS);
	CHECK_EQ(l_close(f.l, b[0]), 0);
	host_sleep_ns(60 * MS);
	CHECK_EQ(l_close(f.l, a[0]), 0);
	CHECK(files_become(&f, before));
	down(&f);
}

/* A chain of sockets in sockets is closed one after the other, not one inside the other. */
TEST(local_long_chain_of_sockets_goes)
{
	struct fixture f;
	int prev[2], next[2], before;

	up_local(&f);
	before = files_of(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, prev), 0);
	CHECK_EQ(l_close(f.l, prev[0]), 0);
	for (int i = 0; i < 700; i++) {
		CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, next), 0);
		CHECK_EQ(l_sendfds(f.l, next[0], "x", 1, &prev[1], 1), 1);
		CHECK_EQ(l_close(f.l, prev[1]), 0);
		CHECK_EQ(l_close(f.l, next[0]), 0);
		prev[1] = next[1];
	}
	CHECK_EQ(l_close(f.l, prev[1]), 0);
	CHECK(files_become(&f, before));
	down(&f);
}

TEST(local_messages_under_way_at_halt_leak_nothing)
{
	struct fixture f;
	int a[2], b[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, a), 0);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, b), 0);
	CHECK_EQ(l_sendfds(f.l, a[0], "x", 1, a, 2), 1);
	CHECK_EQ(l_sendfds(f.l, a[0], "x", 1, b, 2), 1);
	CHECK_EQ(l_sendfds(f.l, b[0], "x", 1, a, 2), 1);
	down(&f);
}

TEST(local_hostile_control_is_refused)
{
	struct fixture f;
	uint64_t control[8];
	struct iovec iov = { control, 8 };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control
	};
	struct cmsghdr cm = { 0, SOL_SOCKET, SCM_RIGHTS };
	int fd[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	memset(control, 0, sizeof(control));
	for (unsigned n = 0; n <= 80; n += 4) {
		cm.cmsg_len = n;
		memcpy(control, &cm, sizeof(cm));
		mh.msg_controllen = 16;
		CHECK_EQ(l_sendmsg(f.l, fd[0], &mh, 0),
		    n == CMSG_HEAD || (n < 16 && n > CMSG_HEAD) ||
			    (n == 16 && CMSG_HEAD < 16) ?
			8 :
			-EINVAL);
	}
	cm.cmsg_len = UINT32_MAX;
	memcpy(control, &cm, sizeof(cm));
	CHECK_EQ(l_sendmsg(f.l, fd[0], &mh, 0), -EINVAL);
	mh.msg_controllen = UINT32_MAX;
	CHECK_EQ(l_sendmsg(f.l, fd[0], &mh, 0), -EINVAL);
	mh.msg_controllen = 3;
	CHECK_EQ(l_sendmsg(f.l, fd[0], &mh, 0), -EINVAL);
	mh.msg_controllen = 0;
	mh.msg_iovlen = 1025;
	CHECK_EQ(l_sendmsg(f.l, fd[0], &mh, 0), -EMSGSIZE);
	mh.msg_iovlen = -1;
	CHECK_EQ(l_sendmsg(f.l, fd[0], &mh, 0), -EMSGSIZE);
	mh.msg_iovlen = 1;
	iov.iov_len = SIZE_MAX;
	CHECK_EQ(l_sendmsg(f.l, fd[0], &mh, 0), -EINVAL);
	down(&f);
}

TEST(local_calls_of_43bsd_work)
{
	struct fixture f;
	struct sockaddr_un sun;
	struct osockaddr old;
	socklen_t len = sun_make(&sun, "/43"), n = sizeof(old);
	struct iovec iov;
	struct omsghdr mh;
	char buf[8];
	int fd[2], got[2] = { -1, -1 };
	long s, c, a;

#define OLD(number, type, ...)                                           \
	__extension__({                                                  \
		struct compat_43_sys_##type##_args a_ = { __VA_ARGS__ }; \
		register_t rv_[2];                                       \
		int e_ = kern_syscall(f.l, number, &a_, rv_);            \
		e_ != 0 ? (long)e_ : (long)rv_[0];                       \
	})
	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	c = l_socket(f.l, AF_LOCAL, SOCK_STREAM, 0);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_listen(f.l, s, 1), 0);
	CHECK_EQ(l_connect(f.l, c, &sun, len), 0);
	a = OLD(SYS_compat_43_oaccept, accept, P(int, s), P(void *, &old),
	    P(socklen_t *, &n));
	CHECK(a >= 0);
	CHECK_EQ(n, 2);
	CHECK_EQ(old.sa_family, AF_LOCAL);
	n = sizeof(old);
	CHECK_EQ(OLD(SYS_compat_43_ogetpeername, getpeername, P(int, c),
		     P(void *, &old), P(socklen_t *, &n)),
	    0);
	CHECK_EQ(old.sa_family, AF_LOCAL);
	CHECK_STR(old.sa_data, "/43");
	CHECK_EQ(OLD(SYS_compat_43_osend, send, P(int, c),
		     P(void *, (uintptr_t) "hello"), P(int, 5), P(int, 0)),
	    5);
	CHECK_EQ(OLD(SYS_compat_43_orecv, recv, P(int, a), P(void *, buf),
		     P(int, 8), P(int, 0)),
	    5);
	CHECK_EQ(OLD(SYS_compat_43_orecv, recv, P(int, a), P(void *, buf),
		     P(int, -1), P(int, 0)),
	    -EINVAL);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	memset(&mh, 0, sizeof(mh));
	iov.iov_base = buf;
	iov.iov_len = 5;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_accrights = fd;
	mh.msg_accrightslen = 4;
	CHECK_EQ(OLD(SYS_compat_43_osendmsg, sendmsg, P(int, c), P(void *, &mh),
		     P(int, 0)),
	    5);
	iov.iov_len = 8;
	mh.msg_accrights = got;
	mh.msg_accrightslen = sizeof(got);
	CHECK_EQ(OLD(SYS_compat_43_orecvmsg, recvmsg, P(int, a),
		     P(struct omsghdr *, &mh), P(int, 0)),
	    5);
	CHECK_EQ(mh.msg_accrightslen, 4);
	CHECK_EQ(l_write(f.l, got[0], "x", 1), 1);
	CHECK_EQ(l_read(f.l, fd[1], buf, 8), 1);
	down(&f);
}

/* --- a stress of everything at once --- */

struct churn {
	int fds[2];
	long sum;
	int rounds;
};

static void
churn_write(struct lwp *l, void *arg)
{
	struct churn *c = arg;
	static const char data[5000] = "x";

	for (int i = 0; i < c->rounds; i++) {
		size_t n = (size_t)(i * 37 % 4999 + 1), at = 0;

		while (at < n) {
			long w = l_write(l, c->fds[0], data, n - at);

			CHECK_THREAD(w > 0);
			if (w <= 0)
				return;
			at += (size_t)w;
		}
		c->sum += (long)n;
	}
	(void)l_shutdown(l, c->fds[0], SHUT_WR);
}

TEST(local_stream_two_threads_lose_nothing)
{
	struct fixture f;
	struct churn c[2] = { { .rounds = 2000 }, { .rounds = 2000 } };
	struct helper h[2];
	static char buf[8192];
	long sum = 0, n;
	int fd[2];

	up_local(&f);
	CHECK_EQ(l_socketpair(f.l, AF_LOCAL, SOCK_STREAM, 0, fd), 0);
	c[0].fds[0] = fd[0];
	c[1].fds[0] = fd[1];
	helper_start(&h[0], f.p, churn_write, &c[0]);
	for (;;) {
		n = l_read(f.l, fd[1], buf, sizeof(buf));
		CHECK(n >= 0);
		if (n == 0)
			break;
		sum += n;
	}
	helper_join(&h[0]);
	CHECK_EQ(sum, c[0].sum);
	down(&f);
}

/* Threads make, connect, pass on and close sockets of one table, at random. */
#define CROWD 4
#define SLOTS 24

struct crowd {
	uint64_t seed;
	int rounds;
	struct sockaddr_un *sun;
	socklen_t len;
	long listener;
	_Atomic int *slots;
};

static unsigned
dice(struct crowd *c, unsigned n)
{
	c->seed = c->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(c->seed >> 33) % n;
}

/* Puts a descriptor into the table, and closes what was there. */
static void
put(struct lwp *l, struct crowd *c, long fd)
{
	int old;

	if (fd < 0)
		return;
	old = atomic_exchange(&c->slots[dice(c, SLOTS)], (int)fd);
	if (old >= 0)
		(void)l_close(l, old);
}

static void
crowd_step(struct lwp *l, struct crowd *c)
{
	int fd = atomic_load(&c->slots[dice(c, SLOTS)]), fds[8], n = 8,
	    flags = MSG_DONTWAIT;
	char buf[300] = { 0 };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	switch (dice(c, 10)) {
	case 0:
		if (l_socketpair(l, AF_LOCAL, types[dice(c, 3)], 0, fds) == 0) {
			put(l, c, fds[0]);
			put(l, c, fds[1]);
		}
		break;
	case 1:
	case 2:
		fds[0] = atomic_load(&c->slots[dice(c, SLOTS)]);
		fds[1] = atomic_load(&c->slots[dice(c, SLOTS)]);
		(void)l_setint(l, fd, SOL_SOCKET, SO_SNDBUF, 3000);
		(void)SYS(l, SYS_fcntl, fcntl, P(int, fd), P(int, F_SETFL),
		    P(void *, (intptr_t)O_NONBLOCK));
		(void)l_sendfds(l, fd, buf, dice(c, 200), fds, 2);
		break;
	case 3:
	case 4:
		if (l_recvfds(l, fd, buf, sizeof(buf), fds, &n, &flags) >= 0)
			for (int i = 0; i < n; i++)
				put(l, c, fds[i]);
		break;
	case 5:
		(void)l_shutdown(l, fd, (int)dice(c, 3));
		break;
	case 6: {
		long s = l_socket(l, AF_LOCAL, SOCK_STREAM, 0);

		(void)l_connect(l, s, c->sun, c->len);
		put(l, c, s);
		break;
	}
	case 7:
		put(l, c, l_accept(l, c->listener, NULL, NULL));
		break;
	case 8:
		(void)l_send(l, fd, buf, dice(c, 300), MSG_DONTWAIT);
		(void)l_recv(l, fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_PEEK);
		break;
	default:
		put(l, c, SYS(l, SYS_dup, dup, P(int, fd)));
		break;
	}
}

static void
crowd_run(struct lwp *l, void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < c->rounds; i++)
		crowd_step(l, c);
}

TEST(local_crowd_of_threads_breaks_nothing)
{
	struct fixture f;
	struct sockaddr_un sun;
	_Atomic int slots[SLOTS];
	struct crowd c[CROWD];
	struct helper h[CROWD];
	socklen_t len = sun_make(&sun, "/crowd");
	long s;

	up_local(&f);
	s = l_socket(f.l, AF_LOCAL, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(l_bind(f.l, s, &sun, len), 0);
	CHECK_EQ(l_listen(f.l, s, 5), 0);
	for (int i = 0; i < SLOTS; i++)
		atomic_init(&slots[i], -1);
	for (int i = 0; i < CROWD; i++) {
		c[i] = (struct crowd){ .seed = (uint64_t)i + 1,
			.rounds = 4000,
			.sun = &sun,
			.len = len,
			.listener = s,
			.slots = slots };
		helper_start(&h[i], f.p, crowd_run, &c[i]);
	}
	for (int i = 0; i < CROWD; i++)
		helper_join(&h[i]);
	CHECK_EQ(l_close(f.l, s), 0);
	for (int i = 0; i < SLOTS; i++)
		if (slots[i] >= 0)
			(void)l_close(f.l, slots[i]);
	/* Whatever is left is in messages of sockets that nobody has. */
	CHECK(files_become(&f, 0));
	down(&f);
}

int
main(void)
{
	RUN(local_stream_pair_carries_bytes);
	RUN(local_stream_full_buffer_blocks_and_counts);
	RUN(local_dgram_pair_keeps_messages);
	RUN(local_seqpacket_keeps_records_and_waits_for_room);
	RUN(local_name_connects_and_accepts);
	RUN(local_queue_of_closed_listener_is_reset);
	RUN(local_dgram_by_name_tells_the_sender);
	RUN(local_names_are_checked);
	RUN(local_shutdown_ends_one_direction);
	RUN(local_close_wakes_a_sleeping_reader);
	RUN(local_close_of_a_copy_leaves_the_reader_asleep);
	RUN(local_waitall_gathers_pieces);
	RUN(local_timeouts_end_sleeps);
	RUN(local_peereid_and_creds);
	RUN(local_rights_pass_descriptors);
	RUN(local_rights_come_closed_on_exec);
	RUN(local_connwait_waits_for_accept);
	RUN(local_permissions_of_the_name_count);
	RUN(local_rights_alone_are_no_end_of_file);
	RUN(local_cycles_are_collected);
	RUN(local_long_chain_of_sockets_goes);
	RUN(local_messages_under_way_at_halt_leak_nothing);
	RUN(local_hostile_control_is_refused);
	RUN(local_calls_of_43bsd_work);
	RUN(local_stream_two_threads_lose_nothing);
	RUN(local_crowd_of_threads_breaks_nothing);
	return check_done();
}
