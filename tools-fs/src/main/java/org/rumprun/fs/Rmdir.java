// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Removes empty directories: {@code rmdir(1)}. */
public final class Rmdir extends Tool {
    private Rmdir(RumpHost host) {
        super(host, FsTools.GROUP, "rmdir");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Rmdir in(RumpHost host) {
        return new Rmdir(host);
    }

    /**
     * Removes directories.
     *
     * @param options how
     * @param directories their paths
     * @return what the tool left
     * @throws ToolException if one of them stays: ENOTEMPTY, ENOENT
     */
    public ToolResult run(Options options, String... directories) {
        return run(options.arguments(), directories);
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
     * Options of rmdir.
     *
     * @param arguments as the manual page rmdir(1) has them
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
         * Removes the parents in the path too, as far as they are empty then: {@code -p}.
         *
         * @return this builder
         */
        public Builder parents() {
            return add("-p");
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
