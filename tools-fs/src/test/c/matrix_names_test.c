/* SPDX-License-Identifier: BSD-2-Clause */
/* The matrix, names: directories, links, renaming, lookups, calls relative to a directory, many threads. */
#include "lib/matrix.h"

CASE(vfs_mkdir_and_rmdir_in_their_forms)
{
	struct stat st;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(x_mkdir("d", 0755), -EEXIST);
	CHECK_EQ(x_mkdir("d/", 0755), -EEXIST);
	CHECK_EQ(x_mkdir("none/d", 0755), -ENOENT);
	CHECK_EQ(x_mkdir("d/e///", 0700), 0);
	CHECK_EQ(x_stat("d/e", &st), 0);
	CHECK_EQ(st.st_mode, S_IFDIR | 0700);
	CHECK_EQ(x_rmdir("d"), -ENOTEMPTY);
	CHECK_EQ(x_rmdir("d/e/.."), -ENOTEMPTY);
	CHECK_EQ(x_rmdir("none"), -ENOENT);
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_rmdir("f"), -ENOTDIR);
	CHECK_EQ(x_mkdir("f", 0755), -EEXIST);
	CHECK_EQ(x_mkdir("f/d", 0755), -ENOTDIR);
	CHECK_EQ(x_unlink("d"), -EPERM);
	CHECK_EQ(x_rmdir("d/e"), 0);
	CHECK_EQ(x_rmdir("d/"), 0);
	CHECK_EQ(m_count("."), 1);
	CHECK(x_rmdir(".") < 0);
}

CASE(vfs_links_of_directories_are_counted)
{
	struct stat st;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(x_stat("d", &st), 0);
	CHECK_EQ(st.st_nlink, 2);
	CHECK_EQ(x_mkdir("d/a", 0755), 0);
	CHECK_EQ(x_mkdir("d/b", 0755), 0);
	CHECK_EQ(m_touch("d/f"), 0);
	CHECK_EQ(x_stat("d", &st), 0);
	CHECK_EQ(st.st_nlink, 4);
	CHECK_EQ(x_rename("d/a", "a"), 0);
	CHECK_EQ(x_stat("d", &st), 0);
	CHECK_EQ(st.st_nlink, 3);
	CHECK_EQ(x_rmdir("d/b"), 0);
	CHECK_EQ(x_stat("d", &st), 0);
	CHECK_EQ(st.st_nlink, 2);
	CHECK_EQ(x_stat(".", &st), 0);
	CHECK_EQ(st.st_nlink, 4);
}

CASE(vfs_dots_lead_up_and_nowhere)
{
	struct stat a, b;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(x_mkdir("d/e", 0755), 0);
	CHECK_EQ(x_stat("d", &a), 0);
	CHECK_EQ(x_stat("d/e/..", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(x_stat("d/e/../../d/./e/..", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(x_stat("/../../mnt/t/d", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_stat("f/..", &b), -ENOTDIR);
	CHECK_EQ(x_stat("f/.", &b), -ENOTDIR);
	CHECK_EQ(x_stat("none/..", &b), -ENOENT);
}

CASE(vfs_getcwd_names_the_way)
{
	char buf[128];

	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(x_mkdir("d/e", 0755), 0);
	CHECK_EQ(x_chdir("d/e"), 0);
	CHECK(SYS(SYS___getcwd, __getcwd, P(char *, buf),
		  P(size_t, sizeof(buf))) > 0);
	CHECK_STR(buf, "/mnt/t/d/e");
	CHECK_EQ(
	    SYS(SYS___getcwd, __getcwd, P(char *, buf), P(size_t, 5)), -ERANGE);
	CHECK_EQ(x_chdir(".."), 0);
	CHECK_EQ(x_rmdir("e"), 0);
	CHECK_EQ(x_chdir("e"), -ENOENT);
}

CASE(vfs_links_share_the_file)
{
	struct stat a, b;
	long fd;

	m_fill("f", 1, 1000);
	CHECK_EQ(x_link("f", "g"), 0);
	CHECK_EQ(x_link("f", "g"), -EEXIST);
	CHECK_EQ(x_link("none", "h"), -ENOENT);
	CHECK_EQ(x_link("f", "none/h"), -ENOENT);
	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(x_link("d", "e"), -EPERM);
	CHECK_EQ(x_link("f", "d/f"), 0);
	CHECK_EQ(x_stat("f", &a), 0);
	CHECK_EQ(x_stat("d/f", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(a.st_nlink, 3);
	fd = x_open("g", O_WRONLY | O_TRUNC, 0);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(m_size("f"), 0);
	CHECK_EQ(x_unlink("f"), 0);
	CHECK_EQ(x_stat("g", &a), 0);
	CHECK_EQ(a.st_nlink, 2);
	CHECK_EQ(x_unlink("d/f"), 0);
	CHECK_EQ(x_stat("g", &a), 0);
	CHECK_EQ(a.st_nlink, 1);
}

CASE(vfs_symlinks_of_every_length_read_back)
{
	static const int lengths[] = { 1, 10, 59, 60, 61, 119, 120, 121, 500,
		1022, 1023 };
	char target[1100], back[1100], path[16];
	struct stat st;

	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < sizeof(lengths) / sizeof(int); i++) {
			int n = lengths[i];

			memset(target, 'a' + (int)i, (size_t)n);
			target[n] = '\0';
			snprintf(path, sizeof(path), "l%d", n);
			if (round == 0)
				CHECK_EQ(x_symlink(target, path), 0);
			CHECK_EQ(x_readlink(path, back, sizeof(back)), n);
			CHECK(memcmp(back, target, (size_t)n) == 0);
			CHECK_EQ(x_readlink(path, back, 1), 1);
			CHECK_EQ(x_lstat(path, &st), 0);
			CHECK_EQ(st.st_size, n);
			CHECK(S_ISLNK(st.st_mode));
		}
		m_remount();
	}
	memset(target, 'x', 1024);
	target[1024] = '\0';
	CHECK_EQ(x_symlink(target, "long"), -ENAMETOOLONG);
	CHECK_EQ(x_symlink("a", "l1"), -EEXIST);
	CHECK_EQ(m_touch("f"), 0);
	CHECK_EQ(x_readlink("f", back, 10), -EINVAL);
	CHECK_EQ(x_readlink("none", back, 10), -ENOENT);
}

CASE(vfs_symlinks_are_followed_to_a_limit)
{
	char to[16], from[16];
	struct stat st;

	m_fill("l0", 1, 77);
	for (int i = 1; i <= 33; i++) {
		snprintf(to, sizeof(to), "l%d", i - 1);
		snprintf(from, sizeof(from), "l%d", i);
		CHECK_EQ(x_symlink(to, from), 0);
	}
	CHECK_EQ(x_stat("l32", &st), 0);
	CHECK_EQ(st.st_size, 77);
	CHECK_EQ(x_stat("l33", &st), -ELOOP);
	CHECK_EQ(x_symlink("loop", "loop"), 0);
	CHECK_EQ(x_stat("loop", &st), -ELOOP);
	CHECK_EQ(x_lstat("loop", &st), 0);
	CHECK_EQ(x_mkdir("d", 0755), 0);
	m_fill("d/f", 2, 5);
	CHECK_EQ(x_symlink("/mnt/t/d", "abs"), 0);
	CHECK_EQ(x_symlink("../d", "d/rel"), 0);
	CHECK(m_filled("abs/rel/f", 2, 5));
	CHECK_EQ(x_lstat("abs/", &st), 0);
	CHECK(S_ISDIR(st.st_mode));
	CHECK_EQ(x_unlink("abs"), 0);
	CHECK(m_filled("d/f", 2, 5));
}

CASE(vfs_long_names_and_paths_have_limits)
{
	char name[300], path[1100], buf[8];
	int depth;

	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	m_fill(name, 1, 10);
	CHECK(m_filled(name, 1, 10));
	m_remount();
	CHECK(m_filled(name, 1, 10));
	name[255] = 'n';
	name[256] = '\0';
	CHECK_EQ(m_touch(name), -ENAMETOOLONG);
	CHECK_EQ(x_mkdir(name, 0755), -ENAMETOOLONG);
	CHECK_EQ(x_readlink(name, buf, 8), -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	path[1024] = '\0';
	CHECK_EQ(x_access(path, 0), -ENAMETOOLONG);
	path[1023] = '\0';
	CHECK_EQ(x_access(path, 0), 0);
	/* deeper than a path can say */
	name[100] = '\0';
	for (depth = 0; depth < 30; depth++) {
		CHECK_EQ(x_mkdir(name, 0755), 0);
		CHECK_EQ(x_chdir(name), 0);
	}
	CHECK_EQ(m_touch("bottom"), 0);
	CHECK_EQ(x_unlink("bottom"), 0);
	for (; depth > 0; depth--) {
		CHECK_EQ(x_chdir(".."), 0);
		CHECK_EQ(x_rmdir(name), 0);
	}
}

/* --- renaming --- */

CASE(vfs_rename_of_files_in_its_forms)
{
	struct stat a, b;

	m_fill("f", 1, 100);
	m_fill("g", 2, 200);
	CHECK_EQ(x_stat("f", &a), 0);
	CHECK_EQ(x_rename("f", "f"), 0);
	CHECK_EQ(x_rename("f", "h"), 0);
	CHECK_EQ(m_size("f"), -ENOENT);
	CHECK_EQ(x_rename("h", "g"), 0);
	CHECK_EQ(m_size("h"), -ENOENT);
	CHECK(m_filled("g", 1, 100));
	CHECK_EQ(x_stat("g", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(b.st_nlink, 1);
	CHECK_EQ(x_mkdir("d", 0755), 0);
	CHECK_EQ(x_rename("g", "d"), -EISDIR);
	CHECK_EQ(x_rename("d", "g"), -ENOTDIR);
	CHECK_EQ(x_rename("g", "d/g"), 0);
	CHECK_EQ(x_rename("none", "x"), -ENOENT);
	CHECK_EQ(x_rename("d/g", "none/x"), -ENOENT);
	CHECK_EQ(x_rename("d/g", ""), -ENOENT);
	CHECK_EQ(x_rename("d/g/x", "y"), -ENOTDIR);
	CHECK_EQ(x_symlink("d/g", "l"), 0);
	CHECK_EQ(x_rename("l", "m"), 0);
	CHECK_EQ(x_lstat("m", &a), 0);
	CHECK(S_ISLNK(a.st_mode));
	m_fill("n", 3, 3);
	CHECK_EQ(x_rename("n", "m"), 0);
	CHECK(m_filled("m", 3, 3));
	CHECK(m_filled("d/g", 1, 100));
}

CASE(vfs_rename_of_directories_in_its_forms)
{
	struct stat a, b;

	CHECK_EQ(x_mkdir("a", 0755), 0);
	CHECK_EQ(x_mkdir("a/b", 0755), 0);
	CHECK_EQ(x_mkdir("c", 0755), 0);
	m_fill("a/b/f", 1, 10);
	CHECK_EQ(x_rename("a", "a/b/c"), -EINVAL);
	CHECK_EQ(x_rename("a", "a/x"), -EINVAL);
	CHECK_EQ(x_rename("a/.", "x"), -EINVAL);
	CHECK_EQ(x_rename("a/b", "c"), 0);
	CHECK(m_filled("c/f", 1, 10));
	CHECK_EQ(x_rename("a", "c"), -ENOTEMPTY);
	CHECK_EQ(x_rename("c", "a/c"), 0);
	CHECK_EQ(x_stat("a", &a), 0);
	CHECK_EQ(x_stat("a/c/..", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(x_rename("a/c", "top"), 0);
	CHECK_EQ(x_stat(".", &a), 0);
	CHECK_EQ(x_stat("top/..", &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(x_mkdir("empty", 0755), 0);
	CHECK_EQ(x_rename("top", "empty"), 0);
	CHECK(m_filled("empty/f", 1, 10));
	CHECK_EQ(x_rename("empty/f", "empty"), -EISDIR);
	m_remount();
	CHECK(m_filled("empty/f", 1, 10));
	CHECK_EQ(x_stat("empty/..", &b), 0);
	CHECK_EQ(m_count("."), 2);
}

CASE(vfs_rename_between_links_of_one_file_removes_nothing_else)
{
	struct stat st;

	m_fill("f", 1, 10);
	CHECK_EQ(x_link("f", "g"), 0);
	CHECK_EQ(x_rename("f", "g"), 0);
	CHECK_EQ(m_size("f"), -ENOENT);
	CHECK_EQ(x_stat("g", &st), 0);
	CHECK_EQ(st.st_nlink, 1);
}

CASE(vfs_rename_over_an_open_file_keeps_it)
{
	uint8_t c[10];
	long fd;

	m_fill("f", 1, 10);
	m_fill("g", 2, 10);
	fd = x_open("g", O_RDWR, 0);
	CHECK_EQ(x_rename("f", "g"), 0);
	CHECK_EQ(x_pread(fd, c, 10, 0), 10);
	for (unsigned i = 0; i < 10; i++)
		CHECK_EQ(c[i], m_byte(2, i));
	CHECK_EQ(x_close(fd), 0);
	CHECK(m_filled("g", 1, 10));
}

/* --- directories --- */

#define MANY 1500

static void
make_many(void)
{
	char path[64];

	CHECK_EQ(x_mkdir("d", 0755), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "d/%.*s%d", i % 40,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", i);
		CHECK_EQ(m_touch(path), 0);
	}
}

CASE(vfs_many_names_are_found_and_removed)
{
	char path[64];
	struct stat st;

	make_many();
	m_remount();
	CHECK_EQ(m_count("d"), MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "d/%.*s%d", i % 40,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", i);
		if (i % 3 == 0)
			CHECK_EQ(x_unlink(path), 0);
		else
			CHECK_EQ(x_stat(path, &st), 0);
	}
	CHECK_EQ(m_count("d"), MANY - MANY / 3);
	CHECK_EQ(x_stat("d/0", &st), -ENOENT);
	CHECK_EQ(m_touch("d/0"), 0);
	CHECK_EQ(x_stat("d/0", &st), 0);
	CHECK_EQ(x_rmdir("d"), -ENOTEMPTY);
}

/* While a directory is read, others' entries go: none is shown twice, none that stays is missing. */
CASE(vfs_readdir_with_removals_misses_nothing)
{
	_Alignas(8) char buf[1024];
	static uint8_t seen[MANY];
	char path[64];
	long fd, n;
	int removed = 0;

	memset(seen, 0, sizeof(seen));
	make_many();
	fd = x_open("d", O_RDONLY, 0);
	while ((n = x_getdents(fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			struct dirent *d = (struct dirent *)(buf + at);
			int i;

			at += d->d_reclen;
			if (d->d_name[0] == '.')
				continue;
			i = atoi(d->d_name + strspn(d->d_name, "x"));
			CHECK(i >= 0 && i < MANY);
			CHECK(seen[i] == 0);
			seen[i] = 1;
			CHECK_EQ(d->d_namlen, strlen(d->d_name));
			if (i % 2 == 0) {
				snprintf(
				    path, sizeof(path), "d/%.60s", d->d_name);
				CHECK_EQ(x_unlink(path), 0);
				removed++;
			}
		}
	CHECK_EQ(n, 0);
	CHECK_EQ(x_close(fd), 0);
	for (int i = 0; i < MANY; i++)
		CHECK(seen[i] == 1);
	CHECK_EQ(m_count("d"), MANY - removed);
}

CASE(vfs_getdents_cookies_lead_back)
{
	_Alignas(8) char buf[4096], again[4096];
	int64_t at[64];
	long fd, n = 0;
	int blocks = 0;

	make_many();
	fd = x_open("d", O_RDONLY, 0);
	do {
		at[blocks++] = x_lseek(fd, 0, SEEK_CUR);
		n = x_getdents(fd, buf, sizeof(buf));
	} while (n > 0 && blocks < 64);
	for (int i = blocks - 2; i >= 0; i -= 3) {
		CHECK_EQ(x_lseek(fd, at[i], SEEK_SET), at[i]);
		n = x_getdents(fd, buf, sizeof(buf));
		CHECK(n > 0);
		CHECK_EQ(x_lseek(fd, at[i], SEEK_SET), at[i]);
		CHECK_EQ(x_getdents(fd, again, sizeof(again)), n);
		CHECK(memcmp(buf, again, (size_t)n) == 0);
	}
	CHECK_EQ(x_lseek(fd, 0, SEEK_SET), 0);
	CHECK(x_getdents(fd, buf, 4) <= 0);
	CHECK_EQ(x_close(fd), 0);
	m_fill("f", 1, 1);
	fd = x_open("f", O_RDONLY, 0);
	CHECK(x_getdents(fd, buf, sizeof(buf)) < 0);
	CHECK_EQ(x_close(fd), 0);
}

CASE(vfs_getdents_tells_types_and_numbers)
{
	_Alignas(8) char buf[2048];
	char path[300];
	struct stat st;
	int dots = 0, others = 0;
	long fd, n;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	m_fill("f", 1, 1);
	CHECK_EQ(x_symlink("f", "l"), 0);
	if (has(CAP_NODES)) {
		CHECK_EQ(x_mkfifo("p", 0644), 0);
		CHECK_EQ(x_mknod("c", S_IFCHR | 0644, 0x0202), 0);
		CHECK_EQ(x_mknod("b", S_IFBLK | 0644, 0x0202), 0);
	}
	fd = x_open(".", O_RDONLY, 0);
	while ((n = x_getdents(fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			struct dirent *d = (struct dirent *)(buf + at);

			at += d->d_reclen;
			snprintf(path, sizeof(path), "%.255s", d->d_name);
			CHECK_EQ(x_lstat(path, &st), 0);
			if (has(CAP_DOTS) || d->d_name[0] != '.')
				CHECK_EQ(d->d_fileno, st.st_ino);
			CHECK_EQ(d->d_type, (st.st_mode & S_IFMT) >> 12);
			dots += d->d_name[0] == '.';
			others += d->d_name[0] != '.';
		}
	CHECK_EQ(x_close(fd), 0);
	if (has(CAP_DOTS))
		CHECK_EQ(dots, 2);
	CHECK_EQ(others, has(CAP_NODES) ? 6 : 3);
}

CASE(vfs_removed_directory_takes_no_names)
{
	long fd;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	fd = x_open("d", O_RDONLY, 0);
	CHECK_EQ(x_chdir("d"), 0);
	CHECK_EQ(x_rmdir("../d"), 0);
	CHECK_EQ(m_touch("x"), -ENOENT);
	CHECK_EQ(x_mkdir("x", 0755), -ENOENT);
	CHECK_EQ(x_openat(fd, "x", O_RDWR | O_CREAT, 0644), -ENOENT);
	CHECK_EQ(x_symlink("a", "x"), -ENOENT);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_chdir(m.dir), 0);
}

/* --- relative to a directory --- */

CASE(vfs_at_calls_start_at_the_directory)
{
	struct stat st;
	char buf[16];
	long d, fd;

	CHECK_EQ(x_mkdir("d", 0755), 0);
	d = x_open("d", O_RDONLY, 0);
	fd = x_openat(d, "f", O_RDWR | O_CREAT, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(x_write(fd, "abc", 3), 3);
	CHECK_EQ(m_size("d/f"), 3);
	CHECK_EQ(SYS(SYS_mkdirat, mkdirat, P(int, d), P(const char *, "e"),
		     P(mode_t, 0755)),
	    0);
	CHECK_EQ(SYS(SYS_symlinkat, symlinkat, P(const char *, "f"), P(int, d),
		     P(const char *, "l")),
	    0);
	CHECK_EQ(SYS(SYS_readlinkat, readlinkat, P(int, d),
		     P(const char *, "l"), P(char *, buf), P(size_t, 16)),
	    1);
	CHECK_EQ(SYS(SYS_fstatat, fstatat, P(int, d), P(const char *, "l"),
		     P(struct stat *, &st), P(int, 0)),
	    0);
	CHECK(S_ISREG(st.st_mode));
	CHECK_EQ(SYS(SYS_fstatat, fstatat, P(int, d), P(const char *, "l"),
		     P(struct stat *, &st), P(int, AT_SYMLINK_NOFOLLOW)),
	    0);
	CHECK(S_ISLNK(st.st_mode));
	CHECK_EQ(SYS(SYS_faccessat, faccessat, P(int, d), P(const char *, "f"),
		     P(int, 4), P(int, 0)),
	    0);
	CHECK_EQ(x_openat(AT_FDCWD, "f", O_RDONLY, 0), -ENOENT);
	CHECK_EQ(x_openat(fd, "f", O_RDONLY, 0), -ENOTDIR);
	CHECK_EQ(x_openat(99, "f", O_RDONLY, 0), -EBADF);
	if (has(CAP_RENAME | CAP_LINK)) {
		CHECK_EQ(SYS(SYS_linkat, linkat, P(int, d), P(const char *, "f"),
			     P(int, AT_FDCWD), P(const char *, "g"), P(int, 0)),
		    0);
		CHECK_EQ(
		    SYS(SYS_renameat, renameat, P(int, AT_FDCWD),
			P(const char *, "g"), P(int, d), P(const char *, "h")),
		    0);
		CHECK_EQ(m_size("d/h"), 3);
	}
	CHECK_EQ(SYS(SYS_unlinkat, unlinkat, P(int, d), P(const char *, "e"),
		     P(int, 0)),
	    -EPERM);
	CHECK_EQ(SYS(SYS_unlinkat, unlinkat, P(int, d), P(const char *, "e"),
		     P(int, AT_REMOVEDIR)),
	    0);
	CHECK_EQ(SYS(SYS_unlinkat, unlinkat, P(int, d), P(const char *, "f"),
		     P(int, AT_REMOVEDIR)),
	    -ENOTDIR);
	CHECK_EQ(SYS(SYS_unlinkat, unlinkat, P(int, d), P(const char *, "f"),
		     P(int, 0)),
	    0);
	CHECK_EQ(x_close(fd), 0);
	CHECK_EQ(x_close(d), 0);
}

/* --- the same everywhere --- */

#define STEPS 2500
static struct {
	long result[STEPS];
	bool known;
} reference;

static long
random_step(unsigned *seed)
{
	static const char *const dirs[] = { "a", "b", "a/c", "b/d", "." };
	char from[64], to[64], buf[64];
	struct stat st;

	snprintf(from, sizeof(from), "%s/x%u", dirs[m_random(seed) % 5],
	    m_random(seed) % 4);
	snprintf(to, sizeof(to), "%s/x%u", dirs[m_random(seed) % 5],
	    m_random(seed) % 4);
	switch (m_random(seed) % 12) {
	case 0:
		return x_mkdir(from, 0755);
	case 1:
	case 2:
		return m_touch(from);
	case 3:
		return x_unlink(from);
	case 4:
		return x_rmdir(from);
	case 5:
		return x_link(from, to);
	case 6:
		return x_symlink(to, from);
	case 7:
		return x_readlink(from, buf, sizeof(buf));
	case 8:
		return x_lstat(from, &st) == 0 ? (long)(st.st_mode & S_IFMT) +
			(S_ISDIR(st.st_mode) ? 0 : (long)st.st_nlink) :
						 -1;
	case 9:
		/* moves what the steps work in */
		return x_rename(dirs[m_random(seed) % 4], to);
	default:
		return x_rename(from, to);
	}
}

CASE(vfs_random_names_give_the_same_everywhere)
{
	unsigned seed = 99;
	bool first = !reference.known;

	for (int i = 0; i < STEPS; i++) {
		long result;

		if (i % 100 == 0) {
			(void)x_mkdir("a", 0755);
			(void)x_mkdir("b", 0755);
			(void)x_mkdir("a/c", 0755);
			(void)x_mkdir("b/d", 0755);
		}
		result = random_step(&seed);
		if (first)
			reference.result[i] = result;
		else if (result != reference.result[i])
			printf("    step %d\n", i);
		CHECK_EQ(result, reference.result[i]);
	}
	reference.known = true;
}

/* --- many at once --- */

static void
rename_thread(void *arg)
{
	unsigned seed = *(unsigned *)arg;

	for (int i = 0; i < 400; i++)
		(void)random_step(&seed);
}

CASE(vfs_concurrent_renames_stay_sound)
{
	unsigned seeds[4] = { 1, 2, 3, 4 };

	CHECK_EQ(x_mkdir("a", 0755), 0);
	CHECK_EQ(x_mkdir("b", 0755), 0);
	CHECK_EQ(x_mkdir("a/c", 0755), 0);
	CHECK_EQ(x_mkdir("b/d", 0755), 0);
	m_threads(4, rename_thread, seeds, sizeof(seeds[0]));
}

static void
own_files_thread(void *arg)
{
	unsigned id = *(unsigned *)arg, seed = id;
	char path[32], other[32];

	for (unsigned i = 0; i < 40; i++) {
		uint8_t buf[3000], back[3000];
		size_t n = m_random(&seed) % sizeof(buf) + 1;
		long fd;

		snprintf(path, sizeof(path), "own%u.%u", id, i % 5);
		for (size_t j = 0; j < n; j++)
			buf[j] = m_byte(id + i, j);
		fd = x_open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
		CHECK_THREAD(fd >= 0);
		CHECK_THREAD(x_write(fd, buf, n) == (long)n);
		CHECK_THREAD(x_pread(fd, back, sizeof(back), 0) == (long)n);
		CHECK_THREAD(memcmp(buf, back, n) == 0);
		CHECK_THREAD(x_close(fd) == 0);
		snprintf(other, sizeof(other), "own%u.%u", id ^ 1, i % 5);
		fd = x_open(other, O_RDONLY, 0);
		if (fd >= 0) {
			CHECK_THREAD(x_read(fd, back, sizeof(back)) >= 0);
			CHECK_THREAD(x_close(fd) == 0);
		}
		if (i % 7 == 6)
			CHECK_THREAD(x_unlink(path) == 0);
	}
}

CASE(vfs_concurrent_files_keep_their_contents)
{
	unsigned ids[4] = { 0, 1, 2, 3 };

	m_threads(4, own_files_thread, ids, sizeof(ids[0]));
}

static void
append_thread(void *arg)
{
	char line[16];
	long fd = x_open("log", O_WRONLY | O_APPEND, 0);

	CHECK_THREAD(fd >= 0);
	memset(line, 'a' + *(int *)arg, sizeof(line));
	for (int i = 0; i < 100; i++)
		CHECK_THREAD(
		    x_write(fd, line, sizeof(line)) == (long)sizeof(line));
	CHECK_THREAD(x_close(fd) == 0);
}

CASE(vfs_concurrent_appends_do_not_mix)
{
	int ids[4] = { 0, 1, 2, 3 }, count[4] = { 0 };
	char line[16];
	long fd;

	CHECK_EQ(m_touch("log"), 0);
	m_threads(4, append_thread, ids, sizeof(ids[0]));
	CHECK_EQ(m_size("log"), 4 * 100 * 16);
	fd = x_open("log", O_RDONLY, 0);
	for (int i = 0; i < 400; i++) {
		CHECK_EQ(x_read(fd, line, 16), 16);
		for (int j = 1; j < 16; j++)
			CHECK_EQ(line[j], line[0]);
		CHECK(line[0] >= 'a' && line[0] < 'e');
		count[line[0] - 'a']++;
	}
	CHECK_EQ(x_close(fd), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(count[i], 100);
}

/* --- read-only --- */

CASE(vfs_readonly_names_do_not_change)
{
	char buf[8];

	CHECK_EQ(m_count("."), has(CAP_NODES) ? 4 : 3);
	CHECK_EQ(x_readlink("l", buf, 8), 1);
	CHECK_EQ(x_mkdir("x", 0755), -EROFS);
	CHECK_EQ(x_mkdir("d", 0755), -EEXIST);
	CHECK_EQ(x_rmdir("d"), -EROFS);
	CHECK_EQ(x_unlink("f"), -EROFS);
	CHECK_EQ(x_unlink("none"), -ENOENT);
	CHECK_EQ(x_symlink("a", "x"), -EROFS);
	CHECK_EQ(x_link("f", "x"), -EROFS);
	CHECK_EQ(x_rename("f", "x"), -EROFS);
	CHECK_EQ(x_rename("f", "d/g"), -EROFS);
	CHECK_EQ(x_mkfifo("x", 0644), -EROFS);
	CHECK_EQ(x_mknod("x", S_IFCHR | 0644, 0x0202), -EROFS);
	CHECK_EQ(x_access("f", 2), -EROFS);
	CHECK_EQ(x_access("f", 4), 0);
}

static const struct mcase cases[] = { { C(vfs_mkdir_and_rmdir_in_their_forms),
					  0 },
	{ C(vfs_links_of_directories_are_counted), CAP_DIRSIZE | CAP_RENAME },
	{ C(vfs_dots_lead_up_and_nowhere), 0 },
	{ C(vfs_getcwd_names_the_way), 0 },
	{ C(vfs_links_share_the_file), CAP_LINK },
	{ C(vfs_symlinks_of_every_length_read_back), 0 },
	{ C(vfs_symlinks_are_followed_to_a_limit), 0 },
	{ C(vfs_long_names_and_paths_have_limits), 0 },
	{ C(vfs_rename_of_files_in_its_forms), CAP_RENAME },
	{ C(vfs_rename_of_directories_in_its_forms), CAP_RENAME },
	{ C(vfs_rename_between_links_of_one_file_removes_nothing_else),
	    CAP_RENAME | CAP_LINK },
	{ C(vfs_rename_over_an_open_file_keeps_it), CAP_RENAME },
	{ C(vfs_many_names_are_found_and_removed), 0 },
	{ C(vfs_readdir_with_removals_misses_nothing), CAP_SEEDIR },
	{ C(vfs_getdents_cookies_lead_back), CAP_SEEDIR },
	{ C(vfs_getdents_tells_types_and_numbers), CAP_SEEDIR },
	{ C(vfs_removed_directory_takes_no_names), CAP_SEEDIR },
	{ C(vfs_at_calls_start_at_the_directory), 0 },
	{ C(vfs_random_names_give_the_same_everywhere),
	    CAP_RENAME | CAP_LINK | CAP_DIRSIZE },
	{ C(vfs_concurrent_renames_stay_sound), CAP_RENAME },
	{ C(vfs_concurrent_files_keep_their_contents), 0 },
	{ C(vfs_concurrent_appends_do_not_mix), 0 }, { NULL, NULL, 0 } };

static const struct mcase readonly_cases[] = {
	{ C(vfs_readonly_names_do_not_change), 0 }, { NULL, NULL, 0 }
};

int
main(void)
{
	return matrix_main(cases, readonly_cases);
}
