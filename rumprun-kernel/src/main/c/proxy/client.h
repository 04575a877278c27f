/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysproxy, the client's side: a connection to a server as an object. Any number in a process; any number of threads make calls on one.
 *
 * While a thread waits for its answer one of them serves what the server asks for: copies to and from this process's memory, at the
 * addresses that the calls' argument blocks named.
 */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H

#include <netbsd/types.h>
#include "proxy/wire.h"

struct proxy_client;

struct proxy_client_config {
	const char *pc_name; /* the program's */
	/* A signal from the kernel, NetBSD's number; NULL: nothing happens. */
	void (*pc_raise)(void *ctx, int signo);
	void *pc_ctx;
	/* A handler of the process's may run while a call waits, and may make calls itself: signals are blocked around the rest. */
	bool pc_signals;
};

/*
 * Connects to a URL and does the GUEST handshake. 0, or a negative errno: as url_parse, connect(2), or -EIO and so on when the server speaks
 * nonsense; then `why` says what the reference says, "" for nothing.
 */
int proxy_client_connect(const char *url, const struct proxy_client_config *,
    char *why, size_t whysize, struct proxy_client **);
/* The same with a FORK handshake. */
int proxy_client_fork(const char *url, const struct proxy_client_config *,
    const uint8_t cookie[WIRE_COOKIE], char *why, size_t whysize,
    struct proxy_client **);
/* The same on a socket that an exec kept open, with an EXEC handshake. The descriptor is taken in any case. */
int proxy_client_exec(
    int fd, const struct proxy_client_config *, struct proxy_client **);
/* On a connected socket; reads the banner, GUEST. The descriptor is taken in any case. */
int proxy_client_attach(
    int fd, const struct proxy_client_config *, struct proxy_client **);
/* No call may be in progress in another thread. */
void proxy_client_close(struct proxy_client *);
/* After fork, in the child: closes without a word. */
void proxy_client_abandon(struct proxy_client *);
/* Makes calls in progress and later ones fail: for another thread than theirs. */
void proxy_client_cut(struct proxy_client *);

/*
 * 0 with rv[0..1], or a negative NetBSD errno from the server. When the server is gone -ENOTCONN and *lostp true (NULL: don't care).
 */
int proxy_client_syscall(struct proxy_client *, int num, const void *args,
    size_t argsize, register_t rv[2], bool *lostp);
int proxy_client_prefork(struct proxy_client *, uint8_t cookie[WIRE_COOKIE]);
bool proxy_client_lost(struct proxy_client *);
/* The descriptor, for exec. It can be moved (no call in progress). */
int proxy_client_fd(struct proxy_client *);
int proxy_client_movefd(struct proxy_client *, int least);

#endif
