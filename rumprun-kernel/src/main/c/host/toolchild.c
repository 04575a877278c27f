/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that a tool starts and reads from. */
#include "host/hostonly.h"
#include "host/toolhost.h"
#include "host/toolchild.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

int
toolchild_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC) == 0 ? 0 : host_error(errno);
}

void
toolchild_redirect(int fd, int to)
{
	if (dup2(fd, to) < 0)
		_exit(127);
}

void
toolchild_no_input(void)
{
	int fd = open("/dev/null", O_RDONLY);

	if (fd > 0) {
		toolchild_redirect(fd, 0);
		close(fd);
	}
}

void
toolchild_close(int fd)
{
	close(fd);
}

int
toolchild_poll(const int *fds, int n)
{
	struct pollfd *p = calloc((size_t)n, sizeof(*p));
	int i, found;

	if (p == NULL)
		return host_error(ENOMEM);
	for (i = 0; i < n; i++) {
		p[i].fd = fds[i];
		p[i].events = POLLIN;
	}
	while ((found = poll(p, (nfds_t)n, -1)) < 0 && errno == EINTR)
		continue;
	found = found < 0 ? host_error(errno) : -1;
	for (i = 0; i < n && found == -1; i++)
		if (p[i].revents != 0)
			found = i;
	free(p);
	return found;
}
