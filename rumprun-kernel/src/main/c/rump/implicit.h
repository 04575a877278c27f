/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel and process that calls without a handle go to: NetBSD's API has
 * one kernel in a program, and finds the process by the calling thread.
 *
 * implicit.c is the one file with writable state.
 */
#ifndef RUMP_IMPLICIT_H
#define RUMP_IMPLICIT_H

#include <netbsd/types.h>

struct lwp;
struct rump_kernel;
struct rump_boot_etfs;

/* A call by number: 0 with retval[0..1] set, or a positive NetBSD errno. */
int rump_syscall(int num, const void *args, size_t argsize, register_t *retval);
/* Stores NetBSD's errno, as it is, into the host's errno. */
void rump_seterrno(int error);

/*
 * Sends every call of rump_syscall to a server instead. fn gives 0 or a
 * positive errno. NULL: to the kernel in this process again.
 */
typedef int implicit_remote_t(
    void *ctx, int num, const void *args, size_t argsize, register_t *retval);
void implicit_set_remote(implicit_remote_t *fn, void *ctx);

/* The program's own kernel, NULL when there is none. */
struct rump_kernel *implicit_kernel(void);
/* Makes it; false: there is one already. */
bool implicit_set_kernel(struct rump_kernel *);
/* There is none from now on: who gets it back halts it. */
struct rump_kernel *implicit_take_kernel(void);

/* Keeps it from going while a call uses it; NULL: there is none. */
struct rump_kernel *implicit_enter(unsigned *use);
void implicit_leave(unsigned use);

/* The lwp that the calling thread chose to be, or NULL; of this kernel, not of one before. */
struct lwp *implicit_lwp(void);
void implicit_set_lwp(struct lwp *);

/*
 * reboot(2) was called: the kernel is to be halted when that call returns, and
 * the program to end with status 0 if the call was a client's.
 */
void implicit_halt_later(void *ctx, int howto);

/* Records of rump_boot_etfs_register. */
struct rump_boot_etfs *implicit_boot_etfs(void);
void implicit_add_boot_etfs(struct rump_boot_etfs *);

/* The pipe's end that rump_daemonize_done answers to, -1: none, or that this is a daemon. */
#define IMPLICIT_DAEMON (-2)
int implicit_daemon_fd(void);
void implicit_set_daemon_fd(int);

/* Words of state for the client library (proxy/). */
void *implicit_client(void);
void implicit_set_client(void *);

#endif
