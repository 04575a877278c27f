// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/** Learns how far a tool has come with long work. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Called now and then, on the thread that runs the tool.
     *
     * @param what what is being done
     * @param done units done
     * @param total of so many; 0 when nobody knows
     */
    void progress(String what, long done, long total);
}
