/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows. */
#include "npfctl/npfctl.h"
#include <stdio.h>

void
text_add(struct text *x, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (x->cap - x->len <= (size_t)n) {
		x->cap = (x->len + (size_t)n + 64) * 2;
		x->buf = t_realloc(x->t, x->buf, x->cap);
	}
	va_start(ap, fmt);
	vsnprintf(x->buf + x->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	x->len += (size_t)n;
}
