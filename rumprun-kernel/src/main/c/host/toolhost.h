/* SPDX-License-Identifier: BSD-2-Clause */
/* What tools run from a shell need of the host: its streams, signals, programs. */
#ifndef HOST_TOOLHOST_H
#define HOST_TOOLHOST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * SIGUSR1 (the host has no SIGINFO) raises *info; with `catch`, SIGINT and SIGTERM set *interrupt to the host's number of the
 * signal, and end the program when they come again, whatever it is doing. A thread receives them, so nothing is interrupted;
 * it calls woken(ctx), unless NULL, once *interrupt is set.
 */
struct toolhost_signals;
int toolhost_signals_start(_Atomic int *info, _Atomic int *interrupt,
    bool catch, void (*woken)(void *), void *ctx, struct toolhost_signals **);
void toolhost_signals_stop(struct toolhost_signals *);
/* Ends the program by this signal, for its parent to see. */
_Noreturn void toolhost_die(int signo);
/* In a child before it becomes another of these programs: signals as they were, but SIGUSR1, which must not end one that starts. */
void toolhost_signals_default(void);
/* Writing to a pipe that nobody reads is an error from here on; a SIGUSR1 before anybody looks, or after, is nothing. */
void toolhost_ignore_signals(void);
/*
 * Fills those of the descriptors 0, 1 and 2 that are closed, so that no socket or image gets their numbers: what reads or writes
 * them still gets EBADF.
 */
void toolhost_hold_standard(void);

/* Streams: ctx is a struct toolhost_signals or NULL; a read ends with -EINTR when *interrupt was raised. */
int toolhost_read(void *ctx, int fd, void *buf, size_t n);
int toolhost_write(void *ctx, int fd, const void *buf, size_t n);
bool toolhost_isatty(void *ctx, int fd);
int toolhost_columns(void *ctx, int fd);
int toolhost_echo(void *ctx, int fd, bool on);

/* The path of a program: beside this one, then in /sbin, /usr/sbin, /bin, /usr/bin. -ENOENT. */
int toolhost_program(const char *name, char *path, size_t size);
/* What the libraries of tools beside this program export as their table, at most `max`; they stay loaded. The count. */
int toolhost_tables(const void **tables, int max);
bool toolhost_exists(const char *path);
/* Where a symbolic link leads, as seen from here. -EINVAL: it is none, or leads too far. */
int toolhost_link(const char *path, char *to, size_t size);
/* The beginning of a file of the host's, up to `size` bytes: the count, or -errno. */
int toolhost_slurp(const char *path, void *buf, size_t size);
/* Waits for a child: its exit status, 0x100 and the signal, or -errno. */
int toolhost_wait(int pid);
_Noreturn void toolhost_exit(int status);

#endif
