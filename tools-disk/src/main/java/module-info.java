// SPDX-License-Identifier: BSD-2-Clause
/** The disk tools: labels, encryption, RAID, disks in files. */
module org.rumprun.disk {
    requires transitive org.rumprun.fs;
    requires transitive org.rumprun.kernel;

    exports org.rumprun.disk;
}
