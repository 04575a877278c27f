/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Property lists as text: the part of XML that proplib(3) writes and Apple's document type describes. No attributes but the version, no entities but
 * the five of XML, no document type's own declarations; comments are skipped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "kern/plist_private.h"

/* --- reading --- */

struct in {
	struct plist_mem *pm;
	const char *p, *end;
	unsigned depth;
};

struct word {
	const char *s;
	size_t len;
};

static bool
is(const struct word *w, const char *s)
{
	return w->len == strlen(s) && memcmp(w->s, s, w->len) == 0;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
starts(const struct in *in, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(in->end - in->p) >= n && memcmp(in->p, s, n) == 0;
}

/* Past the next such string. */
static bool
skip_past(struct in *in, const char *s)
{
	for (; in->p < in->end; in->p++)
		if (starts(in, s)) {
			in->p += strlen(s);
			return true;
		}
	return false;
}

/* White space, comments, and (in front) instructions and the document's type. */
static bool
skip_space(struct in *in, bool front)
{
	for (;;) {
		while (in->p < in->end && is_space(*in->p))
			in->p++;
		if (starts(in, "<!--")) {
			in->p += 4;
			if (!skip_past(in, "-->"))
				return false;
		} else if (front && starts(in, "<?")) {
			if (!skip_past(in, "?>"))
				return false;
		} else if (front && starts(in, "<!DOCTYPE")) {
			for (; in->p < in->end && *in->p != '>'; in->p++)
				if (*in->p == '[')
					return false;
			if (in->p++ == in->end)
				return false;
		} else
			return true;
	}
}

/* "<name>" or "<name/>"; attributes only where they are expected. */
static int
open_tag(struct in *in, struct word *name, bool *empty, bool attributes)
{
	*empty = false;
	if (in->p == in->end || *in->p != '<')
		return -EINVAL;
	name->s = ++in->p;
	while (in->p < in->end &&
	    ((*in->p >= 'a' && *in->p <= 'z') ||
		(*in->p >= 'A' && *in->p <= 'Z')))
		in->p++;
	name->len = (size_t)(in->p - name->s);
	while (in->p < in->end &&
	    (is_space(*in->p) || (attributes && *in->p != '>' && *in->p != '<')))
		in->p++;
	if (in->p < in->end && *in->p == '/') {
		*empty = true;
		in->p++;
	}
	if (name->len == 0 || in->p == in->end || *in->p != '>')
		return -EINVAL;
	in->p++;
	return 0;
}

static int
close_tag(struct in *in, const char *name)
{
	if (!starts(in, "</"))
		return -EINVAL;
	in->p += 2;
	if (!starts(in, name))
		return -EINVAL;
	in->p += strlen(name);
	while (in->p < in->end && is_space(*in->p))
		in->p++;
	if (in->p == in->end || *in->p != '>')
		return -EINVAL;
	in->p++;
	return 0;
}

/* What stands up to the next tag. */
static struct word
raw_text(struct in *in)
{
	struct word w = { in->p, 0 };

	while (in->p < in->end && *in->p != '<')
		in->p++;
	w.len = (size_t)(in->p - w.s);
	return w;
}

static const struct {
	char c, name[7];
} entities[] = {
	{ '<', "&lt;" },
	{ '>', "&gt;" },
	{ '&', "&amp;" },
	{ '\'', "&apos;" },
	{ '"', "&quot;" },
};

/* Into room for size bytes with the NUL: the length, or -EINVAL. */
static int64_t
unescape(const struct word *w, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < w->len;) {
		size_t e, len = 0;

		if (n + 1 >= size)
			return -EINVAL;
		if (w->s[i] != '&') {
			to[n++] = w->s[i++];
			continue;
		}
		for (e = 0; e < sizeof(entities) / sizeof(entities[0]); e++) {
			len = strlen(entities[e].name);
			if (w->len - i >= len &&
			    memcmp(w->s + i, entities[e].name, len) == 0)
				break;
		}
		if (e == sizeof(entities) / sizeof(entities[0]))
			return -EINVAL;
		to[n++] = entities[e].c;
		i += len;
	}
	to[n] = '\0';
	return (int64_t)n;
}

static int
read_string(struct in *in, struct plist **pp)
{
	struct word w = raw_text(in);
	int64_t n;

	if ((*pp = plist_alloc(in->pm, PLIST_STRING, w.len)) == NULL)
		return -ENOMEM;
	if ((n = unescape(&w, (char *)(*pp)->p_bytes, w.len + 1)) < 0)
		return (int)n;
	(*pp)->p_len = (size_t)n;
	return 0;
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
				      99;
}

static int
read_number(struct in *in, struct plist **pp)
{
	struct word w = raw_text(in);
	bool negative = false, hex = false;
	uint64_t v = 0, base = 10;
	size_t i = 0;

	if (w.len > 0 && (w.s[0] == '-' || w.s[0] == '+'))
		negative = w.s[i++] == '-';
	if (w.len - i > 2 && w.s[i] == '0' &&
	    (w.s[i + 1] == 'x' || w.s[i + 1] == 'X')) {
		hex = true;
		base = 16;
		i += 2;
	}
	if (i == w.len)
		return -EINVAL;
	for (; i < w.len; i++) {
		uint64_t d = (uint64_t)digit(w.s[i]);

		if (d >= base || v > (UINT64_MAX - d) / base)
			return -EINVAL;
		v = v * base + d;
	}
	if (negative && (hex || v > (uint64_t)INT64_MAX + 1))
		return -EINVAL;
	if ((*pp = plist_alloc(in->pm, PLIST_NUMBER, 0)) == NULL)
		return -ENOMEM;
	(*pp)->p_unsigned = hex || (!negative && v > INT64_MAX);
	(*pp)->p_number = negative ? 0 - v : v;
	return 0;
}

static const char
    base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
sextet(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' :
	    c >= 'a' && c <= 'z'    ? c - 'a' + 26 :
	    c >= '0' && c <= '9'    ? c - '0' + 52 :
	    c == '+'		    ? 62 :
	    c == '/'		    ? 63 :
				      -1;
}

static int
read_data(struct in *in, struct plist **pp)
{
	struct word w = raw_text(in);
	unsigned have = 0, pad = 0;
	uint32_t bits = 0;
	struct plist *p;
	size_t n = 0;

	p = *pp = plist_alloc(in->pm, PLIST_DATA, w.len / 4 * 3 + 3);
	if (p == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < w.len; i++) {
		int v = sextet(w.s[i]);

		if (is_space(w.s[i]))
			continue;
		if (w.s[i] == '=') {
			if (++pad > 2)
				return -EINVAL;
			v = 0;
		} else if (v < 0 || pad > 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)v;
		if (++have % 4 != 0)
			continue;
		p->p_bytes[n] = (uint8_t)(bits >> 16);
		p->p_bytes[n + 1] = (uint8_t)(bits >> 8);
		p->p_bytes[n + 2] = (uint8_t)bits;
		n += 3;
		bits = 0;
	}
	if (have % 4 != 0)
		return -EINVAL;
	p->p_len = n - pad;
	return 0;
}

static int read_value(struct in *in, struct plist **pp);

static int
read_array(struct in *in, struct plist **pp)
{
	struct plist *v;
	int error;

	if ((*pp = plist_alloc(in->pm, PLIST_ARRAY, 0)) == NULL)
		return -ENOMEM;
	for (;;) {
		if (!skip_space(in, false))
			return -EINVAL;
		if (starts(in, "</"))
			return 0;
		if ((error = read_value(in, &v)) != 0)
			return error;
		if (plist_append(*pp, v) == NULL)
			return -ENOMEM;
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct plist_ent *)a)->e_key,
	    ((const struct plist_ent *)b)->e_key);
}

/* Into order, once all are there: what is in order by now stays cheap. A key that comes twice is refused. */
static int
sort(struct plist *d)
{
	bool again = false;
	int c;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 1; i < d->p_count; i++) {
			c = compare(&d->p_ent[i - 1], &d->p_ent[i]);
			if (c == 0)
				return -EINVAL;
			again |= c > 0;
		}
		if (!again)
			break;
		qsort(d->p_ent, d->p_count, sizeof(*d->p_ent), compare);
		again = false;
	}
	return 0;
}

static int
read_key(struct in *in, char *buf, size_t size)
{
	struct word w;
	bool empty;
	int64_t n;
	int error;

	if ((error = open_tag(in, &w, &empty, false)) != 0)
		return error;
	if (empty || !is(&w, "key"))
		return -EINVAL;
	w = raw_text(in);
	if (w.len == 0 || (n = unescape(&w, buf, size)) < 0)
		return -EINVAL;
	return close_tag(in, "key");
}

static int
read_dict(struct in *in, struct plist **pp)
{
	char key[128];
	struct plist *v;
	int error;

	if ((*pp = plist_alloc(in->pm, PLIST_DICT, 0)) == NULL)
		return -ENOMEM;
	for (;;) {
		if (!skip_space(in, false))
			return -EINVAL;
		if (starts(in, "</"))
			return sort(*pp);
		if ((error = read_key(in, key, sizeof(key))) != 0)
			return error;
		if (!skip_space(in, false))
			return -EINVAL;
		if ((error = read_value(in, &v)) != 0)
			return error;
		if (plist_enter(*pp, (*pp)->p_count, key, strlen(key), v) ==
		    NULL)
			return -ENOMEM;
	}
}

static const struct {
	const char *name;
	enum plist_type type;
	bool may_be_empty;
	int (*read)(struct in *, struct plist **);
} kinds[] = {
	{ "dict", PLIST_DICT, true, read_dict },
	{ "array", PLIST_ARRAY, true, read_array },
	{ "string", PLIST_STRING, true, read_string },
	{ "integer", PLIST_NUMBER, false, read_number },
	{ "data", PLIST_DATA, true, read_data },
	{ "true", PLIST_BOOL, true, NULL },
	{ "false", PLIST_BOOL, true, NULL },
};

/* *pp NULL when it fails. */
static int
read_value(struct in *in, struct plist **pp)
{
	struct word tag;
	bool empty;
	size_t i;
	int error;

	*pp = NULL;
	if ((error = open_tag(in, &tag, &empty, false)) != 0)
		return error;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is(&tag, kinds[i].name))
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]) ||
	    (empty && !kinds[i].may_be_empty))
		return -EINVAL;
	if (empty || kinds[i].read == NULL) {
		if ((*pp = plist_alloc(in->pm, kinds[i].type, 0)) == NULL)
			return -ENOMEM;
		(*pp)->p_number = kinds[i].name[0] == 't';
		(*pp)->p_unsigned = true;
		error = empty ? 0 : close_tag(in, kinds[i].name);
	} else {
		if (in->depth == PLIST_MAXDEPTH)
			return -EINVAL;
		in->depth++;
		error = kinds[i].read(in, pp);
		in->depth--;
		if (error == 0)
			error = close_tag(in, kinds[i].name);
	}
	if (error != 0) {
		plist_free(*pp);
		*pp = NULL;
	}
	return error;
}

int
plist_read(struct plist_mem *pm, const char *text, size_t len, struct plist **p)
{
	const char *nul = memchr(text, '\0', len);
	struct in in = { pm, text, nul != NULL ? nul : text + len, 0 };
	struct word tag;
	bool empty;
	int error;

	*p = NULL;
	if (!skip_space(&in, true))
		return -EINVAL;
	if ((error = open_tag(&in, &tag, &empty, true)) != 0)
		return error;
	if (empty || !is(&tag, "plist") || !skip_space(&in, false))
		return -EINVAL;
	if ((error = read_value(&in, p)) != 0)
		return error;
	if (!skip_space(&in, false) || close_tag(&in, "plist") != 0 ||
	    !skip_space(&in, false) || in.p != in.end) {
		plist_free(*p);
		*p = NULL;
		return -EINVAL;
	}
	return 0;
}

/* --- writing --- */

struct out {
	struct plist_mem *pm;
	char *buf;
	size_t len, size;
	bool failed;
};

static void
put(struct out *o, const char *s, size_t n)
{
	if (o->failed)
		return;
	if (n > o->size - o->len) {
		size_t size = o->size * 2;
		char *bigger;

		if (n > SIZE_MAX / 4 || o->len > SIZE_MAX / 4) {
			o->failed = true;
			return;
		}
		while (size - o->len < n)
			size *= 2;
		bigger = o->pm->pm_alloc(o->pm->pm_arg, size);
		if (bigger == NULL) {
			o->failed = true;
			return;
		}
		memcpy(bigger, o->buf, o->len);
		o->pm->pm_free(o->pm->pm_arg, o->buf, o->size);
		o->buf = bigger;
		o->size = size;
	}
	memcpy(o->buf + o->len, s, n);
	o->len += n;
}

static void
puts_to(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

static void
indent(struct out *o, unsigned depth)
{
	while (depth-- > 0)
		put(o, "\t", 1);
}

static void
put_escaped(struct out *o, const char *s, size_t n)
{
	size_t start = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t e = 0; e < sizeof(entities) / sizeof(entities[0]);
		     e++)
			if (s[i] == entities[e].c) {
				put(o, s + start, i - start);
				puts_to(o, entities[e].name);
				start = i + 1;
				break;
			}
	put(o, s + start, n - start);
}

static void
put_base64(struct out *o, const uint8_t *p, size_t n)
{
	char four[4];

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t bits = (uint32_t)p[i] << 16;

		if (left > 1)
			bits |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			bits |= p[i + 2];
		four[0] = base64[bits >> 18 & 63];
		four[1] = base64[bits >> 12 & 63];
		four[2] = left > 1 ? base64[bits >> 6 & 63] : '=';
		four[3] = left > 2 ? base64[bits & 63] : '=';
		put(o, four, 4);
	}
}

static void put_value(struct out *o, const struct plist *p, unsigned depth);

static void
put_entries(
    struct out *o, const struct plist *p, const char *name, unsigned depth)
{
	puts_to(o, "<");
	puts_to(o, name);
	if (p->p_count == 0) {
		puts_to(o, "/>\n");
		return;
	}
	puts_to(o, ">\n");
	for (size_t i = 0; i < p->p_count; i++) {
		const char *key = p->p_ent[i].e_key;

		if (key != NULL) {
			indent(o, depth + 1);
			puts_to(o, "<key>");
			put_escaped(o, key, strlen(key));
			puts_to(o, "</key>\n");
		}
		put_value(o, p->p_ent[i].e_value, depth + 1);
	}
	indent(o, depth);
	puts_to(o, "</");
	puts_to(o, name);
	puts_to(o, ">\n");
}

static void
put_value(struct out *o, const struct plist *p, unsigned depth)
{
	char number[48];

	indent(o, depth);
	switch (p->p_type) {
	case PLIST_DICT:
		put_entries(o, p, "dict", depth);
		break;
	case PLIST_ARRAY:
		put_entries(o, p, "array", depth);
		break;
	case PLIST_STRING:
		if (p->p_len == 0) {
			puts_to(o, "<string/>\n");
			break;
		}
		puts_to(o, "<string>");
		put_escaped(o, (const char *)p->p_bytes, p->p_len);
		puts_to(o, "</string>\n");
		break;
	case PLIST_NUMBER:
		if (p->p_unsigned)
			snprintf(number, sizeof(number),
			    "<integer>0x%" PRIx64 "</integer>\n", p->p_number);
		else
			snprintf(number, sizeof(number),
			    "<integer>%" PRId64 "</integer>\n",
			    (int64_t)p->p_number);
		puts_to(o, number);
		break;
	case PLIST_DATA:
		if (p->p_len == 0) {
			puts_to(o, "<data/>\n");
			break;
		}
		puts_to(o, "<data>");
		put_base64(o, p->p_bytes, p->p_len);
		puts_to(o, "</data>\n");
		break;
	default:
		puts_to(o, p->p_number != 0 ? "<true/>\n" : "<false/>\n");
		break;
	}
}

int
plist_write(const struct plist *p, char **text, size_t *size)
{
	struct out o;
	char *exact;

	*text = NULL;
	*size = 0;
	if (p == NULL || p->p_mem->pm_error != 0)
		return -ENOMEM;
	o = (struct out){ .pm = p->p_mem, .size = 1024 };
	if ((o.buf = o.pm->pm_alloc(o.pm->pm_arg, o.size)) == NULL)
		return -ENOMEM;
	puts_to(&o,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\" "
	    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	    "<plist version=\"1.0\">\n");
	put_value(&o, p, 0);
	puts_to(&o, "</plist>\n");
	put(&o, "", 1);
	exact = o.failed ? NULL : o.pm->pm_alloc(o.pm->pm_arg, o.len);
	if (exact != NULL)
		memcpy(exact, o.buf, o.len);
	o.pm->pm_free(o.pm->pm_arg, o.buf, o.size);
	*text = exact;
	*size = exact == NULL ? 0 : o.len;
	return exact == NULL ? -ENOMEM : 0;
}
