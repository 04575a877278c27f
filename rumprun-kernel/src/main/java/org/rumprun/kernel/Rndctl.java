// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.ArrayList;
import java.util.List;

/** Shows and controls sources of random numbers: {@code rndctl(8)}. */
public final class Rndctl extends Tool {
    private Rndctl(RumpHost host) {
        super(host, KernelTools.GROUP, "rndctl");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Rndctl in(RumpHost host) {
        return new Rndctl(host);
    }

    /**
     * A source.
     *
     * @param name its name
     * @param bits what it gave so far, in bits
     * @param type "rng", "disk" ...
     * @param flags "estimate", "collect", "no collect" ...
     */
    public record Source(String name, long bits, String type, List<String> flags) {}

    /**
     * The sources.
     *
     * @return those of the kernel
     * @throws ToolException if the kernel has no {@code /dev/random}, for one
     */
    public List<Source> list() {
        List<Source> sources = new ArrayList<>();
        run("-l").out().lines().skip(1).forEach(line -> sources.add(source(line)));
        return sources;
    }

    private static Source source(String line) {
        String[] word = line.trim().split(" +", 4);
        return new Source(
                word[0],
                Long.parseLong(word[1]),
                word[2],
                word.length > 3 ? List.of(word[3].split(", *")) : List.of());
    }
}
