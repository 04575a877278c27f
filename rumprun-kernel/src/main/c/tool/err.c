/* SPDX-License-Identifier: BSD-2-Clause */
/* The messages of err(3), and the environment. */
#include "tool/private.h"
#include <netbsd/errnames.h>
#include <stdio.h>
#include <string.h>

const char *
t_strerror(int error)
{
	return rumprun_strerror(error < 0 ? -error : error);
}

/*
 * A message is one write, so that the lines of several programs on one
 * terminal or file do not mix.
 */
static void
message(struct tool *t, bool with_error, int error, const char *fmt, va_list ap)
{
	char buf[2048];
	int n;

	t_flush(t->t_out);
	n = snprintf(buf, sizeof(buf), "%s: ", t->t_progname);
	if (n < 0 || (size_t)n >= sizeof(buf))
		n = 0;
	if (fmt != NULL) {
		int m = vsnprintf(buf + n, sizeof(buf) - (size_t)n, fmt, ap);

		if (m > 0)
			n += m;
		if ((size_t)n >= sizeof(buf))
			n = (int)sizeof(buf) - 1;
	}
	t_out_write(t->t_err, buf, (size_t)n);
	if (with_error)
		t_fprintf(t->t_err, "%s%s", fmt != NULL ? ": " : "",
		    t_strerror(error));
	t_out_write(t->t_err, "\n", 1);
}

void
t_vwarn(struct tool *t, int error, const char *fmt, va_list ap)
{
	message(t, true, error, fmt, ap);
}

void
t_vwarnx(struct tool *t, const char *fmt, va_list ap)
{
	message(t, false, 0, fmt, ap);
}

void
t_warn(struct tool *t, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(t, true, error, fmt, ap);
	va_end(ap);
}

void
t_warnx(struct tool *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(t, false, 0, fmt, ap);
	va_end(ap);
}

void
t_fail(struct tool *t, int status, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(t, true, error, fmt, ap);
	va_end(ap);
	t_exit(t, status);
}

void
t_errx(struct tool *t, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(t, false, 0, fmt, ap);
	va_end(ap);
	t_exit(t, status);
}

const char *
t_getenv(struct tool *t, const char *name)
{
	size_t n = strlen(name);
	size_t i;

	for (i = 0; t->t_envp[i] != NULL; i++)
		if (strncmp(t->t_envp[i], name, n) == 0 &&
		    t->t_envp[i][n] == '=')
			return t->t_envp[i] + n + 1;
	return NULL;
}
