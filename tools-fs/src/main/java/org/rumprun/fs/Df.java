// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Shows how full file systems are: {@code df(1)}. */
public final class Df extends Tool {
    private Df(RumpHost host) {
        super(host, FsTools.GROUP, "df");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Df in(RumpHost host) {
        return new Df(host);
    }

    /**
     * How full a file system is.
     *
     * @param device what is mounted
     * @param type its type
     * @param directory where
     * @param total its bytes for files
     * @param used those in use
     * @param available those that users other than the super-user can still have; may be negative
     * @param inodes the inodes that it has
     * @param freeInodes those that are free
     */
    public record Usage(
            String device,
            String type,
            String directory,
            long total,
            long used,
            long available,
            long inodes,
            long freeInodes) {}

    /**
     * All that is mounted.
     *
     * @return a row for each
     */
    public List<Usage> list() {
        List<Usage> all = new ArrayList<>();
        for (Mount.Mounted mounted : Mount.in(host()).list()) {
            all.add(usage(mounted.directory()));
        }
        return all;
    }

    /**
     * The file system that holds a file.
     *
     * @param path the file
     * @return how full it is
     */
    public Usage usage(String path) {
        try (RumpProcess process = newProcess();
                RumpFileSystem fs = Images.whole(process)) {
            return new RumpFileStore((RumpPath) fs.getPath(path)).usage();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Shows file systems as text.
     *
     * @param options how
     * @param files files on them; none: all
     * @return what the tool left
     * @throws ToolException if one of them cannot be looked at
     */
    public ToolResult run(Options options, String... files) {
        return run(options.arguments(), files);
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
     * Options of df.
     *
     * @param arguments as the manual page df(1) has them
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
         * Counts units of 1024 bytes: {@code -k}.
         *
         * @return this builder
         */
        public Builder kilobytes() {
            return add("-k");
        }

        /**
         * Counts units of 1048576 bytes: {@code -m}.
         *
         * @return this builder
         */
        public Builder megabytes() {
            return add("-m");
        }

        /**
         * Counts units of 1073741824 bytes: {@code -g}.
         *
         * @return this builder
         */
        public Builder gigabytes() {
            return add("-g");
        }

        /**
         * Units for people, powers of 1024: {@code -h}.
         *
         * @return this builder
         */
        public Builder humanSizes() {
            return add("-h");
        }

        /**
         * Inodes too: {@code -i}.
         *
         * @return this builder
         */
        public Builder inodes() {
            return add("-i");
        }

        /**
         * The form of POSIX: {@code -P}.
         *
         * @return this builder
         */
        public Builder posix() {
            return add("-P");
        }

        /**
         * All that the kernel tells: {@code -G}.
         *
         * @return this builder
         */
        public Builder everything() {
            return add("-G");
        }

        /**
         * Hidden mounts too: {@code -a}.
         *
         * @return this builder
         */
        public Builder all() {
            return add("-a");
        }

        /**
         * Only local file systems: {@code -l}.
         *
         * @return this builder
         */
        public Builder local() {
            return add("-l");
        }

        /**
         * Does not ask file systems anew: {@code -n}.
         *
         * @return this builder
         */
        public Builder cached() {
            return add("-n");
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
