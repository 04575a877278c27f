// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The label of a disk: what the disk is like, and its partitions. What {@code disklabel} prints and
 * restores.
 *
 * @param type the kind of the disk: "SCSI", "vnd", "unknown"
 * @param disk the name of its type, up to 16 characters
 * @param name its own name, up to 16 characters
 * @param flags "removable" and the like
 * @param sectorSize bytes
 * @param sectorsPerTrack how many
 * @param tracksPerCylinder how many
 * @param sectorsPerCylinder how many
 * @param cylinders how many
 * @param totalSectors how many
 * @param rpm its speed
 * @param others the other properties, by the name that disklabel gives them
 * @param places for so many partitions, 1 to 16
 * @param partitions those that are there, by letter
 */
public record Label(
        String type,
        String disk,
        String name,
        List<String> flags,
        long sectorSize,
        long sectorsPerTrack,
        long tracksPerCylinder,
        long sectorsPerCylinder,
        long cylinders,
        long totalSectors,
        int rpm,
        Map<String, String> others,
        int places,
        List<Partition> partitions) {
    /** The letter of the partition that is the whole disk. */
    public static final char RAW = 'd';

    private static final int MOST_PLACES = 16;
    private static final long SECTORS = 32;
    private static final long TRACKS = 64;
    private static final List<String> OTHERS =
            List.of(
                    "interleave",
                    "trackskew",
                    "cylinderskew",
                    "headswitch",
                    "track-to-track seek",
                    "drivedata");

    /**
     * Checks that it can be one.
     *
     * @throws IllegalArgumentException if it can't
     */
    public Label {
        Objects.requireNonNull(type);
        flags = List.copyOf(flags);
        others = Map.copyOf(others);
        partitions = sorted(partitions);
        if (bad(type) || bad(disk) || bad(name) || flags.stream().anyMatch(Label::bad)) {
            throw new IllegalArgumentException("a name in a label has a # or a control character");
        }
        if (others.entrySet().stream().anyMatch(o -> !OTHERS.contains(o.getKey()))
                || others.values().stream().anyMatch(Label::bad)) {
            throw new IllegalArgumentException("properties " + others);
        }
        if (places < 1 || places > MOST_PLACES) {
            throw new IllegalArgumentException(places + " partitions");
        }
        for (int i = 0; i < partitions.size(); i++) {
            char letter = partitions.get(i).name();
            if (letter - 'a' >= places || i > 0 && partitions.get(i - 1).name() == letter) {
                throw new IllegalArgumentException("partition " + letter);
            }
        }
    }

    private static boolean bad(String s) {
        return s.chars().anyMatch(c -> c < ' ' || c == '#' || c == 0x7f);
    }

    private static List<Partition> sorted(List<Partition> partitions) {
        List<Partition> copy = new ArrayList<>(partitions);
        copy.sort(Comparator.comparing(Partition::name));
        return List.copyOf(copy);
    }

    /**
     * A label for a disk of 512-byte sectors, with partition d for all of it.
     *
     * @param bytes the size of the disk
     * @return the label, to be given more partitions
     */
    public static Label of(long bytes) {
        long total = bytes / 512;
        if (total < 2 || total > 0xffffffffL) {
            throw new IllegalArgumentException("a disk of " + bytes + " bytes");
        }
        boolean small = total < SECTORS * TRACKS;
        long sectors = small ? 1 : SECTORS;
        long tracks = small ? 1 : TRACKS;
        return new Label(
                "unknown",
                "image",
                "",
                List.of(),
                512,
                sectors,
                tracks,
                sectors * tracks,
                total / (sectors * tracks),
                total,
                3600,
                Map.of("interleave", "1"),
                RAW - 'a' + 1,
                List.of(new Partition(RAW, total, 0, Partition.UNUSED)));
    }

    /**
     * A partition by its letter.
     *
     * @param letter 'a' to 'p'
     * @return the partition, if there is one
     */
    public Optional<Partition> partition(char letter) {
        return partitions.stream().filter(p -> p.name() == letter).findFirst();
    }

    /**
     * The label with another partition, instead of the one of its letter.
     *
     * @param partition the partition
     * @return a new label
     */
    public Label with(Partition partition) {
        List<Partition> all = new ArrayList<>(partitions);
        all.removeIf(p -> p.name() == partition.name());
        all.add(partition);
        int most = Math.max(places, partition.name() - 'a' + 1);
        return copy(name, most, all);
    }

    /**
     * The label with another name.
     *
     * @param newName up to 16 characters
     * @return a new label
     */
    public Label withName(String newName) {
        return copy(newName, places, partitions);
    }

    private Label copy(String newName, int newPlaces, List<Partition> newPartitions) {
        return new Label(
                type,
                disk,
                newName,
                flags,
                sectorSize,
                sectorsPerTrack,
                tracksPerCylinder,
                sectorsPerCylinder,
                cylinders,
                totalSectors,
                rpm,
                others,
                newPlaces,
                newPartitions);
    }

    /**
     * Reads what {@code disklabel} prints.
     *
     * @param text the label
     * @return the same, typed
     * @throws IllegalArgumentException if it isn't one
     */
    public static Label parse(String text) {
        Map<String, String> values = new LinkedHashMap<>();
        List<Partition> partitions = new ArrayList<>();
        int places = 0;
        for (String line : text.lines().toList()) {
            int comment = line.indexOf('#');
            String bare = (comment < 0 ? line : line.substring(0, comment)).strip();
            int colon = bare.indexOf(':');
            if (bare.isEmpty()) {
                continue;
            }
            if (colon < 0) {
                throw new IllegalArgumentException("no label: " + line);
            }
            String key = bare.substring(0, colon);
            if (key.endsWith(" partitions")) {
                places = Integer.parseInt(key.substring(0, key.indexOf(' ')));
            } else if (key.length() == 1) {
                partitions.add(Partition.parse(bare));
            } else {
                values.put(key, bare.substring(colon + 1).strip());
            }
        }
        Map<String, String> others = new LinkedHashMap<>(values);
        others.keySet().retainAll(OTHERS);
        return new Label(
                values.getOrDefault("type", "unknown"),
                values.getOrDefault("disk", ""),
                values.getOrDefault("label", ""),
                List.of(values.getOrDefault("flags", "").split(" ")).stream()
                        .filter(s -> !s.isEmpty())
                        .toList(),
                number(values, "bytes/sector"),
                number(values, "sectors/track"),
                number(values, "tracks/cylinder"),
                number(values, "sectors/cylinder"),
                number(values, "cylinders"),
                number(values, "total sectors"),
                Math.toIntExact(number(values, "rpm")),
                others,
                places,
                partitions);
    }

    private static long number(Map<String, String> values, String key) {
        String value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("a label without " + key);
        }
        return Long.parseLong(value);
    }

    /**
     * The label as {@code disklabel -R} reads it.
     *
     * @return its lines
     */
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append("type: ").append(type).append("\ndisk: ").append(disk);
        text.append("\nlabel: ").append(name);
        text.append("\nflags: ").append(String.join(" ", flags));
        text.append("\nbytes/sector: ").append(sectorSize);
        text.append("\nsectors/track: ").append(sectorsPerTrack);
        text.append("\ntracks/cylinder: ").append(tracksPerCylinder);
        text.append("\nsectors/cylinder: ").append(sectorsPerCylinder);
        text.append("\ncylinders: ").append(cylinders);
        text.append("\ntotal sectors: ").append(totalSectors);
        text.append("\nrpm: ").append(rpm).append('\n');
        for (String key : OTHERS) {
            if (others.containsKey(key)) {
                text.append(key).append(": ").append(others.get(key)).append('\n');
            }
        }
        text.append('\n').append(places).append(" partitions:\n");
        partitions.forEach(p -> text.append(p.line()));
        return text.toString();
    }
}
