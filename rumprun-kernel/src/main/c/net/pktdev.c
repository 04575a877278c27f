/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices with an interface behind them: contracts in net/pktdev.h. */
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/ip.h>
#include <netbsd/poll.h>
#include <netbsd/stat.h>
#include "net/pktdev.h"

struct tun_state {
	struct kmutex ts_lock;
	struct pktdev *ts_list;
	unsigned ts_users;
};

int
pktdev_boot(struct rump_kernel *k)
{
	struct net_state *ns = NS(k);

	if (ns->ns_tun == NULL &&
	    (ns->ns_tun = kmem_zalloc(k, sizeof(*ns->ns_tun))) == NULL)
		return -ENOMEM;
	ns->ns_tun->ts_users++;
	return 0;
}

void
pktdev_fini(struct rump_kernel *k)
{
	struct net_state *ns = NS(k);

	if (ns == NULL || ns->ns_tun == NULL || --ns->ns_tun->ts_users > 0)
		return;
	kmem_free(k, ns->ns_tun, sizeof(*ns->ns_tun));
	ns->ns_tun = NULL;
}

/* --- coming and going --- */

int
pktdev_create(struct ifnet *ifp, uint32_t major, struct pktdev **pdp)
{
	struct tun_state *ts = NS(ifp->if_k)->ns_tun;
	struct pktdev *pd = kmem_zalloc(ifp->if_k, sizeof(*pd));

	if (pd == NULL)
		return -ENOMEM;
	pd->pd_k = ifp->if_k;
	pd->pd_driver = ifp->if_dname;
	pd->pd_unit = ifp->if_dunit;
	pd->pd_major = major;
	pd->pd_ifp = ifp;
	pd->pd_refs = 1;
	kmutex_enter(&ts->ts_lock);
	pd->pd_next = ts->ts_list;
	ts->ts_list = pd;
	kmutex_exit(&ts->ts_lock);
	*pdp = pd;
	return 0;
}

void
pktdev_put(struct pktdev *pd)
{
	struct tun_state *ts = NS(pd->pd_k)->ns_tun;
	bool last;

	kmutex_enter(&ts->ts_lock);
	last = --pd->pd_refs == 0;
	kmutex_exit(&ts->ts_lock);
	if (!last)
		return;
	m_freepkts(pd->pd_head);
	selinfo_destroy(pd->pd_k, &pd->pd_sel);
	kmem_free(pd->pd_k, pd, sizeof(*pd));
}

static void
unlist(struct pktdev *pd)
{
	struct tun_state *ts = NS(pd->pd_k)->ns_tun;
	struct pktdev **p;

	kmutex_enter(&ts->ts_lock);
	for (p = &ts->ts_list; *p != pd; p = &(*p)->pd_next)
		continue;
	*p = pd->pd_next;
	kmutex_exit(&ts->ts_lock);
}

/* Somebody may have found it, and opened it, already. */
void
pktdev_abandon(struct pktdev *pd)
{
	unlist(pd);
	pd->pd_ifp = NULL;
	kmutex_enter(&pd->pd_lock);
	pd->pd_gone = true;
	kcond_broadcast(&pd->pd_cond);
	kmutex_exit(&pd->pd_lock);
	pktdev_put(pd);
}

void
pktdev_gone(struct pktdev *pd)
{
	unlist(pd);
	net_wrlock(pd->pd_k);
	pd->pd_ifp = NULL;
	net_unlock(pd->pd_k);
	kmutex_enter(&pd->pd_lock);
	pd->pd_gone = true;
	kcond_broadcast(&pd->pd_cond);
	selnotify(pd->pd_k, &pd->pd_sel, POLLIN | POLLHUP, 0);
	kmutex_exit(&pd->pd_lock);
	pktdev_put(pd);
}

struct pktdev *
pktdev_find(struct rump_kernel *k, const char *driver, int unit)
{
	struct tun_state *ts = NS(k) != NULL ? NS(k)->ns_tun : NULL;
	struct pktdev *pd;

	if (ts == NULL)
		return NULL;
	kmutex_enter(&ts->ts_lock);
	for (pd = ts->ts_list; pd != NULL; pd = pd->pd_next)
		if (pd->pd_unit == unit && strcmp(pd->pd_driver, driver) == 0)
			break;
	if (pd != NULL)
		pd->pd_refs++;
	kmutex_exit(&ts->ts_lock);
	return pd;
}

int
pktdev_open(struct pktdev *pd)
{
	int error = 0;

	kmutex_enter(&pd->pd_lock);
	if (pd->pd_gone)
		error = -ENXIO;
	else if (pd->pd_open)
		error = -EBUSY;
	else
		pd->pd_open = true;
	kmutex_exit(&pd->pd_lock);
	return error;
}

void
pktdev_close(struct pktdev *pd)
{
	struct mbuf *m;

	kmutex_enter(&pd->pd_lock);
	pd->pd_open = false;
	pd->pd_async.da_on = false;
	pd->pd_async.da_owner = 0;
	m = pd->pd_head;
	pd->pd_head = pd->pd_tail = NULL;
	pd->pd_len = 0;
	kmutex_exit(&pd->pd_lock);
	m_freepkts(m);
}

/* --- packets --- */

int
pktdev_queue(struct pktdev *pd, struct mbuf *m)
{
	int error = 0;

	m->m_nextpkt = NULL;
	kmutex_enter(&pd->pd_lock);
	if (!pd->pd_open)
		error = -ENETDOWN;
	else if (pd->pd_len >= PKTDEV_MAX)
		error = -ENOBUFS;
	else {
		if (pd->pd_tail == NULL)
			pd->pd_head = m;
		else
			pd->pd_tail->m_nextpkt = m;
		pd->pd_tail = m;
		pd->pd_len++;
		kcond_signal(&pd->pd_cond);
		dev_async_signal(pd->pd_k, &pd->pd_async);
		selnotify(pd->pd_k, &pd->pd_sel, POLLIN | POLLRDNORM, 0);
		m = NULL;
	}
	kmutex_exit(&pd->pd_lock);
	m_freem(m);
	return error;
}

/* pd_lock. */
static int
await(struct lwp *l, struct pktdev *pd, bool nonblock)
{
	int error;

	while (pd->pd_head == NULL) {
		if (pd->pd_gone)
			return -ENXIO;
		if (nonblock)
			return -EAGAIN;
		error = kern_wait(
		    l, &pd->pd_cond, &pd->pd_lock, WAIT_INTR, WAIT_FOREVER);
		if (error != 0)
			return error == -ESHUTDOWN ? -EINTR : error;
	}
	return 0;
}

bool
pktdev_name(struct pktdev *pd, char *name)
{
	bool there;

	net_rdlock(pd->pd_k);
	if ((there = pd->pd_ifp != NULL))
		memcpy(name, pd->pd_ifp->if_xname, IFNAMSIZ);
	net_unlock(pd->pd_k);
	return there;
}

static bool
is_up(struct pktdev *pd)
{
	bool up;

	net_rdlock(pd->pd_k);
	up = pd->pd_ifp == NULL || (pd->pd_ifp->if_flags & IFF_UP) != 0;
	net_unlock(pd->pd_k);
	return up;
}

int
pktdev_read(struct lwp *l, struct pktdev *pd, struct uio *uio, bool nonblock,
    bool needup)
{
	struct mbuf *m = NULL;
	size_t n;
	int error;

	if (needup && !is_up(pd))
		return -EHOSTDOWN;

	kmutex_enter(&pd->pd_lock);
	if ((error = await(l, pd, nonblock)) == 0) {
		m = pd->pd_head;
		pd->pd_head = m->m_nextpkt;
		if (pd->pd_head == NULL)
			pd->pd_tail = NULL;
		pd->pd_len--;
		m->m_nextpkt = NULL;
	}
	kmutex_exit(&pd->pd_lock);
	if (error != 0)
		return error;
	n = m->m_pkthdr.len < uio->uio_resid ? m->m_pkthdr.len : uio->uio_resid;
	error = m_uiocopy(m, 0, n, uio);
	m_freem(m);
	return error;
}

int
pktdev_ioctl(struct lwp *l, struct pktdev *pd, unsigned long cmd, void *data)
{
	int n = 0;

	switch (cmd) {
	case FIONREAD:
		kmutex_enter(&pd->pd_lock);
		if (pd->pd_head != NULL)
			n = (int)pd->pd_head->m_pkthdr.len;
		kmutex_exit(&pd->pd_lock);
		break;
	case FIONWRITE: /* what is written has been heard at once */
		break;
	case FIONSPACE:
		n = IP_MAXPACKET;
		break;
	default:
		return dev_async_ioctl(l, &pd->pd_async, cmd, data);
	}
	memcpy(data, &n, sizeof(n));
	return 0;
}

/* --- readiness --- */

int
pktdev_poll(struct lwp *l, struct file *fp, int events)
{
	struct pktdev *pd = fp->f_data;
	int revents = events & (POLLOUT | POLLWRNORM);

	kmutex_enter(&pd->pd_lock);
	if (pd->pd_gone)
		revents |= POLLHUP;
	else if (pd->pd_head != NULL)
		revents |= events & (POLLIN | POLLRDNORM);
	else if ((events & (POLLIN | POLLRDNORM)) != 0)
		selrecord(l, &pd->pd_sel);
	kmutex_exit(&pd->pd_lock);
	return revents;
}

static void
filt_detach(struct knote *kn)
{
	struct pktdev *pd = kn->kn_hook;

	selinfo_detach(&pd->pd_sel, kn);
}

static bool
filt_event(struct knote *kn, long hint)
{
	struct pktdev *pd = kn->kn_hook;
	bool ready = true;

	if (kn->kn_filter == EVFILT_WRITE) {
		kn->kn_data = IP_MAXPACKET;
		return true;
	}
	if (hint == 0)
		kmutex_enter(&pd->pd_lock);
	kn->kn_data = 0;
	if (pd->pd_head != NULL)
		kn->kn_data = pd->pd_head->m_pkthdr.len;
	else if (pd->pd_gone)
		kn->kn_flags |= EV_EOF;
	else
		ready = false;
	if (hint == 0)
		kmutex_exit(&pd->pd_lock);
	return ready;
}

static const struct filterops pktdev_filtops = { filt_detach, filt_event };

int
pktdev_kqfilter(struct lwp *l, struct file *fp, struct knote *kn)
{
	struct pktdev *pd = fp->f_data;

	(void)l;
	if (kn->kn_filter != EVFILT_READ && kn->kn_filter != EVFILT_WRITE)
		return -EINVAL;
	kn->kn_hook = pd;
	kn->kn_fop = &pktdev_filtops;
	selinfo_attach(&pd->pd_sel, kn);
	return 0;
}

/* --- the rest of an open file --- */

int
pktdev_fcntl(struct lwp *l, struct file *fp, unsigned cmd, void *data)
{
	(void)l, (void)fp, (void)data;
	return cmd == F_SETFL ? 0 : -EOPNOTSUPP;
}

int
pktdev_stat(struct lwp *l, struct file *fp, struct stat *st)
{
	const struct pktdev *pd = fp->f_data;

	(void)l;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFCHR;
	st->st_rdev = makedev(pd->pd_major, (uint32_t)pd->pd_unit);
	st->st_uid = fp->f_cred->cr_euid;
	st->st_gid = fp->f_cred->cr_egid;
	return 0;
}
