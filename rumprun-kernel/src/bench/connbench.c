/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP connections between two kernels in this process: how many a second are made, used for one byte and closed, beside the host's loopback; and
 * what idle ones cost.
 * usage: connbench CONNECTIONS IDLE
 */
#include "bench.h"

#define PORT 5001
#define EACH 12000 /* idle connections to one port */
#define BUDGET 2048.0

static int count;

static void *
serve(void *arg)
{
	struct end *listener = arg, e;
	char c;

	for (int i = 0; i < count; i++) {
		end_accept(listener, &e);
		need(get(&e, &c, 1) == 1, "read");
		end_close(&e);
	}
	return NULL;
}

static double
connections(
    struct rumprun_proc *server, struct rumprun_proc *client, const char *ip)
{
	struct end listener, e;
	pthread_t th;
	double t;

	end_open(&listener, server, SOCK_STREAM);
	end_listen(&listener, ip, PORT, 128);
	pthread_create(&th, NULL, serve, &listener);
	t = now();
	for (int i = 0; i < count; i++) {
		char c;

		end_open(&e, client, SOCK_STREAM);
		end_connect(&e, ip, PORT);
		need(put(&e, "x", 1) == 1, "write");
		need(get(&e, &c, 1) == 0, "end");
		end_close(&e);
	}
	pthread_join(th, NULL);
	t = now() - t;
	end_close(&listener);
	return count / t;
}

/* --- idle ones --- */

static void
allow_files(struct rumprun_proc *p, int n)
{
	uint64_t limit[2] = { (uint64_t)n, (uint64_t)n };

	need(call(p, NB_SETRLIMIT, 2, L(NB_RLIMIT_NOFILE), P(limit)) == 0,
	    "setrlimit");
}

static void
idle(struct rumprun_proc *server, struct rumprun_proc *client, const char *ip,
    int n)
{
	struct end listener = { .fd = -1 }, e, peer;
	double before, each, t;

	allow_files(server, n + 100);
	allow_files(client, n + 100);
	before = resident();
	t = now();
	for (int i = 0; i < n; i++) {
		int port = PORT + 1 + i / EACH;

		if (i % EACH == 0) {
			end_open(&listener, server, SOCK_STREAM);
			end_listen(&listener, ip, port, 16);
		}
		end_open(&e, client, SOCK_STREAM);
		end_connect(&e, ip, port);
		end_accept(&listener, &peer);
	}
	t = now() - t;
	each = (resident() - before) / n / 2;
	report("idle_bytes", each, "asked for    ", BUDGET);
	printf("%-26s %12d   made in %.1f s\n", "idle_connections", n, t);
}

int
main(int argc, char **argv)
{
	struct rumprun_wire *wire;
	struct rumprun_proc *a, *b;
	double loopback;

	if (argc != 3) {
		fprintf(stderr, "usage: connbench CONNECTIONS IDLE\n");
		return 2;
	}
	count = atoi(argv[1]);
	need(rumprun_wire_create(1, &wire) == 0, "wire");
	a = host(wire, "10.0.0.1", 1500, NULL);
	b = host(wire, "10.0.0.2", 1500, NULL);
	loopback = connections(NULL, NULL, "127.0.0.1");
	report(
	    "connections_s", connections(a, b, "10.0.0.1"), LOOPBACK, loopback);
	idle(a, b, "10.0.0.1", atoi(argv[2]));
	return 0;
}
