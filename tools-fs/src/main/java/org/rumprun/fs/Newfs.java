// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.rumprun.kernel.ProgressListener;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Makes a fast file system: {@code newfs(8)}. */
public final class Newfs extends Tool {
    /** What an image that isn't there gets, without another size asked for. */
    private static final long DEFAULT_SIZE = 64L << 20;

    private Newfs(RumpHost host) {
        super(host, FsTools.GROUP, "newfs");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Newfs in(RumpHost host) {
        return new Newfs(host);
    }

    /**
     * Makes a file system in a file: of the file's size, or of 64 MiB where the file is empty or
     * isn't there.
     *
     * @param image the file
     * @return what newfs left
     * @throws ToolException if newfs fails
     */
    public static ToolResult run(Path image) {
        return run(image, options().build());
    }

    /**
     * Makes a file system in a file, as {@code newfs -F} does.
     *
     * @param image the file, made where it isn't there
     * @param options what it shall be like
     * @return what newfs left
     * @throws ToolException if newfs fails
     */
    public static ToolResult run(Path image, Options options) {
        List<String> arguments = new ArrayList<>(options.arguments());
        try {
            try {
                Files.createFile(image);
            } catch (FileAlreadyExistsException e) {
                // made anew inside
            }
            if (!options.hasSize && Files.isRegularFile(image) && Files.size(image) == 0) {
                arguments.addAll(0, List.of("-s", DEFAULT_SIZE + "b"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        arguments.add(0, "-F");
        ProgressListener listener = options.listener;
        return FsTools.onImage(
                Newfs::in,
                host -> listener == null ? host : host.withProgress(listener),
                arguments,
                image);
    }

    /**
     * Options to be described.
     *
     * @return a builder with none
     */
    public static Builder options() {
        return new Builder();
    }

    /** Options of newfs. */
    public static final class Options {
        private final List<String> arguments;
        private final boolean hasSize;
        private final ProgressListener listener;

        private Options(Builder builder) {
            arguments = List.copyOf(builder.arguments);
            hasSize = builder.hasSize;
            listener = builder.listener;
        }

        /**
         * The options as the manual page has them.
         *
         * @return arguments for {@link Newfs#run(String...)}
         */
        public List<String> arguments() {
            return arguments;
        }
    }

    /** Collects options. */
    public static final class Builder {
        private final List<String> arguments = new ArrayList<>();
        private boolean hasSize;
        private ProgressListener listener;

        private Builder() {}

        private Builder add(String option, Object value) {
            arguments.add(option);
            arguments.add(value.toString());
            return this;
        }

        /**
         * The size of the file system: {@code -s}.
         *
         * @param bytes its size
         * @return this builder
         */
        public Builder size(long bytes) {
            hasSize = true;
            return add("-s", bytes + "b");
        }

        /**
         * The format: {@code -O}.
         *
         * @param format one of three
         * @return this builder
         */
        public Builder format(FfsFormat format) {
            return add("-O", format.ordinal());
        }

        /**
         * The byte order: {@code -B}.
         *
         * @param order either
         * @return this builder
         */
        public Builder byteOrder(ByteOrder order) {
            return add("-B", order == ByteOrder.BIG_ENDIAN ? "be" : "le");
        }

        /**
         * The size of blocks: {@code -b}.
         *
         * @param bytes a power of two
         * @return this builder
         */
        public Builder blockSize(int bytes) {
            return add("-b", bytes);
        }

        /**
         * The size of fragments: {@code -f}.
         *
         * @param bytes a power of two
         * @return this builder
         */
        public Builder fragmentSize(int bytes) {
            return add("-f", bytes);
        }

        /**
         * The size of sectors: {@code -S}.
         *
         * @param bytes a power of two
         * @return this builder
         */
        public Builder sectorSize(int bytes) {
            return add("-S", bytes);
        }

        /**
         * The number of inodes: {@code -n}.
         *
         * @param count at least so many
         * @return this builder
         */
        public Builder inodes(long count) {
            return add("-n", count);
        }

        /**
         * The density of inodes: {@code -i}.
         *
         * @param bytes so many for an inode
         * @return this builder
         */
        public Builder bytesPerInode(long bytes) {
            return add("-i", bytes);
        }

        /**
         * The space that only the super-user fills: {@code -m}.
         *
         * @param percent its share
         * @return this builder
         */
        public Builder minFree(int percent) {
            return add("-m", percent);
        }

        /**
         * The preference: {@code -o time} or {@code -o space}.
         *
         * @param space whether space counts more
         * @return this builder
         */
        public Builder optimizeForSpace(boolean space) {
            return add("-o", space ? "space" : "time");
        }

        /**
         * The blocks that are allocated together: {@code -a}.
         *
         * @param blocks their number
         * @return this builder
         */
        public Builder maxContiguous(int blocks) {
            return add("-a", blocks);
        }

        /**
         * The largest extent: {@code -d}.
         *
         * @param bytes a power of two, from one block to 16
         * @return this builder
         */
        public Builder maxExtent(int bytes) {
            return add("-d", bytes);
        }

        /**
         * What one file may take of a cylinder group before it goes on in another: {@code -e}.
         *
         * @param blocks so many blocks
         * @return this builder
         */
        public Builder maxBlocksPerGroup(int blocks) {
            return add("-e", blocks);
        }

        /**
         * The size that files are expected to have: {@code -g}.
         *
         * @param bytes the average
         * @return this builder
         */
        public Builder averageFileSize(int bytes) {
            return add("-g", bytes);
        }

        /**
         * The files that directories are expected to have: {@code -h}.
         *
         * @param files the average
         * @return this builder
         */
        public Builder averageFilesPerDirectory(int files) {
            return add("-h", files);
        }

        /**
         * The quota file for users: {@code -q user}.
         *
         * @return this builder
         */
        public Builder userQuota() {
            return add("-q", "user");
        }

        /**
         * The quota file for groups: {@code -q group}.
         *
         * @return this builder
         */
        public Builder groupQuota() {
            return add("-q", "group");
        }

        /**
         * A label of Apple UFS: {@code -v}.
         *
         * @param name the volume's
         * @return this builder
         */
        public Builder volumeName(String name) {
            return add("-v", name);
        }

        /**
         * Zeros in all of the image first: {@code -Z}.
         *
         * @return this builder
         */
        public Builder zero() {
            arguments.add("-Z");
            return this;
        }

        /**
         * Makes nothing, but tells what would be made: {@code -N}.
         *
         * @return this builder
         */
        public Builder dryRun() {
            arguments.add("-N");
            return this;
        }

        /**
         * Any option, as the manual page has it.
         *
         * @param more the arguments
         * @return this builder
         */
        public Builder arguments(String... more) {
            arguments.addAll(List.of(more));
            return this;
        }

        /**
         * A listener to the progress.
         *
         * @param progress the listener
         * @return this builder
         */
        public Builder onProgress(ProgressListener progress) {
            listener = Objects.requireNonNull(progress);
            return this;
        }

        /**
         * Ends the description.
         *
         * @return the options
         */
        public Options build() {
            return new Options(this);
        }
    }
}
