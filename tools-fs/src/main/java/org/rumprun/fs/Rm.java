// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Removes files: {@code rm(1)}. */
public final class Rm extends Tool {
    private Rm(RumpHost host) {
        super(host, FsTools.GROUP, "rm");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Rm in(RumpHost host) {
        return new Rm(host);
    }

    /**
     * Removes files.
     *
     * @param options how
     * @param files their paths
     * @return what the tool left
     * @throws ToolException if one of them stays
     */
    public ToolResult run(Options options, String... files) {
        return run(options.arguments(), files);
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
     * Options of rm.
     *
     * @param arguments as the manual page rm(1) has them
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
         * Removes trees: {@code -R}.
         *
         * @return this builder
         */
        public Builder recursive() {
            return add("-R");
        }

        /**
         * Neither asks, nor minds what is missing: {@code -f}.
         *
         * @return this builder
         */
        public Builder force() {
            return add("-f");
        }

        /**
         * Asks its input about each file: {@code -i}.
         *
         * @return this builder
         */
        public Builder interactive() {
            return add("-i");
        }

        /**
         * Removes empty directories too: {@code -d}.
         *
         * @return this builder
         */
        public Builder directories() {
            return add("-d");
        }

        /**
         * Overwrites regular files three times first: {@code -P}.
         *
         * @return this builder
         */
        public Builder overwrite() {
            return add("-P");
        }

        /**
         * Removes the whiteouts of union mounts: {@code -W}.
         *
         * @return this builder
         */
        public Builder whiteouts() {
            return add("-W");
        }

        /**
         * Does not enter other file systems: {@code -x}.
         *
         * @return this builder
         */
        public Builder oneFileSystem() {
            return add("-x");
        }

        /**
         * Says what is done: {@code -v}.
         *
         * @return this builder
         */
        public Builder verbose() {
            return add("-v");
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
