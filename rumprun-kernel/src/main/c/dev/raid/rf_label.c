/* SPDX-License-Identifier: BSD-2-Clause */
/* Component labels: 1024 bytes, 16 KiB from the start of a component, in this machine's byte order. */
#include "dev/raid/rf_var.h"
#include <limits.h>

#define LABEL_TRIES 3

_Static_assert(sizeof(struct RF_ComponentLabel_s) == 392, "as on the medium");

uint64_t
rf_map_offset(uint32_t secsize)
{
	return RF_LABEL_OFFSET +
	    (secsize > RF_LABEL_ROOM ? secsize : RF_LABEL_ROOM);
}

int
rf_label_read(struct blkdev *d, struct RF_ComponentLabel_s *label)
{
	return blkdev_read(d, label, sizeof(*label), RF_LABEL_OFFSET);
}

int
rf_label_write(struct blkdev *d, const struct RF_ComponentLabel_s *label)
{
	uint8_t room[RF_LABEL_ROOM] = { 0 };

	memcpy(room, label, sizeof(*label));
	return blkdev_write(d, room, sizeof(room), RF_LABEL_OFFSET);
}

uint64_t
rf_label_numblocks(const struct RF_ComponentLabel_s *label)
{
	return (uint64_t)label->numBlocksHi << 32 | label->__numBlocks;
}

static bool
level_fits(const struct RF_ComponentLabel_s *l)
{
	switch (l->parityConfig) {
	case '0':
		return true;
	case '1':
		return l->num_columns == 2;
	case '4':
	case '5':
		return l->num_columns >= 2;
	default:
		return false;
	}
}

bool
rf_label_sane(
    const struct RF_ComponentLabel_s *l, uint64_t size, uint32_t secsize)
{
	uint64_t blocks = rf_label_numblocks(l), all = size / secsize;

	if (l->version != RF_LABEL_VERSION || l->row != 0 || l->num_rows != 1)
		return false;
	if (l->num_columns < 1 || l->num_columns > RF_MAXCOL || l->column < 0 ||
	    l->column >= l->num_columns || !level_fits(l))
		return false;
	if (l->blockSize != (int)secsize || l->sectPerSU <= 0 ||
	    (uint64_t)l->sectPerSU * secsize > RF_MAXUNIT)
		return false;
	return all > RF_PROTECTED_SECTORS &&
	    blocks <= all - RF_PROTECTED_SECTORS &&
	    blocks >= (uint64_t)l->sectPerSU;
}

bool
rf_label_sameset(
    const struct RF_ComponentLabel_s *a, const struct RF_ComponentLabel_s *b)
{
	return a->serial_number == b->serial_number &&
	    a->num_columns == b->num_columns && a->sectPerSU == b->sectPerSU &&
	    a->parityConfig == b->parityConfig &&
	    a->blockSize == b->blockSize &&
	    rf_label_numblocks(a) == rf_label_numblocks(b);
}

static void
fill_map(const struct rf_set *r, struct RF_ComponentLabel_s *l)
{
	const struct rf_paritymap *pm = r->r_pm;

	l->parity_map_flags = 0;
	l->parity_map_modcount = 0;
	if (pm == NULL)
		return;
	l->parity_map_ntick = pm->pm_cooldown;
	l->parity_map_tickms = pm->pm_tickms;
	l->parity_map_regions = pm->pm_regions;
	if (pm->pm_nextdisabled)
		l->parity_map_flags |= RF_PMLABEL_DISABLE;
	if (pm->pm_enabled) {
		l->parity_map_flags |= RF_PMLABEL_VALID | RF_PMLABEL_WASUSED;
		l->parity_map_modcount = r->r_modcounter;
	}
}

void
rf_label_fill(struct rf_set *r, struct rf_comp *c, unsigned col, bool clean)
{
	struct RF_ComponentLabel_s *l = &c->c_label;
	uint64_t all = c->c_size / r->r_secsize;

	l->version = RF_LABEL_VERSION;
	l->serial_number = r->r_serial;
	l->mod_counter = r->r_modcounter;
	l->row = 0;
	l->column = (int)col;
	l->num_rows = 1;
	l->num_columns = (int)r->r_ncols;
	l->clean = clean;
	l->status = rf_ds_optimal;
	l->sectPerSU = r->r_sectpersu;
	l->SUsPerPU = r->r_suspersparity;
	l->SUsPerRU = r->r_suspersrecon;
	l->parityConfig = r->r_level;
	l->maxOutstanding = r->r_queue;
	l->blockSize = (int)r->r_secsize;
	l->__numBlocks = (uint32_t)r->r_numblocks;
	l->numBlocksHi = (uint32_t)(r->r_numblocks >> 32);
	l->__partitionSize = (uint32_t)all;
	l->partitionSizeHi = (uint32_t)(all >> 32);
	l->autoconfigure = r->r_autoconfig;
	l->root_partition = r->r_rootpart;
	l->last_unit = r->r_lastunit;
	l->config_order = r->r_order;
	fill_map(r, l);
}

void
rf_labels_update(struct rf_set *r, const struct rf_comp *but, bool clean)
{
	if (r->r_modcounter < INT_MAX)
		r->r_modcounter++;
	for (unsigned i = 0; i < r->r_ncols; i++) {
		struct rf_col *rc = &r->r_cols[i];
		struct rf_comp *c = rc->rc_comp;

		if (c == NULL || c == but || atomic_load(&rc->rc_dead) ||
		    c->c_dev == NULL)
			continue;
		rf_label_fill(r, c, i, clean);
		/* Who cannot take his label is behind the others, and failed at the next configuration. */
		for (int tries = 0; tries < LABEL_TRIES; tries++)
			if (rf_label_write(c->c_dev, &c->c_label) == 0 &&
			    blkdev_sync(c->c_dev) == 0)
				break;
	}
}
