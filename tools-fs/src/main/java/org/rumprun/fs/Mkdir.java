// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Makes directories: {@code mkdir(1)}. */
public final class Mkdir extends Tool {
    private Mkdir(RumpHost host) {
        super(host, FsTools.GROUP, "mkdir");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mkdir in(RumpHost host) {
        return new Mkdir(host);
    }

    /**
     * Makes directories.
     *
     * @param options how
     * @param directories their paths
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0: some of them may be done all the same
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
     * Options of mkdir.
     *
     * @param arguments as the manual page mkdir(1) has them
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
         * Makes missing parents, and takes a directory that is there: {@code -p}.
         *
         * @return this builder
         */
        public Builder parents() {
            return add("-p");
        }

        /**
         * The permissions: {@code -m}.
         *
         * @param mode the permissions and the bits above them, 0 to 07777
         * @return this builder
         */
        public Builder mode(int mode) {
            return add("-m", FsTools.octal(mode));
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
