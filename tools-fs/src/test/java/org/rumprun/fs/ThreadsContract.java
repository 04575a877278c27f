// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What threads do at once, and what ends do to them. */
interface ThreadsContract extends OnFileSystem {
    @Test
    default void threadsWorkAtOnce() throws Exception {
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
                                        Files.write(
                                                dir.resolve("f" + n),
                                                OnFileSystem.bytes(1000 * me + n));
                                    }
                                    return Files.readAllBytes(dir.resolve("f7"));
                                }));
            }
            for (int i = 0; i < 8; i++) {
                assertThat(done.get(i).get(30, TimeUnit.SECONDS))
                        .isEqualTo(OnFileSystem.bytes(1000 * i + 7));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    default void afterCloseNothingWorks() throws Exception {
        Path file = Files.writeString(path("/f"), "x");
        FileChannel channel = FileChannel.open(file);
        fs().close();
        fs().close();
        assertThat(fs().isOpen()).isFalse();
        assertThat(channel.isOpen()).isFalse();
        assertThatThrownBy(() -> Files.readString(file))
                .isInstanceOf(ClosedFileSystemException.class);
        assertThatThrownBy(() -> Files.readAttributes(file, BasicFileAttributes.class))
                .isInstanceOf(ClosedFileSystemException.class);
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                .isInstanceOf(ClosedChannelException.class);
    }

    @Test
    default void closeWhileOthersWorkEndsThem() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Path file = path("/f" + i);
                all.add(
                        threads.submit(
                                () -> {
                                    while (fs().isOpen()) {
                                        Files.write(file, OnFileSystem.bytes(10_000));
                                    }
                                    return null;
                                }));
            }
            Thread.sleep(50);
            fs().close();
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
