/* SPDX-License-Identifier: BSD-2-Clause */
/* A walk through a damaged file system, see the header. */
#include "lib/visit.h"
#include "ffs_calls.h"

#define MAXDEPTH 6
#define MAXSEEN 300

static int seen;

static void
look_at_file(struct fixture *f, const char *path)
{
	char buf[8192];
	long fd = xopen(f, path, O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		return;
	(void)xread(f, fd, buf, sizeof(buf));
	(void)xpread(f, fd, buf, sizeof(buf), 49000);
	(void)xpread(f, fd, buf, sizeof(buf), 5000000);
	(void)xpread(f, fd, buf, 100, INT64_MAX - 200);
	(void)xclose(f, fd);
}

static void
walk(struct fixture *f, const char *path, int depth)
{
	char buf[2048], sub[1300];
	struct stat st;
	long fd, n;
	int reads;

	fd = xopen(f, path, O_RDONLY);
	if (fd < 0)
		return;
	for (reads = 0; reads < 40 && seen < MAXSEEN; reads++) {
		n = SYS(f, SYS___getdents30, __getdents30, P(int, fd),
		    P(char *, buf), P(size_t, sizeof(buf)));
		if (n <= 0)
			break;
		for (long at = 0; at < n && seen++ < MAXSEEN;) {
			struct dirent *d = (struct dirent *)(buf + at);

			if (d->d_reclen == 0 || d->d_reclen > n - at ||
			    strnlen(d->d_name, d->d_reclen) >= d->d_reclen)
				abort();
			at += d->d_reclen;
			snprintf(sub, sizeof(sub), "%s/%.255s", path, d->d_name);
			if (xlstat(f, sub, &st) != 0)
				continue;
			if (S_ISLNK(st.st_mode)) {
				char t[1100];

				(void)xreadlink(f, sub, t, sizeof(t));
			} else if (S_ISREG(st.st_mode))
				look_at_file(f, sub);
			else if (S_ISDIR(st.st_mode) && depth < MAXDEPTH &&
			    strcmp(d->d_name, ".") != 0 &&
			    strcmp(d->d_name, "..") != 0)
				walk(f, sub, depth + 1);
		}
	}
	(void)xclose(f, fd);
}

static void
change(struct fixture *f)
{
	static char data[20000];
	char path[64];
	long fd;
	int i;

	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/mnt/new%d", i);
		fd = xopen(f, path, O_RDWR | O_CREAT);
		if (fd < 0)
			continue;
		(void)xpwrite(f, fd, data, (size_t)i * 6000 + 100, i * 3000);
		(void)xtruncate(f, fd, 5000);
		(void)xfsync(f, fd);
		(void)xclose(f, fd);
	}
	fd = xopen(f, "/mnt/a/big", O_RDWR);
	if (fd >= 0) {
		(void)xpwrite(f, fd, data, sizeof(data), 40000);
		(void)xtruncate(f, fd, 100);
		(void)xclose(f, fd);
	}
	(void)xmkdir(f, "/mnt/a/newdir");
	(void)xrename(f, "/mnt/a/b", "/mnt/d/moved");
	(void)xrename(f, "/mnt/d", "/mnt/a/b/c/x");
	(void)xlink(f, "/mnt/a/two", "/mnt/three");
	(void)xsymlink(f, "somewhere", "/mnt/link");
	(void)xunlink(f, "/mnt/a/hole");
	(void)xunlink(f, "/mnt/a/long");
	(void)xunlink(f, "/mnt/new1");
	(void)xrmdir(f, "/mnt/a/newdir");
	for (i = 1; i < 20; i++) {
		snprintf(path, sizeof(path), "/mnt/d/a_file_of_number_%d", i);
		(void)xunlink(f, path);
	}
}

int
visit(const char *img, int flags)
{
	struct statvfs sv;
	struct fixture f;
	int error;

	seen = 0;
	snprintf(f.img, sizeof(f.img), "%s", img);
	up(&f);
	error = (int)xmount(&f, flags);
	if (error == 0) {
		(void)SYS(&f, SYS_statvfs1, statvfs1, P(const char *, "/mnt"),
		    P(struct statvfs *, &sv), P(int, 0));
		walk(&f, "/mnt", 0);
		if ((flags & MNT_RDONLY) == 0) {
			change(&f);
			walk(&f, "/mnt", 3);
		}
		if (xunmount(&f, 0) != 0)
			(void)xunmount(&f, MNT_FORCE);
	}
	down(&f);
	return error;
}
