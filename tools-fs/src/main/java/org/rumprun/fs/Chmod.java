// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Changes permissions: {@code chmod(1)}. */
public final class Chmod extends Tool {
    private Chmod(RumpHost host) {
        super(host, FsTools.GROUP, "chmod");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Chmod in(RumpHost host) {
        return new Chmod(host);
    }
}
