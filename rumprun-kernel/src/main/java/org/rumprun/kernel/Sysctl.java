// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and sets the kernel's values, as sysctl(7) names them: {@code sysctl(8)}. */
public final class Sysctl extends Tool {
    private static final Pattern VALUE = Pattern.compile("([\\w-]+(?:\\.[\\w-]+)+)(?:=|: )(.*)");

    private Sysctl(RumpHost host) {
        super(host, KernelTools.GROUP, "sysctl");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Sysctl in(RumpHost host) {
        return new Sysctl(host);
    }

    /**
     * Runs the tool.
     *
     * @param options how
     * @param names "kern", "kern.ostype"; to set a value, "kern.hostname=here"
     * @return what the tool left
     * @throws ToolException if there is no such name, or it cannot be set
     */
    public ToolResult run(Options options, String... names) {
        return run(options.arguments(), names);
    }

    /**
     * A value.
     *
     * @param name "kern.ostype"
     * @return its text
     * @throws ToolException if there is no such name
     */
    public String get(String name) {
        return run("-n", name).out().strip();
    }

    /**
     * A number.
     *
     * @param name "hw.pagesize"
     * @return its value
     * @throws ToolException if there is no such name
     * @throws NumberFormatException if it is no number
     */
    public long getNumber(String name) {
        return Long.parseLong(get(name));
    }

    /**
     * All values below a name.
     *
     * @param name "kern"
     * @return names and texts, in the kernel's order; of structures what the tool shows of them
     * @throws ToolException if there is no such name
     */
    public Map<String, String> values(String name) {
        Map<String, String> all = new LinkedHashMap<>();
        String last = null;
        for (String line : run("-e", name).out().lines().toList()) {
            Matcher m = VALUE.matcher(line);
            if (m.matches()) {
                last = m.group(1);
                all.put(last, m.group(2));
            } else if (last != null && !line.isEmpty()) {
                all.merge(last, line, (before, more) -> before + "\n" + more);
            }
        }
        return all;
    }

    /**
     * Sets a value.
     *
     * @param name "kern.hostname"
     * @param value its text
     * @throws ToolException if there is no such name, or it cannot be set
     */
    public void set(String name, String value) {
        run("-w", name + "=" + value);
    }

    /**
     * Sets a number.
     *
     * @param name "kern.pipe.maxbigpipes"
     * @param value its value; the kernel tells the range
     * @throws ToolException if there is no such name, or it cannot be set
     */
    public void set(String name, long value) {
        set(name, Long.toString(value));
    }

    /**
     * Options to be described.
     *
     * @return a builder with none
     */
    public static Builder options() {
        return new Builder();
    }

    /**
     * Options of sysctl.
     *
     * @param arguments as the manual page sysctl(8) has them
     */
    public record Options(List<String> arguments) {
        /** Keeps a copy. */
        public Options {
            arguments = List.copyOf(arguments);
        }
    }

    /** Collects options. */
    public static final class Builder {
        private final List<String> arguments = new ArrayList<>();

        private Builder() {}

        private Builder add(String... more) {
            arguments.addAll(List.of(more));
            return this;
        }

        /**
         * Values without names: {@code -n}.
         *
         * @return this builder
         */
        public Builder valuesOnly() {
            return add("-n");
        }

        /**
         * An equal sign between name and value: {@code -e}.
         *
         * @return this builder
         */
        public Builder equalSigns() {
            return add("-e");
        }

        /**
         * All values: {@code -a}.
         *
         * @return this builder
         */
        public Builder all() {
            return add("-a");
        }

        /**
         * Descriptions instead of values: {@code -d}.
         *
         * @return this builder
         */
        public Builder descriptions() {
            return add("-d");
        }

        /**
         * The tree of names, with types: {@code -M}.
         *
         * @return this builder
         */
        public Builder tree() {
            return add("-M");
        }

        /**
         * Values in hexadecimal: {@code -x}.
         *
         * @return this builder
         */
        public Builder hexadecimal() {
            return add("-x");
        }

        /**
         * Values as bytes: {@code -r}.
         *
         * @return this builder
         */
        public Builder bytes() {
            return add("-r");
        }

        /**
         * Sets values: {@code -w}.
         *
         * @return this builder
         */
        public Builder write() {
            return add("-w");
        }

        /**
         * Says nothing about what was set: {@code -q}.
         *
         * @return this builder
         */
        public Builder quiet() {
            return add("-q");
        }

        /**
         * Any option, as the manual page has it.
         *
         * @param more the arguments
         * @return this builder
         */
        public Builder arguments(String... more) {
            return add(more);
        }

        /**
         * Ends the description.
         *
         * @return the options
         */
        public Options build() {
            return new Options(arguments);
        }
    }
}
