/* SPDX-License-Identifier: BSD-2-Clause */
/* gpt backup and gpt restore: tables as property lists. */
#include "gpt/gpt.h"
#include <inttypes.h>
#include <netbsd/fcntl.h>
#include <rumprun/plist.h>
#include <string.h>

#define PLIST_MAX ((size_t)16 << 20)

static void *
plist_alloc(void *arg, size_t n)
{
	return t_malloc(arg, n);
}

static void
plist_release(void *arg, void *p, size_t n)
{
	(void)n;
	t_free(arg, p);
}

static struct plist_mem
plist_memory(struct gpt *g)
{
	return (struct plist_mem){ plist_alloc, plist_release, g->t, 0 };
}

/* --- backup --------------------------------------------------------------------- */

static void
put_uuid(struct plist *d, const char *key, const uint8_t *u)
{
	char text[UUID_TEXT];

	gpt_uuid_print(u, text);
	plist_set_string(d, key, text);
}

static void
backup_mbr(struct gpt *g, struct plist *all)
{
	struct plist *mbr = plist_set_dict(all, "MBR");
	struct plist *list;

	plist_set_data(mbr, "code", g->mbr, MBR_PART_OFFSET);
	list = plist_set_array(mbr, "mbr_array");
	for (int i = 0; i < MBR_PART_COUNT; i++) {
		const uint8_t *p = g->mbr + MBR_PART_OFFSET + 16 * i;
		struct plist *d;

		if (p[4] == 0)
			continue;
		d = plist_append_dict(list);
		plist_set_int(d, "index", i);
		plist_set_int(d, "flag", p[0]);
		plist_set_data(d, "chs",
		    (const uint8_t[]){ p[1], p[2], p[3], p[5], p[6], p[7] }, 6);
		plist_set_int(d, "type", p[4]);
		plist_set_int(d, "lba_start", gpt_le32(p + 8));
		plist_set_int(d, "lba_size", gpt_le32(p + 12));
	}
}

static void
backup_gpt(struct gpt *g, struct plist *all)
{
	struct plist *hdr = plist_set_dict(all, "GPT_HDR");
	struct plist *tbl = plist_set_dict(all, "GPT_TBL");
	struct plist *list = plist_set_array(tbl, "gpt_array");
	char name[GPT_NAME_UTF8];

	plist_set_int(hdr, "entries", g->nent);
	put_uuid(hdr, "guid", g->guid);
	plist_set_int(hdr, "revision", GPT_HDR_REVISION);
	for (uint32_t i = 0; i < g->nent; i++) {
		const uint8_t *e = gpt_entry(g, i);
		struct plist *d;

		if (!gpt_used(g, i))
			continue;
		d = plist_append_dict(list);
		plist_set_int(d, "index", i + 1);
		put_uuid(d, "type", e + ENT_TYPE);
		put_uuid(d, "guid", e + ENT_GUID);
		plist_set_uint(d, "start", gpt_le64(e + ENT_FIRST));
		plist_set_uint(d, "end", gpt_le64(e + ENT_LAST));
		plist_set_uint(d, "attributes", gpt_le64(e + ENT_ATTR));
		gpt_name_get(e, name);
		plist_set_string(d, "name", name);
	}
}

static void
output(struct gpt *g, const char *file, const char *text, size_t n)
{
	struct tool *t = g->t;
	int fd;

	if (strcmp(file, "-") == 0) {
		t_out_write(t->t_out, text, n);
		return;
	}
	fd = sys_open(t, file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0)
		gpt_fail(g, fd, "Can't open `%s'", file);
	for (size_t done = 0; done < n;) {
		ssize_t put = sys_write(t, fd, text + done, n - done);

		if (put <= 0)
			gpt_fail(g, put < 0 ? (int)put : EIO,
			    "Can't write `%s'", file);
		done += (size_t)put;
	}
	sys_close(t, fd);
}

int
gpt_cmd_backup(struct gpt *g, int argc, char **argv)
{
	struct plist_mem mem = plist_memory(g);
	const char *out = "-", *dev;
	struct plist *all;
	size_t size;
	char *text;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "o:")) != -1) {
		if (ch != 'o')
			return -1;
		out = g->t->t_opt.optarg;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL)
		return -1;
	gpt_open(g, dev);
	all = plist_new_dict(&mem);
	plist_set_int(all, "sector_size", g->secsz);
	if (gpt_has_mbr(g) || gpt_has_pmbr(g))
		backup_mbr(g, all);
	if (g->table != NULL)
		backup_gpt(g, all);
	if (plist_write(all, &text, &size) != 0)
		gpt_fail(g, ENOMEM, "%s", g->name);
	output(g, out, text, strlen(text));
	return 0;
}

/* --- restore -------------------------------------------------------------------- */

static _Noreturn void
no_plist(struct gpt *g, const char *what)
{
	gpt_failx(g, "Unable to restore: %s", what);
}

static bool
get_uuid(const struct plist *d, const char *key, uint8_t u[16])
{
	const char *s;

	return plist_get_string(d, key, &s) == 1 && gpt_uuid_parse(s, u);
}

static void
restore_entry(struct gpt *g, const struct plist *d)
{
	uint8_t e[GPT_ENTRY_SIZE] = { 0 };
	uint64_t start, end, attr = 0;
	const char *name = "";
	int64_t index;

	if (plist_get_int(d, "index", 1, g->nent, &index) != 1 ||
	    !get_uuid(d, "type", e + ENT_TYPE) ||
	    !get_uuid(d, "guid", e + ENT_GUID) ||
	    plist_get_uint(d, "start", INT64_MAX, &start) != 1 ||
	    plist_get_uint(d, "end", INT64_MAX, &end) != 1 ||
	    plist_get_uint(d, "attributes", UINT64_MAX, &attr) < 0 ||
	    plist_get_string(d, "name", &name) < 0 || !gpt_name_put(e, name))
		no_plist(g, "a partition is not right");
	gpt_put64(e + ENT_FIRST, start);
	gpt_put64(e + ENT_LAST, end);
	gpt_put64(e + ENT_ATTR, attr);
	if (start < g->first || end < start || end > g->last)
		no_plist(g, "a partition doesn't fit");
	for (uint32_t i = 0; i < g->nent; i++)
		if (gpt_used(g, i) &&
		    (i == (uint32_t)index - 1 ||
			(start <= gpt_le64(gpt_entry(g, i) + ENT_LAST) &&
			    gpt_le64(gpt_entry(g, i) + ENT_FIRST) <= end)))
			no_plist(g, "partitions overlap");
	memcpy(gpt_entry(g, (uint32_t)index - 1), e, sizeof(e));
}

static void
restore_gpt(struct gpt *g, const struct plist *all)
{
	struct plist *hdr, *tbl, *list;
	int64_t entries;
	uint8_t guid[16];

	if (plist_get_dict(all, "GPT_HDR", &hdr) != 1 ||
	    plist_get_dict(all, "GPT_TBL", &tbl) != 1 ||
	    plist_get_array(tbl, "gpt_array", &list) != 1 ||
	    plist_get_int(hdr, "entries", 1, GPT_TABLE_MAX / GPT_ENTRY_SIZE,
		&entries) != 1 ||
	    !get_uuid(hdr, "guid", guid))
		no_plist(g, "there is no GPT in it");
	if (!gpt_new(g, (uint32_t)entries))
		no_plist(g, "no space for the entries");
	memcpy(g->guid, guid, 16);
	for (size_t i = 0; i < plist_count(list); i++)
		restore_entry(g, plist_item(list, i));
}

static void
restore_mbr_part(struct gpt *g, const struct plist *d)
{
	int64_t index, flag, type, start, size;
	const void *chs;
	uint8_t *p;
	size_t n;

	if (plist_get_int(d, "index", 0, MBR_PART_COUNT - 1, &index) != 1 ||
	    plist_get_int(d, "flag", 0, 255, &flag) != 1 ||
	    plist_get_int(d, "type", 1, 255, &type) != 1 ||
	    plist_get_int(d, "lba_start", 0, UINT32_MAX, &start) != 1 ||
	    plist_get_int(d, "lba_size", 0, UINT32_MAX, &size) != 1)
		no_plist(g, "the MBR is not right");
	p = g->mbr + MBR_PART_OFFSET + 16 * index;
	memset(p, 0, 16);
	p[0] = (uint8_t)flag;
	p[4] = (uint8_t)type;
	if (plist_get_data(d, "chs", &chs, &n) == 1 && n == 6) {
		memcpy(p + 1, chs, 3);
		memcpy(p + 5, (const uint8_t *)chs + 3, 3);
	}
	gpt_put32(p + 8, (uint32_t)start);
	/* The protective partition is as long as this disk. */
	if (type == 0xee)
		size = (int64_t)(g->blocks - 1 > UINT32_MAX ? UINT32_MAX :
							      g->blocks - 1);
	gpt_put32(p + 12, (uint32_t)size);
}

static void
restore_mbr(struct gpt *g, const struct plist *all)
{
	struct plist *mbr, *list;
	const void *code;
	size_t n;

	gpt_make_pmbr(g, false);
	if (plist_get_dict(all, "MBR", &mbr) != 1)
		return;
	if (plist_get_data(mbr, "code", &code, &n) == 1 && n <= MBR_PART_OFFSET)
		memcpy(g->mbr, code, n);
	if (plist_get_array(mbr, "mbr_array", &list) != 1)
		return;
	memset(g->mbr + MBR_PART_OFFSET, 0, MBR_PART_COUNT * 16);
	for (size_t i = 0; i < plist_count(list); i++)
		restore_mbr_part(g, plist_item(list, i));
}

static char *
input(struct gpt *g, const char *file, size_t *len)
{
	struct tool *t = g->t;
	size_t n = 0, room = 65536;
	char *text = t_malloc(t, room);
	ssize_t got;
	int fd = -1;

	if (strcmp(file, "-") != 0) {
		fd = sys_open(t, file, O_RDONLY, 0);
		if (fd < 0)
			gpt_fail(g, fd, "Can't open `%s'", file);
	}
	for (;;) {
		got = fd < 0 ? t_stdin_read(t, text + n, room - n) :
			       sys_read(t, fd, text + n, room - n);
		if (got < 0)
			gpt_fail(g, (int)got, "Can't read `%s'", file);
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > PLIST_MAX)
			no_plist(g, "too long");
		if (n == room)
			text = t_realloc(t, text, room *= 2);
	}
	if (fd >= 0)
		sys_close(t, fd);
	*len = n;
	return text;
}

int
gpt_cmd_restore(struct gpt *g, int argc, char **argv)
{
	struct plist_mem mem = plist_memory(g);
	const char *in = "-", *dev;
	struct plist *all;
	bool force = false;
	int64_t secsz;
	size_t n;
	char *text;
	int ch;

	while ((ch = gpt_option(g, argc, argv, "Fi:")) != -1) {
		if (ch == 'F')
			force = true;
		else if (ch == 'i')
			in = g->t->t_opt.optarg;
		else
			return -1;
	}
	dev = gpt_device(g, argc, argv);
	if (dev == NULL)
		return -1;
	gpt_open(g, dev);
	if (!force && (g->pri || g->sec || gpt_has_mbr(g)))
		gpt_failx(g, "%s: Device contains data; use -F", g->name);
	text = input(g, in, &n);
	if (plist_read(&mem, text, n, &all) != 0)
		no_plist(g, "not a property list");
	if (plist_get_int(all, "sector_size", 512, 65536, &secsz) != 1 ||
	    secsz != g->secsz)
		no_plist(g, "the sector size is another one");
	restore_gpt(g, all);
	restore_mbr(g, all);
	gpt_write(g, false);
	return 0;
}
