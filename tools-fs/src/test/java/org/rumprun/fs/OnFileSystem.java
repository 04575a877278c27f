// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.util.Random;

/** Tests that have an empty file system, and a folder of the host. */
interface OnFileSystem {
    /** Made for the test. */
    FileSystem fs();

    /** Where the host keeps what the test makes. */
    Path folder();

    /** A path of the file system. */
    default Path path(String text) {
        return fs().getPath(text);
    }

    /** Always the same for a size. */
    static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
