// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Makes links: {@code ln(1)}. */
public final class Ln extends Tool {
    private Ln(RumpHost host) {
        super(host, FsTools.GROUP, "ln");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ln in(RumpHost host) {
        return new Ln(host);
    }
}
