// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.RumpServer;

/** A directory of a kernel, here and behind a socket. */
class KernelViewTest {
    abstract static class View extends FileSystemContract {
        private AutoCloseable host;

        /** Where the directory is. */
        abstract RumpHost start(Path folder);

        @Override
        FileSystem create(Path folder) throws IOException {
            RumpHost started = start(folder);
            host = (AutoCloseable) started;
            Mkdir.in(started).run("/mnt");
            Mount.in(started).mount("tmpfs", "tmpfs", "/mnt");
            return RumpFileSystems.open(started, "/mnt");
        }

        @Override
        void destroy() {
            try {
                host.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Nested
    class Here extends View {
        @Override
        RumpHost start(Path folder) {
            return RumpKernel.boot();
        }
    }

    @Nested
    class BehindASocket extends View {
        @Override
        RumpHost start(Path folder) {
            return RumpServer.start("unix://" + folder.resolve("sock"));
        }
    }
}
