/* SPDX-License-Identifier: BSD-2-Clause */
/* Protocols as sockets see them: families (struct domain) and their members (struct protosw), constant tables. */
#ifndef NET_PROTOSW_H
#define NET_PROTOSW_H

#include <netbsd/socket.h>
#include "net/net.h"

struct socket;
struct stat;
struct ifnet;

enum sopt_op { PRCO_GETOPT, PRCO_SETOPT };
struct sockopt {
	enum sopt_op sopt_op;
	int sopt_level, sopt_name;
	void *sopt_data;  /* kernel memory */
	size_t sopt_size; /* set: its length. get: room in, length out */
	struct lwp *sopt_l;
};
/* The usual: an int of a set (-EINVAL when too short); an int or bytes for a get (cut to the room). */
int sockopt_getint(const struct sockopt *, int *) MUST_CHECK;
int sockopt_setint(struct sockopt *, int);
int sockopt_get(const struct sockopt *, void *, size_t) MUST_CHECK;
int sockopt_set(struct sockopt *, const void *, size_t);

/*
 * pr_detach and pr_abort leave so_pcb NULL when the protocol is done with the socket at once; else (TCP that goes on) it calls sofree later. All return
 * with so_lock held.
 *
 * All with the net lock held shared (PR_CONFIG: exclusively) and so_lock held; none sleeps. NULL members give -EOPNOTSUPP. Names are checked for family and length by
 * the protocol: NetBSD accepts any sa_len for AF_INET... and says EAFNOSUPPORT, EINVAL as it does.
 */
struct pr_usrreqs {
	int (*pr_attach)(
	    struct lwp *, struct socket *, int proto); /* so_pcb, soreserve */
	void (*pr_detach)(struct socket *);
	int (*pr_accept)(
	    struct socket *, struct sockaddr *nam); /* peer's name */
	int (*pr_connect)(struct lwp *, struct socket *, struct sockaddr *);
	/* Both are locked, the one with the lower address first. */
	int (*pr_connect2)(struct socket *, struct socket *);
	int (*pr_bind)(struct lwp *, struct socket *, struct sockaddr *);
	int (*pr_listen)(struct lwp *, struct socket *);
	int (*pr_disconnect)(struct socket *);
	int (*pr_shutdown)(struct socket *);
	int (*pr_abort)(struct socket *);
	int (*pr_ioctl)(struct lwp *, struct socket *, unsigned long, void *,
	    struct ifnet *); /* W, no so_lock: interface requests of the family */
	int (*pr_stat)(struct socket *, struct stat *);
	int (*pr_peeraddr)(struct socket *, struct sockaddr *);
	int (*pr_sockaddr)(struct socket *, struct sockaddr *);
	int (*pr_rcvd)(struct socket *, int flags); /* the user has taken data */
	int (*pr_recvoob)(struct socket *, struct mbuf *, int flags);
	/* m and control are taken. flags: MSG_*; MSG_MORE-like: more follows at once when PRUS_MORETOCOME. */
	int (*pr_send)(struct lwp *, struct socket *, struct mbuf *,
	    struct sockaddr *, struct mbuf *control, int flags);
	int (*pr_sendoob)(struct socket *, struct mbuf *, struct mbuf *control);
};
#define PRUS_MORETOCOME 0x40000000

struct protosw {
	short pr_type; /* SOCK_* */
	const struct domain *pr_domain;
	short pr_protocol;
	unsigned pr_flags; /* PR_* */
	int (*pr_ctloutput)(struct socket *,
	    struct sockopt
		*); /* net lock shared (exclusive when the level's option changes groups: PR_CTLW), so_lock */
	const struct pr_usrreqs *pr_usrreqs;
};
#define PR_ATOMIC 0x1 /* exchanges atomic messages only */
#define PR_ADDR 0x2   /* addresses come with messages */
#define PR_CONNREQUIRED 0x4
#define PR_WANTRCVD 0x8
#define PR_RIGHTS 0x10 /* passes descriptors */
#define PR_LISTEN 0x20
#define PR_ACCEPTFILTER 0x8000 /* asks a listener's filter */
#define PR_CTLW 0x2000 /* sets of pr_ctloutput want the net lock exclusively */
/* Has nothing to do with the net lock: none is taken. Its functions may drop so_lock meanwhile, and sleep then. */
#define PR_NONET 0x4000
#define PR_CONFIG \
	0x1000 /* its calls change the configuration: net lock exclusive, so_lock dropped and taken inside */

struct domain {
	int dom_family;
	const char *dom_name;
	const struct protosw *dom_protosw;
	unsigned dom_nprotosw;
	/* Rights in control messages (a chain) that nobody took. */
	void (*dom_dispose)(struct rump_kernel *, struct mbuf *);
	/*
	 * Rights in a chain of control messages become descriptors of l's process; no lock held. On an error all are given up. MSG_CMSG_CLOEXEC in flags.
	 */
	int (*dom_externalize)(struct lwp *, struct mbuf **, int flags);
	/* Length that a name of the family has at most. */
	uint8_t dom_addrlen;
};
/* At boot, and (halt) when its component goes. */
void domain_attach(struct rump_kernel *, const struct domain *);
const struct protosw *pffindproto(
    struct rump_kernel *, int family, int protocol, int type);
const struct protosw *pffindtype(struct rump_kernel *, int family, int type);

#endif
