/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes of tests: the one file of them that knows the host's headers. */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/child.h"

static int ready_fd = -1;

int
child_start(void (*fn)(void *), void *arg)
{
	int fds[2], pid;
	char c;

	if (pipe(fds) != 0)
		return -1;
	fflush(stdout);
	if ((pid = fork()) == 0) {
		close(fds[0]);
		ready_fd = fds[1];
		fn(arg);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &c, 1) != 1) {
		child_kill(pid);
		pid = -1;
	}
	close(fds[0]);
	return pid;
}

void
child_ready(void)
{
	if (write(ready_fd, "", 1) != 1)
		_exit(1);
}

void
child_kill(int pid)
{
	int status;

	kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
}

long
child_pages(void)
{
	long size = 0, pages = 0;
	FILE *fp = fopen("/proc/self/statm", "r");

	if (fp == NULL)
		return 0;
	if (fscanf(fp, "%ld %ld", &size, &pages) != 2)
		pages = 0;
	fclose(fp);
	return pages;
}

long
child_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	long n = 0;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}
