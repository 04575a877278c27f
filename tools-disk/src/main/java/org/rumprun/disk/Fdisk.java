// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

import java.nio.file.Path;
import java.util.List;

/**
 * Shows and changes partition tables of MBRs: {@code fdisk(8)}. A disk is "vnd0", a path in the
 * kernel, or an image of the host where the kernel is of this process.
 */
public final class Fdisk extends Tool {
    private Fdisk(RumpHost host) {
        super(host, DiskTools.GROUP, "fdisk");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Fdisk in(RumpHost host) {
        return new Fdisk(host);
    }

    /**
     * The partitions of a disk, logical ones last.
     *
     * @param disk the disk
     * @return those that are used
     * @throws ToolException if there is no such disk
     */
    public List<MbrPartition> partitions(String disk) {
        return MbrPartition.parse(run("-S", disk).out());
    }

    /**
     * Puts a partition into the table, in the place of the one of that number.
     *
     * @param disk the disk
     * @param partition what it shall be
     * @throws ToolException if it overlaps another one, or is beyond the disk
     */
    public void set(String disk, MbrPartition partition) {
        String what = partition.type() + "/" + partition.start() + "/" + partition.size();
        String number = Integer.toString(partition.number());
        if (partition.logical()) {
            run("-f", "-u", "-E", number, "-s", what, disk);
        } else {
            run("-f", "-u", "-" + number, "-s", what, disk);
            if (partition.active()) {
                run("-f", "-a", "-" + number, disk);
            }
        }
    }

    /**
     * Removes a partition of the table in sector 0.
     *
     * @param disk the disk
     * @param number 0 to 3
     * @throws ToolException if there is no such disk
     */
    public void remove(String disk, int number) {
        if (number < 0 || number > 3) {
            throw new IllegalArgumentException("a partition " + number);
        }
        run("-f", "-u", "-" + number, "-s", "0", disk);
    }

    /**
     * The partitions of an image of the host.
     *
     * @param image the file
     * @return those that are used
     * @throws ToolException if there is no such file
     */
    public static List<MbrPartition> partitions(Path image) {
        try (RumpKernel kernel = RumpKernel.boot()) {
            return in(kernel).partitions(image.toAbsolutePath().toString());
        }
    }
}
