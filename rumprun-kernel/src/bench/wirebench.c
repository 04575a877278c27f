/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP and UDP between two kernels in this process, on an in-process wire, through the public C API; and TCP on a wire with faults.
 * usage: wirebench MEGABYTES ROUNDS
 * The floor is the host's own loopback on the same work, in the same run; that of a wire with faults is one without, or what a model allows.
 */
#include "bench.h"

#define PORT 5001
#define CHUNK 65536

static size_t total;
static int rounds;
static const char *congctl; /* NULL: the kernel's default */

/* --- TCP --- */

static void *
serve(void *arg)
{
	struct end *listener = arg, e;
	char *b = malloc(CHUNK);

	end_accept(listener, &e);
	end_nodelay(&e);
	for (int i = 0; i < rounds; i++) {
		get_all(&e, b, 64, CHUNK);
		need(put(&e, b, 64) == 64, "write");
	}
	get_all(&e, b, total, CHUNK);
	need(put(&e, b, 1) == 1, "write");
	free(b);
	end_close(&e);
	end_close(listener);
	return NULL;
}

static void
stream(struct rumprun_proc *server, struct rumprun_proc *client, const char *ip,
    double *rr_us, double *mb_s)
{
	struct end listener, e;
	char *b = calloc(1, CHUNK);
	pthread_t th;
	double t;

	end_open(&listener, server, SOCK_STREAM);
	end_listen(&listener, ip, PORT, 5);
	pthread_create(&th, NULL, serve, &listener);
	end_open(&e, client, SOCK_STREAM);
	if (congctl != NULL)
		need(call(client, NB_SETSOCKOPT, 5, L(e.fd), L(6),
			 L(NB_TCP_CONGCTL), P(congctl), L(strlen(congctl))) == 0,
		    "congestion control");
	end_connect(&e, ip, PORT);
	end_nodelay(&e);
	t = now();
	for (int i = 0; i < rounds; i++) {
		need(put(&e, b, 64) == 64, "write");
		get_all(&e, b, 64, CHUNK);
	}
	*rr_us = (now() - t) * 1e6 / rounds;
	t = now();
	put_all(&e, b, total, CHUNK);
	get_all(&e, b, 1, CHUNK);
	*mb_s = (double)(total >> 20) / (now() - t);
	pthread_join(th, NULL);
	end_close(&e);
	free(b);
}

/* --- UDP --- */

struct sink {
	struct end e;
	_Atomic int done;
	uint64_t bytes;
	double end;
};

/* Echoes small datagrams, counts the others up to one of a single byte. */
static void *
sink(void *arg)
{
	struct sink *s = arg;
	char *b = malloc(CHUNK);
	ssize_t n;

	for (int i = 0; i < rounds; i++) {
		need(get(&s->e, b, CHUNK) == 64, "read");
		need(put(&s->e, b, 64) == 64, "write");
	}
	while ((n = get(&s->e, b, CHUNK)) > 1) {
		s->bytes += (uint64_t)n;
		s->end = now();
	}
	s->done = 1;
	free(b);
	return NULL;
}

static void
datagrams(struct rumprun_proc *server, struct rumprun_proc *client,
    const char *ips[2], size_t size, double *rr_us, double *mb_s)
{
	struct sink s = { .bytes = 0 };
	char *b = calloc(1, CHUNK);
	struct end e;
	pthread_t th;
	double t;

	end_open(&s.e, server, SOCK_DGRAM);
	end_open(&e, client, SOCK_DGRAM);
	end_rcvbuf(&s.e, 212992);
	end_bind(&s.e, ips[0], PORT);
	end_bind(&e, ips[1], PORT + 1);
	end_connect(&s.e, ips[1], PORT + 1);
	end_connect(&e, ips[0], PORT);
	pthread_create(&th, NULL, sink, &s);
	t = now();
	for (int i = 0; i < rounds; i++) {
		need(put(&e, b, 64) == 64, "write");
		need(get(&e, b, CHUNK) == 64, "read");
	}
	*rr_us = (now() - t) * 1e6 / rounds;
	t = now();
	for (size_t n = 0; n < total; n += size)
		need(put(&e, b, size) == (ssize_t)size, "write");
	while (!s.done) {
		need(put(&e, b, 1) == 1, "write");
		usleep(1000);
	}
	pthread_join(th, NULL);
	*mb_s = (double)s.bytes / 1048576 / (s.end - t);
	end_close(&s.e);
	end_close(&e);
	free(b);
}

/* --- who with whom --- */

static void
wires(void)
{
	static const int mtus[] = { 1500, 65535 };
	static const size_t sizes[] = { 1472, 8192 };
	static const char *lo[] = { "127.0.0.1", "127.0.0.1" },
			  *ips[] = { "10.0.0.1", "10.0.0.2" };
	double hrr, hmb, rr, mb;
	char name[64];

	stream(NULL, NULL, lo[0], &hrr, &hmb);
	for (int i = 0; i < 2; i++) {
		double urr, umb, uhrr, uhmb;
		struct rumprun_wire *wire;
		struct rumprun_proc *a, *b;

		need(rumprun_wire_create(1, &wire) == 0, "wire");
		a = host(wire, ips[0], mtus[i], NULL);
		b = host(wire, ips[1], mtus[i], NULL);
		stream(a, b, ips[0], &rr, &mb);
		datagrams(a, b, ips, sizes[i], &urr, &umb);
		datagrams(NULL, NULL, lo, sizes[i], &uhrr, &uhmb);
		snprintf(name, sizeof(name), "wire_rr_us      mtu %d", mtus[i]);
		report(name, rr, LOOPBACK, hrr);
		snprintf(name, sizeof(name), "wire_mb_s       mtu %d", mtus[i]);
		report(name, mb, LOOPBACK, hmb);
		snprintf(name, sizeof(name), "wire_udp_rr_us  mtu %d", mtus[i]);
		report(name, urr, LOOPBACK, uhrr);
		snprintf(name, sizeof(name), "wire_udp_mb_s   mtu %d", mtus[i]);
		report(name, umb, LOOPBACK, uhmb);
		rumprun_wire_destroy(wire);
	}
}

/* What a wire with these faults carries, MB/s. */
static double
faulty(int seed, int loss, int reorder, int64_t delay_ns)
{
	struct rumprun_wire *wire;
	struct rumprun_proc *a, *b;
	double rr, mb;

	need(rumprun_wire_create(seed, &wire) == 0, "wire");
	a = host(wire, "10.0.0.1", 1500, NULL);
	b = host(wire, "10.0.0.2", 1500, NULL);
	need(rumprun_wire_set(wire, loss, 0, 0, reorder, delay_ns, 0, 0) == 0,
	    "faults");
	stream(a, b, "10.0.0.1", &rr, &mb);
	rumprun_wire_destroy(wire);
	return mb;
}

/*
 * A wire with faults carries frames as they would be seen on a cable, one by one and with checksums: that alone costs. So what faults cost is said beside a
 * wire with next to none, which stands beside one that hands over whatever was sent.
 */
static void
faults(void)
{
	static const struct {
		const char *name;
		int loss, reorder;
	} kinds[] = { { "loss_mb_s     1 %", 10000, 0 },
		{ "reorder_mb_s  1 %", 0, 10000 },
		{ "both_mb_s     1 %", 10000, 10000 } };
	static const char *const controls[] = { "newreno", "cubic" };
	double whole, frames, mathis = 1448 / 0.008 * 1.22 / 0.1 / 1048576;
	char name[64];

	rounds = 1;
	total = total > (64 << 20) ? 64 << 20 : total;
	whole = faulty(2, 0, 0, 0);
	frames = faulty(3, 1, 0, 0);
	report("frames_mb_s", frames, "without      ", whole);
	for (int i = 0; i < 6; i++) {
		congctl = controls[i % 2];
		snprintf(
		    name, sizeof(name), "%s %s", kinds[i / 2].name, congctl);
		report(name,
		    faulty(4 + i, kinds[i / 2].loss, kinds[i / 2].reorder, 0),
		    "frames       ", frames);
	}
	/* Mathis et al., 1997: MSS / RTT * 1.22 / sqrt(p) */
	total = total > (8 << 20) ? 8 << 20 : total;
	congctl = controls[0];
	report("loss_mb_s     1 % in 4 ms", faulty(10, 10000, 0, 4000000),
	    "model        ", mathis);
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: wirebench MEGABYTES ROUNDS\n");
		return 2;
	}
	total = strtoul(argv[1], NULL, 10) << 20;
	rounds = atoi(argv[2]);
	wires();
	faults();
	return 0;
}
