/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules that come and go in a running kernel: modctl(2)'s load and unload. */
#include <netbsd/module.h>
#include <netbsd/mount.h>
#include "vfs_calls.h"

static struct fixture f;

static long
l_modctl(int cmd, const void *arg)
{
	return SYS(f.l, SYS_modctl, modctl, P(int, cmd),
	    P(void *, (void *)(uintptr_t)arg));
}

static long
load(const char *name, int flags)
{
	struct modctl_load ml = { .ml_filename = name, .ml_flags = flags };

	return l_modctl(MODCTL_LOAD, &ml);
}

static void
begin(void)
{
	static const char *const names[] = { "librumpvfs", "librumpdev",
		"librumpdev_disk", NULL };
	struct kern_config c = { .kc_components = names };

	up_config(&f, &c);
	CHECK_EQ(l_mkdir(f.l, "/mnt"), 0);
}

static void
loads_file_systems(void)
{
	begin();
	CHECK_EQ(mount_tmpfs(f.l, "/mnt", 0), -ENODEV);
	CHECK_EQ(load("tmpfs", 0), 0);
	CHECK_EQ(load("tmpfs", 0), -EEXIST);
	CHECK_EQ(mount_tmpfs(f.l, "/mnt", 0), 0);
	CHECK_EQ(touch(f.l, "/mnt/file"), 0);
	down(&f);
}

static void
unloads_what_nobody_uses(void)
{
	begin();
	CHECK_EQ(load("tmpfs", 0), 0);
	CHECK_EQ(mount_tmpfs(f.l, "/mnt", 0), 0);
	CHECK_EQ(l_modctl(MODCTL_UNLOAD, "tmpfs"), -EBUSY);
	CHECK_EQ(l_unmount(f.l, "/mnt", 0), 0);
	CHECK_EQ(l_modctl(MODCTL_UNLOAD, "tmpfs"), 0);
	CHECK_EQ(l_modctl(MODCTL_UNLOAD, "tmpfs"), -ENOENT);
	CHECK_EQ(mount_tmpfs(f.l, "/mnt", 0), -ENODEV);
	/* It was unloaded: only force brings it back. */
	CHECK_EQ(load("tmpfs", 0), -EPERM);
	CHECK_EQ(load("tmpfs", MODCTL_LOAD_FORCE), 0);
	CHECK_EQ(mount_tmpfs(f.l, "/mnt", 0), 0);
	CHECK_EQ(l_modctl(MODCTL_UNLOAD, "wapbl"), -EBUSY);
	down(&f);
}

static void
loads_drivers_with_their_nodes(void)
{
	begin();
	CHECK_EQ(l_access(f.l, "/dev/vnd0d", 0), -ENOENT);
	CHECK_EQ(load("vnd", 0), 0);
	CHECK_EQ(l_access(f.l, "/dev/vnd0d", 0), 0);
	/* What has more to it, or needs what isn't there, can't be. */
	CHECK_EQ(load("bpf", 0), -ENOENT);
	CHECK_EQ(load("nosuch", 0), -ENOENT);
	CHECK_EQ(l_modctl(MODCTL_UNLOAD, "vnd"), -EBUSY);
	down(&f);
}

int
main(void)
{
	RUN(loads_file_systems);
	RUN(unloads_what_nobody_uses);
	RUN(loads_drivers_with_their_nodes);
	return check_done();
}
