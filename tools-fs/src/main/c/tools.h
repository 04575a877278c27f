/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools of this library, each in its folder, and the few helpers that several share (c/common.c). */
#ifndef TOOLS_FS_TOOLS_H
#define TOOLS_FS_TOOLS_H

#include <rumprun/tool.h>
#include <rumprun/tool_fts.h>
#include <rumprun/tool_sys.h>

tool_main cat_main, chgrp_main, chmod_main, chown_main, cp_main, dd_main,
    df_main, dumpfs_main, fsck_ffs_main, fsck_main, newfs_main, ln_main,
    ls_main, mkdir_main, mknod_main, mount_main, mount_ext2fs_main,
    mount_ffs_main, mount_hostfs_main, mount_msdos_main, mount_tmpfs_main,
    mv_main, rm_main, rmdir_main, stat_main, touch_main, umount_main;

/* The last component of a path, as basename(1): trailing slashes do not count; in the arena. */
char *tools_basename(struct tool *, const char *path);
/* "dir/name" in the arena, with one slash. */
char *tools_join(struct tool *, const char *dir, const char *name);
/* Asks on standard error, reads a line: true for one that begins with y or Y. */
bool tools_ask(struct tool *, const char *fmt, ...) T_PRINTF(2, 3);
/* As mode_t of a mode string; "Cannot set file mode" and status 1 when it is none. */
struct tmode *tools_mode(struct tool *, const char *);
/* getbsize(3): the unit that $BLOCKSIZE asks for, 512 without; the heading goes out. */
int64_t tools_getbsize(struct tool *, const char **header);
/* As fts_open(3) with an empty name among its roots: nothing is walked; `what` failed. */
void tools_check_roots(struct tool *, char *const *argv, const char *what);
/* chmod, chown, chgrp: each has it first in a structure of its own. */
struct tools_change {
	bool quiet, links, recursive, command_line, logical, verbose;
	bool tell_dead_links; /* one that is to be followed is an error */
	const char *reference;
	int status;
};
/* Takes -H -L -P -R -f -h; false for any other. */
bool tools_change_option(struct tools_change *, int ch);
/* Refuses options that do not go together. */
void tools_change_check(struct tool *, const struct tools_change *);
void tools_change_reference(
    struct tool *, const struct tools_change *, struct stat *);
/* Calls `change` for each file meant; its errors are told, and are the status. */
void tools_change_walk(struct tool *, struct tools_change *, char **argv,
    int (*change)(struct tool *, struct tools_change *, FTSENT *));
/*
 * getopt_long(3). tools_options_first gives the words with the options, and
 * their arguments, before the operands, as getopt_long's permuting does; an
 * option out of `last` ends them. tools_getopt_long is then called until -1;
 * each of `longs` ("reference", NULL at the end) takes a value, which comes
 * out by *value, and gives TOOLS_LONG + its index.
 */
#define TOOLS_LONG 0x100
char **tools_options_first(struct tool *, int *argc, char **argv,
    const char *shorts, const char *const *longs, const char *last);
int tools_getopt_long(struct tool *, int argc, char **argv, const char *shorts,
    const char *const *longs, const char **value);
/* A list of file system types, "ffs,tmpfs" or "noffs,tmpfs". */
struct typelist {
	bool excluded;
	size_t count;
	char **types;
};
void typelist_add(struct tool *, struct typelist *, const char *list);
/* True when a list, where there is one, lets the type pass. */
bool typelist_selects(const struct typelist *, const char *type);

#endif
