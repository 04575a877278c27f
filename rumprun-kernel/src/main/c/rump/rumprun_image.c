/* SPDX-License-Identifier: BSD-2-Clause */
/* What images of the host hold, told without a kernel. */
#include "host/host.h"
#include "tool/partition.h"
#include <netbsd/errno.h>
#include <rumprun/rumprun.h>
#include <stdio.h>

struct listing {
	struct rumprun_partition *list;
	int n, count;
	bool lettered;
	uint32_t secsize;
};

static int
add(const struct parttab_entry *pe, void *arg)
{
	struct listing *l = arg;
	struct rumprun_partition *p;

	if (l->count >= l->n)
		return 1;
	if (pe->pe_outside || pe->pe_ptype == NULL || pe->pe_index > 99999)
		return 0;
	p = &l->list[l->count++];
	if (l->lettered)
		snprintf(p->p_name, sizeof(p->p_name), "%c",
		    'a' + (int)pe->pe_index);
	else
		snprintf(p->p_name, sizeof(p->p_name), "p%u", pe->pe_index);
	snprintf(p->p_type, sizeof(p->p_type), "%s", pe->pe_ptype);
	p->p_begin = (int64_t)(pe->pe_begin * l->secsize);
	p->p_size = (int64_t)(pe->pe_size * l->secsize);
	return 0;
}

int
rumprun_partitions(const char *image, struct rumprun_partition *list, int n)
{
	struct listing l = { list, n, 0, true, 0 };

	for (;; l.lettered = false) {
		int error = tool_partition_scan(
		    &host_linux, image, l.lettered, add, &l, &l.secsize);

		if (error < 0 && error != -ENXIO && error != -EINVAL)
			return error;
		if (!l.lettered)
			return l.count;
	}
}
