/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat: the format language: %[flags][size][.prec][fmt][sub]datum.
 */
#include "stat/stat.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Output forms, as bits, so that a datum can say which ones it has. */
enum { F_D = 1, F_O = 2, F_U = 4, F_X = 8, F_F = 16, F_S = 32 };

struct spec {
	bool alternate, plus, minus, zero, space;
	int size, prec; /* -1: none */
	int form;	/* 0: the datum's own */
	char sub;	/* 'H', 'M', 'L' or 0 */
};

/* What a datum is worth. */
struct value {
	bool is_number, is_time, is_signed;
	uint64_t number;
	struct timespec time;
	const char *string;
	const char *prefix; /* before the string */
	int default_form, forms;
};

static _Noreturn void
bad(struct stat_output *o, const char *from, const char *to)
{
	t_errx(o->t, 1, "%.*s: bad format", (int)(to - from), from);
}

static const char *
type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "Fifo File";
	case S_IFCHR:
		return "Character Device";
	case S_IFDIR:
		return "Directory";
	case S_IFBLK:
		return "Block Device";
	case S_IFREG:
		return "Regular File";
	case S_IFLNK:
		return "Symbolic Link";
	case S_IFSOCK:
		return "Socket";
	case S_IFWHT:
		return "Whiteout File";
	default:
		return "???";
	}
}

static const char *
type_character(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "|";
	case S_IFDIR:
		return "/";
	case S_IFREG:
		return (mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0 ? "*" : "";
	case S_IFLNK:
		return "@";
	case S_IFSOCK:
		return "=";
	case S_IFWHT:
		return "%";
	default:
		return "";
	}
}

static void
number(struct value *v, uint64_t n, bool is_signed, int form)
{
	v->is_number = true;
	v->is_signed = is_signed;
	v->number = n;
	v->default_form = form;
	v->forms |= F_D | F_O | F_U | F_X;
}

static void
string(struct value *v, const char *s)
{
	v->string = s;
	v->forms |= F_S;
	if (v->default_form == 0)
		v->default_form = F_S;
}

static void
time_value(struct stat_output *o, struct value *v, const struct timespec *ts)
{
	char *buf = t_malloc(o->t, 256);
	struct ttm tm;

	number(v, (uint64_t)ts->tv_sec, true, F_D);
	v->is_time = true;
	v->time = *ts;
	v->forms |= F_F;
	t_localtime(o->t, ts->tv_sec, &tm);
	if (t_strftime(buf, 256, o->timefmt, &tm) == 0)
		buf[0] = '\0';
	string(v, buf);
}

static void
mode_value(struct stat_output *o, struct value *v, const struct spec *s)
{
	char *str = t_malloc(o->t, 12);
	mode_t mode = o->st.st_mode;

	t_strmode(mode, str);
	/* Strings: owner, group, others; numbers: type, special bits, permissions. */
	switch (s->sub) {
	case 'H':
		number(v, mode >> 12, false, F_O);
		str[4] = '\0';
		str++;
		break;
	case 'M':
		number(v, mode >> 9 & 07, false, F_O);
		str[7] = '\0';
		str += 4;
		break;
	case 'L':
		number(v, mode & 0777, false, F_O);
		str[10] = '\0';
		str += 7;
		break;
	default:
		number(v, mode, false, F_O);
		if (str[10] == ' ')
			str[10] = '\0';
	}
	string(v, str);
}

static void
device_value(
    struct stat_output *o, struct value *v, const struct spec *s, dev_t dev)
{
	char *str;

	if (s->sub == 'H')
		number(v, major(dev), false, F_U);
	else if (s->sub == 'L')
		number(v, minor(dev), false, F_U);
	else
		number(v, dev, false, F_U);
	/* There is no table of device names in a kernel: the numbers stand for it. */
	str = t_asprintf(o->t, "(%u,%u)", major(dev), minor(dev));
	string(v, str);
}

static void
link_value(struct stat_output *o, struct value *v, const struct spec *s)
{
	char *target = t_calloc(o->t, 1, 1025);
	int n;

	v->prefix = "";
	if (S_ISLNK(o->st.st_mode)) {
		n = sys_readlink(o->t, o->file, target, 1024);
		if (n >= 0)
			target[n] = '\0';
		if (s->form == F_S)
			v->prefix = " -> ";
	}
	string(v, target);
}

static void
owner_value(struct stat_output *o, struct value *v, bool group)
{
	uint32_t id = group ? o->st.st_gid : o->st.st_uid;
	const char *name = group ? t_group_from_gid(o->t, id) :
				   t_user_from_uid(o->t, id);

	number(v, id, false, F_U);
	string(v, name != NULL ? name : t_asprintf(o->t, "(%u)", id));
}

/* Looks up a datum; false when there is none of that letter. */
static bool
look_up(struct stat_output *o, struct value *v, const struct spec *s, char c)
{
	const struct stat *st = &o->st;

	switch (c) {
	case 'd':
		device_value(o, v, s, st->st_dev);
		break;
	case 'r':
		device_value(o, v, s, st->st_rdev);
		break;
	case 'i':
		number(v, st->st_ino, false, F_U);
		break;
	case 'p':
		mode_value(o, v, s);
		break;
	case 'l':
		number(v, st->st_nlink, false, F_U);
		break;
	case 'u':
		owner_value(o, v, false);
		break;
	case 'g':
		owner_value(o, v, true);
		break;
	case 'a':
		time_value(o, v, &st->st_atim);
		break;
	case 'm':
		time_value(o, v, &st->st_mtim);
		break;
	case 'c':
		time_value(o, v, &st->st_ctim);
		break;
	case 'B':
		time_value(o, v, &st->st_birthtim);
		break;
	case 'b':
		number(v, (uint64_t)st->st_blocks, false, F_U);
		break;
	case 'k':
		number(v, (uint64_t)st->st_blksize, false, F_U);
		break;
	case 'z':
		number(v, (uint64_t)st->st_size, false, F_U);
		break;
	case 'f':
		number(v, st->st_flags, false, F_U);
		string(v, t_flags_to_string(o->t, st->st_flags, "-"));
		break;
	case 'v':
		number(v, st->st_gen, false, F_U);
		break;
	case 'N':
		string(v, o->file);
		break;
	case 'R': {
		char *real = t_malloc(o->t, 1024);

		string(v, t_realpath(o->t, o->file, real) == 0 ? real : "");
		break;
	}
	case 'Y':
		link_value(o, v, s);
		break;
	case 'T':
		string(v,
		    s->sub == 'H' ? type_name(st->st_mode) :
				    type_character(st->st_mode));
		break;
	default:
		return false;
	}
	return true;
}

static void
print_string(struct stat_output *o, const struct spec *s, const struct value *v)
{
	char *text = t_asprintf(
	    o->t, "%s%s", v->prefix != NULL ? v->prefix : "", v->string);

	if (s->prec >= 0)
		t_printf(o->t, s->minus ? "%-*.*s" : "%*.*s",
		    s->size < 0 ? 0 : s->size, s->prec, text);
	else
		t_printf(o->t, s->minus ? "%-*s" : "%*s",
		    s->size < 0 ? 0 : s->size, text);
}

/* Pads a number that stands in buf. */
static void
print_padded(struct stat_output *o, const struct spec *s, const char *sign,
    const char *digits)
{
	int len = (int)(strlen(sign) + strlen(digits));
	int pad = s->size > len ? s->size - len : 0;

	if (!s->minus && !s->zero)
		t_printf(o->t, "%*s", pad, "");
	t_puts(o->t, sign);
	for (; !s->minus && s->zero && pad > 0; pad--)
		t_putc(o->t, '0');
	t_puts(o->t, digits);
	if (s->minus)
		t_printf(o->t, "%*s", pad, "");
}

static void
print_time(struct stat_output *o, const struct spec *s, const struct value *v)
{
	int64_t sec = v->time.tv_sec;
	long nsec = v->time.tv_nsec;
	int prec = s->prec < 0 ? 9 : s->prec > 9 ? 9 : s->prec;
	char digits[48], frac[16];
	bool negative = sec < 0;

	/* A fraction counts upwards: -1.25 is stored as -2 and 750000000. */
	if (negative && nsec > 0) {
		sec++;
		nsec = 1000000000 - nsec;
	}
	snprintf(frac, sizeof(frac), "%09ld", nsec % 1000000000);
	frac[prec] = '\0';
	snprintf(digits, sizeof(digits), "%" PRIu64 "%s%s",
	    negative ? -(uint64_t)sec : (uint64_t)sec, prec > 0 ? "." : "",
	    frac);
	print_padded(o, s,
	    negative	 ? "-" :
		s->plus	 ? "+" :
		s->space ? " " :
			   "",
	    digits);
}

static void
print_number(struct stat_output *o, const struct spec *s, const struct value *v,
    int form)
{
	uint64_t n = v->number;
	const char *sign = "";
	char digits[80];
	int prec = s->prec < 0 ? 0 : s->prec > 60 ? 60 : s->prec;

	switch (form) {
	case F_D:
		if ((int64_t)n < 0) {
			sign = "-";
			n = -n;
		} else
			sign = s->plus ? "+" : s->space ? " " : "";
		snprintf(digits, sizeof(digits), "%.*" PRIu64, prec, n);
		break;
	case F_O:
		snprintf(digits, sizeof(digits),
		    s->alternate ? "%#.*" PRIo64 : "%.*" PRIo64, prec, n);
		break;
	case F_X:
		snprintf(digits, sizeof(digits), "%.*" PRIx64, prec, n);
		if (s->alternate && n != 0)
			sign = "0x";
		break;
	default:
		snprintf(digits, sizeof(digits), "%.*" PRIu64, prec, n);
		break;
	}
	if (n == 0 && digits[0] == '\0')
		strcpy(digits, "0");
	print_padded(o, s, sign, digits);
}

static void
print_value(struct stat_output *o, const struct spec *s, const struct value *v,
    const char *from, const char *to)
{
	int form = s->form != 0 ? s->form : v->default_form;

	if ((v->forms & form) == 0)
		bad(o, from, to);
	if (form == F_S)
		print_string(o, s, v);
	else if (form == F_F || (v->is_time && form == F_D && s->prec > 0))
		print_time(o, s, v);
	else
		print_number(o, s, v, form);
}

/* %Z: "major,minor" of devices, the size of others. */
static void
print_size_or_device(struct stat_output *o, const struct spec *s)
{
	mode_t mode = o->st.st_mode;
	char buf[32];

	if (S_ISCHR(mode) || S_ISBLK(mode))
		snprintf(buf, sizeof(buf), "%u,%u", major(o->st.st_rdev),
		    minor(o->st.st_rdev));
	else
		snprintf(buf, sizeof(buf), "%" PRId64, o->st.st_size);
	t_printf(
	    o->t, s->minus ? "%-*s" : "%*s", s->size < 0 ? 0 : s->size, buf);
}

#define WIDTHMAX 4096

static int
parse_digits(const char **p)
{
	int n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		if (n < WIDTHMAX)
			n = n * 10 + (**p - '0');
	return n;
}

static const char *
parse_flags(const char *p, struct spec *s)
{
	for (;; p++)
		switch (*p) {
		case '#':
			s->alternate = true;
			break;
		case '+':
			s->plus = true;
			break;
		case '-':
			s->minus = true;
			break;
		case '0':
			s->zero = true;
			break;
		case ' ':
			s->space = true;
			break;
		default:
			return p;
		}
}

static const char *
parse_spec(const char *p, struct spec *s)
{
	static const char forms[] = "DOUXFS";
	const char *form;

	memset(s, 0, sizeof(*s));
	s->size = s->prec = -1;
	p = parse_flags(p, s);
	if (*p >= '0' && *p <= '9')
		s->size = parse_digits(&p);
	if (*p == '.') {
		p++;
		s->prec = parse_digits(&p);
	}
	if (*p != '\0' && (form = strchr(forms, *p)) != NULL) {
		s->form = 1 << (form - forms);
		p++;
	}
	if (*p == 'H' || *p == 'M' || *p == 'L')
		s->sub = *p++;
	return p;
}

/* One conversion; what follows it. */
static const char *
convert(struct stat_output *o, const char *from)
{
	const char *p = from + 1;
	struct value v;
	struct spec s;

	switch (*p) {
	case 'n':
		t_putc(o->t, '\n');
		return p + 1;
	case 't':
		t_putc(o->t, '\t');
		return p + 1;
	case '%':
		t_putc(o->t, '%');
		return p + 1;
	case '@':
		t_printf(o->t, "%d", o->filen);
		return p + 1;
	case '\0':
		t_putc(o->t, '%');
		return p;
	default:
		break;
	}
	p = parse_spec(p, &s);
	if (*p == '\0')
		bad(o, from, p);
	if (*p == 'Z' && (s.form == 0 || s.form == F_S) && s.sub == 0) {
		print_size_or_device(o, &s);
		return p + 1;
	}
	memset(&v, 0, sizeof(v));
	if (!look_up(o, &v, &s, *p))
		bad(o, from, p + 1);
	print_value(o, &s, &v, from, p + 1);
	return p + 1;
}

void
stat_print(struct stat_output *o)
{
	const char *p = o->format;

	while (*p != '\0')
		if (*p == '%')
			p = convert(o, p);
		else
			t_putc(o->t, *p++);
	if (!o->no_newline)
		t_putc(o->t, '\n');
}
