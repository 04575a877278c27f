// SPDX-License-Identifier: BSD-2-Clause
/** The network tools, wires between kernels, and the kernels' sockets as channels. */
module org.rumprun.net {
    requires transitive org.rumprun.kernel;
    requires static org.junit.jupiter.api; // for @Topology alone
    requires com.sun.jna;

    exports org.rumprun.net;
}
