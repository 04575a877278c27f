// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes and changes GUID partition tables: {@code gpt(8)}. A disk is "vnd0", a path in the kernel,
 * or an image of the host where the kernel is of this process.
 */
public final class Gpt extends Tool {
    private static final Pattern ADDED = Pattern.compile(": Partition (\\d+) added: ");

    private Gpt(RumpHost host) {
        super(host, DiskTools.GROUP, "gpt");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Gpt in(RumpHost host) {
        return new Gpt(host);
    }

    /**
     * Makes an empty table.
     *
     * @param disk the disk
     * @throws ToolException if there is one, or an MBR
     */
    public void create(String disk) {
        run("create", disk);
    }

    /**
     * Adds a partition where there is room.
     *
     * @param disk the disk
     * @param type a GUID, or a name: "ffs", "swap", "efi"
     * @param label its label
     * @param sectors its size; 0: as much as there is
     * @return its number, from 1
     * @throws ToolException if there is no room, for one
     */
    public int add(String disk, String type, String label, long sectors) {
        String out =
                sectors == 0
                        ? run("add", "-t", type, "-l", label, disk).out()
                        : run("add", "-t", type, "-l", label, "-s", sectors + "s", disk).out();
        Matcher m = ADDED.matcher(out);
        if (!m.find()) {
            throw new IllegalStateException(out);
        }
        return Integer.parseInt(m.group(1));
    }

    /**
     * Removes a partition.
     *
     * @param disk the disk
     * @param index its number
     * @throws ToolException if there is no table
     */
    public void remove(String disk, int index) {
        run("remove", "-i", Integer.toString(index), disk);
    }

    /**
     * The partitions of a disk.
     *
     * @param disk the disk
     * @return them, by their numbers
     * @throws ToolException if there is no table
     */
    public List<GptPartition> partitions(String disk) {
        return GptPartition.parse(run("show", "-a", disk).out());
    }

    /**
     * Writes the table that is missing, at the beginning or the end, from the other one.
     *
     * @param disk the disk
     * @throws ToolException if there is none
     */
    public void recover(String disk) {
        run("recover", disk);
    }

    /**
     * The partitions of an image of the host.
     *
     * @param image the file
     * @return them, by their numbers
     * @throws ToolException if there is no table
     */
    public static List<GptPartition> partitions(Path image) {
        try (RumpKernel kernel = RumpKernel.boot()) {
            return in(kernel).partitions(image.toAbsolutePath().toString());
        }
    }
}
