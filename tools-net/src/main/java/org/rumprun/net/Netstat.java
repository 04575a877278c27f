// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Shows sockets, routes and what the protocols have counted: {@code netstat(1)}. */
public final class Netstat extends Tool {
    private Netstat(RumpHost host) {
        super(host, NetTools.GROUP, "netstat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Netstat in(RumpHost host) {
        return new Netstat(host);
    }
}
