/* SPDX-License-Identifier: BSD-2-Clause */
/* mount_tmpfs: a file system in memory. */
#include "mount/mntlib.h"
#include <netbsd/sysctl.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: mount_tmpfs [-g group] [-m mode] [-n nodes] "
	    "[-o options] [-s size]\n"
	    "           [-u user] tmpfs mount_point\n");
	t_exit(t, 1);
}

/* dehumanize_number(3): a number with one of the suffixes b k m g t p e. */
static int
dehumanize(const char *s, int64_t *out)
{
	static const char units[] = "bkmgtpe";
	const char *unit, *end = s + (*s == '-' || *s == '+');
	int64_t n = 0, factor = 1;
	int i;

	if (*end < '0' || *end > '9')
		return -EINVAL;
	for (; *end >= '0' && *end <= '9'; end++) {
		i = *s == '-' ? '0' - *end : *end - '0';
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, i, &n))
			return -ERANGE;
	}
	if (*end != '\0') {
		unit = strchr(units, *end | 0x20);
		if (unit == NULL || end[1] != '\0')
			return -EINVAL;
		for (i = 0; i < unit - units; i++)
			factor *= 1024;
	}
	if (__builtin_mul_overflow(n, factor, &n))
		return -ERANGE;
	*out = n;
	return 0;
}

/* ram%N and ram/N: a part of the machine's memory. */
static int
part_of_memory(struct tool *t, const char *s, int64_t *out)
{
	static const int mib[] = { CTL_HW, HW_PHYSMEM64 };
	int64_t memory = 0, n;
	size_t size = sizeof(memory);
	int error;

	error = dehumanize(s + 4, &n);
	if (error == 0)
		error = sys_sysctl(t, mib, 2, &memory, &size, NULL, 0);
	if (error < 0)
		return error;
	if (n <= 0 || (s[3] == '%' && n > 100))
		return -EINVAL;
	*out = s[3] == '%' ? memory / 100 * n : memory / n;
	return 0;
}

static int64_t
parse_number(struct tool *t, const char *what, const char *s)
{
	int64_t v = 0;
	int error;

	if (strncmp(s, "ram%", 4) == 0 || strncmp(s, "ram/", 4) == 0)
		error = part_of_memory(t, s, &v);
	else
		error = dehumanize(s, &v);
	/* A size below that of a page, whatever it is, sets no limit. */
	if (error == 0 && v < 0 && strcmp(what, "size") != 0)
		error = -EINVAL;
	if (error != 0)
		t_fail(t, 1, error, "failed to parse %s `%s'", what, s);
	return v;
}

static uint32_t
parse_id(struct tool *t, const char *s, bool group)
{
	unsigned long long v;
	uint32_t id;
	char *end;

	if ((group ? t_gid_from_group(t, s, &id) :
		     t_uid_from_user(t, s, &id)) == 0)
		return id;
	v = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || v > UINT32_MAX)
		t_errx(t, 1, "unknown %s id: %s", group ? "group" : "user", s);
	return (uint32_t)v;
}

static mode_t
parse_mode(struct tool *t, const char *s)
{
	unsigned long v;
	char *end;

	v = strtoul(s, &end, 8);
	if (*s < '0' || *s > '7' || *end != '\0' || v > ALLPERMS)
		t_errx(t, 1, "invalid file mode: %s", s);
	return (mode_t)v;
}

int
mount_tmpfs_main(struct tool *t, int argc, char **argv)
{
	bool have_uid = false, have_gid = false, have_mode = false;
	struct tmpfs_args args;
	const char *node;
	int ch, error, flags = 0;
	struct stat st;

	memset(&args, 0, sizeof(args));
	args.ta_version = TMPFS_ARGS_VERSION;
	while ((ch = t_getopt(t, argc, argv, "g:m:n:o:s:u:")) != -1) {
		const char *arg = t->t_opt.optarg;

		switch (ch) {
		case 'g':
			args.ta_root_gid = parse_id(t, arg, true);
			have_gid = true;
			break;
		case 'm':
			args.ta_root_mode = parse_mode(t, arg);
			have_mode = true;
			break;
		case 'n':
			args.ta_nodes_max = (ino_t)parse_number(t, "nodes", arg);
			break;
		case 'o':
			t_getmntopts(t, arg, mnt_standard_options, &flags, NULL);
			break;
		case 's':
			args.ta_size_max = parse_number(t, "size", arg);
			break;
		case 'u':
			args.ta_root_uid = parse_id(t, arg, false);
			have_uid = true;
			break;
		default:
			usage(t);
		}
	}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc != 2)
		usage(t);
	node = mnt_path(t, argv[1]);
	if ((flags & MNT_GETARGS) != 0)
		return mnt_print_args(t, MOUNT_TMPFS, argv[0], node);
	error = sys_stat(t, node, &st);
	if (error != 0)
		t_fail(t, 1, error, "cannot stat `%s'", node);
	if (!have_uid)
		args.ta_root_uid = st.st_uid;
	if (!have_gid)
		args.ta_root_gid = st.st_gid;
	if (!have_mode)
		args.ta_root_mode = st.st_mode & ALLPERMS;
	error = sys_mount(t, MOUNT_TMPFS, node, flags, &args, sizeof(args));
	if (error < 0)
		t_fail(t, 1, error, "tmpfs on %s", node);
	return 0;
}
