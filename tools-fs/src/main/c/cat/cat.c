/* SPDX-License-Identifier: BSD-2-Clause */
/* cat: files to standard output. */
#include "tools.h"
#include <stdlib.h>
#include <string.h>

#define COPYSIZE (256u << 10)

struct cat {
	bool number, number_full, ends, squeeze, tabs, visible, regular_only;
	size_t bufsize;
	char *buf;
	size_t pos, len; /* of the buffer, for cooked output */
	int status;
};

#define STDIN (-1)

static ssize_t
fill(struct tool *t, int fd, char *buf, size_t n)
{
	return fd == STDIN ? t_stdin_read(t, buf, n) : sys_read(t, fd, buf, n);
}

static void
raw(struct tool *t, struct cat *c, int fd, const char *name)
{
	ssize_t n;

	while ((n = fill(t, fd, c->buf, c->bufsize)) > 0) {
		t_out_write(t->t_out, c->buf, (size_t)n);
		t_flush(t->t_out);
	}
	if (n < 0) {
		t_warn(t, (int)n, "%s", name);
		c->status = 1;
	}
}

/* The next byte, -1 at the end, -2 after an error. */
static int
next(struct tool *t, struct cat *c, int fd, const char *name)
{
	ssize_t n;

	if (c->pos < c->len)
		return (unsigned char)c->buf[c->pos++];
	n = fill(t, fd, c->buf, c->bufsize);
	if (n < 0) {
		t_warn(t, (int)n, "%s", name);
		c->status = 1;
		return -2;
	}
	if (n == 0)
		return -1;
	c->len = (size_t)n;
	c->pos = 1;
	return (unsigned char)c->buf[0];
}

static void
show(struct tool *t, const struct cat *c, int ch)
{
	if (ch == '\n') {
		if (c->ends)
			t_putc(t, '$');
		t_putc(t, '\n');
		return;
	}
	if (ch == '\t' && !c->tabs) {
		t_putc(t, ch);
		return;
	}
	if (ch == '\t') {
		t_puts(t, "^I");
		return;
	}
	if (c->visible && ch >= 0x80) {
		t_puts(t, "M-");
		ch &= 0x7f;
	}
	if (c->visible && (ch < ' ' || ch == 0x7f)) {
		t_putc(t, '^');
		ch = ch == 0x7f ? '?' : ch + '@';
	}
	t_putc(t, ch);
}

static void
cooked(struct tool *t, struct cat *c, int fd, const char *name)
{
	bool gobble = false;
	int ch, before = '\n', line = 0;

	c->pos = c->len = 0;
	for (; (ch = next(t, c, fd, name)) >= 0; before = ch) {
		if (before == '\n') {
			if (c->squeeze && ch == '\n') {
				if (gobble)
					continue;
				gobble = true;
			} else
				gobble = false;
			if (c->number && (!c->number_full || ch != '\n'))
				t_printf(t, "%6d\t", ++line);
			else if (c->number && c->ends)
				t_printf(t, "%6s\t", "");
		}
		show(t, c, ch);
	}
}

static void
cat_file(struct tool *t, struct cat *c, const char *name)
{
	struct stat st;
	int fd = STDIN, error;

	if (strcmp(name, "-") == 0)
		name = "stdin";
	else {
		fd = sys_open(
		    t, name, O_RDONLY | (c->regular_only ? O_NONBLOCK : 0), 0);
		if (fd < 0) {
			t_warn(t, fd, "%s", name);
			c->status = 1;
			return;
		}
	}
	error = c->regular_only && fd != STDIN ? sys_fstat(t, fd, &st) : 0;
	if (error != 0 ||
	    (c->regular_only && fd != STDIN && !S_ISREG(st.st_mode))) {
		if (error != 0)
			t_warn(t, error, "%s", name);
		else
			t_warnx(t, "%s: not a regular file", name);
		c->status = 1;
	} else if (c->number || c->ends || c->squeeze || c->tabs || c->visible)
		cooked(t, c, fd, name);
	else
		raw(t, c, fd, name);
	if (fd != STDIN)
		sys_close(t, fd);
}

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t, "usage: cat [-beflnstuv] [-B bsize] [-] [file ...]\n");
	t_exit(t, 1);
}

int
cat_main(struct tool *t, int argc, char **argv)
{
	struct cat c;
	int ch, error;

	memset(&c, 0, sizeof(c));
	c.bufsize = COPYSIZE;
	while ((ch = t_getopt(t, argc, argv, "B:beflnstuv")) != -1)
		switch (ch) {
		case 'B':
			c.bufsize = (size_t)t_strsuftoll(
			    t, "buffer size", t->t_opt.optarg, 1, 64 << 20);
			break;
		case 'b':
			c.number = c.number_full = true;
			break;
		case 'e':
			c.ends = c.visible = true;
			break;
		case 'f':
			c.regular_only = true;
			break;
		case 'l':
			break; /* the host's standard output has no NetBSD lock */
		case 'n':
			c.number = true;
			break;
		case 's':
			c.squeeze = true;
			break;
		case 't':
			c.tabs = c.visible = true;
			break;
		case 'u':
			t->t_out->to_unbuf = true;
			break;
		case 'v':
			c.visible = true;
			break;
		default:
			usage(t);
		}
	argv += t->t_opt.optind;
	c.buf = t_malloc(t, c.bufsize);
	if (*argv == NULL)
		cat_file(t, &c, "-");
	for (; *argv != NULL; argv++)
		cat_file(t, &c, *argv);
	error = t_flush(t->t_out);
	if (error != 0)
		t_fail(t, 1, error, "stdout");
	return c.status;
}
