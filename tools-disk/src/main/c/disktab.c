/* SPDX-License-Identifier: BSD-2-Clause */
/* disktab(5): entries in the form of capfile(5), read from a file of the kernel. */
#include "disktab.h"
#include <rumprun/dklabel.h>
#include <rumprun/tool_sys.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)1024 * 1024)
/* So many entries are behind one another by tc=. */
#define MOST_ENTRIES 32
#define DEFAULT_BBSIZE 8192
#define DEFAULT_SBSIZE 8192

#define FSTYPE_NAME(n, name, fsck, mount) [n] = name,
#define DKTYPE_NAME(n, name) [n] = name,
static const char *const fstypes[] = { FSTYPE_NAMES(FSTYPE_NAME) };
static const char *const dktypes[] = { DKTYPE_NAMES(DKTYPE_NAME) };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
same(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
			return false;
	return true;
}

int
disktab_fstype(const char *s, size_t *lenp)
{
	size_t best = 0, have = strlen(s);
	int found = -1;

	for (size_t i = 0; i < COUNT(fstypes); i++) {
		size_t n = strlen(fstypes[i]);

		if (n > have || n <= best || !same(s, fstypes[i], n) ||
		    (lenp == NULL && n != have))
			continue;
		/* "ccd" is not what "ccdx" begins with */
		if (s[n] != '\0' && !isspace((unsigned char)s[n]))
			continue;
		best = n;
		found = (int)i;
	}
	if (lenp != NULL)
		*lenp = best;
	return found;
}

int
disktab_dktype(const char *s)
{
	for (size_t i = 0; i < COUNT(dktypes); i++)
		if (strlen(dktypes[i]) == strlen(s) &&
		    same(s, dktypes[i], strlen(s)))
			return (int)i;
	return -1;
}

const char *
disktab_fstype_name(unsigned n)
{
	return n < COUNT(fstypes) ? fstypes[n] : NULL;
}

const char *
disktab_dktype_name(unsigned n)
{
	return n < COUNT(dktypes) ? dktypes[n] : NULL;
}

/* The file with continued lines joined; NULL when it cannot be read. */
static char *
read_file(struct tool *t, const char *file)
{
	int fd = sys_open(t, file, O_RDONLY, 0);
	char *s, *from, *to;
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return NULL;
	s = t_malloc(t, MOST_BYTES + 1);
	while (len < MOST_BYTES &&
	    (got = sys_read(t, fd, s + len, MOST_BYTES - len)) > 0)
		len += (size_t)got;
	sys_close(t, fd);
	s[len] = '\0';
	for (from = to = s; *from != '\0';) {
		if (from[0] == '\\' && from[1] == '\n')
			from += 2;
		else
			*to++ = *from++;
	}
	*to = '\0';
	return s;
}

/* The line of the entry that has this name among its own, "a|b|Long name:". */
static const char *
entry(const char *s, const char *name, size_t len)
{
	const char *p;
	size_t n;

	for (; s != NULL && *s != '\0';
	     s = strchr(s, '\n') != NULL ? strchr(s, '\n') + 1 : NULL) {
		if (*s == '#' || isspace((unsigned char)*s))
			continue;
		for (p = s;; p += n + 1) {
			n = strcspn(p, "|:\n");
			if (n == len && memcmp(p, name, n) == 0)
				return s;
			if (p[n] != '|')
				break;
		}
	}
	return NULL;
}

/* An entry and those behind it, in order of what counts first. */
struct chain {
	const char *line[MOST_ENTRIES];
	const char *ctype; /* "=swap:...", or NULL */
	int n;
};

/* The capability `name` in a line: what is behind the two letters ('#', '=', '@', ':' ...), or NULL. */
static const char *
in_line(const char *line, const char *name)
{
	const char *p = line + strcspn(line, ":\n");

	while (*p == ':') {
		p++;
		while (*p == ' ' || *p == '\t')
			p++;
		if (p[0] == name[0] && p[0] != '\n' && p[1] == name[1])
			return p + 2;
		p += strcspn(p, ":\n");
	}
	return NULL;
}

static const char *
capability(const struct chain *c, const char *name)
{
	for (int i = 0; i < c->n; i++) {
		const char *p = in_line(c->line[i], name);

		if (p != NULL)
			return *p == '@' ? NULL : p;
	}
	return NULL;
}

static bool
is_fstype(const char *s)
{
	char type[32];
	size_t n = strcspn(s, ":\n");

	if (n >= sizeof(type))
		return false;
	memcpy(type, s, n);
	type[n] = '\0';
	return disktab_fstype(type, NULL) >= 0;
}

/* The name of another entry behind tc=, which may be the type of partition c as well. */
static bool
follow(struct chain *c, const char *s, const char *name)
{
	size_t len = strlen(name);

	c->ctype = NULL;
	for (c->n = 0; c->n < MOST_ENTRIES;) {
		const char *line = entry(s, name, len), *tc;

		if (line == NULL && c->n > 0 && is_fstype(name)) {
			c->ctype = name - 1;
			return true;
		}
		if (line == NULL)
			return false;
		c->line[c->n++] = line;
		tc = in_line(line, "tc");
		if (tc == NULL || *tc != '=')
			return true;
		name = tc + 1;
		len = strcspn(name, ":\n");
	}
	return false;
}

/* A number up to `most`; *ok is cleared by one that is none. */
static uint32_t
number(const struct chain *c, const char *name, uint32_t without, uint64_t most,
    bool *ok)
{
	const char *p = capability(c, name);
	unsigned long long v;
	char *end;

	if (p == NULL || *p != '#')
		return without;
	if (!isdigit((unsigned char)p[1])) {
		*ok = false;
		return without;
	}
	v = strtoull(p + 1, &end, 0);
	if ((*end != ':' && *end != '\n' && *end != '\0') || v > most) {
		*ok = false;
		return without;
	}
	return (uint32_t)v;
}

/* A word, cut to what fits; "" when there is none. */
static void
word(const struct chain *c, const char *name, char *out, size_t size)
{
	const char *p = strcmp(name, "tc") == 0 ? c->ctype : capability(c, name);
	size_t n = 0;

	if (p != NULL && *p == '=')
		for (p++; *p != '\0' && *p != ':' && *p != '\n' && n < size - 1;)
			out[n++] = *p++;
	out[n] = '\0';
}

static void
one_partition(const struct chain *c, unsigned i, struct disklabel *lp, bool *ok)
{
	struct partition *pp = &lp->d_partitions[i];
	char name[3] = { 'p', (char)('a' + i), '\0' }, type[32];
	uint32_t size = number(c, name, 0, UINT32_MAX, ok), bsize;
	int fstype;

	if (capability(c, name) == NULL)
		return;
	lp->d_npartitions = (uint16_t)(i + 1);
	pp->p_size = size;
	name[0] = 'o';
	pp->p_offset = number(c, name, 0, UINT32_MAX, ok);
	name[0] = 'f';
	pp->p_fsize = number(c, name, 0, UINT32_MAX, ok);
	name[0] = 'b';
	bsize = number(c, name, 0, UINT32_MAX, ok);
	if (pp->p_fsize != 0 && bsize / pp->p_fsize <= UINT8_MAX)
		pp->p_frag = (uint8_t)(bsize / pp->p_fsize);
	else if (bsize != 0)
		*ok = false;
	name[0] = 't';
	word(c, name, type, sizeof(type));
	fstype = disktab_fstype(type, NULL);
	if (fstype < 0 && isdigit((unsigned char)type[0])) {
		char *end;
		unsigned long v = strtoul(type, &end, 0);

		fstype = *end == '\0' && v <= UINT8_MAX ? (int)v : -1;
	}
	pp->p_fstype = (uint8_t)(type[0] == '\0' ? FS_UNUSED :
		fstype < 0			 ? FS_OTHER :
						   fstype);
}

static void
drive(const struct chain *c, struct disklabel *lp, bool *ok)
{
	char text[32], name[3] = "d0";
	int type;

	word(c, "dt", text, sizeof(text));
	type = disktab_dktype(text);
	lp->d_type = (uint16_t)(type < 0 ? DKTYPE_UNKNOWN : type);
	word(c, "ty", text, sizeof(text));
	if (strcmp(text, "removable") == 0)
		lp->d_flags |= D_REMOVABLE;
	else if (strcmp(text, "simulated") == 0)
		lp->d_flags |= D_RAMDISK;
	if (capability(c, "sf") != NULL)
		lp->d_flags |= D_BADSECT;
	lp->d_rpm = (uint16_t)number(c, "rm", 3600, UINT16_MAX, ok);
	lp->d_interleave = (uint16_t)number(c, "il", 1, UINT16_MAX, ok);
	lp->d_trackskew = (uint16_t)number(c, "sk", 0, UINT16_MAX, ok);
	lp->d_cylskew = (uint16_t)number(c, "cs", 0, UINT16_MAX, ok);
	lp->d_headswitch = number(c, "hs", 0, UINT32_MAX, ok);
	lp->d_trkseek = number(c, "ts", 0, UINT32_MAX, ok);
	for (int i = 0; i < NDDATA; i++) {
		name[1] = (char)('0' + i);
		lp->d_drivedata[i] = number(c, name, 0, UINT32_MAX, ok);
	}
}

/* Sectors are counted by 32 bits; a geometry beyond that, or none, is nonsense. */
static bool
geometry(const struct chain *c, struct disklabel *lp)
{
	bool ok = true;
	uint64_t n;

	lp->d_secsize = number(c, "se", 512, 65536, &ok);
	lp->d_ntracks = number(c, "nt", 0, UINT32_MAX, &ok);
	lp->d_nsectors = number(c, "ns", 0, UINT32_MAX, &ok);
	lp->d_ncylinders = number(c, "nc", 0, UINT32_MAX, &ok);
	n = (uint64_t)lp->d_nsectors * lp->d_ntracks;
	lp->d_secpercyl = number(c, "sc", (uint32_t)n, UINT32_MAX, &ok);
	if (capability(c, "sc") == NULL && n > UINT32_MAX)
		return false;
	n = (uint64_t)lp->d_secpercyl * lp->d_ncylinders;
	lp->d_secperunit = number(c, "su", (uint32_t)n, UINT32_MAX, &ok);
	if (capability(c, "su") == NULL && n > UINT32_MAX)
		return false;
	return ok && lp->d_secsize >= 512 &&
	    (lp->d_secsize & (lp->d_secsize - 1)) == 0 && lp->d_nsectors != 0 &&
	    lp->d_ntracks != 0 && lp->d_secpercyl != 0;
}

bool
disktab_label(
    struct tool *t, const char *file, const char *name, struct disklabel *lp)
{
	char *s = read_file(t, file != NULL ? file : DISKTAB_FILE);
	struct chain c;
	bool ok = s != NULL && *name != '\0' && follow(&c, s, name);

	memset(lp, 0, sizeof(*lp));
	if (ok && (ok = geometry(&c, lp))) {
		memcpy(lp->d_typename, name,
		    disktab_len(name, sizeof(lp->d_typename) - 1));
		drive(&c, lp, &ok);
		lp->d_bbsize = number(&c, "bs", DEFAULT_BBSIZE, UINT32_MAX, &ok);
		lp->d_sbsize = number(&c, "sb", DEFAULT_SBSIZE, UINT32_MAX, &ok);
		for (unsigned i = 0; i < MAXPARTITIONS; i++)
			one_partition(&c, i, lp, &ok);
		lp->d_magic = lp->d_magic2 = DISKMAGIC;
		lp->d_checksum = rumprun_dklabel_sum(lp);
	}
	t_free(t, s);
	return ok;
}
