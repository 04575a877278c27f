/* SPDX-License-Identifier: BSD-2-Clause */
/* setmode(3) and getmode(3): chmod(1)'s modes, octal and symbolic, as POSIX defines them. */
#include "tool/private.h"
#include <string.h>

#define WHO_U 01
#define WHO_G 02
#define WHO_O 04

/* One operation: on whom, which, what; or an absolute mode. */
struct step {
	unsigned char who; /* WHO_*; 0: everybody but for the umask */
	char op;	   /* '+', '-', '=', or '0': absolute */
	bool execute_if;   /* X */
	bool sticky;	   /* t */
	bool setid;	   /* s */
	char copy;	   /* 'u', 'g', 'o' or 0 */
	mode_t perms;	   /* rwx in the low three bits, or the absolute mode */
};

struct tmode {
	mode_t umask;
	size_t count;
	struct step steps[];
};

static struct tmode *
add(struct tool *t, struct tmode *m, const struct step *s)
{
	m = t_realloc(t, m, sizeof(*m) + (m->count + 1) * sizeof(*s));
	m->steps[m->count++] = *s;
	return m;
}

/* Octal digits alone, at most 7777. */
static bool
parse_octal(const char *s, mode_t *mode)
{
	unsigned v = 0;

	for (; *s >= '0' && *s <= '7'; s++)
		if ((v = v * 8 + (unsigned)(*s - '0')) > ALLPERMS)
			return false;
	*mode = v;
	return *s == '\0';
}

static const char *
parse_who(const char *s, unsigned char *who)
{
	for (*who = 0;; s++)
		if (*s == 'u')
			*who |= WHO_U;
		else if (*s == 'g')
			*who |= WHO_G;
		else if (*s == 'o')
			*who |= WHO_O;
		else if (*s == 'a')
			*who |= WHO_U | WHO_G | WHO_O;
		else
			return s;
}

static const char *
parse_perms(const char *s, struct step *st)
{
	for (;; s++)
		switch (*s) {
		case 'r':
			st->perms |= 4;
			break;
		case 'w':
			st->perms |= 2;
			break;
		case 'x':
			st->perms |= 1;
			break;
		case 'X':
			st->execute_if = true;
			break;
		case 's':
			st->setid = true;
			break;
		case 't':
			/* On the others alone it says nothing. */
			st->sticky = st->who != WHO_O;
			break;
		default:
			return s;
		}
}

/* What follows an operator: permissions, and classes to copy from, each a step of its own. */
static const char *
parse_action(struct tool *t, const char *s, unsigned char who, struct tmode **m)
{
	struct step st;
	const char *from;
	char op = *s++;
	bool copied = false, copies;

	for (;;) {
		memset(&st, 0, sizeof(st));
		st.who = who;
		st.op = op;
		from = s;
		s = parse_perms(s, &st);
		copies = *s == 'u' || *s == 'g' || *s == 'o';
		if (s != from || (!copied && !copies))
			*m = add(t, *m, &st);
		if (!copies)
			return s;
		memset(&st, 0, sizeof(st));
		st.who = who;
		st.op = op;
		st.copy = *s++;
		*m = add(t, *m, &st);
		copied = true;
	}
}

struct tmode *
t_setmode(struct tool *t, const char *s)
{
	struct tmode *m = t_calloc(t, 1, sizeof(*m));
	struct step st;
	int old;

	old = sys_umask(t, 0);
	if (old >= 0) {
		m->umask = (mode_t)old & ACCESSPERMS;
		sys_umask(t, m->umask);
	}
	memset(&st, 0, sizeof(st));
	if (*s >= '0' && *s <= '9') {
		st.op = '0';
		return parse_octal(s, &st.perms) ? add(t, m, &st) : NULL;
	}
	if (*s == '\0')
		return NULL;
	for (;; s++) {
		unsigned char who;

		s = parse_who(s, &who);
		if (*s != '+' && *s != '-' && *s != '=')
			return NULL;
		while (*s == '+' || *s == '-' || *s == '=')
			s = parse_action(t, s, who, &m);
		if (*s == '\0')
			return m;
		if (*s != ',')
			return NULL;
	}
}

/* The bits that one step names, spread over the classes it names. */
static mode_t
step_bits(const struct tmode *m, const struct step *st, mode_t now, mode_t first)
{
	unsigned who = st->who != 0 ? st->who : WHO_U | WHO_G | WHO_O;
	mode_t three = st->perms, bits = 0;

	if (st->copy == 'u')
		three = now >> 6 & 7;
	else if (st->copy == 'g')
		three = now >> 3 & 7;
	else if (st->copy == 'o')
		three = now & 7;
	if (st->execute_if && (S_ISDIR(first) || (first & 0111) != 0))
		three |= 1;
	if ((who & WHO_U) != 0)
		bits |= three << 6;
	if ((who & WHO_G) != 0)
		bits |= three << 3;
	if ((who & WHO_O) != 0)
		bits |= three;
	if (st->who == 0)
		bits &= ~m->umask;
	if (st->setid)
		bits |= ((who & WHO_U) != 0 ? S_ISUID : 0) |
		    ((who & WHO_G) != 0 ? S_ISGID : 0);
	if (st->sticky)
		bits |= S_ISVTX;
	return bits;
}

mode_t
t_getmode(const struct tmode *m, mode_t mode)
{
	mode_t first = mode, bits;
	size_t i;

	for (i = 0; i < m->count; i++) {
		const struct step *st = &m->steps[i];
		unsigned who = st->who != 0 ? st->who : WHO_U | WHO_G | WHO_O;

		if (st->op == '0') {
			mode = (mode & ~(mode_t)ALLPERMS) | st->perms;
			continue;
		}
		bits = step_bits(m, st, mode, first);
		if (st->op == '=') {
			if ((who & WHO_U) != 0)
				mode &= ~(mode_t)(S_IRWXU | S_ISUID);
			if ((who & WHO_G) != 0)
				mode &= ~(mode_t)(S_IRWXG | S_ISGID);
			if ((who & WHO_O) != 0)
				mode &= ~(mode_t)S_IRWXO;
		}
		if (st->op == '-')
			mode &= ~bits;
		else
			mode |= bits;
	}
	return mode;
}
