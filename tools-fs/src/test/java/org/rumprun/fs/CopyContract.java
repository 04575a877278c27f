// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Copies and moves within a file system. */
interface CopyContract extends OnFileSystem {
    private Path file(String name) throws Exception {
        return Files.writeString(path(name), name);
    }

    @Test
    default void copiesReplaceWhenTold() throws Exception {
        Path from = file("/from");
        assertThatThrownBy(() -> Files.copy(path("/none"), path("/x")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.copy(from, path("/none/x")))
                .isInstanceOf(NoSuchFileException.class);
        Path to = file("/to");
        assertThatThrownBy(() -> Files.copy(from, to))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("/to");
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.readString(to)).isEqualTo("/from");
        Files.copy(from, Files.createDirectory(path("/e")), StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.isRegularFile(path("/e"))).isTrue();
        Files.createDirectories(path("/d/sub"));
        assertThatThrownBy(() -> Files.copy(from, path("/d"), StandardCopyOption.REPLACE_EXISTING))
                .isInstanceOf(DirectoryNotEmptyException.class);
        assertThatThrownBy(() -> Files.copy(path("/d"), to))
                .isInstanceOf(FileAlreadyExistsException.class);
        Files.copy(path("/d"), to, StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.isDirectory(to)).isTrue();
        assertThat(Files.exists(path("/to/sub"))).isFalse();
    }

    @Test
    default void aCopyOntoItselfIsNone() throws Exception {
        Path from = file("/from");
        Files.createSymbolicLink(path("/link"), path("from"));
        Files.copy(from, from);
        Files.copy(from, from, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(path("/link"), from, StandardCopyOption.REPLACE_EXISTING);
        Files.move(from, from);
        assertThat(Files.readString(from)).isEqualTo("/from");
        assertThat(Files.isSymbolicLink(path("/link"))).isTrue();
    }

    @Test
    default void linksAreCopiedOrFollowed() throws Exception {
        file("/from");
        Files.createSymbolicLink(path("/link"), path("from"));
        Files.copy(path("/link"), path("/data"));
        assertThat(Files.isSymbolicLink(path("/data"))).isFalse();
        Files.copy(path("/link"), path("/l2"), LinkOption.NOFOLLOW_LINKS);
        assertThat(Files.readSymbolicLink(path("/l2"))).isEqualTo(path("from"));
        file("/other");
        Files.copy(path("/other"), path("/l2"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.isSymbolicLink(path("/l2"))).isFalse();
        assertThat(Files.readString(path("/from"))).isEqualTo("/from");
        Files.createSymbolicLink(path("/dangling"), path("none"));
        assertThatThrownBy(() -> Files.copy(path("/dangling"), path("/x")))
                .isInstanceOf(NoSuchFileException.class);
        Files.copy(path("/dangling"), path("/x"), LinkOption.NOFOLLOW_LINKS);
        assertThat(Files.isSymbolicLink(path("/x"))).isTrue();
    }

    @Test
    default void attributesAreCopiedWhenTold() throws Exception {
        Path from = file("/from");
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_000_000_000, 123_000));
        Files.setPosixFilePermissions(from, PosixFilePermissions.fromString("rwx--x-w-"));
        Files.setLastModifiedTime(from, time);
        Files.copy(from, path("/plain"));
        assertThat(Files.getLastModifiedTime(path("/plain"))).isNotEqualTo(time);
        Files.copy(from, path("/exact"), StandardCopyOption.COPY_ATTRIBUTES);
        assertThat(Files.getLastModifiedTime(path("/exact"))).isEqualTo(time);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path("/exact"))))
                .isEqualTo("rwx--x-w-");
        Path dir = Files.createDirectory(path("/dir"));
        Files.setLastModifiedTime(dir, time);
        Files.copy(dir, path("/dir2"), StandardCopyOption.COPY_ATTRIBUTES);
        assertThat(Files.getLastModifiedTime(path("/dir2"))).isEqualTo(time);
    }

    @Test
    default void strangeOptionsAreRefused() throws Exception {
        Path from = file("/from");
        CopyOption strange = new CopyOption() {};
        CopyOption none = null;
        assertThatThrownBy(() -> Files.copy(from, path("/x"), strange))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.move(from, path("/x"), strange))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.copy(from, path("/x"), StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.move(from, path("/x"), StandardCopyOption.COPY_ATTRIBUTES))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.copy(from, path("/x"), none))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Files.move(from, path("/x"), none))
                .isInstanceOf(NullPointerException.class);
        assertThat(Files.exists(path("/x"))).isFalse();
    }

    @Test
    default void movesReplaceWhenTold() throws Exception {
        assertThatThrownBy(() -> Files.move(path("/none"), path("/x")))
                .isInstanceOf(NoSuchFileException.class);
        Path from = file("/from");
        assertThatThrownBy(() -> Files.move(from, path("/none/x")))
                .isInstanceOf(NoSuchFileException.class);
        Path to = file("/to");
        assertThatThrownBy(() -> Files.move(from, to))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readString(to)).isEqualTo("/to");
        Files.createDirectories(path("/d/sub"));
        assertThatThrownBy(() -> Files.move(from, path("/d"), StandardCopyOption.REPLACE_EXISTING))
                .isInstanceOf(DirectoryNotEmptyException.class);
        Files.createSymbolicLink(path("/link"), path("to"));
        Files.move(from, path("/link"), StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.isSymbolicLink(path("/link"))).isFalse();
        assertThat(Files.readString(to)).isEqualTo("/to");
        Files.move(path("/d"), to, StandardCopyOption.REPLACE_EXISTING);
        assertThat(Files.isDirectory(path("/to/sub"))).isTrue();
        assertThatThrownBy(() -> Files.move(path("/to"), path("/to/sub/in")))
                .isInstanceOf(FileSystemException.class);
    }

    @Test
    default void movesTakeLinksAsTheyAre() throws Exception {
        file("/from");
        Files.createSymbolicLink(path("/link"), path("from"));
        Files.move(path("/link"), path("/moved"));
        assertThat(Files.readSymbolicLink(path("/moved"))).isEqualTo(path("from"));
        Files.createSymbolicLink(path("/dangling"), path("none"));
        Files.move(path("/dangling"), path("/still"));
        assertThat(Files.isSymbolicLink(path("/still"))).isTrue();
        assertThat(Files.exists(path("/from"))).isTrue();
    }

    @Test
    default void atomicMovesReplace() throws Exception {
        file("/from");
        file("/to");
        Files.move(path("/from"), path("/to"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(Files.readString(path("/to"))).isEqualTo("/from");
        assertThatThrownBy(
                        () ->
                                Files.move(
                                        path("/none"),
                                        path("/to"),
                                        StandardCopyOption.ATOMIC_MOVE,
                                        StandardCopyOption.REPLACE_EXISTING))
                .isInstanceOf(NoSuchFileException.class);
    }
}
