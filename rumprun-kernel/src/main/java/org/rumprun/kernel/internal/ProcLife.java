// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Pointer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** The life of a process's handle: calls by any thread, and an end that waits for them. */
public abstract sealed class ProcLife implements AutoCloseable permits ProcNames {
    private static final int CLOSED = Integer.MIN_VALUE;

    final Rumprun functions;
    final Pointer proc;

    /** Whose it is; null: somebody else's, behind a socket. */
    private final KernelHandle kernel;

    /** Calls in progress; with CLOSED added no call begins. */
    private final AtomicInteger users = new AtomicInteger();

    ProcLife(Rumprun functions, Pointer proc, KernelHandle kernel) {
        this.functions = functions;
        this.proc = proc;
        this.kernel = kernel;
    }

    final boolean enter() {
        if (users.incrementAndGet() > 0) {
            return true;
        }
        users.decrementAndGet();
        return false;
    }

    final void leave() {
        users.decrementAndGet();
    }

    /** What failed because of a close says so, whatever the kernel or the socket says. */
    final int call(IntSupplier work) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            int result = work.getAsInt();
            return result < 0 && isClosed() ? -Errno.ESHUTDOWN : result;
        } finally {
            leave();
        }
    }

    /** As {@link #call}, for results that may be larger. */
    final long count(LongSupplier work) {
        if (!enter()) {
            return -Errno.ESHUTDOWN;
        }
        try {
            long result = work.getAsLong();
            return result < 0 && isClosed() ? -Errno.ESHUTDOWN : result;
        } finally {
            leave();
        }
    }

    /**
     * Whether calls fail because of {@link #close}.
     *
     * @return true once closed
     */
    public final boolean isClosed() {
        return users.get() < 0;
    }

    /** Ends the sleeps of calls in progress. */
    public final void interrupt() {
        if (enter()) {
            try {
                functions.rumprun_proc_interrupt(proc);
            } finally {
                leave();
            }
        }
    }

    /**
     * Ends the calls in progress, and the process.
     *
     * @throws IllegalStateException when a tool that runs in it, or its kernel's console, waits for
     *     the caller
     */
    @Override
    public final void close() {
        Inside.refuse(this, "a process");
        if (kernel != null) {
            Inside.refuse(kernel, "a process");
        }
        int before;
        do {
            before = users.get();
            if (before < 0) {
                return;
            }
        } while (!users.compareAndSet(before, before + CLOSED));
        if (kernel != null) {
            kernel.forget(this);
        }
        functions.rumprun_proc_shut(proc);
        while (users.get() != CLOSED) {
            LockSupport.parkNanos(50_000);
        }
        functions.rumprun_proc_destroy(proc);
    }
}
