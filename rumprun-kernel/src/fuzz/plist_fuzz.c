/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: property lists. What is accepted must be written so that it is read again as the same, in memory bounded by the text's length.
 *
 * An input: the text.
 */
#include <stdlib.h>
#include "kern/plist.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void *
get(void *arg, size_t n)
{
	size_t *left = arg;

	if (n > *left)
		abort();
	*left -= n;
	return malloc(n);
}

static void
give(void *arg, void *p, size_t n)
{
	size_t *left = arg;

	*left += n;
	free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t all = 64 * n + 65536, left = all, onelen, twolen;
	struct plist_mem pm = { get, give, &left, 0 };
	struct plist *first, *again;
	char *one, *two;

	if (plist_read(&pm, (const char *)p, n, &first) != 0) {
		if (first != NULL || left != all)
			abort();
		return 0;
	}
	/* Written text may be longer than what was read: indents. */
	all += (size_t)1 << 30;
	left += (size_t)1 << 30;
	if (plist_write(first, &one, &onelen) != 0 ||
	    plist_read(&pm, one, onelen, &again) != 0 ||
	    plist_write(again, &two, &twolen) != 0 || onelen != twolen ||
	    memcmp(one, two, onelen) != 0)
		abort();
	plist_free(again);
	plist_free(first);
	give(&left, one, onelen);
	give(&left, two, twolen);
	if (left != all)
		abort();
	return 0;
}
