// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Changes owners and groups: {@code chown(8)}. */
public final class Chown extends Tool {
    private Chown(RumpHost host) {
        super(host, FsTools.GROUP, "chown");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Chown in(RumpHost host) {
        return new Chown(host);
    }

    /**
     * Sets the owner.
     *
     * @param options how
     * @param owner its number, 0 to 4294967294
     * @param files the files
     * @return what the tool left
     * @throws ToolException if one of them is not changed: EPERM, ENOENT
     */
    public ToolResult run(Options options, long owner, String... files) {
        return run(options, "#" + owner, files);
    }

    /**
     * Sets the owner and the group.
     *
     * @param options how
     * @param owner its number, 0 to 4294967294
     * @param group its number, 0 to 4294967294
     * @param files the files
     * @return what the tool left
     * @throws ToolException if one of them is not changed: EPERM, ENOENT
     */
    public ToolResult run(Options options, long owner, long group, String... files) {
        return run(options, "#" + owner + ":#" + group, files);
    }

    /**
     * Sets the owner, the group, or both, by their names.
     *
     * @param options how
     * @param owner as the manual page has it: "root", "root:wheel", ":wheel"
     * @param files the files
     * @return what the tool left
     * @throws ToolException if there is no such name, or one of them is not changed
     */
    public ToolResult run(Options options, String owner, String... files) {
        return run(options.arguments(), FsTools.line(owner, files));
    }

    /**
     * Gives files the owner and group of another one.
     *
     * @param options how
     * @param reference the other one
     * @param files the files
     * @return what the tool left
     * @throws ToolException if one of them is not changed
     */
    public ToolResult runLike(Options options, String reference, String... files) {
        List<String> line = new ArrayList<>(options.arguments());
        line.add("--reference=" + reference);
        return run(line, files);
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
     * Options of chown.
     *
     * @param arguments as the manual page chown(8) has them
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
         * Says nothing about files that cannot be changed: {@code -f}.
         *
         * @return this builder
         */
        public Builder ignoreErrors() {
            return add("-f");
        }

        /**
         * Changes symbolic links instead of what they lead to: {@code -h}.
         *
         * @return this builder
         */
        public Builder linksThemselves() {
            return add("-h");
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
