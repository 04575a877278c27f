// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Shows and changes the routes: {@code route(8)}. */
public final class Route extends Tool {
    private Route(RumpHost host) {
        super(host, NetTools.GROUP, "route");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Route in(RumpHost host) {
        return new Route(host);
    }

    /**
     * The routes of IPv4, and then those of IPv6.
     *
     * @return them, in the order of the table
     * @throws ToolException if route fails
     */
    public List<Entry> list() {
        List<Entry> entries = new ArrayList<>();
        boolean six = false;
        for (String line : run("-n", "show").out().split("\n")) {
            if (line.endsWith(":")) {
                six = line.equals("Internet6:");
            } else {
                Entry.parse(line, six).ifPresent(entries::add);
            }
        }
        return entries;
    }

    /**
     * Adds a route to a network.
     *
     * @param network "10.1.0.0/16", "2001:db8:1::/48"; "default" of the gateway's family
     * @param gateway the address of a neighbour
     * @throws ToolException if there is a route already, for one
     */
    public void add(String network, String gateway) {
        change("add", network, gateway);
    }

    /**
     * Takes a route to a network away.
     *
     * @param network as it was added
     * @param gateway as it was added
     * @throws ToolException if there is none
     */
    public void delete(String network, String gateway) {
        change("delete", network, gateway);
    }

    private void change(String what, String network, String gateway) {
        run("-n", what, "-" + NetTools.family(gateway), "-net", network, gateway);
    }

    /**
     * A route.
     *
     * @param destination the network, or the host
     * @param prefixLength the bits of the network's number; of a host all
     * @param gateway an address, or "link#2" for a network at an interface
     * @param flags a letter each, as the manual page route(8) has them
     * @param mtu the size of the largest packets; 0: the interface's
     * @param interfaceName where packets leave
     */
    public record Entry(
            InetAddress destination,
            int prefixLength,
            String gateway,
            String flags,
            int mtu,
            String interfaceName) {
        private static final int COLUMNS = 7;

        static Optional<Entry> parse(String line, boolean six) {
            String[] columns = line.strip().split(" +");
            if (columns.length < COLUMNS || columns[0].equals("Destination")) {
                return Optional.empty();
            }
            String flags = columns[2];
            String network = columns[0];
            int slash = network.indexOf('/');
            int bits = six ? 128 : 32;
            if (network.equals("default")) {
                network = six ? "::" : "0.0.0.0";
                bits = 0;
            } else if (slash >= 0) {
                bits = Integer.parseInt(network.substring(slash + 1));
                network = network.substring(0, slash);
            }
            if (!six) {
                network = whole(network);
            }
            int mtu = columns[5].equals("-") ? 0 : Integer.parseInt(columns[5]);
            String name = columns[columns.length - 1];
            return Optional.of(
                    new Entry(NetTools.address(network), bits, columns[1], flags, mtu, name));
        }

        /** The table leaves zeros at a network's end away. */
        private static String whole(String network) {
            StringBuilder text = new StringBuilder(network);
            for (long dots = network.chars().filter(c -> c == '.').count(); dots < 3; dots++) {
                text.append(".0");
            }
            return text.toString();
        }

        /**
         * Whether it is for all that no other one is for.
         *
         * @return true for a default route
         */
        public boolean isDefault() {
            return prefixLength == 0;
        }
    }
}
