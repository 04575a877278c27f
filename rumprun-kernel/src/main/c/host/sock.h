/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls for sysproxy: stream sockets, and what its server and its client library need of the host process.
 *
 * No host type shows here. Functions return 0 or a count, or a negative NetBSD errno; EINTR is retried here unless a
 * contract says otherwise. Descriptors are close-on-exec and blocking. No call raises SIGPIPE.
 */
#ifndef HOST_SOCK_H
#define HOST_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a server is: a path, or an IPv4 address and port (host's byte order). */
struct sock_addr {
	bool sa_unix;
	uint16_t sa_port;
	uint32_t sa_ip;
	char sa_path[108];
};

/* As struct iovec. */
struct sock_vec {
	void *sv_base;
	size_t sv_len;
};

/* A listening socket: accept never blocks. */
int sock_listen(const struct sock_addr *, int backlog, int *fdp);
/* -EAGAIN: nobody is there (any more). */
int sock_accept(int listener, int *fdp);
int sock_connect(const struct sock_addr *, int *fdp);
int sock_pair(int fds[2]);
/* Takes over a descriptor that another program image made. -EBADF, -ENOTSOCK. */
int sock_adopt(int fd);

/* Bytes received: at least one; 0 at the end. */
int64_t sock_recv(int fd, void *, size_t);
/* Whether something is there to be received. Never blocks. */
bool sock_pending(int fd);
/* Sends all of it; the vectors are consumed. -EFAULT: a base is bad; nothing was sent when *sentp is 0. */
int sock_sendv(int fd, struct sock_vec *, int count, size_t *sentp);
/* Never blocks: the count, or -EAGAIN. */
int64_t sock_trysend(int fd, const void *, size_t);
void sock_shutdown(int fd, bool in, bool out);
void sock_close(int fd);
/* Tells a socket from another that has its number later; 0: it is closed. */
uint64_t sock_identity(int fd);
/* Tells a path's file from another that has its name later: of a bound socket as long as that is open. 0: there is none. */
uint64_t sock_pathid(const char *path);
/* Removes a socket's path, if it is still that one. */
void sock_unlink(const char *path, uint64_t id);
/* The current directory. -ERANGE and what else getcwd(3) gives. */
int sock_cwd(char *, size_t);

/* Something to wake sock_poll with. */
int sock_event(int *fdp);
void sock_event_set(int fd);
void sock_event_clear(int fd);

struct sock_poll {
	int sp_fd;
	bool sp_in;	       /* wanted: input; else only the end */
	bool sp_ready, sp_end; /* result; sp_end: the peer is gone */
};
/* Waits for any; timeout in ms, -1 forever. The number ready; 0 after the timeout, or when a signal came. At most SOCK_POLLMAX. */
#define SOCK_POLLMAX 512
int sock_poll(struct sock_poll *, int count, int timeout_ms);

/* --- for the client library (host/hostclient.c) --- */

/* Another descriptor for the same, not below `least`; the old one is closed. */
int sock_move(int fd, int least, int *fdp);
/* Before exec: stays open, is non-blocking as NetBSD's library wants it. After a failed one: undone. */
void sock_inherit(int fd, bool);
/* A thread's blocked signals, opaque. */
struct sock_sigs {
	uint64_t ss_words[16];
};
void sock_sigblock(struct sock_sigs *old);
void sock_sigrestore(const struct sock_sigs *old);
/* From now on sock_recv gives -EAGAIN after so long without a byte. */
void sock_timeout(int fd, int ms);
/* Waits for input with these signals blocked instead of all: handlers run here. False: one did. */
bool sock_sigwait(int fd, const struct sock_sigs *);
/* The calling thread, nonzero; cheap. */
uintptr_t sock_self(void);
/* Raises a signal, given in NetBSD's number, in this process. */
void sock_raise(int netbsd_signo);
/* Zero-filled memory of its own; NULL. */
void *sock_anonmmap(size_t);
void sock_munmap(void *, size_t);
/* fork(2), vfork(2)'s stand-in; execve(2); the process's id; daemon(3). */
int sock_fork(void);
int sock_exec(const char *path, char *const argv[], char *const envp[]);
int sock_daemon(bool nochdir, bool noclose);
char **sock_environ(void);
void sock_unsetenv(const char *);
/* The name of this process's program, as ps shows it. */
void sock_progname(char *, size_t);
/* Sets errno in the host's numbering from one of these; returns the number. */
int sock_host_errno(int netbsd_errno);
_Noreturn void sock_exit(int status);

/* --- for the server program (host/hostserver.c) --- */

/* SIGTERM and SIGINT wait for host_stop_wait in this thread and those made from now on. 0 and a handle. */
struct host_stop;
int host_stop_create(struct host_stop **);
/* The same as such a signal, from any thread. */
void host_stop_raise(struct host_stop *);
void host_stop_wait(struct host_stop *);
void host_stop_destroy(struct host_stop *);

#endif
