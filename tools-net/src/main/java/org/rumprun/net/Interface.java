// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an interface is like.
 *
 * @param name "wire0"
 * @param flags "UP", "RUNNING" and so on
 * @param mtu the size of its largest packets
 * @param linkAddress "02:00:00:00:00:01"; empty without one
 * @param addresses those of IPv4 and IPv6
 */
public record Interface(
        String name,
        Set<String> flags,
        int mtu,
        Optional<String> linkAddress,
        List<Address> addresses) {
    private static final Pattern HEAD =
            Pattern.compile("(\\S+): flags=\\w+<([^>]*)>.* mtu (\\d+).*");
    private static final Pattern LINK = Pattern.compile("\\s+address: (\\S+)");
    private static final Pattern INET =
            Pattern.compile(
                    "\\s+inet (?:alias )?(\\S+)(?: -> \\S+)? netmask 0x(\\w+)"
                            + "(?: broadcast \\S+)?(.*)");
    private static final Pattern INET6 =
            Pattern.compile("\\s+inet6 (?:alias )?(\\S+)(?: -> \\S+)? prefixlen (\\d+)(.*)");

    /** Keeps copies. */
    public Interface {
        flags = Set.copyOf(flags);
        addresses = List.copyOf(addresses);
    }

    /**
     * An address of an interface.
     *
     * @param address the address
     * @param prefixLength the bits of its network's number
     * @param words what else is to be said: "tentative", "duplicated"
     */
    public record Address(InetAddress address, int prefixLength, Set<String> words) {
        /** Keeps a copy. */
        public Address {
            words = Set.copyOf(words);
        }

        private static Address of(Matcher line, int prefixLength) {
            Set<String> words = Set.of();
            String rest = line.group(3).strip();
            if (!rest.isEmpty()) {
                words = Set.copyOf(List.of(rest.split(" +")));
            }
            return new Address(NetTools.address(line.group(1)), prefixLength, words);
        }
    }

    /**
     * Whether it is up.
     *
     * @return true when it has the flag
     */
    public boolean isUp() {
        return flags.contains("UP");
    }

    /** From what ifconfig shows. */
    static List<Interface> parse(String text) {
        List<Interface> all = new ArrayList<>();
        for (String part : text.split("\n(?!\\s)")) {
            String[] lines = part.split("\n");
            Matcher head = HEAD.matcher(lines[0]);
            if (head.matches()) {
                all.add(parse(head, lines));
            }
        }
        return all;
    }

    private static Interface parse(Matcher head, String[] lines) {
        Optional<String> link = Optional.empty();
        List<Address> addresses = new ArrayList<>();
        for (String line : lines) {
            Matcher m = LINK.matcher(line);
            if (m.matches()) {
                link = Optional.of(m.group(1));
            }
            m = INET.matcher(line);
            if (m.matches()) {
                addresses.add(Address.of(m, Long.bitCount(Long.parseLong(m.group(2), 16))));
            }
            m = INET6.matcher(line);
            if (m.matches()) {
                addresses.add(Address.of(m, Integer.parseInt(m.group(2))));
            }
        }
        Set<String> flags = head.group(2).isEmpty() ? Set.of() : Set.of(head.group(2).split(","));
        return new Interface(
                head.group(1), flags, Integer.parseInt(head.group(3)), link, addresses);
    }
}
