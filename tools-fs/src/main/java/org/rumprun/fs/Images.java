// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.internal.Errno;
import org.rumprun.kernel.internal.ProcHandle;

/** Mounts an image in a kernel of its own, and gives the file system of a process in it. */
final class Images {
    private static final String DISK = "/dev/image";
    private static final String DIR = "/image";
    private static final int SYS_CHDIR = 12;
    private static final int SYS_CHROOT = 61;
    private static final int MNT_RDONLY = 0x1;
    private static final int MNT_LOG = 0x2000000;

    private Images() {}

    static RumpFileSystem open(
            RumpFileSystemProvider provider,
            Path image,
            RumpFileSystems.Options options,
            Path registered)
            throws IOException {
        if (!options.type.equals("ffs")) {
            throw new UnsupportedOperationException("a file system of type " + options.type);
        }
        if (image.getFileSystem() != FileSystems.getDefault()) {
            throw new UnsupportedOperationException(image + " is no file of the host");
        }
        if (!Files.exists(image)) {
            throw new NoSuchFileException(image.toString());
        }
        boolean readOnly = options.readOnly || !Files.isWritable(image);
        RumpKernel kernel = null;
        try {
            kernel = RumpKernel.builder().disk(DISK, image, options.offset, options.length).boot();
            RumpProcess mounter = kernel.newProcess("mount");
            int flags = (readOnly ? MNT_RDONLY : 0) | (options.log ? MNT_LOG : 0);
            ProcHandle handle = mounter.handle();
            check(handle.mkdir(zero(DIR), 0755), image);
            int result = handle.mountFfs(zero(DISK), zero(DIR), flags);
            if (result == -Errno.EBUSY && !kernel.busyBecause().isEmpty()) {
                throw new FileSystemException(image.toString(), null, kernel.busyBecause());
            }
            check(result, image);
            RumpProcess process = enter(kernel, DIR);
            RumpKernel mine = kernel;
            return new RumpFileSystem(
                    provider,
                    process.handle(),
                    new RumpFileSystem.Origin(image.toAbsolutePath(), registered, readOnly),
                    () -> unmount(mine, mounter, image));
        } catch (RumpException e) {
            close(kernel);
            throw failed(e, image);
        } catch (IOException | RuntimeException e) {
            close(kernel);
            throw e;
        }
    }

    private static void close(RumpKernel kernel) {
        if (kernel != null) {
            kernel.close();
        }
    }

    /** What cannot be written back is told, and then lost. */
    private static void unmount(RumpKernel kernel, RumpProcess mounter, Path image)
            throws IOException {
        try (kernel) {
            check(mounter.handle().unmount(zero(DIR), 1), image);
        }
    }

    static RumpFileSystem view(RumpFileSystemProvider provider, RumpHost host, String directory)
            throws IOException {
        if (!directory.startsWith("/")) {
            throw new IllegalArgumentException(directory + " is no absolute path");
        }
        RumpProcess process = enter(host, directory);
        return new RumpFileSystem(
                provider, process.handle(), new RumpFileSystem.Origin(null, null, false), () -> {});
    }

    /** All that a process sees, which lives on. */
    static RumpFileSystem whole(RumpProcess process) {
        return new RumpFileSystem(
                RumpFileSystems.PROVIDER,
                process.handle(),
                new RumpFileSystem.Origin(null, null, false),
                () -> {});
    }

    /** A process whose root is the directory: links inside cannot lead out. */
    private static RumpProcess enter(RumpHost host, String directory) throws IOException {
        RumpProcess process = host.newProcess("java");
        try {
            process.call(SYS_CHROOT, directory);
            process.call(SYS_CHDIR, "/");
            return process;
        } catch (RumpException e) {
            process.close();
            throw e.errno() == Errno.ENOENT
                    ? new NoSuchFileException(directory)
                    : failed(e, Path.of(directory));
        }
    }

    private static void check(int result, Path image) throws IOException {
        if (result < 0) {
            throw new FileSystemException(image.toString(), null, Errors.reason(-result));
        }
    }

    private static IOException failed(RumpException e, Path image) {
        FileSystemException failure =
                new FileSystemException(image.toString(), null, e.getMessage());
        failure.initCause(e);
        return failure;
    }

    private static byte[] zero(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    /* Where superblocks stand, and where in one the magic number. */
    private static final long[] SUPERBLOCKS = {65536, 8192, 0, 262144};
    private static final int MAGIC_OFFSET = 1372;
    private static final int MAGIC1 = 0x011954;
    private static final int MAGIC2 = 0x19540119;

    /** Whether the file looks like one of ours: a kernel is not booted for every zip file. */
    static boolean looksLikeImage(Path image) throws IOException {
        if (image.getFileSystem() != FileSystems.getDefault() || !Files.isRegularFile(image)) {
            return false;
        }
        ByteBuffer magic = ByteBuffer.allocate(4);
        try (FileChannel channel = FileChannel.open(image)) {
            for (long superblock : SUPERBLOCKS) {
                magic.clear();
                if (channel.read(magic, superblock + MAGIC_OFFSET) != 4) {
                    continue;
                }
                for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
                    int value = magic.order(order).getInt(0);
                    if (value == MAGIC1 || value == MAGIC2) {
                        return true;
                    }
                }
            }
        }
        return false;
    }
}
