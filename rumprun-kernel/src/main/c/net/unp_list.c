/* SPDX-License-Identifier: BSD-2-Clause */
/* net.local.*.pcblist: the local sockets, for netstat and sockstat. */
#include "kern/sysctl.h"
#include "net/unp.h"

#define NODE CTLTYPE_NODE

struct listing {
	struct sysctl_call *c;
	int type;
	size_t size, left, n;
};

static void
fill(struct socket *so, struct kinfo_pcb *ki)
{
	struct unpcb *unp = sotounpcb(so);
	const struct sockaddr *sa = unp->unp_addr;

	so_fillkinfo(so, ki);
	ki->ki_conn = (uintptr_t)(unp->unp_conn != NULL ? unp->unp_conn->so_pcb :
							  NULL);
	ki->ki_vnode = (uintptr_t)unp->unp_vnode;
	ki->ki_inode = unp->unp_ino;
	ki->ki_refs = (uintptr_t)unp->unp_refs;
	ki->ki_nextref = (uintptr_t)unp->unp_nextref;
	if (sa != NULL)
		memcpy(&ki->ki_s, sa, sa->sa_len);
	else {
		ki->ki_s._kis_src.sa_len = 2;
		ki->ki_s._kis_src.sa_family = AF_LOCAL;
	}
}

static int
list_one(struct socket *so, void *arg)
{
	struct listing *li = arg;
	struct kinfo_pcb ki;

	if (so->so_type != li->type || so->so_pcb == NULL)
		return 0;
	li->n++;
	if (li->c->sc_old == NULL)
		return 0;
	if (li->left == 0)
		return 0;
	li->left--;
	fill(so, &ki);
	if (li->size > sizeof(ki))
		return -EINVAL;
	return sysctl_out(li->c, &ki, li->size);
}

/* The name goes on with: which (0: all), of what, size of an element, how many at most. */
static int
fn_pcblist(struct sysctl_call *c)
{
	struct listing li = { .c = c };
	const char *path = c->sc_def->sd_path;

	if (c->sc_new != NULL)
		return -EPERM;
	if (c->sc_namelen != 4 || c->sc_name[0] != 0 || c->sc_name[1] != 0 ||
	    c->sc_name[2] <= 0 ||
	    (size_t)c->sc_name[2] > sizeof(struct kinfo_pcb) ||
	    c->sc_name[3] < 0)
		return -EINVAL;
	li.type = strstr(path, "stream") != NULL ? SOCK_STREAM :
	    strstr(path, "dgram") != NULL	 ? SOCK_DGRAM :
						   SOCK_SEQPACKET;
	li.size = (size_t)c->sc_name[2];
	li.left = (size_t)c->sc_name[3];
	if (c->sc_old == NULL) {
		int error = so_foreach(c->sc_k, AF_LOCAL, list_one, &li);

		/* Some may come until it is asked again. */
		c->sc_done = (li.n + li.n / 8 + 10) * li.size;
		return error;
	}
	return so_foreach(c->sc_k, AF_LOCAL, list_one, &li);
}

static const struct sysctl_def local_table[] = {
	{ "net.local", AF_LOCAL, NODE, .sd_fn = NULL },
	{ "net.local.stream", SOCK_STREAM, NODE, .sd_fn = NULL },
	{ "net.local.seqpacket", SOCK_SEQPACKET, NODE, .sd_fn = NULL },
	{ "net.local.dgram", SOCK_DGRAM, NODE, .sd_fn = NULL },
	{ "net.local.stream.pcblist", CTL_CREATE, CTLTYPE_STRUCT,
	    .sd_fn = fn_pcblist },
	{ "net.local.seqpacket.pcblist", CTL_CREATE, CTLTYPE_STRUCT,
	    .sd_fn = fn_pcblist },
	{ "net.local.dgram.pcblist", CTL_CREATE, CTLTYPE_STRUCT,
	    .sd_fn = fn_pcblist },
	{ .sd_path = NULL },
};

int
unp_sysctl(struct rump_kernel *k)
{
	return sysctl_attach(k, local_table, NULL);
}
