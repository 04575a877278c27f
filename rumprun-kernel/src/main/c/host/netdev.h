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
 * system can do that. A file that somebody cuts is zeros from then on, for us, until netdev_mend (host/guard.h). A file that begins with four bytes other than zeros and `magic` is
 * left alone: -ENOEXEC.
 */
int netdev_map(
    const char *path, size_t size, uint32_t magic, int *fdp, void **memp);
void netdev_unmap(int fd, void *mem, size_t size);
/*
 * Whether the file still has that size. One that somebody has cut is made whole again first (zeros): 1 then, 0 when nothing was wrong.
 */
int netdev_mend(int fd, void *mem, size_t size);
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

/* What stands before a frame on a tap with offload: virtio's header (Virtual I/O Device specification, 5.1.6), numbers in the machine's byte order. */
struct netdev_header {
	uint8_t nh_flags, nh_gso;
	uint16_t nh_hdrlen, nh_gsosize, nh_csumstart, nh_csumoffset;
};
#define NETDEV_NEEDS_CSUM 1
#define NETDEV_GSO_TCPV4 1
#define NETDEV_GSO_TCPV6 4
#define NETDEV_GSO_ECN 0x80

/*
 * A host's tap device by its name ("tap0"), made if the host lets us; non-blocking. *offloadp: every frame has a netdev_header in front, may have its checksum undone, and
 * may be a large TCP segment; else it is just the frame.
 */
int netdev_tap_open(const char *name, int *fdp, bool *offloadp);
/* A frame; what has no room is cut off. -EAGAIN: none there, or no room. */
int64_t netdev_readv(int fd, const struct netdev_vec *, int count);
int64_t netdev_writev(int fd, const struct netdev_vec *, int count);
void netdev_close(int fd);

/* Is there such a process? (1 too when that cannot be known.) */
bool netdev_process_lives(uint32_t pid);

#endif
