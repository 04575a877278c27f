/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fts(3): walking trees, with the names, fields and meanings of the manual page.
 *
 * Three differences: functions take the tool and return errors (negative errno) instead of setting one; without
 * FTS_NOCHDIR the current directory changes only where paths get too long for the kernel, but a directory whose ".."
 * does not lead back stops the walk, as it does there; fts_path is the entry's own and lives as long as the entry.
 */
#ifndef RUMPRUN_TOOL_FTS_H
#define RUMPRUN_TOOL_FTS_H

#include <netbsd/types.h>
#include <rumprun/tool.h>

typedef struct tfts FTS;
typedef struct tftsent FTSENT;
struct tftsanchor;
typedef int fts_compare(const FTSENT **, const FTSENT **);

struct tfts {
	struct tool *fts_tool;
	FTSENT *fts_cur;   /* last given out */
	FTSENT *fts_child; /* from fts_children, not yet walked */
	FTSENT *fts_root;  /* what is above level 0 */
	dev_t fts_dev;	   /* of the root walked now, for FTS_XDEV */
	fts_compare *fts_compar;
	struct tftsanchor *fts_anchor; /* directories that were changed to */
	void *fts_client;	       /* the caller's: for its comparison */
	int fts_options;
	int fts_errno; /* why fts_read gave NULL: 0 the end, or negative */
};

struct tftsent {
	FTSENT *fts_cycle, *fts_parent, *fts_link;
	FTS *fts_fts;
	long fts_number;
	void *fts_pointer;
	char *fts_accpath, *fts_path;
	size_t fts_pathlen, fts_namelen;
	const char *fts_name; /* the last component; at level 0 the operand itself */
	int fts_errno;	      /* negative */
	int fts_level;
	unsigned short fts_info, fts_instr;
	uint8_t fts_dtype; /* DT_* from the directory */
	struct stat *fts_statp;
};

/* fts_options */
#define FTS_COMFOLLOW 0x001
#define FTS_LOGICAL 0x002
#define FTS_NOCHDIR 0x004
#define FTS_NOSTAT 0x008
#define FTS_PHYSICAL 0x010
#define FTS_SEEDOT 0x020
#define FTS_XDEV 0x040
#define FTS_WHITEOUT 0x080
#define FTS_NAMEONLY 0x100
#define FTS_STOP 0x200

#define FTS_ROOTPARENTLEVEL (-1)
#define FTS_ROOTLEVEL 0

/* fts_info */
#define FTS_D 1
#define FTS_DC 2
#define FTS_DEFAULT 3
#define FTS_DNR 4
#define FTS_DOT 5
#define FTS_DP 6
#define FTS_ERR 7
#define FTS_F 8
#define FTS_INIT 9
#define FTS_NS 10
#define FTS_NSOK 11
#define FTS_SL 12
#define FTS_SLNONE 13
#define FTS_W 14

/* fts_set */
#define FTS_AGAIN 1
#define FTS_FOLLOW 2
#define FTS_NOINSTR 3
#define FTS_SKIP 4

/* The operands: argv up to NULL. Never NULL; errors are in the entries. */
#define fts_open rumprun_fts_open
RUMPRUN_API FTS *fts_open(
    struct tool *, char *const *argv, int options, fts_compare *);
/* The same with a value for the comparison, as fts_fts->fts_client. */
#define fts_open_client rumprun_fts_open_client
RUMPRUN_API FTS *fts_open_client(
    struct tool *, char *const *argv, int options, fts_compare *, void *client);
/* The next entry or NULL with fts_errno. */
#define fts_read rumprun_fts_read
RUMPRUN_API FTSENT *fts_read(FTS *);
/* The entries of the directory last read (before any fts_read: the operands), linked by fts_link; NULL with fts_errno. */
#define fts_children rumprun_fts_children
RUMPRUN_API FTSENT *fts_children(FTS *, int options);
#define fts_set rumprun_fts_set
RUMPRUN_API void fts_set(FTS *, FTSENT *, int instr);
#define fts_close rumprun_fts_close
RUMPRUN_API void fts_close(FTS *);

#endif
