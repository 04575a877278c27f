// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Copies files: {@code cp(1)}. */
public final class Cp extends Tool {
    private Cp(RumpHost host) {
        super(host, FsTools.GROUP, "cp");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Cp in(RumpHost host) {
        return new Cp(host);
    }

    /**
     * Copies files.
     *
     * @param options how
     * @param paths the sources, and then the target; with several sources a directory
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0: some of them may be done all the same
     */
    public ToolResult run(Options options, String... paths) {
        return run(options.arguments(), paths);
    }

    /**
     * Copies a file.
     *
     * @param source the file; with {@link Builder#recursive} a tree
     * @param target its copy, or the directory for it
     * @param options how
     * @throws ToolException if it is not copied
     */
    public void copy(String source, String target, Options options) {
        run(options, source, target);
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
     * Options of cp.
     *
     * @param arguments as the manual page cp(1) has them
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
         * Goes through trees: {@code -R}.
         *
         * @return this builder
         */
        public Builder recursive() {
            return add("-R");
        }

        /**
         * Follows symbolic links among the operands of a walk through trees: {@code -H}.
         *
         * @return this builder
         */
        public Builder followOperands() {
            return add("-H");
        }

        /**
         * Follows every symbolic link in a walk through trees: {@code -L}.
         *
         * @return this builder
         */
        public Builder followAll() {
            return add("-L");
        }

        /**
         * Follows no symbolic link in a walk through trees: {@code -P}.
         *
         * @return this builder
         */
        public Builder followNone() {
            return add("-P");
        }

        /**
         * Copies trees with all that is kept of a file: {@code -a}.
         *
         * @return this builder
         */
        public Builder archive() {
            return add("-a");
        }

        /**
         * Keeps owner, group, permissions, flags and times: {@code -p}.
         *
         * @return this builder
         */
        public Builder preserve() {
            return add("-p");
        }

        /**
         * Does not keep file flags: {@code -N}.
         *
         * @return this builder
         */
        public Builder leaveFlags() {
            return add("-N");
        }

        /**
         * Replaces a target that cannot be opened for writing: {@code -f}.
         *
         * @return this builder
         */
        public Builder force() {
            return add("-f");
        }

        /**
         * Asks its input before it overwrites a file: {@code -i}.
         *
         * @return this builder
         */
        public Builder interactive() {
            return add("-i");
        }

        /**
         * Makes hard links instead of copies: {@code -l}.
         *
         * @return this builder
         */
        public Builder hardLinks() {
            return add("-l");
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
