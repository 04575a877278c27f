/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernels and processes by handle. */
#include <stdio.h>
#include "dev/etfs.h"
#include "kern/config.h"
#include "kern/components.h"
#include "proxy/client.h"
#include "proxy/proxy.h"
#include "rump/handle.h"
#include <netbsd/errnames.h>

#ifdef __LP64__
#define MACHINE "amd64"
#else
#define MACHINE "i386"
#endif

#define MAXNAMES 64

static void
say(char *why, size_t size, const char *fmt, const char *arg)
{
	if (why != NULL && size > 0)
		snprintf(why, size, fmt, arg);
}

const char *
rumprun_version(void)
{
	return "1.0 NetBSD-7.99.34/" MACHINE;
}

/* --- who is inside --- */

void
rumprun_inside_begin(struct insiders *is, struct inside *in)
{
	in->in_thread = host_thread_self();
	kmutex_enter(&is->is_lock);
	in->in_next = is->is_first;
	is->is_first = in;
	kmutex_exit(&is->is_lock);
}

void
rumprun_inside_end(struct insiders *is, struct inside *in)
{
	struct inside **link;

	kmutex_enter(&is->is_lock);
	for (link = &is->is_first; *link != in; link = &(*link)->in_next)
		continue;
	*link = in->in_next;
	kmutex_exit(&is->is_lock);
}

bool
rumprun_inside(struct insiders *is)
{
	uint32_t self = host_thread_self();
	struct inside *in;

	kmutex_enter(&is->is_lock);
	for (in = is->is_first; in != NULL && in->in_thread != self;
	     in = in->in_next)
		continue;
	kmutex_exit(&is->is_lock);
	return in != NULL;
}

/* --- kernels --- */

static void
console(void *ctx, const char *text, size_t size)
{
	struct rumprun_kernel *rk = ctx;
	struct inside inside;

	if (rk->rk_console == NULL)
		return;
	rumprun_inside_begin(&rk->rk_inside, &inside);
	rk->rk_console(rk->rk_ctx, text, size);
	rumprun_inside_end(&rk->rk_inside, &inside);
}

static void
rebooted(void *ctx, int howto)
{
	struct rumprun_kernel *rk = ctx;

	atomic_store(&rk->rk_reboot, howto);
}

static void
kernel_put(struct rumprun_kernel *rk)
{
	bool last;

	kmutex_enter(&rk->rk_lock);
	last = --rk->rk_refs == 0;
	kmutex_exit(&rk->rk_lock);
	if (last)
		host_free(rk);
}

/* Cuts the list of names in `copy` into `names`. */
static int
split(char *copy, const char *names[MAXNAMES + 1], char *why, size_t whysize)
{
	int n = 0;

	for (char *s = copy; *s != '\0';) {
		size_t len = strcspn(s, ",");
		bool more = s[len] == ',';

		s[len] = '\0';
		if (len > 0) {
			if (n == MAXNAMES)
				return -E2BIG;
			if (component_find(s) < 0) {
				say(why, whysize, "no component is called %s",
				    s);
				return -ENOENT;
			}
			names[n++] = s;
		}
		s += len + more;
	}
	names[n] = NULL;
	return 0;
}

static int
boot(struct rumprun_clock *rc, const char *components, const char *options,
    struct rumprun_kernel *rk, char *why, size_t whysize)
{
	struct kern_config kc = { 0 };
	const char *names[MAXNAMES + 1];
	char copy[1024];
	int error;

	kc.kc_consout = console;
	kc.kc_consctx = rk;
	kc.kc_halt = rebooted;
	kc.kc_haltctx = rk;
	kc.kc_clock = rc != NULL ? rc->rc_clock : NULL;
	if (components != NULL) {
		if (strlen(components) >= sizeof(copy))
			return -ENAMETOOLONG;
		strcpy(copy, components);
		if ((error = split(copy, names, why, whysize)) != 0)
			return error;
		kc.kc_components = names;
	}
	if (options != NULL && (error = kern_config_options(&kc, options)) != 0) {
		say(why, whysize, "an option is none or out of range: %s",
		    options);
		return error;
	}
	return kern_boot(&kc, &rk->rk_k);
}

int
rumprun_clock_boot(struct rumprun_clock *rc, const char *components,
    const char *options, rumprun_console *fn, void *ctx,
    struct rumprun_kernel **rkp, char *why, size_t whysize)
{
	struct rumprun_kernel *rk;
	int error;

	*rkp = NULL;
	say(why, whysize, "%s", "");
	if ((rk = host_malloc(sizeof(*rk))) == NULL)
		return -ENOMEM;
	memset(rk, 0, sizeof(*rk));
	rk->rk_refs = 1;
	rk->rk_reboot = -1;
	rk->rk_console = fn;
	rk->rk_ctx = ctx;
	if ((error = boot(rc, components, options, rk, why, whysize)) != 0) {
		host_free(rk);
		return error;
	}
	*rkp = rk;
	return 0;
}

int
rumprun_kernel_boot(const char *components, const char *options,
    rumprun_console *fn, void *ctx, struct rumprun_kernel **rkp, char *why,
    size_t whysize)
{
	return rumprun_clock_boot(
	    NULL, components, options, fn, ctx, rkp, why, whysize);
}

/* Takes the process away from under its handle; rk_lock held. */
static void
detach_proc(struct rumprun_proc *rp)
{
	atomic_store(&rp->rp_dead, true);
	while (atomic_load(&rp->rp_users) != 0)
		host_sleep_ns(50000);
	lwpcache_clear(&rp->rp_lwps, true);
	rp->rp_proc = NULL;
}

/* rk_lock held. */
static bool
inside_any(struct rumprun_kernel *rk)
{
	bool inside = false;

	for (struct rumprun_proc *rp = rk->rk_procs; rp != NULL && !inside;
	     rp = rp->rp_next)
		inside = rumprun_inside(&rp->rp_inside);
	return inside;
}

int64_t
rumprun_kernel_halt(struct rumprun_kernel *rk, int nosync)
{
	struct rump_kernel *k;
	int64_t leak = 0;

	if (rk == NULL)
		return 0;
	/* The console's function may have been called with the list locked. */
	if (rumprun_inside(&rk->rk_inside))
		return -EBUSY;
	kmutex_enter(&rk->rk_lock);
	if (inside_any(rk)) {
		kmutex_exit(&rk->rk_lock);
		return -EBUSY;
	}
	if ((k = rk->rk_k) != NULL) {
		kern_halt_begin(k);
		for (struct rumprun_proc *rp = rk->rk_procs; rp != NULL;
		     rp = rp->rp_next)
			detach_proc(rp);
		rk->rk_k = NULL;
	}
	kmutex_exit(&rk->rk_lock);
	if (k != NULL)
		kern_halt(k, nosync != 0, &leak);
	kernel_put(rk);
	return leak;
}

int
rumprun_kernel_listen(
    struct rumprun_kernel *rk, const char *url, char *why, size_t whysize)
{
	int error = -ESHUTDOWN;
	char own[256] = "";

	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL)
		error = proxy_listen_why(rk->rk_k, url, own, sizeof(own));
	say(why, whysize, "%s", own);
	kmutex_exit(&rk->rk_lock);
	return error;
}

void
rumprun_kernel_why(struct rumprun_kernel *rk, char *why, size_t whysize)
{
	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL) {
		kmutex_enter(&rk->rk_k->k_timelock);
		say(why, whysize, "%s", rk->rk_k->k_panic);
		kmutex_exit(&rk->rk_k->k_timelock);
	} else
		say(why, whysize, "%s", "the kernel has been halted");
	kmutex_exit(&rk->rk_lock);
}

int
rumprun_kernel_rebooted(struct rumprun_kernel *rk)
{
	return atomic_load(&rk->rk_reboot);
}

int
rumprun_etfs_register(struct rumprun_kernel *rk, const char *key,
    const char *hostpath, int type, int64_t begin, int64_t size, char *why,
    size_t whysize)
{
	int error = -ESHUTDOWN;

	say(why, whysize, "%s", "");
	if (begin < 0 || size < -1)
		return -EINVAL;
	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL) {
		error = etfs_register(rk->rk_k, key, hostpath, type,
		    (uint64_t)begin,
		    size == -1 ? ETFS_SIZE_TOEND : (uint64_t)size);
		if (error == -EBUSY && why != NULL)
			etfs_why(rk->rk_k, why, whysize);
	}
	kmutex_exit(&rk->rk_lock);
	return error;
}

int
rumprun_etfs_remove(struct rumprun_kernel *rk, const char *key)
{
	int error = -ESHUTDOWN;

	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL)
		error = etfs_remove(rk->rk_k, key);
	kmutex_exit(&rk->rk_lock);
	return error;
}

void
rumprun_etfs_why(struct rumprun_kernel *rk, char *why, size_t whysize)
{
	say(why, whysize, "%s", "");
	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL && why != NULL && whysize > 0)
		etfs_why(rk->rk_k, why, whysize);
	kmutex_exit(&rk->rk_lock);
}

/* --- processes --- */

static struct rumprun_proc *
proc_handle(void)
{
	struct rumprun_proc *rp = host_malloc(sizeof(*rp));

	if (rp != NULL)
		memset(rp, 0, sizeof(*rp));
	return rp;
}

int
rumprun_proc_create(
    struct rumprun_kernel *rk, const char *name, struct rumprun_proc **rpp)
{
	struct rumprun_proc *rp;
	int error = -ESHUTDOWN;

	*rpp = NULL;
	if ((rp = proc_handle()) == NULL)
		return -ENOMEM;
	kmutex_enter(&rk->rk_lock);
	if (rk->rk_k != NULL)
		error = proc_fork(rk->rk_k, NULL, RFCFDG, name, &rp->rp_proc);
	if (error == 0) {
		rp->rp_kernel = rk;
		rp->rp_next = rk->rk_procs;
		rk->rk_procs = rp;
		rk->rk_refs++;
	}
	kmutex_exit(&rk->rk_lock);
	if (error != 0) {
		host_free(rp);
		return error;
	}
	*rpp = rp;
	return 0;
}

int
rumprun_client_connect(const char *url, const char *name,
    struct rumprun_proc **rpp, char *why, size_t whysize)
{
	struct proxy_client_config config = { .pc_name = name };
	struct rumprun_proc *rp;
	char sink[1];
	int error;

	*rpp = NULL;
	if (why == NULL || whysize == 0) {
		why = sink;
		whysize = sizeof(sink);
	}
	why[0] = '\0';
	if ((rp = proc_handle()) == NULL)
		return -ENOMEM;
	error = -ENOMEM;
	if ((rp->rp_url = host_malloc(strlen(url) + 1)) == NULL)
		goto out;
	strcpy(rp->rp_url, url);
	error = proxy_client_connect(url, &config, why, whysize, &rp->rp_client);
	if (error != 0)
		goto out;
	*rpp = rp;
	return 0;
out:
	host_free(rp->rp_url);
	host_free(rp);
	return error;
}

int
rumprun_enter(struct rumprun_proc *rp)
{
	atomic_fetch_add(&rp->rp_users, 1);
	if (!atomic_load(&rp->rp_dead))
		return 0;
	atomic_fetch_sub(&rp->rp_users, 1);
	return -ESHUTDOWN;
}

void
rumprun_leave(struct rumprun_proc *rp)
{
	atomic_fetch_sub(&rp->rp_users, 1);
}

static void
destroy_remote(struct rumprun_proc *rp)
{
	proxy_client_cut(rp->rp_client);
	atomic_store(&rp->rp_dead, true);
	while (atomic_load(&rp->rp_users) != 0)
		host_sleep_ns(50000);
	proxy_client_close(rp->rp_client);
	host_free(rp->rp_url);
	host_free(rp);
}

int
rumprun_proc_destroy(struct rumprun_proc *rp)
{
	struct rumprun_kernel *rk;
	struct rumprun_proc **link;
	struct proc *p;

	if (rp == NULL)
		return 0;
	if (rumprun_inside(&rp->rp_inside))
		return -EBUSY;
	if ((rk = rp->rp_kernel) == NULL) {
		destroy_remote(rp);
		return 0;
	}
	if (rumprun_inside(&rk->rk_inside))
		return -EBUSY;
	/* The kernel's halt, if it comes now, finds the list without it or waits
	 * until the process has gone. */
	kmutex_enter(&rk->rk_lock);
	for (link = &rk->rk_procs; *link != rp; link = &(*link)->rp_next)
		continue;
	*link = rp->rp_next;
	if ((p = rp->rp_proc) != NULL) {
		atomic_store(&rp->rp_dead, true);
		proc_wakeup_lwps(p, L_EXIT, NULL);
		detach_proc(rp);
		proc_exit(p, NULL, 0);
	}
	kmutex_exit(&rk->rk_lock);
	kernel_put(rk);
	host_free(rp);
	return 0;
}

void
rumprun_proc_shut(struct rumprun_proc *rp)
{
	struct rumprun_kernel *rk = rp->rp_kernel;

	atomic_store(&rp->rp_dead, true);
	rumprun_tools_shut(rp);
	if (rk == NULL) {
		proxy_client_cut(rp->rp_client);
		return;
	}
	kmutex_enter(&rk->rk_lock);
	if (rp->rp_proc != NULL)
		proc_wakeup_lwps(rp->rp_proc, L_EXIT, NULL);
	kmutex_exit(&rk->rk_lock);
}

void
rumprun_proc_interrupt(struct rumprun_proc *rp)
{
	if (rp->rp_kernel == NULL || rumprun_enter(rp) != 0)
		return;
	proc_wakeup_lwps(rp->rp_proc, L_INTR, NULL);
	rumprun_leave(rp);
}

/* --- calls --- */

int
rumprun_call(struct rumprun_proc *rp, int num, const void *args, size_t argsize,
    register_t rv[2])
{
	struct lwp *l;
	int error;

	rv[0] = rv[1] = 0;
	if ((error = rumprun_enter(rp)) != 0)
		return error;
	if (rp->rp_client != NULL)
		error = proxy_client_syscall(
		    rp->rp_client, num, args, argsize, rv, NULL);
	else if ((error = lwpcache_take(&rp->rp_lwps, rp->rp_proc, &l)) == 0) {
		error = kern_syscall(l, num, args, rv);
		lwpcache_give(&rp->rp_lwps, l);
	}
	rumprun_leave(rp);
	return error;
}

int
rumprun_proc_syscall(struct rumprun_proc *rp, int number, const void *args,
    size_t argsize, int64_t results[2])
{
	register_t rv[2], whole[16];
	int error;

	/* A short block is filled up: the kernel reads all that a call has. */
	if (number < 0 || number >= 512)
		return -ENOSYS;
	if (argsize < kern_sysent[number].sy_argsize) {
		memset(whole, 0, sizeof(whole));
		if (argsize > 0)
			memcpy(whole, args, argsize);
		args = whole;
		argsize = kern_sysent[number].sy_argsize;
	}
	error = rumprun_call(rp, number, args, argsize, rv);
	results[0] = rv[0];
	results[1] = rv[1];
	return error;
}
