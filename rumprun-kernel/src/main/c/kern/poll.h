/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside poll, select and kevent: how knotes hear of selnotify. */
#ifndef KERN_POLL_H
#define KERN_POLL_H

#include "kern/file.h"

/* kern/kqueue.c; si_lock is held. hint is not 0. */
void knote_notify(struct selinfo *, long hint);

#endif
