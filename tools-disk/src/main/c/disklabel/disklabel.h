/* SPDX-License-Identifier: BSD-2-Clause */
/* disklabel(8): what its parts share. */
#ifndef DISKLABEL_DISKLABEL_H
#define DISKLABEL_DISKLABEL_H

#include "disktab.h"
#include "tools.h"

/* Exit statuses: what err(3) and warn(3) of disklabel give. */
#define DL_USAGE 1
#define DL_SYSTEM 4   /* a call failed */
#define DL_WARNED 102 /* the label is not in order */

#define DL_BBSIZE 8192
#define DL_SBSIZE 8192
/* In so many bytes at the start of a disk, or of a NetBSD partition of an MBR, labels are looked for. */
#define DL_AREA ((size_t)16384)
#define DL_AREAS 16

/* Where a machine has its label, and what of it is like. */
struct dl_machine {
	const char *name;
	uint16_t sector, offset;
	uint8_t partitions, raw;
	bool big, mbr;
};

struct dl {
	struct tool *t;
	const char *name; /* as opened */
	int fd;
	bool raw;    /* -r: the disk itself, not through the kernel */
	bool file;   /* -F: no requests to a driver */
	bool all;    /* -A */
	bool chs;    /* -C */
	bool delete; /* -D */
	bool init;   /* -I */
	bool terse;  /* -t */
	bool verbose;
	int order; /* -B: 0 little, 1 big; -1: as found */
	const struct dl_machine *machine;
	const char *disktab;
	struct disklabel label;
};

/* --- label_disk.c: reading and writing --- */

/* Opens by name as opendisk(3); ends the tool when there is none. */
void dl_open(struct dl *, const char *name, bool write);
/* Fills in label. Ends the tool when there is none. */
void dl_read(struct dl *);
/* Puts label on the disk and into the kernel. 0 or DL_SYSTEM after a message. */
int dl_write(struct dl *);
/* Shows every label that the disk has, deleted ones too. The exit status. */
int dl_show_all(struct dl *);
/* -D alone. */
int dl_delete(struct dl *);
/* Sector size and size in bytes of the disk, as well as they are known; 0. */
uint64_t dl_size(struct dl *, uint32_t *secsize);
const struct dl_machine *dl_machine(const char *name);

/* --- label_print.c --- */

/* Text that grows in the arena. All zero but the tool. */
struct dl_text {
	struct tool *t;
	char *s;
	size_t len, size;
};
/* Adds less than 256 bytes. */
void dl_put(struct dl_text *, const char *fmt, ...) T_PRINTF(2, 3);
/* To standard output, and empty again. */
void dl_text_show(struct dl_text *);

void dl_print(const struct dl *, struct dl_text *, const struct disklabel *);
void dl_print_partitions(
    const struct dl *, struct dl_text *, const struct disklabel *);
void dl_print_partition(const struct dl *, struct dl_text *,
    const struct disklabel *, unsigned part);
void dl_print_disktab(struct dl_text *, const struct disklabel *);
void dl_print_fstypes(struct tool *);

/* --- label_parse.c --- */

/*
 * A label from text in the form of dl_print. `name` is for messages. The number of errors, which were told.
 */
int dl_parse(struct dl *, char *text, struct disklabel *);
/* Completes a label (sizes that follow from others) and tells what is wrong with it; the number of errors. */
int dl_check(struct dl *, struct disklabel *);
/* A whole file, ended by a NUL. Ends the tool when it can't be read. */
char *dl_read_text(struct dl *, int fd, const char *name);
/*
 * A size or an offset in sectors: a number with a suffix (s sectors, c cylinders, k, m, g), or cyl/track/sector. False: none.
 */
bool dl_number(const struct disklabel *, const char *s, uint32_t *out);

/* --- label_edit.c, label_talk.c --- */

/* -e and -i: the exit status. */
int dl_edit(struct dl *);
int dl_talk(struct dl *);

#endif
