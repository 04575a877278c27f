// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What directories, names and links do. */
interface NamesContract extends OnFileSystem {
    @Test
    default void directoriesListWhatIsInThem() throws Exception {
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
    default void namesAreWhatTheyAre() throws Exception {
        for (String name : List.of("ä€𝄞", "a b", "new\nline", "!", "%41", "x".repeat(255))) {
            Files.writeString(path("/").resolve(name), name);
            assertThat(Files.readString(path("/" + name))).isEqualTo(name);
        }
        assertThatThrownBy(() -> Files.createFile(path("/" + "x".repeat(256))))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("ENAMETOOLONG");
    }

    @Test
    default void errorsAreTheOnesOfNio() throws Exception {
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
    default void accessIsChecked() throws Exception {
        Files.createFile(path("/f"));
        fs().provider().checkAccess(path("/f"));
        assertThat(Files.isReadable(path("/f"))).isTrue();
        assertThat(Files.isWritable(path("/f"))).isTrue();
        assertThat(Files.isExecutable(path("/f"))).isFalse();
        assertThatThrownBy(
                        () ->
                                fs().provider()
                                        .checkAccess(path("/f"), java.nio.file.AccessMode.EXECUTE))
                .isInstanceOf(AccessDeniedException.class);
    }

    default boolean hasHardLinks() {
        return true;
    }

    @Test
    default void symbolicLinksLead() throws Exception {
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
    default void hardLinksShareAFile() throws Exception {
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
}
