/* SPDX-License-Identifier: BSD-2-Clause */
/* What the client library of sysproxy asks of its host process: signals, fork and exec, the environment. */
#include "host/hostonly.h"
#include "host/sock.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

_Static_assert(sizeof(sigset_t) <= sizeof(struct sock_sigs), "fits");

extern char **environ;

int
sock_move(int fd, int least, int *fdp)
{
	*fdp = fcntl(fd, F_DUPFD_CLOEXEC, least);
	if (*fdp == -1)
		return host_error(errno);
	(void)close(fd);
	return 0;
}

void
sock_inherit(int fd, bool yes)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags != -1)
		(void)fcntl(fd, F_SETFL,
		    yes ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
	(void)fcntl(fd, F_SETFD, yes ? 0 : FD_CLOEXEC);
}

void
sock_sigblock(struct sock_sigs *old)
{
	sigset_t all, was;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	memcpy(old, &was, sizeof(was));
}

void
sock_sigrestore(const struct sock_sigs *old)
{
	sigset_t was;

	memcpy(&was, old, sizeof(was));
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

void
sock_timeout(int fd, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

bool
sock_sigwait(int fd, const struct sock_sigs *old)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	sigset_t was;

	memcpy(&was, old, sizeof(was));
	return ppoll(&p, 1, NULL, &was) != -1 || errno != EINTR;
}

uintptr_t
sock_self(void)
{
	return (uintptr_t)pthread_self();
}

/* By NetBSD's number; 0: the host has no such signal. */
static const uint8_t signals[] = {
	0,
	SIGHUP,
	SIGINT,
	SIGQUIT,
	SIGILL,
	SIGTRAP,
	SIGABRT,
	0,
	SIGFPE,
	SIGKILL,
	SIGBUS,
	SIGSEGV,
	SIGSYS,
	SIGPIPE,
	SIGALRM,
	SIGTERM,
	SIGURG,
	SIGSTOP,
	SIGTSTP,
	SIGCONT,
	SIGCHLD,
	SIGTTIN,
	SIGTTOU,
	SIGIO,
	SIGXCPU,
	SIGXFSZ,
	SIGVTALRM,
	SIGPROF,
	SIGWINCH,
	0,
	SIGUSR1,
	SIGUSR2,
	SIGPWR,
};

void
sock_raise(int signo)
{
	if (signo > 0 && (size_t)signo < sizeof(signals) && signals[signo] != 0)
		(void)kill(getpid(), signals[signo]);
}

void *
sock_anonmmap(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void
sock_munmap(void *p, size_t n)
{
	(void)munmap(p, n);
}

int
sock_fork(void)
{
	pid_t pid = fork();

	return pid == -1 ? host_error(errno) : (int)pid;
}

int
sock_exec(const char *path, char *const argv[], char *const envp[])
{
	(void)execve(path, argv, envp);
	return host_error(errno);
}

int
sock_daemon(bool nochdir, bool noclose)
{
	int fd;

	if (setsid() == -1)
		return host_error(errno);
	if (!nochdir && chdir("/") == -1)
		return host_error(errno);
	if (!noclose && (fd = open("/dev/null", O_RDWR)) != -1) {
		for (int i = 0; i < 3; i++)
			(void)dup2(fd, i);
		if (fd > 2)
			(void)close(fd);
	}
	return 0;
}

char **
sock_environ(void)
{
	return environ;
}

void
sock_unsetenv(const char *name)
{
	(void)unsetenv(name);
}

void
sock_progname(char *buf, size_t size)
{
	ssize_t n = 0;
	int fd;

	fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, buf, size - 1);
		(void)close(fd);
	}
	if (n <= 0) {
		strncpy(buf, "rumpclient", size - 1);
		buf[size - 1] = '\0';
		return;
	}
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

int
sock_host_errno(int error)
{
	if (error < 0)
		error = -error;
	for (int host = 1; host < 200; host++) {
		if (host_error(host) == -error) {
			errno = host;
			return host;
		}
	}
	errno = EIO;
	return EIO;
}

void
sock_exit(int status)
{
	exit(status);
}
