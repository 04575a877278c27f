/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets that there are, of the Internet and local. */
#include "netstat.h"
#include <inttypes.h>
#include <netbsd/tcp.h>
#include <stdio.h>

static const char *const tcp_states[] = { "CLOSED", "LISTEN", "SYN_SENT",
	"SYN_RECEIVED", "ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT_1", "CLOSING",
	"LAST_ACK", "FIN_WAIT_2", "TIME_WAIT" };

static bool
is_any(const union any_addr *a)
{
	static const uint8_t zeros[16];

	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == 0;
	return a->sa.sa_family != AF_INET6 ||
	    memcmp(&a->in6.sin6_addr, zeros, sizeof(zeros)) == 0;
}

const char *
host_text(struct netstat *ns, const union any_addr *a)
{
	bool numeric = ns->nflag || ns->Sflag;
	const char *name = NULL;
	char text[80];

	if (is_any(a))
		return "*";
	if (!numeric)
		name = a->sa.sa_family == AF_INET ?
		    t_host_by_addr(ns->t, AF_INET, &a->in.sin_addr) :
		    t_host_by_addr(ns->t, AF_INET6, &a->in6.sin6_addr);
	if (name != NULL)
		return name;
	if (a->sa.sa_family == AF_INET)
		return t_strdup(
		    ns->t, t_inet_ntop4(a->in.sin_addr.s_addr, text));
	return t_strdup(ns->t, in6_text(&a->in6, ns->ifs, text));
}

/* An address of a list, which may say anything of its length. */
static union any_addr
address(const struct sockaddr *sa)
{
	union any_addr a;

	memset(&a, 0, sizeof(a));
	memcpy(&a, sa, sa->sa_family == AF_INET6 ? sizeof(a.in6) : sizeof(a.in));
	if (a.sa.sa_family == AF_INET6)
		in6_zone_out(&a.in6);
	return a;
}

/* Host and port; the host gives way when there is no room for both, but with -v. */
static void
print_address(struct netstat *ns, const union any_addr *a, const char *proto)
{
	int width = ns->Aflag ? 18 : 22, room = width - 6;
	const char *port = port_text(ns->t, pcblist_port(&a->sa),
	    ns->nflag && !ns->Sflag ? NULL : proto);
	const char *host = host_text(ns, a), *s;

	if (ns->vflag) {
		s = t_asprintf(ns->t, "%s.%s", host, port);
		t_printf(ns->t, " %-*s", width, s);
		return;
	}
	s = t_asprintf(ns->t, "%.*s.%s", room, host, port);
	t_printf(ns->t, " %-*.*s", width, width, s);
}

static void
heading(struct netstat *ns, int af)
{
	int width = ns->Aflag ? 18 : 22;

	if (ns->lastaf == af)
		return;
	ns->lastaf = af;
	t_printf(ns->t, "Active Internet%s connections%s\n",
	    af == AF_INET6 ? "6" : "", ns->aflag ? " (including servers)" : "");
	if (ns->Aflag)
		t_printf(ns->t, "%-8.8s ", "PCB");
	t_printf(ns->t, "%-5.5s %6.6s %6.6s  %-*.*s %-*.*s %s\n", "Proto",
	    "Recv-Q", "Send-Q", width, width, "Local Address", width, width,
	    "Foreign Address", "State");
}

static void
inet_line(struct netstat *ns, const char *proto, const struct kinfo_pcb *ki)
{
	union any_addr src = address(&ki->ki_s._kis_src),
		       dst = address(&ki->ki_d._kid_dst);
	bool tcp = strncmp(proto, "tcp", 3) == 0;
	const char *base = tcp ? "tcp" : "udp";

	heading(ns, proto[strlen(proto) - 1] == '6' ? AF_INET6 : AF_INET);
	if (ns->Aflag)
		t_printf(ns->t, "%8" PRIx64 " ",
		    tcp ? ki->ki_ppcbaddr : ki->ki_pcbaddr);
	t_printf(ns->t, "%-5.5s %6" PRIu64 " %6" PRIu64 " ", proto, ki->ki_rcvq,
	    ki->ki_sndq);
	print_address(ns, &src, base);
	print_address(ns, &dst, base);
	if (tcp) {
		if (ki->ki_tstate >= 0 &&
		    (size_t)ki->ki_tstate <
			sizeof(tcp_states) / sizeof(*tcp_states))
			t_printf(ns->t, " %s", tcp_states[ki->ki_tstate]);
		else
			t_printf(ns->t, " %d", (int)ki->ki_tstate);
	}
	t_putc(ns->t, '\n');
}

/* A kernel without the protocol has no list: nothing is shown. */
static size_t
list_of(struct netstat *ns, const char *node, struct kinfo_pcb **list)
{
	size_t n;
	int error = pcblist_get(ns->t, node, list, &n);

	if (error != 0 && error != -ENOENT)
		t_warn(ns->t, error, "sysctl net.%s.pcblist", node);
	return n;
}

static const char *
inet_node(struct netstat *ns, const char *proto)
{
	return t_asprintf(ns->t, "inet%s.%s",
	    proto[strlen(proto) - 1] == '6' ? "6" : "", proto);
}

void
sockets_inet(struct netstat *ns, const char *proto)
{
	struct kinfo_pcb *list;
	size_t n = list_of(ns, inet_node(ns, proto), &list), i;

	for (i = 0; i < n; i++) {
		union any_addr src = address(&list[i].ki_s._kis_src);

		if (ns->aflag || !is_any(&src))
			inet_line(ns, proto, &list[i]);
	}
	t_free(ns->t, list);
}

/* --- local --- */

static void
local_heading(struct netstat *ns)
{
	if (ns->lastaf == AF_LOCAL)
		return;
	ns->lastaf = AF_LOCAL;
	t_printf(ns->t, "Active UNIX domain sockets\n");
	t_printf(ns->t,
	    "%-8.8s %-6.6s %-6.6s %-6.6s %8.8s %8.8s %8.8s %8.8s"
	    " Addr\n",
	    "Address", "Type", "Recv-Q", "Send-Q", "Inode", "Conn", "Refs",
	    "Nextref");
}

static void
local_line(struct netstat *ns, const struct kinfo_pcb *ki)
{
	static const char *const types[] = { "#0", "stream", "dgram", "raw",
		"rdm", "seqpacket" };
	const char *local = pcblist_path(ns->t, &ki->ki_s._kis_src),
		   *peer = pcblist_path(ns->t, &ki->ki_d._kid_dst);

	local_heading(ns);
	t_printf(ns->t,
	    "%8" PRIx64 " %-6.6s %6" PRIu64 " %6" PRIu64 " %8" PRIx64
	    " %8" PRIx64 " %8" PRIx64 " %8" PRIx64,
	    ki->ki_pcbaddr,
	    ki->ki_type < sizeof(types) / sizeof(*types) ? types[ki->ki_type] :
							   "?",
	    ki->ki_rcvq, ki->ki_sndq, ki->ki_vnode, ki->ki_conn, ki->ki_refs,
	    ki->ki_nextref);
	if (*local != '\0' || *peer != '\0')
		t_printf(ns->t, " %s", local);
	if (*peer != '\0')
		t_printf(ns->t, " -> %s", peer);
	t_putc(ns->t, '\n');
}

static const char *const local_nodes[] = { "local.stream", "local.dgram",
	"local.seqpacket", NULL };

void
sockets_local(struct netstat *ns)
{
	const char *const *node;

	for (node = local_nodes; *node != NULL; node++) {
		struct kinfo_pcb *list;
		size_t n = list_of(ns, *node, &list), i;

		for (i = 0; i < n; i++)
			local_line(ns, &list[i]);
		t_free(ns->t, list);
	}
}

/* --- one, by its address --- */

static void
one(struct netstat *ns, const struct kinfo_pcb *ki)
{
	t_printf(ns->t,
	    "PCB %#" PRIx64 ": protocol's own %#" PRIx64 ", socket %#" PRIx64
	    "\n"
	    "\tfamily %u, type %u, protocol %u, flags %#x, state %u\n"
	    "\tsocket's state %#x, receive queue %" PRIu64
	    ", send queue %" PRIu64 "\n",
	    ki->ki_pcbaddr, ki->ki_ppcbaddr, ki->ki_sockaddr,
	    (unsigned)ki->ki_family, (unsigned)ki->ki_type,
	    (unsigned)ki->ki_protocol, (unsigned)ki->ki_pflags,
	    (unsigned)ki->ki_prstate, (unsigned)ki->ki_sostate, ki->ki_rcvq,
	    ki->ki_sndq);
}

int
sockets_one(struct netstat *ns, uint64_t pcb)
{
	static const char *const protos[] = { "tcp", "udp", "tcp6", "udp6",
		NULL };
	struct kinfo_pcb *list;
	size_t i, n, p;

	for (p = 0; protos[p] != NULL; p++) {
		n = list_of(ns, inet_node(ns, protos[p]), &list);
		for (i = 0; i < n; i++)
			if (pcb != 0 &&
			    (list[i].ki_pcbaddr == pcb ||
				list[i].ki_ppcbaddr == pcb)) {
				one(ns, &list[i]);
				inet_line(ns, protos[p], &list[i]);
				return 0;
			}
	}
	for (p = 0; local_nodes[p] != NULL; p++) {
		n = list_of(ns, local_nodes[p], &list);
		for (i = 0; i < n; i++)
			if (pcb != 0 && list[i].ki_pcbaddr == pcb) {
				one(ns, &list[i]);
				local_line(ns, &list[i]);
				return 0;
			}
	}
	t_warnx(ns->t, "%" PRIx64 ": no such protocol control block", pcb);
	return 1;
}
