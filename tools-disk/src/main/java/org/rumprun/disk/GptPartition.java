// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A partition of a GUID partition table.
 *
 * @param index its number, from 1
 * @param start its first sector
 * @param size its sectors
 * @param type the GUID of what is in it
 * @param typeName what {@code gpt type -l} calls that; empty for others
 * @param guid its own GUID
 * @param label its label, maybe ""
 * @param attributes "biosboot", "required" and so on
 */
public record GptPartition(
        int index,
        long start,
        long size,
        UUID type,
        Optional<String> typeName,
        UUID guid,
        String label,
        List<String> attributes) {
    private static final Pattern DETAILS =
            Pattern.compile(
                    "Details for index (\\d+):\n"
                            + "Start: (\\d+).*\n"
                            + "Size: (\\d+).*\n"
                            + "Type: (\\S+) \\((\\S+)\\)\n"
                            + "GUID: (\\S+)\n"
                            + "Label: (.*)\n"
                            + "Attributes: (.*)\n");

    /** Keeps a copy. */
    public GptPartition {
        Objects.requireNonNull(type);
        Objects.requireNonNull(typeName);
        Objects.requireNonNull(guid);
        Objects.requireNonNull(label);
        attributes = List.copyOf(attributes);
    }

    /** From what gpt show -a prints. */
    static List<GptPartition> parse(String text) {
        List<GptPartition> all = new ArrayList<>();
        Matcher m = DETAILS.matcher(text);
        while (m.find()) {
            all.add(
                    new GptPartition(
                            Integer.parseInt(m.group(1)),
                            Long.parseLong(m.group(2)),
                            Long.parseLong(m.group(3)),
                            UUID.fromString(m.group(5)),
                            Optional.of(m.group(4)).filter(name -> !name.equals("unknown")),
                            UUID.fromString(m.group(6)),
                            m.group(7),
                            m.group(8).equals("None")
                                    ? List.of()
                                    : List.of(m.group(8).split(", "))));
        }
        return all;
    }
}
