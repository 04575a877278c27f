/* SPDX-License-Identifier: BSD-2-Clause */
/* What ping(8) and ping6(8) share. Contracts: pinglib.h. */
#include "pinglib.h"
#include <netbsd/time.h>

int64_t
ping_clock(struct tool *t)
{
	struct timespec ts;
	int error = sys_clock_gettime(t, CLOCK_MONOTONIC, &ts);

	if (error != 0)
		t_fail(t, 1, error, "clock_gettime");
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

double
ping_root(double v)
{
	double r = v > 1 ? v : 1;

	if (!(v > 0))
		return 0;
	for (int i = 0; i < 64; i++)
		r = (r + v / r) / 2;
	return r;
}

int
ping_hexdigit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
