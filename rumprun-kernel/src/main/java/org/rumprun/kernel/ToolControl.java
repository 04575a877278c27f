// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.rumprun.kernel.internal.ToolCall;

/**
 * Signals for tools while they run. A tool runs on the thread that asked for it; other threads, or
 * a listener to its progress, reach it here:
 *
 * <pre>{@code
 * ToolControl control = new ToolControl();
 * Dd dd = Dd.in(kernel.withControl(control).withOutput(System.out, System.err));
 * // here: dd.run("if=/dev/zero", "of=/mnt/file"); elsewhere:
 * control.requestStatus();
 * }</pre>
 *
 * <p>One control serves any number of tools. Safe for threads.
 */
public final class ToolControl {
    private final Set<ToolCall> running = ConcurrentHashMap.newKeySet();

    /** For tools that are still to be run. */
    public ToolControl() {}

    void begin(ToolCall call) {
        running.add(call);
    }

    void end(ToolCall call) {
        running.remove(call);
    }

    /**
     * Asks the tools that run now how far they are, as SIGINFO does. The answer is a line on their
     * standard error output, as soon as they get to it; tools whose work is short give none.
     *
     * @return how many tools run
     */
    public int requestStatus() {
        int count = 0;
        for (ToolCall call : running) {
            call.requestStatus();
            count++;
        }
        return count;
    }

    /**
     * Ends the tools that run now, as SIGINT does: most with the exit status 130. One that sleeps
     * in a system call wakes up for it.
     *
     * @return how many tools run
     */
    public int interrupt() {
        int count = 0;
        for (ToolCall call : running) {
            call.interrupt();
            count++;
        }
        return count;
    }
}
