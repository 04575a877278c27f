/* SPDX-License-Identifier: BSD-2-Clause */
/* getopt(3) as POSIX and the manual page describe it: options end at the first operand. */
#include "tool/private.h"
#include <string.h>

static void
complain(struct tool *t, const char *optstring, const char *what, int c)
{
	if (t->t_opt.opterr && *optstring != ':')
		t_warnx(t, "%s -- %c", what, c);
}

/* The next option's first character, or false when there is none. */
static bool
next_word(struct tool *t, int argc, char *const *argv)
{
	struct toptions *o = &t->t_opt;
	const char *word;

	if (o->optind >= argc || (word = argv[o->optind]) == NULL ||
	    word[0] != '-' || word[1] == '\0')
		return false;
	if (word[1] == '-' && word[2] == '\0') {
		o->optind++;
		return false;
	}
	o->place = word + 1;
	return true;
}

int
t_getopt(struct tool *t, int argc, char *const *argv, const char *optstring)
{
	struct toptions *o = &t->t_opt;
	const char *spec;
	int c;

	if (o->optreset) {
		o->optreset = 0;
		o->place = "";
	}
	o->optarg = NULL;
	if (*o->place == '\0' && !next_word(t, argc, argv)) {
		o->place = "";
		return -1;
	}
	c = o->optopt = (unsigned char)*o->place++;
	spec = c == ':' ? NULL : strchr(optstring, c);
	if (spec == NULL) {
		if (*o->place == '\0')
			o->optind++;
		complain(t, optstring, "unknown option", c);
		return '?';
	}
	if (spec[1] != ':') {
		if (*o->place == '\0')
			o->optind++;
		return c;
	}
	o->optind++;
	if (*o->place != '\0')
		o->optarg = o->place;
	else if (o->optind < argc && argv[o->optind] != NULL)
		o->optarg = argv[o->optind++];
	else {
		o->place = "";
		complain(t, optstring, "option requires an argument", c);
		return *optstring == ':' ? ':' : '?';
	}
	o->place = "";
	return c;
}
