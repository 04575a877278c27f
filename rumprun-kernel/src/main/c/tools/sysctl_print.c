/* SPDX-License-Identifier: BSD-2-Clause */
/* How sysctl shows values. */
#include <netbsd/resource.h>
#include <stdio.h>
#include "tools/sysctl.h"

/* --- structures that have a text of their own --- */

static char *
clockrate(struct tool *t, const void *buf)
{
	struct clockinfo c;

	memcpy(&c, buf, sizeof(c));
	return t_asprintf(t,
	    "tick = %d, tickadj = %d, hz = %d, profhz = %d, "
	    "stathz = %d",
	    c.tick, c.tickadj, c.hz, c.profhz, c.stathz);
}

static char *
boottime(struct tool *t, const void *buf)
{
	struct timeval tv;
	char text[32];

	memcpy(&tv, buf, sizeof(tv));
	return t_strdup(t, t_ctime(t, tv.tv_sec, text));
}

static char *
loadavg(struct tool *t, const void *buf)
{
	struct loadavg l;
	double scale;

	memcpy(&l, buf, sizeof(l));
	scale = l.fscale != 0 ? (double)l.fscale : 1;
	return t_asprintf(t, "%.2f %.2f %.2f", l.ldavg[0] / scale,
	    l.ldavg[1] / scale, l.ldavg[2] / scale);
}

/* User, nice, system, interrupt and idle time. */
static char *
cp_time(struct tool *t, const void *buf)
{
	uint64_t v[5];

	memcpy(v, buf, sizeof(v));
	return t_asprintf(t,
	    "user = %ju, nice = %ju, sys = %ju, intr = %ju, "
	    "idle = %ju",
	    (uintmax_t)v[0], (uintmax_t)v[1], (uintmax_t)v[2], (uintmax_t)v[3],
	    (uintmax_t)v[4]);
}

/* The ports of a bit map, by comma. */
static char *
ports(struct tool *t, const void *buf)
{
	const uint32_t *bits = buf;
	char *text = t_strdup(t, "");

	for (unsigned port = 0; port < SYSCTL_PORTS; port++)
		if ((bits[port / 32] >> port % 32 & 1) != 0)
			text = t_asprintf(
			    t, "%s%s%u", text, *text != '\0' ? "," : "", port);
	return text;
}

struct special {
	const char *name;
	size_t size;
	char *(*fn)(struct tool *, const void *);
};

static const struct special specials[] = {
	{ "kern.clockrate", sizeof(struct clockinfo), clockrate },
	{ "kern.boottime", sizeof(struct timeval), boottime },
	{ "kern.cp_time", 5 * sizeof(uint64_t), cp_time },
	{ "vm.loadavg", sizeof(struct loadavg), loadavg },
	{ "net.inet.ip.anonportalgo.reserve", SYSCTL_PORTS / 8, ports },
	{ "net.inet6.ip6.anonportalgo.reserve", SYSCTL_PORTS / 8, ports },
};

static char *
special(struct tool *t, const struct sysctl_at *at, const void *buf, size_t len)
{
	char *text;

	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		if (strcmp(specials[i].name, at->sa_name) != 0 ||
		    len != specials[i].size)
			continue;
		text = specials[i].fn(t, buf);
		text[strcspn(text, "\n")] = '\0';
		return text;
	}
	return NULL;
}

/* --- plain types --- */

static char *
int_text(struct sysctl *sc, const struct sysctl_at *at, int v)
{
	unsigned flags = at->sa_node.sysctl_flags;

	if (sc->sc_hex != 0 || (flags & CTLFLAG_HEX) != 0)
		return t_asprintf(
		    sc->sc_t, "0x%0*x", sc->sc_hex != 0 ? 8 : 1, (unsigned)v);
	if ((flags & CTLFLAG_UNSIGNED) != 0)
		return t_asprintf(sc->sc_t, "%u", (unsigned)v);
	return t_asprintf(sc->sc_t, "%d", v);
}

static char *
quad_text(struct sysctl *sc, const struct sysctl_at *at, int64_t v)
{
	unsigned flags = at->sa_node.sysctl_flags;

	if (sc->sc_hex != 0 || (flags & CTLFLAG_HEX) != 0)
		return t_asprintf(sc->sc_t, "0x%0*jx", sc->sc_hex != 0 ? 16 : 1,
		    (uintmax_t)v);
	if (at->sa_mib[0] == CTL_PROC && strstr(at->sa_name, ".rlimit.") &&
	    v == (int64_t)RLIM_INFINITY)
		return t_strdup(sc->sc_t, "unlimited");
	if ((flags & CTLFLAG_UNSIGNED) != 0)
		return t_asprintf(sc->sc_t, "%ju", (uintmax_t)v);
	return t_asprintf(sc->sc_t, "%jd", (intmax_t)v);
}

char *
sysctl_text(
    struct sysctl *sc, const struct sysctl_at *at, const void *buf, size_t len)
{
	struct tool *t = sc->sc_t;
	char *text = special(t, at, buf, len);
	int64_t q;
	int i;

	if (text != NULL)
		return text;
	switch (NODE_TYPE(&at->sa_node)) {
	case CTLTYPE_INT:
		if (len != sizeof(i))
			return NULL;
		memcpy(&i, buf, sizeof(i));
		return int_text(sc, at, i);
	case CTLTYPE_BOOL:
		if (len != 1)
			return NULL;
		return int_text(sc, at, *(const uint8_t *)buf != 0);
	case CTLTYPE_QUAD:
		if (len != sizeof(q))
			return NULL;
		memcpy(&q, buf, sizeof(q));
		return quad_text(sc, at, q);
	case CTLTYPE_STRING:
		return t_asprintf(t, "%.*s", (int)len, (const char *)buf);
	default:
		return NULL;
	}
}

/* As hexdump -C has it, more or less. */
static void
dump(struct tool *t, const uint8_t *p, size_t len)
{
	char line[80];
	size_t n, used;

	t_puts(t, "\n");
	for (size_t off = 0; off < len; off += n) {
		n = len - off < 16 ? len - off : 16;
		used = (size_t)snprintf(line, sizeof(line), "%07zx ", off);
		for (size_t i = 0; i < 16; i++)
			used += (size_t)snprintf(line + used,
			    sizeof(line) - used, i < n ? "%s %02x" : "%s   ",
			    i == 8 ? " " : "", i < n ? p[off + i] : 0);
		t_printf(t, "%s | ", line);
		for (size_t i = 0; i < 16; i++)
			t_putc(t,
			    i >= n ? ' ' :
				p[off + i] >= 0x20 && p[off + i] < 0x7f ?
				     p[off + i] :
				     '.');
		t_puts(t, " |\n");
	}
	t_printf(t, "%07zu bytes\n", len);
}

void
sysctl_value(
    struct sysctl *sc, const struct sysctl_at *at, const void *buf, size_t len)
{
	struct tool *t = sc->sc_t;
	char *text;

	if (sc->sc_raw) {
		t_out_write(t->t_out, buf, len);
		return;
	}
	text = sysctl_text(sc, at, buf, len);
	if (text == NULL && sc->sc_hex == 0) {
		/* A table: a tool of its own shows it. Only who asks for all is told. */
		if (sc->sc_tables)
			t_printf(t, "%s: structure of %zu bytes\n", at->sa_name,
			    len);
		return;
	}
	if (!sc->sc_noname)
		t_printf(t, "%s%s", at->sa_name,
		    text != NULL && strcmp(at->sa_name, "kern.clockrate") == 0 ?
			": " :
			sc->sc_sep);
	if (sc->sc_hex > 1 || text == NULL)
		dump(t, buf, len);
	else
		t_printf(t, "%s\n", text);
}

/* --- the tree itself --- */

static const char *
type_name(unsigned type)
{
	static const char *const names[] = { "NONE", "NODE", "INT", "STRING",
		"QUAD", "STRUCT", "BOOL" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

static size_t
node_size(const struct sysctlnode *n)
{
	size_t size;

	/* In its place for both word sizes. */
	memcpy(&size, &n->_sysctl_size, sizeof(size));
	return size;
}

static void
flag_names(struct tool *t, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{ CTLFLAG_ANYWRITE, "ANYWRITE" },
		{ CTLFLAG_PRIVATE, "PRIVATE" },
		{ CTLFLAG_PERMANENT, "PERMANENT" },
		{ CTLFLAG_OWNDATA, "OWNDATA" },
		{ CTLFLAG_IMMEDIATE, "IMMEDIATE" },
		{ CTLFLAG_HEX, "HEX" },
		{ CTLFLAG_ROOT, "ROOT" },
		{ CTLFLAG_ANYNUMBER, "ANYNUMBER" },
		{ CTLFLAG_HIDDEN, "HIDDEN" },
		{ CTLFLAG_ALIAS, "ALIAS" },
		{ CTLFLAG_MMAP, "MMAP" },
		{ CTLFLAG_OWNDESC, "OWNDESC" },
		{ CTLFLAG_UNSIGNED, "UNSIGNED" },
	};

	t_printf(t, "<%s",
	    (flags & CTLFLAG_READWRITE) == CTLFLAG_READWRITE ? "READWRITE" :
							       "READONLY");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((flags & names[i].flag) != 0)
			t_printf(t, ",%s", names[i].name);
	t_puts(t, ">");
}

void
sysctl_mibline(struct sysctl *sc, const struct sysctl_at *at)
{
	const struct sysctlnode *n = &at->sa_node;
	unsigned flags = n->sysctl_flags & SYSCTL_FLAGMASK;
	struct tool *t = sc->sc_t;

	t_printf(t, "%s (", at->sa_name);
	for (unsigned i = 0; i < at->sa_len; i++)
		t_printf(t, "%s%d", i > 0 ? "." : "", at->sa_mib[i]);
	t_printf(t, "): CTLTYPE_%s, ", type_name(NODE_TYPE(n)));
	if (NODE_TYPE(n) == CTLTYPE_NODE) {
		if ((flags & CTLFLAG_ALIAS) != 0)
			t_printf(t, "alias %d, ", n->sysctl_un.scu_alias);
		else
			t_printf(t, "children %u/%u, ",
			    n->sysctl_un.scu_child.suc_clen,
			    n->sysctl_un.scu_child.suc_csize);
	}
	t_printf(t, "size %zu, flags 0x%x", node_size(n), flags);
	flag_names(t, flags);
	t_printf(t, ", ver=%u\n", n->sysctl_ver);
}
