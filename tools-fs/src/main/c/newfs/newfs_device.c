/* SPDX-License-Identifier: BSD-2-Clause */
/* newfs's device: found by name, opened, measured, and written. */
#include "newfs/newfs.h"
#include "tools.h"
#include <inttypes.h>
#include <netbsd/disk.h>
#include <netbsd/disklabel.h>
#include <netbsd/ioctl.h>
#include <string.h>

#define PIECE (1024 * 1024)

/* --- names ---------------------------------------------------------------------------------------------------------- */

static bool
is_type(struct tool *t, const char *path, mode_t type)
{
	struct stat st;

	return sys_stat(t, path, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

/* A block device's raw sister: an r before the last component. `path` itself when there is none. */
static const char *
raw_name(struct tool *t, const char *path)
{
	const char *slash = strrchr(path, '/'), *raw;

	if (!is_type(t, path, S_IFBLK))
		return path;
	slash = slash != NULL ? slash + 1 : path;
	raw = t_asprintf(t, "%.*sr%s", (int)(slash - path), path, slash);
	return is_type(t, raw, S_IFCHR) ? raw : path;
}

/* As opendisk(3): the name; with the raw partition's letter; a plain name in /dev, raw first. The last try's name counts. */
static const char *
find_disk(struct tool *t, const char *name)
{
	const char *tries[5];
	struct stat st;
	int i, n = 0;

	tries[n++] = name;
	if (strchr(name, '/') == NULL) {
		tries[n++] = t_asprintf(t, "/dev/r%s", name);
		tries[n++] = t_asprintf(t, "/dev/r%sd", name);
	} else
		tries[n++] = t_asprintf(t, "%sd", name);
	for (i = 0; i < n; i++)
		if (sys_stat(t, tries[i], &st) != -ENOENT)
			return raw_name(t, tries[i]);
	return tries[n - 1];
}

/* --- size ----------------------------------------------------------------------------------------------------------- */

/*
 * Bytes of the medium and its sector size, by what the driver says of itself. Ends the tool when it says nothing: then
 * only a disk type would help.
 */
static int64_t
measure_disk(struct newfs *n, uint32_t *sectorsize)
{
	struct dkwedge_info wedge;
	struct disklabel label;
	struct partinfo part;
	struct tool *t = n->t;
	uint64_t bytes = 0;
	int error;

	memset(&label, 0, sizeof(label));
	memset(&part, 0, sizeof(part));
	*sectorsize = 512;
	if (sys_ioctl(t, n->fd, DIOCGWEDGEINFO, &wedge) == 0) {
		uint32_t size;

		if (sys_ioctl(t, n->fd, DIOCGSECTORSIZE, &size) == 0 &&
		    size >= 512 && size <= 65536)
			*sectorsize = size;
		if (__builtin_mul_overflow(wedge.dkw_size, *sectorsize, &bytes) ||
		    bytes > INT64_MAX)
			bytes = 0;
		return (int64_t)bytes;
	}
	error = sys_ioctl(t, n->fd, DIOCGDINFO, &label);
	if (error != 0) {
		t_warn(t, error, "DIOCGDINFO on %s failed", n->name);
		t_errx(t, 1,
		    "%s: can't read disk label; disk type must be "
		    "specified",
		    n->name);
	}
	if (label.d_secsize >= 512 && label.d_secsize <= 65536 &&
	    (label.d_secsize & (label.d_secsize - 1)) == 0)
		*sectorsize = label.d_secsize;
	if (sys_ioctl(t, n->fd, DIOCGPARTINFO, &part) == 0 &&
	    part.pi_fstype != FS_BSDFFS && part.pi_fstype != FS_UNUSED &&
	    !n->anytype)
		t_errx(t, 1, "%s partition type is not `4.2BSD'", n->name);
	if ((sys_ioctl(t, n->fd, DIOCGMEDIASIZE, &bytes) == 0 ||
		!__builtin_mul_overflow(part.pi_size, *sectorsize, &bytes)) &&
	    bytes <= INT64_MAX)
		return (int64_t)bytes;
	return 0;
}

/* The size of the file system in sectors from -s and the medium's (0: not known). */
static void
settle_size(struct newfs *n, int64_t have)
{
	uint32_t s = n->sectorsize;
	int64_t want = n->want_bytes != 0 ? n->want_bytes / s : n->want_sectors;

	n->sectors = want > 0 ? want : have / s + want;
	if (n->sectors <= 0 || n->sectors > INT64_MAX / s)
		t_errx(n->t, 1, "Unable to determine file system size");
}

/* Bytes that -s asks for, before a device is known; 0 when it does not or counts from the end. */
static int64_t
wanted_bytes(const struct newfs *n)
{
	int64_t s = n->sectorsize != 0 ? n->sectorsize : 512;

	if (n->want_bytes > 0)
		return n->want_bytes;
	if (n->want_sectors <= 0 || n->want_sectors > INT64_MAX / s)
		return 0;
	return n->want_sectors * s;
}

/* --- opening -------------------------------------------------------------------------------------------------------- */

/* -F: a regular file (or a device used as one), made and extended as needed. */
static void
open_file(struct newfs *n, const char *path)
{
	struct tool *t = n->t;
	struct stat st;
	int64_t size;
	int error;

	n->fd = sys_open(t, path, n->dry ? O_RDONLY : O_RDWR | O_CREAT, 0777);
	if (n->fd < 0)
		t_fail(t, 1, n->fd, "can't open file %s", n->name);
	error = sys_fstat(t, n->fd, &st);
	if (error != 0)
		t_fail(t, 1, error, "can't fstat %s", n->name);
	n->isfile = S_ISREG(st.st_mode);
	if (n->isfile)
		n->fresh = st.st_size;
	n->chunk = (uint32_t)st.st_blksize;
	size = st.st_size;
	if (n->sectorsize == 0)
		n->sectorsize = 512;
	if (!n->isfile && size == 0) {
		uint32_t unused;

		size = measure_disk(n, &unused);
	}
	settle_size(n, size);
	size = n->sectors * n->sectorsize;
	if (n->isfile && !n->dry && st.st_size < size && !n->zero) {
		error = sys_ftruncate(t, n->fd, size);
		if (error != 0)
			t_fail(t, 1, error, "can't ftruncate %s to %" PRId64,
			    n->name, size);
	}
}

static void
open_disk(struct newfs *n, const char *path)
{
	struct tool *t = n->t;
	uint32_t sectorsize;
	int64_t size;

	n->fd = sys_open(t, path, O_RDONLY, 0);
	if (n->fd < 0)
		t_fail(t, 1, n->fd, "%s: open for read", n->name);
	if (!n->dry) {
		sys_close(t, n->fd);
		n->fd = sys_open(t, path, O_RDWR, 0);
		if (n->fd < 0)
			t_fail(t, 1, n->fd, "%s: open for write", n->name);
	}
	if (n->disktype != NULL) {
		if (!newfs_disktab(n, n->disktype, &size, &sectorsize))
			t_errx(t, 1, "unknown disk type `%s'", n->disktype);
		if (__builtin_mul_overflow(size, (int64_t)sectorsize, &size))
			size = 0;
	} else
		size = measure_disk(n, &sectorsize);
	if (n->sectorsize == 0)
		n->sectorsize = sectorsize;
	n->chunk = 65536;
	settle_size(n, size);
}

void
newfs_open(struct newfs *n)
{
	struct tool *t = n->t;
	int64_t size = wanted_bytes(n);
	const char *path;
	struct stat st;

	n->fresh = INT64_MAX;
	/* A host image, where the kernel runs in this process. */
	if (t->t_sys != NULL && t->t_sys->image_size != NULL) {
		int64_t had = t->t_sys->image_size(t->t_sysctx, n->name);

		if (had >= 0 || had == -ENOENT)
			n->fresh = had > 0 ? had : 0;
	}
	path = t_diskpath(t, n->name, true, n->dry, size > 0 && !n->dry, size);
	if (path != n->name) {
		open_disk(n, path);
		return;
	}
	n->fresh = INT64_MAX;
	if (n->file) {
		open_file(n, path);
		return;
	}
	if (t->t_sys != NULL && t->t_sys->attach != NULL &&
	    sys_stat(t, path, &st) == -ENOENT)
		t_fail(t, 1, ENOENT, "%s (a size with -s makes it)", path);
	n->name = find_disk(t, path);
	open_disk(n, n->name);
}

/* --- reading and writing -------------------------------------------------------------------------------------------- */

void
newfs_write(struct newfs *n, const void *buf, size_t len, int64_t off)
{
	const uint8_t *p = buf;
	ssize_t got;
	size_t part;

	for (; len > 0; len -= (size_t)got, p += got, off += got) {
		part = len < PIECE ? len : PIECE;
		got = sys_pwrite(n->t, n->fd, p, part, off);
		if (got <= 0 || (size_t)got > part) {
			t_eprintf(n->t,
			    "wtfs: write error for sector %" PRId64 ": %s\n",
			    off / n->sectorsize,
			    t_strerror(got < 0 ? (int)-got : 0));
			t_exit(n->t, NEWFS_WRITE);
		}
	}
}

/* What lies behind the end of a file reads as zero. */
void
newfs_read(struct newfs *n, void *buf, size_t len, int64_t off)
{
	uint8_t *p = buf;
	ssize_t got;
	size_t part;

	for (; len > 0; len -= (size_t)got, p += got, off += got) {
		part = len < PIECE ? len : PIECE;
		got = sys_pread(n->t, n->fd, p, part, off);
		if (got == 0) {
			memset(p, 0, len);
			return;
		}
		if (got < 0 || (size_t)got > part) {
			t_eprintf(n->t,
			    "rdfs: read error for sector %" PRId64 ": %s\n",
			    off / n->sectorsize,
			    t_strerror(got < 0 ? (int)-got : 0));
			t_exit(n->t, NEWFS_READ);
		}
	}
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* fdiscard(2): what is discarded of an image reads as zero; of other devices it may not, so both ends are looked at. */
static bool
discard(struct newfs *n, int64_t off, int64_t len)
{
	size_t part = (size_t)n->fs.fs_bsize;
	struct sys_fdiscard_args a;
	register_t rv[2];
	uint8_t *buf;
	bool zero;

	if (n->no_discard || len < (int64_t)part)
		return false;
	memset(&a, 0, sizeof(a));
	a.fd.datum = n->fd;
	a.pos.datum = off;
	a.len.datum = len;
	if (t_syscall(n->t, SYS_fdiscard, &a, sizeof(a), rv) != 0) {
		n->no_discard = true;
		return false;
	}
	buf = t_malloc(n->t, part);
	newfs_read(n, buf, part, off);
	zero = all_zero(buf, part);
	newfs_read(n, buf, part, off + len - (int64_t)part);
	zero = zero && all_zero(buf, part);
	t_free(n->t, buf);
	n->no_discard = !zero;
	return zero;
}

void
newfs_zero(struct newfs *n, int64_t off, int64_t len)
{
	uint8_t *buf;
	size_t part;

	if (len <= 0 || off >= n->fresh || discard(n, off, len))
		return;
	buf = t_malloc(n->t, len < PIECE ? (size_t)len : PIECE);
	for (; len > 0; len -= (int64_t)part, off += (int64_t)part) {
		part = len < PIECE ? (size_t)len : PIECE;
		newfs_read(n, buf, part, off);
		if (!all_zero(buf, part)) {
			memset(buf, 0, part);
			newfs_write(n, buf, part, off);
		}
	}
	t_free(n->t, buf);
}

void
newfs_prezero(struct newfs *n)
{
	int64_t size = n->sectors * n->sectorsize, off = 0;
	uint8_t *buf = t_calloc(n->t, 1, PIECE);

	if (n->verbosity > 0)
		t_printf(n->t,
		    "Creating file system image in `%s', size %" PRId64
		    " bytes, in %" PRIu32 " byte chunks.\n",
		    n->name, size, n->chunk);
	while (off < size) {
		int64_t part = size - off < PIECE ? size - off : PIECE;

		newfs_write(n, buf, (size_t)part, off);
		off += part;
		t_progress(n->t, "zeroing", (uint64_t)off, (uint64_t)size);
	}
	t_free(n->t, buf);
}
