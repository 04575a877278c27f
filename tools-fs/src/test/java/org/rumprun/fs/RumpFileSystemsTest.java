// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderNotFoundException;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpKernel;

@Timeout(60)
class RumpFileSystemsTest {
    @TempDir Path folder;
    private Path image;

    @BeforeEach
    void make() throws IOException {
        image = folder.resolve("a !disk.img");
        Newfs.run(image, Newfs.options().size(8 << 20).build());
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Files.createDirectory(fs.getPath("/dir"));
            Files.writeString(fs.getPath("/dir/a b%!"), "hello");
        }
    }

    @Test
    void whatWasWrittenIsThereWhenOpenedAgain() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            assertThat(Files.readString(fs.getPath("/dir/a b%!"))).isEqualTo("hello");
            assertThat(fs.isReadOnly()).isFalse();
        }
        assertThat(FsckFfs.isClean(image)).isTrue();
    }

    @Test
    void readOnlyChangesNothing() throws Exception {
        byte[] before = Files.readAllBytes(image);
        try (FileSystem fs =
                RumpFileSystems.open(image, new RumpFileSystems.Options().readOnly(true))) {
            Path file = fs.getPath("/dir/a b%!");
            assertThat(Files.readString(file)).isEqualTo("hello");
            assertThat(fs.isReadOnly()).isTrue();
            assertThat(Files.isWritable(file)).isFalse();
            assertThatThrownBy(() -> Files.delete(file))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.writeString(file, "x"))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.createDirectory(fs.getPath("/x")))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
        }
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }

    @Test
    void urisLeadToFiles() throws Exception {
        URI uri = URI.create("rump:" + image.toUri());
        assertThatThrownBy(() -> FileSystems.getFileSystem(uri))
                .isInstanceOf(FileSystemNotFoundException.class);
        try (FileSystem fs = FileSystems.newFileSystem(uri, Map.of("readOnly", true))) {
            assertThat(FileSystems.getFileSystem(uri)).isSameAs(fs);
            assertThatThrownBy(() -> FileSystems.newFileSystem(uri, Map.of()))
                    .isInstanceOf(FileSystemAlreadyExistsException.class);
            Path file = fs.getPath("/dir/a b%!");
            assertThat(Path.of(file.toUri())).isEqualTo(file);
            assertThat(Files.readString(Path.of(file.toUri()))).isEqualTo("hello");
        }
        assertThatThrownBy(() -> FileSystems.getFileSystem(uri))
                .isInstanceOf(FileSystemNotFoundException.class);
    }

    @Test
    void installedProviderKnowsImagesAndNothingElse() throws Exception {
        try (FileSystem fs = FileSystems.newFileSystem(image)) {
            assertThat(Files.isDirectory(fs.getPath("/dir"))).isTrue();
        }
        Path text = Files.writeString(folder.resolve("text"), "x".repeat(100_000));
        assertThatThrownBy(() -> FileSystems.newFileSystem(text))
                .isInstanceOf(ProviderNotFoundException.class);
    }

    @Test
    void twoWritersAreRefused() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            assertThatThrownBy(() -> RumpFileSystems.open(image))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining(image.toString())
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
            assertThat(fs.isOpen()).isTrue();
        }
        RumpFileSystems.open(image).close();
    }

    @Test
    void whatIsNoImageIsRefused() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "x".repeat(100_000));
        assertThatThrownBy(() -> RumpFileSystems.open(text))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> RumpFileSystems.open(folder.resolve("none")))
                .isInstanceOf(NoSuchFileException.class);
        Path empty = Files.createFile(folder.resolve("empty"));
        assertThatThrownBy(() -> RumpFileSystems.open(empty)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> RumpFileSystems.open(folder)).isInstanceOf(IOException.class);
    }

    @Test
    void partOfAnImageIsAFileSystemToo() throws Exception {
        Path disk = folder.resolve("whole.img");
        long begin = 1 << 20;
        try (FileChannel from = FileChannel.open(image);
                FileChannel to =
                        FileChannel.open(
                                disk, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            to.position(begin);
            from.transferTo(0, from.size(), to);
        }
        try (FileSystem fs =
                RumpFileSystems.open(
                        disk, new RumpFileSystems.Options().window(begin, Files.size(image)))) {
            assertThat(Files.readString(fs.getPath("/dir/a b%!"))).isEqualTo("hello");
        }
    }

    @Test
    void linksDoNotLeadOutOfAView() throws Exception {
        try (RumpKernel kernel = RumpKernel.builder().disk("/dev/disk0", image).boot()) {
            Mkdir.in(kernel).run("/mnt");
            Mount.in(kernel).mount("ffs", "/dev/disk0", "/mnt");
            Ln.in(kernel).run("-s", "/dir", "/mnt/abs");
            Ln.in(kernel).run("-s", "../../../dev", "/mnt/up");
            try (FileSystem fs = RumpFileSystems.open(kernel, "/mnt")) {
                assertThat(Files.readString(fs.getPath("/abs/a b%!"))).isEqualTo("hello");
                assertThat(Files.exists(fs.getPath("/up"))).isFalse();
                assertThat(Files.exists(fs.getPath("/../../dev"))).isFalse();
            }
            assertThatThrownBy(() -> RumpFileSystems.open(kernel, "/none"))
                    .isInstanceOf(NoSuchFileException.class);
        }
    }

    @Test
    void imagesAreCopiedBetween() throws Exception {
        Path second = folder.resolve("second.img");
        Newfs.run(second, Newfs.options().size(8 << 20).format(FfsFormat.UFS2).build());
        try (FileSystem a = RumpFileSystems.open(image);
                FileSystem b = RumpFileSystems.open(second)) {
            Files.copy(a.getPath("/dir/a b%!"), b.getPath("/copy"));
            assertThat(Files.readString(b.getPath("/copy"))).isEqualTo("hello");
            Files.move(a.getPath("/dir/a b%!"), b.getPath("/moved"));
            assertThat(Files.exists(a.getPath("/dir/a b%!"))).isFalse();
            assertThat(Files.readString(b.getPath("/moved"))).isEqualTo("hello");
        }
    }

    /** A read that sleeps ends when its channel closes, and when its thread is interrupted. */
    @Test
    void sleepingReadsEndWithTheirChannel() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (RumpKernel kernel = RumpKernel.boot()) {
            Mkdir.in(kernel).run("/dir");
            Mknod.in(kernel).run("/dir/fifo", "p");
            Mknod.in(kernel).run("/dir/other", "p");
            try (FileSystem fs = RumpFileSystems.open(kernel, "/dir")) {
                FileChannel other = both(fs.getPath("/other"));
                Future<Integer> undisturbed =
                        threads.submit(() -> other.read(ByteBuffer.allocate(10)));
                for (boolean close : new boolean[] {true, false}) {
                    FileChannel fifo = both(fs.getPath("/fifo"));
                    assertThat(fifo.write(ByteBuffer.wrap(new byte[] {1, 2}))).isEqualTo(2);
                    assertThat(fifo.read(ByteBuffer.allocate(10))).isEqualTo(2);
                    AtomicReference<Thread> sleeper = new AtomicReference<>();
                    Future<Integer> read =
                            threads.submit(
                                    () -> {
                                        sleeper.set(Thread.currentThread());
                                        return fifo.read(ByteBuffer.allocateDirect(10));
                                    });
                    while (sleeper.get() == null) {
                        Thread.onSpinWait();
                    }
                    if (close) {
                        fifo.close();
                    } else {
                        sleeper.get().interrupt();
                    }
                    assertThatThrownBy(() -> read.get(30, TimeUnit.SECONDS))
                            .hasCauseInstanceOf(
                                    close
                                            ? ClosedChannelException.class
                                            : ClosedByInterruptException.class);
                    assertThat(fifo.isOpen()).isFalse();
                }
                assertThat(undisturbed.isDone()).isFalse();
                try (FileChannel writer = both(fs.getPath("/other"))) {
                    writer.write(ByteBuffer.wrap(new byte[] {3}));
                }
                assertThat(undisturbed.get(30, TimeUnit.SECONDS)).isEqualTo(1);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static FileChannel both(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    @Test
    void closingTheFileSystemDeletesWhatItShould() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Files.newByteChannel(
                    fs.getPath("/gone"),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
        }
        try (FileSystem fs = RumpFileSystems.open(image)) {
            assertThat(Files.exists(fs.getPath("/gone"))).isFalse();
            assertThat(Files.exists(fs.getPath("/dir"))).isTrue();
        }
        assertThat(FsckFfs.isClean(image)).isTrue();
    }

    @Test
    void whatIsThereIsToldAlthoughReadOnly() throws Exception {
        RumpFileSystems.Options only = new RumpFileSystems.Options().readOnly(true);
        try (FileSystem fs = RumpFileSystems.open(image, only)) {
            Files.createDirectories(fs.getPath("/dir"));
            assertThatThrownBy(() -> Files.createDirectory(fs.getPath("/dir")))
                    .isInstanceOf(FileAlreadyExistsException.class);
            assertThatThrownBy(() -> Files.createDirectories(fs.getPath("/dir/x")))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            Path file = fs.getPath("/dir/a b%!");
            assertThatThrownBy(() -> Files.move(file, fs.getPath("/x")))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.copy(file, fs.getPath("/x")))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.createSymbolicLink(fs.getPath("/x"), file))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.createLink(fs.getPath("/x"), file))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.setLastModifiedTime(file, FileTime.fromMillis(0)))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.setAttribute(file, "unix:mode", 0))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThat(Files.getFileStore(file).isReadOnly()).isTrue();
        }
    }

    @Test
    void environmentsAreUnderstoodOrRefused() throws Exception {
        Map<String, Object> all = Map.of("readOnly", "true", "offset", "0", "type", "ffs");
        try (FileSystem fs = FileSystems.newFileSystem(image, all)) {
            assertThat(fs.isReadOnly()).isTrue();
        }
        for (Map<String, ?> bad :
                List.of(
                        Map.of("readOnly", "maybe"),
                        Map.of("log", 1),
                        Map.of("offset", "here"),
                        Map.of("offset", -1),
                        Map.of("length", -2L))) {
            assertThatThrownBy(() -> FileSystems.newFileSystem(image, bad))
                    .as(bad.toString())
                    .isInstanceOf(IllegalArgumentException.class);
        }
        URI uri = URI.create("rump:" + image.toUri());
        assertThatThrownBy(() -> FileSystems.newFileSystem(uri, Map.of("type", "lfs")))
                .isInstanceOf(ProviderNotFoundException.class);
        try (FileSystem fs = FileSystems.newFileSystem(uri, Map.of("log", true))) {
            assertThat(Files.readString(Path.of(URI.create(uri + "!/dir/a%20b%25!"))))
                    .isEqualTo("hello");
            assertThat(Path.of(URI.create(uri + "!//dir"))).isEqualTo(fs.getPath("/dir"));
            assertThatThrownBy(() -> Path.of(uri)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Path.of(URI.create(uri + "!/dir")))
                .isInstanceOf(FileSystemNotFoundException.class);
        assertThatThrownBy(
                        () -> FileSystems.newFileSystem(URI.create("rump:file:///none"), Map.of()))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> FileSystems.getFileSystem(URI.create("rump:none")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** An image in an image is no file of the host, whatever its path looks like. */
    @Test
    void onlyTheHostsFilesAreImages() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Path inner = fs.getPath("/inner.img");
            Files.write(inner, new byte[1 << 16]);
            assertThatThrownBy(() -> RumpFileSystems.open(inner))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> FileSystems.newFileSystem(inner))
                    .isInstanceOf(ProviderNotFoundException.class);
            assertThatThrownBy(() -> FileSystems.newFileSystem(inner, Map.of("offset", 0)))
                    .isInstanceOf(ProviderNotFoundException.class);
        }
    }

    @Test
    void hardLinksStayInTheirFileSystem() throws Exception {
        try (RumpKernel kernel = RumpKernel.boot()) {
            Mkdir.in(kernel).run("/a", "/b");
            Touch.in(kernel).run("/a/f", "/b/f");
            try (FileSystem a = RumpFileSystems.open(kernel, "/a");
                    FileSystem b = RumpFileSystems.open(kernel, "/b")) {
                assertThatThrownBy(() -> Files.createLink(a.getPath("/l"), b.getPath("/f")))
                        .isInstanceOf(FileSystemException.class)
                        .hasMessageContaining("EXDEV");
                assertThat(Files.exists(a.getPath("/l"))).isFalse();
            }
        }
    }

    @Test
    void usersHaveTheNamesOfTheImage() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Files.createDirectory(fs.getPath("/etc"));
            Files.writeString(fs.getPath("/etc/passwd"), "alice:*:7:8:Alice:/:/bin/sh\n");
            var users = fs.getUserPrincipalLookupService();
            Files.setOwner(fs.getPath("/dir"), users.lookupPrincipalByName("alice"));
            assertThat(Files.getOwner(fs.getPath("/dir")).getName()).isEqualTo("alice");
            assertThat(Files.getAttribute(fs.getPath("/dir"), "unix:uid")).isEqualTo(7);
            assertThatThrownBy(() -> users.lookupPrincipalByName("bob"))
                    .isInstanceOf(java.nio.file.attribute.UserPrincipalNotFoundException.class);
        }
    }
}
