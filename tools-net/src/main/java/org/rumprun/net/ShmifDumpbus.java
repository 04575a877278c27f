// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.nio.file.Path;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Turns the bus of shmif interfaces into a capture: {@code shmif_dumpbus(1)}. */
public final class ShmifDumpbus extends Tool {
    private ShmifDumpbus(RumpHost host) {
        super(host, NetTools.GROUP, "shmif_dumpbus");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static ShmifDumpbus in(RumpHost host) {
        return new ShmifDumpbus(host);
    }

    /**
     * Writes what is on a bus to a file that tcpdump and Wireshark read.
     *
     * @param bus the bus, a file of this machine
     * @param capture the file to be written, as pcap has it
     * @return what the tool left
     * @throws ToolException if it fails
     */
    public ToolResult dump(Path bus, Path capture) {
        return run("-p", capture.toAbsolutePath().toString(), bus.toAbsolutePath().toString());
    }
}
