/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's own kernel, see the header. All writable state that a program
 * has besides its kernels stands here.
 *
 * A call holds a use of the kernel while it runs, so that a halt can wait for
 * it. Calls of threads that have an lwp count their uses in stripes, which they
 * do not share as a rule; the lwp of a kernel that is gone is as good as none.
 */
#include "host/sock.h"
#include "kern/services.h"
#include "rump/implicit.h"
#include "rump/lwpcache.h"
#include <netbsd/reboot.h>
#include <netbsd/syscall.h>
#include <rump/rump.h>

static struct rump_kernel *_Atomic the_kernel;
static struct lwpcache init_lwps;
static _Atomic uint32_t users;
#define STRIPES 16
static struct {
	_Atomic uint32_t n;
	char pad[64 - sizeof(uint32_t)];
} busy[STRIPES];
/* Counts the kernels: which of them a thread's lwp belongs to. */
static _Atomic uint32_t generation;
static _Atomic bool halt_asked; /* by a call of this program's own */
static _Atomic int halt_howto;
static implicit_remote_t *_Atomic remote_fn;
static void *_Atomic remote_ctx;
static struct rump_boot_etfs *_Atomic boot_etfs;
static _Atomic int daemon_fd = -1;
static void *_Atomic client;

/* Without the general case's function call; eight bytes are always to be had. */
static _Thread_local struct lwp *current
    __attribute__((tls_model("initial-exec")));
static _Thread_local uint32_t current_of
    __attribute__((tls_model("initial-exec")));
/* This thread is in a reboot(2) of its own. */
static _Thread_local bool rebooting __attribute__((tls_model("initial-exec")));

void
rump_seterrno(int error)
{
	host_seterrno(error);
}

/* --- state --- */

void
implicit_set_remote(implicit_remote_t *fn, void *ctx)
{
	atomic_store(&remote_fn, NULL);
	atomic_store(&remote_ctx, ctx);
	atomic_store(&remote_fn, fn);
}

struct rump_kernel *
implicit_kernel(void)
{
	return atomic_load(&the_kernel);
}

bool
implicit_set_kernel(struct rump_kernel *k)
{
	struct rump_kernel *none = NULL;

	return atomic_compare_exchange_strong(&the_kernel, &none, k);
}

static bool
any_busy(void)
{
	for (int i = 0; i < STRIPES; i++)
		if (atomic_load(&busy[i].n) != 0)
			return true;
	return false;
}

/* The threads that are in a call leave first. */
struct rump_kernel *
implicit_take_kernel(void)
{
	struct rump_kernel *k = atomic_exchange(&the_kernel, NULL);

	if (k == NULL)
		return NULL;
	atomic_fetch_add(&generation, 1);
	kern_halt_begin(k);
	while (atomic_load(&users) != 0 || any_busy()) {
		host_sleep_ns(100000);
		kern_halt_begin(k);
	}
	lwpcache_clear(&init_lwps, true);
	return k;
}

struct rump_kernel *
implicit_enter(unsigned *use)
{
	struct rump_kernel *k;

	*use = lwpcache_start() % STRIPES;
	atomic_fetch_add(&busy[*use].n, 1);
	if ((k = atomic_load(&the_kernel)) == NULL)
		implicit_leave(*use);
	return k;
}

void
implicit_leave(unsigned use)
{
	atomic_fetch_sub(&busy[use].n, 1);
}

struct lwp *
implicit_lwp(void)
{
	if (current != NULL && current_of != atomic_load(&generation))
		current = NULL;
	return current;
}

void
implicit_set_lwp(struct lwp *l)
{
	current = l;
	current_of = atomic_load(&generation);
}

/* What a server does when it goes down, with rump_server's words. */
static void
end_server(void *arg)
{
	static const char text[] = "unmounting done\nhalted\n";
	struct rump_kernel *k = implicit_take_kernel();
	bool nosync = (atomic_load(&halt_howto) & RB_NOSYNC) != 0;

	(void)arg;
	/* The program is halting it: it goes on when that is done. */
	if (k == NULL)
		return;
	halt_message_begin(k, nosync);
	kern_halt(k, nosync, NULL);
	(void)host_fdwrite(1, text, sizeof(text) - 1);
	sock_exit(0);
}

/*
 * A call of this program's own halts when it is back. A client's ends the
 * program, in the background or not: its kernel was the machine.
 */
void
implicit_halt_later(void *ctx, int howto)
{
	struct host_thread *t;

	(void)ctx;
	atomic_store(&halt_howto, howto);
	if (rebooting)
		atomic_store(&halt_asked, true);
	else
		(void)!host_thread_create("halt", end_server, NULL, &t);
}

struct rump_boot_etfs *
implicit_boot_etfs(void)
{
	return atomic_load(&boot_etfs);
}

void
implicit_add_boot_etfs(struct rump_boot_etfs *eb)
{
	eb->eb_status = -1;
	eb->_eb_next = atomic_load(&boot_etfs);
	while (!atomic_compare_exchange_weak(&boot_etfs, &eb->_eb_next, eb))
		continue;
}

int
implicit_daemon_fd(void)
{
	return atomic_load(&daemon_fd);
}

void
implicit_set_daemon_fd(int fd)
{
	atomic_store(&daemon_fd, fd);
}

void *
implicit_client(void)
{
	return atomic_load(&client);
}

void
implicit_set_client(void *c)
{
	atomic_store(&client, c);
}

/* --- calls --- */

/* Who asked for reboot(2) has its answer: now the kernel goes. */
static void
halt_now(void)
{
	struct rump_kernel *k;
	bool asked = true;

	if (!atomic_compare_exchange_strong(&halt_asked, &asked, false))
		return;
	current = NULL;
	if ((k = implicit_take_kernel()) != NULL)
		kern_halt(k, (atomic_load(&halt_howto) & RB_NOSYNC) != 0, NULL);
}

/* As a thread of pid 1, for this call only. */
static int
call_as_init(int num, const void *args, register_t rv[2])
{
	struct rump_kernel *k;
	struct lwp *l;
	int error;

	atomic_fetch_add(&users, 1);
	if ((k = atomic_load(&the_kernel)) == NULL)
		error = -ENXIO;
	else if ((error = lwpcache_take(&init_lwps, k->k_initproc, &l)) == 0) {
		error = kern_syscall(l, num, args, rv);
		lwpcache_give(&init_lwps, l);
	}
	atomic_fetch_sub(&users, 1);
	return error;
}

/* As the thread's own lwp. */
static int
call_as_self(int num, const void *args, register_t rv[2])
{
	unsigned use;
	int error = -ENXIO;

	if (implicit_enter(&use) == NULL) {
		current = NULL;
		return error;
	}
	if (implicit_lwp() != NULL)
		error = kern_syscall(current, num, args, rv);
	implicit_leave(use);
	return error;
}

int
rump_syscall(int num, const void *args, size_t argsize, register_t *retval)
{
	implicit_remote_t *fn = atomic_load_explicit(
	    &remote_fn, memory_order_acquire);
	register_t rv[2] = { 0, 0 };
	int error;

	if (fn != NULL)
		return fn(atomic_load(&remote_ctx), num, args, argsize, retval);
	if (num == SYS_reboot)
		rebooting = true;
	if (current != NULL)
		error = call_as_self(num, args, rv);
	else
		error = call_as_init(num, args, rv);
	if (num == SYS_reboot)
		rebooting = false;
	retval[0] = rv[0];
	retval[1] = rv[1];
	if (atomic_load_explicit(&halt_asked, memory_order_relaxed))
		halt_now();
	return -error;
}
