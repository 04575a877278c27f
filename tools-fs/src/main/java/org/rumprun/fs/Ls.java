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

    private static Type type(int mode) {
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
}
