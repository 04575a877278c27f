/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Labels of units: read from the medium, made up where it has none, set and written by request; and the other requests of disk(4).
 *
 * A label is looked for in sector 1 of the medium, or of its MBR's NetBSD partition, in either byte order. Where an MBR has no label the made-up one shows the
 * MBR's partitions, from e on.
 */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <rumprun/dklabel.h>
#include "dev/disk_private.h"

#define MBR_TYPE_NETBSD 0xa9
#define MBR_ENTRIES 4
#define FIRST_MBR_PART 4 /* e */
#define DEFAULT_BSIZE 2048

int64_t
disk_now(struct rump_kernel *k)
{
	return kern_uptime_ns(k);
}

void
disk_made_up_label(const struct disk *dk, struct disklabel *lp)
{
	const struct disk_geom *g = &dk->dk_geom;
	uint64_t sectors = dk->dk_dev.b_size / dk->dk_dev.b_secsize;
	uint32_t n = sectors > UINT32_MAX ? UINT32_MAX : (uint32_t)sectors;

	memset(lp, 0, sizeof(*lp));
	lp->d_type = dk->dk_driver->dd_type;
	strncpy(
	    lp->d_typename, dk->dk_driver->dd_name, sizeof(lp->d_typename) - 1);
	memcpy(lp->d_un.un_d_packname, "fictitious", 11);
	lp->d_secsize = dk->dk_dev.b_secsize;
	lp->d_nsectors = g->dg_nsectors;
	lp->d_ntracks = g->dg_ntracks;
	lp->d_ncylinders = g->dg_ncylinders;
	lp->d_secpercyl = g->dg_secpercyl;
	lp->d_secperunit = n;
	lp->d_rpm = 3600;
	lp->d_interleave = 1;
	lp->d_npartitions = RAW_PART + 1;
	lp->d_partitions[0].p_size = n;
	lp->d_partitions[0].p_fstype = FS_BSDFFS;
	lp->d_partitions[RAW_PART].p_size = n;
	lp->d_partitions[RAW_PART].p_fstype = FS_UNUSED;
	if (dk->dk_driver->dd_label != NULL)
		dk->dk_driver->dd_label(dk, lp);
	lp->d_magic = lp->d_magic2 = DISKMAGIC;
	lp->d_checksum = 0;
	lp->d_checksum = rumprun_dklabel_sum(lp);
}

static uint8_t
fstype_of_mbr(uint8_t type)
{
	switch (type) {
	case 0x01:
	case 0x04:
	case 0x06:
	case 0x0b:
	case 0x0c:
	case 0x0e:
		return FS_MSDOS;
	case 0x07:
		return FS_NTFS;
	case 0x82:
		return FS_SWAP;
	case 0x83:
		return FS_EX2FS;
	case MBR_TYPE_NETBSD:
		return FS_BSDFFS;
	default:
		return FS_OTHER;
	}
}

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static int
read_sector(struct disk *dk, uint64_t sector, uint8_t *buf)
{
	struct iovec iov = { buf, dk->dk_dev.b_secsize };
	uint64_t at = sector * dk->dk_dev.b_secsize;

	if (at > dk->dk_dev.b_size ||
	    dk->dk_dev.b_secsize > dk->dk_dev.b_size - at)
		return -EINVAL;
	return dk->dk_driver->dd_ops->bd_readv(&dk->dk_dev, &iov, 1, at);
}

/* A label that makes no sense for this medium is none. */
static bool
label_at(struct disk *dk, uint64_t sector, uint8_t *buf)
{
	struct disklabel label;
	size_t off;

	if (read_sector(dk, sector, buf) != 0)
		return false;
	for (off = 0; off <= 128; off += 64) {
		if (rumprun_dklabel_decode(buf + off, dk->dk_dev.b_secsize - off,
			&label, &dk->dk_swapped) != 0)
			continue;
		if (label.d_secsize != dk->dk_dev.b_secsize ||
		    label.d_npartitions == 0)
			continue;
		dk->dk_label = label;
		dk->dk_labelsector = sector;
		dk->dk_labeloff = off;
		return true;
	}
	return false;
}

static void
read_mbr(struct disk *dk, const uint8_t mbr[512], struct disklabel *lp)
{
	for (int i = 0; i < MBR_ENTRIES; i++) {
		const uint8_t *e = mbr + MBR_PART_OFFSET + i * 16;
		struct partition *pp = &lp->d_partitions[FIRST_MBR_PART + i];
		uint32_t start = le32(e + 8), size = le32(e + 12);
		uint64_t sectors = dk->dk_dev.b_size / dk->dk_dev.b_secsize;

		if (e[4] == 0 || size == 0 || start >= sectors ||
		    size > sectors - start)
			continue;
		pp->p_offset = start;
		pp->p_size = size;
		pp->p_fstype = fstype_of_mbr(e[4]);
		lp->d_npartitions = (uint16_t)(FIRST_MBR_PART + i + 1);
	}
	lp->d_checksum = 0;
	lp->d_checksum = rumprun_dklabel_sum(lp);
}

void
disk_read_label(struct disk *dk)
{
	uint8_t *buf = kmem_alloc(dk->dk_k, 4096), mbr[512];
	bool has_mbr;

	disk_made_up_label(dk, &dk->dk_label);
	dk->dk_haslabel = true;
	dk->dk_labelled = dk->dk_swapped = false;
	dk->dk_labelsector = LABELSECTOR;
	dk->dk_labeloff = LABELOFFSET;
	if (buf == NULL)
		return;
	has_mbr = read_sector(dk, 0, buf) == 0 && buf[510] == 0x55 &&
	    buf[511] == 0xaa;
	memcpy(mbr, buf, sizeof(mbr));
	for (int i = 0; has_mbr && i < MBR_ENTRIES && !dk->dk_labelled; i++) {
		const uint8_t *e = mbr + MBR_PART_OFFSET + i * 16;

		if (e[4] != MBR_TYPE_NETBSD)
			continue;
		dk->dk_labelsector = (uint64_t)le32(e + 8) + LABELSECTOR;
		dk->dk_labelled = label_at(dk, dk->dk_labelsector, buf);
	}
	if (!dk->dk_labelled && label_at(dk, LABELSECTOR, buf))
		dk->dk_labelled = true;
	if (!dk->dk_labelled && has_mbr)
		read_mbr(dk, mbr, &dk->dk_label);
	kmem_free(dk->dk_k, buf, 4096);
}

bool
disk_hits_label(const struct disk_part *dp, uint64_t off, uint64_t n)
{
	const struct disk *dk = dp->dp_disk;
	uint64_t label = dk->dk_labelsector * dk->dk_dev.b_secsize;
	uint64_t from = dp->dp_begin + off;

	if (!dk->dk_labelled || dk->dk_wlabel || dk->dk_driver->dd_wedge ||
	    dp == &dk->dk_part[RAW_PART])
		return false;
	return from < label + dk->dk_dev.b_secsize && from + n > label;
}

/* --- requests --------------------------------------------------------------- */

/* May this label take the place of the one in force? Open partitions stay where they are, and don't shrink. */
static int
label_ok(const struct disk *dk, struct disklabel *lp)
{
	const struct disklabel *old = &dk->dk_label;
	uint16_t sum = lp->d_checksum;

	if (lp->d_secpercyl == 0 || lp->d_secsize == 0 ||
	    lp->d_npartitions == 0 || lp->d_npartitions > MAXPARTITIONS ||
	    lp->d_magic != DISKMAGIC || lp->d_magic2 != DISKMAGIC)
		return -EINVAL;
	if (lp->d_secsize != dk->dk_dev.b_secsize)
		return -EINVAL;
	lp->d_checksum = 0;
	lp->d_checksum = rumprun_dklabel_sum(lp);
	if (lp->d_checksum != sum)
		return -EINVAL;
	for (unsigned i = 0; i < MAXPARTITIONS; i++) {
		const struct disk_part *dp = &dk->dk_part[i];
		const struct partition *op = &old->d_partitions[i];
		const struct partition *np = &lp->d_partitions[i];

		if (dp->dp_bopens + dp->dp_copens == 0 || i == RAW_PART)
			continue;
		if (i >= lp->d_npartitions || np->p_offset != op->p_offset ||
		    np->p_size < op->p_size)
			return -EBUSY;
	}
	return 0;
}

static int
set_label(struct disk *dk, const void *data, int flags)
{
	struct disklabel label;
	int error;

	if (!(flags & FWRITE))
		return -EBADF;
	memcpy(&label, data, sizeof(label));
	error = label_ok(dk, &label);
	if (error != 0)
		return error;
	dk->dk_label = label;
	dk->dk_haslabel = dk->dk_labelled = true;
	disk_set_windows(dk);
	return 0;
}

/* Into the sector where one was found, or would be looked for; what else is there stays. */
static int
write_label(struct disk *dk)
{
	uint32_t secsize = dk->dk_dev.b_secsize;
	uint64_t at = dk->dk_labelsector * secsize;
	uint8_t *buf;
	struct iovec iov;
	int error;

	if (dk->dk_dev.b_readonly)
		return -EROFS;
	if ((buf = kmem_alloc(dk->dk_k, secsize)) == NULL)
		return -ENOMEM;
	error = read_sector(dk, dk->dk_labelsector, buf);
	if (error == 0)
		error = rumprun_dklabel_encode(&dk->dk_label,
		    buf + dk->dk_labeloff, secsize - dk->dk_labeloff,
		    dk->dk_swapped);
	if (error == 0) {
		iov = (struct iovec){ buf, secsize };
		error = dk->dk_driver->dd_ops->bd_writev(
		    &dk->dk_dev, &iov, 1, at);
	}
	kmem_free(dk->dk_k, buf, secsize);
	return error;
}

static void
partition_info(const struct disk *dk, unsigned part, struct partinfo *pi)
{
	const struct partition *pp = &dk->dk_label.d_partitions[part];

	memset(pi, 0, sizeof(*pi));
	pi->pi_secsize = dk->dk_dev.b_secsize;
	pi->pi_bsize = DEFAULT_BSIZE;
	if (part == RAW_PART || dk->dk_driver->dd_wedge) {
		pi->pi_size = dk->dk_dev.b_size / dk->dk_dev.b_secsize;
		pi->pi_fstype = part == RAW_PART ? pp->p_fstype : FS_OTHER;
		return;
	}
	pi->pi_offset = pp->p_offset;
	pi->pi_size = pp->p_size;
	pi->pi_fstype = pp->p_fstype;
	pi->pi_frag = pp->p_frag;
	pi->pi_cpg = pp->__partition_u1.cpg;
	pi->pi_fsize = pp->__partition_u2.fsize;
}

static int
label_request(struct disk *dk, unsigned long cmd, void *data, int flags)
{
	struct disklabel label;
	int error, on;

	switch (cmd) {
	case DIOCGDINFO:
		memcpy(data, &dk->dk_label, sizeof(dk->dk_label));
		return 0;
	case DIOCGDEFLABEL:
		disk_made_up_label(dk, &label);
		memcpy(data, &label, sizeof(label));
		return 0;
	case DIOCSDINFO:
		return set_label(dk, data, flags);
	case DIOCWDINFO:
		error = set_label(dk, data, flags);
		return error != 0 ? error : write_label(dk);
	case DIOCWLABEL:
	case DIOCKLABEL:
		if (!(flags & FWRITE) && cmd == DIOCWLABEL)
			return -EBADF;
		memcpy(&on, data, sizeof(on));
		*(cmd == DIOCWLABEL ? &dk->dk_wlabel : &dk->dk_klabel) = on != 0;
		return 0;
	case DIOCCLRLABEL:
		if (!(flags & FWRITE))
			return -EBADF;
		disk_made_up_label(dk, &dk->dk_label);
		dk->dk_labelled = false;
		return 0;
	}
	return 1;
}

int
disk_label_ioctl(struct lwp *l, struct disk *dk, unsigned part,
    unsigned long cmd, void *data, int flags)
{
	struct partinfo pi;
	off_t size;
	unsigned secsize;
	int word = 0, error = 1;

	(void)l;
	if (!dk->dk_driver->dd_wedge)
		error = label_request(dk, cmd, data, flags);
	if (error != 1)
		return error;
	switch (cmd) {
	case DIOCGPARTINFO:
		partition_info(dk, part, &pi);
		memcpy(data, &pi, sizeof(pi));
		return 0;
	case DIOCGMEDIASIZE:
		size = (off_t)dk->dk_part[part].dp_dev.b_size;
		memcpy(data, &size, sizeof(size));
		return 0;
	case DIOCGSECTORSIZE:
		secsize = dk->dk_dev.b_secsize;
		memcpy(data, &secsize, sizeof(secsize));
		return 0;
	case DIOCCACHESYNC:
		return dk->dk_dev.b_readonly ?
		    0 :
		    dk->dk_driver->dd_ops->bd_sync(&dk->dk_dev);
	case DIOCGCACHE:
	case DIOCTUR:
		memcpy(data, &word, sizeof(word));
		return 0;
	}
	return -ENOTTY;
}
