// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.rumprun.kernel.internal.ProcHandle;

/**
 * A process of a kernel, with its own descriptors, working directory and credentials. Calls act for
 * the process whose method is called, whatever the thread. Tools can run as its children.
 */
public final class RumpProcess extends RumpHost implements AutoCloseable {
    private final RumpHost host;
    private final ProcHandle handle;

    RumpProcess(RumpHost host, ProcHandle handle) {
        this.host = host;
        this.handle = handle;
    }

    /**
     * What this project's other modules make calls with.
     *
     * @return the handle
     */
    public ProcHandle handle() {
        return handle;
    }

    @Override
    ProcHandle parent() {
        return handle;
    }

    @Override
    public RumpProcess newProcess(String name) {
        return host.newProcess(name);
    }

    /**
     * A system call by NetBSD's number.
     *
     * @param number the number
     * @param arguments one for each register of the argument block, padding included: numbers,
     *     strings (passed as pointers to C strings), direct byte buffers (pointers to their
     *     positions), null
     * @return the first result
     * @throws RumpException if the call fails
     */
    public long call(int number, Object... arguments) {
        return callBoth(number, arguments)[0];
    }

    /**
     * A system call with two results, pipe(2) for one.
     *
     * @param number the number
     * @param arguments as for {@link #call}
     * @return both results
     * @throws RumpException if the call fails
     */
    public long[] callBoth(int number, Object... arguments) {
        long[] results = new long[2];
        Memory[] strings = new Memory[arguments.length];
        int slot = Native.POINTER_SIZE;
        try (Memory block = new Memory(Math.max(1, arguments.length) * (long) slot)) {
            block.clear();
            for (int i = 0; i < arguments.length; i++) {
                put(block, (long) i * slot, arguments[i], strings, i);
            }
            int error = handle.syscall(number, block, arguments.length * slot, results);
            if (error < 0) {
                throw new RumpException(-error, "system call " + number);
            }
        } finally {
            Reference.reachabilityFence(arguments);
            for (Memory string : strings) {
                if (string != null) {
                    string.close();
                }
            }
        }
        return results;
    }

    private static void put(Memory block, long at, Object value, Memory[] strings, int i) {
        if (value instanceof Number number) {
            if (Native.POINTER_SIZE == 8) {
                block.setLong(at, number.longValue());
            } else {
                block.setInt(at, number.intValue());
            }
        } else if (value instanceof String string) {
            byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
            strings[i] = new Memory(bytes.length + 1L);
            strings[i].write(0, bytes, 0, bytes.length);
            strings[i].setByte(bytes.length, (byte) 0);
            block.setPointer(at, strings[i]);
        } else if (value instanceof ByteBuffer buffer && buffer.isDirect()) {
            Pointer start = Native.getDirectBufferPointer(buffer.duplicate().clear());
            block.setPointer(at, start.share(buffer.position()));
        } else if (value != null) {
            throw new IllegalArgumentException("argument " + i + " is a " + value.getClass());
        }
    }

    /** Ends the sleeps of calls in progress, which fail with EINTR. */
    public void interrupt() {
        handle.interrupt();
    }

    /**
     * Ends the process; calls in progress fail.
     *
     * @throws IllegalStateException from a listener or stream of a tool that runs in it
     */
    @Override
    public void close() {
        handle.close();
    }
}
