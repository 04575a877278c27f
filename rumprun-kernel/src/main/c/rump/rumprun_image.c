/* SPDX-License-Identifier: BSD-2-Clause */
/* What images of the host hold, told without a kernel. */
#include "host/host.h"
#include "tool/partition.h"
#include <netbsd/errno.h>
#include <rumprun/rumprun.h>
#include <stdio.h>
#include <string.h>

#define NUMBERED 128

/* 1: it was added, or there would have been; 0: there is none. */
static int
add(const char *image, struct rumprun_partition *one)
{
	uint64_t begin, size;
	int error = tool_partition_find(
	    &host_linux, image, one->p_name, &begin, &size);

	if (error == -ENXIO || error == -EINVAL)
		return 0;
	if (error != 0)
		return error;
	one->p_begin = (int64_t)begin;
	one->p_size = (int64_t)size;
	return 1;
}

int
rumprun_partitions(const char *image, struct rumprun_partition *list, int n)
{
	int count = 0, error;

	for (int i = 0; i < 16 + NUMBERED && count < n; i++) {
		struct rumprun_partition one = { .p_size = 0 };

		if (i < 16)
			one.p_name[0] = (char)('a' + i);
		else
			snprintf(one.p_name, sizeof(one.p_name), "p%d", i - 15);
		error = add(image, &one);
		if (error < 0)
			return error;
		if (error == 1)
			list[count++] = one;
	}
	return count;
}
