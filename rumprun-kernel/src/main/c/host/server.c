/* SPDX-License-Identifier: BSD-2-Clause */
/* What a server program asks of its host process: to be a daemon, and to be told when to stop. */
#include "host/hostonly.h"
#include "host/sock.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

struct host_stop {
	int event, signals;
	sigset_t old;
};

int
host_stop_create(struct host_stop **sp)
{
	struct host_stop *s;
	sigset_t set;
	int error;

	*sp = NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -NB_ENOMEM;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	s->event = eventfd(0, EFD_CLOEXEC);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (s->event == -1 || s->signals == -1) {
		error = host_error(errno);
		if (s->event != -1)
			close(s->event);
		free(s);
		return error;
	}
	pthread_sigmask(SIG_BLOCK, &set, &s->old);
	*sp = s;
	return 0;
}

void
host_stop_raise(struct host_stop *s)
{
	sock_event_set(s->event);
}

void
host_stop_wait(struct host_stop *s)
{
	struct pollfd p[2] = {
		{ .fd = s->event, .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	ssize_t n;

	while (poll(p, 2, -1) <= 0)
		continue;
	if (p[1].revents != 0) {
		n = read(s->signals, &info, sizeof(info));
		(void)n;
	}
}

void
host_stop_destroy(struct host_stop *s)
{
	close(s->event);
	close(s->signals);
	pthread_sigmask(SIG_SETMASK, &s->old, NULL);
	free(s);
}

int
host_daemon_begin(struct host_daemon *d, int *status)
{
	int fds[2], error, word = 0, wait;
	ssize_t n;
	pid_t pid;

	*status = 0;
	if (pipe2(fds, O_CLOEXEC) == -1)
		return host_error(errno);
	if ((pid = fork()) == -1) {
		error = host_error(errno);
		close(fds[0]);
		close(fds[1]);
		return error;
	}
	if (pid == 0) {
		close(fds[0]);
		d->hd_fd = fds[1];
		(void)setsid();
		return 0;
	}
	close(fds[1]);
	do
		n = read(fds[0], &word, sizeof(word));
	while (n == -1 && errno == EINTR);
	close(fds[0]);
	if (n == sizeof(word)) {
		*status = word;
		return 1;
	}
	/* It died without a word. */
	*status = 1;
	if (waitpid(pid, &wait, 0) == pid && WIFEXITED(wait) &&
	    WEXITSTATUS(wait) != 0)
		*status = WEXITSTATUS(wait);
	return 1;
}

int
host_daemon_done(struct host_daemon *d, int status)
{
	ssize_t n;
	int fd;

	if (status == 0 && (fd = open("/dev/null", O_RDWR)) != -1) {
		for (int i = 0; i < 3; i++)
			(void)dup2(fd, i);
		if (fd > 2)
			close(fd);
	}
	n = write(d->hd_fd, &status, sizeof(status));
	close(d->hd_fd);
	d->hd_fd = -1;
	return n == sizeof(status) ? 0 : host_error(EPIPE);
}
