// SPDX-License-Identifier: BSD-2-Clause
/**
 * NetBSD's file-system tools, each a class: {@code Newfs.run(image)} on a file of the host, or
 * {@code Ls.in(kernel).run("-l", "/mnt")} in a kernel; and {@link org.rumprun.fs.RumpFileSystems},
 * which opens an image as a {@link java.nio.file.FileSystem}.
 */
package org.rumprun.fs;
