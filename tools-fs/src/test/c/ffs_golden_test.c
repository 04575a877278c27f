/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every FFS image that NetBSD wrote, read to the last byte: as it was recorded, after fsck_ffs -fy, and after this kernel wrote
 * to it, without and with a journal. What a list says of a path holds through all of it.
 */
#include "ffs_calls.h"
#include "lib/run_tool.h"

struct golden {
	const char *img, *list;
	uint64_t at, size; /* the part of the image, in sectors; 0: all */
	char part;
	int differ; /* lines of the list that NetBSD's own later mounts do not show */
	int log;    /* what a mount with -o log gives */
	bool dirty; /* the journal is to be replayed */
};

/* ffs1-o0: three owners beyond 16 bits, which the format cuts; its superblock has no room to name a journal. In labelled.a there is no room for one. */
static const struct golden goldens[] = {
	{ "ffs1-le", "ffs1-le", 0, 0, 0, 0, 0, false },
	{ "ffs2-le", "ffs2-le", 0, 0, 0, 0, 0, false },
	{ "ffs1-be", "ffs1-be", 0, 0, 0, 0, 0, false },
	{ "ffs2-be", "ffs2-be", 0, 0, 0, 0, 0, false },
	{ "ffs1-o0", "ffs1-o0", 0, 0, 0, 3, -EINVAL, false },
	{ "labelled", "labelled.a", 63, 1500, 'a', 0, -ENOSPC, false },
	{ "labelled", "labelled.e", 1663, 2433, 'e', 0, 0, false },
	{ "ffs1-log-dirty", "ffs1-log-dirty", 0, 0, 0, 0, 0, true },
	{ "ffs2-log-dirty", "ffs2-log-dirty", 0, 0, 0, 0, 0, true },
};
#define NGOLDENS (sizeof(goldens) / sizeof(goldens[0]))

static void
golden_up(struct fixture *f, const struct golden *g)
{
	struct kern_config c = { .kc_consout = console };

	CHECK_EQ(kern_boot(&c, &f->k), 0);
	CHECK_EQ(proc_fork(f->k, NULL, RFCFDG, "test", &f->p), 0);
	CHECK_EQ(lwp_create(f->p, &f->l), 0);
	CHECK_EQ(etfs_register(f->k, "/dk", f->img, ETFS_BLK, g->at * 512,
		     g->size != 0 ? g->size * 512 : ETFS_SIZE_TOEND),
	    0);
	CHECK_EQ(xmkdir(f, "/mnt"), 0);
}

static int
golden_fsck(struct fixture *f, const struct golden *g, const char *options)
{
	char line[256];

	if (g->part != 0)
		snprintf(line, sizeof(line), "fsck_ffs %s %s@%c", options,
		    f->img, g->part);
	else
		snprintf(line, sizeof(line), "fsck_ffs %s %s", options, f->img);
	return run_tool(line);
}

static void
fsck_clean(struct fixture *f, const struct golden *g)
{
	int status = golden_fsck(f, g, "-fn");

	if (status != 0 || strchr(tool_said, '?') != NULL)
		printf("%s:\n%s\n", g->list, tool_said);
	CHECK_EQ(status, 0);
	CHECK(strchr(tool_said, '?') == NULL);
}

static int
list_count(const char *name)
{
	char file[256];
	int c, n = 0;
	FILE *fp;

	snprintf(file, sizeof(file), "../shared/golden/images/%s.list", name);
	fp = fopen(file, "r");
	CHECK(fp != NULL);
	while ((c = getc(fp)) != EOF)
		n += c == '\n';
	fclose(fp);
	return n;
}

/* All that the list has is there, and nothing else but `more`; the root's own line counts only as long as nothing was made in it. */
static void
golden_compare(struct fixture *f, const struct golden *g, int more)
{
	CHECK_EQ(compare_list(f, g->list, more == 0), g->differ);
	CHECK_EQ(count_tree(f, "/mnt"), list_count(g->list) - 1 + more);
}

static uint8_t *
slurp(const char *path, size_t *lenp)
{
	FILE *fp = fopen(path, "rb");
	uint8_t *p;
	long n;

	CHECK(fp != NULL && fseek(fp, 0, SEEK_END) == 0);
	n = ftell(fp);
	CHECK(n > 0 && (p = malloc((size_t)n)) != NULL);
	rewind(fp);
	CHECK_EQ(fread(p, 1, (size_t)n, fp), n);
	fclose(fp);
	*lenp = (size_t)n;
	return p;
}

/* Sectors that differ outside [from, to), in bytes of the image. */
static int
changed(const uint8_t *a, const uint8_t *b, size_t len, size_t from, size_t to)
{
	size_t at;
	int n = 0;

	for (at = 0; at + 512 <= len; at += 512)
		if ((at < from || at >= to) && memcmp(a + at, b + at, 512) != 0) {
			if (n++ < 8)
				printf("changed: sector %zu\n", at / 512);
		}
	return n;
}

static void
read_as_recorded(const struct golden *g)
{
	uint8_t *before, *after;
	struct fixture f;
	size_t len, len2;

	image(&f, g->img);
	before = slurp(f.img, &len);
	golden_up(&f, g);
	CHECK_EQ(xmount(&f, MNT_RDONLY), 0);
	golden_compare(&f, g, 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	after = slurp(f.img, &len2);
	CHECK_EQ(len, len2);
	/* Who replays a journal writes, and that is all who do. */
	if (!g->dirty)
		CHECK_EQ(changed(before, after, len, 0, 0), 0);
	free(before);
	free(after);
	remove(f.img);
}

static void
read_after_fsck(const struct golden *g)
{
	uint8_t *before, *after;
	struct fixture f;
	size_t len, len2, super = (size_t)g->at * 512;

	image(&f, g->img);
	before = slurp(f.img, &len);
	CHECK_EQ(golden_fsck(&f, g, "-fy"), 0);
	/* What was sound stays: the superblock alone may have another time. */
	if (!g->dirty) {
		after = slurp(f.img, &len2);
		CHECK_EQ(len, len2);
		CHECK_EQ(
		    changed(before, after, len, super + 8192, super + 73728), 0);
		free(after);
	}
	free(before);
	fsck_clean(&f, g);
	golden_up(&f, g);
	CHECK_EQ(xmount(&f, MNT_RDONLY), 0);
	golden_compare(&f, g, 0);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

#define NOURS 24
#define BIG 200000 /* into the indirect blocks of every block size here */

static void
fill(uint8_t *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(seed + i * 7 + (i >> 9));
}

static size_t
our_size(int i)
{
	return i == 0 ? BIG : (size_t)i * 301;
}

/* A directory of files of all sizes, grown in pieces, renamed, cut and half of them removed. The number of paths that stay. */
static int
write_ours(struct fixture *f)
{
	static uint8_t buf[BIG];
	char path[64], other[64];
	size_t at, part;
	int i, left = 1;
	long fd;

	CHECK_EQ(xmkdir(f, "/mnt/ours"), 0);
	for (i = 0; i < NOURS; i++) {
		snprintf(path, sizeof(path), "/mnt/ours/new%d", i);
		fd = xopen(f, path, O_RDWR | O_CREAT | O_EXCL);
		CHECK(fd >= 0);
		fill(buf, our_size(i), (unsigned)i);
		for (at = 0; at < our_size(i); at += part) {
			part = our_size(i) - at < 5000 ? our_size(i) - at : 5000;
			CHECK_EQ(xwrite(f, fd, buf + at, part), part);
		}
		CHECK_EQ(xclose(f, fd), 0);
		left++;
	}
	for (i = 1; i < NOURS; i += 2) {
		snprintf(path, sizeof(path), "/mnt/ours/new%d", i);
		CHECK_EQ(xunlink(f, path), 0);
		left--;
	}
	for (i = 0; i < NOURS; i += 2) {
		snprintf(path, sizeof(path), "/mnt/ours/new%d", i);
		snprintf(other, sizeof(other), "/mnt/ours/f%d", i);
		CHECK_EQ(xrename(f, path, other), 0);
	}
	return left;
}

static void
check_ours(struct fixture *f)
{
	static uint8_t want[BIG], got[BIG + 1];
	char path[64];
	size_t at;
	long fd, n;
	int i;

	for (i = 0; i < NOURS; i += 2) {
		snprintf(path, sizeof(path), "/mnt/ours/f%d", i);
		fd = xopen(f, path, O_RDONLY);
		CHECK(fd >= 0);
		fill(want, our_size(i), (unsigned)i);
		for (at = 0; (n = xread(f, fd, got + at, sizeof(got) - at)) > 0;
		     at += (size_t)n)
			continue;
		CHECK_EQ(n, 0);
		CHECK_EQ(at, our_size(i));
		CHECK(memcmp(want, got, at) == 0);
		CHECK_EQ(xclose(f, fd), 0);
	}
}

static void
read_after_writing(const struct golden *g, int flags)
{
	struct fixture f;
	int more;

	image(&f, g->img);
	golden_up(&f, g);
	CHECK_EQ(xmount(&f, flags), 0);
	more = write_ours(&f);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	fsck_clean(&f, g);
	golden_up(&f, g);
	CHECK_EQ(xmount(&f, MNT_RDONLY), 0);
	golden_compare(&f, g, more);
	check_ours(&f);
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	remove(f.img);
}

TEST(golden_images_read_as_recorded)
{
	for (size_t i = 0; i < NGOLDENS; i++)
		read_as_recorded(&goldens[i]);
}

TEST(golden_images_read_after_fsck)
{
	for (size_t i = 0; i < NGOLDENS; i++)
		read_after_fsck(&goldens[i]);
}

TEST(golden_images_read_after_writing)
{
	for (size_t i = 0; i < NGOLDENS; i++)
		read_after_writing(&goldens[i], 0);
}

TEST(golden_images_read_after_writing_with_a_journal)
{
	struct fixture f;

	for (size_t i = 0; i < NGOLDENS; i++) {
		const struct golden *g = &goldens[i];

		if (g->log == 0) {
			read_after_writing(g, MNT_LOG);
			continue;
		}
		image(&f, g->img);
		golden_up(&f, g);
		CHECK_EQ(xmount(&f, MNT_LOG), g->log);
		down(&f);
		remove(f.img);
	}
}

int
main(void)
{
	RUN(golden_images_read_as_recorded);
	RUN(golden_images_read_after_fsck);
	RUN(golden_images_read_after_writing);
	RUN(golden_images_read_after_writing_with_a_journal);
	return check_done();
}
