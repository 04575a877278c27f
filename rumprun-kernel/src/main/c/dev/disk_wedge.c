/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wedges: windows of a unit's medium with a name of their own, dk0, dk1 ... (dk(4)), made by request, or found in the medium's partition table. Each is a unit of
 * the driver "dk" whose medium is the window.
 *
 * A wedge's unit stands below its parent's: dk_lock of the parent is taken first, then ds_wedges (names, and who is whose), then dk_lock of the wedge. Opening and closing a wedge
 * takes its own lock only. A parent's medium goes when its wedges have gone, which waits for their transfers.
 */
#include <netbsd/fcntl.h>
#include <netbsd/ioctl.h>
#include "dev/disk_private.h"
#include "dev/parttab.h"
#include <stdio.h>

#define NUNITS 1024
#define BMAJOR 168
#define CMAJOR 168

/* dk_priv of a wedge; w_parent is NULL while it is none. */
struct disk_wedge {
	struct disk_wedge *w_next; /* of the parent's; by place */
	struct disk *w_disk, *w_parent;
	uint64_t w_begin; /* bytes */
	struct dkwedge_info w_info;
};

static int
wedge_readv(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	const struct disk_wedge *w = ((struct disk *)d->b_priv)->dk_priv;

	return disk_medium_io(w->w_parent, iov, cnt, w->w_begin + off, false);
}

static int
wedge_writev(struct blkdev *d, const struct iovec *iov, int cnt, uint64_t off)
{
	const struct disk_wedge *w = ((struct disk *)d->b_priv)->dk_priv;

	return disk_medium_io(w->w_parent, iov, cnt, w->w_begin + off, true);
}

static int
wedge_sync(struct blkdev *d)
{
	const struct disk_wedge *w = ((struct disk *)d->b_priv)->dk_priv;

	return disk_medium_sync(w->w_parent);
}

static int
wedge_discard(struct blkdev *d, uint64_t off, uint64_t n)
{
	const struct disk_wedge *w = ((struct disk *)d->b_priv)->dk_priv;

	return disk_medium_discard(w->w_parent, w->w_begin + off, n);
}

static const struct blkdev_ops wedge_ops = {
	.bd_readv = wedge_readv,
	.bd_writev = wedge_writev,
	.bd_sync = wedge_sync,
	.bd_discard = wedge_discard,
};

const struct disk_driver disk_wedge_driver = {
	.dd_name = "dk",
	.dd_nunits = NUNITS,
	.dd_wedge = true,
	.dd_privsize = sizeof(struct disk_wedge),
	.dd_ops = &wedge_ops,
};

extern const struct devsw dev_dk;
const struct devsw dev_dk = DISK_DEVSW(disk_wedge_driver, BMAJOR, CMAJOR);

uint8_t
disk_wedge_fstype(const struct disk *dk)
{
	const struct disk_wedge *w = dk->dk_priv;

	for (unsigned i = 0; i <= FS_MINIXFS3; i++)
		if (strcmp(parttab_ptype(i), w->w_info.dkw_ptype) == 0)
			return (uint8_t)i;
	return FS_OTHER;
}

/* --- adding and deleting ---------------------------------------------------- */

static int
same_name(struct disk *dk, void *arg)
{
	const struct disk_wedge *w = dk->dk_priv;

	return dk->dk_driver == &disk_wedge_driver &&
		strcmp((const char *)w->w_info.dkw_wname, arg) == 0 ?
	    -EEXIST :
	    0;
}

/* A unit that is free; its dk_lock is held. */
static int
free_unit(struct rump_kernel *k, struct disk **dkp)
{
	struct disk *dk;
	int error;

	for (unsigned unit = 0; unit < NUNITS; unit++) {
		error = disk_get(k, &disk_wedge_driver, unit, &dk);
		if (error != 0)
			return error;
		krwlock_wrlock(&dk->dk_lock);
		if (((struct disk_wedge *)dk->dk_priv)->w_parent == NULL &&
		    dk->dk_part[0].dp_bopens + dk->dk_part[0].dp_copens == 0) {
			*dkp = dk;
			return 0;
		}
		krwlock_unlock(&dk->dk_lock);
		disk_put(dk);
	}
	return -ENFILE;
}

static bool
terminated(const void *s, size_t n)
{
	return memchr(s, '\0', n) != NULL;
}

/* What of a request can be told without anything else. */
static int
info_ok(const struct disk *parent, const struct dkwedge_info *info)
{
	uint64_t sectors = parent->dk_dev.b_size / parent->dk_dev.b_secsize;

	if (!terminated(info->dkw_wname, sizeof(info->dkw_wname)) ||
	    !terminated(info->dkw_ptype, sizeof(info->dkw_ptype)))
		return -EINVAL;
	if (info->dkw_offset < 0 || info->dkw_size == 0 ||
	    (uint64_t)info->dkw_offset >= sectors ||
	    info->dkw_size > sectors - (uint64_t)info->dkw_offset)
		return -EINVAL;
	for (unsigned i = 0; i < MAXPARTITIONS; i++)
		if (i != RAW_PART &&
		    parent->dk_part[i].dp_bopens + parent->dk_part[i].dp_copens)
			return -EBUSY;
	return 0;
}

/* Where in the parent's list the window goes; -EINVAL: it overlaps one. */
static int
find_place(struct disk *parent, const struct dkwedge_info *info,
    struct disk_wedge ***placep)
{
	struct disk_wedge **p = &parent->dk_wedges;
	uint64_t begin = (uint64_t)info->dkw_offset;

	for (; *p != NULL; p = &(*p)->w_next) {
		uint64_t at = (uint64_t)(*p)->w_info.dkw_offset;

		if (begin + info->dkw_size <= at)
			break;
		if (begin < at + (*p)->w_info.dkw_size)
			return -EINVAL;
	}
	*placep = p;
	return 0;
}

/* dk_lock of the parent is held. info->dkw_devname and dkw_parent are set. */
static int
wedge_add(struct lwp *l, struct disk *parent, struct dkwedge_info *info)
{
	struct disk_state *ds = parent->dk_k->k_disks;
	struct disk_wedge *w, **place = NULL;
	uint32_t secsize = parent->dk_dev.b_secsize;
	struct disk *dk;
	int error = info_ok(parent, info);

	if (error != 0)
		return error;
	krwlock_wrlock(&ds->ds_wedges);
	error = find_place(parent, info, &place);
	if (error == 0)
		error = disk_foreach(
		    parent->dk_k, same_name, (void *)info->dkw_wname);
	if (error == 0)
		error = free_unit(parent->dk_k, &dk);
	if (error != 0)
		goto out;
	w = dk->dk_priv;
	memcpy(info->dkw_devname, dk->dk_name, sizeof(info->dkw_devname));
	memcpy(info->dkw_parent, parent->dk_name, sizeof(info->dkw_parent));
	w->w_disk = dk;
	w->w_parent = parent;
	w->w_begin = (uint64_t)info->dkw_offset * secsize;
	w->w_info = *info;
	dk->dk_dev.b_align = parent->dk_dev.b_align;
	error = disk_configure(l, dk, info->dkw_size * secsize, secsize, NULL,
	    parent->dk_dev.b_readonly);
	if (error == 0) {
		w->w_next = *place;
		*place = w;
	} else {
		w->w_parent = NULL;
	}
	krwlock_unlock(&dk->dk_lock);
	if (error != 0)
		disk_put(dk);
out:
	krwlock_unlock(&ds->ds_wedges);
	return error;
}

/* dk_lock of the parent and ds_wedges are held. */
static int
wedge_delete(struct lwp *l, struct disk_wedge **wp, bool force)
{
	struct disk_wedge *w = *wp;
	struct disk *dk = w->w_disk;
	int error;

	krwlock_wrlock(&dk->dk_lock);
	/* No partition is MAXPARTITIONS: any open counts. */
	error = disk_unconfigure(l, dk, MAXPARTITIONS, force);
	if (error == 0) {
		*wp = w->w_next;
		w->w_next = NULL;
		w->w_parent = NULL;
	}
	krwlock_unlock(&dk->dk_lock);
	if (error == 0)
		disk_put(dk);
	return error;
}

int
disk_wedge_forget(struct lwp *l, struct disk *parent, bool force)
{
	struct disk_state *ds = parent->dk_k->k_disks;
	int error = 0;

	krwlock_wrlock(&ds->ds_wedges);
	for (struct disk_wedge *w = parent->dk_wedges;
	     w != NULL && !force && error == 0; w = w->w_next) {
		krwlock_wrlock(&w->w_disk->dk_lock);
		if (w->w_disk->dk_part[0].dp_bopens +
			w->w_disk->dk_part[0].dp_copens >
		    0)
			error = -EBUSY;
		krwlock_unlock(&w->w_disk->dk_lock);
	}
	while (error == 0 && parent->dk_wedges != NULL)
		error = wedge_delete(l, &parent->dk_wedges, force);
	krwlock_unlock(&ds->ds_wedges);
	return error;
}

static int
delete_named(struct lwp *l, struct disk *parent, const char *name)
{
	struct disk_state *ds = parent->dk_k->k_disks;
	struct disk_wedge **wp;
	int error = -ESRCH;

	if (!terminated(name, sizeof(((struct dkwedge_info *)0)->dkw_devname)))
		return -EINVAL;
	krwlock_wrlock(&ds->ds_wedges);
	for (wp = &parent->dk_wedges; *wp != NULL; wp = &(*wp)->w_next)
		if (strcmp((*wp)->w_info.dkw_devname, name) == 0) {
			error = wedge_delete(l, wp, false);
			break;
		}
	krwlock_unlock(&ds->ds_wedges);
	return error;
}

/* --- looking for them ------------------------------------------------------- */

struct discovery {
	struct lwp *l;
	struct disk *dk;
	enum parttab_kind kind;
	char packname[17]; /* of a BSD label */
	int found;
};

/* As dk(4) has it. A letter past the 16 partitions of a label is none, so the number stands there. */
static void
wedge_name(
    const struct discovery *dv, const struct parttab_entry *pe, char name[128])
{
	unsigned letter = pe->pe_index;

	switch (dv->kind) {
	case PARTTAB_GPT:
		snprintf(name, 128, "%s",
		    pe->pe_name[0] != '\0' ? pe->pe_name : pe->pe_guid);
		return;
	case PARTTAB_APPLE:
		snprintf(name, 128, "%s", pe->pe_name);
		return;
	case PARTTAB_BSD:
		if (dv->packname[0] != '\0') {
			snprintf(name, 128, "%s/%c", dv->packname,
			    'a' + (int)letter);
			return;
		}
		break;
	case PARTTAB_MBR:
		letter += 4 - 1; /* from e on */
		break;
	}
	if (letter < 26)
		snprintf(name, 128, "%s%c", dv->dk->dk_name, 'a' + (int)letter);
	else
		snprintf(name, 128, "%s%u", dv->dk->dk_name, letter);
}

/* What cannot be one, since its place or its name is another's, is passed over. */
static int
discovered(const struct parttab_entry *pe, void *arg)
{
	struct discovery *dv = arg;
	struct dkwedge_info info;
	int error;

	if (pe->pe_outside || pe->pe_ptype == NULL || pe->pe_begin > INT64_MAX ||
	    (dv->kind == PARTTAB_BSD &&
		strcmp(pe->pe_ptype, DKW_PTYPE_UNUSED) == 0))
		return 0;
	memset(&info, 0, sizeof(info));
	wedge_name(dv, pe, (char *)info.dkw_wname);
	if (info.dkw_wname[0] == '\0')
		return 0;
	info.dkw_offset = (daddr_t)pe->pe_begin;
	info.dkw_size = pe->pe_size;
	snprintf(info.dkw_ptype, sizeof(info.dkw_ptype), "%s", pe->pe_ptype);
	error = wedge_add(dv->l, dv->dk, &info);
	if (error == 0)
		dv->found++;
	return error == -EINVAL || error == -EEXIST ? 0 : error;
}

/* The first kind of table that there is says what the wedges are. */
static int
discover(struct lwp *l, struct disk *dk, int *found)
{
	struct parttab_reader r = disk_reader(dk);
	struct discovery dv = { .l = l, .dk = dk };
	struct parttab_label pl;
	int error = -ESRCH;

	*found = 0;
	for (int kind = 0; kind < PARTTAB_KINDS; kind++) {
		dv.kind = (enum parttab_kind)kind;
		if (dv.kind == PARTTAB_BSD && parttab_find_label(&r, &pl) == 0) {
			memcpy(dv.packname, pl.pl_label.d_un.un_d_packname, 16);
			if (strcmp(dv.packname, "fictitious") == 0)
				dv.packname[0] = '\0';
		}
		error = parttab_scan(&r, dv.kind, discovered, &dv);
		if (dv.found > 0 || (error != 0 && error != -ESRCH))
			break;
	}
	*found = dv.found;
	/* A damaged table gives what it has; that is no error of the request. */
	return error == -ESRCH || error == -EINVAL ? 0 : error;
}

void
disk_wedge_discover(struct lwp *l, struct disk *dk)
{
	int found;

	if (!l->l_k->k_config.kc_wedges)
		return;
	if (discover(l, dk, &found) != 0)
		kern_printf(
		    l->l_k, "%s: not all wedges were made\n", dk->dk_name);
}

/* --- requests --------------------------------------------------------------- */

int
disk_wedge_list(struct lwp *l, struct disk *parent, void *data)
{
	struct dkwedge_list list;
	struct dkwedge_info *infos = NULL;
	struct disk_wedge *w;
	size_t room, n = 0;
	int error = 0;

	if (parent->dk_driver->dd_wedge)
		return -ENOTTY;
	memcpy(&list, data, sizeof(list));
	room = list.dkwl_buf == NULL ? 0 : list.dkwl_bufsize / sizeof(*infos);
	room = room < NUNITS ? room : NUNITS;
	if (room > 0 &&
	    (infos = kmem_alloc(l->l_k, room * sizeof(*infos))) == NULL)
		return -ENOMEM;
	list.dkwl_nwedges = 0;
	krwlock_rdlock(&parent->dk_lock);
	for (w = parent->dk_wedges; w != NULL; w = w->w_next) {
		if (n < room)
			infos[n++] = w->w_info;
		list.dkwl_nwedges++;
	}
	if (!parent->dk_configured)
		error = -ENXIO;
	krwlock_unlock(&parent->dk_lock);
	if (error == 0 && n > 0)
		error = copyout(l, infos, list.dkwl_buf, n * sizeof(*infos));
	if (infos != NULL)
		kmem_free(l->l_k, infos, room * sizeof(*infos));
	list.dkwl_ncopied = (unsigned)n;
	if (error == 0)
		memcpy(data, &list, sizeof(list));
	return error;
}

int
disk_wedge_ioctl(
    struct lwp *l, struct disk *dk, unsigned long cmd, void *data, int flags)
{
	bool wedge = dk->dk_driver->dd_wedge;
	struct dkwedge_info info;
	int error, found;

	switch (cmd) {
	case DIOCGWEDGEINFO:
		if (!wedge)
			return -ENOTTY;
		memcpy(data, &((struct disk_wedge *)dk->dk_priv)->w_info,
		    sizeof(info));
		return 0;
	case DIOCAWEDGE:
	case DIOCDWEDGE:
	case DIOCMWEDGES:
		if (wedge)
			return -ENOTTY;
		if (!(flags & FWRITE))
			return -EBADF;
		break;
	default:
		return 1;
	}
	if (cmd == DIOCMWEDGES) {
		/* The ones that are not open make room for what is there now. */
		error = disk_wedge_forget(l, dk, false);
		if (error == 0)
			error = discover(l, dk, &found);
		if (error == 0)
			memcpy(data, &found, sizeof(found));
		return error;
	}
	memcpy(&info, data, sizeof(info));
	if (cmd == DIOCDWEDGE)
		return delete_named(l, dk, info.dkw_devname);
	error = wedge_add(l, dk, &info);
	if (error == 0)
		memcpy(data, &info, sizeof(info));
	return error;
}
