/* SPDX-License-Identifier: BSD-2-Clause */
/* Wedges: windows of a unit's medium with a name of their own, dk0, dk1 ... (dk(4)). */
#include "dev/disk_private.h"

int
disk_wedge_ioctl(
    struct lwp *l, struct disk *dk, unsigned long cmd, void *data, int flags)
{
	(void)l, (void)dk, (void)cmd, (void)data, (void)flags;
	return 1;
}

void
disk_wedge_discover(struct lwp *l, struct disk *dk)
{
	(void)l, (void)dk;
}

int
disk_wedge_forget(struct lwp *l, struct disk *dk, bool force)
{
	(void)l, (void)dk, (void)force;
	return 0;
}
