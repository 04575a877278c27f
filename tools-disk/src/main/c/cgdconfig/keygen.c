/* SPDX-License-Identifier: BSD-2-Clause */
/* cgdconfig: the key is the exclusive or of what all generators give. */
#include "cgdconfig/cgdconfig.h"
#include <netbsd/sysctl.h>
#include <netbsd/time.h>
#include <rumprun/crypto.h>

#define SALT_BITS 128
/* A guess of a passphrase is to take this long; measured in at most a fraction of that. */
#define TARGET_MS 1000
#define MEASURE_MS 50
#define MIN_ITERATIONS 1000
#define MEASURE_MAX (1 << 20)

/* The kernel's generator, without a device. */
static int
kernel_random(struct tool *t, uint8_t *p, size_t n)
{
	const int mib[] = { CTL_KERN, KERN_ARND };

	while (n > 0) {
		size_t part = n < 256 ? n : 256;
		int error = sys_sysctl(t, mib, 2, p, &part, NULL, 0);

		if (error < 0)
			return error;
		if (part == 0 || part > n)
			return -EIO;
		p += part;
		n -= part;
	}
	return 0;
}

struct bits *
random_bits(struct cgdconfig *c, const char *device, size_t nbits)
{
	struct bits *b = bits_new(c, nbits);
	size_t want = (nbits + 7) / 8, got = 0;
	int fd = sys_open(c->t, device, O_RDONLY, 0), error = 0;

	if (fd == -ENOENT || fd == -ENXIO || fd == -ENODEV) {
		error = kernel_random(c->t, b->data, want);
	} else if (fd < 0) {
		error = fd;
	} else {
		while (got < want && error == 0) {
			ssize_t n = sys_read(
			    c->t, fd, b->data + got, want - got);

			if (n <= 0)
				error = n < 0 ? (int)n : -EIO;
			else
				got += (size_t)n;
		}
		sys_close(c->t, fd);
	}
	if (error != 0) {
		t_warn(c->t, error, "%s", device);
		return NULL;
	}
	return b;
}

/* --- passphrases ------------------------------------------------------------------ */

static int64_t
now_ms(struct tool *t)
{
	struct timespec ts;

	if (sys_clock_gettime(t, CLOCK_MONOTONIC, &ts) < 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Iterations of about a second on this machine. A clock that stands still ends the measuring, too. */
static int32_t
calibrate(struct tool *t, size_t nbits)
{
	static const uint8_t salt[SALT_BITS / 8];
	size_t blocks = (nbits / 8 + RUMPRUN_SHA1_BYTES - 1) /
	    RUMPRUN_SHA1_BYTES;
	uint8_t key[RUMPRUN_SHA1_BYTES];
	uint32_t n = MIN_ITERATIONS;
	int64_t took;

	for (;;) {
		int64_t from = now_ms(t);

		(void)rumprun_pkcs5_pbkdf2_sha1("calibration", 11, salt,
		    sizeof(salt), n, key, sizeof(key), NULL, NULL);
		took = now_ms(t) - from;
		if (took >= MEASURE_MS || n >= MEASURE_MAX)
			break;
		n *= 2;
	}
	if (took < 1)
		took = MEASURE_MS;
	n = (uint32_t)((int64_t)n * TARGET_MS / took /
	    (int64_t)(blocks == 0 ? 1 : blocks));
	return n < MIN_ITERATIONS ? MIN_ITERATIONS :
	    n > INT32_MAX / 2	  ? INT32_MAX / 2 :
				    (int32_t)n;
}

static char *
ask(struct cgdconfig *c, const char *who, bool reenter, size_t *np)
{
	char *first, *second;
	size_t n;

	for (;;) {
		first = passphrase_read(
		    c, t_asprintf(c->t, "%s's passphrase:", who), np);
		if (first == NULL || !reenter)
			return first;
		second = passphrase_read(c, "re-enter device's passphrase:", &n);
		if (second == NULL)
			return NULL;
		if (n == *np && memcmp(first, second, n) == 0) {
			secret_wipe(second);
			return first;
		}
		secret_wipe(first);
		secret_wipe(second);
		t_warnx(c->t, "passphrases don't match");
		/* Who can't be asked again has had his chance. */
		if (c->from_stdin || c->input_ended)
			return NULL;
	}
}

/* A file may ask for more iterations than anybody has the patience for. */
static bool
interrupted(void *arg)
{
	return t_interrupted(arg);
}

static struct bits *
passphrase_key(struct cgdconfig *c, const struct keygen *kg, const char *who,
    size_t nbits, bool reenter)
{
	struct bits *key = bits_new(c, nbits);
	size_t n;
	char *phrase = ask(c, who, reenter, &n);
	int error;

	if (phrase == NULL)
		return NULL;
	error = rumprun_pkcs5_pbkdf2_sha1(phrase, n, kg->salt->data,
	    (kg->salt->nbits + 7) / 8, (uint32_t)kg->iterations, key->data,
	    (nbits + 7) / 8, interrupted, c->t);
	secret_wipe(phrase);
	if (error != 0)
		t_exit_interrupted(c->t);
	return key;
}

/* --- all of them -------------------------------------------------------------------- */

static struct bits *
shell_key(struct cgdconfig *c, const struct keygen *kg, size_t nbits)
{
	struct bits *key = bits_new(c, nbits);
	size_t want = (nbits + 7) / 8, n;
	uint8_t *out = shell_output(c, kg->cmd, want + 65536, &n);

	if (out == NULL)
		return NULL;
	if (n < want) {
		t_warnx(c->t, "shell_cmd gave %zu bytes of %zu", n, want);
		return NULL;
	}
	memcpy(key->data, out, want);
	secret_wipe(out);
	return key;
}

static struct bits *
keygen_key(struct cgdconfig *c, const struct keygen *kg, const char *who,
    size_t nbits, bool reenter)
{
	switch (kg->method) {
	case KEYGEN_PBKDF2:
		return passphrase_key(c, kg, who, nbits, reenter);
	case KEYGEN_STORED:
		return bits_resize(c, kg->key, nbits);
	case KEYGEN_RANDOM:
		return random_bits(c, "/dev/random", nbits);
	case KEYGEN_URANDOM:
		return random_bits(c, "/dev/urandom", nbits);
	case KEYGEN_SHELL:
		return shell_key(c, kg, nbits);
	default:
		return NULL;
	}
}

struct bits *
keygens_key(struct cgdconfig *c, const struct keygen *kg, const char *who,
    size_t nbits, bool reenter)
{
	struct bits *key = bits_new(c, nbits);

	for (; kg != NULL; kg = kg->next) {
		struct bits *part = keygen_key(c, kg, who, nbits, reenter);

		if (part == NULL) {
			t_warnx(c->t, "failed to generate key");
			return NULL;
		}
		bits_xor(key, part);
		secret_wipe(part->data);
	}
	return key;
}

bool
keygen_prompts(const struct keygen *kg)
{
	for (; kg != NULL; kg = kg->next)
		if (kg->method == KEYGEN_PBKDF2)
			return true;
	return false;
}

bool
keygen_fill(struct cgdconfig *c, struct keygen *kg, size_t nbits)
{
	if (kg->method == KEYGEN_STORED)
		return (kg->key = random_bits(c, "/dev/random", nbits)) != NULL;
	if (kg->method != KEYGEN_PBKDF2)
		return true;
	kg->salt = random_bits(c, "/dev/random", SALT_BITS);
	if (kg->salt == NULL)
		return false;
	kg->iterations = calibrate(c->t, nbits);
	return true;
}
