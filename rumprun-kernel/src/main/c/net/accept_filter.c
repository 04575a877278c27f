/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SO_ACCEPTFILTER (accept_filter(9)): filters come with modules of which no kernel here has any, so that a name is never known; but what is asked
 * wrongly is told so first.
 */
#include "net/socket_private.h"

int
accept_filter_set(struct socket *so, const void *data, size_t size)
{
	struct accept_filter_arg arg;

	if ((atomic_load(&so->so_options) & SO_ACCEPTCONN) == 0)
		return -EINVAL;
	/* No argument takes the filter away: there is none. */
	if (data == NULL || size == 0)
		return 0;
	if (size < sizeof(arg))
		return -EINVAL;
	memcpy(&arg, data, sizeof(arg));
	if (arg.af_name[0] == '\0')
		return -EINVAL;
	return -ENOENT;
}

int
accept_filter_get(struct socket *so, struct sockopt *sopt)
{
	(void)so, (void)sopt;
	return -EINVAL;
}

void
accept_filter_free(struct socket *so)
{
	so->so_accf = NULL;
}
