/* SPDX-License-Identifier: BSD-2-Clause */
/* What a server program asks of its host process: to be told when to stop. */
#include "host/hostonly.h"
#include "host/sock.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

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
