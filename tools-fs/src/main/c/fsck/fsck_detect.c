/* SPDX-License-Identifier: BSD-2-Clause */
/* Which kind of file system a disk holds: by its magic numbers, then by its label. */
#include "fsck/fsck.h"
#include <netbsd/disklabel.h>
#include <netbsd/ffs.h>
#include <netbsd/ioctl.h>
#include <rumprun/ffs_format.h>
#include <string.h>

#define BLOCK 8192

static bool
read_block(struct tool *t, int fd, uint8_t *buf, int64_t off)
{
	return sys_pread(t, fd, buf, BLOCK, off) == BLOCK;
}

static bool
is_ffs(struct tool *t, int fd, uint8_t *buf)
{
	struct fs *fs = t_malloc(t, sizeof(*fs));
	bool swapped, found = false;
	int i;

	for (i = 0; !found && ffs_sblocksearch[i] >= 0; i++)
		found = read_block(t, fd, buf, ffs_sblocksearch[i]) &&
		    ffs_sb_decode(buf, BLOCK, fs, &swapped) == 0;
	t_free(t, fs);
	return found;
}

/* ext2: 0xef53, little-endian, at 56 of the superblock at 1024; a state and a block size that can be. */
static bool
is_ext2(const uint8_t *buf)
{
	const uint8_t *sb = buf + 1024;

	return sb[56] == 0x53 && sb[57] == 0xef && sb[24] <= 6 && sb[25] == 0 &&
	    sb[26] == 0 && sb[27] == 0;
}

/* FAT: a jump, the signature, a sector size and a cluster size that are powers of two, one or two FATs. */
static bool
is_msdos(const uint8_t *buf)
{
	unsigned sector = buf[11] | (unsigned)buf[12] << 8, cluster = buf[13];

	return (buf[0] == 0xeb || buf[0] == 0xe9) && buf[510] == 0x55 &&
	    buf[511] == 0xaa && sector >= 512 && sector <= 4096 &&
	    (sector & (sector - 1)) == 0 && cluster != 0 &&
	    (cluster & (cluster - 1)) == 0 && buf[16] >= 1 && buf[16] <= 2;
}

static const char *
by_label(struct tool *t, int fd)
{
	struct partinfo part;

	memset(&part, 0, sizeof(part));
	if (sys_ioctl(t, fd, DIOCGPARTINFO, &part) == 0)
		switch (part.pi_fstype) {
		case FS_MSDOS:
			return "msdos";
		case FS_EX2FS:
			return "ext2fs";
		case FS_BSDLFS:
			return "lfs";
		}
	return "ffs";
}

const char *
fsck_detect(struct fsck *f, const char *name)
{
	struct tool *t = f->t;
	const char *path = t_diskpath(t, name, false, true, false, 0), *type;
	int fd = sys_open(t, path, O_RDONLY, 0);
	uint8_t *buf;

	if (fd < 0)
		t_fail(t, FSCK_EXIT_CHECK_FAILED, fd, "%s", name);
	buf = t_malloc(t, BLOCK);
	if (is_ffs(t, fd, buf))
		type = "ffs";
	else if (!read_block(t, fd, buf, 0))
		type = by_label(t, fd);
	else if (is_ext2(buf))
		type = "ext2fs";
	else if (is_msdos(buf))
		type = "msdos";
	else
		type = by_label(t, fd);
	t_free(t, buf);
	sys_close(t, fd);
	return type;
}
