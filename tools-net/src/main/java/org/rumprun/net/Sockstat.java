// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Shows which processes have which sockets: {@code sockstat(1)}. */
public final class Sockstat extends Tool {
    private Sockstat(RumpHost host) {
        super(host, NetTools.GROUP, "sockstat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Sockstat in(RumpHost host) {
        return new Sockstat(host);
    }
}
