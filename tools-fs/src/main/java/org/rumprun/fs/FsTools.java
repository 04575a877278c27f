// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolResult;
import org.rumprun.kernel.internal.Natives;

/** What the façades share. */
final class FsTools {
    /** This module's tools, loaded when the first is asked for. */
    static final Natives.Group GROUP = Natives.group(FsTools.class, "tools-fs", "rumprun_fs_tools");

    private FsTools() {}

    /** Runs a tool on an image, in a kernel of its own. */
    static ToolResult onImage(
            Function<RumpHost, ? extends Tool> tool,
            Function<RumpHost, RumpHost> streams,
            List<String> arguments,
            Path image) {
        List<String> all = new ArrayList<>(arguments);
        all.add(image.toAbsolutePath().toString());
        try (RumpKernel kernel = RumpKernel.boot()) {
            return tool.apply(streams.apply(kernel)).run(all.toArray(String[]::new));
        }
    }
}
