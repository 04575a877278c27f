/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How large socket buffers may be: kern.sbmax for one, RLIMIT_SBSIZE for all
 * that a user's sockets have. A buffer's size counts, not what is in it.
 */
#include <netbsd/errno.h>
#include <netbsd/resource.h>
#include "net/socket_private.h"

struct sbuser *
sbuser_get(struct rump_kernel *k, uid_t uid)
{
	struct socket_state *ss = NS(k)->ns_socket;
	struct sbuser *su;

	kmutex_enter(&ss->ss_lock);
	for (su = ss->ss_users; su != NULL && su->su_uid != uid;
	     su = su->su_next)
		;
	if (su == NULL && (su = kmem_zalloc(k, sizeof(*su))) != NULL) {
		su->su_uid = uid;
		su->su_next = ss->ss_users;
		ss->ss_users = su;
	}
	if (su != NULL)
		su->su_sockets++;
	kmutex_exit(&ss->ss_lock);
	return su;
}

void
sbuser_put(struct socket *so)
{
	struct socket_state *ss = NS(so->so_k)->ns_socket;
	struct sbuser *su = so->so_sbuser, **at = &ss->ss_users;

	atomic_fetch_sub(
	    &su->su_bytes, so->so_snd.sb_hiwat + so->so_rcv.sb_hiwat);
	if (--su->su_sockets > 0)
		return;
	while (*at != su)
		at = &(*at)->su_next;
	*at = su->su_next;
	kmem_free(so->so_k, su, sizeof(*su));
}

/* A buffer of old bytes becomes one of new. False: more than the user may have. */
static bool
sbcharge(struct socket *so, size_t old, size_t new)
{
	_Atomic uint64_t *bytes = &so->so_sbuser->su_bytes;
	uint64_t now = atomic_fetch_add(bytes, (uint64_t) new - old) + new - old;

	if (new <= old || now <= so->so_sblimit)
		return true;
	atomic_fetch_sub(bytes, (uint64_t) new - old);
	return false;
}

int
sbreserve(struct socket *so, struct sockbuf *sb, size_t size)
{
	size_t sbmax = (size_t)atomic_load(&NS(so->so_k)->ns_socket->ss_sbmax);

	if (size == 0 || size > (uint64_t)sbmax * MCLBYTES / (MSIZE + MCLBYTES))
		return -ENOBUFS;
	if (!sbcharge(so, sb->sb_hiwat, size))
		return -ENOBUFS;
	sb->sb_hiwat = size;
	sb->sb_mbmax = size * 2 < sbmax ? size * 2 : sbmax;
	if (sb->sb_lowat > sb->sb_hiwat)
		sb->sb_lowat = sb->sb_hiwat;
	return 0;
}

int
soreserve(struct socket *so, size_t snd, size_t rcv)
{
	struct sockbuf old = so->so_snd;
	int error;

	if ((error = sbreserve(so, &so->so_snd, snd)) != 0)
		return error;
	if ((error = sbreserve(so, &so->so_rcv, rcv)) != 0) {
		(void)sbcharge(so, so->so_snd.sb_hiwat, old.sb_hiwat);
		so->so_snd.sb_hiwat = old.sb_hiwat;
		so->so_snd.sb_mbmax = old.sb_mbmax;
		so->so_snd.sb_lowat = old.sb_lowat;
		return error;
	}
	return 0;
}

uint64_t
sb_limit(struct lwp *l, const struct socket *so)
{
	struct proc *p = l->l_proc;
	uint64_t limit;

	if (so->so_uid != l->l_cred->cr_euid)
		return RLIM_INFINITY;
	kmutex_enter(&p->p_lock);
	limit = p->p_rlimit[RLIMIT_SBSIZE].cur;
	kmutex_exit(&p->p_lock);
	return limit;
}
