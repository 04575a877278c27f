/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims a host file against the other kernels and tools on this host. */
#include "host/hostonly.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef F_OFD_SETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

#ifdef __LP64__
#define FCNTL SYS_fcntl
#else
#define FCNTL SYS_fcntl64
#endif

int host_lock_file(int fd, bool exclusive, int *pidp);

/* By system call: fcntl of some C libraries takes another struct flock. */
static long
lock_call(int fd, int cmd, bool exclusive, struct flock *lock)
{
	memset(lock, 0, sizeof(*lock));
	lock->l_type = exclusive ? F_WRLCK : F_RDLCK;
	lock->l_whence = SEEK_SET;
	return syscall(FCNTL, fd, cmd, lock);
}

/* Has `pid` a descriptor of this file that is not `mine`? */
static bool
has_open(const char *pid, dev_t dev, ino_t ino, int mine)
{
	char path[64], link[320];
	struct dirent *e;
	struct stat st;
	bool found = false;
	DIR *d;
	int self = atoi(pid) == (int)getpid();

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	if ((d = opendir(path)) == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || (self && atoi(e->d_name) == mine))
			continue;
		snprintf(link, sizeof(link), "%s/%s", path, e->d_name);
		if (syscall(STATAT, AT_FDCWD, link, &st, 0) == -1)
			continue;
		found = st.st_dev == dev && st.st_ino == ino;
	}
	closedir(d);
	return found;
}

/*
 * A lock of an open file description has no owner that the host tells: who
 * has the file open is found among the processes that may be looked at.
 */
static int
find_holder(int fd)
{
	struct dirent *e;
	struct stat st;
	int pid = 0;
	DIR *d;

	if (syscall(FSTAT, fd, &st) == -1)
		return 0;
	if ((d = opendir("/proc")) == NULL)
		return 0;
	while (pid == 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		if (has_open(e->d_name, st.st_dev, st.st_ino, fd))
			pid = atoi(e->d_name);
	}
	closedir(d);
	return pid;
}

int
host_lock_file(int fd, bool exclusive, int *pidp)
{
	struct flock lock;

	*pidp = 0;
	while (lock_call(fd, F_OFD_SETLK, exclusive, &lock) == -1) {
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == EACCES) {
			if (lock_call(fd, F_OFD_GETLK, exclusive, &lock) == 0 &&
			    lock.l_type != F_UNLCK && lock.l_pid > 0)
				*pidp = (int)lock.l_pid;
			else
				*pidp = find_holder(fd);
			return -NB_EBUSY;
		}
		/* A file system without locks cannot refuse anybody. */
		if (errno == EINVAL || errno == ENOLCK || errno == ENOSYS ||
		    errno == EOPNOTSUPP)
			return 0;
		return host_error(errno);
	}
	return 0;
}
