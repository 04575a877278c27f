// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Makes special files: {@code mknod(8)}. */
public final class Mknod extends Tool {
    private Mknod(RumpHost host) {
        super(host, FsTools.GROUP, "mknod");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mknod in(RumpHost host) {
        return new Mknod(host);
    }
}
