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

/** Copies and converts data: {@code dd(1)}. */
public final class Dd extends Tool {
    private static final Pattern SUMMARY =
            Pattern.compile(
                    "(\\d+)\\+(\\d+) records in\\s+(\\d+)\\+(\\d+) records out.*?(\\d+) bytes",
                    Pattern.DOTALL);

    private Dd(RumpHost host) {
        super(host, FsTools.GROUP, "dd");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Dd in(RumpHost host) {
        return new Dd(host);
    }

    /**
     * What was copied.
     *
     * @param fullIn whole input blocks
     * @param partialIn short input blocks
     * @param fullOut whole output blocks
     * @param partialOut short output blocks
     * @param bytes what was written
     */
    public record Summary(long fullIn, long partialIn, long fullOut, long partialOut, long bytes) {}

    /**
     * Copies data.
     *
     * @param options from where, to where, how
     * @return how much it was
     * @throws ToolException if something cannot be read or written; {@link ToolException#result}
     *     tells how far it got
     */
    public Summary copy(Options options) {
        String said = run(options).err();
        Matcher m = SUMMARY.matcher(said);
        if (!m.find()) {
            throw new IllegalArgumentException("options without a summary, but: " + said);
        }
        long[] n = new long[5];
        for (int i = 0; i < n.length; i++) {
            n[i] = Long.parseLong(m.group(i + 1));
        }
        return new Summary(n[0], n[1], n[2], n[3], n[4]);
    }

    /**
     * Copies data.
     *
     * @param options from where, to where, how
     * @return what the tool left
     * @throws ToolException if something cannot be read or written
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
     * Options of dd.
     *
     * @param arguments as the manual page dd(1) has them
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
         * Where to read from; its input without: {@code if=}.
         *
         * @param path a file of the kernel
         * @return this builder
         */
        public Builder input(String path) {
            return add("if=" + path);
        }

        /**
         * Where to write to; its output without: {@code of=}.
         *
         * @param path a file of the kernel
         * @return this builder
         */
        public Builder output(String path) {
            return add("of=" + path);
        }

        /**
         * The size of blocks, in and out; 512 without: {@code bs=}.
         *
         * @param bytes from 1
         * @return this builder
         */
        public Builder blockSize(long bytes) {
            return add("bs=" + bytes);
        }

        /**
         * The size of blocks that are read: {@code ibs=}.
         *
         * @param bytes from 1
         * @return this builder
         */
        public Builder inputBlockSize(long bytes) {
            return add("ibs=" + bytes);
        }

        /**
         * The size of blocks that are written: {@code obs=}.
         *
         * @param bytes from 1
         * @return this builder
         */
        public Builder outputBlockSize(long bytes) {
            return add("obs=" + bytes);
        }

        /**
         * The size of records, of the conversions to and from them: {@code cbs=}.
         *
         * @param bytes from 1
         * @return this builder
         */
        public Builder recordSize(long bytes) {
            return add("cbs=" + bytes);
        }

        /**
         * Stops after so many input blocks: {@code count=}.
         *
         * @param blocks from 1
         * @return this builder
         */
        public Builder count(long blocks) {
            return add("count=" + blocks);
        }

        /**
         * Passes over input blocks first: {@code skip=}.
         *
         * @param blocks from 0
         * @return this builder
         */
        public Builder skip(long blocks) {
            return add("skip=" + blocks);
        }

        /**
         * Passes over output blocks first: {@code seek=}.
         *
         * @param blocks from 0
         * @return this builder
         */
        public Builder seek(long blocks) {
            return add("seek=" + blocks);
        }

        /**
         * Reads several files of a tape: {@code files=}.
         *
         * @param count from 1
         * @return this builder
         */
        public Builder files(long count) {
            return add("files=" + count);
        }

        /**
         * Conversions: {@code conv=}.
         *
         * @param values as the manual page has them: "notrunc", "sparse", "sync", "noerror"
         * @return this builder
         */
        public Builder conversions(String... values) {
            return add("conv=" + String.join(",", values));
        }

        /**
         * How the input is opened: {@code iflag=}.
         *
         * @param flags of open(2), in lower case: "nofollow"
         * @return this builder
         */
        public Builder inputFlags(String... flags) {
            return add("iflag=" + String.join(",", flags));
        }

        /**
         * How the output is opened: {@code oflag=}.
         *
         * @param flags of open(2), in lower case: "append", "excl"
         * @return this builder
         */
        public Builder outputFlags(String... flags) {
            return add("oflag=" + String.join(",", flags));
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
