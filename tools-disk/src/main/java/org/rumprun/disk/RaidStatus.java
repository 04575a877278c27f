// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a RAID set is like at one moment.
 *
 * @param components its components, in their order
 * @param spares its spares
 * @param parityClean whether parity is known to be right
 * @param reconstruction how much of a component is filled, percent
 * @param parityRewrite how much of the parity is written anew, percent
 * @param copyback how much is back on a component, percent
 */
public record RaidStatus(
        List<Component> components,
        List<Component> spares,
        boolean parityClean,
        int reconstruction,
        int parityRewrite,
        int copyback) {
    /** What a component or spare is. */
    public enum State {
        /** It has its data. */
        OPTIMAL,
        /** It is used no more. */
        FAILED,
        /** It is being filled. */
        RECONSTRUCTING,
        /** Its data are on all the others. */
        DIST_SPARED,
        /** Its data are on a spare. */
        SPARED,
        /** A spare that waits. */
        SPARE,
        /** A spare in the place of a component. */
        USED_SPARE,
        /** A spare that is being filled. */
        REBUILDING_SPARE,
        /** Another one. */
        UNKNOWN;

        static State of(String word) {
            for (State state : values()) {
                if (state.name().equals(word.toUpperCase(Locale.ROOT))) {
                    return state;
                }
            }
            return UNKNOWN;
        }
    }

    /**
     * A component or spare.
     *
     * @param name its device, or what stands for one that is not there
     * @param state what it is
     */
    public record Component(String name, State state) {}

    private static final Pattern COMPONENT = Pattern.compile("\\s*(\\S+): (\\w+)");
    private static final Pattern PERCENT = Pattern.compile("(.*) is (\\d+)% complete\\.");

    /** Keeps copies. */
    public RaidStatus {
        components = List.copyOf(components);
        spares = List.copyOf(spares);
    }

    /**
     * Whether data are where they belong: no component has failed, and none is being filled.
     *
     * @return true for a whole set
     */
    public boolean isOptimal() {
        return components.stream().allMatch(c -> c.state() == State.OPTIMAL);
    }

    /**
     * Reads what {@code raidctl -s} prints.
     *
     * @param text its lines
     * @return the same, typed
     * @throws IllegalArgumentException if it isn't that
     */
    public static RaidStatus parse(String text) {
        List<Component> components = new ArrayList<>();
        List<Component> spares = new ArrayList<>();
        Map<String, Integer> percent = new HashMap<>();
        List<Component> list = null;
        boolean clean = false;
        for (String line : text.lines().toList()) {
            Matcher component = COMPONENT.matcher(line);
            Matcher progress = PERCENT.matcher(line);
            if (line.equals("Components:")) {
                list = components;
            } else if (line.equals("Spares:")) {
                list = spares;
            } else if (line.startsWith("Parity status: ")) {
                clean = line.endsWith(" clean");
                list = null;
            } else if (progress.matches()) {
                percent.put(progress.group(1), Integer.parseInt(progress.group(2)));
            } else if (line.startsWith("Component label") || line.startsWith("No spares")) {
                list = null;
            } else if (list != null && component.matches()) {
                list.add(new Component(component.group(1), State.of(component.group(2))));
            }
        }
        if (components.isEmpty()) {
            throw new IllegalArgumentException("no status of a RAID set: " + text);
        }
        return new RaidStatus(
                components,
                spares,
                clean,
                percent.getOrDefault("Reconstruction", 100),
                percent.getOrDefault("Parity Re-write", 100),
                percent.getOrDefault("Copyback", 100));
    }
}
