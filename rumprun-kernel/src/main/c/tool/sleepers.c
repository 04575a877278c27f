/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes that an interrupt must wake. */
#include "tool/sleepers.h"
#include <stddef.h>

void
tool_sleepers_add(struct tool_sleepers *ts, struct tool_sleeper *sl)
{
	if (ts == NULL)
		return;
	kmutex_enter(&ts->ts_lock);
	sl->sl_next = ts->ts_first;
	ts->ts_first = sl;
	kmutex_exit(&ts->ts_lock);
}

void
tool_sleepers_remove(struct tool_sleepers *ts, struct tool_sleeper *sl)
{
	struct tool_sleeper **slp;

	if (ts == NULL)
		return;
	kmutex_enter(&ts->ts_lock);
	for (slp = &ts->ts_first; *slp != sl; slp = &(*slp)->sl_next)
		continue;
	*slp = sl->sl_next;
	kmutex_exit(&ts->ts_lock);
}

void
tool_sleepers_wake(void *sleepers)
{
	struct tool_sleepers *ts = sleepers;
	struct tool_sleeper *sl;

	kmutex_enter(&ts->ts_lock);
	for (sl = ts->ts_first; sl != NULL; sl = sl->sl_next)
		sl->sl_wake(sl->sl_ctx);
	kmutex_exit(&ts->ts_lock);
}
