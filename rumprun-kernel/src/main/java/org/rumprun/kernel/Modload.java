// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/** Brings modules of a kernel to life: {@code modload(8)}. */
public final class Modload extends Tool {
    private Modload(RumpHost host) {
        super(host, KernelTools.GROUP, "modload");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Modload in(RumpHost host) {
        return new Modload(host);
    }

    /**
     * Loads a module, also one that was unloaded.
     *
     * @param module its name: "ffs"
     * @throws ToolException if there is none, or it is loaded
     */
    public void load(String module) {
        run("-f", module);
    }
}
