// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Lists the kernel's modules: {@code modstat(8)}. */
public final class Modstat extends Tool {
    private Modstat(RumpHost host) {
        super(host, KernelTools.GROUP, "modstat");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Modstat in(RumpHost host) {
        return new Modstat(host);
    }

    /**
     * A module.
     *
     * @param name its name: "ffs"
     * @param kind what it is: "vfs", "driver", "secmodel", "misc" ...
     * @param source where it comes from: "builtin"
     * @param references how often it is used
     * @param size its bytes, where the kernel tells them
     * @param requires the modules that it needs
     */
    public record Module(
            String name,
            String kind,
            String source,
            long references,
            OptionalLong size,
            List<String> requires) {}

    /**
     * The modules.
     *
     * @return those of the kernel, by name
     */
    public List<Module> list() {
        return parse(run().out());
    }

    /**
     * A module.
     *
     * @param name its name
     * @return the module, if the kernel has it
     */
    public Optional<Module> find(String name) {
        return parse(run(List.of("-n"), name).out()).stream().findFirst();
    }

    /** A heading, and then a line for each: name, class, source, flag, references, size, needs. */
    private static List<Module> parse(String out) {
        List<Module> all = new ArrayList<>();
        for (String line : out.lines().skip(1).toList()) {
            String[] w = line.trim().split("\\s+");
            if (w.length < 7) {
                continue;
            }
            OptionalLong size =
                    w[5].equals("-") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(w[5]));
            List<String> requires = w[6].equals("-") ? List.of() : List.of(w[6].split(","));
            all.add(new Module(w[0], w[1], w[2], Long.parseLong(w[4]), size, requires));
        }
        return all;
    }
}
