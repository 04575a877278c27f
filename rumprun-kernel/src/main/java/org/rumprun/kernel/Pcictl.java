// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.List;

/**
 * Shows what is on a PCI bus: {@code pcictl(8)}. A kernel's buses are what its file {@code
 * /etc/pci.conf} tells, in the form that {@code lspci -xxx} prints.
 */
public final class Pcictl extends Tool {
    private Pcictl(RumpHost host) {
        super(host, KernelTools.GROUP, "pcictl");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Pcictl in(RumpHost host) {
        return new Pcictl(host);
    }

    /**
     * A function on a bus.
     *
     * @param bus its bus
     * @param device its device, 0 to 31
     * @param function which of the device's, 0 to 7
     * @param vendor who made it
     * @param product what it is
     * @param classCode class, subclass, interface and revision, a byte each
     */
    public record Function(
            int bus, int device, int function, int vendor, int product, long classCode) {}

    /**
     * What is on a bus.
     *
     * @param bus "pci0"
     * @return the functions
     * @throws ToolException if there is no such bus
     */
    public List<Function> list(String bus) {
        return run(bus, "list", "-n").out().lines().map(Pcictl::function).toList();
    }

    private static Function function(String line) {
        String[] word = line.split("[: ()]+");
        long id = Long.decode(word[3]);
        return new Function(
                Integer.parseInt(word[0]),
                Integer.parseInt(word[1]),
                Integer.parseInt(word[2]),
                (int) (id & 0xffff),
                (int) (id >> 16),
                Long.decode(word[4]));
    }
}
