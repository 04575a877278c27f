/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl: shows and sets the values of the kernel. */
#include <stdlib.h>
#include "tools/sysctl.h"
#include "tools/tools.h"

#define DEPTH 12

static _Noreturn void
usage(struct tool *t)
{
	const char *p = t->t_progname;

	t_eprintf(t,
	    "usage:\t%s [-dneq] [-x[x]|-r] variable ...\n"
	    "\t%s [-ne] [-q] -w variable=value ...\n"
	    "\t%s [-dne] -a\n\t%s [-dne] -A\n\t%s [-ne] -M\n"
	    "\t%s [-dne] [-q] -f file\n",
	    p, p, p, p, p, p);
	t_exit(t, 1);
}

static void
unknown(struct sysctl *sc, const char *name, int level)
{
	static const char *const words[] = { "top", "second", "third", "fourth",
		"fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
		"eleventh", "twelfth" };
	const char *word = name;
	size_t max = sizeof(words) / sizeof(words[0]);

	sc->sc_status = 1;
	if (sc->sc_quiet)
		return;
	for (int i = 1; i < level; i++)
		word += strcspn(word, "./") + 1;
	t_warnx(sc->sc_t, "%s level name '%.*s' in '%s' is invalid",
	    words[level > 0 && (size_t)level <= max ? level - 1 : 0],
	    (int)strcspn(word, "./"), word, name);
}

/* --- showing --- */

static void
describe(struct sysctl *sc, const struct sysctl_at *at)
{
	struct tool *t = sc->sc_t;
	struct sysctlnode query;
	struct sysctldesc *d;
	char buf[1200] __attribute__((aligned(8)));
	int name[CTL_MAXNAME];
	size_t len = sizeof(buf) - 1;
	const char *text = "(no description)";

	if (at->sa_len == 0 || NODE_TYPE(&at->sa_node) == CTLTYPE_NODE)
		return;
	memset(&query, 0, sizeof(query));
	query.sysctl_flags = SYSCTL_VERSION;
	query.sysctl_num = at->sa_node.sysctl_num;
	memcpy(name, at->sa_mib, sizeof(name));
	name[at->sa_len - 1] = CTL_DESCRIBE;
	memset(buf, 0, sizeof(buf));
	d = (void *)buf;
	if (sys_sysctl(t, name, at->sa_len, buf, &len, &query, sizeof(query)) >=
		0 &&
	    len > offsetof(struct sysctldesc, descr_str) &&
	    d->descr_str[0] != '\0')
		text = d->descr_str;
	if (!sc->sc_noname)
		t_printf(t, "%s: ", at->sa_name);
	t_printf(t, "%s\n", text);
}

/* One value. What cannot be read is not worth a word when all are shown. */
static bool
is_port_map(const struct sysctl_at *at)
{
	size_t n = strlen(at->sa_name), m = strlen(".anonportalgo.reserve");

	return n > m &&
	    strcmp(at->sa_name + n - m, ".anonportalgo.reserve") == 0;
}

static void
show(struct sysctl *sc, const struct sysctl_at *at, bool asked)
{
	void *buf;
	size_t len;
	int error;

	if (sc->sc_mib) {
		sysctl_mibline(sc, at);
		return;
	}
	if (sc->sc_descr) {
		describe(sc, at);
		return;
	}
	if (NODE_TYPE(&at->sa_node) == CTLTYPE_STRUCT && !asked &&
	    !sc->sc_tables && !sc->sc_hex && !sc->sc_raw &&
	    strcmp(at->sa_name, "kern.clockrate") != 0 &&
	    strcmp(at->sa_name, "kern.boottime") != 0 &&
	    strcmp(at->sa_name, "vm.loadavg") != 0 && !is_port_map(at))
		return;
	error = sysctl_get(sc->sc_t, at, &buf, &len);
	if (error < 0) {
		if (!asked)
			return;
		sc->sc_status = 1;
		if (!sc->sc_quiet)
			t_warn(sc->sc_t, error, "%s", at->sa_name);
		return;
	}
	sysctl_value(sc, at, buf, len);
	t_free(sc->sc_t, buf);
}

/* A node and all below. */
static void
walk(struct sysctl *sc, const struct sysctl_at *at, bool asked, int depth)
{
	struct sysctlnode *n;
	struct sysctl_at *next;
	int count;

	if (NODE_TYPE(&at->sa_node) != CTLTYPE_NODE) {
		show(sc, at, asked);
		return;
	}
	if (sc->sc_mib && at->sa_len > 0)
		show(sc, at, asked);
	if (sc->sc_descr && asked && at->sa_len > 0)
		return;
	if (depth == 0)
		return;
	count = sysctl_children(sc->sc_t, at->sa_mib, at->sa_len, &n);
	if (count < 0)
		return;
	next = t_malloc(sc->sc_t, sizeof(*next));
	for (int i = 0; i < count; i++) {
		if ((n[i].sysctl_flags & CTLFLAG_HIDDEN) != 0 && !sc->sc_mib &&
		    !sc->sc_tables)
			continue;
		sysctl_below(at, &n[i], next);
		walk(sc, next, false, depth - 1);
	}
	t_free(sc->sc_t, next);
	t_free(sc->sc_t, n);
}

/* --- setting --- */

/* A number of any base for a node of the type; false after saying so. */
static bool
number(struct sysctl *sc, const char *value, int64_t *vp)
{
	char *end;

	*vp = (int64_t)strtoll(value, &end, 0);
	/* What is beyond the positive half is given in full as well. */
	if (*vp == INT64_MAX)
		*vp = (int64_t)strtoull(value, &end, 0);
	if (end != value && *end == '\0')
		return true;
	sc->sc_status = 1;
	t_warnx(sc->sc_t, "%s: not a number", value);
	return false;
}

/* Ports by comma, as a bit map; NULL, and a message, when they are none. */
static const void *
port_map(struct sysctl *sc, const char *value)
{
	uint32_t *bits = t_calloc(sc->sc_t, SYSCTL_PORTS / 32, sizeof(*bits));
	char *end;

	while (*value != '\0') {
		unsigned long port = strtoul(value, &end, 10);

		if (end == value || port >= SYSCTL_PORTS ||
		    (*end != '\0' && *end != ',')) {
			sc->sc_status = 1;
			t_warnx(sc->sc_t, "%s: not a number", value);
			return NULL;
		}
		bits[port / 32] |= 1u << port % 32;
		value = *end == ',' ? end + 1 : end;
	}
	return bits;
}

static bool
convert(struct sysctl *sc, const struct sysctl_at *at, const char *value,
    void *to, size_t *lenp)
{
	struct tool *t = sc->sc_t;
	unsigned type = NODE_TYPE(&at->sa_node);
	int64_t v;
	int i;

	if (type != CTLTYPE_INT && type != CTLTYPE_QUAD && type != CTLTYPE_BOOL) {
		sc->sc_status = 1;
		t_warnx(t, "%s: cannot set this kind of variable", at->sa_name);
		return false;
	}
	if (!number(sc, value, &v))
		return false;
	if (type == CTLTYPE_INT) {
		if (v > (int64_t)UINT32_MAX || v < INT32_MIN) {
			sc->sc_status = 1;
			t_warnx(t, "%s: out of range", value);
			return false;
		}
		i = (int)(uint32_t)v;
		memcpy(to, &i, *lenp = sizeof(i));
	} else if (type == CTLTYPE_BOOL) {
		*(uint8_t *)to = v != 0;
		*lenp = 1;
	} else
		memcpy(to, &v, *lenp = sizeof(v));
	return true;
}

static void
set(struct sysctl *sc, const struct sysctl_at *at, const char *value)
{
	struct tool *t = sc->sc_t;
	const void *newp = value;
	size_t newlen = strlen(value) + 1, oldlen = 0;
	void *old = NULL;
	int64_t word = 0;
	int error;

	if (is_port_map(at)) {
		if ((newp = port_map(sc, value)) == NULL)
			return;
		newlen = SYSCTL_PORTS / 8;
	} else if (NODE_TYPE(&at->sa_node) != CTLTYPE_STRING) {
		if (!convert(sc, at, value, &word, &newlen))
			return;
		newp = &word;
	}
	(void)sysctl_get(t, at, &old, &oldlen);
	error = sys_sysctl(t, at->sa_mib, at->sa_len, NULL, NULL, newp, newlen);
	if (error < 0) {
		sc->sc_status = 1;
		if (!sc->sc_quiet)
			t_warn(t, error, "%s", at->sa_name);
		return;
	}
	if (sc->sc_quiet)
		return;
	if (!sc->sc_noname)
		t_printf(t, "%s: %s -> ", at->sa_name,
		    old != NULL ? sysctl_text(sc, at, old, oldlen) : "");
	t_printf(t, "%s\n", sysctl_text(sc, at, newp, newlen));
}

/* --- a name, or name=value --- */

static void
request(struct sysctl *sc, const char *text)
{
	struct tool *t = sc->sc_t;
	struct sysctl_at *at = t_malloc(t, sizeof(*at));
	char *name = t_strdup(t, text), *value = strchr(name, '=');
	bool optional = false;
	int level;

	if (value != NULL) {
		*value++ = '\0';
		if (!sc->sc_write)
			t_errx(t, 1, "Must specify -w to set variables");
		/* name?=value: no matter if it is there. */
		if (value - name > 1 && value[-2] == '?') {
			value[-2] = '\0';
			optional = true;
		}
	}
	if (sysctl_find(t, name, at, &level) != 0) {
		if (!optional)
			unknown(sc, name, level);
	} else if (value == NULL)
		walk(sc, at, true, DEPTH);
	else if (NODE_TYPE(&at->sa_node) == CTLTYPE_NODE) {
		sc->sc_status = 1;
		t_warnx(t, "%s: not a variable", name);
	} else
		set(sc, at, value);
}

/*
 * The line at text, without its comment, and with those that a backslash at
 * its end joins to it; a backslash also takes the meaning off another
 * character. Returns what follows, or NULL.
 */
static char *
logical_line(char *text)
{
	char *to = text, *end;

	for (; *text != '\0' && *text != '\n' && *text != '#'; text++) {
		if (*text == '\\' && text[1] != '\0') {
			text++;
			if (*text == '\n')
				continue;
		}
		*to++ = *text;
	}
	end = strchr(text, '\n');
	*to = '\0';
	return end != NULL ? end + 1 : NULL;
}

/* Lines of name=value, with comments. */
static void
from_file(struct sysctl *sc, const char *path)
{
	struct tool *t = sc->sc_t;
	size_t size = 0, room = 0;
	char *text = NULL, *line, *next;
	ssize_t n;
	int fd;

	if ((fd = sys_open(t, path, O_RDONLY, 0)) < 0) {
		t_warn(t, fd, "%s", path);
		sc->sc_status = 1;
		return;
	}
	do {
		if (room - size < 4096)
			text = t_realloc(t, text, (room += 8192) + 1);
		if ((n = sys_read(t, fd, text + size, room - size)) > 0)
			size += (size_t)n;
	} while (n > 0);
	(void)sys_close(t, fd);
	text[size] = '\0';
	for (line = text; line != NULL; line = next) {
		next = logical_line(line);
		line += strspn(line, " \t");
		for (size_t len = strlen(line);
		     len > 0 && strchr(" \t\r", line[len - 1]) != NULL; len--)
			line[len - 1] = '\0';
		if (*line != '\0')
			request(sc, line);
	}
}

int
sysctl_main(struct tool *t, int argc, char **argv)
{
	struct sysctl sc = { .sc_t = t, .sc_sep = " = " };
	struct sysctl_at *root;
	const char *file = NULL;
	int c, level;

	while ((c = t_getopt(t, argc, argv, "Aabdef:Mnqrwx")) != -1) {
		switch (c) {
		case 'A':
			sc.sc_tables = true;
			break;
		case 'a':
			sc.sc_all = true;
			break;
		case 'd':
			sc.sc_descr = true;
			break;
		case 'e':
			sc.sc_sep = "=";
			break;
		case 'f':
			file = t->t_opt.optarg;
			sc.sc_write = true;
			break;
		case 'M':
			sc.sc_mib = true;
			break;
		case 'n':
			sc.sc_noname = true;
			break;
		case 'q':
			sc.sc_quiet = true;
			break;
		case 'b':
		case 'r':
			sc.sc_raw = true;
			break;
		case 'w':
			sc.sc_write = true;
			break;
		case 'x':
			sc.sc_hex++;
			break;
		default:
			usage(t);
		}
	}
	argv += t->t_opt.optind;
	argc -= t->t_opt.optind;
	if (sc.sc_hex != 0 && sc.sc_raw)
		usage(t);
	if (file != NULL)
		from_file(&sc, file);
	else if (argc == 0 && (sc.sc_all || sc.sc_tables || sc.sc_mib)) {
		root = t_malloc(t, sizeof(*root));
		(void)sysctl_find(t, "", root, &level);
		walk(&sc, root, false, DEPTH);
	} else if (argc == 0)
		usage(t);
	for (int i = 0; i < argc; i++)
		request(&sc, argv[i]);
	return sc.sc_status;
}
