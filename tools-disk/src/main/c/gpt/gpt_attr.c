/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt set and gpt unset: attributes of partitions. */
#include "gpt/gpt.h"
#include <string.h>

static const struct {
	uint64_t bit;
	const char *name, *text;
} attrs[] = {
	{ GPT_ENT_ATTR_LEGACY_BIOS_BOOTABLE, "biosboot",
	    "Legacy BIOS boot partition" },
	{ GPT_ENT_ATTR_BOOTFAILED, "bootfailed",
	    "The partition couldn't be booted" },
	{ GPT_ENT_ATTR_BOOTME, "bootme", "The partition to be booted" },
	{ GPT_ENT_ATTR_BOOTONCE, "bootonce", "The partition to be booted once" },
	{ GPT_ENT_ATTR_NO_BLOCK_IO_PROTOCOL, "noblockio",
	    "UEFI shall not make it a block device" },
	{ GPT_ENT_ATTR_REQUIRED_PARTITION, "required",
	    "The platform needs the partition" },
};
#define NATTRS (sizeof(attrs) / sizeof(attrs[0]))

void
gpt_attr_print(struct gpt *g, uint64_t attr)
{
	bool any = false;

	for (size_t i = 0; i < NATTRS; i++)
		if ((attr & attrs[i].bit) != 0) {
			t_printf(g->t, "%s%s", any ? ", " : "", attrs[i].name);
			any = true;
		}
	if (!any)
		t_printf(g->t, "None");
}

/* Names with commas between; 0: one is unknown. */
static uint64_t
parse(const char *s)
{
	uint64_t all = 0, bit;

	for (;;) {
		size_t n = strcspn(s, ",");

		bit = 0;
		for (size_t i = 0; i < NATTRS; i++)
			if (strlen(attrs[i].name) == n &&
			    memcmp(attrs[i].name, s, n) == 0)
				bit = attrs[i].bit;
		if (bit == 0)
			return 0;
		all |= bit;
		if (s[n] == '\0')
			return all;
		s += n + 1;
	}
}

static int
list(struct gpt *g)
{
	for (size_t i = 0; i < NATTRS; i++)
		t_printf(g->t, "%12s\t%s\n", attrs[i].name, attrs[i].text);
	return 0;
}

static int
change(struct gpt *g, int argc, char **argv, bool set)
{
	struct gpt_find f = { 0 };
	uint64_t bits = 0, bit, now;
	const char *dev;
	bool clear = false;
	uint8_t *e;
	uint32_t i;
	int ch;

	while ((ch = gpt_option(g, argc, argv, set ? "a:b:i:lN" : "a:b:i:l")) !=
	    -1) {
		if (ch == 'a') {
			bit = parse(g->t->t_opt.optarg);
			if (bit == 0)
				gpt_failx(g, "Unrecognized attribute `%s'",
				    g->t->t_opt.optarg);
			bits |= bit;
		} else if (ch == 'N')
			clear = true;
		else if (ch == 'l')
			return list(g);
		else if (!gpt_find_option(g, &f, ch))
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL || !f.any || (bits == 0 && !clear))
		return -1;
	gpt_open_table(g, dev);
	i = gpt_one(g, &f);
	e = gpt_entry(g, i);
	now = clear ? 0 : gpt_le64(e + ENT_ATTR);
	gpt_put64(e + ENT_ATTR, set ? now | bits : now & ~bits);
	gpt_write(g, false);
	gpt_say(g, "Partition %u attributes updated", i + 1);
	return 0;
}

int
gpt_cmd_set(struct gpt *g, int argc, char **argv)
{
	return change(g, argc, argv, true);
}

int
gpt_cmd_unset(struct gpt *g, int argc, char **argv)
{
	return change(g, argc, argv, false);
}
