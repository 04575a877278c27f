/* SPDX-License-Identifier: BSD-2-Clause */
/* sysproxy: a server in this process, and clients of every kind, honest ones and others. */
#include <netbsd/errno.h>
#include <netbsd/syscall.h>
#include <netbsd/syscallargs.h>
#include "host/sock.h"
#include "kern/kernel.h"
#include "lib/check.h"
#include "proxy/client.h"
#include "proxy/proxy.h"
#include "proxy/url.h"
#include "proxy/wire.h"

static const char *const no_components[] = { NULL };

struct server {
	struct rump_kernel *k;
	char url[80], path[64];
};

static void
server_start(struct server *s)
{
	static _Atomic int count;
	struct kern_config config = { .kc_components = no_components };

	memset(s, 0, sizeof(*s));
	CHECK_EQ(kern_boot(&config, &s->k), 0);
	snprintf(s->path, sizeof(s->path), "/tmp/proxy_test.%d.%d",
	    host_getpid(), atomic_fetch_add(&count, 1));
	snprintf(s->url, sizeof(s->url), "unix://%s", s->path);
	CHECK_EQ(proxy_listen(s->k, s->url), 0);
}

static void
server_stop(struct server *s)
{
	int64_t leak = -1;
	int fd;
	struct sock_addr a = { .sa_unix = true };

	proxy_stop(s->k);
	kern_halt(s->k, false, &leak);
	CHECK_EQ(leak, 0);
	strcpy(a.sa_path, s->path);
	CHECK_EQ(sock_connect(&a, &fd), -ENOENT);
}

static const struct proxy_client_config config = { .pc_name = "test" };

static struct proxy_client *
client(struct server *s)
{
	struct proxy_client *cl;
	char why[256];

	CHECK_EQ(
	    proxy_client_connect(s->url, &config, why, sizeof(why), &cl), 0);
	return cl;
}

/* A call with up to three arguments. */
static int
call(struct proxy_client *cl, int num, register_t rv[2], uintptr_t a,
    uintptr_t b, uintptr_t c)
{
	register_t args[3] = { (register_t)a, (register_t)b, (register_t)c };

	return proxy_client_syscall(cl, num, args, sizeof(args), rv, NULL);
}

static int
getpid_of(struct proxy_client *cl)
{
	register_t rv[2];

	return proxy_client_syscall(cl, SYS_getpid, NULL, 0, rv, NULL) == 0 ?
	    (int)rv[0] :
	    -1;
}

static void
wait_gone(struct server *s, int pid)
{
	struct proc *p;

	for (int i = 0; i < 2000; i++) {
		kmutex_enter(&s->k->k_proclock);
		p = proc_find(s->k, pid);
		kmutex_exit(&s->k->k_proclock);
		if (p == NULL)
			return;
		host_sleep_ns(1000000);
	}
	CHECK(!"the process is gone");
}

/* --- raw sockets --- */

static int
raw(struct server *s)
{
	struct sock_addr a = { .sa_unix = true };
	char line[WIRE_BANNER];
	int fd;

	strcpy(a.sa_path, s->path);
	CHECK_EQ(sock_connect(&a, &fd), 0);
	CHECK(sock_recv(fd, line, sizeof(line)) > 0);
	CHECK(memcmp(line, "RUMPSP-0.4-NetBSD-7.99.34/" WIRE_MACHINE "\n",
		  26) == 0);
	return fd;
}

static size_t
put_frame(uint8_t *to, uint64_t reqno, unsigned class, unsigned type,
    uint32_t word, const void *body, size_t n)
{
	wire_put_head(to, n, reqno, class, type, word);
	if (n > 0)
		memcpy(to + WIRE_HEAD, body, n);
	return WIRE_HEAD + n;
}

static void
send_raw(int fd, const void *buf, size_t n)
{
	struct sock_vec v = { (void *)(uintptr_t)buf, n };

	(void)sock_sendv(fd, &v, 1, NULL);
}

static bool
recv_all(int fd, void *buf, size_t n)
{
	char *p = buf;
	int64_t got;

	for (; n > 0; p += got, n -= (size_t)got)
		if ((got = sock_recv(fd, p, n)) <= 0)
			return false;
	return true;
}

static bool
recv_frame(int fd, struct wire_head *h, void *body, size_t size)
{
	uint8_t buf[WIRE_HEAD];

	if (!recv_all(fd, buf, sizeof(buf)))
		return false;
	wire_get_head(buf, h);
	CHECK(h->w_len - WIRE_HEAD <= size);
	return recv_all(fd, body, (size_t)(h->w_len - WIRE_HEAD));
}

static int
raw_guest(struct server *s)
{
	uint8_t frame[64], body[64];
	struct wire_head h;
	int fd = raw(s);

	send_raw(fd, frame,
	    put_frame(frame, 1, WIRE_REQ, WIRE_HANDSHAKE, WIRE_GUEST, "raw", 4));
	CHECK(recv_frame(fd, &h, body, sizeof(body)));
	CHECK_EQ(h.w_class, WIRE_RESP);
	CHECK_EQ(h.w_len, 28);
	return fd;
}

/* --- tests: addresses --- */

TEST(url_parse_takes_what_is_right)
{
	struct sock_addr a;
	char why[128];
	bool rel;

	CHECK_EQ(url_parse("tcp://127.0.0.1:8080/x", false, &a, &rel, why,
		     sizeof(why)),
	    0);
	CHECK_EQ(a.sa_ip, 0x7f000001);
	CHECK_EQ(a.sa_port, 8080);
	CHECK_EQ(url_parse("tcp://*:1", true, &a, &rel, why, sizeof(why)), 0);
	CHECK_EQ(url_parse("unix://x", true, &a, &rel, why, sizeof(why)), 0);
	CHECK(rel && a.sa_path[0] == '/');
}

TEST(url_parse_refuses_what_is_wrong)
{
	static const struct {
		const char *url;
		int error;
	} rows[] = {
		{ "nonsense", -EINVAL },
		{ "foo://x", -EINVAL },
		{ "tcp6://::1", -EOPNOTSUPP },
		{ "tcp://1.2.3.4", -EINVAL },
		{ "tcp://1.2.3.4:99999", -ERANGE },
		{ "tcp://1.2.3.4:5x", -EINVAL },
		{ "tcp://1.2.3:5", -EINVAL },
		{ "tcp://1.2.3.4.5:5", -EINVAL },
		{ "tcp://256.2.3.4:5", -EINVAL },
		{ "tcp://:5", -EINVAL },
		{ "tcp://*:5", -EINVAL },
		{ "tcp://0.0.0.0:5", -EINVAL },
		{ "averyveryverylongid://x", -EINVAL },
	};
	struct sock_addr a;
	char why[128];
	bool rel;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_EQ(
		    url_parse(rows[i].url, false, &a, &rel, why, sizeof(why)),
		    rows[i].error);
}

/* --- tests: honest clients --- */

TEST(guest_getpid_is_two_below_one)
{
	struct proxy_client *cl;
	struct server s;
	register_t rv[2];

	server_start(&s);
	cl = client(&s);
	CHECK_EQ(proxy_client_syscall(cl, SYS_getpid, NULL, 0, rv, NULL), 0);
	CHECK_EQ(rv[0], 2);
	CHECK_EQ(rv[1], 1);
	CHECK_EQ(proxy_client_syscall(cl, 600, NULL, 0, rv, NULL), -ENOSYS);
	CHECK_EQ(proxy_client_syscall(cl, -1, NULL, 0, rv, NULL), -ENOSYS);
	proxy_client_close(cl);
	server_stop(&s);
}

TEST(guest_copies_come_out_right)
{
	static uint8_t in[300000], out[300000];
	struct proxy_client *cl;
	struct server s;
	register_t rv[2], p[2];
	size_t done = 0;

	server_start(&s);
	cl = client(&s);
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7 + i / 1000);
	CHECK_EQ(call(cl, SYS_pipe, p, 0, 0, 0), 0);
	CHECK(p[0] == 3 && p[1] == 4);
	while (done < sizeof(in)) {
		size_t n = 1 + done % 9000;

		if (n > sizeof(in) - done)
			n = sizeof(in) - done;
		CHECK_EQ(call(cl, SYS_write, rv, (uintptr_t)p[1],
			     (uintptr_t)(in + done), n),
		    0);
		CHECK_EQ(rv[0], (register_t)n);
		CHECK_EQ(call(cl, SYS_read, rv, (uintptr_t)p[0],
			     (uintptr_t)(out + done), n),
		    0);
		CHECK_EQ(rv[0], (register_t)n);
		done += n;
	}
	CHECK(memcmp(in, out, sizeof(in)) == 0);
	/* NULL is refused without a word; a wild address comes back as EFAULT. */
	CHECK_EQ(call(cl, SYS_write, rv, (uintptr_t)p[1], 0, 5), -EFAULT);
	CHECK_EQ(call(cl, SYS_write, rv, (uintptr_t)p[1], 8, 5), -EFAULT);
	CHECK(getpid_of(cl) > 0);
	proxy_client_close(cl);
	server_stop(&s);
}

struct job {
	struct proxy_client *cl;
	struct server *s;
	int fd, count, error;
	register_t rv[2];
	uint8_t byte;
};

static void
blocked_reader(void *arg)
{
	struct job *j = arg;

	j->error = call(
	    j->cl, SYS_read, j->rv, (uintptr_t)j->fd, (uintptr_t)&j->byte, 1);
}

TEST(guest_blocked_call_lets_others_pass)
{
	struct host_thread *t[40];
	struct job jobs[40];
	struct proxy_client *cl;
	struct server s;
	register_t rv[2], p[2];
	uint8_t data[40];

	server_start(&s);
	cl = client(&s);
	CHECK_EQ(call(cl, SYS_pipe, p, 0, 0, 0), 0);
	for (int i = 0; i < 40; i++) {
		jobs[i] = (struct job){ .cl = cl, .fd = (int)p[0] };
		CHECK_EQ(
		    host_thread_create("r", blocked_reader, &jobs[i], &t[i]), 0);
	}
	host_sleep_ns(20000000);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(getpid_of(cl), 2);
	memset(data, 'x', sizeof(data));
	CHECK_EQ(call(cl, SYS_write, rv, (uintptr_t)p[1], (uintptr_t)data,
		     sizeof(data)),
	    0);
	for (int i = 0; i < 40; i++) {
		host_thread_join(t[i]);
		CHECK_EQ(jobs[i].error, 0);
		CHECK_EQ(jobs[i].byte, 'x');
	}
	proxy_client_close(cl);
	server_stop(&s);
}

static void
pipe_work(void *arg)
{
	struct job *j = arg;
	register_t rv[2], p[2];
	uint8_t in[5000], out[5000];

	if (call(j->cl, SYS_pipe, p, 0, 0, 0) != 0) {
		j->error = 1;
		return;
	}
	for (int i = 0; i < j->count && j->error == 0; i++) {
		memset(in, i, sizeof(in));
		if (call(j->cl, SYS_write, rv, (uintptr_t)p[1], (uintptr_t)in,
			sizeof(in)) != 0 ||
		    rv[0] != sizeof(in))
			j->error = 2;
		else if (call(j->cl, SYS_read, rv, (uintptr_t)p[0],
			     (uintptr_t)out, sizeof(out)) != 0 ||
		    rv[0] != sizeof(out))
			j->error = 3;
		else if (memcmp(in, out, sizeof(in)) != 0)
			j->error = 4;
	}
	(void)call(j->cl, SYS_close, rv, (uintptr_t)p[0], 0, 0);
	(void)call(j->cl, SYS_close, rv, (uintptr_t)p[1], 0, 0);
}

TEST(guest_many_threads_on_many_connections)
{
	struct host_thread *t[16];
	struct job jobs[16];
	struct proxy_client *cl[4];
	struct server s;

	server_start(&s);
	for (int i = 0; i < 4; i++)
		cl[i] = client(&s);
	for (int i = 0; i < 16; i++) {
		jobs[i] = (struct job){ .cl = cl[i % 4], .count = 60 };
		CHECK_EQ(host_thread_create("w", pipe_work, &jobs[i], &t[i]), 0);
	}
	for (int i = 0; i < 16; i++) {
		host_thread_join(t[i]);
		CHECK_EQ(jobs[i].error, 0);
	}
	for (int i = 0; i < 4; i++)
		proxy_client_close(cl[i]);
	server_stop(&s);
}

struct reboot {
	struct proxy_client *cl;
	_Atomic bool back;
	int error;
	_Atomic size_t len;
	int fd;
	char answer[128];
};

static bool
hold(void *ctx, int fd, const void *answer, size_t n)
{
	struct reboot *r = ctx;

	if (n > sizeof(r->answer))
		return false;
	r->fd = fd;
	memcpy(r->answer, answer, n);
	atomic_store(&r->len, n);
	return true;
}

static void
ask_to_halt(void *arg)
{
	struct reboot *r = arg;
	register_t rv[2];

	r->error = call(r->cl, SYS_reboot, rv, 0, 0, 0);
	atomic_store(&r->back, true);
}

TEST(held_reboot_is_answered_when_the_kernel_is_down)
{
	struct reboot r = { .error = 1 };
	struct host_thread *t;
	struct sock_vec v;
	struct server s;

	server_start(&s);
	proxy_hold(s.k, hold, &r);
	r.cl = client(&s);
	CHECK_EQ(host_thread_create("halt", ask_to_halt, &r, &t), 0);
	while (atomic_load(&r.len) == 0)
		host_sleep_ns(1000000);
	server_stop(&s);
	CHECK(!atomic_load(&r.back));
	v = (struct sock_vec){ .sv_base = r.answer,
		.sv_len = atomic_load(&r.len) };
	CHECK_EQ(sock_sendv(r.fd, &v, 1, NULL), 0);
	sock_close(r.fd);
	host_thread_join(t);
	CHECK_EQ(r.error, 0);
	proxy_client_close(r.cl);
}

TEST(guest_limit_more_are_closed_at_once)
{
	struct proxy_client *cl[255], *one;
	struct server s;
	char why[64];

	server_start(&s);
	for (int i = 0; i < 255; i++)
		cl[i] = client(&s);
	CHECK(proxy_client_connect(s.url, &config, why, sizeof(why), &one) < 0);
	for (int i = 0; i < 255; i++) {
		CHECK_EQ(getpid_of(cl[i]), i + 2);
		proxy_client_close(cl[i]);
	}
	server_stop(&s);
}

/* --- tests: fork and exec --- */

TEST(fork_child_has_descriptors_and_parent_one)
{
	struct proxy_client *cl, *child, *again;
	uint8_t cookie[WIRE_COOKIE], byte = 'a';
	struct server s;
	register_t rv[2], p[2];
	char why[64];

	server_start(&s);
	cl = client(&s);
	CHECK_EQ(call(cl, SYS_pipe, p, 0, 0, 0), 0);
	CHECK_EQ(proxy_client_prefork(cl, cookie), 0);
	CHECK_EQ(
	    proxy_client_fork(s.url, &config, cookie, why, sizeof(why), &child),
	    0);
	CHECK_EQ(proxy_client_syscall(child, SYS_getpid, NULL, 0, rv, NULL), 0);
	CHECK_EQ(rv[0], 4);
	CHECK_EQ(rv[1], 1);
	CHECK_EQ(
	    call(child, SYS_write, rv, (uintptr_t)p[1], (uintptr_t)&byte, 1), 0);
	byte = 0;
	CHECK_EQ(
	    call(cl, SYS_read, rv, (uintptr_t)p[0], (uintptr_t)&byte, 1), 0);
	CHECK_EQ(byte, 'a');
	/* Copied, not shared: what the child closes stays open here. */
	CHECK_EQ(call(child, SYS_close, rv, (uintptr_t)p[1], 0, 0), 0);
	CHECK_EQ(
	    call(cl, SYS_write, rv, (uintptr_t)p[1], (uintptr_t)&byte, 1), 0);
	CHECK_EQ(
	    proxy_client_fork(s.url, &config, cookie, why, sizeof(why), &again),
	    -ESRCH);
	proxy_client_close(cl);
	wait_gone(&s, 2);
	CHECK_EQ(getpid_of(child), 4);
	proxy_client_close(child);
	server_stop(&s);
}

TEST(fork_cookie_outlives_its_parent)
{
	struct proxy_client *cl, *child;
	uint8_t cookie[WIRE_COOKIE], unused[WIRE_COOKIE];
	struct server s;
	char why[64];

	server_start(&s);
	cl = client(&s);
	CHECK_EQ(proxy_client_prefork(cl, cookie), 0);
	CHECK_EQ(proxy_client_prefork(cl, unused), 0);
	proxy_client_close(cl);
	wait_gone(&s, 2);
	CHECK_EQ(
	    proxy_client_fork(s.url, &config, cookie, why, sizeof(why), &child),
	    0);
	CHECK(getpid_of(child) > 3);
	proxy_client_close(child);
	server_stop(&s);
}

TEST(exec_ends_the_old_programs_calls)
{
	uint8_t frame[256], body[256];
	struct wire_head h;
	struct wire_sysresp resp;
	register_t args[3];
	struct server s;
	int fd;

	server_start(&s);
	fd = raw_guest(&s);
	send_raw(fd, frame,
	    put_frame(frame, 2, WIRE_REQ, WIRE_SYSCALL, SYS_pipe, NULL, 0));
	CHECK(recv_frame(fd, &h, body, sizeof(body)));
	/* Blocked reads, and one that asks for the old program's memory. */
	args[0] = 3;
	args[1] = 4096;
	args[2] = 1;
	for (int i = 0; i < 3; i++)
		send_raw(fd, frame,
		    put_frame(frame, (uint64_t)(3 + i), WIRE_REQ, WIRE_SYSCALL,
			SYS_read, args, sizeof(args)));
	args[0] = 4;
	send_raw(fd, frame,
	    put_frame(frame, 6, WIRE_REQ, WIRE_SYSCALL, SYS_write, args,
		sizeof(args)));
	CHECK(recv_frame(fd, &h, body, sizeof(body)));
	CHECK_EQ(h.w_type, WIRE_COPYIN);
	send_raw(fd, frame,
	    put_frame(
		frame, 0, WIRE_REQ, WIRE_HANDSHAKE, WIRE_EXEC, "other", 6));
	CHECK(recv_frame(fd, &h, body, sizeof(body)));
	CHECK_EQ(h.w_type, WIRE_HANDSHAKE);
	CHECK_EQ(h.w_reqno, 0);
	CHECK_EQ(h.w_class, WIRE_RESP);
	send_raw(fd, frame,
	    put_frame(frame, 1, WIRE_REQ, WIRE_SYSCALL, SYS_getpid, NULL, 0));
	CHECK(recv_frame(fd, &h, body, sizeof(body)));
	CHECK_EQ(h.w_reqno, 1);
	memcpy(&resp, body, sizeof(resp));
	CHECK_EQ(resp.ws_rv[0], 2);
	sock_close(fd);
	server_stop(&s);
}

/* --- tests: clients that die --- */

TEST(client_death_wakes_its_calls)
{
	struct host_thread *t;
	struct proxy_client *cl;
	struct server s;
	struct job j;
	register_t p[2];

	server_start(&s);
	for (int i = 0; i < 30; i++) {
		cl = client(&s);
		CHECK_EQ(call(cl, SYS_pipe, p, 0, 0, 0), 0);
		j = (struct job){ .cl = cl, .fd = (int)p[0] };
		CHECK_EQ(host_thread_create("r", blocked_reader, &j, &t), 0);
		host_sleep_ns((i % 5) * 300000);
		proxy_client_cut(cl);
		host_thread_join(t);
		CHECK_EQ(j.error, -ENOTCONN);
		proxy_client_close(cl);
		wait_gone(&s, 2 + i);
	}
	server_stop(&s);
}

/* A conversation with everything in it. */
static size_t
conversation(uint8_t *to)
{
	register_t args[3] = { 4, 4096, 3 };
	size_t n = 0;

	n += put_frame(to + n, 1, WIRE_REQ, WIRE_HANDSHAKE, WIRE_GUEST, "x", 2);
	n += put_frame(to + n, 2, WIRE_REQ, WIRE_SYSCALL, SYS_pipe, NULL, 0);
	n += put_frame(
	    to + n, 3, WIRE_REQ, WIRE_SYSCALL, SYS_write, args, sizeof(args));
	n += put_frame(to + n, 0, WIRE_RESP, WIRE_COPYIN, 0, "abc", 3);
	args[0] = 3;
	args[2] = 2;
	n += put_frame(
	    to + n, 4, WIRE_REQ, WIRE_SYSCALL, SYS_read, args, sizeof(args));
	n += put_frame(to + n, 5, WIRE_REQ, WIRE_PREFORK, 0, NULL, 0);
	n += put_frame(to + n, 9, WIRE_ERROR, 0, 3, NULL, 0);
	n += put_frame(
	    to + n, 6, WIRE_REQ, WIRE_HANDSHAKE, WIRE_EXEC, "other", 6);
	n += put_frame(to + n, 7, WIRE_REQ, WIRE_SYSCALL, SYS_getpid, NULL, 0);
	return n;
}

TEST(client_death_at_any_byte_leaves_nothing)
{
	uint8_t talk[1024];
	size_t n = conversation(talk);
	struct server s;
	int fd;

	server_start(&s);
	for (size_t i = 0; i <= n; i++) {
		fd = raw(&s);
		send_raw(fd, talk, i);
		if (i % 3 == 0)
			host_sleep_ns(200000);
		sock_close(fd);
	}
	CHECK_EQ(s.k->k_state, KERN_RUNNING);
	server_stop(&s);
}

TEST(client_noise_drops_that_client_only)
{
	uint8_t talk[1024], noise[1024];
	size_t n = conversation(talk);
	uint32_t x = 12345;
	struct proxy_client *cl;
	struct server s;
	int fd;

	server_start(&s);
	cl = client(&s);
	for (int round = 0; round < 400; round++) {
		memcpy(noise, talk, n);
		for (int i = 0; i < 1 + round % 4; i++) {
			x = x * 1103515245 + 12345;
			noise[(x >> 8) % n] ^= (uint8_t)(x >> 24);
		}
		if (round % 10 == 0)
			s.k->k_host->random(noise, n);
		fd = raw(&s);
		send_raw(fd, noise, n);
		if (round % 2 == 0)
			host_sleep_ns(100000);
		sock_close(fd);
		if (round % 50 == 0)
			CHECK_EQ(getpid_of(cl), 2);
	}
	proxy_client_close(cl);
	server_stop(&s);
}

TEST(client_wrong_answer_drops_it)
{
	uint8_t frame[256], body[256];
	register_t args[3] = { 1, 4096, 3 };
	struct wire_head h;
	struct server s;
	int fd;

	server_start(&s);
	fd = raw_guest(&s);
	send_raw(fd, frame,
	    put_frame(frame, 2, WIRE_REQ, WIRE_SYSCALL, SYS_write, args,
		sizeof(args)));
	CHECK(recv_frame(fd, &h, body, sizeof(body)));
	CHECK_EQ(h.w_type, WIRE_COPYIN);
	send_raw(fd, frame,
	    put_frame(
		frame, h.w_reqno, WIRE_RESP, WIRE_COPYIN, 0, "toolong", 7));
	/* The call's answer, perhaps, and the end. */
	while (recv_frame(fd, &h, body, sizeof(body)))
		continue;
	sock_close(fd);
	server_stop(&s);
}

/* What a server of the other ABI says is enough: nothing of it may be taken for structures of ours. */
TEST(client_of_another_machine_refuses)
{
	const char *other = strcmp(WIRE_MACHINE, "amd64") == 0 ?
	    "RUMPSP-0.4-NetBSD-7.99.34/i386\n" :
	    "RUMPSP-0.4-NetBSD-7.99.34/amd64\n";
	struct proxy_client *cl;
	int fds[2];

	CHECK_EQ(sock_pair(fds), 0);
	send_raw(fds[1], other, strlen(other));
	CHECK_EQ(proxy_client_attach(fds[0], &config, &cl), -EPROGMISMATCH);
	CHECK(cl == NULL);
	sock_close(fds[1]);
}

TEST(client_huge_frame_drops_it)
{
	uint8_t frame[WIRE_HEAD];
	struct wire_head h;
	struct server s;
	int fd;

	server_start(&s);
	fd = raw_guest(&s);
	wire_put_head(frame, UINT64_MAX / 2, 2, WIRE_REQ, WIRE_SYSCALL, 20);
	send_raw(fd, frame, sizeof(frame));
	CHECK(!recv_frame(fd, &h, frame, sizeof(frame)));
	sock_close(fd);
	server_stop(&s);
}

TEST(client_that_never_reads_hinders_nobody)
{
	static uint8_t frames[40 * 4000];
	struct proxy_client *cl;
	struct server s;
	size_t n = 0;
	int fd;

	server_start(&s);
	fd = raw_guest(&s);
	for (int i = 0; i < 4000; i++)
		n += put_frame(frames + n, (uint64_t)i, WIRE_REQ, WIRE_SYSCALL,
		    SYS_getpid, NULL, 0);
	for (size_t off = 0; off < n;) {
		int64_t sent = sock_trysend(fd, frames + off, n - off);

		if (sent < 0)
			break;
		off += (size_t)sent;
	}
	cl = client(&s);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(getpid_of(cl), 3);
	proxy_client_close(cl);
	/* With the other one stuck. */
	server_stop(&s);
	sock_close(fd);
}

/* --- tests: the server ends --- */

TEST(stop_with_blocked_clients_they_see_the_loss)
{
	struct host_thread *t[8];
	struct job jobs[8];
	struct proxy_client *cl[8];
	struct server s;
	register_t p[2];

	server_start(&s);
	for (int i = 0; i < 8; i++) {
		cl[i] = client(&s);
		CHECK_EQ(call(cl[i], SYS_pipe, p, 0, 0, 0), 0);
		jobs[i] = (struct job){ .cl = cl[i], .fd = (int)p[0] };
		CHECK_EQ(
		    host_thread_create("r", blocked_reader, &jobs[i], &t[i]), 0);
	}
	host_sleep_ns(10000000);
	server_stop(&s);
	for (int i = 0; i < 8; i++) {
		host_thread_join(t[i]);
		CHECK_EQ(jobs[i].error, -ENOTCONN);
		CHECK(proxy_client_lost(cl[i]));
		proxy_client_close(cl[i]);
	}
}

TEST(listen_path_in_use_is_refused)
{
	struct server s;
	char why[256];

	server_start(&s);
	CHECK_EQ(proxy_listen_why(s.k, s.url, why, sizeof(why)), -EADDRINUSE);
	CHECK(strncmp(why, "rump_sp: failed to bind to URL ", 31) == 0);
	CHECK_EQ(
	    proxy_listen_why(s.k, "tcp://127.0.0.1:0", why, sizeof(why)), 0);
	server_stop(&s);
}

static void
come_and_go(void *arg)
{
	struct job *j = arg;
	struct proxy_client *cl;
	char why[64];

	for (int i = 0; i < j->count; i++) {
		if (proxy_client_connect(
			j->s->url, &config, why, sizeof(why), &cl) != 0) {
			j->error = 1;
			return;
		}
		if (getpid_of(cl) < 2)
			j->error = 2;
		proxy_client_close(cl);
	}
}

TEST(clients_come_and_go_in_parallel)
{
	struct host_thread *t[4];
	struct job jobs[4];
	struct server s;

	server_start(&s);
	for (int i = 0; i < 4; i++) {
		jobs[i] = (struct job){ .s = &s, .count = 150 };
		CHECK_EQ(
		    host_thread_create("c", come_and_go, &jobs[i], &t[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		host_thread_join(t[i]);
		CHECK_EQ(jobs[i].error, 0);
	}
	server_stop(&s);
}

int
main(void)
{
	RUN(url_parse_takes_what_is_right);
	RUN(url_parse_refuses_what_is_wrong);
	RUN(guest_getpid_is_two_below_one);
	RUN(guest_copies_come_out_right);
	RUN(guest_blocked_call_lets_others_pass);
	RUN(guest_many_threads_on_many_connections);
	RUN(guest_limit_more_are_closed_at_once);
	RUN(fork_child_has_descriptors_and_parent_one);
	RUN(fork_cookie_outlives_its_parent);
	RUN(exec_ends_the_old_programs_calls);
	RUN(client_death_wakes_its_calls);
	RUN(client_death_at_any_byte_leaves_nothing);
	RUN(client_noise_drops_that_client_only);
	RUN(client_wrong_answer_drops_it);
	RUN(client_of_another_machine_refuses);
	RUN(client_huge_frame_drops_it);
	RUN(client_that_never_reads_hinders_nobody);
	RUN(stop_with_blocked_clients_they_see_the_loss);
	RUN(listen_path_in_use_is_refused);
	RUN(clients_come_and_go_in_parallel);
	RUN(held_reboot_is_answered_when_the_kernel_is_down);
	return check_done();
}
