/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about interfaces: what the files net/if_ioctl.c, net/if_conf.c and net/if_compat.c share. No lock is held. */
#ifndef NET_IF_IOCTL_H
#define NET_IF_IOCTL_H

#include <netbsd/if_media.h>
#include "net/if_private.h"

struct socket;

/* SIOC*IFCONF, SIOCIFGCLONERS; -ENOTTY. */
int if_conf_ioctl(struct lwp *, unsigned long cmd, void *data);
/* Requests of 7.99.34 about one interface; data's size is right for cmd and holds a name. */
int if_ioctl_new(struct socket *, struct lwp *, unsigned long cmd, void *data);
/* The same for old ones as well. */
int if_compat_ioctl(
    struct socket *, struct lwp *, unsigned long cmd, void *data);

#endif
