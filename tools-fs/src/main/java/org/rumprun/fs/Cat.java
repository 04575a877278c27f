// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Writes files to its output: {@code cat(1)}. */
public final class Cat extends Tool {
    private Cat(RumpHost host) {
        super(host, FsTools.GROUP, "cat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Cat in(RumpHost host) {
        return new Cat(host);
    }

    /**
     * Writes files to its output, and in the result.
     *
     * @param options how
     * @param files the files; "-", or none: its input
     * @return what the tool left
     * @throws ToolException if one of them cannot be read: the others are there
     */
    public ToolResult run(Options options, String... files) {
        return run(options.arguments(), files);
    }

    /**
     * The text of files.
     *
     * @param files the files, one after the other
     * @return their text, taken as UTF-8
     * @throws ToolException if one of them cannot be read
     */
    public String text(String... files) {
        return run(options().build(), files).out();
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
     * Options of cat.
     *
     * @param arguments as the manual page cat(1) has them
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
         * Numbers the lines of each file, from 1: {@code -n}.
         *
         * @return this builder
         */
        public Builder number() {
            return add("-n");
        }

        /**
         * Numbers the lines that have text: {@code -b}.
         *
         * @return this builder
         */
        public Builder numberNonBlank() {
            return add("-b");
        }

        /**
         * Makes one empty line of several: {@code -s}.
         *
         * @return this builder
         */
        public Builder squeezeBlank() {
            return add("-s");
        }

        /**
         * Marks the ends of lines with a dollar sign, and shows control characters: {@code -e}.
         *
         * @return this builder
         */
        public Builder showEnds() {
            return add("-e");
        }

        /**
         * Shows tabs and control characters: {@code -t}.
         *
         * @return this builder
         */
        public Builder showTabs() {
            return add("-t");
        }

        /**
         * Shows control characters: {@code -v}.
         *
         * @return this builder
         */
        public Builder showNonPrinting() {
            return add("-v");
        }

        /**
         * Leaves out, with a message, what is not a regular file: {@code -f}.
         *
         * @return this builder
         */
        public Builder regularFilesOnly() {
            return add("-f");
        }

        /**
         * Writes at once what was read: {@code -u}.
         *
         * @return this builder
         */
        public Builder unbuffered() {
            return add("-u");
        }

        /**
         * Reads in pieces: {@code -B}.
         *
         * @param bytes the size of pieces, from 1
         * @return this builder
         */
        public Builder blockSize(int bytes) {
            return add("-B", Integer.toString(bytes));
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
