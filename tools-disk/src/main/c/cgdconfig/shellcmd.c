/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgdconfig: the key generator shell_cmd. The command is run by the shell where there is one (as a client of a server there is the host's);
 * inside a kernel its words are a tool's.
 */
#include "cgdconfig/cgdconfig.h"

/* A tool's streams with standard output going to a buffer. */
struct capture {
	struct tool_io io;
	const struct tool_io *outer;
	uint8_t *buf;
	size_t n, max;
	bool too_long;
};

static int
capture_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
capture_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct capture *cap = ctx;

	if (fd != 1)
		return cap->outer->write(cap->outer->ctx, fd, buf, n);
	if (n > cap->max - cap->n) {
		cap->too_long = true;
		return (int)n;
	}
	memcpy(cap->buf + cap->n, buf, n);
	cap->n += n;
	return (int)n;
}

static bool
capture_isatty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

static int
capture_columns(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

static int
run(struct tool *t, const char *path, char *const *argv)
{
	int tag, status;

	if (t->t_sys->start == NULL)
		return t->t_sys->spawn(t->t_sysctx, t, path, argv);
	status = t->t_sys->start(t->t_sysctx, t, path, argv, 0);
	return status < 0 ? status : t->t_sys->await(t->t_sysctx, t, &tag);
}

/* The words of a command without a shell. */
static char **
words(struct tool *t, const char *cmd)
{
	char *copy = t_strdup(t, cmd), *p = copy;
	char **argv = t_calloc(t, strlen(cmd) / 2 + 2, sizeof(*argv));
	size_t n = 0;

	for (;;) {
		p += strspn(p, " \t\n");
		if (*p == '\0')
			return argv;
		argv[n++] = p;
		p += strcspn(p, " \t\n");
		if (*p != '\0')
			*p++ = '\0';
	}
}

uint8_t *
shell_output(struct cgdconfig *c, const char *cmd, size_t max, size_t *np)
{
	struct tool *t = c->t;
	char *shell[] = { "sh", "-c", t_strdup(t, cmd), NULL };
	/* It lives as long as the tool: its children remember it. */
	struct capture *cap = t_calloc(t, 1, sizeof(*cap));
	int status;

	*cap = (struct capture){
		.io = { .read = capture_read,
		    .write = capture_write,
		    .isatty = capture_isatty,
		    .columns = capture_columns,
		    .ctx = cap },
		.outer = t->t_io,
		.buf = secret_alloc(c, max),
		.max = max,
	};
	t_flush(t->t_out);
	t->t_io = &cap->io;
	status = run(t, "/bin/sh", shell);
	if (status == -ENOENT) {
		char **argv = words(t, cmd);

		if (argv[0] != NULL)
			status = run(t, argv[0], argv);
	}
	t->t_io = cap->outer;
	*np = cap->n;
	if (status < 0)
		t_warn(t, status, "shell_cmd");
	else if (status != 0)
		t_warnx(t, "shell_cmd failed");
	else if (cap->too_long)
		t_warnx(t, "shell_cmd gave more than the key");
	else
		return cap->buf;
	return NULL;
}
