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

#endif
