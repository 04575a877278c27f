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

bool
tools_long_option(
    struct tool *t, int argc, char **argv, const char *name, const char **value)
{
	struct toptions *o = &t->t_opt;
	const char *word = o->optind < argc ? argv[o->optind] : NULL;
	size_t n = strlen(name);

	if (word == NULL || *o->place != '\0' || strncmp(word, name, n) != 0)
		return false;
	if (word[n] == '=')
		*value = word + n + 1;
	else if (word[n] == '\0' && o->optind + 1 < argc)
		*value = argv[++o->optind];
	else
		return false;
	o->optind++;
	return true;
}
