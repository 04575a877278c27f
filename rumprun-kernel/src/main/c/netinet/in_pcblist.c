/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of control blocks for netstat and sockstat: net.inet*.*.pcblist. */
#include "kern/sysctl.h"
#include "netinet/in_pcb.h"

struct listing {
	struct sysctl_call *c;
	int family;
	size_t size;
	unsigned left;
	in_pcbkinfo_fn *fn;
	size_t count;
};

static bool
of_family(const struct inpcb *inp, void *arg)
{
	const struct listing *ls = arg;

	return inp->inp_af == ls->family;
}

static int
list_one(struct inpcb *inp, void *arg)
{
	struct listing *ls = arg;
	struct kinfo_pcb ki;

	if (ls->left == 0)
		return 0;
	if (ls->left != (unsigned)INT32_MAX)
		ls->left--;
	memset(&ki, 0, sizeof(ki));
	so_fillkinfo(inp->inp_socket, &ki);
	ki.ki_pcbaddr = (uintptr_t)inp;
	ki.ki_ppcbaddr = (uintptr_t)inp->inp_ppcb;
	ki.ki_pflags = inp->inp_flags;
	ki.ki_prstate = inp->inp_state;
	in_setsockaddr(inp, (struct sockaddr *)(void *)&ki.ki_s);
	in_setpeeraddr(inp, (struct sockaddr *)(void *)&ki.ki_d);
	if (ls->fn != NULL)
		ls->fn(inp, &ki);
	return sysctl_out(ls->c, &ki, ls->size);
}

static int
count_one(struct inpcb *inp, void *arg)
{
	struct listing *ls = arg;

	(void)inp;
	ls->count++;
	return 0;
}

/* The rest of the name: what to list (0: all), of whom, element size, how many. */
int
in_pcblist_sysctl_fn(
    struct sysctl_call *c, struct inpcbtable *t, int family, in_pcbkinfo_fn *fn)
{
	struct listing ls = { .c = c, .family = family, .fn = fn };
	int error;

	if (c->sc_new != NULL)
		return -EPERM;
	if (c->sc_namelen != 4 || c->sc_name[2] < 0 || c->sc_name[3] < 0)
		return -EINVAL;
	ls.size = (size_t)c->sc_name[2];
	if (ls.size > sizeof(struct kinfo_pcb))
		ls.size = sizeof(struct kinfo_pcb);
	ls.left = (unsigned)c->sc_name[3];
	net_rdlock(c->sc_k);
	if (c->sc_old == NULL) {
		error = in_pcbforeach(t, of_family, count_one, &ls);
		/* Some more may come until it is read. */
		c->sc_done = (ls.count + 10) * ls.size;
	} else
		error = in_pcbforeach(t, of_family, list_one, &ls);
	net_unlock(c->sc_k);
	return error;
}

int
in_pcblist_sysctl(struct sysctl_call *c, struct inpcbtable *t, int family)
{
	return in_pcblist_sysctl_fn(c, t, family, NULL);
}
