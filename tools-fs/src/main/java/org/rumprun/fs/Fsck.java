// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Starts the checkers of file systems: {@code fsck(8)}. */
public final class Fsck extends Tool {
    private Fsck(RumpHost host) {
        super(host, FsTools.GROUP, "fsck");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Fsck in(RumpHost host) {
        return new Fsck(host);
    }

    /**
     * Checks an image.
     *
     * @param image a file of the host
     * @param options as the manual page has them: "-p", or "-f" and "-n"
     * @return what the tool left
     * @throws ToolException if its exit status isn't 0; {@link ToolException#result} tells more
     */
    public static ToolResult run(Path image, String... options) {
        return FsTools.onImage(Fsck::in, Function.identity(), List.of(options), image);
    }

    /**
     * Whether an image is sound: looks, and changes nothing.
     *
     * @param image a file of the host
     * @return true if there is a file system, and nothing to repair
     */
    public static boolean isClean(Path image) {
        return FsTools.isClean(Fsck::in, image);
    }
}
