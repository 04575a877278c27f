/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended attributes: the file is looked up, so that what is wrong with its name is said; then no file system here has
 * any.
 */
#include "vfs/vfs_impl.h"

static int
by_path(struct lwp *l, const char *path, bool follow)
{
	struct nameidata nd;
	int error;

	namei_init(&nd, l, LOOKUP, follow ? NI_FOLLOW : 0, path);
	error = namei(&nd);
	namei_done(&nd);
	return error != 0 ? error : -EOPNOTSUPP;
}

static int
by_fd(struct lwp *l, int fd)
{
	struct file *fp;
	struct vnode *vp;
	int error = fd_getvnode(l, fd, &fp, &vp);

	if (error != 0)
		return error;
	file_put(l, fp);
	return -EOPNOTSUPP;
}

#define BY_PATH(name, follow)                                  \
	int name(struct lwp *l, const void *v, register_t *rv) \
	{                                                      \
		const struct name##_args *uap = v;             \
                                                               \
		(void)rv;                                      \
		return by_path(l, SCARG(uap, path), follow);   \
	}
#define BY_FD(name)                                            \
	int name(struct lwp *l, const void *v, register_t *rv) \
	{                                                      \
		const struct name##_args *uap = v;             \
                                                               \
		(void)rv;                                      \
		return by_fd(l, SCARG(uap, fd));               \
	}

BY_PATH(sys_extattrctl, true)
BY_PATH(sys_extattr_set_file, true)
BY_PATH(sys_extattr_get_file, true)
BY_PATH(sys_extattr_delete_file, true)
BY_PATH(sys_extattr_list_file, true)
BY_PATH(sys_extattr_set_link, false)
BY_PATH(sys_extattr_get_link, false)
BY_PATH(sys_extattr_delete_link, false)
BY_PATH(sys_extattr_list_link, false)
BY_FD(sys_extattr_set_fd)
BY_FD(sys_extattr_get_fd)
BY_FD(sys_extattr_delete_fd)
BY_FD(sys_extattr_list_fd)
BY_PATH(sys_setxattr, true)
BY_PATH(sys_lsetxattr, false)
BY_FD(sys_fsetxattr)
BY_PATH(sys_getxattr, true)
BY_PATH(sys_lgetxattr, false)
BY_FD(sys_fgetxattr)
BY_PATH(sys_listxattr, true)
BY_PATH(sys_llistxattr, false)
BY_FD(sys_flistxattr)
BY_PATH(sys_removexattr, true)
BY_PATH(sys_lremovexattr, false)
BY_FD(sys_fremovexattr)
