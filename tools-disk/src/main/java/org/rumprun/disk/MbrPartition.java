// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A partition of an MBR.
 *
 * @param logical whether it is in the extended partition
 * @param number 0 to 3, or from 0 in the extended partition
 * @param type what is in it: 169 is NetBSD
 * @param start its first sector
 * @param size its sectors
 * @param active whether it is booted
 */
public record MbrPartition(
        boolean logical, int number, int type, long start, long size, boolean active) {
    /** The type of a partition with a label of NetBSD. */
    public static final int NETBSD = 169;

    private static final int ACTIVE = 0x80;
    private static final Pattern LINE = Pattern.compile("PART(E?)(\\d+)([A-Z]+)=(\\w+)");

    /** Checks that a table can hold it. */
    public MbrPartition {
        if (type < 1 || type > 255 || start < 1 || size < 1 || start + size > 1L << 32) {
            throw new IllegalArgumentException(
                    "type " + type + ", " + size + " sectors from " + start + " on");
        }
        if (number < 0 || (!logical && number > 3)) {
            throw new IllegalArgumentException("a partition " + number);
        }
    }

    /** From what fdisk -S prints. */
    static List<MbrPartition> parse(String text) {
        List<MbrPartition> all = new ArrayList<>();
        Map<String, Long> values = new HashMap<>();
        for (String line : text.split("\n")) {
            Matcher m = LINE.matcher(line);
            if (!m.matches()) {
                continue;
            }
            values.put(m.group(3), Long.decode(m.group(4)));
            if (m.group(3).equals("FLAG") && values.get("ID") != 0) {
                all.add(
                        new MbrPartition(
                                !m.group(1).isEmpty(),
                                Integer.parseInt(m.group(2)),
                                values.get("ID").intValue(),
                                values.get("START"),
                                values.get("SIZE"),
                                values.get("FLAG") == ACTIVE));
            }
        }
        return all;
    }
}
