/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of partitions: where there is room, and what -s says. */
#include "fdisk/fdisk.h"
#include <stdlib.h>
#include <string.h>

bool
fd_extended(uint8_t type)
{
	return type == MBR_PTYPE_EXT || type == MBR_PTYPE_EXT_LBA ||
	    type == MBR_PTYPE_EXT_LNX;
}

/* --- room ----------------------------------------------------------------------- */

/* What partitions of this kind may have: [*begin, *end). */
static void
bounds(const struct fdisk *f, int logical, uint64_t *begin, uint64_t *end)
{
	uint64_t total = f->total > UINT32_MAX ? UINT32_MAX : f->total;

	*begin = logical >= 0	 ? f->ext_start :
	    f->offset < f->align ? f->offset :
				   f->align;
	*end = logical >= 0 ? (uint64_t)f->ext_start + f->ext_size : total;
	if (*end > total)
		*end = total;
	if (logical < 0 && *begin == 0)
		*begin = 1;
}

/* Another of its kind; logical ones have their table in front. False: there is none of that number. */
static bool
other(const struct fdisk *f, int part, int logical, int i, uint64_t *begin,
    uint64_t *end)
{
	if (logical >= 0) {
		if (i >= f->nlogical || i == logical)
			return false;
		*begin = f->l[i].table;
		*end = (uint64_t)f->l[i].p.start + f->l[i].p.size;
		return true;
	}
	if (i >= MBR_PART_COUNT || i == part || f->p[i].type == 0)
		return false;
	*begin = f->p[i].start;
	*end = *begin + f->p[i].size;
	return true;
}

static int
others(const struct fdisk *f, int logical)
{
	return logical >= 0 ? f->nlogical : MBR_PART_COUNT;
}

/* Where the table of a logical partition goes: the offset before it, or right before it. */
static uint64_t
table_of(const struct fdisk *f, uint64_t start)
{
	uint64_t at = start >= (uint64_t)f->ext_start + f->offset ?
	    start - f->offset :
	    start - 1;

	return at;
}

bool
fd_fits(struct fdisk *f, int part, int logical, uint32_t start, uint32_t size,
    const char **why)
{
	uint64_t begin, end, b, e, from = start;

	bounds(f, logical, &begin, &end);
	*why = "is beyond the disk";
	if (size == 0 || start == 0 || (uint64_t)start + size > end)
		return false;
	*why = "is not within the extended partition";
	if (logical >= 0 && (f->ext_size == 0 || start <= f->ext_start))
		return false;
	if (logical >= 0)
		from = table_of(f, start);
	*why = "overlaps another one";
	for (int i = 0; i < others(f, logical); i++)
		if (other(f, part, logical, i, &b, &e) && from < e &&
		    b < (uint64_t)start + size)
			return false;
	return true;
}

/* The first aligned sector from `at` on. */
static uint64_t
align_up(const struct fdisk *f, uint64_t at, uint64_t begin, int logical)
{
	uint64_t rest;

	/* The first partition of all begins at the offset. */
	if (at <= begin)
		return logical >= 0 ? begin + f->offset : f->offset;
	rest = at % f->align;
	if (rest != 0)
		at += f->align - rest;
	return logical >= 0 ? at + f->offset : at;
}

bool
fd_room(struct fdisk *f, int part, int logical, uint32_t *start, uint32_t *size)
{
	uint64_t begin, end, at, b, e, limit;
	bool moved = true;

	bounds(f, logical, &begin, &end);
	if (begin >= end)
		return false;
	at = align_up(f, begin, begin, logical);
	/* Past whatever is there, until nothing is. */
	while (moved) {
		moved = false;
		for (int i = 0; i < others(f, logical); i++)
			if (other(f, part, logical, i, &b, &e) && at >= b &&
			    at < e) {
				at = align_up(f, e, begin, logical);
				moved = true;
			}
	}
	limit = end;
	for (int i = 0; i < others(f, logical); i++)
		if (other(f, part, logical, i, &b, &e) && b >= at && b < limit)
			limit = b;
	if (at >= limit)
		return false;
	*start = (uint32_t)at;
	*size = (uint32_t)(limit - at);
	return true;
}

/* --- setting -------------------------------------------------------------------- */

static void
set_logical(struct fdisk *f, int logical, const struct fd_part *p)
{
	struct fd_logical l = { *p, (uint32_t)table_of(f, p->start) };
	int i;

	if (logical < f->nlogical) {
		memmove(&f->l[logical], &f->l[logical + 1],
		    sizeof(l) * (size_t)(f->nlogical - logical - 1));
		f->nlogical--;
	}
	if (p->type == 0 || f->nlogical >= FD_LOGICAL)
		return;
	/* In the order of the disk: links lead on. */
	for (i = f->nlogical; i > 0 && f->l[i - 1].p.start > p->start; i--)
		f->l[i] = f->l[i - 1];
	f->l[i] = l;
	f->nlogical++;
}

void
fd_put(struct fdisk *f, int part, int logical, const struct fd_part *p)
{
	f->changed = true;
	if (logical >= 0) {
		set_logical(f, logical, p);
		return;
	}
	/* With an extended partition goes what was in it. */
	if (fd_extended(f->p[part].type) && f->p[part].start == f->ext_start &&
	    (!fd_extended(p->type) || p->start != f->ext_start ||
		p->size < f->ext_size)) {
		f->ext_size = 0;
		f->nlogical = 0;
	}
	f->p[part] = *p;
	if (fd_extended(p->type)) {
		f->ext_start = p->start;
		f->ext_size = p->size;
	}
}

void
fd_activate(struct fdisk *f, int part)
{
	if (part < MBR_PART_COUNT && f->p[part].type == 0)
		t_errx(f->t, 1, "partition %d is not used", part);
	for (int i = 0; i < MBR_PART_COUNT; i++)
		f->p[i].flag = i == part ? MBR_PFLAG_ACTIVE : 0;
	f->changed = true;
}

/* --- -s ------------------------------------------------------------------------- */

/* The next field; false: empty. */
static bool
field(struct fdisk *f, const char **s, uint32_t max, uint32_t *v)
{
	unsigned long long n;
	char *end;

	if (**s == '\0' || **s == '/') {
		*s += **s == '/';
		return false;
	}
	n = strtoull(*s, &end, 0);
	if (**s < '0' || **s > '9' || (*end != '\0' && *end != '/') || n > max)
		t_errx(f->t, 1, "bad argument of -s: %s", *s);
	*v = (uint32_t)n;
	*s = end + (*end == '/');
	return true;
}

void
fd_apply(struct fdisk *f, const char *spec)
{
	struct fd_part p = { 0 };
	uint32_t type = MBR_PTYPE_NETBSD, start = 0, size = 0;
	const char *s = spec, *why;

	if (f->logical > f->nlogical || f->logical >= FD_LOGICAL)
		t_errx(f->t, 1, "there is no partition E%d", f->logical);
	if (f->logical >= 0 && f->ext_size == 0)
		t_errx(f->t, 1, "there is no extended partition");
	if (f->logical < 0)
		p = f->p[f->part];
	else if (f->logical < f->nlogical)
		p = f->l[f->logical].p;
	if (p.type != 0)
		type = p.type;
	(void)field(f, &s, 255, &type);
	if (!field(f, &s, UINT32_MAX, &start) && p.type == 0 && type != 0 &&
	    !fd_room(f, f->part, f->logical, &start, &size))
		t_errx(f->t, 1, "there is no room for a partition");
	else if (start == 0)
		start = p.start;
	/* What there is room for, where the size isn't said. */
	if (!field(f, &s, UINT32_MAX, &size) && size == 0)
		size = p.size;
	if (strlen(s) > FD_MENU)
		t_errx(f->t, 1, "name for the boot menu is too long: %s", s);
	if (*s != '\0') {
		memset(p.menu, 0, sizeof(p.menu));
		memcpy(p.menu, s, strlen(s));
	}
	p.type = (uint8_t)type;
	p.start = start;
	p.size = size;
	if (type == 0)
		memset(&p, 0, sizeof(p));
	else if (!fd_fits(f, f->part, f->logical, start, size, &why))
		t_errx(f->t, 1, "partition (start %u, size %u) %s", start, size,
		    why);
	fd_put(f, f->part, f->logical, &p);
}
