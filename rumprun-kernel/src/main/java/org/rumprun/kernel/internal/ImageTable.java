// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Memory;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The partitions of images, by {@code rumprun_partitions}. */
public final class ImageTable {
    /* struct rumprun_partition; as many as a label and a GPT of the usual size have. */
    private static final int ENTRY = 64;
    private static final int TYPE = 8;
    private static final int BEGIN = 48;
    private static final int SIZE = 56;
    private static final int MAX = 16 + 128;

    private ImageTable() {}

    /**
     * A partition.
     *
     * @param name "a" of a label, "p1" of another table
     * @param type what the table says of it, or ""
     * @param offset where it begins
     * @param size its bytes
     */
    public record Entry(String name, String type, long offset, long size) {}

    /**
     * Reads the table of an image.
     *
     * @param image a file of the host
     * @return its partitions; none when there is no table
     * @throws Failure if it cannot be read
     */
    public static List<Entry> read(Path image) throws Failure {
        List<Entry> entries = new ArrayList<>();
        try (Memory list = new Memory((long) MAX * ENTRY)) {
            byte[] path = Bytes.of(image.toAbsolutePath().toString());
            int count = Natives.functions().rumprun_partitions(path, list, MAX);
            Failure.check(count, new byte[0]);
            for (int i = 0; i < count; i++) {
                long at = (long) i * ENTRY;
                entries.add(
                        new Entry(
                                Failure.text(list.getByteArray(at, TYPE)),
                                Failure.text(list.getByteArray(at + TYPE, BEGIN - TYPE)),
                                list.getLong(at + BEGIN),
                                list.getLong(at + SIZE)));
            }
        }
        return entries;
    }
}
