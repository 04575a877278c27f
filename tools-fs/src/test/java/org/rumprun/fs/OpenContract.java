// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What files can be opened for, and what comes of it. */
interface OpenContract extends OnFileSystem {
    @Test
    default void optionsThatContradictAreRefused() throws Exception {
        Path file = Files.writeString(path("/f"), "kept");
        for (List<OpenOption> bad :
                List.<List<OpenOption>>of(
                        List.of(StandardOpenOption.READ, StandardOpenOption.APPEND),
                        List.of(StandardOpenOption.APPEND, StandardOpenOption.TRUNCATE_EXISTING))) {
            assertThatThrownBy(() -> Files.newByteChannel(file, Set.copyOf(bad)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> FileChannel.open(file, Set.copyOf(bad)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        OpenOption strange = new OpenOption() {};
        assertThatThrownBy(() -> Files.newByteChannel(file, strange))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.newByteChannel(file, Collections.singleton(null)))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Files.newOutputStream(file, StandardOpenOption.READ))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Files.newInputStream(file, StandardOpenOption.WRITE))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(Files.readString(file)).isEqualTo("kept");
    }

    @Test
    default void creatingIsForWritersAlone() throws Exception {
        Path file = path("/f");
        for (StandardOpenOption option :
                List.of(StandardOpenOption.CREATE, StandardOpenOption.CREATE_NEW)) {
            assertThatThrownBy(() -> Files.newByteChannel(file, StandardOpenOption.READ, option))
                    .isInstanceOf(NoSuchFileException.class);
        }
        Files.writeString(file, "kept");
        Files.newByteChannel(file, StandardOpenOption.READ, StandardOpenOption.TRUNCATE_EXISTING)
                .close();
        Files.newByteChannel(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE).close();
        assertThat(Files.readString(file)).isEqualTo("kept");
        Files.newByteChannel(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)
                .close();
        assertThat(Files.size(file)).isZero();
        assertThatThrownBy(
                        () ->
                                Files.newByteChannel(
                                        file,
                                        StandardOpenOption.CREATE,
                                        StandardOpenOption.CREATE_NEW,
                                        StandardOpenOption.WRITE))
                .isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    default void creatingFollowsLinksUnlessNew() throws Exception {
        Files.createSymbolicLink(path("/link"), path("target"));
        assertThatThrownBy(() -> Files.createFile(path("/link")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.readString(path("/link")))
                .isInstanceOf(NoSuchFileException.class);
        Files.writeString(path("/link"), "x");
        assertThat(Files.readString(path("/target"))).isEqualTo("x");
        assertThatThrownBy(
                        () ->
                                Files.newByteChannel(
                                        path("/link"),
                                        java.nio.file.LinkOption.NOFOLLOW_LINKS,
                                        StandardOpenOption.READ))
                .isInstanceOf(IOException.class);
    }

    @Test
    default void synchronousAndSparseFilesAreFilesToo() throws Exception {
        for (StandardOpenOption option :
                List.of(
                        StandardOpenOption.SYNC,
                        StandardOpenOption.DSYNC,
                        StandardOpenOption.SPARSE)) {
            Path file = path("/" + option);
            Files.write(
                    file,
                    new byte[3],
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE,
                    option);
            assertThat(Files.size(file)).isEqualTo(3);
        }
    }

    @Test
    default void deletedOnCloseIsGone() throws Exception {
        Path file = path("/f");
        FileChannel made =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
        made.write(ByteBuffer.wrap(new byte[] {7}));
        ByteBuffer one = ByteBuffer.allocate(1);
        assertThat(made.read(one, 0)).isEqualTo(1);
        assertThat(one.get(0)).isEqualTo((byte) 7);
        made.close();
        assertThat(Files.exists(file)).isFalse();
        Files.createFile(file);
        Files.newInputStream(file, StandardOpenOption.DELETE_ON_CLOSE).close();
        assertThat(Files.exists(file)).isFalse();
    }

    @Test
    default void directoriesAreNotWritten() throws Exception {
        Path dir = Files.createDirectory(path("/d"));
        assertThatThrownBy(() -> Files.newOutputStream(dir))
                .isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> Files.writeString(dir, "x", StandardOpenOption.APPEND))
                .isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> Files.readAllBytes(dir)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Files.createFile(dir))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.createFile(path("/none/f")))
                .isInstanceOf(NoSuchFileException.class);
        Files.createFile(path("/f"));
        assertThatThrownBy(() -> Files.createFile(path("/f/g")))
                .isInstanceOf(FileSystemException.class);
        assertThat(Files.exists(path("/f/g"))).isFalse();
    }

    @Test
    default void channelsRefuseTheOtherWay() throws Exception {
        Path file = Files.write(path("/f"), new byte[10]);
        Path other = Files.write(path("/g"), new byte[10]);
        ByteBuffer buffer = ByteBuffer.allocate(1);
        ByteBuffer[] buffers = {buffer};
        try (FileChannel reader = FileChannel.open(file);
                FileChannel writer = FileChannel.open(other, StandardOpenOption.WRITE)) {
            assertThatThrownBy(() -> reader.write(buffer, 0))
                    .isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> reader.write(buffers))
                    .isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> reader.transferFrom(writer, 0, 1))
                    .isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(reader::lock).isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> writer.read(buffer, 0))
                    .isInstanceOf(NonReadableChannelException.class);
            assertThatThrownBy(() -> writer.read(buffers))
                    .isInstanceOf(NonReadableChannelException.class);
            assertThatThrownBy(() -> writer.transferTo(0, 1, writer))
                    .isInstanceOf(NonReadableChannelException.class);
            assertThatThrownBy(() -> reader.transferTo(0, 1, reader))
                    .isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> writer.lock(0, 1, true))
                    .isInstanceOf(NonReadableChannelException.class);
            assertThatThrownBy(() -> reader.read(ByteBuffer.allocate(1).asReadOnlyBuffer()))
                    .isInstanceOf(IllegalArgumentException.class);
            reader.lock(0, Long.MAX_VALUE, true).release();
            writer.lock().release();
            reader.force(false);
        }
    }

    @Test
    default void anInterruptIsToldAsSuch() throws Exception {
        Path file = Files.write(path("/f"), new byte[10]);
        FileChannel c = FileChannel.open(file);
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> c.read(ByteBuffer.allocate(1)))
                    .isInstanceOf(ClosedByInterruptException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(c.isOpen()).isFalse();
    }

    @Test
    default void streamsReadAndWrite() throws Exception {
        byte[] data = OnFileSystem.bytes(100_000);
        Path file = path("/f");
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(data, 0, 50_000);
            out.write(data, 50_000, 50_000);
        }
        try (InputStream in = Files.newInputStream(file)) {
            assertThat(in.read()).isEqualTo(data[0] & 0xff);
            assertThat(in.skip(9)).isEqualTo(9);
            assertThat(in.available()).isEqualTo(data.length - 10);
            assertThat(in.readNBytes(10)).isEqualTo(java.util.Arrays.copyOfRange(data, 10, 20));
            assertThat(in.readAllBytes()).hasSize(data.length - 20);
            assertThat(in.read()).isEqualTo(-1);
        }
        assertThatThrownBy(() -> Files.copy(new ByteArrayInputStream(data), file))
                .isInstanceOf(FileAlreadyExistsException.class);
        Files.copy(
                new ByteArrayInputStream(new byte[5]), file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.size(file)).isEqualTo(5);
        Files.write(file, List.of("one", "two"));
        assertThat(Files.readAllLines(file)).containsExactly("one", "two");
        assertThat(Files.mismatch(file, Files.write(path("/g"), List.of("one", "too"))))
                .isEqualTo(5);
        Path temporary = Files.createTempFile(path("/"), "a", ".b");
        assertThat(temporary.getFileName().toString()).startsWith("a").endsWith(".b");
        assertThat(Files.isDirectory(Files.createTempDirectory(path("/"), "d"))).isTrue();
    }
}
