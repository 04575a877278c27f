// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Attributes by views and by names, and the store. */
interface ViewContract extends OnFileSystem {
    private Path file() throws IOException {
        return Files.write(path("/f"), new byte[10]);
    }

    @Test
    default void viewsHaveTheirNames() throws Exception {
        Path file = file();
        assertThat(Files.getFileAttributeView(file, BasicFileAttributeView.class).name())
                .isEqualTo("basic");
        assertThat(Files.getFileAttributeView(file, PosixFileAttributeView.class).name())
                .isEqualTo("posix");
        assertThat(Files.getFileAttributeView(file, FileOwnerAttributeView.class).name())
                .isEqualTo("owner");
        assertThat(Files.getFileAttributeView(file, AclFileAttributeView.class)).isNull();
        assertThatThrownBy(() -> Files.getFileAttributeView(file, null))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Files.readAttributes(file, Strange.class))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(fs().supportedFileAttributeViews()).contains("basic", "owner", "posix", "unix");
        assertThatThrownBy(() -> Files.isDirectory(file, (LinkOption) null))
                .isInstanceOf(NullPointerException.class);
        // views are of names: the file need not be there yet
        var view = Files.getFileAttributeView(path("/later"), BasicFileAttributeView.class);
        assertThatThrownBy(view::readAttributes).isInstanceOf(NoSuchFileException.class);
    }

    /** No provider knows these. */
    interface Strange extends BasicFileAttributes {}

    @Test
    default void namesSelectAttributes() throws Exception {
        Path file = file();
        assertThat(Files.readAttributes(file, "size,isDirectory"))
                .hasSize(2)
                .containsEntry("size", 10L)
                .containsEntry("isDirectory", false);
        assertThat(Files.readAttributes(file, "basic:size")).containsOnlyKeys("size");
        assertThat(Files.readAttributes(file, "*"))
                .containsOnlyKeys(
                        "size",
                        "creationTime",
                        "lastAccessTime",
                        "lastModifiedTime",
                        "fileKey",
                        "isDirectory",
                        "isRegularFile",
                        "isSymbolicLink",
                        "isOther");
        assertThat(Files.readAttributes(file, "posix:*"))
                .containsKeys("size", "owner", "group", "permissions")
                .hasSize(12);
        assertThat(Files.readAttributes(file, "owner:*")).containsOnlyKeys("owner");
        assertThat(Files.readAttributes(file, "unix:*"))
                .containsKeys(
                        "mode",
                        "ino",
                        "dev",
                        "rdev",
                        "nlink",
                        "uid",
                        "gid",
                        "ctime",
                        "permissions");
        for (String bad : new String[] {"", "none", "size,none", "*,none", "unix:none", "basic:"}) {
            assertThatThrownBy(() -> Files.readAttributes(file, bad))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> Files.readAttributes(file, "none:size"))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.getAttribute(file, "*"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Files.readAttributes(path("/none"), "*"))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    default void valuesAreSetByName() throws Exception {
        Path file = file();
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_234_567_890));
        Files.setAttribute(file, "lastModifiedTime", time);
        assertThat(Files.getAttribute(file, "basic:lastModifiedTime")).isEqualTo(time);
        Files.setAttribute(file, "posix:permissions", Set.of(PosixFilePermission.OWNER_READ));
        assertThat((int) Files.getAttribute(file, "unix:mode") & 0777).isEqualTo(0400);
        Files.setAttribute(file, "owner:owner", Files.getOwner(file));
        assertThatThrownBy(() -> Files.setAttribute(file, "basic:size", 1L))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Files.setAttribute(file, "posix:none", 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Files.setAttribute(file, "none:size", 1L))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.setAttribute(file, "lastModifiedTime", "yesterday"))
                .isInstanceOf(ClassCastException.class);
    }

    @Test
    default void timesAreSetOneByOne() throws Exception {
        Path file = file();
        var view = Files.getFileAttributeView(file, BasicFileAttributeView.class);
        FileTime past = FileTime.from(Instant.ofEpochSecond(1_000_000_000, 123_456_000));
        FileTime other = FileTime.from(Instant.ofEpochSecond(1_100_000_000));
        view.setTimes(past, other, null);
        view.setTimes(null, null, null);
        assertThat(view.readAttributes().lastModifiedTime()).isEqualTo(past);
        assertThat(view.readAttributes().lastAccessTime()).isEqualTo(other);
        view.setTimes(other, null, null);
        assertThat(view.readAttributes().lastModifiedTime()).isEqualTo(other);
        assertThat(view.readAttributes().lastAccessTime()).isEqualTo(other);
        view.setTimes(null, past, null);
        assertThat(view.readAttributes().lastModifiedTime()).isEqualTo(other);
        assertThat(view.readAttributes().lastAccessTime()).isEqualTo(past);
        FileTime old = FileTime.from(Instant.ofEpochSecond(-1000));
        view.setTimes(old, null, null);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(old);
        assertThat(view.readAttributes().creationTime()).isNotNull();
        assertThatThrownBy(() -> Files.setLastModifiedTime(path("/none"), past))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    default void everyPermissionIsKept() throws Exception {
        Path file = file();
        for (PosixFilePermission one : PosixFilePermission.values()) {
            Files.setPosixFilePermissions(file, EnumSet.of(one));
            assertThat(Files.getPosixFilePermissions(file)).containsExactly(one);
        }
        Files.setPosixFilePermissions(file, Set.of());
        assertThat(Files.getPosixFilePermissions(file)).isEmpty();
        assertThatThrownBy(() -> Files.setPosixFilePermissions(file, null))
                .isInstanceOf(NullPointerException.class);
        FileAttribute<?> owner =
                PosixFilePermissions.asFileAttribute(EnumSet.allOf(PosixFilePermission.class));
        Files.createDirectory(path("/d"), owner);
        assertThat(Files.getPosixFilePermissions(path("/d")))
                .contains(PosixFilePermission.OWNER_WRITE, PosixFilePermission.OTHERS_READ);
        FileAttribute<Long> strange =
                new FileAttribute<>() {
                    @Override
                    public String name() {
                        return "basic:size";
                    }

                    @Override
                    public Long value() {
                        return 1L;
                    }
                };
        assertThatThrownBy(() -> Files.createFile(path("/x"), strange))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> Files.createDirectory(path("/x"), strange))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(Files.exists(path("/x"))).isFalse();
    }

    @Test
    default void ownersAreTheFileSystems() throws Exception {
        Path file = file();
        var view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        UserPrincipal owner = Files.getOwner(file);
        assertThat(Files.setOwner(file, owner)).isEqualTo(file);
        view.setGroup(view.readAttributes().group());
        assertThat(view.getOwner()).isEqualTo(owner).hasSameHashCodeAs(owner);
        UserPrincipal foreign = () -> "foreign";
        assertThatThrownBy(() -> view.setOwner(foreign))
                .isInstanceOf(ProviderMismatchException.class);
        assertThatThrownBy(() -> view.setOwner(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> view.setGroup(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> view.setOwner(view.readAttributes().group()))
                .isInstanceOf(IOException.class);
        var users = fs().getUserPrincipalLookupService();
        assertThatThrownBy(() -> users.lookupPrincipalByName("nobody of that name"))
                .isInstanceOf(UserPrincipalNotFoundException.class);
        assertThatThrownBy(() -> users.lookupPrincipalByGroupName("nobody of that name"))
                .isInstanceOf(UserPrincipalNotFoundException.class);
    }

    @Test
    default void linksHaveAttributesOfTheirOwn() throws Exception {
        file();
        Path link = Files.createSymbolicLink(path("/link"), path("f"));
        BasicFileAttributes own =
                Files.readAttributes(link, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        assertThat(own.isSymbolicLink()).isTrue();
        assertThat(own.size()).isEqualTo(1);
        assertThat(Files.size(link)).isEqualTo(10);
        assertThat(own.fileKey())
                .isNotEqualTo(Files.readAttributes(link, BasicFileAttributes.class).fileKey());
        FileTime time = FileTime.from(Instant.ofEpochSecond(1_000_000_000));
        Files.getFileAttributeView(link, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .setTimes(time, null, null);
        assertThat(Files.getLastModifiedTime(link, LinkOption.NOFOLLOW_LINKS)).isEqualTo(time);
        assertThat(Files.getLastModifiedTime(link)).isNotEqualTo(time);
    }

    @Test
    default void theStoreHasItsAttributes() throws Exception {
        Path file = file();
        FileStore store = Files.getFileStore(file);
        assertThat(store.name()).isNotEmpty();
        assertThat(store).isEqualTo(Files.getFileStore(path("/")));
        assertThat(store).hasSameHashCodeAs(Files.getFileStore(path("/")));
        assertThat(store.getAttribute("totalSpace")).isEqualTo(store.getTotalSpace());
        assertThat((long) store.getAttribute("usableSpace")).isPositive();
        assertThat((long) store.getAttribute("unallocatedSpace")).isPositive();
        assertThat(store.getBlockSize()).isPositive();
        assertThatThrownBy(() -> store.getAttribute("none"))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(store.supportsFileAttributeView(BasicFileAttributeView.class)).isTrue();
        assertThat(store.supportsFileAttributeView("owner")).isTrue();
        assertThat(store.supportsFileAttributeView("none")).isFalse();
        assertThat(store.getFileStoreAttributeView(FileStoreAttributeView.class)).isNull();
        assertThatThrownBy(() -> Files.getFileStore(path("/none")))
                .isInstanceOf(FileSystemException.class);
    }
}
