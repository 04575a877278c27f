// SPDX-License-Identifier: BSD-2-Clause
package com.example.modules;

import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;

/** The same, as a named module. */
public final class Main {
    private Main() {}

    /** Makes an image, writes a file into it, and reads it back. */
    public static void main(String[] args) throws Exception {
        Path image = Path.of(args[0]);
        Files.deleteIfExists(image);
        Newfs.run(image);
        try (FileSystem fs = RumpFileSystems.open(image)) {
            Files.writeString(fs.getPath("/hello"), "hello, image\n");
        }
        try (FileSystem fs = RumpFileSystems.open(image)) {
            String text = Files.readString(fs.getPath("/hello"), StandardCharsets.UTF_8);
            if (!text.equals("hello, image\n")) {
                throw new AssertionError("read back: " + text);
            }
        }
        System.out.println("made, written, read: " + image.getFileName());
    }
}
