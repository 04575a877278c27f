// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Changes owners and groups: {@code chown(8)}. */
public final class Chown extends Tool {
    private Chown(RumpHost host) {
        super(host, FsTools.GROUP, "chown");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Chown in(RumpHost host) {
        return new Chown(host);
    }
}
