/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of npf.conf(5). One token is read ahead at most, and only where a decision needs it: messages tell the place of the token
 * that was read last.
 */
#include "npfctl/npfctl.h"

void
scan_init(struct scanner *sc, struct tool *t, const char *name,
    const char *text, size_t len)
{
	memset(sc, 0, sizeof(*sc));
	sc->t = t;
	sc->name = name;
	sc->pos = sc->line_start = text;
	sc->end = text + len;
	sc->line = 1;
	sc->text = sc->str = t_strdup(t, "");
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The byte at an offset, NUL past the end. */
static char
at(const struct scanner *sc, size_t off)
{
	return off < (size_t)(sc->end - sc->pos) ? sc->pos[off] : '\0';
}

/* Blanks, comments, and lines that go on. */
static void
skip(struct scanner *sc)
{
	for (;;) {
		char c = at(sc, 0);

		if (c == ' ' || c == '\t' || c == '\r')
			sc->pos++;
		else if (c == '#') {
			while (sc->pos < sc->end && *sc->pos != '\n')
				sc->pos++;
		} else if (c == '\\' && at(sc, 1) == '\n') {
			sc->pos += 2;
			sc->line++;
			sc->line_start = sc->pos;
		} else
			return;
	}
}

static size_t
run(const struct scanner *sc, size_t off, bool (*of)(char))
{
	while (of(at(sc, off)))
		off++;
	return off;
}

static bool
is_addr4(char c)
{
	return is_digit(c) || c == '.';
}

static bool
is_addr6(char c)
{
	return is_hex(c) || c == ':' || c == '.';
}

static bool
is_name(char c)
{
	return is_alpha(c) || is_digit(c);
}

/* An IPv6 address has two colons at least. */
static size_t
addr6_length(const struct scanner *sc)
{
	size_t n = run(sc, 0, is_addr6), i, colons = 0;

	for (i = 0; i < n; i++)
		colons += at(sc, i) == ':';
	if (colons < 2 || is_name(at(sc, n)))
		return 0;
	if (at(sc, n) == '%' && is_alpha(at(sc, n + 1)))
		n = run(sc, n + 1, is_name);
	return n;
}

/* Names have dots and hyphens inside, but no arrow. */
static size_t
word_length(const struct scanner *sc)
{
	size_t n = run(sc, 0, is_name);

	while ((at(sc, n) == '.' || at(sc, n) == '-') && is_name(at(sc, n + 1)))
		n = run(sc, n + 1, is_name);
	return n;
}

static void
token(struct scanner *sc, enum token type, size_t len, size_t from, size_t to)
{
	sc->type = type;
	sc->text = t_malloc(sc->t, len + 1);
	memcpy(sc->text, sc->pos, len);
	sc->text[len] = '\0';
	if (from == 0 && to == len)
		sc->str = sc->text;
	else {
		sc->str = t_malloc(sc->t, to - from + 1);
		memcpy(sc->str, sc->pos + from, to - from);
		sc->str[to - from] = '\0';
	}
	sc->pos += len;
	sc->tok_line = sc->line;
	sc->tok_col = (int)(sc->pos - sc->line_start);
}

static bool
quoted(struct scanner *sc)
{
	size_t n = 1;

	while (at(sc, n) != '"' && at(sc, n) != '\n' && at(sc, n) != '\0')
		n++;
	if (at(sc, n) != '"')
		return false;
	token(sc, T_STRING, n + 1, 1, n);
	return true;
}

static bool
angle(struct scanner *sc)
{
	size_t n = 1;

	if (at(sc, 1) == '-') {
		bool both = at(sc, 2) == '>';

		n = both ? 3 : 2;
		token(sc, both ? T_BOTH : T_IN, n, 0, n);
		return true;
	}
	while (is_name(at(sc, n)) || at(sc, n) == '-' || at(sc, n) == '.')
		n++;
	if (n == 1 || at(sc, n) != '>')
		return false;
	token(sc, T_TABLE, n + 1, 1, n);
	return true;
}

static bool
number_or_address(struct scanner *sc)
{
	size_t n = addr6_length(sc);
	bool dots = false;

	if (n > 0) {
		token(sc, T_ADDR6, n, 0, n);
		return true;
	}
	if (!is_digit(at(sc, 0)))
		return false;
	n = run(sc, 0, is_addr4);
	if (is_alpha(at(sc, n))) {
		n = word_length(sc);
		token(sc, T_WORD, n, 0, n);
		return true;
	}
	dots = memchr(sc->pos, '.', n) != NULL;
	token(sc, dots ? T_ADDR4 : T_NUMBER, n, 0, n);
	return true;
}

static void
scan(struct scanner *sc)
{
	size_t n;
	char c;

	skip(sc);
	c = at(sc, 0);
	if (sc->pos >= sc->end) {
		token(sc, T_EOF, 0, 0, 0);
	} else if (c == '\n') {
		token(sc, T_NEWLINE, 1, 0, 1);
		sc->tok_col = 0;
		sc->line++;
		sc->line_start = sc->pos;
	} else if (c == ';') {
		token(sc, T_NEWLINE, 1, 0, 1);
	} else if (c == '$' && is_alpha(at(sc, 1))) {
		n = run(sc, 1, is_name);
		token(sc, T_VAR, n, 1, n);
	} else if (c == '-' && at(sc, 1) == '>') {
		token(sc, T_OUT, 2, 0, 2);
	} else if ((c == '"' && quoted(sc)) || (c == '<' && angle(sc)) ||
	    number_or_address(sc)) {
		return;
	} else if (is_alpha(c)) {
		n = word_length(sc);
		token(sc, T_WORD, n, 0, n);
	} else
		token(sc, T_CHAR, 1, 0, 1);
}

enum token
scan_peek(struct scanner *sc)
{
	if (!sc->peeked) {
		scan(sc);
		sc->peeked = true;
	}
	return sc->type;
}

enum token
scan_next(struct scanner *sc)
{
	scan_peek(sc);
	sc->peeked = false;
	return sc->type;
}

bool
scan_is(struct scanner *sc, const char *word)
{
	return scan_peek(sc) == T_WORD && strcmp(sc->text, word) == 0;
}

bool
scan_take(struct scanner *sc, const char *word)
{
	if (!scan_is(sc, word))
		return false;
	sc->peeked = false;
	return true;
}

bool
scan_is_char(struct scanner *sc, char c)
{
	return scan_peek(sc) == T_CHAR && sc->text[0] == c;
}

bool
scan_take_char(struct scanner *sc, char c)
{
	if (!scan_is_char(sc, c))
		return false;
	sc->peeked = false;
	return true;
}

void
scan_need_char(struct scanner *sc, char c)
{
	if (!scan_take_char(sc, c))
		scan_syntax_error(sc);
}

void
scan_error(struct scanner *sc, const char *fmt, ...)
{
	struct text msg = { .t = sc->t };
	va_list ap;

	text_add(&msg, "%s:%d:%d: ", sc->name, sc->tok_line, sc->tok_col);
	t_flush(sc->t->t_out);
	t_eprintf(sc->t, "%s", msg.buf);
	va_start(ap, fmt);
	t_vfprintf(sc->t->t_err, fmt, ap);
	va_end(ap);
	if (sc->type == T_NEWLINE)
		t_eprintf(sc->t, "\n");
	else
		t_eprintf(sc->t, " near '%s'\n", sc->text);
	t_exit(sc->t, 1);
}

void
scan_syntax_error(struct scanner *sc)
{
	scan_peek(sc);
	scan_error(sc, "syntax error");
}
