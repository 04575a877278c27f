/* SPDX-License-Identifier: BSD-2-Clause */
/* ls: the options, and what its two files share. */
#ifndef TOOLS_FS_LS_H
#define TOOLS_FS_LS_H

#include "tools.h"

enum ls_format { LS_SINGLE, LS_COLUMNS, LS_ACROSS, LS_STREAM, LS_LONG };
enum ls_sort { LS_BYNAME, LS_BYTIME, LS_BYSIZE, LS_UNSORTED };
enum ls_time { LS_MTIME, LS_ATIME, LS_CTIME };
enum ls_odd { LS_RAW, LS_QUESTION, LS_OCTAL, LS_CSTYLE };

struct ls {
	struct tool *t;
	enum ls_format format;
	enum ls_sort sort;
	enum ls_time time;
	enum ls_odd odd; /* what becomes of odd characters */
	bool all, almost_all, directory, recursive, reverse, follow;
	bool inode, blocks, kilobytes, human, commas, numeric, flags;
	bool no_owner, full_time, slash, type, whiteouts, leaf, path, one_fs;
	bool utf8;
	int64_t blocksize;
	int width; /* of the terminal */
	int64_t now;
	int status;
	bool output; /* something was printed */
};

/* What is shown of one directory, or of the operands. */
struct ls_list {
	FTSENT *first;
	FTSENT *parent; /* NULL for the operands */
	size_t count;	/* of entries that are printed */
	int64_t blocks_total, size_total;
	int maxlen;
	int w_inode, w_blocks, w_nlink, w_user, w_group, w_flags, w_size;
	int w_major, w_minor;
};

/* Entries that stay in the list unprinted. */
#define LS_NOPRINT 1

/* Columns that a name takes as it is printed. */
int ls_name_width(const struct ls *, const char *name);
int64_t ls_block_count(const struct ls *, int64_t blocks512);
void ls_print(struct ls *, struct ls_list *);

/* What long forms show of an entry; in fts_pointer. */
struct ls_names {
	const char *user, *group, *flags;
};

#endif
