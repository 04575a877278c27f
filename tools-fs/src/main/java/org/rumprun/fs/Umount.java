// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Unmounts file systems: {@code umount(8)}. */
public final class Umount extends Tool {
    private Umount(RumpHost host) {
        super(host, FsTools.GROUP, "umount");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Umount in(RumpHost host) {
        return new Umount(host);
    }
}
