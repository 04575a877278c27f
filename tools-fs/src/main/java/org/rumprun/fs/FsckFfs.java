// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.rumprun.kernel.ProgressListener;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Checks and repairs fast file systems: {@code fsck_ffs(8)}. */
public final class FsckFfs extends Tool {
    private FsckFfs(RumpHost host) {
        super(host, FsTools.GROUP, "fsck_ffs");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static FsckFfs in(RumpHost host) {
        return new FsckFfs(host);
    }

    /**
     * Checks an image.
     *
     * @param image a file of the host
     * @param options as the manual page has them: "-p", or "-f" and "-n"
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0; {@link ToolException#result} tells more
     */
    public static ToolResult run(Path image, String... options) {
        return FsTools.onImage(FsckFfs::in, Function.identity(), List.of(options), image);
    }

    /**
     * Checks an image.
     *
     * @param image a file of the host
     * @param options what shall be done
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0; {@link ToolException#result} tells more
     */
    public static ToolResult run(Path image, Options options) {
        ProgressListener listener = options.listener;
        return FsTools.onImage(
                FsckFfs::in,
                host -> listener == null ? host : host.withProgress(listener),
                options.arguments,
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

    /** Options of fsck_ffs. */
    public static final class Options {
        private final List<String> arguments;
        private final ProgressListener listener;

        private Options(Builder builder) {
            arguments = List.copyOf(builder.arguments);
            listener = builder.listener;
        }

        /**
         * The options as the manual page has them.
         *
         * @return arguments for {@link FsckFfs#run(String...)}
         */
        public List<String> arguments() {
            return arguments;
        }
    }

    /** Collects options. */
    public static final class Builder {
        private final List<String> arguments = new ArrayList<>();
        private ProgressListener listener;

        private Builder() {}

        private Builder add(String... more) {
            arguments.addAll(List.of(more));
            return this;
        }

        /**
         * Mends what a crash may leave, and gives up on the rest: {@code -p}.
         *
         * @return this builder
         */
        public Builder preen() {
            return add("-p");
        }

        /**
         * Answers yes to every question: {@code -y}.
         *
         * @return this builder
         */
        public Builder repair() {
            return add("-y");
        }

        /**
         * Answers no to every question, and writes nothing: {@code -n}.
         *
         * @return this builder
         */
        public Builder dryRun() {
            return add("-n");
        }

        /**
         * Checks even what is marked clean: {@code -f}.
         *
         * @return this builder
         */
        public Builder force() {
            return add("-f");
        }

        /**
         * Another superblock: {@code -b}.
         *
         * @param sector where it is
         * @return this builder
         */
        public Builder superblock(long sector) {
            return add("-b", Long.toString(sector));
        }

        /**
         * Turns the byte order first: {@code -B}.
         *
         * @param order the new one
         * @return this builder
         */
        public Builder byteOrder(ByteOrder order) {
            return add("-B", order == ByteOrder.BIG_ENDIAN ? "be" : "le");
        }

        /**
         * Turns an old format into a newer one: {@code -c}.
         *
         * @param level 2 for the inodes and directories of 4.4BSD, 4 for a superblock of 64 bits
         * @return this builder
         */
        public Builder convert(int level) {
            return add("-c", Integer.toString(level));
        }

        /**
         * The permissions of a new lost+found: {@code -m}.
         *
         * @param mode 0700, with the bits above if need be
         * @return this builder
         */
        public Builder lostFoundMode(int mode) {
            return add("-m", Integer.toOctalString(mode));
        }

        /**
         * Any option, as the manual page has it.
         *
         * @param more the arguments
         * @return this builder
         */
        public Builder arguments(String... more) {
            return add(more);
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

    /**
     * Whether an image is sound: looks, and changes nothing.
     *
     * @param image a file of the host
     * @return true if there is a file system, and nothing to repair
     */
    public static boolean isClean(Path image) {
        return FsTools.isClean(FsckFfs::in, image);
    }
}
