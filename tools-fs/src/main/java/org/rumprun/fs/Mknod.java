// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Makes special files: {@code mknod(8)}. */
public final class Mknod extends Tool {
    private Mknod(RumpHost host) {
        super(host, FsTools.GROUP, "mknod");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mknod in(RumpHost host) {
        return new Mknod(host);
    }

    /**
     * Makes a fifo.
     *
     * @param options how
     * @param path its path
     * @throws ToolException if it is not made: EEXIST
     */
    public void fifo(Options options, String path) {
        run(options.arguments(), path, "p");
    }

    /**
     * Makes a block device.
     *
     * @param options how
     * @param path its path
     * @param major the driver, 0 to 4095
     * @param minor the unit, 0 to 1048575
     * @throws ToolException if it is not made: EEXIST, EPERM
     */
    public void block(Options options, String path, int major, int minor) {
        device(options, path, "b", major, minor);
    }

    /**
     * Makes a character device.
     *
     * @param options how
     * @param path its path
     * @param major the driver, 0 to 4095
     * @param minor the unit, 0 to 1048575
     * @throws ToolException if it is not made: EEXIST, EPERM
     */
    public void character(Options options, String path, int major, int minor) {
        device(options, path, "c", major, minor);
    }

    private void device(Options options, String path, String type, int major, int minor) {
        run(options.arguments(), path, type, Integer.toString(major), Integer.toString(minor));
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
     * Options of mknod.
     *
     * @param arguments as the manual page mknod(8) has them
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
         * The permissions: {@code -m}.
         *
         * @param mode the permissions and the bits above them, 0 to 07777
         * @return this builder
         */
        public Builder mode(int mode) {
            return add("-m", FsTools.octal(mode));
        }

        /**
         * The owner: {@code -u}.
         *
         * @param owner a name, or a number
         * @return this builder
         */
        public Builder owner(String owner) {
            return add("-u", owner);
        }

        /**
         * The group: {@code -g}.
         *
         * @param group a name, or a number
         * @return this builder
         */
        public Builder group(String group) {
            return add("-g", group);
        }

        /**
         * Replaces a file of another type or number: {@code -r}.
         *
         * @return this builder
         */
        public Builder replace() {
            return add("-r");
        }

        /**
         * Replaces it, and sets owner and permissions of a node that is right: {@code -R}.
         *
         * @return this builder
         */
        public Builder correct() {
            return add("-R");
        }

        /**
         * Packs device numbers as another system does: {@code -F}.
         *
         * @param system "linux", "freebsd" ...
         * @return this builder
         */
        public Builder format(String system) {
            return add("-F", system);
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
