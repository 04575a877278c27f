/* SPDX-License-Identifier: BSD-2-Clause */
/* disktab(5): sizes of disks by the name of their type. */
#include "newfs/newfs.h"
#include "tools.h"
#include <stdlib.h>
#include <string.h>

#define DISKTAB "/etc/disktab"
#define MOST_BYTES (1024 * 1024)

/* The file, lines ended by a backslash joined; NULL when it cannot be read. */
static char *
read_disktab(struct tool *t)
{
	int fd = sys_open(t, DISKTAB, O_RDONLY, 0);
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

/* Does one of an entry's names, "a|b|Long name:", equal `type`? */
static bool
has_name(const char *line, const char *type)
{
	size_t len = strlen(type), n;

	for (;; line += n + 1) {
		n = strcspn(line, "|:\n");
		if (n == len && memcmp(line, type, n) == 0)
			return true;
		if (line[n] != '|')
			return false;
	}
}

/* The value of ":xx#number" in a line, or -1. */
static int64_t
capability(const char *line, const char *name)
{
	size_t n;

	for (; *line != '\0' && *line != '\n'; line += n + (line[n] == ':')) {
		n = strcspn(line, ":\n");
		if (n > 3 && memcmp(line, name, 2) == 0 && line[2] == '#')
			return strtoll(line + 3, NULL, 0);
		if (line[n] != ':')
			break;
	}
	return -1;
}

bool
newfs_disktab(
    struct newfs *n, const char *type, int64_t *sectors, uint32_t *sectorsize)
{
	char *s = read_disktab(n->t), *line, *end;
	int64_t secsize, size, ns, nt, nc;

	for (line = s; line != NULL; line = end != NULL ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (*line == '#' || !has_name(line, type))
			continue;
		secsize = capability(line, "se");
		ns = capability(line, "ns");
		nt = capability(line, "nt");
		nc = capability(line, "nc");
		/* partition a, else the whole of it */
		size = capability(line, "pa");
		if (size <= 0)
			size = capability(line, "su");
		if (size <= 0 &&
		    (__builtin_mul_overflow(ns, nt, &size) ||
			__builtin_mul_overflow(size, nc, &size) || ns < 0 ||
			nt < 0))
			size = 0;
		if (secsize < 512 || secsize > 65536 ||
		    (secsize & (secsize - 1)) != 0)
			secsize = 512;
		*sectors = size;
		*sectorsize = (uint32_t)secsize;
		return true;
	}
	return false;
}
