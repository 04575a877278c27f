/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt show and gpt header. */
#include "gpt/gpt.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BY_TYPE, BY_GUID, BY_LABEL, BY_UUID };

struct show {
	int by;
	bool all, hex;
};

/* "(64M)" */
static const char *
human(struct gpt *g, uint64_t v, const char *suffix)
{
	char buf[8];

	if (v > INT64_MAX ||
	    t_humanize(buf, sizeof(buf) - 2, (int64_t)v, suffix, HN_AUTOSCALE,
		HN_NOSPACE | HN_B) < 0)
		return "";
	return t_asprintf(g->t, " (%s)", buf);
}

static const char *
bytes(struct gpt *g, uint64_t sectors)
{
	return sectors > UINT64_MAX / g->secsz ?
	    "" :
	    human(g, sectors * g->secsz, "");
}

static void
mbr_types(struct gpt *g, const struct gpt_extent *x)
{
	const uint8_t *p = g->mbr + MBR_PART_OFFSET + 16 * x->index;

	t_printf(g->t, "MBR part %u%s", p[4],
	    (p[0] & MBR_PFLAG_ACTIVE) != 0 ? " (active)" : "");
}

static void
part(struct gpt *g, const struct show *s, const uint8_t *e)
{
	const struct gpt_type *type = gpt_type(e);
	char name[GPT_NAME_UTF8], uuid[UUID_TEXT];

	if (s->by == BY_LABEL) {
		gpt_name_get(e, name);
		t_printf(g->t, "GPT part - \"%s\"", name);
		return;
	}
	gpt_uuid_print(e + (s->by == BY_GUID ? ENT_GUID : ENT_TYPE), uuid);
	t_printf(g->t, "GPT part - %s",
	    s->by == BY_TYPE && type != NULL ? type->text : uuid);
}

static void
contents(struct gpt *g, const struct show *s, const struct gpt_extent *x)
{
	static const char *const fixed[] = { [GPT_FREE] = "",
		[GPT_MBR] = "MBR",
		[GPT_PRI_HDR] = "Pri GPT header",
		[GPT_PRI_TBL] = "Pri GPT table",
		[GPT_SEC_HDR] = "Sec GPT header",
		[GPT_SEC_TBL] = "Sec GPT table" };

	switch (x->kind) {
	case GPT_PMBR:
		t_printf(g->t, "PMBR%s",
		    (g->mbr[MBR_PART_OFFSET] & MBR_PFLAG_ACTIVE) != 0 ?
			" (active)" :
			"");
		break;
	case GPT_PART:
		part(g, s, gpt_entry(g, x->index));
		break;
	case GPT_MBR_PART:
		mbr_types(g, x);
		break;
	default:
		t_printf(g->t, "%s", fixed[x->kind]);
		break;
	}
}

static void
number(struct gpt *g, const struct show *s, int width, uint64_t v)
{
	if (s->hex)
		t_printf(g->t, "  %*" PRIx64, width, v);
	else
		t_printf(g->t, "  %*" PRIu64, width, v);
}

static void
overall(struct gpt *g, const struct show *s)
{
	struct tool *t = g->t;
	struct gpt_map m;
	int width = snprintf(NULL, 0, "%" PRIu64, g->blocks - 1);

	if (width < 5)
		width = 5;
	t_printf(
	    t, "  %*s  %*s  index  contents\n", width, "start", width, "size");
	gpt_map(g, &m);
	for (size_t i = 0; i < m.n; i++) {
		number(g, s, width, m.x[i].start);
		number(g, s, width, m.x[i].size);
		if (m.x[i].kind == GPT_PART || m.x[i].kind == GPT_MBR_PART)
			t_printf(t, "  %5u  ", m.x[i].index + 1);
		else
			t_printf(t, "         ");
		contents(g, s, &m.x[i]);
		t_printf(t, "\n");
	}
}

static void
details(struct gpt *g, uint32_t i)
{
	const uint8_t *e = gpt_entry(g, i);
	const struct gpt_type *type = gpt_type(e);
	struct tool *t = g->t;
	char name[GPT_NAME_UTF8], uuid[UUID_TEXT];
	uint64_t first = gpt_le64(e + ENT_FIRST), size = gpt_size(g, i);

	t_printf(t, "Details for index %u:\n", i + 1);
	t_printf(t, "Start: %" PRIu64 "%s\n", first, bytes(g, first));
	t_printf(t, "Size: %" PRIu64 "%s\n", size, bytes(g, size));
	gpt_uuid_print(e, uuid);
	t_printf(
	    t, "Type: %s (%s)\n", type != NULL ? type->name : "unknown", uuid);
	gpt_uuid_print(e + ENT_GUID, uuid);
	t_printf(t, "GUID: %s\n", uuid);
	gpt_name_get(e, name);
	t_printf(t, "Label: %s\n", name);
	t_printf(t, "Attributes: ");
	gpt_attr_print(g, gpt_le64(e + ENT_ATTR));
	t_printf(t, "\n");
}

static int
detailed(struct gpt *g, const struct show *s, const struct gpt_find *f)
{
	if (g->table == NULL)
		gpt_failx(g, "%s: No GPT header", g->name);
	if (!s->all) {
		details(g, gpt_one(g, f));
		return 0;
	}
	for (uint32_t i = 0, n = 0; i < g->nent; i++)
		if (gpt_used(g, i)) {
			if (n++ > 0)
				t_printf(g->t, "\n");
			details(g, i);
		}
	return 0;
}

int
gpt_cmd_show(struct gpt *g, int argc, char **argv)
{
	struct gpt_find f = { 0 };
	struct show s = { 0 };
	const char *dev;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "agi:b:lux")) != -1)
		switch (ch) {
		case 'a':
			s.all = true;
			break;
		case 'g':
			s.by = s.by == BY_LABEL ? BY_LABEL : BY_GUID;
			break;
		case 'l':
			s.by = BY_LABEL;
			break;
		case 'u':
			s.by = s.by == BY_TYPE ? BY_UUID : s.by;
			break;
		case 'x':
			s.hex = true;
			break;
		default:
			if (!gpt_find_option(g, &f, ch))
				return -1;
		}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL)
		return -1;
	gpt_open(g, dev);
	if (s.all || f.any)
		return detailed(g, &s, &f);
	overall(g, &s);
	return 0;
}

int
gpt_cmd_header(struct gpt *g, int argc, char **argv)
{
	struct tool *t = g->t;
	const char *dev;
	char uuid[UUID_TEXT];

	if (gpt_option(g, argc, argv, "") != -1 ||
	    (dev = gpt_device(g, argc, argv)) == NULL)
		return -1;
	gpt_open(g, dev);
	t_printf(t, "Media Size: %" PRIu64 "%s\n", g->mediasz,
	    human(g, g->mediasz, ""));
	t_printf(t, "Sector Size: %u\n", g->secsz);
	t_printf(t, "Number of Sectors: %" PRIu64 "%s\n\nHeader Information:\n",
	    g->blocks, human(g, g->blocks, ""));
	if (g->table == NULL) {
		t_printf(t, "- GPT Header not found\n");
		return 1;
	}
	t_printf(t, "- GPT Header Revision: %u.%u\n", GPT_HDR_REVISION >> 16,
	    GPT_HDR_REVISION & 0xffff);
	t_printf(t, "- First Data Sector: %" PRIu64 "%s\n", g->first,
	    bytes(g, g->first));
	t_printf(t, "- Last Data Sector: %" PRIu64 "%s\n", g->last,
	    bytes(g, g->last));
	gpt_uuid_print(g->guid, uuid);
	t_printf(t, "- Media GUID: %s\n", uuid);
	t_printf(t, "- Number of GPT Entries: %u\n", g->nent);
	return 0;
}
