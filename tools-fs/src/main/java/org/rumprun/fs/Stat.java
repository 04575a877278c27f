// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Shows what a file is: {@code stat(1)}. */
public final class Stat extends Tool {
    private Stat(RumpHost host) {
        super(host, FsTools.GROUP, "stat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Stat in(RumpHost host) {
        return new Stat(host);
    }
}
