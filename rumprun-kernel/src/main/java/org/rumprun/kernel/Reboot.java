// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/**
 * Asks a kernel to reboot: {@code reboot(8)}. {@link RumpKernel#haltRequested} tells; a server
 * ends.
 */
public final class Reboot extends Tool {
    private Reboot(RumpHost host) {
        super(host, KernelTools.GROUP, "reboot");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Reboot in(RumpHost host) {
        return new Reboot(host);
    }
}
