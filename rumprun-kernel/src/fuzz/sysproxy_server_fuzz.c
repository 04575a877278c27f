/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: what a client sends to a server. The input is its bytes after the handshake, or with it. Another client, an honest one, is served
 * all the while.
 */
#include "host/host.h"
#include "host/sock.h"
#include "kern/kernel.h"
#include "proxy/client.h"
#include "proxy/proxy.h"
#include "proxy/wire.h"
#include <netbsd/syscall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct server {
	struct rump_kernel *k;
	char url[128];
	struct proxy_client *honest;
	struct sock_addr addr;
};

static void
must(int error, const char *what)
{
	if (error == 0)
		return;
	fprintf(stderr, "%s: %d\n", what, error);
	abort();
}

static void
start(struct server *s)
{
	/* No file of the host's is within reach. */
	static const char *const parts[] = { "vfs", "fs_tmpfs", "fs_ffs", "dev",
		NULL };
	static const struct proxy_client_config who = { .pc_name = "honest" };
	struct kern_config config = { .kc_components = parts };
	char why[300];

	must(kern_boot(&config, &s->k), "boot");
	s->addr.sa_unix = true;
	snprintf(s->addr.sa_path, sizeof(s->addr.sa_path), "%s/fuzz-%d.sock",
	    getenv("FUZZ_DIR") != NULL ? getenv("FUZZ_DIR") : "/tmp",
	    host_getpid());
	snprintf(s->url, sizeof(s->url), "unix://%s", s->addr.sa_path);
	must(proxy_listen(s->k, s->url), "listen");
	must(proxy_client_connect(s->url, &who, why, sizeof(why), &s->honest),
	    "connect");
}

static void
stop(struct server *s)
{
	int64_t leak = 0;

	proxy_client_close(s->honest);
	proxy_stop(s->k);
	kern_halt(s->k, true, &leak);
	must(leak != 0, "leak");
	memset(s, 0, sizeof(*s));
}

static void
put(int fd, const void *p, size_t n)
{
	struct sock_vec v = { (void *)(uintptr_t)p, n };
	size_t sent;

	(void)sock_sendv(fd, &v, 1, &sent);
}

static void
guest(int fd)
{
	uint8_t frame[WIRE_HEAD + 5];

	wire_put_head(frame, 5, 1, WIRE_REQ, WIRE_HANDSHAKE, WIRE_GUEST);
	memcpy(frame + WIRE_HEAD, "fuzz", 5);
	put(fd, frame, sizeof(frame));
}

/* Calls that would end the kernel, or wait, are none of the server's faults. */
static bool
harmless(uint32_t num)
{
	return num != SYS_reboot;
}

/*
 * Frames from the input: a byte of kind, one of length, and so many bytes. Kind 0 is raw; the others get a header that is right but for what
 * they say themselves.
 */
static void
send_input(int fd, const uint8_t *in, size_t n)
{
	uint8_t frame[WIRE_HEAD + 256];
	uint64_t reqno = 2;

	while (n >= 4) {
		size_t len = in[1] < n - 4 ? in[1] : n - 4;
		uint32_t word = in[2] | (uint32_t)in[3] << 8;
		unsigned kind = in[0];

		memcpy(frame + WIRE_HEAD, in + 4, len);
		if (kind % 8 == 0) {
			put(fd, in + 4, len);
		} else if (kind % 8 < 5 || harmless(word % 512)) {
			if (kind % 8 >= 5)
				word %= 512;
			wire_put_head(frame, kind & 0x80 ? len + 1 : len,
			    kind & 0x40 ? 7 : reqno++,
			    kind % 8 >= 5 ? WIRE_REQ : (kind >> 3) & 3,
			    kind % 8 >= 5 ? WIRE_SYSCALL : kind % 8 + 3, word);
			put(fd, frame, WIRE_HEAD + len);
		}
		in += 4 + len;
		n -= 4 + len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	static struct server s;
	static int runs;
	uint8_t buf[4096];
	register_t rv[2];
	int fd;

	if (n < 1)
		return 0;
	if (s.k == NULL)
		start(&s);
	must(sock_connect(&s.addr, &fd), "connect");
	(void)sock_recv(fd, buf, WIRE_BANNER);
	if ((in[0] & 3) != 0)
		guest(fd);
	send_input(fd, in + 1, n - 1);
	sock_shutdown(fd, false, true);
	while (sock_recv(fd, buf, sizeof(buf)) > 0)
		continue;
	sock_close(fd);
	must(proxy_client_syscall(s.honest, SYS_getpid, NULL, 0, rv, NULL),
	    "the honest client");
	if (++runs % 500 == 0)
		stop(&s);
	return 0;
}
