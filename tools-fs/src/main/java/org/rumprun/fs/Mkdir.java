// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Makes directories: {@code mkdir(1)}. */
public final class Mkdir extends Tool {
    private Mkdir(RumpHost host) {
        super(host, FsTools.GROUP, "mkdir");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mkdir in(RumpHost host) {
        return new Mkdir(host);
    }
}
