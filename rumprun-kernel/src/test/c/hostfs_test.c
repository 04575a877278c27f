/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder of the host inside a kernel: what is seen, and that nothing leads out of it. */
#include "core_calls.h"

#define TOP "hostfs_test.dir"
#define OUT "hostfs_test.out"

struct args {
	const char *hostpath;
};

static void
clean(const char *path)
{
	char below[1200];
	struct host_dirent e;
	struct host_dir *d;
	struct host_stat hs;

	if (host_linux.stat(path, false, &hs) != 0)
		return;
	if ((hs.hs_mode & S_IFMT) != S_IFDIR) {
		host_linux.unlink(path);
		return;
	}
	if (host_linux.opendir(path, &d) != 0)
		return;
	while (host_linux.readdir(d, &e) == 1) {
		if (strcmp(e.hd_name, ".") == 0 || strcmp(e.hd_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%.900s/%s", path, e.hd_name);
		clean(below);
	}
	host_linux.closedir(d);
	host_linux.rmdir(path);
}

static void
host_put(const char *path, const char *text)
{
	int fd = hostfile(path, HOST_O_TRUNC);
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };

	CHECK_EQ(host_linux.pwritev(fd, &iov, 1, 0), strlen(text));
	host_linux.close(fd);
}

static void
begin(struct fixture *f)
{
	struct args args = { TOP };

	clean(TOP);
	clean(OUT);
	clean(OUT "2");
	CHECK_EQ(host_linux.mkdir(TOP, 0755), 0);
	host_put(OUT, "secret");
	up(f);
	CHECK_EQ(l_mkdir(f->l, "/host"), 0);
	CHECK_EQ(l_mount(f->l, "hostfs", "/host", 0, &args, sizeof(args)), 0);
}

static void
end(struct fixture *f)
{
	CHECK_EQ(l_unmount(f->l, "/host", 0), 0);
	down(f);
	clean(TOP);
	clean(OUT);
}

static long
put(struct fixture *f, const char *path, const char *text)
{
	long fd = l_open(f->l, path, O_RDWR | O_CREAT | O_TRUNC, 0644), n;

	if (fd < 0)
		return fd;
	n = l_write(f->l, fd, text, strlen(text));
	CHECK_EQ(l_close(f->l, fd), 0);
	return n;
}

static long
get(struct fixture *f, const char *path, char buf[64])
{
	long fd = l_open(f->l, path, O_RDONLY, 0), n;

	memset(buf, 0, 64);
	if (fd < 0)
		return fd;
	n = l_read(f->l, fd, buf, 63);
	CHECK_EQ(l_close(f->l, fd), 0);
	return n;
}

TEST(hostfs_reads_and_writes)
{
	struct fixture f;
	struct host_stat hs;
	struct stat sb;
	char buf[64];

	begin(&f);
	host_put(TOP "/a", "from the host");
	CHECK_EQ(get(&f, "/host/a", buf), 13);
	CHECK_STR(buf, "from the host");
	CHECK_EQ(put(&f, "/host/b", "from inside"), 11);
	CHECK_EQ(host_linux.stat(TOP "/b", true, &hs), 0);
	CHECK_EQ(hs.hs_size, 11);
	CHECK_EQ(l_stat(f.l, "/host/b", &sb), 0);
	CHECK_EQ(sb.st_mode, S_IFREG | 0644);
	CHECK_EQ(l_chmod(f.l, "/host/b", 0600), 0);
	CHECK_EQ(host_linux.stat(TOP "/b", true, &hs), 0);
	CHECK_EQ(hs.hs_mode & 07777, 0600);
	CHECK_EQ(l_mkdir(f.l, "/host/d"), 0);
	CHECK_EQ(put(&f, "/host/d/c", "x"), 1);
	CHECK_EQ(l_rmdir(f.l, "/host/d"), -ENOTEMPTY);
	CHECK_EQ(l_unlink(f.l, "/host/d/c"), 0);
	CHECK_EQ(l_rmdir(f.l, "/host/d"), 0);
	CHECK(l_mknod(f.l, "/host/dev", S_IFCHR | 0666, makedev(2, 2)) < 0);
	end(&f);
}

TEST(hostfs_links_and_dotdot_stay_inside)
{
	struct fixture f;
	struct host_stat before, after;
	struct stat sb;
	char buf[64];

	begin(&f);
	CHECK_EQ(host_linux.symlink("../" OUT, TOP "/up"), 0);
	CHECK_EQ(host_linux.symlink("/etc", TOP "/etc"), 0);
	CHECK_EQ(host_linux.stat(OUT, true, &before), 0);
	CHECK_EQ(l_stat(f.l, "/host/up", &sb), -ENOENT);
	CHECK_EQ(l_lstat(f.l, "/host/up", &sb), 0);
	CHECK(S_ISLNK(sb.st_mode));
	CHECK_EQ(l_stat(f.l, "/host/etc/passwd", &sb), -ENOENT);
	CHECK_EQ(get(&f, "/host/../" OUT, buf), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/host/..", &sb), 0);
	CHECK_EQ(l_stat(f.l, "/host/../dev/null", &sb), 0);
	/* A link in the kernel's tree is the kernel's to follow. */
	CHECK_EQ(put(&f, "/tmp/in", "inside"), 6);
	CHECK_EQ(l_symlink(f.l, "../tmp/in", "/host/link"), 0);
	CHECK_EQ(get(&f, "/host/link", buf), 6);
	/* What the host would do through a link. */
	CHECK_EQ(SYS(f.l, SYS_lchmod, lchmod, P(const char *, "/host/up"),
		     P(mode_t, 0777)),
	    0);
	CHECK(l_open(f.l, "/host/up", O_RDWR | O_NOFOLLOW, 0) < 0);
	CHECK_EQ(host_linux.stat(OUT, true, &after), 0);
	CHECK_EQ(after.hs_mode, before.hs_mode);
	CHECK_EQ(l_unlink(f.l, "/host/up"), 0);
	CHECK_EQ(host_linux.stat(OUT, true, &after), 0);
	end(&f);
}

/* A directory goes while a file of it is open, and a link takes its place: the open file is not what the link leads to. */
TEST(hostfs_removed_path_leads_nowhere)
{
	struct fixture f;
	struct host_stat hs;
	struct stat sb;
	char buf[8];
	long fd, dir;

	begin(&f);
	CHECK_EQ(host_linux.mkdir(OUT "2", 0755), 0);
	host_put(OUT "2/f", "secret");
	CHECK_EQ(l_mkdir(f.l, "/host/d"), 0);
	CHECK_EQ(put(&f, "/host/d/f", "mine"), 4);
	fd = l_open(f.l, "/host/d/f", O_RDWR, 0);
	dir = l_open(f.l, "/host/d", O_RDONLY, 0);
	CHECK(fd >= 0 && dir >= 0);
	CHECK_EQ(l_unlink(f.l, "/host/d/f"), 0);
	CHECK_EQ(l_rmdir(f.l, "/host/d"), 0);
	CHECK_EQ(l_symlink(f.l, "../" OUT "2", "/host/d"), 0);
	CHECK_EQ(l_fstat(f.l, fd, &sb), 0);
	CHECK_EQ(sb.st_size, 4);
	CHECK_EQ(l_pread(f.l, fd, buf, 8, 0), 4);
	CHECK_EQ(
	    SYS(f.l, SYS_fchmod, fchmod, P(int, fd), P(mode_t, 0777)), -ENOENT);
	CHECK_EQ(SYS(f.l, SYS_openat, openat, P(int, dir), P(const char *, "f"),
		     P(int, O_RDWR), P(mode_t, 0)),
	    -ENOENT);
	CHECK_EQ(l_ftruncate(f.l, fd, 1), 0);
	CHECK_EQ(host_linux.stat(OUT "2/f", true, &hs), 0);
	CHECK_EQ(hs.hs_size, 6);
	CHECK((hs.hs_mode & 0777) != 0777);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_close(f.l, dir), 0);
	CHECK_EQ(l_unlink(f.l, "/host/d"), 0);
	clean(OUT "2");
	end(&f);
}

TEST(hostfs_renames_directories)
{
	struct fixture f;
	struct stat sb;
	char buf[64];
	long fd;

	begin(&f);
	CHECK_EQ(l_mkdir(f.l, "/host/a"), 0);
	CHECK_EQ(l_mkdir(f.l, "/host/a/b"), 0);
	CHECK_EQ(l_mkdir(f.l, "/host/x"), 0);
	CHECK_EQ(put(&f, "/host/a/b/f", "text"), 4);
	fd = l_open(f.l, "/host/a/b/f", O_RDONLY, 0);
	CHECK_EQ(l_rename(f.l, "/host/a", "/host/a/b/c"), -EINVAL);
	CHECK_EQ(l_rename(f.l, "/host/a", "/host/x/y"), 0);
	CHECK_EQ(l_stat(f.l, "/host/a", &sb), -ENOENT);
	CHECK_EQ(get(&f, "/host/x/y/b/f", buf), 4);
	CHECK_EQ(l_pread(f.l, fd, buf, 4, 0), 4);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_stat(f.l, "/host/x/y/b/../../..", &sb), 0);
	CHECK_EQ(put(&f, "/host/g", "other"), 5);
	CHECK_EQ(l_rename(f.l, "/host/g", "/host/x/y/b/f"), 0);
	CHECK_EQ(get(&f, "/host/x/y/b/f", buf), 5);
	end(&f);
}

/* Numbers come back as other files, names as other numbers, one file has two names. */
TEST(hostfs_numbers_and_hard_links)
{
	struct fixture f;
	struct stat sb;
	char buf[64], text[32];
	int i;

	begin(&f);
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		CHECK_EQ(put(&f, "/host/f", text), strlen(text));
		CHECK(get(&f, "/host/f", buf) > 0);
		CHECK_STR(buf, text);
		if (i & 1)
			CHECK_EQ(l_unlink(f.l, "/host/f"), 0);
		else
			host_linux.unlink(TOP "/f");
	}
	CHECK_EQ(put(&f, "/host/one", "same"), 4);
	CHECK_EQ(l_link(f.l, "/host/one", "/host/two"), 0);
	for (i = 0; i < 100; i++) {
		CHECK_EQ(get(&f, i & 1 ? "/host/one" : "/host/two", buf), 4);
		CHECK_EQ(l_stat(f.l, "/host/one", &sb), 0);
		CHECK_EQ(sb.st_nlink, 2);
	}
	CHECK_EQ(l_unlink(f.l, "/host/one"), 0);
	CHECK_EQ(get(&f, "/host/two", buf), 4);
	end(&f);
}

static long
l_posix_rename(struct lwp *l, const char *from, const char *to)
{
	return SYS(l, SYS___posix_rename, __posix_rename, P(const char *, from),
	    P(const char *, to));
}

/* Of two names of one file the first goes, by rename(2); POSIX has both stay. */
TEST(hostfs_renames_a_link_to_another)
{
	struct fixture f;
	struct stat sb;

	begin(&f);
	CHECK_EQ(put(&f, "/host/one", "same"), 4);
	CHECK_EQ(l_link(f.l, "/host/one", "/host/two"), 0);
	CHECK_EQ(put(&f, "/host/other", "other"), 5);
	CHECK_EQ(l_posix_rename(f.l, "/host/one", "/host/two"), 0);
	CHECK_EQ(l_stat(f.l, "/host/one", &sb), 0);
	CHECK_EQ(l_stat(f.l, "/host/two", &sb), 0);
	CHECK_EQ(sb.st_nlink, 2);
	CHECK_EQ(l_rename(f.l, "/host/one", "/host/two"), 0);
	CHECK_EQ(l_stat(f.l, "/host/one", &sb), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/host/two", &sb), 0);
	CHECK_EQ(sb.st_nlink, 1);
	CHECK_EQ(l_posix_rename(f.l, "/host/other", "/host/two"), 0);
	CHECK_EQ(l_stat(f.l, "/host/other", &sb), -ENOENT);
	CHECK_EQ(l_stat(f.l, "/host/two", &sb), 0);
	CHECK_EQ(sb.st_size, 5);
	end(&f);
}

/* What is open on the host closes with it, and the file stays. */
TEST(hostfs_revokes)
{
	struct fixture f;
	char buf[64];
	long fd, d;

	begin(&f);
	CHECK_EQ(put(&f, "/host/f", "text"), 4);
	CHECK_EQ(l_mkdir(f.l, "/host/d"), 0);
	CHECK_EQ(put(&f, "/host/d/f", "below"), 5);
	fd = l_open(f.l, "/host/f", O_RDWR, 0);
	d = l_open(f.l, "/host/d", O_RDONLY, 0);
	CHECK_EQ(l_revoke(f.l, "/host/f"), 0);
	CHECK_EQ(l_revoke(f.l, "/host/d"), 0);
	CHECK_EQ(l_write(f.l, fd, "x", 1), -EIO);
	CHECK_EQ(get(&f, "/host/f", buf), 4);
	CHECK_EQ(get(&f, "/host/d/f", buf), 5);
	CHECK_EQ(l_close(f.l, fd), 0);
	CHECK_EQ(l_close(f.l, d), 0);
	CHECK_EQ(get(&f, "/host/f", buf), 4);
	end(&f);
}

/* Two positions in one directory do not meet: each call goes to its own at once. */
TEST(hostfs_two_readers_of_a_directory)
{
	struct fixture f;
	char name[64], buf[2][600];
	long fd[2], n[2] = { 1, 1 };
	int count[2] = { 0, 0 };

	begin(&f);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), TOP "/name-%d", i);
		host_linux.close(hostfile(name, 0));
	}
	fd[0] = l_open(f.l, "/host", O_RDONLY, 0);
	fd[1] = l_open(f.l, "/host", O_RDONLY, 0);
	while (n[0] > 0 || n[1] > 0)
		for (int r = 0; r < 2; r++) {
			if (n[r] <= 0)
				continue;
			n[r] = SYS(f.l, SYS___getdents30, __getdents30,
			    P(int, (int)fd[r]), P(char *, buf[r]),
			    P(size_t, sizeof(buf[r]) - (size_t)r * 200));
			for (long at = 0; at < n[r]; count[r]++) {
				struct dirent de;

				memcpy(&de, buf[r] + at,
				    offsetof(struct dirent, d_name));
				at += de.d_reclen;
			}
		}
	CHECK_EQ(n[0], 0);
	CHECK_EQ(n[1], 0);
	CHECK_EQ(count[0], 3002);
	CHECK_EQ(count[1], 3002);
	CHECK_EQ(l_close(f.l, fd[0]), 0);
	CHECK_EQ(l_close(f.l, fd[1]), 0);
	end(&f);
}

TEST(hostfs_many_names_by_small_buffers)
{
	struct fixture f;
	char name[64], buf[600];
	bool *seen = calloc(10000, 1);
	long fd, n, at;
	int i, number, count = 0;

	CHECK(seen != NULL);
	begin(&f);
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), TOP "/name-%d", i);
		host_linux.close(hostfile(name, 0));
	}
	fd = l_open(f.l, "/host", O_RDONLY, 0);
	while ((n = SYS(f.l, SYS___getdents30, __getdents30, P(int, fd),
		    P(char *, buf), P(size_t, sizeof(buf)))) > 0) {
		for (at = 0; at < n;) {
			struct dirent de;

			memcpy(&de, buf + at, offsetof(struct dirent, d_name));
			if (sscanf(buf + at + offsetof(struct dirent, d_name),
				"name-%d", &number) == 1) {
				CHECK(number >= 0 && number < 10000 &&
				    !seen[number]);
				seen[number] = true;
				count++;
			}
			at += de.d_reclen;
		}
	}
	CHECK_EQ(n, 0);
	CHECK_EQ(count, 10000);
	CHECK_EQ(l_close(f.l, fd), 0);
	free(seen);
	end(&f);
}

/* Directories that were read are not open on the host for ever. */
TEST(hostfs_keeps_few_descriptors)
{
	struct fixture f;
	char name[64], buf[600];
	int i, first, last;
	long fd;

	begin(&f);
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "/host/%d", i);
		CHECK_EQ(l_mkdir(f.l, name), 0);
	}
	first = hostfile(OUT, 0);
	host_linux.close(first);
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "/host/%d", i);
		fd = l_open(f.l, name, O_RDONLY, 0);
		CHECK(SYS(f.l, SYS___getdents30, __getdents30, P(int, fd),
			  P(char *, buf), P(size_t, sizeof(buf))) > 0);
		CHECK_EQ(l_close(f.l, fd), 0);
	}
	last = hostfile(OUT, 0);
	host_linux.close(last);
	CHECK_EQ(last, first);
	end(&f);
}

struct racing {
	_Atomic bool stop;
};

static long
swap(struct lwp *l, void *arg)
{
	struct racing *r = arg;

	while (!atomic_load(&r->stop)) {
		(void)l_mkdir(l, "/host/d");
		(void)l_unlink(l, "/host/d/f");
		(void)l_rmdir(l, "/host/d");
		(void)l_symlink(l, "../" OUT "2", "/host/d");
		(void)l_unlink(l, "/host/d");
	}
	return 0;
}

TEST(hostfs_race_of_directory_and_link)
{
	struct racing r = { false };
	struct host_stat hs;
	struct fixture f;
	struct side s;
	int64_t until;
	char buf[64];

	begin(&f);
	CHECK_EQ(host_linux.mkdir(OUT "2", 0755), 0);
	host_put(OUT "2/f", "secret");
	side_begin(&s, f.p, swap, &r);
	until = host_linux.monotonic() + 300 * MS;
	while (host_linux.monotonic() < until) {
		(void)put(&f, "/host/d/f", "x");
		(void)l_chmod(f.l, "/host/d/f", 0777);
		(void)get(&f, "/host/d/f", buf);
		CHECK(strcmp(buf, "secret") != 0);
	}
	atomic_store(&r.stop, true);
	CHECK_EQ(side_end(&s), 0);
	CHECK_EQ(host_linux.stat(OUT "2/f", true, &hs), 0);
	CHECK_EQ(hs.hs_size, 6);
	CHECK((hs.hs_mode & 0777) != 0777);
	clean(OUT "2");
	end(&f);
}

int
main(void)
{
	RUN(hostfs_reads_and_writes);
	RUN(hostfs_links_and_dotdot_stay_inside);
	RUN(hostfs_removed_path_leads_nowhere);
	RUN(hostfs_renames_directories);
	RUN(hostfs_numbers_and_hard_links);
	RUN(hostfs_renames_a_link_to_another);
	RUN(hostfs_revokes);
	RUN(hostfs_two_readers_of_a_directory);
	RUN(hostfs_many_names_by_small_buffers);
	RUN(hostfs_keeps_few_descriptors);
	RUN(hostfs_race_of_directory_and_link);
	return check_done();
}
