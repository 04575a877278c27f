// SPDX-License-Identifier: BSD-2-Clause
package com.example.i386;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.fs.FsckFfs;
import org.rumprun.fs.Ls;
import org.rumprun.fs.Mkdir;
import org.rumprun.fs.Mount;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;
import org.rumprun.kernel.RumpKernel;

/** The Java classes on a 32-bit JVM, where the machine has one. */
class Java32Test {
    private static final Path JVMS = Path.of("/usr/lib/jvm");

    @TempDir Path folder;

    /** What the other JVM runs. */
    public static final class Program {
        private Program() {}

        public static void main(String[] args) throws Exception {
            Path image = Path.of(args[0]);
            byte[] data = new byte[300_000];
            data[299_999] = 42;
            Newfs.run(image);
            try (FileSystem fs = RumpFileSystems.open(image)) {
                Files.write(fs.getPath("/data"), data);
            }
            try (RumpKernel kernel = RumpKernel.builder().disk("/dev/disk0", image).boot()) {
                Mkdir.in(kernel).run("/mnt");
                Mount.in(kernel).mount("ffs", "/dev/disk0", "/mnt");
                check(Ls.in(kernel).list("/mnt").get(0).size() == data.length);
                try (FileSystem fs = RumpFileSystems.open(kernel, "/mnt")) {
                    check(Files.readAllBytes(fs.getPath("/data"))[299_999] == 42);
                }
            }
            check(FsckFfs.isClean(image));
            System.out.println("done on " + System.getProperty("os.arch"));
        }

        private static void check(boolean fine) {
            if (!fine) {
                throw new AssertionError();
            }
        }
    }

    private static List<Path> jvms() throws IOException {
        if (!Files.isDirectory(JVMS)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(JVMS)) {
            return all.filter(dir -> dir.getFileName().toString().endsWith("-i386"))
                    .map(dir -> dir.resolve("bin").resolve("java"))
                    .filter(Files::isExecutable)
                    .toList();
        }
    }

    @Test
    void imagesAreMadeAndReadOnA32BitJvm() throws Exception {
        List<Path> jvms = jvms();
        assumeTrue(!jvms.isEmpty(), "no 32-bit JVM: there is no " + JVMS + "/*-i386/bin/java");
        assumeTrue(
                getClass().getResource("/META-INF/native/linux-i386/tools-fs") != null,
                "built without i386 natives");
        Path out = folder.resolve("out");
        Process process =
                new ProcessBuilder(
                                jvms.get(0).toString(),
                                "-Drumprun.native.cache=" + folder.resolve("cache"),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Program.class.getName(),
                                folder.resolve("disk.img").toString())
                        .redirectErrorStream(true)
                        .redirectOutput(out.toFile())
                        .start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        String said = Files.readString(out, StandardCharsets.UTF_8);
        assertEquals(0, process.exitValue(), said);
        assertTrue(said.contains("done on i386") || said.contains("done on x86"), said);
    }
}
