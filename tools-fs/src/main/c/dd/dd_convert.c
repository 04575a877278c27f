/* SPDX-License-Identifier: BSD-2-Clause */
/* dd: what happens to the bytes between input and output. */
#include "dd/dd.h"
#include <string.h>

static void
swap_pairs(struct dd *d, unsigned char *buf, size_t n)
{
	size_t i;

	if (n % 2 != 0) {
		d->swab++;
		n--;
	}
	for (i = 0; i < n; i += 2) {
		unsigned char c = buf[i];

		buf[i] = buf[i + 1];
		buf[i + 1] = c;
	}
}

static void
change_case(const struct dd *d, unsigned char *buf, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((d->conv & DD_LCASE) != 0 && buf[i] >= 'A' && buf[i] <= 'Z')
			buf[i] = (unsigned char)(buf[i] - 'A' + 'a');
		else if ((d->conv & DD_UCASE) != 0 && buf[i] >= 'a' &&
		    buf[i] <= 'z')
			buf[i] = (unsigned char)(buf[i] - 'a' + 'A');
}

static void
put_one(struct dd *d, unsigned char c)
{
	dd_put(d, &c, 1);
}

/* To fixed-length records: translated after they are padded. */
static unsigned char
blocked(const struct dd *d, unsigned char c)
{
	return d->table != NULL ? d->table[c] : c;
}

static void
end_record(struct dd *d)
{
	if (d->record > d->cbs)
		d->trunc++;
	for (; d->record < d->cbs; d->record++)
		put_one(d, blocked(d, ' '));
	d->record = 0;
}

static void
block(struct dd *d, const unsigned char *buf, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (buf[i] == '\n') {
			end_record(d);
			continue;
		}
		if (d->record < d->cbs)
			put_one(d, blocked(d, buf[i]));
		if (d->record <= d->cbs)
			d->record++;
	}
}

/* From fixed-length records: trailing spaces wait until something follows them. */
static void
unblock(struct dd *d, const unsigned char *buf, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char c = blocked(d, buf[i]);

		if (c == ' ')
			d->spaces++;
		else {
			for (; d->spaces > 0; d->spaces--)
				put_one(d, ' ');
			put_one(d, c);
		}
		if (++d->record == d->cbs) {
			put_one(d, '\n');
			d->record = d->spaces = 0;
		}
	}
}

void
dd_convert(struct dd *d, unsigned char *buf, size_t n)
{
	size_t i;

	if (n == 0) {
		if ((d->conv & DD_BLOCK) != 0 && d->record > 0) {
			/* The last line had no newline: it counts as cut only when it was. */
			end_record(d);
		} else if ((d->conv & DD_UNBLOCK) != 0 && d->record > 0) {
			put_one(d, '\n');
			d->record = d->spaces = 0;
		}
		return;
	}
	if ((d->conv & DD_SWAB) != 0)
		swap_pairs(d, buf, n);
	if ((d->conv & DD_UNBLOCK) != 0) {
		change_case(d, buf, n);
		unblock(d, buf, n);
		return;
	}
	change_case(d, buf, n);
	if ((d->conv & DD_BLOCK) != 0) {
		block(d, buf, n);
		return;
	}
	if (d->table != NULL)
		for (i = 0; i < n; i++)
			buf[i] = d->table[buf[i]];
	dd_put(d, buf, n);
}
