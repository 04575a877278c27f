// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Lists directories: {@code ls(1)}. */
public final class Ls extends Tool {
    private static final int S_IFMT = 0170000;

    private Ls(RumpHost host) {
        super(host, FsTools.GROUP, "ls");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ls in(RumpHost host) {
        return new Ls(host);
    }

    /** What a file is. */
    public enum Type {
        /** A regular file. */
        FILE,
        /** A directory. */
        DIRECTORY,
        /** A symbolic link. */
        LINK,
        /** A block device. */
        BLOCK,
        /** A character device. */
        CHARACTER,
        /** A fifo. */
        FIFO,
        /** A socket. */
        SOCKET
    }

    /**
     * A file of a directory.
     *
     * @param name its name
     * @param type what it is
     * @param mode its permissions, with set-id and sticky bits
     * @param links its names
     * @param uid its owner
     * @param gid its group
     * @param size its bytes
     * @param modified when its data changed
     * @param inode its inode number
     * @param target what a symbolic link says
     */
    public record Entry(
            String name,
            Type type,
            int mode,
            long links,
            long uid,
            long gid,
            long size,
            Instant modified,
            long inode,
            Optional<String> target) {}

    /**
     * A directory's files, hidden ones too.
     *
     * @param directory its path
     * @return the files, by name
     * @throws UncheckedIOException if it cannot be read
     */
    public List<Entry> list(String directory) {
        try (RumpProcess process = newProcess();
                RumpFileSystem fs = Images.whole(process);
                DirectoryStream<Path> paths =
                        RumpFileSystems.PROVIDER.newDirectoryStream(fs.getPath(directory), null)) {
            List<Entry> entries = new ArrayList<>();
            for (Path path : paths) {
                entries.add(entry((RumpPath) path));
            }
            entries.sort(Comparator.comparing(Entry::name));
            return entries;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Entry entry(RumpPath path) throws IOException {
        RumpAttributes st = RumpFileSystems.PROVIDER.attributes(path, false);
        Optional<String> target =
                st.isSymbolicLink()
                        ? Optional.of(RumpFileSystems.PROVIDER.readSymbolicLink(path).toString())
                        : Optional.empty();
        return new Entry(
                path.getFileName().toString(),
                type(st.mode()),
                st.mode() & 07777,
                st.get(RumpAttributes.NLINK),
                st.get(RumpAttributes.UID),
                st.get(RumpAttributes.GID),
                st.size(),
                st.lastModifiedTime().toInstant(),
                st.get(RumpAttributes.INO),
                target);
    }

    static Type type(int mode) {
        return switch (mode & S_IFMT) {
            case 0010000 -> Type.FIFO;
            case 0020000 -> Type.CHARACTER;
            case 0040000 -> Type.DIRECTORY;
            case 0060000 -> Type.BLOCK;
            case 0120000 -> Type.LINK;
            case 0140000 -> Type.SOCKET;
            default -> Type.FILE;
        };
    }

    /**
     * Lists files as text.
     *
     * @param options how
     * @param files their paths; none: the working directory
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
     * Options of ls.
     *
     * @param arguments as the manual page ls(1) has them
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
         * The long form: {@code -l}.
         *
         * @return this builder
         */
        public Builder longForm() {
            return add("-l");
        }

        /**
         * The long form with numbers of owners and groups: {@code -n}.
         *
         * @return this builder
         */
        public Builder numbers() {
            return add("-n");
        }

        /**
         * File flags in the long form: {@code -o}.
         *
         * @return this builder
         */
        public Builder fileFlags() {
            return add("-o");
        }

        /**
         * Times to the second: {@code -T}.
         *
         * @return this builder
         */
        public Builder fullTimes() {
            return add("-T");
        }

        /**
         * All names: {@code -a}.
         *
         * @return this builder
         */
        public Builder all() {
            return add("-a");
        }

        /**
         * All names but the directory itself and its parent: {@code -A}.
         *
         * @return this builder
         */
        public Builder almostAll() {
            return add("-A");
        }

        /**
         * Directories themselves, and not what is in them: {@code -d}.
         *
         * @return this builder
         */
        public Builder directories() {
            return add("-d");
        }

        /**
         * Subdirectories too: {@code -R}.
         *
         * @return this builder
         */
        public Builder recursive() {
            return add("-R");
        }

        /**
         * What symbolic links lead to: {@code -L}.
         *
         * @return this builder
         */
        public Builder followLinks() {
            return add("-L");
        }

        /**
         * Inode numbers: {@code -i}.
         *
         * @return this builder
         */
        public Builder inodes() {
            return add("-i");
        }

        /**
         * Blocks of each file: {@code -s}.
         *
         * @return this builder
         */
        public Builder blocks() {
            return add("-s");
        }

        /**
         * Blocks of 1024 bytes: {@code -k}.
         *
         * @return this builder
         */
        public Builder kilobytes() {
            return add("-k");
        }

        /**
         * Sizes for people: {@code -h}.
         *
         * @return this builder
         */
        public Builder humanSizes() {
            return add("-h");
        }

        /**
         * Marks of types: {@code -F}.
         *
         * @return this builder
         */
        public Builder classify() {
            return add("-F");
        }

        /**
         * One a line: {@code -1}.
         *
         * @return this builder
         */
        public Builder onePerLine() {
            return add("-1");
        }

        /**
         * Unsorted, and all names: {@code -f}.
         *
         * @return this builder
         */
        public Builder unsorted() {
            return add("-f");
        }

        /**
         * By size: {@code -S}.
         *
         * @return this builder
         */
        public Builder bySize() {
            return add("-S");
        }

        /**
         * By time: {@code -t}.
         *
         * @return this builder
         */
        public Builder byTime() {
            return add("-t");
        }

        /**
         * The time of the last change of status: {@code -c}.
         *
         * @return this builder
         */
        public Builder changeTime() {
            return add("-c");
        }

        /**
         * The time of the last access: {@code -u}.
         *
         * @return this builder
         */
        public Builder accessTime() {
            return add("-u");
        }

        /**
         * Backwards: {@code -r}.
         *
         * @return this builder
         */
        public Builder reverse() {
            return add("-r");
        }

        /**
         * Whiteouts too: {@code -W}.
         *
         * @return this builder
         */
        public Builder whiteouts() {
            return add("-W");
        }

        /**
         * Does not enter other file systems: {@code -X}.
         *
         * @return this builder
         */
        public Builder oneFileSystem() {
            return add("-X");
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
