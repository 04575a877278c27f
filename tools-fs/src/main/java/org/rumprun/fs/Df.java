// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.Tool;

/** Shows how full file systems are: {@code df(1)}. */
public final class Df extends Tool {
    private Df(RumpHost host) {
        super(host, FsTools.GROUP, "df");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Df in(RumpHost host) {
        return new Df(host);
    }

    /**
     * How full a file system is.
     *
     * @param device what is mounted
     * @param type its type
     * @param directory where
     * @param total its bytes for files
     * @param used those in use
     * @param available those that users other than the super-user can still have; may be negative
     * @param inodes the inodes that it has
     * @param freeInodes those that are free
     */
    public record Usage(
            String device,
            String type,
            String directory,
            long total,
            long used,
            long available,
            long inodes,
            long freeInodes) {}

    /**
     * All that is mounted.
     *
     * @return a row for each
     */
    public List<Usage> list() {
        List<Usage> all = new ArrayList<>();
        for (Mount.Mounted mounted : Mount.in(host()).list()) {
            all.add(usage(mounted.directory()));
        }
        return all;
    }

    /**
     * The file system that holds a file.
     *
     * @param path the file
     * @return how full it is
     */
    public Usage usage(String path) {
        try (RumpProcess process = newProcess();
                RumpFileSystem fs = Images.whole(process)) {
            return new RumpFileStore((RumpPath) fs.getPath(path)).usage();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
