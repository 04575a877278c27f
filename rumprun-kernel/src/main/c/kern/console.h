/* SPDX-License-Identifier: BSD-2-Clause */
/* The console: where kernel messages and what guests write to their first descriptors go. */
#ifndef KERN_CONSOLE_H
#define KERN_CONSOLE_H

#include "kern/file.h"

int console_init(struct rump_kernel *) MUST_CHECK;
void console_fini(struct rump_kernel *);
/* Text to the console and into the message buffer (kern.msgbuf). Never fails; before init and after fini it is dropped. */
void console_write(struct rump_kernel *, const char *, size_t);
/*
 * A new file for the console, opened for writing, in no table yet: descriptors 0 to 2 of a guest are dups of one.
 * The reference is the caller's.
 */
int console_file(struct lwp *, struct file **) MUST_CHECK;
/* The last bytes written, oldest first: at most size from offset off on; returns how many there are. */
size_t console_history(struct rump_kernel *, size_t off, char *, size_t size);
#define CONSOLE_HISTORY 16352

#endif
