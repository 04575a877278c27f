// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolResult;
import org.rumprun.kernel.internal.Natives;

/** What the façades share. */
final class FsTools {
    /** This module's tools, loaded when the first is asked for. */
    static final Natives.Group GROUP = Natives.group(FsTools.class, "tools-fs", "rumprun_fs_tools");

    /** What fsck_ffs asks, with the answer that -n gives. */
    private static final Pattern QUESTION = Pattern.compile("\\? (yes|no)$", Pattern.MULTILINE);

    private FsTools() {}

    /** The status says nothing about what could not be looked at: the last phase tells. */
    static boolean isClean(Function<RumpHost, ? extends Tool> checker, Path image) {
        try (RumpKernel kernel = RumpKernel.boot()) {
            String path = image.toAbsolutePath().toString();
            ToolResult result = checker.apply(kernel).exec("-f", "-n", path);
            return result.status() == 0
                    && result.out().contains("** Phase 5")
                    && !QUESTION.matcher(result.out()).find();
        }
    }

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

    /** Operands: one, and then files. */
    static String[] line(String first, String... files) {
        String[] all = new String[files.length + 1];
        all[0] = first;
        System.arraycopy(files, 0, all, 1, files.length);
        return all;
    }

    /** A mode as the tools take it. */
    static String octal(int mode) {
        if ((mode & ~07777) != 0) {
            throw new IllegalArgumentException("a mode of " + Integer.toOctalString(mode));
        }
        return String.format("%04o", mode);
    }
}
