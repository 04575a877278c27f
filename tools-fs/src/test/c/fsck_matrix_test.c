/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The matrix of damage: each kind on each version and byte order of the format.
 *
 * With -n nothing is written; -p mends what its manual names and gives up on the rest; -y leaves nothing to find, and nothing to change for
 * another -y; questions that are all answered with y end the same, with n they change nothing. A file that the damage is not about keeps its bytes.
 */
#include "ffs_calls.h"
#include "lib/damage.h"
#include "lib/fake_sys.h"
#include "tools.h"
#include <netbsd/ffs.h>
#include <rumprun/ffs_format.h>

struct image {
	uint8_t *p;
	size_t size;
	struct fs fs;
	bool swapped;
	int64_t sbloc;
	size_t entry; /* of the last name found */
};

/* --- finding and changing ------------------------------------------------------------------------------------------- */

static void
read_super(struct image *m)
{
	int i;

	for (i = 0; ffs_sblocksearch[i] >= 0; i++)
		if (ffs_sb_decode(m->p + ffs_sblocksearch[i], SBLOCKSIZE,
			&m->fs, &m->swapped) == 0)
			break;
	CHECK(ffs_sblocksearch[i] >= 0);
	m->sbloc = ffs_sblocksearch[i];
	ffs_sb_from_old(&m->fs);
}

static size_t
inode_at(const struct image *m, uint32_t ino)
{
	return (size_t)fsbtobyte(&m->fs, ino_to_fsba(&m->fs, ino)) +
	    ino_to_fsbo(&m->fs, ino) * ffs_dinode_size(&m->fs);
}

static void
get(const struct image *m, uint32_t ino, struct dinode *di)
{
	ffs_dinode_decode(&m->fs, m->p + inode_at(m, ino), di, m->swapped);
}

static void
put(struct image *m, uint32_t ino, const struct dinode *di)
{
	ffs_dinode_encode(&m->fs, di, m->p + inode_at(m, ino), m->swapped);
}

static uint16_t
reclen(const struct image *m, size_t at)
{
	return ffs_get16(m->p + at + 4, m->swapped);
}

/* The inode of a name in a directory; where its entry is, in m->entry. */
static uint32_t
lookup(struct image *m, uint32_t dir, const char *name)
{
	size_t at, end, n = strlen(name);
	struct dinode di;

	get(m, dir, &di);
	for (int i = 0; i < UFS_NDADDR && di.di_db[i] > 0; i++) {
		at = (size_t)fsbtobyte(&m->fs, di.di_db[i]);
		end = at +
		    (size_t)(di.di_size < (uint64_t)m->fs.fs_bsize ?
			    di.di_size :
			    (uint64_t)m->fs.fs_bsize);
		for (; at < end; at += reclen(m, at)) {
			if (memcmp(m->p + at + 8, name, n + 1) == 0 &&
			    ffs_get32(m->p + at, m->swapped) != 0) {
				m->entry = at;
				return ffs_get32(m->p + at, m->swapped);
			}
			CHECK(reclen(m, at) > 0);
		}
	}
	CHECK(!"name found");
	return 0;
}

static uint32_t
find(struct image *m, const char *path)
{
	uint32_t ino = UFS_ROOTINO;
	char words[128];

	snprintf(words, sizeof(words), "%s", path);
	for (char *w = strtok(words, "/"); w != NULL; w = strtok(NULL, "/"))
		ino = lookup(m, ino, w);
	return ino;
}

static void
set_super(struct image *m)
{
	struct fs fs = m->fs;

	ffs_sb_to_old(&fs);
	ffs_sb_encode(&fs, m->p + m->sbloc, SBLOCKSIZE, m->swapped);
}

static uint8_t *
group(const struct image *m)
{
	return m->p + fsbtobyte(&m->fs, cgtod(&m->fs, 0));
}

#define FILE1 "d/a_file_of_number_2"
#define FILE2 "d/a_file_of_number_7"
#define KEPT "/mnt/d/a_file_of_number_5"
#define KEPT_SIZE 1500

#define INODE(name, path, change)             \
	static void name(struct image *m)     \
	{                                     \
		uint32_t ino = find(m, path); \
		struct dinode di;             \
                                              \
		get(m, ino, &di);             \
		change;                       \
		put(m, ino, &di);             \
	}
#define ENTRY(name, path, change)         \
	static void name(struct image *m) \
	{                                 \
		uint8_t *e;               \
                                          \
		(void)find(m, path);      \
		e = m->p + m->entry;      \
		change;                   \
	}
#define SUPER(name, change)               \
	static void name(struct image *m) \
	{                                 \
		change;                   \
		set_super(m);             \
	}

INODE(mode_zero, FILE1, di.di_mode = 0)
INODE(mode_unknown, FILE1, di.di_mode = 0xe000 | 0644)
INODE(size_huge, FILE1, di.di_size = 1ull << 50)
INODE(size_negative, FILE1, di.di_size = (uint64_t)-5)
INODE(size_beyond, FILE1, di.di_size += 100000)
INODE(nlink_zero, FILE1, di.di_nlink = 0)
INODE(nlink_high, FILE1, di.di_nlink = 100)
INODE(nlink_negative, FILE1, di.di_nlink = -3)
INODE(dir_nlink_low, "a", di.di_nlink = 1)
INODE(dir_nlink_high, "a", di.di_nlink = 9)
INODE(blocks_wrong, FILE1, di.di_blocks = 77)
INODE(blocks_huge, FILE1, di.di_blocks = INT32_MAX)
INODE(block_outside, FILE1, di.di_db[0] = 99999999)
INODE(block_negative, FILE1, di.di_db[0] = -7)
INODE(block_of_superblock, FILE1, di.di_db[0] = m->fs.fs_sblkno)
INODE(block_of_inodes, FILE1, di.di_db[0] = m->fs.fs_iblkno)
INODE(block_beyond_end, FILE1, di.di_db[5] = 99999999)
INODE(indirect_outside, "a/big", di.di_ib[0] = 99999999)
INODE(indirect_of_data, "a/big", di.di_ib[0] = di.di_db[0])
INODE(triple_outside, "a/big", di.di_ib[2] = 88888888)
INODE(hole_in_file, "a/big", di.di_db[1] = 0)
INODE(block_twice, FILE1, struct dinode o; get(m, find(m, FILE2), &o);
      di.di_db[0] = o.di_db[0])
INODE(block_of_dir, FILE1, struct dinode o; get(m, find(m, "a"), &o);
      di.di_db[0] = o.di_db[0])
INODE(dir_size_zero, "a/b", di.di_size = 0)
INODE(dir_size_odd, "a/b", di.di_size = 500)
INODE(dir_size_huge, "a/b", di.di_size = 1ull << 40)
INODE(dir_hole, "a/b", di.di_db[0] = 0)
INODE(dir_block_outside, "a/b", di.di_db[0] = 99999999)
INODE(dir_is_file, "a/b", di.di_mode = S_IFREG | 0755)
INODE(file_is_dir, "a/big", di.di_mode = S_IFDIR | 0755)
INODE(link_size_zero, "a/short", di.di_size = 0)
INODE(link_size_huge, "a/short", di.di_size = 1u << 30)
INODE(link_long_short, "a/long", di.di_size = 10)
INODE(link_long_huge, "a/long", di.di_size = 100000)
INODE(device_blocks, "a/fifo", di.di_mode = S_IFCHR | 0600; di.di_db[0] = -1)

ENTRY(entry_unallocated, FILE1, ffs_put32(e, 90, m->swapped))
ENTRY(entry_outside, FILE1, ffs_put32(e, 99999999, m->swapped))
ENTRY(entry_one, FILE1, ffs_put32(e, 1, m->swapped))
ENTRY(entry_gone, FILE1, ffs_put32(e, 0, m->swapped))
ENTRY(entry_slash, FILE1, e[10] = '/')
ENTRY(entry_nul, FILE1, e[10] = '\0')
ENTRY(entry_type, FILE1, e[6] = e[6] == 8 ? 4 : e[6])
ENTRY(entry_namlen, FILE1, e[m->fs.fs_maxsymlinklen > 0 ? 7 : 6] = 250)
ENTRY(reclen_zero, FILE1, ffs_put16(e + 4, 0, m->swapped))
ENTRY(reclen_odd, FILE1, ffs_put16(e + 4, 19, m->swapped))
ENTRY(reclen_long, FILE1, ffs_put16(e + 4, 4096, m->swapped))
ENTRY(dot_wrong, "a/b/.", ffs_put32(e, 2, m->swapped))
ENTRY(dot_missing, "a/b/.", e[8] = 'z')
ENTRY(dotdot_wrong, "a/b/..", ffs_put32(e, 2, m->swapped))
ENTRY(dotdot_missing, "a/b/..", e[8] = 'z')
ENTRY(dotdot_outside, "a/b/..", ffs_put32(e, 77777777, m->swapped))
ENTRY(dot_extra, "a/b/one", memcpy(e + 8, ".\0\0\0", 4);
      if (m->fs.fs_maxsymlinklen > 0) e[7] = 1;
      else ffs_put16(e + 6, 1, m->swapped))
ENTRY(orphan_dir, "a/b", ffs_put32(e, 0, m->swapped))
ENTRY(orphan_tree, "a", ffs_put32(e, 0, m->swapped))

/* A second name for a directory. */
static void
hard_linked_dir(struct image *m)
{
	uint32_t ino = find(m, "a/b/c");

	(void)find(m, FILE1);
	ffs_put32(m->p + m->entry, ino, m->swapped);
}

/* "b" hangs below itself only. */
static void
circle(struct image *m)
{
	uint32_t b = find(m, "a/b");

	ffs_put32(m->p + m->entry, 0, m->swapped);
	(void)lookup(m, b, "one");
	ffs_put32(m->p + m->entry, b, m->swapped);
	(void)lookup(m, b, "..");
	ffs_put32(m->p + m->entry, b, m->swapped);
}

static void
group_magic(struct image *m)
{
	memset(group(m) + 4, 0x5a, 4);
}

/* Its maps, all ones or zeros; where they are the header says. */
static void
group_fill(struct image *m, int byte)
{
	uint8_t *g = group(m);
	struct cg cg;
	size_t from;

	ffs_cg_decode(g, &cg, m->swapped);
	from = (size_t)cg.cg_iusedoff;
	CHECK(from < 4096);
	memset(g + from, byte, (size_t)(m->fs.fs_ipg + 7) / 8);
}

static void
group_used(struct image *m)
{
	group_fill(m, 0xff);
}

static void
group_free(struct image *m)
{
	group_fill(m, 0);
}

static void
group_counts(struct image *m)
{
	memset(group(m) + 0x18, 0x11, 16);
}

static void
summary_wrong(struct image *m)
{
	memset(m->p + fsbtobyte(&m->fs, m->fs.fs_csaddr), 0x22, 16);
}

SUPER(totals_wrong, m->fs.fs_cstotal.cs_nbfree += 5)
SUPER(minfree_wrong, m->fs.fs_minfree = 120)
SUPER(optim_wrong, m->fs.fs_optim = 9)
SUPER(dirty, m->fs.fs_clean = 0)
SUPER(ncg_zero, m->fs.fs_ncg = 0)
SUPER(bsize_odd, m->fs.fs_bsize = 3000)
SUPER(fpg_zero, m->fs.fs_fpg = 0)
SUPER(size_more, m->fs.fs_size *= 50)
SUPER(csaddr_outside, m->fs.fs_csaddr = 99999999)
SUPER(cssize_huge, m->fs.fs_cssize = INT32_MAX)
SUPER(frag_wrong, m->fs.fs_frag = 64)
SUPER(ipg_huge, m->fs.fs_ipg = 1 << 30)

static void
magic_gone(struct image *m)
{
	memset(m->p + m->sbloc, 0, SBLOCKSIZE);
}

/* --- the matrix ------------------------------------------------------------------------------------------------------- */

enum preen { MENDS, GIVES_UP, EITHER };

struct kind {
	const char *name;
	void (*damage)(struct image *);
	enum preen preen;
	bool hopeless; /* nothing to be done without -b */
	bool others; /* names beside it go, too: the rest of a directory's block, or of a block that the root has */
};
#define K(name, preen)                           \
	{                                        \
#name, name, preen, false, false \
	}
#define O(name, preen)                          \
	{                                       \
#name, name, preen, false, true \
	}
#define H(name)                                    \
	{                                          \
#name, name, GIVES_UP, true, false \
	}

static const struct kind kinds[] = { K(mode_zero, GIVES_UP),
	K(mode_unknown, GIVES_UP), K(size_huge, GIVES_UP),
	K(size_negative, GIVES_UP), O(size_beyond, EITHER),
	K(nlink_zero, GIVES_UP), K(nlink_high, MENDS),
	K(nlink_negative, EITHER), K(dir_nlink_low, GIVES_UP),
	K(dir_nlink_high, MENDS), K(blocks_wrong, MENDS), K(blocks_huge, MENDS),
	K(block_outside, GIVES_UP), K(block_negative, GIVES_UP),
	K(block_of_superblock, GIVES_UP), K(block_of_inodes, GIVES_UP),
	K(block_beyond_end, EITHER), K(indirect_outside, GIVES_UP),
	K(indirect_of_data, GIVES_UP), K(triple_outside, EITHER),
	K(hole_in_file, MENDS), K(block_twice, GIVES_UP),
	K(block_of_dir, GIVES_UP), K(dir_size_zero, GIVES_UP),
	K(dir_size_odd, EITHER), K(dir_size_huge, GIVES_UP),
	K(dir_hole, GIVES_UP), K(dir_block_outside, GIVES_UP),
	K(dir_is_file, EITHER), K(file_is_dir, GIVES_UP),
	K(link_size_zero, EITHER), K(link_size_huge, EITHER),
	K(link_long_short, EITHER), K(link_long_huge, EITHER),
	K(device_blocks, EITHER), K(entry_unallocated, GIVES_UP),
	O(entry_outside, GIVES_UP), K(entry_one, GIVES_UP),
	K(entry_gone, MENDS), O(entry_slash, GIVES_UP), O(entry_nul, GIVES_UP),
	K(entry_type, EITHER), O(entry_namlen, EITHER), O(reclen_zero, EITHER),
	O(reclen_odd, EITHER), O(reclen_long, EITHER), K(dot_wrong, EITHER),
	K(dot_missing, EITHER), K(dotdot_wrong, EITHER),
	K(dotdot_missing, EITHER), K(dotdot_outside, EITHER),
	K(dot_extra, EITHER), K(orphan_dir, MENDS), K(orphan_tree, MENDS),
	K(hard_linked_dir, EITHER), K(circle, EITHER), K(group_magic, GIVES_UP),
	K(group_used, EITHER), K(group_free, EITHER), K(group_counts, EITHER),
	K(summary_wrong, MENDS), K(totals_wrong, MENDS),
	K(minfree_wrong, EITHER), K(optim_wrong, EITHER), K(dirty, MENDS),
	H(ncg_zero), H(bsize_odd), H(fpg_zero), H(size_more), H(csaddr_outside),
	H(cssize_huge), K(frag_wrong, EITHER), H(ipg_huge), H(magic_gone) };
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

struct run {
	struct fake_sys f;
	struct fake_node *disk;
	char what[100];
	char answers[4001];
	int bad;
};

static void
fail(struct run *r, const char *why)
{
	if (r->bad++ < 12)
		printf("%s: %s\n", r->what, why);
}

static void
expect(struct run *r, bool ok, const char *why)
{
	if (!ok)
		fail(r, why);
}

static int
fsck(struct run *r, const char *options)
{
	char line[80];

	int status;

	snprintf(line, sizeof(line), "fsck_ffs %s /rdk", options);
	status = fake_run(&r->f, fsck_ffs_main, line);
	if (getenv("MATRIX_SHOW") != NULL)
		printf("$ %s: %d\n%s", line, status, r->f.out);
	return status;
}

static bool
is_still(struct run *r, const uint8_t *p, size_t size)
{
	size_t n;
	uint8_t *now = fake_read(&r->f, r->disk->host, &n);
	bool same = n == size && memcmp(now, p, n) == 0;

	free(now);
	return same;
}

/* Nothing to find, nothing to change, and what was sound can be read. */
static void
check_mended(struct run *r, const struct kind *k)
{
	static char buf[KEPT_SIZE + 1];
	uint8_t *p;
	size_t n;
	struct fixture f;
	long fd;

	p = fake_read(&r->f, r->disk->host, &n);
	expect(r, fsck(r, "-fn") == 0 && strchr(r->f.out, '?') == NULL,
	    "-n finds something afterwards");
	(void)fsck(r, "-fy");
	expect(r, is_still(r, p, n), "-y changes something afterwards");
	free(p);
	CHECK(strlen(r->disk->host) < sizeof(f.img));
	memcpy(f.img, r->disk->host, strlen(r->disk->host) + 1);
	up(&f);
	if (xmount(&f, MNT_RDONLY) != 0)
		fail(r, "it cannot be mounted");
	else {
		fd = xopen(&f, KEPT, O_RDONLY);
		if (!k->others)
			expect(r,
			    fd >= 0 &&
				xread(&f, fd, buf, sizeof(buf)) == KEPT_SIZE,
			    "a file that was sound is damaged");
		if (fd >= 0)
			(void)xclose(&f, fd);
		(void)xunmount(&f, 0);
	}
	down(&f);
}

/* Again as often as it asks for. */
static void
until_mended(struct run *r, const char *options, const struct kind *k)
{
	int status = 2, i;

	for (i = 0; i < 5 && status != 0; i++) {
		r->f.in = r->answers;
		status = fsck(r, options);
		if (strstr(r->f.out, "REALLOCATE? ") != NULL)
			status = 2;
	}
	expect(r, status == 0, "it comes to no end");
	if (status == 0)
		check_mended(r, k);
}

static void
preen(struct run *r, const struct kind *k)
{
	int status = fsck(r, "-fp");
	bool manual = strstr(r->f.out,
			  "UNEXPECTED INCONSISTENCY; RUN "
			  "fsck_ffs MANUALLY.\n") != NULL;

	expect(r, status == (manual ? 8 : 0), "status of -p");
	if (k->preen != EITHER)
		expect(r, manual == (k->preen == GIVES_UP),
		    manual ? "-p gives up" : "-p does not give up");
	if (!manual)
		expect(r, fsck(r, "-fn") == 0, "-p leaves something");
}

static void
one(struct run *r, const struct base *b, const struct kind *k)
{
	struct image m = { .p = malloc(b->size), .size = b->size };
	int status;

	CHECK(m.p != NULL);
	memcpy(m.p, b->img, b->size);
	read_super(&m);
	k->damage(&m);
	put_image(r->disk->host, m.p, m.size);
	status = fsck(r, "-fn");
	expect(r, is_still(r, m.p, m.size), "-n writes");
	expect(r, status == 0 || status == 2 || (k->hopeless && status == 8),
	    "status of -n");
	preen(r, k);
	put_image(r->disk->host, m.p, m.size);
	if (k->hopeless) {
		(void)fsck(r, "-fy");
		expect(r, is_still(r, m.p, m.size), "-y without a superblock");
		free(m.p);
		return;
	}
	until_mended(r, "-fy", k);
	put_image(r->disk->host, m.p, m.size);
	memset(r->answers, 'n', sizeof(r->answers) - 1);
	for (size_t i = 1; i < sizeof(r->answers) - 1; i += 2)
		r->answers[i] = '\n';
	r->f.in = r->answers;
	status = fsck(r, "-f");
	expect(r, status == 0 || status == 2 || status == 8,
	    "status after n to all");
	put_image(r->disk->host, m.p, m.size);
	for (size_t i = 0; i < sizeof(r->answers) - 1; i += 2)
		r->answers[i] = 'y';
	until_mended(r, "-f", k);
	free(m.p);
}

static void
matrix(int which)
{
	static struct bases bases;
	static struct run r;
	const char *only = getenv("MATRIX_ONLY");

	if (bases.n == 0)
		bases_make(&bases, 0);
	memset(&r, 0, sizeof(r));
	fake_init(&r.f);
	r.disk = fake_add(&r.f, "/rdk", S_IFCHR, NULL);
	for (size_t i = 0; i < NKINDS; i++) {
		if (only != NULL && strcmp(only, kinds[i].name) != 0)
			continue;
		snprintf(r.what, sizeof(r.what), "image %d, %s", which,
		    kinds[i].name);
		one(&r, &bases.b[which], &kinds[i]);
	}
	fake_fini(&r.f);
	remove(bases.path);
	CHECK_EQ(r.bad, 0);
}

TEST(fsck_matrix_ufs1_little_endian)
{
	matrix(0);
}

TEST(fsck_matrix_ufs1_big_endian)
{
	matrix(1);
}

TEST(fsck_matrix_ufs2_little_endian)
{
	matrix(2);
}

TEST(fsck_matrix_ufs2_big_endian)
{
	matrix(3);
}

TEST(fsck_matrix_old_format)
{
	matrix(4);
}

int
main(void)
{
	RUN(fsck_matrix_ufs1_little_endian);
	RUN(fsck_matrix_ufs1_big_endian);
	RUN(fsck_matrix_ufs2_little_endian);
	RUN(fsck_matrix_ufs2_big_endian);
	RUN(fsck_matrix_old_format);
	return check_done();
}
