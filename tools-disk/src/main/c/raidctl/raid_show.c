/* SPDX-License-Identifier: BSD-2-Clause */
/* What a RAID set is like: its components, their labels, parity, and the map of regions in which parity may be wrong. */
#include "raidctl/raidctl.h"
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *
state(int32_t status)
{
	static const char *const names[] = { "optimal", "failed",
		"reconstructing", "dist_spared", "spared", "spare",
		"used_spare", "rebuilding_spare" };

	if (status < 0 || (size_t)status >= sizeof(names) / sizeof(names[0]))
		return "unknown";
	return names[status];
}

/* --- labels --------------------------------------------------------------------- */

void
raid_get_label(struct raidctl *rc, int number, struct RF_ComponentLabel_s *l)
{
	void *p = l;

	memset(l, 0, sizeof(*l));
	l->column = number;
	RAID_IOCTL(rc, RAIDFRAME_GET_COMPONENT_LABEL, &p);
	/* A letter that is printed. */
	if (l->parityConfig < 0 || l->parityConfig > 0x7e ||
	    isgraph(l->parityConfig) == 0)
		l->parityConfig = '?';
}

void
raid_label(struct raidctl *rc, const char *component, int number)
{
	static const char *const roots[] = { "No", "Force", "Soft",
		"*invalid*" };
	struct RF_ComponentLabel_s l;
	struct tool *t = rc->t;

	raid_get_label(rc, number, &l);
	t_printf(t, "Component label for %s:\n", component);
	t_printf(t, "   Row: %d, Column: %d, Num Rows: %d, Num Columns: %d\n",
	    l.row, l.column, l.num_rows, l.num_columns);
	t_printf(t, "   Version: %d, Serial Number: %u, Mod Counter: %d\n",
	    l.version, (unsigned)l.serial_number, l.mod_counter);
	t_printf(t, "   Clean: %s, Status: %d\n", l.clean != 0 ? "Yes" : "No",
	    l.status);
	t_printf(t, "   sectPerSU: %d, SUsPerPU: %d, SUsPerRU: %d\n",
	    l.sectPerSU, l.SUsPerPU, l.SUsPerRU);
	t_printf(t, "   Queue size: %d, blocksize: %d, numBlocks: %" PRIu64 "\n",
	    l.maxOutstanding, l.blockSize,
	    (uint64_t)l.numBlocksHi << 32 | l.__numBlocks);
	t_printf(t, "   RAID Level: %c\n", l.parityConfig);
	t_printf(t, "   Autoconfig: %s\n", l.autoconfigure != 0 ? "Yes" : "No");
	t_printf(t, "   Root partition: %s\n", roots[l.root_partition & 3]);
	t_printf(t, "   Last configured as: raid%d\n", l.last_unit);
}

static void
label_or_not(
    struct raidctl *rc, const struct RF_RaidDisk_s *d, int number, bool has)
{
	if (has)
		raid_label(rc, d->devname, number);
	else
		t_printf(rc->t, "%s status is: %s.  Skipping label.\n",
		    d->devname, state(d->status));
}

/* --- the set -------------------------------------------------------------------- */

static bool
parity_good(struct raidctl *rc)
{
	int good = 0;

	RAID_IOCTL(rc, RAIDFRAME_CHECK_PARITY, &good);
	return good != 0;
}

bool
raid_parity(struct raidctl *rc)
{
	bool good = parity_good(rc);

	t_printf(rc->t, "%s: Parity status: %s\n", rc->name,
	    good ? "clean" : "DIRTY");
	return good;
}

void
raid_status(struct raidctl *rc)
{
	struct RF_DeviceConfig_s *c = raid_info(rc);
	struct tool *t = rc->t;

	t_printf(t, "Components:\n");
	for (int i = 0; i < c->ndevs; i++)
		t_printf(t, "%20s: %s\n", c->devs[i].devname,
		    state(c->devs[i].status));
	t_printf(t, "%s\n", c->nspares > 0 ? "Spares:" : "No spares.");
	for (int i = 0; i < c->nspares; i++)
		t_printf(t, "%20s: %s\n", c->spares[i].devname,
		    state(c->spares[i].status));
	for (int i = 0; i < c->ndevs; i++)
		label_or_not(
		    rc, &c->devs[i], i, c->devs[i].status == rf_ds_optimal);
	for (int i = 0; i < c->nspares; i++)
		label_or_not(rc, &c->spares[i], (int)c->cols + i,
		    c->spares[i].status == rf_ds_optimal ||
			c->spares[i].status == rf_ds_used_spare);
	t_printf(t, "Parity status: %s\n", parity_good(rc) ? "clean" : "DIRTY");
	raid_progress(rc, false);
}

/* --- the parity map ------------------------------------------------------------- */

static void
print_map(struct tool *t, const uint8_t *map, unsigned regions)
{
	for (unsigned i = 0; i < (regions + 7) / 8; i++)
		t_printf(t, "%02x%s", map[i],
		    i % 32 == 31 || i + 1 == (regions + 7) / 8 ? "\n" : "");
}

void
raid_map_status(struct raidctl *rc)
{
	struct rf_pmstat st;
	struct tool *t = rc->t;
	const uint8_t *map = (const uint8_t *)st.dirty;
	unsigned regions, dirty = 0;
	char size[6];

	memset(&st, 0, sizeof(st));
	RAID_IOCTL(rc, RAIDFRAME_PARITYMAP_STATUS, &st);
	if (st.enabled == 0) {
		t_printf(t, "%s: Parity map disabled\n", rc->name);
		return;
	}
	regions = st.params.regions;
	if (regions > RF_PARITYMAP_NREG)
		regions = RF_PARITYMAP_NREG;
	for (unsigned i = 0; i < regions; i++)
		dirty += map[i / 8] >> i % 8 & 1;
	if (st.region_size < 0 || st.region_size > INT64_MAX / 512 ||
	    t_humanize(size, sizeof(size), st.region_size * 512, "B",
		HN_AUTOSCALE, HN_DECIMAL | HN_NOSPACE) < 0)
		memcpy(size, "?", 2);
	t_printf(t, "%s: parity map enabled with %u regions of %s\n", rc->name,
	    regions, size);
	t_printf(t, "%s: regions marked clean after %d intervals of %d.%03ds\n",
	    rc->name, st.params.cooldown, st.params.tickms / 1000,
	    st.params.tickms < 0 ? 0 : st.params.tickms % 1000);
	t_printf(t,
	    "%s: write/sync/clean counters %" PRIu64 "/%" PRIu64 "/%" PRIu64
	    "\n",
	    rc->name, st.ctrs.nwrite, st.ctrs.ncachesync, st.ctrs.nclearing);
	t_printf(t, "%s: %u dirty region%s\n", rc->name, dirty,
	    dirty == 1 ? "" : "s");
	if (rc->verbose)
		print_map(t, map, regions);
}

bool
raid_map_set(struct raidctl *rc, const char *arg, char **params, int n)
{
	struct rf_pmparams p = { 0 };
	int disable = strcmp(arg, "no") == 0, value[3] = { 0 };

	if (strcmp(arg, "set") != 0) {
		if (n != 0 || (!disable && strcmp(arg, "yes") != 0))
			return false;
		RAID_IOCTL(rc, RAIDFRAME_PARITYMAP_SET_DISABLE, &disable);
		t_printf(rc->t, "%s: Parity map: %s on next configure\n",
		    rc->dev, disable != 0 ? "disabled" : "enabled");
		return true;
	}
	if (n < 1 || n > 3)
		return false;
	/* 0 or a parameter left out: as it is. */
	for (int i = 0; i < n; i++) {
		char *end;
		long v = strtol(params[i], &end, 0);

		if (end == params[i] || *end != '\0' || v < 0 || v > INT_MAX)
			t_errx(rc->t, 1, "Bad number `%s'", params[i]);
		value[i] = (int)v;
	}
	p.cooldown = value[0];
	p.tickms = value[1];
	p.regions = (unsigned)value[2];
	RAID_IOCTL(rc, RAIDFRAME_PARITYMAP_SET_PARAMS, &p);
	return true;
}
