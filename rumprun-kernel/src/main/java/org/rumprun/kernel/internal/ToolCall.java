// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One run of a tool: its streams are Java's, and an interrupt of the thread interrupts it. */
public final class ToolCall {
    private static final int CHUNK = 1 << 16;

    /* Two flags that native code looks at. */
    private static final int SIGINFO = 0;
    private static final int SIGINT = 4;

    private final InputStream in;
    private final OutputStream out;
    private final OutputStream err;
    private final Listener listener;
    private final Memory flags = new Memory(8);
    private final Waker waker = new Waker();
    private Throwable thrown;

    /** Where it runs; null: not yet, or no more. */
    private ProcHandle running;

    /** Gets the progress of long work. */
    public interface Listener {
        /**
         * Called now and then.
         *
         * @param what what is being done
         * @param done units done
         * @param total of so many; 0 when nobody knows
         */
        void progress(String what, long done, long total);
    }

    /** Its "close" is what an interrupt of the thread does to a tool that sleeps in the kernel. */
    private final class Waker extends AbstractInterruptibleChannel {
        /**
         * From here on an interrupt of this thread, an earlier one too, reaches the tool. Again
         * after every stream and listener: it may have used a channel, and a thread knows one at a
         * time.
         */
        void watch() {
            begin();
        }

        void ignore() {
            try {
                end(true);
            } catch (AsynchronousCloseException e) {
                // the thread is interrupted still, and the tool's status tells
            }
        }

        @Override
        protected void implCloseChannel() {
            interrupt();
        }
    }

    /**
     * Prepares a run.
     *
     * @param in the tool's input, or null for none
     * @param out gets its output
     * @param err gets its error output
     * @param listener gets its progress, or null
     */
    public ToolCall(InputStream in, OutputStream out, OutputStream err, Listener listener) {
        this.in = in;
        this.out = out;
        this.err = err;
        this.listener = listener;
        flags.clear();
    }

    /**
     * Runs the tool as a child of the process, to its end.
     *
     * @param parent the process
     * @param group where the tool is
     * @param line its name and arguments
     * @param environment its environment
     * @return its exit status, or a negative errno
     * @throws IOException when one of its streams failed
     */
    public int run(
            ProcHandle parent,
            Natives.Group group,
            List<String> line,
            Map<String, String> environment)
            throws IOException {
        List<String> variables = new ArrayList<>();
        environment.forEach((name, value) -> variables.add(name + "=" + value));
        if (!parent.enter()) {
            return -Errno.ESHUTDOWN;
        }
        int status;
        Rumprun.Transfer read = this::read;
        Rumprun.Transfer write = this::write;
        Rumprun.Progress progress = listener == null ? null : this::progress;
        Inside.enter(parent);
        start(parent);
        waker.watch();
        try (Memory argv = strings(line);
                Memory envp = strings(variables)) {
            status =
                    parent.functions()
                            .rumprun_tool_run(
                                    parent.pointer(),
                                    group.list(),
                                    Bytes.of(line.get(0)),
                                    line.size(),
                                    argv,
                                    envp,
                                    read,
                                    write,
                                    null,
                                    progress,
                                    null,
                                    flags.share(SIGINFO),
                                    flags.share(SIGINT));
        } finally {
            waker.ignore();
            start(null);
            Inside.leave();
            parent.leave();
            Reference.reachabilityFence(read);
            Reference.reachabilityFence(write);
            Reference.reachabilityFence(progress);
            Reference.reachabilityFence(group);
        }
        rethrow();
        return status;
    }

    /** What SIGINFO is to a tool; any thread may ask. */
    public void requestStatus() {
        flags.setInt(SIGINFO, 1);
    }

    /** What SIGINT is to a tool, also to one that sleeps; any thread may ask. */
    public synchronized void interrupt() {
        flags.setInt(SIGINT, 1);
        if (running != null) {
            running.functions().rumprun_tool_interrupt(running.pointer(), flags.share(SIGINT));
        }
    }

    /** The process is there as long as this is set: {@link #run} uses it. */
    private synchronized void start(ProcHandle parent) {
        running = parent;
    }

    private void rethrow() throws IOException {
        if (thrown instanceof IOException e) {
            throw e;
        } else if (thrown instanceof RuntimeException e) {
            throw e;
        } else if (thrown instanceof Error e) {
            throw e;
        }
    }

    /** Pointers and then what they point at, in one piece. */
    private static Memory strings(List<String> texts) {
        List<byte[]> all = texts.stream().map(Bytes::of).toList();
        long at = (all.size() + 1L) * Native.POINTER_SIZE;
        Memory memory = new Memory(at + all.stream().mapToLong(b -> b.length).sum());
        memory.clear();
        for (int i = 0; i < all.size(); i++) {
            memory.write(at, all.get(i), 0, all.get(i).length);
            memory.setPointer((long) i * Native.POINTER_SIZE, memory.share(at));
            at += all.get(i).length;
        }
        return memory;
    }

    private int failed(Throwable e) {
        if (thrown == null) {
            thrown = e;
        }
        interrupt();
        return -Errno.EIO;
    }

    private int read(Pointer ctx, int fd, Pointer buf, int size) {
        if (in == null || size <= 0) {
            return 0;
        }
        try {
            byte[] bytes = new byte[Math.min(size, CHUNK)];
            int count = in.read(bytes);
            if (count <= 0) {
                return 0;
            }
            buf.write(0, bytes, 0, count);
            return count;
        } catch (IOException | RuntimeException | Error e) {
            return failed(e);
        } finally {
            waker.watch();
        }
    }

    private int write(Pointer ctx, int fd, Pointer buf, int size) {
        try {
            OutputStream to = fd == 2 ? err : out;
            for (int done = 0; done < size; ) {
                byte[] bytes = buf.getByteArray(done, Math.min(size - done, CHUNK));
                to.write(bytes);
                done += bytes.length;
            }
            return size;
        } catch (IOException | RuntimeException | Error e) {
            return failed(e);
        } finally {
            waker.watch();
        }
    }

    private void progress(Pointer ctx, Pointer what, long done, long total) {
        try {
            listener.progress(what == null ? "" : what.getString(0), done, total);
        } catch (RuntimeException | Error e) {
            failed(e);
        } finally {
            waker.watch();
        }
    }
}
