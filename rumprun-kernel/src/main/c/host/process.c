/* SPDX-License-Identifier: BSD-2-Clause */
/* The host process: its id, environment, memory, name, own descriptors. */
#include "host/hostonly.h"
#include <stdlib.h>

int
host_getpid(void)
{
	return (int)getpid();
}

uint64_t
host_memsize(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

int
host_fdwrite(int fd, const void *buf, size_t n)
{
	const char *p = buf;
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return host_error(errno);
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

const char *
host_getenv(const char *name)
{
	return getenv(name);
}

void
host_hostname(char *buf, size_t size)
{
	if (size == 0)
		return;
	if (gethostname(buf, size) == -1 && errno != ENAMETOOLONG)
		buf[0] = '\0';
	buf[size - 1] = '\0';
}
