/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of npf.conf(5): addresses, ports, names, and lists of them, by variables or not. */
#include "npfctl/npfctl.h"
#include <stdio.h>
#include <stdlib.h>

#define UNKNOWN_HOST "hostname nor servname provided, or not known"

struct value *
values_add(struct tool *t, struct values *list, const struct value *from)
{
	struct value *v = t_malloc(t, sizeof(*v));

	*v = *from;
	v->next = NULL;
	if (list->head == NULL)
		list->head = v;
	else
		list->last->next = v;
	list->last = v;
	list->n++;
	return v;
}

static struct value *
add_copy(struct conf *c, struct values *list, const struct value *from)
{
	if (list->n == CONF_MAXVALUES)
		scan_error(&c->sc, "too many values");
	return values_add(c->t, list, from);
}

static struct value *
add(struct conf *c, struct values *list, enum value_type type)
{
	return add_copy(c, list, &(struct value){ .type = type });
}

/* --- addresses --- */

bool
addr_set_mask(struct npf_addr *a, const char *bits)
{
	char *end;
	unsigned long n;

	if (*bits < '0' || *bits > '9')
		return false;
	n = strtoul(bits, &end, 10);
	if (*end != '\0' || n > a->len * 8UL)
		return false;
	a->mask = (uint8_t)n;
	return true;
}

/* A mask as an address: ones, then zeros. */
static bool
dotted_mask(struct npf_addr *a, const char *s)
{
	uint32_t m;
	uint8_t b[4];
	unsigned n;

	if (a->len != 4 || !t_inet_pton4(s, &m))
		return false;
	memcpy(b, &m, 4);
	m = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
	    b[3];
	for (n = 0; n < 32 && (m & 0x80000000U >> n) != 0; n++)
		;
	if (n < 32 && m << n != 0)
		return false;
	a->mask = (uint8_t)n;
	return true;
}

static bool
numeric(const char *s, struct npf_addr *a)
{
	uint32_t v4;

	memset(a, 0, sizeof(*a));
	a->mask = NPF_NO_NETMASK;
	if (t_inet_aton(s, &v4)) {
		a->len = 4;
		memcpy(a->bytes, &v4, 4);
		return true;
	}
	a->len = 16;
	return t_inet_pton6(s, a->bytes);
}

/* An address by number; its zone, as the kernel has it inside of link-local ones, is not part of packets. */
static bool
numeric_zone(struct tool *t, const char *s, struct npf_addr *a)
{
	const char *zone = strchr(s, '%');
	char *copy;

	if (zone == NULL)
		return numeric(s, a);
	copy = t_strdup(t, s);
	copy[zone - s] = '\0';
	return numeric(copy, a) && a->len == 16;
}

static bool
resolve(struct tool *t, const char *name, int af, struct npf_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->mask = NPF_NO_NETMASK;
	a->len = af == AF_INET ? 4 : 16;
	return t_host_by_name(t, name, af, a->bytes);
}

bool
addr_parse(struct tool *t, const char *s, struct npf_addr *a)
{
	char *copy = t_strdup(t, s), *slash = strchr(copy, '/');

	if (slash != NULL)
		*slash = '\0';
	if (!numeric_zone(t, copy, a) && !resolve(t, copy, AF_INET, a) &&
	    !resolve(t, copy, AF_INET6, a))
		return false;
	return slash == NULL || addr_set_mask(a, slash + 1) ||
	    dotted_mask(a, slash + 1);
}

void
addr_text(const struct npf_addr *a, char out[64])
{
	uint32_t v4;

	if (a->len == 4) {
		memcpy(&v4, a->bytes, 4);
		t_inet_ntop4(v4, out);
	} else
		t_inet_ntop6(a->bytes, out);
	if (a->mask != NPF_NO_NETMASK)
		snprintf(out + strlen(out), 64 - strlen(out), "/%u", a->mask);
}

/* --- interfaces --- */

const struct if_entry *
conf_interfaces(struct conf *c)
{
	if (!c->ifs_known && iflist_get(c->t, &c->ifs) != 0)
		c->ifs = NULL;
	c->ifs_known = true;
	return c->ifs;
}

static const struct if_entry *
find_interface(struct conf *c, const char *name)
{
	const struct if_entry *e;

	for (e = conf_interfaces(c); e != NULL; e = e->next)
		if (strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

/* Every address of an interface, of one family or (0) both. */
static void
interface_addresses(
    struct conf *c, struct values *out, const struct if_entry *e, int af)
{
	const struct ifa_entry *i;
	struct value *v;

	for (i = e->addrs; i != NULL; i = i->next) {
		int family = i->addr.sa.sa_family;

		if ((family != AF_INET && family != AF_INET6) ||
		    (af != 0 && af != family))
			continue;
		v = add(c, out, V_ADDR);
		v->str = e->name;
		v->addr.mask = NPF_NO_NETMASK;
		v->addr.len = family == AF_INET ? 4 : 16;
		if (family == AF_INET)
			memcpy(v->addr.bytes, &i->addr.in.sin_addr, 4);
		else
			memcpy(v->addr.bytes, &i->addr.in6.sin6_addr, 16);
	}
}

static void
warn_interface(struct conf *c, const char *name)
{
	if (find_interface(c, name) == NULL)
		t_warnx(c->t, "warning - unknown interface '%s'", name);
}

/* Name of an interface, in a list or where one stands for itself. */
static const char *
interface_of(struct conf *c, const struct value *v)
{
	const char *name = v->str;

	if (v->type == V_ADDR && name == NULL)
		scan_error(&c->sc, "not an interface");
	if (v->type != V_ADDR && v->type != V_WORD && v->type != V_STRING)
		scan_error(&c->sc, "not an interface");
	if (strlen(name) >= IFNAMSIZ || name[0] == '\0')
		scan_error(&c->sc, "invalid interface name '%s'", name);
	return name;
}

const char *
value_interface(struct conf *c)
{
	struct values list = { 0 };
	const struct value *v;
	const char *name = NULL;

	if (scan_peek(&c->sc) != T_VAR && scan_peek(&c->sc) != T_WORD &&
	    scan_peek(&c->sc) != T_STRING)
		scan_syntax_error(&c->sc);
	value_one(c, &list);
	for (v = list.head; v != NULL; v = v->next) {
		const char *s = interface_of(c, v);

		if (name != NULL && strcmp(name, s) != 0)
			scan_error(
			    &c->sc, "multiple interfaces are not supported");
		name = s;
	}
	if (name == NULL)
		scan_error(&c->sc, "no interface");
	warn_interface(c, name);
	return name;
}

/* inet4(if), inet6(if), ifaddrs(if) */
static void
extraction(struct conf *c, struct values *out, const char *word)
{
	int af = strcmp(word, "inet4") == 0 ? AF_INET :
	    strcmp(word, "inet6") == 0	    ? AF_INET6 :
					      0;
	const struct if_entry *e;
	const char *name;
	unsigned before = out->n;

	scan_need_char(&c->sc, '(');
	name = value_interface(c);
	scan_need_char(&c->sc, ')');
	e = find_interface(c, name);
	if (e != NULL)
		interface_addresses(c, out, e, af);
	if (out->n == before)
		scan_error(&c->sc, "no addresses on interface '%s'", name);
}

/* --- reading --- */

const struct variable *
value_variable(struct conf *c)
{
	const struct variable *v;

	scan_next(&c->sc);
	for (v = c->vars; v != NULL; v = v->next)
		if (strcmp(v->name, c->sc.str) == 0)
			return v;
	scan_error(&c->sc, "undefined variable '%s'", c->sc.str);
}

static void
read_address(struct conf *c, struct values *out)
{
	struct value *v = add(c, out, V_ADDR);
	const char *text;

	scan_next(&c->sc);
	text = c->sc.str;
	/* A mask may follow: the message is where that was seen. */
	scan_peek(&c->sc);
	if (!numeric_zone(c->t, text, &v->addr))
		scan_error(&c->sc, "cannot parse '%s' (%s)", text, UNKNOWN_HOST);
	if (!scan_take_char(&c->sc, '/'))
		return;
	if (scan_peek(&c->sc) != T_NUMBER && scan_peek(&c->sc) != T_ADDR4)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	if (!addr_set_mask(&v->addr, c->sc.str) &&
	    !dotted_mask(&v->addr, c->sc.str))
		scan_error(&c->sc, "invalid netmask '%s'", c->sc.str);
}

static uint32_t
number(struct conf *c)
{
	uint64_t n = 0;
	const char *s = c->sc.str;

	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > UINT32_MAX)
			scan_error(
			    &c->sc, "number '%s' is too large", c->sc.str);
	}
	return (uint32_t)n;
}

static void
read_number(struct conf *c, struct values *out)
{
	struct value *v = add(c, out, V_NUMBER);

	scan_next(&c->sc);
	v->from = v->to = number(c);
	v->str = c->sc.str;
	if (!scan_take_char(&c->sc, '-'))
		return;
	if (scan_peek(&c->sc) != T_NUMBER)
		scan_syntax_error(&c->sc);
	scan_next(&c->sc);
	v->type = V_RANGE;
	v->to = number(c);
}

void
value_one(struct conf *c, struct values *out)
{
	struct scanner *sc = &c->sc;
	const struct value *v;
	struct value *new;
	const char *word;

	switch (scan_peek(sc)) {
	case T_VAR:
		for (v = value_variable(c)->values.head; v != NULL; v = v->next)
			add_copy(c, out, v);
		return;
	case T_ADDR4:
	case T_ADDR6:
		read_address(c, out);
		return;
	case T_NUMBER:
		read_number(c, out);
		return;
	case T_TABLE:
		scan_next(sc);
		new = add(c, out, V_TABLE);
		new->str = sc->str;
		new->from = build_find_table(c, sc->str)->id;
		return;
	case T_STRING:
		scan_next(sc);
		add(c, out, V_STRING)->str = sc->str;
		return;
	case T_WORD:
		scan_next(sc);
		word = sc->str;
		if ((strcmp(word, "inet4") == 0 || strcmp(word, "inet6") == 0 ||
			strcmp(word, "ifaddrs") == 0 ||
			strcmp(word, "ifnet") == 0) &&
		    scan_is_char(sc, '('))
			extraction(c, out, word);
		else
			add(c, out, V_WORD)->str = word;
		return;
	default:
		scan_syntax_error(sc);
	}
}

static void
skip_newlines(struct scanner *sc)
{
	while (scan_peek(sc) == T_NEWLINE)
		scan_next(sc);
}

void
value_list(struct conf *c, struct values *out)
{
	if (!scan_take_char(&c->sc, '{')) {
		value_one(c, out);
		return;
	}
	do {
		skip_newlines(&c->sc);
		value_one(c, out);
		skip_newlines(&c->sc);
	} while (scan_take_char(&c->sc, ','));
	scan_need_char(&c->sc, '}');
}

/* --- meaning --- */

static void
name_addresses(struct conf *c, struct values *out, const struct value *v)
{
	const struct if_entry *e = find_interface(c, v->str);
	struct npf_addr a[2];
	bool has[2];
	int i;

	if (e != NULL) {
		interface_addresses(c, out, e, 0);
		return;
	}
	has[0] = resolve(c->t, v->str, AF_INET, &a[0]);
	has[1] = resolve(c->t, v->str, AF_INET6, &a[1]);
	if (!has[0] && !has[1])
		scan_error(
		    &c->sc, "cannot parse '%s' (%s)", v->str, UNKNOWN_HOST);
	for (i = 0; i < 2; i++)
		if (has[i]) {
			struct value *new = add(c, out, V_ADDR);

			new->addr = a[i];
			/* As an interface's: those of the family that counts. */
			new->str = v->str;
		}
}

void
value_addresses(struct conf *c, struct values *list)
{
	struct values out = { 0 };
	const struct value *v;

	for (v = list->head; v != NULL; v = v->next) {
		if (v->type == V_ADDR || v->type == V_TABLE)
			add_copy(c, &out, v);
		else if (v->type == V_WORD || v->type == V_STRING) {
			struct npf_addr a;

			if (addr_parse(c->t, v->str, &a))
				add(c, &out, V_ADDR)->addr = a;
			else
				name_addresses(c, &out, v);
		} else
			scan_error(&c->sc, "a number is not an address");
	}
	*list = out;
}

static int
port_by_name(struct conf *c, const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	if (name[0] >= '0' && name[0] <= '9' && *end == '\0')
		return (int)(n & 0xffff);
	return t_serv_by_name(c->t, name, NULL);
}

/* A service, or two of them with a hyphen between. */
static void
named_ports(struct conf *c, struct value *v)
{
	int from = port_by_name(c, v->str), to = from;
	const char *dash = v->str;

	while (from < 0 && (dash = strchr(dash, '-')) != NULL) {
		char *first = t_strdup(c->t, v->str);

		first[dash - v->str] = '\0';
		from = port_by_name(c, first);
		to = port_by_name(c, ++dash);
		if (from < 0 || to < 0)
			from = to = -1;
	}
	if (from < 0)
		scan_error(&c->sc, "unknown service '%s'", v->str);
	v->type = from == to ? V_NUMBER : V_RANGE;
	v->from = (uint32_t)from;
	v->to = (uint32_t)to;
}

void
value_ports(struct conf *c, struct values *list)
{
	struct value *v;

	for (v = list->head; v != NULL; v = v->next) {
		if (v->type == V_WORD || v->type == V_STRING)
			named_ports(c, v);
		else if (v->type != V_NUMBER && v->type != V_RANGE)
			scan_error(&c->sc, "an address is not a port");
		/* Ports have 16 bits, whatever is written. */
		v->from &= 0xffff;
		v->to &= 0xffff;
		if (v->from > v->to)
			scan_error(&c->sc, "invalid port range '%u-%u'",
			    v->from, v->to);
	}
}
