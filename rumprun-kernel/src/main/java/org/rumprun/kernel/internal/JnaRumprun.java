// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/** The functions bound by JNA, directly: no proxy stands between a call and the function. */
final class JnaRumprun implements Rumprun {
    JnaRumprun(NativeLibrary library) {
        Native.register(JnaRumprun.class, library);
    }

    @Override
    public native Pointer rumprun_version();

    @Override
    public native Pointer rumprun_errname(int error);

    @Override
    public native Pointer rumprun_strerror(int error);

    @Override
    public native int rumprun_clock_create(long realtimeNs, long seed, Pointer clockp);

    @Override
    public native int rumprun_clock_free(Pointer clock);

    @Override
    public native int rumprun_clock_boot(
            Pointer clock,
            byte[] components,
            byte[] options,
            Console console,
            Pointer ctx,
            Pointer kernelp,
            byte[] why,
            int whysize);

    @Override
    public native long rumprun_clock_now(Pointer clock);

    @Override
    public native int rumprun_clock_advance(Pointer clock, long ns);

    @Override
    public native int rumprun_clock_automatic(Pointer clock, int on);

    @Override
    public native int rumprun_clock_hold(Pointer clock);

    @Override
    public native int rumprun_clock_release(Pointer clock);

    @Override
    public native int rumprun_clock_asleep(Pointer clock);

    @Override
    public native long rumprun_kernel_halt(Pointer kernel, int nosync);

    @Override
    public native int rumprun_kernel_listen(Pointer kernel, byte[] url, byte[] why, int whysize);

    @Override
    public native void rumprun_kernel_why(Pointer kernel, byte[] why, int whysize);

    @Override
    public native int rumprun_kernel_rebooted(Pointer kernel);

    @Override
    public native int rumprun_etfs_register(
            Pointer kernel,
            byte[] key,
            byte[] hostpath,
            int type,
            long begin,
            long size,
            byte[] why,
            int whysize);

    @Override
    public native int rumprun_etfs_remove(Pointer kernel, byte[] key);

    @Override
    public native void rumprun_etfs_why(Pointer kernel, byte[] why, int whysize);

    @Override
    public native int rumprun_partitions(byte[] image, Pointer list, int n);

    @Override
    public native int rumprun_proc_create(Pointer kernel, byte[] name, Pointer procp);

    @Override
    public native int rumprun_client_connect(
            byte[] url, byte[] name, Pointer procp, byte[] why, int whysize);

    @Override
    public native void rumprun_proc_shut(Pointer proc);

    @Override
    public native void rumprun_proc_interrupt(Pointer proc);

    @Override
    public native int rumprun_proc_destroy(Pointer proc);

    @Override
    public native int rumprun_proc_syscall(
            Pointer proc, int number, Pointer args, int argsize, long[] results);

    @Override
    public native int rumprun_open(Pointer proc, byte[] path, int flags, int mode);

    @Override
    public native int rumprun_close(Pointer proc, int fd);

    @Override
    public native long rumprun_pread(Pointer proc, int fd, Pointer buf, int size, long offset);

    @Override
    public native long rumprun_pwrite(Pointer proc, int fd, Pointer buf, int size, long offset);

    @Override
    public native long rumprun_write(Pointer proc, int fd, Pointer buf, int size);

    @Override
    public native long rumprun_read(Pointer proc, int fd, Pointer buf, int size);

    @Override
    public native long rumprun_lseek(Pointer proc, int fd, long offset, int whence);

    @Override
    public native int rumprun_fsync(Pointer proc, int fd, int dataonly);

    @Override
    public native int rumprun_ftruncate(Pointer proc, int fd, long size);

    @Override
    public native int rumprun_stat(Pointer proc, byte[] path, long[] st);

    @Override
    public native int rumprun_lstat(Pointer proc, byte[] path, long[] st);

    @Override
    public native int rumprun_fstat(Pointer proc, int fd, long[] st);

    @Override
    public native long rumprun_getdents(Pointer proc, int fd, Pointer buf, int size);

    @Override
    public native int rumprun_access(Pointer proc, byte[] path, int mode);

    @Override
    public native int rumprun_mkdir(Pointer proc, byte[] path, int mode);

    @Override
    public native int rumprun_rmdir(Pointer proc, byte[] path);

    @Override
    public native int rumprun_unlink(Pointer proc, byte[] path);

    @Override
    public native int rumprun_rename(Pointer proc, byte[] from, byte[] to);

    @Override
    public native int rumprun_link(Pointer proc, byte[] path, byte[] link);

    @Override
    public native int rumprun_symlink(Pointer proc, byte[] target, byte[] path);

    @Override
    public native long rumprun_readlink(Pointer proc, byte[] path, byte[] buf, int size);

    @Override
    public native int rumprun_chmod(Pointer proc, byte[] path, int mode, int follow);

    @Override
    public native int rumprun_chown(Pointer proc, byte[] path, long uid, long gid, int follow);

    @Override
    public native int rumprun_chflags(Pointer proc, byte[] path, long flags);

    @Override
    public native int rumprun_utimens(
            Pointer proc,
            byte[] path,
            long atime,
            long atimeNs,
            long mtime,
            long mtimeNs,
            int follow);

    @Override
    public native int rumprun_statvfs(
            Pointer proc,
            byte[] path,
            long[] sv,
            byte[] type,
            int typesize,
            byte[] from,
            int fromsize,
            byte[] on,
            int onsize);

    @Override
    public native int rumprun_mount_ffs(Pointer proc, byte[] device, byte[] dir, int flags);

    @Override
    public native int rumprun_unmount(Pointer proc, byte[] dir, int force);

    @Override
    public native int rumprun_tool_run(
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

    @Override
    public native void rumprun_tool_interrupt(Pointer proc, Pointer interrupt);

    @Override
    public native int rumprun_wire_create(long seed, Pointer wirep);

    @Override
    public native int rumprun_wire_destroy(Pointer wire);

    @Override
    public native int rumprun_wire_attach(Pointer kernel, Pointer wire, byte[] name, int namesize);

    @Override
    public native int rumprun_wire_detach(Pointer kernel, byte[] name);

    @Override
    public native int rumprun_wire_set(
            Pointer wire,
            int lossPpm,
            int duplicatePpm,
            int corruptPpm,
            int reorderPpm,
            long delayNs,
            long jitterNs,
            long rateBps);

    @Override
    public native int rumprun_wire_capture(Pointer wire, byte[] path);

    @Override
    public native void rumprun_wire_stats(Pointer wire, long[] stats);
}
