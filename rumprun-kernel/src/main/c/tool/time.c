/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Broken-down time: UTC, and local time by a POSIX $TZ ("CET-1CEST,M3.5.0,M10.5.0/3"). Zone names of the Olson database,
 * whose files a kernel does not have, count as UTC. Years may be any that fit an int.
 */
#include "tool/private.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

/* Days since 1970-01-01 of a civil date; month 0..11, day from 1. */
static int64_t
days_of_civil(int64_t y, int m, int64_t d)
{
	int64_t era, yoe, doy;

	y += m < 2 ? -1 : 0;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * ((m + 10) % 12) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool
is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

void
t_gmtime(int64_t when, struct ttm *tm)
{
	int64_t day, rest, era, doe, yoe, doy, year;
	int mp;

	memset(tm, 0, sizeof(*tm));
	/* The years that fit an int; what lies beyond is shown as the last. */
	if (when > INT64_C(67767976233532799))
		when = INT64_C(67767976233532799);
	if (when < -INT64_C(67768040609740800))
		when = -INT64_C(67768040609740800);
	day = when / 86400;
	rest = when % 86400;
	if (rest < 0) {
		rest += 86400;
		day--;
	}
	tm->hour = (int)(rest / 3600);
	tm->min = (int)(rest / 60 % 60);
	tm->sec = (int)(rest % 60);
	tm->wday = (int)(((day + 4) % 7 + 7) % 7);
	day += 719468;
	era = (day >= 0 ? day : day - 146096) / 146097;
	doe = day - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (int)((5 * doy + 2) / 153);
	tm->mday = (int)(doy - (153 * mp + 2) / 5 + 1);
	tm->mon = (mp + 2) % 12;
	year = yoe + era * 400 + (tm->mon < 2 ? 1 : 0);
	tm->year = (int)(year - 1900);
	tm->yday = (int)(days_of_civil(year, tm->mon, tm->mday) -
	    days_of_civil(year, 0, 1));
	memcpy(tm->zone, "UTC", 4);
}

int64_t
t_timegm(struct ttm *tm)
{
	int64_t year = (int64_t)tm->year + 1900 + tm->mon / 12;
	int mon = tm->mon % 12;
	int64_t when;

	if (mon < 0) {
		mon += 12;
		year--;
	}
	when = (days_of_civil(year, mon, 1) + tm->mday - 1) * 86400 +
	    (int64_t)tm->hour * 3600 + (int64_t)tm->min * 60 + tm->sec;
	t_gmtime(when, tm);
	return when;
}

/* --- POSIX time zones --- */

struct rule {
	char kind;	      /* 'M', 'J' (no leap day) or '0' */
	int month, week, day; /* day alone for J and 0 */
	long at;	      /* seconds into the day */
};

struct zone {
	char std[16], dst[16]; /* dst empty: none */
	long stdoff, dstoff;   /* seconds east of UTC */
	struct rule start, end;
};

static const char *
zone_name(const char *s, char *out)
{
	const char *begin = s;
	size_t n;

	if (*s == '<') {
		begin = ++s;
		while (isalnum((unsigned char)*s) || *s == '+' || *s == '-')
			s++;
		n = (size_t)(s - begin);
		if (*s++ != '>')
			return NULL;
	} else {
		while (isalpha((unsigned char)*s))
			s++;
		n = (size_t)(s - begin);
	}
	if (n < 3 || n > 15)
		return NULL;
	memcpy(out, begin, n);
	out[n] = '\0';
	return s;
}

static const char *
zone_number(const char *s, long min, long max, long *out)
{
	long v = 0;

	if (!isdigit((unsigned char)*s))
		return NULL;
	while (isdigit((unsigned char)*s) && v <= max)
		v = v * 10 + (*s++ - '0');
	*out = v;
	return v >= min && v <= max ? s : NULL;
}

/* [+-]hh[:mm[:ss]] */
static const char *
zone_time(const char *s, long *out)
{
	long h, m = 0, sec = 0;
	bool negative = false;

	if (*s == '-' || *s == '+')
		negative = *s++ == '-';
	if ((s = zone_number(s, 0, 167, &h)) == NULL)
		return NULL;
	if (*s == ':' && (s = zone_number(s + 1, 0, 59, &m)) == NULL)
		return NULL;
	if (*s == ':' && (s = zone_number(s + 1, 0, 59, &sec)) == NULL)
		return NULL;
	*out = h * 3600 + m * 60 + sec;
	if (negative)
		*out = -*out;
	return s;
}

static const char *
zone_rule(const char *s, struct rule *r)
{
	long v[3] = { 0, 0, 0 };

	if (s == NULL || *s++ != ',')
		return NULL;
	r->kind = '0';
	if (*s == 'M') {
		r->kind = *s++;
		if ((s = zone_number(s, 1, 12, &v[0])) == NULL || *s++ != '.' ||
		    (s = zone_number(s, 1, 5, &v[1])) == NULL || *s++ != '.')
			return NULL;
		s = zone_number(s, 0, 6, &v[2]);
	} else {
		if (*s == 'J')
			r->kind = *s++;
		s = zone_number(
		    s, r->kind == 'J', r->kind == 'J' ? 365 : 366, &v[2]);
	}
	r->month = (int)v[0];
	r->week = (int)v[1];
	r->day = (int)v[2];
	r->at = 7200;
	if (s != NULL && *s == '/')
		s = zone_time(s + 1, &r->at);
	return s;
}

static bool
zone_parse(const char *s, struct zone *z)
{
	long off;

	memset(z, 0, sizeof(*z));
	if (*s == ':')
		s++;
	if ((s = zone_name(s, z->std)) == NULL ||
	    (s = zone_time(s, &off)) == NULL)
		return false;
	z->stdoff = -off;
	if (*s == '\0')
		return true;
	if ((s = zone_name(s, z->dst)) == NULL)
		return false;
	z->dstoff = z->stdoff + 3600;
	if (*s != ',' && *s != '\0') {
		if ((s = zone_time(s, &off)) == NULL)
			return false;
		z->dstoff = -off;
	}
	if (*s == '\0')
		s = ",M3.2.0,M11.1.0";
	s = zone_rule(zone_rule(s, &z->start), &z->end);
	return s != NULL && *s == '\0';
}

/* When a rule takes effect in a year, in seconds since 1970 of the local clock. */
static int64_t
rule_time(const struct rule *r, int64_t year)
{
	int64_t day;

	if (r->kind == 'M') {
		int64_t first = days_of_civil(year, r->month - 1, 1);
		int64_t next = r->month == 12 ?
		    days_of_civil(year + 1, 0, 1) :
		    days_of_civil(year, r->month, 1);
		int wday = (int)(((first + 4) % 7 + 7) % 7);

		day = first + (r->day - wday + 7) % 7 + (r->week - 1) * 7;
		while (day >= next)
			day -= 7;
	} else {
		day = days_of_civil(year, 0, 1) + r->day;
		if (r->kind == 'J' && !(r->day >= 60 && is_leap(year)))
			day--;
	}
	return day * 86400 + r->at;
}

static bool
zone_isdst(const struct zone *z, int64_t when)
{
	struct ttm tm;
	int64_t start, end, year;

	if (z->dst[0] == '\0')
		return false;
	t_gmtime(when + z->stdoff, &tm);
	year = (int64_t)tm.year + 1900;
	start = rule_time(&z->start, year) - z->stdoff;
	end = rule_time(&z->end, year) - z->dstoff;
	return start < end ? when >= start && when < end :
			     when >= start || when < end;
}

static bool
zone_of(struct tool *t, struct zone *z)
{
	const char *tz = t_getenv(t, "TZ");

	return tz != NULL && zone_parse(tz, z);
}

void
t_localtime(struct tool *t, int64_t when, struct ttm *tm)
{
	struct zone z;
	bool dst;

	if (!zone_of(t, &z)) {
		t_gmtime(when, tm);
		return;
	}
	dst = zone_isdst(&z, when);
	t_gmtime(when + (dst ? z.dstoff : z.stdoff), tm);
	tm->isdst = dst;
	tm->gmtoff = dst ? z.dstoff : z.stdoff;
	strcpy(tm->zone, dst ? z.dst : z.std);
}

int64_t
t_mktime(struct tool *t, struct ttm *tm)
{
	struct ttm copy = *tm;
	struct zone z;
	int64_t when = t_timegm(&copy);

	if (zone_of(t, &z)) {
		bool dst = tm->isdst > 0;

		if (tm->isdst < 0)
			dst = zone_isdst(&z, when - z.stdoff) &&
			    zone_isdst(&z, when - z.dstoff);
		when -= dst && z.dst[0] != '\0' ? z.dstoff : z.stdoff;
	}
	t_localtime(t, when, tm);
	return when;
}

char *
t_ctime(struct tool *t, int64_t when, char out[32])
{
	struct ttm tm;

	t_localtime(t, when, &tm);
	t_strftime(out, 32, "%c\n", &tm);
	return out;
}

/* --- strftime --- */

struct sink {
	char *buf;
	size_t size, len;
};

static void
put(struct sink *s, const char *text, size_t n)
{
	if (s->len < s->size && n < s->size - s->len)
		memcpy(s->buf + s->len, text, n);
	s->len += n;
}

static void
put_number(struct sink *s, int64_t v, int width, char pad)
{
	char buf[24];
	int n = pad == '0' ?
	    snprintf(buf, sizeof(buf), "%0*jd", width, (intmax_t)v) :
	    snprintf(buf, sizeof(buf), "%*jd", width, (intmax_t)v);

	put(s, buf, (size_t)n);
}

/* The ISO 8601 week and its year. */
static int
iso_week(const struct ttm *tm, int64_t *year)
{
	int week = (tm->yday + 11 - (tm->wday == 0 ? 7 : tm->wday)) / 7;
	int64_t y = (int64_t)tm->year + 1900;
	int64_t jan1;
	int wday;

	*year = y;
	if (week == 0) {
		*year = --y;
		jan1 = days_of_civil(y, 0, 1);
		wday = (int)(((jan1 + 4) % 7 + 7) % 7);
		return wday == 4 || (wday == 3 && is_leap(y)) ? 53 : 52;
	}
	if (week == 53) {
		jan1 = days_of_civil(y, 0, 1);
		wday = (int)(((jan1 + 4) % 7 + 7) % 7);
		if (!(wday == 4 || (wday == 3 && is_leap(y)))) {
			*year = y + 1;
			return 1;
		}
	}
	return week;
}

static const char *const full_months[] = { "January", "February", "March",
	"April", "May", "June", "July", "August", "September", "October",
	"November", "December" };
static const char *const full_days[] = { "Sunday", "Monday", "Tuesday",
	"Wednesday", "Thursday", "Friday", "Saturday" };

static const char *
composite(char c)
{
	switch (c) {
	case 'c':
		return "%a %b %e %H:%M:%S %Y";
	case 'D':
	case 'x':
		return "%m/%d/%y";
	case 'F':
		return "%Y-%m-%d";
	case 'r':
		return "%I:%M:%S %p";
	case 'R':
		return "%H:%M";
	case 'T':
	case 'X':
		return "%H:%M:%S";
	case 'v':
		return "%e-%b-%Y";
	case '+':
		return "%a %b %e %H:%M:%S %Z %Y";
	default:
		return NULL;
	}
}

static void
put_zone(struct sink *s, const struct ttm *tm)
{
	long off = tm->gmtoff / 60;
	char buf[16];
	int n = snprintf(buf, sizeof(buf), "%c%02ld%02ld", off < 0 ? '-' : '+',
	    labs(off) / 60 % 100, labs(off) % 60);

	put(s, buf, (size_t)n);
}

static bool
put_name(struct sink *s, char c, const struct ttm *tm)
{
	int mon = (tm->mon % 12 + 12) % 12, wday = (tm->wday % 7 + 7) % 7;
	const char *text;

	switch (c) {
	case 'a':
		put(s, days + 3 * wday, 3);
		return true;
	case 'b':
	case 'h':
		put(s, months + 3 * mon, 3);
		return true;
	case 'A':
		text = full_days[wday];
		break;
	case 'B':
		text = full_months[mon];
		break;
	case 'p':
		text = tm->hour < 12 ? "AM" : "PM";
		break;
	case 'Z':
		text = tm->zone;
		break;
	case 'n':
		text = "\n";
		break;
	case 't':
		text = "\t";
		break;
	case '%':
		text = "%";
		break;
	default:
		return false;
	}
	put(s, text, strlen(text));
	return true;
}

static void
put_field(struct sink *s, char c, const struct ttm *tm)
{
	int64_t year = (int64_t)tm->year + 1900, iso;
	int week;
	struct ttm copy;

	switch (c) {
	case 'C':
		put_number(s, year / 100, 2, '0');
		break;
	case 'd':
		put_number(s, tm->mday, 2, '0');
		break;
	case 'e':
		put_number(s, tm->mday, 2, ' ');
		break;
	case 'H':
		put_number(s, tm->hour, 2, '0');
		break;
	case 'k':
		put_number(s, tm->hour, 2, ' ');
		break;
	case 'I':
		put_number(s, (tm->hour + 11) % 12 + 1, 2, '0');
		break;
	case 'l':
		put_number(s, (tm->hour + 11) % 12 + 1, 2, ' ');
		break;
	case 'j':
		put_number(s, tm->yday + 1, 3, '0');
		break;
	case 'm':
		put_number(s, tm->mon + 1, 2, '0');
		break;
	case 'M':
		put_number(s, tm->min, 2, '0');
		break;
	case 'S':
		put_number(s, tm->sec, 2, '0');
		break;
	case 's':
		copy = *tm;
		put_number(s, t_timegm(&copy) - tm->gmtoff, 1, '0');
		break;
	case 'u':
		put_number(s, tm->wday == 0 ? 7 : tm->wday, 1, '0');
		break;
	case 'w':
		put_number(s, tm->wday, 1, '0');
		break;
	case 'U':
		put_number(s, (tm->yday + 7 - tm->wday) / 7, 2, '0');
		break;
	case 'W':
		put_number(s, (tm->yday + 7 - (tm->wday + 6) % 7) / 7, 2, '0');
		break;
	case 'y':
		put_number(s, (year % 100 + 100) % 100, 2, '0');
		break;
	case 'Y':
		put_number(s, year, 1, '0');
		break;
	case 'z':
		put_zone(s, tm);
		break;
	case 'g':
	case 'G':
	case 'V':
		week = iso_week(tm, &iso);
		if (c == 'V')
			put_number(s, week, 2, '0');
		else if (c == 'G')
			put_number(s, iso, 1, '0');
		else
			put_number(s, (iso % 100 + 100) % 100, 2, '0');
		break;
	default:
		put(s, &c, 1);
	}
}

static void
format(struct sink *s, const char *fmt, const struct ttm *tm)
{
	const char *whole;

	for (; *fmt != '\0'; fmt++) {
		if (*fmt != '%') {
			put(s, fmt, 1);
			continue;
		}
		fmt++;
		if (*fmt == 'E' || *fmt == 'O')
			fmt++;
		if (*fmt == '\0')
			return;
		whole = composite(*fmt);
		if (whole != NULL)
			format(s, whole, tm);
		else if (!put_name(s, *fmt, tm))
			put_field(s, *fmt, tm);
	}
}

size_t
t_strftime(char *buf, size_t size, const char *fmt, const struct ttm *tm)
{
	struct sink s = { buf, size, 0 };

	format(&s, fmt, tm);
	if (s.len >= size) {
		if (size > 0)
			buf[0] = '\0';
		return 0;
	}
	buf[s.len] = '\0';
	return s.len;
}
