/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of this library's tools. */
#include "tools.h"
#include <rumprun/tools_fs.h>

static const struct tool_entry entries[] = {
	{ "cat", cat_main, 0 },
	{ "chgrp", chgrp_main, 0 },
	{ "chmod", chmod_main, 0 },
	{ "chown", chown_main, 0 },
	{ "cp", cp_main, 0 },
	{ "dd", dd_main, TOOL_INTR },
	{ "df", df_main, 0 },
	{ "dumpfs", dumpfs_main, TOOL_DISK },
	{ "fsck", fsck_main, TOOL_DISK },
	{ "fsck_ffs", fsck_ffs_main, TOOL_DISK },
	{ "ln", ln_main, 0 },
	{ "ls", ls_main, 0 },
	{ "mkdir", mkdir_main, 0 },
	{ "mknod", mknod_main, 0 },
	{ "mount", mount_main, 0 },
	{ "mount_ext2fs", mount_ext2fs_main, 0 },
	{ "mount_ffs", mount_ffs_main, 0 },
	{ "mount_hostfs", mount_hostfs_main, TOOL_NOTNETBSD },
	{ "mount_msdos", mount_msdos_main, 0 },
	{ "mount_tmpfs", mount_tmpfs_main, 0 },
	{ "mv", mv_main, 0 },
	{ "newfs", newfs_main, TOOL_DISK },
	{ "rm", rm_main, 0 },
	{ "rmdir", rmdir_main, 0 },
	{ "rumprun", rumprun_rumprun_main, TOOL_HOST | TOOL_NOTNETBSD },
	{ "stat", stat_main, 0 },
	{ "touch", touch_main, 0 },
	{ "umount", umount_main, 0 },
	{ NULL, NULL, 0 },
};

const struct tool_group rumprun_fs_tools = { "fs", entries };
