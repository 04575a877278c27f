/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: frames that come in by two Ethernet interfaces with a bridge that keeps a spanning tree, a vlan, and tunnels over IPv4 and IPv6; time goes on between them.
 *
 * An input: records of two bytes (by which interface and how many seconds later; what kind, or how long), then the frame from its type on, or from
 * what a frame of that kind has behind its fixed beginning.
 */
#include <netbsd/if_bridgevar.h>
#include "kern/callout.h"
#include "net/if_bridge_private.h"
#include "net/if_gif.h"
#include "net_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct host_ops clocked;
static int64_t now_ns;

static int64_t
clock_ns(void)
{
	return now_ns;
}

static struct ifnet *
named(struct net_fuzz *nf, const char *name)
{
	struct ifnet *ifp = if_byname(nf->k, name);

	if (ifp == NULL)
		abort();
	return ifp;
}

static void
make(struct net_fuzz *nf, const char *name)
{
	if (if_clone_create(nf->k, name, NULL) != 0)
		abort();
}

/* W. */
static void
build(struct net_fuzz *nf)
{
	static const char *const names[] = { "tap0", "tap1", "bridge0", "vlan0",
		"gif0" };
	struct bridge *sc;
	struct gif *gif;
	struct vlanreq vr = { "tap1", 5 };
	struct ifreq ifr = { .ifr_ifru.ifru_data = &vr };

	for (unsigned i = 0; i < 5; i++)
		make(nf, names[i]);
	sc = named(nf, "bridge0")->if_softc;
	(void)named(nf, "vlan0")
	    ->if_ops->ifo_ioctl(named(nf, "vlan0"), nf->l, SIOCSETVLAN, &ifr);
	if (bridge_add(sc, named(nf, "tap0")) != 0 ||
	    bridge_add(sc, named(nf, "tap1")) != 0 ||
	    bridge_add(sc, named(nf, "vlan0")) != 0)
		abort();
	sc->sc_ports->bp_flags |= IFBIF_STP;
	sc->sc_ports->bp_next->bp_flags |= IFBIF_STP;
	gif = named(nf, "gif0")->if_softc;
	gif->sc_src.sin = (struct sockaddr_in){ .sin_len = 16,
		.sin_family = AF_INET,
		.sin_addr = { htonl(0x0a000001) } };
	gif->sc_dst.sin = gif->sc_src.sin;
	gif->sc_dst.sin.sin_addr.s_addr = htonl(0x0a000002);
	atomic_fetch_or(&gif->sc_if.if_flags, IFF_RUNNING | IFF_LINK1);
	for (unsigned i = 0; i < 5; i++)
		if (if_up(named(nf, names[i])) != 0)
			abort();
	if (in_setaddr(named(nf, "tap0"), htonl(0x0a000001), htonl(0xffffff00),
		0) != 0)
		abort();
}

static void
start(struct net_fuzz *nf)
{
	static const char *const components[] = { "net", "net_net",
		"net_netinet", "net_netinet6", "net_bridge", "net_gif",
		"net_vlan", "net_tap", NULL };
	struct kern_config config = { .kc_ncpu = 1,
		.kc_components = components,
		.kc_memlimit = 64 << 20,
		.kc_host = &clocked,
		.kc_manualtime = true };

	clocked = host_linux;
	clocked.monotonic = clock_ns;
	now_ns = INT64_C(1000000000000);
	if (kern_boot(&config, &nf->k) != 0 ||
	    proc_fork(nf->k, NULL, RFCFDG, "fuzz", &nf->p) != 0 ||
	    lwp_create(nf->p, &nf->l) != 0)
		abort();
	net_wrlock(nf->k);
	build(nf);
	net_unlock(nf->k);
}

/* The beginning of a frame of a kind; its length. */
static size_t
begin(struct net_fuzz *nf, struct ifnet *ifp, uint8_t how, uint8_t *f)
{
	static const uint8_t group[] = { 1, 0x80, 0xc2, 0, 0, 0 };
	static const uint8_t outer[] = { 0x45, 0, 0, 0, 0, 1, 0, 0, 30, 4, 0, 0,
		10, 0, 0, 2, 10, 0, 0, 1 };

	memset(f, 0xff, 6);
	memset(f + 6, 0x02, 6);
	f[11] = how;
	switch (how & 7) {
	case 0:
		memcpy(f, group, 6);
		memcpy(f + 12, "\0\46\x42\x42\x03\0\0", 7);
		return 19;
	case 1:
		memcpy(f, ifp->if_lladdr, 6);
		be16_put(f + 12, ETHERTYPE_VLAN);
		be16_put(f + 14, 5);
		return 16;
	case 2:
	case 3:
		memcpy(f, named(nf, "tap0")->if_lladdr, 6);
		be16_put(f + 12, ETHERTYPE_IP);
		memcpy(f + 14, outer, sizeof(outer));
		f[23] = (how & 7) == 2 ? 4 : 41;
		return 34;
	case 4:
		memcpy(f, ifp->if_lladdr, 6);
		return 12;
	case 5:
		f[0] = 2; /* some neighbour */
		return 12;
	default:
		return 12;
	}
}

/* Of a tunnel's packet: length and checksum. */
static void
finish(uint8_t *f, size_t len)
{
	uint32_t sum = 0;

	be16_put(f + 16, (uint16_t)(len - 14));
	be16_put(f + 24, 0);
	for (int i = 14; i < 34; i += 2)
		sum += be16_get(f + i);
	sum = (sum & 0xffff) + (sum >> 16);
	be16_put(f + 24, (uint16_t) ~((sum & 0xffff) + (sum >> 16)));
}

static void
receive(struct net_fuzz *nf, uint8_t how, const uint8_t *p, size_t n)
{
	uint8_t f[64 + 256];
	struct ifnet *ifp;
	struct mbuf *m;
	size_t len;

	net_rdlock(nf->k);
	ifp = named(nf, (how & 8) != 0 ? "tap1" : "tap0");
	len = begin(nf, ifp, how, f);
	memcpy(f + len, p, n);
	len += n;
	if ((how & 7) == 2 || (how & 7) == 3)
		finish(f, len);
	if ((m = m_devget(nf->k, f, len, ifp)) != NULL)
		if_input(ifp, m);
	net_unlock(nf->k);
	net_run(nf->k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct net_fuzz nf;

	start(&nf);
	while (n >= 2) {
		uint8_t how = p[0];
		size_t len = p[1] < n - 2 ? p[1] : n - 2;

		receive(&nf, how, p + 2, len);
		p += 2 + len;
		n -= 2 + len;
		now_ns += (how >> 4) * INT64_C(1000000000);
		(void)callout_run(nf.k, now_ns);
	}
	net_fuzz_stop(&nf);
	return 0;
}
