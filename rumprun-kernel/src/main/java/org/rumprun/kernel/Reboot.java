// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Asks a kernel to reboot: {@code reboot(8)}. {@link RumpKernel#haltRequested} tells; a server
 * ends.
 */
public final class Reboot extends Tool {
    private Reboot(RumpHost host) {
        super(host, KernelTools.GROUP, "reboot");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Reboot in(RumpHost host) {
        return new Reboot(host);
    }

    /**
     * Asks.
     *
     * @param options how
     * @return what the tool left
     * @throws ToolException if the process is not the super-user's
     */
    public ToolResult run(Options options) {
        return run(options.arguments());
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
     * Options of reboot.
     *
     * @param arguments as the manual page reboot(8) has them
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
         * Does not write first what is not on the disk yet: {@code -n}.
         *
         * @return this builder
         */
        public Builder noSync() {
            return add("-n");
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
