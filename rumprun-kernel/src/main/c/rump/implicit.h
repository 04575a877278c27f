/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel and process that calls without a handle go to. */
#ifndef RUMP_IMPLICIT_H
#define RUMP_IMPLICIT_H

#include <netbsd/types.h>

/* A call by number: 0 with retval[0..1] set, or a positive NetBSD errno. */
int rump_syscall(int num, const void *args, size_t argsize,
    register_t *retval);
/* Stores NetBSD's errno, as it is, into the host's errno. */
void rump_seterrno(int error);

/*
 * The server that calls without a handle go to instead of a kernel in this
 * process (proxy/rumpclient.c): fn gives 0 or a positive errno. NULL: none.
 */
typedef int implicit_remote_fn(void *ctx, int num, const void *args,
    size_t argsize, register_t *retval);
void implicit_set_remote(implicit_remote_fn *, void *ctx);
/* The ctx that was set, or NULL. */
void *implicit_remote(void);
/* rumpclient_setconnretry's value, 0 at first; kept for whoever connects. */
_Atomic long *implicit_connretry(void);

#endif
