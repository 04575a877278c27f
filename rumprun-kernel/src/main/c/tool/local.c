/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools linked to their kernel: system calls are function calls, a program that a tool starts is another tool function, run
 * as a child process on the same thread (who starts one waits for it), and a host image becomes a disk through etfs.
 */
#include "tool/local.h"
#include "dev/etfs.h"
#include "tool/children.h"
#include "tool/partition.h"
#include "tool/private.h"
#include "tool/sleepers.h"
#include <stdio.h>
#include <string.h>

static int
local_syscall(
    void *ctx, int num, const void *args, size_t argsize, register_t rv[2])
{
	struct tool_local *tl = ctx;
	uint64_t whole[16];

	/* The kernel reads what the call's own block needs: short ones of callers that know better are filled up. */
	if (argsize < sizeof(whole)) {
		if (argsize > 0)
			memcpy(whole, args, argsize);
		memset((char *)whole + argsize, 0, sizeof(whole) - argsize);
		args = whole;
	}
	return kern_syscall(tl->tl_lwp, num, args, rv);
}

int
tool_local_enter(struct rump_kernel *k, struct proc *parent, const char *name,
    struct tool_local *tl)
{
	int error;

	tl->tl_lwp = NULL;
	error = proc_fork(
	    k, parent, parent != NULL ? RFFDG : RFCFDG, name, &tl->tl_proc);
	if (error != 0)
		return error;
	error = lwp_create(tl->tl_proc, &tl->tl_lwp);
	if (error != 0)
		proc_exit(tl->tl_proc, NULL, 1 << 8);
	return error;
}

void
tool_local_leave(struct tool_local *tl, int status)
{
	proc_exit(tl->tl_proc, tl->tl_lwp, (status & 0xff) << 8);
}

static void
wake_local(void *ctx)
{
	lwp_wakeup(ctx, L_INTR);
}

int
tool_local_run(struct rump_kernel *k, struct proc *parent,
    const struct tool_run *run, const struct tool_entry *entry, int argc,
    char **argv)
{
	struct tool_run local = *run;
	struct tool_sleeper sleeper = { .sl_wake = wake_local };
	struct tool_local tl;
	int error, status;

	error = tool_local_enter(k, parent, entry->te_name, &tl);
	if (error != 0)
		return error;
	sleeper.sl_ctx = tl.tl_lwp;
	tool_sleepers_add(run->sleepers, &sleeper);
	local.sys = &tool_local_sys;
	local.sysctx = &tl;
	status = t_run(&local, entry->te_main, argc, argv);
	tool_sleepers_remove(run->sleepers, &sleeper);
	tool_local_leave(&tl, status);
	return status;
}

#define SPAWN_DEPTH 8 /* mount runs mount_ffs; nothing runs itself for ever */

/* Whether the tool of that name may be run. */
static int
may_spawn(struct tool_local *tl, struct tool *t, const char *path,
    const struct tool_entry **entryp)
{
	const struct tool_entry *entry = t_find(t->t_groups, path);
	struct proc *up;
	int depth = 0;

	*entryp = NULL;
	if (entry == NULL || (entry->te_flags & TOOL_HOST) != 0)
		return -ENOENT;
	for (up = tl->tl_proc; up != NULL && up->p_pid > 1; up = up->p_parent)
		if (++depth > SPAWN_DEPTH)
			return -EAGAIN;
	*entryp = entry;
	return 0;
}

static int
run_child(void *ctx, const struct tool_run *run, const struct tool_entry *entry,
    int argc, char **argv)
{
	struct tool_local *tl = ctx;

	return tool_local_run(
	    tl->tl_proc->p_k, tl->tl_proc, run, entry, argc, argv);
}

static int
local_start(
    void *ctx, struct tool *t, const char *path, char *const *argv, int tag)
{
	const struct tool_entry *entry;
	int error = may_spawn(ctx, t, path, &entry);

	if (error != 0)
		return error;
	return tool_children_start(t, entry, argv, tag, run_child, ctx);
}

static int
local_await(void *ctx, struct tool *t, int *tag)
{
	(void)ctx;
	return tool_children_await(t, tag);
}

static int
local_spawn(void *ctx, struct tool *t, const char *path, char *const *argv)
{
	struct tool_local *tl = ctx;
	const struct tool_entry *entry;
	char **copy;
	int argc, i, status;

	if ((status = may_spawn(tl, t, path, &entry)) != 0)
		return status;
	for (argc = 0; argv[argc] != NULL; argc++)
		continue;
	copy = t_calloc(t, (size_t)argc + 1, sizeof(*copy));
	for (i = 0; i < argc; i++)
		copy[i] = t_strdup(t, argv[i]);
	t_flush(t->t_out);
	status = tool_local_run(tl->tl_proc->p_k, tl->tl_proc,
	    &(struct tool_run){ .io = t->t_io,
		.envp = t->t_envp,
		.groups = t->t_groups,
		.siginfo = tool_priv(t)->tp_siginfo,
		.interrupt = tool_priv(t)->tp_interrupt,
		.sleepers = tool_priv(t)->tp_sleepers },
	    entry, argc, copy);
	return status;
}

/* --- images --- */

struct window {
	char path[1024];
	uint64_t begin, size;
};

/* HOSTPATH[@OFFSET[+LENGTH]] or HOSTPATH@PARTITION; a file of the whole name wins. */
static int
parse_spec(struct rump_kernel *k, const char *spec, struct window *w)
{
	struct host_stat st;
	const char *at = strrchr(spec, '@');
	char number[64], err[8];
	size_t n;

	w->begin = 0;
	w->size = ETFS_SIZE_TOEND;
	n = strlen(spec);
	if (n >= sizeof(w->path))
		return -ENAMETOOLONG;
	memcpy(w->path, spec, n + 1);
	if (at == NULL || at == spec || k->k_host->stat(spec, true, &st) == 0)
		return 0;
	if (tool_partition_name(at + 1)) {
		w->path[at - spec] = '\0';
		return tool_partition_find(
		    k->k_host, w->path, at + 1, &w->begin, &w->size);
	}
	n = strcspn(at + 1, "+");
	if (n == 0 || n >= sizeof(number))
		return 0;
	memcpy(number, at + 1, n);
	number[n] = '\0';
	w->begin = (uint64_t)t_strsuftollx(
	    "offset", number, 0, INT64_MAX, err, sizeof(err));
	if (err[0] != '\0')
		return 0;
	if (at[1 + n] == '+') {
		w->size = (uint64_t)t_strsuftollx(
		    "length", at + 2 + n, 1, INT64_MAX, err, sizeof(err));
		if (err[0] != '\0')
			return -EINVAL;
	}
	w->path[at - spec] = '\0';
	return 0;
}

/* Makes or extends the image. */
static int
image_create(struct rump_kernel *k, const char *path, int64_t size)
{
	const struct host_ops *h = k->k_host;
	struct host_stat st;
	int fd, error;

	error = h->open(path, O_RDWR | HOST_O_CREAT, 0666, &fd);
	if (error != 0)
		return error;
	error = h->fstat(fd, &st);
	if (error == 0 && size > 0 && S_ISREG(st.hs_mode) &&
	    st.hs_size < (uint64_t)size)
		error = h->ftruncate(fd, size);
	h->close(fd);
	return error;
}

/* Device names are the image's own, in /dev, so that messages name it; a number makes them unique. */
static int
register_both(struct rump_kernel *k, const struct window *w, char *blk,
    char *chr, size_t size)
{
	const char *base = strrchr(w->path, '/');
	int i, n, m, error;
	char suffix[16] = "";

	base = base != NULL ? base + 1 : w->path;
	for (i = 0; i < 1000; i++) {
		if (i > 0)
			snprintf(suffix, sizeof(suffix), "_%d", i);
		n = snprintf(blk, size, "/dev/%s%s", base, suffix);
		m = snprintf(chr, size, "/dev/r%s%s", base, suffix);
		if (n < 0 || m < 0 || (size_t)m >= size)
			return -ENAMETOOLONG;
		error = etfs_register(
		    k, blk, w->path, ETFS_BLK, w->begin, w->size);
		if (error == -EEXIST)
			continue;
		if (error != 0)
			return error;
		error = etfs_register(
		    k, chr, w->path, ETFS_CHR, w->begin, w->size);
		if (error == 0)
			return 0;
		if (etfs_remove(k, blk) != 0 || error != -EEXIST)
			return error;
	}
	return -EEXIST;
}

static int
local_attach(void *ctx, const char *spec, bool create, int64_t size,
    bool readonly, char *blk, char *chr, size_t pathsize, char *why,
    size_t whysize)
{
	struct tool_local *tl = ctx;
	struct rump_kernel *k = tl->tl_proc->p_k;
	struct host_stat st;
	struct window w;
	int error;

	if (whysize > 0)
		why[0] = '\0';
	error = parse_spec(k, spec, &w);
	if (error == -ENXIO)
		snprintf(why, whysize, "no such partition");
	if (error == 0 && create)
		error = image_create(
		    k, w.path, size > 0 ? size + (int64_t)w.begin : size);
	else if (error == 0)
		error = k->k_host->stat(w.path, true, &st);
	if (error != 0)
		return error;
	(void)readonly; /* etfs opens an image for writing when somebody writes */
	error = register_both(k, &w, blk, chr, pathsize);
	if (error == -EBUSY && whysize > 0)
		etfs_why(k, why, whysize);
	return error;
}

static int64_t
local_image_size(void *ctx, const char *spec)
{
	struct tool_local *tl = ctx;
	struct rump_kernel *k = tl->tl_proc->p_k;
	struct host_stat st;
	struct window w;
	int error;

	error = parse_spec(k, spec, &w);
	if (error == 0)
		error = k->k_host->stat(w.path, true, &st);
	if (error != 0)
		return error;
	if (st.hs_size <= w.begin)
		return 0;
	st.hs_size -= w.begin;
	return (int64_t)(st.hs_size < w.size ? st.hs_size : w.size);
}

const struct tool_sys tool_local_sys = {
	.syscall = local_syscall,
	.spawn = local_spawn,
	.start = local_start,
	.await = local_await,
	.attach = local_attach,
	.image_size = local_image_size,
};
