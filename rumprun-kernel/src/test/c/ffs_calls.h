/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel with an FFS image mounted, and system calls on it, for the tests of FFS. */
#ifndef FFS_CALLS_H
#define FFS_CALLS_H

#include <netbsd/dirent.h>
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/mount.h>
#include <netbsd/stat.h>
#include <netbsd/syscallargs.h>
#include "dev/etfs.h"
#include "host/host.h"
#include "kern/kernel.h"
#include "lib/check.h"
#include "lib/sha256.h"

struct fixture {
	struct rump_kernel *k;
	struct proc *p;
	struct lwp *l;
	char img[128];
};

#define P(T, x)                 \
	{                       \
		.datum = (T)(x) \
	}
#define SYS(f, number, type, ...)                                 \
	__extension__({                                           \
		struct sys_##type##_args sa_ = { __VA_ARGS__ };   \
		register_t rv_[2];                                \
		int e_ = kern_syscall((f)->l, number, &sa_, rv_); \
		e_ != 0 ? (long)e_ : (long)rv_[0];                \
	})

static inline void
console(void *ctx, const char *s, size_t n)
{
	(void)ctx;
	if (getenv("CHECK_CONSOLE") != NULL)
		fwrite(s, 1, n, stderr);
}

/* An image of the recorded ones (copied), or with size > 0 an empty file. */
static inline void
image(struct fixture *f, const char *name)
{
	char cmd[512];

	snprintf(f->img, sizeof(f->img), "/tmp/ffs-test-%d.img", host_getpid());
	snprintf(cmd, sizeof(cmd), "%s ../shared/golden/images/%s.img.xz >%s",
	    "xz -dc", name, f->img);
	CHECK_EQ(system(cmd), 0);
}

static inline void
up(struct fixture *f)
{
	struct kern_config c = { .kc_consout = console };

	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(
	    etfs_register(f->k, "/dk", f->img, ETFS_BLK, 0, ETFS_SIZE_TOEND), 0);
	CHECK_EQ(
	    SYS(f, SYS_mkdir, mkdir, P(const char *, "/mnt"), P(mode_t, 0755)),
	    0);
}

static inline void
down(struct fixture *f)
{
	int64_t leak;

	lwp_destroy(f->l);
	proc_exit(f->p, NULL, 0);
	kern_halt(f->k, false, &leak);
	CHECK_EQ(leak, 0);
}

static inline long
xmount(struct fixture *f, int flags)
{
	char dev[] = "/dk";
	struct ufs_args args = { .fspec = dev };

	return SYS(f, SYS___mount50, __mount50, P(const char *, "ffs"),
	    P(const char *, "/mnt"), P(int, flags), P(void *, &args),
	    P(size_t, sizeof(args)));
}

static inline long
xunmount(struct fixture *f, int flags)
{
	return SYS(
	    f, SYS_unmount, unmount, P(const char *, "/mnt"), P(int, flags));
}

static inline long
xopen(struct fixture *f, const char *path, int flags)
{
	return SYS(f, SYS_open, open, P(const char *, path), P(int, flags),
	    P(mode_t, 0644));
}

static inline long
xclose(struct fixture *f, long fd)
{
	return SYS(f, SYS_close, close, P(int, fd));
}

static inline long
xread(struct fixture *f, long fd, void *buf, size_t n)
{
	return SYS(f, SYS_read, read, P(int, fd), P(void *, buf), P(size_t, n));
}

static inline long
xwrite(struct fixture *f, long fd, const void *buf, size_t n)
{
	return SYS(f, SYS_write, write, P(int, fd), P(const void *, buf),
	    P(size_t, n));
}

static inline long
xpread(struct fixture *f, long fd, void *buf, size_t n, off_t off)
{
	return SYS(f, SYS_pread, pread, P(int, fd), P(void *, buf),
	    P(size_t, n), .offset = P(off_t, off));
}

static inline long
xpwrite(struct fixture *f, long fd, const void *buf, size_t n, off_t off)
{
	return SYS(f, SYS_pwrite, pwrite, P(int, fd), P(const void *, buf),
	    P(size_t, n), .offset = P(off_t, off));
}

static inline long
xtruncate(struct fixture *f, long fd, off_t size)
{
	return SYS(
	    f, SYS_ftruncate, ftruncate, P(int, fd), .length = P(off_t, size));
}

static inline long
xfsync(struct fixture *f, long fd)
{
	return SYS(f, SYS_fsync, fsync, P(int, fd));
}

static inline long
xmkdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_mkdir, mkdir, P(const char *, path), P(mode_t, 0755));
}

static inline long
xrmdir(struct fixture *f, const char *path)
{
	return SYS(f, SYS_rmdir, rmdir, P(const char *, path));
}

static inline long
xunlink(struct fixture *f, const char *path)
{
	return SYS(f, SYS_unlink, unlink, P(const char *, path));
}

static inline long
xrename(struct fixture *f, const char *from, const char *to)
{
	return SYS(
	    f, SYS_rename, rename, P(const char *, from), P(const char *, to));
}

static inline long
xlink(struct fixture *f, const char *from, const char *to)
{
	return SYS(
	    f, SYS_link, link, P(const char *, from), P(const char *, to));
}

static inline long
xsymlink(struct fixture *f, const char *target, const char *path)
{
	return SYS(f, SYS_symlink, symlink, P(const char *, target),
	    P(const char *, path));
}

static inline long
xlstat(struct fixture *f, const char *path, struct stat *st)
{
	return SYS(f, SYS___lstat50, __lstat50, P(const char *, path),
	    P(struct stat *, st));
}

static inline long
xreadlink(struct fixture *f, const char *path, char *buf, size_t n)
{
	return SYS(f, SYS_readlink, readlink, P(const char *, path),
	    P(char *, buf), P(size_t, n));
}

/* The file's sum, or an error's number. */
static inline void
sum_file(struct fixture *f, const char *path, char hex[65])
{
	static char buf[256 * 1024];
	struct sha256 s;
	long fd, n;

	sha256_init(&s);
	fd = xopen(f, path, O_RDONLY);
	if (fd < 0) {
		snprintf(hex, 65, "open: %ld", fd);
		return;
	}
	while ((n = xread(f, fd, buf, sizeof(buf))) > 0)
		sha256_add(&s, buf, (size_t)n);
	xclose(f, fd);
	if (n < 0)
		snprintf(hex, 65, "read: %ld", n);
	else
		sha256_hex(&s, hex);
}

static inline char
type_letter(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 'f';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	default:
		return '?';
	}
}

/* A path's line of the list, as images/README.md says. */
static inline void
list_line(struct fixture *f, const char *path, const char *full, char *out,
    size_t size)
{
	char what[1100] = "-", len[64];
	struct stat st;
	long n;

	n = xlstat(f, full, &st);
	if (n < 0) {
		snprintf(out, size, "%s\tstat: %ld", path, n);
		return;
	}
	snprintf(len, sizeof(len), "%" PRId64, st.st_size);
	switch (type_letter(st.st_mode)) {
	case 'f':
		sum_file(f, full, what);
		break;
	case 'l':
		n = xreadlink(f, full, what, sizeof(what) - 1);
		if (n >= 0)
			what[n] = '\0';
		break;
	case 'b':
	case 'c':
		snprintf(len, sizeof(len), "%u,%u",
		    (unsigned)((st.st_rdev >> 8) & 0xfff),
		    (unsigned)(((st.st_rdev >> 12) & 0xfff00) |
			(st.st_rdev & 0xff)));
		break;
	}
	snprintf(out, size, "%s\t%c\t%04o\t%u\t%u\t%u\t%s\t%s", path,
	    type_letter(st.st_mode), (unsigned)(st.st_mode & ALLPERMS),
	    (unsigned)st.st_nlink, (unsigned)st.st_uid, (unsigned)st.st_gid,
	    len, what);
}

/* Compares the mounted file system with NAME.list (root: its root directory too); the number of lines that differ (printed). */
static inline int
compare_list(struct fixture *f, const char *name, bool root)
{
	static char line[4096], got[4096], full[1200], path[1100];
	char file[256];
	int bad = 0, lines = 0;
	FILE *fp;

	snprintf(file, sizeof(file), "../shared/golden/images/%s.list", name);
	fp = fopen(file, "r");
	CHECK(fp != NULL);
	while (fgets(line, sizeof(line), fp) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(
		    path, sizeof(path), "%.*s", (int)strcspn(line, "\t"), line);
		if (!root && strcmp(path, ".") == 0)
			continue;
		snprintf(full, sizeof(full), "/mnt/%s", path);
		list_line(f, path, full, got, sizeof(got));
		lines++;
		if (strcmp(got, line) != 0 && bad++ < 8)
			printf("%s: want %s\n  got  %s\n", name, line, got);
	}
	fclose(fp);
	CHECK(lines > 5);
	return bad;
}

/* Counts what a walk of the directories finds below `path`. */
static inline int
count_tree(struct fixture *f, const char *path)
{
	char buf[4096], sub[1300];
	int count = 0;
	long fd, n;

	fd = xopen(f, path, O_RDONLY);
	if (fd < 0)
		return -100000;
	while ((n = SYS(f, SYS___getdents30, __getdents30, P(int, fd),
		    P(char *, buf), P(size_t, sizeof(buf)))) > 0) {
		for (long at = 0; at < n;) {
			struct dirent *d = (struct dirent *)(buf + at);

			at += d->d_reclen;
			if (strcmp(d->d_name, ".") == 0 ||
			    strcmp(d->d_name, "..") == 0)
				continue;
			count++;
			snprintf(sub, sizeof(sub), "%s/%.255s", path, d->d_name);
			if (d->d_type == DT_DIR)
				count += count_tree(f, sub);
			else if (d->d_type == DT_UNKNOWN) {
				struct stat st;

				if (xlstat(f, sub, &st) == 0 &&
				    S_ISDIR(st.st_mode))
					count += count_tree(f, sub);
			}
		}
	}
	xclose(f, fd);
	return n < 0 ? -100000 : count;
}

#endif
