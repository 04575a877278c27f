/* SPDX-License-Identifier: BSD-2-Clause */
/* stat: a file's status by a format. The formats and fields are those of stat(1). */
#include "stat/stat.h"
#include <string.h>

#define DEFAULT_FORMAT                                \
	"%d %i %Sp %l %Su %Sg %r %z \"%Sa\" \"%Sm\" " \
	"\"%Sc\" \"%SB\" %k %b %#Xf %N"
#define RAW_FORMAT "%d %i %#p %l %u %g %r %z %a %m %c %B %k %b %f %N"
#define SHELL_FORMAT                                   \
	"st_dev=%d st_ino=%i st_mode=%#p st_nlink=%l " \
	"st_uid=%u st_gid=%g st_rdev=%r st_size=%z "   \
	"st_atime=%a st_mtime=%m st_ctime=%c "         \
	"st_birthtime=%B st_blksize=%k st_blocks=%b "  \
	"st_flags=%f"
#define LS_FORMAT "%Sp %l %Su %Sg %Z %Sm %N%SY"
#define LSF_FORMAT "%Sp %l %Su %Sg %Z %Sm %N%T%SY"
#define LINUX_FORMAT                                     \
	"  File: \"%N\"%n  Size: %-11z  FileType: %HT%n" \
	"  Mode: (%01Mp%03OLp/%.10Sp)         "          \
	"Uid: (%5u/%8Su)  Gid: (%5g/%8Sg)%n"             \
	"Device: %Hd,%Ld   Inode: %i    Links: %l%n"     \
	"Access: %Sa%nModify: %Sm%nChange: %Sc"
#define TIME_FORMAT "%b %e %T %Y"
#define SHELL_TIME "%s"
#define LINUX_TIME "%c"

static _Noreturn void
usage(struct tool *t)
{
	t_eprintf(t,
	    "usage: stat [-FLnq] [-f format | -l | -r | -s | -x] "
	    "[-t timefmt] [file|handle ...]\n");
	t_exit(t, 1);
}

static const char *
style_format(char style, bool type_character)
{
	switch (style) {
	case 'r':
		return RAW_FORMAT;
	case 's':
		return SHELL_FORMAT;
	case 'x':
		return LINUX_FORMAT;
	case 'l':
		return type_character ? LSF_FORMAT : LS_FORMAT;
	default:
		return DEFAULT_FORMAT;
	}
}

static int
stat_one(struct stat_output *o, const char *file, bool follow, bool quiet)
{
	struct tool *t = o->t;
	int error;

	o->filen++;
	o->file = file != NULL ? file : "(stdin)";
	if (file == NULL)
		error = sys_fstat(t, 0, &o->st);
	else if (follow && sys_stat(t, file, &o->st) == 0)
		error = 0;
	else
		error = sys_lstat(t, file, &o->st);
	if (error != 0) {
		if (!quiet && file != NULL)
			t_warn(t, error, "%s: %s", file,
			    follow ? "stat" : "lstat");
		else if (!quiet)
			t_warn(t, error, "(stdin): fstat");
		return 1;
	}
	stat_print(o);
	return 0;
}

int
stat_main(struct tool *t, int argc, char **argv)
{
	bool quiet = false, follow = false, type_character = false;
	const char *format = NULL, *timefmt = NULL;
	struct stat_output o;
	char style = 0;
	int ch, status = 0;

	memset(&o, 0, sizeof(o));
	o.t = t;
	while ((ch = t_getopt(t, argc, argv, "f:FlLnqrst:x")) != -1)
		switch (ch) {
		case 'F':
			type_character = true;
			if (style != 0 && style != 'l')
				t_errx(t, 1, "can't use format '%c' with -F",
				    style);
			style = 'l';
			break;
		case 'L':
			follow = true;
			break;
		case 'n':
			o.no_newline = true;
			break;
		case 'q':
			quiet = true;
			break;
		case 'f':
			format = t->t_opt.optarg; /* FALLTHROUGH */
		case 'l':
		case 'r':
		case 's':
		case 'x':
			if (style != 0 && !(style == 'l' && ch == 'l'))
				t_errx(t, 1, "can't use format '%c' with '%c'",
				    style, ch);
			style = (char)ch;
			break;
		case 't':
			timefmt = t->t_opt.optarg;
			break;
		default:
			usage(t);
		}
	argv += t->t_opt.optind;
	o.format = format != NULL ? format : style_format(style, type_character);
	o.timefmt = timefmt != NULL ? timefmt :
	    style == 's'	    ? SHELL_TIME :
	    style == 'x'	    ? LINUX_TIME :
				      TIME_FORMAT;
	if (*argv == NULL)
		return stat_one(&o, NULL, follow, quiet);
	for (; *argv != NULL; argv++)
		status |= stat_one(&o, *argv, follow, quiet);
	return status;
}
