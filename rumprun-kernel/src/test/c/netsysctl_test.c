/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl net.inet and net.inet6: every number with the value that was recorded, whether it may be set, and that it is what was set. */
#include <netbsd/sysctl.h>
#include "dev_net.h"

static const struct row {
	const char *name;
	int value;
	bool writable;
} rows[] = {
	{ "net.inet.ip.forwarding", 1, true },
	{ "net.inet.ip.redirect", 1, true },
	{ "net.inet.ip.ttl", 64, true },
	{ "net.inet.ip.forwsrcrt", 1, true },
	{ "net.inet.ip.directed-broadcast", 0, true },
	{ "net.inet.ip.allowsrcrt", 1, true },
	{ "net.inet.ip.subnetsarelocal", 1, true },
	{ "net.inet.ip.mtudisc", 1, true },
	{ "net.inet.ip.anonportmin", 49152, true },
	{ "net.inet.ip.anonportmax", 65535, true },
	{ "net.inet.ip.mtudisctimeout", 600, true },
	{ "net.inet.ip.maxflows", 256, true },
	{ "net.inet.ip.hostzerobroadcast", 0, true },
	{ "net.inet.ip.lowportmin", 600, true },
	{ "net.inet.ip.lowportmax", 1023, true },
	{ "net.inet.ip.maxfragpackets", 200, true },
	{ "net.inet.ip.checkinterface", 0, true },
	{ "net.inet.ip.ifq.len", 0, false },
	{ "net.inet.ip.ifq.maxlen", 256, true },
	{ "net.inet.ip.ifq.drops", 0, false },
	{ "net.inet.ip.random_id", 0, true },
	{ "net.inet.ip.do_loopback_cksum", 0, true },
	{ "net.inet.ip.dad_count", 3, true },
	{ "net.inet.ip.hashsize", 64, true },
	{ "net.inet.icmp.maskrepl", 0, true },
	{ "net.inet.icmp.returndatabytes", 8, true },
	{ "net.inet.icmp.errppslimit", 100, true },
	{ "net.inet.icmp.rediraccept", 1, true },
	{ "net.inet.icmp.redirtimeout", 600, true },
	{ "net.inet.icmp.bmcastecho", 0, true },
	{ "net.inet.udp.checksum", 1, true },
	{ "net.inet.udp.sendspace", 9216, true },
	{ "net.inet.udp.recvspace", 41600, true },
	{ "net.inet.udp.do_loopback_cksum", 0, true },
	{ "net.inet.carp.preempt", 0, true },
	{ "net.inet.carp.arpbalance", 0, true },
	{ "net.inet.carp.allow", 1, true },
	{ "net.inet.carp.log", 0, true },
	{ "net.inet.arp.keep", 1200, true },
	{ "net.inet.arp.down", 20, true },
	{ "net.inet.arp.log_movements", 1, true },
	{ "net.inet.arp.log_permanent_modify", 1, true },
	{ "net.inet.arp.log_wrong_iface", 1, true },
	{ "net.inet.arp.log_unknown_network", 1, true },
	{ "net.inet.arp.debug", 0, true },
	{ "net.inet6.udp6.sendspace", 9216, true },
	{ "net.inet6.udp6.recvspace", 42080, true },
	{ "net.inet6.udp6.do_loopback_cksum", 0, true },
	{ "net.inet6.ip6.forwarding", 0, true },
	{ "net.inet6.ip6.redirect", 1, true },
	{ "net.inet6.ip6.hlim", 64, true },
	{ "net.inet6.ip6.maxfragpackets", 200, true },
	{ "net.inet6.ip6.accept_rtadv", 0, true },
	{ "net.inet6.ip6.keepfaith", 0, true },
	{ "net.inet6.ip6.log_interval", 5, true },
	{ "net.inet6.ip6.hdrnestlimit", 50, true },
	{ "net.inet6.ip6.dad_count", 1, true },
	{ "net.inet6.ip6.auto_flowlabel", 1, true },
	{ "net.inet6.ip6.defmcasthlim", 1, true },
	{ "net.inet6.ip6.use_deprecated", 1, true },
	{ "net.inet6.ip6.rr_prune", 5, true },
	{ "net.inet6.ip6.v6only", 1, true },
	{ "net.inet6.ip6.anonportmin", 49152, true },
	{ "net.inet6.ip6.anonportmax", 65535, true },
	{ "net.inet6.ip6.lowportmin", 600, true },
	{ "net.inet6.ip6.lowportmax", 1023, true },
	{ "net.inet6.ip6.auto_linklocal", 1, true },
	{ "net.inet6.ip6.use_defaultzone", 0, true },
	{ "net.inet6.ip6.maxfrags", 200, true },
	{ "net.inet6.ip6.rtadv_maxroutes", 100, true },
	{ "net.inet6.ip6.rtadv_numroutes", 1, false },
	{ "net.inet6.ip6.use_tempaddr", 0, true },
	{ "net.inet6.ip6.prefer_tempaddr", 0, true },
	{ "net.inet6.ip6.temppltime", 86400, true },
	{ "net.inet6.ip6.tempvltime", 604800, true },
	{ "net.inet6.ip6.mcast_pmtu", 0, true },
	{ "net.inet6.ip6.maxflows", 256, true },
	{ "net.inet6.ip6.hashsize", 64, true },
	{ "net.inet6.ip6.neighborgcthresh", 2048, true },
	{ "net.inet6.ip6.maxifprefixes", 16, true },
	{ "net.inet6.ip6.maxifdefrouters", 16, true },
	{ "net.inet6.ip6.maxdynroutes", 4096, true },
	{ "net.inet6.icmp6.rediraccept", 1, true },
	{ "net.inet6.icmp6.redirtimeout", 600, true },
	{ "net.inet6.icmp6.nd6_prune", 1, true },
	{ "net.inet6.icmp6.nd6_delay", 5, true },
	{ "net.inet6.icmp6.nd6_umaxtries", 3, true },
	{ "net.inet6.icmp6.nd6_mmaxtries", 3, true },
	{ "net.inet6.icmp6.nd6_useloopback", 1, true },
	{ "net.inet6.icmp6.nodeinfo", 1, true },
	{ "net.inet6.icmp6.errppslimit", 100, true },
	{ "net.inet6.icmp6.nd6_maxnudhint", 0, true },
	{ "net.inet6.icmp6.mtudisc_hiwat", 1280, true },
	{ "net.inet6.icmp6.mtudisc_lowat", 256, true },
	{ "net.inet6.icmp6.nd6_debug", 0, true },
	{ "net.inet6.icmp6.maxqueuelen", 1, true },
};

static long
l_sysctl(struct lwp *l, const int *mib, unsigned n, void *old, size_t *len,
    const void *new, size_t newlen)
{
	struct sys___sysctl_args a;
	register_t rv[2];

	memset(&a, 0, sizeof(a));
	SCARG(&a, name) = mib;
	SCARG(&a, namelen) = n;
	SCARG(&a, oldv) = old;
	SCARG(&a, oldlenp) = len;
	SCARG(&a, newv) = new;
	SCARG(&a, newlen) = newlen;
	return kern_syscall(l, SYS___sysctl, &a, rv);
}

/* The numbers of a name; how many, 0 when there is no such. */
static unsigned
find(struct lwp *l, const char *name, int mib[8])
{
	static struct sysctlnode nodes[128];
	unsigned n = 0;

	while (*name != '\0' && n < 7) {
		size_t len = sizeof(nodes), part = strcspn(name, "."), i;

		memset(nodes, 0, sizeof(nodes));
		mib[n] = CTL_QUERY;
		if (l_sysctl(l, mib, n + 1, nodes, &len, NULL, 0) != 0)
			return 0;
		for (i = 0; i < len / sizeof(nodes[0]); i++)
			if (strlen(nodes[i].sysctl_name) == part &&
			    memcmp(nodes[i].sysctl_name, name, part) == 0)
				break;
		if (i == len / sizeof(nodes[0]))
			return 0;
		mib[n++] = nodes[i].sysctl_num;
		name += part + (name[part] == '.');
	}
	return n;
}

static int
get(struct lwp *l, const int *mib, unsigned n)
{
	size_t len = sizeof(int);
	int v = -12345;

	CHECK_EQ(l_sysctl(l, mib, n, &v, &len, NULL, 0), 0);
	CHECK_EQ(len, sizeof(int));
	return v;
}

static long
set(struct lwp *l, const int *mib, unsigned n, int v)
{
	return l_sysctl(l, mib, n, NULL, NULL, &v, sizeof(v));
}

/* Some other value that most would take. */
static int
another(const struct row *r)
{
	return r->value == 0 || r->value == 1 ? !r->value : r->value - 1;
}

TEST(sysctl_numbers_as_recorded)
{
	unsigned changed = 0;
	struct nets n;

	n_begin(&n, 0);
	/* n_begin's own. */
	INET(n.f.k)->ip_dad_count = 3;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		int mib[8], v = another(r);
		unsigned depth = find(n.f.l, r->name, mib);
		long error;

		if (depth == 0 || get(n.f.l, mib, depth) != r->value)
			CHECK_STR("", r->name);
		error = set(n.f.l, mib, depth, v);
		if (!r->writable) {
			if (error != -EPERM)
				CHECK_STR("may be set", r->name);
			continue;
		}
		/* Some have a range or a form; what is refused changes nothing. */
		if (error != 0 && error != -EINVAL)
			CHECK_STR("cannot be set", r->name);
		if (get(n.f.l, mib, depth) != (error == 0 ? v : r->value))
			CHECK_STR("is not what was set", r->name);
		changed += error == 0;
		CHECK_EQ(set(n.f.l, mib, depth, r->value), 0);
		CHECK_EQ(get(n.f.l, mib, depth), r->value);
	}
	CHECK(changed > sizeof(rows) / sizeof(rows[0]) / 2);
	n_end(&n);
}

/* ifq.maxlen bounds what waits for a protocol, counted by ifq.drops. */
TEST(sysctl_queues_are_bounded)
{
	static const struct {
		const char *which;
		enum netproto proto;
	} queues[] = { { "net.inet.ip.ifq", NETPROTO_IP },
		{ "net.inet6.ip6.ifq", NETPROTO_IP6 } };
	static const uint8_t junk[40] = { 0 };
	struct nets n;

	n_begin(&n, 0);
	for (int q = 0; q < 2; q++) {
		int len[8], most[8], drops[8];
		char name[40];
		unsigned depth;

		snprintf(name, sizeof(name), "%s.len", queues[q].which);
		depth = find(n.f.l, name, len);
		snprintf(name, sizeof(name), "%s.maxlen", queues[q].which);
		CHECK_EQ(find(n.f.l, name, most), depth);
		snprintf(name, sizeof(name), "%s.drops", queues[q].which);
		CHECK_EQ(find(n.f.l, name, drops), depth);
		CHECK_EQ(set(n.f.l, most, depth, 0), -EINVAL);
		CHECK_EQ(set(n.f.l, most, depth, 5), 0);
		for (int i = 0; i < 8; i++) {
			struct mbuf *m = m_devget(
			    n.f.k, junk, sizeof(junk), if_loop(n.f.k));

			CHECK(m != NULL);
			net_input(n.f.k, queues[q].proto, m);
		}
		CHECK_EQ(get(n.f.l, len, depth), 5);
		CHECK_EQ(get(n.f.l, drops, depth), 3);
		net_run(n.f.k);
		CHECK_EQ(get(n.f.l, len, depth), 0);
	}
	n_end(&n);
}

int
main(void)
{
	RUN(sysctl_numbers_as_recorded);
	RUN(sysctl_queues_are_bounded);
	return check_done();
}
