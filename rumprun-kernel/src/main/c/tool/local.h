/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools as processes of a kernel in this host process. */
#ifndef TOOL_LOCAL_H
#define TOOL_LOCAL_H

#include "kern/kernel.h"
#include <rumprun/tool.h>

struct tool_local {
	struct proc *tl_proc;
	struct lwp *tl_lwp;
};

extern const struct tool_sys tool_local_sys; /* its ctx is a struct tool_local */

/*
 * Makes the process a tool will be: a child of `parent` with copies of its descriptors, or (NULL) of init with none.
 * 0 or what proc_fork and lwp_create give.
 */
int tool_local_enter(struct rump_kernel *, struct proc *parent,
    const char *name, struct tool_local *) MUST_CHECK;
/* Ends the process: descriptors close. */
void tool_local_leave(struct tool_local *, int status);
/*
 * Runs a tool from its start to its end: enter, t_run, leave. The exit status, or a negative errno when no process could be
 * made. The fields of `run` but sys and sysctx count.
 */
int tool_local_run(struct rump_kernel *, struct proc *parent,
    const struct tool_run *run, const struct tool_entry *, int argc,
    char **argv);

#endif
