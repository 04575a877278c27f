// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.ToolException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;

@Timeout(60)
class PartitionTablesTest {
    @TempDir private Path dir;

    private Path image() throws IOException {
        Path image = dir.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(16 << 20);
        }
        return image;
    }

    @Test
    void aGptHasTypedPartitions() throws IOException {
        Path image = image();
        String disk = image.toString();
        assertThatThrownBy(() -> Gpt.partitions(image))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("No GPT header");
        try (RumpKernel kernel = RumpKernel.boot()) {
            Gpt gpt = Gpt.in(kernel);
            gpt.create(disk);
            assertThat(gpt.add(disk, "ffs", "root file system", 4096)).isEqualTo(1);
            assertThat(gpt.add(disk, "11111111-2222-3333-4444-555555555555", "", 0)).isEqualTo(2);
            gpt.run("set", "-a", "required", "-i", "2", disk);
            assertThatThrownBy(() -> gpt.add(disk, "swap", "", 1))
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("No space available on device");
        }
        List<GptPartition> all = Gpt.partitions(image);
        assertThat(all).hasSize(2);
        assertThat(all.get(0).start()).isEqualTo(34);
        assertThat(all.get(0).size()).isEqualTo(4096);
        assertThat(all.get(0).typeName()).contains("ffs");
        assertThat(all.get(0).label()).isEqualTo("root file system");
        assertThat(all.get(0).attributes()).isEmpty();
        assertThat(all.get(1).typeName()).isEmpty();
        assertThat(all.get(1).type()).hasToString("11111111-2222-3333-4444-555555555555");
        assertThat(all.get(1).attributes()).containsExactly("required");
        try (RumpKernel kernel = RumpKernel.boot()) {
            Gpt.in(kernel).remove(disk, 1);
            assertThat(Gpt.in(kernel).partitions(disk))
                    .singleElement()
                    .extracting(GptPartition::index)
                    .isEqualTo(2);
        }
    }

    @Test
    void anMbrHasTypedPartitions() throws IOException {
        Path image = image();
        String disk = image.toString();
        MbrPartition first = new MbrPartition(false, 0, MbrPartition.NETBSD, 2048, 4096, true);
        MbrPartition extended = new MbrPartition(false, 1, 5, 8192, 16384, false);
        MbrPartition inside = new MbrPartition(true, 0, 131, 10240, 4096, false);
        try (RumpKernel kernel = RumpKernel.boot()) {
            Fdisk fdisk = Fdisk.in(kernel);
            fdisk.set(disk, first);
            fdisk.set(disk, extended);
            fdisk.set(disk, inside);
            assertThatThrownBy(
                            () ->
                                    fdisk.set(
                                            disk,
                                            new MbrPartition(false, 2, 131, 4096, 100, false)))
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("overlaps another one");
        }
        assertThat(Fdisk.partitions(image)).containsExactly(first, extended, inside);
        try (RumpKernel kernel = RumpKernel.boot()) {
            Fdisk.in(kernel).remove(disk, 1);
            assertThat(Fdisk.in(kernel).partitions(disk)).containsExactly(first);
        }
        assertThatThrownBy(() -> new MbrPartition(false, 4, 131, 1, 1, false))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
