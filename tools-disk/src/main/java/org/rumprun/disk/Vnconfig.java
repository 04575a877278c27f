// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes disks of files of the kernel: {@code vnconfig(8)}. The kernel needs the component {@code
 * dev_vnd}.
 */
public final class Vnconfig extends Tool {
    private static final Pattern SIZE =
            Pattern.compile("[^:]*: (\\d+) bytes on .*", Pattern.DOTALL);
    private static final Pattern LINE =
            Pattern.compile("(vnd\\d+): dev (\\d+),(\\d+) inode (\\d+)");

    private Vnconfig(RumpHost host) {
        super(host, DiskTools.GROUP, "vnconfig");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Vnconfig in(RumpHost host) {
        return new Vnconfig(host);
    }

    /**
     * A unit in use.
     *
     * @param name "vnd0"
     * @param major the device of the file's file system: its major number
     * @param minor and the minor one
     * @param inode the file's number in it
     */
    public record Unit(String name, int major, int minor, long inode) {}

    /**
     * Makes a disk of a file.
     *
     * @param unit "vnd0"
     * @param file a file of the kernel
     * @return the disk's size in bytes
     * @throws ToolException if the unit is busy, or the file cannot be a disk
     */
    public long configure(String unit, String file) {
        return configure(unit, file, options().build());
    }

    /**
     * Makes a disk of a file.
     *
     * @param unit "vnd0"
     * @param file a file of the kernel
     * @param options what it shall be like
     * @return the disk's size in bytes
     * @throws ToolException if the unit is busy, or the file cannot be such a disk
     */
    public long configure(String unit, String file, Options options) {
        List<String> line = new ArrayList<>(List.of("-c", "-v"));
        line.addAll(options.arguments());
        line.addAll(List.of("--", unit, file));
        if (options.geometry != null) {
            line.add(options.geometry);
        }
        String out = run(line.toArray(String[]::new)).out();
        Matcher m = SIZE.matcher(out);
        if (!m.matches()) {
            throw new IllegalStateException("vnconfig -v: " + out);
        }
        return Long.parseLong(m.group(1));
    }

    /**
     * Takes the file away again.
     *
     * @param unit "vnd0"
     * @throws ToolException if the disk is in use, or none
     */
    public void unconfigure(String unit) {
        run("-u", "--", unit);
    }

    /**
     * Takes the file away even if the disk is in use: who uses it gets errors.
     *
     * @param unit "vnd0"
     * @throws ToolException if it is none
     */
    public void unconfigureByForce(String unit) {
        run("-u", "-F", "--", unit);
    }

    /**
     * The units in use.
     *
     * @return one for each, by number
     * @throws ToolException if vnconfig fails
     */
    public List<Unit> units() {
        List<Unit> units = new ArrayList<>();
        for (String line : run("-l", "-m", "0").out().split("\n")) {
            Matcher m = LINE.matcher(line);
            if (m.matches()) {
                units.add(
                        new Unit(
                                m.group(1),
                                Integer.parseInt(m.group(2)),
                                Integer.parseInt(m.group(3)),
                                Long.parseUnsignedLong(m.group(4))));
            }
        }
        return List.copyOf(units);
    }

    /**
     * Options to be described.
     *
     * @return a builder with none
     */
    public static Builder options() {
        return new Builder();
    }

    /** Options of vnconfig. */
    public static final class Options {
        private final List<String> arguments;
        private final String geometry;

        private Options(Builder builder) {
            arguments = List.copyOf(builder.arguments);
            geometry = builder.geometry;
        }

        /**
         * The options as the manual page has them; a geometry stands behind the file.
         *
         * @return arguments for {@link Vnconfig#run(String...)}
         */
        public List<String> arguments() {
            return arguments;
        }
    }

    /** Collects options. */
    public static final class Builder {
        private final List<String> arguments = new ArrayList<>();
        private String geometry;

        private Builder() {}

        /**
         * The disk cannot be written to: {@code -r}.
         *
         * @return this builder
         */
        public Builder readOnly() {
            arguments.add("-r");
            return this;
        }

        /**
         * The file is what {@link Vndcompress} has made; the disk cannot be written to: {@code -z}.
         *
         * @return this builder
         */
        public Builder compressed() {
            arguments.add("-z");
            return this;
        }

        /**
         * Geometry, and size with it.
         *
         * @param sectorSize bytes, a power of two from 512 to 4096
         * @param sectors of a track
         * @param tracks of a cylinder
         * @param cylinders of the disk
         * @return this builder
         */
        public Builder geometry(int sectorSize, int sectors, int tracks, int cylinders) {
            geometry = sectorSize + "/" + sectors + "/" + tracks + "/" + cylinders;
            return this;
        }

        /**
         * The geometry of a type of disks: {@code -t}.
         *
         * @param name its name in the disktab
         * @return this builder
         */
        public Builder diskType(String name) {
            arguments.addAll(List.of("-t", Objects.requireNonNull(name)));
            return this;
        }

        /**
         * Where types are looked for: {@code -f}.
         *
         * @param file a file of the kernel, instead of /etc/disktab
         * @return this builder
         */
        public Builder disktab(String file) {
            arguments.addAll(List.of("-f", Objects.requireNonNull(file)));
            return this;
        }

        /**
         * The options.
         *
         * @return what was described
         */
        public Options build() {
            return new Options(this);
        }
    }
}
