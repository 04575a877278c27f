// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.net.InetAddress;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Shows and changes who has which IPv4 address: {@code arp(8)}. */
public final class Arp extends Tool {
    private Arp(RumpHost host) {
        super(host, NetTools.GROUP, "arp");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Arp in(RumpHost host) {
        return new Arp(host);
    }

    /**
     * The neighbours that are known.
     *
     * @return one for each address
     * @throws ToolException if arp fails
     */
    public List<Neighbour> list() {
        return run("-a", "-n").out().lines().flatMap(line -> Neighbour.arp(line).stream()).toList();
    }

    /**
     * Sets a neighbour's link address, for good.
     *
     * @param address the neighbour's
     * @param linkAddress "02:00:00:00:00:01"
     * @throws ToolException if arp fails
     */
    public void set(InetAddress address, String linkAddress) {
        run("-s", NetTools.text(address), linkAddress);
    }

    /**
     * Forgets a neighbour.
     *
     * @param address the neighbour's
     * @throws ToolException if there is none, for one
     */
    public void delete(InetAddress address) {
        run("-n", "-d", NetTools.text(address));
    }
}
