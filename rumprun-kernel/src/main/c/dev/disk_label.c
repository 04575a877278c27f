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

static int
show_partition(const struct parttab_entry *pe, void *arg)
{
	struct disklabel *lp = arg;
	unsigned part = FIRST_MBR_PART - 1 + pe->pe_index;

	if (part >= MAXPARTITIONS)
		return 1;
	if (pe->pe_outside || pe->pe_ptype == NULL ||
	    pe->pe_begin > UINT32_MAX || pe->pe_size > UINT32_MAX)
		return 0;
	lp->d_partitions[part].p_offset = (uint32_t)pe->pe_begin;
	lp->d_partitions[part].p_size = (uint32_t)pe->pe_size;
	lp->d_partitions[part].p_fstype = parttab_mbr_fstype(pe->pe_mbrtype);
	if (lp->d_npartitions <= part)
		lp->d_npartitions = (uint16_t)(part + 1);
	return 0;
}

void
disk_read_label(struct disk *dk)
{
	struct parttab_reader r = disk_reader(dk);
	struct parttab_label pl;
	int error = parttab_find_label(&r, &pl);

	disk_made_up_label(dk, &dk->dk_label);
	dk->dk_haslabel = true;
	dk->dk_labelled = error == 0;
	dk->dk_swapped = error == 0 && pl.pl_swapped;
	dk->dk_labelsector = pl.pl_sector;
	dk->dk_labeloff = pl.pl_offset;
	if (error == 0) {
		dk->dk_label = pl.pl_label;
	} else if (pl.pl_mbr) {
		/* What can be read of a damaged chain is shown. */
		error = parttab_scan(
		    &r, PARTTAB_MBR, show_partition, &dk->dk_label);
		dk->dk_label.d_checksum = rumprun_dklabel_sum(&dk->dk_label);
	}
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
		struct partition *np = &lp->d_partitions[i];

		if (dp->dp_bopens + dp->dp_copens == 0 || i == RAW_PART)
			continue;
		if (i >= lp->d_npartitions || np->p_offset != op->p_offset ||
		    np->p_size < op->p_size)
			return -EBUSY;
		/* What one in use is keeps being known. */
		if (np->p_fstype == FS_UNUSED && op->p_fstype != FS_UNUSED) {
			uint32_t size = np->p_size;

			*np = *op;
			np->p_size = size;
		}
	}
	lp->d_checksum = rumprun_dklabel_sum(lp);
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
	iov = (struct iovec){ buf, secsize };
	error = at > dk->dk_dev.b_size || secsize > dk->dk_dev.b_size - at ?
	    -EINVAL :
	    disk_medium_io(dk, &iov, 1, at, false);
	if (error == 0)
		error = rumprun_dklabel_encode(&dk->dk_label,
		    buf + dk->dk_labeloff, secsize - dk->dk_labeloff,
		    dk->dk_swapped);
	if (error == 0)
		error = disk_medium_io(dk, &iov, 1, at, true);
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
		pi->pi_fstype = dk->dk_driver->dd_wedge ?
		    disk_wedge_fstype(dk) :
		    pp->p_fstype;
		return;
	}
	pi->pi_offset = pp->p_offset;
	pi->pi_size = pp->p_size;
	pi->pi_fstype = pp->p_fstype;
	pi->pi_frag = pp->p_frag;
	pi->pi_cpg = pp->__partition_u1.cpg;
	pi->pi_fsize = pp->__partition_u2.fsize;
}

/* 276 bytes, eight partitions: as 32-bit programs of old know it. */
#define OLD_PARTITIONS 8
#define OLD_BYTES DKLABEL_BYTES(OLD_PARTITIONS)
#define OLD_GDINFO 0x41146465UL
#define OLD_SDINFO 0x81146466UL
#define OLD_WDINFO 0x81146467UL
#define OLD_GDEFLABEL 0x41146472UL

static bool
partitions_open(const struct disk *dk)
{
	for (unsigned i = 0; i < MAXPARTITIONS; i++)
		if (i != RAW_PART &&
		    dk->dk_part[i].dp_bopens + dk->dk_part[i].dp_copens > 0)
			return true;
	return false;
}

static void
give_old(const struct disklabel *from, void *data)
{
	struct disklabel label = *from;

	if (label.d_npartitions > OLD_PARTITIONS)
		label.d_npartitions = OLD_PARTITIONS;
	label.d_checksum = 0;
	label.d_checksum = rumprun_dklabel_sum(&label);
	memcpy(data, &label, OLD_BYTES);
}

/* 1: none of them. */
static int
old_request(struct disk *dk, unsigned long cmd, void *data, int flags)
{
	struct disklabel label;
	int error;

	switch (cmd) {
	case OLD_GDINFO:
		give_old(&dk->dk_label, data);
		return 0;
	case OLD_GDEFLABEL:
		disk_made_up_label(dk, &label);
		give_old(&label, data);
		return 0;
	case OLD_SDINFO:
	case OLD_WDINFO:
		memset(&label, 0, sizeof(label));
		memcpy(&label, data, OLD_BYTES);
		if (label.d_npartitions > OLD_PARTITIONS)
			return -EINVAL;
		error = set_label(dk, &label, flags);
		return error != 0 || cmd == OLD_SDINFO ? error : write_label(dk);
	}
	return 1;
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
#ifdef __LP64__
	case DIOCGDINFO32:
		memcpy(data, &dk->dk_label, DKLABEL_BYTES(MAXPARTITIONS));
		return 0;
#endif
	case DIOCGDEFLABEL:
		disk_made_up_label(dk, &label);
		memcpy(data, &label, sizeof(label));
		return 0;
	case DIOCSDINFO:
		return set_label(dk, data, flags);
	case DIOCWDINFO:
		if ((flags & FWRITE) && dk->dk_dev.b_readonly)
			return -EROFS;
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
		if (partitions_open(dk))
			return -EBUSY;
		disk_made_up_label(dk, &dk->dk_label);
		dk->dk_labelled = false;
		return 0;
	}
	return old_request(dk, cmd, data, flags);
}

/* Names of strategies that NetBSD has; requests go straight on here, whatever it is. */
static int
strategy(struct disk *dk, unsigned long cmd, void *data, int flags)
{
	static const char *const names[] = { "fcfs", "disksort", "priocscan" };
	struct disk_strategy dks;

	memcpy(&dks, data, sizeof(dks));
	if (cmd == DIOCGSTRATEGY) {
		memset(dks.dks_name, 0, sizeof(dks.dks_name));
		memcpy(dks.dks_name, dk->dk_strategy, sizeof(dks.dks_name));
		dks.dks_paramlen = 0;
		memcpy(data, &dks, sizeof(dks));
		return 0;
	}
	if (!(flags & FWRITE))
		return -EBADF;
	if (dks.dks_param != NULL ||
	    memchr(dks.dks_name, '\0', sizeof(dks.dks_name)) == NULL)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(dks.dks_name, names[i]) == 0) {
			strcpy(dk->dk_strategy, names[i]);
			return 0;
		}
	return -EINVAL;
}

/*
 * The cache is the host's (or that of what is below): it is on, and stays so. Sectors that are bad are its business, too, so the list of them is empty.
 */
static int
cache_request(struct disk *dk, unsigned long cmd, void *data, int flags)
{
	const int cache = DKCACHE_READ | DKCACHE_WRITE;
	struct disk_badsecinfo bad;
	int word = cache;

	switch (cmd) {
	case DIOCGCACHE:
		memcpy(data, &word, sizeof(word));
		return 0;
	case DIOCSCACHE:
		if (!(flags & FWRITE))
			return -EBADF;
		memcpy(&word, data, sizeof(word));
		return word == cache ? 0 : -EOPNOTSUPP;
	case DIOCCACHESYNC:
		return disk_medium_sync(dk);
	case DIOCBSFLUSH:
		return flags & FWRITE ? 0 : -EBADF;
	case DIOCBSLIST:
		memcpy(&bad, data, sizeof(bad));
		bad.dbsi_copied = bad.dbsi_left = 0;
		memcpy(data, &bad, sizeof(bad));
		return 0;
	case DIOCTUR:
		word = 1;
		memcpy(data, &word, sizeof(word));
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
	int error = 1;

	(void)l;
	if (!dk->dk_driver->dd_wedge)
		error = label_request(dk, cmd, data, flags);
	if (error == 1)
		error = cache_request(dk, cmd, data, flags);
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
	case DIOCGSTRATEGY:
	case DIOCSSTRATEGY:
		return strategy(dk, cmd, data, flags);
	}
	/* Nothing can be taken out, so there is no DIOCEJECT or DIOCLOCK. */
	return -ENOTTY;
}
