/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing and showing media. Contracts: net/if_media.h. */
#include "net/if_media.h"

static int
choose(struct ifmedia *im, const struct ifreq *ifr)
{
	int want = ifr->ifr_ifru.ifru_value & ~im->im_mask;

	for (int i = 0; i < im->im_count; i++)
		if ((im->im_list[i] & ~im->im_mask) == want) {
			im->im_current = ifr->ifr_ifru.ifru_value;
			return 0;
		}
	return -EINVAL;
}

/* The list is in kernel memory here (net/if_ioctl.c), for as many as were asked for. */
static int
show(const struct ifmedia *im, struct ifmediareq *req)
{
	int room = req->ifm_ulist != NULL ? req->ifm_count : 0;

	req->ifm_current = im->im_current;
	req->ifm_mask = im->im_mask;
	req->ifm_status = im->im_status;
	req->ifm_active = im->im_active != 0 ? im->im_active : im->im_current;
	for (int i = 0; i < im->im_count && i < room; i++)
		req->ifm_ulist[i] = im->im_list[i];
	req->ifm_count = im->im_count;
	return room > 0 && room < im->im_count ? -E2BIG : 0;
}

int
ifmedia_ioctl(struct ifmedia *im, unsigned long cmd, void *data)
{
	switch (cmd) {
	case SIOCSIFMEDIA:
		return choose(im, data);
	case SIOCGIFMEDIA:
		return show(im, data);
	default:
		return -ENOTTY;
	}
}
