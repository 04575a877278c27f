/* SPDX-License-Identifier: BSD-2-Clause */
/* SIOCGIFCONF with its two older forms, and SIOCIFGCLONERS: lists, put together in kernel memory under the net lock and copied out after it. */
#include "net/if_ioctl.h"

/* --- addresses of all interfaces --- */

struct conf {
	struct lwp *l;
	unsigned long cmd;
	uint8_t *buf;
	size_t len,
	    room; /* what the caller's buffer takes; counts on past it when room is only asked for */
};

/* One row: of fixed size, or longer as its address is (the older forms). */
static size_t
row(const struct conf *c, const struct ifnet *ifp, const struct sockaddr *sa,
    uint8_t buf[IFNAMSIZ + 255])
{
	size_t addr = sa != NULL ? sa->sa_len : 0, size;

	memset(buf, 0, IFNAMSIZ + 255);
	memcpy(buf, ifp->if_xname, IFNAMSIZ);
	if (sa != NULL)
		memcpy(buf + IFNAMSIZ, sa, addr);
	if (c->cmd == SIOCGIFCONF)
		return sizeof(struct ifreq);
	size = sizeof(struct oifreq);
	if (c->cmd == OSIOCGIFCONF && IFNAMSIZ + addr > size)
		size = IFNAMSIZ + addr;
	if (c->cmd == OOSIOCGIFCONF && sa != NULL) {
		uint16_t family = sa->sa_family;

		memcpy(buf + IFNAMSIZ, &family, sizeof(family));
	}
	return size;
}

/* False: there is no room for more. */
static bool
put(struct conf *c, const struct ifnet *ifp, const struct sockaddr *sa)
{
	uint8_t buf[IFNAMSIZ + 255];
	size_t size = row(c, ifp, sa, buf);

	if (c->buf == NULL) {
		c->len += size;
		return true;
	}
	if (size > c->room - c->len)
		return false;
	memcpy(c->buf + c->len, buf, size);
	c->len += size;
	return true;
}

static void
list(struct conf *c)
{
	struct ifnet *ifp;
	struct ifaddr *ifa;

	for (ifp = if_first(c->l->l_k); ifp != NULL; ifp = ifp->if_next) {
		if (ifp->if_addrlist == NULL) {
			if (!put(c, ifp, NULL))
				return;
			continue;
		}
		IFADDR_FOREACH(ifa, ifp)
		if (!put(c, ifp, ifa->ifa_addr))
			return;
	}
}

#define CONF_MAX (1 << 20)

static int
get_conf(struct lwp *l, unsigned long cmd, struct ifconf *ifc)
{
	struct rump_kernel *k = l->l_k;
	struct conf c = { .l = l, .cmd = cmd };
	int error = 0;

	if (ifc->ifc_len < 0)
		return -EINVAL;
	/* Without a buffer: how long it must be. */
	if (ifc->ifc_ifcu.ifcu_buf != NULL) {
		c.room = ifc->ifc_len < CONF_MAX ? (size_t)ifc->ifc_len :
						   CONF_MAX;
		if ((c.buf = kmem_alloc(k, c.room + 1)) == NULL)
			return -ENOMEM;
	}
	net_rdlock(k);
	list(&c);
	net_unlock(k);
	if (c.buf != NULL && c.len > 0)
		error = copyout(l, c.buf, ifc->ifc_ifcu.ifcu_buf, c.len);
	if (c.buf != NULL)
		kmem_free(k, c.buf, c.room + 1);
	if (error == 0)
		ifc->ifc_len = (int)c.len;
	return error;
}

/* --- drivers that make interfaces --- */

static int
get_cloners(struct lwp *l, struct if_clonereq *req)
{
	struct rump_kernel *k = l->l_k;
	char(*names)[IFNAMSIZ];
	unsigned max, total;
	size_t size;
	int error = 0;

	if (req->ifcr_buffer != NULL && req->ifcr_count < 0)
		return -EINVAL;
	max = NS(k)->ns_if->ifs_ncloners;
	if (req->ifcr_buffer == NULL) {
		req->ifcr_total = (int)max;
		return 0;
	}
	if ((unsigned)req->ifcr_count < max)
		max = (unsigned)req->ifcr_count;
	size = (size_t)max * IFNAMSIZ + 1;
	if ((names = kmem_alloc(k, size)) == NULL)
		return -ENOMEM;
	net_rdlock(k);
	total = if_clone_list(k, names, max);
	net_unlock(k);
	error = copyout(l, names, req->ifcr_buffer, (size_t)max * IFNAMSIZ);
	kmem_free(k, names, size);
	req->ifcr_total = (int)total;
	return error;
}

int
if_conf_ioctl(struct lwp *l, unsigned long cmd, void *data)
{
	switch (cmd) {
	case SIOCGIFCONF:
	case OSIOCGIFCONF:
	case OOSIOCGIFCONF:
		return get_conf(l, cmd, data);
	case SIOCIFGCLONERS:
		return get_cloners(l, data);
	default:
		return -ENOTTY;
	}
}
