/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks side by side: one on each disk at a time, since two would only make its heads go to and fro, and no more at once than -l allows.
 * Disks that have to wait take turns.
 */
#include "fsck/fsck.h"
#include <netbsd/errno.h>
#include <string.h>

struct disk {
	const char *name; /* of a job's; `len` of it count */
	size_t len;
	int *jobs; /* numbers of them, those before `next` are done or running */
	int njobs, next;
	bool running;
};

/* The longest part of the device's name that ends in a digit: the rest names the partition. */
static size_t
disk_length(const char *spec)
{
	size_t n = strlen(spec), i;

	for (i = n; i > 0; i--)
		if (spec[i - 1] >= '0' && spec[i - 1] <= '9')
			return i;
	return n;
}

static int
sort_by_disk(
    struct fsck *f, const struct fsck_job *jobs, int n, struct disk *disks)
{
	int ndisks = 0, i, d;
	size_t len;

	for (i = 0; i < n; i++) {
		len = disk_length(jobs[i].spec);
		for (d = 0; d < ndisks; d++)
			if (disks[d].len == len &&
			    memcmp(disks[d].name, jobs[i].spec, len) == 0)
				break;
		if (d == ndisks) {
			disks[ndisks++] = (struct disk){ .name = jobs[i].spec,
				.len = len,
				.jobs = t_calloc(f->t, (size_t)n, sizeof(int)) };
		}
		disks[d].jobs[disks[d].njobs++] = i;
	}
	return ndisks;
}

/* Starts what is next on the disk; false when nothing came of it. */
static bool
start(struct fsck *f, const struct fsck_job *jobs, struct disk *d, int tag)
{
	const struct fsck_job *j = &jobs[d->jobs[d->next++]];
	struct tool *t = f->t;
	struct fsck_args a;
	int error;

	if (!fsck_prepare(f, j, false, &a))
		return false;
	error = t->t_sys->start(
	    t->t_sysctx, t, t_asprintf(t, "/sbin/%s", a.argv[0]), a.argv, tag);
	if (error != 0)
		fsck_ended(f, j, error);
	else
		d->running = true;
	return d->running;
}

void
fsck_disks(struct fsck *f, const struct fsck_job *jobs, int n)
{
	struct tool *t = f->t;
	struct disk *disks, *d;
	int ndisks, most, running = 0, turn = 0, tried, tag, status;

	if (n == 0)
		return;
	disks = t_calloc(t, (size_t)n, sizeof(*disks));
	ndisks = sort_by_disk(f, jobs, n, disks);
	most = f->most > 0 && f->most < ndisks ? f->most : ndisks;
	do {
		for (tried = 0; running < most && tried < ndisks; tried++) {
			d = &disks[turn];
			turn = (turn + 1) % ndisks;
			if (d->running)
				continue;
			while (!d->running && d->next < d->njobs)
				running += start(f, jobs, d, (int)(d - disks));
		}
		if (running == 0)
			break;
		t_flush(t->t_out);
		status = t->t_sys->await(t->t_sysctx, t, &tag);
		if (tag < 0 || tag >= ndisks)
			break;
		d = &disks[tag];
		d->running = false;
		running--;
		fsck_ended(f, &jobs[d->jobs[d->next - 1]], status);
	} while (true);
}
