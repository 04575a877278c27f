/* SPDX-License-Identifier: BSD-2-Clause */
/* Rename: the new name first, then the old one goes; both lead to the file in between. Not so a directory that gets another parent. */
#include "fs/ffs/ffs.h"

/* What the new name led to loses it. */
static int
drop_target(struct inode *tdip, struct inode *tip, bool dir)
{
	if (dir) {
		if (tdip->i_d.di_nlink > 2)
			tdip->i_d.di_nlink--;
		ffs_mark(tdip, IN_CHANGE);
		tip->i_d.di_nlink = 0;
	} else if (tip->i_d.di_nlink > 0) {
		tip->i_d.di_nlink--;
	}
	if (tip->i_d.di_nlink == 0) {
		atomic_fetch_or(&tip->i_vnode->v_flag, VV_INACTIVE);
		ffs_orphan(tip);
	}
	ffs_mark(tip, IN_CHANGE);
	return ffs_update(tip);
}

static int
check_target(const struct inode *tdip, struct inode *tip, bool dir)
{
	int empty;

	if (!dir)
		return tip->i_vnode->v_type == VDIR ? -EISDIR : 0;
	if (tip->i_vnode->v_type != VDIR)
		return -ENOTDIR;
	empty = ffs_dirempty(tip, tdip->i_number);
	return empty < 0 ? empty : empty == 0 ? -ENOTEMPTY : 0;
}

static int
enter(struct lwp *l, struct inode *dip, const struct componentname *cnp,
    const struct inode *ip)
{
	return ffs_direnter(l, dip, cnp->cn_name, cnp->cn_len, ip->i_number,
	    ip->i_d.di_mode, true);
}

/* The new name: an entry that is there points at the file from now on, or one is made. */
static int
place(struct lwp *l, struct inode *ip, struct inode *tdip,
    const struct componentname *tcnp, struct inode *tip)
{
	if (tip != NULL)
		return ffs_dirrewrite(tdip, tcnp->cn_name, tcnp->cn_len,
		    ip->i_number, ip->i_d.di_mode);
	return enter(l, tdip, tcnp, ip);
}

/* The new name is what it was. */
static int
unplace(struct inode *tdip, const struct componentname *tcnp,
    const struct inode *tip)
{
	if (tip != NULL)
		return ffs_dirrewrite(tdip, tcnp->cn_name, tcnp->cn_len,
		    tip->i_number, tip->i_d.di_mode);
	return ffs_dirremove(tdip, tcnp->cn_name, tcnp->cn_len);
}

/*
 * A directory gets another parent: its ".." and the parents' link counts too. On the disk a name in one directory and a ".." that leads to another are damage; no
 * name at all is what fsck_ffs -p mends. So the old name goes first.
 */
static int
move_dir(struct lwp *l, struct inode *fdip, const struct componentname *fcnp,
    struct inode *ip, struct inode *tdip, const struct componentname *tcnp,
    struct inode *tip)
{
	int error;

	if (tip == NULL && tdip->i_d.di_nlink >= UFS_LINK_MAX)
		return -EMLINK;
	tdip->i_d.di_nlink++;
	ffs_mark(tdip, IN_CHANGE);
	if ((error = ffs_update_now(tdip)) != 0 ||
	    (error = ffs_dirremove(fdip, fcnp->cn_name, fcnp->cn_len)) != 0)
		goto fail;
	error = ffs_dirrewrite(ip, "..", 2, tdip->i_number, S_IFDIR);
	if (error == 0)
		error = place(l, ip, tdip, tcnp, tip);
	if (error != 0) {
		/* The room that it had is there still. */
		ffs_undone(ip->i_ump,
		    ffs_dirrewrite(ip, "..", 2, fdip->i_number, S_IFDIR));
		ffs_undone(ip->i_ump, enter(l, fdip, fcnp, ip));
		goto fail;
	}
	if (fdip->i_d.di_nlink > 2)
		fdip->i_d.di_nlink--;
	ffs_mark(fdip, IN_CHANGE);
	ffs_update_later(fdip);
	return 0;
fail:
	tdip->i_d.di_nlink--;
	ffs_mark(tdip, IN_CHANGE);
	ffs_undone(tdip->i_ump, ffs_update(tdip));
	return error;
}

static int
rename_names(struct lwp *l, struct inode *fdip,
    const struct componentname *fcnp, struct inode *ip, struct inode *tdip,
    const struct componentname *tcnp, struct inode *tip)
{
	bool dir = ip->i_vnode->v_type == VDIR;
	int error, undo;

	if (tdip->i_d.di_nlink <= 0)
		return -ENOENT;
	if (tip != NULL && (error = check_target(tdip, tip, dir)) != 0)
		return error;
	if (ip->i_d.di_nlink >= UFS_LINK_MAX)
		return -EMLINK;
	/* One more while it has two names. */
	ip->i_d.di_nlink++;
	ffs_mark(ip, IN_CHANGE);
	if ((error = ffs_update_now(ip)) != 0) {
		/* Nothing was done. */
	} else if (dir && fdip != tdip) {
		error = move_dir(l, fdip, fcnp, ip, tdip, tcnp, tip);
	} else {
		error = place(l, ip, tdip, tcnp, tip);
		if (error == 0 &&
		    (error = ffs_dirremove(fdip, fcnp->cn_name, fcnp->cn_len)) !=
			0)
			ffs_undone(tdip->i_ump, unplace(tdip, tcnp, tip));
	}
	if (error == 0 && tip != NULL)
		error = drop_target(tdip, tip, dir);
	ip->i_d.di_nlink--;
	ffs_mark(ip, IN_CHANGE);
	undo = ffs_update(ip);
	if (error == 0)
		error = undo;
	if (error == 0)
		error = ffs_update(tdip);
	return error;
}

int
ffs_rename(struct lwp *l, struct vnode *fdvp, const struct componentname *fcnp,
    struct vnode *fvp, struct vnode *tdvp, const struct componentname *tcnp,
    struct vnode *tvp)
{
	struct inode *fdip = VTOI(fdvp), *ip = VTOI(fvp), *tdip = VTOI(tdvp);
	struct inode *tip = tvp != NULL ? VTOI(tvp) : NULL;
	struct ffsmount *ump = fdip->i_ump;
	int error;

	/* Two names of one file: nothing is to be done. */
	if (tip == ip)
		return 0;
	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	error = rename_names(l, fdip, fcnp, ip, tdip, tcnp, tip);
	ffs_end(ump, l);
	if (error != -ENOSPC || ump->um_wl == NULL ||
	    wapbl_flush(ump->um_wl, l, false) != 0)
		return error;
	if ((error = ffs_begin(ump, l)) != 0)
		return error;
	error = rename_names(l, fdip, fcnp, ip, tdip, tcnp, tip);
	ffs_end(ump, l);
	return error;
}
