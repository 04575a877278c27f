// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.fs.Dd;
import org.rumprun.fs.Rm;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Makes and tends RAID sets: {@code raidctl(8)}. The kernel needs the component {@code
 * dev_raidframe}. What takes long tells a {@linkplain RumpHost#withProgress listener} how far it
 * is.
 */
public final class Raidctl extends Tool {
    private Raidctl(RumpHost host) {
        super(host, DiskTools.GROUP, "raidctl");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Raidctl in(RumpHost host) {
        return new Raidctl(host);
    }

    /**
     * Makes a new set of components whose labels, and data, don't count, and writes its parity.
     *
     * @param unit "raid0"
     * @param set what it is made of
     * @param serial a number that its components will be known by
     * @throws ToolException if it can't be
     */
    public void create(String unit, RaidSet set, int serial) {
        configure("-C", unit, set);
        run("-I", Integer.toUnsignedString(serial), unit);
        run("-v", "-i", unit);
    }

    /**
     * Configures a set that there was before: what its components' labels say must agree.
     *
     * @param unit "raid0"
     * @param set what it is made of
     * @throws ToolException if it can't be
     */
    public void configure(String unit, RaidSet set) {
        configure("-c", unit, set);
    }

    private void configure(String option, String unit, RaidSet set) {
        String file = "/tmp/raid-" + UUID.randomUUID();
        byte[] text = set.text().getBytes(StandardCharsets.UTF_8);
        try {
            Dd.in(host().withInput(new ByteArrayInputStream(text)))
                    .run(Dd.options().output(file).build());
            run(option, file, unit);
        } finally {
            Rm.in(host()).exec("-f", file);
        }
    }

    /**
     * Gives the components back.
     *
     * @param unit "raid0"
     * @throws ToolException if something on it is in use
     */
    public void unconfigure(String unit) {
        run("-u", unit);
    }

    /**
     * What a set is like.
     *
     * @param unit "raid0"
     * @return its components, its parity, what is going on
     * @throws ToolException if it is not configured
     */
    public RaidStatus status(String unit) {
        return RaidStatus.parse(run("-s", unit).out());
    }

    /**
     * Takes a component out of use; the set goes on without it.
     *
     * @param unit "raid0"
     * @param component its device
     * @throws ToolException if the set cannot be without it
     */
    public void fail(String unit, String component) {
        run("-f", component, unit);
    }

    /**
     * Takes a component out of use, and fills a spare in its place; returns when that is done.
     *
     * @param unit "raid0"
     * @param component its device
     * @throws ToolException if there is no spare
     */
    public void failToSpare(String unit, String component) {
        run("-v", "-F", component, unit);
    }

    /**
     * Fills a component that has failed, or was replaced; returns when that is done.
     *
     * @param unit "raid0"
     * @param component its device
     * @throws ToolException if it cannot be
     */
    public void rebuild(String unit, String component) {
        run("-v", "-R", component, unit);
    }

    /**
     * Copies what is on spares back to the components; returns when that is done.
     *
     * @param unit "raid0"
     * @throws ToolException if it cannot be
     */
    public void copyBack(String unit) {
        run("-v", "-B", unit);
    }

    /**
     * Adds a spare.
     *
     * @param unit "raid0"
     * @param device a block device
     * @throws ToolException if it is too small, or in use
     */
    public void addSpare(String unit, String device) {
        run("-a", device, unit);
    }

    /**
     * Writes the parity where it may be wrong; returns when that is done.
     *
     * @param unit "raid0"
     * @throws ToolException if a component is missing
     */
    public void rewriteParity(String unit) {
        run("-v", "-P", unit);
    }
}
