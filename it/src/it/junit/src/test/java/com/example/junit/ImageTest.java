// SPDX-License-Identifier: BSD-2-Clause
package com.example.junit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.fs.FsckFfs;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;

class ImageTest {
    @TempDir Path folder;
    private Path image;

    @BeforeEach
    void makeImage() {
        image = folder.resolve("disk.img");
        Newfs.run(image);
    }

    @Test
    void newImageIsClean() {
        assertEquals(0, FsckFfs.run(image, "-f", "-n").status());
    }

    @Test
    void whatIsWrittenIsReadBackAndClean() throws Exception {
        byte[] data = new byte[300_000];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 31);
        }
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Path dir = Files.createDirectories(fs.getPath("/a/b"));
            Files.write(dir.resolve("data"), data);
            Files.createSymbolicLink(dir.resolve("link"), fs.getPath("data"));
        }
        assertEquals(0, FsckFfs.run(image, "-f", "-n").status());
        try (FileSystem fs = RumpFileSystems.open(image)) {
            assertArrayEquals(data, Files.readAllBytes(fs.getPath("/a/b/link")));
            try (Stream<Path> entries = Files.list(fs.getPath("/a/b"))) {
                List<String> names = entries.map(p -> p.getFileName().toString()).sorted().toList();
                assertEquals(List.of("data", "link"), names);
            }
            assertTrue(Files.isSymbolicLink(fs.getPath("/a/b/link")));
        }
    }
}
