// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.ToLongFunction;

/** A virtual clock. Safe for threads; calls after a close give -ESHUTDOWN. */
public final class ClockHandle implements AutoCloseable {
    private final Rumprun functions = Natives.functions();
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private Pointer clock;

    private ClockHandle() {}

    /**
     * A clock.
     *
     * @param realtimeNs what it shows first, since 1970
     * @param seed of its kernels' randomness; 0: any
     * @return the clock
     * @throws Failure if the time is out of its range, or there is no memory
     */
    public static ClockHandle create(long realtimeNs, long seed) throws Failure {
        ClockHandle handle = new ClockHandle();
        try (Memory out = new Memory(Native.POINTER_SIZE)) {
            Failure.check(
                    handle.functions.rumprun_clock_create(realtimeNs, seed, out), new byte[0]);
            handle.clock = out.getPointer(0);
        }
        return handle;
    }

    long call(ToLongFunction<Pointer> work) {
        lock.readLock().lock();
        try {
            return clock == null ? -Errno.ESHUTDOWN : work.applyAsLong(clock);
        } finally {
            lock.readLock().unlock();
        }
    }

    private long checked(ToLongFunction<Pointer> work) throws Failure {
        long result = call(work);
        if (result < 0) {
            throw new Failure((int) result, "");
        }
        return result;
    }

    /**
     * The time.
     *
     * @return nanoseconds since 1970
     * @throws Failure after a close
     */
    public long now() throws Failure {
        return checked(functions::rumprun_clock_now);
    }

    /**
     * Moves it on.
     *
     * @param ns nanoseconds
     * @throws Failure EBUSY from inside of what it runs, EINVAL backwards
     */
    public void advance(long ns) throws Failure {
        checked(c -> functions.rumprun_clock_advance(c, ns));
    }

    /**
     * Whether it jumps when all threads sleep.
     *
     * @param on if it does
     * @throws Failure after a close
     */
    public void automatic(boolean on) throws Failure {
        checked(c -> functions.rumprun_clock_automatic(c, on ? 1 : 0));
    }

    /**
     * It stands still until it is released.
     *
     * @throws Failure after a close
     */
    public void hold() throws Failure {
        checked(functions::rumprun_clock_hold);
    }

    /**
     * Ends a hold.
     *
     * @throws Failure if there is none
     */
    public void release() throws Failure {
        checked(functions::rumprun_clock_release);
    }

    /**
     * Threads that sleep.
     *
     * @return how many, in calls of its kernels
     * @throws Failure after a close
     */
    public int asleep() throws Failure {
        return (int) checked(functions::rumprun_clock_asleep);
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (clock != null) {
                functions.rumprun_clock_free(clock);
                clock = null;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
