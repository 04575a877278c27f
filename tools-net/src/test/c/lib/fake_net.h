/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for network tools without a kernel: sockets are numbers, the routing sysctl and ioctls answer what a test put there, output
 * is captured.
 */
#ifndef LIB_FAKE_NET_H
#define LIB_FAKE_NET_H

#include <netbsd/if.h>
#include <rumprun/tool.h>

#define FAKE_CALLS 64

struct fake_net {
	/* What the routing sysctl has, by its operation (NET_RT_*). */
	struct {
		const void *data;
		size_t len;
	} list[8];
	/* Answers ioctls: 0 or -errno. NULL: all are -ENOTTY. */
	int (*ioctl)(struct fake_net *, unsigned long com, void *data);
	/* Asked first about every call: what it returns, or -ENOSYS to leave it to the rest. NULL: the rest answers. */
	int (*call)(
	    struct fake_net *, int num, const void *args, register_t rv[2]);
	/* Answers a message on a routing socket, which read returns: its length, or -errno for the write. */
	int (*route)(
	    struct fake_net *, const void *msg, size_t len, void *answer);
	uint8_t answer[2048];
	size_t answer_len;
	/* The requests, in order, and the first 320 bytes of each. */
	struct {
		unsigned long com;
		uint8_t data[320];
	} calls[FAKE_CALLS];
	int ncalls;
	char out[65536]; /* both streams */
	size_t outlen;
};

/* Runs a command line (blanks separate words, '' is an empty one); what it printed is in `out`. The status. */
int fake_net_run(struct fake_net *, tool_main *, const char *line);
/* The nth request of that number (from 0), or NULL. */
const void *fake_net_call(const struct fake_net *, unsigned long com, int nth);

/* --- messages of the interface list --- */

/* Adds an interface with a link address of that many bytes (02:00:00:00:00:index), or an address to it; the new length. */
size_t fake_if(uint8_t *buf, size_t at, int index, const char *name, int flags,
    unsigned addrlen);
size_t fake_ifa(uint8_t *buf, size_t at, int index, const void *addr,
    const void *mask, const void *dst);

#endif
