/* SPDX-License-Identifier: BSD-2-Clause */
/* disklabel(8): shows and changes the labels of disks. */
#include "disklabel/disklabel.h"
#include <netbsd/ioctl.h>
#include <string.h>

enum mode { READ, EDIT, TALK, RESTORE, WRITE, DISALLOW, ALLOW, LIST };

static _Noreturn void
usage(struct dl *dl)
{
	static const char *const forms[][2] = {
		{ "[-ABCFMrtv] disk", "to read label" },
		{ "-w [-BDFMrv] [-f disktab] disk disktype [packid]",
		    "to write label" },
		{ "-e [-BCDFMIrv] disk", "to edit label" },
		{ "-i [-BDFMIrv] disk", "to create a label interactively" },
		{ "-D [-v] disk", "to delete existing label(s)" },
		{ "-R [-BDFMrv] disk protofile", "to restore label" },
		{ "[-NW] disk", "to write disable/enable label" },
		{ "-l", "to show all known file system types" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		t_eprintf(dl->t, "%s disklabel %s\n\t(%s)\n",
		    i == 0 ? "usage:" : "or", forms[i][0], forms[i][1]);
	t_exit(dl->t, DL_USAGE);
}

static void
set_mode(struct dl *dl, enum mode *mode, enum mode to)
{
	if (*mode != READ)
		usage(dl);
	*mode = to;
}

static int
byte_order(struct dl *dl, const char *s)
{
	if (strcmp(s, "le") == 0)
		return 0;
	if (strcmp(s, "be") == 0)
		return 1;
	t_warnx(dl->t,
	    "invalid byte order: %s (there are be and le; boot programs "
	    "are installboot's)",
	    s);
	t_exit(dl->t, DL_USAGE);
}

static enum mode
options(struct dl *dl, int argc, char **argv)
{
	struct tool *t = dl->t;
	enum mode mode = READ;
	int ch;

	while ((ch = t_getopt(t, argc, argv, "AB:CDFIM:NRWef:ilrtvw")) != -1)
		switch (ch) {
		case 'A':
			dl->all = dl->raw = true;
			break;
		case 'B':
			dl->order = byte_order(dl, t->t_opt.optarg);
			break;
		case 'C':
			dl->chs = true;
			break;
		case 'D':
			dl->delete = dl->raw = true;
			break;
		case 'F':
			dl->file = dl->raw = true;
			break;
		case 'I':
			dl->init = dl->raw = true;
			break;
		case 'M':
			dl->machine = dl_machine(t->t_opt.optarg);
			if (dl->machine == NULL)
				t_errx(t, 1, "unknown machine type: %s",
				    t->t_opt.optarg);
			dl->raw = true;
			break;
		case 'N':
			set_mode(dl, &mode, DISALLOW);
			break;
		case 'R':
			set_mode(dl, &mode, RESTORE);
			break;
		case 'W':
			set_mode(dl, &mode, ALLOW);
			break;
		case 'e':
			set_mode(dl, &mode, EDIT);
			break;
		case 'f':
			dl->disktab = t->t_opt.optarg;
			break;
		case 'i':
			set_mode(dl, &mode, TALK);
			break;
		case 'l':
			set_mode(dl, &mode, LIST);
			break;
		case 'r':
			dl->raw = true;
			break;
		case 't':
			dl->terse = true;
			break;
		case 'v':
			dl->verbose = true;
			break;
		case 'w':
			set_mode(dl, &mode, WRITE);
			break;
		default:
			usage(dl);
		}
	return mode;
}

/* --- what it does --------------------------------------------------------------- */

static int
show(struct dl *dl)
{
	struct dl_text text = { .t = dl->t };

	if (dl->all)
		return dl_show_all(dl);
	if (dl->delete)
		return dl_delete(dl);
	dl_read(dl);
	if (dl->terse)
		dl_print_disktab(&text, &dl->label);
	else
		dl_print(dl, &text, &dl->label);
	dl_text_show(&text);
	return dl_check(dl, &dl->label) > 0 ? DL_WARNED : 0;
}

static int
restore(struct dl *dl, const char *proto)
{
	struct tool *t = dl->t;
	int fd = -1;
	char *text;

	if (strcmp(proto, "-") != 0) {
		fd = sys_open(t, proto, O_RDONLY, 0);
		if (fd < 0)
			t_fail(t, DL_SYSTEM, fd, "%s", proto);
	}
	text = dl_read_text(dl, fd, proto);
	if (fd >= 0)
		sys_close(t, fd);
	if (dl_parse(dl, text, &dl->label) > 0)
		return 1;
	return dl_write(dl);
}

static int
write_type(struct dl *dl, const char *type, const char *pack)
{
	if (!disktab_label(dl->t, dl->disktab, type, &dl->label))
		t_errx(dl->t, 1, "unknown disk type: %s", type);
	if (pack != NULL)
		memcpy(dl->label.d_packname, pack,
		    disktab_len(pack, sizeof(dl->label.d_packname)));
	if (dl_check(dl, &dl->label) > 0)
		return 1;
	return dl_write(dl);
}

static int
guard(struct dl *dl, int on)
{
	int error = sys_ioctl(dl->t, dl->fd, DIOCWLABEL, &on);

	if (error != 0)
		t_fail(dl->t, DL_SYSTEM, error, "ioctl DIOCWLABEL");
	return 0;
}

static int
run(struct dl *dl, enum mode mode, int argc, char **argv)
{
	switch (mode) {
	case EDIT:
		dl_read(dl);
		return dl_edit(dl);
	case TALK:
		dl_read(dl);
		return dl_talk(dl);
	case RESTORE:
		return restore(dl, argv[1]);
	case WRITE:
		return write_type(dl, argv[1], argc > 2 ? argv[2] : NULL);
	case DISALLOW:
	case ALLOW:
		return guard(dl, mode == ALLOW);
	default:
		return show(dl);
	}
}

int
disklabel_main(struct tool *t, int argc, char **argv)
{
	static const int operands[][2] = { [READ] = { 1, 1 },
		[EDIT] = { 1, 1 },
		[TALK] = { 1, 1 },
		[RESTORE] = { 2, 2 },
		[WRITE] = { 2, 3 },
		[DISALLOW] = { 1, 1 },
		[ALLOW] = { 1, 1 },
		[LIST] = { 0, 0 } };
	struct dl dl = { .t = t, .fd = -1, .order = -1 };
	enum mode mode;

	dl.machine = dl_machine(NULL);
	mode = options(&dl, argc, argv);
	argc -= t->t_opt.optind;
	argv += t->t_opt.optind;
	if (argc < operands[mode][0] || argc > operands[mode][1] ||
	    (dl.init && mode != EDIT && mode != TALK))
		usage(&dl);
	if (mode == LIST) {
		dl_print_fstypes(t);
		return 0;
	}
	dl_open(&dl, argv[0], mode != READ || dl.delete);
	return run(&dl, mode, argc, argv);
}
