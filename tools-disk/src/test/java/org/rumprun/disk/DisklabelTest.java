// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.ToolException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

class DisklabelTest {
    private static final String SHOWN =
            String.join(
                    "\n",
                    "# /dev/rvnd0d:",
                    "type: SCSI",
                    "disk: mydisk",
                    "label: my pack",
                    "flags: removable ecc",
                    "bytes/sector: 512",
                    "sectors/track: 32",
                    "tracks/cylinder: 64",
                    "sectors/cylinder: 2048",
                    "cylinders: 2",
                    "total sectors: 4096",
                    "rpm: 3600",
                    "interleave: 1",
                    "trackskew: 0",
                    "cylinderskew: 0",
                    "headswitch: 0\t\t# microseconds",
                    "track-to-track seek: 7\t# microseconds",
                    "drivedata: 1 2 ",
                    "",
                    "5 partitions:",
                    "#        size    offset     fstype [fsize bsize cpg/sgs]",
                    " a:      2048      1024     4.2BSD   1024  8192    16  # (Cyl.      0*-     "
                            + " 1*)",
                    " d:      4096         0     unused      0     0        # (Cyl.      0 -     "
                            + " 1)",
                    " e:      1024      3072 Linux Ext2      0     0        # (Cyl.      1*-     "
                            + " 1)",
                    "");

    @TempDir private Path dir;

    private Path image(long size) throws IOException {
        Path image = dir.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
        return image;
    }

    @Test
    void whatIsShownIsParsed() {
        Label label = Label.parse(SHOWN);
        assertThat(label.type()).isEqualTo("SCSI");
        assertThat(label.name()).isEqualTo("my pack");
        assertThat(label.flags()).containsExactly("removable", "ecc");
        assertThat(label.totalSectors()).isEqualTo(4096);
        assertThat(label.others())
                .containsEntry("track-to-track seek", "7")
                .containsEntry("drivedata", "1 2");
        assertThat(label.places()).isEqualTo(5);
        assertThat(label.partition('a'))
                .contains(new Partition('a', 2048, 1024, "4.2BSD", 1024, 8192, 16));
        assertThat(label.partition('e')).contains(new Partition('e', 1024, 3072, "Linux Ext2"));
        assertThat(label.partition('b')).isEmpty();
        assertThat(Label.parse(label.text())).isEqualTo(label);
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> Label.parse("nothing"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Label.parse("4 partitions:\n"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Partition('q', 1, 0, "swap"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Partition('a', 1L << 32, 0, "swap"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Label.of(2 << 20).withName("a\nb: 1 1 swap"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anImageGetsALabel() throws IOException {
        Path image = image(8 << 20);
        Label label =
                Label.of(8 << 20)
                        .withName("mine")
                        .with(new Partition('a', 4096, 64, Partition.FFS, 1024, 8192, 16))
                        .with(new Partition('e', 8192, 8192, "MSDOS"));
        assertThatThrownBy(() -> Disklabel.read(image))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("could not read existing label");
        Disklabel.write(image, label);
        Label read = Disklabel.read(image);
        assertThat(read.partitions()).isEqualTo(label.partitions());
        assertThat(read.name()).isEqualTo("mine");
        assertThat(read.totalSectors()).isEqualTo(16384);
        try (RumpKernel kernel = RumpKernel.boot()) {
            Disklabel.in(kernel).delete(image.toString());
            assertThatThrownBy(() -> Disklabel.in(kernel).read(image.toString()))
                    .isInstanceOf(ToolException.class);
        }
    }

    @Test
    void aLabelBeyondTheDiskIsRefused() throws IOException {
        Path image = image(1 << 20);
        Label label = Label.of(1 << 20).with(new Partition('a', 4096, 64, "swap"));
        assertThatThrownBy(() -> Disklabel.write(image, label))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("partition a: partition extends past end of unit");
    }
}
