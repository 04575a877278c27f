/* SPDX-License-Identifier: BSD-2-Clause */
/* What a suite that was written for NetBSD's kernel relies on, on every file system: small rules that nothing else here asks about. */
#include "lib/matrix.h"

static void
pause_ms(int ms)
{
	host_sleep_ns((int64_t)ms * 1000000);
}

static double
between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) +
	    (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

/* Below m.dir. */
static const char *
abs_path(char buf[128], const char *tail)
{
	snprintf(buf, 128, "%s/%s", m.dir, tail);
	return buf;
}

/* The directory above is gone too: there is no way up. */
CASE(suite_dotdot_of_a_removed_directory_is_nowhere)
{
	char p[128];

	CHECK_EQ(x_mkdir("a", 0777), 0);
	CHECK_EQ(x_mkdir("a/b", 0777), 0);
	CHECK_EQ(x_chdir("a/b"), 0);
	CHECK_EQ(x_rmdir("../b"), 0);
	CHECK_EQ(x_chdir(".."), -ENOENT);
	CHECK_EQ(x_chdir(m.dir), 0);
	CHECK_EQ(x_mkdir("a/b", 0777), 0);
	CHECK_EQ(x_chdir("a/b"), 0);
	CHECK_EQ(x_rmdir(abs_path(p, "a/b")), 0);
	CHECK_EQ(x_rmdir(abs_path(p, "a")), 0);
	CHECK_EQ(x_chdir(".."), -ENOENT);
	CHECK_EQ(x_chdir(m.dir), 0);
}

CASE(suite_rename_to_a_dot_says_what_it_is)
{
	CHECK_EQ(x_mkdir("a", 0777), 0);
	CHECK_EQ(x_mkdir("b", 0777), 0);
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_rename("a", "a/."), -EISDIR);
	CHECK_EQ(x_rename("a", "b/."), -EISDIR);
	CHECK_EQ(x_rename("f", "b/."), -EISDIR);
	CHECK_EQ(x_rename("a/.", "a"), -EINVAL);
	CHECK_EQ(x_rename("a", "a/.."), -EINVAL);
	CHECK_EQ(x_rename("a/..", "c"), -EINVAL);
	CHECK_EQ(x_rename("a", "b/.."), -EINVAL);
}

/* Both names are read before either is looked up. */
CASE(suite_rename_without_a_name_is_a_fault)
{
	CHECK_EQ(x_rename("none", NULL), -EFAULT);
	CHECK_EQ(x_rename(NULL, "none"), -EFAULT);
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_rename("f", NULL), -EFAULT);
	CHECK_EQ(m_size("f"), 0);
}

/* Times are those of the closing at the latest, whenever they are asked for. */
CASE(suite_times_are_not_those_of_the_asking)
{
	struct timespec zero[2] = { { 1, 0 }, { 1, 0 } };
	struct stat wrote, read, now;
	char c = 0;
	long fd;

	m_fill("f", 1, 9000);
	CHECK_EQ(x_utimens("f", zero, 0), 0);
	fd = x_open("f", O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK_EQ(x_write(fd, &c, 1), 1);
	CHECK_EQ(x_close(fd), 0);
	pause_ms(120);
	CHECK_EQ(m_touch("now"), 0);
	CHECK_EQ(x_stat("f", &wrote), 0);
	CHECK_EQ(x_stat("now", &now), 0);
	CHECK(between(&wrote.st_mtim, &now.st_mtim) > 0.1);
	CHECK(between(&wrote.st_ctim, &now.st_ctim) > 0.1);
	if (!has(CAP_ATIME))
		return;
	fd = x_open("f", O_RDWR, 0);
	CHECK(fd >= 0);
	CHECK_EQ(x_read(fd, &c, 1), 1);
	CHECK_EQ(x_close(fd), 0);
	pause_ms(120);
	CHECK_EQ(x_unlink("now"), 0);
	CHECK_EQ(m_touch("now"), 0);
	CHECK_EQ(x_stat("f", &read), 0);
	CHECK_EQ(x_stat("now", &now), 0);
	CHECK(between(&read.st_atim, &now.st_atim) > 0.1);
	CHECK(between(&wrote.st_mtim, &read.st_mtim) == 0);
}

static const struct mcase cases[] = {
	{ C(suite_dotdot_of_a_removed_directory_is_nowhere), CAP_SEEDIR },
	{ C(suite_rename_to_a_dot_says_what_it_is), CAP_RENAME },
	{ C(suite_rename_without_a_name_is_a_fault), CAP_RENAME },
	{ C(suite_times_are_not_those_of_the_asking), CAP_TIMES },
	{ NULL, NULL, 0 }
};

int
main(void)
{
	return matrix_main(cases, NULL);
}
