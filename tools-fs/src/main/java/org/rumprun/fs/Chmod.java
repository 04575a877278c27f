// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Changes permissions: {@code chmod(1)}. */
public final class Chmod extends Tool {
    private Chmod(RumpHost host) {
        super(host, FsTools.GROUP, "chmod");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Chmod in(RumpHost host) {
        return new Chmod(host);
    }

    /**
     * Sets permissions.
     *
     * @param options how
     * @param mode the permissions and the bits above them, 0 to 07777
     * @param files the files
     * @return what the tool left
     * @throws ToolException if one of them is not changed: EPERM, ENOENT
     */
    public ToolResult run(Options options, int mode, String... files) {
        return run(options, FsTools.octal(mode), files);
    }

    /**
     * Changes permissions.
     *
     * @param options how
     * @param mode as the manual page has it: "u+x,go-w"
     * @param files the files
     * @return what the tool left
     * @throws ToolException if one of them is not changed: EPERM, ENOENT
     */
    public ToolResult run(Options options, String mode, String... files) {
        return run(options.arguments(), FsTools.line(mode, files));
    }

    /**
     * Gives files the permissions of another one.
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
     * Options of chmod.
     *
     * @param arguments as the manual page chmod(1) has them
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
