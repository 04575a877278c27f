/* SPDX-License-Identifier: BSD-2-Clause */
/* What the reader of a connection does: takes frames apart and acts on all but system calls. */
#include "proxy/server.h"

/* --- bytes --- */

/* At least n bytes from c_rpos on; n is a header's size. */
static bool
fill(struct conn *c, size_t n)
{
	int64_t got;

	if (c->c_rpos == c->c_rlen)
		c->c_rpos = c->c_rlen = 0;
	while (c->c_rlen - c->c_rpos < n) {
		if (sizeof(c->c_rbuf) - c->c_rpos < n) {
			memmove(c->c_rbuf, c->c_rbuf + c->c_rpos,
			    c->c_rlen - c->c_rpos);
			c->c_rlen -= c->c_rpos;
			c->c_rpos = 0;
		}
		got = sock_recv(c->c_fd, c->c_rbuf + c->c_rlen,
		    sizeof(c->c_rbuf) - c->c_rlen);
		if (got <= 0)
			return false;
		c->c_rlen += (size_t)got;
	}
	return true;
}

static bool
take(struct conn *c, void *to, size_t n)
{
	size_t have = c->c_rlen - c->c_rpos;
	uint8_t *p = to;
	int64_t got;

	if (have > n)
		have = n;
	memcpy(p, c->c_rbuf + c->c_rpos, have);
	c->c_rpos += have;
	for (p += have, n -= have; n > 0; p += got, n -= (size_t)got)
		if ((got = sock_recv(c->c_fd, p, n)) <= 0)
			return false;
	return true;
}

static bool
skip(struct conn *c, uint64_t n)
{
	uint8_t waste[2048];
	size_t part;

	for (; n > 0; n -= part) {
		part = n < sizeof(waste) ? (size_t)n : sizeof(waste);
		if (!take(c, waste, part))
			return false;
	}
	return true;
}

/* --- answers to copies --- */

static struct answer *
find_answer(struct conn *c, uint64_t reqno)
{
	struct answer *a;

	for (a = c->c_answers; a != NULL; a = a->an_next)
		if (a->an_reqno == reqno && !a->an_done && !a->an_filling)
			break;
	return a;
}

/*
 * Fills in the answer for a waiting call. One of the wrong length is an answer that can't be trusted: the call fails, and so does the
 * connection.
 */
static int
take_answer(struct conn *c, const struct wire_head *h, size_t body)
{
	struct answer *a;
	bool ok = true, fits = false;

	kmutex_enter(&c->c_lock);
	a = find_answer(c, h->w_reqno);
	if (a != NULL) {
		a->an_filling = true;
		fits = h->w_class == WIRE_RESP &&
		    (a->an_exact ? body == a->an_len : body <= a->an_len);
	}
	kmutex_exit(&c->c_lock);
	if (fits)
		ok = take(c, a->an_to, body);
	else
		ok = skip(c, body);
	if (a == NULL)
		return ok ? 0 : -1;
	kmutex_enter(&c->c_lock);
	a->an_got = body;
	a->an_error = fits && ok ? 0 : -EFAULT;
	a->an_done = true;
	a->an_filling = false;
	kcond_signal(&a->an_cond);
	kmutex_exit(&c->c_lock);
	return ok && (fits || h->w_class == WIRE_ERROR) ? 0 : -1;
}

/* --- requests --- */

/* Tells the client; with `last` that is the end. */
static int
refuse(struct conn *c, const struct wire_head *h, uint32_t error, bool last)
{
	(void)conn_reply(
	    c, h->w_reqno, WIRE_ERROR, WIRE_HANDSHAKE, error, NULL, 0);
	return last ? -1 : 0;
}

/* The name in a handshake, NUL-terminated whatever the client sent. -1: there is none. */
static int
take_name(struct conn *c, size_t body, char *name, size_t size)
{
	size_t n = body < size - 1 ? body : size - 1;

	memset(name, 0, size);
	if (body == 0 || !take(c, name, n) || !skip(c, body - n))
		return -1;
	return 0;
}

static int
accept_guest(struct conn *c, const struct wire_head *h)
{
	int32_t zero = 0;

	return conn_reply(c, h->w_reqno, WIRE_RESP, WIRE_HANDSHAKE, 0, &zero,
		   sizeof(zero)) == 0 ?
	    0 :
	    -1;
}

static int
first_guest(struct conn *c, const struct wire_head *h, size_t body)
{
	char name[NAME_MAX_PROG];

	if (take_name(c, body, name, sizeof(name)) != 0 ||
	    guest_create(c, name) != 0)
		return -1;
	return accept_guest(c, h);
}

static int
first_fork(struct conn *c, const struct wire_head *h, size_t body)
{
	uint8_t data[WIRE_FORKSIZE];
	int32_t cancel;
	int error;

	if (body != sizeof(data)) {
		if (!skip(c, body))
			return -1;
		return refuse(c, h, WIRE_ERR_MALFORMED, true);
	}
	if (!take(c, data, sizeof(data)))
		return -1;
	memcpy(&cancel, data + WIRE_COOKIE, sizeof(cancel));
	error = guest_fork(c, data, cancel != 0);
	if (error == -ESRCH)
		return refuse(c, h, WIRE_ERR_PREFORK, true);
	if (error < 0)
		return refuse(c, h,
		    error == -ENOMEM ? WIRE_ERR_NOMEM : WIRE_ERR_RFORK, true);
	return error == 0 ? accept_guest(c, h) : -1;
}

/*
 * A new program took over the client. Its calls that are still going on end first; nobody wants their answers, which have numbers that the
 * new one will use itself.
 */
static int
start_exec(struct conn *c, const struct wire_head *h, size_t body)
{
	char name[NAME_MAX_PROG];
	struct answer *a;

	if (take_name(c, body, name, sizeof(name)) != 0)
		return -1;
	kmutex_enter(&c->c_lock);
	if (c->c_inexec) {
		kmutex_exit(&c->c_lock);
		return refuse(c, h, WIRE_ERR_INEXEC, true);
	}
	c->c_inexec = true;
	c->c_execreqno = h->w_reqno;
	memcpy(c->c_execname, name, MAXCOMLEN);
	c->c_execname[MAXCOMLEN] = '\0';
	atomic_store(&c->c_mute, true);
	conn_dropbacklog(c);
	for (a = c->c_answers; a != NULL; a = a->an_next) {
		if (!a->an_done) {
			a->an_error = -EFAULT;
			a->an_done = true;
			kcond_signal(&a->an_cond);
		}
	}
	kmutex_exit(&c->c_lock);
	proc_wakeup_lwps(c->c_proc, L_EXIT, NULL);
	/* Somebody's conn_settle finishes it: this thread's, if it was alone. */
	return 0;
}

static int
handshake(struct conn *c, const struct wire_head *h, size_t body)
{
	if (c->c_proc != NULL) {
		if (h->w_word == WIRE_EXEC)
			return start_exec(c, h, body);
		if (!skip(c, body))
			return -1;
		return refuse(c, h, WIRE_ERR_MALFORMED, true);
	}
	if (h->w_word == WIRE_GUEST)
		return first_guest(c, h, body);
	if (h->w_word == WIRE_FORK)
		return first_fork(c, h, body);
	if (!skip(c, body))
		return -1;
	return refuse(c, h, WIRE_ERR_AUTH, true);
}

static int
prefork(struct conn *c, const struct wire_head *h, size_t body)
{
	uint8_t cookie[WIRE_COOKIE];
	bool inexec;
	int error;

	if (!skip(c, body))
		return -1;
	kmutex_enter(&c->c_lock);
	inexec = c->c_inexec;
	kmutex_exit(&c->c_lock);
	if (inexec)
		return refuse(c, h, WIRE_ERR_INEXEC, true);
	if ((error = guest_prefork(c, cookie)) != 0)
		return refuse(c, h,
		    error == -ENOMEM ? WIRE_ERR_NOMEM : WIRE_ERR_RFORK, false);
	return conn_reply(c, h->w_reqno, WIRE_RESP, WIRE_PREFORK, 0, cookie,
		   sizeof(cookie)) == 0 ?
	    0 :
	    -1;
}

/* The argument block; what is missing of it is zero. */
static int
take_call(
    struct conn *c, const struct wire_head *h, size_t body, struct call *ca)
{
	size_t n = body < sizeof(ca->ca_args) ? body : sizeof(ca->ca_args);

	memset((uint8_t *)ca->ca_args + n, 0, sizeof(ca->ca_args) - n);
	if (!take(c, ca->ca_args, n) || !skip(c, body - n))
		return -1;
	ca->ca_conn = c;
	ca->ca_next = NULL;
	ca->ca_reqno = h->w_reqno;
	ca->ca_num = h->w_word;
	return 1;
}

static int
request(struct conn *c, const struct wire_head *h, size_t body, struct call *ca)
{
	if (h->w_type == WIRE_HANDSHAKE)
		return handshake(c, h, body);
	if (c->c_proc == NULL) {
		if (!skip(c, body))
			return -1;
		return refuse(c, h, WIRE_ERR_AUTH, true);
	}
	if (h->w_type == WIRE_SYSCALL)
		return take_call(c, h, body, ca);
	if (h->w_type == WIRE_PREFORK)
		return prefork(c, h, body);
	if (!skip(c, body))
		return -1;
	return refuse(c, h, WIRE_ERR_MALFORMED, false);
}

int
conn_frame(struct conn *c, struct call *ca)
{
	struct wire_head h;
	bool wanted;
	size_t body;

	if (!fill(c, WIRE_HEAD))
		return -1;
	wire_get_head(c->c_rbuf + c->c_rpos, &h);
	c->c_rpos += WIRE_HEAD;
	if (!wire_head_ok(&h))
		return -1;
	body = (size_t)(h.w_len - WIRE_HEAD);
	if (h.w_class == WIRE_RESP)
		return take_answer(c, &h, body);
	if (h.w_class == WIRE_REQ)
		return request(c, &h, body, ca);
	kmutex_enter(&c->c_lock);
	wanted = h.w_class == WIRE_ERROR && find_answer(c, h.w_reqno) != NULL;
	kmutex_exit(&c->c_lock);
	if (wanted)
		return take_answer(c, &h, body);
	if (!skip(c, body))
		return -1;
	return refuse(c, &h, WIRE_ERR_MALFORMED, false);
}
