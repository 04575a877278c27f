// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every file system of the provider does, whatever is below. */
@Timeout(60)
abstract class FileSystemContract {
    @TempDir Path folder;

    private FileSystem fs;

    /** An empty file system that can be written. */
    abstract FileSystem create(Path folder) throws IOException;

    /** Ends what create made, after the file system has been closed. */
    void destroy() {}

    @BeforeEach
    void open() throws IOException {
        fs = create(folder);
    }

    @AfterEach
    void close() throws IOException {
        fs.close();
        destroy();
    }

    private Path path(String text) {
        return fs.getPath(text);
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    // --- data

    @Test
    void writtenFilesAreReadBack() throws Exception {
        for (int size : new int[] {0, 1, 511, 8192, 8193, 131072, 131073, 1_000_000}) {
            Path file = path("/file" + size);
            Files.write(file, bytes(size));
            assertThat(Files.size(file)).isEqualTo(size);
            assertThat(Files.readAllBytes(file)).isEqualTo(bytes(size));
        }
    }

    @Test
    void directAndHeapBuffersMoveTheSame() throws Exception {
        byte[] data = bytes(300_000);
        try (FileChannel c =
                FileChannel.open(
                        path("/f"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            ByteBuffer direct = ByteBuffer.allocateDirect(data.length + 10).position(10);
            direct.put(data).position(10);
            assertThat(c.write(direct)).isEqualTo(data.length);
            assertThat(direct.hasRemaining()).isFalse();
            ByteBuffer heap = ByteBuffer.allocate(data.length + 5);
            assertThat(c.read(heap, 0)).isEqualTo(data.length);
            assertThat(heap.flip()).isEqualTo(ByteBuffer.wrap(data));
            ByteBuffer slice = ByteBuffer.allocateDirect(400_000).position(100).slice();
            assertThat(c.read(slice, 1000)).isEqualTo(data.length - 1000);
            assertThat(slice.flip()).isEqualTo(ByteBuffer.wrap(data, 1000, data.length - 1000));
            assertThat(c.read(heap.clear(), data.length)).isEqualTo(-1);
            assertThat(c.read(ByteBuffer.allocate(0), 0)).isZero();
        }
    }

    @Test
    void positionMovesAndHolesReadAsZeros() throws Exception {
        try (SeekableByteChannel c =
                Files.newByteChannel(
                        path("/f"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            c.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            assertThat(c.position()).isEqualTo(3);
            c.position(100_000);
            c.write(ByteBuffer.wrap(new byte[] {4}));
            assertThat(c.size()).isEqualTo(100_001);
            c.position(2);
            ByteBuffer in = ByteBuffer.allocate(3);
            assertThat(c.read(in)).isEqualTo(3);
            assertThat(in.array()).containsExactly(3, 0, 0);
            c.truncate(2);
            assertThat(c.size()).isEqualTo(2);
            assertThat(c.position()).isEqualTo(2);
            c.truncate(50);
            assertThat(c.size()).isEqualTo(2);
            assertThatThrownBy(() -> c.position(-1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void appendWritesAtTheEnd() throws Exception {
        Files.writeString(path("/f"), "one");
        Files.writeString(path("/f"), "two", StandardOpenOption.APPEND);
        assertThat(Files.readString(path("/f"))).isEqualTo("onetwo");
        Files.writeString(path("/f"), "x", StandardOpenOption.WRITE);
        assertThat(Files.readString(path("/f"))).isEqualTo("xnetwo");
        Files.writeString(path("/f"), "y");
        assertThat(Files.readString(path("/f"))).isEqualTo("y");
    }

    @Test
    void gatherScatterAndTransfer() throws Exception {
        byte[] data = bytes(500_000);
        Path other = Files.write(folder.resolve("host"), data);
        try (FileChannel in = FileChannel.open(other);
                FileChannel out =
                        FileChannel.open(
                                path("/f"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE)) {
            assertThat(out.transferFrom(in, 0, Long.MAX_VALUE)).isEqualTo(data.length);
            ByteBuffer[] two = {ByteBuffer.allocate(3), ByteBuffer.allocateDirect(4)};
            assertThat(out.read(two)).isEqualTo(7);
            assertThat(out.position()).isEqualTo(7);
            two[0].flip();
            two[1].flip();
            assertThat(out.position(data.length).write(two)).isEqualTo(7);
            Path back = folder.resolve("back");
            try (FileChannel to =
                    FileChannel.open(back, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                assertThat(out.transferTo(0, data.length, to)).isEqualTo(data.length);
            }
            assertThat(back).hasBinaryContent(data);
            out.force(true);
        }
    }

    @Test
    void channelsDoWhatTheyWereOpenedFor() throws Exception {
        Files.writeString(path("/f"), "x");
        FileChannel reader = FileChannel.open(path("/f"));
        assertThatThrownBy(() -> reader.write(ByteBuffer.allocate(1)))
                .isInstanceOf(NonWritableChannelException.class);
        assertThatThrownBy(() -> reader.truncate(0))
                .isInstanceOf(NonWritableChannelException.class);
        assertThatThrownBy(() -> reader.read(ByteBuffer.allocate(1), -1))
                .isInstanceOf(IllegalArgumentException.class);
        reader.close();
        reader.close();
        assertThatThrownBy(() -> reader.read(ByteBuffer.allocate(1)))
                .isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(reader::size).isInstanceOf(ClosedChannelException.class);
        try (FileChannel writer = FileChannel.open(path("/f"), StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> writer.read(ByteBuffer.allocate(1)))
                    .isInstanceOf(NonReadableChannelException.class);
        }
    }

    @Test
    void openOptionsAreKept() throws Exception {
        Path file = path("/f");
        assertThatThrownBy(() -> Files.writeString(file, "", StandardOpenOption.WRITE))
                .isInstanceOf(NoSuchFileException.class);
        Files.writeString(file, "x", StandardOpenOption.CREATE_NEW);
        assertThatThrownBy(() -> Files.writeString(file, "", StandardOpenOption.CREATE_NEW))
                .isInstanceOf(FileAlreadyExistsException.class);
        Files.newByteChannel(file, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)
                .close();
        assertThat(Files.exists(file)).isFalse();
        assertThatThrownBy(
                        () ->
                                Files.newByteChannel(
                                        file, StandardOpenOption.READ, StandardOpenOption.APPEND))
                .isInstanceOf(IllegalArgumentException.class);
        Path perm = path("/perm");
        Files.createFile(
                perm,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(perm)))
                .isEqualTo("rw-------");
    }

    @Test
    void locksThatOverlapAreRefused() throws Exception {
        try (FileChannel a =
                        FileChannel.open(
                                path("/f"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileChannel b = FileChannel.open(path("/f"), StandardOpenOption.WRITE)) {
            FileLock lock = a.lock(0, 10, false);
            assertThat(lock.isValid()).isTrue();
            assertThatThrownBy(() -> b.tryLock(5, 10, false))
                    .isInstanceOf(OverlappingFileLockException.class);
            assertThat(b.tryLock(10, 10, false)).isNotNull();
            lock.release();
            assertThat(lock.isValid()).isFalse();
            assertThat(b.tryLock(5, 5, false)).isNotNull();
        }
    }

    @Test
    void anInterruptClosesTheChannel() throws Exception {
        FileChannel c =
                FileChannel.open(path("/f"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> c.write(ByteBuffer.allocate(1)))
                .isInstanceOf(ClosedChannelException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(c.isOpen()).isFalse();
        Files.writeString(path("/g"), "still there");
        assertThat(Files.readString(path("/g"))).isEqualTo("still there");
    }

    // --- directories and names

    @Test
    void directoriesListWhatIsInThem() throws Exception {
        Path dir = Files.createDirectories(path("/a/b/c"));
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            names.add(String.format("name-%03d", i));
            Files.createFile(dir.resolve(names.get(i)));
        }
        try (Stream<Path> all = Files.list(dir)) {
            assertThat(all.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(names);
        }
        try (DirectoryStream<Path> some = Files.newDirectoryStream(dir, "name-00*")) {
            assertThat(some).hasSize(10);
        }
        try (Stream<Path> tree = Files.walk(path("/a"))) {
            assertThat(tree).hasSize(303).contains(path("/a"), path("/a/b"), dir);
        }
        DirectoryStream<Path> closed = Files.newDirectoryStream(dir);
        closed.close();
        assertThatThrownBy(closed::iterator).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void namesAreWhatTheyAre() throws Exception {
        for (String name : List.of("ä€𝄞", "a b", "new\nline", "!", "%41", "x".repeat(255))) {
            Files.writeString(path("/").resolve(name), name);
            assertThat(Files.readString(path("/" + name))).isEqualTo(name);
        }
        assertThatThrownBy(() -> Files.createFile(path("/" + "x".repeat(256))))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("ENAMETOOLONG");
    }

    @Test
    void errorsAreTheOnesOfNio() throws Exception {
        Files.createDirectories(path("/d/e"));
        Files.writeString(path("/f"), "x");
        assertThatThrownBy(() -> Files.readString(path("/none")))
                .isInstanceOfSatisfying(
                        NoSuchFileException.class, e -> assertThat(e.getFile()).isEqualTo("/none"));
        assertThatThrownBy(() -> Files.delete(path("/none")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.delete(path("/d")))
                .isInstanceOf(DirectoryNotEmptyException.class);
        assertThatThrownBy(() -> Files.createDirectory(path("/d")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.newDirectoryStream(path("/f")))
                .isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> Files.readSymbolicLink(path("/f")))
                .isInstanceOf(NotLinkException.class);
        assertThatThrownBy(() -> Files.createFile(path("/f/g")))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("ENOTDIR");
        assertThatThrownBy(() -> Files.readAllBytes(path("/d"))).isInstanceOf(IOException.class);
        assertThat(Files.deleteIfExists(path("/none"))).isFalse();
        assertThat(Files.isWritable(path("/none"))).isFalse();
    }

    @Test
    void accessIsChecked() throws Exception {
        Files.createFile(path("/f"));
        fs.provider().checkAccess(path("/f"));
        assertThat(Files.isReadable(path("/f"))).isTrue();
        assertThat(Files.isWritable(path("/f"))).isTrue();
        assertThat(Files.isExecutable(path("/f"))).isFalse();
        assertThatThrownBy(
                        () ->
                                fs.provider()
                                        .checkAccess(path("/f"), java.nio.file.AccessMode.EXECUTE))
                .isInstanceOf(AccessDeniedException.class);
    }

    // --- links

    boolean hasHardLinks() {
        return true;
    }

    @Test
    void symbolicLinksLead() throws Exception {
        Files.createDirectories(path("/a/b"));
        Files.writeString(path("/a/b/f"), "there");
        Files.createSymbolicLink(path("/link"), path("a/b"));
        Files.createSymbolicLink(path("/a/abs"), path("/a/b/f"));
        assertThat(Files.readString(path("/link/f"))).isEqualTo("there");
        assertThat(Files.readString(path("/a/abs"))).isEqualTo("there");
        assertThat(Files.readSymbolicLink(path("/link"))).isEqualTo(path("a/b"));
        assertThat(path("/link/../abs").toRealPath()).isEqualTo(path("/a/b/f"));
        assertThat(path("/link/f").toRealPath(LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(path("/link/f"));
        assertThat(Files.isSymbolicLink(path("/link"))).isTrue();
        assertThat(Files.isDirectory(path("/link"))).isTrue();
        assertThat(Files.isDirectory(path("/link"), LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(Files.isSameFile(path("/link/f"), path("/a/b/f"))).isTrue();
        Files.createSymbolicLink(path("/loop"), path("loop"));
        assertThatThrownBy(() -> Files.readString(path("/loop")))
                .isInstanceOf(FileSystemLoopException.class);
        Files.delete(path("/link"));
        assertThat(Files.exists(path("/a/b/f"))).isTrue();
        assertThatThrownBy(() -> path("/none").toRealPath())
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void hardLinksShareAFile() throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue(hasHardLinks());
        Files.writeString(path("/f"), "x");
        Files.createLink(path("/g"), path("/f"));
        Files.writeString(path("/g"), "yy");
        assertThat(Files.readString(path("/f"))).isEqualTo("yy");
        assertThat(Files.getAttribute(path("/f"), "unix:nlink")).isEqualTo(2);
        assertThat(Files.isSameFile(path("/f"), path("/g"))).isTrue();
        assertThatThrownBy(() -> Files.createLink(path("/g"), path("/f")))
                .isInstanceOf(FileAlreadyExistsException.class);
    }

    // --- attributes

    @Test
    void attributesAreReadAndSet() throws Exception {
        Path file = Files.write(path("/f"), new byte[1000]);
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_000_000_000));
        Files.setLastModifiedTime(file, time);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
        PosixFileAttributeView view =
                Files.getFileAttributeView(file, PosixFileAttributeView.class);
        view.setOwner(fs.getUserPrincipalLookupService().lookupPrincipalByName("12"));
        view.setGroup(fs.getUserPrincipalLookupService().lookupPrincipalByGroupName("34"));
        PosixFileAttributes all = Files.readAttributes(file, PosixFileAttributes.class);
        assertThat(all.size()).isEqualTo(1000);
        assertThat(all.lastModifiedTime()).isEqualTo(time);
        assertThat(PosixFilePermissions.toString(all.permissions())).isEqualTo("rwxr-x--x");
        assertThat(all.owner().getName()).isEqualTo("12");
        assertThat(all.group().getName()).isEqualTo("34");
        assertThat(all.isRegularFile()).isTrue();
        assertThat(all.fileKey()).isNotNull();
        Map<String, Object> unix = Files.readAttributes(file, "unix:uid,gid,mode,size");
        assertThat(unix)
                .containsEntry("uid", 12)
                .containsEntry("gid", 34)
                .containsEntry("size", 1000L)
                .containsEntry("mode", 0100751);
        Files.setAttribute(file, "unix:mode", 04755);
        assertThat((int) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(04755);
        assertThat(Files.readAttributes(file, "*")).containsKeys("size", "lastModifiedTime");
        assertThatThrownBy(() -> Files.readAttributes(file, "none:*"))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.readAttributes(file, "unix:none"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void storeTellsItsSpace() throws Exception {
        var store = Files.getFileStore(path("/"));
        assertThat(store.type()).isNotEmpty();
        assertThat(store.isReadOnly()).isFalse();
        assertThat(store.getTotalSpace()).isPositive();
        assertThat(store.getUnallocatedSpace()).isLessThanOrEqualTo(store.getTotalSpace());
        assertThat(store.supportsFileAttributeView("posix")).isTrue();
        assertThat(fs.getFileStores()).hasSize(1);
    }

    // --- copies and moves

    @Test
    void copiesKeepDataAndAttributes() throws Exception {
        byte[] data = bytes(200_000);
        Path from = Files.write(path("/f"), data);
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_000_000_000));
        Files.setLastModifiedTime(from, time);
        Files.copy(from, path("/g"), StandardCopyOption.COPY_ATTRIBUTES);
        assertThat(Files.readAllBytes(path("/g"))).isEqualTo(data);
        assertThat(Files.getLastModifiedTime(path("/g"))).isEqualTo(time);
        assertThatThrownBy(() -> Files.copy(from, path("/g")))
                .isInstanceOf(FileAlreadyExistsException.class);
        Files.copy(from, path("/g"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(from, from);
        Path host = Files.copy(from, folder.resolve("out"));
        assertThat(host).hasBinaryContent(data);
        Files.copy(host, path("/in"));
        assertThat(Files.readAllBytes(path("/in"))).isEqualTo(data);
        Files.createDirectories(path("/d/e"));
        Files.copy(path("/d"), path("/copy"));
        assertThat(Files.exists(path("/copy/e"))).isFalse();
        assertThatThrownBy(() -> Files.copy(from, path("/d"), StandardCopyOption.REPLACE_EXISTING))
                .isInstanceOf(DirectoryNotEmptyException.class);
        Files.createSymbolicLink(path("/link"), path("f"));
        Files.copy(path("/link"), path("/l2"), LinkOption.NOFOLLOW_LINKS);
        assertThat(Files.readSymbolicLink(path("/l2"))).isEqualTo(path("f"));
    }

    @Test
    void movesReplaceOrRefuse() throws Exception {
        Files.writeString(path("/f"), "f");
        Files.writeString(path("/g"), "g");
        assertThatThrownBy(() -> Files.move(path("/f"), path("/g")))
                .isInstanceOf(FileAlreadyExistsException.class);
        Files.move(path("/f"), path("/g"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.readString(path("/g"))).isEqualTo("f");
        Files.move(path("/g"), path("/h"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(Files.exists(path("/g"))).isFalse();
        Files.createDirectories(path("/d/e"));
        Files.move(path("/d"), path("/moved"));
        assertThat(Files.isDirectory(path("/moved/e"))).isTrue();
        Path host = folder.resolve("moved");
        Files.move(path("/h"), host);
        assertThat(host).hasContent("f");
        assertThat(Files.exists(path("/h"))).isFalse();
        Files.writeString(path("/again"), "x");
        assertThatThrownBy(
                        () ->
                                Files.move(
                                        path("/again"),
                                        folder.resolve("x"),
                                        StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(AtomicMoveNotSupportedException.class);
    }

    // --- threads and ends

    @Test
    void threadsWorkAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<byte[]>> done = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int me = i;
                done.add(
                        threads.submit(
                                () -> {
                                    Path dir = Files.createDirectory(path("/dir" + me));
                                    for (int n = 0; n < 20; n++) {
                                        Files.write(dir.resolve("f" + n), bytes(1000 * me + n));
                                    }
                                    return Files.readAllBytes(dir.resolve("f7"));
                                }));
            }
            for (int i = 0; i < 8; i++) {
                assertThat(done.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(bytes(1000 * i + 7));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void afterCloseNothingWorks() throws Exception {
        Path file = Files.writeString(path("/f"), "x");
        FileChannel channel = FileChannel.open(file);
        fs.close();
        fs.close();
        assertThat(fs.isOpen()).isFalse();
        assertThat(channel.isOpen()).isFalse();
        assertThatThrownBy(() -> Files.readString(file))
                .isInstanceOf(ClosedFileSystemException.class);
        assertThatThrownBy(() -> Files.readAttributes(file, BasicFileAttributes.class))
                .isInstanceOf(ClosedFileSystemException.class);
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                .isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void closeWhileOthersWorkEndsThem() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Path file = path("/f" + i);
                all.add(
                        threads.submit(
                                () -> {
                                    while (fs.isOpen()) {
                                        Files.write(file, bytes(10_000));
                                    }
                                    return null;
                                }));
            }
            Thread.sleep(50);
            fs.close();
            for (Future<?> one : all) {
                try {
                    one.get(20, TimeUnit.SECONDS);
                } catch (java.util.concurrent.ExecutionException e) {
                    assertThat(e.getCause())
                            .isInstanceOfAny(
                                    ClosedFileSystemException.class, ClosedChannelException.class);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
