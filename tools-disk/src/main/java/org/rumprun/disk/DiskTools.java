// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.internal.Natives;

/** What the façades share. */
final class DiskTools {
    /** This module's tools, loaded when the first is asked for. */
    static final Natives.Group GROUP =
            Natives.group(DiskTools.class, "tools-disk", "rumprun_disk_tools");

    private DiskTools() {}
}
