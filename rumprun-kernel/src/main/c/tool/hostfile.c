/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the host for tools. Contract: <rumprun/tool_host.h>. */
#include <netbsd/errno.h>
#include <netbsd/fcntl.h>
#include <netbsd/uio.h>
#include <rumprun/tool_host.h>
#include "host/host.h"
#include <string.h>

#define TEMP_TRIES 1000

int
t_host_read(
    struct tool *t, const char *path, size_t max, void **datap, size_t *sizep)
{
	struct iovec iov;
	int error, fd;
	ssize_t n;

	*sizep = 0;
	*datap = t_malloc(t, max > 0 ? max : 1);
	if ((error = host_linux.open(path, O_RDONLY, 0, &fd)) != 0)
		return error;
	while (*sizep < max) {
		iov.iov_base = (char *)*datap + *sizep;
		iov.iov_len = max - *sizep;
		n = host_linux.preadv(fd, &iov, 1, (off_t)*sizep);
		if (n < 0)
			error = (int)n;
		if (n <= 0)
			break;
		*sizep += (size_t)n;
	}
	(void)host_linux.close(fd);
	return error;
}

int
t_host_write(struct tool *t, const char *path, const void *data, size_t size)
{
	struct iovec iov;
	int error, fd;
	size_t done = 0;
	ssize_t n;

	(void)t;
	error = host_linux.open(
	    path, O_WRONLY | HOST_O_CREAT | HOST_O_TRUNC, 0644, &fd);
	while (error == 0 && done < size) {
		iov.iov_base = (char *)(uintptr_t)data + done;
		iov.iov_len = size - done;
		n = host_linux.pwritev(fd, &iov, 1, (off_t)done);
		if (n <= 0)
			error = n < 0 ? (int)n : -EIO;
		else
			done += (size_t)n;
	}
	if (fd != -1)
		(void)host_linux.close(fd);
	return error;
}

/* A folder that is made is one's own: no name in a folder of everybody's is followed. */
int
t_host_temp(struct tool *t, const char *name, const void *data, size_t size,
    const char **pathp)
{
	const char *tmp = t_getenv(t, "TMPDIR");
	int error = -EEXIST;
	char *dir;

	*pathp = NULL;
	if (tmp == NULL || *tmp == '\0')
		tmp = "/tmp";
	for (int i = 0; i < TEMP_TRIES && error == -EEXIST; i++) {
		dir = t_asprintf(t, "%s/rumprun.%d.%d", tmp, host_getpid(), i);
		error = host_linux.mkdir(dir, 0700);
	}
	if (error != 0)
		return error;
	*pathp = t_asprintf(t, "%s/%s", dir, name);
	error = t_host_write(t, *pathp, data, size);
	if (error != 0) {
		t_host_untemp(t, *pathp);
		*pathp = NULL;
	}
	return error;
}

void
t_host_untemp(struct tool *t, const char *path)
{
	const char *slash = strrchr(path, '/');

	(void)host_linux.unlink(path);
	if (slash != NULL)
		(void)host_linux.rmdir(
		    t_asprintf(t, "%.*s", (int)(slash - path), path));
}
