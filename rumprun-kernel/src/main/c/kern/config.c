/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel's configuration from the environment or from an option list. */
#include <netbsd/limits.h>
#include "kern/config.h"

/* Decimal digits and nothing else. */
static int
number(const char *s, uint64_t max, uint64_t *np, const char **end)
{
	uint64_t n = 0;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n) ||
		    n > max)
			return -EINVAL;
	}
	*np = n;
	*end = s;
	return 0;
}

static int
whole_number(const char *s, uint64_t max, uint64_t *np)
{
	const char *end;
	int error = number(s, max, np, &end);

	return error != 0 || *end != '\0' ? -EINVAL : 0;
}

/* Bytes, with k, m or g; some of it is kept back for transfers. */
static int
memory(const char *s, uint64_t *np)
{
	const char *end;
	unsigned shift = 0;
	int error = number(s, UINT64_MAX >> 31, np, &end);

	if (error != 0)
		return error;
	switch (*end) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	case '\0':
		break;
	default:
		return -EINVAL;
	}
	if (*end != '\0' && end[1] != '\0')
		return -EINVAL;
	*np <<= shift;
	return *np > 2 * MAXPHYS ? 0 : -EINVAL;
}

int
kern_config_set(struct kern_config *kc, const char *name, const char *value)
{
	uint64_t n = 0;
	int error;

	if (strcmp(name, "RUMP_NCPU") == 0) {
		if (strcmp(value, "host") == 0)
			n = (uint64_t)host_ncpu();
		else if ((error = whole_number(value, INT32_MAX, &n)) != 0)
			return error;
		if (n < 1)
			return -EINVAL;
		kc->kc_ncpu = n > 32 ? 32 : (int)n;
	} else if (strcmp(name, "RUMP_VERBOSE") == 0) {
		kc->kc_verbose = *value != '0';
	} else if (strcmp(name, "RUMP_MEMLIMIT") == 0) {
		return memory(value, &kc->kc_memlimit);
	} else if (strcmp(name, "RUMP_NVNODES") == 0) {
		if (whole_number(value, 1 << 24, &n) != 0)
			return -EINVAL;
		kc->kc_nvnodes = (unsigned)n;
	} else if (strcmp(name, "RUMP_NFILES") == 0) {
		if (whole_number(value, 1 << 24, &n) != 0)
			return -EINVAL;
		kc->kc_nfiles = (unsigned)n;
	} else if (strcmp(name, "RUMP_BLKFAIL") == 0) {
		if (whole_number(value, 10000, &n) != 0)
			return -EINVAL;
		kc->kc_blkfail = (unsigned)n;
	} else if (strcmp(name, "RUMP_BLKFAIL_SEED") == 0) {
		if (whole_number(value, UINT32_MAX, &n) != 0)
			return -EINVAL;
		kc->kc_blkfail_seed = (unsigned)n;
	} else if (strcmp(name, "RUMP_BLKSECTSHIFT") == 0) {
		if (whole_number(value, 30, &n) != 0 || n < 9)
			return -EINVAL;
		kc->kc_sectshift = (unsigned)n;
	} else if (strcmp(name, "RUMP_WEDGES") == 0) {
		kc->kc_wedges = *value != '0';
	} else
		return -ENOENT;
	return 0;
}

int
kern_config_env(struct kern_config *kc)
{
	static const char *const names[] = { "RUMP_NCPU", "RUMP_VERBOSE",
		"RUMP_MEMLIMIT", "RUMP_NVNODES", "RUMP_NFILES", "RUMP_BLKFAIL",
		"RUMP_BLKFAIL_SEED", "RUMP_BLKSECTSHIFT", "RUMP_WEDGES" };
	int error;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = host_getenv(names[i]);

		if (value != NULL &&
		    (error = kern_config_set(kc, names[i], value)) != 0)
			return error;
	}
	return 0;
}

/* One option of the list, up to its comma. */
static int
option(struct kern_config *kc, const char *s, size_t len)
{
	const char *eq = memchr(s, '=', len);
	size_t n = eq != NULL ? (size_t)(eq - s) : len;
	char name[32] = "RUMP_", value[32] = "1";

	if (n == 0 || n > sizeof(name) - 6)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		name[5 + i] = (char)(s[i] >= 'a' && s[i] <= 'z' ?
			s[i] - 'a' + 'A' :
			s[i]);
	name[5 + n] = '\0';
	if (eq != NULL) {
		if (len - n - 1 >= sizeof(value))
			return -EINVAL;
		memcpy(value, eq + 1, len - n - 1);
		value[len - n - 1] = '\0';
	}
	return kern_config_set(kc, name, value);
}

int
kern_config_options(struct kern_config *kc, const char *options)
{
	int error = 0;

	while (error == 0 && *options != '\0') {
		size_t len = strcspn(options, ",");

		if (len > 0)
			error = option(kc, options, len);
		options += len + (options[len] == ',');
	}
	return error;
}
