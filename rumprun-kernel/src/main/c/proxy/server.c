/* SPDX-License-Identifier: BSD-2-Clause */
/* The server as a whole: listening, connections coming and going, workers. */
#include "proxy/server.h"
#include "proxy/url.h"
#include <stdio.h>

#define STOP_GRACE_NS ((int64_t)2000000000)

/* --- connections --- */

void
conn_get(struct conn *c)
{
	atomic_fetch_add_explicit(&c->c_refs, 1, memory_order_relaxed);
}

void
conn_put(struct conn *c)
{
	if (atomic_fetch_sub_explicit(&c->c_refs, 1, memory_order_acq_rel) != 1)
		return;
	if (!atomic_load(&c->c_held))
		sock_close(c->c_fd);
	kmem_free(c->c_ps->ps_k, c, sizeof(*c));
}

void
server_remove(struct conn *c)
{
	struct proxy_state *ps = c->c_ps;

	kmutex_enter(&ps->ps_lock);
	for (struct conn **p = &ps->ps_conns; *p != NULL; p = &(*p)->c_next) {
		if (*p == c) {
			*p = c->c_next;
			ps->ps_nconns--;
			break;
		}
	}
	kmutex_exit(&ps->ps_lock);
	kcond_broadcast(&ps->ps_gonecond);
	conn_put(c);
}

static int
banner(int fd)
{
	struct sock_vec v;
	char text[WIRE_BANNER];

	v.sv_len = (size_t)snprintf(
	    text, sizeof(text), "RUMPSP-0.4-NetBSD-7.99.34/%s\n", WIRE_MACHINE);
	v.sv_base = text;
	return sock_sendv(fd, &v, 1, NULL);
}

/* Takes the descriptor, on error too. */
static int
conn_create(struct proxy_state *ps, int fd)
{
	struct conn *c = NULL;
	int error = -EBUSY;

	kmutex_enter(&ps->ps_lock);
	if (!ps->ps_stopping && ps->ps_nconns < CONN_MAX) {
		error = -ENOMEM;
		if ((c = kmem_zalloc(ps->ps_k, sizeof(*c))) != NULL) {
			c->c_ps = ps;
			c->c_fd = fd;
			c->c_refs = 2;
			c->c_backlogend = &c->c_backlog;
			c->c_next = ps->ps_conns;
			ps->ps_conns = c;
			ps->ps_nconns++;
		}
	}
	kmutex_exit(&ps->ps_lock);
	if (c == NULL) {
		sock_close(fd);
		return error;
	}
	if ((error = banner(fd)) != 0)
		sock_shutdown(fd, true, true);
	server_attend(c);
	conn_put(c);
	return error;
}

/* --- workers --- */

static void
reap(struct proxy_state *ps)
{
	struct worker *w, *next;

	kmutex_enter(&ps->ps_lock);
	w = ps->ps_dead;
	ps->ps_dead = NULL;
	kmutex_exit(&ps->ps_lock);
	for (; w != NULL; w = next) {
		next = w->wk_next;
		host_thread_join(w->wk_thread);
		kmem_free(ps->ps_k, w, sizeof(*w));
	}
}

/* The next connection to attend to, with the queue's reference; NULL: the thread isn't needed. ps_lock held. */
static struct conn *
next_job(struct proxy_state *ps)
{
	struct conn *c;

	while ((c = ps->ps_queue) == NULL) {
		if (ps->ps_stopping || ps->ps_nidle >= WORKER_IDLE)
			return NULL;
		ps->ps_nidle++;
		kcond_wait(&ps->ps_jobcond, &ps->ps_lock);
		ps->ps_nidle--;
	}
	ps->ps_queue = c->c_qnext;
	if (ps->ps_queue == NULL)
		ps->ps_queueend = &ps->ps_queue;
	c->c_queued = false;
	return c;
}

static void
worker(void *arg)
{
	struct worker *w = arg;
	struct proxy_state *ps = w->wk_ps;
	struct conn *c;

	kmutex_enter(&ps->ps_lock);
	while ((c = next_job(ps)) != NULL) {
		kmutex_exit(&ps->ps_lock);
		conn_attend(c);
		conn_put(c);
		kmutex_enter(&ps->ps_lock);
	}
	ps->ps_nworkers--;
	w->wk_next = ps->ps_dead;
	ps->ps_dead = w;
	/* Under the lock: who waits for the last one frees it all. */
	kcond_broadcast(&ps->ps_gonecond);
	kmutex_exit(&ps->ps_lock);
}

/* ps_lock held, so that a worker that ends at once finds its thread. */
static void
add_worker(struct proxy_state *ps)
{
	struct worker *w;

	if (ps->ps_nworkers >= WORKER_MAX ||
	    (w = kmem_zalloc(ps->ps_k, sizeof(*w))) == NULL)
		return;
	w->wk_ps = ps;
	if (host_thread_create("rumpsp", worker, w, &w->wk_thread) != 0)
		kmem_free(ps->ps_k, w, sizeof(*w));
	else
		ps->ps_nworkers++;
}

void
server_attend(struct conn *c)
{
	struct proxy_state *ps = c->c_ps;
	bool watch = false;
	int queued = 0;

	kmutex_enter(&ps->ps_lock);
	if (!c->c_queued) {
		c->c_queued = true;
		conn_get(c);
		c->c_qnext = NULL;
		*ps->ps_queueend = c;
		ps->ps_queueend = &c->c_qnext;
		for (struct conn *q = ps->ps_queue; q != NULL; q = q->c_qnext)
			queued++;
		if (queued <= ps->ps_nidle)
			kcond_signal(&ps->ps_jobcond);
		else {
			add_worker(ps);
			watch = ps->ps_nworkers >= WORKER_MAX;
		}
	}
	kmutex_exit(&ps->ps_lock);
	if (watch)
		sock_event_set(ps->ps_event);
}

/* --- the watcher: accepts, and looks after connections that have to wait for a worker: their clients may die --- */

struct watch {
	struct sock_poll polls[SOCK_POLLMAX];
	struct conn *conns[SOCK_POLLMAX];
	int count, nlisteners;
};

static void
watch_list(struct proxy_state *ps, struct watch *w)
{
	w->count = 0;
	w->polls[w->count++] = (struct sock_poll){ ps->ps_event, true, false,
		false };
	w->nlisteners = ps->ps_nlisteners;
	for (int i = 0; i < ps->ps_nlisteners; i++)
		w->polls[w->count++] = (struct sock_poll){
			ps->ps_listeners[i].li_fd, true, false, false
		};
	if (ps->ps_nworkers < WORKER_MAX)
		return;
	for (struct conn *c = ps->ps_queue;
	     c != NULL && w->count < SOCK_POLLMAX; c = c->c_qnext) {
		conn_get(c);
		w->conns[w->count] = c;
		w->polls[w->count++] = (struct sock_poll){ c->c_fd, false,
			false, false };
	}
}

static void
watch_ready(struct proxy_state *ps, struct watch *w)
{
	struct conn *c;
	int fd, error;

	if (w->polls[0].sp_ready)
		sock_event_clear(ps->ps_event);
	for (int i = 1; i <= w->nlisteners; i++) {
		if (!w->polls[i].sp_ready)
			continue;
		error = sock_accept(w->polls[i].sp_fd, &fd);
		if (error == 0)
			(void)conn_create(ps, fd);
		else if (error != -EAGAIN)
			/* Out of descriptors, say: not in a tight loop. */
			host_sleep_ns(50000000);
	}
	for (int i = 1 + w->nlisteners; i < w->count; i++) {
		c = w->conns[i];
		if (w->polls[i].sp_end) {
			kmutex_enter(&c->c_lock);
			if (!c->c_reading) {
				conn_end(c);
				conn_settle(c);
			}
			kmutex_exit(&c->c_lock);
		}
		conn_put(c);
	}
}

static void
watcher(void *arg)
{
	struct proxy_state *ps = arg;
	struct watch w;
	bool busy;

	for (;;) {
		kmutex_enter(&ps->ps_lock);
		if (ps->ps_stopping)
			break;
		watch_list(ps, &w);
		busy = ps->ps_nworkers >= WORKER_MAX;
		kmutex_exit(&ps->ps_lock);
		reap(ps);
		/* The queue changes without notice while all are busy. */
		(void)sock_poll(w.polls, w.count, busy ? 200 : -1);
		watch_ready(ps, &w);
	}
	kmutex_exit(&ps->ps_lock);
}

/* --- starting and stopping --- */

static int
state_create(struct rump_kernel *k)
{
	struct proxy_state *ps;
	int error;

	if (k->k_proxy != NULL)
		return 0;
	if ((ps = kmem_zalloc(k, sizeof(*ps))) == NULL)
		return -ENOMEM;
	ps->ps_k = k;
	ps->ps_queueend = &ps->ps_queue;
	if ((error = sock_event(&ps->ps_event)) != 0) {
		kmem_free(k, ps, sizeof(*ps));
		return error;
	}
	k->k_proxy = ps;
	error = host_thread_create("rumpsp watch", watcher, ps, &ps->ps_watcher);
	if (error != 0) {
		sock_close(ps->ps_event);
		k->k_proxy = NULL;
		kmem_free(k, ps, sizeof(*ps));
	}
	return error;
}

static int
listen_at(struct proxy_state *ps, const struct sock_addr *a, bool remove)
{
	struct listener *l;
	int error, fd;

	if ((error = sock_listen(a, CONN_MAX + 1, &fd)) != 0)
		return error;
	kmutex_enter(&ps->ps_lock);
	if (ps->ps_nlisteners == LISTENER_MAX) {
		kmutex_exit(&ps->ps_lock);
		if (a->sa_unix)
			sock_unlink(a->sa_path, sock_pathid(a->sa_path));
		sock_close(fd);
		return -EBUSY;
	}
	l = &ps->ps_listeners[ps->ps_nlisteners++];
	l->li_fd = fd;
	if (remove) {
		memcpy(l->li_path, a->sa_path, sizeof(l->li_path));
		l->li_pathid = sock_pathid(a->sa_path);
	}
	kmutex_exit(&ps->ps_lock);
	sock_event_set(ps->ps_event);
	return 0;
}

int
proxy_listen_why(
    struct rump_kernel *k, const char *url, char *why, size_t whysize)
{
	struct sock_addr a;
	bool relative;
	int error;

	error = url_parse(url, true, &a, &relative, why, whysize);
	if (error != 0)
		return error;
	if ((error = state_create(k)) != 0) {
		snprintf(why, whysize, "rump_sp: cannot start");
		return error;
	}
	error = listen_at(k->k_proxy, &a, a.sa_unix && a.sa_path[0] == '/');
	if (error != 0) {
		snprintf(why, whysize, "rump_sp: failed to bind to URL %s", url);
		return error;
	}
	if (!a.sa_unix && a.sa_ip == 0)
		kern_printf(k, "rump_sp: %s is open to other hosts\n", url);
	return 0;
}

int
proxy_listen(struct rump_kernel *k, const char *url)
{
	char why[256];
	int error;

	error = proxy_listen_why(k, url, why, sizeof(why));
	if (error != 0 && why[0] != '\0')
		kern_printf(k, "%s\n", why);
	return error;
}

int
proxy_serve(struct rump_kernel *k, int fd)
{
	int error;

	if ((error = state_create(k)) != 0) {
		sock_close(fd);
		return error;
	}
	return conn_create(k->k_proxy, fd);
}

/* Every connection's input ends; with `hard` its output, too. */
static void
end_all(struct proxy_state *ps, bool hard)
{
	struct conn *list[CONN_MAX], *c;
	int n = 0;

	kmutex_enter(&ps->ps_lock);
	for (c = ps->ps_conns; c != NULL; c = c->c_next) {
		conn_get(c);
		list[n++] = c;
	}
	kmutex_exit(&ps->ps_lock);
	for (int i = 0; i < n; i++) {
		c = list[i];
		atomic_store(&c->c_mute, true);
		sock_shutdown(c->c_fd, true, hard && !atomic_load(&c->c_held));
		kmutex_enter(&c->c_lock);
		/* A reader will find the end by itself. */
		if (!c->c_reading) {
			conn_end(c);
			conn_settle(c);
		}
		kmutex_exit(&c->c_lock);
		conn_put(c);
	}
}

static void
wait_conns(struct proxy_state *ps, int64_t deadline)
{
	kmutex_enter(&ps->ps_lock);
	while (ps->ps_nconns > 0) {
		if (kcond_timedwait(&ps->ps_gonecond, &ps->ps_lock, deadline) !=
		    0)
			break;
	}
	kmutex_exit(&ps->ps_lock);
}

void
proxy_hold(struct rump_kernel *k, proxy_held_t held, void *ctx)
{
	struct proxy_state *ps = k->k_proxy;

	if (ps == NULL)
		return;
	kmutex_enter(&ps->ps_lock);
	ps->ps_heldctx = ctx;
	ps->ps_held = held;
	kmutex_exit(&ps->ps_lock);
}

void
proxy_stop(struct rump_kernel *k)
{
	struct proxy_state *ps = k->k_proxy;
	struct conn *c;

	if (ps == NULL)
		return;
	kmutex_enter(&ps->ps_lock);
	ps->ps_stopping = true;
	kmutex_exit(&ps->ps_lock);
	kcond_broadcast(&ps->ps_jobcond);
	sock_event_set(ps->ps_event);
	host_thread_join(ps->ps_watcher);
	for (int i = 0; i < ps->ps_nlisteners; i++) {
		struct listener *l = &ps->ps_listeners[i];

		if (l->li_path[0] != '\0')
			sock_unlink(l->li_path, l->li_pathid);
		sock_close(l->li_fd);
	}
	end_all(ps, false);
	wait_conns(ps, k->k_host->monotonic() + STOP_GRACE_NS);
	end_all(ps, true);
	wait_conns(ps, INT64_MAX);
	kmutex_enter(&ps->ps_lock);
	while (ps->ps_nworkers > 0)
		kcond_wait(&ps->ps_gonecond, &ps->ps_lock);
	/* What no worker could be made for. */
	while ((c = ps->ps_queue) != NULL) {
		ps->ps_queue = c->c_qnext;
		conn_put(c);
	}
	kmutex_exit(&ps->ps_lock);
	reap(ps);
	guest_dropforks(ps);
	sock_close(ps->ps_event);
	k->k_proxy = NULL;
	kmem_free(k, ps, sizeof(*ps));
}
