/* SPDX-License-Identifier: BSD-2-Clause */
/* touch: access and modification times. */
#include "tools.h"
#include <netbsd/time.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct touch {
	bool access, modify, nocreate, links;
	struct timespec times[2];
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: touch [-acfhm] [-r file] [-t [[CC]YY]MMDDhhmm"
	    "[.SS]] [-d datetime] file ...\n");
	t_exit(t, 1);
}

static int64_t
now(struct tool *t)
{
	struct timespec ts;

	return sys_clock_gettime(t, CLOCK_REALTIME, &ts) < 0 ? 0 : ts.tv_sec;
}

static int
two(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

static bool
all_digits(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

static int
full_year(int yy)
{
	return yy >= 69 ? yy : yy + 100;
}

/* Sets both times from a local date; false when it is none. */
static bool
set(struct tool *t, struct touch *c, struct ttm *tm)
{
	if (tm->mon < 0 || tm->mon > 11 || tm->mday < 1 || tm->mday > 31 ||
	    tm->hour < 0 || tm->hour > 23 || tm->min < 0 || tm->min > 59 ||
	    tm->sec < 0 || tm->sec > 61)
		return false;
	tm->isdst = -1;
	c->times[0].tv_sec = c->times[1].tv_sec = t_mktime(t, tm);
	c->times[0].tv_nsec = c->times[1].tv_nsec = 0;
	return true;
}

/* [[CC]YY]MMDDhhmm[.SS] */
static void
by_time(struct tool *t, struct touch *c, const char *arg)
{
	const char *dot = strchr(arg, '.'), *p = arg;
	size_t n = dot != NULL ? (size_t)(dot - arg) : strlen(arg);
	struct ttm tm;

	t_localtime(t, now(t), &tm);
	tm.sec = 0;
	if (!all_digits(arg, n) || (n != 8 && n != 10 && n != 12) ||
	    (dot != NULL && (strlen(dot) != 3 || !all_digits(dot + 1, 2))))
		goto bad;
	if (dot != NULL)
		tm.sec = two(dot + 1);
	if (n == 12) {
		tm.year = two(p) * 100 + two(p + 2) - 1900;
		p += 4;
	} else if (n == 10) {
		tm.year = full_year(two(p));
		p += 2;
	}
	tm.mon = two(p) - 1;
	tm.mday = two(p + 2);
	tm.hour = two(p + 4);
	tm.min = two(p + 6);
	if (set(t, c, &tm))
		return;
bad:
	t_errx(t, 1,
	    "out of range or illegal time specification: "
	    "[[CC]YY]MMDDhhmm[.SS]");
}

/* The old first operand, MMDDhhmm[YY]. */
static bool
by_operand(struct tool *t, struct touch *c, const char *arg)
{
	size_t n = strlen(arg);
	struct ttm tm;

	if ((n != 8 && n != 10) || !all_digits(arg, n))
		return false;
	t_localtime(t, now(t), &tm);
	tm.mon = two(arg) - 1;
	tm.mday = two(arg + 2);
	tm.hour = two(arg + 4);
	tm.min = two(arg + 6);
	tm.sec = 0;
	if (n == 10)
		tm.year = full_year(two(arg + 8));
	if (!set(t, c, &tm))
		t_errx(t, 1,
		    "out of range or illegal time specification: "
		    "MMDDhhmm[YY]");
	return true;
}

/* Words that parsedate(3) knows besides dates. */
static bool
by_word(struct tool *t, struct touch *c, const char *arg)
{
	static const struct {
		const char *word;
		int64_t offset;
	} words[] = {
		{ "now", 0 },
		{ "today", 0 },
		{ "yesterday", -86400 },
		{ "tomorrow", 86400 },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, arg) == 0) {
			c->times[0].tv_sec = now(t) + words[i].offset;
			c->times[0].tv_nsec = 0;
			c->times[1] = c->times[0];
			return true;
		}
	return false;
}

/* YYYY-MM-DD[(T| )hh:mm[:ss][Z]], hh:mm, @seconds, and some words. */
static void
by_date(struct tool *t, struct touch *c, const char *arg)
{
	int year, mon, day, hour = 0, min = 0, sec = 0, used = 0, more = 0;
	struct ttm tm;
	char *end;

	if (by_word(t, c, arg))
		return;
	if (arg[0] == '@') {
		c->times[0].tv_sec = strtoll(arg + 1, &end, 10);
		c->times[0].tv_nsec = 0;
		c->times[1] = c->times[0];
		if (end == arg + 1 || *end != '\0')
			goto bad;
		return;
	}
	t_localtime(t, now(t), &tm);
	if (sscanf(arg, "%4d-%2d-%2d%n", &year, &mon, &day, &used) == 3) {
		tm.year = year - 1900;
		tm.mon = mon - 1;
		tm.mday = day;
		arg += used;
		if (*arg == 'T' || *arg == 't' || *arg == ' ')
			arg++;
	}
	used = 0;
	if (sscanf(arg, "%2d:%2d%n", &hour, &min, &used) >= 2) {
		arg += used;
		if (sscanf(arg, ":%2d%n", &sec, &more) == 1)
			arg += more;
	}
	tm.hour = hour;
	tm.min = min;
	tm.sec = sec;
	while (*arg == ' ')
		arg++;
	if (!set(t, c, &tm))
		goto bad;
	if (strcmp(arg, "Z") == 0 || strcmp(arg, "UTC") == 0 ||
	    strcmp(arg, "GMT") == 0) {
		tm.hour = hour;
		tm.min = min;
		tm.sec = sec;
		c->times[0].tv_sec = c->times[1].tv_sec = t_timegm(&tm);
		return;
	}
	if (*arg == '\0')
		return;
bad:
	t_errx(t, 1, "Could not parse `%s'", arg);
}

static void
by_file(struct tool *t, struct touch *c, const char *name)
{
	struct stat st;
	int error = sys_stat(t, name, &st);

	if (error != 0)
		t_fail(t, 1, error, "%s", name);
	c->times[0] = st.st_atim;
	c->times[1] = st.st_mtim;
}

static int
touch_one(struct tool *t, const struct touch *c, const char *name)
{
	struct timespec times[2] = { c->times[0], c->times[1] };
	struct stat st;
	int error, fd;

	error = c->links ? sys_lstat(t, name, &st) : sys_stat(t, name, &st);
	if (error == -ENOENT) {
		if (c->nocreate)
			return 0;
		fd = sys_open(t, name, O_WRONLY | O_CREAT, DEFFILEMODE);
		if (fd >= 0) {
			error = sys_fstat(t, fd, &st);
			sys_close(t, fd);
		} else
			error = fd;
	}
	if (error == 0) {
		if (!c->access)
			times[0].tv_nsec = UTIME_OMIT;
		if (!c->modify)
			times[1].tv_nsec = UTIME_OMIT;
		error = sys_utimensat(t, AT_FDCWD, name, times,
		    c->links ? AT_SYMLINK_NOFOLLOW : 0);
	}
	if (error != 0)
		t_warn(t, error, "%s", name);
	return error != 0;
}

#define OPTIONS "acd:fhmr:t:"

int
touch_main(struct tool *t, int argc, char **argv)
{
	static const char *const longs[] = { "date", "reference", NULL };
	struct touch c;
	const char *value;
	bool timed = false;
	int ch, status = 0;

	memset(&c, 0, sizeof(c));
	c.times[0].tv_nsec = c.times[1].tv_nsec = UTIME_NOW;
	argv = tools_options_first(t, &argc, argv, OPTIONS, longs, "");
	while ((ch = tools_getopt_long(t, argc, argv, OPTIONS, longs, &value)) !=
	    -1)
		switch (ch) {
		case TOOLS_LONG:
			timed = true;
			by_date(t, &c, value);
			break;
		case TOOLS_LONG + 1:
			timed = true;
			by_file(t, &c, value);
			break;
		case 'a':
			c.access = true;
			break;
		case 'c':
			c.nocreate = true;
			break;
		case 'd':
			timed = true;
			by_date(t, &c, t->t_opt.optarg);
			break;
		case 'f':
			break;
		case 'h':
			c.links = c.nocreate = true;
			break;
		case 'm':
			c.modify = true;
			break;
		case 'r':
			timed = true;
			by_file(t, &c, t->t_opt.optarg);
			break;
		case 't':
			timed = true;
			by_time(t, &c, t->t_opt.optarg);
			break;
		default:
			usage(t);
		}
	argv += t->t_opt.optind;
	if (!c.access && !c.modify)
		c.access = c.modify = true;
	if (!timed && *argv != NULL && argv[1] != NULL &&
	    by_operand(t, &c, argv[0]))
		argv++;
	if (*argv == NULL)
		usage(t);
	for (; *argv != NULL; argv++)
		status |= touch_one(t, &c, *argv);
	return status;
}
