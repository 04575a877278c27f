/* SPDX-License-Identifier: BSD-2-Clause */
/* strsuftoll(3): numbers with suffixes and products, as dd(1) and newfs(8) take them. */
#include "tool/private.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What a suffix multiplies with, 1 for none, 0 for an unknown one. */
static int64_t
suffix(char c)
{
	switch (c) {
	case 'b':
		return 512;
	case 'k':
	case 'K':
		return INT64_C(1) << 10;
	case 'm':
	case 'M':
		return INT64_C(1) << 20;
	case 'g':
	case 'G':
		return INT64_C(1) << 30;
	case 't':
	case 'T':
		return INT64_C(1) << 40;
	case 'w':
		return (int64_t)sizeof(int);
	default:
		return 0;
	}
}

/* Decimal, octal or hexadecimal digits; false when there are none or too many. */
static bool
digits(const char **sp, int64_t *out, bool *overflow)
{
	const char *s = *sp;
	bool negative = false;
	uint64_t v = 0;
	unsigned d;
	int n = 0;

	while (*s == ' ' || *s == '\t')
		s++;
	if (*s == '-' || *s == '+')
		negative = *s++ == '-';
	for (; *s >= '0' && *s <= '9'; s++, n++) {
		d = (unsigned)(*s - '0');
		if (v > ((uint64_t)INT64_MAX - d) / 10)
			*overflow = true;
		else
			v = v * 10 + d;
	}
	*sp = s;
	*out = negative ? -(int64_t)v : (int64_t)v;
	return n > 0;
}

int64_t
t_strsuftollx(const char *what, const char *s, int64_t min, int64_t max,
    char *err, size_t errsize)
{
	const char *p = s;
	int64_t v = 1, one, mult;
	bool overflow = false;

	if (errsize > 0)
		err[0] = '\0';
	for (;;) {
		if (!digits(&p, &one, &overflow)) {
			snprintf(
			    err, errsize, "%s `%s' is not a number.", what, s);
			return 0;
		}
		mult = suffix(*p);
		if (mult != 0) {
			p++;
			overflow |= __builtin_mul_overflow(one, mult, &one);
		}
		overflow |= __builtin_mul_overflow(v, one, &v);
		if (*p != 'x' && *p != '*')
			break;
		p++;
	}
	if (*p != '\0')
		snprintf(
		    err, errsize, "%s `%s' has an illegal number.", what, s);
	else if (overflow)
		snprintf(
		    err, errsize, "%s `%s' is too large to convert.", what, s);
	else if (v < min)
		snprintf(err, errsize,
		    "%s %" PRId64 " is less than %" PRId64 ".", what, v, min);
	else if (v > max)
		snprintf(err, errsize,
		    "%s %" PRId64 " is greater than %" PRId64 ".", what, v, max);
	else
		return v;
	return 0;
}

int64_t
t_strsuftoll(
    struct tool *t, const char *what, const char *s, int64_t min, int64_t max)
{
	char err[256];
	int64_t v;

	v = t_strsuftollx(what, s, min, max, err, sizeof(err));
	if (err[0] != '\0')
		t_errx(t, 1, "%s", err);
	return v;
}
