/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors in messages (SCM_RIGHTS).
 *
 * In a buffer the message holds the files' addresses, with a reference each. f_msgcount says how many of a file's references are of that kind. A file
 * without others has no descriptor and is in no call: it can only come back by being received.
 *
 * Sockets that are reached by messages in each other's buffers only would stay for ever. unp_gc looks for them when somebody has closed a
 * descriptor while files were under way: it notes all buffers' contents, marks the sockets that can be reached from files with other references, and
 * empties the others' buffers. If a file got in or out meanwhile (ls_gen) what it saw was no state that ever was, and it looks again. Sockets
 * found unreachable stay so: nobody could receive or send them.
 *
 * Files of messages that nobody takes are closed later, where no lock is held: one thread at a time (ls_closing) closes all of them, so that chains
 * of sockets in sockets go one after the other, not one inside the other.
 */
#include "net/unp.h"

#define HEAD CMSG_ALIGN(sizeof(struct cmsghdr))
#define GC_DELAY_NS INT64_C(20000000)
#define GC_TRIES 8

static bool
is_rights(const struct mbuf *m)
{
	struct cmsghdr cm;

	if (m->m_type != MT_CONTROL || m->m_len < sizeof(cm))
		return false;
	memcpy(&cm, m->m_data, sizeof(cm));
	return cm.cmsg_level == SOL_SOCKET && cm.cmsg_type == SCM_RIGHTS;
}

static size_t
nrights(const struct mbuf *m)
{
	return (m->m_len - HEAD) / sizeof(struct file *);
}

static struct file *
right(const struct mbuf *m, size_t i)
{
	struct file *fp;

	memcpy(&fp, m->m_data + HEAD + i * sizeof(fp), sizeof(fp));
	return fp;
}

/* --- in and out --- */

static void
count(struct rump_kernel *k, const struct mbuf *m, bool in)
{
	struct local_state *ls = LS(k);

	if (!is_rights(m))
		return;
	kmutex_enter(&ls->ls_lock);
	for (size_t i = 0; i < nrights(m); i++)
		right(m, i)->f_msgcount += in ? 1u : -1u;
	ls->ls_inflight += in ? nrights(m) : 0 - nrights(m);
	ls->ls_gen++;
	kmutex_exit(&ls->ls_lock);
}

void
unp_launch(struct rump_kernel *k, const struct mbuf *m)
{
	for (; m != NULL; m = m->m_next)
		count(k, m, true);
}

/* One message's. */
static void
land(struct rump_kernel *k, const struct mbuf *m)
{
	count(k, m, false);
}

void
unp_drop_rights(struct lwp *l, struct mbuf *m)
{
	for (; m != NULL; m = m_free(m))
		for (size_t i = 0; is_rights(m) && i < nrights(m); i++)
			(void)file_put(l, right(m, i));
}

/* One message's descriptors to files, in a new message. */
static int
internalize_one(struct lwp *l, const struct mbuf *m, struct mbuf **np)
{
	size_t n = (m->m_len - HEAD) / sizeof(int), got = 0;
	struct local_state *ls = LS(l->l_k);
	struct mbuf *new;
	int error = 0;

	kmutex_enter(&ls->ls_lock);
	if (ls->ls_inflight + n > (size_t)atomic_load(&l->l_k->k_maxfiles) / 2)
		error = -EAGAIN;
	kmutex_exit(&ls->ls_lock);
	if (error != 0)
		return error;
	new = sbcreatecontrol(
	    l->l_k, NULL, n * sizeof(struct file *), SCM_RIGHTS, SOL_SOCKET);
	if (new == NULL)
		return -ENOBUFS;
	for (; got < n && error == 0; got++) {
		struct file *fp;
		int fd;

		memcpy(&fd, m->m_data + HEAD + got * sizeof(fd), sizeof(fd));
		if ((error = fd_getfile(l, fd, &fp)) != 0)
			break;
		memcpy(new->m_data + HEAD + got * sizeof(fp), &fp, sizeof(fp));
		/* A queue of events is about its process's descriptors. */
		if (fp->f_type == DTYPE_KQUEUE)
			error = -EBADF;
	}
	if (error != 0) {
		new->m_len = (uint32_t)(HEAD + got * sizeof(struct file *));
		unp_drop_rights(l, new);
		return error;
	}
	*np = new;
	return 0;
}

int
unp_internalize(struct lwp *l, struct mbuf **control)
{
	struct mbuf *m = *control, *done = NULL, **tail = &done;
	int error = 0;

	for (; m != NULL && error == 0; m = m_free(m)) {
		struct mbuf *new = NULL;

		error = is_rights(m) ? internalize_one(l, m, &new) : -EINVAL;
		if (error == 0) {
			*tail = new;
			tail = &new->m_next;
		}
	}
	m_freem(m);
	if (error != 0) {
		unp_drop_rights(l, done);
		done = NULL;
	}
	*control = done;
	return error;
}

/* One message's files to descriptors of the process. */
static int
externalize_one(struct lwp *l, struct mbuf *m, bool cloexec)
{
	size_t n = nrights(m), got;
	struct cmsghdr cm;
	int error = 0, fd;

	land(l->l_k, m);
	/* A descriptor takes less room than an address: from the front on. */
	for (got = 0; got < n && error == 0; got++) {
		struct file *fp = right(m, got);

		if ((error = fd_alloc(l, 0, &fd)) != 0)
			break;
		fd_install(l, fd, fp, cloexec);
		memcpy(m->m_data + HEAD + got * sizeof(fd), &fd, sizeof(fd));
	}
	if (error != 0) {
		for (size_t i = 0; i < got; i++) {
			memcpy(
			    &fd, m->m_data + HEAD + i * sizeof(fd), sizeof(fd));
			(void)fd_close(l, fd);
		}
		for (size_t i = got; i < n; i++)
			(void)file_put(l, right(m, i));
		return -EMSGSIZE;
	}
	memcpy(&cm, m->m_data, sizeof(cm));
	cm.cmsg_len = (socklen_t)(HEAD + n * sizeof(fd));
	memcpy(m->m_data, &cm, sizeof(cm));
	m->m_len = cm.cmsg_len;
	return 0;
}

int
unp_externalize(struct lwp *l, struct mbuf **chain, int flags)
{
	bool cloexec = (flags & MSG_CMSG_CLOEXEC) != 0;
	struct mbuf **at = chain, *m;
	int error = 0;

	while ((m = *at) != NULL) {
		if (!is_rights(m)) {
			at = &m->m_next;
			continue;
		}
		if (error == 0 && (error = externalize_one(l, m, cloexec)) == 0) {
			at = &m->m_next;
			continue;
		}
		/* Descriptors made before stay, and are the caller's to close. */
		*at = m->m_next;
		m->m_next = NULL;
		m_freem(m);
		break;
	}
	while (error != 0 && (m = *at) != NULL) {
		*at = m->m_next;
		m->m_next = NULL;
		land(l->l_k, m);
		unp_drop_rights(l, m);
	}
	return error;
}

/* --- what nobody takes --- */

/* Where it cannot be scheduled the kernel halts: local_detach does it. */
static void
start_callout(struct local_state *ls)
{
	if (!callout_pending(&ls->ls_callout) &&
	    callout_schedule(&ls->ls_callout, GC_DELAY_NS) != 0)
		return;
}

void
unp_dispose(struct rump_kernel *k, struct mbuf *m)
{
	struct local_state *ls = LS(k);
	struct mbuf *next;

	for (; m != NULL; m = next) {
		next = m->m_next;
		m->m_next = NULL;
		if (!is_rights(m)) {
			m_freem(m);
			continue;
		}
		land(k, m);
		kmutex_enter(&ls->ls_lock);
		m->m_next = ls->ls_deferred;
		ls->ls_deferred = m;
		kmutex_exit(&ls->ls_lock);
		start_callout(ls);
	}
}

void
unp_close_deferred(struct lwp *l, struct local_state *ls)
{
	struct mbuf *m;

	for (;;) {
		kmutex_enter(&ls->ls_lock);
		m = ls->ls_closing ? NULL : ls->ls_deferred;
		if (m != NULL) {
			ls->ls_closing = true;
			ls->ls_deferred = NULL;
		}
		kmutex_exit(&ls->ls_lock);
		if (m == NULL)
			return;
		unp_drop_rights(l, m);
		atomic_store(&ls->ls_closing, false);
	}
}

/* --- cycles --- */

struct gc_node {
	struct socket *n_so;
	uint32_t n_msgs;  /* times that its file is in buffers */
	uint32_t n_count; /* its file's references, 0: not in a buffer */
	bool n_live;
};
struct gc_edge {
	size_t e_from;
	struct socket *e_to;
};
struct gc {
	struct gc_node *nodes;
	size_t n, max;
	struct gc_edge *edges;
	size_t nedges, maxedges;
	bool full;
};

static int
add_node(struct socket *so, void *arg)
{
	struct gc *gc = arg;

	if (gc->n == gc->max) {
		gc->full = true;
		return 1;
	}
	gc->nodes[gc->n++].n_so = so_get(so);
	return 0;
}

static struct gc_node *
find_node(const struct gc *gc, const struct socket *so)
{
	size_t lo = 0, hi = gc->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (gc->nodes[mid].n_so == so)
			return &gc->nodes[mid];
		if ((uintptr_t)gc->nodes[mid].n_so < (uintptr_t)so)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void
sift(struct gc_node *a, size_t i, size_t n)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		struct gc_node t;

		if (child + 1 < n &&
		    (uintptr_t)a[child].n_so < (uintptr_t)a[child + 1].n_so)
			child++;
		if ((uintptr_t)a[i].n_so >= (uintptr_t)a[child].n_so)
			return;
		t = a[i];
		a[i] = a[child];
		a[child] = t;
	}
}

static void
sort_nodes(struct gc_node *a, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(a, i, n);
	for (size_t i = n; i-- > 1;) {
		struct gc_node t = a[0];

		a[0] = a[i];
		a[i] = t;
		sift(a, 0, i);
	}
}

/* Notes what one buffer holds. */
static void
look_into(struct gc *gc, size_t from)
{
	struct socket *so = gc->nodes[from].n_so;

	solock(so);
	for (struct mbuf *r = so->so_rcv.sb_mb; r != NULL; r = r->m_nextpkt)
		for (struct mbuf *m = r; m != NULL; m = m->m_next)
			for (size_t i = 0; is_rights(m) && i < nrights(m); i++) {
				struct file *fp = right(m, i);
				struct gc_node *node = NULL;

				if (fp->f_type == DTYPE_SOCKET)
					node = find_node(gc, fp->f_data);
				if (node == NULL)
					continue;
				node->n_msgs++;
				node->n_count = atomic_load(&fp->f_count);
				if (gc->nedges == gc->maxedges) {
					gc->full = true;
					continue;
				}
				gc->edges[gc->nedges].e_from = from;
				gc->edges[gc->nedges++].e_to = node->n_so;
			}
	/* A connection that waits to be accepted is its listener's. */
	if (so->so_onq && so->so_head != NULL && gc->nedges < gc->maxedges) {
		struct gc_node *head = find_node(gc, so->so_head);

		if (head != NULL) {
			gc->nodes[from].n_msgs = gc->nodes[from].n_count = 1;
			gc->edges[gc->nedges].e_from = (size_t)(head -
			    gc->nodes);
			gc->edges[gc->nedges++].e_to = so;
		}
	}
	sounlock(so);
}

static void
mark(struct gc *gc)
{
	bool more = true;

	for (size_t i = 0; i < gc->n; i++)
		gc->nodes[i].n_live = gc->nodes[i].n_msgs == 0 ||
		    gc->nodes[i].n_count > gc->nodes[i].n_msgs;
	while (more) {
		more = false;
		for (size_t i = 0; i < gc->nedges; i++) {
			struct gc_node *to;

			if (!gc->nodes[gc->edges[i].e_from].n_live)
				continue;
			to = find_node(gc, gc->edges[i].e_to);
			if (!to->n_live)
				to->n_live = more = true;
		}
	}
}

static void
empty(struct rump_kernel *k, struct socket *so)
{
	solock(so);
	so->so_state |= SS_CANTRCVMORE;
	sbflush(k, &so->so_rcv);
	sounlock(so);
}

static uint64_t
generation(struct local_state *ls, size_t *inflight)
{
	uint64_t gen;

	kmutex_enter(&ls->ls_lock);
	gen = ls->ls_gen;
	*inflight = ls->ls_inflight;
	kmutex_exit(&ls->ls_lock);
	return gen;
}

/* One look at everything: true if it was a true picture. */
static bool
gc_once(struct local_state *ls)
{
	struct rump_kernel *k = ls->ls_k;
	struct socket_state *ss = NS(k)->ns_socket;
	struct gc gc = { .n = 0 };
	size_t inflight, again;
	uint64_t gen = generation(ls, &inflight);
	bool good = false;

	if (inflight == 0)
		return true;
	kmutex_enter(&ss->ss_lock);
	gc.max = ss->ss_count + 64;
	kmutex_exit(&ss->ss_lock);
	gc.maxedges = inflight + gc.max;
	gc.nodes = kmem_calloc(k, gc.max, sizeof(*gc.nodes));
	gc.edges = kmem_calloc(k, gc.maxedges, sizeof(*gc.edges));
	if (gc.nodes != NULL && gc.edges != NULL) {
		memset(gc.nodes, 0, gc.max * sizeof(*gc.nodes));
		(void)so_foreach(k, AF_LOCAL, add_node, &gc);
		sort_nodes(gc.nodes, gc.n);
		for (size_t i = 0; i < gc.n; i++)
			look_into(&gc, i);
		mark(&gc);
		good = !gc.full && generation(ls, &again) == gen;
		for (size_t i = 0; i < gc.n; i++) {
			if (good && !gc.nodes[i].n_live)
				empty(k, gc.nodes[i].n_so);
			so_put(gc.nodes[i].n_so);
		}
	}
	kmem_free(k, gc.nodes, gc.max * sizeof(*gc.nodes));
	kmem_free(k, gc.edges, gc.maxedges * sizeof(*gc.edges));
	return good;
}

void
unp_gc(struct local_state *ls)
{
	for (int i = 0; i < GC_TRIES && !gc_once(ls); i++)
		continue;
}

void
local_gc_later(struct rump_kernel *k)
{
	struct local_state *ls = LS(k);
	size_t inflight;

	(void)generation(ls, &inflight);
	if (inflight != 0)
		start_callout(ls);
}
