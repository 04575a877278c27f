// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Callback;
import com.sun.jna.Pointer;

/**
 * The functions of {@code rumprun/rumprun.h} and {@code rumprun/net.h}, by their names. Integers,
 * longs, pointers: a size_t is an int here, which both ABIs extend as they should.
 */
interface Rumprun {
    /** The kernel's console. */
    interface Console extends Callback {
        void callback(Pointer ctx, Pointer text, int size);
    }

    /** Reads or writes a tool's stream. */
    interface Transfer extends Callback {
        int callback(Pointer ctx, int fd, Pointer buf, int size);
    }

    /** Asks whether a tool's stream is a terminal. */
    interface IsTerminal extends Callback {
        int callback(Pointer ctx, int fd);
    }

    /** Tells how far a tool has come. */
    interface Progress extends Callback {
        void callback(Pointer ctx, Pointer what, long done, long total);
    }

    Pointer rumprun_version();

    Pointer rumprun_errname(int error);

    Pointer rumprun_strerror(int error);

    int rumprun_clock_create(long realtimeNs, long seed, Pointer clockp);

    int rumprun_clock_free(Pointer clock);

    int rumprun_clock_boot(
            Pointer clock,
            byte[] components,
            byte[] options,
            Console console,
            Pointer ctx,
            Pointer kernelp,
            byte[] why,
            int whysize);

    long rumprun_clock_now(Pointer clock);

    int rumprun_clock_advance(Pointer clock, long ns);

    int rumprun_clock_automatic(Pointer clock, int on);

    int rumprun_clock_hold(Pointer clock);

    int rumprun_clock_release(Pointer clock);

    int rumprun_clock_asleep(Pointer clock);

    long rumprun_kernel_halt(Pointer kernel, int nosync);

    int rumprun_kernel_listen(Pointer kernel, byte[] url, byte[] why, int whysize);

    void rumprun_kernel_why(Pointer kernel, byte[] why, int whysize);

    int rumprun_kernel_rebooted(Pointer kernel);

    int rumprun_etfs_register(
            Pointer kernel,
            byte[] key,
            byte[] hostpath,
            int type,
            long begin,
            long size,
            byte[] why,
            int whysize);

    int rumprun_etfs_remove(Pointer kernel, byte[] key);

    void rumprun_etfs_why(Pointer kernel, byte[] why, int whysize);

    int rumprun_partitions(byte[] image, Pointer list, int n);

    int rumprun_proc_create(Pointer kernel, byte[] name, Pointer procp);

    int rumprun_client_connect(byte[] url, byte[] name, Pointer procp, byte[] why, int whysize);

    void rumprun_proc_shut(Pointer proc);

    void rumprun_proc_interrupt(Pointer proc);

    int rumprun_proc_destroy(Pointer proc);

    int rumprun_proc_syscall(Pointer proc, int number, Pointer args, int argsize, long[] results);

    int rumprun_open(Pointer proc, byte[] path, int flags, int mode);

    int rumprun_close(Pointer proc, int fd);

    long rumprun_pread(Pointer proc, int fd, Pointer buf, int size, long offset);

    long rumprun_pwrite(Pointer proc, int fd, Pointer buf, int size, long offset);

    long rumprun_write(Pointer proc, int fd, Pointer buf, int size);

    long rumprun_read(Pointer proc, int fd, Pointer buf, int size);

    long rumprun_lseek(Pointer proc, int fd, long offset, int whence);

    int rumprun_fsync(Pointer proc, int fd, int dataonly);

    int rumprun_ftruncate(Pointer proc, int fd, long size);

    int rumprun_stat(Pointer proc, byte[] path, long[] st);

    int rumprun_lstat(Pointer proc, byte[] path, long[] st);

    int rumprun_fstat(Pointer proc, int fd, long[] st);

    long rumprun_getdents(Pointer proc, int fd, Pointer buf, int size);

    int rumprun_access(Pointer proc, byte[] path, int mode);

    int rumprun_mkdir(Pointer proc, byte[] path, int mode);

    int rumprun_rmdir(Pointer proc, byte[] path);

    int rumprun_unlink(Pointer proc, byte[] path);

    int rumprun_rename(Pointer proc, byte[] from, byte[] to);

    int rumprun_link(Pointer proc, byte[] path, byte[] link);

    int rumprun_symlink(Pointer proc, byte[] target, byte[] path);

    long rumprun_readlink(Pointer proc, byte[] path, byte[] buf, int size);

    int rumprun_chmod(Pointer proc, byte[] path, int mode, int follow);

    int rumprun_chown(Pointer proc, byte[] path, long uid, long gid, int follow);

    int rumprun_chflags(Pointer proc, byte[] path, long flags);

    int rumprun_utimens(
            Pointer proc,
            byte[] path,
            long atime,
            long atimeNs,
            long mtime,
            long mtimeNs,
            int follow);

    int rumprun_statvfs(
            Pointer proc,
            byte[] path,
            long[] sv,
            byte[] type,
            int typesize,
            byte[] from,
            int fromsize,
            byte[] on,
            int onsize);

    int rumprun_mount_ffs(Pointer proc, byte[] device, byte[] dir, int flags);

    int rumprun_unmount(Pointer proc, byte[] dir, int force);

    int rumprun_tool_run(
            Pointer proc,
            Pointer groups,
            byte[] name,
            int argc,
            Pointer argv,
            Pointer envp,
            Transfer read,
            Transfer write,
            IsTerminal isatty,
            Progress progress,
            Pointer ctx,
            Pointer siginfo,
            Pointer interrupt);

    void rumprun_tool_interrupt(Pointer proc, Pointer interrupt);

    int rumprun_wire_create(long seed, Pointer wirep);

    int rumprun_wire_destroy(Pointer wire);

    int rumprun_wire_attach(Pointer kernel, Pointer wire, byte[] name, int namesize);

    int rumprun_wire_detach(Pointer kernel, byte[] name);

    int rumprun_wire_set(
            Pointer wire,
            int lossPpm,
            int duplicatePpm,
            int corruptPpm,
            int reorderPpm,
            long delayNs,
            long jitterNs,
            long rateBps);

    int rumprun_wire_capture(Pointer wire, byte[] path);

    void rumprun_wire_stats(Pointer wire, long[] stats);
}
