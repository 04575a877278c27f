// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/**
 * Asks a kernel to halt: {@code halt(8)}. {@link RumpKernel#haltRequested} tells; a server ends.
 */
public final class Halt extends Tool {
    private Halt(RumpHost host) {
        super(host, KernelTools.GROUP, "halt");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Halt in(RumpHost host) {
        return new Halt(host);
    }
}
