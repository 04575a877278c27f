/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests as older NetBSD had them: smaller structures, and addresses without a length. They are turned into today's and their answers back. */
#include "net/if_ioctl.h"

static const struct {
	unsigned long old, new;
} olds[] = {
	{ OSIOCSIFADDR, SIOCSIFADDR },
	{ OSIOCSIFDSTADDR, SIOCSIFDSTADDR },
	{ OSIOCSIFFLAGS, SIOCSIFFLAGS },
	{ OSIOCSIFBRDADDR, SIOCSIFBRDADDR },
	{ OSIOCSIFNETMASK, SIOCSIFNETMASK },
	{ OSIOCADDMULTI, SIOCADDMULTI },
	{ OSIOCDELMULTI, SIOCDELMULTI },
	{ OOSIOCGIFADDR, SIOCGIFADDR },
	{ OOSIOCGIFDSTADDR, SIOCGIFDSTADDR },
	{ OSIOCGIFFLAGS, SIOCGIFFLAGS },
	{ OOSIOCGIFBRDADDR, SIOCGIFBRDADDR },
	{ OOSIOCGIFNETMASK, SIOCGIFNETMASK },
	{ OSIOCSIFMEDIA, SIOCSIFMEDIA },
	{ OSIOCGIFMTU, SIOCGIFMTU },
};

/* The oldest: 16 bits of family where length and family stand now. */
static bool
oldest(unsigned long cmd)
{
	return cmd == OOSIOCGIFADDR || cmd == OOSIOCGIFDSTADDR ||
	    cmd == OOSIOCGIFBRDADDR || cmd == OOSIOCGIFNETMASK;
}

static int
old_ifreq(struct socket *so, struct lwp *l, unsigned long cmd,
    unsigned long new, void *data)
{
	struct ifreq ifr;
	int error;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(&ifr, data, sizeof(struct oifreq));
	if ((error = if_ioctl_new(so, l, new, &ifr)) != 0)
		return error;
	if (oldest(cmd)) {
		uint16_t family = ifr.ifr_ifru.ifru_addr.sa_family;

		memcpy(&ifr.ifr_ifru, &family, sizeof(family));
	}
	memcpy(data, &ifr, sizeof(struct oifreq));
	return 0;
}

/* Counters with a time of microseconds. */
static int
old_data(struct socket *so, struct lwp *l, unsigned long cmd, void *data)
{
	struct oifdatareq *old = data;
	struct ifdatareq new;
	int error;

	memset(&new, 0, sizeof(new));
	memcpy(new.ifdr_name, old->ifdr_name, sizeof(new.ifdr_name));
	error = if_ioctl_new(
	    so, l, cmd == OSIOCGIFDATA ? SIOCGIFDATA : SIOCZIFDATA, &new);
	if (error == 0)
		if_olddata(&new.ifdr_data, &old->ifdr_data);
	return error;
}

void
if_olddata(const struct if_data *new, struct oif_data *old)
{
	memset(old, 0, sizeof(*old));
	memcpy(old, new, offsetof(struct oif_data, ifi_lastchange));
	old->ifi_lastchange.tv_sec = (long)new->ifi_lastchange.tv_sec;
	old->ifi_lastchange.tv_usec = new->ifi_lastchange.tv_nsec / 1000;
}

int
if_compat_ioctl(struct socket *so, struct lwp *l, unsigned long cmd, void *data)
{
	if (cmd == OSIOCGIFDATA || cmd == OSIOCZIFDATA)
		return old_data(so, l, cmd, data);
	for (size_t i = 0; i < sizeof(olds) / sizeof(olds[0]); i++)
		if (olds[i].old == cmd)
			return old_ifreq(so, l, cmd, olds[i].new, data);
	return if_ioctl_new(so, l, cmd, data);
}
