/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's memory, reached by requests over its connection.
 *
 * Small copies to the client wait in the call's own buffer until it asks the client for something or answers: one send instead of three. Their
 * order within a call stays as it is.
 */
#include "proxy/server.h"

static uint64_t
next_reqno(struct conn *c)
{
	return atomic_fetch_add_explicit(&c->c_nextreq, 1, memory_order_relaxed);
}

/*
 * Before a send that may have to wait for the client: it may be waiting to send to us, so somebody reads meanwhile.
 */
static void
keep_reading(struct conn *c)
{
	bool call;

	kmutex_enter(&c->c_lock);
	call = !c->c_reading && !c->c_end;
	kmutex_exit(&c->c_lock);
	if (call)
		server_attend(c);
}

/* Sends what waits, and these bytes. */
static int
flush(struct call *ca, const void *data, size_t n)
{
	struct sock_vec v[2];

	v[0].sv_base = ca->ca_out;
	v[0].sv_len = ca->ca_outlen;
	v[1].sv_base = (void *)(uintptr_t)data;
	v[1].sv_len = n;
	ca->ca_outlen = 0;
	if (n > CALL_OUT || kmutex_held(&ca->ca_conn->c_wlock))
		keep_reading(ca->ca_conn);
	return conn_send(ca->ca_conn, v, n > 0 ? 2 : 1);
}

/* Appends the head of a copy's frame; there is room. */
static uint64_t
put_copy(
    struct call *ca, unsigned type, size_t n, const void *uaddr, size_t data)
{
	uint8_t *to = ca->ca_out + ca->ca_outlen;
	struct wire_copy copy = { n, (void *)(uintptr_t)uaddr };
	uint64_t reqno = next_reqno(ca->ca_conn);

	wire_put_head(to, sizeof(copy) + data, reqno, WIRE_REQ, type, 0);
	memcpy(to + WIRE_HEAD, &copy, sizeof(copy));
	ca->ca_outlen += WIRE_HEAD + sizeof(copy);
	return reqno;
}

static int
guest_copyout(struct lwp *l, const void *kaddr, void *uaddr, size_t n)
{
	struct call *ca = l->l_uctx;
	size_t frame = WIRE_HEAD + sizeof(struct wire_copy) + n;
	int error;

	if (ca == NULL || n > WIRE_MAX - WIRE_HEAD - sizeof(struct wire_copy))
		return -EFAULT;
	if (n <= CALL_OUT / 2) {
		if (frame > CALL_OUT - ca->ca_outlen &&
		    (error = flush(ca, NULL, 0)) != 0)
			return -EFAULT;
		(void)put_copy(ca, WIRE_COPYOUT, n, uaddr, n);
		memcpy(ca->ca_out + ca->ca_outlen, kaddr, n);
		ca->ca_outlen += n;
		return 0;
	}
	if (WIRE_HEAD + sizeof(struct wire_copy) > CALL_OUT - ca->ca_outlen &&
	    flush(ca, NULL, 0) != 0)
		return -EFAULT;
	(void)put_copy(ca, WIRE_COPYOUT, n, uaddr, n);
	return flush(ca, kaddr, n) == 0 ? 0 : -EFAULT;
}

/* --- answers --- */

/* A system call that was met while waiting for something else: for a worker. c_lock held. */
static void
queue_call(struct conn *c, const struct call *ca)
{
	struct call *copy = NULL;

	if (c->c_nbacklog < BACKLOG_MAX)
		copy = kmem_alloc(c->c_ps->ps_k, sizeof(*copy));
	if (copy == NULL) {
		kmutex_exit(&c->c_lock);
		(void)conn_reply(c, ca->ca_reqno, WIRE_ERROR, WIRE_HANDSHAKE,
		    WIRE_ERR_TRYAGAIN, NULL, 0);
		kmutex_enter(&c->c_lock);
		return;
	}
	memcpy(copy, ca, offsetof(struct call, ca_out));
	copy->ca_next = NULL;
	*c->c_backlogend = copy;
	c->c_backlogend = &copy->ca_next;
	c->c_nbacklog++;
	server_attend(c);
}

/* Reads one frame; whatever it is, it isn't this thread's to execute. c_lock held. */
static void
read_on(struct conn *c)
{
	struct call met;
	int got;

	c->c_reading = true;
	kmutex_exit(&c->c_lock);
	got = conn_frame(c, &met);
	kmutex_enter(&c->c_lock);
	if (got < 0)
		conn_end(c);
	if (got > 0 && !c->c_end)
		queue_call(c, &met);
	c->c_reading = false;
}

/* Until the answer is there, or will not come any more. */
static int
await(struct conn *c, struct answer *a)
{
	struct answer **p;

	kmutex_enter(&c->c_lock);
	while (!a->an_done) {
		if (c->c_end && !a->an_filling) {
			a->an_error = -EFAULT;
			break;
		}
		if (!c->c_reading && !c->c_end)
			read_on(c);
		else {
			a->an_waiting = true;
			kcond_wait(&a->an_cond, &c->c_lock);
			a->an_waiting = false;
		}
	}
	for (p = &c->c_answers; *p != a; p = &(*p)->an_next)
		continue;
	*p = a->an_next;
	if (!c->c_reading)
		conn_pass(c);
	kmutex_exit(&c->c_lock);
	return a->an_error;
}

/* Asks for up to n bytes; *gotp is how many came. */
static int
ask(struct lwp *l, unsigned type, const void *uaddr, void *kaddr, size_t n,
    size_t *gotp)
{
	struct call *ca = l->l_uctx;
	struct answer a = {
		.an_to = kaddr, .an_len = n, .an_exact = type == WIRE_COPYIN
	};
	struct conn *c;
	int error;

	*gotp = 0;
	if (ca == NULL || n > WIRE_MAX - WIRE_HEAD)
		return -EFAULT;
	c = ca->ca_conn;
	if (WIRE_HEAD + sizeof(struct wire_copy) > CALL_OUT - ca->ca_outlen &&
	    flush(ca, NULL, 0) != 0)
		return -EFAULT;
	a.an_reqno = put_copy(ca, type, n, uaddr, 0);
	kmutex_enter(&c->c_lock);
	/* After an EXEC nobody is there who has this memory. */
	if (c->c_end || c->c_inexec) {
		kmutex_exit(&c->c_lock);
		return -EFAULT;
	}
	a.an_next = c->c_answers;
	c->c_answers = &a;
	kmutex_exit(&c->c_lock);
	/* When this fails the reader finds the end of the connection. */
	(void)flush(ca, NULL, 0);
	if ((error = await(c, &a)) == 0)
		*gotp = a.an_got;
	return error;
}

static int
guest_copyin(struct lwp *l, const void *uaddr, void *kaddr, size_t n)
{
	size_t got;

	return ask(l, WIRE_COPYIN, uaddr, kaddr, n, &got);
}

static int
guest_copyinstr(
    struct lwp *l, const void *uaddr, char *kaddr, size_t max, size_t *lenp)
{
	const char *end;
	size_t got;
	int error;

	error = ask(l, WIRE_COPYINSTR, uaddr, kaddr, max, &got);
	if (error != 0)
		return error;
	if ((end = memchr(kaddr, '\0', got)) == NULL)
		return -ENAMETOOLONG;
	*lenp = (size_t)(end - kaddr) + 1;
	return 0;
}

/* --- memory --- */

static int
guest_anonmmap(struct lwp *l, size_t n, void **uaddr)
{
	struct call *ca = l->l_uctx;
	struct answer a = { .an_len = sizeof(*uaddr), .an_exact = true };
	uint8_t frame[WIRE_HEAD + sizeof(n)];
	struct conn *c;
	int error;

	*uaddr = NULL;
	if (ca == NULL)
		return -EFAULT;
	c = ca->ca_conn;
	a.an_to = (uint8_t *)uaddr;
	a.an_reqno = next_reqno(c);
	wire_put_head(
	    frame, sizeof(n), a.an_reqno, WIRE_REQ, WIRE_ANONMMAP, 0);
	memcpy(frame + WIRE_HEAD, &n, sizeof(n));
	kmutex_enter(&c->c_lock);
	if (c->c_end || c->c_inexec) {
		kmutex_exit(&c->c_lock);
		return -EFAULT;
	}
	a.an_next = c->c_answers;
	c->c_answers = &a;
	kmutex_exit(&c->c_lock);
	(void)flush(ca, frame, sizeof(frame));
	if ((error = await(c, &a)) != 0)
		return error;
	return *uaddr == NULL ? -ENOMEM : 0;
}

/* --- signals --- */

/*
 * Never waits for the client: what can't be sent now goes with the next output. A frame that was cut (TCP) is finished by whoever
 * sends it.
 */
void
conn_raise(struct conn *c)
{
	uint8_t frame[WIRE_HEAD];
	struct sock_vec v;
	uint64_t bits;
	int64_t n;
	int signo;

	while ((bits = atomic_load(&c->c_raises)) != 0 &&
	    kmutex_tryenter(&c->c_wlock)) {
		for (signo = 0; (bits >> signo & 1) == 0; signo++)
			continue;
		wire_put_head(
		    frame, 0, 0, WIRE_REQ, WIRE_RAISE, (uint32_t)signo);
		n = sock_trysend(c->c_fd, frame, sizeof(frame));
		if (n > 0) {
			v.sv_base = frame + n;
			v.sv_len = sizeof(frame) - (size_t)n;
			if (v.sv_len > 0)
				(void)sock_sendv(c->c_fd, &v, 1, NULL);
			atomic_fetch_and(&c->c_raises, ~((uint64_t)1 << signo));
		} else if (n != -EAGAIN)
			atomic_store(&c->c_raises, 0);
		kmutex_exit(&c->c_wlock);
		if (n == -EAGAIN)
			break;
	}
}

static void
guest_raise(struct proc *p, int signo)
{
	struct proxy_state *ps = p->p_k->k_proxy;
	struct conn *c;

	if (ps == NULL || signo <= 0 || signo > 63)
		return;
	kmutex_enter(&ps->ps_lock);
	if ((c = p->p_uspacectx) != NULL)
		conn_get(c);
	kmutex_exit(&ps->ps_lock);
	if (c == NULL)
		return;
	atomic_fetch_or(&c->c_raises, (uint64_t)1 << signo);
	conn_raise(c);
	conn_put(c);
}

static void
guest_presleep(struct lwp *l)
{
	struct call *ca = l->l_uctx;

	if (ca != NULL)
		keep_reading(ca->ca_conn);
}

const struct uspace_ops guest_uspace = {
	.copyin = guest_copyin,
	.copyinstr = guest_copyinstr,
	.copyout = guest_copyout,
	.raise = guest_raise,
	.presleep = guest_presleep,
	.anonmmap = guest_anonmmap,
};
