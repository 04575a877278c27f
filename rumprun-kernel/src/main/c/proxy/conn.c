/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection: whose turn it is to read, executing calls, and the end. */
#include "proxy/server.h"
#include <netbsd/syscall.h>

#define LONG_CALL_NS 30000
#define EAGER_CALLS 64

/* --- output --- */

int
conn_send(struct conn *c, struct sock_vec *v, int count)
{
	int error;

	kmutex_enter(&c->c_wlock);
	error = sock_sendv(c->c_fd, v, count, NULL);
	kmutex_exit(&c->c_wlock);
	if (error != 0)
		/* The reader finds the end. */
		sock_shutdown(c->c_fd, true, true);
	if (atomic_load_explicit(&c->c_raises, memory_order_relaxed) != 0)
		conn_raise(c);
	return error;
}

int
conn_reply(struct conn *c, uint64_t reqno, unsigned class, unsigned type,
    uint32_t word, const void *body, size_t n)
{
	uint8_t frame[WIRE_HEAD + 64];
	struct sock_vec v = { frame, WIRE_HEAD + n };

	if (n > sizeof(frame) - WIRE_HEAD)
		return -EINVAL;
	wire_put_head(frame, n, reqno, class, type, word);
	if (n > 0)
		memcpy(frame + WIRE_HEAD, body, n);
	return conn_send(c, &v, 1);
}

/* --- turns --- */

void
conn_pass(struct conn *c)
{
	bool asking = false;

	if (c->c_end)
		return;
	for (struct answer *a = c->c_answers; a != NULL; a = a->an_next) {
		if (!a->an_done && a->an_waiting) {
			kcond_signal(&a->an_cond);
			return;
		}
		asking = asking || !a->an_done;
	}
	/* Who still sends its question may not get on before somebody reads. */
	if (c->c_rpos < c->c_rlen || (asking && kmutex_held(&c->c_wlock)))
		server_attend(c);
	else if (atomic_load_explicit(&c->c_eager, memory_order_relaxed) > 0) {
		atomic_fetch_sub(&c->c_eager, 1);
		server_attend(c);
	}
}

/* A call took its time: did another request wait for it? */
static void
check_waiting(struct conn *c)
{
	bool reading;

	kmutex_enter(&c->c_lock);
	reading = c->c_reading || c->c_end;
	kmutex_exit(&c->c_lock);
	if (!reading && sock_pending(c->c_fd))
		atomic_store(&c->c_eager, EAGER_CALLS);
}

void
conn_dropbacklog(struct conn *c)
{
	struct call *ca;

	while ((ca = c->c_backlog) != NULL) {
		c->c_backlog = ca->ca_next;
		kmem_free(c->c_ps->ps_k, ca, sizeof(*ca));
	}
	c->c_backlogend = &c->c_backlog;
	c->c_nbacklog = 0;
}

void
conn_end(struct conn *c)
{
	struct proc *p;

	if (c->c_end)
		return;
	c->c_end = true;
	conn_dropbacklog(c);
	for (struct answer *a = c->c_answers; a != NULL; a = a->an_next)
		kcond_signal(&a->an_cond);
	p = c->c_proc;
	if (p == NULL)
		return;
	/* Held by this, the process stays. */
	c->c_ncalls++;
	kmutex_exit(&c->c_lock);
	proc_wakeup_lwps(p, L_EXIT, NULL);
	kmutex_enter(&c->c_lock);
	c->c_ncalls--;
}

/* The calls of the old image are gone. */
static void
finish_exec(struct conn *c)
{
	char name[MAXCOMLEN + 1];
	int32_t zero = 0;
	uint64_t reqno;

	c->c_ncalls++;
	kmutex_exit(&c->c_lock);
	memcpy(name, c->c_execname, sizeof(name));
	reqno = c->c_execreqno;
	guest_exec(c, name);
	kmutex_enter(&c->c_lock);
	c->c_inexec = false;
	if (!c->c_end)
		atomic_store(&c->c_mute, false);
	kmutex_exit(&c->c_lock);
	(void)conn_reply(
	    c, reqno, WIRE_RESP, WIRE_HANDSHAKE, 0, &zero, sizeof(zero));
	kmutex_enter(&c->c_lock);
	c->c_ncalls--;
}

void
conn_settle(struct conn *c)
{
	if (c->c_ncalls == 0 && c->c_inexec && !c->c_end)
		finish_exec(c);
	if (c->c_ncalls > 0 || !c->c_end || c->c_reading || c->c_gone)
		return;
	c->c_gone = true;
	kmutex_exit(&c->c_lock);
	guest_end(c);
	sock_shutdown(c->c_fd, true, !atomic_load(&c->c_held));
	server_remove(c);
	kmutex_enter(&c->c_lock);
}

/* --- calls --- */

/* The answer to a reboot may have to wait until the kernel is down. */
static bool
hold_answer(struct conn *c, const void *answer, size_t n)
{
	proxy_held_t held = atomic_load(&c->c_ps->ps_held);

	if (held == NULL || atomic_exchange(&c->c_held, true))
		return false;
	if (held(c->c_ps->ps_heldctx, c->c_fd, answer, n))
		return true;
	atomic_store(&c->c_held, false);
	return false;
}

static void
respond(struct call *ca, int error, const register_t rv[2])
{
	struct conn *c = ca->ca_conn;
	bool reboot = ca->ca_num == SYS_reboot && error == 0;
	struct wire_sysresp resp;
	struct sock_vec v;
	uint8_t *to;

	/* What a call says when the kernel goes down is not for the client: it sees the loss of its server. */
	if (!reboot &&
	    (atomic_load_explicit(&c->c_mute, memory_order_relaxed) ||
		kern_halting(c->c_ps->ps_k)))
		return;
	memset(&resp, 0, sizeof(resp));
	resp.ws_error = -error;
	if (!reboot && error == 0)
		memcpy(resp.ws_rv, rv, sizeof(resp.ws_rv));
	/* CALL_OUT leaves room for it behind what was copied out. */
	to = ca->ca_out + ca->ca_outlen;
	wire_put_head(
	    to, sizeof(resp), ca->ca_reqno, WIRE_RESP, WIRE_SYSCALL, 0);
	memcpy(to + WIRE_HEAD, &resp, sizeof(resp));
	v.sv_base = ca->ca_out;
	v.sv_len = ca->ca_outlen + WIRE_HEAD + sizeof(resp);
	if (!reboot || !hold_answer(c, v.sv_base, v.sv_len))
		(void)conn_send(c, &v, 1);
	if (reboot)
		sock_shutdown(c->c_fd, true, false);
}

static void
call_run(struct call *ca)
{
	struct conn *c = ca->ca_conn;
	register_t rv[2] = { 0, 0 };
	struct lwp *l;
	int64_t begin;
	bool over;
	int error;

	ca->ca_outlen = 0;
	if (ca->ca_num >= 512) {
		respond(ca, -ENOSYS, rv);
		return;
	}
	if ((error = lwp_create(c->c_proc, &l)) != 0) {
		respond(ca, error == -ESRCH ? -ESRCH : -EBUSY, rv);
		return;
	}
	l->l_uctx = ca;
	/* From here on the lwp is woken when the end comes; before, it shows. */
	kmutex_enter(&c->c_lock);
	over = c->c_end || c->c_inexec;
	kmutex_exit(&c->c_lock);
	begin = c->c_ps->ps_k->k_host->monotonic();
	error = over ? -EBUSY :
		       kern_syscall(l, (int)ca->ca_num, ca->ca_args, rv);
	if (c->c_ps->ps_k->k_host->monotonic() - begin > LONG_CALL_NS)
		check_waiting(c);
	lwp_destroy(l);
	respond(ca, error, rv);
}

/* A worker executes what a waiting call has read. c_lock held. */
static bool
run_backlog(struct conn *c)
{
	struct call *ca = c->c_backlog;

	if (ca == NULL)
		return false;
	c->c_backlog = ca->ca_next;
	if (c->c_backlog == NULL)
		c->c_backlogend = &c->c_backlog;
	else
		server_attend(c);
	c->c_nbacklog--;
	c->c_ncalls++;
	kmutex_exit(&c->c_lock);
	call_run(ca);
	kmem_free(c->c_ps->ps_k, ca, sizeof(*ca));
	kmutex_enter(&c->c_lock);
	c->c_ncalls--;
	conn_settle(c);
	return true;
}

void
conn_attend(struct conn *c)
{
	struct call call;
	int got;

	kmutex_enter(&c->c_lock);
	for (;;) {
		if (run_backlog(c))
			continue;
		if (c->c_reading || c->c_end)
			break;
		c->c_reading = true;
		kmutex_exit(&c->c_lock);
		got = conn_frame(c, &call);
		kmutex_enter(&c->c_lock);
		if (got < 0)
			conn_end(c);
		c->c_reading = false;
		if (got > 0) {
			c->c_ncalls++;
			conn_pass(c);
			kmutex_exit(&c->c_lock);
			call_run(&call);
			kmutex_enter(&c->c_lock);
			c->c_ncalls--;
		}
		if (c->c_end || c->c_inexec)
			conn_settle(c);
	}
	conn_settle(c);
	kmutex_exit(&c->c_lock);
}
