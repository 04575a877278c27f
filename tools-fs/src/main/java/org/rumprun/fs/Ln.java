// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Makes links: {@code ln(1)}. */
public final class Ln extends Tool {
    private Ln(RumpHost host) {
        super(host, FsTools.GROUP, "ln");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ln in(RumpHost host) {
        return new Ln(host);
    }

    /**
     * Makes links.
     *
     * @param options how
     * @param paths what they lead to, and then the link; with several of them a directory
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0: some of them may be done all the same
     */
    public ToolResult run(Options options, String... paths) {
        return run(options.arguments(), paths);
    }

    /**
     * Makes another name of a file.
     *
     * @param file the file
     * @param name its new name
     * @throws ToolException if it is not made: EXDEV on another file system
     */
    public void link(String file, String name) {
        run(options().build(), file, name);
    }

    /**
     * Makes a symbolic link.
     *
     * @param target what it says, a file or not
     * @param link the link
     * @throws ToolException if it is not made
     */
    public void symbolic(String target, String link) {
        run(options().symbolic().build(), target, link);
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
     * Options of ln.
     *
     * @param arguments as the manual page ln(1) has them
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
         * Makes symbolic links: {@code -s}.
         *
         * @return this builder
         */
        public Builder symbolic() {
            return add("-s");
        }

        /**
         * Removes a file that is in the way: {@code -f}.
         *
         * @return this builder
         */
        public Builder force() {
            return add("-f");
        }

        /**
         * Asks its input before it removes a file: {@code -i}.
         *
         * @return this builder
         */
        public Builder interactive() {
            return add("-i");
        }

        /**
         * Replaces a target that is a symbolic link to a directory: {@code -n}.
         *
         * @return this builder
         */
        public Builder targetItself() {
            return add("-n");
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
