/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the socket level (SO_*); those of other levels are the protocol's. */
#include <limits.h>
#include <netbsd/in6.h>
#include "net/socket_private.h"

#define SWITCHES                                                          \
	(SO_DEBUG | SO_REUSEADDR | SO_KEEPALIVE | SO_DONTROUTE |          \
	    SO_BROADCAST | SO_USELOOPBACK | SO_OOBINLINE | SO_REUSEPORT | \
	    SO_NOSIGPIPE | SO_TIMESTAMP | SO_OTIMESTAMP)
#define TIMEO_MAX_S INT64_C(100000000)
#define NS_S INT64_C(1000000000)

/* --- setting; so_lock held --- */

static int
set_linger(struct socket *so, const struct sockopt *sopt)
{
	struct linger li;
	int error = sockopt_get(sopt, &li, sizeof(li));

	if (error != 0)
		return error;
	if (li.l_linger < 0 || li.l_linger > SHRT_MAX)
		return -EDOM;
	so->so_linger = (short)li.l_linger;
	if (li.l_onoff != 0)
		atomic_fetch_or(&so->so_options, SO_LINGER);
	else
		atomic_fetch_and(&so->so_options, ~(unsigned)SO_LINGER);
	return 0;
}

static int
set_timeout(struct sockbuf *sb, const struct sockopt *sopt, bool old)
{
	int64_t sec, usec;
	int error;

	if (old) {
		struct timeval50 tv;

		if ((error = sockopt_get(sopt, &tv, sizeof(tv))) != 0)
			return error;
		sec = tv.tv_sec;
		usec = tv.tv_usec;
	} else {
		struct timeval tv;

		if ((error = sockopt_get(sopt, &tv, sizeof(tv))) != 0)
			return error;
		sec = tv.tv_sec;
		usec = tv.tv_usec;
	}
	if (sec < 0 || sec > TIMEO_MAX_S || usec < 0 || usec >= 1000000)
		return -EDOM;
	sb->sb_timeo_ns = sec * NS_S + usec * 1000;
	return 0;
}

static int
set_size(struct socket *so, const struct sockopt *sopt)
{
	bool snd = sopt->sopt_name == SO_SNDBUF ||
	    sopt->sopt_name == SO_SNDLOWAT;
	struct sockbuf *sb = snd ? &so->so_snd : &so->so_rcv;
	int v, error = sockopt_getint(sopt, &v);

	if (error != 0)
		return error;
	if (v <= 0)
		return -EINVAL;
	if (sopt->sopt_name == SO_SNDLOWAT || sopt->sopt_name == SO_RCVLOWAT) {
		sb->sb_lowat = (size_t)v < sb->sb_hiwat ? (size_t)v :
							  sb->sb_hiwat;
		return 0;
	}
	if ((error = sbreserve(so, sb, (size_t)v)) != 0)
		return error;
	sb->sb_flags &= ~(unsigned)SB_AUTOSIZE;
	if (snd)
		sowwakeup(so);
	return 0;
}

int
so_setoption(struct lwp *l, struct socket *so, struct sockopt *sopt)
{
	int v, error;

	switch (sopt->sopt_name) {
	case SO_ACCEPTFILTER:
		return accept_filter_set(so, sopt->sopt_data, sopt->sopt_size);
	case SO_LINGER:
		return set_linger(so, sopt);
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDLOWAT:
	case SO_RCVLOWAT:
		so->so_sblimit = sb_limit(l, so);
		return set_size(so, sopt);
	case SO_SNDTIMEO:
	case SO_OSNDTIMEO:
		return set_timeout(
		    &so->so_snd, sopt, sopt->sopt_name == SO_OSNDTIMEO);
	case SO_RCVTIMEO:
	case SO_ORCVTIMEO:
		return set_timeout(
		    &so->so_rcv, sopt, sopt->sopt_name == SO_ORCVTIMEO);
	default:
		break;
	}
	/* One switch: a single bit of those. */
	if ((sopt->sopt_name & ~SWITCHES) != 0 || sopt->sopt_name == 0 ||
	    (sopt->sopt_name & (sopt->sopt_name - 1)) != 0)
		return -ENOPROTOOPT;
	if ((error = sockopt_getint(sopt, &v)) != 0)
		return error;
	if (v != 0)
		atomic_fetch_or(&so->so_options, (unsigned)sopt->sopt_name);
	else
		atomic_fetch_and(&so->so_options, ~(unsigned)sopt->sopt_name);
	return 0;
}

/* --- asking --- */

static int
get_timeout(const struct sockbuf *sb, struct sockopt *sopt, bool old)
{
	int64_t timeo = atomic_load(&sb->sb_timeo_ns), sec = timeo / NS_S,
		usec = timeo % NS_S / 1000;

	if (old) {
		struct timeval50 tv = { (long)sec, (long)usec };

		return sockopt_set(sopt, &tv, sizeof(tv));
	} else {
		struct timeval tv;

		memset(&tv, 0, sizeof(tv));
		tv.tv_sec = sec;
		tv.tv_usec = (suseconds_t)usec;
		return sockopt_set(sopt, &tv, sizeof(tv));
	}
}

int
so_getoption(struct socket *so, struct sockopt *sopt)
{
	unsigned options = atomic_load(&so->so_options);
	struct linger li;
	int v;

	switch (sopt->sopt_name) {
	case SO_ACCEPTFILTER:
		return accept_filter_get(so, sopt);
	case SO_LINGER:
		li.l_onoff = (options & SO_LINGER) != 0;
		li.l_linger = so->so_linger;
		return sockopt_set(sopt, &li, sizeof(li));
	case SO_TYPE:
		return sockopt_setint(sopt, so->so_type);
	case SO_ERROR:
		v = so->so_error;
		so->so_error = 0;
		return sockopt_setint(sopt, v);
	case SO_SNDBUF:
		return sockopt_setint(sopt, (int)so->so_snd.sb_hiwat);
	case SO_RCVBUF:
		return sockopt_setint(sopt, (int)so->so_rcv.sb_hiwat);
	case SO_SNDLOWAT:
		return sockopt_setint(sopt, (int)so->so_snd.sb_lowat);
	case SO_RCVLOWAT:
		return sockopt_setint(sopt, (int)so->so_rcv.sb_lowat);
	case SO_SNDTIMEO:
	case SO_OSNDTIMEO:
		return get_timeout(
		    &so->so_snd, sopt, sopt->sopt_name == SO_OSNDTIMEO);
	case SO_RCVTIMEO:
	case SO_ORCVTIMEO:
		return get_timeout(
		    &so->so_rcv, sopt, sopt->sopt_name == SO_ORCVTIMEO);
	case SO_OVERFLOWED:
		return sockopt_setint(sopt, so->so_overflowed);
	default:
		break;
	}
	if ((sopt->sopt_name & ~(SWITCHES | SO_ACCEPTCONN)) != 0 ||
	    sopt->sopt_name == 0 ||
	    (sopt->sopt_name & (sopt->sopt_name - 1)) != 0)
		return -ENOPROTOOPT;
	return sockopt_setint(sopt, (options & (unsigned)sopt->sopt_name) != 0);
}

/* --- both, with the protocol's --- */

/* Groups are joined with the net lock exclusively, whatever the socket is. */
static bool
of_groups(const struct sockopt *sopt)
{
	if (sopt->sopt_level == IPPROTO_IP)
		return sopt->sopt_name >= IP_MULTICAST_IF &&
		    sopt->sopt_name <= IP_DROP_MEMBERSHIP;
	return sopt->sopt_level == IPPROTO_IPV6 &&
	    sopt->sopt_name >= IPV6_MULTICAST_IF &&
	    sopt->sopt_name <= IPV6_LEAVE_GROUP;
}

static int
ctloutput(struct socket *so, struct sockopt *sopt)
{
	const struct protosw *pr = so->so_proto;
	int error = -ENOPROTOOPT;

	so_enter(so,
	    sopt->sopt_op == PRCO_SETOPT &&
		((pr->pr_flags & PR_CTLW) != 0 || of_groups(sopt)));
	if (so->so_pcb == NULL)
		error = -EINVAL;
	else if (pr->pr_ctloutput != NULL)
		error = pr->pr_ctloutput(so, sopt);
	so_leave(so);
	return error;
}

int
sosetopt(struct lwp *l, struct socket *so, int level, int name, const void *val,
    size_t len)
{
	struct sockopt sopt = { .sopt_op = PRCO_SETOPT,
		.sopt_level = level,
		.sopt_name = name,
		.sopt_data = (void *)(uintptr_t)val,
		.sopt_size = len,
		.sopt_l = l };
	int error;

	if (level == SOL_SOCKET) {
		solock(so);
		error = so_setoption(l, so, &sopt);
		sounlock(so);
		if (error != -ENOPROTOOPT)
			return error;
	}
	return ctloutput(so, &sopt);
}

int
sogetopt(struct lwp *l, struct socket *so, int level, int name, void *val,
    size_t *len)
{
	struct sockopt sopt = { .sopt_op = PRCO_GETOPT,
		.sopt_level = level,
		.sopt_name = name,
		.sopt_data = val,
		.sopt_size = *len,
		.sopt_l = l };
	int error;

	if (level == SOL_SOCKET) {
		solock(so);
		error = so_getoption(so, &sopt);
		sounlock(so);
		if (error != -ENOPROTOOPT) {
			*len = sopt.sopt_size;
			return error;
		}
	}
	error = ctloutput(so, &sopt);
	*len = sopt.sopt_size;
	return error;
}
