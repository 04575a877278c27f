// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RumpKernelTest {
    private static final int SYS_READ = 3;
    private static final int SYS_WRITE = 4;
    private static final int SYS_OPEN = 5;
    private static final int SYS_CLOSE = 6;
    private static final int SYS_GETPID = 20;
    private static final int SYS_PIPE = 42;
    private static final int SYS_MKDIR = 136;
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x200;

    @TempDir Path folder;

    @Test
    void nativesAreThereAndSayWhatTheyAre() {
        assertThat(RumpNatives.unavailabilityCause()).isEmpty();
        assertThat(RumpNatives.isAvailable()).isTrue();
        assertThat(RumpNatives.version()).contains("NetBSD-7.99.34/");
    }

    @Test
    void kernelsSideBySideShareNothing() {
        try (RumpKernel one = RumpKernel.boot();
                RumpKernel two = RumpKernel.boot();
                RumpProcess p = one.newProcess("p");
                RumpProcess q = two.newProcess("q")) {
            p.call(SYS_MKDIR, "/only", 0755);
            assertThatThrownBy(() -> q.call(SYS_OPEN, "/only", 0, 0))
                    .isInstanceOfSatisfying(
                            RumpException.class,
                            e -> {
                                assertThat(e.errno()).isEqualTo(2);
                                assertThat(e.errnoName()).isEqualTo("ENOENT");
                                assertThat(e).hasMessageContaining("No such file or directory");
                            });
            assertThat(p.call(SYS_OPEN, "/only", 0, 0)).isZero();
        }
    }

    @Test
    void aCallActsForTheProcessItIsMadeOn() {
        try (RumpKernel kernel = RumpKernel.boot();
                RumpProcess p = kernel.newProcess("p");
                RumpProcess q = kernel.newProcess("q")) {
            assertThat(p.call(SYS_GETPID)).isNotEqualTo(q.call(SYS_GETPID));
            long fd = p.call(SYS_OPEN, "/dev/null", O_RDWR, 0);
            assertThatThrownBy(() -> q.call(SYS_CLOSE, fd)).hasMessageContaining("EBADF");
            assertThat(p.call(SYS_CLOSE, fd)).isZero();
        }
    }

    @Test
    void buffersAreReadAndWrittenAtTheirPositions() {
        try (RumpKernel kernel = RumpKernel.boot();
                RumpProcess p = kernel.newProcess("p")) {
            long[] ends = p.callBoth(SYS_PIPE);
            ByteBuffer out = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
            out.put("..hello".getBytes(StandardCharsets.UTF_8)).flip().position(2);
            assertThat(p.call(SYS_WRITE, ends[1], out, 5)).isEqualTo(5);
            ByteBuffer in = ByteBuffer.allocateDirect(16).position(3);
            assertThat(p.call(SYS_READ, ends[0], in, 13)).isEqualTo(5);
            byte[] bytes = new byte[5];
            in.get(bytes);
            assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo("hello");
        }
    }

    @Test
    @SuppressWarnings("try")
    void closeEndsWhatSleepsAndLaterCallsFail() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            RumpKernel kernel = RumpKernel.boot();
            RumpProcess p = kernel.newProcess("p");
            long[] ends = p.callBoth(SYS_PIPE);
            CountDownLatch started = new CountDownLatch(1);
            Future<?> sleeper =
                    threads.submit(
                            () -> {
                                started.countDown();
                                p.call(SYS_READ, ends[0], ByteBuffer.allocateDirect(1), 1);
                            });
            started.await();
            Thread.sleep(50);
            kernel.close();
            assertThatThrownBy(() -> sleeper.get(10, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(RumpException.class);
            assertThatThrownBy(() -> p.call(SYS_GETPID)).hasMessageContaining("ESHUTDOWN");
            assertThatThrownBy(() -> kernel.newProcess("q")).hasMessageContaining("halted");
            assertThatThrownBy(() -> Sysctl.in(kernel).get("kern.ostype"))
                    .isInstanceOf(RumpException.class);
            kernel.close();
            p.close();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    @SuppressWarnings("try")
    void closingAProcessEndsItsSleepAlone() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (RumpKernel kernel = RumpKernel.boot();
                RumpProcess p = kernel.newProcess("p");
                RumpProcess q = kernel.newProcess("q")) {
            long[] ends = p.callBoth(SYS_PIPE);
            Future<?> sleeper =
                    threads.submit(
                            () -> p.call(SYS_READ, ends[0], ByteBuffer.allocateDirect(1), 1));
            Thread.sleep(50);
            p.close();
            assertThatThrownBy(() -> sleeper.get(10, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(RumpException.class);
            assertThat(q.call(SYS_GETPID)).isPositive();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void threadsWorkInOneProcessAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (RumpKernel kernel = RumpKernel.boot();
                RumpProcess p = kernel.newProcess("p")) {
            List<Future<Integer>> done = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String name = "/file" + i;
                done.add(
                        threads.submit(
                                () -> {
                                    int count = 0;
                                    for (int n = 0; n < 200; n++, count++) {
                                        long fd = p.call(SYS_OPEN, name, O_RDWR | O_CREAT, 0644);
                                        p.call(SYS_CLOSE, fd);
                                    }
                                    return count;
                                }));
            }
            for (Future<Integer> one : done) {
                assertThat(one.get(30, TimeUnit.SECONDS)).isEqualTo(200);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void manyKernelsLiveAtOnceInOneProgram() {
        List<RumpKernel> kernels = new ArrayList<>();
        try {
            for (int i = 0; i < 50; i++) {
                kernels.add(RumpKernel.boot());
            }
            for (RumpKernel kernel : kernels) {
                assertThat(Sysctl.in(kernel).get("kern.ostype")).isEqualTo("NetBSD");
            }
        } finally {
            kernels.forEach(RumpKernel::close);
        }
    }

    @Test
    void consoleIsListenedTo() {
        StringBuffer text = new StringBuffer();
        try (RumpKernel kernel = RumpKernel.builder().verbose(text::append).boot()) {
            assertThat(kernel.stoppedBecause()).isEmpty();
            String url = "unix://" + folder.resolve("sock");
            kernel.listen(url);
            // the first descriptors of processes behind a socket are the console
            try (RumpClient client = RumpClient.connect(url);
                    RumpProcess p = client.newProcess("p")) {
                assertThat(p.call(SYS_WRITE, 1, "hello", 5)).isEqualTo(5);
            }
        }
        assertThat(text).contains("hello");
    }

    @Test
    void theConsolesListenerCannotCloseTheKernel() {
        List<Throwable> thrown = new CopyOnWriteArrayList<>();
        AutoCloseable[] mine = new AutoCloseable[2];
        try (RumpKernel kernel =
                RumpKernel.builder()
                        .console(
                                text -> {
                                    for (AutoCloseable one : mine) {
                                        try {
                                            one.close();
                                        } catch (Exception e) {
                                            thrown.add(e);
                                        }
                                    }
                                })
                        .boot()) {
            mine[0] = kernel;
            mine[1] = kernel.newProcess("own");
            String url = "unix://" + folder.resolve("sock");
            kernel.listen(url);
            try (RumpClient client = RumpClient.connect(url);
                    RumpProcess p = client.newProcess("p")) {
                assertThat(p.call(SYS_WRITE, 1, "hello", 5)).isEqualTo(5);
                assertThat(thrown).hasSizeGreaterThan(1);
                assertThat(thrown).hasOnlyElementsOfType(IllegalStateException.class);
                assertThat(p.call(SYS_GETPID)).isPositive();
            }
        }
    }

    @Test
    void builderRefusesWhatIsNotThere() {
        assertThatThrownBy(() -> RumpKernel.builder().components("net_none").boot())
                .isInstanceOf(RumpException.class)
                .hasMessageContaining("net_none");
        assertThatThrownBy(() -> RumpKernel.builder().memoryLimit(1).boot())
                .isInstanceOf(RumpException.class);
        assertThatThrownBy(
                        () ->
                                RumpKernel.builder()
                                        .disk("/dev/disk0", folder.resolve("none"))
                                        .boot())
                .isInstanceOf(RumpException.class)
                .hasMessageContaining("ENOENT");
    }

    @Test
    void disksComeAndGo() throws Exception {
        Path image = Files.write(folder.resolve("disk.img"), new byte[1 << 16]);
        try (RumpKernel kernel = RumpKernel.boot();
                RumpProcess p = kernel.newProcess("p")) {
            kernel.attach("/dev/disk0", image, 4096, 8192);
            long fd = p.call(SYS_OPEN, "/dev/rdisk0", O_RDWR, 0);
            ByteBuffer sector = ByteBuffer.allocateDirect(512);
            sector.put(0, (byte) 42);
            assertThat(p.call(SYS_WRITE, fd, sector, 512)).isEqualTo(512);
            p.call(SYS_CLOSE, fd);
            kernel.detach("/dev/disk0");
            assertThatThrownBy(() -> p.call(SYS_OPEN, "/dev/rdisk0", O_RDWR, 0))
                    .hasMessageContaining("ENOENT");
        }
        assertThat(Files.readAllBytes(image)[4096]).isEqualTo((byte) 42);
    }
}
