// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Moves files: {@code mv(1)}. */
public final class Mv extends Tool {
    private Mv(RumpHost host) {
        super(host, FsTools.GROUP, "mv");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mv in(RumpHost host) {
        return new Mv(host);
    }

    /**
     * Moves files.
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
     * Moves a file or a tree.
     *
     * @param source what
     * @param target its new path, or the directory for it
     * @throws ToolException if it is not moved
     */
    public void move(String source, String target) {
        run(options().force().build(), source, target);
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
     * Options of mv.
     *
     * @param arguments as the manual page mv(1) has them
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
         * Never asks: {@code -f}.
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
