// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.Objects;
import org.rumprun.kernel.internal.ProcHandle;

/**
 * Where tools run: a kernel here, one behind a socket, or a process in either. The {@code with}
 * methods give the same host with other streams for the tools.
 */
public abstract sealed class RumpHost
        permits RumpKernel, RumpServer, RumpClient, RumpProcess, With {
    RumpHost() {}

    /** The process whose children the tools are. */
    abstract ProcHandle parent();

    With streams() {
        return new With(this, null, null, null, null, Map.of(), null);
    }

    /**
     * A new process there, as the super-user.
     *
     * @param name its name
     * @return the process, to be closed
     */
    public abstract RumpProcess newProcess(String name);

    /**
     * With an input for the tools.
     *
     * @param in what they read
     * @return this host, with the input
     */
    public final RumpHost withInput(InputStream in) {
        With w = streams();
        return new With(
                w.host,
                Objects.requireNonNull(in),
                w.out,
                w.err,
                w.listener,
                w.environment,
                w.control);
    }

    /**
     * With streams that get the tools' output as it comes, besides the result.
     *
     * @param out gets the standard output
     * @param err gets the standard error output
     * @return this host, with the streams
     */
    public final RumpHost withOutput(OutputStream out, OutputStream err) {
        With w = streams();
        return new With(
                w.host,
                w.in,
                Objects.requireNonNull(out),
                Objects.requireNonNull(err),
                w.listener,
                w.environment,
                w.control);
    }

    /**
     * With a listener to the progress of long work.
     *
     * @param listener the listener
     * @return this host, with the listener
     */
    public final RumpHost withProgress(ProgressListener listener) {
        With w = streams();
        return new With(
                w.host,
                w.in,
                w.out,
                w.err,
                Objects.requireNonNull(listener),
                w.environment,
                w.control);
    }

    /**
     * With environment variables for the tools, which have none otherwise.
     *
     * @param environment names and values
     * @return this host, with the variables
     */
    public final RumpHost withEnvironment(Map<String, String> environment) {
        With w = streams();
        return new With(w.host, w.in, w.out, w.err, w.listener, Map.copyOf(environment), w.control);
    }

    /**
     * With signals for the tools while they run.
     *
     * @param control asks them for their status, or ends them
     * @return this host, with the control
     */
    public final RumpHost withControl(ToolControl control) {
        With w = streams();
        return new With(
                w.host,
                w.in,
                w.out,
                w.err,
                w.listener,
                w.environment,
                Objects.requireNonNull(control));
    }
}
