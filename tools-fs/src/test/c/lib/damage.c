/* SPDX-License-Identifier: BSD-2-Clause */
/* Images and their damage, see the header. */
#include "lib/damage.h"
#include "ffs_calls.h"
#include "lib/run_tool.h"
#include <netbsd/ffs.h>
#include <rumprun/ffs_format.h>

/* --- images --- */

void
put_image(const char *path, const uint8_t *p, size_t n)
{
	FILE *fp = fopen(path, "wb");

	CHECK(fp != NULL);
	CHECK_EQ(fwrite(p, 1, n, fp), n);
	CHECK_EQ(fclose(fp), 0);
}

uint8_t *
get_image(const char *path, size_t *sizep)
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
	*sizep = (size_t)n;
	return p;
}

static void
write_at(struct fixture *f, const char *path, off_t at, size_t n)
{
	static char buf[65536];
	long fd = xopen(f, path, O_RDWR | O_CREAT);

	memset(buf, 'x', sizeof(buf));
	CHECK(fd >= 0);
	CHECK_EQ(xpwrite(f, fd, buf, n, at), n);
	CHECK_EQ(xclose(f, fd), 0);
}

/* A bit of everything. */
static void
populate(struct fixture *f)
{
	char path[64], target[300];
	int i;

	CHECK_EQ(xmkdir(f, "/mnt/a"), 0);
	CHECK_EQ(xmkdir(f, "/mnt/a/b"), 0);
	CHECK_EQ(xmkdir(f, "/mnt/a/b/c"), 0);
	CHECK_EQ(xmkdir(f, "/mnt/d"), 0);
	for (i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "/mnt/d/a_file_of_number_%d", i);
		write_at(f, path, 0, (size_t)(i % 8) * 300);
	}
	write_at(f, "/mnt/a/big", 0, 60000);
	write_at(f, "/mnt/a/hole", 5000000, 100);
	write_at(f, "/mnt/a/b/one", 0, 1);
	CHECK_EQ(xlink(f, "/mnt/a/b/one", "/mnt/a/two"), 0);
	CHECK_EQ(xsymlink(f, "b/one", "/mnt/a/short"), 0);
	memset(target, 't', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	CHECK_EQ(xsymlink(f, target, "/mnt/a/long"), 0);
	CHECK_EQ(SYS(f, SYS_mkfifo, mkfifo, P(const char *, "/mnt/a/fifo"),
		     P(mode_t, 0644)),
	    0);
	for (i = 0; i < 40; i += 3) {
		snprintf(path, sizeof(path), "/mnt/d/a_file_of_number_%d", i);
		CHECK_EQ(xunlink(f, path), 0);
	}
}

/* --- its parts --- */

static void
add(struct base *b, enum part p, uint64_t off, size_t len)
{
	struct piece *new;

	if (off >= b->size || len == 0)
		return;
	if (len > b->size - off)
		len = b->size - (size_t)off;
	new = realloc(b->parts[p], (size_t)(b->nparts[p] + 1) * sizeof(*new));
	CHECK(new != NULL);
	b->parts[p] = new;
	new[b->nparts[p]++] = (struct piece){ (size_t)off, len };
}

static void
add_inode(struct base *b, const struct fs *fs, uint32_t ino, bool swapped)
{
	size_t size = ffs_dinode_size(fs), at;
	struct dinode di;
	int i;

	at = (size_t)fsbtobyte(fs, ino_to_fsba(fs, ino)) +
	    ino_to_fsbo(fs, ino) * size;
	if (at + size > b->size)
		return;
	ffs_dinode_decode(fs, b->img + at, &di, swapped);
	if (di.di_mode == 0)
		return;
	add(b, P_INODE, at, size);
	if ((di.di_mode & S_IFMT) == S_IFDIR)
		for (i = 0; i < UFS_NDADDR; i++)
			if (di.di_db[i] > 0)
				add(b, P_DIR, fsbtobyte(fs, di.di_db[i]), 512);
	if ((di.di_mode & S_IFMT) != S_IFREG)
		return;
	for (i = 0; i < UFS_NIADDR; i++)
		if (di.di_ib[i] > 0)
			add(b, P_INDIR, fsbtobyte(fs, di.di_ib[i]), 256);
}

static void
find_parts(struct base *b)
{
	bool swapped = false;
	uint32_t c, ino;
	struct fs fs;
	int i;

	for (i = 0; ffs_sblocksearch[i] >= 0; i++)
		if ((size_t)ffs_sblocksearch[i] + SBLOCKSIZE <= b->size &&
		    ffs_sb_decode(b->img + ffs_sblocksearch[i], SBLOCKSIZE, &fs,
			&swapped) == 0)
			break;
	CHECK(ffs_sblocksearch[i] >= 0);
	add(b, P_SUPER, (uint64_t)ffs_sblocksearch[i], FS_DISK_SIZE);
	add(b, P_SUMMARY, fsbtobyte(&fs, fs.fs_csaddr), (size_t)fs.fs_cssize);
	for (c = 0; c < (uint32_t)fs.fs_ncg; c++) {
		add(b, P_GROUP, fsbtobyte(&fs, cgtod(&fs, c)),
		    (size_t)fs.fs_cgsize);
		add(b, P_SUPER, fsbtobyte(&fs, cgsblock(&fs, c)), FS_DISK_SIZE);
	}
	for (ino = 0; ino < (uint32_t)(fs.fs_ncg * (int32_t)fs.fs_ipg); ino++)
		if (ino >= UFS_ROOTINO)
			add_inode(b, &fs, ino, swapped);
	if ((fs.fs_flags & FS_DOWAPBL) != 0 &&
	    fs.fs_journal_location == UFS_WAPBL_JOURNALLOC_IN_FILESYSTEM)
		add(b, P_LOG, fs.fs_journallocs[0] * fs.fs_journallocs[2],
		    (size_t)(fs.fs_journallocs[1] * fs.fs_journallocs[2]));
}

static void
make(struct bases *all, const char *newfs, int journal)
{
	struct base *b = &all->b[all->n++];
	struct fixture f;
	char line[256];

	snprintf(f.img, sizeof(f.img), "%s", all->path);
	remove(f.img);
	snprintf(line, sizeof(line), "%s %s", newfs, f.img);
	CHECK_EQ(run_tool(line), 0);
	up(&f);
	CHECK_EQ(xmount(&f, journal ? MNT_LOG : 0), 0);
	populate(&f);
	if (journal) {
		long fd = xopen(&f, "/mnt/a/big", O_RDWR);

		/* What a crash now would leave. */
		CHECK_EQ(xfsync(&f, fd), 0);
		CHECK_EQ(xclose(&f, fd), 0);
		b->img = get_image(f.img, &b->size);
	}
	CHECK_EQ(xunmount(&f, 0), 0);
	down(&f);
	if (!journal)
		b->img = get_image(f.img, &b->size);
	find_parts(b);
}

void
bases_make(struct bases *all, int journal)
{
	const char *size = journal ? "4m" : "512k";
	char line[128];
	int version;

	memset(all, 0, sizeof(*all));
	snprintf(all->path, sizeof(all->path), "%s/rumprun-fuzz-%d.img",
	    getenv("FUZZ_DIR") != NULL ? getenv("FUZZ_DIR") : "/tmp",
	    host_getpid());
	for (version = 1; version <= 2; version++) {
		snprintf(line, sizeof(line),
		    "newfs -F -s %s -O %d -B le -b 4096 -f 512 -n 100", size,
		    version);
		make(all, line, journal);
		snprintf(line, sizeof(line),
		    "newfs -F -s %s -O %d -B be -b 8192 -f 1024 -n 100", size,
		    version);
		make(all, line, journal);
	}
	if (!journal)
		make(all, "newfs -F -s 512k -O 0 -b 4096 -f 512 -n 100", 0);
}

/* --- damage --- */

#define RECORD 8
#define MOST 64

static void
apply(struct base *b, uint8_t *img, const uint8_t *r)
{
	unsigned part = r[0] % (NPARTS + 1), where = r[2] | r[3] << 8, i;
	uint8_t value[8] = { r[4], r[5], r[6], r[7] };
	const struct piece *p;
	size_t at, n;

	if (part < NPARTS && b->nparts[part] > 0) {
		i = (unsigned)(r[0] >> 3 | r[1] >> 3 << 5);
		p = &b->parts[part][i % (unsigned)b->nparts[part]];
		at = p->off + where % p->len;
		n = p->off + p->len - at;
	} else {
		at = (size_t)where * 8 % b->size;
		n = b->size - at;
	}
	switch (r[1] % 8) {
	case 0:
	case 1:
	case 2:
		n = n < 1u << r[1] % 8 ? n : 1u << r[1] % 8;
		memcpy(img + at, value, n);
		break;
	case 3: /* the other byte order */
		for (i = 0; i < 4 && i < n; i++)
			img[at + i] = value[3 - i];
		break;
	case 4:
		img[at] = (uint8_t)(img[at] + value[0]);
		break;
	case 5: /* what stands elsewhere near */
		n = n < 8 ? n : 8;
		memmove(img + at,
		    img + (at / 512 * 512 + value[0] * 2) % (b->size - 8), n);
		break;
	case 6:
		memset(value + 4, value[3] & 0x80 ? 0xff : 0, 4);
		memcpy(img + at, value, n < 8 ? n : 8);
		break;
	default:
		memset(img + at, value[1], n < value[0] ? n : value[0]);
		break;
	}
}

uint8_t *
damage(struct bases *all, const uint8_t *in, size_t n, size_t *sizep)
{
	struct base *b;
	uint8_t *img;
	size_t i;

	if (n < 1)
		return NULL;
	b = &all->b[in[0] % (unsigned)all->n];
	img = malloc(b->size);
	if (img == NULL)
		return NULL;
	memcpy(img, b->img, b->size);
	for (i = 1; i + RECORD <= n && i < RECORD * MOST; i += RECORD)
		apply(b, img, in + i);
	*sizep = b->size;
	return img;
}
