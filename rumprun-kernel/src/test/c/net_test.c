/* SPDX-License-Identifier: BSD-2-Clause */
/* net_run: nothing that was put into the queues stays there, whoever works and however many kernels call one another. */
#include "net_toy.h"

#define NTHREADS 4
#define NPACKETS 4000

/* What a handler is to tell stands behind the kernel: one test at a time. */
static _Atomic long handled, deferred;
static _Atomic bool overlap;
static _Atomic int inside;

static void
handle(struct mbuf *m)
{
	if (atomic_fetch_add(&inside, 1) != 0)
		atomic_store(&overlap, true);
	atomic_fetch_add(&handled, 1);
	atomic_fetch_sub(&inside, 1);
	m_freem(m);
}

static void
wait_for(_Atomic long *count, long want)
{
	for (int i = 0; i < 20000 && atomic_load(count) < want; i++)
		host_sleep_ns(MS);
	CHECK_EQ(atomic_load(count), want);
}

struct sender {
	struct rump_kernel *k;
	unsigned index;
	long accepted;
	struct host_thread *t;
	bool defer;
	struct toy_if *kick;
};

static void
on_work(struct rump_kernel *k, void *data, struct mbuf *m)
{
	CHECK_THREAD(krwlock_wrheld(&NS(k)->ns_lock.br_slow));
	CHECK_THREAD(*(int *)data == 7);
	m_freem(m);
	atomic_fetch_add(&deferred, 1);
}

static void
put_packet(struct sender *s)
{
	struct mbuf *m = m_gethdr(s->k, MT_DATA);
	uint64_t drops;
	int seven = 7;

	CHECK_THREAD(m != NULL);
	if (m == NULL)
		return;
	net_rdlock(s->k);
	m->m_pkthdr.rcvif = if_byindex(s->k, s->index);
	if (s->defer) {
		CHECK_THREAD(
		    net_defer(s->k, on_work, &seven, sizeof(seven), m) == 0);
	} else {
		drops = NS(s->k)->ns_inqdrops;
		(void)drops;
		net_input(s->k, NETPROTO_IP, m);
	}
	if (s->kick != NULL)
		net_kick(&s->kick->ifn);
	net_unlock(s->k);
}

static void
send_many(void *arg)
{
	struct sender *s = arg;

	for (int i = 0; i < NPACKETS; i++) {
		put_packet(s);
		if (i % 7 != 0)
			net_run(s->k);
	}
	net_run(s->k);
}

static void
run_senders(struct sender *s, int n)
{
	for (int i = 0; i < n; i++)
		CHECK_EQ(
		    host_thread_create("sender", send_many, &s[i], &s[i].t), 0);
	for (int i = 0; i < n; i++)
		host_thread_join(s[i].t);
}

TEST(packets_of_many_threads_are_all_handled)
{
	struct fixture f;
	struct sender s[NTHREADS];
	struct toy_if *t;
	long total;

	handled = deferred = 0;
	overlap = false;
	toy_up(&f);
	net_wrlock(f.k);
	t = toy_make(f.k, 0);
	net_unlock(f.k);
	net_setinput(f.k, NETPROTO_IP, handle);
	for (int i = 0; i < NTHREADS; i++)
		s[i] = (struct sender){ .k = f.k, .index = t->ifn.if_index };
	run_senders(s, NTHREADS);
	total = NTHREADS * (long)NPACKETS - (long)NS(f.k)->ns_inqdrops;
	wait_for(&handled, total);
	CHECK(!overlap);
	down(&f);
}

TEST(more_than_a_caller_does_is_done_by_the_thread)
{
	struct fixture f;
	struct sender s = { 0 };

	handled = 0;
	toy_up(&f);
	net_setinput(f.k, NETPROTO_IP, handle);
	s.k = f.k;
	for (int i = 0; i < 3000; i++)
		put_packet(&s);
	CHECK_EQ(handled, 0);
	net_run(f.k);
	wait_for(&handled, 3000);
	/* The queue is bounded. */
	for (int i = 0; i < 5000; i++)
		put_packet(&s);
	CHECK_EQ(NS(f.k)->ns_inqdrops, 5000 - 4096);
	down(&f);
}

TEST(deferred_work_runs_exclusively)
{
	struct fixture f;
	struct sender s[NTHREADS];

	deferred = 0;
	toy_up(&f);
	for (int i = 0; i < NTHREADS; i++)
		s[i] = (struct sender){ .k = f.k, .defer = true };
	run_senders(s, NTHREADS);
	wait_for(&deferred, NTHREADS * (long)NPACKETS);
	down(&f);
}

/* --- kernels that kick one another --- */

static struct rump_kernel *ring[3];

static void
kick_next(struct toy_if *t)
{
	for (int i = 0; i < 3; i++)
		if (ring[i] == t->ifn.if_k) {
			struct sender s = { .k = ring[(i + 1) % 3] };

			put_packet(&s);
			net_run(ring[(i + 1) % 3]);
		}
}

static void
handle_in_ring(struct mbuf *m)
{
	atomic_fetch_add(&handled, 1);
	m_freem(m);
}

TEST(kernels_that_kick_one_another_lose_nothing)
{
	struct fixture f[3];
	struct sender s[6];
	struct toy_if *t[3];
	long kicks = 0, sent = 6 * (long)NPACKETS, drops = 0;

	handled = 0;
	for (int i = 0; i < 3; i++) {
		toy_up(&f[i]);
		ring[i] = f[i].k;
		net_wrlock(f[i].k);
		t[i] = toy_make(f[i].k, 0);
		net_unlock(f[i].k);
		t[i]->kick = kick_next;
		net_setinput(f[i].k, NETPROTO_IP, handle_in_ring);
	}
	for (int i = 0; i < 6; i++)
		s[i] = (struct sender){ .k = f[i % 3].k, .kick = t[i % 3] };
	run_senders(s, 6);
	for (int i = 0; i < 3; i++) {
		net_barrier(f[i].k);
		net_barrier(f[(i + 1) % 3].k);
	}
	for (int tries = 0; tries < 5000; tries++) {
		kicks = drops = 0;
		for (int i = 0; i < 3; i++) {
			kicks += t[i]->kicks;
			drops += (long)NS(f[i].k)->ns_inqdrops;
		}
		if (handled + drops == sent + kicks)
			break;
		host_sleep_ns(MS);
	}
	CHECK_EQ(handled + drops, sent + kicks);
	for (int i = 0; i < 3; i++)
		CHECK(!t[i]->ifn.if_kicked);
	for (int i = 0; i < 3; i++)
		if_detach(&t[i]->ifn);
	for (int i = 0; i < 3; i++)
		down(&f[i]);
}

/* --- interfaces that go meanwhile --- */

TEST(interface_goes_while_packets_come)
{
	struct fixture f;
	struct sender s[2];
	char name[IFNAMSIZ];

	handled = 0;
	toy_up(&f);
	net_setinput(f.k, NETPROTO_IP, handle);
	for (int i = 0; i < 2; i++)
		s[i] = (struct sender){ .k = f.k, .index = 2 };
	for (int i = 0; i < 2; i++)
		CHECK_EQ(
		    host_thread_create("sender", send_many, &s[i], &s[i].t), 0);
	for (int i = 0; i < 300; i++) {
		net_wrlock(f.k);
		CHECK_EQ(if_clone_create(f.k, "toy", name), 0);
		CHECK_EQ(if_byname(f.k, name)->if_index, 2);
		net_unlock(f.k);
		net_rdlock(f.k);
		net_kick(if_byindex(f.k, 2));
		net_unlock(f.k);
		CHECK_EQ(if_clone_destroy(f.k, name), 0);
	}
	for (int i = 0; i < 2; i++)
		host_thread_join(s[i].t);
	down(&f);
}

static void
come_and_go(void *arg)
{
	struct sender *s = arg;
	char name[IFNAMSIZ] = "toy0";
	int error;

	for (int i = 0; i < 1500; i++) {
		name[3] = (char)('0' + (i + (int)s->index) % 3);
		net_wrlock(s->k);
		error = if_clone_create(s->k, name, NULL);
		if (error == 0)
			(void)if_up(if_byname(s->k, name));
		net_unlock(s->k);
		CHECK_THREAD(error == 0 || error == -EEXIST);
		net_rdlock(s->k);
		for (struct ifnet *ifp = if_first(s->k); ifp != NULL;
		     ifp = ifp->if_next)
			net_kick(ifp);
		net_unlock(s->k);
		net_run(s->k);
		error = if_clone_destroy(s->k, name);
		CHECK_THREAD(error == 0 || error == -ENXIO);
	}
}

TEST(interfaces_come_and_go_under_many_threads)
{
	struct fixture f;
	struct sender s[NTHREADS];

	toy_up(&f);
	for (int i = 0; i < NTHREADS; i++) {
		s[i] = (struct sender){ .k = f.k, .index = (unsigned)i };
		CHECK_EQ(
		    host_thread_create("maker", come_and_go, &s[i], &s[i].t), 0);
	}
	for (int i = 0; i < NTHREADS; i++)
		host_thread_join(s[i].t);
	net_rdlock(f.k);
	for (struct ifnet *ifp = if_first(f.k); ifp != NULL; ifp = ifp->if_next)
		CHECK(if_byindex(f.k, ifp->if_index) == ifp);
	net_unlock(f.k);
	down(&f);
}

TEST(rate_is_limited_by_the_second)
{
	struct fixture f;
	struct ppsrate pr = { 0 };
	int n = 0;

	toy_up(&f);
	for (int i = 0; i < 100; i++)
		n += ppsratecheck(f.k, &pr, 5);
	CHECK(n >= 5 && n <= 10);
	down(&f);
}

TEST(boot_that_runs_out_of_memory_leaves_nothing)
{
	static const char *const names[] = { "net", "net_net", "net_local",
		"dev", "dev_bpf", "net_netinet", "net_netinet6", "net_shmif",
		"net_virtif", "net_bridge", "net_gif", "net_tap", "net_tun",
		"net_vlan", "net_npf", NULL };
	struct kern_config c = { .kc_components = names };
	struct rump_kernel *k;
	int64_t leak;
	int error = -ENOMEM;

	for (c.kc_failalloc = 1; error != 0 && c.kc_failalloc < 5000;
	     c.kc_failalloc++) {
		error = kern_boot(&c, &k);
		if (error == 0) {
			/* It may still be to come. */
			bool left = atomic_load(&k->k_failalloc) > 0;

			kern_halt(k, false, &leak);
			CHECK_EQ(leak, 0);
			if (!left)
				error = -ENOMEM;
		}
	}
	CHECK_EQ(error, 0);
}

int
main(void)
{
	RUN(packets_of_many_threads_are_all_handled);
	RUN(more_than_a_caller_does_is_done_by_the_thread);
	RUN(deferred_work_runs_exclusively);
	RUN(kernels_that_kick_one_another_lose_nothing);
	RUN(interface_goes_while_packets_come);
	RUN(interfaces_come_and_go_under_many_threads);
	RUN(rate_is_limited_by_the_second);
	RUN(boot_that_runs_out_of_memory_leaves_nothing);
	return check_done();
}
