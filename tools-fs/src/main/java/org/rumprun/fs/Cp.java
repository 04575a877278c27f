// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Copies files: {@code cp(1)}. */
public final class Cp extends Tool {
    private Cp(RumpHost host) {
        super(host, FsTools.GROUP, "cp");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Cp in(RumpHost host) {
        return new Cp(host);
    }
}
