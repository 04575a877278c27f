/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/bpf: every open is a listener of its own. bpf(4) describes the requests. */
#include <netbsd/event.h>
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/poll.h>
#include <netbsd/stat.h>
#include <netbsd/time.h>
#include "dev/dev.h"
#include "net/bpf_private.h"

#define BPF_MAJOR 23
#define NSEC INT64_C(1000000000)

/* --- coming and going --- */

static void
timer(void *arg)
{
	struct bpf_d *d = arg;

	kmutex_enter(&d->bd_lock);
	d->bd_timedout = true;
	if (d->bd_slen != 0)
		bpf_wakeup(d);
	kmutex_exit(&d->bd_lock);
}

static void
bpf_d_destroy(struct bpf_d *d)
{
	struct rump_kernel *k = d->bd_k;
	struct bpf_state *bs = NS(k)->ns_bpf;
	struct bpf_d **dp;

	net_wrlock(k);
	bpf_bind(d, NULL);
	net_unlock(k);
	callout_halt(&d->bd_timer);
	kmutex_enter(&bs->bs_lock);
	for (dp = &bs->bs_list; *dp != d; dp = &(*dp)->bd_next)
		continue;
	*dp = d->bd_next;
	bs->bs_count--;
	kmutex_exit(&bs->bs_lock);
	kmem_free(k, d->bd_sbuf, d->bd_bufsize);
	kmem_free(k, d->bd_hbuf, d->bd_bufsize);
	kmem_free(k, d->bd_fbuf, d->bd_bufsize);
	kmem_free(k, d->bd_filter, d->bd_ninsns * sizeof(*d->bd_filter));
	selinfo_destroy(k, &d->bd_sel);
	kmem_free(k, d, sizeof(*d));
}

static int
bpf_close(struct lwp *l, struct file *fp)
{
	(void)l;
	bpf_d_destroy(fp->f_data);
	fp->f_data = NULL;
	return 0;
}

/* --- reading --- */

/* bd_lock. Until there is something to hold; 1, or 0: the time is over and nothing came, or an error. */
static int
await(struct lwp *l, struct bpf_d *d, bool nonblock)
{
	int64_t deadline = d->bd_rtout_ns > 0 ?
	    kern_uptime_ns(d->bd_k) + d->bd_rtout_ns :
	    WAIT_FOREVER;
	bool late = false;
	int error;

	for (;;) {
		if (d->bd_gone || d->bd_sbuf == NULL)
			return -ENXIO;
		if (!d->bd_busy && d->bd_hbuf != NULL)
			return 1;
		if (!d->bd_busy && d->bd_slen != 0 &&
		    (d->bd_immediate || d->bd_timedout || nonblock || late)) {
			bpf_rotate(d);
			return 1;
		}
		if (late && !d->bd_busy)
			return 0;
		if (nonblock)
			return -EAGAIN;
		error = kern_wait(
		    l, &d->bd_cond, &d->bd_lock, WAIT_INTR, deadline);
		if (error == -EWOULDBLOCK) {
			late = true;
			deadline = WAIT_FOREVER;
		} else if (error != 0)
			return error == -ESHUTDOWN ? -EINTR : error;
	}
}

static int
bpf_read(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	struct bpf_d *d = fp->f_data;
	int error;

	(void)flags;
	kmutex_enter(&d->bd_lock);
	if (uio->uio_resid != d->bd_bufsize)
		error = -EINVAL;
	else
		error = await(l, d, (fp->f_flag & O_NONBLOCK) != 0);
	if (error <= 0) {
		kmutex_exit(&d->bd_lock);
		return error;
	}
	d->bd_busy = true;
	kmutex_exit(&d->bd_lock);
	error = uiomove(d->bd_hbuf, d->bd_hlen, uio);
	kmutex_enter(&d->bd_lock);
	d->bd_busy = false;
	d->bd_fbuf = d->bd_hbuf;
	d->bd_hbuf = NULL;
	d->bd_hlen = 0;
	kcond_broadcast(&d->bd_cond);
	kmutex_exit(&d->bd_lock);
	return error;
}

/* --- writing --- */

/* N. Where to: the link header, taken off the packet. -EINVAL: it isn't whole. */
static int
destination(const struct bpf_d *d, struct mbuf *m, struct sockaddr *dst)
{
	unsigned link = bpf_linklen(d->bd_ifp);
	uint8_t first;
	uint32_t af;

	memset(dst, 0, sizeof(*dst));
	dst->sa_len = sizeof(*dst);
	if (m->m_pkthdr.len <= link)
		return -EINVAL;
	switch (d->bd_ifp->if_dlt) {
	case DLT_EN10MB:
		dst->sa_family = d->bd_hdrcmplt ? pseudo_AF_HDRCMPLT : AF_UNSPEC;
		m_copydata(m, 0, link, dst->sa_data);
		break;
	case DLT_NULL:
		m_copydata(m, 0, sizeof(af), &af);
		dst->sa_family = af < 36 ? (uint8_t)af : AF_UNSPEC;
		break;
	default:
		m_copydata(m, 0, 1, &first);
		dst->sa_family = first >> 4 == 6 ? AF_INET6 : AF_INET;
		break;
	}
	m_adj(m, (int)link);
	return 0;
}

/* N. Sends it, and with feedback gives it to ourselves as well. m is taken. */
static int
put_out(struct bpf_d *d, struct mbuf *m)
{
	struct ifnet *ifp = d->bd_ifp;
	struct mbuf *copy = NULL;
	struct sockaddr dst;
	int error;

	if (m->m_pkthdr.len > ifp->if_mtu + bpf_linklen(ifp))
		error = -EMSGSIZE;
	else if ((ifp->if_flags & IFF_UP) == 0)
		error = -ENETDOWN;
	else {
		if (d->bd_feedback && ifp->if_dlt == DLT_EN10MB)
			copy = m_copym(m, 0, M_COPYALL);
		if ((error = destination(d, m, &dst)) == 0) {
			error = ifp->if_ops->ifo_output(ifp, m, &dst, NULL);
			m = NULL;
		}
	}
	if (error == 0 && copy != NULL)
		if_input(ifp, copy);
	else
		m_freem(copy);
	m_freem(m);
	return error;
}

static int
bpf_write(struct lwp *l, struct file *fp, struct uio *uio, int flags)
{
	struct bpf_d *d = fp->f_data;
	struct mbuf *m;
	size_t most = 0;
	int error;

	(void)flags;
	net_rdlock(l->l_k);
	if (d->bd_ifp != NULL)
		most = (size_t)d->bd_ifp->if_mtu + bpf_linklen(d->bd_ifp);
	net_unlock(l->l_k);
	if (most == 0)
		return -ENXIO;
	if (uio->uio_resid == 0)
		return 0;
	if (uio->uio_resid > most)
		return -EMSGSIZE;
	error = m_uiomove(l->l_k, uio, uio->uio_resid, 64, &m);
	if (error != 0)
		return error;
	net_rdlock(l->l_k);
	if (d->bd_ifp != NULL)
		error = put_out(d, m);
	else {
		m_freem(m);
		error = -ENXIO;
	}
	net_unlock(l->l_k);
	net_run(l->l_k);
	return error;
}

/* --- requests --- */

static void
flush(struct bpf_d *d)
{
	kmutex_enter(&d->bd_lock);
	if (d->bd_hbuf != NULL && !d->bd_busy) {
		d->bd_fbuf = d->bd_hbuf;
		d->bd_hbuf = NULL;
		d->bd_hlen = 0;
	}
	d->bd_slen = 0;
	kmutex_exit(&d->bd_lock);
	d->bd_rcount = d->bd_dcount = d->bd_ccount = 0;
}

static int
set_filter(struct lwp *l, struct bpf_d *d, const struct bpf_program *prog)
{
	size_t n = prog->bf_len, old;
	struct bpf_insn *f = NULL;
	int error = 0;

	if (n > BPF_MAXINSNS)
		return -EINVAL;
	if (n > 0) {
		if (prog->bf_insns == NULL)
			return -EINVAL;
		if ((f = kmem_alloc(l->l_k, n * sizeof(*f))) == NULL)
			return -ENOMEM;
		error = copyin(l, prog->bf_insns, f, n * sizeof(*f));
		if (error == 0 && !bpf_validate(f, n, 0))
			error = -EINVAL;
	}
	if (error == 0) {
		struct bpf_insn *was;

		net_wrlock(l->l_k);
		was = d->bd_filter;
		old = d->bd_ninsns;
		d->bd_filter = f;
		d->bd_ninsns = (unsigned)n;
		flush(d);
		net_unlock(l->l_k);
		f = was;
		n = old;
	}
	kmem_free(l->l_k, f, n * sizeof(*f));
	return error;
}

/* Two of the three; the third place is empty until one of them is held. */
static int
make_buffers(struct bpf_d *d)
{
	struct rump_kernel *k = d->bd_k;
	uint8_t *a = NULL, *b = NULL;
	uint32_t size;
	int error = 0;

	kmutex_enter(&d->bd_lock);
	size = d->bd_bufsize;
	if (d->bd_sbuf == NULL) {
		a = kmem_alloc(k, size);
		b = kmem_alloc(k, size);
		if (a != NULL && b != NULL) {
			d->bd_sbuf = a;
			d->bd_fbuf = b;
			a = b = NULL;
		} else
			error = -ENOBUFS;
	}
	kmutex_exit(&d->bd_lock);
	kmem_free(k, a, size);
	kmem_free(k, b, size);
	return error;
}

/* A name without a unit means its first. */
static int
set_interface(struct bpf_d *d, const struct ifreq *ifr)
{
	struct rump_kernel *k = d->bd_k;
	char name[IFNAMSIZ];
	struct ifnet *ifp;
	size_t len;
	int error = 0;

	memcpy(name, ifr->ifr_name, sizeof(name));
	name[IFNAMSIZ - 1] = '\0';
	len = strlen(name);
	if (len > 0 && len < IFNAMSIZ - 1 &&
	    (name[len - 1] < '0' || name[len - 1] > '9')) {
		name[len] = '0';
		name[len + 1] = '\0';
	}
	net_wrlock(k);
	ifp = if_byname(k, name);
	if (ifp == NULL || ifp->if_dying)
		error = -ENXIO;
	else if ((error = make_buffers(d)) == 0) {
		if (d->bd_ifp != ifp)
			bpf_bind(d, ifp);
		flush(d);
	}
	net_unlock(k);
	return error;
}

static int
set_bufsize(struct bpf_d *d, unsigned *size)
{
	unsigned max = (unsigned)NS(d->bd_k)->ns_bpf->bs_maxbufsize;
	int error = 0;

	if (*size > max)
		*size = max;
	if (*size < BPF_MINBUFSIZE)
		*size = BPF_MINBUFSIZE;
	kmutex_enter(&d->bd_lock);
	if (d->bd_sbuf != NULL)
		error = -EINVAL;
	else
		d->bd_bufsize = *size;
	kmutex_exit(&d->bd_lock);
	return error;
}

static int
dlt_list(struct lwp *l, const struct bpf_d *d, struct bpf_dltlist *list)
{
	unsigned dlt = 0;
	bool bound;

	net_rdlock(l->l_k);
	if ((bound = d->bd_ifp != NULL))
		dlt = d->bd_ifp->if_dlt;
	net_unlock(l->l_k);
	if (!bound)
		return -EINVAL;
	if (list->bfl_list != NULL) {
		if (list->bfl_len < 1)
			return -ENOMEM;
		int error = copyout(l, &dlt, list->bfl_list, sizeof(dlt));

		if (error != 0)
			return error;
	}
	list->bfl_len = 1;
	return 0;
}

static int
set_timeout(struct bpf_d *d, int64_t sec, int64_t usec)
{
	if (sec < 0 || usec < 0 || usec >= 1000000 || sec > INT32_MAX)
		return -EINVAL;
	kmutex_enter(&d->bd_lock);
	d->bd_rtout_ns = sec * NSEC + usec * 1000;
	kmutex_exit(&d->bd_lock);
	return 0;
}

/* Those that want an interface; W. */
static int
bound_ioctl(struct bpf_d *d, unsigned long cmd, void *data)
{
	struct ifnet *ifp = d->bd_ifp;
	struct ifreq *ifr = data;
	unsigned v;
	int error;

	if (ifp == NULL)
		return -EINVAL;
	switch (cmd) {
	case BIOCPROMISC:
		if (d->bd_promisc)
			return 0;
		if ((error = ifpromisc(ifp, true)) == 0)
			d->bd_promisc = true;
		return error;
	case BIOCGETIF:
		memset(ifr, 0, sizeof(*ifr));
		memcpy(ifr->ifr_name, ifp->if_xname, IFNAMSIZ);
		return 0;
	case BIOCGDLT:
		v = ifp->if_dlt;
		memcpy(data, &v, sizeof(v));
		return 0;
	default: /* BIOCSDLT */
		memcpy(&v, data, sizeof(v));
		return v == ifp->if_dlt ? 0 : -EINVAL;
	}
}

static void
get_stats(const struct bpf_d *d, struct bpf_stat *st)
{
	memset(st, 0, sizeof(*st));
	st->bs_recv = d->bd_rcount;
	st->bs_drop = d->bd_dcount;
	st->bs_capt = d->bd_ccount;
}

/* Switches: an unsigned int in or out. */
static int
switch_ioctl(struct bpf_d *d, unsigned long cmd, unsigned *v)
{
	switch (cmd) {
	case BIOCIMMEDIATE:
		d->bd_immediate = *v != 0;
		return 0;
	case BIOCSHDRCMPLT:
		d->bd_hdrcmplt = *v != 0;
		return 0;
	case BIOCGHDRCMPLT:
		*v = d->bd_hdrcmplt;
		return 0;
	case BIOCSSEESENT:
		d->bd_seesent = *v != 0;
		return 0;
	case BIOCGSEESENT:
		*v = d->bd_seesent;
		return 0;
	case BIOCSFEEDBACK:
		d->bd_feedback = *v != 0;
		return 0;
	case BIOCGFEEDBACK:
		*v = d->bd_feedback;
		return 0;
	case BIOCGBLEN:
		kmutex_enter(&d->bd_lock);
		*v = d->bd_bufsize;
		kmutex_exit(&d->bd_lock);
		return 0;
	case BIOCSBLEN:
		return set_bufsize(d, v);
	case FIONREAD:
		kmutex_enter(&d->bd_lock);
		*v = d->bd_slen + d->bd_hlen;
		kmutex_exit(&d->bd_lock);
		return 0;
	default:
		return -EINVAL;
	}
}

static int
timeout_ioctl(struct bpf_d *d, unsigned long cmd, void *data)
{
	struct timeval tv = { 0 };
	long old[2]; /* a timeval with the machine's long */
	int64_t ns;

	kmutex_enter(&d->bd_lock);
	ns = d->bd_rtout_ns;
	kmutex_exit(&d->bd_lock);
	switch (cmd) {
	case BIOCSRTIMEOUT:
		memcpy(&tv, data, sizeof(tv));
		return set_timeout(d, tv.tv_sec, tv.tv_usec);
	case BIOCSORTIMEOUT:
		memcpy(old, data, sizeof(old));
		return set_timeout(d, old[0], (int32_t)old[1]);
	case BIOCGRTIMEOUT:
		tv.tv_sec = ns / NSEC;
		tv.tv_usec = (suseconds_t)(ns % NSEC / 1000);
		memcpy(data, &tv, sizeof(tv));
		return 0;
	default: /* BIOCGORTIMEOUT */
		old[0] = (long)(ns / NSEC);
		old[1] = (long)(ns % NSEC / 1000);
		memcpy(data, old, sizeof(old));
		return 0;
	}
}

static int
bpf_ioctl(struct lwp *l, struct file *fp, unsigned long cmd, void *data)
{
	struct bpf_d *d = fp->f_data;
	struct bpf_version *version = data;
	struct bpf_stat_old *old = data;
	struct bpf_stat st;
	int error;

	switch (cmd) {
	case BIOCFLUSH:
		flush(d);
		return 0;
	case BIOCSETF:
		return set_filter(l, d, data);
	case BIOCSETIF:
		return set_interface(d, data);
	case BIOCGDLTLIST:
		return dlt_list(l, d, data);
	case BIOCPROMISC:
	case BIOCGETIF:
	case BIOCGDLT:
	case BIOCSDLT:
		net_wrlock(l->l_k);
		error = bound_ioctl(d, cmd, data);
		net_unlock(l->l_k);
		return error;
	case BIOCGSTATS:
		get_stats(d, data);
		return 0;
	case BIOCGSTATSOLD:
		get_stats(d, &st);
		old->bs_recv = (unsigned)st.bs_recv;
		old->bs_drop = (unsigned)st.bs_drop;
		return 0;
	case BIOCVERSION:
		version->bv_major = BPF_MAJOR_VERSION;
		version->bv_minor = BPF_MINOR_VERSION;
		return 0;
	case BIOCSRTIMEOUT:
	case BIOCGRTIMEOUT:
	case BIOCSORTIMEOUT:
	case BIOCGORTIMEOUT:
		return timeout_ioctl(d, cmd, data);
	default:
		error = dev_async_ioctl(l, &d->bd_async, cmd, data);
		return error != -ENOTTY ? error : switch_ioctl(d, cmd, data);
	}
}

static int
bpf_fcntl(struct lwp *l, struct file *fp, unsigned cmd, void *data)
{
	(void)l, (void)fp, (void)data;
	return cmd == F_SETFL ? 0 : -EOPNOTSUPP;
}

/* --- readiness --- */

static int
bpf_poll(struct lwp *l, struct file *fp, int events)
{
	struct bpf_d *d = fp->f_data;
	int revents = events & (POLLOUT | POLLWRNORM);

	kmutex_enter(&d->bd_lock);
	if ((events & (POLLIN | POLLRDNORM)) != 0) {
		if (bpf_readable(d))
			revents |= events & (POLLIN | POLLRDNORM);
		else {
			selrecord(l, &d->bd_sel);
			if (d->bd_rtout_ns > 0 && !d->bd_timedout &&
			    !callout_pending(&d->bd_timer) &&
			    callout_schedule(&d->bd_timer, d->bd_rtout_ns) != 0)
				revents |= POLLERR;
		}
	}
	kmutex_exit(&d->bd_lock);
	return revents;
}

static void
filt_detach(struct knote *kn)
{
	struct bpf_d *d = kn->kn_hook;

	selinfo_detach(&d->bd_sel, kn);
}

static bool
filt_event(struct knote *kn, long hint)
{
	struct bpf_d *d = kn->kn_hook;
	bool ready;

	if (hint == 0)
		kmutex_enter(&d->bd_lock);
	ready = bpf_readable(d);
	kn->kn_data = d->bd_hlen;
	if (d->bd_immediate || d->bd_timedout)
		kn->kn_data += d->bd_slen;
	if (hint == 0)
		kmutex_exit(&d->bd_lock);
	return ready;
}

static const struct filterops bpf_filtops = { filt_detach, filt_event };

static int
bpf_kqfilter(struct lwp *l, struct file *fp, struct knote *kn)
{
	struct bpf_d *d = fp->f_data;

	(void)l;
	if (kn->kn_filter != EVFILT_READ)
		return -EINVAL;
	kn->kn_hook = d;
	kn->kn_fop = &bpf_filtops;
	selinfo_attach(&d->bd_sel, kn);
	return 0;
}

static int
bpf_stat(struct lwp *l, struct file *fp, struct stat *st)
{
	(void)l;
	memset(st, 0, sizeof(*st));
	st->st_dev = makedev(BPF_MAJOR, 0);
	st->st_mode = S_IFCHR;
	st->st_uid = fp->f_cred->cr_euid;
	st->st_gid = fp->f_cred->cr_egid;
	return 0;
}

static const struct fileops bpf_fileops = {
	.fo_read = bpf_read,
	.fo_write = bpf_write,
	.fo_ioctl = bpf_ioctl,
	.fo_fcntl = bpf_fcntl,
	.fo_poll = bpf_poll,
	.fo_stat = bpf_stat,
	.fo_close = bpf_close,
	.fo_kqfilter = bpf_kqfilter,
};

/* --- opening --- */

static int
bpf_clone(struct lwp *l, dev_t dev, int flags, struct file *fp)
{
	struct bpf_state *bs = NS(l->l_k) == NULL ? NULL : NS(l->l_k)->ns_bpf;
	struct bpf_d *d;

	(void)dev, (void)flags;
	if (bs == NULL)
		return -ENXIO;
	if ((d = kmem_zalloc(l->l_k, sizeof(*d))) == NULL)
		return -ENOMEM;
	d->bd_k = l->l_k;
	d->bd_bufsize = BPF_DFLTBUFSIZE;
	if ((int32_t)d->bd_bufsize > bs->bs_maxbufsize)
		d->bd_bufsize = (uint32_t)bs->bs_maxbufsize;
	d->bd_seesent = true;
	d->bd_pid = l->l_proc->p_pid;
	callout_init(&d->bd_timer, l->l_k, timer, d);
	kmutex_enter(&bs->bs_lock);
	d->bd_next = bs->bs_list;
	bs->bs_list = d;
	bs->bs_count++;
	kmutex_exit(&bs->bs_lock);
	fp->f_type = DTYPE_MISC;
	fp->f_ops = &bpf_fileops;
	fp->f_data = d;
	return 0;
}

const struct devsw dev_bpf = {
	.d_name = "bpf",
	.d_bmajor = -1,
	.d_cmajor = BPF_MAJOR,
	.d_clone = bpf_clone,
};
