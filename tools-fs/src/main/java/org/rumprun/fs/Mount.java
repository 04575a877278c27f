// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Mounts file systems: {@code mount(8)}. */
public final class Mount extends Tool {
    private static final Pattern LINE =
            Pattern.compile("(.*?) on (/.*) type (\\S+)(?: \\((.*)\\))?");

    private Mount(RumpHost host) {
        super(host, FsTools.GROUP, "mount");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mount in(RumpHost host) {
        return new Mount(host);
    }

    /**
     * Mounts a device.
     *
     * @param options how
     * @param device its block device, or what the type wants
     * @param directory where
     * @return what the tool left
     * @throws ToolException if it isn't mounted
     */
    public ToolResult mount(Options options, String device, String directory) {
        return run(options.arguments(), device, directory);
    }

    /**
     * Mounts a device.
     *
     * @param type "ffs"
     * @param device its block device, or what the type wants
     * @param directory where
     * @param options for -o: "ro", "log"
     * @throws ToolException if it isn't mounted
     */
    public void mount(String type, String device, String directory, String... options) {
        List<String> line = new ArrayList<>(List.of("-t", type));
        if (options.length > 0) {
            line.addAll(List.of("-o", String.join(",", options)));
        }
        line.addAll(List.of(device, directory));
        run(line.toArray(String[]::new));
    }

    /**
     * A mounted file system.
     *
     * @param device what is mounted
     * @param directory where
     * @param type its type
     * @param options what mount(8) says about it: "local", "read-only"
     */
    public record Mounted(String device, String directory, String type, List<String> options) {}

    /**
     * What is mounted.
     *
     * @return the file systems, in the order of the mounts
     */
    public List<Mounted> list() {
        List<Mounted> all = new ArrayList<>();
        for (String line : run().out().split("\n")) {
            Matcher m = LINE.matcher(line);
            if (m.matches()) {
                List<String> options =
                        m.group(4) == null ? List.of() : List.of(m.group(4).split(", "));
                all.add(new Mounted(m.group(1), m.group(2), m.group(3), options));
            }
        }
        return all;
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
     * Options of mount.
     *
     * @param arguments as the manual page mount(8) has them
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
         * The type; ffs without: {@code -t}.
         *
         * @param type "ffs", "tmpfs"
         * @return this builder
         */
        public Builder type(String type) {
            return add("-t", type);
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
         * Makes a read-only mount of one with files open for writing: {@code -o force}.
         *
         * @return this builder
         */
        public Builder force() {
            return add("-o", "force");
        }

        /**
         * Mounts nothing, but shows what would be run: {@code -d}.
         *
         * @return this builder
         */
        public Builder dryRun() {
            return add("-d");
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
