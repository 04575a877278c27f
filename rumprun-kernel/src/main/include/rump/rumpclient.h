/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rumpclient(3): makes this program a process of the rump kernel whose server RUMP_SERVER names. Link with -lrumprun-kernel.
 *
 * NetBSD's names and meanings. Where a function fails, errno is the host's, but for system calls: those give NetBSD's errno, and the host's
 * ENOTCONN when there is no server any more.
 */
#ifndef RUMP_RUMPCLIENT_H
#define RUMP_RUMPCLIENT_H

#ifndef NETBSD_TYPES_H
#include <sys/types.h>
#endif
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0: connected (also when it was); -1 with errno, after a line on standard error where there is something to say. */
int rumpclient_init(void);
/* A call by its number, with its argument block; 0, or an errno. */
int rumpclient_syscall(
    int num, const void *args, size_t argsize, register_t *retval);

/* Both processes are clients afterwards; -1 and errno. vfork is fork. */
pid_t rumpclient_fork(void);
pid_t rumpclient_vfork(void);
/* In three steps: before fork; in the child; or instead, if there is none. */
struct rumpclient_fork;
struct rumpclient_fork *rumpclient_prefork(void);
int rumpclient_fork_init(struct rumpclient_fork *);
void rumpclient_fork_cancel(struct rumpclient_fork *);
/* execve(2); the new program's rumpclient_init takes over the process. */
int rumpclient_exec(const char *path, char *const argv[], char *const envp[]);
int rumpclient_daemon(int nochdir, int noclose);

/* How long to try when the server is gone: seconds, or one of these. The default is 0: not at all. */
#define RUMPCLIENT_RETRYCONN_INFTIME ((time_t)-1)
#define RUMPCLIENT_RETRYCONN_ONCE ((time_t)-2)
#define RUMPCLIENT_RETRYCONN_DIE ((time_t)-3)
void rumpclient_setconnretry(time_t);

/* Before the program closes a descriptor that may be the library's. */
enum rumpclient_closevariant {
	RUMPCLIENT_CLOSE_CLOSE,
	RUMPCLIENT_CLOSE_DUP2,
	RUMPCLIENT_CLOSE_FCLOSEM
};
int rumpclient__closenotify(int *fd, enum rumpclient_closevariant);

#ifdef __cplusplus
}
#endif

#endif
