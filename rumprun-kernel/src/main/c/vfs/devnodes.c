/* SPDX-License-Identifier: BSD-2-Clause */
/* What a root file system starts with: /dev, /tmp and the device nodes of the booted components. */
#include <netbsd/stat.h>
#include "dev/dev.h"
#include "vfs/mount.h"
#include "vfs/namei.h"

/* One node in a directory that is there; one that is there already is left alone. */
static int
make_node(struct lwp *l, const char *path, char type, mode_t mode, dev_t rdev,
    uid_t uid, gid_t gid, const char *target)
{
	struct nameidata nd;
	struct vattr va;
	struct vnode *vp = NULL;
	const struct vnodeops *ops;
	int error;

	namei_init(&nd, l, CREATE, NI_SYSSPACE | NI_LOCKPARENT, path);
	error = namei(&nd);
	if (error == 0 && nd.ni_vp == NULL) {
		vattr_null(&va);
		va.va_mode = mode;
		va.va_uid = uid;
		va.va_gid = gid;
		va.va_rdev = rdev;
		ops = nd.ni_dvp->v_ops;
		if (type == 'd') {
			va.va_type = VDIR;
			error = ops->vop_mkdir(
			    l, nd.ni_dvp, &nd.ni_cn, &va, &vp);
		} else if (type == 'l') {
			va.va_type = VLNK;
			error = ops->vop_symlink(
			    l, nd.ni_dvp, &nd.ni_cn, &va, target, &vp);
		} else {
			va.va_type = type == 'b' ? VBLK : VCHR;
			error = ops->vop_mknod(
			    l, nd.ni_dvp, &nd.ni_cn, &va, &vp);
		}
		ncache_purge_name(nd.ni_dvp, nd.ni_cn.cn_name, nd.ni_cn.cn_len);
	}
	namei_done(&nd);
	if (vp != NULL)
		vnode_put(l, vp);
	return error;
}

static bool
have_all(struct rump_kernel *k, const char *names)
{
	char name[64];

	while (names != NULL && *names != '\0') {
		size_t n = strcspn(names, ",");

		if (n >= sizeof(name))
			return false;
		memcpy(name, names, n);
		name[n] = '\0';
		if (!kern_have(k, name))
			return false;
		names += names[n] == ',' ? n + 1 : n;
	}
	return true;
}

int
vfs_make_devnodes(struct lwp *l)
{
	const struct devnode *dn;
	int error;

	error = make_node(l, "/dev", 'd', 0755, 0, 0, 0, NULL);
	if (error == 0)
		error = make_node(l, "/tmp", 'd', 01777, 0, 0, 0, NULL);
	for (dn = dev_nodes; error == 0 && dn->dn_path != NULL; dn++) {
		if (!have_all(l->l_k, dn->dn_component))
			continue;
		error = make_node(l, dn->dn_path, dn->dn_type, dn->dn_mode,
		    makedev(dn->dn_major, dn->dn_minor), dn->dn_uid, dn->dn_gid,
		    dn->dn_target);
	}
	return error;
}
