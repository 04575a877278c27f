/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who interrupts a tool reaches it in its sleeps, too. A flag alone is seen at the next system call; the one in progress may
 * last for ever. The order that makes it safe: the flag first, then tool_sleepers_wake; a tool adds itself before it looks
 * at the flag, so it sees one or the other.
 */
#ifndef TOOL_SLEEPERS_H
#define TOOL_SLEEPERS_H

#include "host/sync.h"

/* One process of a tool; in the frame of who runs it. */
struct tool_sleeper {
	struct tool_sleeper *sl_next;
	void (*sl_wake)(void *ctx); /* any thread; must not block */
	void *sl_ctx;
};

/* A tool and the tools that it runs. Zeros are one without any. */
struct tool_sleepers {
	struct kmutex ts_lock;
	struct tool_sleeper *ts_first;
};

/* NULL is fine, and does nothing. Remove ends after a wake in progress. */
void tool_sleepers_add(struct tool_sleepers *, struct tool_sleeper *);
void tool_sleepers_remove(struct tool_sleepers *, struct tool_sleeper *);
/* A struct tool_sleepers, as a thread for signals wants its argument. */
void tool_sleepers_wake(void *sleepers);

#endif
