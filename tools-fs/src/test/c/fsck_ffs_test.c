/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fsck_ffs over host files: clean file systems, damage that it mends, and damage by chance, which it survives.
 *
 * With FSCK_IMAGES in the environment (paths of images, blanks between them) these are damaged, too; FSCK_SEEDS tells how
 * often (20).
 */
#include "lib/check.h"
#include "lib/fake_sys.h"
#include "tools.h"
#include <netbsd/ffs.h>
#include <rumprun/ffs_format.h>

#define MB ((int64_t)1 << 20)

static struct fake_node *
disk(struct fake_sys *f, int64_t size)
{
	struct fake_node *raw;

	fake_init(f);
	raw = fake_add(f, "/rdk", S_IFCHR, NULL);
	fake_resize(f, raw, size);
	return raw;
}

static bool
prints(const struct fake_sys *f, const char *text)
{
	if (strstr(f->out, text) != NULL)
		return true;
	printf("wanted:\n%s\nprinted:\n%s\n", text, f->out);
	return false;
}

static void
poke(const struct fake_node *n, int64_t off, const void *p, size_t len)
{
	FILE *h = fopen(n->host, "r+b");

	CHECK(h != NULL && fseek(h, (long)off, SEEK_SET) == 0 &&
	    fwrite(p, 1, len, h) == len);
	fclose(h);
}

static void
put_all(const struct fake_node *n, const uint8_t *p, size_t len)
{
	poke(n, 0, p, len);
}

static const char *const layouts[] = {
	"newfs -O 1 -B le -s 4096 -n 200 /rdk",
	"newfs -O 1 -B be -s 4096 -n 200 /rdk",
	"newfs -O 2 -B le -s 4096 -n 200 /rdk",
	"newfs -O 2 -B be -s 4096 -n 200 -b 8192 -f 1024 /rdk",
	"newfs -O 0 -s 4096 -n 200 /rdk",
	"newfs -O 2 -s 4096 -b 8192 -f 8192 /rdk",
};
#define NLAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

/* A file without a name: what lost+found is made for. */
static void
add_orphan(
    const struct fake_node *n, struct fake_sys *f, uint32_t ino, uint16_t mode)
{
	struct dinode di;
	uint8_t raw[DINODE2_SIZE], *img;
	size_t len, at;
	struct fs fs;
	bool swapped;
	int i;

	img = fake_read(f, n->host, &len);
	for (i = 0; ffs_sblocksearch[i] >= 0; i++)
		if (ffs_sb_decode(img + ffs_sblocksearch[i], SBLOCKSIZE, &fs,
			&swapped) == 0)
			break;
	CHECK(ffs_sblocksearch[i] >= 0);
	free(img);
	memset(&di, 0, sizeof(di));
	memset(raw, 0, sizeof(raw));
	di.di_mode = mode;
	di.di_nlink = 1;
	ffs_dinode_encode(&fs, &di, raw, swapped);
	at = (size_t)fsbtobyte(&fs, ino_to_fsba(&fs, ino)) +
	    ino_to_fsbo(&fs, ino) * ffs_dinode_size(&fs);
	poke(n, (int64_t)at, raw, ffs_dinode_size(&fs));
}

TEST(fsck_ffs_new_file_system_clean)
{
	struct fake_sys f;
	size_t i;

	for (i = 0; i < NLAYOUTS; i++) {
		disk(&f, 2 * MB);
		CHECK_EQ(fake_run(&f, newfs_main, layouts[i]), 0);
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
		CHECK(prints(&f, "** File system is already clean\n"));
		CHECK(prints(&f, "\n1 files, 1 used, "));
		CHECK(strstr(f.out, "?") == NULL);
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -p /rdk"), 0);
		CHECK(prints(&f, "/rdk: file system is clean; not checking\n"));
		fake_fini(&f);
	}
}

TEST(fsck_ffs_orphans_go_to_lost_found)
{
	struct fake_node *n;
	struct fake_sys f;
	uint32_t ino;
	size_t i;

	for (i = 0; i < NLAYOUTS; i++) {
		n = disk(&f, 2 * MB);
		CHECK_EQ(fake_run(&f, newfs_main, layouts[i]), 0);
		for (ino = 4; ino < 28; ino++)
			add_orphan(n, &f, ino, S_IFREG | 0644);
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 2);
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fy /rdk"), 0);
		CHECK(prints(&f, "NO lost+found DIRECTORY\nCREATE? yes\n"));
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
		CHECK(prints(&f, "\n26 files, "));
		fake_fini(&f);
	}
}

TEST(fsck_ffs_questions_answered_by_standard_input)
{
	struct fake_node *n;
	struct fake_sys f;

	n = disk(&f, 2 * MB);
	CHECK_EQ(fake_run(&f, newfs_main, layouts[0]), 0);
	add_orphan(n, &f, 4, S_IFREG | 0644);
	f.in = "perhaps\nn\ny\ny\ny\ny\n";
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -f /rdk"), 2);
	CHECK(prints(&f, "RECONNECT? [yn] "));
	CHECK(prints(&f, "CLEAR? [yn] "));
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
	fake_fini(&f);
}

/* A quota file without a header is emptied, one that is not there is made; then what they count is put right. */
TEST(fsck_ffs_quota_files_checked)
{
	static const uint8_t zero[4096];
	struct fake_node *n;
	struct fake_sys f;
	bool swapped;
	uint8_t *img;
	struct fs fs;
	size_t len, at;

	n = disk(&f, 2 * MB);
	CHECK_EQ(fake_run(&f, newfs_main,
		     "newfs -O 1 -s 4096 -n 200 -q user "
		     "-q group /rdk"),
	    0);
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
	CHECK(prints(&f, "** Phase 6 - Check Quotas\n"));
	img = fake_read(&f, n->host, &len);
	CHECK_EQ(ffs_sb_decode(img + SBLOCK_UFS1, SBLOCKSIZE, &fs, &swapped), 0);
	for (at = 0; at + 4096 <= len; at += 4096)
		if (ffs_get32(img + at, swapped) == Q2_HEAD_MAGIC)
			break;
	CHECK(at + 4096 <= len);
	free(img);
	poke(n, (int64_t)at, zero, sizeof(zero));
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 2);
	CHECK(prints(&f, "USER QUOTA FILE DAMAGED\nEMPTY? no\n"));
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fy /rdk"), 0);
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
	at = (size_t)fsbtobyte(
		 &fs, ino_to_fsba(&fs, (uint32_t)fs.fs_quotafile[1])) +
	    ino_to_fsbo(&fs, (uint32_t)fs.fs_quotafile[1]) *
		ffs_dinode_size(&fs);
	poke(n, (int64_t)at, zero, ffs_dinode_size(&fs));
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 2);
	CHECK(prints(&f, "NO GROUP QUOTA INODE\nCREATE? no\n"));
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fy /rdk"), 0);
	CHECK(prints(&f, "NO GROUP QUOTA INODE\nCREATE? yes\n"));
	CHECK(prints(&f,
	    "GROUP QUOTA MISMATCH FOR ID 0: 0/0 SHOULD BE 1/1\nFIX? yes\n"));
	CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
	fake_fini(&f);
}

TEST(fsck_ffs_byte_order_turned_and_back)
{
	uint8_t *before, *after;
	struct fake_node *n;
	struct fake_sys f;
	size_t len, i;

	for (i = 0; i < NLAYOUTS; i++) {
		n = disk(&f, 2 * MB);
		CHECK_EQ(fake_run(&f, newfs_main, layouts[i]), 0);
		add_orphan(n, &f, 4, S_IFREG | 0644);
		CHECK_EQ(fake_run(&f, fsck_ffs_main,
			     "fsck_ffs -fy -B le "
			     "/rdk"),
		    0);
		before = fake_read(&f, n->host, &len);
		CHECK_EQ(fake_run(&f, fsck_ffs_main,
			     "fsck_ffs -fy -B be "
			     "/rdk"),
		    0);
		CHECK(prints(&f, "CONVERT TO BIG ENDIAN? yes\n"));
		CHECK(strstr(f.out, "SALVAGE") == NULL);
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
		CHECK_EQ(fake_run(&f, fsck_ffs_main,
			     "fsck_ffs -fy -B le "
			     "/rdk"),
		    0);
		after = fake_read(&f, n->host, &len);
		CHECK(memcmp(before, after, len) == 0);
		free(before);
		free(after);
		fake_fini(&f);
	}
}

/* --- damage by chance ------------------------------------------------------------------------------------------------------ */

static uint32_t
next(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*x >> 33);
}

/* Bytes that are not zero are where something stands. */
static void
damage(uint8_t *img, size_t len, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15u + 1;
	int n = 1 + (int)(next(&x) % 12), tries = 0;

	while (n > 0 && tries++ < 1000000) {
		size_t most = next(&x) % 2 != 0 && len > 393216 ? 393216 : len,
		       at = (size_t)(((uint64_t)next(&x) << 16 ^ next(&x)) %
			   most);

		if (img[at] == 0 && next(&x) % 4096 != 0)
			continue;
		img[at] = (uint8_t)next(&x);
		if (next(&x) % 4 == 0 && at + 4 < len)
			img[at + next(&x) % 4] ^= 0x80;
		n--;
	}
}

/* Whatever was done to it, after some runs of -y there is nothing left to say, or no superblock to be found. */
static void
survive(struct fake_sys *f, struct fake_node *n, const uint8_t *good,
    size_t len, uint64_t seed)
{
	uint8_t *bad = malloc(len);
	int i, status = 0;

	CHECK(bad != NULL);
	memcpy(bad, good, len);
	damage(bad, len, seed);
	put_all(n, bad, len);
	free(bad);
	fake_run(f, fsck_ffs_main, "fsck_ffs -fp /rdk");
	fake_run(f, fsck_ffs_main, "fsck_ffs -fn /rdk");
	for (i = 0; i < 5; i++) {
		fake_run(f, fsck_ffs_main, "fsck_ffs -fy /rdk");
		status = fake_run(f, fsck_ffs_main, "fsck_ffs -fn /rdk");
		if (status == 0)
			break;
	}
	if (status != 0)
		printf("seed %" PRIu64 ": still\n%s\n", seed, f->out);
	CHECK_EQ(status, 0);
}

static uint64_t
seeds(void)
{
	const char *s = getenv("FSCK_SEEDS");

	return s != NULL ? strtoull(s, NULL, 10) : 20;
}

TEST(fsck_ffs_damaged_bytes_survived)
{
	struct fake_node *n;
	struct fake_sys f;
	uint8_t *good;
	uint32_t ino;
	size_t len, i;
	uint64_t s;

	for (i = 0; i < NLAYOUTS; i++) {
		n = disk(&f, 2 * MB);
		CHECK_EQ(fake_run(&f, newfs_main, layouts[i]), 0);
		for (ino = 4; ino < 28; ino++)
			add_orphan(n, &f, ino, S_IFREG | 0644);
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fy /rdk"), 0);
		good = fake_read(&f, n->host, &len);
		for (s = 0; s < seeds(); s++)
			survive(&f, n, good, len, s + i * 1000);
		free(good);
		fake_fini(&f);
	}
}

TEST(fsck_ffs_damaged_images_survived)
{
	const char *list = getenv("FSCK_IMAGES");
	char path[256], *dup;
	struct fake_node *n;
	struct fake_sys f;
	uint8_t *good;
	size_t len;
	uint64_t s;

	for (dup = (char *)(uintptr_t)list; dup != NULL && *dup != '\0';) {
		size_t k = strcspn(dup, " ");

		CHECK(k < sizeof(path));
		memcpy(path, dup, k);
		path[k] = '\0';
		dup += k + strspn(dup + k, " ");
		n = disk(&f, MB);
		good = fake_read(&f, path, &len);
		fake_resize(&f, n, (int64_t)len);
		put_all(n, good, len);
		CHECK_EQ(fake_run(&f, fsck_ffs_main, "fsck_ffs -fn /rdk"), 0);
		printf("%s: %s", path, strstr(f.out, "Phase 5"));
		for (s = 0; s < seeds(); s++)
			survive(&f, n, good, len, s);
		free(good);
		fake_fini(&f);
	}
}

int
main(void)
{
	RUN(fsck_ffs_new_file_system_clean);
	RUN(fsck_ffs_orphans_go_to_lost_found);
	RUN(fsck_ffs_questions_answered_by_standard_input);
	RUN(fsck_ffs_quota_files_checked);
	RUN(fsck_ffs_byte_order_turned_and_back);
	RUN(fsck_ffs_damaged_bytes_survived);
	RUN(fsck_ffs_damaged_images_survived);
	return check_done();
}
