// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.fs.Mkdir;
import org.rumprun.fs.MountFfs;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;
import org.rumprun.fs.Umount;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.ToolException;

import java.io.RandomAccessFile;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

@Timeout(60)
class RaidctlTest {
    private static final int SIZE = 2 << 20;

    @TempDir Path folder;

    private RumpKernel boot(int disks) throws Exception {
        RumpKernel.Builder builder = RumpKernel.builder();
        for (int i = 0; i < disks; i++) {
            Path file = folder.resolve("component" + i);
            if (!Files.exists(file)) {
                Files.write(file, new byte[SIZE]);
            }
            builder.disk("/disk" + i, file);
        }
        return builder.boot();
    }

    @Test
    void aSetOutlivesAComponent() throws Exception {
        RaidSet set = RaidSet.of(5, "/disk0", "/disk1", "/disk2");
        try (RumpKernel kernel = boot(3)) {
            Raidctl raidctl = Raidctl.in(kernel);
            raidctl.create("raid0", set, 17);
            RaidStatus status = raidctl.status("raid0");
            assertThat(status.isOptimal()).isTrue();
            assertThat(status.parityClean()).isTrue();
            assertThat(status.components())
                    .extracting(RaidStatus.Component::name)
                    .containsExactly("/disk0", "/disk1", "/disk2");
            assertThat(status.spares()).isEmpty();
            Newfs.in(kernel).run("/dev/rraid0a");
            Mkdir.in(kernel).run("/mnt");
            MountFfs.in(kernel).run("/dev/raid0a", "/mnt");
            try (FileSystem fs = RumpFileSystems.open(kernel, "/mnt")) {
                Files.writeString(fs.getPath("/file"), "x".repeat(100_000));
                raidctl.fail("raid0", "/disk1");
                while (raidctl.status("raid0").isOptimal()) {
                    Thread.sleep(10);
                }
                assertThat(raidctl.status("raid0").components().get(1).state())
                        .isEqualTo(RaidStatus.State.FAILED);
                try (RandomAccessFile file =
                        new RandomAccessFile(folder.resolve("component1").toFile(), "rw")) {
                    file.write(new byte[SIZE]);
                }
                List<String> told = new ArrayList<>();
                Raidctl.in(kernel.withProgress((what, done, total) -> told.add(what)))
                        .rebuild("raid0", "/disk1");
                assertThat(told).isNotEmpty();
                assertThat(raidctl.status("raid0").isOptimal()).isTrue();
                raidctl.fail("raid0", "/disk0");
                assertThat(Files.readString(fs.getPath("/file"))).isEqualTo("x".repeat(100_000));
            }
            Umount.in(kernel).run("/mnt");
            raidctl.unconfigure("raid0");
        }
        try (RumpKernel kernel = boot(3)) {
            Raidctl raidctl = Raidctl.in(kernel);
            raidctl.configure("raid0", set);
            assertThat(raidctl.status("raid0").components().get(0).state())
                    .isEqualTo(RaidStatus.State.FAILED);
        }
    }

    @Test
    void aSpareStandsIn() throws Exception {
        try (RumpKernel kernel = boot(4)) {
            Raidctl raidctl = Raidctl.in(kernel);
            raidctl.create("raid0", RaidSet.of(1, "/disk0", "/disk1").withSpares("/disk2"), 1);
            raidctl.addSpare("raid0", "/disk3");
            assertThat(raidctl.status("raid0").spares()).hasSize(2);
            raidctl.failToSpare("raid0", "/disk0");
            RaidStatus status = raidctl.status("raid0");
            assertThat(status.components().get(0).state()).isEqualTo(RaidStatus.State.SPARED);
            assertThat(status.spares())
                    .extracting(RaidStatus.Component::state)
                    .contains(RaidStatus.State.USED_SPARE, RaidStatus.State.SPARE);
        }
    }

    @Test
    void errorsAreTheTools() throws Exception {
        try (RumpKernel kernel = boot(1)) {
            Raidctl raidctl = Raidctl.in(kernel);
            assertThatThrownBy(() -> raidctl.status("raid0")).isInstanceOf(ToolException.class);
            assertThatThrownBy(() -> raidctl.create("raid0", RaidSet.of(1, "/disk0", "/none"), 1))
                    .isInstanceOf(ToolException.class);
            assertThatThrownBy(() -> RaidSet.of(1, "/disk0", "START layout"))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> RaidSet.of(3, "/disk0"))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> RaidStatus.parse("nothing"))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
