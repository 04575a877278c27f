/* SPDX-License-Identifier: BSD-2-Clause */
/* Procedures that rules apply (npf.conf(5)): normalize, log, rndblock. */
#include <netbsd/tcp.h>
#include "netinet/ip_private.h"
#include "npf/npf.h"

static int
fill_normalize(const struct plist *d, struct npf_rproc *rp)
{
	uint64_t minttl = 0, maxmss = 0;

	rp->rp_normalize = true;
	if (plist_get_bool(d, "random-id", &rp->rp_randomid) < 0 ||
	    plist_get_bool(d, "no-df", &rp->rp_nodf) < 0 ||
	    plist_get_uint(d, "min-ttl", UINT8_MAX, &minttl) < 0 ||
	    plist_get_uint(d, "max-mss", UINT16_MAX, &maxmss) < 0)
		return -EINVAL;
	rp->rp_minttl = (uint8_t)minttl;
	rp->rp_maxmss = (uint16_t)maxmss;
	return 0;
}

static int
fill_call(const struct plist *d, struct npf_rproc *rp)
{
	uint64_t v = 0, percent = 0;
	const char *name;

	if (plist_get_string(d, "name", &name) <= 0)
		return -EINVAL;
	if (strcmp(name, "normalize") == 0)
		return fill_normalize(d, rp);
	if (strcmp(name, "log") == 0) {
		if (plist_get_uint(d, "log-interface", UINT32_MAX, &v) <= 0)
			return -EINVAL;
		rp->rp_log = true;
		rp->rp_logif = (uint32_t)v;
		return 0;
	}
	if (strcmp(name, "rndblock") == 0) {
		if (plist_get_uint(d, "mod", UINT32_MAX, &v) < 0 ||
		    plist_get_uint(d, "percentage", 10000, &percent) < 0)
			return -EINVAL;
		rp->rp_rndmod = (uint32_t)v;
		rp->rp_rndpercent = (uint32_t)percent;
		return 0;
	}
	return -ENOENT;
}

static int
create(struct rump_kernel *k, const struct plist *d, struct npf_rproc **rpp)
{
	struct plist *calls = NULL;
	struct npf_rproc *rp;
	const char *name;
	int error = 0;

	*rpp = NULL;
	if (plist_get_string(d, "name", &name) <= 0 ||
	    strlen(name) >= sizeof(rp->rp_name) ||
	    plist_get_array(d, "extcalls", &calls) < 0)
		return -EINVAL;
	if ((rp = kmem_zalloc(k, sizeof(*rp))) == NULL)
		return -ENOMEM;
	*rpp = rp;
	rp->rp_refs = 1;
	rp->rp_k = k;
	memcpy(rp->rp_name, name, strlen(name) + 1);
	for (size_t i = 0; i < plist_count(calls) && error == 0; i++)
		error = fill_call(plist_item(calls, i), rp);
	return error;
}

int
npf_rprocs_create(struct npf_config *cf, const struct plist *list)
{
	struct rump_kernel *k = cf->cf_npf->ns_k;
	size_t n = plist_count(list);
	int error = 0;

	if (n == 0)
		return 0;
	cf->cf_rprocs = kmem_calloc(k, n, sizeof(*cf->cf_rprocs));
	if (cf->cf_rprocs == NULL)
		return -ENOMEM;
	memset(cf->cf_rprocs, 0, n * sizeof(*cf->cf_rprocs));
	cf->cf_nrprocs = n;
	for (size_t i = 0; i < n && error == 0; i++)
		error = create(k, plist_item(list, i), &cf->cf_rprocs[i]);
	return error;
}

void
npf_rprocs_destroy(struct npf_config *cf)
{
	for (size_t i = 0; i < cf->cf_nrprocs; i++)
		npf_rproc_put(cf->cf_rprocs[i]);
	if (cf->cf_rprocs != NULL)
		kmem_free(cf->cf_npf->ns_k, cf->cf_rprocs,
		    cf->cf_nrprocs * sizeof(*cf->cf_rprocs));
}

struct npf_rproc *
npf_rproc_find(const struct npf_config *cf, const char *name)
{
	for (size_t i = 0; i < cf->cf_nrprocs; i++)
		if (strcmp(cf->cf_rprocs[i]->rp_name, name) == 0)
			return cf->cf_rprocs[i];
	return NULL;
}

void
npf_rproc_put(struct npf_rproc *rp)
{
	if (rp != NULL && atomic_fetch_sub(&rp->rp_refs, 1) == 1)
		kmem_free(rp->rp_k, rp, sizeof(*rp));
}

/* --- what they do --- */

/* 16 bits of the header become others; its sum with them. */
static void
change(uint8_t *ip, unsigned at, uint16_t v)
{
	uint16_t sum, is = htons(v);

	memcpy(&sum, ip + IPH_SUM, 2);
	sum = npf_cksum_fix(sum, ip + at, &is, 2);
	memcpy(ip + at, &is, 2);
	memcpy(ip + IPH_SUM, &sum, 2);
}

static void
normalize4(const struct npf_rproc *rp, struct npf_packet *np)
{
	uint8_t *ip = np->np_m->m_data;
	uint16_t off = be16_get(ip + IPH_OFF), id;

	if (rp->rp_nodf && (off & IP_DF) != 0) {
		change(ip, IPH_OFF, off & (uint16_t)~IP_DF);
		/* What may be cut now needs a number (RFC 6864). */
		if (be16_get(ip + IPH_ID) == 0)
			change(ip, IPH_ID, ip_newid(np->np_k));
	}
	if (rp->rp_randomid) {
		kern_random(np->np_k, &id, sizeof(id));
		change(ip, IPH_ID, id == 0 ? 1 : id);
	}
	if (ip[IPH_TTL] < rp->rp_minttl)
		change(ip, IPH_TTL, (uint16_t)(rp->rp_minttl << 8 | ip[IPH_P]));
}

/* Where the MSS option's value is, from the packet's start; 0: none. */
static size_t
find_mss(const struct npf_packet *np)
{
	unsigned hlen = (np->np_l4[12] >> 4) * 4u;
	uint8_t opt[40];
	size_t n = hlen - 20;

	if (hlen <= 20 || np->np_hlen + hlen > np->np_len)
		return 0;
	m_copydata(np->np_m, np->np_hlen + 20, n, opt);
	for (size_t i = 0; i < n;) {
		if (opt[i] == TCPOPT_EOL)
			return 0;
		if (opt[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (i + 1 >= n || opt[i + 1] < 2 || i + opt[i + 1] > n)
			return 0;
		if (opt[i] == TCPOPT_MAXSEG && opt[i + 1] == 4)
			return np->np_hlen + 20 + i + 2;
		i += opt[i + 1];
	}
	return 0;
}

static bool
clamp_mss(uint16_t max, struct npf_packet *np)
{
	size_t at = find_mss(np);
	uint16_t is = htons(max), sum;
	uint8_t *p, pair[4], new[4];

	if (at == 0)
		return true;
	if (!npf_packet_writable(np, at + 2))
		return false;
	p = np->np_m->m_data;
	if (be16_get(p + at) <= max)
		return true;
	/* Options need not stand at even places: the words that it is in. */
	size_t word = (at - np->np_hlen) & ~(size_t)1,
	       start = np->np_hlen + word;
	size_t len = (at & 1) == (np->np_hlen & 1) ? 2 : 4;

	if (!npf_packet_writable(np, start + len))
		return false;
	p = np->np_m->m_data;
	memcpy(pair, p + start, len);
	memcpy(new, pair, len);
	memcpy(new + (at - start), &is, 2);
	if ((np->np_m->m_pkthdr.csum_flags & (M_CSUM_TCPv4 | M_CSUM_TCPv6)) ==
	    0) {
		memcpy(&sum, p + np->np_hlen + 16, 2);
		sum = npf_cksum_fix(sum, pair, new, len);
		memcpy(p + np->np_hlen + 16, &sum, 2);
	}
	memcpy(p + start, new, len);
	return true;
}

static bool
normalize(const struct npf_rproc *rp, struct npf_packet *np)
{
	if (!npf_packet_writable(np, np->np_hlen + np->np_l4len))
		return false;
	if (np->np_alen == 4)
		normalize4(rp, np);
	else if (np->np_m->m_data[7] < rp->rp_minttl)
		np->np_m->m_data[7] = rp->rp_minttl;
	if (rp->rp_maxmss != 0 && (np->np_info & NPC_TCP) != 0 &&
	    (np->np_tcpflags & TH_SYN) != 0)
		return clamp_mss(rp->rp_maxmss, np);
	return true;
}

static void
show(const struct npf_rproc *rp, const struct npf_packet *np)
{
	struct ifnet *ifp = if_byindex(np->np_k, rp->rp_logif);
	uint32_t af = np->np_alen == 4 ? AF_INET : AF_INET6;

	if (ifp == NULL || ifp->if_dlt != DLT_NULL)
		return;
	atomic_fetch_add_explicit(&ifp->if_opackets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ifp->if_obytes, np->np_len, memory_order_relaxed);
	if (atomic_load_explicit(&ifp->if_bpf, memory_order_acquire) != NULL)
		bpf_mtap_slow(ifp, np->np_m, &af, sizeof(af), false);
}

/* One in so many, or so many of 10000. */
static bool
unlucky(const struct npf_rproc *rp, struct rump_kernel *k)
{
	uint32_t r;

	kern_random(k, &r, sizeof(r));
	return (rp->rp_rndmod != 0 && r % rp->rp_rndmod == 0) ||
	    (rp->rp_rndpercent != 0 && (r >> 8) % 10000 < rp->rp_rndpercent);
}

bool
npf_rproc_run(const struct npf_rproc *rp, struct npf_packet *np, bool *pass)
{
	if (rp->rp_normalize && *pass && !normalize(rp, np))
		return false;
	if (rp->rp_log)
		show(rp, np);
	if ((rp->rp_rndmod | rp->rp_rndpercent) != 0 && unlucky(rp, np->np_k))
		*pass = false;
	return true;
}
