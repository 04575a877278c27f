// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;

/**
 * A process: of a kernel here, or behind a socket. The calls give results as the C interface does:
 * negative errnos, no exceptions; paths are bytes that end with a NUL. Safe for threads; closing
 * ends the calls that others have in progress, and later calls give -ESHUTDOWN.
 */
public final class ProcHandle extends ProcNames {
    ProcHandle(Rumprun functions, Pointer proc, KernelHandle kernel) {
        super(functions, proc, kernel);
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

    Pointer pointer() {
        return proc;
    }

    Rumprun functions() {
        return functions;
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
        return call(() -> functions.rumprun_proc_syscall(proc, number, args, size, results));
    }

    /**
     * Closes a descriptor.
     *
     * @param fd the descriptor
     * @return 0, or a negative errno
     */
    public int close(int fd) {
        return call(() -> functions.rumprun_close(proc, fd));
    }

    /**
     * Writes to the disk.
     *
     * @param fd the descriptor
     * @param dataOnly 1: without attributes that reading does not need
     * @return 0, or a negative errno
     */
    public int fsync(int fd, int dataOnly) {
        return call(() -> functions.rumprun_fsync(proc, fd, dataOnly));
    }

    /**
     * Sets a file's size.
     *
     * @param fd the descriptor
     * @param size bytes
     * @return 0, or a negative errno
     */
    public int ftruncate(int fd, long size) {
        return call(() -> functions.rumprun_ftruncate(proc, fd, size));
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
        return count(() -> functions.rumprun_lseek(proc, fd, offset, whence));
    }

    /**
     * Reads attributes of an open file.
     *
     * @param fd the descriptor
     * @param st gets RUMPRUN_ST_COUNT values
     * @return 0, or a negative errno
     */
    public int fstat(int fd, long[] st) {
        return call(() -> functions.rumprun_fstat(proc, fd, st));
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
        return count(() -> functions.rumprun_pread(proc, fd, buffer, size, offset));
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
        return count(() -> functions.rumprun_pwrite(proc, fd, buffer, size, offset));
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
        return count(() -> functions.rumprun_read(proc, fd, buffer, size));
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
        return count(() -> functions.rumprun_write(proc, fd, buffer, size));
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
        return count(() -> functions.rumprun_getdents(proc, fd, buffer, size));
    }
}
