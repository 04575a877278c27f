// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.ArrayList;
import java.util.List;

/** Has a kernel write down what processes do: {@code ktrace(1)}; {@link Kdump} shows it. */
public final class Ktrace extends Tool {
    private Ktrace(RumpHost host) {
        super(host, KernelTools.GROUP, "ktrace");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ktrace in(RumpHost host) {
        return new Ktrace(host);
    }

    /**
     * Runs a tool, and traces it and all that it starts.
     *
     * @param file where to: a path in the kernel; emptied first
     * @param command the tool and its arguments
     * @return what the tool gave
     * @throws ToolException if the tool fails, or tracing can't begin
     */
    public ToolResult trace(String file, String... command) {
        List<String> words = new ArrayList<>(List.of("-f", file));
        words.addAll(List.of(command));
        return run(words.toArray(String[]::new));
    }

    /**
     * Ends all tracing.
     *
     * @throws ToolException if ktrace fails
     */
    public void clear() {
        run("-C");
    }
}
