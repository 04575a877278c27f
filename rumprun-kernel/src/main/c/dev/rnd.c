/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rnd(4). Bytes come from the kernel's generator, which is the host's: it never runs dry, so random and urandom are the same, and what users
 * add is counted, and dropped. There is one source, the host. Its flags can be set and read; they change nothing.
 *
 * NetBSD's rump kernels give the driver a character major at run time, the last that is free: 255, or 256 when npf has that.
 */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include <netbsd/rnd.h>
#include "dev/dev.h"
#include "dev/rnd.h"

#define RND_RANDOM 0
#define RND_URANDOM 1
#define POOL_BITS 4096
#define THRESHOLD_BYTES 20
#define PIECE 4096
#define RND_ANY_TYPE 0xff

struct rnd_state {
	struct kmutex rs_lock;
	rndsource_t rs_source; /* total: bits given by it */
	uint64_t rs_added, rs_removed;
};

int
rnd_attach(struct rump_kernel *k)
{
	struct rnd_state *rs = kmem_zalloc(k, sizeof(*rs));

	if (rs == NULL)
		return -ENOMEM;
	memcpy(rs->rs_source.name, "host", 5);
	rs->rs_source.type = RND_TYPE_RNG;
	rs->rs_source.flags = RND_FLAG_COLLECT_VALUE | RND_FLAG_ESTIMATE_VALUE;
	k->k_rnd = rs;
	return 0;
}

void
rnd_detach(struct rump_kernel *k)
{
	if (k->k_rnd != NULL)
		kmem_free(k, k->k_rnd, sizeof(*k->k_rnd));
	k->k_rnd = NULL;
}

static int
rnd_open(struct lwp *l, dev_t dev, bool blk, int flags)
{
	(void)blk, (void)flags;
	if (l->l_k->k_rnd == NULL || minor(dev) > RND_URANDOM)
		return -ENXIO;
	return 0;
}

static void
count(struct rnd_state *rs, uint64_t bytes)
{
	kmutex_enter(&rs->rs_lock);
	rs->rs_source.total += (uint32_t)bytes * 8;
	rs->rs_removed += bytes * 8;
	kmutex_exit(&rs->rs_lock);
}

static int
rnd_read(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	uint8_t *buf = kmem_alloc(l->l_k, PIECE);
	uint64_t before = uio->uio_resid;
	int error = 0;

	(void)dev, (void)flags;
	if (buf == NULL)
		return -ENOMEM;
	while (uio->uio_resid > 0 && error == 0) {
		size_t n = uio->uio_resid < PIECE ? uio->uio_resid : PIECE;

		kern_random(l->l_k, buf, n);
		error = uiomove(buf, n, uio);
		if ((atomic_load(&l->l_flags) & (L_EXIT | L_INTR)) != 0 ||
		    kern_halting(l->l_k))
			break; /* what there is until then */
	}
	memset(buf, 0, PIECE);
	kmem_free(l->l_k, buf, PIECE);
	count(l->l_k->k_rnd, before - uio->uio_resid);
	return before != uio->uio_resid ? 0 : error;
}

static int
rnd_write(struct lwp *l, dev_t dev, struct uio *uio, int flags)
{
	struct rnd_state *rs = l->l_k->k_rnd;

	(void)dev, (void)flags;
	kmutex_enter(&rs->rs_lock);
	rs->rs_added += (uint64_t)uio->uio_resid * 8;
	kmutex_exit(&rs->rs_lock);
	uio_advance(uio, uio->uio_resid);
	return 0;
}

/* The sources from `start` on, into an array whose count is in the request. */
static int
list_sources(struct rnd_state *rs, rndstat_t *st)
{
	if (st->start > 0) {
		st->count = 0;
		return 0;
	}
	if (st->count > RND_MAXSTATCOUNT)
		return -EINVAL;
	if (st->count == 0)
		return 0;
	st->count = 1;
	memcpy(&st->source[0], &rs->rs_source, sizeof(rs->rs_source));
	return 0;
}

static int
list_estimates(struct rnd_state *rs, rndstat_est_t *st)
{
	if (st->start > 0 || st->count == 0) {
		st->count = 0;
		return 0;
	}
	if (st->count > RND_MAXSTATCOUNT)
		return -EINVAL;
	st->count = 1;
	memset(&st->source[0], 0, sizeof(st->source[0]));
	memcpy(&st->source[0].rt, &rs->rs_source, sizeof(rs->rs_source));
	return 0;
}

static bool
named(const struct rnd_state *rs, const char name[16])
{
	return strncmp(name, rs->rs_source.name, 16) == 0;
}

/* All sources of a type, of which there may be none; without one (0xff) the one of that name, or all. */
static int
control(struct rnd_state *rs, const rndctl_t *c)
{
	bool all = c->type == RND_ANY_TYPE && c->name[0] == '\0';

	if (c->type == RND_ANY_TYPE && !all && !named(rs, c->name))
		return -ENOENT;
	if (c->type == RND_ANY_TYPE || c->type == rs->rs_source.type)
		rs->rs_source.flags = (rs->rs_source.flags & ~c->mask) |
		    (c->flags & c->mask);
	return 0;
}

static void
pool_state(struct rnd_state *rs, rndpoolstat_t *ps)
{
	memset(ps, 0, sizeof(*ps));
	ps->poolsize = POOL_BITS / 32;
	ps->threshold = THRESHOLD_BYTES;
	ps->maxentropy = ps->curentropy = POOL_BITS;
	ps->added = (uint32_t)rs->rs_added;
	ps->removed = (uint32_t)rs->rs_removed;
	ps->discarded = (uint32_t)rs->rs_added;
}

static int
request(struct rnd_state *rs, unsigned long cmd, void *data)
{
	rndpoolstat_t pool;
	rndstat_name_t *sn = data;
	rndstat_est_name_t *en = data;
	const rnddata_t *add = data;
	uint32_t bits = POOL_BITS;

	switch (cmd) {
	case RNDGETENTCNT:
		memcpy(data, &bits, sizeof(bits));
		return 0;
	case RNDGETPOOLSTAT:
		pool_state(rs, &pool);
		memcpy(data, &pool, sizeof(pool));
		return 0;
	case RNDGETSRCNUM:
		return list_sources(rs, data);
	case RNDGETESTNUM:
		return list_estimates(rs, data);
	case RNDGETSRCNAME:
		if (!named(rs, sn->name))
			return -ENOENT;
		memcpy(&sn->source, &rs->rs_source, sizeof(rs->rs_source));
		return 0;
	case RNDGETESTNAME:
		if (!named(rs, en->name))
			return -ENOENT;
		memset(&en->source, 0, sizeof(en->source));
		memcpy(&en->source.rt, &rs->rs_source, sizeof(rs->rs_source));
		return 0;
	case RNDCTL:
		return control(rs, data);
	case RNDADDDATA:
		if (add->len > sizeof(add->data) ||
		    add->entropy > sizeof(add->data) * 8)
			return -EINVAL;
		rs->rs_added += add->entropy;
		return 0;
	}
	return -ENOTTY;
}

static int
rnd_ioctl(struct lwp *l, dev_t dev, bool blk, unsigned long cmd, void *data,
    int flags)
{
	struct rnd_state *rs = l->l_k->k_rnd;
	int error;

	(void)dev, (void)blk;
	if (cmd == FIONBIO || cmd == FIOASYNC)
		return 0;
	if ((cmd == RNDCTL || cmd == RNDADDDATA) && !(flags & FWRITE))
		return -EPERM;
	kmutex_enter(&rs->rs_lock);
	error = request(rs, cmd, data);
	kmutex_exit(&rs->rs_lock);
	return error;
}

static int
rnd_kqfilter(struct lwp *l, dev_t dev, struct knote *kn)
{
	(void)l, (void)dev;
	return kqfilter_true(NULL, kn);
}

#define RND_DEVSW(major)                                                      \
	{                                                                     \
		.d_name = "rnd", .d_bmajor = -1, .d_cmajor = (major),         \
		.d_open = rnd_open, .d_read = rnd_read, .d_write = rnd_write, \
		.d_ioctl = rnd_ioctl, .d_kqfilter = rnd_kqfilter,             \
	}
/* The second is the one that has nodes, when npf is there: who looks for 255 finds npf first then. */
const struct devsw dev_rnd = RND_DEVSW(255), dev_rnd_npf = RND_DEVSW(256);
