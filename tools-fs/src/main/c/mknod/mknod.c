/* SPDX-License-Identifier: BSD-2-Clause */
/* mknod: special files and fifos, with device numbers in other systems' formats too. */
#include "tools.h"
#include <netbsd/sysctl.h>
#include <stdlib.h>
#include <string.h>

struct mknod {
	bool replace, replace_wrong, list;
	const char *mode;
	uid_t uid;
	gid_t gid;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: mknod [-rR] [-F format] [-m mode] [-u user] [-g group]\n"
	    "                   [ name [b | c] [major | driver] minor\n"
	    "                   | name [b | c] major unit subunit\n"
	    "                   | name [b | c] number\n"
	    "                   | name p ]\n"
	    "       mknod -l [driver] ...\n");
	t_exit(t, 1);
}

/* --- formats of device numbers: how wide the fields are, and where --- */

enum layout { L_NATIVE, L_8_8, L_FREEBSD, L_12_20, L_14_18, L_8_24, L_BSDOS };

struct format {
	const char *name;
	enum layout layout;
};

/* In the order of the manual page. */
static const struct format formats[] = {
	{ "386bsd", L_8_8 },
	{ "4bsd", L_8_8 },
	{ "bsdos", L_BSDOS },
	{ "freebsd", L_FREEBSD },
	{ "hpux", L_8_24 },
	{ "isc", L_8_8 },
	{ "linux", L_8_8 },
	{ "native", L_NATIVE },
	{ "netbsd", L_NATIVE },
	{ "osf1", L_12_20 },
	{ "sco", L_8_8 },
	{ "solaris", L_14_18 },
	{ "sunos", L_8_8 },
	{ "svr3", L_8_8 },
	{ "svr4", L_14_18 },
	{ "ultrix", L_8_8 },
};

static const struct format *
find_format(struct tool *t, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	t_errx(t, 1, "invalid format: %s", name);
}

static void
check(struct tool *t, uint32_t major, uint32_t major_max, uint32_t minor,
    uint32_t minor_max)
{
	if (major > major_max)
		t_errx(t, 1, "invalid major number");
	if (minor > minor_max)
		t_errx(t, 1, "invalid minor number");
}

static dev_t
pack_two(struct tool *t, enum layout layout, uint32_t maj, uint32_t min)
{
	switch (layout) {
	case L_8_8:
		check(t, maj, 0xff, min, 0xff);
		return maj << 8 | min;
	case L_FREEBSD:
		check(t, maj, 0xff, min, UINT32_MAX);
		if ((min & 0xff00) != 0)
			t_errx(t, 1, "invalid minor number");
		return maj << 8 | min;
	case L_BSDOS:
	case L_12_20:
		check(t, maj, 0xfff, min, 0xfffff);
		return maj << 20 | min;
	case L_14_18:
		check(t, maj, 0x3fff, min, 0x3ffff);
		return maj << 18 | min;
	case L_8_24:
		check(t, maj, 0xff, min, 0xffffff);
		return maj << 24 | min;
	default:
		check(t, maj, 0xfff, min, 0xfffff);
		return makedev(maj, min);
	}
}

static dev_t
pack(struct tool *t, const struct format *f, int n, const uint32_t *v)
{
	if (n == 2)
		return pack_two(t, f->layout, v[0], v[1]);
	if (n != 3 || f->layout != L_BSDOS)
		t_errx(t, 1, "too many fields for format");
	if (v[0] > 0xfff)
		t_errx(t, 1, "invalid major number");
	if (v[1] > 0xfff)
		t_errx(t, 1, "invalid unit number");
	if (v[2] > 0xff)
		t_errx(t, 1, "invalid subunit number");
	return v[0] << 20 | v[1] << 8 | v[2];
}

/* --- majors by the drivers' names --- */

static struct kinfo_drivers *
drivers(struct tool *t, size_t *count)
{
	static const int mib[] = { CTL_KERN, KERN_DRIVERS };
	struct kinfo_drivers *d;
	size_t size = 0, room;
	int error;

	error = sys_sysctl(t, mib, 2, NULL, &size, NULL, 0);
	if (error < 0)
		t_fail(t, 1, error, "kern.drivers");
	if (size > 1 << 20)
		size = 1 << 20;
	room = size;
	d = t_calloc(t, 1, room + sizeof(*d));
	error = sys_sysctl(t, mib, 2, d, &size, NULL, 0);
	if (error == 0 && size > room)
		error = -EIO;
	if (error < 0)
		t_fail(t, 1, error, "kern.drivers");
	*count = size / sizeof(*d);
	return d;
}

static uint32_t
major_by_name(struct tool *t, const char *name, mode_t type)
{
	struct kinfo_drivers *d;
	size_t i, n;
	int32_t maj = -1;

	d = drivers(t, &n);
	for (i = 0; i < n && maj < 0; i++)
		if (strncmp(d[i].d_name, name, sizeof(d[i].d_name)) == 0)
			maj = type == S_IFBLK ? d[i].d_bmajor : d[i].d_cmajor;
	if (maj < 0)
		t_errx(t, 1, "unknown driver: %s", name);
	return (uint32_t)maj;
}

static int
list(struct tool *t, char **names)
{
	struct kinfo_drivers *d;
	size_t i, n;
	char **name;

	d = drivers(t, &n);
	t_printf(t, "%-20s %6s %6s\n", "driver", "char", "block");
	for (i = 0; i < n; i++) {
		for (name = names; *name != NULL; name++)
			if (strncmp(*name, d[i].d_name, sizeof(d[i].d_name)) ==
			    0)
				break;
		if (*names != NULL && *name == NULL)
			continue;
		t_printf(t, "%-20.*s", (int)sizeof(d[i].d_name), d[i].d_name);
		if (d[i].d_cmajor >= 0)
			t_printf(t, " %6d", (int)d[i].d_cmajor);
		else
			t_printf(t, " %6s", "");
		if (d[i].d_bmajor >= 0)
			t_printf(t, " %6d", (int)d[i].d_bmajor);
		t_putc(t, '\n');
	}
	return 0;
}

static bool
number(const char *s, uint32_t *out)
{
	unsigned long long v;
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	v = strtoull(s, &end, 0);
	if (*end != '\0' || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

/* The device number that the operands after the type give. */
static dev_t
device(
    struct tool *t, const struct format *f, mode_t type, int argc, char **argv)
{
	uint32_t v[3];
	int i;

	if (argc < 1 || argc > 3)
		usage(t);
	for (i = 0; i < argc; i++)
		if (!number(argv[i], &v[i])) {
			if (i > 0 || argc < 2)
				t_errx(t, 1, "invalid number: %s", argv[i]);
			v[i] = major_by_name(t, argv[i], type);
		}
	return argc == 1 ? v[0] : pack(t, f, argc, v);
}

/* With -r: true when nothing is to be made. */
static bool
already_there(struct tool *t, const struct mknod *m, const char *name,
    mode_t type, dev_t dev)
{
	struct stat st;
	int error;

	if (!m->replace || sys_lstat(t, name, &st) != 0)
		return false;
	if ((st.st_mode & S_IFMT) == type &&
	    (type == S_IFIFO || st.st_rdev == dev))
		return true;
	if (S_ISDIR(st.st_mode))
		t_errx(t, 1, "%s: is a directory", name);
	error = sys_unlink(t, name);
	if (error != 0)
		t_fail(t, 1, error, "%s", name);
	return false;
}

static int
make(struct tool *t, const struct mknod *m, const char *name, mode_t type,
    dev_t dev)
{
	mode_t umask, mode = DEFFILEMODE;
	bool there;
	int error;

	umask = (mode_t)sys_umask(t, 0);
	sys_umask(t, umask);
	if (m->mode != NULL)
		mode = t_getmode(tools_mode(t, m->mode), mode & ~umask);
	there = already_there(t, m, name, type, dev);
	if (!there) {
		error = type == S_IFIFO ? sys_mkfifo(t, name, mode) :
					  sys_mknod(t, name, type | mode, dev);
		if (error != 0)
			t_fail(t, 1, error, "%s", name);
	} else if (!m->replace_wrong)
		return 0;
	if (m->mode != NULL && (error = sys_chmod(t, name, mode)) != 0)
		t_fail(t, 1, error, "%s: chmod", name);
	if ((m->uid != (uid_t)-1 || m->gid != (gid_t)-1) &&
	    (error = sys_chown(t, name, m->uid, m->gid)) != 0)
		t_fail(t, 1, error, "%s: chown/chgrp", name);
	return 0;
}

int
mknod_main(struct tool *t, int argc, char **argv)
{
	const struct format *f = find_format(t, "native");
	struct mknod m;
	mode_t type;
	dev_t dev = 0;
	int ch;

	memset(&m, 0, sizeof(m));
	m.uid = (uid_t)-1;
	m.gid = (gid_t)-1;
	while ((ch = t_getopt(t, argc, argv, "F:g:lm:Rru:")) != -1)
		switch (ch) {
		case 'F':
			f = find_format(t, t->t_opt.optarg);
			break;
		case 'g':
			if (t_gid_from_group(t, t->t_opt.optarg, &m.gid) != 0 &&
			    !number(t->t_opt.optarg, &m.gid))
				t_errx(t, 1, "%s: invalid group name",
				    t->t_opt.optarg);
			break;
		case 'l':
			m.list = true;
			break;
		case 'm':
			m.mode = t->t_opt.optarg;
			break;
		case 'R':
			m.replace = m.replace_wrong = true;
			break;
		case 'r':
			m.replace = true;
			break;
		case 'u':
			if (t_uid_from_user(t, t->t_opt.optarg, &m.uid) != 0 &&
			    !number(t->t_opt.optarg, &m.uid))
				t_errx(t, 1, "%s: invalid user name",
				    t->t_opt.optarg);
			break;
		default:
			usage(t);
		}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (m.list)
		return list(t, argv);
	if (argc < 2)
		usage(t);
	if (strcmp(argv[1], "p") == 0) {
		if (argc != 2)
			usage(t);
		type = S_IFIFO;
	} else {
		if (strcmp(argv[1], "c") == 0)
			type = S_IFCHR;
		else if (strcmp(argv[1], "b") == 0)
			type = S_IFBLK;
		else
			t_errx(t, 1, "node type must be 'b', 'c' or 'p'.");
		dev = device(t, f, type, argc - 2, argv + 2);
	}
	return make(t, &m, argv[0], type, dev);
}
