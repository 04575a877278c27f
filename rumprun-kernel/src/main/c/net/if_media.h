/* SPDX-License-Identifier: BSD-2-Clause */
/* Media of an interface: what it can be connected to, for drivers that answer SIOCSIFMEDIA and SIOCGIFMEDIA. */
#ifndef NET_IF_MEDIA_H
#define NET_IF_MEDIA_H

#include <netbsd/if_media.h>
#include "net/if_var.h"

/* Part of a driver's softc; changes under the net lock held exclusively. */
struct ifmedia {
	const int *im_list; /* IFM_* words, constant */
	int im_count;
	int im_mask;	/* bits that do not tell media apart */
	int im_current; /* what was chosen */
	int im_active;	/* what it came to; as chosen if 0 */
	int im_status;	/* IFM_AVALID, IFM_ACTIVE */
};

/* W, from ifo_ioctl. -EINVAL: no such medium; -ENOTTY: another request. The caller acts on what was chosen. */
int ifmedia_ioctl(struct ifmedia *, unsigned long cmd, void *data);

#endif
