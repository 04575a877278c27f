// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Removes directories: {@code rmdir(1)}. */
public final class Rmdir extends Tool {
    private Rmdir(RumpHost host) {
        super(host, FsTools.GROUP, "rmdir");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Rmdir in(RumpHost host) {
        return new Rmdir(host);
    }
}
