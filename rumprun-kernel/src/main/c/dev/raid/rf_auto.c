/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets that configure themselves: labels say so, and as which unit. Here the kernel's disks are there when they are registered, some time after the boot: a unit looks
 * for its set at its first open. Only block devices of etfs are looked at.
 */
#include <netbsd/fcntl.h>
#include "dev/etfs.h"
#include "dev/raid/rf_var.h"
#include "vfs/vnode.h"

#define MAXFOUND 64

struct found {
	char name[RF_NAMELEN];
	struct RF_ComponentLabel_s label;
};

/* Does this disk want to be part of the unit? Nothing is written. */
static bool
probe(struct lwp *l, struct found *f, unsigned unit)
{
	struct RF_ComponentLabel_s *label = &f->label;
	struct vnode *vp;
	struct blkdev *d;
	bool is;

	if (disk_open_under(l, f->name, FREAD, &vp, &d) != 0)
		return false;
	is = rf_label_read(d, label) == 0 &&
	    rf_label_sane(label, d->b_size, d->b_secsize) &&
	    label->autoconfigure == 1 && label->last_unit == (int)unit;
	disk_close_under(l, vp, FREAD);
	return is;
}

static unsigned
look(struct lwp *l, struct found *f, unsigned unit)
{
	unsigned n = 0;
	int error;

	for (unsigned i = 0; n < MAXFOUND; i++) {
		error = etfs_block_key(l->l_k, i, f[n].name, sizeof(f[n].name));
		if (error == -ENOENT)
			break;
		if (error == 0 && probe(l, &f[n], unit))
			n++;
	}
	return n;
}

static bool
together(const struct found *a, const struct found *b)
{
	return rf_label_sameset(&a->label, &b->label) &&
	    a->label.mod_counter == b->label.mod_counter;
}

/* Of the sets that are all there, or would do, the one that was used last. */
static const struct found *
choose(const struct found *f, unsigned n)
{
	const struct found *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		uint64_t columns = 0;
		int count = 0;

		for (unsigned k = 0; k < n; k++)
			if (together(&f[i], &f[k]))
				columns |= (uint64_t)1 << f[k].label.column;
		for (; columns != 0; columns &= columns - 1)
			count++;
		if (count + (f[i].label.parityConfig != '0') <
		    f[i].label.num_columns)
			continue;
		if (best == NULL ||
		    f[i].label.mod_counter > best->label.mod_counter)
			best = &f[i];
	}
	return best;
}

static void
describe(struct RF_Config_s *cf, const struct found *best,
    const struct found *f, unsigned n)
{
	const struct RF_ComponentLabel_s *l = &best->label;

	cf->numRow = 1;
	cf->numCol = l->num_columns;
	for (int c = 0; c < l->num_columns; c++)
		memcpy(cf->devnames[0][c], "absent", sizeof("absent"));
	for (unsigned i = 0; i < n; i++)
		if (together(best, &f[i]))
			memcpy(cf->devnames[0][f[i].label.column], f[i].name,
			    sizeof(f[i].name));
	cf->sectPerSU = l->sectPerSU;
	cf->SUsPerPU = l->SUsPerPU;
	cf->SUsPerRU = l->SUsPerRU;
	cf->parityConfig = (int8_t)l->parityConfig;
	cf->maxOutstandingDiskReqs = (char)l->maxOutstanding;
}

void
rf_autoconfigure(struct lwp *l, struct disk *dk)
{
	struct rf_set *r = dk->dk_priv;
	const struct found *best;
	struct RF_Config_s *cf;
	struct found *f;

	if (r->r_looked)
		return;
	r->r_looked = true;
	f = kmem_calloc(l->l_k, MAXFOUND, sizeof(*f));
	cf = kmem_zalloc(l->l_k, sizeof(*cf));
	if (f != NULL && cf != NULL) {
		unsigned n = look(l, f, dk->dk_unit);

		if ((best = choose(f, n)) != NULL) {
			describe(cf, best, f, n);
			if (rf_configure_from(l, dk, cf) == 0)
				for (unsigned i = 0; i < r->r_ncols; i++)
					r->r_comps[i].c_auto = true;
		}
	}
	if (f != NULL)
		kmem_free(l->l_k, f, MAXFOUND * sizeof(*f));
	if (cf != NULL)
		kmem_free(l->l_k, cf, sizeof(*cf));
}
