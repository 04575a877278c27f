/* SPDX-License-Identifier: BSD-2-Clause */
/* A tool of this library run by a test on images of the host. */
#ifndef LIB_RUN_TOOL_H
#define LIB_RUN_TOOL_H

/* Runs it in a kernel of its own; its status, -ENOENT for an unknown one. What it said is in tool_said. */
int run_tool(const char *line);
extern char tool_said[65536];

#endif
