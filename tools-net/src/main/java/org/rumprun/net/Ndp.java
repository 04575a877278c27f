// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Shows and changes who has which IPv6 address: {@code ndp(8)}. */
public final class Ndp extends Tool {
    private Ndp(RumpHost host) {
        super(host, NetTools.GROUP, "ndp");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ndp in(RumpHost host) {
        return new Ndp(host);
    }

    /**
     * The neighbours that are known.
     *
     * @return one for each address
     * @throws ToolException if ndp fails
     */
    public List<Neighbour> list() {
        return run("-n", "-a").out().lines().flatMap(line -> Neighbour.ndp(line).stream()).toList();
    }

    /**
     * Sets a neighbour's link address, for good.
     *
     * @param address the neighbour's; a link-local one has its interface after a %
     * @param linkAddress "02:00:00:00:00:01"
     * @throws ToolException if ndp fails
     */
    public void set(String address, String linkAddress) {
        run("-s", address, linkAddress);
    }

    /**
     * Forgets a neighbour.
     *
     * @param address the neighbour's; a link-local one has its interface after a %
     * @throws ToolException if there is none, for one
     */
    public void delete(String address) {
        run("-n", "-d", address);
    }
}
