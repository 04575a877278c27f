// SPDX-License-Identifier: BSD-2-Clause
/** The file-system tools, and images as file systems of java.nio.file. */
module org.rumprun.fs {
    requires transitive org.rumprun.kernel;
    requires com.sun.jna;

    exports org.rumprun.fs;

    provides java.nio.file.spi.FileSystemProvider with
            org.rumprun.fs.RumpFileSystemProvider;
}
