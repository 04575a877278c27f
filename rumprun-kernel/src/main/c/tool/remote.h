/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools as clients of a server, the one that $RUMP_SERVER names. */
#ifndef TOOL_REMOTE_H
#define TOOL_REMOTE_H

#include <rumprun/tool.h>

/* Connects this host process; its complaints go to standard error, as the client library's do. 0 or a negative errno. */
int tool_remote_init(void);
extern const struct tool_sys tool_remote_sys; /* its ctx is unused */

#endif
