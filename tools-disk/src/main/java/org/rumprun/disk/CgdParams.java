// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a disk is encrypted, but its key: what a parameters file of cgdconfig(8) without secrets
 * says.
 *
 * @param cipher the cipher
 * @param keyLength the key's length in bits
 * @param ivMethod how the sectors' initialization vectors are made
 * @param verification how a wrong key is found out
 * @param derivation how a passphrase becomes the key; empty for a disk whose key is given itself
 */
public record CgdParams(
        Cipher cipher,
        int keyLength,
        IvMethod ivMethod,
        Verification verification,
        Optional<Derivation> derivation) {
    /** Ciphers of cgd. */
    public enum Cipher {
        /** AES in CBC, keys of 128, 192 or 256 bits. */
        AES_CBC("aes-cbc", 128),
        /** AES in XTS, keys of 256 or 512 bits: two in one. */
        AES_XTS("aes-xts", 256),
        /** Triple DES in CBC, keys of 192 bits. For old disks. */
        TRIPLE_DES_CBC("3des-cbc", 192),
        /** Blowfish in CBC, keys of 40 to 448 bits. For old disks. */
        BLOWFISH_CBC("blowfish-cbc", 128);

        private final String word;
        private final int keyLength;

        Cipher(String word, int keyLength) {
            this.word = word;
            this.keyLength = keyLength;
        }

        /**
         * Its name in parameters files.
         *
         * @return "aes-cbc"
         */
        public String word() {
            return word;
        }

        /**
         * The length of a key that nobody has chosen another one for.
         *
         * @return bits
         */
        public int defaultKeyLength() {
            return keyLength;
        }

        static Cipher of(String word) {
            return Arrays.stream(values())
                    .filter(c -> c.word.equals(word))
                    .findAny()
                    .orElseThrow(() -> new IllegalArgumentException("unknown cipher " + word));
        }
    }

    /** How the sectors' initialization vectors are made. */
    public enum IvMethod {
        /** As everybody does. */
        ENCBLKNO1,
        /** As very old systems did. */
        ENCBLKNO8;

        /**
         * Its name in parameters files.
         *
         * @return "encblkno1"
         */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How a wrong key is found out: by what must be on the disk. */
    public enum Verification {
        /** Not at all. */
        NONE,
        /** A BSD label. */
        DISKLABEL,
        /** A master boot record. */
        MBR,
        /** A GUID partition table. */
        GPT,
        /** An FFS. */
        FFS;

        /**
         * Its name in parameters files.
         *
         * @return "disklabel"
         */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A key out of a passphrase: PBKDF2 with HMAC-SHA1 (PKCS #5). Nothing in it is secret. */
    public static final class Derivation {
        private final int iterations;
        private final byte[] salt;

        /**
         * The numbers.
         *
         * @param iterations how often, from 1
         * @param salt random bytes of this disk
         */
        public Derivation(int iterations, byte[] salt) {
            if (iterations < 1) {
                throw new IllegalArgumentException("no iterations");
            }
            this.iterations = iterations;
            this.salt = salt.clone();
        }

        /**
         * How often.
         *
         * @return from 1
         */
        public int iterations() {
            return iterations;
        }

        /**
         * Random bytes of this disk.
         *
         * @return a copy
         */
        public byte[] salt() {
            return salt.clone();
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Derivation d
                    && d.iterations == iterations
                    && Arrays.equals(d.salt, salt);
        }

        @Override
        public int hashCode() {
            return 31 * iterations + Arrays.hashCode(salt);
        }

        @Override
        public String toString() {
            return "pkcs5_pbkdf2/sha1, " + iterations + " iterations";
        }
    }

    private static final String BASE64 = "([A-Za-z0-9+/=\\s]+)";
    private static final Pattern ITERATIONS = Pattern.compile("\\biterations\\s+(\\d+)\\s*;");
    private static final Pattern SALT = Pattern.compile("\\bsalt\\s+" + BASE64 + ";");
    private static final Pattern KEYGEN = Pattern.compile("\\bkeygen\\s+(\\S+?)[\\s;{]");

    /** Checks what is there. */
    public CgdParams {
        Objects.requireNonNull(cipher);
        Objects.requireNonNull(ivMethod);
        Objects.requireNonNull(verification);
        Objects.requireNonNull(derivation);
        if (keyLength < 8 || keyLength > 512 || keyLength % 8 != 0) {
            throw new IllegalArgumentException("a key of " + keyLength + " bits");
        }
    }

    /**
     * A disk whose key is given itself.
     *
     * @param cipher the cipher
     * @param keyLength bits
     * @return parameters without verification
     */
    public static CgdParams of(Cipher cipher, int keyLength) {
        return new CgdParams(
                cipher, keyLength, IvMethod.ENCBLKNO1, Verification.NONE, Optional.empty());
    }

    /**
     * The same with another verification.
     *
     * @param method how a wrong key is found out
     * @return parameters with it
     */
    public CgdParams verifiedBy(Verification method) {
        return new CgdParams(cipher, keyLength, ivMethod, method, derivation);
    }

    /**
     * Reads a parameters file whose key comes of one passphrase.
     *
     * @param text the file
     * @return what it says
     * @throws IllegalArgumentException if it is another one
     */
    public static CgdParams parse(String text) {
        String plain = text.replaceAll("#[^\n]*", "").replace("\\\n", "");
        Matcher keygen = KEYGEN.matcher(plain);
        if (!keygen.find() || !keygen.group(1).equals("pkcs5_pbkdf2/sha1") || keygen.find()) {
            throw new IllegalArgumentException("not a parameters file for one passphrase");
        }
        Cipher cipher =
                Cipher.of(
                        word(plain, "algorithm")
                                .orElseThrow(() -> new IllegalArgumentException("no algorithm")));
        String base64 = find(SALT, "salt", plain).replaceAll("\\s", "");
        byte[] salt = Base64.getDecoder().decode(base64);
        if (salt.length < 4 || (ByteBuffer.wrap(salt).getInt() + 7L) / 8 != salt.length - 4) {
            throw new IllegalArgumentException("a salt of another length than it says");
        }
        return new CgdParams(
                cipher,
                word(plain, "keylength").map(Integer::parseInt).orElse(cipher.keyLength),
                word(plain, "iv-method")
                        .map(w -> IvMethod.valueOf(w.toUpperCase(Locale.ROOT)))
                        .orElse(IvMethod.ENCBLKNO1),
                word(plain, "verify_method")
                        .map(w -> Verification.valueOf(w.toUpperCase(Locale.ROOT)))
                        .orElse(Verification.NONE),
                Optional.of(
                        new Derivation(
                                Integer.parseInt(find(ITERATIONS, "iterations", plain)),
                                Arrays.copyOfRange(salt, 4, salt.length))));
    }

    private static Optional<String> word(String text, String name) {
        Matcher m = Pattern.compile("\\b" + name + "\\s+([^\\s;]+)\\s*;").matcher(text);
        return m.find() ? Optional.of(m.group(1)) : Optional.empty();
    }

    private static String find(Pattern pattern, String what, String text) {
        Matcher m = pattern.matcher(text);
        if (!m.find()) {
            throw new IllegalArgumentException("no " + what);
        }
        return m.group(1);
    }

    /**
     * The parameters file.
     *
     * @return its text, as cgdconfig reads it
     * @throws IllegalStateException without a derivation: the key would have to be in it
     */
    public String text() {
        Derivation d = derivation.orElseThrow(() -> new IllegalStateException("no derivation"));
        ByteBuffer salt = ByteBuffer.allocate(4 + d.salt.length);
        salt.putInt(d.salt.length * 8).put(d.salt);
        return "algorithm %s;\niv-method %s;\nkeylength %d;\nverify_method %s;\n"
                        .formatted(cipher.word(), ivMethod.word(), keyLength, verification.word())
                + "keygen pkcs5_pbkdf2/sha1 {\n\titerations %d;\n\tsalt %s;\n};\n"
                        .formatted(d.iterations, Base64.getEncoder().encodeToString(salt.array()));
    }
}
