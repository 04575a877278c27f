/* SPDX-License-Identifier: BSD-2-Clause */
/* Files shared between processes, inotify and tap devices of the host. */
#include "host/hostonly.h"
#include "host/guard.h"
#include "host/netdev.h"
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

#define NB_ENOEXEC 8

_Static_assert(sizeof(struct netdev_vec) == sizeof(struct iovec) &&
	offsetof(struct netdev_vec, nv_len) == offsetof(struct iovec, iov_len),
    "netdev_vec is iovec");

/* --- shared files --- */

/* Space for all of it, where that can be had: a page without would be found out at the worst time. */
static int
allocate(int fd, size_t size)
{
	int rc;

	if (ftruncate(fd, (off_t)size) == -1)
		return host_error(errno);
	do
		rc = (int)syscall(SYS_fallocate, fd, 0,
#ifdef __LP64__
		    0L, (long)size
#else
		    0, 0, (int)size, 0
#endif
		);
	while (rc == -1 && errno == EINTR);
	return rc == -1 && (errno == ENOSPC || errno == EDQUOT) ?
	    host_error(errno) :
	    0;
}

/* What is another kind of file is not cut to size. */
static int
look(int fd, uint32_t magic)
{
	struct stat st;
	uint32_t first = 0;
	ssize_t n;

	if (syscall(FSTAT, fd, &st) == -1)
		return host_error(errno);
	if (!S_ISREG(st.st_mode))
		return -NB_EINVAL;
	do
		n = pread(fd, &first, sizeof(first), 0);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return host_error(errno);
	return n > 0 && first != 0 && first != magic ? -NB_ENOEXEC : 0;
}

int
netdev_map(const char *path, size_t size, uint32_t magic, int *fdp, void **memp)
{
	int error, fd;

	*fdp = -1;
	*memp = NULL;
	do
		fd = open(path,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return host_error(errno);
	if ((error = look(fd, magic)) != 0 || (error = allocate(fd, size)) != 0)
		goto out;
	if ((error = guard_map(fd, size, memp)) != 0)
		goto out;
	*fdp = fd;
	return 0;
out:
	close(fd);
	return error;
}

void
netdev_unmap(int fd, void *mem, size_t size)
{
	guard_unmap(mem, size);
	close(fd);
}

int
netdev_mend(int fd, void *mem, size_t size)
{
	struct stat st;
	int error;

	if (syscall(FSTAT, fd, &st) == -1)
		return host_error(errno);
	if (st.st_size >= (off_t)size && !guard_lost(mem))
		return 0;
	if ((error = allocate(fd, size)) != 0 ||
	    (guard_lost(mem) && (error = guard_again(fd, mem, size)) != 0))
		return error;
	return 1;
}

int
netdev_notify(int fd, int64_t off, const void *buf, size_t n)
{
	ssize_t rc;

	do
		rc = pwrite(fd, buf, n, off);
	while (rc == -1 && errno == EINTR);
	return rc == -1 ? host_error(errno) : 0;
}

/* --- waiting --- */

struct netdev_watch {
	int nw_inotify, nw_event, nw_wd;
};

int
netdev_watch_create(struct netdev_watch **wp)
{
	struct netdev_watch *w = malloc(sizeof(*w));
	int error;

	*wp = NULL;
	if (w == NULL)
		return -NB_ENOMEM;
	w->nw_wd = -1;
	w->nw_event = -1;
	w->nw_inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->nw_inotify == -1)
		goto out;
	w->nw_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->nw_event == -1)
		goto out;
	*wp = w;
	return 0;
out:
	error = host_error(errno);
	netdev_watch_destroy(w);
	return error;
}

void
netdev_watch_destroy(struct netdev_watch *w)
{
	if (w == NULL)
		return;
	if (w->nw_inotify != -1)
		close(w->nw_inotify);
	if (w->nw_event != -1)
		close(w->nw_event);
	free(w);
}

int
netdev_watch_file(struct netdev_watch *w, int fd)
{
	char path[32] = "/proc/self/fd/", *p = path + strlen(path);
	char digits[12];
	int n = 0;

	if (w->nw_wd != -1) {
		(void)inotify_rm_watch(w->nw_inotify, w->nw_wd);
		w->nw_wd = -1;
	}
	if (fd < 0)
		return 0;
	do
		digits[n++] = (char)('0' + fd % 10);
	while ((fd /= 10) > 0);
	while (n > 0)
		*p++ = digits[--n];
	*p = '\0';
	w->nw_wd = inotify_add_watch(w->nw_inotify, path, IN_MODIFY);
	return w->nw_wd == -1 ? host_error(errno) : 0;
}

void
netdev_watch_clear(struct netdev_watch *w)
{
	char buf[1024];
	ssize_t n;

	/* Equal events that follow one another are one: seldom more than that. */
	do
		n = read(w->nw_inotify, buf, sizeof(buf));
	while (n > (ssize_t)sizeof(buf) / 2 || (n == -1 && errno == EINTR));
}

void
netdev_watch_poke(struct netdev_watch *w)
{
	uint64_t one = 1;

	while (write(w->nw_event, &one, sizeof(one)) == -1 && errno == EINTR)
		continue;
}

void
netdev_wait(struct netdev_watch *w, int fd, int timeout_ms)
{
	struct pollfd p[3] = { { w->nw_inotify, POLLIN, 0 },
		{ w->nw_event, POLLIN, 0 }, { fd, POLLIN, 0 } };
	uint64_t count;

	if (poll(p, fd < 0 ? 2 : 3, timeout_ms) > 0 && p[1].revents != 0)
		while (read(w->nw_event, &count, sizeof(count)) == -1 &&
		    errno == EINTR)
			continue;
}

/* --- tap devices --- */

int
netdev_tap_open(const char *name, int *fdp, bool *offloadp)
{
	struct ifreq ifr;
	int error, fd, flags = IFF_TAP | IFF_NO_PI;

	*fdp = -1;
	*offloadp = false;
	if (name[0] == '\0' || strlen(name) >= sizeof(ifr.ifr_name))
		return -NB_EINVAL;
	do
		fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return host_error(errno);
	memset(&ifr, 0, sizeof(ifr));
	strcpy(ifr.ifr_name, name);
	/* A device that was made to stay may be one without the header. */
	ifr.ifr_flags = (short)(flags | IFF_VNET_HDR);
	if (ioctl(fd, TUNSETIFF, &ifr) == 0)
		*offloadp = true;
	else {
		ifr.ifr_flags = (short)flags;
		if (ioctl(fd, TUNSETIFF, &ifr) == -1) {
			error = host_error(errno);
			close(fd);
			return error;
		}
	}
	if (*offloadp)
		(void)ioctl(fd, TUNSETOFFLOAD,
		    (unsigned long)(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
			TUN_F_TSO_ECN));
	*fdp = fd;
	return 0;
}

int64_t
netdev_readv(int fd, const struct netdev_vec *v, int count)
{
	ssize_t rc;

	do
		rc = readv(fd, (const struct iovec *)v, count);
	while (rc == -1 && errno == EINTR);
	return rc == -1 ? host_error(errno) : rc;
}

int64_t
netdev_writev(int fd, const struct netdev_vec *v, int count)
{
	ssize_t rc;

	do
		rc = writev(fd, (const struct iovec *)v, count);
	while (rc == -1 && errno == EINTR);
	return rc == -1 ? host_error(errno) : rc;
}

void
netdev_close(int fd)
{
	close(fd);
}

bool
netdev_process_lives(uint32_t pid)
{
	return pid == 0 || pid > INT32_MAX || kill((pid_t)pid, 0) == 0 ||
	    errno != ESRCH;
}
