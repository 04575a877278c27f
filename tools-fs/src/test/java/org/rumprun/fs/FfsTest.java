// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.ToolResult;

/** Images in both formats and byte orders, without and with a journal; all check clean after. */
class FfsTest {
    abstract static class Ffs extends FileSystemContract {
        private final FfsFormat format;
        private final ByteOrder order;
        private final boolean log;
        private Path image;

        Ffs(FfsFormat format, ByteOrder order, boolean log) {
            this.format = format;
            this.order = order;
            this.log = log;
        }

        @Override
        FileSystem create(Path folder) throws IOException {
            image = folder.resolve("disk.img");
            Newfs.run(
                    image, Newfs.options().size(16 << 20).format(format).byteOrder(order).build());
            return RumpFileSystems.open(image, new RumpFileSystems.Options().log(log));
        }

        @Override
        void destroy() {
            try (RumpKernel kernel = RumpKernel.boot()) {
                ToolResult result = FsckFfs.in(kernel).exec("-f", "-n", image.toString());
                assertThat(result.status()).as(result.out() + result.err()).isZero();
                assertThat(result.out()).doesNotContain("FIX?", "SALVAGE?");
            }
        }
    }

    @Nested
    class Ufs1Little extends Ffs {
        Ufs1Little() {
            super(FfsFormat.UFS1, ByteOrder.LITTLE_ENDIAN, false);
        }
    }

    @Nested
    class Ufs1Big extends Ffs {
        Ufs1Big() {
            super(FfsFormat.UFS1, ByteOrder.BIG_ENDIAN, true);
        }
    }

    @Nested
    class Ufs2Little extends Ffs {
        Ufs2Little() {
            super(FfsFormat.UFS2, ByteOrder.LITTLE_ENDIAN, true);
        }
    }

    @Nested
    class Ufs2Big extends Ffs {
        Ufs2Big() {
            super(FfsFormat.UFS2, ByteOrder.BIG_ENDIAN, false);
        }
    }
}
