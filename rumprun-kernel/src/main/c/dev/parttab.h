/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition tables as they lie on disks: BSD labels of either byte order, MBR with logical partitions, GPT with both its headers, Apple's map. One parser
 * for wedges, labels of drivers and host images; it reads through a callback and believes nothing.
 */
#ifndef DEV_PARTTAB_H
#define DEV_PARTTAB_H

#include "host/host.h"
#include <netbsd/disklabel.h>

/* Where the bytes come from: `n` bytes at `off`, 0 or -errno. Never asked for what is beyond pr_size. */
struct parttab_reader {
	int (*pr_read)(void *ctx, uint64_t off, void *buf, size_t n);
	void *pr_ctx;
	uint64_t pr_size;    /* bytes */
	uint32_t pr_secsize; /* 512 to 4096, a power of two */
};

enum parttab_kind { PARTTAB_GPT, PARTTAB_MBR, PARTTAB_BSD, PARTTAB_APPLE };
#define PARTTAB_KINDS 4

struct parttab_entry {
	/* GPT and Apple: from 1; MBR: 1 to 4, logical ones from 5; BSD: from 0, a. */
	unsigned pe_index;
	bool pe_outside; /* its bounds make no sense on this medium */
	uint64_t pe_begin, pe_size; /* sectors */
	/* A wedge's type (DKW_PTYPE_*, "" unknown); NULL: part of the table itself, nothing to be used. */
	const char *pe_ptype;
	char pe_name[128]; /* UTF-8; "" without one */
	char pe_guid[40];  /* GPT: the partition's own */
	uint8_t pe_mbrtype;
};

/*
 * Calls fn for each partition of the table of that kind, until it gives nonzero, which is returned. 0; -ESRCH: there is no such table; -EINVAL: a damaged one (fn
 * may have seen some of it); what reading gave.
 */
int parttab_scan(const struct parttab_reader *, enum parttab_kind,
    int (*fn)(const struct parttab_entry *, void *), void *arg) MUST_CHECK;

struct parttab_label {
	struct disklabel pl_label;
	bool pl_swapped;
	bool pl_mbr; /* there is an MBR */
	/* Where the label is, or would be: in the MBR's NetBSD partition if there is one. */
	uint64_t pl_sector;
	size_t pl_offset; /* in the sector */
};
/* The medium's BSD label, as parttab_scan gives it. -ESRCH: none; pl_sector and pl_offset are set even so. */
int parttab_find_label(
    const struct parttab_reader *, struct parttab_label *) MUST_CHECK;

/* CRC-32 (IEEE 802.3) of more bytes after `crc` (0 at first). */
uint32_t parttab_crc32(uint32_t crc, const void *, size_t);
/* DKW_PTYPE_* of a label's FS_*. */
const char *parttab_ptype(unsigned fstype);
/* FS_* of an MBR's partition type. */
uint8_t parttab_mbr_fstype(uint8_t type);

#endif
