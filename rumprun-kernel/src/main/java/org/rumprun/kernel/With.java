// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import org.rumprun.kernel.internal.ProcHandle;

/** A host with streams for its tools. */
final class With extends RumpHost {
    final RumpHost host;
    final InputStream in;
    final OutputStream out;
    final OutputStream err;
    final ProgressListener listener;
    final Map<String, String> environment;
    final ToolControl control;

    With(
            RumpHost host,
            InputStream in,
            OutputStream out,
            OutputStream err,
            ProgressListener listener,
            Map<String, String> environment,
            ToolControl control) {
        this.host = host;
        this.in = in;
        this.out = out;
        this.err = err;
        this.listener = listener;
        this.environment = environment;
        this.control = control;
    }

    @Override
    ProcHandle parent() {
        return host.parent();
    }

    @Override
    With streams() {
        return this;
    }

    @Override
    public RumpProcess newProcess(String name) {
        return host.newProcess(name);
    }
}
