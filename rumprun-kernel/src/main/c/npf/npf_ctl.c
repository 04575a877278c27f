/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/npf: the requests of npfctl(8). */
#include <netbsd/ioctl.h>
#include "dev/dev.h"
#include "npf/npf.h"

#define NPF_MAJOR 255

static int
npf_open(struct lwp *l, dev_t dev, bool blk, int flags)
{
	(void)blk, (void)flags;
	if (minor(dev) != 0)
		return -ENXIO;
	return cred_issuser(l->l_cred) ? 0 : -EPERM;
}

static int
set_active(struct npf_state *ns, bool on)
{
	kmutex_enter(&ns->ns_change);
	net_wrlock(ns->ns_k);
	ns->ns_active = on;
	ns->ns_pf.pf_fn = on ? npf_hook : NULL;
	net_unlock(ns->ns_k);
	kmutex_exit(&ns->ns_change);
	return 0;
}

static int
give_stats(struct npf_state *ns, struct lwp *l, void *to)
{
	uint64_t stats[NPF_STATS_COUNT];

	for (int i = 0; i < NPF_STATS_COUNT; i++)
		stats[i] = atomic_load_explicit(
		    &ns->ns_stats[i], memory_order_relaxed);
	return copyout(l, stats, to, sizeof(stats));
}

static int
rule_request(struct npf_state *ns, struct lwp *l, struct plistref *ref)
{
	struct plist_mem mem, answermem;
	struct plist *request, *answer;
	int error;

	plist_mem_init(&mem, ns->ns_k);
	if ((error = plist_copyin(l, &mem, ref, NPF_MAXTEXT, &request)) != 0)
		return error;
	plist_mem_init(&answermem, ns->ns_k);
	answer = plist_new_dict(&answermem);
	error = npf_rule_command(ns, request, answer);
	if (error == 0)
		error = plist_copyout(l, answer, ref);
	plist_free(answer);
	plist_free(request);
	return error;
}

static int
npf_ioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	struct npf_state *ns = npf_of(l->l_k);

	(void)dev, (void)blk, (void)flags;
	if (ns == NULL)
		return -ENXIO;
	if (!cred_issuser(l->l_cred))
		return -EPERM;
	switch (cmd) {
	case IOC_NPF_VERSION:
		*(int *)data = NPF_VERSION;
		return 0;
	case IOC_NPF_SWITCH:
		return set_active(ns, *(int *)data != 0);
	case IOC_NPF_STATS:
		return give_stats(ns, l, *(void **)data);
	case IOC_NPF_TABLE:
		return npf_table_command(ns, l, data);
	case IOC_NPF_RULE:
		return rule_request(ns, l, data);
	case IOC_NPF_LOAD:
		return npf_config_load(ns, l, data);
	case IOC_NPF_SAVE:
		return npf_config_save(ns, l, data);
	default:
		return -ENOTTY;
	}
}

extern const struct devsw dev_npf;
const struct devsw dev_npf = {
	.d_name = "npf",
	.d_bmajor = -1,
	.d_cmajor = NPF_MAJOR,
	.d_open = npf_open,
	.d_ioctl = npf_ioctl,
};
