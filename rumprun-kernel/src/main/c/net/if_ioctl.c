/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests about interfaces (SIOC*). User memory that a request points to is copied before and after, never with the net lock held: drivers and
 * families see kernel memory only. Old forms: net/if_compat.c; lists: net/if_conf.c.
 */
#include <netbsd/if_bridgevar.h>
#include "net/if_ioctl.h"
#include "net/socketvar.h"

#define DRVSPEC_MAX 65536

/* --- statistics --- */

void
if_getdata(struct ifnet *ifp, struct if_data *d)
{
	int64_t changed = ifp->if_lastchange_ns;

	memset(d, 0, sizeof(*d));
	d->ifi_type = ifp->if_type;
	d->ifi_addrlen = ifp->if_addrlen;
	d->ifi_hdrlen = ifp->if_hdrlen;
	d->ifi_link_state = ifp->if_link_state;
	d->ifi_mtu = ifp->if_mtu;
	d->ifi_metric = ifp->if_metric;
	d->ifi_baudrate = ifp->if_baudrate;
	d->ifi_ipackets = ifp->if_ipackets;
	d->ifi_ierrors = ifp->if_ierrors;
	d->ifi_opackets = ifp->if_opackets;
	d->ifi_oerrors = ifp->if_oerrors;
	d->ifi_collisions = ifp->if_collisions;
	d->ifi_ibytes = ifp->if_ibytes;
	d->ifi_obytes = ifp->if_obytes;
	d->ifi_imcasts = ifp->if_imcasts;
	d->ifi_omcasts = ifp->if_omcasts;
	d->ifi_iqdrops = ifp->if_iqdrops;
	d->ifi_noproto = ifp->if_noproto;
	d->ifi_lastchange.tv_sec = changed / 1000000000;
	d->ifi_lastchange.tv_nsec = (long)(changed % 1000000000);
}

void
if_zerodata(struct ifnet *ifp)
{
	_Atomic uint64_t *const counters[] = { &ifp->if_ipackets,
		&ifp->if_ierrors, &ifp->if_opackets, &ifp->if_oerrors,
		&ifp->if_collisions, &ifp->if_ibytes, &ifp->if_obytes,
		&ifp->if_imcasts, &ifp->if_omcasts, &ifp->if_iqdrops,
		&ifp->if_noproto };

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		atomic_store(counters[i], 0);
}

/* --- what every interface understands --- */

static int
set_mtu(struct ifnet *ifp, int mtu)
{
	int error;

	if (ifp->if_ops->ifo_setmtu == NULL)
		return -ENOTTY;
	if (mtu < 0)
		return -EINVAL;
	if ((error = ifp->if_ops->ifo_setmtu(ifp, (uint64_t)mtu)) != 0)
		return error;
	ifp->if_mtu = (uint64_t)mtu;
	return 0;
}

static int
set_capabilities(struct ifnet *ifp, struct lwp *l, struct ifcapreq *req)
{
	if ((req->ifcr_capenable & ~ifp->if_capabilities) != 0)
		return -EINVAL;
	if (req->ifcr_capenable == ifp->if_capenable)
		return 0;
	ifp->if_capenable = req->ifcr_capenable;
	if (ifp->if_ops->ifo_ioctl != NULL) {
		int error = ifp->if_ops->ifo_ioctl(ifp, l, SIOCSIFCAP, req);

		return error == -ENOTTY ? 0 : error;
	}
	return 0;
}

static struct ifaddr *
find_addr(struct ifnet *ifp, const struct sockaddr *sa)
{
	struct ifaddr *ifa;

	IFADDR_FOREACH(ifa, ifp)
	if (sockaddr_same(ifa->ifa_addr, sa))
		return ifa;
	return NULL;
}

static int
addr_preference(struct ifnet *ifp, unsigned long cmd, struct if_addrprefreq *req)
{
	struct sockaddr *sa = (struct sockaddr *)&req->ifap_addr;
	struct ifaddr *ifa;

	if (sa->sa_len > sizeof(req->ifap_addr))
		return -EINVAL;
	if ((ifa = find_addr(ifp, sa)) == NULL)
		return -EADDRNOTAVAIL;
	if (cmd == SIOCSIFADDRPREF) {
		ifa->ifa_preference = req->ifap_preference;
		return 0;
	}
	memset(sa, 0, sizeof(req->ifap_addr));
	memcpy(sa, ifa->ifa_addr, ifa->ifa_addr->sa_len);
	req->ifap_preference = (int16_t)ifa->ifa_preference;
	return 0;
}

/* The group's link addresses: of an IPv4 or IPv6 group, all of them for the unspecified address, or the address itself. */
static int
multi_range(const struct sockaddr *sa, uint8_t lo[6], uint8_t hi[6])
{
	static const uint8_t ip4[6] = { 0x01, 0x00, 0x5e };
	static const uint8_t ip6[6] = { 0x33, 0x33 };
	const uint8_t *p = (const uint8_t *)sa;

	switch (sa->sa_family) {
	case AF_UNSPEC:
		memcpy(lo, p + 2, 6);
		memcpy(hi, p + 2, 6);
		return 0;
	case AF_INET:
		memcpy(lo, ip4, 6);
		memcpy(hi, ip4, 6);
		if (be32_get(p + 4) == 0) {
			memcpy(hi + 3, "\x7f\xff\xff", 3);
			return 0;
		}
		memcpy(lo + 3, p + 5, 3);
		lo[3] &= 0x7f;
		memcpy(hi, lo, 6);
		return 0;
	case AF_INET6:
		memcpy(lo, ip6, 6);
		memcpy(lo + 2, p + 20, 4);
		memcpy(hi, lo, 6);
		if (be64_get(p + 8) == 0 && be64_get(p + 16) == 0)
			memset(hi + 2, 0xff, 4);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

static int
multicast(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	const struct ifreq *ifr = data;
	uint8_t lo[6], hi[6];
	int error;

	if (ifp->if_addrlen != 6)
		return ifp->if_ops->ifo_ioctl == NULL ?
		    -ENOTTY :
		    ifp->if_ops->ifo_ioctl(ifp, l, cmd, data);
	error = multi_range(&ifr->ifr_ifru.ifru_addr, lo, hi);
	if (error != 0)
		return error;
	return cmd == SIOCADDMULTI ? ether_addmulti(ifp, lo, hi) :
				     ether_delmulti(ifp, lo, hi);
}

/* -ENOTTY: not one of these. */
static int
common(struct ifnet *ifp, struct lwp *l, unsigned long cmd, void *data)
{
	struct ifreq *ifr = data;
	struct ifcapreq *cap = data;
	struct ifdatareq *dr = data;

	switch (cmd) {
	case SIOCGIFFLAGS:
		ifr->ifr_ifru.ifru_flags = (short)ifp->if_flags;
		return 0;
	case SIOCSIFFLAGS:
		return if_setflags(ifp, l, ifr->ifr_ifru.ifru_flags);
	case SIOCGIFMETRIC:
		ifr->ifr_ifru.ifru_metric = (int)ifp->if_metric;
		return 0;
	case SIOCSIFMETRIC:
		ifp->if_metric = (uint64_t)ifr->ifr_ifru.ifru_metric;
		return 0;
	case SIOCGIFMTU:
		ifr->ifr_ifru.ifru_mtu = (int)ifp->if_mtu;
		return 0;
	case SIOCSIFMTU:
		return set_mtu(ifp, ifr->ifr_ifru.ifru_mtu);
	case SIOCGIFDLT:
		ifr->ifr_ifru.ifru_dlt = ifp->if_dlt;
		return 0;
	case SIOCGIFINDEX:
		ifr->ifr_ifru.ifru_value = ifp->if_index;
		return 0;
	case SIOCGIFDATA:
		if_getdata(ifp, &dr->ifdr_data);
		return 0;
	case SIOCZIFDATA:
		if_getdata(ifp, &dr->ifdr_data);
		if_zerodata(ifp);
		return 0;
	case SIOCGIFCAP:
		cap->ifcr_capabilities = ifp->if_capabilities;
		cap->ifcr_capenable = ifp->if_capenable;
		return 0;
	case SIOCSIFCAP:
		return set_capabilities(ifp, l, cap);
	case SIOCGIFADDRPREF:
	case SIOCSIFADDRPREF:
		return addr_preference(ifp, cmd, data);
	case SIOCADDMULTI:
	case SIOCDELMULTI:
		return multicast(ifp, l, cmd, data);
	default:
		return -ENOTTY;
	}
}

/* --- rights --- */

/* What only goes in changes something; of what comes back as well, these. */
static bool
changes(unsigned long cmd)
{
	return (cmd & 0xe0000000UL) == 0x80000000UL || cmd == SIOCZIFDATA ||
	    cmd == SIOCSIFMEDIA || cmd == SIOCSVH;
}

/* --- one interface --- */

/* W. Those that every interface knows; then the socket's family; then the driver. */
static int
dispatch(struct socket *so, struct lwp *l, struct ifnet *ifp, unsigned long cmd,
    void *data)
{
	const struct pr_usrreqs *pru = so != NULL ? so->so_proto->pr_usrreqs :
						    NULL;
	int error = common(ifp, l, cmd, data);

	if (error != -ENOTTY || cmd == SIOCSIFMTU || cmd == SIOCADDMULTI ||
	    cmd == SIOCDELMULTI)
		return error;
	/* Kernel memory is what drivers expect behind this one: not for users. */
	if (cmd == SIOCINITIFADDR)
		return -ENOTTY;
	if (pru != NULL && pru->pr_ioctl != NULL) {
		error = pru->pr_ioctl(l, so, cmd, data, ifp);
		if (error != -ENOTTY && error != -EOPNOTSUPP)
			return error;
	}
	return ifp->if_ops->ifo_ioctl != NULL ?
	    ifp->if_ops->ifo_ioctl(ifp, l, cmd, data) :
	    -ENOTTY;
}

static int
by_name(struct socket *so, struct lwp *l, unsigned long cmd, void *data)
{
	char name[IFNAMSIZ];
	struct ifnet *ifp;
	int error = -ENXIO;

	memcpy(name, data, sizeof(name));
	name[IFNAMSIZ - 1] = '\0';
	if (changes(cmd) && !cred_issuser(l->l_cred))
		return -EPERM;
	/* What has come before the question counts for the answer. */
	if (!net_poll(l->l_k))
		net_run(l->l_k);
	net_wrlock(l->l_k);
	if ((ifp = if_byname(l->l_k, name)) != NULL)
		error = dispatch(so, l, ifp, cmd, data);
	net_unlock(l->l_k);
	return error;
}

/* Those with a pointer to more: an ifdrv's data is in kernel memory while the driver looks at it. */
static int
driver_specific(struct socket *so, struct lwp *l, unsigned long cmd, void *data)
{
	struct ifdrv *ifd = data;
	void *user = ifd->ifd_data, *copy = NULL;
	size_t len = ifd->ifd_len;
	bool get = cmd == SIOCGDRVSPEC || cmd == SIOCGLINKSTR;
	int error = 0;

	if ((cmd == SIOCGLINKSTR && ifd->ifd_cmd == IFLINKSTR_QUERYLEN) ||
	    (cmd == SIOCSLINKSTR && ifd->ifd_cmd == IFLINKSTR_UNSET) ||
	    user == NULL)
		len = 0;
	if (len > DRVSPEC_MAX)
		return cmd == SIOCSLINKSTR ? -E2BIG : -EINVAL;
	if (len > 0) {
		if ((copy = kmem_zalloc(l->l_k, len)) == NULL)
			return -ENOMEM;
		/* What is asked for may have a question in it. */
		if (cmd != SIOCGLINKSTR)
			error = copyin(l, user, copy, len);
	}
	ifd->ifd_data = copy;
	if (error == 0)
		error = by_name(so, l, cmd, data);
	if (error == 0 && get && len > 0)
		error = copyout(
		    l, copy, user, ifd->ifd_len < len ? ifd->ifd_len : len);
	ifd->ifd_data = user;
	kmem_free(l->l_k, copy, len);
	return error;
}

/* Lists of a bridge come also as a length and the buffer's address: the same request with the buffer itself. */
static int
nested_list(
    struct socket *so, struct lwp *l, unsigned long cmd, struct ifdrv *ifd)
{
	struct ifdrv inner = *ifd;
	struct ifbifconf conf;
	int error = copyin(l, ifd->ifd_data, &conf, sizeof(conf));

	if (error != 0)
		return error;
	inner.ifd_data = conf.ifbic_ifbicu.ifbicu_buf;
	inner.ifd_len = conf.ifbic_len > DRVSPEC_MAX ? DRVSPEC_MAX :
						       conf.ifbic_len;
	if ((error = driver_specific(so, l, cmd, &inner)) != 0)
		return error;
	conf.ifbic_len = (uint32_t)inner.ifd_len;
	return copyout(l, &conf, ifd->ifd_data, sizeof(conf));
}

static bool
is_nested(const struct ifdrv *ifd)
{
	return ifd->ifd_len == sizeof(struct ifbifconf) &&
	    (ifd->ifd_cmd == BRDGGIFS || ifd->ifd_cmd == BRDGRTS ||
		ifd->ifd_cmd == OBRDGGIFS || ifd->ifd_cmd == OBRDGRTS);
}

/* Requests of vlans have a pointer to a struct vlanreq. */
static int
vlan_request(
    struct socket *so, struct lwp *l, unsigned long cmd, struct ifreq *ifr)
{
	void *user = ifr->ifr_ifru.ifru_data;
	struct vlanreq req;
	int error = copyin(l, user, &req, sizeof(req));

	if (error != 0)
		return error;
	ifr->ifr_ifru.ifru_data = &req;
	error = by_name(so, l, cmd, ifr);
	ifr->ifr_ifru.ifru_data = user;
	if (error == 0 && cmd == SIOCGETVLAN)
		error = copyout(l, &req, user, sizeof(req));
	return error;
}

static int
media_status(struct socket *so, struct lwp *l, unsigned long cmd, void *data)
{
	struct ifmediareq *req = data;
	int *user = req->ifm_ulist, *copy = NULL, room = req->ifm_count, error;
	size_t size;

	if (room < 0 || room > 1024)
		return -EINVAL;
	if (user == NULL)
		room = 0;
	size = (size_t)room * sizeof(int);
	if (room > 0 && (copy = kmem_zalloc(l->l_k, size)) == NULL)
		return -ENOMEM;
	req->ifm_ulist = copy;
	error = by_name(so, l, cmd, data);
	if (error == 0 && room > 0)
		error = copyout(l, copy, user,
		    (size_t)(req->ifm_count < room ? req->ifm_count : room) *
			sizeof(int));
	req->ifm_ulist = user;
	kmem_free(l->l_k, copy, size);
	return error;
}

static int
create(struct lwp *l, const struct ifreq *ifr)
{
	char name[IFNAMSIZ];
	int error, unit;

	if (!cred_issuser(l->l_cred))
		return -EPERM;
	memcpy(name, ifr->ifr_name, sizeof(name));
	net_wrlock(l->l_k);
	/* By this way a name has its number. */
	if (memchr(name, '\0', sizeof(name)) == NULL ||
	    if_clone_lookup(l->l_k, name, &unit) == NULL || unit < 0)
		error = -EINVAL;
	else
		error = if_clone_create(l->l_k, name, NULL);
	net_unlock(l->l_k);
	return error;
}

int
if_ioctl_new(struct socket *so, struct lwp *l, unsigned long cmd, void *data)
{
	const struct ifreq *ifr = data;

	switch (cmd) {
	case SIOCIFCREATE:
		return create(l, ifr);
	case SIOCIFDESTROY:
		return cred_issuser(l->l_cred) ?
		    if_clone_destroy(l->l_k, ifr->ifr_name) :
		    -EPERM;
	case SIOCGDRVSPEC:
		if (is_nested(data))
			return nested_list(so, l, cmd, data);
		return driver_specific(so, l, cmd, data);
	case SIOCSDRVSPEC:
	case SIOCGLINKSTR:
	case SIOCSLINKSTR:
		return driver_specific(so, l, cmd, data);
	case SIOCGIFMEDIA:
		return media_status(so, l, cmd, data);
	case SIOCSETVLAN:
	case SIOCGETVLAN:
		return vlan_request(so, l, cmd, data);
	default:
		return by_name(so, l, cmd, data);
	}
}

int
ifioctl(struct socket *so, struct lwp *l, unsigned long cmd, void *data)
{
	/* Every request but the lists starts with a name. */
	if ((cmd >> 16 & 0x1fff) < IFNAMSIZ)
		return if_conf_ioctl(l, cmd, data);
	switch (cmd) {
	case SIOCGIFCONF:
	case OSIOCGIFCONF:
	case OOSIOCGIFCONF:
	case SIOCIFGCLONERS:
		return if_conf_ioctl(l, cmd, data);
	default:
		return if_compat_ioctl(so, l, cmd, data);
	}
}

int
if_getlinkstr(struct ifdrv *ifd, const char *s)
{
	size_t len;

	if (s == NULL)
		return -ENOENT;
	len = strlen(s) + 1;
	if (ifd->ifd_cmd == IFLINKSTR_QUERYLEN) {
		ifd->ifd_len = len;
		return 0;
	}
	if (ifd->ifd_cmd != 0 || ifd->ifd_data == NULL || ifd->ifd_len == 0)
		return -EINVAL;
	if (ifd->ifd_len > len)
		ifd->ifd_len = len;
	memcpy(ifd->ifd_data, s, ifd->ifd_len);
	((char *)ifd->ifd_data)[ifd->ifd_len - 1] = '\0';
	return 0;
}
