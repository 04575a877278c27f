// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Writes files to its output: {@code cat(1)}. */
public final class Cat extends Tool {
    private Cat(RumpHost host) {
        super(host, FsTools.GROUP, "cat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Cat in(RumpHost host) {
        return new Cat(host);
    }
}
