// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpNatives;

/** The loader in programs of their own: a class loads once. */
@Timeout(60)
class NativesTest {
    @TempDir Path folder;

    /** What the programs run. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) {
            System.out.println("available " + RumpNatives.isAvailable());
            RumpNatives.unavailabilityCause().ifPresent(e -> System.out.println(e.getMessage()));
            if (RumpNatives.isAvailable()) {
                System.out.println(RumpNatives.version());
            }
        }
    }

    /** Where a class comes from, on the class path or not. */
    private static String home(Class<?> type) throws Exception {
        String name = "/" + type.getName().replace('.', '/') + ".class";
        String url = type.getResource(name).toString();
        String root = url.substring(0, url.length() - name.length());
        if (root.startsWith("jar:")) {
            root = root.substring("jar:".length(), root.length() - "!".length());
        }
        return Path.of(URI.create(root)).toString();
    }

    private static List<String> java(String... properties) throws Exception {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of(properties));
        line.addAll(
                List.of(
                        "-cp",
                        String.join(
                                File.pathSeparator,
                                home(Program.class),
                                home(RumpNatives.class),
                                home(com.sun.jna.Native.class))));
        line.add(Program.class.getName());
        return line;
    }

    private String run(String... properties) throws Exception {
        return start(java(properties));
    }

    private String start(List<String> line) throws Exception {
        Path out = folder.resolve("out");
        Process process =
                new ProcessBuilder(line)
                        .redirectErrorStream(true)
                        .redirectOutput(out.toFile())
                        .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return Files.readString(out, StandardCharsets.UTF_8);
    }

    @Test
    void folderWithoutNativesIsNamed() throws Exception {
        assertThat(run("-Drumprun.native.dir=" + folder))
                .contains("available false")
                .contains("librumprun-kernel.so")
                .contains(folder.toString());
    }

    @Test
    void platformWithoutNativesIsNamed() throws Exception {
        assertThat(run("-Dos.arch=s390x", "-Djna.nosys=true"))
                .contains("available false")
                .contains("s390x");
    }

    @Test
    void cacheFolderThatCannotBeMadeIsNamed() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        String said = run("-Drumprun.native.cache=" + file.resolve("cache"));
        assertThat(said)
                .contains("available false")
                .contains(file.toString())
                .contains("-Drumprun.native.cache");
    }

    /** A real mount, in a namespace of its own. */
    @Test
    void noexecCacheFolderIsNamed() throws Exception {
        Path mount = Files.createDirectory(folder.resolve("noexec"));
        String script =
                "mount -t tmpfs -o noexec tmpfs " + mount + " && echo mounted && exec \"$@\"";
        List<String> line = new ArrayList<>(List.of("unshare", "-rm", "sh", "-c", script, "sh"));
        line.addAll(java("-Drumprun.native.cache=" + mount.resolve("cache")));
        String said;
        try {
            said = start(line);
        } catch (IOException e) {
            said = e.getMessage();
        }
        assumeTrue(said.contains("mounted"), "nothing can be mounted here: " + said);
        assertThat(said)
                .contains("available false")
                .contains(mount.resolve("cache") + " is in " + mount)
                .contains("mounted noexec")
                .contains("-Drumprun.native.cache=FOLDER");
    }

    @Test
    void cacheFolderIsMadeAndUsed() throws Exception {
        Path cache = folder.resolve("cache");
        assertThat(run("-Drumprun.native.cache=" + cache))
                .contains("available true")
                .contains("NetBSD");
        try (var all = Files.walk(cache)) {
            assertThat(all.map(p -> p.getFileName().toString()))
                    .contains("librumprun-kernel.so", "rumprun-kernel");
        }
    }
}
