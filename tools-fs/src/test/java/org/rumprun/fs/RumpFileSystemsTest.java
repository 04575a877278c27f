// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderNotFoundException;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpKernel;

@Timeout(60)
class RumpFileSystemsTest {
    @TempDir Path folder;
    private Path image;

    @BeforeEach
    void make() throws IOException {
        image = folder.resolve("a !disk.img");
        Newfs.run(image, Newfs.options().size(8 << 20).build());
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Files.createDirectory(fs.getPath("/dir"));
            Files.writeString(fs.getPath("/dir/a b%!"), "hello");
        }
    }

    @Test
    void whatWasWrittenIsThereWhenOpenedAgain() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            assertThat(Files.readString(fs.getPath("/dir/a b%!"))).isEqualTo("hello");
            assertThat(fs.isReadOnly()).isFalse();
        }
        assertThat(FsckFfs.isClean(image)).isTrue();
    }

    @Test
    void readOnlyChangesNothing() throws Exception {
        byte[] before = Files.readAllBytes(image);
        try (FileSystem fs =
                RumpFileSystems.open(image, new RumpFileSystems.Options().readOnly(true))) {
            Path file = fs.getPath("/dir/a b%!");
            assertThat(Files.readString(file)).isEqualTo("hello");
            assertThat(fs.isReadOnly()).isTrue();
            assertThat(Files.isWritable(file)).isFalse();
            assertThatThrownBy(() -> Files.delete(file))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.writeString(file, "x"))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
            assertThatThrownBy(() -> Files.createDirectory(fs.getPath("/x")))
                    .isInstanceOf(ReadOnlyFileSystemException.class);
        }
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }

    @Test
    void urisLeadToFiles() throws Exception {
        URI uri = URI.create("rump:" + image.toUri());
        assertThatThrownBy(() -> FileSystems.getFileSystem(uri))
                .isInstanceOf(FileSystemNotFoundException.class);
        try (FileSystem fs = FileSystems.newFileSystem(uri, Map.of("readOnly", true))) {
            assertThat(FileSystems.getFileSystem(uri)).isSameAs(fs);
            assertThatThrownBy(() -> FileSystems.newFileSystem(uri, Map.of()))
                    .isInstanceOf(FileSystemAlreadyExistsException.class);
            Path file = fs.getPath("/dir/a b%!");
            assertThat(Path.of(file.toUri())).isEqualTo(file);
            assertThat(Files.readString(Path.of(file.toUri()))).isEqualTo("hello");
        }
        assertThatThrownBy(() -> FileSystems.getFileSystem(uri))
                .isInstanceOf(FileSystemNotFoundException.class);
    }

    @Test
    void installedProviderKnowsImagesAndNothingElse() throws Exception {
        try (FileSystem fs = FileSystems.newFileSystem(image)) {
            assertThat(Files.isDirectory(fs.getPath("/dir"))).isTrue();
        }
        Path text = Files.writeString(folder.resolve("text"), "x".repeat(100_000));
        assertThatThrownBy(() -> FileSystems.newFileSystem(text))
                .isInstanceOf(ProviderNotFoundException.class);
    }

    @Test
    void twoWritersAreRefused() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            assertThatThrownBy(() -> RumpFileSystems.open(image))
                    .isInstanceOf(FileSystemException.class)
                    .hasMessageContaining(image.toString())
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
            assertThat(fs.isOpen()).isTrue();
        }
        RumpFileSystems.open(image).close();
    }

    @Test
    void whatIsNoImageIsRefused() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "x".repeat(100_000));
        assertThatThrownBy(() -> RumpFileSystems.open(text))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> RumpFileSystems.open(folder.resolve("none")))
                .isInstanceOf(NoSuchFileException.class);
        Path empty = Files.createFile(folder.resolve("empty"));
        assertThatThrownBy(() -> RumpFileSystems.open(empty)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> RumpFileSystems.open(folder)).isInstanceOf(IOException.class);
    }

    @Test
    void partOfAnImageIsAFileSystemToo() throws Exception {
        Path disk = folder.resolve("whole.img");
        long begin = 1 << 20;
        try (FileChannel from = FileChannel.open(image);
                FileChannel to =
                        FileChannel.open(
                                disk, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            to.position(begin);
            from.transferTo(0, from.size(), to);
        }
        try (FileSystem fs =
                RumpFileSystems.open(
                        disk, new RumpFileSystems.Options().window(begin, Files.size(image)))) {
            assertThat(Files.readString(fs.getPath("/dir/a b%!"))).isEqualTo("hello");
        }
    }

    @Test
    void linksDoNotLeadOutOfAView() throws Exception {
        try (RumpKernel kernel = RumpKernel.builder().disk("/dev/disk0", image).boot()) {
            Mkdir.in(kernel).run("/mnt");
            Mount.in(kernel).mount("ffs", "/dev/disk0", "/mnt");
            Ln.in(kernel).run("-s", "/dir", "/mnt/abs");
            Ln.in(kernel).run("-s", "../../../dev", "/mnt/up");
            try (FileSystem fs = RumpFileSystems.open(kernel, "/mnt")) {
                assertThat(Files.readString(fs.getPath("/abs/a b%!"))).isEqualTo("hello");
                assertThat(Files.exists(fs.getPath("/up"))).isFalse();
                assertThat(Files.exists(fs.getPath("/../../dev"))).isFalse();
            }
            assertThatThrownBy(() -> RumpFileSystems.open(kernel, "/none"))
                    .isInstanceOf(NoSuchFileException.class);
        }
    }

    @Test
    void imagesAreCopiedBetween() throws Exception {
        Path second = folder.resolve("second.img");
        Newfs.run(second, Newfs.options().size(8 << 20).format(FfsFormat.UFS2).build());
        try (FileSystem a = RumpFileSystems.open(image);
                FileSystem b = RumpFileSystems.open(second)) {
            Files.copy(a.getPath("/dir/a b%!"), b.getPath("/copy"));
            assertThat(Files.readString(b.getPath("/copy"))).isEqualTo("hello");
            Files.move(a.getPath("/dir/a b%!"), b.getPath("/moved"));
            assertThat(Files.exists(a.getPath("/dir/a b%!"))).isFalse();
            assertThat(Files.readString(b.getPath("/moved"))).isEqualTo("hello");
        }
    }

    @Test
    void usersHaveTheNamesOfTheImage() throws Exception {
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Files.createDirectory(fs.getPath("/etc"));
            Files.writeString(fs.getPath("/etc/passwd"), "alice:*:7:8:Alice:/:/bin/sh\n");
            var users = fs.getUserPrincipalLookupService();
            Files.setOwner(fs.getPath("/dir"), users.lookupPrincipalByName("alice"));
            assertThat(Files.getOwner(fs.getPath("/dir")).getName()).isEqualTo("alice");
            assertThat(Files.getAttribute(fs.getPath("/dir"), "unix:uid")).isEqualTo(7);
            assertThatThrownBy(() -> users.lookupPrincipalByName("bob"))
                    .isInstanceOf(java.nio.file.attribute.UserPrincipalNotFoundException.class);
        }
    }
}
