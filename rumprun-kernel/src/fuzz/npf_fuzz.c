/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: NPF. A kernel with an interface gets configurations, rules at run time and packets.
 *
 * An input: pieces of a byte for what (0 load, 1 rule, 2 save, 3 to 6 packets in or out of IPv4 or IPv6, 7 time), two for the length, and the
 * text or the packet. A few configurations of our own stand for those that no fuzzer finds (8 to 11).
 */
#include <stdio.h>
#include "dev/dev.h"
#include "net_fuzz.h"
#include "net/if_var.h"
#include "npf/npf.h"

extern const struct devsw dev_npf;

static struct net_fuzz nf;

static void
boot(void)
{
	static const char *const components[] = { "net", "net_net",
		"net_netinet", "net_netinet6", "net_npf", NULL };
	struct kern_config config = { .kc_ncpu = 1,
		.kc_components = components,
		.kc_memlimit = 64 << 20 };

	if (kern_boot(&config, &nf.k) != 0 ||
	    proc_fork(nf.k, NULL, RFCFDG, "fuzz", &nf.p) != 0 ||
	    lwp_create(nf.p, &nf.l) != 0)
		abort();
	net_wrlock(nf.k);
	(void)if_clone_create(nf.k, "lo1", NULL);
	(void)in_setaddr(
	    if_byname(nf.k, "lo1"), htonl(0x0a000001), htonl(0xffffff00), 0);
	net_unlock(nf.k);
}

static void
request(unsigned long cmd, const void *text, size_t n)
{
	struct plistref ref = { (void *)(uintptr_t)text, n };

	if (dev_npf.d_ioctl(nf.l, makedev(255, 0), false, cmd, &ref, 0) == 0)
		plist_unmap(ref.pref_plist, ref.pref_len);
}

static void
packet(const uint8_t *p, size_t n, int af, enum pfil_dir dir)
{
	struct ifnet *ifp;
	struct mbuf *m;

	if (n < 20)
		return;
	net_rdlock(nf.k);
	ifp = if_byname(nf.k, "lo1");
	m = m_devget(nf.k, p, n, ifp);
	if (m != NULL &&
	    (m = m_pullup(m,
		 af == AF_INET ? 20 :
		     n < 40    ? n :
				 40)) != NULL) {
		unsigned hlen = (m->m_data[0] & 15) * 4u;

		/* As the stack has it: a sound header, in one piece. */
		if (af == AF_INET ?
			hlen < 20 || hlen > n || (m->m_data[0] >> 4) != 4 :
			n < 40 || (m->m_data[0] >> 4) != 6)
			m_freem(m);
		else if ((m = m_pullup(m, af == AF_INET ? hlen : 40)) != NULL) {
			if (dir == PFIL_DIR_OUT)
				m->m_pkthdr.rcvif = NULL;
			if (af == AF_INET)
				be16_put(m->m_data + 2, (uint16_t)n);
			(void)pfil_run(nf.k, &m, ifp, af, dir);
			m_freem(m);
		}
	}
	net_unlock(nf.k);
	net_run(nf.k);
}

/* stateful rules, translation both ways, answers and a table */
static void
own(unsigned which)
{
	struct plist_mem pm;
	struct plist *d, *r, *rules, *nat;
	uint32_t addr = htonl(0x0a000001);
	size_t size;
	char *text;

	plist_mem_init(&pm, nf.k);
	d = plist_new_dict(&pm);
	plist_set_uint(d, "version", NPF_VERSION);
	rules = plist_set_array(d, "rules");
	nat = plist_set_array(d, "nat");
	r = plist_append_dict(rules);
	plist_set_string(r, "name", "dyn");
	plist_set_uint(r, "attr", NPF_DYNAMIC_GROUP | NPF_RULE_DIMASK);
	r = plist_append_dict(rules);
	plist_set_uint(r, "attr",
	    (which & 1) != 0 ?
		NPF_RULE_DIMASK | NPF_RULE_RETRST | NPF_RULE_RETICMP :
		NPF_RULE_DIMASK | NPF_RULE_PASS | NPF_RULE_STATEFUL);
	if ((which & 2) != 0)
		for (int type = NPF_NATIN; type <= NPF_NATOUT; type++) {
			r = plist_append_dict(nat);
			plist_set_int(r, "type", type);
			plist_set_uint(r, "flags",
			    NPF_NAT_PORTS |
				(type == NPF_NATOUT ? NPF_NAT_PORTMAP : 0));
			plist_set_uint(
			    r, "nat-port", type == NPF_NATIN ? htons(80) : 0);
			plist_set_data(r, "nat-ip", &addr, 4);
		}
	if (plist_write(d, &text, &size) == 0) {
		request(IOC_NPF_LOAD, text, size);
		kmem_free(nf.k, text, size);
	}
	plist_free(d);
}

static void
piece(unsigned what, const uint8_t *p, size_t n)
{
	switch (what % 12) {
	case 0:
		request(IOC_NPF_LOAD, p, n);
		break;
	case 1:
		request(IOC_NPF_RULE, p, n);
		break;
	case 2:
		request(IOC_NPF_SAVE, NULL, 0);
		break;
	case 3:
	case 4:
		packet(
		    p, n, AF_INET, what % 12 == 3 ? PFIL_DIR_IN : PFIL_DIR_OUT);
		break;
	case 5:
	case 6:
		packet(p, n, AF_INET6,
		    what % 12 == 5 ? PFIL_DIR_IN : PFIL_DIR_OUT);
		break;
	case 7:
		net_run(nf.k);
		break;
	default:
		own(what % 12);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	int on = 1;

	boot();
	(void)dev_npf.d_ioctl(
	    nf.l, makedev(255, 0), false, IOC_NPF_SWITCH, &on, 0);
	while (n >= 3) {
		size_t len = be16_get(p + 1);

		if (len > n - 3)
			len = n - 3;
		piece(p[0], p + 3, len);
		p += 3 + len;
		n -= 3 + len;
	}
	net_fuzz_stop(&nf);
	return 0;
}
