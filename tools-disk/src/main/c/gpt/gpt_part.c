/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt add, remove, label, type, uuid and resize: partitions. */
#include "gpt/gpt.h"
#include <inttypes.h>
#include <netbsd/fcntl.h>
#include <string.h>

/* --- add ------------------------------------------------------------------------ */

struct add {
	const char *align, *size, *label;
	uint64_t start, index;
	uint8_t type[16];
};

static uint32_t
free_entry(struct gpt *g, const struct add *a)
{
	if (a->index > g->nent)
		gpt_failx(g, "%s: Index %" PRIu64 " out of range (%u max)",
		    g->name, a->index, g->nent);
	if (a->index != 0 && gpt_used(g, (uint32_t)a->index - 1))
		gpt_failx(g, "%s: Entry at index %" PRIu64 " isn't free",
		    g->name, a->index);
	if (a->index != 0)
		return (uint32_t)a->index - 1;
	for (uint32_t i = 0; i < g->nent; i++)
		if (!gpt_used(g, i))
			return i;
	gpt_failx(g, "%s: No available table entries", g->name);
}

static int
add(struct gpt *g, const struct add *a)
{
	uint64_t align = a->align != NULL ? gpt_sectors(g, a->align, true) : 0;
	uint64_t size = a->size != NULL ? gpt_sectors(g, a->size, false) : 0;
	uint64_t at, got;
	uint32_t i = free_entry(g, a);
	uint8_t *e = gpt_entry(g, i);
	char uuid[UUID_TEXT];

	if (!gpt_room(g, a->start, size, align, &at, &got))
		gpt_failx(g, "%s: %s", g->name,
		    align != 0 ? "No correctly aligned space available on "
				 "device" :
				 "No space available on device");
	memset(e, 0, g->entsz);
	memcpy(e, a->type, 16);
	gpt_uuid_new(g, e + ENT_GUID);
	gpt_put64(e + ENT_FIRST, at);
	gpt_put64(e + ENT_LAST, at + got - 1);
	if (a->label != NULL && !gpt_name_put(e, a->label))
		gpt_failx(g, "%s: Label `%s' is no UTF-8, or too long", g->name,
		    a->label);
	gpt_write(g, false);
	gpt_uuid_print(a->type, uuid);
	gpt_say(g, "Partition %u added: %s %" PRIu64 " %" PRIu64, i + 1, uuid,
	    at, got);
	return 0;
}

int
gpt_cmd_add(struct gpt *g, int argc, char **argv)
{
	struct add a = { 0 };
	const char *dev, *arg;
	bool ok = true;
	int ch;

	gpt_uuid_of("ffs", a.type);
	while (ok && (ch = gpt_option(g, argc, argv, "a:b:i:l:s:t:")) != -1) {
		arg = g->t->t_opt.optarg;
		if (ch == 'a')
			a.align = arg;
		else if (ch == 'b')
			ok = gpt_number(arg, INT64_MAX, &a.start) && a.start > 0;
		else if (ch == 'i')
			ok = gpt_number(arg, UINT32_MAX, &a.index) &&
			    a.index > 0;
		else if (ch == 'l')
			a.label = arg;
		else if (ch == 's')
			a.size = arg;
		else if (ch == 't')
			ok = gpt_uuid_parse(arg, a.type);
		else
			ok = false;
	}
	dev = ok ? gpt_device(g, argc, argv) : NULL;
	if (dev == NULL)
		return -1;
	gpt_open_table(g, dev);
	return add(g, &a);
}

/* --- changes of those that are selected ----------------------------------------- */

struct change {
	struct gpt_find find;
	const char *label;
	bool has_type, has_uuid;
	uint8_t type[16], uuid[16];
};

typedef void change_fn(struct gpt *, const struct change *, uint32_t);

static int
change(struct gpt *g, const struct change *c, const char *dev, change_fn *fn)
{
	uint32_t n = 0;

	if (dev == NULL || (!c->find.all && !c->find.any))
		return -1;
	gpt_open_table(g, dev);
	for (uint32_t i = 0; i < g->nent; i++)
		if (gpt_found(g, &c->find, i)) {
			fn(g, c, i);
			n++;
		}
	if (n > 0)
		gpt_write(g, false);
	return 0;
}

static void
remove_one(struct gpt *g, const struct change *c, uint32_t i)
{
	(void)c;
	/* The rest stays, so that one can have it back. */
	memset(gpt_entry(g, i), 0, 16);
	gpt_say(g, "Partition %u removed", i + 1);
}

int
gpt_cmd_remove(struct gpt *g, int argc, char **argv)
{
	struct change c = { 0 };
	int ch;

	while ((ch = gpt_option(g, argc, argv, GPT_FIND_OPTIONS)) != -1)
		if (!gpt_find_option(g, &c.find, ch))
			return -1;
	return change(g, &c, gpt_device(g, argc, argv), remove_one);
}

static void
label_one(struct gpt *g, const struct change *c, uint32_t i)
{
	if (!gpt_name_put(gpt_entry(g, i), c->label))
		gpt_failx(g, "%s: Label `%s' is no UTF-8, or too long", g->name,
		    c->label);
	gpt_say(g, "Partition %u label changed", i + 1);
}

/* The first line of a file, "-" is standard input. */
static const char *
label_file(struct gpt *g, const char *name)
{
	struct tool *t = g->t;
	char buf[1024];
	size_t n = 0;
	ssize_t got = 1;
	char *line;
	int fd;

	if (strcmp(name, "-") == 0) {
		line = t_getline(t);
		return line != NULL ? line : "";
	}
	fd = sys_open(t, name, O_RDONLY, 0);
	if (fd < 0)
		gpt_fail(g, fd, "Unable to open file %s", name);
	while (got > 0 && n < sizeof(buf) - 1) {
		got = sys_read(t, fd, buf + n, sizeof(buf) - 1 - n);
		if (got > 0)
			n += (size_t)got;
	}
	sys_close(t, fd);
	if (got < 0)
		gpt_fail(g, (int)got, "Can't read file %s", name);
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return t_strdup(t, buf);
}

int
gpt_cmd_label(struct gpt *g, int argc, char **argv)
{
	struct change c = { 0 };
	int ch;

	while ((ch = gpt_option(g, argc, argv, GPT_FIND_OPTIONS "f:l:")) != -1) {
		if (ch == 'f' || ch == 'l') {
			if (c.label != NULL)
				return -1;
			c.label = ch == 'l' ? g->t->t_opt.optarg :
					      label_file(g, g->t->t_opt.optarg);
		} else if (!gpt_find_option(g, &c.find, ch))
			return -1;
	}
	if (c.label == NULL)
		return -1;
	return change(g, &c, gpt_device(g, argc, argv), label_one);
}

static void
type_one(struct gpt *g, const struct change *c, uint32_t i)
{
	memcpy(gpt_entry(g, i), c->type, 16);
	gpt_say(g, "Partition %u type changed", i + 1);
}

static int
list_types(struct gpt *g)
{
	for (const struct gpt_type *ty = gpt_types; ty->name != NULL; ty++)
		t_printf(g->t, "%18s\t%s\n", ty->name, ty->text);
	return 0;
}

int
gpt_cmd_type(struct gpt *g, int argc, char **argv)
{
	static const uint8_t none[16];
	struct change c = { 0 };
	int ch;

	while ((ch = gpt_option(g, argc, argv, GPT_FIND_OPTIONS "lT:")) != -1) {
		if (ch == 'l')
			return list_types(g);
		if (ch == 'T') {
			if (!gpt_uuid_parse(g->t->t_opt.optarg, c.type) ||
			    memcmp(c.type, none, 16) == 0)
				return -1;
			c.has_type = true;
		} else if (!gpt_find_option(g, &c.find, ch))
			return -1;
	}
	if (!c.has_type)
		return -1;
	return change(g, &c, gpt_device(g, argc, argv), type_one);
}

static void
uuid_one(struct gpt *g, const struct change *c, uint32_t i)
{
	uint8_t *u = gpt_entry(g, i) + ENT_GUID;

	if (c->has_uuid)
		memcpy(u, c->uuid, 16);
	else
		gpt_uuid_new(g, u);
	gpt_say(g, "Partition %u UUID changed", i + 1);
}

int
gpt_cmd_uuid(struct gpt *g, int argc, char **argv)
{
	struct change c = { 0 };
	const char *dev;
	int ch;

	while ((ch = gpt_option(g, argc, argv, GPT_FIND_OPTIONS "U:")) != -1) {
		if (ch == 'U') {
			if (!gpt_uuid_parse(g->t->t_opt.optarg, c.uuid))
				return -1;
			c.has_uuid = true;
		} else if (!gpt_find_option(g, &c.find, ch))
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (!c.find.all)
		return change(g, &c, dev, uuid_one);
	/* All get new ones, the disk too. One GUID can't be everybody's. */
	if (dev == NULL || c.has_uuid)
		return -1;
	gpt_open_table(g, dev);
	gpt_uuid_new(g, g->guid);
	for (uint32_t i = 0; i < g->nent; i++)
		if (gpt_used(g, i))
			uuid_one(g, &c, i);
	gpt_write(g, false);
	return 0;
}

/* --- resize --------------------------------------------------------------------- */

static int
resize(struct gpt *g, uint32_t i, const char *align_text, const char *size_text,
    bool quiet)
{
	uint8_t *e = gpt_entry(g, i);
	uint64_t first = gpt_le64(e + ENT_FIRST), limit = gpt_limit(g, i);
	uint64_t align = align_text != NULL ? gpt_sectors(g, align_text, true) :
					      1;
	uint64_t size;

	if (first < g->first || first >= limit)
		gpt_failx(g, "%s: Partition %u is out of place", g->name, i + 1);
	size = size_text != NULL ? gpt_sectors(g, size_text, false) :
				   limit - first;
	if (size_text == NULL)
		size -= size % align;
	else if (size % align != 0)
		size += align - size % align;
	if (size == 0 || size > limit - first)
		gpt_failx(g,
		    "%s: Could not allocate the space for partition "
		    "%u",
		    g->name, i + 1);
	if (size == gpt_size(g, i)) {
		if (!quiet)
			gpt_say(g,
			    "Partition %u does not need resizing: %" PRIu64
			    " %" PRIu64,
			    i + 1, first, size);
		return 0;
	}
	gpt_put64(e + ENT_LAST, first + size - 1);
	gpt_write(g, false);
	gpt_say(g, "Partition %u resized: %" PRIu64 " %" PRIu64, i + 1, first,
	    size);
	return 0;
}

int
gpt_cmd_resize(struct gpt *g, int argc, char **argv)
{
	const char *align = NULL, *size = NULL, *dev;
	struct gpt_find f = { 0 };
	bool quiet = false;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "a:b:i:qs:")) != -1) {
		if (ch == 'a')
			align = g->t->t_opt.optarg;
		else if (ch == 's')
			size = g->t->t_opt.optarg;
		else if (ch == 'q')
			quiet = true;
		else if (!gpt_find_option(g, &f, ch))
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL || !f.any)
		return -1;
	gpt_open_table(g, dev);
	return resize(g, gpt_one(g, &f), align, size, quiet);
}
