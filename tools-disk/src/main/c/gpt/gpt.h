/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt(8): what its parts share. Layouts are those of the UEFI specification, chapter 5. */
#ifndef GPT_GPT_H
#define GPT_GPT_H

#include "tools.h"
#include <netbsd/disk.h>

#define GPT_ENTRY_SIZE 128 /* of what is made here */
#define GPT_ENTRY_MAX 4096
#define GPT_TABLE_MAX ((uint64_t)4 << 20)
#define GPT_NAME 36 /* UTF-16 units of a label */
#define GPT_NAME_UTF8 (GPT_NAME * 3 + 1)
#define UUID_TEXT 37

/* Offsets in an entry. */
#define ENT_TYPE 0
#define ENT_GUID 16
#define ENT_FIRST 32
#define ENT_LAST 40
#define ENT_ATTR 48
#define ENT_NAME 56

struct gpt {
	struct tool *t;
	const char *name; /* as opened */
	int fd;
	uint32_t secsz;
	uint64_t mediasz, blocks;
	bool readonly, quiet, nosync, hybrid;
	int verbose;
	bool stamped; /* -T: GUIDs follow from it */
	uint64_t stamp, stamps;

	uint8_t *mbr; /* sector 0, secsz bytes */
	bool mbr_changed;
	bool pri, sec; /* a header that is right, with its table */
	bool differ;   /* both are, and aren't the same */
	uint64_t sec_lba, sec_table;
	/* What both say, or the one that is right; nothing without either. */
	uint64_t pri_table, first, last;
	uint8_t guid[16];
	uint32_t nent, entsz;
	uint8_t *table;
};

static inline uint32_t
gpt_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline uint64_t
gpt_le64(const uint8_t *p)
{
	return gpt_le32(p) | (uint64_t)gpt_le32(p + 4) << 32;
}

static inline void
gpt_put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline void
gpt_put64(uint8_t *p, uint64_t v)
{
	gpt_put32(p, (uint32_t)v);
	gpt_put32(p + 4, (uint32_t)(v >> 32));
}

/* Entry i, from 0. */
static inline uint8_t *
gpt_entry(const struct gpt *g, uint32_t i)
{
	return g->table + (size_t)i * g->entsz;
}

/* --- gpt_disk.c --- */

/* Opens and reads what there is; ends the tool when there is no such disk. */
void gpt_open(struct gpt *, const char *dev);
/* The same, and ends the tool unless both headers are there. */
void gpt_open_table(struct gpt *, const char *dev);
/* A new, empty table of so many entries, not yet written. False after a message: no room. */
bool gpt_new(struct gpt *, uint32_t entries);
/* Writes everything: the secondary first, so that there always is one that is right. Ends the tool on errors. With pri_only: no secondary. */
void gpt_write(struct gpt *, bool pri_only);
void gpt_write_sector(struct gpt *, uint64_t lba, const void *);
/* Tells the driver to look for wedges again. */
void gpt_sync(struct gpt *);
uint32_t gpt_table_blocks(const struct gpt *);

/* An MBR of sector 0 that is no protective one, with a partition. */
bool gpt_has_mbr(const struct gpt *);
bool gpt_has_pmbr(const struct gpt *);
void gpt_make_pmbr(struct gpt *, bool active);

/* --- gpt_map.c: who has which sectors --- */

enum gpt_kind {
	GPT_FREE,
	GPT_PMBR,
	GPT_MBR,
	GPT_PRI_HDR,
	GPT_PRI_TBL,
	GPT_SEC_HDR,
	GPT_SEC_TBL,
	GPT_PART,
	GPT_MBR_PART
};

struct gpt_extent {
	uint64_t start, size;
	enum gpt_kind kind;
	uint32_t index; /* of a partition, from 0 */
};

struct gpt_map {
	struct gpt_extent *x;
	size_t n;
};

/* All of the disk, in order, what is free too. */
void gpt_map(struct gpt *, struct gpt_map *);
bool gpt_used(const struct gpt *, uint32_t i);
uint64_t gpt_size(const struct gpt *, uint32_t i);
/*
 * Room for `size` sectors (0: as much as there is) from `start` on (0: anywhere), start and size multiples of `align` (sectors, 0: any). False: there is none.
 */
bool gpt_room(struct gpt *, uint64_t start, uint64_t size, uint64_t align,
    uint64_t *at, uint64_t *got);
/* The first sector behind partition i that isn't free. */
uint64_t gpt_limit(struct gpt *, uint32_t i);

/* --- gpt_uuid.c --- */

struct gpt_type {
	const char *name, *text;
	const char *uuid;
};
extern const struct gpt_type gpt_types[];

void gpt_uuid_print(const uint8_t u[16], char out[UUID_TEXT]);
/* By text, or by a type's name. */
bool gpt_uuid_parse(const char *, uint8_t u[16]);
void gpt_uuid_new(struct gpt *, uint8_t u[16]);
/* NULL: none that has a name. */
const struct gpt_type *gpt_type(const uint8_t u[16]);
void gpt_uuid_of(const char *name, uint8_t u[16]);
/* Labels: UTF-16 in an entry; UTF-8 outside. False: no UTF-8, or too long. */
bool gpt_name_put(uint8_t *entry, const char *);
void gpt_name_get(const uint8_t *entry, char out[GPT_NAME_UTF8]);

/* --- gpt.c: command lines --- */

/* Which partitions a command is for. */
struct gpt_find {
	bool all, any; /* -a; any of the others */
	const char *label;
	uint32_t index; /* from 1 */
	uint64_t block, size;
	bool typed;
	uint8_t type[16];
};
#define GPT_FIND_OPTIONS "ab:i:L:s:t:"
/* Takes an option of them; false: it is none, or its value is wrong. */
bool gpt_find_option(struct gpt *, struct gpt_find *, int ch);
bool gpt_found(const struct gpt *, const struct gpt_find *, uint32_t i);
/* The partition by -i or -b, as index from 0; ends the tool when there is none. */
uint32_t gpt_one(struct gpt *, const struct gpt_find *);

/* The next option of a command; -1 at the end. */
int gpt_option(struct gpt *, int argc, char **argv, const char *options);
/* The device that is left of a command line, NULL when there isn't exactly one. */
const char *gpt_device(struct gpt *, int argc, char **argv);
bool gpt_number(const char *, uint64_t max, uint64_t *);
/* Sectors from "100", "100s", "64m" ...; `bytes`: what has no suffix is in bytes. Ends the tool when it is none. */
uint64_t gpt_sectors(struct gpt *, const char *, bool bytes);
/* Ends the tool, status 1, as err(3); quietly with -q. */
_Noreturn void gpt_fail(struct gpt *, int error, const char *, ...)
    T_PRINTF(3, 4);
_Noreturn void gpt_failx(struct gpt *, const char *, ...) T_PRINTF(2, 3);
/* "device: ..." */
void gpt_say(struct gpt *, const char *, ...) T_PRINTF(2, 3);

/* --- commands: 0 done, 1 failed, -1 usage --- */

typedef int gpt_command(struct gpt *, int argc, char **argv);
/* gpt_make.c */
gpt_command gpt_cmd_create, gpt_cmd_destroy, gpt_cmd_recover,
    gpt_cmd_resizedisk, gpt_cmd_biosboot;
/* gpt_migrate.c */
gpt_command gpt_cmd_migrate;
/* gpt_part.c */
gpt_command gpt_cmd_add, gpt_cmd_remove, gpt_cmd_label, gpt_cmd_type,
    gpt_cmd_uuid, gpt_cmd_resize;
/* gpt_attr.c */
gpt_command gpt_cmd_set, gpt_cmd_unset;
void gpt_attr_print(struct gpt *, uint64_t attr);
/* gpt_show.c */
gpt_command gpt_cmd_show, gpt_cmd_header;
/* gpt_plist.c */
gpt_command gpt_cmd_backup, gpt_cmd_restore;

#endif
