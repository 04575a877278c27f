/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SO_ACCEPTFILTER (accept_filter(9)): a listener's connections come to its
 * users only when a filter says so: dataready (accf_data(9)), httpready
 * (accf_http(9)). Until then they are in the listener's queue of those that are
 * not complete; TCP asks after each segment (accept_filter_ready).
 */
#include "net/socket_private.h"

/* What a request line and its headers may take before it is no use to wait. */
#define HTTP_MOST 16384

struct accept_filter {
	char acf_name[sizeof(((struct accept_filter_arg *)0)->af_name)];
	bool (*acf_ready)(const struct socket *);
};

static bool
data_ready(const struct socket *so)
{
	return so->so_rcv.sb_cc > 0;
}

/* Bytes of a buffer, one after the other. */
struct cursor {
	const struct mbuf *m;
	uint32_t at;
};

static int
next_byte(struct cursor *c)
{
	while (c->m != NULL && c->at == c->m->m_len) {
		c->m = c->m->m_next;
		c->at = 0;
	}
	return c->m == NULL ? -1 : c->m->m_data[c->at++];
}

/* 1: begins so; 0: may still; -1: does not. */
static int
begins(struct cursor c, const char *with)
{
	for (; *with != '\0'; with++) {
		int b = next_byte(&c);

		if (b != *with)
			return b < 0 ? 0 : -1;
	}
	return 1;
}

/* A GET or HEAD of HTTP/1.0 or 1.1, up to the empty line; or what can become none any more. */
static bool
http_ready(const struct socket *so)
{
	static const char *const versions[] = { " HTTP/1.0", " HTTP/1.1" };
	enum { VLEN = 9 };
	struct cursor c = { so->so_rcv.sb_mb, 0 };
	int get = begins(c, "GET "), head = begins(c, "HEAD "), b;
	char last[VLEN] = "";
	size_t n = 0;

	if ((get < 0 && head < 0) || so->so_rcv.sb_cc >= HTTP_MOST ||
	    sbspace(&so->so_rcv) == 0)
		return true;
	if (get <= 0 && head <= 0)
		return false;
	for (; (b = next_byte(&c)) >= 0 && b != '\n'; n++)
		if (b != '\r') {
			memmove(last, last + 1, VLEN - 1);
			last[VLEN - 1] = (char)b;
		}
	if (b < 0)
		return false;
	if (memcmp(last, versions[0], VLEN) != 0 &&
	    memcmp(last, versions[1], VLEN) != 0)
		return true; /* no version, or none of those */
	for (bool empty = true; (b = next_byte(&c)) >= 0;) {
		if (b == '\n') {
			if (empty)
				return true;
			empty = true;
		} else if (b != '\r')
			empty = false;
	}
	return false;
}

static const struct accept_filter filters[] = {
	{ "dataready", data_ready },
	{ "httpready", http_ready },
};

bool
accept_filter_ready(const struct socket *so)
{
	return (so->so_state & (SS_CANTRCVMORE | SS_ISDISCONNECTED)) != 0 ||
	    so->so_oobmark != 0 || so->so_accf == NULL ||
	    so->so_accf->acf_ready(so);
}

int
accept_filter_set(struct socket *so, const void *data, size_t size)
{
	struct accept_filter_arg arg;

	if ((atomic_load(&so->so_options) & SO_ACCEPTCONN) == 0)
		return -EINVAL;
	/* No argument takes the filter away. */
	if (data == NULL || size == 0) {
		so->so_accf = NULL;
		so_release0(so);
		return 0;
	}
	if (size < sizeof(arg))
		return -EINVAL;
	memcpy(&arg, data, sizeof(arg));
	if (arg.af_name[0] == '\0')
		return -EINVAL;
	/* Only one at a time. */
	if (so->so_accf != NULL)
		return -EINVAL;
	/* Elsewhere nobody would ask it. */
	if ((so->so_proto->pr_flags & PR_ACCEPTFILTER) == 0)
		return -ENOENT;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (memcmp(arg.af_name, filters[i].acf_name,
			strlen(filters[i].acf_name) + 1) == 0) {
			so->so_accf = &filters[i];
			return 0;
		}
	return -ENOENT;
}

int
accept_filter_get(struct socket *so, struct sockopt *sopt)
{
	struct accept_filter_arg arg;

	if ((atomic_load(&so->so_options) & SO_ACCEPTCONN) == 0 ||
	    so->so_accf == NULL)
		return -EINVAL;
	memset(&arg, 0, sizeof(arg));
	memcpy(arg.af_name, so->so_accf->acf_name, sizeof(arg.af_name));
	return sockopt_set(sopt, &arg, sizeof(arg));
}
