// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Where in a file channels read, write, transfer and lock. */
interface PositionContract extends OnFileSystem {
    private FileChannel both(String name) throws Exception {
        return FileChannel.open(
                path(name),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    @Test
    default void beyondTheEndThereIsNothing() throws Exception {
        try (FileChannel c = both("/f")) {
            c.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            assertThat(c.position(1000).position()).isEqualTo(1000);
            assertThat(c.size()).isEqualTo(3);
            assertThat(c.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(c.read(ByteBuffer.allocate(1), 3)).isEqualTo(-1);
            assertThat(c.read(ByteBuffer.allocate(1), 1L << 40)).isEqualTo(-1);
            assertThat(c.read(new ByteBuffer[] {ByteBuffer.allocate(1)})).isEqualTo(-1);
            assertThat(c.read(ByteBuffer.allocate(0))).isZero();
            assertThat(c.position()).isEqualTo(1000);
            assertThat(c.write(ByteBuffer.wrap(new byte[] {4}), 9)).isEqualTo(1);
            assertThat(c.position()).isEqualTo(1000);
            assertThat(Files.readAllBytes(path("/f")))
                    .containsExactly(1, 2, 3, 0, 0, 0, 0, 0, 0, 4);
            assertThat(c.truncate(1000).size()).isEqualTo(10);
            assertThat(c.truncate(2).position()).isEqualTo(2);
            assertThat(c.write(ByteBuffer.allocate(0), 100)).isZero();
            assertThat(c.size()).isEqualTo(2);
        }
    }

    @Test
    default void offsetsHaveSixtyFourBits() throws Exception {
        long far = (5L << 30) + 12345;
        try (FileChannel c = both("/f")) {
            assertThat(c.write(ByteBuffer.wrap(new byte[] {42}), far)).isEqualTo(1);
            assertThat(c.size()).isEqualTo(far + 1);
            assertThat(Files.size(path("/f"))).isEqualTo(far + 1);
            ByteBuffer in = ByteBuffer.allocate(3);
            assertThat(c.read(in, far - 1)).isEqualTo(2);
            assertThat(in.array()).containsExactly(0, 42, 0);
            assertThat(c.position(far).position()).isEqualTo(far);
            assertThat(c.read(in.clear())).isEqualTo(1);
            assertThat(c.position()).isEqualTo(far + 1);
            try (FileChannel to = both("/g")) {
                assertThat(c.transferTo(far, 10, to)).isEqualTo(1);
                assertThat(to.position()).isEqualTo(1);
            }
            c.truncate(far - 1);
            assertThat(c.read(in.clear(), far - 1)).isEqualTo(-1);
            c.truncate(0);
        }
    }

    @Test
    default void negativeNumbersAreRefused() throws Exception {
        try (FileChannel c = both("/f");
                FileChannel d = both("/g")) {
            ByteBuffer one = ByteBuffer.allocate(1);
            ByteBuffer[] two = {one, one};
            for (ThrowingCallable bad :
                    List.<ThrowingCallable>of(
                            () -> c.position(-1),
                            () -> c.truncate(-1),
                            () -> c.read(one, -1),
                            () -> c.write(one, -1),
                            () -> c.transferTo(-1, 1, d),
                            () -> c.transferTo(0, -1, d),
                            () -> c.transferFrom(d, -1, 1),
                            () -> c.transferFrom(d, 0, -1),
                            () -> c.lock(-1, 1, false),
                            () -> c.lock(0, -1, false),
                            () -> c.tryLock(Long.MAX_VALUE, 2, false))) {
                assertThatThrownBy(bad).isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> c.read(two, 1, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> c.write(two, -1, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            c.lock(0, 1, false).release();
        }
    }

    @Test
    default void aClosedChannelDoesNothing() throws Exception {
        FileChannel c = both("/f");
        FileLock lock = c.lock(0, 1, false);
        c.close();
        c.close();
        assertThat(lock.isValid()).isFalse();
        assertThatThrownBy(lock::release).isInstanceOf(ClosedChannelException.class);
        ByteBuffer one = ByteBuffer.allocate(1);
        ByteBuffer[] two = {one, one};
        try (FileChannel d = both("/g")) {
            d.write(ByteBuffer.allocate(10));
            for (ThrowingCallable late :
                    List.<ThrowingCallable>of(
                            () -> c.read(one),
                            () -> c.read(one, 0),
                            () -> c.read(two),
                            () -> c.write(one),
                            () -> c.write(one, 0),
                            () -> c.write(two),
                            c::position,
                            () -> c.position(0),
                            c::size,
                            () -> c.truncate(0),
                            () -> c.force(true),
                            () -> c.transferTo(0, 1, d),
                            () -> c.transferFrom(d, 0, 1),
                            () -> d.transferTo(0, 1, c),
                            () -> d.transferFrom(c, 0, 1),
                            c::lock,
                            c::tryLock)) {
                assertThatThrownBy(late).isInstanceOf(ClosedChannelException.class);
            }
            d.lock(0, 1, false).release();
        }
    }

    @Test
    default void transfersStopAtTheEnds() throws Exception {
        byte[] data = OnFileSystem.bytes(300_000);
        Files.write(path("/f"), data);
        try (FileChannel from = FileChannel.open(path("/f"));
                FileChannel to = both("/g")) {
            assertThat(from.transferTo(data.length, 10, to)).isZero();
            assertThat(from.transferTo(data.length + 10, 10, to)).isZero();
            assertThat(from.transferTo(0, 0, to)).isZero();
            assertThat(to.transferFrom(from, 1, 10)).isZero();
            assertThat(from.position()).isZero();
            assertThat(from.transferTo(10, Long.MAX_VALUE, to)).isEqualTo(data.length - 10);
            assertThat(to.position()).isEqualTo(data.length - 10);
            assertThat(from.position()).isZero();
            from.position(5);
            assertThat(to.transferFrom(from, 100, 1000)).isEqualTo(1000);
            assertThat(from.position()).isEqualTo(1005);
            assertThat(to.position()).isEqualTo(data.length - 10);
            ByteBuffer in = ByteBuffer.allocate(1000);
            assertThat(to.read(in, 100)).isEqualTo(1000);
            assertThat(in.flip()).isEqualTo(ByteBuffer.wrap(data, 5, 1000));
        }
    }

    @Test
    default void gatheringStopsAndStarts() throws Exception {
        try (FileChannel c = both("/f")) {
            ByteBuffer[] out = {
                ByteBuffer.wrap(new byte[] {1}),
                ByteBuffer.allocate(0),
                ByteBuffer.wrap(new byte[] {2, 3}),
                ByteBuffer.wrap(new byte[] {4})
            };
            assertThat(c.write(out, 1, 2)).isEqualTo(2);
            assertThat(out[0].remaining()).isEqualTo(1);
            assertThat(out[3].remaining()).isEqualTo(1);
            ByteBuffer[] in = {
                ByteBuffer.allocate(0), ByteBuffer.allocate(1), ByteBuffer.allocate(5)
            };
            assertThat(c.position(0).read(in)).isEqualTo(2);
            assertThat(in[1].get(0)).isEqualTo((byte) 2);
            assertThat(in[2].position()).isEqualTo(1);
            assertThat(c.read(in, 2, 1)).isEqualTo(-1);
            assertThat(c.read(in, 0, 1)).isLessThanOrEqualTo(0);
        }
    }

    @Test
    default void appendersAreAlwaysAtTheEnd() throws Exception {
        Path file = Files.writeString(path("/f"), "ab");
        try (FileChannel a = FileChannel.open(file, StandardOpenOption.APPEND);
                FileChannel b = FileChannel.open(file, StandardOpenOption.APPEND)) {
            assertThat(a.position()).isEqualTo(2);
            a.position(0);
            a.write(ByteBuffer.wrap(new byte[] {'c'}));
            b.write(ByteBuffer.wrap(new byte[] {'d'}));
            a.write(ByteBuffer.wrap(new byte[] {'e'}));
            assertThat(a.position()).isEqualTo(5);
        }
        Path made = path("/made");
        Files.writeString(made, "x", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        assertThat(Files.readString(made)).isEqualTo("x");
        assertThat(Files.readString(file)).isEqualTo("abcde");
    }

    @Test
    default void locksAreWhatWasAskedFor() throws Exception {
        try (FileChannel c = both("/f")) {
            FileLock shared = c.lock(10, 20, true);
            assertThat(shared.isShared()).isTrue();
            assertThat(shared.position()).isEqualTo(10);
            assertThat(shared.size()).isEqualTo(20);
            assertThat(shared.acquiredBy()).isSameAs(c);
            assertThat(shared.overlaps(29, 1)).isTrue();
            assertThat(shared.overlaps(30, 1)).isFalse();
            FileLock next = c.tryLock(30, Long.MAX_VALUE - 30, false);
            assertThat(next.isShared()).isFalse();
            shared.close();
            shared.release();
            assertThat(shared.isValid()).isFalse();
            assertThat(next.isValid()).isTrue();
        }
    }
}
