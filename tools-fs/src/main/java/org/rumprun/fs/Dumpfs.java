// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Shows the insides of a fast file system: {@code dumpfs(8)}. */
public final class Dumpfs extends Tool {
    private Dumpfs(RumpHost host) {
        super(host, FsTools.GROUP, "dumpfs");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Dumpfs in(RumpHost host) {
        return new Dumpfs(host);
    }

    /**
     * Shows an image.
     *
     * @param image a file of the host
     * @param options as the manual page has them: "-s"
     * @return what dumpfs left
     * @throws ToolException if it fails
     */
    public static ToolResult run(Path image, String... options) {
        return FsTools.onImage(Dumpfs::in, Function.identity(), List.of(options), image);
    }

    /**
     * What the superblock of an image says.
     *
     * @param image a file of the host
     * @return its values
     * @throws ToolException if there is none
     */
    public static Superblock superblock(Path image) {
        return Superblock.parse(run(image, "-s").out());
    }

    /**
     * What the superblock of a device says.
     *
     * @param device its path in the kernel
     * @return its values
     * @throws ToolException if there is none
     */
    public Superblock superblock(String device) {
        return Superblock.parse(run("-s", device).out());
    }

    /**
     * What a superblock says.
     *
     * @param format the format
     * @param byteOrder its byte order
     * @param blockSize bytes of a block
     * @param fragmentSize bytes of a fragment
     * @param fragments all fragments
     * @param dataFragments fragments for files and directories
     * @param groups cylinder groups
     * @param inodesPerGroup inodes of a group
     * @param freeBlocks whole blocks that are free
     * @param freeFragments free fragments outside those
     * @param freeInodes inodes that are free
     * @param directories directories
     * @param minFree per cent that only the super-user fills
     * @param clean whether it was unmounted properly
     * @param lastMounted where it was mounted last, "" for nowhere
     * @param values all values, by the names that dumpfs gives them
     */
    public record Superblock(
            FfsFormat format,
            ByteOrder byteOrder,
            int blockSize,
            int fragmentSize,
            long fragments,
            long dataFragments,
            long groups,
            long inodesPerGroup,
            long freeBlocks,
            long freeFragments,
            long freeInodes,
            long directories,
            int minFree,
            boolean clean,
            String lastMounted,
            Map<String, String> values) {

        private static final Pattern ALONE = Pattern.compile("([a-z]\\w*) (\\d+)");

        /** Names and values stand between tabs; a few stand together. */
        static Superblock parse(String text) {
            Map<String, String> v = new LinkedHashMap<>();
            for (String line : text.split("\n")) {
                String[] parts = line.split("\t");
                for (int i = 0; i < parts.length; i++) {
                    Matcher alone = ALONE.matcher(parts[i].strip());
                    if (alone.matches()) {
                        v.putIfAbsent(alone.group(1), alone.group(2));
                    } else if (i + 1 < parts.length) {
                        v.putIfAbsent(parts[i].strip(), parts[++i].strip());
                    }
                }
            }
            String format = v.getOrDefault("format", "");
            boolean old = v.getOrDefault("inodes", "").equals("4.2/4.3BSD");
            return new Superblock(
                    format.endsWith("2") ? FfsFormat.UFS2 : old ? FfsFormat.BSD43 : FfsFormat.UFS1,
                    v.getOrDefault("endian", "").startsWith("big")
                            ? ByteOrder.BIG_ENDIAN
                            : ByteOrder.LITTLE_ENDIAN,
                    (int) number(v, "bsize"),
                    (int) number(v, "fsize"),
                    number(v, "size"),
                    number(v, "blocks"),
                    number(v, "ncg"),
                    number(v, "ipg"),
                    number(v, "nbfree"),
                    number(v, "nffree"),
                    number(v, "nifree"),
                    number(v, "ndir"),
                    (int) number(v, "minfree"),
                    number(v, "clean") == 1,
                    v.getOrDefault("fsmnt", ""),
                    Map.copyOf(v));
        }

        private static long number(Map<String, String> values, String name) {
            String text = values.getOrDefault(name, "").replace("%", "");
            try {
                return Long.decode(text.matches("0+\\d.*") ? text.replaceFirst("^0+", "") : text);
            } catch (NumberFormatException e) {
                throw new IllegalStateException("dumpfs says '" + text + "' for " + name, e);
            }
        }
    }
}
