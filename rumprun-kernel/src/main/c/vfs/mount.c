/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounts: their list, mounting and unmounting, and the life of the whole layer.
 *
 * A mount is reachable through v_mountedhere of the directory that it covers, from there to mnt_root, its root vnode, of
 * which it keeps a reference. mount_cross takes both under the covered vnode's v_interlock. Unmount first marks the
 * mount (mnt_unmounting), then takes mnt_busylock exclusively: from then on nobody comes in, and whoever is inside holds
 * a reference to one of its vnodes, which makes it busy. Calls that work on the mount itself (statvfs, sync, handles)
 * hold mnt_busylock shared. Calls on vnodes do not: a vnode's lock is enough, since a forced unmount takes it before it
 * makes the vnode dead, and the file system's unmount comes after the last of them. An update freezes the mount: it waits
 * until no vnode of it is locked (vnode.c, the gate).
 */
#include <stdio.h>
#include "kern/hooks.h"
#include "vfs/spec.h"
#include "vfs/vfs_impl.h"

/* --- the mount as an object --- */

void
mount_get(struct mount *mp)
{
	atomic_fetch_add_explicit(&mp->mnt_refs, 1, memory_order_relaxed);
}

void
mount_put(struct mount *mp)
{
	if (atomic_fetch_sub(&mp->mnt_refs, 1) == 1)
		kmem_free(mp->mnt_k, mp, sizeof(*mp));
}

int
vfs_busy(struct mount *mp)
{
	krwlock_rdlock(&mp->mnt_busylock);
	if (!atomic_load(&mp->mnt_gone))
		return 0;
	krwlock_unlock(&mp->mnt_busylock);
	return -ENOENT;
}

void
vfs_unbusy(struct mount *mp)
{
	krwlock_unlock(&mp->mnt_busylock);
}

struct mount *
vfs_rootmount(struct rump_kernel *k)
{
	return k->k_vfs->vs_rootmount;
}

int
mount_cross(struct lwp *l, struct vnode **vpp)
{
	struct vnode *vp = *vpp, *root;
	struct mount *mp;

	for (;;) {
		root = NULL;
		kmutex_enter(&vp->v_interlock);
		mp = vp->v_mountedhere;
		if (mp != NULL) {
			if (!mp->mnt_unmounting && mp->mnt_root != NULL &&
			    vnode_tryget(mp->mnt_root))
				root = mp->mnt_root;
			else
				mount_get(mp);
		}
		kmutex_exit(&vp->v_interlock);
		if (mp == NULL)
			return 0;
		if (root != NULL) {
			vnode_put(l, vp);
			*vpp = vp = root;
			continue;
		}
		if (kern_halting(l->l_k)) {
			mount_put(mp);
			return -ENOENT;
		}
		krwlock_rdlock(&mp->mnt_busylock);
		krwlock_unlock(&mp->mnt_busylock);
		mount_put(mp);
	}
}

struct vnode *
mount_covered(struct vnode *root)
{
	struct vfs_state *vs = root->v_k->k_vfs;
	struct vnode *vp;

	kmutex_enter(&vs->vs_listlock);
	vp = root->v_mount->mnt_vnodecovered;
	if (vp != NULL)
		vnode_get(vp);
	kmutex_exit(&vs->vs_listlock);
	return vp;
}

const struct vfsops *
vfs_find(struct rump_kernel *k, const char *name)
{
	int i;

	for (i = 0; kern_components[i] != NULL; i++) {
		const struct component *c = kern_components[i];

		if (i < (int)(sizeof(k->k_have) / sizeof(k->k_have[0])) &&
		    k->k_have[i] && c->c_vfsops != NULL &&
		    strcmp(c->c_vfsops->vfs_name, name) == 0)
			return c->c_vfsops;
	}
	return NULL;
}

/* The major of the made-up device number that a type's mounts have; as recorded (disk/vnd/configure), else one that no driver has. */
static unsigned
type_major(const char *type)
{
	return strcmp(type, MOUNT_TMPFS) == 0 ? 171 : 255;
}

static void
fill_stat(struct lwp *l, struct mount *mp, const char *path)
{
	struct vfs_state *vs = vfs_of(l);
	struct statvfs *sb = &mp->mnt_stat;

	snprintf(sb->f_fstypename, sizeof(sb->f_fstypename), "%s",
	    mp->mnt_op->vfs_name);
	snprintf(sb->f_mntonname, sizeof(sb->f_mntonname), "%s", path);
	sb->f_owner = l->l_cred->cr_euid;
	if (mp->mnt_fsid == 0) {
		uint32_t n;

		kmutex_enter(&vs->vs_listlock);
		n = vs->vs_nextfsid++;
		kmutex_exit(&vs->vs_listlock);
		mp->mnt_fsid = makedev(type_major(mp->mnt_op->vfs_name), n);
	}
	if (sb->f_fsidx.__fsid_val[0] == 0 && sb->f_fsidx.__fsid_val[1] == 0) {
		sb->f_fsidx.__fsid_val[0] = (int32_t)mp->mnt_fsid;
		sb->f_fsidx.__fsid_val[1] = (int32_t)(mp->mnt_fsid >> 32) + 1;
	}
	sb->f_fsid = (unsigned long)sb->f_fsidx.__fsid_val[0];
}

static void
list_insert(struct vfs_state *vs, struct mount *mp)
{
	kmutex_enter(&vs->vs_listlock);
	mp->mnt_prev = vs->vs_last;
	if (vs->vs_last != NULL)
		vs->vs_last->mnt_next = mp;
	else
		vs->vs_first = mp;
	vs->vs_last = mp;
	kmutex_exit(&vs->vs_listlock);
}

static void
list_remove(struct vfs_state *vs, struct mount *mp)
{
	kmutex_enter(&vs->vs_listlock);
	if (mp->mnt_prev != NULL)
		mp->mnt_prev->mnt_next = mp->mnt_next;
	else
		vs->vs_first = mp->mnt_next;
	if (mp->mnt_next != NULL)
		mp->mnt_next->mnt_prev = mp->mnt_prev;
	else
		vs->vs_last = mp->mnt_prev;
	kmutex_exit(&vs->vs_listlock);
}

static int
newmount(struct lwp *l, const struct vfsops *ops, int flags, struct mount **mpp)
{
	struct mount *mp = kmem_zalloc(l->l_k, sizeof(*mp));

	*mpp = mp;
	if (mp == NULL)
		return -ENOMEM;
	mp->mnt_k = l->l_k;
	mp->mnt_op = ops;
	mp->mnt_refs = 1;
	mp->mnt_flag = flags;
	mp->mnt_namemax = VFS_NAMEMAX;
	return 0;
}

/* --- mounting --- */

/* What of mount(2)'s flags stays with the mount. */
#define KEPT ((int)((MNT_BASIC_FLAGS | MNT_IGNORE) & ~MNT_OP_FLAGS))

/* On the directory, which is referenced; the reference is taken. vs_mountlock is held. */
static int
mount_on(struct lwp *l, const struct vfsops *ops, struct vnode *covered,
    const char *path, int flags, void *data, size_t *len)
{
	struct vfs_state *vs = vfs_of(l);
	struct mount *mp;
	int error;

	error = newmount(l, ops, flags & KEPT, &mp);
	if (error != 0)
		goto out;
	fill_stat(l, mp, path);
	error = ops->vfs_mount(l, mp, path, data, len);
	if (error != 0)
		goto out_mount;
	fill_stat(l, mp, path);
	/* There are none over a network. */
	mp->mnt_flag |= MNT_LOCAL | (covered == NULL ? MNT_ROOTFS : 0);
	error = ops->vfs_root(l, mp, &mp->mnt_root);
	if (error != 0)
		goto out_unmount;
	/* With its lock held nobody removes the directory; it may be gone already. */
	if (covered != NULL) {
		error = vnode_lock_alive(covered, true);
		if (error == 0 && (atomic_load(&covered->v_flag) & VV_INACTIVE)) {
			vnode_unlock(covered);
			error = -ENOENT;
		}
		if (error != 0)
			goto out_root;
	}
	mp->mnt_vnodecovered = covered;
	list_insert(vs, mp);
	if (covered != NULL) {
		kmutex_enter(&covered->v_interlock);
		covered->v_mountedhere = mp;
		kmutex_exit(&covered->v_interlock);
		vnode_unlock(covered);
	}
	return 0;
out_root:
	vnode_put(l, mp->mnt_root);
	mp->mnt_root = NULL;
out_unmount:
	atomic_store(&mp->mnt_gone, true);
	if (vcache_flush_mount(l, mp, true) == 0)
		(void)ops->vfs_unmount(l, mp, MNT_FORCE);
out_mount:
	mount_put(mp);
out:
	if (covered != NULL)
		vnode_put(l, covered);
	return error;
}

static int
mount_update(struct lwp *l, struct mount *mp, const char *path, int flags,
    void *data, size_t *len)
{
	struct vfs_state *vs = vfs_of(l);
	int old, error;

	krwlock_wrlock(&mp->mnt_busylock);
	old = mp->mnt_flag;
	/* Reloading makes sense of what fsck changed under a read-only mount. */
	if ((flags & MNT_RELOAD) && !(old & MNT_RDONLY)) {
		krwlock_unlock(&mp->mnt_busylock);
		return -EOPNOTSUPP;
	}
	error = mount_freeze(mp);
	if (error != 0) {
		krwlock_unlock(&mp->mnt_busylock);
		return error;
	}
	mp->mnt_flag = (old & ~KEPT) | (flags & KEPT) |
	    (flags & (MNT_UPDATE | MNT_RELOAD | MNT_FORCE));
	error = mp->mnt_op->vfs_mount(l, mp, path, data, len);
	kmutex_enter(&vs->vs_listlock);
	if (error != 0)
		mp->mnt_flag = old;
	else
		mp->mnt_flag &= ~(MNT_UPDATE | MNT_RELOAD | MNT_FORCE);
	kmutex_exit(&vs->vs_listlock);
	mount_thaw(mp);
	krwlock_unlock(&mp->mnt_busylock);
	return error;
}

static int
mount_getargs(
    struct lwp *l, struct mount *mp, const char *path, void *data, size_t *len)
{
	int old, error;

	krwlock_wrlock(&mp->mnt_busylock);
	old = mp->mnt_flag;
	mp->mnt_flag = old | MNT_GETARGS;
	error = mp->mnt_op->vfs_mount(l, mp, path, data, len);
	mp->mnt_flag = old;
	krwlock_unlock(&mp->mnt_busylock);
	return error;
}

int
vfs_domount(struct lwp *l, const struct vfsops *ops, struct vnode *vp,
    const char *path, int flags, void *data, size_t *len)
{
	struct vfs_state *vs = vfs_of(l);
	int error = 0;

	kmutex_enter(&vs->vs_mountlock);
	/* Something may have been mounted here since the path was looked up. */
	if (vp != NULL)
		error = mount_cross(l, &vp);
	if (error != 0) {
		/* as it is */
	} else if (vp != NULL && vnode_isdead(vp)) {
		error = -ENOENT;
	} else if (flags & (MNT_UPDATE | MNT_GETARGS)) {
		if (!(atomic_load(&vp->v_flag) & VV_ROOT) ||
		    vp->v_mount->mnt_root != vp)
			error = -EINVAL;
		else if (flags & MNT_GETARGS)
			error = mount_getargs(l, vp->v_mount, path, data, len);
		else
			error = mount_update(
			    l, vp->v_mount, path, flags, data, len);
		vnode_put(l, vp);
		vp = NULL;
	} else if (ops == NULL || (ops != vfs_find(l->l_k, ops->vfs_name))) {
		error = -ENODEV; /* or not any more: it was unloaded */
	} else if (*len < ops->vfs_min_mount_data) {
		error = -EINVAL;
	} else if (vp != NULL && vp->v_type != VDIR) {
		error = -ENOTDIR;
	} else {
		error = mount_on(l, ops, vp, path, flags, data, len);
		vp = NULL;
	}
	kmutex_exit(&vs->vs_mountlock);
	if (vp != NULL)
		vnode_put(l, vp);
	return error;
}

int
vfs_mount_kern(struct lwp *l, const char *fstype, const char *path, int flags,
    void *args, size_t len)
{
	struct vnode *vp;
	char *data;
	int error;

	if (len > VFS_MAX_MOUNT_DATA / 2)
		return -EINVAL;
	error = namei_simple(l, path, NI_FOLLOW, &vp);
	if (error != 0)
		return error;
	data = kmem_zalloc(l->l_k, VFS_MAX_MOUNT_DATA / 2);
	if (data == NULL) {
		vnode_put(l, vp);
		return -ENOMEM;
	}
	if (len != 0)
		memcpy(data, args, len);
	error = vfs_domount(
	    l, vfs_find(l->l_k, fstype), vp, path, flags, data, &len);
	kmem_free(l->l_k, data, VFS_MAX_MOUNT_DATA / 2);
	return error;
}

/* --- unmounting --- */

/* Something is mounted on a directory of it. vs_mountlock is held. */
static bool
has_mounts(struct vfs_state *vs, struct mount *mp)
{
	struct mount *m;
	bool found = false;

	kmutex_enter(&vs->vs_listlock);
	for (m = vs->vs_first; m != NULL && !found; m = m->mnt_next)
		found = m->mnt_vnodecovered != NULL &&
		    m->mnt_vnodecovered->v_mount == mp;
	kmutex_exit(&vs->vs_listlock);
	return found;
}

static void
set_unmounting(struct mount *mp, bool on)
{
	struct vnode *covered = mp->mnt_vnodecovered;

	if (covered != NULL)
		kmutex_enter(&covered->v_interlock);
	atomic_store(&mp->mnt_unmounting, on);
	if (covered != NULL)
		kmutex_exit(&covered->v_interlock);
}

/* The mount is gone for everybody; its directory shows again. */
static void
detach(struct lwp *l, struct mount *mp)
{
	struct vfs_state *vs = vfs_of(l);
	struct vnode *covered = mp->mnt_vnodecovered;

	atomic_store(&mp->mnt_gone, true);
	if (covered != NULL) {
		kmutex_enter(&covered->v_interlock);
		covered->v_mountedhere = NULL;
		kmutex_exit(&covered->v_interlock);
		kmutex_enter(&vs->vs_listlock);
		mp->mnt_vnodecovered = NULL;
		kmutex_exit(&vs->vs_listlock);
	}
	list_remove(vs, mp);
	krwlock_unlock(&mp->mnt_busylock);
	if (covered != NULL)
		vnode_put(l, covered);
	mount_put(mp);
}

/* vs_mountlock is held. */
int
vfs_dounmount(struct lwp *l, struct mount *mp, int flags)
{
	struct vfs_state *vs = vfs_of(l);
	bool force = (flags & MNT_FORCE) != 0;
	struct vnode *root;
	int error = 0, serror;

	if (has_mounts(vs, mp))
		return -EBUSY;
	set_unmounting(mp, true);
	krwlock_wrlock(&mp->mnt_busylock);
	serror = mp->mnt_flag & MNT_RDONLY ? 0 :
					     mp->mnt_op->vfs_sync(l, mp, true);
	if (!force) {
		error = serror;
		if (error == 0 && vcache_mount_inuse(mp))
			error = -EBUSY;
	}
	if (error == 0) {
		root = mp->mnt_root;
		mp->mnt_root = NULL;
		ncache_purge_mount(mp);
		if (root != NULL)
			vnode_put(l, root);
		error = vcache_flush_mount(l, mp, force);
		if (error == 0)
			error = mp->mnt_op->vfs_unmount(l, mp, flags);
		if (error == 0 || force) {
			detach(l, mp);
			return 0;
		}
		if (mp->mnt_op->vfs_root(l, mp, &root) == 0)
			mp->mnt_root = root;
	}
	set_unmounting(mp, false);
	krwlock_unlock(&mp->mnt_busylock);
	return error;
}

/* --- all of them --- */

int
mount_foreach(
    struct lwp *l, int (*fn)(struct lwp *, struct mount *, void *), void *arg)
{
	struct vfs_state *vs = vfs_of(l);
	struct mount *mp, **all = NULL;
	size_t i, n, room = 0;
	int error = 0;

	/* Nothing may be allocated under the leaf lock: count, allocate, look again. */
	for (;;) {
		n = 0;
		kmutex_enter(&vs->vs_listlock);
		for (mp = vs->vs_first; mp != NULL; mp = mp->mnt_next)
			n++;
		if (n <= room)
			break;
		kmutex_exit(&vs->vs_listlock);
		if (all != NULL)
			kmem_free(l->l_k, all, room * sizeof(*all));
		room = n + 4;
		all = kmem_calloc(l->l_k, room, sizeof(*all));
		if (all == NULL)
			return -ENOMEM;
	}
	for (n = 0, mp = vs->vs_first; mp != NULL; mp = mp->mnt_next) {
		mount_get(mp);
		all[n++] = mp;
	}
	kmutex_exit(&vs->vs_listlock);
	for (i = 0; i < n; i++) {
		if (error == 0 && vfs_busy(all[i]) == 0) {
			error = fn(l, all[i], arg);
			vfs_unbusy(all[i]);
		}
		mount_put(all[i]);
	}
	if (all != NULL)
		kmem_free(l->l_k, all, room * sizeof(*all));
	return error;
}

static int
sync_one(struct lwp *l, struct mount *mp, void *arg)
{
	if (!(mp->mnt_flag & MNT_RDONLY))
		(void)mp->mnt_op->vfs_sync(l, mp, *(bool *)arg);
	return 0;
}

int
mount_fsync_all(struct lwp *l, bool wait)
{
	return mount_foreach(l, sync_one, &wait);
}

int
vfs_getvfs(struct rump_kernel *k, const fsid_t *id, struct mount **mpp)
{
	struct vfs_state *vs = k->k_vfs;
	struct mount *mp;

	*mpp = NULL;
	kmutex_enter(&vs->vs_listlock);
	for (mp = vs->vs_first; mp != NULL; mp = mp->mnt_next) {
		if (memcmp(&mp->mnt_stat.f_fsidx, id, sizeof(*id)) == 0) {
			mount_get(mp);
			break;
		}
	}
	kmutex_exit(&vs->vs_listlock);
	if (mp == NULL)
		return -ESTALE;
	if (vfs_busy(mp) != 0) {
		mount_put(mp);
		return -ESTALE;
	}
	*mpp = mp;
	return 0;
}

void
vfs_shutdown(struct lwp *l, bool sync, bool force)
{
	struct vfs_state *vs = vfs_of(l);
	struct mount *mp;

	(void)force;
	if (sync)
		(void)mount_fsync_all(l, true);
	else
		spec_drop_writes(l);
	kmutex_enter(&vs->vs_mountlock);
	while ((mp = vs->vs_last) != NULL && mp != vs->vs_rootmount) {
		char on[80];
		int error;

		snprintf(on, sizeof(on), "%.79s", mp->mnt_stat.f_mntonname);
		if (l->l_k->k_config.kc_verbose)
			kern_printf(l->l_k, "unmounting %s (%s)...\n", on,
			    mp->mnt_op->vfs_name);
		error = vfs_dounmount(l, mp, 0);
		if (error != 0)
			error = vfs_dounmount(l, mp, MNT_FORCE);
		if (error != 0)
			break;
	}
	kmutex_exit(&vs->vs_mountlock);
}

/* --- modules that come and go --- */

int
vfs_component_load(struct lwp *l, int index)
{
	struct rump_kernel *k = l->l_k;
	const struct component *c = kern_components[index];
	int error = 0;

	kmutex_enter(&k->k_vfs->vs_mountlock);
	if (!k->k_have[index]) {
		if (c->c_vfsops != NULL && c->c_vfsops->vfs_attach != NULL)
			error = c->c_vfsops->vfs_attach(k);
		k->k_have[index] = error == 0;
	}
	kmutex_exit(&k->k_vfs->vs_mountlock);
	return error != 0 ? error : vfs_make_devnodes(l);
}

int
vfs_component_unload(struct rump_kernel *k, int index)
{
	const struct vfsops *ops = kern_components[index]->c_vfsops;
	struct mount *mp;

	kmutex_enter(&k->k_vfs->vs_mountlock);
	for (mp = k->k_vfs->vs_first; mp != NULL && mp->mnt_op != ops;
	     mp = mp->mnt_next)
		continue;
	if (mp == NULL && k->k_have[index]) {
		k->k_have[index] = false;
		if (ops->vfs_detach != NULL)
			ops->vfs_detach(k);
	}
	kmutex_exit(&k->k_vfs->vs_mountlock);
	return mp != NULL ? -EBUSY : 0;
}
