/* SPDX-License-Identifier: BSD-2-Clause */
/* What the disk core tells of its units: DIOCGDISKINFO's property list, hw.disknames, hw.iostatnames, hw.iostats. */
#include <netbsd/sysctl.h>
#include "dev/disk_private.h"
#include "kern/plist.h"
#include "kern/sysctl.h"

#define US_PER_S 1000000
#define NS_PER_US 1000

/* As proplib's disk-info dictionary has it: what getdiskinfo(3)'s callers look for. */
int
disk_info(struct lwp *l, struct disk *dk, void *data)
{
	struct plist_mem pm;
	struct plist *dict, *geom;
	struct plistref ref;
	struct disk_geom g;
	int error;

	krwlock_rdlock(&dk->dk_lock);
	error = dk->dk_configured ? 0 : -ENXIO;
	g = dk->dk_geom;
	krwlock_unlock(&dk->dk_lock);
	if (error != 0)
		return error;
	plist_mem_init(&pm, l->l_k);
	dict = plist_new_dict(&pm);
	geom = plist_new_dict(&pm);
	plist_set_string(dict, "type", dk->dk_driver->dd_name);
	plist_set_uint(geom, "sectors-per-unit", (uint64_t)g.dg_secperunit);
	plist_set_uint(geom, "sector-size", g.dg_secsize);
	plist_set_uint(geom, "sectors-per-track", g.dg_nsectors);
	plist_set_uint(geom, "tracks-per-cylinder", g.dg_ntracks);
	plist_set_uint(geom, "cylinders-per-unit", g.dg_ncylinders);
	plist_set(dict, "geometry", geom);
	error = plist_copyout(l, dict, &ref);
	plist_free(dict);
	if (error == 0)
		memcpy(data, &ref, sizeof(ref));
	return error;
}

/* --- sysctl ----------------------------------------------------------------- */

struct snapshot {
	struct io_sysctl *entries;
	size_t n, room;
	int64_t now_ns;
};

static void
split(int64_t ns, uint32_t *sec, uint32_t *usec)
{
	*sec = (uint32_t)(ns / NS_PER_US / US_PER_S);
	*usec = (uint32_t)(ns / NS_PER_US % US_PER_S);
}

static int
collect(struct disk *dk, void *arg)
{
	struct snapshot *ss = arg;
	struct disk_stat *st = &dk->dk_stat;
	struct io_sysctl *io;

	if (ss->entries == NULL) {
		ss->n++;
		return 0;
	}
	if (ss->n >= ss->room)
		return 0;
	/* units are listed newest first; names come in the order of configuration */
	io = &ss->entries[ss->room - ++ss->n];
	memset(io, 0, sizeof(*io));
	memcpy(io->name, dk->dk_name, sizeof(io->name));
	io->type = IOSTAT_DISK;
	io->busy = atomic_load(&st->busy);
	io->rxfer = atomic_load(&st->rxfer);
	io->rbytes = atomic_load(&st->rbytes);
	io->wxfer = atomic_load(&st->wxfer);
	io->wbytes = atomic_load(&st->wbytes);
	io->xfer = io->rxfer + io->wxfer;
	io->bytes = io->rbytes + io->wbytes;
	split(dk->dk_attached_ns, &io->attachtime_sec, &io->attachtime_usec);
	split(ss->now_ns, &io->timestamp_sec, &io->timestamp_usec);
	split(atomic_load(&st->time_ns), &io->time_sec, &io->time_usec);
	return 0;
}

/* Taken under the lock of the list, given out without. */
static int
snapshot(struct rump_kernel *k, struct snapshot *ss)
{
	memset(ss, 0, sizeof(*ss));
	(void)disk_foreach(k, collect, ss);
	ss->room = ss->n;
	ss->n = 0;
	ss->now_ns = disk_now(k);
	if (ss->room == 0)
		return 0;
	ss->entries = kmem_zalloc(k, ss->room * sizeof(*ss->entries));
	if (ss->entries == NULL)
		return -ENOMEM;
	(void)disk_foreach(k, collect, ss);
	return 0;
}

int
disk_sysctl_names(struct sysctl_call *c)
{
	struct snapshot ss;
	int error;

	if (c->sc_new != NULL)
		return -EPERM;
	error = snapshot(c->sc_k, &ss);
	for (size_t i = ss.room - ss.n; error == 0 && i < ss.room; i++) {
		const char *name = ss.entries[i].name;

		if (i > ss.room - ss.n)
			error = sysctl_out(c, " ", 1);
		if (error == 0)
			error = sysctl_out(c, name, strlen(name));
	}
	if (error == 0 && ss.n > 0)
		error = sysctl_out(c, "", 1);
	if (ss.entries != NULL)
		kmem_free(c->sc_k, ss.entries, ss.room * sizeof(*ss.entries));
	return error;
}

/* One number below: the size of an element that the caller knows, whose beginning he is given. */
int
disk_sysctl_stats(struct sysctl_call *c)
{
	struct snapshot ss;
	size_t size = sizeof(struct io_sysctl);
	int error;

	if (c->sc_new != NULL)
		return -EPERM;
	if (c->sc_namelen > 1 ||
	    (c->sc_namelen == 1 &&
		(c->sc_name[0] < (int)sizeof(((struct io_sysctl *)0)->name))))
		return -EINVAL;
	if (c->sc_namelen == 1 && (size_t)c->sc_name[0] < size)
		size = (size_t)c->sc_name[0];
	error = snapshot(c->sc_k, &ss);
	for (size_t i = ss.room - ss.n; error == 0 && i < ss.room; i++)
		error = sysctl_out(c, &ss.entries[i], size);
	if (ss.entries != NULL)
		kmem_free(c->sc_k, ss.entries, ss.room * sizeof(*ss.entries));
	return error;
}
