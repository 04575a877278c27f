/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's connection. As at the server's end nobody reads by profession: of the threads that wait for answers one reads (cl_reading) and
 * gives the others theirs; when it has its own, it wakes another one to read on.
 *
 * With pc_signals the process's handlers run in one place only: in the reader, while it waits for the first byte of a frame, with no lock held.
 * A call that such a handler makes reads in its thread's place (cl_poller is that thread), maybe even the outer call's answer; so the wait ends
 * after every handler, to look again.
 *
 * Locks: cl_lock (what is shared), cl_wlock (output, held while sending); neither is held when the other is taken.
 */
#include <netbsd/errno.h>
#include <stdio.h>
#include "host/host.h"
#include "host/sock.h"
#include "host/sync.h"
#include "proxy/client.h"
#include "proxy/url.h"

struct pending {
	struct pending *pe_next;
	uint64_t pe_reqno;
	unsigned pe_type;
	bool pe_done;
	int pe_error;		/* of the protocol */
	size_t pe_size, pe_got; /* of pe_body; the answer's */
	void *pe_body;
	struct kcond pe_cond;
};

struct proxy_client {
	struct proxy_client_config cl_config;
	int cl_fd;
	uint64_t cl_socket; /* sock_identity */
	struct kmutex cl_wlock;
	struct kmutex cl_lock;
	bool cl_reading, cl_dead;
	_Atomic uintptr_t cl_poller; /* the reader, where handlers may run */
	uint64_t cl_nextreq;
	struct pending *cl_pending;
	/* The reader's. */
	size_t cl_rpos, cl_rlen;
	uint8_t cl_rbuf[8192];
};

/* --- bytes --- */

#define PATIENCE_MS 1

enum turn { DEAD, DONE, AGAIN };

/* Waits with the caller's signals unblocked. */
static bool
poll_input(struct proxy_client *cl, const struct sock_sigs *sigs)
{
	bool input;

	atomic_store(&cl->cl_poller, sock_self());
	input = sock_sigwait(cl->cl_fd, sigs);
	atomic_store(&cl->cl_poller, 0);
	return input;
}

/*
 * A header's bytes at cl_rpos. AGAIN: a handler ran instead. Most answers come at once: signals stay blocked for a millisecond
 * (PATIENCE_MS), and only then is the mask changed for the wait.
 */
static enum turn
head(struct proxy_client *cl, const struct sock_sigs *sigs)
{
	int64_t got;

	while (cl->cl_rlen - cl->cl_rpos < WIRE_HEAD) {
		if (cl->cl_rpos > 0) {
			memmove(cl->cl_rbuf, cl->cl_rbuf + cl->cl_rpos,
			    cl->cl_rlen - cl->cl_rpos);
			cl->cl_rlen -= cl->cl_rpos;
			cl->cl_rpos = 0;
		}
		got = sock_recv(cl->cl_fd, cl->cl_rbuf + cl->cl_rlen,
		    sizeof(cl->cl_rbuf) - cl->cl_rlen);
		if (got == -EAGAIN && sigs != NULL) {
			if (!poll_input(cl, sigs))
				return AGAIN;
			continue;
		}
		if (got <= 0)
			return DEAD;
		cl->cl_rlen += (size_t)got;
	}
	return DONE;
}

static bool
take(struct proxy_client *cl, void *to, size_t n)
{
	size_t have = cl->cl_rlen - cl->cl_rpos;
	uint8_t *p = to;
	int64_t got;

	if (have > n)
		have = n;
	if (have > 0)
		memcpy(p, cl->cl_rbuf + cl->cl_rpos, have);
	cl->cl_rpos += have;
	for (n -= have; n > 0; n -= (size_t)got) {
		p += have;
		have = 0;
		got = sock_recv(cl->cl_fd, p, n);
		if (got == -EAGAIN)
			got = 0;
		else if (got <= 0)
			return false;
		have = (size_t)got;
	}
	return true;
}

static bool
skip(struct proxy_client *cl, uint64_t n)
{
	uint8_t waste[1024];
	size_t part;

	for (; n > 0; n -= part) {
		part = n < sizeof(waste) ? (size_t)n : sizeof(waste);
		if (!take(cl, waste, part))
			return false;
	}
	return true;
}

static int
put(struct proxy_client *cl, struct wire_head *h, const void *body, size_t n,
    size_t *sentp)
{
	struct sock_vec v[2];
	int error;

	h->w_len = WIRE_HEAD + (uint64_t)n;
	v[0].sv_base = h;
	v[0].sv_len = WIRE_HEAD;
	v[1].sv_base = (void *)(uintptr_t)body;
	v[1].sv_len = n;
	kmutex_enter(&cl->cl_wlock);
	error = sock_sendv(cl->cl_fd, v, n > 0 ? 2 : 1, sentp);
	kmutex_exit(&cl->cl_wlock);
	return error;
}

/* --- what the server asks for --- */

/* Bytes of this process. Where there are none, the kernel's call gets EFAULT: an ERROR frame says so. */
static bool
give(struct proxy_client *cl, const struct wire_head *h,
    const struct wire_copy *copy)
{
	struct wire_head answer = { 0, h->w_reqno, WIRE_RESP, WIRE_COPYIN, 0 };
	size_t n = copy->wc_len, sent;
	int error;

	if (h->w_type == WIRE_COPYINSTR) {
		const char *end = memchr(copy->wc_addr, '\0', n);

		if (end != NULL)
			n = (size_t)(end - (const char *)copy->wc_addr) + 1;
	}
	error = put(cl, &answer, copy->wc_addr, n, &sent);
	if (error != -EFAULT || sent > 0)
		return error == 0;
	answer.w_class = WIRE_ERROR;
	answer.w_type = 0;
	answer.w_word = WIRE_ERR_MALFORMED;
	return put(cl, &answer, NULL, 0, NULL) == 0;
}

static bool
map(struct proxy_client *cl, const struct wire_head *h, size_t n)
{
	struct wire_head answer = { 0, h->w_reqno, WIRE_RESP, WIRE_ANONMMAP, 0 };
	void *p = sock_anonmmap(n);

	return put(cl, &answer, &p, sizeof(p), NULL) == 0;
}

static bool
serve(struct proxy_client *cl, const struct wire_head *h, size_t body)
{
	struct wire_copy copy = { 0, NULL };
	size_t n;

	switch (h->w_type) {
	case WIRE_COPYIN:
	case WIRE_COPYINSTR:
	case WIRE_COPYOUT:
	case WIRE_COPYOUTSTR:
		if (body < sizeof(copy) || !take(cl, &copy, sizeof(copy)))
			return false;
		n = body - sizeof(copy);
		if (h->w_type == WIRE_COPYIN || h->w_type == WIRE_COPYINSTR)
			return skip(cl, n) && give(cl, h, &copy);
		return n == copy.wc_len && take(cl, copy.wc_addr, n);
	case WIRE_ANONMMAP:
		return body == sizeof(n) && take(cl, &n, sizeof(n)) &&
		    map(cl, h, n);
	case WIRE_RAISE:
		if (!skip(cl, body))
			return false;
		if (cl->cl_config.pc_raise != NULL)
			cl->cl_config.pc_raise(
			    cl->cl_config.pc_ctx, (int)h->w_word);
		return true;
	default:
		return skip(cl, body);
	}
}

/* --- answers --- */

static int
protocol_error(uint32_t kind)
{
	switch (kind) {
	case WIRE_ERR_NONE:
		return 0;
	case WIRE_ERR_TRYAGAIN:
		return -EAGAIN;
	case WIRE_ERR_AUTH:
		return -EPERM;
	case WIRE_ERR_PREFORK:
		return -ESRCH;
	case WIRE_ERR_RFORK:
		return -EIO;
	case WIRE_ERR_INEXEC:
		return -EBUSY;
	case WIRE_ERR_NOMEM:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

static bool
deliver(struct proxy_client *cl, const struct wire_head *h, size_t body)
{
	struct pending *pe;
	size_t n = 0;
	bool ok;

	kmutex_enter(&cl->cl_lock);
	for (pe = cl->cl_pending; pe != NULL; pe = pe->pe_next)
		if (pe->pe_reqno == h->w_reqno && !pe->pe_done)
			break;
	kmutex_exit(&cl->cl_lock);
	/* Only a reader completes a request, so it stays. */
	if (pe == NULL)
		return skip(cl, body);
	if (h->w_class == WIRE_ERROR)
		pe->pe_error = protocol_error(h->w_word);
	else if (h->w_type != pe->pe_type)
		pe->pe_error = -EINVAL;
	else
		n = body < pe->pe_size ? body : pe->pe_size;
	ok = take(cl, pe->pe_body, n) && skip(cl, body - n);
	kmutex_enter(&cl->cl_lock);
	pe->pe_got = n;
	if (ok) {
		pe->pe_done = true;
		kcond_signal(&pe->pe_cond);
	}
	kmutex_exit(&cl->cl_lock);
	return ok;
}

static enum turn
frame(struct proxy_client *cl, const struct sock_sigs *sigs)
{
	struct wire_head h;
	enum turn turn;
	size_t body;
	bool ok;

	if ((turn = head(cl, sigs)) != DONE)
		return turn;
	wire_get_head(cl->cl_rbuf + cl->cl_rpos, &h);
	cl->cl_rpos += WIRE_HEAD;
	if (!wire_head_ok(&h))
		return DEAD;
	body = (size_t)(h.w_len - WIRE_HEAD);
	if (h.w_class == WIRE_REQ)
		ok = serve(cl, &h, body);
	else if (h.w_class == WIRE_RESP || h.w_class == WIRE_ERROR)
		ok = deliver(cl, &h, body);
	else
		ok = skip(cl, body);
	return ok ? DONE : DEAD;
}

/* cl_lock held. */
static void
die(struct proxy_client *cl)
{
	cl->cl_dead = true;
	for (struct pending *pe = cl->cl_pending; pe != NULL; pe = pe->pe_next)
		kcond_signal(&pe->pe_cond);
}

/* cl_lock held; true: answered. */
static bool
wait_answer(
    struct proxy_client *cl, struct pending *pe, const struct sock_sigs *sigs)
{
	enum turn turn = DONE;
	bool nested;

	while (!pe->pe_done && !cl->cl_dead) {
		nested = cl->cl_reading &&
		    atomic_load(&cl->cl_poller) == sock_self();
		if (cl->cl_reading && !nested) {
			kcond_wait(&pe->pe_cond, &cl->cl_lock);
			continue;
		}
		cl->cl_reading = true;
		do {
			kmutex_exit(&cl->cl_lock);
			turn = frame(cl, sigs);
			kmutex_enter(&cl->cl_lock);
		} while (turn != DEAD && !pe->pe_done && !cl->cl_dead);
		cl->cl_reading = nested;
		if (nested)
			/* The outer wait goes on where it was. */
			atomic_store(&cl->cl_poller, sock_self());
		if (turn == DEAD)
			die(cl);
	}
	return pe->pe_done;
}

static void
unlink_pending(struct proxy_client *cl, struct pending *pe)
{
	struct pending **p;

	for (p = &cl->cl_pending; *p != pe; p = &(*p)->pe_next)
		continue;
	*p = pe->pe_next;
	if (cl->cl_reading)
		return;
	for (pe = cl->cl_pending; pe != NULL; pe = pe->pe_next) {
		if (!pe->pe_done) {
			kcond_signal(&pe->pe_cond);
			break;
		}
	}
}

/* One request and its answer. 0, or a negative errno; *lostp: there is no server any more. */
static int
request(struct proxy_client *cl, unsigned type, uint32_t word, const void *args,
    size_t n, struct pending *pe, bool *lostp)
{
	struct wire_head h = { 0, 0, WIRE_REQ, (uint16_t)type, word };
	struct sock_sigs sigs;
	bool answered = false;

	pe->pe_type = type;
	if (cl->cl_config.pc_signals)
		sock_sigblock(&sigs);
	kmutex_enter(&cl->cl_lock);
	if (!cl->cl_dead) {
		h.w_reqno = pe->pe_reqno = cl->cl_nextreq++;
		pe->pe_next = cl->cl_pending;
		cl->cl_pending = pe;
		kmutex_exit(&cl->cl_lock);
		/* An error here shows to the reader as the end. */
		if (put(cl, &h, args, n, NULL) != 0)
			sock_shutdown(cl->cl_fd, true, true);
		kmutex_enter(&cl->cl_lock);
		answered = wait_answer(
		    cl, pe, cl->cl_config.pc_signals ? &sigs : NULL);
		unlink_pending(cl, pe);
	}
	kmutex_exit(&cl->cl_lock);
	if (cl->cl_config.pc_signals)
		sock_sigrestore(&sigs);
	*lostp = !answered;
	return answered ? pe->pe_error : -ENOTCONN;
}

int
proxy_client_syscall(struct proxy_client *cl, int num, const void *args,
    size_t argsize, register_t rv[2], bool *lostp)
{
	struct wire_sysresp resp;
	struct pending pe = { .pe_size = sizeof(resp), .pe_body = &resp };
	bool lost;
	int error;

	error = request(
	    cl, WIRE_SYSCALL, (uint32_t)num, args, argsize, &pe, &lost);
	if (lostp != NULL)
		*lostp = lost;
	if (error != 0)
		return error;
	if (pe.pe_got != sizeof(resp) || resp.ws_error < 0)
		return -EINVAL;
	if (resp.ws_error == 0) {
		rv[0] = resp.ws_rv[0];
		rv[1] = resp.ws_rv[1];
	}
	return -resp.ws_error;
}

int
proxy_client_prefork(struct proxy_client *cl, uint8_t cookie[WIRE_COOKIE])
{
	struct pending pe = { .pe_size = WIRE_COOKIE, .pe_body = cookie };
	bool lost;
	int error;

	error = request(cl, WIRE_PREFORK, 0, NULL, 0, &pe, &lost);
	if (error == 0 && pe.pe_got != WIRE_COOKIE)
		error = -EINVAL;
	return error;
}

/* --- coming and going --- */

static int
create(
    int fd, const struct proxy_client_config *config, struct proxy_client **clp)
{
	struct proxy_client *cl = host_malloc(sizeof(*cl));

	*clp = NULL;
	if (cl == NULL) {
		sock_close(fd);
		return -ENOMEM;
	}
	memset(cl, 0, offsetof(struct proxy_client, cl_rbuf));
	cl->cl_config = *config;
	cl->cl_fd = fd;
	cl->cl_socket = sock_identity(fd);
	if (config->pc_signals)
		sock_timeout(fd, PATIENCE_MS);
	/* Not one of those that programs use by number. */
	if (fd < 3)
		(void)proxy_client_movefd(cl, 3);
	*clp = cl;
	return 0;
}

static int
handshake(struct proxy_client *cl, uint32_t kind, const void *body, size_t n)
{
	int32_t result = 0;
	struct pending pe = { .pe_size = sizeof(result), .pe_body = &result };
	bool lost;
	int error;

	error = request(cl, WIRE_HANDSHAKE, kind, body, n, &pe, &lost);
	if (error == 0 && (pe.pe_got != sizeof(result) || result != 0))
		error = -EINVAL;
	return error;
}

/*
 * Structures and words travel as they are in memory, so the peers have one ABI. The text says which, where it says something: a server for the
 * other x86 is refused, one that names no machine is not.
 */
static bool
same_abi(const char *banner)
{
	const char *machine = strrchr(banner, '/');

	return machine == NULL || strcmp(machine + 1, WIRE_MACHINE) == 0 ||
	    (strcmp(machine + 1, "amd64") != 0 &&
		strcmp(machine + 1, "i386") != 0);
}

/* The line that the server begins with. What comes behind it in one go is an error; it says nothing before it is asked. */
static int
read_banner(int fd)
{
	char line[WIRE_BANNER];
	int64_t got;

	got = sock_recv(fd, line, sizeof(line) - 1);
	if (got < 0)
		return (int)got;
	if (got == 0)
		return -ECONNRESET;
	if (line[got - 1] != '\n')
		return -EINVAL;
	line[got - 1] = '\0';
	return same_abi(line) ? 0 : -EPROGMISMATCH;
}

static int
start(int fd, const struct proxy_client_config *config, uint32_t kind,
    const void *body, size_t n, struct proxy_client **clp)
{
	struct proxy_client *cl;
	int error;

	*clp = NULL;
	if (kind != WIRE_EXEC && (error = read_banner(fd)) != 0) {
		sock_close(fd);
		return error;
	}
	if ((error = create(fd, config, &cl)) != 0)
		return error;
	/* As NetBSD's library counts. */
	cl->cl_nextreq = kind == WIRE_EXEC ? 0 : 1;
	if ((error = handshake(cl, kind, body, n)) != 0) {
		proxy_client_close(cl);
		return error;
	}
	cl->cl_config.pc_name = NULL;
	*clp = cl;
	return 0;
}

static int
connect(const char *url, char *why, size_t whysize, int *fdp)
{
	struct sock_addr a;
	bool relative;
	int error;

	*fdp = -1;
	error = url_parse(url, false, &a, &relative, why, whysize);
	if (error == 0)
		error = sock_connect(&a, fdp);
	return error;
}

int
proxy_client_attach(
    int fd, const struct proxy_client_config *config, struct proxy_client **clp)
{
	return start(fd, config, WIRE_GUEST, config->pc_name,
	    strlen(config->pc_name) + 1, clp);
}

int
proxy_client_connect(const char *url, const struct proxy_client_config *config,
    char *why, size_t whysize, struct proxy_client **clp)
{
	int error, fd;

	*clp = NULL;
	if ((error = connect(url, why, whysize, &fd)) != 0)
		return error;
	error = proxy_client_attach(fd, config, clp);
	if (error == -EPROGMISMATCH)
		snprintf(why, whysize,
		    "%.200s: a server for another machine, "
		    "this program is for " WIRE_MACHINE,
		    url);
	return error;
}

int
proxy_client_fork(const char *url, const struct proxy_client_config *config,
    const uint8_t cookie[WIRE_COOKIE], char *why, size_t whysize,
    struct proxy_client **clp)
{
	uint8_t body[WIRE_FORKSIZE] = { 0 };
	int error, fd;

	*clp = NULL;
	if ((error = connect(url, why, whysize, &fd)) != 0)
		return error;
	memcpy(body, cookie, WIRE_COOKIE);
	return start(fd, config, WIRE_FORK, body, sizeof(body), clp);
}

int
proxy_client_exec(
    int fd, const struct proxy_client_config *config, struct proxy_client **clp)
{
	int error;

	*clp = NULL;
	if ((error = sock_adopt(fd)) != 0)
		return error;
	return start(fd, config, WIRE_EXEC, config->pc_name,
	    strlen(config->pc_name) + 1, clp);
}

/* A program that closes all its descriptors closes this one too; then the number may be somebody else's. */
static bool
ours(const struct proxy_client *cl)
{
	return sock_identity(cl->cl_fd) == cl->cl_socket;
}

void
proxy_client_close(struct proxy_client *cl)
{
	if (ours(cl))
		sock_shutdown(cl->cl_fd, true, true);
	proxy_client_abandon(cl);
}

void
proxy_client_abandon(struct proxy_client *cl)
{
	if (ours(cl))
		sock_close(cl->cl_fd);
	host_free(cl);
}

void
proxy_client_cut(struct proxy_client *cl)
{
	sock_shutdown(cl->cl_fd, true, true);
}

bool
proxy_client_lost(struct proxy_client *cl)
{
	bool lost;

	kmutex_enter(&cl->cl_lock);
	lost = cl->cl_dead;
	kmutex_exit(&cl->cl_lock);
	return lost;
}

int
proxy_client_fd(struct proxy_client *cl)
{
	return cl->cl_fd;
}

int
proxy_client_movefd(struct proxy_client *cl, int least)
{
	int fd, error;

	if ((error = sock_move(cl->cl_fd, least, &fd)) == 0)
		cl->cl_fd = fd;
	return error;
}
