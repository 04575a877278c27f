/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel of this process and its tools, see the header. */
#include "lib/disk_kernel.h"
#include "lib/check.h"
#include "tool/local.h"
#include <rumprun/tool_sys.h>
#include <rumprun/tools_disk.h>

static int
io_read(void *ctx, int fd, void *buf, size_t n)
{
	struct disk_kernel *dk = ctx;
	size_t have = dk->in != NULL ? strlen(dk->in) : 0;

	(void)fd;
	if (n > have)
		n = have;
	if (n > 0)
		memcpy(buf, dk->in, n);
	dk->in = n > 0 ? dk->in + n : NULL;
	return (int)n;
}

static int
io_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct disk_kernel *dk = ctx;

	(void)fd;
	if (dk->outlen + n + 1 > dk->outsize) {
		dk->outsize = (dk->outlen + n + 1) * 2;
		dk->out = realloc(dk->out, dk->outsize);
		if (dk->out == NULL)
			abort();
	}
	memcpy(dk->out + dk->outlen, buf, n);
	dk->outlen += n;
	dk->out[dk->outlen] = '\0';
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

void
disk_kernel_start(struct disk_kernel *dk)
{
	struct kern_config config = { 0 };

	memset(dk, 0, sizeof(*dk));
	(void)io_write(dk, 1, "", 0);
	CHECK_EQ(kern_boot(&config, &dk->k), 0);
}

void
disk_kernel_stop(struct disk_kernel *dk)
{
	int64_t leak;

	kern_halt(dk->k, false, &leak);
	free(dk->out);
	dk->out = NULL;
	CHECK_EQ(leak, 0);
}

static int
run_entry(struct disk_kernel *dk, const struct tool_entry *te, int argc,
    char **argv, const struct tool_group *const *groups)
{
	struct tool_io io = { .read = io_read,
		.write = io_write,
		.isatty = io_isatty,
		.columns = io_columns,
		.ctx = dk };
	struct tool_run run = { .io = &io, .groups = groups, .envp = dk->env };

	dk->outlen = 0;
	dk->out[0] = '\0';
	return tool_local_run(dk->k, NULL, &run, te, argc, argv);
}

int
disk_kernel_run(struct disk_kernel *dk, const char *line)
{
	const struct tool_group *groups[] = { &rumprun_disk_tools,
		&rumprun_kernel_tools, dk->tools, NULL };
	char words[2048], *argv[64], *s = words;
	const struct tool_entry *te;
	int argc = 0;

	CHECK(
	    (size_t)snprintf(words, sizeof(words), "%s", line) < sizeof(words));
	while (argc < 63) {
		s += strspn(s, " ");
		if (*s == '\0')
			break;
		argv[argc++] = *s == '\'' ? ++s : s;
		s = s > words && s[-1] == '\'' ? strchr(s, '\'') :
						 s + strcspn(s, " ");
		CHECK(s != NULL);
		if (*s != '\0')
			*s++ = '\0';
	}
	argv[argc] = NULL;
	te = t_find(groups, argv[0]);
	CHECK(te != NULL);
	return run_entry(dk, te, argc, argv, groups);
}

/* --- files ---------------------------------------------------------------------- */

/* What transfer_main does; its operand holds the bytes of a pointer to this. */
struct transfer {
	const char *path;
	uint8_t *data;
	size_t n, done;
	int64_t off, size;
	bool put;
};

static int
transfer_main(struct tool *t, int argc, char **argv)
{
	struct transfer *x = NULL;
	int fd;
	ssize_t got;

	(void)argc;
	memcpy(&x, argv[1], sizeof(x));
	fd = sys_open(
	    t, x->path, x->put ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY, 0644);
	if (fd < 0)
		return 1;
	if (x->put && x->size > 0 && sys_ftruncate(t, fd, x->size) != 0)
		return 1;
	while (x->done < x->n) {
		void *at = x->data + x->done;
		off_t off = x->off + (off_t)x->done;

		got = x->put ? sys_pwrite(t, fd, at, x->n - x->done, off) :
			       sys_pread(t, fd, at, x->n - x->done, off);
		if (got < 0)
			return 1;
		if (got == 0)
			break;
		x->done += (size_t)got;
	}
	return 0;
}

static size_t
transfer(struct disk_kernel *dk, struct transfer *x)
{
	static const struct tool_entry entry = { "transfer", transfer_main, 0 };
	static const struct tool_group *const none[] = { NULL };
	char pointer[sizeof(x) + 1],
	    *argv[] = { (char[]){ "transfer" }, pointer, NULL };

	memcpy(pointer, &x, sizeof(x));
	CHECK_EQ(run_entry(dk, &entry, 2, argv, none), 0);
	return x->done;
}

void
disk_kernel_put(
    struct disk_kernel *dk, const char *path, const void *data, size_t n)
{
	struct transfer x = { .path = path, .n = n, .put = true };

	x.data = malloc(n + 1);
	CHECK(x.data != NULL);
	memcpy(x.data, data, n);
	CHECK_EQ(transfer(dk, &x), n);
	free(x.data);
}

void
disk_kernel_zeros(struct disk_kernel *dk, const char *path, int64_t size)
{
	struct transfer x = { .path = path, .size = size, .put = true };

	(void)transfer(dk, &x);
}

size_t
disk_kernel_get(
    struct disk_kernel *dk, const char *path, int64_t off, void *data, size_t n)
{
	struct transfer x = { .path = path, .data = data, .n = n, .off = off };

	return transfer(dk, &x);
}
