// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Sets up interfaces and shows them: {@code ifconfig(8)}. */
public final class Ifconfig extends Tool {
    private Ifconfig(RumpHost host) {
        super(host, NetTools.GROUP, "ifconfig");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ifconfig in(RumpHost host) {
        return new Ifconfig(host);
    }

    /**
     * Every interface.
     *
     * @return them, in the kernel's order
     * @throws ToolException if ifconfig fails
     */
    public List<Interface> list() {
        return Interface.parse(run("-a").out());
    }

    /**
     * An interface.
     *
     * @param name its name
     * @return what it is like now
     * @throws ToolException if there is none
     */
    public Interface get(String name) {
        return Interface.parse(run(name).out()).get(0);
    }

    /**
     * Makes an interface.
     *
     * @param name "shmif0", "bridge1"
     * @throws ToolException if there is one, for one
     */
    public void create(String name) {
        run(name, "create");
    }

    /**
     * Takes an interface away.
     *
     * @param name its name
     * @throws ToolException if there is none, for one
     */
    public void destroy(String name) {
        run(name, "destroy");
    }

    /**
     * Gives an interface an address, besides others that it has, and brings it up.
     *
     * @param name the interface's
     * @param address "10.0.0.1/24" or "2001:db8::1/64"
     * @throws ToolException if ifconfig fails
     */
    public void add(String name, String address) {
        run(name, NetTools.family(address), address, "alias");
    }

    /**
     * Takes an address off an interface.
     *
     * @param name the interface's
     * @param address without its prefix's length
     * @throws ToolException if it hasn't this address, for one
     */
    public void remove(String name, String address) {
        run(name, NetTools.family(address), address, "-alias");
    }

    /**
     * Brings an interface up.
     *
     * @param name its name
     * @throws ToolException if ifconfig fails
     */
    public void up(String name) {
        run(name, "up");
    }

    /**
     * Takes an interface down.
     *
     * @param name its name
     * @throws ToolException if ifconfig fails
     */
    public void down(String name) {
        run(name, "down");
    }

    /**
     * Sets the size of an interface's largest packets.
     *
     * @param name the interface's
     * @param bytes the size
     * @throws ToolException if it cannot have this one
     */
    public void mtu(String name, int bytes) {
        run(name, "mtu", Integer.toString(bytes));
    }
}
