/* SPDX-License-Identifier: BSD-2-Clause */
/* rumpclient(3) as a program uses it: signals, fork, exec, the server's death. The server is another process. */
#define _DEFAULT_SOURCE
#include <sys/types.h>
#include <sys/time.h>
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

static char url[64];
static const char *self;

/* A process with a kernel in it, listening. */
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

static void
stop_server(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int
status_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* --- signals --- */

static volatile sig_atomic_t caught, nested_pid, pipe_end;

static void
handler(int signo)
{
	(void)signo;
	caught++;
	nested_pid = rump_sys_getpid();
	if (caught == 5 && rump_sys_write(pipe_end, "x", 1) != 1)
		caught = -1000;
}

TEST(signal_handler_runs_in_a_blocked_call_and_may_call)
{
	struct itimerval every = { { 0, 3000 }, { 0, 3000 } };
	struct itimerval none = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa;
	int p[2], me = rump_sys_getpid();
	char c = 0;
	ssize_t n;

	CHECK_EQ(rump_sys_pipe(p), 0);
	pipe_end = p[1];
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	n = rump_sys_read(p[0], &c, 1);
	setitimer(ITIMER_REAL, &none, NULL);
	CHECK_EQ(n, 1);
	CHECK_EQ(c, 'x');
	CHECK(caught >= 5);
	CHECK_EQ(nested_pid, me);
	/* And while calls come thick and fast. */
	every.it_interval.tv_usec = every.it_value.tv_usec = 300;
	setitimer(ITIMER_REAL, &every, NULL);
	for (int i = 0; i < 3000; i++)
		if (rump_sys_getpid() != me)
			n = -1;
	setitimer(ITIMER_REAL, &none, NULL);
	CHECK_EQ(n, 1);
	rump_sys_close(p[0]);
	rump_sys_close(p[1]);
}

static void
count(int signo)
{
	(void)signo;
	caught++;
}

TEST(signal_of_the_kernel_is_raised_here)
{
	int p[2];

	caught = 0;
	signal(SIGPIPE, count);
	CHECK_EQ(rump_sys_pipe(p), 0);
	CHECK_EQ(rump_sys_close(p[0]), 0);
	CHECK_EQ(rump_sys_write(p[1], "x", 1), -1);
	CHECK_EQ(errno, 32);
	CHECK_EQ(caught, 1);
	signal(SIGPIPE, SIG_DFL);
	rump_sys_close(p[1]);
}

/* --- threads --- */

static void *
many_calls(void *arg)
{
	for (int i = 0; i < 500; i++)
		if (rump_sys_getpid() != *(int *)arg)
			CHECK_THREAD(!"the same process");
	return NULL;
}

TEST(threads_share_the_connection)
{
	int me = rump_sys_getpid();
	pthread_t t[8];

	for (int i = 0; i < 8; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, many_calls, &me), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
}

/* More each way than the sockets hold: neither side may wait for the other to read. */
#define LARGE (8 << 20)

static void *
large_copies(void *arg)
{
	char path[40], *out = malloc(LARGE), *in = malloc(LARGE);
	int n = *(int *)arg, fd;

	snprintf(path, sizeof(path), "/large%d", n);
	memset(out, n + 1, LARGE);
	/* NetBSD's O_CREAT | O_RDWR. */
	fd = rump_sys_open(path, 0x0202, 0600);
	for (int i = 0; i < 3; i++) {
		CHECK_THREAD(rump_sys_pwrite(fd, out, LARGE, 0) == LARGE);
		CHECK_THREAD(rump_sys_pread(fd, in, LARGE, 0) == LARGE);
		CHECK_THREAD(memcmp(in, out, LARGE) == 0);
	}
	rump_sys_close(fd);
	rump_sys_unlink(path);
	free(out);
	free(in);
	return NULL;
}

TEST(threads_copy_much_both_ways_at_once)
{
	int number[12];
	pthread_t t[12];

	for (int i = 0; i < 12; i++) {
		number[i] = i;
		CHECK_EQ(
		    pthread_create(&t[i], NULL, large_copies, &number[i]), 0);
	}
	for (int i = 0; i < 12; i++)
		pthread_join(t[i], NULL);
}

/* --- fork and exec --- */

TEST(fork_child_is_a_client_of_its_own)
{
	int me = rump_sys_getpid(), p[2];
	pid_t pid;
	char c = 0;

	CHECK_EQ(rump_sys_pipe(p), 0);
	pid = rumpclient_fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		int ok = rump_sys_getpid() != me &&
		    rump_sys_write(p[1], "y", 1) == 1;

		_exit(ok ? 7 : 1);
	}
	CHECK_EQ(rump_sys_read(p[0], &c, 1), 1);
	CHECK_EQ(c, 'y');
	CHECK_EQ(status_of(pid), 7);
	CHECK_EQ(rump_sys_getpid(), me);
	rump_sys_close(p[0]);
	rump_sys_close(p[1]);
}

/* What the program started by exec does: 9 when all is as it should be. */
static int
after_exec(int argc, char **argv)
{
	int closed, kept, pid;

	if (argc != 5 || getenv("RUMPCLIENT__EXECFD") == NULL ||
	    rumpclient_init() != 0 || getenv("RUMPCLIENT__EXECFD") != NULL)
		return 2;
	pid = atoi(argv[2]);
	kept = atoi(argv[3]);
	closed = atoi(argv[4]);
	if (rump_sys_getpid() != pid)
		return 3;
	if (rump_sys_write(kept, "z", 1) != 1)
		return 4;
	if (rump_sys_write(closed, "z", 1) != -1 || errno != 9)
		return 5;
	return 9;
}

TEST(exec_keeps_process_and_descriptors)
{
	char mine[16], kept[16], closed[16];
	char *argv[] = { (char *)(uintptr_t)self, "exec", mine, kept, closed,
		NULL };
	int p[2], gone;
	pid_t pid;
	char c = 0;

	CHECK_EQ(rump_sys_pipe(p), 0);
	gone = rump_sys_dup(p[1]);
	CHECK_EQ(rump_sys_fcntl(gone, 2, (void *)1), 0);
	pid = rumpclient_fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		snprintf(mine, sizeof(mine), "%d", rump_sys_getpid());
		snprintf(kept, sizeof(kept), "%d", p[1]);
		snprintf(closed, sizeof(closed), "%d", gone);
		rumpclient_exec("/nonexistent", argv, NULL);
		rumpclient_exec(self, argv, NULL);
		_exit(1);
	}
	CHECK_EQ(status_of(pid), 9);
	CHECK_EQ(rump_sys_read(p[0], &c, 1), 1);
	CHECK_EQ(c, 'z');
	rump_sys_close(p[0]);
	rump_sys_close(p[1]);
	rump_sys_close(gone);
}

TEST(plain_fork_needs_a_new_init)
{
	int me = rump_sys_getpid();
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		_exit(rumpclient_init() == 0 && rump_sys_getpid() != me ? 5 : 1);
	CHECK_EQ(status_of(pid), 5);
	CHECK_EQ(rump_sys_getpid(), me);
}

TEST(closenotify_moves_the_socket)
{
	int me = rump_sys_getpid();

	for (int fd = 3; fd < 20; fd++) {
		int num = fd;

		CHECK_EQ(
		    rumpclient__closenotify(&num, RUMPCLIENT_CLOSE_DUP2), 0);
	}
	CHECK_EQ(rump_sys_getpid(), me);
}

/* --- the server's death --- */

TEST(server_gone_calls_fail)
{
	CHECK_EQ(rump_sys_close(55), -1);
	CHECK_EQ(errno, ENOTCONN);
	CHECK_EQ(rump_sys_close(55), -1);
	CHECK_EQ(errno, ENOTCONN);
}

TEST(server_back_calls_go_on_when_wanted)
{
	rumpclient_setconnretry(5);
	CHECK_EQ(rump_sys_getpid(), 2);
	CHECK_EQ(rump_sys_close(55), -1);
	CHECK_EQ(errno, 9);
}

/* As closefrom(3) of a program that does not know: every call afterwards has a new connection. */
TEST(closed_socket_is_replaced_and_not_closed_again)
{
	rumpclient_setconnretry(RUMPCLIENT_RETRYCONN_INFTIME);
	for (int i = 0; i < 5; i++) {
		for (int fd = 3; fd < 64; fd++)
			(void)close(fd);
		CHECK_EQ(rump_sys_getpid() > 1, 1);
		CHECK_EQ(rump_sys_close(55), -1);
		CHECK_EQ(errno, 9);
	}
	rumpclient_setconnretry(0);
}

/* A daemon has nothing to do but to serve: it ends with its kernel, and takes its socket with it. */
TEST(daemon_ends_when_a_client_halts_it)
{
	char pid[32] = "", path[80];
	FILE *f;
	int left = 500;
	pid_t parent;

	snprintf(path, sizeof(path), "%s.pid", url + 7);
	if ((parent = fork()) == 0) {
		if (rump_daemonize_begin() != 0 || rump_init() != 0 ||
		    rump_init_server(url) != 0 || (f = fopen(path, "w")) == NULL)
			_exit(1);
		fprintf(f, "%d", (int)getpid());
		fclose(f);
		if (rump_daemonize_done(RUMP_DAEMONIZE_SUCCESS) != 0)
			_exit(1);
		for (;;)
			pause();
	}
	CHECK_EQ(status_of(parent), 0);
	f = fopen(path, "r");
	CHECK(f != NULL);
	CHECK(f != NULL && fgets(pid, sizeof(pid), f) != NULL);
	if (f != NULL)
		fclose(f);
	unlink(path);
	rumpclient_setconnretry(5);
	CHECK_EQ(rump_sys_getpid(), 2);
	rumpclient_setconnretry(0);
	(void)rump_sys_reboot(0, NULL);
	while (left-- > 0 && atoi(pid) > 0 && kill(atoi(pid), 0) == 0)
		usleep(10000);
	CHECK(left > 0);
	CHECK(access(url + 7, F_OK) != 0);
	if (left <= 0 && atoi(pid) > 0)
		kill(atoi(pid), SIGKILL);
}

/* A program in the foreground does so, too. */
TEST(server_ends_when_a_client_halts_it)
{
	int p[2], to[2];
	char c = 0, text[256];
	ssize_t n;
	size_t len = 0;
	pid_t pid;

	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(pipe(to), 0);
	if ((pid = fork()) == 0) {
		dup2(to[1], 1);
		close(to[1]);
		if (rump_init() != 0 || rump_init_server(url) != 0 ||
		    write(p[1], "y", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	close(to[1]);
	CHECK_EQ(read(p[0], &c, 1), 1);
	rumpclient_setconnretry(5);
	CHECK_EQ(rump_sys_getpid(), 2);
	rumpclient_setconnretry(0);
	CHECK_EQ(rump_sys_reboot(0, NULL), 0);
	CHECK_EQ(status_of(pid), 0);
	CHECK(access(url + 7, F_OK) != 0);
	while (len < sizeof(text) - 1 &&
	    (n = read(to[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	CHECK(strcmp(text,
		  "rump kernel halting...\nsyncing disks... done\n"
		  "unmounting file systems...\nunmounting done\nhalted\n") == 0);
	close(p[0]);
	close(to[0]);
}

int
main(int argc, char **argv)
{
	pid_t server;

	if (argc > 1 && strcmp(argv[1], "exec") == 0)
		return after_exec(argc, argv);
	self = "/proc/self/exe";
	snprintf(
	    url, sizeof(url), "unix:///tmp/rumpclient_test.%d", (int)getpid());
	setenv("RUMP_SERVER", url, 1);
	server = start_server();
	if (server == -1 || rumpclient_init() != 0) {
		perror("rumpclient_test");
		return 1;
	}
	RUN(signal_handler_runs_in_a_blocked_call_and_may_call);
	RUN(signal_of_the_kernel_is_raised_here);
	RUN(threads_share_the_connection);
	RUN(threads_copy_much_both_ways_at_once);
	RUN(fork_child_is_a_client_of_its_own);
	RUN(exec_keeps_process_and_descriptors);
	RUN(plain_fork_needs_a_new_init);
	RUN(closenotify_moves_the_socket);
	stop_server(server);
	RUN(server_gone_calls_fail);
	if ((server = start_server()) == -1)
		return 1;
	RUN(server_back_calls_go_on_when_wanted);
	RUN(closed_socket_is_replaced_and_not_closed_again);
	stop_server(server);
	unlink(url + 7);
	RUN(daemon_ends_when_a_client_halts_it);
	RUN(server_ends_when_a_client_halts_it);
	return check_done();
}
