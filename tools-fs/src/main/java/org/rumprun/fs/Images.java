// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.fs.RumpFileSystems.Options;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.internal.Errno;
import org.rumprun.kernel.internal.Failure;
import org.rumprun.kernel.internal.ImageTable;
import org.rumprun.kernel.internal.ProcHandle;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

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
            RumpFileSystemProvider provider, Path image, Options options, Path registered)
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
        Options.Window window = window(image, options);
        RumpKernel kernel = null;
        try {
            kernel =
                    RumpKernel.builder().disk(DISK, image, window.offset(), window.length()).boot();
            String device = options.layer == null ? DISK : options.layer.open(kernel, DISK);
            RumpProcess mounter = kernel.newProcess("mount");
            int flags = (readOnly ? MNT_RDONLY : 0) | (options.log ? MNT_LOG : 0);
            ProcHandle handle = mounter.handle();
            check(handle.mkdir(zero(DIR), 0755), image);
            int result = handle.mountFfs(zero(device), zero(DIR), flags);
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
        } catch (RumpException | ToolException e) {
            close(kernel);
            throw failed(e, image);
        } catch (IOException | RuntimeException e) {
            close(kernel);
            throw e;
        }
    }

    static List<ImagePartition> partitions(Path image) throws IOException {
        List<ImagePartition> all = new ArrayList<>();
        try {
            for (ImageTable.Entry e : ImageTable.read(image)) {
                all.add(new ImagePartition(e.name(), e.type(), e.offset(), e.size()));
            }
        } catch (Failure e) {
            throw Errors.of(e.errno(), image, null);
        }
        return all;
    }

    /** Where in the image the file system is, or the layer below it. */
    private static Options.Window window(Path image, Options options) throws IOException {
        if (options.partition != null) {
            return partitions(image).stream()
                    .filter(p -> p.name().equals(options.partition))
                    .findFirst()
                    .map(Images::window)
                    .orElseThrow(() -> refused(image, "no partition " + options.partition));
        }
        if (options.window != Options.Window.WHOLE) {
            return options.window;
        }
        return options.layer == null ? withFfs(image) : forLayer(image);
    }

    private static Options.Window window(ImagePartition partition) {
        return new Options.Window(partition.offset(), partition.size());
    }

    private static Options.Window withFfs(Path image) throws IOException {
        try (FileChannel channel = FileChannel.open(image)) {
            if (hasFfs(channel, 0)) {
                return Options.Window.WHOLE;
            }
            for (ImagePartition partition : partitions(image)) {
                if (hasFfs(channel, partition.offset())) {
                    return window(partition);
                }
            }
        }
        return Options.Window.WHOLE; // the mount says what is wrong with it
    }

    /** The partition for encrypted disks, or the only one. */
    private static Options.Window forLayer(Path image) throws IOException {
        long size = Files.size(image);
        List<ImagePartition> parts =
                partitions(image).stream()
                        .filter(p -> !p.type().equals("unused") && p.size() / 512 < size / 512)
                        .toList();
        List<ImagePartition> typed = parts.stream().filter(p -> p.type().equals("cgd")).toList();
        List<ImagePartition> chosen = typed.isEmpty() ? parts : typed;
        if (chosen.size() > 1) {
            throw refused(
                    image,
                    chosen.stream()
                            .map(ImagePartition::name)
                            .collect(Collectors.joining(", ", "one of the partitions ", "?")));
        }
        return chosen.isEmpty() ? Options.Window.WHOLE : window(chosen.get(0));
    }

    private static FileSystemException refused(Path image, String reason) {
        return new FileSystemException(image.toString(), null, reason);
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

    private static IOException failed(RuntimeException e, Path image) {
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

    /* Where a table would be: the MBR's signature, and labels in the second sector. */
    private static final int SIGNATURE_OFFSET = 510;
    private static final int SIGNATURE = 0x55aa;
    private static final long[] LABELS = {512, 1024, 2048, 4096};
    private static final int LABEL_MAGIC = 0x82564557;

    /** Whether the file looks like one of ours: a kernel is not booted for every zip file. */
    static boolean looksLikeImage(Path image) throws IOException {
        if (image.getFileSystem() != FileSystems.getDefault() || !Files.isRegularFile(image)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(image)) {
            if (hasFfs(channel, 0)) {
                return true;
            }
            if (hasTable(channel)) {
                for (ImagePartition partition : partitions(image)) {
                    if (hasFfs(channel, partition.offset())) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private static boolean hasFfs(FileChannel channel, long at) throws IOException {
        for (long superblock : SUPERBLOCKS) {
            long where = at + superblock + MAGIC_OFFSET;
            if (isThere(channel, where, MAGIC1) || isThere(channel, where, MAGIC2)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasTable(FileChannel channel) throws IOException {
        ByteBuffer signature = ByteBuffer.allocate(2);
        if (channel.read(signature, SIGNATURE_OFFSET) == 2
                && (signature.getShort(0) & 0xffff) == SIGNATURE) {
            return true;
        }
        for (long label : LABELS) {
            if (isThere(channel, label, LABEL_MAGIC)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the number is there, in either byte order. */
    private static boolean isThere(FileChannel channel, long at, int number) throws IOException {
        ByteBuffer word = ByteBuffer.allocate(4);
        if (channel.read(word, at) != 4) {
            return false;
        }
        int value = word.getInt(0);
        return value == number || value == Integer.reverseBytes(number);
    }
}
