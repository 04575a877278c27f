// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A process: of a kernel here, or behind a socket. The calls give results as the C interface does:
 * negative errnos, no exceptions; paths are bytes that end with a NUL. Safe for threads; closing
 * ends the calls that others have in progress, and later calls give -ESHUTDOWN.
 */
public final class ProcHandle implements AutoCloseable {
    private static final int CLOSED = Integer.MIN_VALUE;

    private final Rumprun functions;
    private final Pointer proc;
    private final Set<ProcHandle> siblings;

    /** Calls in progress; with CLOSED added no call begins. */
    private final AtomicInteger users = new AtomicInteger();

    ProcHandle(Rumprun functions, Pointer proc, Set<ProcHandle> siblings) {
        this.functions = functions;
        this.proc = proc;
        this.siblings = siblings;
    }

    /**
     * Connects to a server.
     *
     * @param url where it listens
     * @param name what the process is called
     * @return the process in the server's kernel
     * @throws Failure if there is no server, or it refuses
     */
    public static ProcHandle connect(String url, String name) throws Failure {
        Rumprun functions = Natives.functions();
        byte[] why = new byte[512];
        try (Memory out = new Memory(Native.POINTER_SIZE)) {
            int result =
                    functions.rumprun_client_connect(
                            Bytes.of(url), Bytes.of(name), out, why, why.length);
            Failure.check(result, why);
            return new ProcHandle(functions, out.getPointer(0), null);
        }
    }

    boolean enter() {
        if (users.incrementAndGet() > 0) {
            return true;
        }
        users.decrementAndGet();
        return false;
    }

    void leave() {
        users.decrementAndGet();
    }

    /** What failed because of a close says so, whatever the kernel or the socket says. */
    private int ended(int result) {
        return result < 0 && isClosed() ? -Errno.ESHUTDOWN : result;
    }

    private long ended(long result) {
        return result < 0 && isClosed() ? -Errno.ESHUTDOWN : result;
    }

    Pointer pointer() {
        return proc;
    }

    Rumprun functions() {
        return functions;
    }

    /**
     * Whether calls fail because of {@link #close}.
     *
     * @return true once closed
     */
    public boolean isClosed() {
        return users.get() < 0;
    }

    /** Ends the sleeps of calls in progress. */
    public void interrupt() {
        if (enter()) {
            try {
                functions.rumprun_proc_interrupt(proc);
            } finally {
                leave();
            }
        }
    }

    @Override
    public void close() {
        int before;
        do {
            before = users.get();
            if (before < 0) {
                return;
            }
        } while (!users.compareAndSet(before, before + CLOSED));
        if (siblings != null) {
            siblings.remove(this);
        }
        functions.rumprun_proc_shut(proc);
        while (users.get() != CLOSED) {
            LockSupport.parkNanos(50_000);
        }
        functions.rumprun_proc_destroy(proc);
    }

    /**
     * A system call by number and argument block.
     *
     * @param number NetBSD's number
     * @param args the block
     * @param size its size
     * @param results gets both results
     * @return 0, or a negative errno
     */
    public int syscall(int number, Pointer args, int size, long[] results) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_proc_syscall(proc, number, args, size, results));
        } finally {
            leave();
        }
    }

    /**
     * Reads a symbolic link.
     *
     * @param path the link
     * @param buffer gets the target
     * @return its length, or a negative errno
     */
    public long readlink(byte[] path, byte[] buffer) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_readlink(proc, path, buffer, buffer.length));
        } finally {
            leave();
        }
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
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            int result =
                    functions.rumprun_statvfs(
                            proc, path, sv, type, type.length, from, from.length, on, on.length);
            names[0] = Failure.text(type);
            names[1] = Failure.text(from);
            names[2] = Failure.text(on);
            return ended(result);
        } finally {
            leave();
        }
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
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_open(proc, path, flags, mode));
        } finally {
            leave();
        }
    }

    /**
     * Closes a descriptor.
     *
     * @param fd the descriptor
     * @return 0, or a negative errno
     */
    public int close(int fd) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_close(proc, fd));
        } finally {
            leave();
        }
    }

    /**
     * Writes to the disk.
     *
     * @param fd the descriptor
     * @param dataOnly 1: without attributes that reading does not need
     * @return 0, or a negative errno
     */
    public int fsync(int fd, int dataOnly) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_fsync(proc, fd, dataOnly));
        } finally {
            leave();
        }
    }

    /**
     * Sets a file's size.
     *
     * @param fd the descriptor
     * @param size bytes
     * @return 0, or a negative errno
     */
    public int ftruncate(int fd, long size) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_ftruncate(proc, fd, size));
        } finally {
            leave();
        }
    }

    /**
     * Moves a descriptor's position.
     *
     * @param fd the descriptor
     * @param offset where to
     * @param whence 0, 1, 2: from the start, the position, the end
     * @return the position, or a negative errno
     */
    public long lseek(int fd, long offset, int whence) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_lseek(proc, fd, offset, whence));
        } finally {
            leave();
        }
    }

    /**
     * Reads attributes, of a link's target.
     *
     * @param path the file
     * @param st gets RUMPRUN_ST_COUNT values
     * @return 0, or a negative errno
     */
    public int stat(byte[] path, long[] st) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_stat(proc, path, st));
        } finally {
            leave();
        }
    }

    /**
     * Reads attributes, of a link itself.
     *
     * @param path the file
     * @param st gets RUMPRUN_ST_COUNT values
     * @return 0, or a negative errno
     */
    public int lstat(byte[] path, long[] st) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_lstat(proc, path, st));
        } finally {
            leave();
        }
    }

    /**
     * Reads attributes of an open file.
     *
     * @param fd the descriptor
     * @param st gets RUMPRUN_ST_COUNT values
     * @return 0, or a negative errno
     */
    public int fstat(int fd, long[] st) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_fstat(proc, fd, st));
        } finally {
            leave();
        }
    }

    /**
     * Checks what is permitted.
     *
     * @param path the file
     * @param mode permissions, or R_OK and so on
     * @return 0, or a negative errno
     */
    public int access(byte[] path, int mode) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_access(proc, path, mode));
        } finally {
            leave();
        }
    }

    /**
     * Makes a directory.
     *
     * @param path the file
     * @param mode permissions, or R_OK and so on
     * @return 0, or a negative errno
     */
    public int mkdir(byte[] path, int mode) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_mkdir(proc, path, mode));
        } finally {
            leave();
        }
    }

    /**
     * Removes a directory.
     *
     * @param path the file
     * @return 0, or a negative errno
     */
    public int rmdir(byte[] path) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_rmdir(proc, path));
        } finally {
            leave();
        }
    }

    /**
     * Removes a name.
     *
     * @param path the file
     * @return 0, or a negative errno
     */
    public int unlink(byte[] path) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_unlink(proc, path));
        } finally {
            leave();
        }
    }

    /**
     * Renames.
     *
     * @param from the old name
     * @param to the new name
     * @return 0, or a negative errno
     */
    public int rename(byte[] from, byte[] to) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_rename(proc, from, to));
        } finally {
            leave();
        }
    }

    /**
     * Makes a hard link.
     *
     * @param path the file
     * @param link the new name
     * @return 0, or a negative errno
     */
    public int link(byte[] path, byte[] link) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_link(proc, path, link));
        } finally {
            leave();
        }
    }

    /**
     * Makes a symbolic link.
     *
     * @param target what the link says
     * @param path the file
     * @return 0, or a negative errno
     */
    public int symlink(byte[] target, byte[] path) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_symlink(proc, target, path));
        } finally {
            leave();
        }
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
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_chmod(proc, path, mode, follow));
        } finally {
            leave();
        }
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
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_chown(proc, path, uid, gid, follow));
        } finally {
            leave();
        }
    }

    /**
     * Sets file flags.
     *
     * @param path the file
     * @param flags NetBSD's flags
     * @return 0, or a negative errno
     */
    public int chflags(byte[] path, long flags) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_chflags(proc, path, flags));
        } finally {
            leave();
        }
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
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(
                    functions.rumprun_utimens(proc, path, atime, atimeNs, mtime, mtimeNs, follow));
        } finally {
            leave();
        }
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
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_mount_ffs(proc, device, dir, flags));
        } finally {
            leave();
        }
    }

    /**
     * Unmounts.
     *
     * @param dir the directory
     * @param force 1: although files are open
     * @return 0, or a negative errno
     */
    public int unmount(byte[] dir, int force) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_unmount(proc, dir, force));
        } finally {
            leave();
        }
    }

    /**
     * Reads at an offset.
     *
     * @param fd the descriptor
     * @param buffer memory
     * @param size its size
     * @param offset where in the file
     * @return the bytes, 0 at the end, or a negative errno
     */
    public long pread(int fd, Pointer buffer, int size, long offset) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_pread(proc, fd, buffer, size, offset));
        } finally {
            leave();
        }
    }

    /**
     * Writes at an offset.
     *
     * @param fd the descriptor
     * @param buffer memory
     * @param size its size
     * @param offset where in the file
     * @return the bytes, 0 at the end, or a negative errno
     */
    public long pwrite(int fd, Pointer buffer, int size, long offset) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_pwrite(proc, fd, buffer, size, offset));
        } finally {
            leave();
        }
    }

    /**
     * Reads at the position.
     *
     * @param fd the descriptor
     * @param buffer memory
     * @param size its size
     * @return the bytes, 0 at the end, or a negative errno
     */
    public long read(int fd, Pointer buffer, int size) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_read(proc, fd, buffer, size));
        } finally {
            leave();
        }
    }

    /**
     * Writes at the position, or the end.
     *
     * @param fd the descriptor
     * @param buffer memory
     * @param size its size
     * @return the bytes, 0 at the end, or a negative errno
     */
    public long write(int fd, Pointer buffer, int size) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_write(proc, fd, buffer, size));
        } finally {
            leave();
        }
    }

    /**
     * Reads directory entries.
     *
     * @param fd the descriptor
     * @param buffer memory
     * @param size its size
     * @return the bytes, 0 at the end, or a negative errno
     */
    public long getdents(int fd, Pointer buffer, int size) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            return ended(functions.rumprun_getdents(proc, fd, buffer, size));
        } finally {
            leave();
        }
    }
}
