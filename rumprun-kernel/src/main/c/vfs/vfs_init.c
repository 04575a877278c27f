/* SPDX-License-Identifier: BSD-2-Clause */
/* The file system layer comes to life and goes: its component. */
#include "dev/etfs.h"
#include "kern/sysctl.h"
#include "vfs/spec.h"
#include "vfs/vfs_impl.h"

static unsigned
hashmask(unsigned nvnodes)
{
	unsigned n = 1024;

	while (n < nvnodes && n < 1u << 20)
		n <<= 1;
	return n - 1;
}

static int
attach_types(struct rump_kernel *k)
{
	int i, error = 0;

	for (i = 0; kern_components[i] != NULL && error == 0; i++) {
		const struct component *c = kern_components[i];

		if (kern_have(k, c->c_library) && c->c_vfsops != NULL &&
		    c->c_vfsops->vfs_attach != NULL)
			error = c->c_vfsops->vfs_attach(k);
	}
	return error;
}

static void
detach_types(struct rump_kernel *k)
{
	int i;

	for (i = 0; kern_components[i] != NULL; i++) {
		const struct component *c = kern_components[i];

		if (kern_have(k, c->c_library) && c->c_vfsops != NULL &&
		    c->c_vfsops->vfs_detach != NULL)
			c->c_vfsops->vfs_detach(k);
	}
}

static int
mount_root(struct rump_kernel *k)
{
	struct vfs_state *vs = k->k_vfs;
	size_t len = 0;
	char none[8] = "";
	int error;

	error = vfs_domount(
	    k->k_lwp0, vfs_find(k, "rumpfs"), NULL, "/", 0, none, &len);
	if (error != 0)
		return error;
	vs->vs_rootmount = vs->vs_first;
	vs->vs_root = vs->vs_rootmount->mnt_root;
	vnode_get(vs->vs_root);
	return 0;
}

static void vfs_component_detach(struct rump_kernel *);

static int
vfs_component_attach(struct rump_kernel *k)
{
	struct vfs_state *vs = kmem_zalloc(k, sizeof(*vs));
	int error;

	if (vs == NULL)
		return -ENOMEM;
	k->k_vfs = vs;
	vs->vs_hashmask = hashmask(k->k_config.kc_nvnodes);
	error = vcache_init(vs, k);
	if (error == 0)
		error = ncache_init(vs, k);
	if (error == 0)
		error = sysctl_attach_vfs(k);
	if (error == 0)
		error = spec_attach(k);
	if (error == 0)
		error = attach_types(k);
	if (error == 0)
		error = mount_root(k);
	if (error == 0)
		error = etfs_attach(k);
	if (error == 0)
		error = vfs_make_devnodes(k->k_lwp0);
	if (error != 0)
		vfs_component_detach(k);
	return error;
}

static void
vfs_component_detach(struct rump_kernel *k)
{
	struct vfs_state *vs = k->k_vfs;
	struct lwp *l = k->k_lwp0;

	if (vs == NULL)
		return;
	if (vs->vs_rootmount != NULL) {
		vfs_shutdown(l, false, true);
		kmutex_enter(&vs->vs_mountlock);
		vnode_put(l, vs->vs_root);
		vs->vs_root = NULL;
		/* Forced, it cannot fail but for a mount that is left on it. */
		if (vfs_dounmount(l, vs->vs_rootmount, MNT_FORCE) != 0)
			kern_printf(k, "vfs: the root file system stays\n");
		kmutex_exit(&vs->vs_mountlock);
	}
	if (k->k_etfs != NULL)
		etfs_detach(k);
	detach_types(k);
	spec_detach(k);
	ncache_fini(vs, k);
	vcache_fini(vs, k);
	kmem_free(k, vs, sizeof(*vs));
	k->k_vfs = NULL;
}

static const struct devsw *const vfs_devices[] = { &dev_etfs, NULL };
extern const struct vfsops rumpfs_vfsops;
const struct component component_vfs = {
	.c_library = "librumpvfs",
	.c_faction = FACTION_VFS,
	.c_modules = "wapbl",
	.c_attach = vfs_component_attach,
	.c_detach = vfs_component_detach,
	.c_vfsops = &rumpfs_vfsops,
	.c_devsw = vfs_devices,
};
