// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Removes files: {@code rm(1)}. */
public final class Rm extends Tool {
    private Rm(RumpHost host) {
        super(host, FsTools.GROUP, "rm");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Rm in(RumpHost host) {
        return new Rm(host);
    }
}
