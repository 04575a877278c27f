// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/** A kernel in this process. Safe for threads; closing ends the calls that others have in it. */
public final class KernelHandle implements AutoCloseable {
    private static final int WHY = 512;

    private final Rumprun functions = Natives.functions();
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final Set<ProcHandle> procs = ConcurrentHashMap.newKeySet();

    /** Native code calls it as long as the kernel lives. */
    private final Rumprun.Console console;

    private Pointer kernel;

    private KernelHandle(Consumer<String> console) {
        this.console = console == null ? null : listener(console);
    }

    /**
     * Boots a kernel.
     *
     * @param components comma separated names, or null for all
     * @param options comma separated options of the C interface, or null
     * @param console gets what the kernel writes, or null
     * @param clock whose time it has, or null
     * @return the kernel
     * @throws Failure if it doesn't boot
     */
    public static KernelHandle boot(
            String components, String options, Consumer<String> console, ClockHandle clock)
            throws Failure {
        KernelHandle handle = new KernelHandle(console);
        byte[] why = new byte[WHY];
        try (Memory out = new Memory(Native.POINTER_SIZE)) {
            ToLongFunction<Pointer> boot =
                    c ->
                            handle.functions.rumprun_clock_boot(
                                    c,
                                    components == null ? null : Bytes.of(components),
                                    options == null ? null : Bytes.of(options),
                                    handle.console,
                                    null,
                                    out,
                                    why,
                                    why.length);
            Failure.check((int) (clock == null ? boot.applyAsLong(null) : clock.call(boot)), why);
            handle.kernel = out.getPointer(0);
        }
        return handle;
    }

    private Rumprun.Console listener(Consumer<String> console) {
        return (ctx, text, size) -> {
            byte[] bytes = text.getByteArray(0, size);
            Inside.enter(this);
            try {
                console.accept(new String(bytes, StandardCharsets.UTF_8));
            } catch (RuntimeException e) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
            } finally {
                Inside.leave();
            }
        };
    }

    /**
     * Shows a file or folder of the host to the kernel.
     *
     * @param key its path in the kernel
     * @param file what is shown
     * @param type one of the C interface's RUMPRUN_ETFS numbers
     * @param offset where the window begins
     * @param length its length; -1: to the end
     * @throws Failure if the kernel refuses
     */
    public void register(String key, Path file, int type, long offset, long length) throws Failure {
        byte[] why = new byte[WHY];
        byte[] path = Bytes.of(file.toAbsolutePath().toString());
        lock.readLock().lock();
        try {
            int result =
                    functions.rumprun_etfs_register(
                            live(), Bytes.of(key), path, type, offset, length, why, why.length);
            Failure.check(result, why);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Takes a shown file away.
     *
     * @param key its path in the kernel
     * @throws Failure if there is none
     */
    public void unregister(String key) throws Failure {
        lock.readLock().lock();
        try {
            Failure.check(functions.rumprun_etfs_remove(live(), Bytes.of(key)), new byte[0]);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Serves other programs.
     *
     * @param url where
     * @throws Failure if it cannot be
     */
    public void listen(String url) throws Failure {
        byte[] why = new byte[WHY];
        lock.readLock().lock();
        try {
            int result = functions.rumprun_kernel_listen(live(), Bytes.of(url), why, why.length);
            Failure.check(result, why);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * A new interface on a wire.
     *
     * @param wire the wire
     * @return the interface's name
     * @throws Failure if the kernel has no network, for one
     */
    public String attach(WireHandle wire) throws Failure {
        byte[] name = new byte[16];
        lock.readLock().lock();
        try {
            Failure.check(wire.attach(live(), name), new byte[0]);
        } finally {
            lock.readLock().unlock();
        }
        return Failure.text(name);
    }

    /**
     * Takes an interface off its wire, and away.
     *
     * @param name the interface's
     * @throws Failure if it is none of a wire
     */
    public void detach(String name) throws Failure {
        lock.readLock().lock();
        try {
            Failure.check(functions.rumprun_wire_detach(live(), Bytes.of(name)), new byte[0]);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * A new process.
     *
     * @param name its name
     * @return its handle, closed with the kernel at the latest
     * @throws Failure if there is no room
     */
    public ProcHandle newProcess(String name) throws Failure {
        lock.readLock().lock();
        try (Memory out = new Memory(Native.POINTER_SIZE)) {
            int result = functions.rumprun_proc_create(live(), Bytes.of(name), out);
            Failure.check(result, new byte[0]);
            ProcHandle proc = new ProcHandle(functions, out.getPointer(0), this);
            procs.add(proc);
            return proc;
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Why the kernel has stopped.
     *
     * @return a sentence, "" when it runs
     */
    public String why() {
        byte[] why = new byte[WHY];
        lock.readLock().lock();
        try {
            if (kernel == null) {
                return "the kernel has been halted";
            }
            functions.rumprun_kernel_why(kernel, why, why.length);
        } finally {
            lock.readLock().unlock();
        }
        return Failure.text(why);
    }

    /**
     * Who was in the way when a call failed with EBUSY.
     *
     * @return a sentence, or ""
     */
    public String busyBecause() {
        byte[] why = new byte[WHY];
        lock.readLock().lock();
        try {
            if (kernel != null) {
                functions.rumprun_etfs_why(kernel, why, why.length);
            }
        } finally {
            lock.readLock().unlock();
        }
        return Failure.text(why);
    }

    /**
     * Whether a process has asked for a reboot.
     *
     * @return the flags of its call, or -1
     */
    public int rebooted() {
        lock.readLock().lock();
        try {
            return kernel == null ? -1 : functions.rumprun_kernel_rebooted(kernel);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Ends the kernel; once.
     *
     * @param nosync whether what is not written yet is lost
     * @return the bytes that the kernel has not given back: 0
     * @throws IllegalStateException when the kernel, or a tool in it, waits for the caller
     */
    public long halt(boolean nosync) {
        Inside.refuse(this, "a kernel");
        for (ProcHandle proc : procs) {
            Inside.refuse(proc, "a kernel");
        }
        long leaked;
        lock.writeLock().lock();
        try {
            if (kernel == null) {
                return 0;
            }
            leaked = functions.rumprun_kernel_halt(kernel, nosync ? 1 : 0);
            if (leaked == -Errno.EBUSY) {
                throw new IllegalStateException("a kernel cannot be closed by what it has called");
            }
            kernel = null;
        } finally {
            lock.writeLock().unlock();
        }
        for (ProcHandle proc : procs) {
            proc.close();
        }
        return leaked;
    }

    void forget(ProcLife proc) {
        procs.remove(proc);
    }

    @Override
    public void close() {
        halt(false);
    }

    private Pointer live() throws Failure {
        if (kernel == null) {
            throw new Failure(-Errno.ESHUTDOWN, "the kernel has been halted");
        }
        return kernel;
    }
}
