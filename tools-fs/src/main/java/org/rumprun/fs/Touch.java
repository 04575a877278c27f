// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Sets times, and makes files: {@code touch(1)}. */
public final class Touch extends Tool {
    private Touch(RumpHost host) {
        super(host, FsTools.GROUP, "touch");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Touch in(RumpHost host) {
        return new Touch(host);
    }
}
