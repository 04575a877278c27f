/* SPDX-License-Identifier: BSD-2-Clause */
/* mount: lists what is mounted; mounts by the tool of the file system's type. */
#include "mount/mntlib.h"
#include <inttypes.h>
#include <string.h>

struct mount {
	struct tool *t;
	bool all, all_again, dry, update;
	int verbose, flags;
	const char *options; /* -o and friends, in order; NULL none */
	const char *type;    /* a single one of -t, for mounting */
	struct typelist types;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: mount [-Aadfruvw] [-t type]\n"
	    "       mount [-dfruvw] special | node\n"
	    "       mount [-dfruvw] [-o options] [-t type] special node\n");
	t_exit(t, 1);
}

/* --- listing --- */

static const struct {
	unsigned long flag;
	bool quiet; /* only with -v */
	const char *name;
} flag_names[] = {
	{ MNT_ASYNC, false, "asynchronous" },
	{ MNT_DISCARD, false, "discard" },
	{ MNT_EXTATTR, false, "extattr" },
	{ MNT_IGNORE, false, "hidden" },
	{ MNT_LOG, false, "log" },
	{ MNT_NOATIME, false, "noatime" },
	{ MNT_NOCOREDUMP, false, "nocoredump" },
	{ MNT_NODEV, false, "nodev" },
	{ MNT_NODEVMTIME, false, "nodevmtime" },
	{ MNT_NOEXEC, false, "noexec" },
	{ MNT_NOSUID, false, "nosuid" },
	{ MNT_RDONLY, false, "read-only" },
	{ MNT_RELATIME, false, "relatime" },
	{ MNT_SOFTDEP, false, "soft dependencies" },
	{ MNT_SYMPERM, false, "symperm" },
	{ MNT_SYNCHRONOUS, false, "synchronous" },
	{ MNT_UNION, false, "union" },
	{ MNT_DEFEXPORTED, false, "exported to the world" },
	{ MNT_EXKERB, false, "kerberos uid mapping" },
	{ MNT_EXNORESPORT, false, "non-reserved ports" },
	{ MNT_EXPORTANON, false, "anon uid mapping" },
	{ MNT_EXPORTED, false, "NFS exported" },
	{ MNT_EXPUBLIC, false, "WebNFS exports" },
	{ MNT_EXRDONLY, false, "exported read-only" },
	{ MNT_LOCAL, false, "local" },
	{ MNT_QUOTA, false, "with quotas" },
	{ MNT_ROOTFS, true, "root file system" },
};

static void
print_mount(struct mount *m, const struct statvfs *s)
{
	struct tool *t = m->t;
	const char *sep = " (";
	char *args;
	size_t i;

	t_printf(t, "%s on %s type %s", s->f_mntfromname, s->f_mntonname,
	    s->f_fstypename);
	for (i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if ((s->f_flag & flag_names[i].flag) != 0 &&
		    (m->verbose > 0 || !flag_names[i].quiet)) {
			t_printf(t, "%s%s", sep, flag_names[i].name);
			sep = ", ";
		}
	if (s->f_owner != 0) {
		const char *user = t_user_from_uid(t, s->f_owner);

		t_printf(t, "%smounted by ", sep);
		if (user != NULL)
			t_puts(t, user);
		else
			t_printf(t, "%u", s->f_owner);
		sep = ", ";
	}
	if (m->verbose > 0) {
		t_printf(t,
		    "%sfsid: 0x%x/0x%x, reads: sync %" PRIu64 " async %" PRIu64
		    ", writes: sync %" PRIu64 " async %" PRIu64,
		    sep, (unsigned)s->f_fsidx.__fsid_val[0],
		    (unsigned)s->f_fsidx.__fsid_val[1], s->f_syncreads,
		    s->f_asyncreads, s->f_syncwrites, s->f_asyncwrites);
		sep = ", ";
	}
	if (m->verbose > 1 &&
	    mnt_args(t, s->f_fstypename, s->f_mntfromname, s->f_mntonname,
		&args) == 0)
		t_printf(t, ", [%s: %s]", s->f_fstypename, args);
	t_puts(t, *sep == ',' ? ")\n" : "\n");
}

static int
mount_table(struct mount *m, struct statvfs **table)
{
	int n = t_getmntinfo(m->t, table, ST_NOWAIT);

	if (n < 0)
		t_fail(m->t, 1, n, "getmntinfo");
	return n;
}

static int
list(struct mount *m)
{
	struct statvfs *table;
	int i, n = mount_table(m, &table);

	for (i = 0; i < n; i++)
		if (typelist_selects(&m->types, table[i].f_fstypename))
			print_mount(m, &table[i]);
	return 0;
}

/* --- mounting --- */

static const char *
join(struct tool *t, const char *a, const char *b)
{
	if (a == NULL || *a == '\0')
		return b;
	return b == NULL || *b == '\0' ? a : t_asprintf(t, "%s,%s", a, b);
}

/*
 * Options go to the tool with -o, but for those with a dash of their own: "-s=1m" becomes -s 1m. At most two words each,
 * and five that are always there.
 */
static char **
arguments(struct mount *m, const char *program, const char *options,
    const char *special, const char *node)
{
	struct tool *t = m->t;
	char *list = t_strdup(t, options != NULL ? options : ""), *next;
	const char *plain = NULL, *p;
	size_t n = 8;
	char **argv, **a, *word, *value;

	for (p = list; *p != '\0'; p++)
		n += *p == ',' ? 2 : 0;
	a = argv = t_calloc(t, n, sizeof(*argv));
	*a++ = t_strdup(t, program);
	for (word = list; word != NULL; word = next) {
		next = strchr(word, ',');
		if (next != NULL)
			*next++ = '\0';
		if (*word != '-') {
			plain = *word != '\0' ? join(t, plain, word) : plain;
			continue;
		}
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		*a++ = word;
		if (value != NULL)
			*a++ = value;
	}
	if (plain != NULL) {
		*a++ = t_strdup(t, "-o");
		*a++ = t_strdup(t, plain);
	}
	*a++ = t_strdup(t, special);
	*a++ = t_strdup(t, node);
	return argv;
}

static bool
already(struct mount *m, const char *special, const char *node)
{
	struct statvfs *table;
	int i, n = mount_table(m, &table);

	for (i = 0; i < n; i++)
		if (strcmp(table[i].f_mntonname, node) == 0 &&
		    strcmp(table[i].f_mntfromname, special) == 0) {
			if (m->verbose > 0)
				t_printf(m->t, "%s on %s type %s: %s\n",
				    special, node, table[i].f_fstypename,
				    "already mounted");
			return true;
		}
	return false;
}

static bool
has_option(const char *options, const char *word)
{
	size_t n, len = strlen(word);

	for (; *options != '\0'; options += n + (options[n] == ',')) {
		n = strcspn(options, ",");
		if (n == len && memcmp(options, word, n) == 0)
			return true;
	}
	return false;
}

static int
mount_one(struct mount *m, const char *type, const char *special,
    const char *node, const char *options, bool skip_mounted)
{
	struct tool *t = m->t;
	const char *program = t_asprintf(t, "mount_%s", type);
	struct statvfs now;
	char **argv, **a;
	int status;

	if (skip_mounted && already(m, special, node))
		return 0;
	/* The root is there: what can be asked for is a change. */
	if ((strcmp(node, "/") == 0 || m->update) &&
	    (options == NULL || !has_option(options, "getargs")))
		options = join(t, options, "update");
	argv = arguments(m, program, options, special, node);
	if (m->verbose > 1 || m->dry) {
		t_printf(t, "exec:");
		for (a = argv; *a != NULL; a++)
			t_printf(t, " %s", *a);
		t_putc(t, '\n');
	}
	if (m->dry)
		return 0;
	status = t->t_sys->spawn(t->t_sysctx, t, program, argv);
	if (status == -ENOENT) {
		t_warnx(t, "%s not found for %s", program, node);
		return 1;
	}
	if (status < 0) {
		t_warn(t, status, "%s", program);
		return 1;
	}
	if (status >= 0x100) {
		t_warnx(
		    t, "%s: terminated by signal %d", program, status & 0xff);
		return 1;
	}
	if (status == 0 && m->verbose > 0 &&
	    (options == NULL || !has_option(options, "getargs")) &&
	    sys_statvfs(t, node, &now, ST_NOWAIT) == 0)
		print_mount(m, &now);
	return status;
}

static int
mount_all(struct mount *m)
{
	struct tfstab *fs;
	int i, n, status = 0;

	n = t_getfstab(m->t, false, &fs);
	if (n < 0)
		return 1;
	for (i = 0; i < n; i++) {
		if (strcmp(fs[i].fs_type, "sw") == 0 ||
		    strcmp(fs[i].fs_type, "xx") == 0 ||
		    strcmp(fs[i].fs_type, "dp") == 0 ||
		    has_option(fs[i].fs_mntops, "noauto") ||
		    !typelist_selects(&m->types, fs[i].fs_vfstype))
			continue;
		status |= mount_one(m, fs[i].fs_vfstype, fs[i].fs_spec,
		    fs[i].fs_file, join(m->t, fs[i].fs_mntops, m->options),
		    !m->all_again && !m->update);
	}
	return status != 0;
}

/* One operand: what the fstab says of it, or, for what is there already, the mount. */
static int
mount_known(struct mount *m, const char *name)
{
	struct tool *t = m->t;
	struct statvfs *table;
	struct tfstab *fs;
	char real[1024];
	int i, n;

	if (t_realpath(t, name, real) != 0)
		strncpy(real, name, sizeof(real) - 1)[sizeof(real) - 1] = '\0';
	if (m->update ||
	    (m->options != NULL && has_option(m->options, "getargs"))) {
		n = mount_table(m, &table);
		for (i = n - 1; i >= 0; i--)
			if (strcmp(table[i].f_mntonname, real) == 0 ||
			    strcmp(table[i].f_mntfromname, real) == 0)
				return mount_one(m, table[i].f_fstypename,
				    table[i].f_mntfromname,
				    table[i].f_mntonname, m->options, false);
		t_errx(t, 1, "can't find fstab entry for %s", name);
	}
	n = t_getfstab(t, false, &fs);
	for (i = 0; i < n; i++)
		if (strcmp(fs[i].fs_file, real) == 0 ||
		    strcmp(fs[i].fs_spec, real) == 0 ||
		    strcmp(fs[i].fs_spec, name) == 0)
			break;
	if (i >= n)
		t_errx(t, 1, "can't find fstab entry for %s", name);
	if (strcmp(fs[i].fs_type, "xx") == 0)
		t_errx(t, 1, "%s has unknown file system type", name);
	return mount_one(m, fs[i].fs_vfstype, fs[i].fs_spec, fs[i].fs_file,
	    join(t, fs[i].fs_mntops, m->options), false);
}

int
mount_main(struct tool *t, int argc, char **argv)
{
	struct mount m;
	int ch;

	memset(&m, 0, sizeof(m));
	m.t = t;
	while ((ch = t_getopt(t, argc, argv, "Aadfo:rwt:uv")) != -1)
		switch (ch) {
		case 'A':
			m.all = m.all_again = true;
			break;
		case 'a':
			m.all = true;
			break;
		case 'd':
			m.dry = true;
			break;
		case 'f':
			m.options = join(t, m.options, "force");
			break;
		case 'o':
			m.options = join(t, m.options, t->t_opt.optarg);
			break;
		case 'r':
			m.options = join(t, m.options, "ro");
			break;
		case 't':
			m.type = t->t_opt.optarg;
			typelist_add(t, &m.types, m.type);
			break;
		case 'u':
			m.update = true;
			break;
		case 'v':
			m.verbose++;
			break;
		case 'w':
			m.options = join(t, m.options, "rw");
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc == 0) {
		if (m.all)
			return mount_all(&m);
		if (m.options != NULL || m.update)
			usage(t);
		return list(&m);
	}
	if (m.all || argc > 2)
		usage(t);
	if (argc == 1) {
		if (m.type != NULL)
			usage(t);
		return mount_known(&m, argv[0]);
	}
	return mount_one(&m, m.type != NULL ? m.type : MOUNT_FFS, argv[0],
	    argv[1], m.options != NULL ? m.options : "rw", false);
}
