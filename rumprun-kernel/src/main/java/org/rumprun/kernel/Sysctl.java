// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/** Reads and sets the kernel's values, as sysctl(7) names them: {@code sysctl(8)}. */
public final class Sysctl extends Tool {
    private Sysctl(RumpHost host) {
        super(host, KernelTools.GROUP, "sysctl");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Sysctl in(RumpHost host) {
        return new Sysctl(host);
    }

    /**
     * A value.
     *
     * @param name "kern.ostype"
     * @return its text
     * @throws ToolException if there is no such name
     */
    public String get(String name) {
        return run("-n", name).out().strip();
    }

    /**
     * Sets a value.
     *
     * @param name "kern.maxvnodes"
     * @param value its text
     * @throws ToolException if there is no such name, or it cannot be set
     */
    public void set(String name, String value) {
        run("-w", name + "=" + value);
    }
}
