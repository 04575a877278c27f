// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;

/** Changes groups: {@code chgrp(1)}. */
public final class Chgrp extends Tool {
    private Chgrp(RumpHost host) {
        super(host, FsTools.GROUP, "chgrp");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Chgrp in(RumpHost host) {
        return new Chgrp(host);
    }
}
