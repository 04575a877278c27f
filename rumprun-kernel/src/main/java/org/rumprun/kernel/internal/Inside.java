// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What native code of ours, further up on this thread's stack, works with while it calls Java back:
 * ending that from here would wait for itself.
 */
final class Inside {
    private static final ThreadLocal<Deque<Object>> STACK =
            ThreadLocal.withInitial(ArrayDeque::new);

    private Inside() {}

    static void enter(Object handle) {
        STACK.get().push(handle);
    }

    static void leave() {
        Deque<Object> stack = STACK.get();
        stack.pop();
        if (stack.isEmpty()) {
            STACK.remove();
        }
    }

    static void refuse(Object handle, String what) {
        if (STACK.get().contains(handle)) {
            throw new IllegalStateException(
                    what + " cannot be closed by what it has called: its stream or listener");
        }
    }
}
