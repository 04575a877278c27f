// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolResult;
import org.rumprun.kernel.internal.Natives;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What the façades share. */
final class DiskTools {
    /** This module's tools, loaded when the first is asked for. */
    static final Natives.Group GROUP =
            Natives.group(DiskTools.class, "tools-disk", "rumprun_disk_tools");

    private DiskTools() {}

    /** Runs a tool on a file of the host, in a kernel of its own: options, file, the rest. */
    static ToolResult onImage(
            Function<RumpHost, ? extends Tool> tool,
            List<String> options,
            Path image,
            String... rest) {
        List<String> all = new ArrayList<>(options);
        all.add(image.toAbsolutePath().toString());
        all.addAll(List.of(rest));
        try (RumpKernel kernel = RumpKernel.boot()) {
            return tool.apply(kernel).run(all.toArray(String[]::new));
        }
    }
}
