/* SPDX-License-Identifier: BSD-2-Clause */
/* What it takes to read what several programs print. */
#ifndef HOST_TOOLCHILD_H
#define HOST_TOOLCHILD_H

/* Closed in whatever is exec'ed. 0 or -errno. */
int toolchild_pipe(int fds[2]);
/* In the child: `to` is `fd` from here on. */
void toolchild_redirect(int fd, int to);
/* In the child: standard input is at its end. */
void toolchild_no_input(void);
void toolchild_close(int fd);
/* Waits until one can be read, or is at its end: its index. Negative ones are passed over. -errno. */
int toolchild_poll(const int *fds, int n);

#endif
