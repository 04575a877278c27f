/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a tool: its world, its memory, its end.
 *
 * A tool leaves by returning or by t_exit, which jumps here; either way its exit functions run newest first, its streams
 * are flushed and the arena is freed. Nothing here is static, so tools of one process do not see each other.
 */
#include "tool/private.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SIGNALED 128 /* a status tells the signal, as a shell does */
#define INT 2
#define MAXERROR 4095
#define STATUS_PIPE (SIGNALED + 13)

const struct tool_entry *
t_find(const struct tool_group *const *groups, const char *name)
{
	const struct tool_entry *e;
	const char *slash = strrchr(name, '/');

	if (slash != NULL)
		name = slash + 1;
	if (strncmp(name, "rump.", 5) == 0)
		name += 5;
	for (; groups != NULL && *groups != NULL; groups++)
		for (e = (*groups)->tg_tools; e->te_name != NULL; e++)
			if (strcmp(e->te_name, name) == 0)
				return e;
	return NULL;
}

static void
arena_free(struct tarena *head)
{
	struct tarena *a, *next;

	for (a = head->ta_next; a != head; a = next) {
		next = a->ta_next;
		free(a);
	}
	head->ta_next = head->ta_prev = head;
}

/* Exit functions may end the tool again, which only ends that function. */
static void
run_atexit(struct tool *t)
{
	struct tool_priv *p = t->t_priv;
	struct tatexit *volatile e;

	p->tp_ending = true;
	while ((e = p->tp_atexit) != NULL) {
		p->tp_atexit = e->te_next;
		if (setjmp(p->tp_exit) == 0)
			e->te_fn(t, e->te_arg);
	}
}

static struct tout *
stream_create(struct tool *t, int fd)
{
	struct tout *o = malloc(sizeof(*o));

	if (o == NULL)
		return NULL;
	o->to_tool = t;
	o->to_fd = fd;
	o->to_error = 0;
	o->to_len = 0;
	o->to_unbuf = fd == 2;
	o->to_linebuf = fd == 1 && t_isatty(t, 1);
	return o;
}

static const char *
last_component(const char *path)
{
	const char *slash;

	if (path == NULL)
		return "";
	slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

/* What a setjmp needs around it: apart, so that no local changes after it. */
static void
call_main(struct tool *t, tool_main *fn, int argc, char **argv)
{
	struct tool_priv *p = t->t_priv;

	if (setjmp(p->tp_exit) == 0)
		p->tp_status = fn(t, argc, argv);
}

/* Output that was lost is a failure, whatever the tool thinks; but nobody misses what goes to a closed descriptor. */
static void
end_output(struct tool *t)
{
	struct tool_priv *p = t->t_priv;
	int error = t_flush(t->t_out);

	if (error != 0 && error != -EBADF && p->tp_status == 0) {
		if (error == -EPIPE)
			p->tp_status = STATUS_PIPE;
		else {
			t_warn(t, error, "stdout");
			p->tp_status = 1;
		}
	}
	t_flush(t->t_err);
}

int
t_run(const struct tool_run *run, tool_main *fn, int argc, char **argv)
{
	static char *const no_env[] = { NULL };
	struct tool tool, *t = &tool;
	struct tool_priv *p;
	int status = 1;

	memset(t, 0, sizeof(*t));
	t->t_progname = run->progname != NULL ?
	    run->progname :
	    last_component(argc > 0 ? argv[0] : NULL);
	if (strncmp(t->t_progname, "rump.", 5) == 0)
		t->t_progname += 5;
	t->t_sys = run->sys;
	t->t_sysctx = run->sysctx;
	t->t_io = run->io;
	t->t_envp = run->envp != NULL ? run->envp : no_env;
	t->t_groups = run->groups;
	t->t_opt.opterr = t->t_opt.optind = 1;
	t->t_opt.optopt = '?';
	t->t_opt.place = "";
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return status;
	t->t_priv = p;
	p->tp_arena.ta_next = p->tp_arena.ta_prev = &p->tp_arena;
	p->tp_siginfo = run->siginfo;
	p->tp_interrupt = run->interrupt;
	p->tp_sleepers = run->sleepers;
	t->t_out = stream_create(t, 1);
	t->t_err = stream_create(t, 2);
	if (t->t_out != NULL && t->t_err != NULL) {
		call_main(t, fn, argc, argv);
		run_atexit(t);
		end_output(t);
		status = p->tp_status;
	}
	arena_free(&p->tp_arena);
	free(t->t_out);
	free(t->t_err);
	free(p);
	return status & 0xff;
}

void
t_exit(struct tool *t, int status)
{
	struct tool_priv *p = t->t_priv;

	if (!p->tp_ending)
		p->tp_status = status;
	longjmp(p->tp_exit, 1);
}

void
t_atexit(struct tool *t, void (*fn)(struct tool *, void *), void *arg)
{
	struct tool_priv *p = t->t_priv;
	struct tatexit *e = t_malloc(t, sizeof(*e));

	e->te_fn = fn;
	e->te_arg = arg;
	e->te_next = p->tp_atexit;
	p->tp_atexit = e;
}

/* --- signals --- */

static void
look_outside(struct tool *t)
{
	struct tool_priv *p = t->t_priv;
	int signo;

	if (p->tp_siginfo != NULL &&
	    atomic_load_explicit(p->tp_siginfo, memory_order_relaxed) != 0 &&
	    atomic_exchange(p->tp_siginfo, 0) != 0)
		atomic_store(&t->t_siginfo, 1);
	if (p->tp_interrupt != NULL &&
	    (signo = atomic_load_explicit(
		 p->tp_interrupt, memory_order_relaxed)) != 0)
		atomic_store(&t->t_interrupt, signo);
}

bool
t_siginfo_take(struct tool *t)
{
	look_outside(t);
	return atomic_load_explicit(&t->t_siginfo, memory_order_relaxed) != 0 &&
	    atomic_exchange(&t->t_siginfo, 0) != 0;
}

void
t_catch_interrupt(struct tool *t)
{
	tool_priv(t)->tp_catch = true;
}

bool
t_interrupted(struct tool *t)
{
	look_outside(t);
	return atomic_load_explicit(&t->t_interrupt, memory_order_relaxed) != 0;
}

void
t_exit_interrupted(struct tool *t)
{
	int signo = atomic_load(&t->t_interrupt);

	t_exit(t, SIGNALED + (signo > 1 ? signo : INT));
}

/* A signal came, and the tool is as one without a handler. */
static bool
ends_at_once(struct tool *t)
{
	struct tool_priv *p = t->t_priv;

	return !p->tp_catch && !p->tp_ending && t_interrupted(t);
}

int
t_syscall(
    struct tool *t, int num, const void *args, size_t argsize, register_t rv[2])
{
	int error;

	if (ends_at_once(t))
		t_exit_interrupted(t);
	if (t->t_sys == NULL)
		return -ENOSYS;
	error = t->t_sys->syscall(t->t_sysctx, num, args, argsize, rv);
	/* It may have slept until the signal came. */
	if (error != 0 && ends_at_once(t))
		t_exit_interrupted(t);
	/* A server may say anything; an error is one of a few. */
	return error > 0 || error < -MAXERROR ? -EIO : error;
}

/* --- memory --- */

static _Noreturn void
no_memory(struct tool *t)
{
	t_fail(t, 1, ENOMEM, "malloc");
}

static void
arena_link(struct tool *t, struct tarena *a)
{
	struct tarena *head = &tool_priv(t)->tp_arena;

	a->ta_next = head->ta_next;
	a->ta_prev = head;
	head->ta_next->ta_prev = a;
	head->ta_next = a;
}

/* The header's size, rounded so that what follows is aligned for anything. */
#define HEADER ((sizeof(struct tarena) + 15) / 16 * 16)

void *
t_malloc(struct tool *t, size_t n)
{
	struct tarena *a;

	if (n > SIZE_MAX / 2 || (a = malloc(HEADER + n)) == NULL)
		no_memory(t);
	a->ta_size = n;
	arena_link(t, a);
	return (char *)a + HEADER;
}

void *
t_calloc(struct tool *t, size_t n, size_t size)
{
	void *p;

	if (size != 0 && n > SIZE_MAX / 2 / size)
		no_memory(t);
	p = t_malloc(t, n * size);
	memset(p, 0, n * size);
	return p;
}

void
t_free(struct tool *t, void *ptr)
{
	struct tarena *a;

	(void)t;
	if (ptr == NULL)
		return;
	a = (struct tarena *)(void *)((char *)ptr - HEADER);
	a->ta_next->ta_prev = a->ta_prev;
	a->ta_prev->ta_next = a->ta_next;
	free(a);
}

void *
t_realloc(struct tool *t, void *ptr, size_t n)
{
	struct tarena *a, *grown;

	if (ptr == NULL)
		return t_malloc(t, n);
	a = (struct tarena *)(void *)((char *)ptr - HEADER);
	a->ta_next->ta_prev = a->ta_prev;
	a->ta_prev->ta_next = a->ta_next;
	grown = n > SIZE_MAX / 2 ? NULL : realloc(a, HEADER + n);
	if (grown == NULL) {
		arena_link(t, a);
		no_memory(t);
	}
	grown->ta_size = n;
	arena_link(t, grown);
	return (char *)grown + HEADER;
}

char *
t_strdup(struct tool *t, const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(t_malloc(t, n), s, n);
}
