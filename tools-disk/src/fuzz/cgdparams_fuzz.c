/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: parameter files of cgdconfig. Any bytes are refused or read; what was read and is complete can be written, is read again, and is written
 * as the same text then.
 */
#include "cgdconfig/cgdconfig.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct world {
	const uint8_t *in;
	size_t n;
	char out[2][65536];
	size_t len[2];
	int which; /* of out; -1: messages only */
};

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct world *w = ctx;

	if (fd != 1 || w->which < 0)
		return (int)n;
	if (n > sizeof(w->out[0]) - w->len[w->which])
		abort();
	memcpy(w->out[w->which] + w->len[w->which], buf, n);
	w->len[w->which] += n;
	return (int)n;
}

static bool
io_isatty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

static int
io_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

static int
fuzz_main(struct tool *t, int argc, char **argv)
{
	struct cgdconfig *c = t_calloc(t, 1, sizeof(*c));
	struct world *w = t->t_io->ctx;
	struct params *par;

	(void)argc, (void)argv;
	c->t = t;
	secrets_begin(c);
	w->which = -1;
	par = params_parse(c, (const char *)w->in, w->n);
	if (par == NULL || !params_complete(c, par))
		return 0;
	w->which = 0;
	if (params_write(c, par, NULL) != 0)
		abort();
	w->which = -1;
	par = params_parse(c, w->out[0], w->len[0]);
	if (par == NULL || !params_complete(c, par))
		abort();
	w->which = 1;
	if (params_write(c, par, NULL) != 0)
		abort();
	if (w->len[0] != w->len[1] ||
	    memcmp(w->out[0], w->out[1], w->len[0]) != 0)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static struct world w;
	struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.ctx = &w };
	char *argv[] = { (char[]){ "cgdconfig" }, NULL }, *envp[] = { NULL };
	struct tool_run run = { .io = &io, .envp = envp };

	if (n > 4096)
		return 0;
	w.in = in;
	w.n = n;
	w.len[0] = w.len[1] = 0;
	(void)t_run(&run, fuzz_main, 1, argv);
	return 0;
}
