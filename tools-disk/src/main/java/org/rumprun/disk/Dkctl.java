// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Controls disks, and makes wedges on them: {@code dkctl(8)}. */
public final class Dkctl extends Tool {
    private static final Pattern WEDGE =
            Pattern.compile("(dk\\d+): (.*), (\\d+) blocks at (\\d+), type: (\\S*)");

    private Dkctl(RumpHost host) {
        super(host, DiskTools.GROUP, "dkctl");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Dkctl in(RumpHost host) {
        return new Dkctl(host);
    }

    /**
     * A wedge: a part of a disk, as a disk of its own.
     *
     * @param device "dk0"
     * @param name its name
     * @param size its sectors
     * @param offset its first sector on the disk
     * @param type what is in it: "ffs", "cgd", or ""
     */
    public record Wedge(String device, String name, long size, long offset, String type) {}

    /**
     * The wedges of a disk.
     *
     * @param disk "vnd0", or a path
     * @return them
     * @throws ToolException if it is no disk
     */
    public List<Wedge> wedges(String disk) {
        List<Wedge> wedges = new ArrayList<>();
        for (String line : run(disk, "listwedges").out().split("\n")) {
            Matcher m = WEDGE.matcher(line);
            if (m.matches()) {
                wedges.add(
                        new Wedge(
                                m.group(1),
                                m.group(2),
                                Long.parseLong(m.group(3)),
                                Long.parseLong(m.group(4)),
                                m.group(5)));
            }
        }
        return wedges;
    }

    /**
     * Makes wedges of the partitions that the disk's table tells of.
     *
     * @param disk "vnd0", or a path
     * @return the wedges of the disk then
     * @throws ToolException if it cannot have any
     */
    public List<Wedge> makeWedges(String disk) {
        run(disk, "makewedges");
        return wedges(disk);
    }

    /**
     * Makes a wedge.
     *
     * @param disk "vnd0", or a path
     * @param name its name
     * @param offset its first sector
     * @param size its sectors
     * @param type "ffs"
     * @throws ToolException if there is one of the name, or they overlap
     */
    public void addWedge(String disk, String name, long offset, long size, String type) {
        run(disk, "addwedge", name, Long.toString(offset), Long.toString(size), type);
    }

    /**
     * Takes a wedge away.
     *
     * @param disk "vnd0", or a path
     * @param device "dk0"
     * @throws ToolException if it is in use
     */
    public void deleteWedge(String disk, String device) {
        run(disk, "delwedge", device);
    }
}
