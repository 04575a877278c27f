/* SPDX-License-Identifier: BSD-2-Clause */
/* sysproxy, the server's side: a kernel lets processes of other host programs make its system calls. */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "kern/kernel.h"

/*
 * Listens at unix://PATH or tcp://ADDRESS:PORT and serves from then on; more than once is fine. A tcp URL names the address; `*`, `0` and
 * 0.0.0.0 mean all, and the console says that the server is open to others. 0, or a negative errno: -EINVAL, -ERANGE, -EOPNOTSUPP,
 * -ENAMETOOLONG (URL), -EADDRINUSE and what else the host's bind gives, -EBUSY (too many), -ENOMEM. Why goes to the console; to `why` instead
 * with proxy_listen_why.
 */
int proxy_listen(struct rump_kernel *, const char *url) MUST_CHECK;
int proxy_listen_why(struct rump_kernel *, const char *url, char *why,
    size_t whysize) MUST_CHECK;
/*
 * Serves a connected stream socket, which becomes the server's. For tests and for socket pairs.
 */
int proxy_serve(struct rump_kernel *, int fd) MUST_CHECK;
/*
 * Ends all: no new connections, sockets' paths removed, every remote process is torn down, all threads are joined. Call it before kern_halt
 * and not from a system call. Does nothing when nothing listens. A call in progress fails at the client as the loss of its server does; only the
 * answer to reboot(2) is still sent, or held.
 */
void proxy_stop(struct rump_kernel *);
/*
 * From now on who asks for reboot(2) gets its answer when the kernel is down: `held` takes the connection, which is the caller's then, to send
 * these bytes and close. False: the answer goes out at once after all.
 */
typedef bool (*proxy_held_t)(void *ctx, int fd, const void *answer, size_t n);
void proxy_hold(struct rump_kernel *, proxy_held_t held, void *ctx);

#endif
