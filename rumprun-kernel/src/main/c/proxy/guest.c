/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes behind connections: how a guest comes to be, forks, execs and ends. */
#include "proxy/server.h"
#include "kern/console.h"

/* Descriptors 0 to 2 are the console. */
static int
open_console(struct proc *p)
{
	struct lwp *l;
	struct file *fp;
	int error, fd;

	if ((error = lwp_create(p, &l)) != 0)
		return error;
	if ((error = console_file(l, &fp)) != 0)
		goto out_lwp;
	for (int i = 0; i < 3; i++) {
		if ((error = fd_alloc(l, i, &fd)) != 0)
			break;
		file_get(fp);
		fd_install(l, fd, fp, false);
	}
	(void)file_put(l, fp);
out_lwp:
	lwp_destroy(l);
	return error;
}

static void
bind(struct conn *c, struct proc *p)
{
	kmutex_enter(&c->c_ps->ps_lock);
	p->p_uspacectx = c;
	p->p_uspace = &guest_uspace;
	kmutex_exit(&c->c_ps->ps_lock);
	kmutex_enter(&c->c_lock);
	c->c_proc = p;
	kmutex_exit(&c->c_lock);
}

int
guest_create(struct conn *c, const char *name)
{
	struct proc *p;
	int error;

	error = proc_fork(c->c_ps->ps_k, NULL, RFCFDG, name, &p);
	if (error != 0)
		return error;
	if ((error = open_console(p)) != 0) {
		proc_exit(p, NULL, 0);
		return error;
	}
	bind(c, p);
	return 0;
}

int
guest_prefork(struct conn *c, uint8_t cookie[WIRE_COOKIE])
{
	struct proxy_state *ps = c->c_ps;
	struct rump_kernel *k = ps->ps_k;
	struct prefork *pf;
	int error;

	if ((pf = kmem_zalloc(k, sizeof(*pf))) == NULL)
		return -ENOMEM;
	error = proc_fork(k, c->c_proc, RFFDG, NULL, &pf->pf_proc);
	if (error != 0) {
		kmem_free(k, pf, sizeof(*pf));
		return error;
	}
	k->k_host->random(pf->pf_cookie, sizeof(pf->pf_cookie));
	memcpy(cookie, pf->pf_cookie, WIRE_COOKIE);
	kmutex_enter(&ps->ps_lock);
	if (ps->ps_npreforks >= PREFORK_MAX || ps->ps_stopping)
		error = -EAGAIN;
	else {
		ps->ps_npreforks++;
		pf->pf_next = ps->ps_preforks;
		ps->ps_preforks = pf;
	}
	kmutex_exit(&ps->ps_lock);
	if (error != 0) {
		proc_exit(pf->pf_proc, NULL, 0);
		kmem_free(k, pf, sizeof(*pf));
	}
	return error;
}

int
guest_fork(struct conn *c, const uint8_t cookie[WIRE_COOKIE], bool cancel)
{
	struct proxy_state *ps = c->c_ps;
	struct prefork *pf, **pp;
	struct proc *p = NULL;
	int error = 0;

	kmutex_enter(&ps->ps_lock);
	for (pp = &ps->ps_preforks; (pf = *pp) != NULL; pp = &pf->pf_next) {
		if (memcmp(pf->pf_cookie, cookie, WIRE_COOKIE) == 0) {
			*pp = pf->pf_next;
			ps->ps_npreforks--;
			break;
		}
	}
	kmutex_exit(&ps->ps_lock);
	if (pf == NULL)
		return -ESRCH;
	if (!cancel)
		error = proc_fork(ps->ps_k, pf->pf_proc, 0, NULL, &p);
	/* The one in between goes; its child is pid 1's from now on. */
	proc_exit(pf->pf_proc, NULL, 0);
	kmem_free(ps->ps_k, pf, sizeof(*pf));
	if (cancel)
		return 1;
	if (error == 0)
		bind(c, p);
	return error;
}

void
guest_dropforks(struct proxy_state *ps)
{
	struct prefork *pf;

	while ((pf = ps->ps_preforks) != NULL) {
		ps->ps_preforks = pf->pf_next;
		proc_exit(pf->pf_proc, NULL, 0);
		kmem_free(ps->ps_k, pf, sizeof(*pf));
	}
}

void
guest_exec(struct conn *c, const char *name)
{
	struct lwp *l;

	/* Without one the kernel is on its way down, and the name doesn't matter. */
	if (lwp_create(c->c_proc, &l) != 0)
		return;
	proc_exec(c->c_proc, l, name);
	lwp_destroy(l);
}

void
guest_end(struct conn *c)
{
	struct proc *p = c->c_proc;

	if (p == NULL)
		return;
	/* No more signals through this connection. */
	kmutex_enter(&c->c_ps->ps_lock);
	p->p_uspacectx = NULL;
	kmutex_exit(&c->c_ps->ps_lock);
	proc_exit(p, NULL, 0);
}
