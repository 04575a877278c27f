// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What attributes say, and what copies and moves keep. */
interface AttributesContract extends OnFileSystem {
    @Test
    default void attributesAreReadAndSet() throws Exception {
        Path file = Files.write(path("/f"), new byte[1000]);
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_000_000_000));
        Files.setLastModifiedTime(file, time);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
        PosixFileAttributeView view =
                Files.getFileAttributeView(file, PosixFileAttributeView.class);
        view.setOwner(fs().getUserPrincipalLookupService().lookupPrincipalByName("12"));
        view.setGroup(fs().getUserPrincipalLookupService().lookupPrincipalByGroupName("34"));
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
    default void storeTellsItsSpace() throws Exception {
        var store = Files.getFileStore(path("/"));
        assertThat(store.type()).isNotEmpty();
        assertThat(store.isReadOnly()).isFalse();
        assertThat(store.getTotalSpace()).isPositive();
        assertThat(store.getUnallocatedSpace()).isLessThanOrEqualTo(store.getTotalSpace());
        assertThat(store.supportsFileAttributeView("posix")).isTrue();
        assertThat(fs().getFileStores()).hasSize(1);
    }

    @Test
    default void copiesKeepDataAndAttributes() throws Exception {
        byte[] data = OnFileSystem.bytes(200_000);
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
        Path host = Files.copy(from, folder().resolve("out"));
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
    default void movesReplaceOrRefuse() throws Exception {
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
        Path host = folder().resolve("moved");
        Files.move(path("/h"), host);
        assertThat(host).hasContent("f");
        assertThat(Files.exists(path("/h"))).isFalse();
        Files.writeString(path("/again"), "x");
        assertThatThrownBy(
                        () ->
                                Files.move(
                                        path("/again"),
                                        folder().resolve("x"),
                                        StandardCopyOption.ATOMIC_MOVE))
                .isInstanceOf(AtomicMoveNotSupportedException.class);
    }
}
