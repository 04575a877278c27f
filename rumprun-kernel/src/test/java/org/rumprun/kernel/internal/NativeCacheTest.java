// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCacheTest {
    private static final List<String> MOUNTS =
            List.of(
                    "20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
                    "21 20 0:30 / /tmp rw,nosuid,noexec - tmpfs tmpfs rw",
                    "22 21 0:31 / /tmp/with\\040blank rw - tmpfs tmpfs rw");

    @TempDir Path folder;

    private static SortedMap<String, byte[]> files(String content) {
        SortedMap<String, byte[]> files = new TreeMap<>();
        files.put("lib.so", content.getBytes());
        files.put("program", "program".getBytes());
        return files;
    }

    private NativeCache cache() {
        return new NativeCache(folder.resolve("a").resolve("cache"));
    }

    @Test
    void filesStandInAFolderNamedByContent() throws Exception {
        Path first = cache().publish(files("one"));
        assertThat(first.resolve("lib.so")).hasContent("one").isExecutable();
        assertThat(cache().publish(files("one"))).isEqualTo(first);
        assertThat(cache().publish(files("two"))).isNotEqualTo(first);
        assertThat(first.resolve("lib.so")).hasContent("one");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache().root())))
                .isEqualTo("rwx------");
        assertThat(names()).hasSize(2).noneMatch(name -> name.startsWith("new-"));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(cache().root())) {
            return all.map(p -> p.getFileName().toString()).toList();
        }
    }

    @Test
    void damagedFolderIsReplaced() throws Exception {
        Path first = cache().publish(files("one"));
        Files.writeString(first.resolve("lib.so"), "bad");
        Files.delete(first.resolve("program"));
        assertThat(cache().publish(files("one"))).isEqualTo(first);
        assertThat(first.resolve("lib.so")).hasContent("one");
        assertThat(first.resolve("program")).hasContent("program");
        assertThat(names()).hasSize(1);
    }

    @Test
    void programsThatStartAtOnceAgree() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            Callable<Path> one = () -> cache().publish(files("one"));
            List<Future<Path>> all = threads.invokeAll(java.util.Collections.nCopies(32, one));
            for (Future<Path> future : all) {
                assertThat(future.get().resolve("lib.so")).hasContent("one");
            }
            assertThat(names()).hasSize(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void folderThatOthersCanWriteIsRefused() throws Exception {
        Files.createDirectories(cache().root());
        Files.setPosixFilePermissions(cache().root(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> cache().publish(files("one")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("rumprun.native.cache");
    }

    @Test
    void noexecMountIsNamed() {
        assertThat(NativeCache.noexecMount(Path.of("/tmp/x"), MOUNTS)).isEqualTo("/tmp");
        assertThat(NativeCache.noexecMount(Path.of("/tmpx"), MOUNTS)).isNull();
        assertThat(NativeCache.noexecMount(Path.of("/tmp/with blank/x"), MOUNTS)).isNull();
    }
}
