/* SPDX-License-Identifier: BSD-2-Clause */
/* The standard streams of a tool: buffered output, buffered input, printf. */
#include "tool/private.h"
#include <stdio.h>
#include <string.h>

/*
 * A broken stream stays broken, and quiet: the tool asks at its end. Standard output that nobody reads any more ends the
 * tool as SIGPIPE would; and a SIGINT ends one that makes no system calls here.
 */
static void
out_raw(struct tout *o, const void *buf, size_t n)
{
	const struct tool_io *io = o->to_tool->t_io;
	struct tool_priv *p = o->to_tool->t_priv;
	int error;

	if (n == 0 || o->to_error != 0)
		return;
	error = io->write(io->ctx, o->to_fd, buf, n);
	if (error >= 0) {
		if (o->to_fd == 1 && !p->tp_catch && !p->tp_ending &&
		    t_interrupted(o->to_tool)) {
			o->to_len = 0;
			t_exit_interrupted(o->to_tool);
		}
		return;
	}
	o->to_error = error;
	if (error == -EPIPE && o->to_fd == 1 && !p->tp_ending) {
		o->to_len = 0;
		t_exit(o->to_tool, 128 + 13);
	}
}

int
t_flush(struct tout *o)
{
	size_t n = o->to_len;

	o->to_len = 0;
	out_raw(o, o->to_buf, n);
	return o->to_error;
}

void
t_out_write(struct tout *o, const void *buf, size_t n)
{
	if (o->to_unbuf || n >= sizeof(o->to_buf)) {
		t_flush(o);
		out_raw(o, buf, n);
		return;
	}
	if (n > sizeof(o->to_buf) - o->to_len)
		t_flush(o);
	memcpy(o->to_buf + o->to_len, buf, n);
	o->to_len += n;
	if (o->to_linebuf && memchr(buf, '\n', n) != NULL)
		t_flush(o);
}

int
t_vfprintf(struct tout *o, const char *fmt, va_list ap)
{
	char small[512], *big;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(small))
		t_out_write(o, small, (size_t)n);
	else if (n >= 0) {
		big = t_malloc(o->to_tool, (size_t)n + 1);
		vsnprintf(big, (size_t)n + 1, fmt, again);
		t_out_write(o, big, (size_t)n);
		t_free(o->to_tool, big);
	}
	va_end(again);
	return n;
}

int
t_fprintf(struct tout *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = t_vfprintf(o, fmt, ap);
	va_end(ap);
	return n;
}

int
t_printf(struct tool *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = t_vfprintf(t->t_out, fmt, ap);
	va_end(ap);
	return n;
}

int
t_eprintf(struct tool *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	t_flush(t->t_out);
	va_start(ap, fmt);
	n = t_vfprintf(t->t_err, fmt, ap);
	va_end(ap);
	return n;
}

void
t_putc(struct tool *t, int c)
{
	char b = (char)c;

	t_out_write(t->t_out, &b, 1);
}

void
t_puts(struct tool *t, const char *s)
{
	t_out_write(t->t_out, s, strlen(s));
}

char *
t_asprintf(struct tool *t, const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	s = t_malloc(t, (size_t)n + 1);
	s[0] = '\0';
	vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

/* Whoever reads may wait for an answer to what was written: it goes out first. */
int
t_getc(struct tool *t)
{
	struct tool_priv *p = t->t_priv;
	int n;

	if (p->tp_inpos == p->tp_inlen) {
		t_flush(t->t_out);
		p->tp_inpos = p->tp_inlen = 0;
		n = t->t_io->read(t->t_io->ctx, 0, p->tp_in, sizeof(p->tp_in));
		if (n <= 0) {
			p->tp_inerror = n;
			return -1;
		}
		p->tp_inlen = (size_t)n;
	}
	return (unsigned char)p->tp_in[p->tp_inpos++];
}

char *
t_getline(struct tool *t)
{
	size_t len = 0, size = 128;
	char *line = t_malloc(t, size);
	int c;

	while ((c = t_getc(t)) >= 0 && c != '\n') {
		if (len + 1 == size)
			line = t_realloc(t, line, size *= 2);
		line[len++] = (char)c;
	}
	if (c < 0 && len == 0) {
		t_free(t, line);
		return NULL;
	}
	line[len] = '\0';
	return line;
}
