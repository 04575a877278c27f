// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Pointer;

/** A process's calls on files by their names. */
public abstract sealed class ProcNames extends ProcLife permits ProcHandle {
    ProcNames(Rumprun functions, Pointer proc, KernelHandle kernel) {
        super(functions, proc, kernel);
    }

    /**
     * Reads a symbolic link.
     *
     * @param path the link
     * @param buffer gets the target
     * @return its length, or a negative errno
     */
    public long readlink(byte[] path, byte[] buffer) {
        return count(() -> functions.rumprun_readlink(proc, path, buffer, buffer.length));
    }

    /**
     * Describes the file system that holds a file.
     *
     * @param path the file
     * @param sv gets RUMPRUN_VFS_COUNT values
     * @param names gets type, device and directory
     * @return 0, or a negative errno
     */
    public int statvfs(byte[] path, long[] sv, String[] names) {
        byte[] type = new byte[32];
        byte[] from = new byte[1024];
        byte[] on = new byte[1024];
        int result =
                call(
                        () ->
                                functions.rumprun_statvfs(
                                        proc,
                                        path,
                                        sv,
                                        type,
                                        type.length,
                                        from,
                                        from.length,
                                        on,
                                        on.length));
        names[0] = Failure.text(type);
        names[1] = Failure.text(from);
        names[2] = Failure.text(on);
        return result;
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @param flags NetBSD's flags
     * @param mode permissions, or R_OK and so on
     * @return a descriptor, or a negative errno
     */
    public int open(byte[] path, int flags, int mode) {
        return call(() -> functions.rumprun_open(proc, path, flags, mode));
    }

    /**
     * Reads attributes, of a link's target.
     *
     * @param path the file
     * @param st gets RUMPRUN_ST_COUNT values
     * @return 0, or a negative errno
     */
    public int stat(byte[] path, long[] st) {
        return call(() -> functions.rumprun_stat(proc, path, st));
    }

    /**
     * Reads attributes, of a link itself.
     *
     * @param path the file
     * @param st gets RUMPRUN_ST_COUNT values
     * @return 0, or a negative errno
     */
    public int lstat(byte[] path, long[] st) {
        return call(() -> functions.rumprun_lstat(proc, path, st));
    }

    /**
     * Checks what is permitted.
     *
     * @param path the file
     * @param mode permissions, or R_OK and so on
     * @return 0, or a negative errno
     */
    public int access(byte[] path, int mode) {
        return call(() -> functions.rumprun_access(proc, path, mode));
    }

    /**
     * Makes a directory.
     *
     * @param path the file
     * @param mode permissions, or R_OK and so on
     * @return 0, or a negative errno
     */
    public int mkdir(byte[] path, int mode) {
        return call(() -> functions.rumprun_mkdir(proc, path, mode));
    }

    /**
     * Removes a directory.
     *
     * @param path the file
     * @return 0, or a negative errno
     */
    public int rmdir(byte[] path) {
        return call(() -> functions.rumprun_rmdir(proc, path));
    }

    /**
     * Removes a name.
     *
     * @param path the file
     * @return 0, or a negative errno
     */
    public int unlink(byte[] path) {
        return call(() -> functions.rumprun_unlink(proc, path));
    }

    /**
     * Renames.
     *
     * @param from the old name
     * @param to the new name
     * @return 0, or a negative errno
     */
    public int rename(byte[] from, byte[] to) {
        return call(() -> functions.rumprun_rename(proc, from, to));
    }

    /**
     * Makes a hard link.
     *
     * @param path the file
     * @param link the new name
     * @return 0, or a negative errno
     */
    public int link(byte[] path, byte[] link) {
        return call(() -> functions.rumprun_link(proc, path, link));
    }

    /**
     * Makes a symbolic link.
     *
     * @param target what the link says
     * @param path the file
     * @return 0, or a negative errno
     */
    public int symlink(byte[] target, byte[] path) {
        return call(() -> functions.rumprun_symlink(proc, target, path));
    }

    /**
     * Sets permissions.
     *
     * @param path the file
     * @param mode permissions, or R_OK and so on
     * @param follow 1: of a link's target
     * @return 0, or a negative errno
     */
    public int chmod(byte[] path, int mode, int follow) {
        return call(() -> functions.rumprun_chmod(proc, path, mode, follow));
    }

    /**
     * Sets owner and group; -1 leaves one.
     *
     * @param path the file
     * @param uid the owner
     * @param gid the group
     * @param follow 1: of a link's target
     * @return 0, or a negative errno
     */
    public int chown(byte[] path, long uid, long gid, int follow) {
        return call(() -> functions.rumprun_chown(proc, path, uid, gid, follow));
    }

    /**
     * Sets file flags.
     *
     * @param path the file
     * @param flags NetBSD's flags
     * @return 0, or a negative errno
     */
    public int chflags(byte[] path, long flags) {
        return call(() -> functions.rumprun_chflags(proc, path, flags));
    }

    /**
     * Sets times.
     *
     * @param path the file
     * @param atime seconds
     * @param atimeNs nanoseconds, or one of the RUMPRUN_TIME numbers
     * @param mtime seconds
     * @param mtimeNs as atimeNs
     * @param follow 1: of a link's target
     * @return 0, or a negative errno
     */
    public int utimens(
            byte[] path, long atime, long atimeNs, long mtime, long mtimeNs, int follow) {
        return call(
                () ->
                        functions.rumprun_utimens(
                                proc, path, atime, atimeNs, mtime, mtimeNs, follow));
    }

    /**
     * Mounts an FFS.
     *
     * @param device the block device
     * @param dir the directory
     * @param flags NetBSD's flags
     * @return 0, or a negative errno
     */
    public int mountFfs(byte[] device, byte[] dir, int flags) {
        return call(() -> functions.rumprun_mount_ffs(proc, device, dir, flags));
    }

    /**
     * Unmounts.
     *
     * @param dir the directory
     * @param force 1: although files are open
     * @return 0, or a negative errno
     */
    public int unmount(byte[] dir, int force) {
        return call(() -> functions.rumprun_unmount(proc, dir, force));
    }
}
