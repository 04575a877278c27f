/* SPDX-License-Identifier: BSD-2-Clause */
/* rump_server: the names of libraries that it takes. */
#include <stdio.h>
#include <rumprun/tool.h>
#include "lib/check.h"
#include "tools/tools.h"

struct out {
	char text[512];
	size_t len;
};

static int
none_read(void *ctx, int fd, void *buf, size_t n)
{
	(void)ctx, (void)fd, (void)buf, (void)n;
	return 0;
}

static int
keep(void *ctx, int fd, const void *buf, size_t n)
{
	struct out *o = ctx;

	(void)fd;
	if (n > sizeof(o->text) - 1 - o->len)
		n = sizeof(o->text) - 1 - o->len;
	memcpy(o->text + o->len, buf, n);
	o->len += n;
	return (int)n;
}

static bool
no_tty(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return false;
}

/* It is given `good`, then a name that nobody has, so that it ends before it starts: what it said. */
static void
server(const char *good, const char *bad, struct out *o)
{
	const struct tool_io io = {
		.read = none_read, .write = keep, .isatty = no_tty, .ctx = o
	};
	const struct tool_run run = { .io = &io };
	char *argv[] = { (char *)(uintptr_t) "rump_server",
		(char *)(uintptr_t) "-l", (char *)(uintptr_t)bad,
		(char *)(uintptr_t) "-l", (char *)(uintptr_t)good,
		(char *)(uintptr_t) "unix://x", NULL };

	memset(o, 0, sizeof(*o));
	CHECK_EQ(t_run(&run, rump_server_main, 6, argv), 1);
}

static bool
complains_of(const char *name, const struct out *o)
{
	char want[512];

	snprintf(want, sizeof(want),
	    "failed to load -libraries, last error from \"%s\":\n  lib%s.so: "
	    "cannot open shared object file: No such file or directory\n",
	    name, name);
	return strcmp(o->text, want) == 0;
}

TEST(server_takes_netbsds_names_of_libraries)
{
	static const char *const good[] = { "rumpvfs", "rumpfs_ffs",
		"librumpvfs", "librumpfs_ffs.so", "librumpfs_tmpfs.so.0",
		"/usr/lib/librumpdev.so", "./librumpvfs.so.0.0" };
	struct out o;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		server(good[i], "rumpnosuch", &o);
		CHECK(complains_of("rumpnosuch", &o));
	}
}

TEST(server_names_the_last_library_it_has_not)
{
	static const char *const bad[] = { "vfs", "rumpfs", "librumpfoo.so",
		"/usr/lib/librumpfoo.so", "", "c", "rumpvfss" };
	struct out o;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		server(bad[i], "rumpnosuch", &o);
		CHECK(complains_of(bad[i], &o));
	}
}

int
main(void)
{
	RUN(server_takes_netbsds_names_of_libraries);
	RUN(server_names_the_last_library_it_has_not);
	return check_done();
}
