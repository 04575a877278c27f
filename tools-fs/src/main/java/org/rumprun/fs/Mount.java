// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Mounts file systems: {@code mount(8)}. */
public final class Mount extends Tool {
    private static final Pattern LINE =
            Pattern.compile("(.*?) on (/.*) type (\\S+)(?: \\((.*)\\))?");

    private Mount(RumpHost host) {
        super(host, FsTools.GROUP, "mount");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Mount in(RumpHost host) {
        return new Mount(host);
    }

    /**
     * Mounts a device.
     *
     * @param type "ffs"
     * @param device its block device, or what the type wants
     * @param directory where
     * @param options for -o: "ro", "log"
     * @throws ToolException if it isn't mounted
     */
    public void mount(String type, String device, String directory, String... options) {
        List<String> line = new ArrayList<>(List.of("-t", type));
        if (options.length > 0) {
            line.addAll(List.of("-o", String.join(",", options)));
        }
        line.addAll(List.of(device, directory));
        run(line.toArray(String[]::new));
    }

    /**
     * A mounted file system.
     *
     * @param device what is mounted
     * @param directory where
     * @param type its type
     * @param options what mount(8) says about it: "local", "read-only"
     */
    public record Mounted(String device, String directory, String type, List<String> options) {}

    /**
     * What is mounted.
     *
     * @return the file systems, in the order of the mounts
     */
    public List<Mounted> list() {
        List<Mounted> all = new ArrayList<>();
        for (String line : run().out().split("\n")) {
            Matcher m = LINE.matcher(line);
            if (m.matches()) {
                List<String> options =
                        m.group(4) == null ? List.of() : List.of(m.group(4).split(", "));
                all.add(new Mounted(m.group(1), m.group(2), m.group(3), options));
            }
        }
        return all;
    }
}
