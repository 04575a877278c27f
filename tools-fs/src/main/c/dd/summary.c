/* SPDX-License-Identifier: BSD-2-Clause */
/* dd: the summary at the end, and on SIGINFO. */
#include "dd/dd.h"
#include <netbsd/time.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t
dd_now_ns(struct tool *t)
{
	struct timespec ts;

	if (sys_clock_gettime(t, CLOCK_MONOTONIC, &ts) < 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct figures {
	int64_t ms;
	uint64_t rate;
	char bytes_human[16], rate_human[16];
};

static void
figures(struct dd *d, struct figures *f)
{
	f->ms = (dd_now_ns(d->t) - d->start_ns) / 1000000;
	if (f->ms <= 0)
		f->ms = 1;
	f->rate = (uint64_t)((double)d->bytes * 1000.0 / (double)f->ms);
	t_humanize(f->bytes_human, 7, (int64_t)d->bytes, "B", HN_AUTOSCALE,
	    HN_DECIMAL);
	t_humanize(
	    f->rate_human, 7, (int64_t)f->rate, "B", HN_AUTOSCALE, HN_DECIMAL);
}

static void
count_line(struct dd *d, uint64_t n, const char *what)
{
	if (n != 0)
		t_eprintf(
		    d->t, "%" PRIu64 " %s%s\n", n, what, n == 1 ? "" : "s");
}

static void
records(struct dd *d)
{
	t_eprintf(d->t,
	    "%" PRIu64 "+%" PRIu64 " records in\n%" PRIu64 "+%" PRIu64
	    " records out\n",
	    d->in_full, d->in_part, d->out_full, d->out_part);
	count_line(d, d->swab, "odd length swab block");
	count_line(d, d->trunc, "truncated block");
	count_line(d, d->sparse, "sparse output block");
}

static void
one_specifier(struct dd *d, const struct figures *f, char c)
{
	struct tool *t = d->t;

	switch (c) {
	case 'b':
		t_eprintf(t, "%" PRIu64, d->bytes);
		break;
	case 'B':
		t_eprintf(t, "%s", f->bytes_human);
		break;
	case 'e':
		t_eprintf(t, "%" PRIu64, f->rate);
		break;
	case 'E':
		t_eprintf(t, "%s/sec", f->rate_human);
		break;
	case 'i':
		t_eprintf(t, "%" PRIu64 "+%" PRIu64, d->in_full, d->in_part);
		break;
	case 'o':
		t_eprintf(t, "%" PRIu64 "+%" PRIu64, d->out_full, d->out_part);
		break;
	case 's':
		t_eprintf(
		    t, "%" PRId64 ".%03d", f->ms / 1000, (int)(f->ms % 1000));
		break;
	case 'p':
		t_eprintf(t, "%" PRIu64, d->sparse);
		break;
	case 't':
		t_eprintf(t, "%" PRIu64, d->trunc);
		break;
	case 'w':
		t_eprintf(t, "%" PRIu64, d->swab);
		break;
	case 'P':
		count_line(d, d->sparse, "sparse output block");
		break;
	case 'T':
		count_line(d, d->trunc, "truncated block");
		break;
	case 'W':
		count_line(d, d->swab, "odd length swab block");
		break;
	case '%':
		t_eprintf(t, "%%");
		break;
	default:
		t_errx(t, 1, "%%%c: unknown specifier", c);
	}
}

void
dd_summary(struct dd *d)
{
	const char *p = d->msgfmt;
	struct figures f;

	if (p != NULL && strcmp(p, "quiet") == 0)
		return;
	figures(d, &f);
	if (p != NULL && strcmp(p, "posix") != 0 && strcmp(p, "human") != 0) {
		for (; *p != '\0'; p++)
			if (p[0] == '%' && p[1] != '\0')
				one_specifier(d, &f, *++p);
			else
				t_eprintf(d->t, "%c", *p);
		return;
	}
	records(d);
	if (p == NULL)
		t_eprintf(d->t,
		    "%" PRIu64 " bytes transferred in %" PRId64
		    ".%03d secs (%" PRIu64 " bytes/sec)\n",
		    d->bytes, f.ms / 1000, (int)(f.ms % 1000), f.rate);
	else if (strcmp(p, "human") == 0)
		t_eprintf(d->t,
		    "%" PRIu64 " bytes (%s) transferred in %" PRId64
		    ".%03d secs (%" PRIu64 " bytes/sec - %s/sec)\n",
		    d->bytes, f.bytes_human, f.ms / 1000, (int)(f.ms % 1000),
		    f.rate, f.rate_human);
}
