/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks by the names that users give them, see the header. */
#include "opendisk.h"
#include <netbsd/disklabel.h>
#include <netbsd/errno.h>
#include <rumprun/tool_sys.h>
#include <string.h>

int
opendisk(struct tool *t, const char *name, int flags, const char **namep)
{
	const char *tries[4];
	int n = 0, fd = -ENOENT;

	if (strchr(name, '/') == NULL) {
		tries[n++] = t_asprintf(t, "/dev/r%s", name);
		tries[n++] = t_asprintf(t, "/dev/r%s%c", name, 'a' + RAW_PART);
	}
	tries[n++] = name;
	tries[n++] = t_asprintf(t, "%s%c", name, 'a' + RAW_PART);
	for (int i = 0; i < n && fd == -ENOENT; i++) {
		*namep = tries[i];
		fd = sys_open(t, tries[i], flags, 0);
	}
	return fd;
}
