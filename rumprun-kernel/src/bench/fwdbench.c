/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of 64 bytes a second through a kernel between two wires, beside a program of the host that takes datagrams of the same size from its loopback by
 * recvmmsg and puts them there by sendmmsg. With -s, the router serves at a socket, a command (npfctl) makes it take each of the files, which is its
 * /npf.conf then, and the figures are beside the first one's.
 * usage: fwdbench PACKETS [-s URL COMMAND FILE FILE ...]
 */
#define _GNU_SOURCE
#include "bench.h"

#define PORT 5001
#define BATCH 64
#define PAYLOAD 22 /* 64 bytes with Ethernet's, IP's and UDP's headers */

static const char *const sink_ip[] = { "127.0.0.1", "10.0.2.2" };
static int packets;

/* NetBSD's struct mmsghdr. */
struct nb_mmsghdr {
	void *name;
	uint32_t namelen;
	struct iovec *iov;
	int iovlen;
	void *control;
	uint32_t controllen;
	int flags;
	uint32_t len;
};

struct batch {
	struct nb_mmsghdr nb[BATCH];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	char data[BATCH][PAYLOAD];
};

static struct batch *
batch_make(void)
{
	struct batch *b = calloc(1, sizeof(*b));

	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->data[i], PAYLOAD };
		b->nb[i].iov = b->m[i].msg_hdr.msg_iov = &b->iov[i];
		b->nb[i].iovlen = 1;
		b->m[i].msg_hdr.msg_iovlen = 1;
	}
	return b;
}

static int
batch_send(const struct end *e, struct batch *b, int n)
{
	return e->p != NULL ?
	    call(e->p, NB_SENDMMSG, 4, L(e->fd), P(b->nb), L(n), L(0)) :
	    sendmmsg(e->fd, b->m, (unsigned)n, 0);
}

/* As many as are there, at least one. */
static int
batch_get(const struct end *e, struct batch *b)
{
	for (int i = 0; i < BATCH; i++)
		b->iov[i].iov_len = PAYLOAD;
	return e->p != NULL ?
	    call(e->p, NB_RECVMMSG, 5, L(e->fd), P(b->nb), L(BATCH), L(0x2000),
		L(0)) :
	    recvmmsg(e->fd, b->m, BATCH, MSG_WAITFORONE, NULL);
}

struct sink {
	struct end e;
	int got;
	double last;
	_Atomic int done;
};

/* Counts until one says, in its first byte, that it was the last. */
static void *
sink(void *arg)
{
	struct sink *s = arg;
	struct batch *b = batch_make();

	while (!s->done) {
		int n = batch_get(&s->e, b);

		need(n > 0, "recvmmsg");
		for (int i = 0; i < n; i++)
			if (b->data[i][0] != 0)
				s->done = 1;
		if (!s->done) {
			s->got += n;
			s->last = now();
		}
	}
	free(b);
	return NULL;
}

/* From one socket of the host to another. */
static void *
relay(void *arg)
{
	struct end *e = arg;
	struct batch *b = batch_make();

	for (bool last = false; !last;) {
		int n = batch_get(&e[0], b);

		need(n > 0, "recvmmsg");
		for (int i = 0; i < n; i++)
			last |= b->data[i][0] == 2;
		(void)batch_send(&e[1], b, n);
	}
	free(b);
	return NULL;
}

static void
blast(const struct end *e, const struct sink *s)
{
	struct batch *b = batch_make();

	for (int n = 0; n < packets; n += BATCH)
		need(batch_send(e, b, BATCH) > 0, "sendmmsg");
	for (b->data[0][0] = 1; !s->done; usleep(1000))
		(void)batch_send(e, b, 1);
	/* The relay ends, too. */
	b->data[0][0] = 2;
	(void)batch_send(e, b, 1);
	free(b);
}

/* Packets a second that arrive. */
static double
forward(struct rumprun_proc *from, struct rumprun_proc *to)
{
	bool ours = from != NULL;
	struct sink s = { .got = 0 };
	struct end e, between[2];
	pthread_t th, relayer;
	double t;

	end_open(&s.e, to, SOCK_DGRAM);
	end_rcvbuf(&s.e, 212992);
	end_bind(&s.e, sink_ip[ours], PORT);
	end_open(&e, from, SOCK_DGRAM);
	end_connect(&e, sink_ip[ours], ours ? PORT : PORT + 1);
	pthread_create(&th, NULL, sink, &s);
	if (!ours) {
		end_open(&between[0], NULL, SOCK_DGRAM);
		end_rcvbuf(&between[0], 212992);
		end_bind(&between[0], sink_ip[0], PORT + 1);
		end_open(&between[1], NULL, SOCK_DGRAM);
		end_connect(&between[1], sink_ip[0], PORT);
		pthread_create(&relayer, NULL, relay, between);
	}
	t = now();
	blast(&e, &s);
	pthread_join(th, NULL);
	if (!ours) {
		pthread_join(relayer, NULL);
		end_close(&between[0]);
		end_close(&between[1]);
	}
	end_close(&e);
	end_close(&s.e);
	return s.got / (s.last - t);
}

/* A route to everywhere, by the message of route(4). */
static void
default_route(struct rumprun_proc *p, const char *gateway)
{
	struct {
		uint8_t head[120], sa[3][16];
	} m = { .head = { 0 } };
	uint32_t addr = inet_addr(gateway);
	int s = call(p, NB_SOCKET, 3, L(34), L(SOCK_RAW), L(0));
	uint16_t len = sizeof(m);
	int flags = 0x1 | 0x2 | 0x800, addrs = 0x7;

	memcpy(m.head, &len, 2);
	m.head[2] = 4; /* RTM_VERSION */
	m.head[3] = 1; /* RTM_ADD */
	memcpy(m.head + 8, &flags, 4);
	memcpy(m.head + 12, &addrs, 4);
	m.sa[0][0] = m.sa[1][0] = m.sa[2][0] = 16;
	m.sa[0][1] = m.sa[1][1] = m.sa[2][1] = 2;
	memcpy(m.sa[1] + 4, &addr, 4);
	need(s >= 0 && rumprun_write(p, s, &m, sizeof(m)) == sizeof(m), "route");
	rumprun_close(p, s);
}

/* A file of the host as one of the kernel. */
static void
give_file(struct rumprun_proc *p, const char *from, const char *to)
{
	char b[4096];
	FILE *f = fopen(from, "r");
	int fd = rumprun_open(p, to, 0x601, 0644);
	size_t n;

	need(f != NULL && fd >= 0, to);
	while ((n = fread(b, 1, sizeof(b), f)) > 0)
		need(rumprun_write(p, fd, b, n) == (int64_t)n, to);
	fclose(f);
	rumprun_close(p, fd);
}

static void
with_rules(struct rumprun_proc *r, struct rumprun_proc *ends[2], char **argv)
{
	double first = 0, pps;

	for (int i = 1; argv[i] != NULL; i++) {
		give_file(r, argv[i], "/npf.conf");
		need(system(argv[0]) == 0, argv[0]);
		pps = forward(ends[0], ends[1]);
		if (i == 1)
			first = pps;
		else
			report("npf_64_pps", pps, "fewer rules  ", first);
	}
}

int
main(int argc, char **argv)
{
	static const int forwarding[] = { 4, 2, 0, 1 };
	struct rumprun_wire *w1, *w2;
	struct rumprun_proc *ends[2], *r;
	struct rumprun_kernel *k;
	char why[256];
	double loopback;

	if (argc != 2 && (argc < 6 || strcmp(argv[2], "-s") != 0)) {
		fprintf(stderr,
		    "usage: fwdbench PACKETS "
		    "[-s URL COMMAND FILE FILE ...]\n");
		return 2;
	}
	packets = atoi(argv[1]);
	need(rumprun_wire_create(1, &w1) == 0 &&
		rumprun_wire_create(2, &w2) == 0,
	    "wire");
	ends[0] = host(w1, "10.0.1.2", 1500, NULL);
	ends[1] = host(w2, "10.0.2.2", 1500, NULL);
	r = boot(argc > 2 ? NULL : INET_HOST, &k);
	plug(k, r, w1, "10.0.1.1", 1500, NULL);
	plug(k, r, w2, "10.0.2.1", 1500, NULL);
	set_sysctl(r, 1, 4, forwarding);
	default_route(ends[0], "10.0.1.1");
	default_route(ends[1], "10.0.2.1");
	if (argc == 2) {
		loopback = forward(NULL, NULL);
		report("forward_64_pps", forward(ends[0], ends[1]), LOOPBACK,
		    loopback);
		return 0;
	}
	need(rumprun_kernel_listen(k, argv[3], why, sizeof(why)) == 0, why);
	with_rules(r, ends, argv + 4);
	return 0;
}
