/* SPDX-License-Identifier: BSD-2-Clause */
/* A process of the host's that a test starts and kills. */
#ifndef LIB_CHILD_H
#define LIB_CHILD_H

/* Runs fn(arg) in a child, until it has called child_ready; the child's number. Then both go on. The caller has one thread. */
int child_start(void (*fn)(void *), void *arg);
void child_ready(void);
/* Kills it, without a warning, and waits for its end. */
void child_kill(int pid);
/* Pages of this process in memory; its open descriptors. */
long child_pages(void);
long child_descriptors(void);

#endif
