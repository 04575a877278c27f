/* SPDX-License-Identifier: BSD-2-Clause */
/* vnconfig(8): disks that are files. */
#include "opendisk.h"
#include "disktab.h"
#include "tools.h"
#include <inttypes.h>
#include <limits.h>
#include <netbsd/disklabel.h>
#include <netbsd/ioctl.h>
#include <string.h>

#define VNF_COMP 0x400 /* in vnd_flags: a compressed image (dev/vndvar.h) */
#define LISTED 4       /* units to list at least */

struct vnconfig {
	struct tool *t;
	enum { NONE, CONFIGURE, UNCONFIGURE, LIST } action;
	const char *disktab, *type;
	bool force, readonly, compressed, verbose;
	int min; /* -1: not given */
	struct vndgeom geom;
	bool hasgeom;
};

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: %s [-crvz] [-f dsktab] [-t type] vnode_disk reg-file "
	    "[geomspec]\n"
	    "       %s -u [-Fv] vnode_disk\n"
	    "       %s -l [-m num | vnode_disk...]\n",
	    t->t_progname, t->t_progname, t->t_progname);
	t_exit(t, 1);
}

static int
open_disk(struct vnconfig *vc, const char *name, int flags, const char **namep)
{
	int fd = opendisk(vc->t, name, flags, namep);

	if (fd < 0)
		t_warn(vc->t, fd, "%s: opendisk", *namep);
	return fd;
}

/* --- geometry -------------------------------------------------------------------- */

/* A number up to a slash or the end; false: there is none. */
static bool
number(const char **sp, uint32_t *np)
{
	uint64_t n = 0;
	const char *s = *sp;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		if ((n = n * 10 + (uint64_t)(*s - '0')) > UINT32_MAX)
			return false;
	if (*s != '/' && *s != '\0')
		return false;
	*sp = *s == '/' ? s + 1 : s;
	*np = (uint32_t)n;
	return true;
}

static void
parse_geometry(struct vnconfig *vc, const char *spec)
{
	struct vndgeom *g = &vc->geom;
	const char *s = spec;

	/* The message names what comes before the first slash. */
	if (!number(&s, &g->vng_secsize) || !number(&s, &g->vng_nsectors) ||
	    !number(&s, &g->vng_ntracks) || !number(&s, &g->vng_ncylinders) ||
	    *s != '\0')
		t_errx(vc->t, 1, "invalid geometry: %.*s",
		    (int)strcspn(spec, "/"), spec);
	vc->hasgeom = true;
}

static void
look_up_type(struct vnconfig *vc)
{
	struct disklabel label;

	if (!disktab_label(vc->t, vc->disktab, vc->type, &label))
		t_errx(vc->t, 1, "unknown disk type: %s", vc->type);
	vc->geom = (struct vndgeom){
		.vng_secsize = label.d_secsize,
		.vng_nsectors = label.d_nsectors,
		.vng_ntracks = label.d_ntracks,
		.vng_ncylinders = label.d_ncylinders,
	};
	vc->hasgeom = true;
}

/* --- actions ------------------------------------------------------------------------ */

static int
configure(struct vnconfig *vc, const char *disk, const char *file)
{
	struct tool *t = vc->t;
	bool readonly = vc->readonly || vc->compressed;
	struct vnd_ioctl vio;
	const char *name;
	int fd, ffd, error;

	if ((fd = open_disk(vc, disk, O_RDWR, &name)) < 0)
		return 1;
	ffd = sys_open(t, file, readonly ? O_RDONLY : O_RDWR, 0);
	if (ffd < 0) {
		t_warn(t, ffd, "%s", file);
		(void)sys_close(t, fd);
		return 1;
	}
	memset(&vio, 0, sizeof(vio));
	vio.vnd_file = t_strdup(t, file);
	vio.vnd_flags = (vc->hasgeom ? VNDIOF_HASGEOM : 0) |
	    (vc->readonly ? VNDIOF_READONLY : 0) |
	    (vc->compressed ? VNF_COMP | VNDIOF_READONLY : 0);
	vio.vnd_geom = vc->geom;
	error = sys_ioctl(t, fd, VNDIOCSET, &vio);
	if (error < 0) {
		t_warn(t, error, "%s: VNDIOCSET", name);
	} else if (vc->verbose) {
		t_printf(
		    t, "%s: %" PRIu64 " bytes on %s", name, vio.vnd_size, file);
		if (vc->hasgeom)
			t_printf(t,
			    " using geometry %" PRIu32 "/%" PRIu32 "/%" PRIu32
			    "/%" PRIu32,
			    vc->geom.vng_secsize, vc->geom.vng_nsectors,
			    vc->geom.vng_ntracks, vc->geom.vng_ncylinders);
		t_printf(t, "\n");
	}
	(void)sys_close(t, ffd);
	(void)sys_close(t, fd);
	return error < 0;
}

static int
unconfigure(struct vnconfig *vc, const char *disk)
{
	struct tool *t = vc->t;
	struct vnd_ioctl vio;
	const char *name;
	int fd, error;

	if ((fd = open_disk(vc, disk, O_RDWR, &name)) < 0)
		return 1;
	memset(&vio, 0, sizeof(vio));
	vio.vnd_flags = vc->force ? VNDIOF_FORCE : 0;
	error = sys_ioctl(t, fd, VNDIOCCLR, &vio);
	if (error < 0)
		t_warn(t, error, "%s: VNDIOCCLR", name);
	else if (vc->verbose)
		t_printf(t, "%s: cleared\n", name);
	(void)sys_close(t, fd);
	return error < 0;
}

static void
show(struct tool *t, const struct vnd_user *vnu)
{
	t_printf(t, "vnd%d: ", vnu->vnu_unit);
	if (vnu->vnu_ino == 0)
		t_printf(t, "not in use\n");
	else
		t_printf(t, "dev %u,%u inode %" PRIu64 "\n",
		    (unsigned)major(vnu->vnu_dev),
		    (unsigned)minor(vnu->vnu_dev), (uint64_t)vnu->vnu_ino);
}

static int
list_one(struct vnconfig *vc, const char *disk)
{
	struct tool *t = vc->t;
	struct vnd_user vnu = { .vnu_unit = -1 };
	const char *name;
	int fd, error;

	if ((fd = open_disk(vc, disk, O_RDONLY, &name)) < 0)
		return 1;
	error = sys_ioctl(t, fd, VNDIOCGET, &vnu);
	if (error < 0)
		t_warn(t, error, "%s: VNDIOCGET", name);
	else
		show(t, &vnu);
	(void)sys_close(t, fd);
	return error < 0;
}

/* All that the driver knows, and at least `min`; those in use when that is 0. */
static int
list_all(struct vnconfig *vc)
{
	struct tool *t = vc->t;
	int fd, error = 0, min = vc->min < 0 ? LISTED : vc->min;
	const char *name;

	if ((fd = open_disk(vc, "vnd0", O_RDONLY, &name)) < 0)
		return 1;
	for (int unit = 0; unit < INT_MAX; unit++) {
		struct vnd_user vnu = { .vnu_unit = unit };

		error = sys_ioctl(t, fd, VNDIOCGET, &vnu);
		if (error == -ENXIO && unit >= min) {
			error = 0;
			break;
		}
		if (error < 0 && error != -ENXIO) {
			t_warn(t, error, "%s: VNDIOCGET", name);
			break;
		}
		if (error == -ENXIO)
			vnu = (struct vnd_user){ .vnu_unit = unit };
		if (min > 0 || vnu.vnu_ino != 0)
			show(t, &vnu);
	}
	(void)sys_close(t, fd);
	return error < 0;
}

static void
set_action(struct vnconfig *vc, int action)
{
	if (vc->action != NONE)
		usage(vc->t);
	vc->action = action;
}

static void
parse(struct vnconfig *vc, int argc, char **argv)
{
	struct tool *t = vc->t;
	int c;

	while ((c = t_getopt(t, argc, argv, "Fcf:lm:rt:uvz")) != -1) {
		switch (c) {
		case 'F':
			vc->force = true;
			break;
		case 'c':
			set_action(vc, CONFIGURE);
			break;
		case 'f':
			vc->disktab = t->t_opt.optarg;
			break;
		case 'l':
			set_action(vc, LIST);
			break;
		case 'm':
			vc->min = (int)t_strsuftoll(
			    t, "number of disks", t->t_opt.optarg, 0, 100000);
			break;
		case 'r':
			vc->readonly = true;
			break;
		case 't':
			vc->type = t->t_opt.optarg;
			break;
		case 'u':
			set_action(vc, UNCONFIGURE);
			break;
		case 'v':
			vc->verbose = true;
			break;
		case 'z':
			vc->compressed = true;
			break;
		default:
			usage(t);
		}
	}
	if (vc->action == NONE)
		vc->action = CONFIGURE;
}

int
vnconfig_main(struct tool *t, int argc, char **argv)
{
	struct vnconfig vc = { .t = t, .min = -1 };
	int status = 0;

	parse(&vc, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	switch (vc.action) {
	case UNCONFIGURE:
		if (argc != 1)
			usage(t);
		return unconfigure(&vc, argv[0]);
	case LIST:
		if (argc > 0 && vc.min >= 0)
			usage(t);
		if (argc == 0)
			return list_all(&vc);
		for (int i = 0; i < argc; i++)
			status |= list_one(&vc, argv[i]);
		return status;
	default:
		if (argc < 2 || argc > 3 || (argc == 3 && vc.type != NULL))
			usage(t);
		if (argc == 3)
			parse_geometry(&vc, argv[2]);
		else if (vc.type != NULL)
			look_up_type(&vc);
		return configure(&vc, argv[0], argv[1]);
	}
}
