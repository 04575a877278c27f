/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads make, connect, use and close TCP and UDP sockets of one table at random, by lo0: nothing breaks, nothing is left. */
#include <netbsd/in.h>
#include <netbsd/in6.h>
#include "net/bytes.h"
#include "sock_calls.h"

#define THREADS 4
#define SLOTS 24
#define PORTS 4

/* What everybody connects to. */
struct place {
	long listener;
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in sin;
		struct sockaddr_in6 sin6;
	};
};

struct crowd {
	uint64_t seed;
	int rounds;
	struct place *places;
	_Atomic int *slots;
	char buf[70000];
};

static unsigned
dice(struct crowd *c, unsigned n)
{
	c->seed = c->seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
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
make(struct lwp *l, struct crowd *c, int type, bool connect)
{
	const struct place *p = &c->places[dice(c, PORTS)];
	long s = l_socket(l, p->sa.sa_family, type | SOCK_NONBLOCK, 0);

	if (connect)
		(void)l_connect(l, s, &p->sa, p->len);
	put(l, c, s);
}

static void
ask(struct lwp *l, struct crowd *c, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	(void)l_getpeername(l, fd, &ss, &len);
	len = sizeof(ss);
	(void)l_getsockname(l, fd, &ss, &len);
	(void)l_poll(l, fd, POLLIN | POLLOUT | POLLPRI, 0);
	(void)l_setint(
	    l, fd, SOL_SOCKET, SO_RCVBUF, (int)(1000 + dice(c, 60000)));
}

static void
transfer(struct lwp *l, struct crowd *c, int fd)
{
	const struct place *p = &c->places[dice(c, PORTS)];
	size_t n = dice(c, dice(c, 2) ? 200 : 60000);

	switch (dice(c, 5)) {
	case 0:
	case 1:
		(void)l_send(l, fd, c->buf, n, MSG_DONTWAIT);
		break;
	case 2:
		(void)l_recv(l, fd, c->buf, sizeof(c->buf),
		    MSG_DONTWAIT | (dice(c, 3) ? 0 : MSG_PEEK));
		break;
	case 3:
		(void)l_sendto(l, fd, c->buf, n, MSG_DONTWAIT, &p->sa, p->len);
		break;
	default:
		(void)l_send(l, fd, "!", 1, MSG_OOB | MSG_DONTWAIT);
		(void)l_recv(l, fd, c->buf, 1, MSG_OOB | MSG_DONTWAIT);
		break;
	}
}

static void
step(struct lwp *l, struct crowd *c)
{
	static const struct linger reset = { 1, 0 };
	int fd = atomic_load(&c->slots[dice(c, SLOTS)]);

	switch (dice(c, 10)) {
	case 0:
	case 1:
		make(l, c, SOCK_STREAM, true);
		break;
	case 2:
		make(l, c, SOCK_DGRAM, dice(c, 2) == 0);
		break;
	case 3:
	case 4:
		put(l, c,
		    l_accept(l, c->places[dice(c, PORTS)].listener, NULL, NULL));
		break;
	case 5:
		(void)l_shutdown(l, fd, (int)dice(c, 3));
		break;
	case 6:
		(void)l_setsockopt(
		    l, fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		put(l, c, SYS(l, SYS_dup, dup, P(int, fd)));
		break;
	case 7:
		ask(l, c, fd);
		break;
	default:
		transfer(l, c, fd);
		break;
	}
}

static void
run(struct lwp *l, void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < c->rounds; i++)
		step(l, c);
}

static void
open_place(struct fixture *f, struct place *p, int n)
{
	long u;

	memset(p, 0, sizeof(*p));
	if (n % 2 == 0) {
		p->sin.sin_family = AF_INET;
		p->sin.sin_port = htons(5000 + n);
		p->sin.sin_addr.s_addr = htonl(0x7f000001);
		p->len = sizeof(p->sin);
	} else {
		p->sin6.sin6_family = AF_INET6;
		p->sin6.sin6_port = htons(5000 + n);
		((uint8_t *)&p->sin6.sin6_addr)[15] = 1;
		p->len = sizeof(p->sin6);
	}
	p->listener = l_socket(
	    f->l, p->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(l_bind(f->l, p->listener, &p->sa, p->len), 0);
	CHECK_EQ(l_listen(f->l, p->listener, 8), 0);
	u = l_socket(f->l, p->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(l_bind(f->l, u, &p->sa, p->len), 0);
}

static void
crowd(uint64_t seed)
{
	struct fixture f;
	struct place places[PORTS];
	struct helper h[THREADS];
	_Atomic int slots[SLOTS];
	struct crowd *c = calloc(THREADS, sizeof(*c));

	CHECK(c != NULL);
	up(&f);
	for (int i = 0; i < PORTS; i++)
		open_place(&f, &places[i], i);
	for (int i = 0; i < SLOTS; i++)
		atomic_init(&slots[i], -1);
	for (int i = 0; i < THREADS; i++) {
		c[i].seed = seed + (uint64_t)i;
		c[i].rounds = 4000;
		c[i].places = places;
		c[i].slots = slots;
		helper_start(&h[i], f.p, run, &c[i]);
	}
	for (int i = 0; i < THREADS; i++)
		helper_join(&h[i]);
	down(&f);
	free(c);
}

TEST(crowd_of_threads_breaks_no_inet_socket)
{
	for (uint64_t seed = 1; seed < 30; seed += 10)
		crowd(seed);
}

int
main(void)
{
	RUN(crowd_of_threads_breaks_no_inet_socket);
	return check_done();
}
