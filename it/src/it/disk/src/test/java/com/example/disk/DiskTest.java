// SPDX-License-Identifier: BSD-2-Clause
package com.example.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.disk.Cgd;
import org.rumprun.disk.CgdParams;
import org.rumprun.disk.Disklabel;
import org.rumprun.disk.Label;
import org.rumprun.disk.Partition;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;
import org.rumprun.kernel.RumpKernel;

import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** One dependency: labels, encryption, and the file systems on them. */
class DiskTest {
    private static final int SIZE = 8 << 20;
    private static final int FIRST = 2048;
    private static final char[] PASSPHRASE = "a passphrase".toCharArray();

    @TempDir Path folder;

    private Path labelled(String type) throws Exception {
        Path image = Files.write(folder.resolve("disk.img"), new byte[SIZE]);
        Disklabel.write(
                image, Label.of(SIZE).with(new Partition('a', SIZE / 512 - FIRST, FIRST, type)));
        return image;
    }

    @Test
    void aLabelledImageIsAFileSystem() throws Exception {
        Path image = labelled(Partition.FFS);
        try (RumpKernel kernel = RumpKernel.boot()) {
            kernel.attach("/dev/part", image, FIRST * 512L, SIZE - FIRST * 512L);
            Newfs.in(kernel).run("/dev/rpart");
        }
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Files.writeString(fs.getPath("/file"), "found");
        }
        try (FileSystem fs =
                RumpFileSystems.open(image, RumpFileSystems.options().partition("a"))) {
            assertEquals("found", Files.readString(fs.getPath("/file")));
        }
        assertEquals(FIRST, Disklabel.read(image).partition('a').orElseThrow().offset());
    }

    @Test
    void anEncryptedPartitionOpensByItsPassphrase() throws Exception {
        Path image = labelled("cgd");
        CgdParams params =
                new CgdParams(
                        CgdParams.Cipher.AES_CBC,
                        256,
                        CgdParams.IvMethod.ENCBLKNO1,
                        CgdParams.Verification.FFS,
                        Optional.of(new CgdParams.Derivation(1000, new byte[16])));
        try (RumpKernel kernel = RumpKernel.boot()) {
            kernel.attach("/dev/part", image, FIRST * 512L, SIZE - FIRST * 512L);
            CgdParams unverified = params.verifiedBy(CgdParams.Verification.NONE);
            Cgd.in(kernel).configure("cgd0", "/dev/part", unverified, PASSPHRASE);
            Newfs.in(kernel).run("/dev/rcgd0a");
        }
        try (FileSystem fs = open(image, params, PASSPHRASE)) {
            Files.writeString(fs.getPath("/file"), "hidden");
        }
        try (FileSystem fs = open(image, params, PASSPHRASE)) {
            assertEquals("hidden", Files.readString(fs.getPath("/file")));
        }
        FileSystemException refused =
                assertThrows(
                        FileSystemException.class,
                        () -> open(image, params, "another".toCharArray()).close());
        assertTrue(refused.getReason().contains("verification failed"));
    }

    private static FileSystem open(Path image, CgdParams params, char[] passphrase)
            throws Exception {
        return RumpFileSystems.open(
                image, RumpFileSystems.options().layer(Cgd.layer(params, passphrase)));
    }
}
