/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net.inet.tcp and net.inet6.tcp6: two names for the same values, and each
 * family's connections.
 */
#include "kern/sysctl.h"
#include "netinet/tcp_var.h"

static int
fn_stats(struct sysctl_call *c)
{
	struct tcp_state *tc = c->sc_ctx;
	uint64_t v[TCP_NSTATS];

	for (unsigned i = 0; i < TCP_NSTATS; i++)
		v[i] = atomic_load(&tc->tc_stat[i]);
	return sysctl_out(c, v, sizeof(v));
}

static void
show_tcp(struct inpcb *inp, struct kinfo_pcb *ki)
{
	const struct tcpcb *tp = intotcpcb(inp);

	if (tp == NULL)
		return;
	ki->ki_tstate = tp->t_state;
	ki->ki_tflags = tp->t_flags;
}

static int
pcblist(struct sysctl_call *c, int family)
{
	struct tcp_state *tc = c->sc_ctx;
	struct in_pcblisting il;
	int error;

	if ((error = in_pcblist_start(&il, c, family)) != 0 ||
	    (error = in_pcblist_table(&il, tc->tc_table, show_tcp)) != 0 ||
	    (error = tcp_tw_list(tc, &il)) != 0)
		return error;
	return in_pcblist_end(&il);
}

static int
fn_pcblist(struct sysctl_call *c)
{
	return pcblist(c, AF_INET);
}

static int
fn_pcblist6(struct sysctl_call *c)
{
	return pcblist(c, AF_INET6);
}

static int
fn_congctl_available(struct sysctl_call *c)
{
	char buf[64] = "";
	size_t n = 0;

	for (int i = 0; tcp_congctls[i] != NULL; i++) {
		const char *name = tcp_congctls[i]->cc_name;

		if (i > 0)
			buf[n++] = ' ';
		memcpy(buf + n, name, strlen(name) + 1);
		n += strlen(name);
	}
	return sysctl_out(c, buf, n + 1);
}

static int
fn_congctl_selected(struct sysctl_call *c)
{
	struct tcp_state *tc = c->sc_ctx;
	const struct tcp_congctl *cc = atomic_load(&tc->tc_congctl);
	char buf[12];
	bool changed;
	int error;

	memset(buf, 0, sizeof(buf));
	memcpy(buf, cc->cc_name, strlen(cc->cc_name));
	if ((error = sysctl_string(c, buf, sizeof(buf), &changed)) != 0 ||
	    !changed)
		return error;
	if ((cc = tcp_congctl_find(buf, strlen(buf))) == NULL)
		return -EINVAL;
	atomic_store(&tc->tc_congctl, cc);
	return 0;
}

/* --- connections by their ends: ident, drop --- */

/* One sockaddr of either family. -EINVAL. */
static int
take_name(const uint8_t *p, size_t room, struct in_any *a, uint16_t *port)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (room < 2)
		return -EINVAL;
	if (p[1] == AF_INET && room >= sizeof(sin)) {
		memcpy(&sin, p, sizeof(sin));
		in_any_set4(a, sin.sin_addr.s_addr);
		*port = sin.sin_port;
		return 0;
	}
	if (p[1] == AF_INET6 && room >= sizeof(sin6)) {
		memcpy(&sin6, p, sizeof(sin6));
		memcpy(a, &sin6.sin6_addr, 16);
		*port = sin6.sin6_port;
		return 0;
	}
	return -EINVAL;
}

/* Two sockaddr_storage: the peer's end, ours. */
static int
take_ends(struct sysctl_call *c, struct tcp_ends *e)
{
	enum { one = 128 };
	uint8_t p[2 * one];
	int error;

	memset(e, 0, sizeof(*e));
	if (c->sc_new == NULL || c->sc_newlen < sizeof(p))
		return -EINVAL;
	if ((error = copyin(c->sc_l, c->sc_new, p, sizeof(p))) != 0)
		return error;
	if ((error = take_name(p, one, &e->te_faddr, &e->te_fport)) != 0)
		return error;
	return take_name(p + one, one, &e->te_laddr, &e->te_lport);
}

static struct socket *
find_locked(struct tcp_state *tc, const struct tcp_ends *e)
{
	struct socket *so = in_pcblookup_connect(tc->tc_table, &e->te_faddr,
	    e->te_fport, &e->te_laddr, e->te_lport, 0);

	if (so == NULL)
		return NULL;
	solock(so);
	if (so->so_pcb != NULL && sotoinpcb(so)->inp_ppcb != NULL)
		return so;
	tcp_leave(so, false);
	return NULL;
}

static int
fn_ident(struct sysctl_call *c)
{
	struct tcp_state *tc = c->sc_ctx;
	struct tcp_ends e = { .te_zone = 0 };
	struct socket *so;
	uid_t uid = 0;
	int error = 0;

	if (c->sc_namelen == 4) {
		in_any_set4(&e.te_faddr, (uint32_t)c->sc_name[0]);
		e.te_fport = (uint16_t)c->sc_name[1];
		in_any_set4(&e.te_laddr, (uint32_t)c->sc_name[2]);
		e.te_lport = (uint16_t)c->sc_name[3];
	} else if (c->sc_namelen != 0)
		return -EINVAL;
	else if ((error = take_ends(c, &e)) != 0)
		return error;
	net_rdlock(c->sc_k);
	if ((so = find_locked(tc, &e)) != NULL) {
		uid = so->so_uid;
		tcp_leave(so, true);
	} else if (!tcp_tw_drop(tc, &e, false, &uid))
		error = -ESRCH;
	net_unlock(c->sc_k);
	return error != 0 ? error : sysctl_out(c, &uid, sizeof(uid));
}

static int
fn_drop(struct sysctl_call *c)
{
	struct tcp_state *tc = c->sc_ctx;
	struct tcp_ends e;
	struct socket *so;
	uid_t uid;
	int error;

	if (c->sc_namelen != 0 || c->sc_old != NULL)
		return -EINVAL;
	if (c->sc_new == NULL)
		return 0;
	if ((error = take_ends(c, &e)) != 0)
		return error;
	net_rdlock(c->sc_k);
	if ((so = find_locked(tc, &e)) != NULL) {
		tcp_drop(sototcpcb(so), ECONNABORTED);
		tcp_leave(so, true);
	} else if (!tcp_tw_drop(tc, &e, true, &uid))
		error = -ESRCH;
	net_unlock(c->sc_k);
	net_run(c->sc_k);
	return error;
}

/* --- the tables --- */

#define PERM CTLFLAG_PERMANENT
#define RW (CTLFLAG_PERMANENT | CTLFLAG_READWRITE)
#define NODE (CTLFLAG_PERMANENT | CTLTYPE_NODE)
#define VAR(x) .sd_off = offsetof(struct tcp_state, x)
#define INTV(p, n, num, v)                             \
	{                                              \
		p "." n, num, RW | CTLTYPE_INT, VAR(v) \
	}
#define INTR(p, n, num, v, lo, hi)                                    \
	{                                                             \
		p "." n, num, RW | CTLTYPE_INT, VAR(v), .sd_min = lo, \
							.sd_max = hi  \
	}
#define RONLY(p, n, v)                                          \
	{                                                       \
		p "." n, CTL_CREATE, PERM | CTLTYPE_INT, VAR(v) \
	}

#define ROWS(p, pcblist)                                                       \
	INTR(p, "rfc1323", TCPCTL_RFC1323, rfc1323, 0, 1),                     \
	    INTR(p, "sendspace", TCPCTL_SENDSPACE, sendspace, 1, 1 << 30),     \
	    INTR(p, "recvspace", TCPCTL_RECVSPACE, recvspace, 1, 1 << 30),     \
	    INTR(p, "mssdflt", TCPCTL_MSSDFLT, mssdflt, 32, 65535 - 40),       \
	    INTR(p, "syn_cache_limit", TCPCTL_SYN_CACHE_LIMIT,                 \
		syn_cache_limit, 0, INT32_MAX),                                \
	    INTR(p, "syn_bucket_limit", TCPCTL_SYN_BUCKET_LIMIT,               \
		syn_bucket_limit, 0, INT32_MAX),                               \
	    INTR(p, "init_win", TCPCTL_INIT_WIN, init_win, 0, INT32_MAX),      \
	    INTV(p, "mss_ifmtu", TCPCTL_MSS_IFMTU, mss_ifmtu),                 \
	    { p ".sack", TCPCTL_SACK, NODE, .sd_fn = NULL },                   \
	    INTR(p, "sack.enable", CTL_CREATE, sack_enable, 0, 1),             \
	    INTR(p, "sack.maxholes", CTL_CREATE, sack_maxholes, 0, 1024),      \
	    INTR(p, "sack.globalmaxholes", CTL_CREATE, sack_globalmaxholes, 0, \
		INT32_MAX),                                                    \
	    RONLY(p, "sack.globalholes", sack_globalholes),                    \
	    { p ".sack.rack", CTL_CREATE, RW | CTLFLAG_HIDDEN | CTLTYPE_INT,   \
		    VAR(sack_rack), .sd_min = 0, .sd_max = 3 },                \
	    INTV(p, "win_scale", TCPCTL_WSCALE, win_scale),                    \
	    INTV(p, "timestamps", TCPCTL_TSTAMP, timestamps),                  \
	    INTV(p, "compat_42", TCPCTL_COMPAT_42, compat_42),                 \
	    INTV(p, "cwm", TCPCTL_CWM, cwm),                                   \
	    INTV(p, "cwm_burstsize", TCPCTL_CWM_BURSTSIZE, cwm_burstsize),     \
	    INTV(p, "ack_on_push", TCPCTL_ACK_ON_PUSH, ack_on_push),           \
	    INTR(p, "keepidle", TCPCTL_KEEPIDLE, keepidle, 1, INT32_MAX),      \
	    INTR(p, "keepintvl", TCPCTL_KEEPINTVL, keepintvl, 1, INT32_MAX),   \
	    INTR(p, "keepcnt", TCPCTL_KEEPCNT, keepcnt, 0, INT32_MAX),         \
	    { p ".slowhz", TCPCTL_SLOWHZ,                                      \
		    PERM | CTLFLAG_IMMEDIATE | CTLTYPE_INT, .sd_value = 2 },   \
	    INTV(p, "log_refused", TCPCTL_LOG_REFUSED, log_refused),           \
	    INTV(p, "rstppslimit", TCPCTL_RSTPPSLIMIT, rstppslimit),           \
	    INTR(p, "delack_ticks", TCPCTL_DELACK_TICKS, delack_ticks, 0,      \
		6000),                                                         \
	    INTR(p, "init_win_local", TCPCTL_INIT_WIN_LOCAL, init_win_local,   \
		0, INT32_MAX),                                                 \
	    { p ".ident", TCPCTL_IDENT, RW | CTLTYPE_STRUCT, .sd_size = 4,     \
		    .sd_fn = fn_ident },                                       \
	    INTV(p, "do_loopback_cksum", TCPCTL_LOOPBACKCKSUM,                 \
		do_loopback_cksum),                                            \
	    { p ".stats", TCPCTL_STATS, PERM | CTLTYPE_STRUCT,                 \
		    .sd_fn = fn_stats },                                       \
	    { p ".drop", TCPCTL_DROP, RW | CTLTYPE_STRUCT, .sd_fn = fn_drop }, \
	    INTR(p, "msl", TCPCTL_MSL, msl, 1, 3600),                          \
	    INTR(p, "minmss", CTL_CREATE, minmss, 1, 65535 - 40),              \
	    { p ".congctl", CTL_CREATE, NODE, .sd_fn = NULL },                 \
	    { p ".congctl.available", CTL_CREATE, PERM | CTLTYPE_STRING,       \
		    .sd_size = 1, .sd_fn = fn_congctl_available },             \
	    { p ".congctl.selected", CTL_CREATE, RW | CTLTYPE_STRING,          \
		    .sd_size = 12, .sd_fn = fn_congctl_selected },             \
	    { p ".pcblist", CTL_CREATE, PERM | CTLTYPE_STRUCT,                 \
		    .sd_fn = pcblist },                                        \
	    INTR(p, "keepinit", CTL_CREATE, keepinit, 1, INT32_MAX),           \
	    INTV(p, "recvbuf_auto", CTL_CREATE, recvbuf_auto),                 \
	    INTR(p, "recvbuf_inc", CTL_CREATE, recvbuf_inc, 1, 1 << 30),       \
	    INTR(p, "recvbuf_max", CTL_CREATE, recvbuf_max, 1, 1 << 30),       \
	    INTV(p, "sendbuf_auto", CTL_CREATE, sendbuf_auto),                 \
	    INTR(p, "sendbuf_inc", CTL_CREATE, sendbuf_inc, 1, 1 << 30),       \
	    INTR(p, "sendbuf_max", CTL_CREATE, sendbuf_max, 1, 1 << 30),       \
	    { p ".ecn", CTL_CREATE, NODE, .sd_fn = NULL },                     \
	    INTV(p, "ecn.enable", CTL_CREATE, ecn_enable),                     \
	    INTV(p, "ecn.maxretries", CTL_CREATE, ecn_maxretries),             \
	    INTV(p, "local_by_rtt", CTL_CREATE, local_by_rtt),                 \
	    INTV(p, "iss_hash", CTL_CREATE, iss_hash),                         \
	    { p ".abc", CTL_CREATE, NODE, .sd_fn = NULL },                     \
	    INTV(p, "abc.enable", CTL_CREATE, abc_enable),                     \
	    INTV(p, "abc.aggressive", CTL_CREATE, abc_aggressive),             \
	    { p ".mslt", CTL_CREATE, NODE, .sd_fn = NULL },                    \
	    INTV(p, "mslt.enable", CTL_CREATE, mslt_enable),                   \
	    INTR(p, "mslt.loopback", CTL_CREATE, mslt_loopback, 0, 7200),      \
	    INTR(p, "mslt.local", CTL_CREATE, mslt_local, 0, 7200),            \
	    INTR(p, "mslt.remote", CTL_CREATE, mslt_remote, 0, 7200),          \
	    INTV(p, "mslt.remote_threshold", CTL_CREATE,                       \
		mslt_remote_threshold),                                        \
	    { p ".vtw", CTL_CREATE, NODE, .sd_fn = NULL },                     \
	    INTV(p, "vtw.enable", CTL_CREATE, vtw_enable),                     \
	    RONLY(p, "vtw.entries", vtw_entries),                              \
	{                                                                      \
		.sd_path = NULL                                                \
	}

/* clang-format off */
static const struct sysctl_def tcp_table[] = {
	{ "net", CTL_NET, NODE, .sd_fn = NULL },
	{ "net.inet", AF_INET, NODE, .sd_fn = NULL },
	{ "net.inet.tcp", IPPROTO_TCP, NODE, .sd_fn = NULL },
	ROWS("net.inet.tcp", fn_pcblist),
};

static const struct sysctl_def tcp6_table[] = {
	{ "net", CTL_NET, NODE, .sd_fn = NULL },
	{ "net.inet6", AF_INET6, NODE, .sd_fn = NULL },
	{ "net.inet6.tcp6", IPPROTO_TCP, NODE, .sd_fn = NULL },
	ROWS("net.inet6.tcp6", fn_pcblist6),
};
/* clang-format on */

int
tcp_sysctl_attach(struct rump_kernel *k)
{
	return sysctl_attach(k, tcp_table, TCP(k));
}

int
tcp6_sysctl_attach(struct rump_kernel *k)
{
	return sysctl_attach(k, tcp6_table, TCP(k));
}
