/* SPDX-License-Identifier: BSD-2-Clause */
/* Damaged images: every operation ends, with an error or without; nothing is written outside the image, no memory is lost. */
#include "ffs_calls.h"
#include "rumprun/ffs_format.h"

struct damage {
	uint8_t *img;
	size_t size;
	struct fs fs;
	bool sw;
	uint64_t rand;
};

static uint64_t
rnd(struct damage *d)
{
	d->rand ^= d->rand << 13;
	d->rand ^= d->rand >> 7;
	d->rand ^= d->rand << 17;
	return d->rand;
}

static void
load(struct damage *d, const char *file)
{
	FILE *fp = fopen(file, "rb");

	CHECK(fp != NULL);
	fseek(fp, 0, SEEK_END);
	d->size = (size_t)ftell(fp);
	rewind(fp);
	d->img = malloc(d->size);
	CHECK_EQ(fread(d->img, 1, d->size, fp), d->size);
	fclose(fp);
	for (int i = 0; ffs_sblocksearch[i] >= 0; i++)
		if (ffs_sb_decode(d->img + ffs_sblocksearch[i], SBLOCKSIZE,
			&d->fs, &d->sw) == 0 &&
		    d->fs.fs_magic != 0)
			break;
	ffs_sb_from_old(&d->fs);
}

/* A place worth damaging: superblock, a group's header, an inode in use, a block that one points at. */
static size_t
pick(struct damage *d)
{
	const struct fs *fs = &d->fs;
	uint32_t g = (uint32_t)(rnd(d) % (uint32_t)fs->fs_ncg);
	uint32_t ino = g * (uint32_t)fs->fs_ipg + (uint32_t)(rnd(d) % 40);
	size_t at;

	switch (rnd(d) % 6) {
	case 0:
		return (ffs_isufs2(fs) ? 65536 : 8192) + rnd(d) % 1376;
	case 1:
		return fsbtobyte(fs, cgtod(fs, g)) + rnd(d) % 176;
	case 2:
		return fsbtobyte(fs, cgtod(fs, g)) +
		    rnd(d) % (uint32_t)fs->fs_cgsize;
	case 3:
	case 4:
		return fsbtobyte(fs, ino_to_fsba(fs, ino)) +
		    ino_to_fsbo(fs, ino) * ffs_dinode_size(fs) +
		    rnd(d) % ffs_dinode_size(fs);
	default:
		at = fsbtobyte(fs, ino_to_fsba(fs, ino)) +
		    ino_to_fsbo(fs, ino) * ffs_dinode_size(fs);
		at = ffs_isufs2(fs) ?
		    ffs_get64(d->img + at + 112 + 8 * (rnd(d) % 15), d->sw) :
		    ffs_get32(d->img + at + 40 + 4 * (rnd(d) % 15), d->sw);
		return at * (uint32_t)fs->fs_fsize + rnd(d) % 512;
	}
}

static void
damage(struct damage *d, const char *file, const uint8_t *orig)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe };
	unsigned n = 1 + (unsigned)(rnd(d) % 6);
	FILE *fp;

	memcpy(d->img, orig, d->size);
	while (n-- > 0) {
		size_t at = pick(d), len = 1 + rnd(d) % 4;

		for (; len > 0 && at < d->size; len--, at++)
			d->img[at] = rnd(d) % 2 ?
			    (uint8_t)rnd(d) :
			    values[rnd(d) % sizeof(values)];
	}
	fp = fopen(file, "wb");
	CHECK(fp != NULL);
	CHECK_EQ(fwrite(d->img, 1, d->size, fp), d->size);
	fclose(fp);
}

/* Visits what is there, a bounded number of things. */
static void
visit(struct fixture *f, const char *path, int depth, int *budget)
{
	static char data[65536];
	char buf[2048], sub[700];
	long fd, n;

	if (depth > 12 || (fd = xopen(f, path, O_RDONLY)) < 0)
		return;
	while (*budget > 0 &&
	    (n = SYS(f, SYS___getdents30, __getdents30, P(int, fd),
		 P(char *, buf), P(size_t, sizeof(buf)))) > 0) {
		for (long at = 0; at < n && (*budget)-- > 0;) {
			struct dirent *e = (struct dirent *)(buf + at);
			struct stat st;

			at += e->d_reclen;
			snprintf(
			    sub, sizeof(sub), "%.440s/%.250s", path, e->d_name);
			if (strcmp(e->d_name, ".") == 0 ||
			    strcmp(e->d_name, "..") == 0 ||
			    xlstat(f, sub, &st) != 0)
				continue;
			if (S_ISDIR(st.st_mode)) {
				visit(f, sub, depth + 1, budget);
			} else if (S_ISREG(st.st_mode)) {
				long file = xopen(f, sub, O_RDWR);

				if (file < 0)
					continue;
				for (int i = 0; i < 20; i++)
					if (xread(f, file, data,
						sizeof(data)) <= 0)
						break;
				if (*budget % 5 == 0)
					(void)xwrite(f, file, data, 3000);
				if (*budget % 7 == 0)
					(void)xtruncate(f, file, 100);
				xclose(f, file);
				if (*budget % 11 == 0)
					(void)xunlink(f, sub);
			} else if (S_ISLNK(st.st_mode)) {
				(void)xreadlink(f, sub, data, sizeof(data));
			}
		}
	}
	xclose(f, fd);
}

static void
use(struct fixture *f)
{
	int budget = 250;
	char path[64];
	long fd;

	visit(f, "/mnt", 0, &budget);
	(void)xmkdir(f, "/mnt/new");
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "/mnt/new/%d", i);
		fd = xopen(f, path, O_RDWR | O_CREAT);
		if (fd < 0)
			continue;
		(void)xwrite(f, fd, path, 60);
		(void)xpwrite(f, fd, path, 60, 200000);
		(void)xfsync(f, fd);
		xclose(f, fd);
	}
	(void)xrename(f, "/mnt/new/3", "/mnt/moved");
	(void)xrename(f, "/mnt/new", "/mnt/links");
	(void)xunlink(f, "/mnt/new/4");
}

static void
damaged(const char *name, int rounds)
{
	static const int flags[] = { 0, MNT_LOG, MNT_RDONLY, 0 };
	struct damage d = { .rand = 88172645463325252ULL };
	const char *seed = getenv("CHECK_SEED");
	struct fixture f;
	uint8_t *orig;
	int mounted = 0;

	for (const char *p = name; *p != '\0'; p++)
		d.rand = d.rand * 31 + (uint8_t)*p;
	if (seed != NULL)
		d.rand ^= strtoull(seed, NULL, 0) * 0x9e3779b97f4a7c15ULL;
	image(&f, name);
	load(&d, f.img);
	orig = malloc(d.size);
	memcpy(orig, d.img, d.size);
	for (int i = 0; i < rounds; i++) {
		damage(&d, f.img, orig);
		up(&f);
		if (xmount(&f, flags[i % 4]) == 0) {
			mounted++;
			use(&f);
			if (xunmount(&f, 0) != 0)
				(void)xunmount(&f, MNT_FORCE);
		}
		down(&f);
	}
	CHECK(mounted > rounds / 4);
	free(orig);
	free(d.img);
	remove(f.img);
}

static int
rounds(void)
{
	const char *n = getenv("CHECK_ROUNDS");

	return n != NULL ? atoi(n) : 20;
}

TEST(damaged_ufs1)
{
	damaged("ffs1-le", rounds());
	damaged("ffs1-be", rounds());
}

TEST(damaged_ufs2)
{
	damaged("ffs2-le", rounds());
	damaged("ffs2-be", rounds());
}

TEST(damaged_old_format)
{
	damaged("ffs1-o0", rounds());
}

TEST(damaged_with_journal)
{
	damaged("ffs1-log-dirty", rounds());
	damaged("ffs2-log-dirty", rounds());
}

int
main(void)
{
	RUN(damaged_ufs1);
	RUN(damaged_ufs2);
	RUN(damaged_old_format);
	RUN(damaged_with_journal);
	return check_done();
}
