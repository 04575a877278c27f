// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.rumprun.kernel.internal.ClockHandle;
import org.rumprun.kernel.internal.Failure;

/**
 * A clock that kernels share instead of the host's: the times that they show, timeouts, timers of
 * protocols, and the delays of wires to them are its. All that is random in them follows from its
 * seed and the order in which they are booted.
 *
 * <p>It moves by {@link #advance}, and by itself when a thread sleeps in a call of one of the
 * kernels, and no other thread is in a call: then time jumps to what is due next, so that nobody
 * waits for it. While all threads sleep without an end it stops doing so after three hours in which
 * none of them did anything.
 *
 * <p>What is due runs in order of time. Of what is due at once the work of kernels comes first, in
 * the order in which they were booted; then threads whose sleeps end, one after the other, each
 * until it sleeps again.
 *
 * <p>With one thread that makes calls, all that happens is the same every time, to the nanosecond
 * and byte for byte, if the clock's seed is, the wires' seeds are, and the calls are. With several,
 * it is as much so as their order is. A thread that has left a call less than a tenth of a second
 * (of the host's time) ago, or three seconds if it is not asleep, is waited for, since it may be
 * about to make the next one; one that waits elsewhere for longer, and wants time to stand still,
 * {@linkplain #hold() holds} the clock. Interfaces that lead to the host (virt, tap, shmif) know no
 * virtual time. Safe for threads.
 */
public final class VirtualClock implements AutoCloseable {
    private static final long SECOND = 1_000_000_000;

    private final ClockHandle handle;

    private VirtualClock(ClockHandle handle) {
        this.handle = handle;
    }

    /**
     * A clock that stands still until it is moved, or a thread sleeps.
     *
     * @param start what it shows first
     * @param seed what is random in its kernels follows from it; 0: any
     * @return the clock, to be closed
     * @throws RumpException EINVAL before 1970, or for a time that nanoseconds cannot count
     */
    public static VirtualClock create(Instant start, long seed) {
        try {
            return new VirtualClock(ClockHandle.create(nanos(start), seed));
        } catch (Failure e) {
            throw new RumpException(e.errno(), "clock");
        }
    }

    /** What doesn't fit becomes what the clock refuses. */
    private static long nanos(Instant time) {
        try {
            return Math.addExact(Math.multiplyExact(time.getEpochSecond(), SECOND), time.getNano());
        } catch (ArithmeticException e) {
            return -1;
        }
    }

    /**
     * The time.
     *
     * @return what CLOCK_REALTIME of its kernels shows, if nobody has set it there
     */
    public Instant now() {
        try {
            long now = handle.now();
            return Instant.ofEpochSecond(now / SECOND, now % SECOND);
        } catch (Failure e) {
            throw new RumpException(e.errno(), "clock");
        }
    }

    /**
     * Moves time on; returns when all that is due until then has run, with what threads do that it
     * wakes.
     *
     * @param time how far
     * @throws RumpException EINVAL backwards; EBUSY from a listener that a kernel has called
     */
    public void advance(Duration time) {
        try {
            handle.advance(time.toNanos());
        } catch (Failure e) {
            throw new RumpException(e.errno(), "clock");
        }
    }

    /**
     * Whether time jumps by itself when all threads sleep, as it does at first.
     *
     * @param on false: only {@link #advance} moves it
     */
    public void automatic(boolean on) {
        try {
            handle.automatic(on);
        } catch (Failure e) {
            throw new RumpException(e.errno(), "clock");
        }
    }

    /**
     * Time doesn't jump by itself until the hold is closed: for who starts several threads, or does
     * something else between two calls while others sleep.
     *
     * @return the hold
     */
    public Hold hold() {
        try {
            handle.hold();
            return new Hold(handle);
        } catch (Failure e) {
            throw new RumpException(e.errno(), "clock");
        }
    }

    /** Time doesn't jump by itself as long as it is open. */
    public static final class Hold implements AutoCloseable {
        private final ClockHandle handle;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Hold(ClockHandle handle) {
            this.handle = handle;
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                try {
                    handle.release();
                } catch (Failure e) {
                    // the clock is closed: nothing holds it
                    return;
                }
            }
        }
    }

    /**
     * Threads that sleep in calls of its kernels just now.
     *
     * @return how many
     */
    public int asleep() {
        try {
            return handle.asleep();
        } catch (Failure e) {
            throw new RumpException(e.errno(), "clock");
        }
    }

    /** What kernels are booted on. */
    ClockHandle handle() {
        return handle;
    }

    /** Gives the clock up; kernels that are on it go on. */
    @Override
    public void close() {
        handle.close();
    }
}
