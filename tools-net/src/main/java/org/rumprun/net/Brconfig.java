// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Joins interfaces to one network: {@code brconfig(8)}. */
public final class Brconfig extends Tool {
    private Brconfig(RumpHost host) {
        super(host, NetTools.GROUP, "brconfig");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Brconfig in(RumpHost host) {
        return new Brconfig(host);
    }

    /**
     * Makes a bridge, with members, and brings it up.
     *
     * @param bridge its name, "bridge0"
     * @param members interfaces that are up
     * @throws ToolException if ifconfig or brconfig fails
     */
    public void bridge(String bridge, String... members) {
        Ifconfig.in(host()).create(bridge);
        List<String> line = new ArrayList<>(List.of(bridge));
        for (String member : members) {
            line.addAll(List.of("add", member));
        }
        line.add("up");
        run(line.toArray(String[]::new));
    }
}
