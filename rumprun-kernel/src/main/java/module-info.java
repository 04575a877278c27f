// SPDX-License-Identifier: BSD-2-Clause
/** Kernels, their servers and clients, and the kernel's own tools. */
@SuppressWarnings("module") // org.rumprun.fs and .net come after this one
module org.rumprun.kernel {
    requires com.sun.jna;

    exports org.rumprun.kernel;
    exports org.rumprun.kernel.internal to
            org.rumprun.fs,
            org.rumprun.disk,
            org.rumprun.net;

    // JNA looks at the functions that it binds and calls back
    opens org.rumprun.kernel.internal to
            com.sun.jna;
}
