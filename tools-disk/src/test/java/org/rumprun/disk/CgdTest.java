// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.ToolException;

import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

@Timeout(60)
class CgdTest {
    private static final char[] PASSPHRASE = "geheim, naïve".toCharArray();
    private static final byte[] SALT = "0123456789abcdef".getBytes();

    @TempDir Path dir;

    private Path image() throws Exception {
        Path image = dir.resolve("disk.img");
        Files.write(image, new byte[4 << 20]);
        return image;
    }

    private static CgdParams params(CgdParams.Verification verification) {
        return new CgdParams(
                CgdParams.Cipher.AES_CBC,
                256,
                CgdParams.IvMethod.ENCBLKNO1,
                verification,
                Optional.of(new CgdParams.Derivation(100, SALT)));
    }

    @Test
    void passphraseOpensAnEncryptedDisk() throws Exception {
        Path image = image();
        CgdParams params = params(CgdParams.Verification.FFS);
        try (RumpKernel kernel = RumpKernel.boot()) {
            kernel.attach("/dk", image);
            Cgd cgd = Cgd.in(kernel);
            cgd.configure(
                    "cgd0", "/dk", params.verifiedBy(CgdParams.Verification.NONE), PASSPHRASE);
            assertThat(cgd.units())
                    .singleElement()
                    .satisfies(
                            u -> {
                                assertThat(u.name()).isEqualTo("cgd0");
                                assertThat(u.cipher()).isEqualTo(CgdParams.Cipher.AES_CBC);
                                assertThat(u.keyLength()).isEqualTo(256);
                            });
            Newfs.in(kernel).run("/dev/rcgd0a");
            cgd.unconfigure("cgd0");
            assertThat(cgd.units()).isEmpty();
            assertThatThrownBy(() -> cgd.configure("cgd0", "/dk", params, "wrong".toCharArray()))
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("verification failed")
                    .hasMessageNotContaining("wrong");
            assertThat(cgd.units()).isEmpty();
            cgd.configure("cgd0", "/dk", params, PASSPHRASE);
            assertThatThrownBy(() -> cgd.configure("cgd0", "/dk", params, PASSPHRASE))
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("Device busy");
        }
    }

    @Test
    void encryptedImageIsAFileSystem() throws Exception {
        Path image = image();
        CgdParams params = params(CgdParams.Verification.FFS);
        byte[] key = new byte[32];
        try (RumpKernel kernel = RumpKernel.boot()) {
            kernel.attach("/dk", image);
            Cgd.in(kernel)
                    .configure("cgd0", "/dk", params.verifiedBy(CgdParams.Verification.NONE), key);
            Newfs.in(kernel).run("/dev/rcgd0a");
        }
        try (FileSystem fs =
                RumpFileSystems.open(
                        image, RumpFileSystems.options().layer(Cgd.layer(params, key)))) {
            Files.writeString(fs.getPath("/file"), "hidden");
        }
        assertThat(new String(Files.readAllBytes(image), "ISO-8859-1")).doesNotContain("hidden");
        try (FileSystem fs =
                RumpFileSystems.open(
                        image, RumpFileSystems.options().layer(Cgd.layer(params, key)))) {
            assertThat(fs.getPath("/file")).hasContent("hidden");
        }
        key[0] ^= 1;
        assertThatThrownBy(
                        () ->
                                RumpFileSystems.open(
                                        image,
                                        RumpFileSystems.options().layer(Cgd.layer(params, key))))
                .hasStackTraceContaining("verification failed");
    }

    @Test
    void parametersAreReadAndWritten() {
        CgdParams params = params(CgdParams.Verification.DISKLABEL);
        assertThat(CgdParams.parse(params.text())).isEqualTo(params);
        assertThat(
                        CgdParams.parse(
                                """
                                # a comment; algorithm rot13;
                                algorithm blowfish-cbc;
                                keygen pkcs5_pbkdf2/sha1 { iterations 39361;
                                    salt AAAAgMoHiYonye6Kog \\
                                         dYJAobCHE=; };
                                """))
                .satisfies(
                        p -> {
                            assertThat(p.keyLength()).isEqualTo(128);
                            assertThat(p.derivation().orElseThrow().salt()).hasSize(16);
                        });
        assertThatThrownBy(() -> CgdParams.parse("algorithm aes-cbc; keygen storedkey key AAAA;"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CgdParams.of(CgdParams.Cipher.AES_CBC, 128).text())
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void passphrasesAreALine() {
        try (RumpKernel kernel = RumpKernel.boot()) {
            Cgd cgd = Cgd.in(kernel);
            CgdParams params = params(CgdParams.Verification.NONE);
            assertThatThrownBy(() -> cgd.configure("cgd0", "/dk", params, new char[1024]))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cgd.configure("cgd0", "/dk", params, "a\nb".toCharArray()))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cgd.configure("cgd0", "/dk", params, new byte[5]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void parametersAreGenerated() {
        try (RumpKernel kernel = RumpKernel.boot()) {
            CgdParams params =
                    Cgd.in(kernel)
                            .generate(CgdParams.Cipher.AES_XTS, 512, CgdParams.Verification.GPT);
            assertThat(params.verification()).isEqualTo(CgdParams.Verification.GPT);
            assertThat(params.derivation().orElseThrow().iterations()).isGreaterThanOrEqualTo(1000);
        }
    }
}
