/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of addresses: files of them, and the commands about a loaded one. */
#include "npfctl/npfctl.h"
#include <stddef.h>

#define UNKNOWN_HOST "hostname nor servname provided, or not known"

/* --- a table's file: one address a line --- */

void
table_read(struct conf *c, struct plist *entries, const char *path, int type)
{
	size_t len;
	char *text = file_read(c->t, path, &len), *line = text, *end, *stop;
	unsigned n = 0;

	for (; line < text + len; line = end + 1) {
		struct plist *entry;
		struct npf_addr a;

		n++;
		end = memchr(line, '\n', (size_t)(text + len - line));
		if (end == NULL)
			end = text + len;
		*end = '\0';
		line += strspn(line, " \t\r");
		stop = line + strcspn(line, " \t\r#");
		*stop = '\0';
		if (*line == '\0')
			continue;
		if (!addr_parse(c->t, line, &a))
			t_errx(c->t, 1,
			    "invalid table entry at line %u in '%s'", n, path);
		if (type != NPF_TABLE_TREE && a.mask != NPF_NO_NETMASK &&
		    a.mask != a.len * 8)
			t_errx(c->t, 1,
			    "mask used with the table type other than \"tree\" at line %u in '%s'",
			    n, path);
		if (type != NPF_TABLE_TREE)
			a.mask = NPF_NO_NETMASK;
		entry = plist_append_dict(entries);
		plist_set_data(entry, "addr", a.bytes, a.len);
		plist_set_uint(entry, "mask", a.mask);
	}
}

/* --- npfctl table name ... --- */

static void
print_entries(struct tool *t, const struct npf_ioctl_ent *e, size_t n)
{
	size_t i;

	for (i = 0; i < n && (e[i].alen == 4 || e[i].alen == 16); i++) {
		struct npf_addr a = { .mask = e[i].mask };
		char text[64];

		a.len = (uint8_t)e[i].alen;
		memcpy(a.bytes, &e[i].addr, sizeof(a.bytes));
		addr_text(&a, text);
		t_printf(t, "%s\n", text);
	}
}

/* With more and more room, until all fit. */
static int
list(struct tool *t, int fd, struct npf_ioctl_table *nct)
{
	size_t room = 512, n = 0;
	int error;

	do {
		struct npf_ioctl_ent *buf = t_calloc(t, room, sizeof(*buf));

		nct->nct_data.buf.buf = buf;
		nct->nct_data.buf.len = room * sizeof(*buf);
		error = sys_ioctl(t, fd, IOC_NPF_TABLE, nct);
		if (error == 0) {
			n = room;
			print_entries(t, buf, n);
		}
		t_free(t, buf);
		room *= 2;
	} while (error == -ENOMEM && room <= 0x1000000);
	return error;
}

static void
set_entry(struct tool *t, struct npf_ioctl_table *nct, const char *s)
{
	struct npf_addr a;

	if (!addr_parse(t, s, &a)) {
		t_flush(t->t_out);
		t_eprintf(t, "(null):1:0: cannot parse '%s' (%s) near ''\n", s,
		    UNKNOWN_HOST);
		t_exit(t, 1);
	}
	nct->nct_data.ent.alen = a.len;
	memcpy(&nct->nct_data.ent.addr, a.bytes, sizeof(a.bytes));
	nct->nct_data.ent.mask = a.mask;
}

static const char *
outcome(int error, int cmd)
{
	switch (error) {
	case 0:
		return cmd == NPF_CMD_TABLE_LOOKUP ? "matching entry found" :
						     "success";
	case -EEXIST:
		return "entry already exists or is conflicting";
	case -ENOENT:
		return "no matching entry was not found";
	case -EINVAL:
		return "invalid address, mask or table ID";
	default:
		return t_strerror(error);
	}
}

int
table_main(struct tool *t, int argc, char **argv)
{
	static const struct {
		const char *name;
		int cmd;
		bool address;
	} cmds[] = { { "add", NPF_CMD_TABLE_ADD, true },
		{ "rem", NPF_CMD_TABLE_REMOVE, true },
		{ "del", NPF_CMD_TABLE_REMOVE, true },
		{ "test", NPF_CMD_TABLE_LOOKUP, true },
		{ "list", NPF_CMD_TABLE_LIST, false },
		{ "flush", NPF_CMD_TABLE_FLUSH, false } };
	const size_t ncmds = sizeof(cmds) / sizeof(cmds[0]);
	struct npf_ioctl_table nct;
	size_t i;
	int fd, error;

	if (argc < 4)
		npfctl_usage(t);
	for (i = 0; i < ncmds && strcmp(argv[3], cmds[i].name) != 0; i++)
		;
	if (i == ncmds)
		t_errx(t, 1, "invalid command '%s'", argv[3]);
	memset(&nct, 0, sizeof(nct));
	nct.nct_name = argv[2];
	nct.nct_cmd = cmds[i].cmd;
	if (cmds[i].address) {
		if (argc < 5)
			npfctl_usage(t);
		set_entry(t, &nct, argv[4]);
	}
	fd = npf_open(t);
	if (nct.nct_cmd == NPF_CMD_TABLE_LIST)
		error = list(t, fd, &nct);
	else
		error = sys_ioctl(t, fd, IOC_NPF_TABLE, &nct);
	if (error != 0)
		t_errx(t, 1, "%s", outcome(error, nct.nct_cmd));
	if (nct.nct_cmd != NPF_CMD_TABLE_LIST)
		t_printf(t, "%s: %s\n", t->t_progname, outcome(0, nct.nct_cmd));
	return 0;
}
