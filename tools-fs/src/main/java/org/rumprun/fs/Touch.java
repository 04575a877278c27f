// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Sets the times of files, and makes empty ones: {@code touch(1)}. */
public final class Touch extends Tool {
    private Touch(RumpHost host) {
        super(host, FsTools.GROUP, "touch");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Touch in(RumpHost host) {
        return new Touch(host);
    }

    /**
     * Sets times.
     *
     * @param options how
     * @param files their paths
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0: some of them may be done all the same
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
     * Options of touch.
     *
     * @param arguments as the manual page touch(1) has them
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
         * Sets the time of access, and not that of modification unless told: {@code -a}.
         *
         * @return this builder
         */
        public Builder accessTime() {
            return add("-a");
        }

        /**
         * Sets the time of modification, and not that of access unless told: {@code -m}.
         *
         * @return this builder
         */
        public Builder modificationTime() {
            return add("-m");
        }

        /**
         * Makes no files: {@code -c}.
         *
         * @return this builder
         */
        public Builder noCreate() {
            return add("-c");
        }

        /**
         * Sets the times of symbolic links, and makes no files: {@code -h}.
         *
         * @return this builder
         */
        public Builder linksThemselves() {
            return add("-h");
        }

        /**
         * The times of another file: {@code -r}.
         *
         * @param reference a file
         * @return this builder
         */
        public Builder like(String reference) {
            return add("-r", reference);
        }

        /**
         * A time instead of the present: {@code -d}.
         *
         * @param time to the second, which is what the tool takes
         * @return this builder
         */
        public Builder time(Instant time) {
            return add("-d", "@" + time.getEpochSecond());
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
