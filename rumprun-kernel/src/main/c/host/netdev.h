/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls for interfaces: files shared between processes, notice of writes to them, tap devices.
 *
 * As host/host.h: 0 or a count, or a negative NetBSD errno; EINTR is retried; descriptors are close-on-exec.
 */
#ifndef HOST_NETDEV_H
#define HOST_NETDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As struct iovec. */
struct netdev_vec {
	void *nv_base;
	size_t nv_len;
};

/*
 * A regular file of `size` bytes, made if it isn't there (0644), mapped shared for reading and writing, its space allocated where the file
 * system can do that: then no access to the mapping fails as long as the file keeps its size. A file that begins with four bytes other than zeros and `magic` is
 * left alone: -ENOEXEC.
 */
int netdev_map(
    const char *path, size_t size, uint32_t magic, int *fdp, void **memp);
void netdev_unmap(int fd, void *mem, size_t size);
/*
 * Whether the file still has that size. One that somebody has cut is made whole again first (zeros): 1 then, 0 when nothing was wrong.
 */
int netdev_mend(int fd, size_t size);
/* A write that those who watch the file notice. */
int netdev_notify(int fd, int64_t off, const void *, size_t);

/* One thread's waiting for a file that is written to, or a descriptor that is readable, and somebody's poke. */
struct netdev_watch;
int netdev_watch_create(struct netdev_watch **);
void netdev_watch_destroy(struct netdev_watch *);
/* Watches the file behind fd (by inotify) from now on, instead of what was before; -1: none. */
int netdev_watch_file(struct netdev_watch *, int fd);
/* Forgets the writes until now. Never blocks. */
void netdev_watch_clear(struct netdev_watch *);
/* Ends a wait, now or the next one. Any thread. */
void netdev_watch_poke(struct netdev_watch *);
/* Until a write, or input at fd (-1: none), or a poke; timeout in ms, -1 forever. */
void netdev_wait(struct netdev_watch *, int fd, int timeout_ms);

/* A host's tap device by its name ("tap0"), made if the host lets us; frames without a header in front. Non-blocking. */
int netdev_tap_open(const char *name, int *fdp);
/* A frame. -EAGAIN: none there, or no room. */
int64_t netdev_read(int fd, void *, size_t);
int64_t netdev_writev(int fd, const struct netdev_vec *, int count);
void netdev_close(int fd);

/* Is there such a process? (1 too when that cannot be known.) */
bool netdev_process_lives(uint32_t pid);

#endif
