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
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

/** What channels do with data. */
interface ChannelContract extends OnFileSystem {
    @Test
    default void writtenFilesAreReadBack() throws Exception {
        for (int size : new int[] {0, 1, 511, 8192, 8193, 131072, 131073, 1_000_000}) {
            Path file = path("/file" + size);
            Files.write(file, OnFileSystem.bytes(size));
            assertThat(Files.size(file)).isEqualTo(size);
            assertThat(Files.readAllBytes(file)).isEqualTo(OnFileSystem.bytes(size));
        }
    }

    @Test
    default void directAndHeapBuffersMoveTheSame() throws Exception {
        byte[] data = OnFileSystem.bytes(300_000);
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
    default void positionMovesAndHolesReadAsZeros() throws Exception {
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
    default void directoriesAreNotReadAsBytes() throws Exception {
        Files.createDirectory(path("/d"));
        assertThatThrownBy(() -> Files.readAllBytes(path("/d")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Is a directory");
    }

    @Test
    default void appendWritesAtTheEnd() throws Exception {
        Files.writeString(path("/f"), "one");
        Files.writeString(path("/f"), "two", StandardOpenOption.APPEND);
        assertThat(Files.readString(path("/f"))).isEqualTo("onetwo");
        Files.writeString(path("/f"), "x", StandardOpenOption.WRITE);
        assertThat(Files.readString(path("/f"))).isEqualTo("xnetwo");
        Files.writeString(path("/f"), "y");
        assertThat(Files.readString(path("/f"))).isEqualTo("y");
    }

    @Test
    default void gatherScatterAndTransfer() throws Exception {
        byte[] data = OnFileSystem.bytes(500_000);
        Path other = Files.write(folder().resolve("host"), data);
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
            Path back = folder().resolve("back");
            try (FileChannel to =
                    FileChannel.open(back, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                assertThat(out.transferTo(0, data.length, to)).isEqualTo(data.length);
            }
            assertThat(back).hasBinaryContent(data);
            out.force(true);
        }
    }

    @Test
    default void channelsDoWhatTheyWereOpenedFor() throws Exception {
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
    default void openOptionsAreKept() throws Exception {
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
    default void locksThatOverlapAreRefused() throws Exception {
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
    default void filesAreNotMapped() throws Exception {
        try (FileChannel c = FileChannel.open(Files.write(path("/f"), new byte[1]))) {
            assertThatThrownBy(() -> c.map(FileChannel.MapMode.READ_ONLY, 0, 1))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    default void anInterruptClosesTheChannel() throws Exception {
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
}
