/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockstat: which process has which socket open. The list of open files (kern.file2) and the lists of sockets (net.*.pcblist) are
 * joined by the sockets' addresses; options and columns are those of the manual page sockstat(1).
 */
#include "iflist.h"
#include "pcblist.h"
#include <limits.h>
#include <netbsd/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#define FTYPE_SOCKET 2 /* ki_ftype */

struct sockstat {
	struct tool *t;
	bool v4, v6, local, connected, listening, numeric;
	uint8_t *ports; /* a bit for each wanted; NULL: all */
	struct if_entry *ifs;
	struct kinfo_proc2 *procs;
	size_t nprocs;
	struct kinfo_file *files;
	size_t nfiles;
	/* of every protocol, with its name in protos[i] */
	struct kinfo_pcb *pcbs;
	const char **protos;
	size_t npcbs;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "usage: %s [-46clnu] [-f address_family] [-p ports]\n",
	    t->t_progname);
	t_exit(t, 1);
}

static unsigned
port_number(struct tool *t, const char *s, size_t len)
{
	char *end, text[8];
	unsigned long v = 0;

	if (len > 0 && len < sizeof(text)) {
		memcpy(text, s, len);
		text[len] = '\0';
		v = strtoul(text, &end, 10);
		if (text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
		    v <= 65535)
			return (unsigned)v;
	}
	t_errx(t, 1, "bad port number: '%.*s'", (int)len, s);
}

/* "22,80-90" */
static void
add_ports(struct sockstat *ss, const char *list)
{
	if (ss->ports == NULL)
		ss->ports = t_calloc(ss->t, 65536 / 8, 1);
	for (;;) {
		size_t len = strcspn(list, ","), first = strcspn(list, "-");
		unsigned from, to;

		if (first >= len)
			from = to = port_number(ss->t, list, len);
		else {
			from = port_number(ss->t, list, first);
			to = port_number(
			    ss->t, list + first + 1, len - first - 1);
		}
		if (to < from)
			t_errx(
			    ss->t, 1, "bad port range: '%.*s'", (int)len, list);
		for (; from <= to; from++)
			ss->ports[from / 8] |= (uint8_t)(1 << from % 8);
		if (list[len] == '\0')
			return;
		list += len + 1;
	}
}

static void
family(struct sockstat *ss, const char *name)
{
	if (strcmp(name, "inet") == 0)
		ss->v4 = true;
	else if (strcmp(name, "inet6") == 0)
		ss->v6 = true;
	else if (strcmp(name, "local") == 0 || strcmp(name, "unix") == 0)
		ss->local = true;
	else
		t_errx(ss->t, 1, "%s: unsupported address family", name);
}

/* --- what the kernel has --- */

static void
get(struct sockstat *ss, const int *mib, unsigned n, size_t each,
    const char *what, void *out, size_t *count)
{
	void *buf;
	size_t len;
	int error = sysctl_whole(ss->t, mib, n, &buf, &len);

	if (error != 0)
		t_fail(ss->t, 1, error, "sysctl: %s", what);
	memcpy(out, &buf, sizeof(buf));
	*count = len / each;
}

static void
add_pcbs(struct sockstat *ss, const char *node, const char *proto)
{
	struct kinfo_pcb *list;
	size_t n, i;
	int error = pcblist_get(ss->t, node, &list, &n);

	if (error != 0 && error != -ENOENT)
		t_fail(ss->t, 1, error, "sysctl: net.%s.pcblist", node);
	if (n == 0)
		return;
	ss->pcbs = t_realloc(
	    ss->t, ss->pcbs, (ss->npcbs + n) * sizeof(*ss->pcbs));
	ss->protos = t_realloc(
	    ss->t, ss->protos, (ss->npcbs + n) * sizeof(*ss->protos));
	memcpy(ss->pcbs + ss->npcbs, list, n * sizeof(*list));
	for (i = 0; i < n; i++)
		ss->protos[ss->npcbs++] = proto;
	t_free(ss->t, list);
}

static void
collect(struct sockstat *ss)
{
	static const struct {
		const char *node, *proto;
		int af;
	} lists[] = { { "inet.tcp", "tcp", AF_INET },
		{ "inet.udp", "udp", AF_INET }, { "inet.raw", "raw", AF_INET },
		{ "inet6.tcp6", "tcp6", AF_INET6 },
		{ "inet6.udp6", "udp6", AF_INET6 },
		{ "inet6.raw6", "raw6", AF_INET6 },
		{ "local.stream", "stream", AF_LOCAL },
		{ "local.dgram", "dgram", AF_LOCAL },
		{ "local.seqpacket", "seqpac", AF_LOCAL } };
	const int files[] = { CTL_KERN, KERN_FILE2, KERN_FILE_BYPID, -1,
		(int)sizeof(struct kinfo_file), INT_MAX };
	const int procs[] = { CTL_KERN, KERN_PROC2, KERN_PROC_ALL, 0,
		(int)sizeof(struct kinfo_proc2), INT_MAX };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (lists[i].af == AF_INET	? ss->v4 :
			lists[i].af == AF_INET6 ? ss->v6 :
						  ss->local)
			add_pcbs(ss, lists[i].node, lists[i].proto);
	get(ss, files, 6, sizeof(struct kinfo_file), "kern.file2", &ss->files,
	    &ss->nfiles);
	get(ss, procs, 6, sizeof(struct kinfo_proc2), "kern.proc2", &ss->procs,
	    &ss->nprocs);
	if (iflist_get(ss->t, &ss->ifs) != 0)
		ss->ifs = NULL;
}

/* --- a line --- */

static const char *
address_text(struct sockstat *ss, const struct sockaddr *sa, const char *proto)
{
	static const uint8_t zeros[16];
	union any_addr a;
	const char *host = NULL;
	char text[80];

	memset(&a, 0, sizeof(a));
	if (sa->sa_family == AF_INET6) {
		memcpy(&a.in6, sa, sizeof(a.in6));
		in6_zone_out(&a.in6);
		if (memcmp(&a.in6.sin6_addr, zeros, 16) == 0)
			host = "*";
		else if (!ss->numeric)
			host = t_host_by_addr(ss->t, AF_INET6, &a.in6.sin6_addr);
		if (host == NULL)
			host = in6_text(&a.in6, ss->ifs, text);
	} else {
		memcpy(&a.in, sa, sizeof(a.in));
		if (a.in.sin_addr.s_addr == 0)
			host = "*";
		else if (!ss->numeric)
			host = t_host_by_addr(ss->t, AF_INET, &a.in.sin_addr);
		if (host == NULL)
			host = t_inet_ntop4(a.in.sin_addr.s_addr, text);
	}
	return t_asprintf(ss->t, "%s.%s", host,
	    port_text(ss->t, pcblist_port(sa),
		ss->numeric	    ? NULL :
		    proto[0] == 't' ? "tcp" :
				      "udp"));
}

static bool
port_wanted(const struct sockstat *ss, const struct sockaddr *sa)
{
	unsigned port = pcblist_port(sa);

	return (ss->ports[port / 8] >> port % 8 & 1) != 0;
}

static bool
wanted(const struct sockstat *ss, const struct kinfo_pcb *ki)
{
	bool local = ki->ki_s._kis_src.sa_family == AF_LOCAL, connected,
	     listening;

	/* Nothing tells of listening but a connection's state: of others it is those that have a name and no peer. */
	if (local) {
		connected = ki->ki_conn != 0;
		listening = !connected && ki->ki_type != SOCK_DGRAM &&
		    *pcblist_path(ss->t, &ki->ki_s._kis_src) != '\0';
	} else {
		connected = pcblist_port(&ki->ki_d._kid_dst) != 0;
		listening = ki->ki_type == SOCK_STREAM ?
		    ki->ki_tstate == TCPS_LISTEN :
		    !connected && pcblist_port(&ki->ki_s._kis_src) != 0;
	}
	if ((ss->connected || ss->listening) && !(ss->connected && connected) &&
	    !(ss->listening && listening))
		return false;
	return ss->ports == NULL ||
	    (!local &&
		(port_wanted(ss, &ki->ki_s._kis_src) ||
		    port_wanted(ss, &ki->ki_d._kid_dst)));
}

/* The bound path of the peer of a local socket. */
static const char *
peer_path(struct sockstat *ss, const struct kinfo_pcb *ki)
{
	const char *path = pcblist_path(ss->t, &ki->ki_d._kid_dst);
	size_t i;

	for (i = 0; *path == '\0' && ki->ki_conn != 0 && i < ss->npcbs; i++)
		if (ss->pcbs[i].ki_pcbaddr == ki->ki_conn)
			path = pcblist_path(ss->t, &ss->pcbs[i].ki_s._kis_src);
	return *path != '\0' ? path : "-";
}

static void
line(struct sockstat *ss, const struct kinfo_proc2 *proc, int fd, size_t which)
{
	const struct kinfo_pcb *ki = &ss->pcbs[which];
	const char *proto = ss->protos[which], *user, *local, *peer;

	user = t_user_from_uid(ss->t, proc->p_uid);
	if (user == NULL && proc->p_uid == 0)
		user = "root";
	if (user == NULL)
		user = t_asprintf(ss->t, "%u", (unsigned)proc->p_uid);
	if (ki->ki_s._kis_src.sa_family == AF_LOCAL) {
		local = pcblist_path(ss->t, &ki->ki_s._kis_src);
		local = *local != '\0' ? local : "-";
		peer = peer_path(ss, ki);
	} else {
		local = address_text(ss, &ki->ki_s._kis_src, proto);
		peer = address_text(ss, &ki->ki_d._kid_dst, proto);
	}
	t_printf(ss->t, "%-8.8s %-10.10s %-5d %-2d %-6s %-21s %s\n", user,
	    proc->p_comm, (int)proc->p_pid, fd, proto, local, peer);
}

static void
process(struct sockstat *ss, const struct kinfo_proc2 *proc)
{
	size_t i, j;

	for (i = 0; i < ss->nfiles; i++) {
		const struct kinfo_file *f = &ss->files[i];

		if (f->ki_pid != (uint32_t)proc->p_pid ||
		    f->ki_ftype != FTYPE_SOCKET || f->ki_fdata == 0)
			continue;
		for (j = 0; j < ss->npcbs; j++)
			if (ss->pcbs[j].ki_sockaddr == f->ki_fdata)
				break;
		if (j < ss->npcbs && wanted(ss, &ss->pcbs[j]))
			line(ss, proc, f->ki_fd, j);
	}
}

int
sockstat_main(struct tool *t, int argc, char **argv)
{
	struct sockstat ss = { .t = t };
	size_t i;
	int c;

	while ((c = t_getopt(t, argc, argv, "46cf:lnp:u")) != -1)
		switch (c) {
		case '4':
			ss.v4 = true;
			break;
		case '6':
			ss.v6 = true;
			break;
		case 'c':
			ss.connected = true;
			break;
		case 'f':
			family(&ss, t->t_opt.optarg);
			break;
		case 'l':
			ss.listening = true;
			break;
		case 'n':
			ss.numeric = true;
			break;
		case 'p':
			add_ports(&ss, t->t_opt.optarg);
			break;
		case 'u':
			ss.local = true;
			break;
		default:
			usage(t);
		}
	if (t->t_opt.optind != argc)
		usage(t);
	if (!ss.v4 && !ss.v6 && !ss.local)
		ss.v4 = ss.v6 = ss.local = true;
	collect(&ss);
	t_printf(t, "%-8.8s %-10.10s %-5s %-2s %-6s %-21s %s\n", "USER",
	    "COMMAND", "PID", "FD", "PROTO", "LOCAL ADDRESS", "FOREIGN ADDRESS");
	for (i = 0; i < ss.nprocs; i++) {
		ss.procs[i].p_comm[sizeof(ss.procs[i].p_comm) - 1] = '\0';
		process(&ss, &ss.procs[i]);
	}
	return 0;
}
