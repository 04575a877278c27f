// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.rumprun.kernel.internal.Natives;
import org.rumprun.kernel.internal.ProcHandle;
import org.rumprun.kernel.internal.ToolCall;

/**
 * A utility on a host. Each run is a process of its own in the kernel, on the calling thread; an
 * interrupt of the thread ends it as SIGINT would, also when it sleeps in a system call, with the
 * exit status 130. {@link ToolControl} reaches it from other threads. Streams and listeners are
 * called on the tool's thread, and cannot close the host that it runs on. Safe for threads.
 */
public abstract class Tool {
    private final RumpHost host;
    private final Natives.Group group;
    private final String name;

    /**
     * A tool of a module.
     *
     * @param host where it runs
     * @param group where it is
     * @param name its name
     */
    protected Tool(RumpHost host, Natives.Group group, String name) {
        this.host = Objects.requireNonNull(host);
        this.group = group;
        this.name = name;
    }

    /**
     * Where the tool runs.
     *
     * @return its host
     */
    protected final RumpHost host() {
        return host;
    }

    /**
     * A process on the tool's host.
     *
     * @return the process, to be closed
     */
    protected final RumpProcess newProcess() {
        return host.newProcess(name);
    }

    /**
     * Runs the tool.
     *
     * @param arguments as the manual page has them
     * @return what it left
     * @throws ToolException if its exit status isn't 0
     */
    public ToolResult run(String... arguments) {
        ToolResult result = exec(arguments);
        if (result.status() != 0) {
            throw new ToolException(command(arguments), result);
        }
        return result;
    }

    /**
     * Runs the tool, whatever its exit status will be.
     *
     * @param arguments as the manual page has them
     * @return what it left
     */
    public final ToolResult exec(String... arguments) {
        With streams = host.streams();
        ProcHandle parent = host.parent();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ToolCall.Listener listener = streams.listener == null ? null : streams.listener::progress;
        ToolCall call =
                new ToolCall(streams.in, tee(out, streams.out), tee(err, streams.err), listener);
        int status;
        if (streams.control != null) {
            streams.control.begin(call);
        }
        try {
            status = call.run(parent, group, command(arguments), streams.environment);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            if (streams.control != null) {
                streams.control.end(call);
            }
        }
        if (status < 0) {
            throw new RumpException(-status, name);
        }
        return new ToolResult(
                status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /**
     * Runs the tool with options that were described.
     *
     * @param options as the manual page has them
     * @param operands what comes after them, whatever it begins with
     * @return what it left
     * @throws ToolException if its exit status isn't 0
     */
    protected final ToolResult run(List<String> options, String... operands) {
        List<String> line = new ArrayList<>(options);
        if (operands.length > 0) {
            line.add("--");
            line.addAll(List.of(operands));
        }
        return run(line.toArray(String[]::new));
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(name);
        command.addAll(List.of(arguments));
        return command;
    }

    private static OutputStream tee(OutputStream kept, OutputStream other) {
        if (other == null) {
            return kept;
        }
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                kept.write(b);
                other.write(b);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                kept.write(bytes, offset, length);
                other.write(bytes, offset, length);
            }
        };
    }
}
