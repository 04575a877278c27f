/* SPDX-License-Identifier: BSD-2-Clause */
/* SO_ACCEPTFILTER: which connections a listener's users see, and when (accept_filter(9), accf_data(9), accf_http(9)). */
#include "tcp_net.h"

static long
set_filter(struct net *n, long ls, const char *name)
{
	struct accept_filter_arg arg;

	memset(&arg, 0, sizeof(arg));
	strcpy(arg.af_name, name);
	return l_setsockopt(
	    n->b.l, ls, SOL_SOCKET, SO_ACCEPTFILTER, &arg, sizeof(arg));
}

static long
filtered_up(struct net *n, const char *name, int backlog)
{
	long ls;

	net_up(n, 1, &(struct wire_params){ .wp_loss = 0 });
	ls = listener(&n->b, 80, backlog);
	CHECK_EQ(set_filter(n, ls, name), 0);
	return ls;
}

static long
ask(struct net *n, const char *text)
{
	long c = start_connect(&n->a, 0x0a000002, 80);

	/* Each write goes at once. */
	CHECK_EQ(l_setint(n->a.l, c, IPPROTO_TCP, TCP_NODELAY, 1), 0);
	if (*text != '\0')
		CHECK_EQ(l_write(n->a.l, c, text, strlen(text)), strlen(text));
	return c;
}

static void
more(struct net *n, long c, const char *text)
{
	CHECK_EQ(l_write(n->a.l, c, text, strlen(text)), strlen(text));
}

static long
answer(struct net *n, long ls)
{
	return l_accept(n->b.l, ls, NULL, NULL);
}

TEST(filter_dataready_waits_for_data)
{
	struct net n;
	long ls = filtered_up(&n, "dataready", 5), c = ask(&n, ""), s;
	char buf[4];

	CHECK_EQ(answer(&n, ls), -EAGAIN);
	more(&n, c, "hi");
	CHECK((s = answer(&n, ls)) >= 0);
	CHECK_EQ(l_read(n.b.l, s, buf, sizeof(buf)), 2);
	/* An end is something to be told of, too. */
	c = ask(&n, "");
	CHECK_EQ(answer(&n, ls), -EAGAIN);
	CHECK_EQ(l_close(n.a.l, c), 0);
	CHECK((s = answer(&n, ls)) >= 0);
	CHECK_EQ(l_read(n.b.l, s, buf, sizeof(buf)), 0);
	net_down(&n);
}

TEST(filter_httpready_waits_for_requests)
{
	static const char *const whole[] = {
		"GET / HTTP/1.0\r\n\r\n",
		"HEAD /a HTTP/1.1\r\nHost: b\r\n\r\n",
		"GET / HTTP/1.1\nHost: b\n\n",
		"GET /\r\n",
		"GET / HTTP/2.0\r\n",
		"POST / HTTP/1.1\r\n",
		"GEX",
		"\x16\x03\x01",
	};
	static const char *const part[] = { "G", "GET ", "GET / HTTP/1.1",
		"GET / HTTP/1.1\r\n", "HEAD / HTTP/1.0\r\nHost: b\r\n",
		"HEAD / HTTP/1.0\r\nHost: b\r\n\r" };
	struct net n;
	long ls = filtered_up(&n, "httpready", 20), c, s;

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		c = ask(&n, whole[i]);
		CHECK((s = answer(&n, ls)) >= 0);
		CHECK_EQ(l_close(n.a.l, c), 0);
		CHECK_EQ(l_close(n.b.l, s), 0);
	}
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		(void)ask(&n, part[i]);
		CHECK_EQ(answer(&n, ls), -EAGAIN);
	}
	c = ask(&n, "GET /long HTTP/1.1\r\n");
	for (int i = 0; i < 20; i++)
		more(&n, c, "X-Header: value\r\n");
	CHECK_EQ(answer(&n, ls), -EAGAIN);
	more(&n, c, "\r\n");
	CHECK(answer(&n, ls) >= 0);
	/* Too much for a request. */
	c = ask(&n, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 1100; i++)
		more(&n, c, "X-Header: value\r\n");
	CHECK(answer(&n, ls) >= 0);
	net_down(&n);
}

/* Who says nothing keeps nobody out: the oldest of them goes. */
TEST(filter_silent_ones_make_room)
{
	struct net n;
	long ls = filtered_up(&n, "dataready", 4), c[20], s;
	char b;

	for (int i = 0; i < 20; i++)
		c[i] = ask(&n, "");
	CHECK_EQ(answer(&n, ls), -EAGAIN);
	more(&n, c[19], "x");
	CHECK((s = answer(&n, ls)) >= 0);
	CHECK_EQ(l_read(n.a.l, c[0], &b, 1), -ECONNRESET);
	CHECK_EQ(l_read(n.a.l, c[18], &b, 1), -EAGAIN);
	net_down(&n);
}

TEST(filter_set_asked_and_taken_away)
{
	struct accept_filter_arg arg;
	socklen_t len = sizeof(arg);
	struct net n;
	long ls = filtered_up(&n, "dataready", 5);

	CHECK_EQ(
	    l_getsockopt(n.b.l, ls, SOL_SOCKET, SO_ACCEPTFILTER, &arg, &len), 0);
	CHECK_EQ(len, sizeof(arg));
	CHECK_STR(arg.af_name, "dataready");
	CHECK_EQ(set_filter(&n, ls, "httpready"), -EINVAL);
	(void)ask(&n, "");
	CHECK_EQ(answer(&n, ls), -EAGAIN);
	CHECK_EQ(
	    l_setsockopt(n.b.l, ls, SOL_SOCKET, SO_ACCEPTFILTER, NULL, 0), 0);
	CHECK(answer(&n, ls) >= 0);
	CHECK_EQ(
	    l_getsockopt(n.b.l, ls, SOL_SOCKET, SO_ACCEPTFILTER, &arg, &len),
	    -EINVAL);
	CHECK_EQ(set_filter(&n, ls, "nosuch"), -ENOENT);
	CHECK_EQ(set_filter(&n, ls, "httpready"), 0);
	/* What waits goes with the listener. */
	(void)ask(&n, "GET");
	CHECK_EQ(l_close(n.b.l, ls), 0);
	net_down(&n);
}

int
main(void)
{
	RUN(filter_dataready_waits_for_data);
	RUN(filter_httpready_waits_for_requests);
	RUN(filter_silent_ones_make_room);
	RUN(filter_set_asked_and_taken_away);
	return check_done();
}
