// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Unmounts file systems: {@code umount(8)}. */
public final class Umount extends Tool {
    private Umount(RumpHost host) {
        super(host, FsTools.GROUP, "umount");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Umount in(RumpHost host) {
        return new Umount(host);
    }

    /**
     * Unmounts file systems.
     *
     * @param options how
     * @param mounts where they are, or their devices; none with {@link Builder#all}
     * @return what the tool left
     * @throws ToolException if one of them stays: EBUSY with files open
     */
    public ToolResult run(Options options, String... mounts) {
        return run(options.arguments(), mounts);
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
     * Options of umount.
     *
     * @param arguments as the manual page umount(8) has them
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
         * Unmounts with files open, whose users get errors then: {@code -f}.
         *
         * @return this builder
         */
        public Builder force() {
            return add("-f");
        }

        /**
         * Unmounts everything but the root, the newest first: {@code -a}.
         *
         * @return this builder
         */
        public Builder all() {
            return add("-a");
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
         * Only what comes from a host: {@code -h}.
         *
         * @param host its name
         * @return this builder
         */
        public Builder from(String host) {
            return add("-h", host);
        }

        /**
         * Gives the operand to the kernel as it is: {@code -R}.
         *
         * @return this builder
         */
        public Builder raw() {
            return add("-R");
        }

        /**
         * Unmounts nothing, but does the rest: {@code -F}.
         *
         * @return this builder
         */
        public Builder dryRun() {
            return add("-F");
        }

        /**
         * With -a or -F, says what is done: {@code -v}.
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
