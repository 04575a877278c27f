/* SPDX-License-Identifier: BSD-2-Clause */
/* cgdconfig(8), inside: parameters, keys and their verification. */
#ifndef CGDCONFIG_CGDCONFIG_H
#define CGDCONFIG_CGDCONFIG_H

#include "tools.h"

#define CGD_KEYBITS_MAX 65536

/* A string of bits, as parameter files have them: its length and the bytes, in base64. */
struct bits {
	size_t nbits;
	uint8_t *data; /* of secret_alloc */
};

enum keygen_method {
	KEYGEN_PBKDF2,
	KEYGEN_STORED,
	KEYGEN_RANDOM,
	KEYGEN_URANDOM,
	KEYGEN_SHELL,
	KEYGEN_UNKNOWN,
};

struct keygen {
	struct keygen *next;
	enum keygen_method method;
	int32_t iterations; /* 0: not given */
	struct bits *salt, *key;
	char *cmd;
};

enum verify_method {
	VERIFY_NONE,
	VERIFY_DISKLABEL,
	VERIFY_MBR,
	VERIFY_GPT,
	VERIFY_FFS,
	VERIFY_REENTER,
	VERIFY_UNKNOWN,
};

struct params {
	char *algorithm, *ivmethod;
	size_t keylen; /* bits; SIZE_MAX: not given */
	enum verify_method verify;
	struct keygen *keygens;
};

struct secret;

struct cgdconfig {
	struct tool *t;
	int verbose;
	bool dry, from_stdin;
	struct secret *secrets;
	bool input_ended;
};

/* --- secrets.c: memory that is wiped when the tool ends, in whatever way --- */

void secrets_begin(struct cgdconfig *);
void *secret_alloc(struct cgdconfig *, size_t);
/* Wiped at once; what secret_alloc gave, or NULL. */
void secret_wipe(void *);
/* A bit string of zeros. */
struct bits *bits_new(struct cgdconfig *, size_t nbits);
/* a ^= b, as far as both go. */
void bits_xor(struct bits *a, const struct bits *b);
/* Exactly n bits: cut, or filled with zeros. */
struct bits *bits_resize(struct cgdconfig *, const struct bits *, size_t n);
/* From and to base64 with its length; NULL: it is not. */
struct bits *bits_decode(struct cgdconfig *, const char *);
char *bits_encode(struct cgdconfig *, const struct bits *);

/* --- params.c --- */

/* Said why when it is NULL. */
struct params *params_read(struct cgdconfig *, const char *path);
/* A parameter file of so many bytes; wiped by the caller. For tests. */
struct params *params_parse(struct cgdconfig *, const char *text, size_t n);
/* Fills in what has a default; false when they cannot be used. */
bool params_complete(struct cgdconfig *, struct params *);
/* As a parameter file, to a file (mode 0600) or standard output (NULL). */
int params_write(struct cgdconfig *, const struct params *, const char *path);
const char *keygen_name(enum keygen_method);
enum keygen_method keygen_by_name(const char *);
enum verify_method verify_by_name(const char *);
/* SIZE_MAX: unknown algorithm. */
size_t default_keylen(const char *algorithm);

/* --- keygen.c --- */

/* The key of all generators, `nbits` long. `who` is in the prompt ("/dev/wd0e"). NULL: said why. */
struct bits *keygens_key(struct cgdconfig *, const struct keygen *,
    const char *who, size_t nbits, bool reenter);
/* Random bytes from /dev/random or /dev/urandom (or, where there is no such device, the kernel's generator). NULL: said why. */
struct bits *random_bits(struct cgdconfig *, const char *device, size_t nbits);
/* Chooses what a new parameter file needs to have; for pkcs5_pbkdf2/sha1 salt and iterations. */
bool keygen_fill(struct cgdconfig *, struct keygen *, size_t nbits);
bool keygen_prompts(const struct keygen *);

/* --- passphrase.c --- */

/* A line, without its newline: *np bytes of secret_alloc. NULL: -p and nothing left (said why). */
char *passphrase_read(struct cgdconfig *, const char *prompt, size_t *np);

/* --- shellcmd.c --- */

/* What the command prints, at most max bytes; NULL: said why. */
uint8_t *shell_output(
    struct cgdconfig *, const char *cmd, size_t max, size_t *np);

/* --- verify.c --- */

bool verify_disk(struct cgdconfig *, enum verify_method, int fd);

#endif
