// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ToolTest {
    private final RumpKernel kernel = RumpKernel.boot();

    @AfterEach
    void halt() {
        kernel.close();
    }

    @Test
    void sysctlReadsAndSets() {
        Sysctl sysctl = Sysctl.in(kernel);
        assertThat(sysctl.get("kern.ostype")).isEqualTo("NetBSD");
        sysctl.set("kern.hostname", "test");
        assertThat(sysctl.get("kern.hostname")).isEqualTo("test");
    }

    @Test
    void sysctlHasNumbersAndLists() {
        Sysctl sysctl = Sysctl.in(kernel);
        assertThat(sysctl.getNumber("hw.pagesize")).isEqualTo(4096);
        sysctl.set("kern.pipe.maxbigpipes", 5000);
        assertThat(sysctl.getNumber("kern.pipe.maxbigpipes")).isEqualTo(5000);
        assertThat(sysctl.values("kern"))
                .containsEntry("kern.ostype", "NetBSD")
                .containsEntry("kern.pipe.maxbigpipes", "5000")
                .containsKeys("kern.clockrate", "kern.version");
        assertThat(sysctl.run(Sysctl.options().valuesOnly().build(), "kern.ostype").out())
                .isEqualTo("NetBSD\n");
        sysctl.run(Sysctl.options().write().quiet().build(), "kern.hostname=x");
        assertThat(sysctl.run(Sysctl.options().all().equalSigns().build()).out())
                .contains("kern.hostname=x");
        assertThat(sysctl.run(Sysctl.options().descriptions().build(), "kern.ostype").out())
                .startsWith("kern.ostype");
        assertThat(sysctl.run(Sysctl.options().tree().build()).out()).contains("CTLTYPE_");
        sysctl.run(Sysctl.options().hexadecimal().build(), "hw.pagesize");
        assertThatThrownBy(() -> sysctl.getNumber("kern.ostype"))
                .isInstanceOf(NumberFormatException.class);
        assertThatThrownBy(() -> sysctl.set("kern.ostype", "x")).isInstanceOf(ToolException.class);
    }

    @Test
    void failureTellsTheToolsMessage() {
        assertThatThrownBy(() -> Sysctl.in(kernel).get("kern.none"))
                .isInstanceOfSatisfying(
                        ToolException.class,
                        e -> {
                            assertThat(e.getMessage()).startsWith("sysctl: ");
                            assertThat(e.result().status()).isEqualTo(1);
                            assertThat(e.result().err()).contains("kern.none");
                        });
    }

    @Test
    void execGivesTheStatusWithoutAnException() {
        assertThat(Sysctl.in(kernel).exec("kern.none").status()).isEqualTo(1);
    }

    @Test
    void modstatListsModules() {
        assertThat(Modstat.in(kernel).run().out()).startsWith("NAME").contains("suser");
    }

    @Test
    void ktraceTellsWhatAToolDoes() {
        Ktrace.in(kernel).trace("/trace", "sysctl", "-f", "/dev/null");
        assertThat(Kdump.in(kernel).paths("/trace")).contains("/dev/null");
        assertThat(Kdump.in(kernel).run("-f", "/trace").out())
                .contains("CALL  open(")
                .contains("RET   open");
        Ktrace.in(kernel).clear();
    }

    @Test
    void modulesComeAndGo() {
        try (RumpKernel own = RumpKernel.boot()) {
            Modunload.in(own).unload("tmpfs");
            assertThat(Modstat.in(own).find("tmpfs")).isEmpty();
            Modload.in(own).load("tmpfs");
            assertThat(Modstat.in(own).find("tmpfs")).isPresent();
        }
    }

    @Test
    void pcictlNeedsAMachine() {
        assertThatThrownBy(() -> Pcictl.in(kernel).list("pci0"))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("/dev/pci0");
    }

    @Test
    void rndctlListsSources() {
        assertThat(Rndctl.in(kernel).list())
                .anySatisfy(
                        source -> {
                            assertThat(source.name()).isEqualTo("host");
                            assertThat(source.type()).isEqualTo("rng");
                            assertThat(source.flags()).contains("collect");
                        });
    }

    @Test
    void modstatTellsModules() {
        Modstat modstat = Modstat.in(kernel);
        Modstat.Module suser = modstat.find("suser").orElseThrow();
        assertThat(suser.kind()).isEqualTo("secmodel");
        assertThat(suser.source()).isEqualTo("builtin");
        assertThat(suser.references()).isZero();
        assertThat(suser.size()).isEmpty();
        assertThat(suser.requires()).isEmpty();
        assertThat(modstat.list()).contains(suser);
        assertThat(modstat.find("ffs").orElseThrow().requires()).containsExactly("wapbl");
        assertThat(modstat.find("none")).isEmpty();
    }

    @Test
    void outputIsSeenAsItComes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Sysctl sysctl = Sysctl.in(kernel.withOutput(out, err));
        assertThat(sysctl.run("-n", "kern.ostype").out()).isEqualTo("NetBSD\n");
        assertThat(out.toString()).isEqualTo("NetBSD\n");
        sysctl.exec("kern.none");
        assertThat(err.toString()).startsWith("sysctl: ");
    }

    @Test
    void streamThatFailsEndsTheTool() {
        OutputStream broken =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("broken");
                    }
                };
        assertThatThrownBy(() -> Sysctl.in(kernel.withOutput(broken, broken)).run("-a"))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("broken");
    }

    /** What is called by a tool cannot end what the tool runs in, and says so. */
    @Test
    @SuppressWarnings("try")
    void aToolsStreamCannotCloseWhatItRunsIn() {
        try (RumpProcess process = kernel.newProcess("p")) {
            for (AutoCloseable one : List.of(kernel, process)) {
                OutputStream closing =
                        new OutputStream() {
                            @Override
                            public void write(int b) {
                                try {
                                    one.close();
                                } catch (Exception e) {
                                    throw (RuntimeException) e;
                                }
                            }
                        };
                assertThatThrownBy(
                                () ->
                                        Sysctl.in(process.withOutput(closing, closing))
                                                .run("kern.ostype"))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("cannot be closed");
                assertThat(Sysctl.in(process).get("kern.ostype")).isEqualTo("NetBSD");
            }
            try (RumpKernel other = RumpKernel.boot()) {
                OutputStream fine =
                        new OutputStream() {
                            @Override
                            public void write(int b) {
                                other.close();
                            }
                        };
                assertThat(Sysctl.in(kernel.withOutput(fine, fine)).get("kern.ostype"))
                        .isEqualTo("NetBSD");
            }
        }
    }

    @Test
    void aControlKnowsWhatRuns() {
        ToolControl control = new ToolControl();
        assertThat(control.requestStatus()).isZero();
        int[] running = new int[1];
        OutputStream asking =
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        running[0] = control.requestStatus();
                    }
                };
        Sysctl.in(kernel.withControl(control).withOutput(asking, asking)).get("kern.ostype");
        assertThat(running[0]).isEqualTo(1);
        assertThat(control.interrupt()).isZero();
    }

    @Test
    void toolsRunOnManyThreadsAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<String>> all =
                    IntStream.range(0, 64)
                            .mapToObj(
                                    i -> threads.submit(() -> Sysctl.in(kernel).get("kern.ostype")))
                            .toList();
            for (Future<String> one : all) {
                assertThat(one.get(30, TimeUnit.SECONDS)).isEqualTo("NetBSD");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void haltAsksAndTheOwnerDecides() {
        assertThat(kernel.haltRequested()).isFalse();
        Halt.in(kernel).run(Halt.options().noSync().build());
        assertThat(kernel.haltRequested()).isTrue();
        try (RumpKernel other = RumpKernel.boot()) {
            Reboot.in(other).run(Reboot.options().build());
            assertThat(other.haltRequested()).isTrue();
        }
    }
}
