/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtual time. Contract: kern/vclock.h.
 *
 * Whoever moves time has vc_stepping, and drops vc_lock while callouts run: so kernels may come and go meanwhile, and threads make calls. The clock's own thread does
 * it when the clock is automatic: who sleeps may hold locks that callouts take.
 *
 * A sleeper that was woken may not know it yet: it counts as awake as soon as its condition has moved. So there is no moment at which a thread that
 * has something to do is overlooked. It goes on when the callouts that are due at this time have run to their end, not beside them.
 */
#include "kern/callout.h"
#include "kern/vclock.h"

#define FAR INT64_MAX
/* At one time, before that counts as time. */
#define BURST 100000
#define BURST_NS 1000
/* How far it goes on for the network's sake while all threads sleep without an end. */
#define SILENT_NS (INT64_C(3) * 3600 * 1000000000)
/* A call that neither ends nor sleeps is not waited for longer: it may wait for the host. */
#define STUCK_NS INT64_C(10000000000)

struct vthread {
	struct vthread *vt_next;
	uint32_t vt_id;
	unsigned vt_depth;    /* calls in calls; 0: it has left */
	int64_t vt_left;      /* the host's time */
	unsigned vt_patience; /* how often it was found at work since */
};

struct vsleep {
	struct vsleep *vs_next, **vs_prevp;
	struct rump_kernel *vs_k;
	struct kcond *vs_cond;
	uint32_t vs_seq;
	int64_t vs_deadline;
	bool vs_own;  /* a kernel's thread */
	bool vs_firm; /* a halt does not end it */
};

/* --- threads and sleeps; vc_lock --- */

static struct vthread *
find(struct vclock *c, uint32_t id)
{
	struct vthread *t = c->vc_threads;

	while (t != NULL && t->vt_id != id)
		t = t->vt_next;
	return t;
}

static void
changed(struct vclock *c)
{
	c->vc_lastcall = vclock_now(c);
	c->vc_changed = host_linux.monotonic();
}

/* Is it likely to come back soon? */
static bool
waited_for(struct vthread *t, int64_t host)
{
	int state = host_thread_state(t->vt_id);

	if (state < 0)
		return false;
	if (host - t->vt_left < VCLOCK_GRACE_NS)
		return true;
	if (state == 0 || ++t->vt_patience > VCLOCK_PATIENCE)
		return false;
	t->vt_left = host;
	return true;
}

static bool
gone(const struct vthread *t, int64_t host)
{
	return t->vt_depth == 0 &&
	    t->vt_left + VCLOCK_GRACE_NS * VCLOCK_PATIENCE <= host;
}

/* An entry for a thread that has none: somebody's who left long ago, or a new one. */
static struct vthread *
entry(struct vclock *c, uint32_t id)
{
	int64_t host = host_linux.monotonic();
	struct vthread *t = c->vc_threads;

	while (t != NULL && !gone(t, host))
		t = t->vt_next;
	if (t == NULL && (t = host_malloc(sizeof(*t))) != NULL) {
		*t = (struct vthread){ .vt_next = c->vc_threads };
		c->vc_threads = t;
	}
	if (t != NULL)
		t->vt_id = id;
	return t;
}

/* Whoever waits for quiet looks again. */
static void
tell(struct vclock *c)
{
	if (c->vc_awake == 0 && (c->vc_asleep > 0 || c->vc_stepping))
		kcond_broadcast(&c->vc_cond);
}

static bool
woken(const struct vsleep *s)
{
	return atomic_load(&s->vs_cond->c_seq) != s->vs_seq;
}

/* Does nobody but `self` have anything to do? Else *until is when to look again at the latest, of the host's time. */
static bool
quiet(struct vclock *c, uint32_t self, int64_t *until)
{
	int64_t host = host_linux.monotonic();
	struct vthread **tp, *t;
	bool busy = c->vc_awake > 0;

	*until = host + VCLOCK_GRACE_NS;
	for (struct vsleep *s = c->vc_sleeps; s != NULL && !busy; s = s->vs_next)
		busy = woken(s);
	if (busy)
		return host - c->vc_changed > STUCK_NS;
	for (tp = &c->vc_threads; (t = *tp) != NULL;) {
		if (t->vt_depth == 0 && t->vt_id != self && waited_for(t, host)) {
			busy = true;
			if (t->vt_left + VCLOCK_GRACE_NS < *until)
				*until = t->vt_left + VCLOCK_GRACE_NS;
		} else if (t->vt_depth == 0 && t->vt_id != self) {
			*tp = t->vt_next;
			host_free(t);
			continue;
		}
		tp = &t->vt_next;
	}
	return !busy;
}

/* --- what is due; vc_lock, dropped in between; vc_stepping --- */

static int64_t
next_callout(struct vclock *c)
{
	int64_t first = FAR, when;

	for (struct rump_kernel *k = c->vc_kernels; k != NULL;
	     k = k->k_clocknext) {
		if (!kern_halting(k) && (when = callout_next(k)) < first)
			first = when;
	}
	return first;
}

static struct vsleep *
next_sleep(struct vclock *c)
{
	struct vsleep *first = NULL;

	for (struct vsleep *s = c->vc_sleeps; s != NULL; s = s->vs_next)
		if (!woken(s) &&
		    (first == NULL || s->vs_deadline < first->vs_deadline))
			first = s;
	return first;
}

static void
set_now(struct vclock *c, int64_t when)
{
	if (when <= vclock_now(c))
		return;
	atomic_store_explicit(&c->vc_now, when, memory_order_release);
	c->vc_burst = 0;
}

/* The first kernel, in order of boot, with something due; until nothing of it is. */
static bool
run_kernel(struct vclock *c)
{
	struct rump_kernel *k = c->vc_kernels;
	bool more = true;

	while (k != NULL && (kern_halting(k) || callout_next(k) > vclock_now(c)))
		k = k->k_clocknext;
	if (k == NULL)
		return false;
	c->vc_current = k;
	while (more && !kern_halting(k)) {
		/* What comes without end takes time as well. */
		if (++c->vc_burst > BURST)
			set_now(c, vclock_now(c) + BURST_NS);
		kmutex_exit(&c->vc_lock);
		more = callout_runone(k, vclock_now(c));
		kmutex_enter(&c->vc_lock);
	}
	c->vc_current = NULL;
	if (kern_halting(k))
		kcond_broadcast(&c->vc_cond);
	return true;
}

static void
run_callouts(struct vclock *c)
{
	c->vc_running = true;
	while (run_kernel(c))
		continue;
	c->vc_running = false;
	kcond_broadcast(&c->vc_cond);
}

/* Who is woken, or comes, waits until they have. */
static void
after_callouts(struct vclock *c, uint32_t self)
{
	while (c->vc_running && c->vc_stepper != self)
		kcond_wait(&c->vc_cond, &c->vc_lock);
}

/* Goes to what is next, at `limit` at the latest, and runs it. False: there is nothing until then. */
static bool
step(struct vclock *c, int64_t limit)
{
	struct vsleep *s = next_sleep(c);
	int64_t when;

	/* First: who puts something off tells afterwards. */
	atomic_store(&c->vc_due, false);
	when = next_callout(c);
	if (s != NULL && s->vs_deadline < when) {
		if (s->vs_deadline > limit || s->vs_deadline == FAR)
			return false;
		set_now(c, s->vs_deadline);
		kcond_broadcast(s->vs_cond);
		c->vc_changed = host_linux.monotonic();
		return true;
	}
	if (when > limit || when == FAR)
		return false;
	set_now(c, when);
	run_callouts(c);
	return true;
}

static void
begin(struct vclock *c)
{
	while (c->vc_stepping)
		kcond_wait(&c->vc_cond, &c->vc_lock);
	c->vc_stepping = true;
	c->vc_stepper = host_thread_self();
}

static void
end(struct vclock *c)
{
	c->vc_stepping = false;
	c->vc_stepper = 0;
	kcond_broadcast(&c->vc_cond);
}

/* --- automatic --- */

/* How far it may go by itself just now; less than now: not at all. */
static int64_t
allowed(struct vclock *c)
{
	int64_t last = -1;
	bool forever = true;

	for (struct vsleep *s = c->vc_sleeps; s != NULL; s = s->vs_next) {
		if (s->vs_own)
			continue;
		forever = forever && s->vs_deadline == FAR;
		/* A kernel that ends is not kept from it. */
		if (s->vs_firm && s->vs_deadline != FAR &&
		    s->vs_deadline > last && kern_halting(s->vs_k))
			last = s->vs_deadline;
	}
	if (c->vc_asleep == 0 || !c->vc_auto || c->vc_holds > 0)
		return last;
	return forever ? c->vc_lastcall + SILENT_NS : FAR - 1;
}

static void
thread_main(void *arg)
{
	struct vclock *c = arg;
	int64_t until, limit;
	bool moved;

	kmutex_enter(&c->vc_lock);
	while (!c->vc_stop) {
		moved = false;

		limit = allowed(c);
		if (limit < 0 && c->vc_asleep > 0 && atomic_load(&c->vc_due))
			limit = vclock_now(c);
		until = FAR;
		if (limit >= 0 && !c->vc_stepping && quiet(c, 0, &until)) {
			begin(c);
			moved = step(c, limit);
			end(c);
		}
		/* A hold may end, a kernel halt: that is looked for while somebody sleeps. */
		if (until == FAR && c->vc_asleep > 0)
			until = host_linux.monotonic() + VCLOCK_GRACE_NS;
		if (!moved)
			(void)kcond_timedwait(&c->vc_cond, &c->vc_lock, until);
	}
	kmutex_exit(&c->vc_lock);
}

void
vclock_setauto(struct vclock *c, bool on)
{
	kmutex_enter(&c->vc_lock);
	c->vc_auto = on;
	kcond_broadcast(&c->vc_cond);
	kmutex_exit(&c->vc_lock);
}

unsigned
vclock_asleep(struct vclock *c)
{
	unsigned n;

	kmutex_enter(&c->vc_lock);
	n = c->vc_asleep;
	kmutex_exit(&c->vc_lock);
	return n;
}

void
vclock_hold(struct vclock *c)
{
	kmutex_enter(&c->vc_lock);
	c->vc_holds++;
	/* What is under way comes to its end. */
	while (c->vc_stepping && c->vc_stepper != host_thread_self())
		kcond_wait(&c->vc_cond, &c->vc_lock);
	kmutex_exit(&c->vc_lock);
}

int
vclock_release(struct vclock *c)
{
	int error = 0;

	kmutex_enter(&c->vc_lock);
	if (c->vc_holds > 0)
		c->vc_holds--;
	else
		error = -EINVAL;
	kcond_broadcast(&c->vc_cond);
	kmutex_exit(&c->vc_lock);
	return error;
}

/* --- by hand --- */

/* Until nobody has anything to do. */
static void
settle(struct vclock *c)
{
	int64_t until;

	while (!quiet(c, c->vc_stepper, &until))
		(void)kcond_timedwait(&c->vc_cond, &c->vc_lock, until);
}

int
vclock_advance(struct vclock *c, int64_t ns)
{
	uint32_t self = host_thread_self();
	struct vthread *t;
	int64_t target;
	int error = 0;

	kmutex_enter(&c->vc_lock);
	t = find(c, self);
	if (ns < 0)
		error = -EINVAL;
	else if (c->vc_stepper == self || (t != NULL && t->vt_depth > 0))
		error = -EBUSY;
	else {
		begin(c);
		if (ns > FAR / 4 - vclock_now(c))
			error = -EINVAL;
		else {
			target = vclock_now(c) + ns;
			do
				settle(c);
			while (step(c, target));
			set_now(c, target);
		}
		end(c);
	}
	kmutex_exit(&c->vc_lock);
	return error;
}

/* --- calls --- */

void
vclock_enter(struct vclock *c)
{
	uint32_t self = host_thread_self();
	struct vthread *t;

	kmutex_enter(&c->vc_lock);
	after_callouts(c, self);
	if ((t = find(c, self)) == NULL)
		t = entry(c, self);
	/* Without memory it goes uncounted: time may move while it is at work. */
	if (t != NULL && t->vt_depth++ == 0)
		c->vc_awake++;
	changed(c);
	kmutex_exit(&c->vc_lock);
}

void
vclock_leave(struct vclock *c)
{
	struct vthread *t;

	kmutex_enter(&c->vc_lock);
	t = find(c, host_thread_self());
	changed(c);
	if (t != NULL && t->vt_depth > 0 && --t->vt_depth == 0) {
		c->vc_awake--;
		t->vt_left = c->vc_changed;
		t->vt_patience = 0;
		/* What was put off until the call is over, and takes no time. */
		if (c->vc_awake == 0 && !c->vc_stepping &&
		    atomic_exchange(&c->vc_due, false)) {
			begin(c);
			run_callouts(c);
			end(c);
		}
		tell(c);
	}
	kmutex_exit(&c->vc_lock);
}

static void
link_sleep(struct vclock *c, struct vsleep *s)
{
	s->vs_next = NULL;
	s->vs_prevp = c->vc_sleeptail;
	*c->vc_sleeptail = s;
	c->vc_sleeptail = &s->vs_next;
	c->vc_asleep += !s->vs_own;
}

static void
unlink_sleep(struct vclock *c, struct vsleep *s)
{
	*s->vs_prevp = s->vs_next;
	if (s->vs_next != NULL)
		s->vs_next->vs_prevp = s->vs_prevp;
	else
		c->vc_sleeptail = s->vs_prevp;
	c->vc_asleep -= !s->vs_own;
}

int
vclock_sleep(struct lwp *l, struct kcond *cond, struct kmutex *m, uint32_t seq,
    int64_t deadline_ns)
{
	struct vclock *c = l->l_k->k_clock;
	struct vsleep s = { .vs_k = l->l_k,
		.vs_cond = cond,
		.vs_seq = seq,
		.vs_deadline = deadline_ns,
		.vs_own = (atomic_load(&l->l_flags) & L_KERNEL) != 0,
		.vs_firm = l == l->l_k->k_lwp0 ||
		    (atomic_load(&l->l_flags) & L_NOINTR) != 0 };
	uint32_t self = host_thread_self();
	struct vthread *t;
	bool counted, over;

	kmutex_enter(&c->vc_lock);
	if (deadline_ns <= vclock_now(c)) {
		kmutex_exit(&c->vc_lock);
		kcond_cancel(cond);
		return -EWOULDBLOCK;
	}
	t = find(c, self);
	counted = t != NULL && t->vt_depth > 0;
	c->vc_awake -= counted;
	link_sleep(c, &s);
	changed(c);
	tell(c);
	kmutex_exit(&c->vc_lock);
	/* As kcond_commit, but callouts may want the mutex before we do. */
	kmutex_exit(m);
	(void)host_futex_wait(&cond->c_seq, seq, INT64_MAX);
	kmutex_enter(&c->vc_lock);
	after_callouts(c, self);
	unlink_sleep(c, &s);
	c->vc_awake += counted;
	changed(c);
	over = deadline_ns <= vclock_now(c);
	kmutex_exit(&c->vc_lock);
	kmutex_enter(m);
	kcond_cancel(cond);
	return over ? -EWOULDBLOCK : 0;
}

/* --- coming and going --- */

int64_t
vclock_realtime(struct vclock *c)
{
	return vclock_now(c) + c->vc_walloff;
}

int
vclock_create(int64_t realtime_ns, uint64_t seed, struct vclock **cp)
{
	struct vclock *c;
	int error;

	*cp = NULL;
	if (realtime_ns < 0 || realtime_ns > FAR / 4)
		return -EINVAL;
	if ((c = host_malloc(sizeof(*c))) == NULL)
		return -ENOMEM;
	memset(c, 0, sizeof(*c));
	while (seed == 0)
		host_linux.random(&seed, sizeof(seed));
	c->vc_now = VCLOCK_BOOT_NS;
	c->vc_walloff = realtime_ns - VCLOCK_BOOT_NS;
	c->vc_refs = 1;
	c->vc_seed = seed;
	c->vc_sleeptail = &c->vc_sleeps;
	c->vc_auto = true;
	error = host_thread_create("clock", thread_main, c, &c->vc_thread);
	if (error != 0) {
		host_free(c);
		return error;
	}
	*cp = c;
	return 0;
}

void
vclock_put(struct vclock *c)
{
	struct vthread *t;

	if (atomic_fetch_sub(&c->vc_refs, 1) != 1)
		return;
	kmutex_enter(&c->vc_lock);
	c->vc_stop = true;
	kcond_broadcast(&c->vc_cond);
	kmutex_exit(&c->vc_lock);
	host_thread_join(c->vc_thread);
	while ((t = c->vc_threads) != NULL) {
		c->vc_threads = t->vt_next;
		host_free(t);
	}
	host_free(c);
}

void
vclock_get(struct vclock *c, struct rump_kernel *k)
{
	atomic_fetch_add(&c->vc_refs, 1);
	k->k_dice = c->vc_seed +
	    (atomic_fetch_add(&c->vc_booted, 1) + 1) * 0xd1342543de82ef95ULL;
}

void
vclock_attach(struct rump_kernel *k)
{
	struct vclock *c = k->k_clock;
	struct rump_kernel **kp;

	kmutex_enter(&c->vc_lock);
	for (kp = &c->vc_kernels; *kp != NULL; kp = &(*kp)->k_clocknext)
		continue;
	*kp = k;
	kmutex_exit(&c->vc_lock);
}

void
vclock_detach(struct rump_kernel *k)
{
	struct vclock *c = k->k_clock;
	struct rump_kernel **kp;

	kmutex_enter(&c->vc_lock);
	for (kp = &c->vc_kernels; *kp != k; kp = &(*kp)->k_clocknext)
		continue;
	*kp = k->k_clocknext;
	while (c->vc_current == k)
		kcond_wait(&c->vc_cond, &c->vc_lock);
	kmutex_exit(&c->vc_lock);
}

/* splitmix64: any number of threads draw. */
static uint64_t
draw(struct rump_kernel *k)
{
	uint64_t z = atomic_fetch_add(&k->k_dice, 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void
kern_random(struct rump_kernel *k, void *buf, size_t n)
{
	uint8_t *p = buf;

	if (k->k_clock == NULL) {
		k->k_host->random(buf, n);
		return;
	}
	for (; n > 0;) {
		uint64_t z = draw(k);
		size_t some = n < sizeof(z) ? n : sizeof(z);

		memcpy(p, &z, some);
		p += some;
		n -= some;
	}
}
