// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/** Lists the kernel's modules: {@code modstat(8)}. */
public final class Modstat extends Tool {
    private Modstat(RumpHost host) {
        super(host, KernelTools.GROUP, "modstat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Modstat in(RumpHost host) {
        return new Modstat(host);
    }
}
