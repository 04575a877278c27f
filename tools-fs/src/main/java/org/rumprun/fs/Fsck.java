// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Starts the checkers of file systems: {@code fsck(8)}. */
public final class Fsck extends Tool {
    private Fsck(RumpHost host) {
        super(host, FsTools.GROUP, "fsck");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Fsck in(RumpHost host) {
        return new Fsck(host);
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
        return FsTools.onImage(Fsck::in, Function.identity(), List.of(options), image);
    }

    /**
     * Whether an image is sound: looks, and changes nothing.
     *
     * @param image a file of the host
     * @return true if there is a file system, and nothing to repair
     */
    public static boolean isClean(Path image) {
        return FsTools.isClean(Fsck::in, image);
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
        return FsTools.onImage(Fsck::in, Function.identity(), options.arguments(), image);
    }

    /**
     * Checks file systems of the kernel.
     *
     * @param options how
     * @param devices their devices
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0
     */
    public ToolResult run(Options options, String... devices) {
        return run(options.arguments(), devices);
    }

    /**
     * Options to be described.
     *
     * @return a builder with none
     */
    public static Builder options() {
        return new Builder();
    }

    /**
     * Options of fsck.
     *
     * @param arguments as the manual page fsck(8) has them
     */
    public record Options(List<String> arguments) {
        /** Keeps a copy. */
        public Options {
            arguments = List.copyOf(arguments);
        }
    }

    /** Collects options. */
    public static final class Builder {
        private final List<String> arguments = new ArrayList<>();

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
         * Runs nothing, but shows what would be run: {@code -d}.
         *
         * @return this builder
         */
        public Builder commandsOnly() {
            return add("-d");
        }

        /**
         * Says nothing of clean file systems: {@code -q}.
         *
         * @return this builder
         */
        public Builder quiet() {
            return add("-q");
        }

        /**
         * Says what is run: {@code -v}.
         *
         * @return this builder
         */
        public Builder verbose() {
            return add("-v");
        }

        /**
         * Only some types: {@code -t}.
         *
         * @param types separated by commas; "no" in front: all others
         * @return this builder
         */
        public Builder types(String types) {
            return add("-t", types);
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
         * Ends the description.
         *
         * @return the options
         */
        public Options build() {
            return new Options(arguments);
        }
    }
}
