// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.ToIntFunction;

/** A wire between kernels here. Safe for threads; calls after a close give -ESHUTDOWN. */
public final class WireHandle implements AutoCloseable {
    /** How many counters a wire has. */
    public static final int COUNTERS = 8;

    private final Rumprun functions = Natives.functions();
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private Pointer wire;

    private WireHandle() {}

    /**
     * A wire without faults.
     *
     * @param seed of its randomness; 0: any
     * @return the wire
     * @throws Failure if there is no memory
     */
    public static WireHandle create(long seed) throws Failure {
        WireHandle handle = new WireHandle();
        try (Memory out = new Memory(Native.POINTER_SIZE)) {
            Failure.check(handle.functions.rumprun_wire_create(seed, out), new byte[0]);
            handle.wire = out.getPointer(0);
        }
        return handle;
    }

    private int call(ToIntFunction<Pointer> work) {
        lock.readLock().lock();
        try {
            return wire == null ? -Errno.ESHUTDOWN : work.applyAsInt(wire);
        } finally {
            lock.readLock().unlock();
        }
    }

    int attach(Pointer kernel, byte[] name) {
        return call(w -> functions.rumprun_wire_attach(kernel, w, name, name.length));
    }

    /**
     * What happens to frames.
     *
     * @param ppm of a million frames so many are lost, arrive twice, get a wrong bit, are overtaken
     * @param delayNs what each takes
     * @param jitterNs what it takes more, at most
     * @param rateBps the bits a second for each receiver; 0: any number
     * @throws Failure if a number is out of its range
     */
    public void set(int[] ppm, long delayNs, long jitterNs, long rateBps) throws Failure {
        Failure.check(
                call(
                        w ->
                                functions.rumprun_wire_set(
                                        w, ppm[0], ppm[1], ppm[2], ppm[3], delayNs, jitterNs,
                                        rateBps)),
                new byte[0]);
    }

    /**
     * Writes frames to a file.
     *
     * @param file gets all that are sent; null: no more
     * @throws Failure if it cannot be written
     */
    public void capture(Path file) throws Failure {
        byte[] path = file == null ? null : Bytes.of(file.toAbsolutePath().toString());
        Failure.check(call(w -> functions.rumprun_wire_capture(w, path)), new byte[0]);
    }

    /**
     * The counters.
     *
     * @return as many as {@link #COUNTERS} says; zeros after a close
     */
    public long[] counters() {
        long[] counters = new long[COUNTERS];
        call(
                w -> {
                    functions.rumprun_wire_stats(w, counters);
                    return 0;
                });
        return counters;
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (wire != null) {
                functions.rumprun_wire_destroy(wire);
                wire = null;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
