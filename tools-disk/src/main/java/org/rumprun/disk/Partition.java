// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A partition of a {@link Label}.
 *
 * @param name its letter, 'a' to 'p'
 * @param size its sectors
 * @param offset its first sector
 * @param type what is in it, as {@code disklabel -l} lists it: "4.2BSD", "swap", "MSDOS"
 * @param fragmentSize of a fast file system, bytes; 0: not known; the session of an ISO9660 one
 * @param blockSize of a fast file system, bytes; 0: not known
 * @param cylindersPerGroup of a fast file system; 0: not known
 */
public record Partition(
        char name,
        long size,
        long offset,
        String type,
        long fragmentSize,
        long blockSize,
        int cylindersPerGroup) {
    /** The type of a file system of NetBSD. */
    public static final String FFS = "4.2BSD";

    /** The type of a partition that nobody uses. */
    public static final String UNUSED = "unused";

    /** What a label can say of a size. */
    private static final long MOST = 0xffffffffL;

    private static final Pattern LINE =
            Pattern.compile("([a-p]):\\s+(\\d+)\\s+(\\d+)\\s+(\\S.*?)((?:\\s+\\d+)*)\\s*(?:#.*)?");

    /**
     * Checks that a label can hold it.
     *
     * @throws IllegalArgumentException if it can't
     */
    public Partition {
        Objects.requireNonNull(type);
        if (name < 'a' || name > 'p') {
            throw new IllegalArgumentException("a partition " + name);
        }
        if (size < 0 || offset < 0 || size > MOST || offset > MOST) {
            throw new IllegalArgumentException(size + " sectors from " + offset + " on");
        }
        if (type.isBlank() || type.chars().anyMatch(c -> c < ' ' || c == '#')) {
            throw new IllegalArgumentException("a type \"" + type + "\"");
        }
        if (fragmentSize < 0 || blockSize < 0 || cylindersPerGroup < 0) {
            throw new IllegalArgumentException("a size below 0");
        }
    }

    /**
     * A partition of which no more is known.
     *
     * @param name its letter
     * @param size its sectors
     * @param offset its first sector
     * @param type what is in it
     */
    public Partition(char name, long size, long offset, String type) {
        this(name, size, offset, type, 0, 0, 0);
    }

    /**
     * The first sector behind it.
     *
     * @return its offset and size
     */
    public long end() {
        return offset + size;
    }

    /** The partition that a line tells of; the line's numbers behind the type are up to three. */
    static Partition parse(String line) {
        Matcher m = LINE.matcher(line.strip());
        if (!m.matches()) {
            throw new IllegalArgumentException("no partition: " + line);
        }
        List<Long> numbers = new ArrayList<>();
        for (String word : m.group(5).strip().split("\\s+")) {
            if (!word.isEmpty()) {
                numbers.add(Long.parseLong(word));
            }
        }
        while (numbers.size() < 3) {
            numbers.add(0L);
        }
        return new Partition(
                m.group(1).charAt(0),
                Long.parseLong(m.group(2)),
                Long.parseLong(m.group(3)),
                m.group(4),
                numbers.get(0),
                numbers.get(1),
                Math.toIntExact(numbers.get(2)));
    }

    /** The line that tells of it. */
    String line() {
        StringBuilder line = new StringBuilder();
        line.append(' ').append(name).append(": ").append(size).append(' ').append(offset);
        line.append(' ').append(type);
        if (fragmentSize != 0 || blockSize != 0 || cylindersPerGroup != 0) {
            line.append(' ').append(fragmentSize).append(' ').append(blockSize);
            line.append(' ').append(cylindersPerGroup);
        }
        return line.append('\n').toString();
    }
}
