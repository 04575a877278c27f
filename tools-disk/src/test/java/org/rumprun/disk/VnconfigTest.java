// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.fs.Dd;
import org.rumprun.fs.Newfs;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.ToolException;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** {@link Vnconfig} and {@link Vndcompress}. */
@Timeout(60)
class VnconfigTest {
    @TempDir Path dir;

    private static void put(RumpKernel kernel, String file, byte[] bytes) {
        Dd.in(kernel.withInput(new ByteArrayInputStream(bytes)))
                .run(Dd.options().output(file).build());
    }

    private static byte[] bytes(int n) {
        byte[] bytes = new byte[n];
        new Random(1).nextBytes(bytes);
        Arrays.fill(bytes, n / 3, n / 2, (byte) 0);
        return bytes;
    }

    @Test
    void fileBecomesADisk() {
        try (RumpKernel kernel = RumpKernel.boot()) {
            put(kernel, "/tmp/img", new byte[4 << 20]);
            Vnconfig vnd = Vnconfig.in(kernel);
            assertThat(vnd.units()).isEmpty();
            assertThat(vnd.configure("vnd0", "/tmp/img")).isEqualTo(4 << 20);
            assertThat(vnd.units())
                    .singleElement()
                    .satisfies(
                            u -> {
                                assertThat(u.name()).isEqualTo("vnd0");
                                assertThat(u.inode()).isPositive();
                            });
            Newfs.in(kernel).run("/dev/rvnd0a");
            assertThatThrownBy(() -> vnd.configure("vnd0", "/tmp/img"))
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("Device busy");
            vnd.unconfigure("vnd0");
            assertThatThrownBy(() -> vnd.unconfigure("vnd0"))
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("Device not configured");
            assertThat(
                            vnd.configure(
                                    "vnd0",
                                    "/tmp/img",
                                    Vnconfig.options().readOnly().geometry(512, 32, 64, 2).build()))
                    .isEqualTo(2 << 20);
            assertThatThrownBy(() -> put(kernel, "/dev/rvnd0d", new byte[512]))
                    .isInstanceOf(ToolException.class);
            vnd.unconfigureByForce("vnd0");
            assertThat(vnd.units()).isEmpty();
        }
    }

    @Test
    void compressedImageIsADisk() throws Exception {
        Path image = dir.resolve("disk.img");
        Path compressed = dir.resolve("disk.izo");
        byte[] bytes = bytes(600 * 512);
        Files.write(image, bytes);
        Vndcompress.compress(image, compressed);
        assertThat(Files.size(compressed)).isLessThan(bytes.length);
        try (RumpKernel kernel = RumpKernel.boot()) {
            put(kernel, "/tmp/izo", Files.readAllBytes(compressed));
            assertThat(
                            Vnconfig.in(kernel)
                                    .configure(
                                            "vnd0",
                                            "/tmp/izo",
                                            Vnconfig.options().compressed().build()))
                    .isEqualTo(bytes.length);
            Vndcompress.in(kernel).run("-d", "/tmp/izo", "/tmp/img");
        }
        Path back = dir.resolve("back.img");
        Vndcompress.uncompress(compressed, back);
        assertThat(back).hasBinaryContent(bytes);
    }

    @Test
    void compressionGoesOnFromACheckpoint() throws Exception {
        Path image = dir.resolve("disk.img");
        Path whole = dir.resolve("whole.izo");
        Path part = dir.resolve("part.izo");
        Files.write(image, bytes(100_000));
        Vndcompress.compress(image, whole, Vndcompress.options().blockSize(4096).build());
        Vndcompress.compress(
                image, part, Vndcompress.options().blockSize(4096).stopAfter(5).build());
        assertThatThrownBy(() -> Vndcompress.uncompress(part, dir.resolve("out")))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("not complete");
        assertThatThrownBy(
                        () ->
                                Vndcompress.compress(
                                        image,
                                        part,
                                        Vndcompress.options()
                                                .blockSize(8192)
                                                .restartOrFail()
                                                .build()))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("cannot restart");
        Vndcompress.compress(
                image,
                part,
                Vndcompress.options()
                        .blockSize(4096)
                        .checkpointEvery(3)
                        .window(2)
                        .restartOrFail()
                        .build());
        assertThat(part).hasSameBinaryContentAs(whole);
    }
}
