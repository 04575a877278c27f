// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.fs.Dd;
import org.rumprun.fs.ImageLayer;
import org.rumprun.fs.Rm;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Encrypted disks: {@code cgdconfig(8)}. Keys and passphrases go to the tool through memory, never
 * as arguments; the copies that are made of them here are wiped, and no message has them. The
 * kernel needs the component {@code dev_cgd}.
 */
public final class Cgd extends Tool {
    private static final Pattern LINE =
            Pattern.compile("(cgd\\d+): dev (\\d+),(\\d+) (\\S+) keylen (\\d+) blksize (\\d+) ?");

    private Cgd(RumpHost host) {
        super(host, DiskTools.GROUP, "cgdconfig");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Cgd in(RumpHost host) {
        return new Cgd(host);
    }

    /**
     * A unit in use.
     *
     * @param name "cgd0"
     * @param major the disk under it: its device's major number
     * @param minor and the minor one
     * @param cipher the cipher
     * @param keyLength bits of the key
     */
    public record Unit(String name, int major, int minor, CgdParams.Cipher cipher, int keyLength) {}

    /**
     * Makes parameters for a new disk with a passphrase: a random salt, and so many iterations that
     * a guess takes about a second on this machine.
     *
     * @param cipher the cipher
     * @param keyLength the key's length in bits
     * @param verification how a wrong passphrase will be found out
     * @return the parameters, to be kept with the disk
     * @throws ToolException if cgdconfig fails
     */
    public CgdParams generate(
            CgdParams.Cipher cipher, int keyLength, CgdParams.Verification verification) {
        return CgdParams.parse(
                run(
                                "-g",
                                "-V",
                                verification.word(),
                                "--",
                                cipher.word(),
                                Integer.toString(keyLength))
                        .out());
    }

    /**
     * Makes an encrypted disk of another one.
     *
     * @param unit "cgd0"
     * @param device the block device that has the encrypted sectors
     * @param params how it is encrypted, with a derivation
     * @param passphrase the passphrase, in UTF-8 at most 1023 bytes without a line's end; it stays
     *     the caller's to wipe
     * @throws ToolException if the disk or the unit is busy, or the passphrase the wrong one
     */
    public void configure(String unit, String device, CgdParams params, char[] passphrase) {
        byte[] line = line(passphrase);
        String file = "/tmp/cgd-" + UUID.randomUUID();
        try {
            byte[] text = params.text().getBytes(StandardCharsets.UTF_8);
            Dd.in(host().withInput(new ByteArrayInputStream(text)))
                    .run(Dd.options().output(file).build());
            in(host().withInput(new ByteArrayInputStream(line)))
                    .run("-p", "--", unit, device, file);
        } finally {
            Arrays.fill(line, (byte) 0);
            Rm.in(host()).exec("-f", file);
        }
    }

    /**
     * Makes an encrypted disk of another one, with its key.
     *
     * @param unit "cgd0"
     * @param device the block device that has the encrypted sectors
     * @param params how it is encrypted; a derivation is left alone
     * @param key the key, as long as the parameters say; it stays the caller's to wipe
     * @throws ToolException if the disk or the unit is busy, or the key the wrong one
     */
    public void configure(String unit, String device, CgdParams params, byte[] key) {
        if (key.length * 8 != params.keyLength()) {
            throw new IllegalArgumentException(
                    "a key of " + key.length * 8 + " bits, not " + params.keyLength());
        }
        in(host().withInput(new ByteArrayInputStream(key)))
                .run(
                        "-s",
                        "-i",
                        params.ivMethod().word(),
                        "-V",
                        params.verification().word(),
                        "--",
                        unit,
                        device,
                        params.cipher().word(),
                        Integer.toString(params.keyLength()));
    }

    /**
     * Makes an encrypted disk of another one, by a parameters file of any kind.
     *
     * @param unit "cgd0"
     * @param device the block device that has the encrypted sectors
     * @param paramsFile a file of the kernel
     * @param passphrases those that its generators ask for, in their order
     * @throws ToolException if the disk or the unit is busy, or a passphrase the wrong one
     */
    public void configureFrom(
            String unit, String device, String paramsFile, char[]... passphrases) {
        byte[] lines = new byte[0];
        for (char[] passphrase : passphrases) {
            byte[] line = line(passphrase);
            byte[] before = lines;
            lines = Arrays.copyOf(before, before.length + line.length);
            System.arraycopy(line, 0, lines, before.length, line.length);
            Arrays.fill(before, (byte) 0);
            Arrays.fill(line, (byte) 0);
        }
        try {
            in(host().withInput(new ByteArrayInputStream(lines)))
                    .run("-p", "--", unit, device, paramsFile);
        } finally {
            Arrays.fill(lines, (byte) 0);
        }
    }

    /**
     * Gives a unit's disk back and wipes its key.
     *
     * @param unit "cgd0"
     * @throws ToolException if it is not in use, or something on it is
     */
    public void unconfigure(String unit) {
        run("-u", "--", unit);
    }

    /**
     * The units in use.
     *
     * @return them, by number
     * @throws ToolException if there are no such disks in the kernel
     */
    public List<Unit> units() {
        List<Unit> units = new ArrayList<>();
        for (String line : run("-l", "-v", "-v").out().split("\n")) {
            Matcher m = LINE.matcher(line);
            if (m.matches()) {
                units.add(
                        new Unit(
                                m.group(1),
                                Integer.parseInt(m.group(2)),
                                Integer.parseInt(m.group(3)),
                                CgdParams.Cipher.of(m.group(4)),
                                Integer.parseInt(m.group(5))));
            }
        }
        return units;
    }

    /**
     * For opening the file system of an encrypted image.
     *
     * @param params how it is encrypted, with a derivation
     * @param passphrase the passphrase; wiped by the caller after opening
     * @return the layer
     */
    public static ImageLayer layer(CgdParams params, char[] passphrase) {
        return (kernel, device) -> {
            in(kernel).configure("cgd0", device, params, passphrase);
            return "/dev/cgd0a";
        };
    }

    /**
     * The same with the key.
     *
     * @param params how it is encrypted
     * @param key the key; wiped by the caller after opening
     * @return the layer
     */
    public static ImageLayer layer(CgdParams params, byte[] key) {
        return (kernel, device) -> {
            in(kernel).configure("cgd0", device, params, key);
            return "/dev/cgd0a";
        };
    }

    /** The passphrase as a line. */
    private static byte[] line(char[] passphrase) {
        for (char c : passphrase) {
            if (c == '\n') {
                throw new IllegalArgumentException("a passphrase of more than one line");
            }
        }
        ByteBuffer encoded = StandardCharsets.UTF_8.encode(CharBuffer.wrap(passphrase));
        byte[] line = new byte[encoded.remaining() + 1];
        encoded.get(line, 0, line.length - 1);
        line[line.length - 1] = '\n';
        Arrays.fill(encoded.array(), (byte) 0);
        if (line.length > 1024) {
            Arrays.fill(line, (byte) 0);
            throw new IllegalArgumentException("a passphrase of more than 1023 bytes");
        }
        return line;
    }
}
