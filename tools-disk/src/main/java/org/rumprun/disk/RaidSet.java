// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What a RAID set is made of: a configuration of raidctl(8).
 *
 * @param level how its data lie
 * @param components block devices, in their order; null for one that is not there
 * @param spares block devices that stand in when one fails
 * @param sectorsPerUnit sectors that lie together on a component
 * @param queue requests that a component gets at once
 */
public record RaidSet(
        Level level, List<String> components, List<String> spares, int sectorsPerUnit, int queue) {
    /** How data lie on components. */
    public enum Level {
        /** Striped, without redundancy. */
        STRIPED(0),
        /** Mirrored. */
        MIRRORED(1),
        /** With parity on the last component. */
        PARITY_DISK(4),
        /** With parity that goes round. */
        PARITY_ROTATED(5);

        private final int number;

        Level(int number) {
            this.number = number;
        }

        /**
         * Its number.
         *
         * @return 0, 1, 4 or 5
         */
        public int number() {
            return number;
        }

        /**
         * The level of a number.
         *
         * @param number 0, 1, 4 or 5
         * @return the level
         * @throws IllegalArgumentException if there is none
         */
        public static Level of(int number) {
            for (Level level : values()) {
                if (level.number == number) {
                    return level;
                }
            }
            throw new IllegalArgumentException("no RAID level " + number);
        }
    }

    /** Checks names: each is a line of the configuration. */
    public RaidSet {
        Objects.requireNonNull(level);
        components =
                components.stream().map(c -> c == null ? "absent" : c).map(RaidSet::name).toList();
        spares = spares.stream().map(RaidSet::name).toList();
    }

    private static String name(String name) {
        if (name.isBlank() || name.chars().anyMatch(c -> c <= ' ' || c == '#')) {
            throw new IllegalArgumentException("a component \"" + name + "\"");
        }
        return name;
    }

    /**
     * A set without spares, with units of 32 KiB.
     *
     * @param level 0, 1, 4 or 5
     * @param components block devices, in their order
     * @return the set
     */
    public static RaidSet of(int level, String... components) {
        return new RaidSet(Level.of(level), Arrays.asList(components), List.of(), 64, 100);
    }

    /**
     * The same with spares.
     *
     * @param more block devices
     * @return the set
     */
    public RaidSet withSpares(String... more) {
        return new RaidSet(level, components, List.of(more), sectorsPerUnit, queue);
    }

    /**
     * The same with another size of units.
     *
     * @param sectors sectors that lie together
     * @return the set
     */
    public RaidSet withSectorsPerUnit(int sectors) {
        return new RaidSet(level, components, spares, sectors, queue);
    }

    /**
     * The configuration as raidctl reads it.
     *
     * @return its lines
     */
    public String text() {
        StringBuilder text = new StringBuilder("START array\n");
        text.append("1 %d %d\n".formatted(components.size(), spares.size()));
        text.append("START disks\n");
        components.forEach(c -> text.append(c).append('\n'));
        if (!spares.isEmpty()) {
            text.append("START spare\n");
            spares.forEach(s -> text.append(s).append('\n'));
        }
        text.append("START layout\n%d 1 1 %d\n".formatted(sectorsPerUnit, level.number));
        return text.append("START queue\nfifo %d\n".formatted(queue)).toString();
    }
}
