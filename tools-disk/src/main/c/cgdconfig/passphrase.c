/* SPDX-License-Identifier: BSD-2-Clause */
/* cgdconfig: passphrases, from the terminal without an echo, or from standard input. */
#include "cgdconfig/cgdconfig.h"

#define MAXPHRASE 1023 /* cgdconfig(8), BUGS */

static void
echo_again(struct tool *t, void *arg)
{
	(void)arg;
	if (t->t_io->echo != NULL)
		(void)t->t_io->echo(t->t_io->ctx, 0, true);
}

/* Byte by byte, past the runtime's buffer: no copy of it stays there. */
static char *
read_line(struct cgdconfig *c, size_t *np, bool *got)
{
	char *line = secret_alloc(c, MAXPHRASE + 1);
	char ch;

	*np = 0;
	*got = false;
	for (;;) {
		int n = t_stdin_read(c->t, &ch, 1);

		if (n <= 0) {
			c->input_ended = true;
			break;
		}
		*got = true;
		if (ch == '\n')
			break;
		if (*np < MAXPHRASE)
			line[(*np)++] = ch;
	}
	ch = '\0';
	return line;
}

char *
passphrase_read(struct cgdconfig *c, const char *prompt, size_t *np)
{
	struct tool *t = c->t;
	bool terminal = !c->from_stdin && t_isatty(t, 0), got;
	char *line;

	if (terminal) {
		t_flush(t->t_out);
		t_eprintf(t, "%s", prompt);
		t_flush(t->t_err);
		if (t->t_io->echo != NULL) {
			t_atexit(t, echo_again, NULL);
			(void)t->t_io->echo(t->t_io->ctx, 0, false);
		}
	}
	line = read_line(c, np, &got);
	if (terminal) {
		echo_again(t, NULL);
		t_eprintf(t, "\n");
	}
	if (c->from_stdin && !got) {
		t_warnx(t, "failed to read passphrase from stdin");
		return NULL;
	}
	return line;
}
