/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments, calls and time for a listener and a connecting socket. An input is
 * a list of steps, a byte first:
 *	0..9	a segment, by 9 bytes (flags, seq and ack near what is expected,
 *		length, window), a byte of how many option bytes, and those
 *	10	write, 11 read, 12 shutdown or close, 13 accept, by a byte
 *	14	time goes on by a byte, in 100 ms
 *	15	an ICMP error about what is out, by 3 bytes
 * The kernel's clock stands still meanwhile, so that an input always does the
 * same.
 */
#include <netbsd/fcntl.h>
#include <netbsd/in.h>
#include <netbsd/socket.h>
#include <netbsd/syscallargs.h>
#include <stdio.h>
#include <stdlib.h>
#include "kern/callout.h"
#include "lib/pd.h"
#include "net/if_var.h"
#include "netinet/inet.h"

#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
#define SYS(l, number, type, ...)                               \
	__extension__({                                         \
		struct sys_##type##_args sa_ = { __VA_ARGS__ }; \
		register_t rv_[2];                              \
		int e_ = kern_syscall(l, number, &sa_, rv_);    \
		e_ != 0 ? e_ : (int)rv_[0];                     \
	})

struct fuzz {
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;
	struct ifnet *ifp;
	int listener, conn, accepted;
	/* what the kernel sent last: to answer near it */
	uint32_t seq[2], ack[2];
	uint16_t lport[2];
};

static _Atomic int64_t fuzz_clock;

static int64_t
fuzz_now(void)
{
	return atomic_load(&fuzz_clock);
}

static int
fuzz_output(struct ifnet *ifp, struct mbuf *m, const struct sockaddr *dst,
    const struct rtentry *rt)
{
	struct fuzz *f = ifp->if_softc;
	uint8_t h[40];

	(void)dst, (void)rt;
	if (m->m_pkthdr.len >= 40) {
		m_copydata(m, 0, 40, h);
		if (h[9] == IPPROTO_TCP) {
			int i = be16_get(h + 22) == 8080 ? 1 : 0;

			f->lport[i] = be16_get(h + 20);
			f->seq[i] = be32_get(h + 24);
			f->ack[i] = be32_get(h + 28);
		}
	}
	m_freem(m);
	return 0;
}

static int
fuzz_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return 0;
}

static void
fuzz_gone(struct ifnet *ifp)
{
	kmem_free(ifp->if_k, ifp, sizeof(*ifp));
}

static const struct ifnet_ops fuzz_ops = { .ifo_output = fuzz_output,
	.ifo_transmit = fuzz_transmit,
	.ifo_destroy = fuzz_gone };

static int
new_socket(struct fuzz *f)
{
	int s = SYS(f->l, SYS___socket30, __socket30, P(int, AF_INET),
	    P(int, SOCK_STREAM), P(int, 0));

	(void)SYS(f->l, SYS_fcntl, fcntl, P(int, s), P(int, F_SETFL),
	    P(void *, O_RDWR | O_NONBLOCK));
	return s;
}

static void
start(struct fuzz *f, struct host_ops *ops)
{
	static const char *const names[] = { "net", "net_net", "net_netinet",
		NULL };
	struct kern_config c = { .kc_host = ops,
		.kc_components = names,
		.kc_memlimit = 64 << 20,
		.kc_manualtime = true };
	struct sockaddr_in sin = { .sin_len = sizeof(sin),
		.sin_family = AF_INET,
		.sin_port = htons(8080) };

	if (kern_boot(&c, &f->k) != 0 ||
	    proc_fork(f->k, NULL, RFCFDG, "fuzz", &f->p) != 0 ||
	    lwp_create(f->p, &f->l) != 0)
		abort();
	net_wrlock(f->k);
	f->ifp = kmem_zalloc(f->k, sizeof(*f->ifp));
	f->ifp->if_k = f->k;
	if_initname(f->ifp, "fz", 0);
	f->ifp->if_type = IFT_TUNNEL;
	f->ifp->if_mtu = 1500;
	f->ifp->if_flags = IFF_POINTOPOINT | IFF_MULTICAST;
	f->ifp->if_ops = &fuzz_ops;
	f->ifp->if_softc = f;
	if (if_attach(f->ifp) != 0 || if_up(f->ifp) != 0 ||
	    in_setaddr(
		f->ifp, htonl(0xc0a80001), 0xffffffffu, htonl(0xc0000201)) != 0)
		abort();
	net_unlock(f->k);
	f->listener = new_socket(f);
	(void)SYS(f->l, SYS_bind, bind, P(int, f->listener),
	    P(const struct sockaddr *, &sin), P(socklen_t, sizeof(sin)));
	(void)SYS(f->l, SYS_listen, listen, P(int, f->listener), P(int, 2));
	f->lport[0] = 8080;
	f->accepted = -1;
	f->conn = new_socket(f);
	sin.sin_addr.s_addr = htonl(0xc0000201);
	(void)SYS(f->l, SYS_connect, connect, P(int, f->conn),
	    P(const struct sockaddr *, &sin), P(socklen_t, sizeof(sin)));
}

static void
stop(struct fuzz *f)
{
	int64_t leak;

	lwp_destroy(f->l);
	proc_exit(f->p, NULL, 0);
	kern_halt(f->k, true, &leak);
	if (leak != 0) {
		fprintf(stderr, "%lld bytes leaked\n", (long long)leak);
		abort();
	}
}

static void
inject(struct fuzz *f, const struct pd_packet *k, int i)
{
	struct pd_ends e = { .ipv = 4,
		.local = { 192, 168, 0, 1 },
		.remote = { 192, 0, 2, 1 },
		.lport = f->lport[i],
		.rport = i == 1 ? 8080 : 33333 };
	uint8_t buf[4000];
	size_t n = pd_build(k, &e, 0, buf, sizeof(buf));
	struct mbuf *m;

	if (n == 0)
		return;
	net_rdlock(f->k);
	if ((m = m_devget(f->k, buf, n, f->ifp)) != NULL)
		net_input(f->k, NETPROTO_IP, m);
	net_unlock(f->k);
	net_run(f->k);
}

/* Bytes left of the input; takes n of them, or gives zeros. */
struct input {
	const uint8_t *p;
	size_t n;
};

static void
take(struct input *in, void *to, size_t n)
{
	size_t have = n < in->n ? n : in->n;

	memset(to, 0, n);
	memcpy(to, in->p, have);
	in->p += have;
	in->n -= have;
}

static void
segment(struct fuzz *f, struct input *in, int i)
{
	struct pd_packet k = { .ecn = 0 };
	uint8_t b[9], n;

	take(in, b, sizeof(b));
	take(in, &n, 1);
	k.flags = b[0];
	k.seq = f->ack[i] + (uint32_t)(int16_t)be16_get(b + 1);
	k.ack = f->seq[i] + (uint32_t)(int16_t)be16_get(b + 3);
	k.len = be16_get(b + 5) % 1500;
	k.win = be16_get(b + 7);
	k.urg = b[6];
	k.ecn = b[5] >> 6;
	k.nopts = n % (PD_MAXOPT + 1);
	take(in, k.opts, k.nopts);
	/* Numbers in SACK blocks are near what is out, too. */
	for (unsigned j = 0; j + 10 <= k.nopts; j++)
		if (k.opts[j] == 5 && (n & 64) != 0) {
			be32_put(k.opts + j + 2,
			    f->seq[i] + be16_get(k.opts + j + 2));
			be32_put(k.opts + j + 6,
			    f->seq[i] + be16_get(k.opts + j + 6));
		}
	inject(f, &k, i);
}

static void
icmp(struct fuzz *f, struct input *in)
{
	struct pd_packet k = { .icmp = true };
	uint8_t b[3];

	take(in, b, sizeof(b));
	k.icmp_type = (b[0] & 1) != 0 ? 3 : 11;
	k.icmp_code = b[0] >> 1 & 15;
	k.mtu = (uint32_t)b[1] * 8;
	k.seq = f->seq[b[0] >> 7] + b[2];
	inject(f, &k, b[0] >> 7);
}

static void
call(struct fuzz *f, unsigned op, uint8_t how)
{
	static uint8_t buf[20000];
	int fd = (how & 1) != 0 && f->accepted >= 0 ? f->accepted : f->conn;

	if (op == 10)
		(void)SYS(f->l, SYS_sendto, sendto, P(int, fd),
		    P(const void *, buf), P(size_t, (size_t)how * 64 + 1),
		    P(int, (how & 6) == 6 ? MSG_OOB : 0),
		    P(const struct sockaddr *, NULL), P(socklen_t, 0));
	else if (op == 11)
		(void)SYS(f->l, SYS_recvfrom, recvfrom, P(int, fd),
		    P(void *, buf), P(size_t, (size_t)how * 64 + 1),
		    P(int, (how & 6) == 6 ? MSG_OOB : 0),
		    P(struct sockaddr *, NULL), P(socklen_t *, NULL));
	else if (op == 12 && (how & 6) != 0)
		(void)SYS(f->l, SYS_shutdown, shutdown, P(int, fd),
		    P(int, how >> 3 & 3));
	else if (op == 12)
		(void)SYS(f->l, SYS_close, close, P(int, fd));
	else if (f->accepted < 0)
		f->accepted = SYS(f->l, SYS_accept, accept, P(int, f->listener),
		    P(struct sockaddr *, NULL), P(socklen_t *, NULL));
	net_run(f->k);
}

static void
pass(struct fuzz *f, int64_t ns)
{
	int64_t end = fuzz_clock + ns, next;

	while ((next = callout_next(f->k)) <= end) {
		if (next > fuzz_clock)
			atomic_store(&fuzz_clock, next);
		(void)callout_run(f->k, fuzz_clock);
		net_run(f->k);
	}
	atomic_store(&fuzz_clock, end);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host_ops ops = host_linux;
	struct input in = { data, size };
	struct fuzz f;

	memset(&f, 0, sizeof(f));
	ops.monotonic = fuzz_now;
	atomic_store(&fuzz_clock, INT64_C(1000000000000));
	start(&f, &ops);
	for (int steps = 0; in.n > 0 && steps < 200; steps++) {
		uint8_t op, how;

		take(&in, &op, 1);
		switch (op & 15) {
		case 10:
		case 11:
		case 12:
		case 13:
			take(&in, &how, 1);
			call(&f, op & 15, how);
			break;
		case 14:
			take(&in, &how, 1);
			pass(&f, how * INT64_C(100000000));
			break;
		case 15:
			icmp(&f, &in);
			break;
		default:
			segment(&f, &in, op & 1);
			break;
		}
	}
	pass(&f, 200 * INT64_C(1000000000));
	stop(&f);
	return 0;
}
