/* SPDX-License-Identifier: BSD-2-Clause */
/* npfctl: controls the packet filter NPF, see npfctl(8). */
#include "npfctl/npfctl.h"

#define DEV_NPF "/dev/npf"
#define NPF_CONF "/etc/npf.conf"
#define NPF_DB "/var/db/npf.db"

void
npfctl_usage(struct tool *t)
{
	const char *p = t->t_progname;

	t_eprintf(t,
	    "Usage:\t%s start | stop | flush | show | stats\n"
	    "\t%s validate | reload [<rule-file>]\n"
	    "\t%s rule \"rule-name\" { add | rem } <rule-syntax>\n"
	    "\t%s rule \"rule-name\" rem-id <rule-id>\n"
	    "\t%s rule \"rule-name\" { list | flush }\n"
	    "\t%s table <tid> { add | rem | test } <address/mask>\n"
	    "\t%s table <tid> { list | flush }\n"
	    "\t%s save | load\n",
	    p, p, p, p, p, p, p, p);
	t_exit(t, 1);
}

/* --- the device --- */

int
npf_open(struct tool *t)
{
	int fd = sys_open(t, DEV_NPF, O_RDONLY, 0), version = 0, error;

	if (fd < 0)
		t_fail(t, 1, fd, "cannot open '%s'", DEV_NPF);
	error = sys_ioctl(t, fd, IOC_NPF_VERSION, &version);
	if (error != 0)
		t_fail(t, 1, error, "ioctl(IOC_NPF_VERSION)");
	if (version != NPF_VERSION)
		t_errx(t, 1,
		    "incompatible NPF interface version (%d, kernel %d)",
		    NPF_VERSION, version);
	return fd;
}

int
npf_request(struct tool *t, int fd, unsigned long com,
    const struct plist *request, struct plist **answer)
{
	struct plistref ref = { NULL, 0 };
	struct plist_mem mem, *keep;
	char *text = NULL;
	size_t size = 0;
	int error;

	*answer = NULL;
	if (request != NULL) {
		error = plist_write(request, &text, &size);
		if (error != 0)
			return error;
		ref.pref_plist = text;
		ref.pref_len = size;
	}
	error = sys_ioctl(t, fd, com, &ref);
	if (error == 0 && ref.pref_plist != NULL && ref.pref_plist != text) {
		plist_mem_tool(&mem, t);
		keep = t_malloc(t, sizeof(*keep));
		*keep = mem;
		error = plist_read(keep, ref.pref_plist, ref.pref_len, answer);
		plist_unmap(ref.pref_plist, ref.pref_len);
	}
	t_free(t, text);
	return error;
}

/* --- files --- */

static int
read_all(struct tool *t, int fd, char **out, size_t *len)
{
	size_t cap = 8192, n = 0;
	char *buf = t_malloc(t, cap + 1);

	for (;;) {
		ssize_t got = fd < 0 ? t_stdin_read(t, buf + n, cap - n) :
				       sys_read(t, fd, buf + n, cap - n);

		if (got < 0)
			return (int)got;
		n += (size_t)got;
		if (got == 0)
			break;
		if (n > CONF_MAXFILE)
			return -EFBIG;
		if (n == cap)
			buf = t_realloc(t, buf, (cap *= 2) + 1);
	}
	buf[n] = '\0';
	*out = buf;
	*len = n;
	return 0;
}

char *
file_read(struct tool *t, const char *path, size_t *len)
{
	int fd = -1, error;
	char *buf;

	if (strcmp(path, "-") != 0) {
		fd = sys_open(t, path, O_RDONLY, 0);
		if (fd < 0)
			t_fail(t, 1, fd, "open '%s'", path);
	}
	error = read_all(t, fd, &buf, len);
	if (fd >= 0)
		sys_close(t, fd);
	if (error != 0)
		t_fail(t, 1, error, "read '%s'", path);
	return buf;
}

static void
file_write(struct tool *t, const char *path, const char *buf, size_t len)
{
	int fd = sys_open(t, path, O_WRONLY | O_CREAT | O_TRUNC, 0600), error;
	size_t done = 0;

	if (fd < 0)
		t_fail(t, 1, fd, "open '%s'", path);
	while (done < len) {
		ssize_t n = sys_write(t, fd, buf + done, len - done);

		if (n <= 0)
			t_fail(t, 1, n < 0 ? (int)n : -EIO, "write '%s'", path);
		done += (size_t)n;
	}
	error = sys_close(t, fd);
	if (error != 0)
		t_fail(t, 1, error, "write '%s'", path);
}

/* --- commands about configurations --- */

static struct plist *
parse_file(struct tool *t, const char *path)
{
	struct conf *c = t_malloc(t, sizeof(*c));
	size_t len;
	char *text;

	text = file_read(t, path, &len);
	conf_init(c, t, strcmp(path, "-") == 0 ? "stdin" : path, text, len);
	return conf_parse(c);
}

/* path: where the configuration's text was, for messages; NULL: nowhere. */
static void
load(struct tool *t, const struct plist *config, const char *path)
{
	struct plist *answer;
	int64_t errnum = 0, line = 0;
	int fd = npf_open(t);
	int error = npf_request(t, fd, IOC_NPF_LOAD, config, &answer);

	sys_close(t, fd);
	if (error != 0)
		t_fail(t, 1, error, "loading the configuration");
	plist_get_int(answer, "errno", INT32_MIN, INT32_MAX, &errnum);
	if (errnum == 0)
		return;
	plist_get_int(answer, "source-line", 0, INT32_MAX, &line);
	if (path != NULL && line != 0)
		t_fail(t, 1, (int)errnum, "%s:%d", path, (int)line);
	t_fail(t, 1, (int)errnum, "loading the configuration");
}

struct plist *
npf_config(struct tool *t)
{
	struct plist *config;
	int fd = npf_open(t);
	int error = npf_request(t, fd, IOC_NPF_SAVE, NULL, &config);

	sys_close(t, fd);
	if (error != 0)
		t_fail(t, 1, error, "reading the configuration");
	return config;
}

static int
cmd_switch(struct tool *t, int on)
{
	int fd = npf_open(t);
	int error = sys_ioctl(t, fd, IOC_NPF_SWITCH, &on);

	if (error != 0)
		t_fail(t, 1, error, "ioctl(IOC_NPF_SWITCH)");
	return 0;
}

static int
cmd_start(struct tool *t, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return cmd_switch(t, 1);
}

static int
cmd_stop(struct tool *t, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return cmd_switch(t, 0);
}

static int
cmd_reload(struct tool *t, int argc, char **argv)
{
	const char *path = argc > 2 ? argv[2] : NPF_CONF;

	load(t, parse_file(t, path), path);
	return 0;
}

static int
cmd_validate(struct tool *t, int argc, char **argv)
{
	show_config(t, parse_file(t, argc > 2 ? argv[2] : NPF_CONF));
	return 0;
}

static int
cmd_debug(struct tool *t, int argc, char **argv)
{
	struct plist *config = parse_file(t, argc > 2 ? argv[2] : NPF_CONF);
	char *text;
	size_t size;
	int error = plist_write(config, &text, &size);

	if (error != 0)
		t_fail(t, 1, error, "writing the configuration");
	show_code(t, config);
	if (argc > 3)
		file_write(t, argv[3], text, size - 1);
	else
		t_printf(t, "%s", text);
	return 0;
}

static int
cmd_flush(struct tool *t, int argc, char **argv)
{
	struct conf c;

	(void)argc;
	(void)argv;
	conf_init(&c, t, NPF_CONF, "", 0);
	plist_set_bool(c.dict, "flush", true);
	load(t, c.dict, NULL);
	return 0;
}

static int
cmd_show(struct tool *t, int argc, char **argv)
{
	struct plist *config = npf_config(t);
	bool active = false;

	(void)argc;
	(void)argv;
	plist_get_bool(config, "active", &active);
	t_printf(t, "# filtering:\t%sactive\n# config:\tloaded\n",
	    active ? "" : "in");
	show_config(t, config);
	return 0;
}

static int
cmd_save(struct tool *t, int argc, char **argv)
{
	char *text;
	size_t size;
	int error = plist_write(npf_config(t), &text, &size);

	(void)argc;
	(void)argv;
	if (error != 0)
		t_fail(t, 1, error, "writing the configuration");
	file_write(t, NPF_DB, text, size - 1);
	return 0;
}

static int
cmd_load(struct tool *t, int argc, char **argv)
{
	struct plist_mem mem;
	struct plist *config;
	size_t len;
	char *text = file_read(t, NPF_DB, &len);
	int error;

	(void)argc;
	(void)argv;
	plist_mem_tool(&mem, t);
	error = plist_read(&mem, text, len, &config);
	if (error != 0)
		t_fail(t, 1, error, "read '%s'", NPF_DB);
	plist_remove(config, "active");
	load(t, config, NULL);
	return 0;
}

static int
cmd_list(struct tool *t, int argc, char **argv)
{
	conn_list(t, argc - 1, argv + 1);
	return 0;
}

/* --- statistics --- */

static int
cmd_stats(struct tool *t, int argc, char **argv)
{
	static const struct {
		int stat; /* -1: a heading */
		const char *text;
	} lines[] = {
		{ -1, "Packets passed" },
		{ NPF_STAT_PASS_DEFAULT, "default pass" },
		{ NPF_STAT_PASS_RULESET, "ruleset pass" },
		{ NPF_STAT_PASS_CONN, "state pass" },
		{ -1, "Packets blocked" },
		{ NPF_STAT_BLOCK_DEFAULT, "default block" },
		{ NPF_STAT_BLOCK_RULESET, "ruleset block" },
		{ -1, "State and NAT entries" },
		{ NPF_STAT_CONN_CREATE, "state allocations" },
		{ NPF_STAT_CONN_DESTROY, "state destructions" },
		{ NPF_STAT_NAT_CREATE, "NAT entry allocations" },
		{ NPF_STAT_NAT_DESTROY, "NAT entry destructions" },
		{ -1, "Network buffers" },
		{ NPF_STAT_NBUF_NONCONTIG, "non-contiguous cases" },
		{ NPF_STAT_NBUF_CONTIG_FAIL, "contig alloc failures" },
		{ -1, "Invalid packet state cases" },
		{ NPF_STAT_INVALID_STATE, "cases in total" },
		{ NPF_STAT_INVALID_STATE_TCP1, "TCP case I" },
		{ NPF_STAT_INVALID_STATE_TCP2, "TCP case II" },
		{ NPF_STAT_INVALID_STATE_TCP3, "TCP case III" },
		{ -1, "Packet race cases" },
		{ NPF_STAT_RACE_NAT, "NAT association race" },
		{ NPF_STAT_RACE_CONN, "duplicate state race" },
		{ -1, "Fragmentation" },
		{ NPF_STAT_FRAGMENTS, "fragments" },
		{ NPF_STAT_REASSEMBLY, "reassembled" },
		{ NPF_STAT_REASSFAIL, "failed reassembly" },
		{ -1, "Other" },
		{ NPF_STAT_ERROR, "unexpected errors" },
	};
	uint64_t *stats = t_calloc(t, 1, NPF_STATS_SIZE);
	int fd = npf_open(t);
	int error = sys_ioctl(t, fd, IOC_NPF_STATS, &stats);
	size_t i;

	(void)argc;
	(void)argv;
	if (error != 0)
		t_fail(t, 1, error, "ioctl(IOC_NPF_STATS)");
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].stat < 0)
			t_printf(t, "%s:\n", lines[i].text);
		else
			t_printf(t, "\t%llu %s\n",
			    (unsigned long long)stats[lines[i].stat],
			    lines[i].text);
	return 0;
}

static int
cmd_table(struct tool *t, int argc, char **argv)
{
	return table_main(t, argc, argv);
}

static int
cmd_rule(struct tool *t, int argc, char **argv)
{
	return rule_main(t, argc, argv);
}

int
npfctl_main(struct tool *t, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*cmd)(struct tool *, int, char **);
	} cmds[] = { { "start", cmd_start }, { "stop", cmd_stop },
		{ "reload", cmd_reload }, { "show", cmd_show },
		{ "flush", cmd_flush }, { "validate", cmd_validate },
		{ "table", cmd_table }, { "rule", cmd_rule },
		{ "stats", cmd_stats }, { "save", cmd_save },
		{ "load", cmd_load }, { "list", cmd_list },
		{ "debug", cmd_debug } };
	size_t i;

	if (argc < 2)
		npfctl_usage(t);
	for (i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if (strcmp(argv[1], cmds[i].name) == 0)
			return cmds[i].cmd(t, argc, argv);
	npfctl_usage(t);
}
