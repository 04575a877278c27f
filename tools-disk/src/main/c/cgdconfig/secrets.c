/* SPDX-License-Identifier: BSD-2-Clause */
/* cgdconfig: memory of keys and passphrases, and strings of bits. */
#include "cgdconfig/cgdconfig.h"
#include <rumprun/crypto.h>

struct secret {
	struct secret *next;
	size_t n;
	_Alignas(8) unsigned char data[];
};

static void
wipe_all(struct tool *t, void *arg)
{
	struct cgdconfig *c = arg;

	(void)t;
	for (struct secret *s = c->secrets; s != NULL; s = s->next)
		rumprun_wipe(s->data, s->n);
}

void
secrets_begin(struct cgdconfig *c)
{
	c->secrets = NULL;
	t_atexit(c->t, wipe_all, c);
}

void *
secret_alloc(struct cgdconfig *c, size_t n)
{
	struct secret *s = t_calloc(c->t, 1, sizeof(*s) + n);

	s->n = n;
	s->next = c->secrets;
	c->secrets = s;
	return s->data;
}

void
secret_wipe(void *p)
{
	struct secret *s;

	if (p == NULL)
		return;
	s = (struct secret *)((char *)p - offsetof(struct secret, data));
	rumprun_wipe(s->data, s->n);
}

struct bits *
bits_new(struct cgdconfig *c, size_t nbits)
{
	struct bits *b = t_malloc(c->t, sizeof(*b));

	b->nbits = nbits;
	b->data = secret_alloc(c, (nbits + 7) / 8 + 1);
	return b;
}

void
bits_xor(struct bits *a, const struct bits *b)
{
	size_t n = ((a->nbits < b->nbits ? a->nbits : b->nbits) + 7) / 8;

	for (size_t i = 0; i < n; i++)
		a->data[i] ^= b->data[i];
}

struct bits *
bits_resize(struct cgdconfig *c, const struct bits *from, size_t n)
{
	struct bits *b = bits_new(c, n);

	bits_xor(b, from);
	return b;
}

/* --- base64 (RFC 4648, 4) ------------------------------------------------------ */

static const char
    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bytes, or -1: not base64. `out` has room for 3 bytes of 4 digits. */
static int64_t
decode64(const char *s, uint8_t *out)
{
	size_t n = strlen(s), at = 0;
	uint32_t word = 0;
	unsigned have = 0;

	if (n % 4 != 0)
		return -1;
	while (n > 0 && s[n - 1] == '=' && strlen(s) - n < 2)
		n--;
	for (size_t i = 0; i < n; i++) {
		const char *d = strchr(digits, s[i]);

		if (d == NULL || *d == '\0')
			return -1;
		word = word << 6 | (uint32_t)(d - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[at++] = (uint8_t)(word >> have);
		}
	}
	return (int64_t)at;
}

/* The length in bits, four bytes big-endian, comes first. */
struct bits *
bits_decode(struct cgdconfig *c, const char *s)
{
	uint8_t *raw = secret_alloc(c, strlen(s) / 4 * 3 + 1);
	int64_t n = decode64(s, raw);
	struct bits *b = NULL;
	uint32_t nbits;

	if (n >= 4) {
		nbits = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 |
		    (uint32_t)raw[2] << 8 | raw[3];
		if (nbits <= CGD_KEYBITS_MAX &&
		    (nbits + 7) / 8 == (uint64_t)n - 4) {
			b = bits_new(c, nbits);
			memcpy(b->data, raw + 4, (size_t)n - 4);
		}
	}
	secret_wipe(raw);
	return b;
}

char *
bits_encode(struct cgdconfig *c, const struct bits *b)
{
	size_t n = 4 + (b->nbits + 7) / 8;
	uint8_t *raw = secret_alloc(c, n + 2);
	char *out = secret_alloc(c, (n + 2) / 3 * 4 + 1), *p = out;

	for (int i = 0; i < 4; i++)
		raw[i] = (uint8_t)(b->nbits >> (24 - 8 * i));
	memcpy(raw + 4, b->data, n - 4);
	for (size_t i = 0; i < n; i += 3) {
		uint32_t word = (uint32_t)raw[i] << 16 |
		    (uint32_t)raw[i + 1] << 8 | raw[i + 2];

		for (int d = 0; d < 4; d++)
			*p++ = i + (size_t)d > n ?
			    '=' :
			    digits[word >> (18 - 6 * d) & 63];
	}
	*p = '\0';
	secret_wipe(raw);
	return out;
}
