/* SPDX-License-Identifier: BSD-2-Clause */
/* dd: operands. */
#include "dd/dd.h"
#include <limits.h>
#include <string.h>

struct conversion {
	const char *name;
	unsigned set, against;
	const unsigned char *table;
};

static const struct conversion conversions[] = {
	{ "ascii", DD_TRANSLATE | DD_UNBLOCK, DD_BLOCK, dd_ebcdic_to_ascii },
	{ "block", DD_BLOCK, DD_UNBLOCK, NULL },
	{ "ebcdic", DD_TRANSLATE | DD_BLOCK, DD_UNBLOCK, dd_ascii_to_ebcdic },
	{ "ibm", DD_TRANSLATE | DD_BLOCK, DD_UNBLOCK, dd_ascii_to_ibm },
	{ "lcase", DD_LCASE, DD_UCASE, NULL },
	{ "noerror", DD_NOERROR, 0, NULL },
	{ "notrunc", DD_NOTRUNC, 0, NULL },
	{ "oldascii", DD_TRANSLATE | DD_UNBLOCK, DD_BLOCK, dd_old_to_ascii },
	{ "oldebcdic", DD_TRANSLATE | DD_BLOCK, DD_UNBLOCK, dd_ascii_to_old },
	{ "oldibm", DD_TRANSLATE | DD_BLOCK, DD_UNBLOCK, dd_ascii_to_old },
	{ "osync", DD_OSYNC, 0, NULL }, /* nor bs */
	{ "sparse", DD_SPARSE, 0, NULL },
	{ "swab", DD_SWAB, 0, NULL },
	{ "sync", DD_SYNC, 0, NULL },
	{ "ucase", DD_UCASE, DD_LCASE, NULL },
	{ "unblock", DD_UNBLOCK, DD_BLOCK, NULL },
};

static void
set_conv(struct dd *d, char *list)
{
	size_t i, n = sizeof(conversions) / sizeof(conversions[0]);
	char *word, *next;

	for (word = list; word != NULL; word = next) {
		next = strchr(word, ',');
		if (next != NULL)
			*next++ = '\0';
		for (i = 0; i < n; i++)
			if (strcmp(conversions[i].name, word) == 0)
				break;
		if (i == n)
			t_errx(d->t, 1, "unknown conversion %s", word);
		if ((d->conv & conversions[i].against) != 0 ||
		    (conversions[i].table != NULL && d->table != NULL) ||
		    (conversions[i].set == DD_OSYNC && d->bs_given))
			t_errx(d->t, 1, "%s: illegal conversion combination",
			    word);
		d->conv |= conversions[i].set;
		if (conversions[i].table != NULL)
			d->table = conversions[i].table;
	}
}

struct open_flag {
	const char *name;
	int flag;
};

static const struct open_flag open_flags[] = {
	{ "alt_io", O_ALT_IO },
	{ "append", O_APPEND },
	{ "async", O_ASYNC },
	{ "cloexec", O_CLOEXEC },
	{ "creat", O_CREAT },
	{ "direct", O_DIRECT },
	{ "directory", O_DIRECTORY },
	{ "dsync", O_DSYNC },
	{ "excl", O_EXCL },
	{ "exlock", O_EXLOCK },
	{ "noctty", O_NOCTTY },
	{ "nofollow", O_NOFOLLOW },
	{ "nonblock", O_NONBLOCK },
	{ "nosigpipe", O_NOSIGPIPE },
	{ "rdonly", O_RDONLY },
	{ "rdwr", O_RDWR },
	{ "rsync", O_RSYNC },
	{ "search", O_SEARCH },
	{ "shlock", O_SHLOCK },
	{ "sync", O_SYNC },
	{ "trunc", O_TRUNC },
	{ "wronly", O_WRONLY },
};

static int
parse_flags(struct dd *d, const char *operand, char *list)
{
	size_t i, n = sizeof(open_flags) / sizeof(open_flags[0]);
	char *word, *next;
	int flags = 0;

	for (word = list; word != NULL; word = next) {
		next = strchr(word, ',');
		if (next != NULL)
			*next++ = '\0';
		for (i = 0; i < n; i++)
			if (strcmp(open_flags[i].name, word) == 0)
				break;
		if (i == n)
			t_errx(d->t, 1, "unknown open flag %s", word);
		if (operand[0] == 'o' &&
		    (strcmp(word, "rdonly") == 0 || strcmp(word, "rdwr") == 0 ||
			strcmp(word, "wronly") == 0))
			t_warnx(d->t,
			    "rdonly, rdwr and wronly are ignored "
			    "for oflag");
		else
			flags |= open_flags[i].flag;
	}
	return flags;
}

#define BLOCKMAX ((int64_t)(INT_MAX / 2))

static const struct {
	const char *name, *what;
	int64_t min, max;
} numbers[] = {
	{ "bs", "block size", 1, BLOCKMAX },
	{ "cbs", "conversion record size", 1, BLOCKMAX },
	{ "count", "block count", 0, INT64_MAX },
	{ "files", "file count", 0, INT64_MAX },
	{ "ibs", "input block size", 1, BLOCKMAX },
	{ "iseek", "seek blocks", 0, INT64_MAX },
	{ "obs", "output block size", 1, BLOCKMAX },
	{ "oseek", "seek blocks", 0, INT64_MAX },
	{ "progress", "progress indicator", 0, INT_MAX },
	{ "seek", "seek blocks", 0, INT64_MAX },
	{ "skip", "skip blocks", 0, INT64_MAX },
};

/*
 * Operands that are given once only, and not beside those of `against`: a
 * group has one bit, as iseek and skip say the same.
 */
enum {
	G_BS = 1,
	G_CBS = 2,
	G_COUNT = 4,
	G_FILES = 8,
	G_IBS = 16,
	G_IF = 32,
	G_OBS = 64,
	G_OF = 128,
	G_SEEK = 256,
	G_SKIP = 512
};

static const struct {
	const char *name;
	unsigned group, against;
} once[] = {
	{ "bs", G_BS, G_BS | G_IBS | G_OBS },
	{ "cbs", G_CBS, G_CBS },
	{ "count", G_COUNT, G_COUNT },
	{ "files", G_FILES, G_FILES },
	{ "ibs", G_IBS, G_BS | G_IBS },
	{ "if", G_IF, G_IF },
	{ "iseek", G_SKIP, G_SKIP },
	{ "obs", G_OBS, G_BS | G_OBS },
	{ "of", G_OF, G_OF },
	{ "oseek", G_SEEK, G_SEEK },
	{ "rif", G_IF, G_IF },
	{ "rof", G_OF, G_OF },
	{ "seek", G_SEEK, G_SEEK },
	{ "skip", G_SKIP, G_SKIP },
};

static void
check_once(struct dd *d, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		if (strcmp(once[i].name, name) != 0)
			continue;
		if ((d->given & once[i].against) != 0 ||
		    (once[i].group == G_BS && (d->conv & DD_OSYNC) != 0))
			t_errx(d->t, 1,
			    "%s: illegal argument combination or already set",
			    name);
		d->given |= once[i].group;
		return;
	}
}

static bool
set_number(struct dd *d, const char *name, const char *value)
{
	size_t i, n = sizeof(numbers) / sizeof(numbers[0]);
	int64_t v;

	for (i = 0; i < n; i++)
		if (strcmp(numbers[i].name, name) == 0)
			break;
	if (i == n)
		return false;
	v = t_strsuftoll(
	    d->t, numbers[i].what, value, numbers[i].min, numbers[i].max);
	switch (name[0]) {
	case 'b':
		d->bs_given = true;
		d->ibs = d->obs = (size_t)v;
		break;
	case 'c':
		if (name[1] == 'b')
			d->cbs = (size_t)v;
		else {
			d->count = (uint64_t)v;
			d->count_given = true;
		}
		break;
	case 'f':
		d->files = (uint64_t)v;
		break;
	case 'i':
		if (name[1] == 's')
			d->skip = (uint64_t)v;
		else if (!d->bs_given)
			d->ibs = (size_t)v;
		break;
	case 'o':
		if (name[1] == 's')
			d->seek = (uint64_t)v;
		else if (!d->bs_given)
			d->obs = (size_t)v;
		break;
	case 'p':
		d->progress = (int)v;
		break;
	default:
		if (name[1] == 'e')
			d->seek = (uint64_t)v;
		else
			d->skip = (uint64_t)v;
	}
	return true;
}

void
dd_operands(struct dd *d, char **argv)
{
	struct tool *t = d->t;
	char *name, *value;

	for (; *argv != NULL; argv++) {
		name = t_strdup(t, *argv);
		value = strchr(name, '=');
		if (value == NULL)
			t_errx(t, 1, "unknown operand %s", name);
		*value++ = '\0';
		if (*value == '\0')
			t_errx(t, 1, "no value specified for %s", name);
		check_once(d, name);
		if (set_number(d, name, value))
			continue;
		if (strcmp(name, "if") == 0 || strcmp(name, "rif") == 0)
			d->in_name = value;
		else if (strcmp(name, "of") == 0 || strcmp(name, "rof") == 0)
			d->out_name = value;
		else if (strcmp(name, "conv") == 0)
			set_conv(d, value);
		else if (strcmp(name, "iflag") == 0)
			d->iflag = parse_flags(d, name, value);
		else if (strcmp(name, "oflag") == 0)
			d->oflag = parse_flags(d, name, value);
		else if (strcmp(name, "msgfmt") == 0)
			d->msgfmt = value;
		else
			t_errx(t, 1, "unknown operand %s", name);
	}
	/* Translation alone works on the bytes; with a record size it is block or unblock as well. */
	if ((d->conv & DD_TRANSLATE) != 0 && d->cbs == 0)
		d->conv &= ~(unsigned)(DD_BLOCK | DD_UNBLOCK);
	if ((d->conv & (DD_BLOCK | DD_UNBLOCK)) != 0 && d->cbs == 0)
		t_errx(t, 1, "record operations require cbs");
	if (d->cbs != 0 && (d->conv & (DD_BLOCK | DD_UNBLOCK)) == 0)
		t_errx(t, 1,
		    "cbs meaningless if not doing record "
		    "operations");
	if (d->oflag > 0 && (d->oflag & O_TRUNC) != 0 &&
	    (d->seek != 0 || (d->conv & DD_NOTRUNC) != 0))
		t_errx(t, 1,
		    "oflag=trunc is incompatible with seek or "
		    "oseek operands and conv=notrunc");
	d->exact = d->bs_given &&
	    (d->conv & ~(unsigned)(DD_NOERROR | DD_NOTRUNC | DD_SYNC)) == 0;
}
