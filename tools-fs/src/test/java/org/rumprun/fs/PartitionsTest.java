// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpKernel;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;

/** File systems in partitions: two of 4 MiB, the second has an FFS. */
@Timeout(60)
class PartitionsTest {
    private static final int SECTORS = 8192;
    private static final int FIRST = 64;
    private static final int SECOND = FIRST + SECTORS;
    private static final int END = SECOND + SECTORS;

    @TempDir Path folder;
    private Path image;

    @BeforeEach
    void make() throws IOException {
        image = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((END + 64L) * 512);
        }
        try (RumpKernel kernel =
                RumpKernel.builder()
                        .disk("/dev/part", image, SECOND * 512L, SECTORS * 512L)
                        .boot()) {
            Newfs.in(kernel).run("/dev/rpart");
        }
        try (FileSystem fs =
                RumpFileSystems.open(image, options().window(SECOND * 512L, SECTORS * 512L))) {
            Files.writeString(fs.getPath("/file"), "found");
        }
    }

    private static RumpFileSystems.Options options() {
        return new RumpFileSystems.Options();
    }

    private void write(int sector, int offset, ByteBuffer bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(sector * 512L + offset);
            file.write(bytes.array());
        }
    }

    private static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void mbr(int... types) throws IOException {
        ByteBuffer table = bytes(66).putShort(64, (short) 0xaa55);
        for (int i = 0; i < types.length; i++) {
            table.put(i * 16 + 4, (byte) types[i]);
            table.putInt(i * 16 + 8, i == 0 ? FIRST : SECOND);
            table.putInt(i * 16 + 12, SECTORS);
        }
        write(0, 446, table);
    }

    private void gpt() throws IOException {
        mbr(0xee);
        ByteBuffer entries = bytes(128 * 128);
        for (int i = 0; i < 2; i++) {
            int first = i == 0 ? FIRST : SECOND;
            entries.putLong(i * 128, 1).putLong(i * 128 + 16, i + 1);
            entries.putLong(i * 128 + 32, first).putLong(i * 128 + 40, first + SECTORS - 1);
        }
        ByteBuffer header = bytes(92);
        header.put("EFI PART".getBytes()).putInt(0x10000).putInt(92).putInt(0).putInt(0);
        header.putLong(1).putLong(END + 63).putLong(34).putLong(END + 30).putLong(7).putLong(7);
        header.putLong(2).putInt(128).putInt(128).putInt(crc(entries));
        header.putInt(16, crc(header));
        write(1, 0, header);
        write(2, 0, entries);
    }

    private static int crc(ByteBuffer of) {
        CRC32 crc = new CRC32();
        crc.update(of.array());
        return (int) crc.getValue();
    }

    private void label(ByteOrder order) throws IOException {
        ByteBuffer label = ByteBuffer.allocate(148 + 8 * 16).order(order);
        label.putInt(0, 0x82564557).putInt(132, 0x82564557);
        label.putInt(40, 512).putInt(44, 32).putInt(48, 64).putInt(56, 2048).putInt(60, END + 64);
        label.putShort(138, (short) 8).putInt(140, 8192).putInt(144, 8192);
        partition(label, 0, FIRST, 1);
        partition(label, 4, SECOND, 7);
        short sum = 0;
        for (int i = 0; i < label.capacity(); i += 2) {
            sum ^= label.getShort(i);
        }
        write(1, 0, label.putShort(136, sum));
    }

    private static void partition(ByteBuffer label, int i, int first, int type) {
        label.putInt(148 + i * 16, SECTORS).putInt(148 + i * 16 + 4, first);
        label.put(148 + i * 16 + 12, (byte) type);
    }

    private void finds(String... names) throws IOException {
        assertThat(RumpFileSystems.partitions(image))
                .extracting(ImagePartition::name)
                .containsExactly(names);
        assertThat(RumpFileSystems.partitions(image))
                .extracting(ImagePartition::offset)
                .containsExactly(FIRST * 512L, SECOND * 512L);
        assertThat(RumpFileSystems.partitions(image))
                .extracting(ImagePartition::size)
                .containsOnly(SECTORS * 512L);
        try (FileSystem fs = RumpFileSystems.open(image)) {
            assertThat(Files.readString(fs.getPath("/file"))).isEqualTo("found");
            Files.writeString(fs.getPath("/other"), "written");
        }
        try (FileSystem fs = RumpFileSystems.open(image, options().partition(names[1]))) {
            assertThat(Files.readString(fs.getPath("/other"))).isEqualTo("written");
        }
        try (FileSystem fs = FileSystems.newFileSystem(image)) {
            assertThat(Files.exists(fs.getPath("/other"))).isTrue();
        }
        assertThatThrownBy(() -> RumpFileSystems.open(image, options().partition(names[0])))
                .isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> RumpFileSystems.open(image, options().partition("q")))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(image + ": no partition q");
    }

    @Test
    void ofAnMbr() throws Exception {
        mbr(0x83, 0xa9);
        finds("p1", "p2");
    }

    @Test
    void ofAGpt() throws Exception {
        gpt();
        finds("p1", "p2");
    }

    @Test
    void ofALabel() throws Exception {
        label(ByteOrder.LITTLE_ENDIAN);
        finds("a", "e");
    }

    @Test
    void ofALabelOfTheOtherByteOrder() throws Exception {
        label(ByteOrder.BIG_ENDIAN);
        finds("a", "e");
    }

    @Test
    void noTableIsNoError() throws Exception {
        assertThat(RumpFileSystems.partitions(image)).isEmpty();
        assertThatThrownBy(() -> RumpFileSystems.partitions(folder.resolve("none")))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> RumpFileSystems.open(image))
                .isInstanceOf(FileSystemException.class)
                .hasMessageStartingWith(image.toString());
    }

    @Test
    void namedByAnEnvironment() throws Exception {
        mbr(0x83, 0xa9);
        URI uri = URI.create("rump:" + image.toUri());
        try (FileSystem fs = FileSystems.newFileSystem(uri, Map.of("partition", "p2"))) {
            assertThat(Files.readString(fs.getPath("/file"))).isEqualTo("found");
        }
        assertThatThrownBy(() -> FileSystems.newFileSystem(uri, Map.of("layer", "cgd")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aLayerHasTheFileSystem() throws Exception {
        Path other = folder.resolve("other.img");
        Newfs.run(other, Newfs.options().size(4 << 20).build());
        ImageLayer layer =
                (kernel, device) -> {
                    assertThat(Stat.in(kernel).run("-f", "%HT", device).out())
                            .isEqualTo("Block Device\n");
                    kernel.attach("/dev/other", other);
                    return "/dev/other";
                };
        try (FileSystem fs = RumpFileSystems.open(image, options().layer(layer))) {
            Files.writeString(fs.getPath("/file"), "above");
        }
        try (FileSystem fs = RumpFileSystems.open(other)) {
            assertThat(Files.readString(fs.getPath("/file"))).isEqualTo("above");
        }
        mbr(0x83, 0xa9);
        assertThatThrownBy(() -> RumpFileSystems.open(image, options().layer(layer)))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(image + ": one of the partitions p1, p2?");
        RumpFileSystems.open(image, options().partition("p1").layer(layer)).close();
    }
}
