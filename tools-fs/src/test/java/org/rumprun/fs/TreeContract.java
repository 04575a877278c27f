// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Directories, links and what walks them. */
interface TreeContract extends OnFileSystem {
    private void tree() throws IOException {
        Files.createDirectories(path("/a/b/c"));
        Files.writeString(path("/a/f"), "f");
        Files.writeString(path("/a/b/g"), "g");
        Files.createSymbolicLink(path("/a/link"), path("b"));
    }

    @Test
    default void walksFollowLinksOnlyWhenTold() throws Exception {
        tree();
        try (Stream<Path> all = Files.walk(path("/a"))) {
            assertThat(all.map(p -> path("/a").relativize(p).toString()))
                    .containsExactlyInAnyOrder("", "b", "b/c", "b/g", "f", "link");
        }
        try (Stream<Path> all = Files.walk(path("/a"), 1, FileVisitOption.FOLLOW_LINKS)) {
            assertThat(all).hasSize(4);
        }
        try (Stream<Path> all = Files.walk(path("/a"), FileVisitOption.FOLLOW_LINKS)) {
            assertThat(all).hasSize(8).contains(path("/a/link/g"));
        }
        try (Stream<Path> found =
                Files.find(path("/a"), 9, (p, attributes) -> attributes.isRegularFile())) {
            assertThat(found).containsExactlyInAnyOrder(path("/a/f"), path("/a/b/g"));
        }
        Files.createSymbolicLink(path("/a/b/up"), path("../b"));
        try (Stream<Path> all = Files.walk(path("/a"), FileVisitOption.FOLLOW_LINKS)) {
            assertThatThrownBy(all::count)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasCauseInstanceOf(FileSystemLoopException.class);
        }
        assertThatThrownBy(() -> Files.walk(path("/none"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    default void visitorsTakeTreesAway() throws Exception {
        tree();
        Files.walkFileTree(
                path("/a"),
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path dir, IOException e)
                            throws IOException {
                        Files.delete(dir);
                        return FileVisitResult.CONTINUE;
                    }
                });
        assertThat(Files.notExists(path("/a"))).isTrue();
    }

    @Test
    default void directoryStreamsHaveOneIterator() throws Exception {
        tree();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(path("/a/link"))) {
            Iterator<Path> all = stream.iterator();
            assertThatThrownBy(stream::iterator).isInstanceOf(IllegalStateException.class);
            assertThat(all.next().getParent()).isEqualTo(path("/a/link"));
            assertThatThrownBy(all::remove).isInstanceOf(UnsupportedOperationException.class);
            all.next();
            assertThat(all.hasNext()).isFalse();
            assertThatThrownBy(all::next).isInstanceOf(NoSuchElementException.class);
        }
        DirectoryStream<Path> closed = Files.newDirectoryStream(path("/a"));
        Iterator<Path> rest = closed.iterator();
        closed.close();
        closed.close();
        while (rest.hasNext()) {
            rest.next();
        }
        assertThatThrownBy(closed::iterator).isInstanceOf(IllegalStateException.class);
        DirectoryStream.Filter<Path> broken =
                entry -> {
                    throw new IOException("broken");
                };
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(path("/a"), broken)) {
            Iterator<Path> none = stream.iterator();
            assertThatThrownBy(none::hasNext)
                    .isInstanceOf(DirectoryIteratorException.class)
                    .hasRootCauseMessage("broken");
        }
        assertThatThrownBy(() -> Files.newDirectoryStream(path("/a/f")))
                .isInstanceOf(NotDirectoryException.class);
        assertThatThrownBy(() -> Files.newDirectoryStream(path("/none")))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    default void deletingTakesTheNameItself() throws Exception {
        tree();
        assertThatThrownBy(() -> Files.delete(path("/a/b")))
                .isInstanceOf(DirectoryNotEmptyException.class)
                .hasMessageContaining("/a/b");
        Files.delete(path("/a/link"));
        assertThat(Files.exists(path("/a/b/g"))).isTrue();
        Files.createSymbolicLink(path("/dangling"), path("none"));
        assertThat(Files.exists(path("/dangling"))).isFalse();
        assertThat(Files.exists(path("/dangling"), LinkOption.NOFOLLOW_LINKS)).isTrue();
        assertThat(Files.deleteIfExists(path("/dangling"))).isTrue();
        assertThat(Files.deleteIfExists(path("/dangling"))).isFalse();
        assertThatThrownBy(() -> Files.delete(path("/none/f")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.delete(path("/a/f/g")))
                .isInstanceOf(FileSystemException.class);
    }

    @Test
    default void directoriesAreMadeOnce() throws Exception {
        tree();
        assertThatThrownBy(() -> Files.createDirectory(path("/a")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.createDirectory(path("/none/d")))
                .isInstanceOf(NoSuchFileException.class);
        Files.createDirectories(path("/a/b/c"));
        Files.createDirectories(path("/a/link"));
        Files.createDirectories(path("/a/link/d/e"));
        assertThat(Files.isDirectory(path("/a/b/d/e"))).isTrue();
        assertThatThrownBy(() -> Files.createDirectories(path("/a/f")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> Files.createDirectories(path("/a/f/d")))
                .isInstanceOf(FileSystemException.class);
    }

    @Test
    default void linksSayWhereTheyLead() throws Exception {
        tree();
        assertThatThrownBy(() -> Files.createSymbolicLink(path("/a/f"), path("x")))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("/a/f");
        assertThatThrownBy(() -> Files.createSymbolicLink(path("/l"), path("")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.readSymbolicLink(path("/a/f")))
                .isInstanceOf(NotLinkException.class);
        assertThatThrownBy(() -> Files.readSymbolicLink(path("/none")))
                .isInstanceOf(NoSuchFileException.class);
        Files.createSymbolicLink(path("/one"), path("two"));
        Files.createSymbolicLink(path("/two"), path("one"));
        assertThatThrownBy(() -> Files.readAttributes(path("/one"), BasicFileAttributes.class))
                .isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> path("/one").toRealPath()).isInstanceOf(IOException.class);
        assertThat(path("/one").toRealPath(LinkOption.NOFOLLOW_LINKS)).isEqualTo(path("/one"));
        assertThat(Files.exists(path("/one"))).isFalse();
        assertThat(Files.readSymbolicLink(path("/one"))).isEqualTo(path("two"));
        assertThat(path("/a/link/../b/./g").toRealPath()).isEqualTo(path("/a/b/g"));
        assertThat(path("/a/link/g").toRealPath()).isEqualTo(path("/a/b/g"));
        assertThatThrownBy(() -> path("/a/f/..").toRealPath()).isInstanceOf(IOException.class);
    }

    @Test
    default void sameFilesAreTheSame() throws Exception {
        tree();
        assertThat(Files.isSameFile(path("/none"), path("/none"))).isTrue();
        assertThat(Files.isSameFile(path("/a/link"), path("/a/b"))).isTrue();
        assertThat(Files.isSameFile(path("/a/f"), path("/a/b/g"))).isFalse();
        assertThatThrownBy(() -> Files.isSameFile(path("/a/f"), path("/none")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.isSameFile(path("/none"), path("/a/f")))
                .isInstanceOf(NoSuchFileException.class);
        assertThat(Files.isHidden(path("/.x"))).isTrue();
        assertThat(Files.isHidden(path("/x"))).isFalse();
    }

    @Test
    default void secondNamesAreRefusedAsTheyShould() throws Exception {
        org.junit.jupiter.api.Assumptions.assumeTrue(hasLinks());
        tree();
        assertThatThrownBy(() -> Files.createLink(path("/l"), path("/none")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.createLink(path("/a/b/g"), path("/a/f")))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("/a/b/g");
        assertThatThrownBy(() -> Files.createLink(path("/l"), path("/a/b")))
                .isInstanceOf(FileSystemException.class);
        Files.createLink(path("/l"), path("/a/f"));
        assertThat(Files.isSameFile(path("/l"), path("/a/f"))).isTrue();
    }

    /** Whether a file can have several names. */
    default boolean hasLinks() {
        return true;
    }
}
