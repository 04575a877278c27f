/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the tool runtime share and no tool sees. */
#ifndef TOOL_PRIVATE_H
#define TOOL_PRIVATE_H

#include <rumprun/tool.h>
#include <rumprun/tool_sys.h>
#include <setjmp.h>

/* Each allocation of the arena has this in front; the arena is a ring. */
struct tarena {
	struct tarena *ta_next, *ta_prev;
	size_t ta_size;
};

struct tatexit {
	void (*te_fn)(struct tool *, void *);
	void *te_arg;
	struct tatexit *te_next;
};

/* One account of /etc/passwd or /etc/group. */
struct taccount {
	char *name;
	uint32_t id, gid;
};
struct taccounts {
	bool loaded;
	size_t count;
	struct taccount *table;
};

struct tool_priv {
	jmp_buf tp_exit;
	int tp_status;
	bool tp_ending; /* atexit functions run: an exit only leaves them */
	bool tp_catch;	/* the tool looks at SIGINT itself */
	struct tarena tp_arena; /* the ring's head */
	struct tatexit *tp_atexit;
	_Atomic int *tp_siginfo, *tp_interrupt;
	struct tool_sleepers *tp_sleepers;
	void *tp_children; /* programs started and not waited for: whose they are knows who started them */
	struct taccounts tp_users, tp_groups;
	char *tp_netdb[4]; /* hosts, networks, services, protocols; read when asked for */
	size_t tp_inpos, tp_inlen;
	int tp_inerror;
	const char *tp_what; /* progress: what, how far */
	uint64_t tp_done, tp_total;
	int64_t tp_shown_ms;
	char tp_in[4096];
};

static inline struct tool_priv *
tool_priv(const struct tool *t)
{
	return t->t_priv;
}

#endif
