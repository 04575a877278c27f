// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.List;

/** Shows what {@link Ktrace} had written: {@code kdump(1)}. */
public final class Kdump extends Tool {
    private Kdump(RumpHost host) {
        super(host, KernelTools.GROUP, "kdump");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Kdump in(RumpHost host) {
        return new Kdump(host);
    }

    /**
     * The paths that were looked up.
     *
     * @param file a trace, by its path in the kernel
     * @return the paths, in order
     * @throws ToolException if the file is none
     */
    public List<String> paths(String file) {
        return run("-t", "n", "-f", file)
                .out()
                .lines()
                .filter(line -> line.contains(" NAMI  \""))
                .map(line -> line.substring(line.indexOf('"') + 1, line.lastIndexOf('"')))
                .toList();
    }
}
