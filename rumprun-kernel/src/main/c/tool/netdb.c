/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of hosts, networks, services and protocols, by the host's files; a line is fields between blanks, "#" begins a comment. */
#include "host/toolhost.h"
#include "tool/private.h"
#include <rumprun/tool_net.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOSTS, NETWORKS, SERVICES, PROTOCOLS };
#define MAXFILE (1u << 20) /* bytes of a file that are read */
#define MAXFIELDS 32
#define BLANKS " \t\r"

/* The fields of one line; they lie in `buf`. */
struct fields {
	int n;
	char *f[MAXFIELDS];
	char buf[1024];
};

static const char *
table(struct tool *t, int which)
{
	static const char *const paths[] = { "/etc/hosts", "/etc/networks",
		"/etc/services", "/etc/protocols" };
	char **text = &tool_priv(t)->tp_netdb[which];
	int n;

	if (*text == NULL) {
		*text = t_malloc(t, MAXFILE + 1);
		n = toolhost_slurp(paths[which], *text, MAXFILE);
		(*text)[n > 0 ? n : 0] = '\0';
		*text = t_realloc(t, *text, (size_t)(n > 0 ? n : 0) + 1);
	}
	return *text;
}

/* The fields of the line at *pos, which moves to the next; false at the end. */
static bool
next_line(const char **pos, struct fields *l)
{
	size_t len = strcspn(*pos, "\n"), n;
	char *s;

	if (**pos == '\0')
		return false;
	n = len < sizeof(l->buf) ? len : sizeof(l->buf) - 1;
	memcpy(l->buf, *pos, n);
	l->buf[n] = '\0';
	l->buf[strcspn(l->buf, "#")] = '\0';
	*pos += len + ((*pos)[len] == '\n');
	l->n = 0;
	for (s = l->buf + strspn(l->buf, BLANKS); *s != '\0';
	     s += strspn(s, BLANKS)) {
		if (l->n == MAXFIELDS)
			break;
		l->f[l->n++] = s;
		s += strcspn(s, BLANKS);
		if (*s != '\0')
			*s++ = '\0';
	}
	return true;
}

/* Whether one of the fields, but for the value at that place, is the name. */
static bool
has_name(const struct fields *l, const char *name, int value, bool fold)
{
	const char *a, *b;
	int i;

	for (i = 0; i < l->n; i++) {
		if (i == value)
			continue;
		a = l->f[i];
		b = name;
		if (!fold) {
			if (strcmp(a, b) == 0)
				return true;
			continue;
		}
		while (*a != '\0' &&
		    tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
			a++;
			b++;
		}
		if (*a == '\0' && *b == '\0')
			return true;
	}
	return false;
}

static bool
host_address(const char *text, int af, void *addr)
{
	uint32_t v4;

	if (af == AF_INET6)
		return t_inet_pton6(text, addr);
	if (af != AF_INET || !t_inet_pton4(text, &v4))
		return false;
	memcpy(addr, &v4, sizeof(v4));
	return true;
}

bool
t_host_by_name(struct tool *t, const char *name, int af, void *addr)
{
	const char *pos = table(t, HOSTS);
	struct fields l;

	while (next_line(&pos, &l))
		if (l.n >= 2 && has_name(&l, name, 0, true) &&
		    host_address(l.f[0], af, addr))
			return true;
	return false;
}

const char *
t_host_by_addr(struct tool *t, int af, const void *addr)
{
	const char *pos = table(t, HOSTS);
	size_t len = af == AF_INET6 ? 16 : 4;
	struct fields l;
	uint8_t have[16];

	while (next_line(&pos, &l))
		if (l.n >= 2 && host_address(l.f[0], af, have) &&
		    memcmp(have, addr, len) == 0)
			return t_strdup(t, l.f[1]);
	return NULL;
}

/* "10", "10.1" ...: the numbers stand on the left. */
static bool
network(const char *s, uint32_t *net)
{
	int shift = 24;
	char *end;

	*net = 0;
	for (; shift >= 0; shift -= 8) {
		unsigned long v;

		if (!isdigit((unsigned char)*s))
			return false;
		v = strtoul(s, &end, 0);
		if (v > 255)
			return false;
		*net |= (uint32_t)v << shift;
		s = end;
		if (*s == '\0')
			return true;
		if (*s++ != '.')
			return false;
	}
	return false;
}

bool
t_net_by_name(struct tool *t, const char *name, uint32_t *net)
{
	const char *pos = table(t, NETWORKS);
	struct fields l;

	while (next_line(&pos, &l))
		if (l.n >= 2 && has_name(&l, name, 1, false) &&
		    network(l.f[1], net))
			return true;
	return false;
}

const char *
t_net_by_addr(struct tool *t, uint32_t net)
{
	const char *pos = table(t, NETWORKS);
	struct fields l;
	uint32_t have;

	while (next_line(&pos, &l))
		if (l.n >= 2 && network(l.f[1], &have) && have == net)
			return t_strdup(t, l.f[0]);
	return NULL;
}

/* "80/tcp": the number, or -1 when it is another protocol's. */
static int
port_of(const char *field, const char *proto)
{
	char *end;
	unsigned long v = strtoul(field, &end, 10);

	if (end == field || v > UINT16_MAX || *end != '/' ||
	    (proto != NULL && strcmp(end + 1, proto) != 0))
		return -1;
	return (int)v;
}

int
t_serv_by_name(struct tool *t, const char *name, const char *proto)
{
	const char *pos = table(t, SERVICES);
	struct fields l;
	int port;

	while (next_line(&pos, &l))
		if (l.n >= 2 && has_name(&l, name, 1, false) &&
		    (port = port_of(l.f[1], proto)) >= 0)
			return port;
	return -1;
}

const char *
t_serv_by_port(struct tool *t, int port, const char *proto)
{
	const char *pos = table(t, SERVICES);
	struct fields l;

	while (next_line(&pos, &l))
		if (l.n >= 2 && port_of(l.f[1], proto) == port)
			return t_strdup(t, l.f[0]);
	return NULL;
}

static int
proto_of(const char *field)
{
	char *end;
	unsigned long v = strtoul(field, &end, 10);

	return end == field || *end != '\0' || v > 255 ? -1 : (int)v;
}

int
t_proto_by_name(struct tool *t, const char *name)
{
	const char *pos = table(t, PROTOCOLS);
	struct fields l;

	while (next_line(&pos, &l))
		if (l.n >= 2 && has_name(&l, name, 1, false))
			return proto_of(l.f[1]);
	return -1;
}

const char *
t_proto_by_number(struct tool *t, int number)
{
	const char *pos = table(t, PROTOCOLS);
	struct fields l;

	while (next_line(&pos, &l))
		if (l.n >= 2 && proto_of(l.f[1]) == number)
			return t_strdup(t, l.f[0]);
	return NULL;
}
