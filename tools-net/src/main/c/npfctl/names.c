/* SPDX-License-Identifier: BSD-2-Clause */
/* Protocols, and types and codes of ICMP, by name: those of icmp(4) and icmp6(4). */
#include "npfctl/npfctl.h"
#include <netbsd/ip.h>
#include <netbsd/ip6.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	int proto;
} protos[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP }, { "ipv6-icmp", IPPROTO_ICMPV6 } };

#define NPROTOS (sizeof(protos) / sizeof(protos[0]))

static int
small_number(const char *s)
{
	char *end;
	unsigned long n;

	if (*s < '0' || *s > '9')
		return -1;
	n = strtoul(s, &end, 10);
	return *end == '\0' && n <= 255 ? (int)n : -1;
}

int
proto_by_name(struct tool *t, const char *name)
{
	int n = small_number(name);
	size_t i;

	if (n >= 0)
		return n;
	for (i = 0; i < NPROTOS; i++)
		if (strcmp(name, protos[i].name) == 0)
			return protos[i].proto;
	if (strcmp(name, "icmp6") == 0)
		return IPPROTO_ICMPV6;
	n = t_proto_by_name(t, name);
	return n <= 255 ? n : -1;
}

const char *
proto_name(struct tool *t, int proto, char number[16])
{
	const char *name;
	size_t i;

	for (i = 0; i < NPROTOS; i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	name = t_proto_by_number(t, proto);
	if (name != NULL)
		return name;
	snprintf(number, 16, "%d", proto);
	return number;
}

struct icmp_name {
	const char *name;
	int type, code; /* code -1: of the type itself */
};

static const struct icmp_name icmp4[] = {
	{ "echorep", ICMP_ECHOREPLY, -1 },
	{ "unreach", ICMP_UNREACH, -1 },
	{ "net-unr", ICMP_UNREACH, 0 },
	{ "host-unr", ICMP_UNREACH, 1 },
	{ "proto-unr", ICMP_UNREACH, 2 },
	{ "port-unr", ICMP_UNREACH, 3 },
	{ "needfrag", ICMP_UNREACH, 4 },
	{ "srcfail", ICMP_UNREACH, 5 },
	{ "net-unk", ICMP_UNREACH, 6 },
	{ "host-unk", ICMP_UNREACH, 7 },
	{ "isolate", ICMP_UNREACH, 8 },
	{ "net-prohib", ICMP_UNREACH, 9 },
	{ "host-prohib", ICMP_UNREACH, 10 },
	{ "net-tos", ICMP_UNREACH, 11 },
	{ "host-tos", ICMP_UNREACH, 12 },
	{ "filter-prohib", ICMP_UNREACH, 13 },
	{ "host-preced", ICMP_UNREACH, 14 },
	{ "cutoff-preced", ICMP_UNREACH, 15 },
	{ "squench", ICMP_SOURCEQUENCH, -1 },
	{ "redir", ICMP_REDIRECT, -1 },
	{ "redir-net", ICMP_REDIRECT, 0 },
	{ "redir-host", ICMP_REDIRECT, 1 },
	{ "redir-tos-net", ICMP_REDIRECT, 2 },
	{ "redir-tos-host", ICMP_REDIRECT, 3 },
	{ "althost", ICMP_ALTHOSTADDR, -1 },
	{ "echo", ICMP_ECHO, -1 },
	{ "echoreq", ICMP_ECHO, -1 },
	{ "routeradv", ICMP_ROUTERADVERT, -1 },
	{ "normal-adv", ICMP_ROUTERADVERT, 0 },
	{ "common-adv", ICMP_ROUTERADVERT, 16 },
	{ "routersol", ICMP_ROUTERSOLICIT, -1 },
	{ "timex", ICMP_TIMXCEED, -1 },
	{ "transit", ICMP_TIMXCEED, 0 },
	{ "reassemb", ICMP_TIMXCEED, 1 },
	{ "paramprob", ICMP_PARAMPROB, -1 },
	{ "badhead", ICMP_PARAMPROB, 0 },
	{ "optmiss", ICMP_PARAMPROB, 1 },
	{ "badlen", ICMP_PARAMPROB, 2 },
	{ "timereq", ICMP_TSTAMP, -1 },
	{ "timerep", ICMP_TSTAMPREPLY, -1 },
	{ "inforeq", ICMP_IREQ, -1 },
	{ "inforep", ICMP_IREQREPLY, -1 },
	{ "maskreq", ICMP_MASKREQ, -1 },
	{ "maskrep", ICMP_MASKREPLY, -1 },
	{ "trace", ICMP_TRACEROUTE, -1 },
	{ "dataconv", ICMP_DATACONVERR, -1 },
	{ "mobredir", ICMP_MOBILE_REDIRECT, -1 },
	{ "ipv6-where", ICMP_IPV6_WHEREAREYOU, -1 },
	{ "ipv6-here", ICMP_IPV6_IAMHERE, -1 },
	{ "mobregreq", ICMP_MOBILE_REGREQUEST, -1 },
	{ "mobregrep", ICMP_MOBILE_REGREPLY, -1 },
	{ "skip", ICMP_SKIP, -1 },
	{ "photuris", ICMP_PHOTURIS, -1 },
	{ "unknown-ind", ICMP_PHOTURIS, 1 },
	{ "auth-fail", ICMP_PHOTURIS, 2 },
	{ "decrypt-fail", ICMP_PHOTURIS, 3 },
	{ NULL, 0, 0 },
};

static const struct icmp_name icmp6[] = {
	{ "unreach", 1, -1 },
	{ "noroute-unr", 1, 0 },
	{ "admin-unr", 1, 1 },
	{ "beyond-unr", 1, 2 },
	{ "addr-unr", 1, 3 },
	{ "port-unr", 1, 4 },
	{ "toobig", 2, -1 },
	{ "timex", 3, -1 },
	{ "transit", 3, 0 },
	{ "reassemb", 3, 1 },
	{ "paramprob", 4, -1 },
	{ "badhead", 4, 0 },
	{ "nxthdr", 4, 1 },
	{ "option", 4, 2 },
	{ "echo", 128, -1 },
	{ "echoreq", 128, -1 },
	{ "echorep", 129, -1 },
	{ "groupqry", 130, -1 },
	{ "listqry", 130, -1 },
	{ "grouprep", 131, -1 },
	{ "listenrep", 131, -1 },
	{ "groupterm", 132, -1 },
	{ "listendone", 132, -1 },
	{ "routersol", 133, -1 },
	{ "routeradv", 134, -1 },
	{ "neighbrsol", 135, -1 },
	{ "neighbradv", 136, -1 },
	{ "redir", 137, -1 },
	{ "routrrenum", 138, -1 },
	{ "wrureq", 139, -1 },
	{ "fqdnreq", 139, -1 },
	{ "niqry", 139, -1 },
	{ "wrurep", 140, -1 },
	{ "fqdnrep", 140, -1 },
	{ "nirep", 140, -1 },
	{ "mtraceresp", 200, -1 },
	{ "mtrace", 201, -1 },
	{ NULL, 0, 0 },
};

int
icmp_type_by_name(bool v6, const char *name)
{
	const struct icmp_name *i;

	for (i = v6 ? icmp6 : icmp4; i->name != NULL; i++)
		if (i->code < 0 && strcmp(i->name, name) == 0)
			return i->type;
	return small_number(name);
}

int
icmp_code_by_name(bool v6, int type, const char *name)
{
	const struct icmp_name *i;

	for (i = v6 ? icmp6 : icmp4; i->name != NULL; i++)
		if (i->code >= 0 && i->type == type &&
		    strcmp(i->name, name) == 0)
			return i->code;
	return small_number(name);
}
