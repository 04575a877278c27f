// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import org.rumprun.kernel.internal.Failure;
import org.rumprun.kernel.internal.ProcHandle;

/** A kernel behind a socket: a rump_server, or a program that listens. */
public final class RumpClient extends RumpHost implements AutoCloseable {
    private final String url;
    private final ProcHandle parent;

    private RumpClient(String url, ProcHandle parent) {
        this.url = url;
        this.parent = parent;
    }

    /**
     * Connects.
     *
     * @param url "unix:///tmp/socket", or "tcp://127.0.0.1:12345"
     * @return the connection, to be closed
     * @throws RumpException if nobody listens there
     */
    public static RumpClient connect(String url) {
        return new RumpClient(url, connect(url, "java"));
    }

    static ProcHandle connect(String url, String name) {
        try {
            return ProcHandle.connect(url, name);
        } catch (Failure e) {
            throw new RumpException(e, url);
        }
    }

    /**
     * Where the server listens.
     *
     * @return its URL
     */
    public String url() {
        return url;
    }

    @Override
    ProcHandle parent() {
        return parent;
    }

    @Override
    public RumpProcess newProcess(String name) {
        return new RumpProcess(this, connect(url, name));
    }

    /** Disconnects. */
    @Override
    public void close() {
        parent.close();
    }
}
