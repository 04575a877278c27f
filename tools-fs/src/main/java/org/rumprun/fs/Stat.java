// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Tells what is known about files: {@code stat(1)}. */
public final class Stat extends Tool {
    private Stat(RumpHost host) {
        super(host, FsTools.GROUP, "stat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Stat in(RumpHost host) {
        return new Stat(host);
    }

    /**
     * Shows files.
     *
     * @param options how
     * @param files their paths
     * @return what the tool left
     * @throws ToolException if one of them cannot be looked at
     */
    public ToolResult run(Options options, String... files) {
        return run(options.arguments(), files);
    }

    /**
     * What stat(2) tells about a file.
     *
     * @param path its path, as it was asked for
     * @param device the device that its file system is on
     * @param inode its number there
     * @param type what it is
     * @param mode its permissions, with set-id and sticky bits
     * @param links its names
     * @param uid its owner
     * @param gid its group
     * @param rdev the device that it is, if it is one
     * @param size its bytes
     * @param blocks what it takes, in units of 512 bytes
     * @param blockSize the best size for input and output, in bytes
     * @param flags its file flags, as chflags(2) has them
     * @param generation tells it from earlier files of its number
     * @param accessed when it was last read
     * @param modified when its data changed
     * @param changed when its attributes changed
     * @param born when it was made, where the file system knows
     */
    public record Info(
            String path,
            long device,
            long inode,
            Ls.Type type,
            int mode,
            long links,
            long uid,
            long gid,
            long rdev,
            long size,
            long blocks,
            int blockSize,
            long flags,
            long generation,
            Instant accessed,
            Instant modified,
            Instant changed,
            Optional<Instant> born) {}

    /**
     * What is known about a file; of a symbolic link, about the link.
     *
     * @param path its path
     * @return what stat(2) tells
     * @throws UncheckedIOException if there is none, or it cannot be looked at
     */
    public Info info(String path) {
        return info(path, false);
    }

    /**
     * What is known about a file; of a symbolic link, about what it leads to.
     *
     * @param path its path
     * @return what stat(2) tells
     * @throws UncheckedIOException if there is none, or it cannot be looked at
     */
    public Info infoOfTarget(String path) {
        return info(path, true);
    }

    private Info info(String path, boolean follow) {
        try (RumpProcess process = newProcess();
                RumpFileSystem fs = Images.whole(process)) {
            RumpAttributes st =
                    RumpFileSystems.PROVIDER.attributes((RumpPath) fs.getPath(path), follow);
            return new Info(
                    path,
                    st.get(RumpAttributes.DEV),
                    st.get(RumpAttributes.INO),
                    Ls.type(st.mode()),
                    st.mode() & 07777,
                    st.get(RumpAttributes.NLINK),
                    st.get(RumpAttributes.UID),
                    st.get(RumpAttributes.GID),
                    st.get(RumpAttributes.RDEV),
                    st.size(),
                    st.get(RumpAttributes.BLOCKS),
                    (int) st.get(RumpAttributes.BLKSIZE),
                    st.get(RumpAttributes.FLAGS),
                    st.get(RumpAttributes.GEN),
                    st.lastAccessTime().toInstant(),
                    st.lastModifiedTime().toInstant(),
                    st.time(RumpAttributes.CTIME).toInstant(),
                    st.get(RumpAttributes.BIRTHTIME) > 0
                            ? Optional.of(st.time(RumpAttributes.BIRTHTIME).toInstant())
                            : Optional.empty());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
     * Options of stat.
     *
     * @param arguments as the manual page stat(1) has them
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
         * Follows symbolic links: {@code -L}.
         *
         * @return this builder
         */
        public Builder followLinks() {
            return add("-L");
        }

        /**
         * A form of the output: {@code -f}.
         *
         * @param format as the manual page describes it: "%z"
         * @return this builder
         */
        public Builder format(String format) {
            return add("-f", format);
        }

        /**
         * A form of times: {@code -t}.
         *
         * @param format as strftime(3) has it
         * @return this builder
         */
        public Builder timeFormat(String format) {
            return add("-t", format);
        }

        /**
         * All as numbers: {@code -r}.
         *
         * @return this builder
         */
        public Builder numbers() {
            return add("-r");
        }

        /**
         * As assignments for a shell: {@code -s}.
         *
         * @return this builder
         */
        public Builder shell() {
            return add("-s");
        }

        /**
         * At length: {@code -x}.
         *
         * @return this builder
         */
        public Builder atLength() {
            return add("-x");
        }

        /**
         * No newline at the end: {@code -n}.
         *
         * @return this builder
         */
        public Builder noNewline() {
            return add("-n");
        }

        /**
         * Says nothing about what cannot be looked at: {@code -q}.
         *
         * @return this builder
         */
        public Builder quiet() {
            return add("-q");
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
