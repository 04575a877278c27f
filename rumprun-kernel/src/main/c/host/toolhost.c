/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams, signals and programs for tools that a shell runs. */
#include "host/hostonly.h"
#include "host/toolhost.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <sys/wait.h>

struct toolhost_signals {
	pthread_t thread;
	sigset_t old;
	_Atomic int *info, *interrupt;
	bool catch;
	void (*woken)(void *);
	void *ctx;
	int wake; /* readable once interrupted */
	_Atomic bool stop;
};

static void
signal_set(bool catch, sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	if (catch) {
		sigaddset(set, SIGINT);
		sigaddset(set, SIGTERM);
	}
}

static void *
receive(void *arg)
{
	struct toolhost_signals *s = arg;
	uint64_t one = 1;
	sigset_t set;
	int signo;

	signal_set(s->catch, &set);
	for (;;) {
		if (sigwait(&set, &signo) != 0)
			continue;
		if (atomic_load(&s->stop))
			return NULL;
		if (signo == SIGUSR1) {
			atomic_store(s->info, 1);
			continue;
		}
		if (atomic_exchange(s->interrupt, signo) != 0)
			toolhost_die(signo);
		if (write(s->wake, &one, sizeof(one)) < 0)
			continue;
		if (s->woken != NULL)
			s->woken(s->ctx);
	}
}

int
toolhost_signals_start(_Atomic int *info, _Atomic int *interrupt, bool catch,
    void (*woken)(void *), void *ctx, struct toolhost_signals **out)
{
	struct toolhost_signals *s = calloc(1, sizeof(*s));
	sigset_t set;
	int error;

	*out = NULL;
	if (s == NULL)
		return -NB_ENOMEM;
	s->info = info;
	s->interrupt = interrupt;
	s->catch = catch;
	s->woken = woken;
	s->ctx = ctx;
	s->wake = eventfd(0, EFD_CLOEXEC);
	if (s->wake < 0) {
		error = host_error(errno);
		free(s);
		return error;
	}
	signal_set(catch, &set);
	pthread_sigmask(SIG_BLOCK, &set, &s->old);
	error = pthread_create(&s->thread, NULL, receive, s);
	if (error != 0) {
		pthread_sigmask(SIG_SETMASK, &s->old, NULL);
		close(s->wake);
		free(s);
		return host_error(error);
	}
	*out = s;
	return 0;
}

void
toolhost_signals_stop(struct toolhost_signals *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stop, true);
	pthread_kill(s->thread, SIGUSR1);
	pthread_join(s->thread, NULL);
	pthread_sigmask(SIG_SETMASK, &s->old, NULL);
	close(s->wake);
	free(s);
}

void
toolhost_die(int signo)
{
	sigset_t set;

	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), signo);
	_exit(128 + signo);
}

void
toolhost_signals_default(void)
{
	sigset_t set;

	signal_set(true, &set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
}

void
toolhost_ignore_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	/* One that is blocked is kept for the thread that waits for it all the same. */
	signal(SIGUSR1, SIG_IGN);
}

void
toolhost_hold_standard(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
			return;
}

int
toolhost_read(void *ctx, int fd, void *buf, size_t n)
{
	struct toolhost_signals *s = ctx;
	struct pollfd p[2];
	ssize_t got;

	if (n > INT_MAX)
		n = INT_MAX;
	for (;;) {
		if (s != NULL && s->catch) {
			p[0].fd = fd;
			p[0].events = POLLIN;
			p[1].fd = s->wake;
			p[1].events = POLLIN;
			p[0].revents = p[1].revents = 0;
			if (poll(p, 2, -1) < 0 && errno == EINTR)
				continue;
			if (p[1].revents != 0)
				return host_error(EINTR);
		}
		got = read(fd, buf, n);
		if (got >= 0)
			return (int)got;
		if (errno != EINTR)
			return host_error(errno);
	}
}

int
toolhost_write(void *ctx, int fd, const void *buf, size_t n)
{
	const char *p = buf;
	size_t left = n;
	ssize_t put;

	(void)ctx;
	while (left > 0) {
		put = write(fd, p, left);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN) {
			struct pollfd w = { .fd = fd, .events = POLLOUT };

			poll(&w, 1, -1);
			continue;
		}
		if (put < 0)
			return host_error(errno);
		p += put;
		left -= (size_t)put;
	}
	return n > INT_MAX ? INT_MAX : (int)n;
}

bool
toolhost_isatty(void *ctx, int fd)
{
	(void)ctx;
	return isatty(fd) == 1;
}

int
toolhost_columns(void *ctx, int fd)
{
	struct winsize w;

	(void)ctx;
	return ioctl(fd, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

int
toolhost_echo(void *ctx, int fd, bool on)
{
	struct termios tio;

	(void)ctx;
	if (tcgetattr(fd, &tio) != 0)
		return host_error(errno);
	if (on)
		tio.c_lflag |= ECHO;
	else
		tio.c_lflag &= ~(tcflag_t)ECHO;
	return tcsetattr(fd, TCSAFLUSH, &tio) == 0 ? 0 : host_error(errno);
}

int
toolhost_program(const char *name, char *path, size_t size)
{
	static const char *const folders[] = { "/sbin", "/usr/sbin", "/bin",
		"/usr/bin" };
	char self[PATH_MAX];
	ssize_t n;
	size_t i;
	int len;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		*(strrchr(self, '/') + 1) = '\0';
		len = snprintf(path, size, "%s%s", self, name);
		if (len > 0 && (size_t)len < size && access(path, X_OK) == 0)
			return 0;
	}
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		len = snprintf(path, size, "%s/%s", folders[i], name);
		if (len > 0 && (size_t)len < size && access(path, X_OK) == 0)
			return 0;
	}
	return host_error(ENOENT);
}

int
toolhost_link(const char *path, char *to, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t dir = slash != NULL ? (size_t)(slash + 1 - path) : 0;
	ssize_t n;

	if (dir >= size)
		return host_error(EINVAL);
	n = readlink(path, to + dir, size - dir);
	if (n <= 0 || (size_t)n >= size - dir)
		return host_error(EINVAL);
	if (to[dir] == '/') {
		memmove(to, to + dir, (size_t)n);
		dir = 0;
	} else {
		memcpy(to, path, dir);
	}
	to[dir + (size_t)n] = '\0';
	return 0;
}

bool
toolhost_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int
toolhost_slurp(const char *path, void *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return host_error(errno);
	if (size > INT_MAX)
		size = INT_MAX;
	while (len < size) {
		n = read(fd, (char *)buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	return (int)len;
}

int
toolhost_wait(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return host_error(errno);
	if (WIFSIGNALED(status))
		return 0x100 | WTERMSIG(status);
	return WEXITSTATUS(status);
}

void
toolhost_exit(int status)
{
	_exit(status);
}
