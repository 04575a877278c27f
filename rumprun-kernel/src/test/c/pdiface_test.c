/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry that packetdrill uses for a stack in a shared object, driven as it
 * would: a connection comes, data, an end, by packets of ours.
 */
#include "lib/pd_iface.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include "lib/check.h"
#include "lib/pd.h"

static struct packetdrill_interface pi;
static uint32_t lseq;

static const struct pd_ends ends = { .ipv = 4,
	.local = { 192, 168, 0, 1 },
	.remote = { 192, 0, 2, 1 },
	.lport = 8080,
	.rport = 33333 };

static void
send_packet(uint8_t flags, uint32_t seq, uint32_t len, uint32_t ack)
{
	struct pd_packet k = { .flags = flags,
		.seq = seq,
		.len = len,
		.ack = ack,
		.win = 32792,
		.ecn = -1 };
	uint8_t buf[2000];
	size_t n = pd_build(&k, &ends, lseq, buf, sizeof(buf));

	CHECK(n > 0);
	CHECK_EQ(pi.netdev_send(pi.userdata, buf, n), 0);
}

static void
receive_packet(uint8_t flags, uint32_t seq, uint32_t len, uint32_t ack)
{
	static uint8_t buf[2000];
	struct pd_seen s;
	long long when;
	size_t n = 0;

	for (int i = 0; i < 500 && n == 0; i++) {
		n = sizeof(buf);
		CHECK_EQ(pi.netdev_receive(pi.userdata, buf, &n, &when), 0);
		/* What IPv6 has to say is not looked at. */
		if (n > 0 && buf[0] >> 4 != 4)
			n = 0;
	}
	CHECK(n > 0);
	CHECK(pd_dissect(buf, n, 4, &s) == NULL);
	if ((flags & 2) != 0)
		lseq = s.seq;
	CHECK_EQ(s.flags, flags);
	CHECK_EQ(s.seq - lseq, seq);
	CHECK_EQ(s.len, len);
	CHECK_EQ(s.ack, ack);
}

TEST(packetdrill_interface_connection)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(8080),
		.sin_addr.s_addr = htonl(0xc0a80001) };
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int s, c, one = 1, got = 0;
	char buf[100];
	void *u;

	packetdrill_interface_init("", &pi);
	CHECK((u = pi.userdata) != NULL);
	s = pi.socket(u, AF_INET, SOCK_STREAM, IPPROTO_TCP);
	CHECK(s >= 0);
	CHECK_EQ(
	    pi.setsockopt(u, s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	CHECK_EQ(pi.bind(u, s, (struct sockaddr *)&sin, sizeof(sin)), 0);
	CHECK_EQ(pi.listen(u, s, 1), 0);
	send_packet(2, 0, 0, 0);
	receive_packet(0x12, 0, 0, 1);
	send_packet(0x10, 1, 0, 1);
	c = pi.accept(u, s, (struct sockaddr *)&peer, &len);
	CHECK(c >= 0);
	CHECK_EQ(peer.sin_family, AF_INET);
	CHECK_EQ(ntohs(peer.sin_port), 33333);
	CHECK_EQ(pi.recv(u, c, buf, sizeof(buf), MSG_DONTWAIT), -1);
	CHECK_EQ(errno, EAGAIN);
	send_packet(0x18, 1, 10, 1);
	CHECK_EQ(pi.read(u, c, buf, sizeof(buf)), 10);
	CHECK_EQ(pi.write(u, c, "hello", 5), 5);
	receive_packet(0x18, 1, 5, 11);
	send_packet(4, 11, 0, 0);
	CHECK_EQ(pi.read(u, c, buf, sizeof(buf)), -1);
	CHECK_EQ(errno, ECONNRESET);
	len = sizeof(got);
	CHECK_EQ(pi.getsockopt(u, s, SOL_SOCKET, SO_TYPE, &got, &len), 0);
	CHECK_EQ(got, SOCK_STREAM);
	CHECK_EQ(pi.epoll_create(u, 1), -1);
	CHECK_EQ(errno, ENOSYS);
	CHECK_EQ(pi.close(u, c), 0);
	CHECK_EQ(pi.close(u, s), 0);
	pi.free(u);
}

int
main(void)
{
	RUN(packetdrill_interface_connection);
	return check_done();
}
