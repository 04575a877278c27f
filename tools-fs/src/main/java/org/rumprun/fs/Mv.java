// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Moves files: {@code mv(1)}. */
public final class Mv extends Tool {
    private Mv(RumpHost host) {
        super(host, FsTools.GROUP, "mv");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mv in(RumpHost host) {
        return new Mv(host);
    }
}
