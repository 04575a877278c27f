// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RumpServerTest {
    private static final int SYS_GETPID = 20;
    private static final int SYS_MKDIR = 136;
    private static final int SYS_OPEN = 5;

    @TempDir Path folder;

    private String url() {
        return "unix://" + folder.resolve("sock");
    }

    @Test
    void serverRunsToolsAndCalls() {
        try (RumpServer server = RumpServer.start(url(), "vfs", "fs_tmpfs");
                RumpProcess p = server.newProcess("p")) {
            assertThat(server.url()).isEqualTo(url());
            assertThat(Sysctl.in(server).get("kern.ostype")).isEqualTo("NetBSD");
            assertThat(p.call(SYS_GETPID)).isPositive();
            p.call(SYS_MKDIR, "/made", 0755);
            try (RumpClient client = RumpClient.connect(server.url());
                    RumpProcess q = client.newProcess("q")) {
                assertThat(q.call(SYS_OPEN, "/made", 0, 0)).isNotNegative();
            }
        }
        assertThat(folder.resolve("sock")).doesNotExist();
    }

    @Test
    void haltEndsTheServer() throws Exception {
        try (RumpServer server = RumpServer.start(url())) {
            Halt.in(server).exec();
            for (int i = 0; i < 500 && server.isAlive(); i++) {
                Thread.sleep(10);
            }
            assertThat(server.isAlive()).isFalse();
        }
    }

    @Test
    void aServerThatDoesNotStartSaysWhy() {
        assertThatThrownBy(() -> RumpServer.start(url(), "fs_none"))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("fs_none");
        assertThat(Files.exists(folder.resolve("sock"))).isFalse();
    }

    @Test
    void kernelHereServesToo() {
        try (RumpKernel kernel = RumpKernel.boot();
                RumpProcess p = kernel.newProcess("p")) {
            kernel.listen(url());
            p.call(SYS_MKDIR, "/mine", 0755);
            try (RumpClient client = RumpClient.connect(url());
                    RumpProcess q = client.newProcess("q")) {
                assertThat(q.call(SYS_OPEN, "/mine", 0, 0)).isNotNegative();
                assertThat(Modstat.in(client).run().out()).contains("suser");
            }
            assertThatThrownBy(() -> kernel.listen(url())).isInstanceOf(RumpException.class);
        }
    }

    @Test
    void nobodyListens() {
        assertThatThrownBy(() -> RumpClient.connect(url()))
                .isInstanceOf(RumpException.class)
                .hasMessageContaining("ENOENT");
    }
}
