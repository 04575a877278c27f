/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory devices: null swallows and is empty, zero swallows and gives zeros. There is no memory to look into. */
#include <netbsd/stat.h>
#include "dev/dev.h"

#define MEM_MAJOR 2
#define MEM_NULL 2
#define MEM_ZERO 12

static int
mem_open(struct lwp *l, dev_t dev, bool blk, int flags)
{
	(void)l, (void)blk, (void)flags;
	return minor(dev) == MEM_NULL || minor(dev) == MEM_ZERO ? 0 : -ENXIO;
}

static int
mem_read(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	(void)l, (void)flags;
	return minor(dev) == MEM_ZERO ? uiomove_zero(uio->uio_resid, uio) : 0;
}

static int
mem_write(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	(void)l, (void)dev, (void)flags;
	uio_advance(uio, uio->uio_resid);
	return 0;
}

/* Not even to be made non-blocking. */
static int
mem_ioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	(void)l, (void)dev, (void)blk, (void)cmd, (void)data, (void)flags;
	return -ENODEV;
}

static int
mem_kqfilter(struct lwp *l, dev_t dev, struct knote *kn)
{
	(void)l, (void)dev;
	return kqfilter_true(NULL, kn);
}

const struct devsw dev_mem = {
	.d_name = "mem",
	.d_bmajor = -1,
	.d_cmajor = MEM_MAJOR,
	.d_open = mem_open,
	.d_read = mem_read,
	.d_write = mem_write,
	.d_ioctl = mem_ioctl,
	.d_kqfilter = mem_kqfilter,
};
