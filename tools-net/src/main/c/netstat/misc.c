/* SPDX-License-Identifier: BSD-2-Clause */
/* Displays that are short: mbufs, queues, counters of routing, listeners of bpf. */
#include "netstat.h"
#include <inttypes.h>
#include <netbsd/bpf.h>

/* kern.mbuf.stats as it was always laid out; a kernel without pools of mbufs has no value there. */
struct mbstat {
	unsigned long spare[4];
	unsigned long m_drops, m_wait, m_drain;
	unsigned short m_mtypes[256];
};

void
mbufs_show(struct netstat *ns)
{
	static const struct {
		unsigned type;
		const char *name;
	} types[] = { { 1, "data" }, { 7, "oob data" }, { 6, "ancillary data" },
		{ 2, "packet headers" },
		{ 5, "fragment reassembly queue headers" },
		{ 3, "socket names and addresses" }, { 4, "socket options" } };
	struct mbstat mb;
	unsigned total = 0, i;
	int error = sysctl_value_of(ns->t, "kern.mbuf.stats", &mb, sizeof(mb));

	if (error != 0)
		t_fail(ns->t, 1, error, "sysctl: kern.mbuf.stats");
	/* Type 0 is that of free ones. */
	for (i = 1; i < 256; i++)
		total += mb.m_mtypes[i];
	t_printf(ns->t, "%u mbuf%s in use:\n", total, total != 1 ? "s" : "");
	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		unsigned n = mb.m_mtypes[types[i].type];

		if (n != 0)
			t_printf(ns->t, "\t%u mbuf%s allocated to %s\n", n,
			    n != 1 ? "s" : "", types[i].name);
		mb.m_mtypes[types[i].type] = 0;
	}
	for (i = 1; i < 256; i++)
		if (mb.m_mtypes[i] != 0)
			t_printf(ns->t,
			    "\t%u mbuf%s allocated to <mbuf type %u>\n",
			    mb.m_mtypes[i], mb.m_mtypes[i] != 1 ? "s" : "", i);
	t_printf(ns->t, "%lu calls to protocol drain routines\n", mb.m_drain);
}

void
queues_show(struct netstat *ns)
{
	static const struct {
		const char *name, *node;
	} queues[] = { { "arpintrq", "net.inet.arp.ifq" },
		{ "ipintrq", "net.inet.ip.ifq" },
		{ "ip6intrq", "net.inet6.ip6.ifq" } };
	size_t i;

	for (i = 0; i < sizeof(queues) / sizeof(*queues); i++) {
		const char *node = queues[i].node;
		int len, max, drops;

		if (sysctl_value_of(ns->t, t_asprintf(ns->t, "%s.len", node),
			&len, sizeof(len)) != 0 ||
		    sysctl_value_of(ns->t, t_asprintf(ns->t, "%s.maxlen", node),
			&max, sizeof(max)) != 0 ||
		    sysctl_value_of(ns->t, t_asprintf(ns->t, "%s.drops", node),
			&drops, sizeof(drops)) != 0)
			continue;
		t_printf(ns->t,
		    "%s:\n\tqueue length: %d\n\tmaximum queue length: %d\n"
		    "\tpackets dropped: %d\n",
		    queues[i].name, len, max, drops);
	}
}

#define RT(member) (offsetof(struct rtstat, member) / sizeof(uint64_t))
static const struct stat_line routing[] = {
	{ "\t# bad routing redirect@", RT(rts_badredirect),
	    RT(rts_badredirect) },
	{ "\t# dynamically created route@", RT(rts_dynamic), RT(rts_dynamic) },
	{ "\t# new gateway@ due to redirects", RT(rts_newgateway),
	    RT(rts_newgateway) },
	{ "\t# destination@ found unreachable", RT(rts_unreach),
	    RT(rts_unreach) },
	{ "\t# use@ of a wildcard route", RT(rts_wildcard), RT(rts_wildcard) },
	{ NULL, 0, 0 },
};

void
routes_stats(struct netstat *ns)
{
	uint64_t v[sizeof(struct rtstat) / sizeof(uint64_t)];
	int error = sysctl_value_of(ns->t, "net.route.stats", v, sizeof(v));

	if (error != 0)
		t_fail(ns->t, 1, error, "sysctl: net.route.stats");
	t_printf(ns->t, "routing:\n");
	stats_lines(ns, v, routing);
}

/* A kernel whose protocols forward groups answers for their version; ours, and NetBSD's rump kernels, have no such protocols. */
static bool
routes_groups(struct netstat *ns, int af, int proto, int level, int option)
{
	int s = sys_socket(ns->t, af, SOCK_RAW, proto), version, error;
	socklen_t len = sizeof(version);

	if (s < 0)
		return false;
	error = sys_getsockopt(ns->t, s, level, option, &version, &len);
	sys_close(ns->t, s);
	return error == 0;
}

void
multicast_show(struct netstat *ns)
{
	enum { MRT_VERSION = 102, MRT6_PIM = 107 };

	if ((ns->families & FAMILY_BIT(AF_INET)) != 0)
		t_printf(ns->t, "%s\n",
		    routes_groups(
			ns, AF_INET, IPPROTO_IGMP, IPPROTO_IP, MRT_VERSION) ?
			"The tables of IPv4 multicast routing are in the "
			"kernel's memory only." :
			"No IPv4 multicast routing compiled into this system.");
	if ((ns->families & FAMILY_BIT(AF_INET6)) != 0)
		t_printf(ns->t, "%s\n",
		    routes_groups(
			ns, AF_INET6, IPPROTO_ICMPV6, IPPROTO_IPV6, MRT6_PIM) ?
			"The tables of IPv6 multicast routing are in the "
			"kernel's memory only." :
			"No IPv6 multicast routing compiled into this system.");
}

/* --- bpf --- */

/* An element of net.bpf.peers. */
struct bpf_d_ext {
	int32_t bde_bufsize;
	uint8_t bde_promisc, bde_state, bde_immediate;
	int32_t bde_hdrcmplt, bde_seesent, bde_pid;
	uint64_t bde_rcount, bde_dcount, bde_ccount;
	char bde_ifname[IFNAMSIZ];
};

static const char *
command_of(struct tool *t, int pid)
{
	int mib[6] = { CTL_KERN, KERN_PROC2, KERN_PROC_PID, pid,
		sizeof(struct kinfo_proc2), 1 };
	struct kinfo_proc2 kp;
	size_t len = sizeof(kp);

	memset(&kp, 0, sizeof(kp));
	if (sys_sysctl(t, mib, 6, &kp, &len, NULL, 0) < 0 || len == 0)
		return "-";
	kp.p_comm[sizeof(kp.p_comm) - 1] = '\0';
	return t_strdup(t, kp.p_comm);
}

static void
bpf_peer(struct netstat *ns, const struct bpf_d_ext *d)
{
	char name[IFNAMSIZ + 1] = "";

	memcpy(name, d->bde_ifname, IFNAMSIZ);
	if (ns->ifname != NULL && strcmp(name, ns->ifname) != 0)
		return;
	t_printf(ns->t,
	    "%-7d %-7s %-8" PRIu64 " %-8" PRIu64 " %-8" PRIu64
	    " %c%c%c%c%c   %-8d %s\n",
	    (int)d->bde_pid, name[0] != '\0' ? name : "-", d->bde_rcount,
	    d->bde_dcount, d->bde_ccount, d->bde_promisc ? 'P' : '-',
	    d->bde_immediate ? 'R' : '-', d->bde_seesent != 0 ? 'S' : '-',
	    d->bde_hdrcmplt != 0 ? 'H' : '-',
	    d->bde_state == 1	  ? 'W' :
		d->bde_state == 2 ? 'T' :
				    'I',
	    (int)d->bde_bufsize, command_of(ns->t, d->bde_pid));
}

void
bpf_show(struct netstat *ns)
{
	int mib[CTL_MAXNAME], n, error;
	size_t len, at;
	void *buf;

	n = sysctl_number(ns->t, "net.bpf.peers", mib);
	if (n < 0)
		t_fail(ns->t, 1, n, "sysctl: net.bpf.peers");
	mib[n++] = (int)sizeof(struct bpf_d_ext);
	mib[n++] = INT32_MAX;
	error = sysctl_whole(ns->t, mib, (unsigned)n, &buf, &len);
	if (error != 0)
		t_fail(ns->t, 1, error, "sysctl: net.bpf.peers");
	t_printf(ns->t, "Active BPF peers\n");
	t_printf(ns->t, "%-7s %-7s %-8s %-8s %-8s %-7s %-8s %s\n", "PID", "Int",
	    "Recv", "Drop", "Capt", "Flags", "Bufsize", "Comm");
	for (at = 0; len - at >= sizeof(struct bpf_d_ext);
	     at += sizeof(struct bpf_d_ext)) {
		struct bpf_d_ext d;

		memcpy(&d, (const char *)buf + at, sizeof(d));
		bpf_peer(ns, &d);
	}
}

void
bpf_stats_show(struct netstat *ns)
{
	struct bpf_stat st;
	int error = sysctl_value_of(ns->t, "net.bpf.stats", &st, sizeof(st));

	if (error != 0)
		t_fail(ns->t, 1, error, "sysctl: net.bpf.stats");
	t_printf(ns->t,
	    "bpf:\n\t%" PRIu64 " total packets received\n\t%" PRIu64
	    " total packets captured\n\t%" PRIu64 " total packets dropped\n",
	    st.bs_recv, st.bs_capt, st.bs_drop);
}
