/* SPDX-License-Identifier: BSD-2-Clause */
/* ls: how lists look. */
#include "ls/ls.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SIXMONTHS (INT64_C(365) / 2 * 86400)

/* Bytes of a valid UTF-8 sequence of more than one, else 0. */
static size_t
utf8_sequence(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 :
	    p[0] >= 0xe0 && p[0] < 0xf0		? 3 :
	    p[0] >= 0xc2 && p[0] < 0xe0		? 2 :
						  0,
	       i;

	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* No control characters, surrogates, overlong forms. */
	if ((n == 2 && p[0] == 0xc2 && p[1] < 0xa0) ||
	    (n == 3 && p[0] == 0xe0 && p[1] < 0xa0) ||
	    (n == 3 && p[0] == 0xed && p[1] > 0x9f) ||
	    (n == 4 && p[0] == 0xf0 && p[1] < 0x90) ||
	    (n == 4 && p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* Prints a name, or (out false) only counts its columns. */
static int
name_form(const struct ls *ls, const char *name, bool out)
{
	char vis[4 * 1024 + 1];
	int n = 0;
	size_t seq;

	if (ls->odd == LS_OCTAL || ls->odd == LS_CSTYLE) {
		n = t_vis(vis, sizeof(vis), name,
		    VIS_WHITE | VIS_OCTAL |
			(ls->odd == LS_CSTYLE ? VIS_CSTYLE : 0));
		if (out)
			t_puts(ls->t, vis);
		return n;
	}
	while (*name != '\0') {
		unsigned char c = (unsigned char)*name;

		seq = ls->utf8 ? utf8_sequence(name) : 0;
		if (seq == 0)
			seq = 1;
		if (out && seq == 1 && ls->odd == LS_QUESTION &&
		    (c < ' ' || c >= 0x7f))
			t_putc(ls->t, '?');
		else if (out)
			t_out_write(ls->t->t_out, name, seq);
		name += seq;
		n++;
	}
	return n;
}

int
ls_name_width(const struct ls *ls, const char *name)
{
	return name_form(ls, name, false);
}

static int
print_type(const struct ls *ls, mode_t mode)
{
	int c = 0;

	if (ls->slash)
		c = S_ISDIR(mode) ? '/' : 0;
	else
		switch (mode & S_IFMT) {
		case S_IFDIR:
			c = '/';
			break;
		case S_IFIFO:
			c = '|';
			break;
		case S_IFLNK:
			c = '@';
			break;
		case S_IFSOCK:
			c = '=';
			break;
		case S_IFWHT:
			c = '%';
			break;
		default:
			c = (mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0 ? '*' :
									  0;
		}
	if (c == 0)
		return 0;
	t_putc(ls->t, c);
	return 1;
}

static int
print_human(const struct ls *ls, int width, int64_t bytes)
{
	char buf[8];

	if (t_humanize(buf, 5, bytes, "", HN_AUTOSCALE,
		HN_DECIMAL | HN_B | HN_NOSPACE) < 0)
		snprintf(buf, sizeof(buf), "?");
	return t_printf(ls->t, "%*s", width, buf);
}

static void
with_commas(uint64_t v, char out[32])
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, v), i, j = 0;

	for (i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			out[j++] = ',';
		out[j++] = digits[i];
	}
	out[j] = '\0';
}

static int
print_number(const struct ls *ls, int width, int64_t v)
{
	char buf[32];

	if (!ls->commas)
		return t_printf(ls->t, "%*" PRId64, width, v);
	with_commas((uint64_t)v, buf);
	return t_printf(ls->t, "%*s", width, buf);
}

/* The inode number and blocks that go before anything else. */
static int
print_front(const struct ls *ls, const struct ls_list *l, const FTSENT *e)
{
	int n = 0;

	if (ls->inode)
		n += t_printf(
		    ls->t, "%*" PRIu64 " ", l->w_inode, e->fts_statp->st_ino);
	if (ls->blocks) {
		if (ls->human)
			n += print_human(
			    ls, l->w_blocks, e->fts_statp->st_blocks * 512);
		else
			n += print_number(ls, l->w_blocks,
			    ls_block_count(ls, e->fts_statp->st_blocks));
		t_putc(ls->t, ' ');
		n++;
	}
	return n;
}

static int
print_name(const struct ls *ls, const struct ls_list *l, const FTSENT *e)
{
	int n = print_front(ls, l, e);

	n += name_form(ls, ls->path ? e->fts_path : e->fts_name, true);
	if (ls->type || (ls->slash && S_ISDIR(e->fts_statp->st_mode)))
		n += print_type(ls, e->fts_statp->st_mode);
	return n;
}

static void
print_time(const struct ls *ls, const struct stat *st)
{
	const struct timespec *ts = ls->time == LS_ATIME ? &st->st_atim :
	    ls->time == LS_CTIME			 ? &st->st_ctim :
							   &st->st_mtim;
	const char *form = "%b %e  %Y";
	struct ttm tm;
	char buf[48];

	if (ls->full_time)
		form = "%b %e %H:%M:%S %Y";
	else if (ts->tv_sec + SIXMONTHS > ls->now &&
	    ts->tv_sec < ls->now + SIXMONTHS)
		form = "%b %e %H:%M";
	t_localtime(ls->t, ts->tv_sec, &tm);
	t_strftime(buf, sizeof(buf), form, &tm);
	t_printf(ls->t, "%s ", buf);
}

static void
print_link(const struct ls *ls, const FTSENT *e)
{
	char target[1025];
	int n = sys_readlink(ls->t, e->fts_accpath, target, sizeof(target) - 1);

	if (n < 0) {
		t_eprintf(ls->t, "\nls: %s: %s\n", e->fts_path, t_strerror(n));
		return;
	}
	target[n] = '\0';
	t_puts(ls->t, " -> ");
	name_form(ls, target, true);
}

static void
print_long(const struct ls *ls, const struct ls_list *l, const FTSENT *e)
{
	const struct stat *st = e->fts_statp;
	const struct ls_names *names = e->fts_pointer;
	struct tool *t = ls->t;
	char mode[12];

	print_front(ls, l, e);
	t_strmode(st->st_mode, mode);
	t_printf(t, "%s %*u ", mode, l->w_nlink, st->st_nlink);
	if (!ls->no_owner)
		t_printf(t, "%-*s  ", l->w_user, names->user);
	t_printf(t, "%-*s  ", l->w_group, names->group);
	if (ls->flags)
		t_printf(t, "%-*s ", l->w_flags, names->flags);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		t_printf(t, "%*s%*u, %*u ",
		    l->w_size - l->w_major - 2 - l->w_minor, "", l->w_major,
		    major(st->st_rdev), l->w_minor, minor(st->st_rdev));
	else {
		if (ls->human)
			print_human(ls, l->w_size, st->st_size);
		else
			print_number(ls, l->w_size, st->st_size);
		t_putc(t, ' ');
	}
	print_time(ls, st);
	name_form(ls, ls->path ? e->fts_path : e->fts_name, true);
	if (ls->type || (ls->slash && S_ISDIR(st->st_mode)))
		print_type(ls, st->st_mode);
	if (S_ISLNK(st->st_mode))
		print_link(ls, e);
	t_putc(t, '\n');
}

static void
print_total(const struct ls *ls, const struct ls_list *l)
{
	bool columns = ls->format == LS_COLUMNS || ls->format == LS_ACROSS;

	if (l->parent == NULL || ls->leaf ||
	    (ls->format != LS_LONG && !(columns && ls->blocks)))
		return;
	t_puts(ls->t, "total ");
	if (ls->human)
		print_human(ls, 0, l->size_total);
	else
		print_number(ls, 0, ls_block_count(ls, l->blocks_total));
	t_putc(ls->t, '\n');
}

static void
print_single(const struct ls *ls, const struct ls_list *l)
{
	const FTSENT *e;

	for (e = l->first; e != NULL; e = e->fts_link) {
		if (e->fts_number == LS_NOPRINT)
			continue;
		print_name(ls, l, e);
		t_putc(ls->t, '\n');
	}
}

/* The width of a column: as many as fit, spread over the line. 0: fewer than two fit. */
static int
columns(const struct ls *ls, const struct ls_list *l, int *width)
{
	int w = l->maxlen;

	if (ls->inode)
		w += l->w_inode + 1;
	if (ls->blocks)
		w += l->w_blocks + 1;
	if (ls->type || ls->slash)
		w++;
	w++;
	if (ls->width < 2 * w)
		return 0;
	*width = ls->width / (ls->width / w);
	return ls->width / w;
}

static void
pad(const struct ls *ls, int have, int width)
{
	for (; have < width; have++)
		t_putc(ls->t, ' ');
}

static void
print_columns(const struct ls *ls, const struct ls_list *l)
{
	const FTSENT **table, *e;
	size_t n = 0, rows, row, i;
	int width, ncol = columns(ls, l, &width);

	if (ncol == 0) {
		print_single(ls, l);
		return;
	}
	table = t_calloc(ls->t, l->count, sizeof(*table));
	for (e = l->first; e != NULL; e = e->fts_link)
		if (e->fts_number != LS_NOPRINT)
			table[n++] = e;
	rows = (n + (size_t)ncol - 1) / (size_t)ncol;
	for (row = 0; row < rows; row++) {
		for (i = row;;) {
			int have = print_name(ls, l, table[i]);

			i += rows;
			if (i >= n)
				break;
			pad(ls, have, width);
		}
		t_putc(ls->t, '\n');
	}
	t_free(ls->t, table);
}

static void
print_across(const struct ls *ls, const struct ls_list *l)
{
	const FTSENT *e;
	int width, ncol = columns(ls, l, &width), col = 0;

	if (ncol == 0) {
		print_single(ls, l);
		return;
	}
	for (e = l->first; e != NULL; e = e->fts_link) {
		if (e->fts_number == LS_NOPRINT)
			continue;
		if (col++ >= ncol) {
			t_putc(ls->t, '\n');
			col = 1;
		}
		pad(ls, print_name(ls, l, e), width);
	}
	t_putc(ls->t, '\n');
}

static void
print_stream(const struct ls *ls, const struct ls_list *l)
{
	const FTSENT *e;
	int extra = 2, at = 0;

	if (ls->inode)
		extra += l->w_inode + 1;
	if (ls->blocks)
		extra += l->w_blocks + 1;
	if (ls->type || ls->slash)
		extra++;
	for (e = l->first; e != NULL; e = e->fts_link) {
		if (e->fts_number == LS_NOPRINT)
			continue;
		if (at > 0) {
			t_putc(ls->t, ',');
			at++;
			if (at + 1 + extra + ls_name_width(ls, e->fts_name) >=
			    ls->width) {
				t_putc(ls->t, '\n');
				at = 0;
			} else {
				t_putc(ls->t, ' ');
				at++;
			}
		}
		at += print_name(ls, l, e);
	}
	t_putc(ls->t, '\n');
}

void
ls_print(struct ls *ls, struct ls_list *l)
{
	const FTSENT *e;

	print_total(ls, l);
	switch (ls->format) {
	case LS_LONG:
		for (e = l->first; e != NULL; e = e->fts_link)
			if (e->fts_number != LS_NOPRINT)
				print_long(ls, l, e);
		break;
	case LS_COLUMNS:
		print_columns(ls, l);
		break;
	case LS_ACROSS:
		print_across(ls, l);
		break;
	case LS_STREAM:
		print_stream(ls, l);
		break;
	default:
		print_single(ls, l);
		break;
	}
}
