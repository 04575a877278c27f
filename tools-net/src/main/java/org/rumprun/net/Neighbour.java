// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who has an address on a network.
 *
 * @param address the address
 * @param linkAddress "02:00:00:00:00:01"; empty while nobody has answered
 * @param interfaceName where the network is
 * @param permanent whether it has been set, or is this kernel's own
 */
public record Neighbour(
        InetAddress address,
        Optional<String> linkAddress,
        String interfaceName,
        boolean permanent) {
    private static final Pattern ARP = Pattern.compile("\\S+ \\((\\S+)\\) at (\\S+) on (\\S+)(.*)");
    private static final Pattern NDP = Pattern.compile("(\\S+:\\S*) +(\\S+) +(\\S+) +(.*)");

    static Optional<Neighbour> arp(String line) {
        return of(ARP.matcher(line));
    }

    static Optional<Neighbour> ndp(String line) {
        return of(NDP.matcher(line));
    }

    private static Optional<Neighbour> of(Matcher line) {
        if (!line.matches()) {
            return Optional.empty();
        }
        String link = line.group(2);
        return Optional.of(
                new Neighbour(
                        NetTools.address(line.group(1)),
                        link.equals("(incomplete)") ? Optional.empty() : Optional.of(link),
                        line.group(3),
                        line.group(4).strip().startsWith("permanent")));
    }
}
