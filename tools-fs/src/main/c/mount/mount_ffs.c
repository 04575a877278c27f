/* SPDX-License-Identifier: BSD-2-Clause */
/* mount_ffs, mount_ext2fs and mount_hostfs: devices, and a folder of the host. */
#include "mount/mntlib.h"
#include <string.h>

static const char *
why(int error, int flags)
{
	switch (-error) {
	case EMFILE:
		return "mount table full";
	case EINVAL:
		return (flags & MNT_UPDATE) != 0 ?
		    "specified device does not match mounted device" :
		    "incorrect super block";
	default:
		return t_strerror(error);
	}
}

/* The two types differ in their name alone. */
static int
mount_ufs(struct tool *t, const char *type, int argc, char **argv)
{
	struct ufs_args args;
	const char *special, *node;
	int ch, error, flags = 0;

	while ((ch = t_getopt(t, argc, argv, "o:")) != -1) {
		if (ch != 'o')
			goto usage;
		t_getmntopts(
		    t, t->t_opt.optarg, mnt_standard_options, &flags, NULL);
	}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc != 2)
		goto usage;
	special = mnt_path(t, argv[0]);
	node = mnt_path(t, argv[1]);
	memset(&args, 0, sizeof(args));
	if ((flags & MNT_GETARGS) != 0)
		return mnt_print_args(t, type, special, node);
	args.fspec = t_strdup(t, special);
	error = sys_mount(t, type, node, flags, &args, sizeof(args));
	if (error < 0)
		t_errx(t, 1, "%s on %s: %s", special, node, why(error, flags));
	return 0;
usage:
	t_eprintf(t, "usage: mount_%s [-o options] special node\n", type);
	return 1;
}

int
mount_ffs_main(struct tool *t, int argc, char **argv)
{
	return mount_ufs(t, MOUNT_FFS, argc, argv);
}

int
mount_ext2fs_main(struct tool *t, int argc, char **argv)
{
	return mount_ufs(t, MOUNT_EXT2FS, argc, argv);
}

/* The kernel's structure of the same name: this type is not NetBSD's, so neither are its arguments. */
struct hostfs_args {
	const char *hostpath;
};

int
mount_hostfs_main(struct tool *t, int argc, char **argv)
{
	struct hostfs_args args;
	const char *node;
	int ch, error, flags = 0;

	while ((ch = t_getopt(t, argc, argv, "o:")) != -1) {
		if (ch != 'o')
			goto usage;
		t_getmntopts(
		    t, t->t_opt.optarg, mnt_standard_options, &flags, NULL);
	}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc != 2)
		goto usage;
	node = mnt_path(t, argv[1]);
	memset(&args, 0, sizeof(args));
	args.hostpath = argv[0];
	error = sys_mount(t, "hostfs", node, flags, &args, sizeof(args));
	if (error < 0)
		t_fail(t, 1, error, "%s on %s", argv[0], node);
	return 0;
usage:
	t_eprintf(t, "usage: mount_hostfs [-o options] host_folder node\n");
	return 1;
}
