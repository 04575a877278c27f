/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces with their counters, once or again and again. */
#include "netstat.h"
#include <inttypes.h>
#include "route/rtprint.h"
#include <stdio.h>

static void
heading(struct netstat *ns)
{
	t_printf(ns->t, "%-5.5s %-5.5s %-13.13s %-17.17s ", "Name", "Mtu",
	    "Network", "Address");
	if (ns->bflag)
		t_printf(ns->t, "%10.10s %10.10s", "Ibytes", "Obytes");
	else
		t_printf(ns->t, "%8.8s %5.5s %8.8s %5.5s %5.5s", "Ipkts",
		    "Ierrs", "Opkts", "Oerrs", "Colls");
	if (ns->tflag)
		t_printf(ns->t, " %4.4s", "Time");
	if (ns->dflag)
		t_printf(ns->t, " %5.5s", "Drops");
	t_putc(ns->t, '\n');
}

static void
counters(struct netstat *ns, const struct if_data *d)
{
	if (ns->bflag && ns->hflag) {
		char in[8], out[8];

		t_humanize(in, sizeof(in), (int64_t)d->ifi_ibytes, "",
		    HN_AUTOSCALE, HN_NOSPACE | HN_B);
		t_humanize(out, sizeof(out), (int64_t)d->ifi_obytes, "",
		    HN_AUTOSCALE, HN_NOSPACE | HN_B);
		t_printf(ns->t, "%10s %10s", in, out);
	} else if (ns->bflag)
		t_printf(ns->t, "%10" PRIu64 " %10" PRIu64, d->ifi_ibytes,
		    d->ifi_obytes);
	else
		t_printf(ns->t,
		    "%8" PRIu64 " %5" PRIu64 " %8" PRIu64 " %5" PRIu64
		    " %5" PRIu64,
		    d->ifi_ipackets, d->ifi_ierrors, d->ifi_opackets,
		    d->ifi_oerrors, d->ifi_collisions);
	/* The kernel does not tell its watchdogs' times. */
	if (ns->tflag)
		t_printf(ns->t, " %4d", 0);
	if (ns->dflag)
		t_printf(ns->t, " %5" PRIu64, d->ifi_iqdrops);
	t_putc(ns->t, '\n');
}

static void
row(struct netstat *ns, const struct if_entry *e, const char *net,
    const char *addr)
{
	const char *name = t_asprintf(
	    ns->t, "%s%s", e->name, (e->flags & IFF_UP) != 0 ? "" : "*");

	if (ns->vflag)
		t_printf(ns->t, "%-5s %-5" PRIu64 " %-13s %-17s ", name,
		    e->data.ifi_mtu, net, addr);
	else
		t_printf(ns->t, "%-5.5s %-5" PRIu64 " %-13.13s %-17.17s ", name,
		    e->data.ifi_mtu, net, addr);
	counters(ns, &e->data);
}

/* The network of an address: both under its mask. */
static union any_addr
network(const struct ifa_entry *a)
{
	union any_addr net = a->addr;
	size_t at = a->addr.sa.sa_family == AF_INET6 ?
	    offsetof(struct sockaddr_in6, sin6_addr) :
	    offsetof(struct sockaddr_in, sin_addr);
	size_t n = a->addr.sa.sa_family == AF_INET6 ? 16 : 4, i;

	for (i = 0; i < n; i++)
		net.bytes[at + i] &= at + i < a->mask.sa.sa_len ?
		    a->mask.bytes[at + i] :
		    0;
	return net;
}

static void
show_one(struct netstat *ns, const struct if_entry *e)
{
	struct rtprint r = { .t = ns->t, .numeric = ns->nflag, .ifs = ns->ifs };
	const struct ifa_entry *a;
	char text[64];

	row(ns, e, "<Link>", link_text(&e->link, text));
	for (a = e->addrs; a != NULL; a = a->next) {
		union any_addr net;
		int af = a->addr.sa.sa_family;

		if (af != AF_INET && af != AF_INET6)
			continue;
		net = network(a);
		row(ns, e, rtprint_dest(&r, &net, &a->mask, 0),
		    host_text(ns, &a->addr));
	}
}

void
interfaces_show(struct netstat *ns)
{
	const struct if_entry *e;

	heading(ns);
	for (e = ns->ifs; e != NULL; e = e->next)
		if (ns->ifname == NULL || strcmp(e->name, ns->ifname) == 0)
			show_one(ns, e);
}

/* --- every so many seconds --- */

struct sample {
	uint64_t ip, ie, op, oe, colls, drops, ib, ob;
};

static void
add(struct sample *s, const struct if_data *d)
{
	s->ip += d->ifi_ipackets;
	s->ie += d->ifi_ierrors;
	s->op += d->ifi_opackets;
	s->oe += d->ifi_oerrors;
	s->colls += d->ifi_collisions;
	s->drops += d->ifi_iqdrops;
	s->ib += d->ifi_ibytes;
	s->ob += d->ifi_obytes;
}

static void
watch_heading(struct netstat *ns, const char *name)
{
	int i;

	t_printf(ns->t, "%5.5s in %8s%5.5s out %*s %5s in %8s%5s out\n", name,
	    "", name,
	    ns->bflag	  ? 3 :
		ns->dflag ? 14 :
			    8,
	    "", "total", "", "total");
	for (i = 0; i < 2; i++) {
		if (ns->bflag)
			t_printf(ns->t, "%10.10s %8.8s ", "bytes", "bytes");
		else
			t_printf(ns->t, "%8.8s %5.5s %8.8s %5.5s %5.5s ",
			    "packets", "errs", "packets", "errs", "colls");
		if (ns->dflag)
			t_printf(ns->t, "%5.5s ", "drops");
		if (i == 0)
			t_putc(ns->t, ' ');
	}
	t_putc(ns->t, '\n');
}

static void
watch_half(
    struct netstat *ns, const struct sample *now, const struct sample *old)
{
	if (ns->bflag)
		t_printf(ns->t, "%10" PRIu64 " %8" PRIu64 " ",
		    now->ib - old->ib, now->ob - old->ob);
	else
		t_printf(ns->t,
		    "%8" PRIu64 " %5" PRIu64 " %8" PRIu64 " %5" PRIu64
		    " %5" PRIu64 " ",
		    now->ip - old->ip, now->ie - old->ie, now->op - old->op,
		    now->oe - old->oe, now->colls - old->colls);
	if (ns->dflag)
		t_printf(ns->t, "%5" PRIu64 " ", now->drops - old->drops);
}

/* The interface to watch: that of -I, or the first that is up and is not a loop, or the first. */
static const struct if_entry *
watched(struct netstat *ns)
{
	const struct if_entry *e;

	if (ns->ifname != NULL)
		return iflist_name(ns->ifs, ns->ifname);
	for (e = ns->ifs; e != NULL; e = e->next)
		if ((e->flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP)
			return e;
	return ns->ifs;
}

void
interfaces_watch(struct netstat *ns)
{
	const struct if_entry *e = watched(ns);
	struct sample old = { 0 }, oldsum = { 0 };
	struct timespec pause = { .tv_sec = ns->interval };
	const char *name;
	unsigned line;
	int error;

	if (e == NULL)
		t_errx(ns->t, 1, "%s: no such interface",
		    ns->ifname != NULL ? ns->ifname : "interface");
	name = t_strdup(ns->t, e->name);
	for (line = 0;; line++) {
		struct sample now = { 0 }, sum = { 0 };

		if (line % 21 == 0)
			watch_heading(ns, name);
		if (line > 0) {
			iflist_free(ns->t, ns->ifs);
			if ((error = iflist_get(ns->t, &ns->ifs)) != 0)
				t_fail(ns->t, 1, error, "sysctl");
		}
		for (e = ns->ifs; e != NULL; e = e->next)
			add(&sum, &e->data);
		if ((e = iflist_name(ns->ifs, name)) == NULL)
			t_errx(ns->t, 1, "%s: no such interface", name);
		add(&now, &e->data);
		watch_half(ns, &now, &old);
		t_putc(ns->t, ' ');
		watch_half(ns, &sum, &oldsum);
		t_putc(ns->t, '\n');
		old = now;
		oldsum = sum;
		if (t_flush(ns->t->t_out) != 0 ||
		    sys_nanosleep(ns->t, &pause) < 0)
			break;
	}
}
