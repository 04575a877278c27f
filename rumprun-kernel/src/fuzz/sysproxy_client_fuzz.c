/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzzing: what a server sends to a client. Calls fail, or what they gave is taken; memory that no call named stays as it is. */
#include "host/host.h"
#include "host/sock.h"
#include "proxy/client.h"
#include "proxy/wire.h"
#include <netbsd/syscall.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct liar {
	int fd;
	const uint8_t *in;
	size_t n;
	char *memory;
};

static void
put(int fd, const void *p, size_t n)
{
	struct sock_vec v = { (void *)(uintptr_t)p, n };
	size_t sent;

	(void)sock_sendv(fd, &v, 1, &sent);
}

/* One frame: kind, length, request's number, word, and so many bytes. */
static void
send_frame(struct liar *l, const uint8_t *in, size_t len)
{
	uint8_t frame[WIRE_HEAD + 256] = { 0 };
	unsigned kind = in[0];
	struct wire_copy copy;

	memcpy(frame + WIRE_HEAD, in + 4, len);
	if (kind % 8 == 0) {
		put(l->fd, in + 4, len);
		return;
	}
	/* Copies go where the call's own memory is, or near. */
	if (kind % 8 >= WIRE_COPYIN && kind % 8 <= WIRE_COPYOUTSTR && len >= 3) {
		copy.wc_len = in[4] | (size_t)in[5] << 8;
		copy.wc_addr = l->memory + in[6];
		memcpy(frame + WIRE_HEAD, &copy, sizeof(copy));
		if (len < sizeof(copy))
			len = sizeof(copy);
		wire_put_head(frame, len, in[2], WIRE_REQ, kind % 8, 0);
	} else
		wire_put_head(frame, kind & 0x80 ? len + 1 : len, in[2],
		    (kind >> 4) & 3, kind & 15, in[3]);
	put(l->fd, frame, WIRE_HEAD + len);
}

static void
serve(void *arg)
{
	static const char
	    banner[WIRE_BANNER] = "RUMPSP-0.4-NetBSD-7.99.34/" WIRE_MACHINE
				  "\n";
	struct liar *l = arg;
	const uint8_t *in = l->in, *end = l->in + l->n;
	uint8_t frame[WIRE_HEAD + 4] = { 0 }, buf[1024];
	unsigned how = *in++;
	size_t len;

	if ((how & 0x80) == 0) {
		put(l->fd, banner, strlen(banner));
		wire_put_head(
		    frame, 4, how & 0x40 ? 0 : 1, WIRE_RESP, WIRE_HANDSHAKE, 0);
		put(l->fd, frame, sizeof(frame));
	}
	for (; end - in >= 4; in += 4 + len) {
		len = in[1] < end - in - 4 ? in[1] : (size_t)(end - in - 4);
		send_frame(l, in, len);
	}
	sock_shutdown(l->fd, false, true);
	while (sock_recv(l->fd, buf, sizeof(buf)) > 0)
		continue;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static const struct proxy_client_config who = { .pc_name = "fuzz" };
	struct liar l = { .in = in, .n = n };
	struct host_thread *thread;
	struct proxy_client *cl;
	uint8_t cookie[WIRE_COOKIE];
	register_t rv[2], args[3];
	int fds[2];
	char *room;

	if (n < 1 || sock_pair(fds) != 0)
		return 0;
	room = malloc(65536 + 512);
	l.memory = room;
	l.fd = fds[0];
	if (host_thread_create("liar", serve, &l, &thread) != 0)
		abort();
	if (proxy_client_attach(fds[1], &who, &cl) == 0) {
		args[0] = 0;
		args[1] = (register_t)(uintptr_t)room;
		args[2] = 65536 + 256;
		(void)proxy_client_syscall(
		    cl, SYS_read, args, sizeof(args), rv, NULL);
		(void)proxy_client_syscall(cl, SYS_getpid, NULL, 0, rv, NULL);
		(void)proxy_client_prefork(cl, cookie);
		proxy_client_close(cl);
	}
	host_thread_join(thread);
	sock_close(fds[0]);
	free(room);
	return 0;
}
