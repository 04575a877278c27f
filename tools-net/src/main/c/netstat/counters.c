/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of protocols as lines of text. */
#include "netstat.h"
#include <inttypes.h>

void
stats_lines(struct netstat *ns, const uint64_t *v, const struct stat_line *l)
{
	const char *s;
	bool zero;
	int nth;

	for (; l->text != NULL; l++) {
		uint64_t n = 0;

		zero = v[l->a] == 0 && v[l->b] == 0;
		if (zero && ns->sflag > 1)
			continue;
		for (s = l->text, nth = 0; *s != '\0'; s++)
			switch (*s) {
			case '#':
				n = v[nth++ == 0 ? l->a : l->b];
				t_printf(ns->t, "%" PRIu64, n);
				break;
			case '@':
				t_puts(ns->t, n != 1 ? "s" : "");
				break;
			case '&':
				t_puts(ns->t, n != 1 ? "es" : "");
				break;
			case '^':
				t_puts(ns->t, n != 1 ? "ies" : "y");
				break;
			default:
				t_putc(ns->t, *s);
			}
		t_putc(ns->t, '\n');
	}
}

void
stats_histogram(struct netstat *ns, const char *title, const uint64_t *v,
    unsigned n, const char *const *names, unsigned nnames)
{
	bool first = true;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (v[i] == 0)
			continue;
		if (first)
			t_printf(ns->t, "\t%s:\n", title);
		first = false;
		if (i < nnames && names[i] != NULL)
			t_printf(ns->t, "\t\t%s: %" PRIu64 "\n", names[i], v[i]);
		else
			t_printf(ns->t, "\t\t#%u: %" PRIu64 "\n", i, v[i]);
	}
}
