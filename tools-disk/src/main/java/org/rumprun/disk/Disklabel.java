// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Shows and changes the label of a disk: {@code disklabel(8)}. */
public final class Disklabel extends Tool {
    /** The exit status when a label was shown that is not in order. */
    private static final int WARNED = 102;

    private Disklabel(RumpHost host) {
        super(host, DiskTools.GROUP, "disklabel");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Disklabel in(RumpHost host) {
        return new Disklabel(host);
    }

    /**
     * The label of a disk, or the one that its driver makes up.
     *
     * @param disk "vnd0", a path in the kernel, or an image of the host where the kernel is of this
     *     process
     * @return the label
     * @throws ToolException if there is none
     */
    public Label read(String disk) {
        ToolResult result = exec("--", disk);
        if (result.status() != WARNED) {
            result = run("--", disk);
        }
        return Label.parse(result.out());
    }

    /**
     * Puts a label on a disk.
     *
     * @param disk as {@link #read}
     * @param label what it shall be
     * @throws ToolException if the label is refused
     */
    public void write(String disk, Label label) {
        byte[] text = label.text().getBytes(StandardCharsets.UTF_8);
        new Disklabel(host().withInput(new ByteArrayInputStream(text))).run("-R", "--", disk, "-");
    }

    /**
     * Deletes the labels of a disk.
     *
     * @param disk as {@link #read}
     * @throws ToolException if that fails
     */
    public void delete(String disk) {
        run("-D", "--", disk);
    }

    /**
     * The label of an image of the host.
     *
     * @param image the file
     * @return the label
     * @throws ToolException if there is none
     */
    public static Label read(Path image) {
        try (RumpKernel kernel = RumpKernel.boot()) {
            return in(kernel).read(image.toAbsolutePath().toString());
        }
    }

    /**
     * Puts a label into an image of the host, which is there already.
     *
     * @param image the file
     * @param label what it shall be
     * @throws ToolException if the label is refused
     */
    public static void write(Path image, Label label) {
        try (RumpKernel kernel = RumpKernel.boot()) {
            in(kernel).write(image.toAbsolutePath().toString(), label);
        }
    }
}
