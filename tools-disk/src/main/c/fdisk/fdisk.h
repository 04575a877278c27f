/* SPDX-License-Identifier: BSD-2-Clause */
/* fdisk(8): what its parts share. Numbers of sectors are of the disk's own size. */
#ifndef FDISK_FDISK_H
#define FDISK_FDISK_H

#include "tools.h"
#include <netbsd/bootblock.h>
#include <netbsd/disklabel.h>

#define FD_LOGICAL 64 /* partitions in an extended one, at most */
#define FD_MENU 8     /* characters of a name in the boot menu */
#define FD_TABLE_SECTOR 512

struct fd_geometry {
	uint32_t cylinders, heads, sectors;
};

/* A partition; type 0 is none. */
struct fd_part {
	uint8_t type, flag;
	uint32_t start, size; /* on the disk */
	uint8_t chs[6];	      /* begin, end */
	char menu[FD_MENU + 1];
};

/* A partition in the extended one, and the sector with its table. */
struct fd_logical {
	struct fd_part p;
	uint32_t table;
};

struct fdisk {
	struct tool *t;
	const char *name; /* as opened */
	int fd;
	bool active, bootsel, force, init, clear, shell, update, verbose;
	bool by_file;	       /* -F */
	int part;	       /* -0 ... -3; -1 */
	int logical;	       /* -E; -1 */
	const char *spec;      /* -s */
	const char *code;      /* -c */
	const char *from, *to; /* -r, -w */
	const char *disktype, *disktab;
	uint32_t align, offset; /* -A; 0: not said */

	uint32_t secsz;
	uint64_t total;
	struct fd_geometry label, bios;
	bool bios_said; /* -b */
	uint8_t mbr[FD_TABLE_SECTOR];
	bool valid; /* sector 0 has a table */
	struct fd_part p[MBR_PART_COUNT];
	uint32_t ext_start, ext_size; /* the extended partition; size 0: none */
	int nlogical;
	struct fd_logical l[FD_LOGICAL];
	bool changed;
};

/* --- fdisk_disk.c --- */

void fd_open(struct fdisk *, const char *name, bool write);
/* Reads table and geometry, from the disk or the file of -r. */
void fd_read(struct fdisk *);
/* Puts partitions into tables and these on the disk, or into the file of -w. Ends the tool on errors. */
void fd_write(struct fdisk *);
/* Boot code into sector 0; false after a message. */
bool fd_bootcode(struct fdisk *, const char *file);
/* 0 all is well; what is wrong with the first sector of a partition otherwise. */
const char *fd_pbr(struct fdisk *, uint32_t start);
bool fd_bootsel_valid(const struct fdisk *);
/* Which alignment partitions have, or shall have. */
void fd_alignment(struct fdisk *);

/* --- fdisk_print.c --- */

const char *fd_type_name(unsigned type);
void fd_print(struct fdisk *);
void fd_print_part(struct fdisk *, const char *head, const struct fd_part *);
void fd_print_shell(struct fdisk *);
void fd_list_types(struct tool *);
uint32_t fd_mb(const struct fdisk *, uint64_t sectors);

/* --- fdisk_edit.c --- */

bool fd_extended(uint8_t type);
/* -s for the partition of -0 ... -3 or -E. Ends the tool when it can't be. */
void fd_apply(struct fdisk *, const char *spec);
/* False, with what is wrong in *why: it overlaps, or goes beyond the disk. */
bool fd_fits(struct fdisk *, int part, int logical, uint32_t start,
    uint32_t size, const char **why);
/* The first room for a partition, as large as it is. False: there is none. */
bool fd_room(
    struct fdisk *, int part, int logical, uint32_t *start, uint32_t *size);
void fd_put(struct fdisk *, int part, int logical, const struct fd_part *);
void fd_activate(struct fdisk *, int part);

/* --- fdisk_talk.c: questions --- */

/* The conversation of -u, -a, -i and -B without -f; true: write. */
bool fd_talk(struct fdisk *);

#endif
