// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.RumpKernel;

import java.io.IOException;

/** What lies between an image and the file system in it: an encrypted disk, for one. */
@FunctionalInterface
public interface ImageLayer {
    /**
     * Makes a disk of what lies on a disk.
     *
     * @param kernel the kernel that the image is in; it ends with the file system
     * @param device the image's block device there
     * @return the block device that has the file system
     * @throws IOException if there cannot be one: a wrong key
     * @throws org.rumprun.kernel.ToolException the same, from a tool
     */
    String open(RumpKernel kernel, String device) throws IOException;
}
