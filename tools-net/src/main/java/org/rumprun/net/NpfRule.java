// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A rule of the packet filter, or a group of rules.
 *
 * @param kind what it is
 * @param groups the groups that it is in, the outermost first; "" is the default group
 * @param name a group's, or a ruleset's; else ""
 * @param text all that was said of it, as {@code npfctl show} prints it
 * @param id a dynamic rule's number
 */
public record NpfRule(Kind kind, List<String> groups, String name, String text, OptionalLong id) {
    private static final Pattern ID = Pattern.compile("(.*?) # id = \"([0-9a-f]+)\"");
    private static final Pattern GROUP =
            Pattern.compile("(group|ruleset)(?: \"([^\"]*)\")?(?: (?!pass|block).*)?");

    /** What a rule is. */
    public enum Kind {
        /** Lets packets through. */
        PASS,
        /** Stops them. */
        BLOCK,
        /** Has rules in it. */
        GROUP,
        /** A group whose rules come and go. */
        RULESET,
        /** Changes addresses. */
        MAP
    }

    /** Copies. */
    public NpfRule {
        groups = List.copyOf(groups);
    }

    /** One line of show: tabs tell how deep it is. `groups` are those before it. */
    static Optional<NpfRule> parse(String line, List<String> groups) {
        int depth = 0;
        while (depth < line.length() && line.charAt(depth) == '\t') {
            depth++;
        }
        String text = line.strip();
        OptionalLong id = OptionalLong.empty();
        Matcher numbered = ID.matcher(text);
        if (numbered.matches()) {
            text = numbered.group(1);
            id = OptionalLong.of(Long.parseUnsignedLong(numbered.group(2), 16));
            if (text.startsWith("ruleset ")) {
                text = text.substring("ruleset ".length());
            }
        }
        Matcher group = GROUP.matcher(text);
        Kind kind;
        String name = "";
        if (group.matches()) {
            kind = group.group(1).equals("group") ? Kind.GROUP : Kind.RULESET;
            name = group.group(2) == null ? "" : group.group(2);
        } else if (text.startsWith("pass ")) {
            kind = Kind.PASS;
        } else if (text.startsWith("block ")) {
            kind = Kind.BLOCK;
        } else if (text.startsWith("map ")) {
            kind = Kind.MAP;
        } else {
            return Optional.empty();
        }
        List<String> around = groups.subList(0, Math.min(depth, groups.size()));
        NpfRule rule = new NpfRule(kind, around, name, text, id);
        if (kind == Kind.GROUP || kind == Kind.RULESET) {
            groups.subList(around.size(), groups.size()).clear();
            groups.add(name);
        }
        return Optional.of(rule);
    }
}
