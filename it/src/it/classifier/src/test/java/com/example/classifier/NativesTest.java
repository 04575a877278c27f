// SPDX-License-Identifier: BSD-2-Clause
package com.example.classifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs unpacked from the classifier jars, without any Java of ours. */
class NativesTest {
    private static final String NATIVES = "/META-INF/native/linux-amd64/";

    @TempDir Path folder;

    @BeforeEach
    void unpack() throws IOException {
        for (String name :
                List.of("librumprun-kernel.so", "libtools-fs.so", "rumprun-kernel", "tools-fs")) {
            try (InputStream in = getClass().getResourceAsStream(NATIVES + name)) {
                assertNotNull(in, name);
                Files.copy(in, folder.resolve(name));
            }
            folder.resolve(name).toFile().setExecutable(true);
        }
        for (String tool : List.of("newfs", "fsck_ffs", "dumpfs")) {
            Files.createSymbolicLink(folder.resolve(tool), Path.of("tools-fs"));
        }
    }

    @Test
    void executablesMakeAndCheckAnImage() throws Exception {
        String image = folder.resolve("disk.img").toString();
        assertEquals(0, run("newfs", "-F", "-s", "8m", image));
        assertEquals(0, run("fsck_ffs", "-f", "-n", image));
        assertEquals(0, run("dumpfs", "-s", image));
    }

    private int run(String... command) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(command));
        line.set(0, folder.resolve(command[0]).toString());
        return new ProcessBuilder(line).inheritIO().start().waitFor();
    }
}
