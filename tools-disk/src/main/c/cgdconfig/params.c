/* SPDX-License-Identifier: BSD-2-Clause */
/* cgdconfig: parameter files, read, completed and written. */
#include "cgdconfig/cgdconfig.h"
#include <rumprun/crypto.h>
#include <stdio.h>

#define MAXFILE ((size_t)1 << 16)
#define MAXKEYGENS 64

static const char *const keygen_names[] = {
	[KEYGEN_PBKDF2] = "pkcs5_pbkdf2/sha1",
	[KEYGEN_STORED] = "storedkey",
	[KEYGEN_RANDOM] = "randomkey",
	[KEYGEN_URANDOM] = "urandomkey",
	[KEYGEN_SHELL] = "shell_cmd",
};
static const char *const verify_names[] = {
	[VERIFY_NONE] = "none",
	[VERIFY_DISKLABEL] = "disklabel",
	[VERIFY_MBR] = "mbr",
	[VERIFY_GPT] = "gpt",
	[VERIFY_FFS] = "ffs",
	[VERIFY_REENTER] = "re-enter",
};
/* Algorithms and the length of a key when none is given. */
static const struct {
	const char *name;
	size_t keylen;
} algorithms[] = {
	{ "aes-cbc", 128 },
	{ "aes-xts", 256 },
	{ "3des-cbc", 192 },
	{ "blowfish-cbc", 128 },
};

const char *
keygen_name(enum keygen_method m)
{
	return keygen_names[m];
}

enum keygen_method
keygen_by_name(const char *name)
{
	int m = 0;

	while (m < KEYGEN_UNKNOWN && strcmp(keygen_names[m], name) != 0)
		m++;
	return m;
}

enum verify_method
verify_by_name(const char *name)
{
	int m = 0;

	while (m < VERIFY_UNKNOWN && strcmp(verify_names[m], name) != 0)
		m++;
	return m;
}

size_t
default_keylen(const char *algorithm)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(algorithms[i].name, algorithm) == 0)
			return algorithms[i].keylen;
	return SIZE_MAX;
}

/* --- words --------------------------------------------------------------------- */

struct parser {
	struct cgdconfig *c;
	const char *text, *end;
	unsigned line;
	/* The word in hand: '{', '}', ';', 'w' a word, 0 the end. */
	char kind;
	bool quoted;
	char *word;
	bool failed;
};

/* What lies between words: blanks, comments, line ends behind a backslash. */
static void
skip_blanks(struct parser *p)
{
	while (p->text < p->end) {
		char ch = *p->text;

		if (ch == '#') {
			while (p->text < p->end && *p->text != '\n')
				p->text++;
		} else if (ch == '\\' && p->end - p->text > 1 &&
		    p->text[1] == '\n') {
			p->text += 2;
			p->line++;
		} else if (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n') {
			p->line += ch == '\n';
			p->text++;
		} else {
			return;
		}
	}
}

static bool
word_ends(const struct parser *p, char ch)
{
	return p->quoted ? ch == '"' : strchr(" \t\r\n{};#\\", ch) != NULL;
}

/* At most so many bytes has the word that begins here. */
static size_t
word_room(const struct parser *p)
{
	const char *at = p->text;

	while (at < p->end && !word_ends(p, *at)) {
		if (p->quoted && *at == '\\' && p->end - at > 1)
			at++;
		at++;
	}
	return (size_t)(at - p->text) + 1;
}

static void
next(struct parser *p)
{
	size_t n = 0;

	skip_blanks(p);
	p->quoted = false;
	p->kind = 0;
	p->word = "";
	if (p->text == p->end)
		return;
	if (strchr("{};", *p->text) != NULL && *p->text != '\0') {
		p->kind = *p->text++;
		p->word = secret_alloc(p->c, 2);
		p->word[0] = p->kind;
		return;
	}
	p->kind = 'w';
	p->quoted = *p->text == '"';
	p->text += p->quoted;
	p->word = secret_alloc(p->c, word_room(p) + 1);
	while (p->text < p->end && !word_ends(p, *p->text)) {
		if (p->quoted && *p->text == '\\' && p->end - p->text > 1)
			p->text++;
		p->line += *p->text == '\n';
		p->word[n++] = *p->text++;
	}
	if (p->quoted && p->text < p->end)
		p->text++;
	else if (n == 0 && p->text < p->end) /* a lone backslash, a NUL */
		p->word[n++] = *p->text++;
}

static void
syntax_error(struct parser *p)
{
	if (!p->failed)
		t_warnx(p->c->t, "foo line %u: syntax error at '%.64s'",
		    p->line, p->word);
	p->failed = true;
}

static bool
expect(struct parser *p, char kind)
{
	if (p->kind != kind) {
		syntax_error(p);
		return false;
	}
	next(p);
	return true;
}

/* The words up to the semicolon, joined by `between`; NULL: none, or something else. */
static char *
string(struct parser *p, const char *between)
{
	char *all = NULL;
	size_t n = 0, size = 0;

	while (p->kind == 'w') {
		size_t len = strlen(p->word), gap = n > 0 ? strlen(between) : 0;

		if (n + gap + len + 1 > size) {
			char *longer;

			size = 2 * (n + gap + len) + 64;
			longer = secret_alloc(p->c, size);
			if (all != NULL)
				memcpy(longer, all, n);
			secret_wipe(all);
			all = longer;
		}
		memcpy(all + n, between, gap);
		memcpy(all + n + gap, p->word, len + 1);
		n += gap + len;
		next(p);
	}
	if (all == NULL || p->kind != ';') {
		syntax_error(p);
		return NULL;
	}
	next(p);
	return all;
}

static char *
one_word(struct parser *p)
{
	char *word = p->word;

	return expect(p, 'w') && expect(p, ';') ? word : NULL;
}

/* A 32-bit number that is not negative. */
static bool
integer(struct parser *p, int32_t *np)
{
	const char *w = p->word;
	int64_t n = 0;

	if (p->kind != 'w' || *w == '\0') {
		syntax_error(p);
		return false;
	}
	for (; *w != '\0'; w++) {
		if (*w < '0' || *w > '9' || n > INT32_MAX) {
			syntax_error(p);
			return false;
		}
		n = n * 10 + (*w - '0');
	}
	if (n > INT32_MAX) {
		syntax_error(p);
		return false;
	}
	*np = (int32_t)n;
	next(p);
	return expect(p, ';');
}

static bool
base64(struct parser *p, struct bits **bp)
{
	char *s = string(p, "");

	if (s == NULL)
		return false;
	*bp = bits_decode(p->c, s);
	secret_wipe(s);
	if (*bp == NULL) {
		t_warnx(p->c->t, "foo line %u: bad base64 string", p->line);
		p->failed = true;
	}
	return *bp != NULL;
}

/* --- statements ------------------------------------------------------------------ */

static bool
keygen_statement(struct parser *p, struct keygen *kg)
{
	char *name = p->word;

	if (p->kind != 'w')
		goto bad;
	if (strcmp(name, "iterations") == 0) {
		next(p);
		return integer(p, &kg->iterations);
	}
	if (strcmp(name, "salt") == 0) {
		next(p);
		return base64(p, &kg->salt);
	}
	if (strcmp(name, "key") == 0) {
		next(p);
		return base64(p, &kg->key);
	}
	if (strcmp(name, "cmd") == 0) {
		next(p);
		kg->cmd = string(p, " ");
		return kg->cmd != NULL;
	}
bad:
	syntax_error(p);
	return false;
}

static bool
keygen(struct parser *p, struct params *par, struct keygen ***tail)
{
	struct keygen *kg = t_calloc(p->c->t, 1, sizeof(*kg));
	int n = 0;

	for (struct keygen *k = par->keygens; k != NULL; k = k->next)
		n++;
	if (p->kind != 'w' || n == MAXKEYGENS) {
		syntax_error(p);
		return false;
	}
	kg->method = keygen_by_name(p->word);
	if (kg->method == KEYGEN_UNKNOWN) {
		t_warnx(p->c->t, "foo line %u: unknown keygen method '%.64s'",
		    p->line, p->word);
		p->failed = true;
		return false;
	}
	next(p);
	**tail = kg;
	*tail = &kg->next;
	if (p->kind == ';') {
		next(p);
		return true;
	}
	if (p->kind != '{')
		return keygen_statement(p, kg);
	next(p);
	while (p->kind != '}')
		if (!keygen_statement(p, kg))
			return false;
	next(p);
	return expect(p, ';');
}

static bool
statement(struct parser *p, struct params *par, struct keygen ***tail)
{
	char *name = p->word;
	int32_t n;

	if (p->kind == 'w' && strcmp(name, "algorithm") == 0) {
		next(p);
		return (par->algorithm = one_word(p)) != NULL;
	}
	if (p->kind == 'w' && strcmp(name, "iv-method") == 0) {
		next(p);
		return (par->ivmethod = one_word(p)) != NULL;
	}
	if (p->kind == 'w' && strcmp(name, "keylength") == 0) {
		next(p);
		if (!integer(p, &n))
			return false;
		par->keylen = (size_t)n;
		return true;
	}
	if (p->kind == 'w' && strcmp(name, "verify_method") == 0) {
		next(p);
		if ((name = one_word(p)) == NULL)
			return false;
		par->verify = verify_by_name(name);
		if (par->verify == VERIFY_UNKNOWN)
			t_warnx(p->c->t, "unknown verify method '%.64s'", name);
		return par->verify != VERIFY_UNKNOWN;
	}
	if (p->kind == 'w' && strcmp(name, "keygen") == 0) {
		next(p);
		return keygen(p, par, tail);
	}
	syntax_error(p);
	return false;
}

struct params *
params_parse(struct cgdconfig *c, const char *text, size_t n)
{
	struct params *par = t_calloc(c->t, 1, sizeof(*par));
	struct keygen **tail = &par->keygens;
	struct parser p = { .c = c, .text = text, .end = text + n, .line = 1 };

	par->keylen = SIZE_MAX;
	next(&p);
	while (p.kind != 0)
		if (!statement(&p, par, &tail))
			return NULL;
	return par;
}

/* --- files ---------------------------------------------------------------------- */

/* All of it, in memory that is wiped. */
static char *
read_file(struct cgdconfig *c, const char *path, size_t *np, int *error)
{
	int fd = sys_open(c->t, path, O_RDONLY, 0);
	size_t size = 4096;
	char *buf = NULL;
	ssize_t n;

	*np = 0;
	*error = fd < 0 ? fd : 0;
	if (fd < 0)
		return NULL;
	buf = secret_alloc(c, size);
	while ((n = sys_read(c->t, fd, buf + *np, size - *np)) > 0) {
		*np += (size_t)n;
		if (*np == size && size < MAXFILE) {
			char *larger = secret_alloc(c, size * 2);

			memcpy(larger, buf, size);
			secret_wipe(buf);
			buf = larger;
			size *= 2;
		} else if (*np == size) {
			n = -EFBIG;
			break;
		}
	}
	*error = n < 0 ? (int)n : 0;
	sys_close(c->t, fd);
	return n < 0 ? NULL : buf;
}

struct params *
params_read(struct cgdconfig *c, const char *path)
{
	struct params *par;
	size_t n;
	int error;
	char *text = read_file(c, path, &n, &error);

	if (text == NULL) {
		t_warn(c->t, error, "failed to open params file \"%s\"", path);
		return NULL;
	}
	par = params_parse(c, text, n);
	secret_wipe(text);
	if (par == NULL)
		t_warnx(c->t, "failed to parse parameters file");
	return par;
}

/* --- completeness ------------------------------------------------------------------ */

static bool
keygen_complete(struct tool *t, const struct keygen *kg)
{
	const char *name = keygen_name(kg->method), *lacks = NULL;

	if (kg->method == KEYGEN_PBKDF2 && kg->iterations == 0)
		lacks = "iterations";
	else if (kg->method == KEYGEN_PBKDF2 && kg->salt == NULL)
		lacks = "salt";
	else if (kg->method == KEYGEN_STORED && kg->key == NULL)
		lacks = "key";
	else if (kg->method == KEYGEN_SHELL && kg->cmd == NULL)
		lacks = "cmd";
	if (lacks != NULL)
		t_warnx(t, "keygen %s must provide a `%s'", name, lacks);
	return lacks == NULL;
}

/* NetBSD says nothing of a file without a key generator. */
bool
params_complete(struct cgdconfig *c, struct params *par)
{
	struct tool *t = c->t;
	size_t keylen;

	if (par->algorithm == NULL) {
		t_warnx(t, "unspecified algorithm");
		return false;
	}
	keylen = default_keylen(par->algorithm);
	if (keylen == SIZE_MAX)
		t_warnx(t, "unknown algorithm \"%s\"(warning)", par->algorithm);
	if (par->keylen == SIZE_MAX)
		par->keylen = keylen;
	if (par->keylen == SIZE_MAX || par->keylen > CGD_KEYBITS_MAX) {
		t_warnx(t, "invalid keylength");
		return false;
	}
	if (par->ivmethod == NULL)
		par->ivmethod = t_strdup(t, "encblkno1");
	for (struct keygen *kg = par->keygens; kg != NULL; kg = kg->next)
		if (!keygen_complete(t, kg))
			return false;
	return par->keygens != NULL;
}

/* --- writing ----------------------------------------------------------------------- */

struct text {
	struct cgdconfig *c;
	char *p;
	size_t n, size;
};

static void
add(struct text *x, const char *s)
{
	size_t n = strlen(s);

	if (n > x->size - x->n) {
		char *larger = secret_alloc(x->c, x->size + n + 4096);

		memcpy(larger, x->p, x->n);
		secret_wipe(x->p);
		x->p = larger;
		x->size += n + 4096;
	}
	memcpy(x->p + x->n, s, n);
	x->n += n;
}

/* Long strings go on in lines of their own, indented. */
#define BASE64_LINE 48
static void
add_bits(struct text *x, const char *before, const struct bits *b)
{
	char *s = bits_encode(x->c, b), line[BASE64_LINE + 1];
	size_t n = strlen(s);

	add(x, before);
	for (size_t at = 0; at < n; at += BASE64_LINE) {
		size_t part = n - at < BASE64_LINE ? n - at : BASE64_LINE;

		memcpy(line, s + at, part);
		line[part] = '\0';
		add(x, at == 0 ? "" : " \\\n\t     ");
		add(x, line);
	}
	add(x, ";\n");
	rumprun_wipe(line, sizeof(line));
	secret_wipe(s);
}

/* A word as it is read again. */
static void
add_word(struct text *x, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+";
	char ch[3];

	if (*s != '\0' && s[strspn(s, plain)] == '\0') {
		add(x, s);
		return;
	}
	add(x, "\"");
	for (; *s != '\0'; s++) {
		int n = 0;

		if (*s == '"' || *s == '\\')
			ch[n++] = '\\';
		ch[n++] = *s;
		ch[n] = '\0';
		add(x, ch);
	}
	add(x, "\"");
}

static void
add_keygen(struct text *x, const struct keygen *kg)
{
	char line[64];

	add(x, "keygen ");
	add(x, keygen_name(kg->method));
	switch (kg->method) {
	case KEYGEN_PBKDF2:
		snprintf(line, sizeof(line), " {\n\titerations %d;\n",
		    (int)kg->iterations);
		add(x, line);
		add_bits(x, "\tsalt ", kg->salt);
		add(x, "};\n");
		break;
	case KEYGEN_STORED:
		add_bits(x, " key ", kg->key);
		break;
	case KEYGEN_SHELL:
		add(x, " cmd ");
		add_word(x, kg->cmd);
		add(x, ";\n");
		break;
	default:
		add(x, ";\n");
	}
}

static int
write_out(struct cgdconfig *c, const struct text *x, const char *path)
{
	int fd = 1, error = 0;
	size_t done = 0;

	t_flush(c->t->t_out);
	if (path == NULL) /* past the buffer, which nobody would wipe */
		return c->t->t_io->write(c->t->t_io->ctx, 1, x->p, x->n) < 0 ?
		    -EIO :
		    0;
	fd = sys_open(c->t, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return fd;
	while (done < x->n && error == 0) {
		ssize_t n = sys_write(c->t, fd, x->p + done, x->n - done);

		if (n <= 0)
			error = n < 0 ? (int)n : -EIO;
		else
			done += (size_t)n;
	}
	sys_close(c->t, fd);
	return error;
}

int
params_write(struct cgdconfig *c, const struct params *par, const char *path)
{
	struct text x = { .c = c, .p = secret_alloc(c, 4096), .size = 4096 };
	char line[64];
	int error;

	add(&x, "algorithm ");
	add_word(&x, par->algorithm);
	add(&x, ";\niv-method ");
	add_word(&x, par->ivmethod);
	snprintf(line, sizeof(line), ";\nkeylength %u;\nverify_method %s;\n",
	    (unsigned)par->keylen, verify_names[par->verify]);
	add(&x, line);
	for (const struct keygen *kg = par->keygens; kg != NULL; kg = kg->next)
		add_keygen(&x, kg);
	error = write_out(c, &x, path);
	secret_wipe(x.p);
	return error;
}
