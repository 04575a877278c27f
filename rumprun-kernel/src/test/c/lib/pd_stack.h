/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel of its own with one interface that a program writes packets to and reads them from, and its socket calls, without any header's types: what
 * stands between the host's headers (pd_iface.c) and the kernel's (pd_stack.c). Numbers are NetBSD's; results are counts or negative errnos.
 * Any thread may call.
 */
#ifndef LIB_PD_STACK_H
#define LIB_PD_STACK_H

#include <stddef.h>
#include <stdint.h>

struct pd_stack;

/* 192.168.0.1/16 and fd3d:fa7b:d17d::1, everything else behind the interface. NULL: it did not boot. */
struct pd_stack *pds_create(void);
void pds_destroy(struct pd_stack *);
/* An IP packet to the kernel. 0 or -errno. */
int pds_inject(struct pd_stack *, const void *, size_t);
/* The next that left it, for at most wait_ns; 0: none. *when: wall clock, ns. */
size_t pds_sniff(
    struct pd_stack *, void *, size_t, int64_t *when_ns, int64_t wait_ns);

long pds_socket(struct pd_stack *, int, int, int);
long pds_bind(struct pd_stack *, int, const void *, unsigned);
long pds_connect(struct pd_stack *, int, const void *, unsigned);
long pds_listen(struct pd_stack *, int, int);
long pds_accept(struct pd_stack *, int, void *, unsigned *);
long pds_recv(struct pd_stack *, int, void *, size_t, int, void *, unsigned *);
long pds_send(
    struct pd_stack *, int, const void *, size_t, int, const void *, unsigned);
long pds_fcntl(struct pd_stack *, int, int, long);
long pds_ioctl(struct pd_stack *, int, unsigned long, void *);
long pds_close(struct pd_stack *, int);
long pds_shutdown(struct pd_stack *, int, int);
long pds_getsockopt(struct pd_stack *, int, int, int, void *, unsigned *);
long pds_setsockopt(struct pd_stack *, int, int, int, const void *, unsigned);
long pds_poll(struct pd_stack *, void *, unsigned, int);

#endif
