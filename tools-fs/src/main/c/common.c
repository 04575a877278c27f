/* SPDX-License-Identifier: BSD-2-Clause */
/* What several tools share. */
#include "tools.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char *
tools_basename(struct tool *t, const char *path)
{
	size_t n = strlen(path), begin;
	char *name;

	while (n > 1 && path[n - 1] == '/')
		n--;
	for (begin = n; begin > 0 && path[begin - 1] != '/'; begin--)
		continue;
	if (n == 1 && path[0] == '/')
		begin = 0;
	name = t_malloc(t, n - begin + 1);
	memcpy(name, path + begin, n - begin);
	name[n - begin] = '\0';
	return name;
}

char *
tools_join(struct tool *t, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return t_asprintf(
	    t, "%s%s%s", dir, n > 0 && dir[n - 1] == '/' ? "" : "/", name);
}

bool
tools_ask(struct tool *t, const char *fmt, ...)
{
	va_list ap;
	char *line;
	bool yes;

	t_flush(t->t_out);
	va_start(ap, fmt);
	t_vfprintf(t->t_err, fmt, ap);
	va_end(ap);
	line = t_getline(t);
	yes = line != NULL && (line[0] == 'y' || line[0] == 'Y');
	t_free(t, line);
	return yes;
}

struct tmode *
tools_mode(struct tool *t, const char *s)
{
	struct tmode *m = t_setmode(t, s);

	if (m == NULL)
		t_fail(t, 1, EINVAL, "Cannot set file mode `%s'", s);
	return m;
}

void
typelist_add(struct tool *t, struct typelist *l, const char *list)
{
	char *word = t_strdup(t, list), *next;

	if (strncmp(word, "no", 2) == 0) {
		l->excluded = true;
		word += 2;
	}
	for (; word != NULL; word = next) {
		next = strchr(word, ',');
		if (next != NULL)
			*next++ = '\0';
		if (*word == '\0')
			continue;
		l->types = t_realloc(
		    t, l->types, (l->count + 1) * sizeof(l->types[0]));
		l->types[l->count++] = word;
	}
}

bool
typelist_selects(const struct typelist *l, const char *type)
{
	size_t i;

	if (l->count == 0)
		return true;
	for (i = 0; i < l->count; i++)
		if (strcmp(l->types[i], type) == 0)
			return !l->excluded;
	return l->excluded;
}

#define MAXB (INT64_C(1) << 30)

int64_t
tools_getbsize(struct tool *t, const char **header)
{
	const char *s = t_getenv(t, "BLOCKSIZE"), *form = "";
	int64_t n, mult = 1;
	char *end;

	*header = "512-blocks";
	if (s == NULL || *s == '\0')
		return 512;
	n = strtoll(s, &end, 10);
	if (n < 0 || end == s)
		n = 1;
	switch (*end) {
	case 'G':
	case 'g':
		mult = 1 << 30;
		form = "G";
		break;
	case 'K':
	case 'k':
		mult = 1 << 10;
		form = "K";
		break;
	case 'M':
	case 'm':
		mult = 1 << 20;
		form = "M";
		break;
	case '\0':
		break;
	default:
		t_warnx(t, "%s: unknown blocksize", s);
		return 512;
	}
	if (n > MAXB / mult) {
		t_warnx(t, "maximum blocksize is %dG", 1);
		n = MAXB / mult;
	}
	if (n * mult < 512) {
		t_warnx(t, "minimum blocksize is 512");
		return 512;
	}
	*header = t_asprintf(t, "%" PRId64 "%s-blocks", n, form);
	return n * mult;
}

void
tools_check_roots(struct tool *t, char *const *argv, const char *what)
{
	for (; *argv != NULL; argv++)
		if (**argv == '\0') {
			if (what != NULL)
				t_fail(t, 1, ENOENT, "%s", what);
			t_errx(t, 1, "%s", t_strerror(ENOENT));
		}
}

/* The long options that a word may mean: its own name, or all that it begins. */
static int
long_match(const char *word, const char *const *longs, size_t *len)
{
	size_t i, n = strcspn(word, "=");
	int found = -1;

	*len = n;
	for (i = 0; longs[i] != NULL; i++) {
		if (strncmp(longs[i], word, n) != 0)
			continue;
		if (longs[i][n] == '\0')
			return (int)i;
		found = found == -1 ? (int)i : -2;
	}
	return found;
}

static int
long_option(struct tool *t, int argc, char **argv, const char *const *longs,
    const char **value)
{
	struct toptions *o = &t->t_opt;
	const char *word = argv[o->optind++] + 2;
	size_t len;
	int i = long_match(word, longs, &len);

	if (i < 0) {
		if (i == -2)
			t_warnx(t, "ambiguous option -- %.*s", (int)len, word);
		else
			t_warnx(t, "unknown option -- %s", word);
		return '?';
	}
	if (word[len] == '=')
		*value = word + len + 1;
	else if (o->optind < argc && argv[o->optind] != NULL)
		*value = argv[o->optind++];
	else {
		t_warnx(t, "option requires an argument -- %s", longs[i]);
		return '?';
	}
	return TOOLS_LONG + i;
}

int
tools_getopt_long(struct tool *t, int argc, char **argv, const char *shorts,
    const char *const *longs, const char **value)
{
	struct toptions *o = &t->t_opt;
	const char *word = o->optind < argc ? argv[o->optind] : NULL;

	if (word != NULL && *o->place == '\0' && strncmp(word, "--", 2) == 0 &&
	    word[2] != '\0')
		return long_option(t, argc, argv, longs, value);
	return t_getopt(t, argc, argv, shorts);
}

/* True when an option's argument is the word behind it. */
static bool
takes_next(const char *word, const char *shorts, const char *const *longs)
{
	const char *spec;
	size_t len;

	if (word[1] == '-')
		return strchr(word, '=') == NULL &&
		    long_match(word + 2, longs, &len) >= 0;
	for (word++; *word != '\0'; word++) {
		spec = *word == ':' ? NULL : strchr(shorts, *word);
		if (spec != NULL && spec[1] == ':')
			return word[1] == '\0';
	}
	return false;
}

char **
tools_options_first(struct tool *t, int *argcp, char **argv, const char *shorts,
    const char *const *longs, const char *last)
{
	int argc = *argcp;
	char **out = t_malloc(t, ((size_t)argc + 2) * sizeof(*out));
	char **rest = t_malloc(t, ((size_t)argc + 1) * sizeof(*rest));
	int i, n = 0, nrest = 0;
	bool ended = false;

	out[n++] = argv[0];
	for (i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (word[0] != '-' || word[1] == '\0') {
			rest[nrest++] = argv[i];
			continue;
		}
		if (strcmp(word, "--") == 0) {
			ended = true;
			i++;
			break;
		}
		out[n++] = argv[i];
		if (strchr(last, word[1]) != NULL) {
			/* It ends the options; what stood before is lost. */
			nrest = 0;
			i++;
			break;
		}
		if (!takes_next(word, shorts, longs))
			continue;
		if (i + 1 < argc)
			out[n++] = argv[++i];
		else /* No operand is to be taken for what is missing. */
			nrest = 0;
	}
	if (nrest > 0 || ended)
		out[n++] = t_strdup(t, "--");
	memcpy(out + n, rest, (size_t)nrest * sizeof(*rest));
	n += nrest;
	for (; i < argc; i++)
		out[n++] = argv[i];
	out[n] = NULL;
	*argcp = n;
	t_free(t, rest);
	return out;
}
