/* SPDX-License-Identifier: BSD-2-Clause */
/* The device switch: from a device number to its driver, and the nodes of /dev. */
#include <netbsd/poll.h>
#include <netbsd/stat.h>
#include "dev/dev.h"

static const struct devsw *const base_devsw[] = { &dev_mem, &dev_console };

const struct devnode dev_nodes[] = {
	{ "/dev", 'd', 0755, 0, 0, 0, 0, NULL, NULL },
	{ "/dev/null", 'c', 0644, 0, 0, 2, 2, NULL, NULL },
	{ "/dev/zero", 'c', 0644, 0, 0, 2, 12, NULL, NULL },
	{ "/dev/bpf", 'c', 0644, 0, 0, 23, 0, NULL, "librumpdev_bpf" },
	{ "/dev/cgd0a", 'b', 0644, 0, 0, 21, 0, NULL, "librumpdev_cgd" },
	{ "/dev/cgd0b", 'b', 0644, 0, 0, 21, 1, NULL, "librumpdev_cgd" },
	{ "/dev/cgd0c", 'b', 0644, 0, 0, 21, 2, NULL, "librumpdev_cgd" },
	{ "/dev/cgd0d", 'b', 0644, 0, 0, 21, 3, NULL, "librumpdev_cgd" },
	{ "/dev/cgd0e", 'b', 0644, 0, 0, 21, 4, NULL, "librumpdev_cgd" },
	{ "/dev/cgd0f", 'b', 0644, 0, 0, 21, 5, NULL, "librumpdev_cgd" },
	{ "/dev/cgd0g", 'b', 0644, 0, 0, 21, 6, NULL, "librumpdev_cgd" },
	{ "/dev/raid0a", 'b', 0644, 0, 0, 18, 0, NULL, "librumpdev_raidframe" },
	{ "/dev/raid0b", 'b', 0644, 0, 0, 18, 1, NULL, "librumpdev_raidframe" },
	{ "/dev/raid0c", 'b', 0644, 0, 0, 18, 2, NULL, "librumpdev_raidframe" },
	{ "/dev/raid0d", 'b', 0644, 0, 0, 18, 3, NULL, "librumpdev_raidframe" },
	{ "/dev/raid0e", 'b', 0644, 0, 0, 18, 4, NULL, "librumpdev_raidframe" },
	{ "/dev/raid0f", 'b', 0644, 0, 0, 18, 5, NULL, "librumpdev_raidframe" },
	{ "/dev/raid0g", 'b', 0644, 0, 0, 18, 6, NULL, "librumpdev_raidframe" },
	{ "/dev/rcgd0a", 'c', 0644, 0, 0, 93, 0, NULL, "librumpdev_cgd" },
	{ "/dev/rcgd0b", 'c', 0644, 0, 0, 93, 1, NULL, "librumpdev_cgd" },
	{ "/dev/rcgd0c", 'c', 0644, 0, 0, 93, 2, NULL, "librumpdev_cgd" },
	{ "/dev/rcgd0d", 'c', 0644, 0, 0, 93, 3, NULL, "librumpdev_cgd" },
	{ "/dev/rcgd0e", 'c', 0644, 0, 0, 93, 4, NULL, "librumpdev_cgd" },
	{ "/dev/rcgd0f", 'c', 0644, 0, 0, 93, 5, NULL, "librumpdev_cgd" },
	{ "/dev/rcgd0g", 'c', 0644, 0, 0, 93, 6, NULL, "librumpdev_cgd" },
	{ "/dev/rraid0a", 'c', 0644, 0, 0, 62, 0, NULL, "librumpdev_raidframe" },
	{ "/dev/rraid0b", 'c', 0644, 0, 0, 62, 1, NULL, "librumpdev_raidframe" },
	{ "/dev/rraid0c", 'c', 0644, 0, 0, 62, 2, NULL, "librumpdev_raidframe" },
	{ "/dev/rraid0d", 'c', 0644, 0, 0, 62, 3, NULL, "librumpdev_raidframe" },
	{ "/dev/rraid0e", 'c', 0644, 0, 0, 62, 4, NULL, "librumpdev_raidframe" },
	{ "/dev/rraid0f", 'c', 0644, 0, 0, 62, 5, NULL, "librumpdev_raidframe" },
	{ "/dev/rraid0g", 'c', 0644, 0, 0, 62, 6, NULL, "librumpdev_raidframe" },
	{ "/dev/rvnd0a", 'c', 0644, 0, 0, 41, 0, NULL, "librumpdev_vnd" },
	{ "/dev/rvnd0b", 'c', 0644, 0, 0, 41, 1, NULL, "librumpdev_vnd" },
	{ "/dev/rvnd0c", 'c', 0644, 0, 0, 41, 2, NULL, "librumpdev_vnd" },
	{ "/dev/rvnd0d", 'c', 0644, 0, 0, 41, 3, NULL, "librumpdev_vnd" },
	{ "/dev/rvnd0e", 'c', 0644, 0, 0, 41, 4, NULL, "librumpdev_vnd" },
	{ "/dev/rvnd0f", 'c', 0644, 0, 0, 41, 5, NULL, "librumpdev_vnd" },
	{ "/dev/rvnd0g", 'c', 0644, 0, 0, 41, 6, NULL, "librumpdev_vnd" },
	{ "/dev/vnd0a", 'b', 0644, 0, 0, 14, 0, NULL, "librumpdev_vnd" },
	{ "/dev/vnd0b", 'b', 0644, 0, 0, 14, 1, NULL, "librumpdev_vnd" },
	{ "/dev/vnd0c", 'b', 0644, 0, 0, 14, 2, NULL, "librumpdev_vnd" },
	{ "/dev/vnd0d", 'b', 0644, 0, 0, 14, 3, NULL, "librumpdev_vnd" },
	{ "/dev/vnd0e", 'b', 0644, 0, 0, 14, 4, NULL, "librumpdev_vnd" },
	{ "/dev/vnd0f", 'b', 0644, 0, 0, 14, 5, NULL, "librumpdev_vnd" },
	{ "/dev/vnd0g", 'b', 0644, 0, 0, 14, 6, NULL, "librumpdev_vnd" },
	{ "/dev/tap", 'c', 0644, 0, 0, 169, 0xfffff, NULL, "librumpnet_tap" },
	{ "/dev/tap0", 'c', 0644, 0, 0, 169, 0, NULL, "librumpnet_tap" },
	{ "/dev/tap1", 'c', 0644, 0, 0, 169, 1, NULL, "librumpnet_tap" },
	{ "/dev/tap2", 'c', 0644, 0, 0, 169, 2, NULL, "librumpnet_tap" },
	{ "/dev/tap3", 'c', 0644, 0, 0, 169, 3, NULL, "librumpnet_tap" },
	{ "/dev/npf", 'c', 0644, 0, 0, 255, 0, NULL, "librumpnet_npf" },
	{ "/dev/pci0", 'c', 0640, 0, 0, 83, 0, NULL, "librumpdev_pci" },
	{ "/dev/pci1", 'c', 0640, 0, 0, 83, 1, NULL, "librumpdev_pci" },
	{ "/dev/pci2", 'c', 0640, 0, 0, 83, 2, NULL, "librumpdev_pci" },
	{ "/dev/pci3", 'c', 0640, 0, 0, 83, 3, NULL, "librumpdev_pci" },
	/* one that is there already stays */
	{ "/dev/random", 'c', 0644, 0, 0, 256, 0, NULL,
	    "librumpdev_rnd,librumpnet_npf" },
	{ "/dev/urandom", 'c', 0644, 0, 0, 256, 1, NULL,
	    "librumpdev_rnd,librumpnet_npf" },
	{ "/dev/random", 'c', 0644, 0, 0, 255, 0, NULL, "librumpdev_rnd" },
	{ "/dev/urandom", 'c', 0644, 0, 0, 255, 1, NULL, "librumpdev_rnd" },
	{ "/tmp", 'd', 01777, 0, 0, 0, 0, NULL, NULL },
	{ .dn_path = NULL },
};

static bool
serves(const struct devsw *d, uint32_t number, bool blk)
{
	int major = blk ? d->d_bmajor : d->d_cmajor;

	return major >= 0 && (uint32_t)major == number;
}

/*
 * Numbers are looked up when a device is opened, not on its way to I/O: going through the components each time needs no
 * state that could get out of step with them.
 */
const struct devsw *
dev_find(struct rump_kernel *k, dev_t dev, bool blk)
{
	uint32_t number = major(dev);

	for (size_t i = 0; i < sizeof(base_devsw) / sizeof(base_devsw[0]); i++)
		if (serves(base_devsw[i], number, blk))
			return base_devsw[i];
	for (size_t i = 0; kern_components[i] != NULL; i++) {
		const struct devsw *const *d = kern_components[i]->c_devsw;

		if (d == NULL || i >= sizeof(k->k_have) || !k->k_have[i])
			continue;
		for (; *d != NULL; d++)
			if (serves(*d, number, blk))
				return *d;
	}
	for (const struct devsw *const *d = k->k_config.kc_devsw;
	     d != NULL && *d != NULL; d++)
		if (serves(*d, number, blk))
			return *d;
	return NULL;
}

int
dev_open(struct lwp *l, dev_t dev, bool blk, int flags)
{
	const struct devsw *d = dev_find(l->l_k, dev, blk);

	if (d == NULL)
		return -ENXIO;
	return d->d_open == NULL ? 0 : d->d_open(l, dev, blk, flags);
}

int
dev_close(struct lwp *l, dev_t dev, bool blk, int flags)
{
	const struct devsw *d = dev_find(l->l_k, dev, blk);

	if (d == NULL)
		return -ENXIO;
	return d->d_close == NULL ? 0 : d->d_close(l, dev, blk, flags);
}

int
dev_clone(struct lwp *l, dev_t dev, int flags, struct file *fp)
{
	const struct devsw *d = dev_find(l->l_k, dev, false);

	return d == NULL || d->d_clone == NULL ? 1 :
						 d->d_clone(l, dev, flags, fp);
}

int
dev_read(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	const struct devsw *d = dev_find(l->l_k, dev, false);

	if (d == NULL || d->d_read == NULL)
		return -ENXIO;
	return d->d_read(l, dev, uio, flags);
}

int
dev_write(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	const struct devsw *d = dev_find(l->l_k, dev, false);

	if (d == NULL || d->d_write == NULL)
		return -ENXIO;
	return d->d_write(l, dev, uio, flags);
}

int
dev_ioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	const struct devsw *d = dev_find(l->l_k, dev, blk);

	if (d == NULL)
		return -ENXIO;
	if (d->d_ioctl == NULL)
		return -ENOTTY;
	return d->d_ioctl(l, dev, blk, cmd, data, flags);
}

int
dev_poll(struct lwp *l, dev_t dev, int events)
{
	const struct devsw *d = dev_find(l->l_k, dev, false);

	if (d == NULL)
		return POLLERR;
	if (d->d_poll != NULL)
		return d->d_poll(l, dev, events);
	return events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
}

int
dev_kqfilter(struct lwp *l, dev_t dev, struct knote *kn)
{
	const struct devsw *d = dev_find(l->l_k, dev, false);

	if (d == NULL)
		return -ENXIO;
	return d->d_kqfilter == NULL ? -EINVAL : d->d_kqfilter(l, dev, kn);
}

int
dev_blkdev(struct lwp *l, dev_t dev, struct blkdev **bp)
{
	const struct devsw *d = dev_find(l->l_k, dev, true);

	*bp = NULL;
	if (d == NULL || d->d_blkdev == NULL)
		return -ENXIO;
	return d->d_blkdev(l, dev, bp);
}
