/* SPDX-License-Identifier: BSD-2-Clause */
/* raidctl(8): configures RAIDframe sets and looks after them. */
#include "opendisk.h"
#include "raidctl/raidctl.h"
#include <inttypes.h>
#include <limits.h>
#include <netbsd/disklabel.h>
#include <netbsd/fcntl.h>
#include <rumprun/tool_net.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
usage(struct tool *t)
{
	static const char *const forms[] = {
		"-A [yes | no | softroot | hardroot] dev",
		"-a component dev",
		"-B dev",
		"-C config_file dev",
		"-c config_file dev",
		"-F component dev",
		"-f component dev",
		"-G dev",
		"-g component dev",
		"-I serial_number dev",
		"-i dev",
		"-M [yes | no | set params] dev",
		"-m dev",
		"-P dev",
		"-p dev",
		"-R component dev",
		"-r component dev",
		"-S dev",
		"-s dev",
		"-U unit dev",
		"-u dev",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		t_eprintf(t, "%s %s [-v] %s\n", i == 0 ? "usage:" : "      ",
		    t->t_progname, forms[i]);
	t_exit(t, 1);
}

/* --- the driver ----------------------------------------------------------------- */

void
raid_ioctl(struct raidctl *rc, unsigned long com, const char *name, void *data)
{
	int error = sys_ioctl(rc->t, rc->fd, com, data);

	if (error < 0)
		t_fail(rc->t, 1, error, "ioctl (%s) failed", name);
}

void
raid_nap(struct tool *t, int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L };

	(void)sys_nanosleep(t, &ts);
}

struct RF_DeviceConfig_s *
raid_info(struct raidctl *rc)
{
	struct RF_DeviceConfig_s *c = t_calloc(rc->t, 1, sizeof(*c));
	void *p = c;

	RAID_IOCTL(rc, RAIDFRAME_GET_INFO, &p);
	if (c->rows > RF_MAXROW || c->cols > RF_MAX_DISKS || c->ndevs < 0 ||
	    c->ndevs > RF_MAX_DISKS || c->nspares < 0 ||
	    c->nspares > RF_MAX_DISKS)
		t_errx(rc->t, 1, "%s: nonsense from the driver", rc->dev);
	for (int i = 0; i < RF_MAX_DISKS; i++) {
		c->devs[i].devname[sizeof(c->devs[i].devname) - 1] = '\0';
		c->spares[i].devname[sizeof(c->spares[i].devname) - 1] = '\0';
	}
	return c;
}

int
raid_component(struct raidctl *rc, const char *name)
{
	struct RF_DeviceConfig_s *c = raid_info(rc);
	int number = -1;

	for (int i = 0; i < c->ndevs && number < 0; i++)
		if (strcmp(c->devs[i].devname, name) == 0)
			number = i;
	/* Spares are numbered behind the columns. */
	for (int i = 0; i < c->nspares && number < 0; i++)
		if (strcmp(c->spares[i].devname, name) == 0)
			number = (int)c->cols + i;
	t_free(rc->t, c);
	if (number < 0)
		t_fail(
		    rc->t, 1, 0, "%s is not a component of this device", name);
	return number;
}

static void
open_raid(struct raidctl *rc)
{
	struct tool *t = rc->t;
	int fd = opendisk(t, rc->dev, O_RDWR, &rc->name);
	struct stat st;

	if (fd < 0)
		t_fail(t, 1, fd, "Unable to open device file: %s", rc->dev);
	if (sys_fstat(t, fd, &st) != 0 ||
	    (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)))
		t_errx(t, 1, "%s is not a block or character device", rc->name);
	rc->fd = fd;
}

/* --- commands ------------------------------------------------------------------- */

static void
single(struct raidctl *rc, struct RF_SingleComponent_s *sc, const char *name)
{
	memset(sc, 0, sizeof(*sc));
	if (strlen(name) >= sizeof(sc->component_name))
		t_fail(rc->t, 1, ENAMETOOLONG, "%s", name);
	memcpy(sc->component_name, name, strlen(name));
}

static void
configure(struct raidctl *rc, const char *file, bool force)
{
	struct tool *t = rc->t;
	struct RF_Config_s *c = t_calloc(t, 1, sizeof(*c));
	void *p = c;
	bool failed;
	int error;

	error = raid_read_config(t, file, c, &failed);
	if (failed)
		t_fail(t, 1, error,
		    "Unable to create RAIDframe configuration structure");
	c->force = force;
	RAID_IOCTL(rc, RAIDFRAME_CONFIGURE, &p);
}

static void
fail_component(struct raidctl *rc, const char *name, bool reconstruct)
{
	struct rf_recon_req req = { .row = 0 };

	req.col = raid_component(rc, name);
	req.flags = reconstruct ? RF_FDFLAGS_RECON : RF_FDFLAGS_NONE;
	RAID_IOCTL(rc, RAIDFRAME_FAIL_DISK, &req);
	if (reconstruct && rc->verbose)
		raid_wait(rc, RAID_RECON, req.col);
}

static void
rebuild(struct raidctl *rc, const char *name)
{
	struct RF_SingleComponent_s sc;

	single(rc, &sc, name);
	sc.column = raid_component(rc, name);
	RAID_IOCTL(rc, RAIDFRAME_REBUILD_IN_PLACE, &sc);
	if (rc->verbose)
		raid_wait(rc, RAID_RECON, sc.column);
}

static void
hot_spare(struct raidctl *rc, const char *name, bool add)
{
	struct RF_SingleComponent_s sc;

	single(rc, &sc, name);
	if (add)
		RAID_IOCTL(rc, RAIDFRAME_ADD_HOT_SPARE, &sc);
	else
		RAID_IOCTL(rc, RAIDFRAME_REMOVE_HOT_SPARE, &sc);
}

static void
rewrite(struct raidctl *rc)
{
	RAID_IOCTL(rc, RAIDFRAME_REWRITEPARITY, NULL);
	if (rc->verbose) {
		t_printf(rc->t, "Initiating re-write of parity\n");
		raid_wait(rc, RAID_REWRITE, -1);
	}
}

static void
check_and_rewrite(struct raidctl *rc)
{
	if (raid_parity(rc))
		return;
	RAID_IOCTL(rc, RAIDFRAME_REWRITEPARITY, NULL);
	t_printf(rc->t, "%s: Initiating re-write of parity\n", rc->name);
	if (rc->verbose)
		raid_wait(rc, RAID_REWRITE, -1);
}

static void
copyback(struct raidctl *rc)
{
	t_printf(rc->t, "Copyback.\n");
	RAID_IOCTL(rc, RAIDFRAME_COPYBACK, NULL);
	if (rc->verbose)
		raid_wait(rc, RAID_COPYBACK, -1);
}

static void
autoconfigure(struct raidctl *rc, const char *how)
{
	bool hard = strcmp(how, "hardroot") == 0 ||
	    strcmp(how, "forceroot") == 0 || strcmp(how, "root") == 0;
	int root = hard ? 1 : strcmp(how, "softroot") == 0 ? 2 : 0;
	int on = root != 0 || strcmp(how, "yes") == 0;

	RAID_IOCTL(rc, RAIDFRAME_SET_AUTOCONFIG, &on);
	RAID_IOCTL(rc, RAIDFRAME_SET_ROOT, &root);
	t_printf(
	    rc->t, "%s: Autoconfigure: %s\n", rc->dev, on != 0 ? "Yes" : "No");
	if (root != 0)
		t_printf(rc->t, "%s: Root: %s\n", rc->dev,
		    root == 1 ? "Force" : "Soft");
}

/* --- the command line ----------------------------------------------------------- */

/* As strtou(3): the whole string, in C's notations. */
static int64_t
number(struct tool *t, const char *s, int64_t max)
{
	char *end;
	long long v = strtoll(s, &end, 0);

	if (end == s)
		t_fail(t, 1, ECANCELED, "Bad number `%s'", s);
	if (*end != '\0')
		t_fail(t, 1, ENOTSUP, "Bad number `%s'", s);
	if (v < 0 || v > max)
		t_fail(t, 1, ERANGE, "Bad number `%s'", s);
	return v;
}

static int
run(struct raidctl *rc, int action, const char *arg)
{
	struct RF_ComponentLabel_s label = { 0 };
	int unit;

	switch (action) {
	case 'A':
		autoconfigure(rc, arg);
		break;
	case 'a':
	case 'r':
		hot_spare(rc, arg, action == 'a');
		break;
	case 'B':
		copyback(rc);
		break;
	case 'C':
	case 'c':
		configure(rc, arg, action == 'C');
		break;
	case 'F':
	case 'f':
		fail_component(rc, arg, action == 'F');
		break;
	case 'G':
		raid_print_config(rc);
		break;
	case 'g':
		raid_label(rc, arg, raid_component(rc, arg));
		break;
	case 'I':
		label.serial_number = (int)(unsigned)number(
		    rc->t, arg, UINT_MAX);
		RAID_IOCTL(rc, RAIDFRAME_INIT_LABELS, &label);
		break;
	case 'i':
		rewrite(rc);
		break;
	case 'm':
		raid_map_status(rc);
		break;
	case 'P':
		check_and_rewrite(rc);
		break;
	case 'p':
		return raid_parity(rc) ? 0 : 1;
	case 'R':
		rebuild(rc, arg);
		break;
	case 'S':
		raid_progress(rc, true);
		break;
	case 's':
		raid_status(rc);
		break;
	case 'U':
		unit = (int)number(rc->t, arg, INT_MAX);
		RAID_IOCTL(rc, RAIDFRAME_SET_LAST_UNIT, &unit);
		break;
	case 'u':
		RAID_IOCTL(rc, RAIDFRAME_SHUTDOWN, NULL);
		break;
	}
	return 0;
}

int
raidctl_main(struct tool *t, int argc, char **argv)
{
	struct raidctl rc = { .t = t, .fd = -1 };
	const char *arg = NULL;
	int ch, action = 0, status = 0;

	while ((ch = t_getopt(t, argc, argv,
		    "A:a:BC:c:F:f:Gg:I:iM:mPpR:r:SsU:uv")) != -1) {
		if (ch == 'v') {
			rc.verbose = true;
			continue;
		}
		if (ch == '?' || action != 0)
			usage(t);
		action = ch;
		arg = t->t_opt.optarg;
	}
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (action == 0 || argc < 1 || (argc > 1 && action != 'M'))
		usage(t);
	rc.dev = argv[argc - 1];
	if (action == 'I' || action == 'U')
		(void)number(t, arg, action == 'U' ? INT_MAX : UINT_MAX);
	open_raid(&rc);
	if (action != 'M')
		status = run(&rc, action, arg);
	else if (!raid_map_set(&rc, arg, argv, argc - 1))
		usage(t);
	sys_close(t, rc.fd);
	return status;
}
