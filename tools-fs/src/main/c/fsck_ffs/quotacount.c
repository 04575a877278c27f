/* SPDX-License-Identifier: BSD-2-Clause */
/* fsck_ffs, phase 6: whose the disk is, by looking at every inode. */
#include "fsck_ffs/fsck_quota.h"
#include <stdlib.h>
#include <string.h>

static int
by_id(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

void
fsck_sort(void *v, size_t n, size_t size)
{
	if (n > 1)
		qsort(v, n, size, by_id);
}

/* Each id once. */
static void
compact(struct uses *u)
{
	size_t i, n = 0;

	fsck_sort(u->v, u->n, sizeof(*u->v));
	for (i = 0; i < u->n; i++) {
		if (n > 0 && u->v[n - 1].id == u->v[i].id) {
			u->v[n - 1].blocks += u->v[i].blocks;
			u->v[n - 1].files += u->v[i].files;
		} else {
			u->v[n++] = u->v[i];
		}
	}
	u->n = n;
}

static void
add(struct fsck *f, struct uses *u, uint32_t id, uint64_t blocks)
{
	struct use *more;

	if (u->n == u->size) {
		compact(u);
		/* So it is compacted only after as many again. */
		if (u->n * 2 >= u->size) {
			u->size = u->size * 2 + 1024;
			more = t_calloc(f->t, u->size, sizeof(*more));
			if (u->n > 0)
				memcpy(more, u->v, u->n * sizeof(*more));
			if (u->v != NULL)
				t_free(f->t, u->v);
			u->v = more;
		}
	}
	u->v[u->n].id = id;
	u->v[u->n].blocks = blocks;
	u->v[u->n++].files = 1;
}

void
fsck_count_uses(struct fsck *f, struct uses u[MAXQUOTAS])
{
	uint32_t c, i, ipg = (uint32_t)f->fs.fs_ipg, ino;
	struct dinode di;

	memset(u, 0, MAXQUOTAS * sizeof(*u));
	for (c = 0; c < (uint32_t)f->fs.fs_ncg; c++)
		for (i = 0; i < f->ninfo[c]; i++) {
			ino = c * ipg + i;
			if (f->info[c][i].state == USTATE || fsck_is_own(f, ino))
				continue;
			inode_get(f, ino, &di);
			add(f, &u[USRQUOTA], di.di_uid, di.di_blocks);
			add(f, &u[GRPQUOTA], di.di_gid, di.di_blocks);
		}
	compact(&u[USRQUOTA]);
	compact(&u[GRPQUOTA]);
}
