/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of control blocks for netstat and sockstat: net.inet*.*.pcblist. Users
 * may be far away, and slow: whatever is copied out to them is a copy of the
 * kernel's own, made before, and no lock is held meanwhile.
 */
#include "kern/sysctl.h"
#include "netinet/in_pcb.h"

/* The rest of the name: what to list (0: all), of whom, element size, how many. */
int
in_pcblist_start(struct in_pcblisting *il, struct sysctl_call *c, int family)
{
	if (c->sc_new != NULL)
		return -EPERM;
	if (c->sc_namelen != 4 || c->sc_name[2] < 0 || c->sc_name[3] < 0)
		return -EINVAL;
	il->il_c = c;
	il->il_family = family;
	il->il_size = (size_t)c->sc_name[2];
	if (il->il_size > sizeof(struct kinfo_pcb))
		il->il_size = sizeof(struct kinfo_pcb);
	il->il_left = (unsigned)c->sc_name[3];
	return 0;
}

int
in_pcblist_put(struct in_pcblisting *il, const struct kinfo_pcb *ki)
{
	if (il->il_left == 0)
		return 0;
	if (il->il_left != (unsigned)INT32_MAX)
		il->il_left--;
	return sysctl_out(il->il_c, ki, il->il_size);
}

int
in_pcblist_end(struct in_pcblisting *il)
{
	/* Some more may come until it is read. */
	if (il->il_c->sc_old == NULL)
		il->il_c->sc_done += 10 * il->il_size;
	return 0;
}

/* False: it has no block any more. */
static bool
show(struct socket *so, in_pcbkinfo_fn *fn, struct kinfo_pcb *ki)
{
	struct inpcb *inp;

	solock(so);
	if ((inp = so->so_pcb) != NULL) {
		so_fillkinfo(so, ki);
		ki->ki_pcbaddr = (uintptr_t)inp;
		ki->ki_ppcbaddr = (uintptr_t)inp->inp_ppcb;
		ki->ki_pflags = inp->inp_flags;
		ki->ki_prstate = inp->inp_state;
		in_setsockaddr(inp, (struct sockaddr *)(void *)&ki->ki_s);
		in_setpeeraddr(inp, (struct sockaddr *)(void *)&ki->ki_d);
		if (fn != NULL)
			fn(inp, ki);
	}
	sounlock(so);
	return inp != NULL;
}

int
in_pcblist_table(
    struct in_pcblisting *il, struct inpcbtable *t, in_pcbkinfo_fn *fn)
{
	struct rump_kernel *k = il->il_c->sc_k;
	struct socket **list;
	struct kinfo_pcb ki;
	unsigned n, size;
	int error;

	net_rdlock(k);
	error = in_pcbgather(t, il->il_family, &list, &n, &size);
	net_unlock(k);
	if (error != 0)
		return error;
	for (unsigned i = 0; i < n; i++) {
		if (error == 0 && il->il_left != 0 && show(list[i], fn, &ki))
			error = in_pcblist_put(il, &ki);
		so_put(list[i]);
	}
	kmem_free(k, list, size * sizeof(*list));
	return error;
}

int
in_pcblist_sysctl(struct sysctl_call *c, struct inpcbtable *t, int family)
{
	struct in_pcblisting il;
	int error;

	if ((error = in_pcblist_start(&il, c, family)) != 0 ||
	    (error = in_pcblist_table(&il, t, NULL)) != 0)
		return error;
	return in_pcblist_end(&il);
}
