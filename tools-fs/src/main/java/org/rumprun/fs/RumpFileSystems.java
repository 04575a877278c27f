// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import java.util.List;
import java.util.Objects;

/** Opens images, and kernels' trees, as file systems of java.nio.file. */
public final class RumpFileSystems {
    /** The installed one, so that copies between file systems know each other. */
    static final RumpFileSystemProvider PROVIDER = installed();

    private RumpFileSystems() {}

    private static RumpFileSystemProvider installed() {
        for (FileSystemProvider provider : FileSystemProvider.installedProviders()) {
            if (provider instanceof RumpFileSystemProvider mine) {
                return mine;
            }
        }
        return new RumpFileSystemProvider();
    }

    /**
     * Opens an image for reading and writing; read-only where the image cannot be written. The file
     * system is all of it, or in the first partition of its BSD label, GPT or MBR that has one.
     *
     * @param image a file of the host with an FFS in it
     * @return the file system; closing it writes everything and gives the image back
     * @throws IOException if the image cannot be mounted, or another program has it
     * @throws UnsupportedOperationException if it is in another file system of Java's
     */
    public static FileSystem open(Path image) throws IOException {
        return open(image, new Options());
    }

    /**
     * Opens an image.
     *
     * @param image a file of the host
     * @param options how
     * @return the file system; closing it writes everything and gives the image back
     * @throws IOException if the image cannot be mounted, or another program has it
     * @throws UnsupportedOperationException if it is in another file system of Java's, or of a type
     *     that is not there
     */
    public static FileSystem open(Path image, Options options) throws IOException {
        return Images.open(PROVIDER, image, options, null);
    }

    /**
     * Opens a directory of a kernel, with what is below it.
     *
     * @param host a kernel here or behind a socket
     * @param directory an absolute path there
     * @return the file system; closing it leaves the kernel and its mounts alone
     * @throws IOException if there is no such directory
     */
    public static FileSystem open(RumpHost host, String directory) throws IOException {
        return Images.view(PROVIDER, host, directory);
    }

    /**
     * The partitions of an image: of its BSD label, then of its GPT or MBR.
     *
     * @param image a file of the host
     * @return them; none where there is no table
     * @throws IOException if it cannot be read
     */
    public static List<ImagePartition> partitions(Path image) throws IOException {
        return Images.partitions(image);
    }

    /**
     * Options to be described.
     *
     * @return those of {@link Options#Options()}
     */
    public static Options options() {
        return new Options();
    }

    /** How an image is opened. Immutable: the methods give changed copies. */
    public static final class Options {
        final String type;
        final boolean readOnly;
        final boolean log;

        /** Where in the image; whole: it is to be found. */
        final Window window;

        final String partition;
        final ImageLayer layer;

        record Window(long offset, long length) {
            static final Window WHOLE = new Window(0, -1);
        }

        /** For an FFS in the image, for reading and writing, without a journal. */
        public Options() {
            this("ffs", false, false, Window.WHOLE, null, null);
        }

        private Options(
                String type,
                boolean readOnly,
                boolean log,
                Window window,
                String partition,
                ImageLayer layer) {
            this.type = type;
            this.readOnly = readOnly;
            this.log = log;
            this.window = window;
            this.partition = partition;
            this.layer = layer;
        }

        /**
         * The type of the file system.
         *
         * @param name as mount -t has it
         * @return options with it
         */
        public Options type(String name) {
            return new Options(name, readOnly, log, window, partition, layer);
        }

        /**
         * For reading alone.
         *
         * @param only whether
         * @return options with it
         */
        public Options readOnly(boolean only) {
            return new Options(type, only, log, window, partition, layer);
        }

        /**
         * With a journal, as mount -o log has it.
         *
         * @param journal whether
         * @return options with it
         */
        public Options log(boolean journal) {
            return new Options(type, readOnly, journal, window, partition, layer);
        }

        /**
         * A part of the image, instead of a partition.
         *
         * @param begin where it begins
         * @param bytes its length, -1 for the rest
         * @return options with it
         * @throws IllegalArgumentException if one is negative
         */
        public Options window(long begin, long bytes) {
            if (begin < 0 || bytes < -1) {
                throw new IllegalArgumentException(bytes + " bytes at " + begin);
            }
            return new Options(type, readOnly, log, new Window(begin, bytes), null, layer);
        }

        /**
         * A partition of the image, instead of another part.
         *
         * @param name as {@link #partitions} has it: "a", "p1"
         * @return options with it
         */
        public Options partition(String name) {
            Objects.requireNonNull(name);
            return new Options(type, readOnly, log, Window.WHOLE, name, layer);
        }

        /**
         * What lies between the image, or its partition, and the file system.
         *
         * @param between what makes a disk of it; tools-disk has one for encrypted disks
         * @return options with it
         */
        public Options layer(ImageLayer between) {
            return new Options(
                    type, readOnly, log, window, partition, Objects.requireNonNull(between));
        }
    }
}
