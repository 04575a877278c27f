/* SPDX-License-Identifier: BSD-2-Clause */
/* How modes, sizes, file flags and odd characters are shown: strmode(3), humanize_number(3), vis(3), fflags. */
#include "tool/private.h"
#include <stdio.h>
#include <string.h>

static char
type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFREG:
		return (mode & S_ARCH1) != 0 ? 'a' : '-';
	case S_IFLNK:
		return 'l';
	case S_IFSOCK:
		return 's';
	case S_IFIFO:
		return 'p';
	case S_IFWHT:
		return 'w';
	default:
		return '?';
	}
}

/* One class's execute letter: special is the set-id or sticky bit's. */
static char
exec_letter(bool exec, bool special, char letter)
{
	if (!special)
		return exec ? 'x' : '-';
	return exec ? letter : (char)(letter - 'a' + 'A');
}

void
t_strmode(mode_t mode, char out[12])
{
	out[0] = type_letter(mode);
	out[1] = (mode & S_IRUSR) != 0 ? 'r' : '-';
	out[2] = (mode & S_IWUSR) != 0 ? 'w' : '-';
	out[3] = exec_letter(mode & S_IXUSR, mode & S_ISUID, 's');
	out[4] = (mode & S_IRGRP) != 0 ? 'r' : '-';
	out[5] = (mode & S_IWGRP) != 0 ? 'w' : '-';
	out[6] = exec_letter(mode & S_IXGRP, mode & S_ISGID, 's');
	out[7] = (mode & S_IROTH) != 0 ? 'r' : '-';
	out[8] = (mode & S_IWOTH) != 0 ? 'w' : '-';
	out[9] = exec_letter(mode & S_IXOTH, mode & S_ISVTX, 't');
	out[10] = ' ';
	out[11] = '\0';
}

/*
 * Hundredths are kept while dividing, so that one decimal can be shown and
 * the last digit is rounded. Automatic scaling divides until the number, as
 * rounded, has room before its suffix.
 */
int
t_humanize(char *buf, size_t len, int64_t number, const char *suffix, int scale,
    int flags)
{
	static const char units_1024[] = "BKMGTPE", units_1000[] = "BkMGTPE";
	const char *units = (flags & HN_DIVISOR_1000) != 0 ? units_1000 :
							     units_1024;
	const char *sep = (flags & HN_NOSPACE) != 0 ? "" : " ";
	uint64_t divisor = (flags & HN_DIVISOR_1000) != 0 ? 1000 : 1024;
	bool negative = number < 0;
	uint64_t whole = negative ? -(uint64_t)number : (uint64_t)number;
	uint64_t hundredths, limit;
	size_t base, i;
	char unit[2] = "";
	int n;

	if (buf == NULL || suffix == NULL || scale < 0 ||
	    (scale >= 7 && (scale & (HN_AUTOSCALE | HN_GETSCALE)) == 0))
		return -1;
	if (len > 0)
		buf[0] = '\0';
	base = (negative ? 3 : 2) + strlen(sep) + strlen(suffix);
	if (len < base + 1)
		return -1;
	/* Whole numbers that would not fit with hundredths are far from the limit of any buffer: divide first. */
	i = 0;
	if (whole > UINT64_MAX / 100) {
		hundredths = whole / divisor * 100;
		i = 1;
	} else
		hundredths = whole * 100;
	if ((scale & (HN_AUTOSCALE | HN_GETSCALE)) != 0) {
		size_t digits = len - base;

		for (limit = 100; digits > 0 && limit < UINT64_MAX / 100;
		     digits--)
			limit *= 10;
		for (; hundredths >= limit - 50 && i < 6; i++)
			hundredths /= divisor;
		if ((scale & HN_GETSCALE) != 0)
			return (int)i;
	} else
		for (; i < (size_t)scale && i < 6; i++)
			hundredths /= divisor;
	if (i > 0 || (flags & HN_B) != 0)
		unit[0] = units[i];
	if (hundredths < 995 && i > 0 && (flags & HN_DECIMAL) != 0) {
		unsigned tenths = (unsigned)(hundredths + 5) / 10;

		n = snprintf(buf, len, "%s%u.%u%s%s%s", negative ? "-" : "",
		    tenths / 10, tenths % 10, sep, unit, suffix);
	} else
		n = snprintf(buf, len, "%s%ju%s%s%s", negative ? "-" : "",
		    (uintmax_t)((hundredths + 50) / 100), sep, unit, suffix);
	return n;
}

/* --- file flags --- */

struct flag_name {
	const char *name;
	unsigned flag;
	bool inverted; /* the name with "no" in front sets nothing: the name itself clears */
};

static const struct flag_name flag_names[] = {
	{ "arch", SF_ARCHIVED, false },
	{ "sappnd", SF_APPEND, false },
	{ "schg", SF_IMMUTABLE, false },
	{ "nodump", UF_NODUMP, false },
	{ "opaque", UF_OPAQUE, false },
	{ "snap", SF_SNAPSHOT, false },
	{ "uappnd", UF_APPEND, false },
	{ "uchg", UF_IMMUTABLE, false },
	{ "log", SF_LOG, false },
	{ "snapinval", SF_SNAPINVAL, false },
	/* Other names of the same. */
	{ "archived", SF_ARCHIVED, false },
	{ "sappend", SF_APPEND, false },
	{ "schange", SF_IMMUTABLE, false },
	{ "simmutable", SF_IMMUTABLE, false },
	{ "snapshot", SF_SNAPSHOT, false },
	{ "uappend", UF_APPEND, false },
	{ "uchange", UF_IMMUTABLE, false },
	{ "uimmutable", UF_IMMUTABLE, false },
	{ "dump", UF_NODUMP, true },
};
#define NSHOWN 10

char *
t_flags_to_string(struct tool *t, unsigned flags, const char *none)
{
	char buf[128];
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < NSHOWN; i++)
		if ((flags & flag_names[i].flag) != 0) {
			if (buf[0] != '\0')
				strcat(buf, ",");
			strcat(buf, flag_names[i].name);
		}
	return t_strdup(t, buf[0] != '\0' ? buf : none);
}

static const struct flag_name *
flag_lookup(const char *word, size_t n, bool *clear)
{
	size_t i;

	*clear = false;
	for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (strlen(flag_names[i].name) == n &&
		    memcmp(flag_names[i].name, word, n) == 0)
			return &flag_names[i];
	*clear = true;
	if (n > 2 && word[0] == 'n' && word[1] == 'o')
		for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
			if (strlen(flag_names[i].name) == n - 2 &&
			    memcmp(flag_names[i].name, word + 2, n - 2) == 0)
				return &flag_names[i];
	return NULL;
}

int
t_string_to_flags(char **stringp, unsigned *set, unsigned *clear)
{
	char *p = *stringp;
	size_t n;

	if (set != NULL)
		*set = 0;
	if (clear != NULL)
		*clear = 0;
	for (; *p != '\0'; p += n) {
		const struct flag_name *f;
		bool off;

		p += strspn(p, "\t ,");
		if (*p == '\0')
			break;
		n = strcspn(p, "\t ,");
		f = flag_lookup(p, n, &off);
		if (f == NULL) {
			*stringp = p;
			return 1;
		}
		if (off != f->inverted) {
			if (clear != NULL)
				*clear |= f->flag;
		} else if (set != NULL)
			*set |= f->flag;
	}
	return 0;
}

/* --- vis(3) --- */

static bool
is_visible(unsigned char c, int flags)
{
	if (c == '\\')
		return (flags & VIS_NOSLASH) != 0;
	if (c == ' ')
		return (flags & VIS_SP) == 0;
	if (c == '\t')
		return (flags & VIS_TAB) == 0;
	if (c == '\n')
		return (flags & VIS_NL) == 0;
	return c > ' ' && c < 0x7f;
}

static size_t
cstyle(unsigned char c, unsigned char next, char *out)
{
	static const char from[] = "\n\r\b\a\v\t\f \\", to[] = "nrbavtfs\\";
	const char *at;

	if (c == '\0') {
		memcpy(out, "\\0", 2);
		if (next < '0' || next > '7')
			return 2;
		memcpy(out + 2, "00", 2);
		return 4;
	}
	at = strchr(from, c);
	if (at == NULL)
		return 0;
	out[0] = '\\';
	out[1] = to[at - from];
	return 2;
}

/* One character's form, at most four bytes. */
static size_t
vis_one(unsigned char c, unsigned char next, int flags, char *out)
{
	size_t n;

	if (is_visible(c, flags)) {
		out[0] = (char)c;
		return 1;
	}
	if ((flags & VIS_CSTYLE) != 0 && (n = cstyle(c, next, out)) != 0)
		return n;
	if ((flags & VIS_OCTAL) == 0 && c == '\\') {
		memcpy(out, "\\\\", 2);
		return 2;
	}
	if ((flags & VIS_OCTAL) != 0 || (c & 0x7f) == ' ') {
		out[0] = '\\';
		out[1] = (char)('0' + (c >> 6));
		out[2] = (char)('0' + (c >> 3 & 7));
		out[3] = (char)('0' + (c & 7));
		return 4;
	}
	n = 0;
	out[n++] = '\\';
	if ((c & 0x80) != 0) {
		c &= 0x7f;
		out[n++] = 'M';
	}
	if (c < ' ' || c == 0x7f) {
		out[n++] = '^';
		out[n++] = c == 0x7f ? '?' : (char)(c + '@');
	} else {
		out[n++] = '-';
		out[n++] = (char)c;
	}
	return n;
}

int
t_vis(char *dst, size_t dstsize, const char *src, int flags)
{
	size_t len = 0, n;
	char one[4];

	for (; *src != '\0'; src++) {
		n = vis_one(
		    (unsigned char)*src, (unsigned char)src[1], flags, one);
		if (len + n >= dstsize)
			break;
		memcpy(dst + len, one, n);
		len += n;
	}
	if (dstsize > 0)
		dst[len] = '\0';
	return (int)len;
}
