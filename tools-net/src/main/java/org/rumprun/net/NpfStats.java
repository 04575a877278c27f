// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the packet filter has counted.
 *
 * @param passedByDefault packets that no rule was about, and that passed
 * @param passedByRule packets that a rule let through
 * @param passedByState packets of a connection that was known
 * @param blockedByDefault packets that no rule was about, and that were blocked
 * @param blockedByRule packets that a rule blocked
 * @param statesMade connections that were remembered
 * @param statesEnded connections that were forgotten
 * @param all every counter, by the words of {@code npfctl stats}: "NAT entry allocations"
 */
public record NpfStats(
        long passedByDefault,
        long passedByRule,
        long passedByState,
        long blockedByDefault,
        long blockedByRule,
        long statesMade,
        long statesEnded,
        Map<String, Long> all) {
    /** Copies. */
    public NpfStats {
        all = Map.copyOf(all);
    }

    static NpfStats parse(String text) {
        Map<String, Long> all = new LinkedHashMap<>();
        for (String line : text.split("\n")) {
            String[] words = line.strip().split(" ", 2);
            if (line.startsWith("\t") && words.length == 2) {
                all.put(words[1], Long.parseUnsignedLong(words[0]));
            }
        }
        return new NpfStats(
                all.getOrDefault("default pass", 0L),
                all.getOrDefault("ruleset pass", 0L),
                all.getOrDefault("state pass", 0L),
                all.getOrDefault("default block", 0L),
                all.getOrDefault("ruleset block", 0L),
                all.getOrDefault("state allocations", 0L),
                all.getOrDefault("state destructions", 0L),
                all);
    }
}
