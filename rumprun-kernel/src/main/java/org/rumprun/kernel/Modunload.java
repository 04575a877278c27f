// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/** Puts modules of a kernel aside: {@code modunload(8)}. */
public final class Modunload extends Tool {
    private Modunload(RumpHost host) {
        super(host, KernelTools.GROUP, "modunload");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Modunload in(RumpHost host) {
        return new Modunload(host);
    }

    /**
     * Unloads a module.
     *
     * @param module its name: "tmpfs"
     * @throws ToolException if it is in use, or there is none
     */
    public void unload(String module) {
        run(module);
    }
}
