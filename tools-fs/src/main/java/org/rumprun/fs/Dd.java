// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Copies and converts data: {@code dd(1)}. */
public final class Dd extends Tool {
    private Dd(RumpHost host) {
        super(host, FsTools.GROUP, "dd");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Dd in(RumpHost host) {
        return new Dd(host);
    }
}
