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

/* --- a server's start --- */

static _Noreturn void
parent_waits(int fd)
{
	int error = 1;
	ssize_t n;

	while ((n = read(fd, &error, sizeof(error))) == -1 && errno == EINTR)
		continue;
	/* A child that went without a word has failed. */
	_exit(n == (ssize_t)sizeof(error) ? error & 0xff : 1);
}

int
host_daemon_begin(int *fdp)
{
	int fd[2];
	pid_t child;
	int error;

	*fdp = -1;
	if (pipe2(fd, O_CLOEXEC) == -1)
		return host_error(errno);
	if ((child = fork()) == -1) {
		error = host_error(errno);
		close(fd[0]);
		close(fd[1]);
		return error;
	}
	if (child != 0) {
		close(fd[1]);
		parent_waits(fd[0]);
	}
	close(fd[0]);
	setsid();
	*fdp = fd[1];
	return 0;
}

int
host_daemon_done(int fd, int error)
{
	int null, result = 0;

	if (error == 0 && (null = open("/dev/null", O_RDWR)) != -1) {
		for (int i = 0; i <= 2; i++)
			dup2(null, i);
		if (null > 2)
			close(null);
	}
	if (write(fd, &error, sizeof(error)) != (ssize_t)sizeof(error))
		result = host_error(errno);
	close(fd);
	return result;
}
