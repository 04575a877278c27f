// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import org.rumprun.kernel.RumpHost;

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
     * Opens an image for reading and writing; read-only where the image cannot be written.
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

    /** How an image is opened. Immutable: the methods give changed copies. */
    public static final class Options {
        final String type;
        final boolean readOnly;
        final boolean log;
        final long offset;
        final long length;

        /** For an FFS in the whole image, for reading and writing, without a journal. */
        public Options() {
            this("ffs", false, false, 0, -1);
        }

        private Options(String type, boolean readOnly, boolean log, long offset, long length) {
            this.type = type;
            this.readOnly = readOnly;
            this.log = log;
            this.offset = offset;
            this.length = length;
        }

        /**
         * The type of the file system.
         *
         * @param name as mount -t has it
         * @return options with it
         */
        public Options type(String name) {
            return new Options(name, readOnly, log, offset, length);
        }

        /**
         * For reading alone.
         *
         * @param only whether
         * @return options with it
         */
        public Options readOnly(boolean only) {
            return new Options(type, only, log, offset, length);
        }

        /**
         * With a journal, as mount -o log has it.
         *
         * @param journal whether
         * @return options with it
         */
        public Options log(boolean journal) {
            return new Options(type, readOnly, journal, offset, length);
        }

        /**
         * A part of the image, a partition for one.
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
            return new Options(type, readOnly, log, begin, bytes);
        }
    }
}
