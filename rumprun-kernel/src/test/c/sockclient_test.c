/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of a kernel in another process: data in pieces, sleeping threads, SIGPIPE, clients that die in a call. */
#define _DEFAULT_SOURCE
#include <sys/types.h>
#include <sys/wait.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rump/rump.h>
#include <rump/rump_syscalls.h>
#include <rump/rumpclient.h>
#include "lib/check.h"

/* NetBSD's */
#define N_AF_LOCAL 1
#define N_SOCK_STREAM 1
#define N_SOCK_DGRAM 2
#define N_MSG_WAITALL 0x40
#define N_MSG_DONTWAIT 0x80
#define N_EAGAIN 35

struct name {
	unsigned char len, family;
	char path[104];
};

static char url[64];

static pid_t
start_server(void)
{
	char c = 0;
	int p[2];
	pid_t pid;

	unlink(url + 7);
	if (pipe(p) == -1 || (pid = fork()) == -1)
		return -1;
	if (pid == 0) {
		close(p[0]);
		c = rump_init() == 0 && rump_init_server(url) == 0;
		if (write(p[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	if (read(p[0], &c, 1) != 1)
		c = 0;
	close(p[0]);
	return c == 1 ? pid : -1;
}

/* --- data --- */

TEST(client_stream_carries_much_and_little)
{
	static char out[200000], in[200000];
	int fd[2];
	ssize_t n, sum = 0;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 31 >> 3);
	CHECK_EQ(rump_sys_socketpair(N_AF_LOCAL, N_SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(rump_sys_write(fd[0], out, sizeof(out)), sizeof(out));
	while (sum < (ssize_t)sizeof(in) &&
	    (n = rump_sys_read(fd[1], in + sum, sizeof(in) - (size_t)sum)) > 0)
		sum += n;
	CHECK_EQ(sum, sizeof(in));
	CHECK(memcmp(in, out, sizeof(in)) == 0);
	/* Many small ones are taken in one trip. */
	for (int i = 0; i < 300; i++)
		CHECK_EQ(rump_sys_write(fd[0], out + i * 10, 10), 10);
	memset(in, 0, sizeof(in));
	CHECK_EQ(rump_sys_recvfrom(fd[1], in, 3000, N_MSG_WAITALL, NULL, NULL),
	    3000);
	CHECK(memcmp(in, out, 3000) == 0);
	CHECK_EQ(
	    rump_sys_recvfrom(fd[1], in, 1, N_MSG_DONTWAIT, NULL, NULL), -1);
	CHECK_EQ(errno, N_EAGAIN);
	CHECK_EQ(rump_sys_read(fd[1], NULL, 0), 0);
	CHECK_EQ(rump_sys_write(fd[0], "x", 1), 1);
	CHECK_EQ(rump_sys_read(fd[1], NULL, 1), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(rump_sys_close(fd[0]), 0);
	CHECK_EQ(rump_sys_close(fd[1]), 0);
}

/* --- threads --- */

static int listener;
static struct name served = { 0, N_AF_LOCAL, "/client" };

static void *
serve(void *arg)
{
	char buf[100];
	ssize_t n;
	int s = rump_sys_accept(listener, NULL, NULL);

	(void)arg;
	CHECK_THREAD(s >= 0);
	while ((n = rump_sys_read(s, buf, sizeof(buf))) > 0)
		CHECK_THREAD(rump_sys_write(s, buf, (size_t)n) == n);
	CHECK_THREAD(n == 0);
	rump_sys_close(s);
	return NULL;
}

TEST(client_threads_sleep_in_accept_and_read)
{
	pthread_t t[3];
	char buf[100];
	int s;

	listener = rump_sys_socket(N_AF_LOCAL, N_SOCK_STREAM, 0);
	CHECK(listener >= 0);
	CHECK_EQ(rump_sys_bind(listener, (void *)&served, sizeof(served)), 0);
	CHECK_EQ(rump_sys_listen(listener, 5), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, serve, NULL), 0);
	usleep(20000);
	for (int i = 0; i < 3; i++) {
		s = rump_sys_socket(N_AF_LOCAL, N_SOCK_STREAM, 0);
		CHECK_EQ(
		    rump_sys_connect(s, (void *)&served, sizeof(served)), 0);
		for (int j = 0; j < 200; j++) {
			CHECK_EQ(rump_sys_write(s, "hello", 5), 5);
			CHECK_EQ(rump_sys_recvfrom(
				     s, buf, 5, N_MSG_WAITALL, NULL, NULL),
			    5);
		}
		CHECK_EQ(rump_sys_close(s), 0);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(rump_sys_close(listener), 0);
}

static void *
reader(void *arg)
{
	char c;

	errno = 0;
	CHECK_THREAD(rump_sys_read(*(int *)arg, &c, 1) == -1);
	CHECK_THREAD(errno == EBADF);
	return NULL;
}

TEST(client_close_wakes_its_reader)
{
	pthread_t t;
	int fd[2];

	CHECK_EQ(rump_sys_socketpair(N_AF_LOCAL, N_SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(pthread_create(&t, NULL, reader, &fd[0]), 0);
	usleep(30000);
	CHECK_EQ(rump_sys_close(fd[0]), 0);
	pthread_join(t, NULL);
	CHECK_EQ(rump_sys_close(fd[1]), 0);
}

/* --- signals, death --- */

static volatile sig_atomic_t pipes;

static void
on_pipe(int signo)
{
	(void)signo;
	pipes++;
}

TEST(client_gets_sigpipe)
{
	int fd[2];

	signal(SIGPIPE, on_pipe);
	CHECK_EQ(rump_sys_socketpair(N_AF_LOCAL, N_SOCK_STREAM, 0, fd), 0);
	CHECK_EQ(rump_sys_close(fd[1]), 0);
	CHECK_EQ(rump_sys_write(fd[0], "x", 1), -1);
	CHECK_EQ(errno, EPIPE);
	for (int i = 0; i < 200 && pipes == 0; i++)
		usleep(5000);
	CHECK_EQ(pipes, 1);
	CHECK_EQ(rump_sys_close(fd[0]), 0);
}

TEST(client_that_dies_closes_its_sockets)
{
	struct name name = { 0, N_AF_LOCAL, "/dying" };
	char c;
	int s, a;
	pid_t pid;

	s = rump_sys_socket(N_AF_LOCAL, N_SOCK_STREAM, 0);
	CHECK_EQ(rump_sys_bind(s, (void *)&name, sizeof(name)), 0);
	CHECK_EQ(rump_sys_listen(s, 5), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		if (rumpclient_init() == -1)
			_exit(1);
		s = rump_sys_socket(N_AF_LOCAL, N_SOCK_STREAM, 0);
		if (rump_sys_connect(s, (void *)&name, sizeof(name)) != 0)
			_exit(2);
		(void)rump_sys_write(s, "x", 1);
		(void)rump_sys_read(s, &c, 1);
		_exit(3);
	}
	a = rump_sys_accept(s, NULL, NULL);
	CHECK(a >= 0);
	CHECK_EQ(rump_sys_read(a, &c, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_EQ(rump_sys_read(a, &c, 1), 0);
	CHECK_EQ(rump_sys_close(a), 0);
	CHECK_EQ(rump_sys_close(s), 0);
}

int
main(void)
{
	pid_t server;

	snprintf(url, sizeof(url), "unix:///tmp/sockclient.%d", (int)getpid());
	setenv("RUMP_SERVER", url, 1);
	server = start_server();
	if (server == -1 || rumpclient_init() == -1) {
		printf("no server\n");
		return 1;
	}
	RUN(client_stream_carries_much_and_little);
	RUN(client_threads_sleep_in_accept_and_read);
	RUN(client_close_wakes_its_reader);
	RUN(client_gets_sigpipe);
	RUN(client_that_dies_closes_its_sockets);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(url + 7);
	return check_done();
}
