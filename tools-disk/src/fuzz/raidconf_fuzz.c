/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing: raid.conf and what drivers answer. A configuration of any text is refused or becomes one that is within the driver's bounds; any answer is shown or refused.
 *
 * An input: a byte that chooses, 'c' a configuration, 's' a driver's answers (of GET_INFO, a label and a parity map, one after the other); the rest is that.
 */
#include "lib/fake_raid.h"
#include "raidctl/raidctl.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct fake_raid f;

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "raidconf: %s\n%s\n", what, f.out);
	abort();
}

static void
check_config(const struct RF_Config_s *c)
{
	must(c->numRow == 1, "rows");
	must(c->numCol > 0 && c->numCol <= RF_MAXCOL, "columns");
	must(c->numSpare >= 0 && c->numSpare <= RF_MAXSPARE, "spares");
	must(c->sectPerSU > 0 && c->SUsPerPU > 0 && c->SUsPerRU > 0, "units");
	must(c->maxOutstandingDiskReqs > 0, "queue");
	for (int i = 0; i < c->numCol; i++)
		must(c->devnames[0][i][0] != '\0' &&
			memchr(c->devnames[0][i], '\0', RAID_NAME) != NULL,
		    "a component's name");
	for (int i = 0; i < c->numSpare; i++)
		must(c->spare_names[i][0] != '\0' &&
			memchr(c->spare_names[i], '\0', RAID_NAME) != NULL,
		    "a spare's name");
}

/* Takes bytes for a value as far as there are some. */
static void
take(const uint8_t **p, size_t *n, void *to, size_t size)
{
	size_t k = *n < size ? *n : size;

	if (k > 0)
		memcpy(to, *p, k);
	*p += k;
	*n -= k;
}

static void
answers(const uint8_t *p, size_t n)
{
	static const char *const lines[] = { "raidctl -s raid0",
		"raidctl -G raid0", "raidctl -vm raid0", "raidctl -S raid0",
		"raidctl -g /d0 raid0", "raidctl -vF /d0 raid0" };

	take(&p, &n, &f.map, sizeof(f.map));
	take(&p, &n, &f.label, sizeof(f.label));
	take(&p, &n, &f.progress, sizeof(f.progress));
	take(&p, &n, &f.info, sizeof(f.info));
	/* Work that has an end. */
	for (int i = 0; i < 3; i++)
		f.progress[i].remaining &= 15;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		(void)fake_raid_run(&f, raidctl_main, lines[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0)
		return 0;
	memset(&f, 0, sizeof(f));
	if (p[0] == 's') {
		answers(p + 1, n - 1);
		return 0;
	}
	f.conf = (const char *)p + 1;
	f.conf_len = n - 1;
	if (fake_raid_run(&f, raidctl_main, "raidctl -C /raid.conf raid0") == 0)
		check_config(&f.config);
	return 0;
}
