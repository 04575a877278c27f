/* SPDX-License-Identifier: BSD-2-Clause */
/* The tool runtime without a kernel: ending, memory, streams, options, the C library's helpers. */
#include "lib/check.h"
#include "disk_image.h"
#include "tool/partition.h"
#include "tool/private.h"

/* --- a world of two strings --- */

struct world {
	const char *in;
	size_t inpos;
	char out[4096], err[4096];
	size_t outlen, errlen;
	bool broken;
};

static int
world_read(void *ctx, int fd, void *buf, size_t n)
{
	struct world *w = ctx;
	size_t left = strlen(w->in) - w->inpos;

	(void)fd;
	if (n > left)
		n = left;
	memcpy(buf, w->in + w->inpos, n);
	w->inpos += n;
	return (int)n;
}

static int
world_write(void *ctx, int fd, const void *buf, size_t n)
{
	struct world *w = ctx;
	char *to = fd == 2 ? w->err : w->out;
	size_t *len = fd == 2 ? &w->errlen : &w->outlen;

	if (w->broken)
		return -EPIPE;
	if (n > sizeof(w->out) - 1 - *len)
		return -ENOSPC;
	memcpy(to + *len, buf, n);
	*len += n;
	to[*len] = '\0';
	return (int)n;
}

static bool
world_isatty(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return false;
}

static int
world_columns(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	return 0;
}

/* umask(2) is all that is needed of a kernel. */
static int
fake_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	(void)ctx;
	(void)args;
	(void)argsize;
	rv[0] = 022;
	return num == SYS_umask ? 0 : -ENOSYS;
}

static int
run(struct world *w, tool_main *fn, char **argv)
{
	static const struct tool_sys sys = {
		.syscall = fake_syscall,
	};
	static char tz[] = "TZ=CET-1CEST,M3.5.0,M10.5.0/3";
	char *envp[] = { tz, NULL };
	struct tool_io io = { .read = world_read,
		.write = world_write,
		.isatty = world_isatty,
		.columns = world_columns,
		.ctx = w };
	struct tool_run r = { .sys = &sys, .io = &io, .envp = envp };
	int argc = 0;

	if (w->in == NULL)
		w->in = "";
	while (argv[argc] != NULL)
		argc++;
	return t_run(&r, fn, argc, argv);
}

#define ARGV(...) ((char *[]){ (char[]){ "/bin/prog" }, __VA_ARGS__ })

/* --- ending --- */

static void
say(struct tool *t, void *arg)
{
	t_printf(t, "%s", (const char *)arg);
	t_exit(t, 99);
}

static int
ending_main(struct tool *t, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	t_atexit(t, say, "first");
	t_atexit(t, say, "second ");
	t_malloc(t, 1000);
	t_printf(t, "body ");
	t_fail(t, 7, ENOENT, "%s", "name");
}

TEST(tool_exit_runs_functions_newest_first)
{
	struct world w = { 0 };

	CHECK_EQ(run(&w, ending_main, ARGV(NULL)), 7);
	CHECK_STR(w.out, "body second first");
	CHECK_STR(w.err, "prog: name: No such file or directory\n");
}

static int
chatty_main(struct tool *t, int argc, char **argv)
{
	int i;

	(void)argc;
	(void)argv;
	for (i = 0; i < 100000; i++)
		t_printf(t, "line %d\n", i);
	return 0;
}

TEST(tool_output_broken_pipe_ends)
{
	struct world w = { .broken = true };

	CHECK_EQ(run(&w, chatty_main, ARGV(NULL)), 128 + 13);
}

static int
brief_main(struct tool *t, int argc, char **argv)
{
	(void)argv;
	t_printf(t, "brief\n");
	return argc > 1 ? 3 : 0;
}

TEST(tool_output_lost_at_the_end_fails)
{
	struct world w = { .broken = true };

	CHECK_EQ(run(&w, brief_main, ARGV(NULL)), 128 + 13);
	CHECK_EQ(run(&w, brief_main, ARGV("x", NULL)), 3);
}

static int
memory_main(struct tool *t, int argc, char **argv)
{
	char *p, *q;

	(void)argv;
	p = t_strdup(t, "abc");
	q = t_realloc(t, p, 100000);
	t_puts(t, q);
	t_free(t, q);
	q = t_asprintf(t, "%0600d", argc);
	t_printf(t, "%zu", strlen(q));
	t_malloc(t, SIZE_MAX - 10);
	return 0;
}

TEST(tool_memory_exhausted_ends)
{
	struct world w = { 0 };

	CHECK_EQ(run(&w, memory_main, ARGV(NULL)), 1);
	CHECK_STR(w.out, "abc600");
	CHECK_STR(w.err, "prog: malloc: Cannot allocate memory\n");
}

static int
lines_main(struct tool *t, int argc, char **argv)
{
	char *line;

	(void)argc;
	(void)argv;
	while ((line = t_getline(t)) != NULL)
		t_printf(t, "[%s]", line);
	return 0;
}

TEST(tool_getline_last_line_without_newline)
{
	struct world w = { .in = "one\n\nthree" };

	CHECK_EQ(run(&w, lines_main, ARGV(NULL)), 0);
	CHECK_STR(w.out, "[one][][three]");
}

/* --- options --- */

static int
getopt_main(struct tool *t, int argc, char **argv)
{
	int c;

	while ((c = t_getopt(t, argc, argv, "ab:")) != -1)
		t_printf(t, "%c%s ", c,
		    t->t_opt.optarg != NULL ? t->t_opt.optarg : "");
	t_printf(t, "%d", t->t_opt.optind);
	return 0;
}

TEST(tool_getopt_as_the_manual)
{
	struct world w = { 0 }, x = { 0 };

	run(&w, getopt_main, ARGV("-ab", "v", "-bw", "-Z", "--", "-a", NULL));
	CHECK_STR(w.out, "a bv bw ? 6");
	CHECK_STR(w.err, "prog: unknown option -- Z\n");
	run(&x, getopt_main, ARGV("-b", NULL));
	CHECK_STR(x.out, "? 2");
	CHECK_STR(x.err, "prog: option requires an argument -- b\n");
}

/* --- helpers --- */

static void
check_human(int64_t n, const char *want)
{
	char buf[8];

	t_humanize(buf, 5, n, "", HN_AUTOSCALE, HN_DECIMAL | HN_B | HN_NOSPACE);
	CHECK_STR(buf, want);
}

TEST(tool_humanize_rounds_and_scales)
{
	check_human(0, "0B");
	check_human(512, "512B");
	check_human(999, "999B");
	check_human(1000, "1.0K");
	check_human(9000, "8.8K");
	check_human(9512, "9.3K");
	check_human(107008, "105K");
	check_human(INT64_C(1) << 40, "1.0T");
	check_human(INT64_MAX, "8.0E");
}

TEST(tool_strmode_special_bits)
{
	char s[12];

	t_strmode(S_IFREG | 04755, s);
	CHECK_STR(s, "-rwsr-xr-x ");
	t_strmode(S_IFDIR | 03000, s);
	CHECK_STR(s, "d-----S--T ");
	t_strmode(S_IFWHT | 0777, s);
	CHECK_STR(s, "wrwxrwxrwx ");
}

static int
mode_main(struct tool *t, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		struct tmode *m = t_setmode(t, argv[i]);

		if (m == NULL)
			t_puts(t, "bad ");
		else
			t_printf(t, "%o ", t_getmode(m, 0644));
	}
	return 0;
}

TEST(tool_setmode_symbolic_and_octal)
{
	struct world w = { 0 };

	run(&w, mode_main,
	    ARGV("755", "u+x", "go=u", "+w", "a+X", "g+s,o+t", "=",
		"u=rwx,g=u-w", "8", "10000", "u", "", "u+q", "-", NULL));
	CHECK_STR(w.out,
	    "755 744 666 644 644 2644 0 754 bad bad bad bad bad "
	    "644 ");
}

TEST(tool_strsuftoll_suffixes_and_bounds)
{
	char err[128];

	CHECK_EQ(t_strsuftollx("x", "2kx3b", 0, INT64_MAX, err, sizeof(err)),
	    2048 * 3 * 512);
	CHECK_STR(err, "");
	t_strsuftollx("x", "99999999999999999999", 0, 1, err, sizeof(err));
	CHECK(err[0] != '\0');
	t_strsuftollx("x", "9000000t", 0, INT64_MAX, err, sizeof(err));
	CHECK(err[0] != '\0');
	t_strsuftollx("x", "", 0, 1, err, sizeof(err));
	CHECK(err[0] != '\0');
	t_strsuftollx("x", "5x", 0, 100, err, sizeof(err));
	CHECK(err[0] != '\0');
}

TEST(tool_fnmatch_patterns)
{
	CHECK(t_fnmatch("*.c", "a.c"));
	CHECK(t_fnmatch("a*b*c", "aXbYbZc"));
	CHECK(t_fnmatch("[!a-c]?", "dx"));
	CHECK(!t_fnmatch("[a-c]", "d"));
	CHECK(t_fnmatch("[]]", "]"));
	CHECK(t_fnmatch("\\*", "*"));
	CHECK(!t_fnmatch("\\*", "x"));
	CHECK(!t_fnmatch("a*", ""));
	CHECK(t_fnmatch("***", ""));
}

TEST(tool_vis_forms)
{
	char buf[64];

	t_vis(buf, sizeof(buf), "a b\t\\\007\200", VIS_WHITE | VIS_CSTYLE);
	CHECK_STR(buf, "a\\sb\\t\\\\\\a\\M^@");
	t_vis(buf, sizeof(buf), "a b\\", VIS_WHITE | VIS_OCTAL);
	CHECK_STR(buf, "a\\040b\\134");
	t_vis(buf, 4, "\001\002", VIS_OCTAL);
	CHECK_STR(buf, "");
}

/* --- time --- */

TEST(tool_gmtime_and_back)
{
	static const int64_t when[] = { 0, -1, 951782400, 4107542400,
		-62135596800, 253402300799 };
	struct ttm tm;
	size_t i;

	for (i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
		t_gmtime(when[i], &tm);
		CHECK_EQ(t_timegm(&tm), when[i]);
	}
	t_gmtime(951782400, &tm); /* 2000-02-29 */
	CHECK_EQ(tm.mon, 1);
	CHECK_EQ(tm.mday, 29);
	CHECK_EQ(tm.wday, 2);
	CHECK_EQ(tm.yday, 59);
	t_gmtime(INT64_MAX, &tm);
	t_gmtime(INT64_MIN, &tm);
}

static int
time_main(struct tool *t, int argc, char **argv)
{
	char buf[32];
	struct ttm tm;

	(void)argc;
	(void)argv;
	t_puts(t, t_ctime(t, 1467288000, buf));
	t_puts(t, t_ctime(t, 1451606400, buf));
	t_localtime(t, 1467288000, &tm);
	t_printf(t, "%d\n", t_mktime(t, &tm) == 1467288000);
	return 0;
}

TEST(tool_localtime_follows_posix_zone)
{
	struct world w = { 0 };

	run(&w, time_main, ARGV(NULL));
	CHECK_STR(w.out,
	    "Thu Jun 30 14:00:00 2016\nFri Jan  1 01:00:00 2016\n"
	    "1\n");
}

TEST(tool_strftime_fields)
{
	char buf[64];
	struct ttm tm;

	t_gmtime(1230768000, &tm); /* 2009-01-01, a Thursday */
	t_strftime(buf, sizeof(buf), "%F %T %G-W%V-%u %j %U %W %s%%", &tm);
	CHECK_STR(buf,
	    "2009-01-01 00:00:00 2009-W01-4 001 00 00 "
	    "1230768000%");
	CHECK_EQ(t_strftime(buf, 5, "%F", &tm), 0);
}

TEST(tool_flags_words)
{
	char text[] = "uchg,nonodump,dump", bad[] = "uchg,bogus";
	unsigned set, clear;
	char *p = text;

	CHECK_EQ(t_string_to_flags(&p, &set, &clear), 0);
	CHECK_EQ(set, UF_IMMUTABLE);
	CHECK_EQ(clear, UF_NODUMP);
	p = bad;
	CHECK_EQ(t_string_to_flags(&p, &set, &clear), 1);
	CHECK_STR(p, "bogus");
}

/* --- partitions --- */

#define IMAGE_SECTORS 64

static unsigned char image[IMAGE_SECTORS * 512];

static void
put32(size_t at, uint32_t v)
{
	image[at] = (unsigned char)v;
	image[at + 1] = (unsigned char)(v >> 8);
	image[at + 2] = (unsigned char)(v >> 16);
	image[at + 3] = (unsigned char)(v >> 24);
}

static void
mbr_put(unsigned sector, int i, int type, uint32_t begin, uint32_t size)
{
	size_t at = sector * 512 + 446 + (size_t)i * 16;

	image[at + 4] = (unsigned char)type;
	put32(at + 8, begin);
	put32(at + 12, size);
	image[sector * 512 + 510] = 0x55;
	image[sector * 512 + 511] = 0xaa;
}

static int
find(const char *name, uint64_t *begin, uint64_t *size)
{
	static const char path[] = "tool_runtime_test.img";
	FILE *f = fopen(path, "wb");
	int error;

	*begin = *size = 0;
	CHECK(f != NULL);
	CHECK_EQ(fwrite(image, 1, sizeof(image), f), sizeof(image));
	fclose(f);
	error = tool_partition_find(&host_linux, path, name, begin, size);
	remove(path);
	return error;
}

TEST(tool_partition_mbr_logical_and_label)
{
	uint64_t begin, size;

	memset(image, 0, sizeof(image));
	CHECK_EQ(find("p1", &begin, &size), -ENXIO);
	CHECK_EQ(find("a", &begin, &size), -ENXIO);
	mbr_put(0, 0, 0x83, 4, 6);
	mbr_put(0, 1, 0x0f, 20, 20);
	mbr_put(0, 2, 0xa9, 44, 10);
	mbr_put(0, 3, 0x83, 60, 100); /* beyond the end */
	mbr_put(20, 0, 0x83, 1, 3);
	mbr_put(20, 1, 0x05, 8, 4);
	mbr_put(28, 0, 0x83, 2, 2);
	mbr_put(28, 1, 0x05, 8, 4); /* for ever */
	CHECK_EQ(find("p1", &begin, &size), 0);
	CHECK_EQ(begin, 4 * 512);
	CHECK_EQ(size, 6 * 512);
	CHECK_EQ(find("p4", &begin, &size), -EINVAL);
	CHECK_EQ(find("p5", &begin, &size), 0);
	CHECK_EQ(begin, 21 * 512);
	CHECK_EQ(find("p6", &begin, &size), 0);
	CHECK_EQ(begin, 30 * 512);
	CHECK_EQ(find("p1000", &begin, &size), -ENXIO);
	put32(45 * 512, 0x82564557);
	put32(45 * 512 + 132, 0x82564557);
	image[45 * 512 + 138] = 2;
	put32(45 * 512 + 40, 512);
	put32(45 * 512 + 148 + 16, 5);
	put32(45 * 512 + 148 + 16 + 4, 46);
	CHECK_EQ(find("b", &begin, &size), -EINVAL); /* its sum is wrong */
	image[45 * 512 + 136] = 2 ^ 5 ^ 46;
	image[45 * 512 + 137] = 512 >> 8;
	CHECK_EQ(find("b", &begin, &size), 0);
	CHECK_EQ(begin, 46 * 512);
	CHECK_EQ(size, 5 * 512);
	CHECK_EQ(find("a", &begin, &size), -ENXIO);
	CHECK_EQ(find("c", &begin, &size), -ENXIO);
}

TEST(tool_partition_gpt)
{
	uint64_t begin, size;

	memset(image, 0, sizeof(image));
	mbr_put(0, 0, 0xee, 1, 63);
	CHECK_EQ(find("p1", &begin, &size), -EINVAL);
	img_gpt(image, sizeof(image), 512);
	/* what is there is too small for the partitions of img_gpt */
	CHECK_EQ(find("p1", &begin, &size), -EINVAL);
	put32(2 * 512 + 32, 10);
	put32(2 * 512 + 40, 19);
	put32(2 * 512 + 128 + 32, 1000);
	img_gpt_seal(image, 512, 1, 2, 16);
	CHECK_EQ(find("p1", &begin, &size), 0);
	CHECK_EQ(begin, 10 * 512);
	CHECK_EQ(size, 10 * 512);
	CHECK_EQ(find("p2", &begin, &size), -EINVAL);
	CHECK_EQ(find("p3", &begin, &size), -ENXIO);
	CHECK_EQ(find("p17", &begin, &size), -ENXIO);
	/* the other header, then none */
	image[512 + 72]++;
	CHECK_EQ(find("p3", &begin, &size), -ENXIO);
	image[sizeof(image) - 512]++;
	CHECK_EQ(find("p1", &begin, &size), -EINVAL);
}

/* Sectors of 4096 bytes are found out. */
TEST(tool_partition_large_sectors)
{
	static uint8_t big[200 * 4096];
	static const char path[] = "tool_runtime_test.img";
	uint64_t begin, size;
	FILE *f;

	img_gpt(big, sizeof(big), 4096);
	CHECK((f = fopen(path, "wb")) != NULL);
	CHECK_EQ(fwrite(big, 1, sizeof(big), f), sizeof(big));
	fclose(f);
	CHECK_EQ(tool_partition_find(&host_linux, path, "p1", &begin, &size), 0);
	CHECK_EQ(begin, 100 * 4096);
	CHECK_EQ(size, 50 * 4096);
	remove(path);
}

TEST(tool_partition_names)
{
	CHECK(tool_partition_name("a"));
	CHECK(tool_partition_name("p"));
	CHECK(tool_partition_name("p12"));
	CHECK(!tool_partition_name("q"));
	CHECK(!tool_partition_name("p0"));
	CHECK(!tool_partition_name("p1x"));
	CHECK(!tool_partition_name(""));
	CHECK(!tool_partition_name("512"));
}

int
main(void)
{
	RUN(tool_partition_mbr_logical_and_label);
	RUN(tool_partition_gpt);
	RUN(tool_partition_large_sectors);
	RUN(tool_partition_names);
	RUN(tool_exit_runs_functions_newest_first);
	RUN(tool_output_broken_pipe_ends);
	RUN(tool_output_lost_at_the_end_fails);
	RUN(tool_memory_exhausted_ends);
	RUN(tool_getline_last_line_without_newline);
	RUN(tool_getopt_as_the_manual);
	RUN(tool_humanize_rounds_and_scales);
	RUN(tool_strmode_special_bits);
	RUN(tool_setmode_symbolic_and_octal);
	RUN(tool_strsuftoll_suffixes_and_bounds);
	RUN(tool_fnmatch_patterns);
	RUN(tool_vis_forms);
	RUN(tool_gmtime_and_back);
	RUN(tool_localtime_follows_posix_zone);
	RUN(tool_strftime_fields);
	RUN(tool_flags_words);
	return check_done();
}
