// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Mounts fast file systems: {@code mount_ffs(8)}. */
public final class MountFfs extends Tool {
    private MountFfs(RumpHost host) {
        super(host, FsTools.GROUP, "mount_ffs");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static MountFfs in(RumpHost host) {
        return new MountFfs(host);
    }

    /**
     * Mounts a fast file system.
     *
     * @param options how
     * @param device its block device
     * @param directory where
     * @throws ToolException if it isn't mounted
     */
    public void mount(Options options, String device, String directory) {
        run(options.arguments(), device, directory);
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
     * Options of mount_ffs.
     *
     * @param arguments as the manual page mount_ffs(8) has them
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
         * Nothing can be written: {@code -o ro}.
         *
         * @return this builder
         */
        public Builder readOnly() {
            return add("-o", "ro");
        }

        /**
         * Keeps a journal: {@code -o log}.
         *
         * @return this builder
         */
        public Builder log() {
            return add("-o", "log");
        }

        /**
         * Does not note accesses: {@code -o noatime}.
         *
         * @return this builder
         */
        public Builder noAccessTimes() {
            return add("-o", "noatime");
        }

        /**
         * Writes everything at once: {@code -o sync}.
         *
         * @return this builder
         */
        public Builder synchronous() {
            return add("-o", "sync");
        }

        /**
         * Writes nothing at once: {@code -o async}.
         *
         * @return this builder
         */
        public Builder asynchronous() {
            return add("-o", "async");
        }

        /**
         * Opens no devices: {@code -o nodev}.
         *
         * @return this builder
         */
        public Builder noDevices() {
            return add("-o", "nodev");
        }

        /**
         * Executes nothing: {@code -o noexec}.
         *
         * @return this builder
         */
        public Builder noExecution() {
            return add("-o", "noexec");
        }

        /**
         * Ignores set-id bits: {@code -o nosuid}.
         *
         * @return this builder
         */
        public Builder noSetIds() {
            return add("-o", "nosuid");
        }

        /**
         * Shows what the directory holds below: {@code -o union}.
         *
         * @return this builder
         */
        public Builder union() {
            return add("-o", "union");
        }

        /**
         * Leaves it out of lists: {@code -o hidden}.
         *
         * @return this builder
         */
        public Builder hidden() {
            return add("-o", "hidden");
        }

        /**
         * Changes the options of a mount that is there: {@code -o update}.
         *
         * @return this builder
         */
        public Builder update() {
            return add("-o", "update");
        }

        /**
         * Any option of mounts: {@code -o}.
         *
         * @param options separated by commas: "discard,extattr"
         * @return this builder
         */
        public Builder option(String options) {
            return add("-o", options);
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
