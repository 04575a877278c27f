// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpKernel;

/** The README's Java compiles as it stands there. */
class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @TempDir Path folder;

    private static String home(Class<?> type) throws Exception {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }

    @Test
    void examplesCompile() throws Exception {
        Path readme = Path.of("..", "README.md");
        Optional<ToolProvider> compiler = ToolProvider.findFirst("javac");
        assumeTrue(Files.exists(readme), "there is no " + readme);
        assumeTrue(compiler.isPresent(), "this JVM has no compiler");
        Matcher block = BLOCK.matcher(Files.readString(readme));
        int count = 0;
        while (block.find()) {
            Path source = folder.resolve("Example" + count + ".java");
            Files.writeString(
                    source,
                    "import java.nio.file.*; import org.rumprun.fs.*; import org.rumprun.kernel.*;\n"
                            + ("class Example" + count++ + " {")
                            + " static void example() throws Exception {\n"
                            + block.group(1)
                            + "} }\n");
            StringWriter said = new StringWriter();
            PrintWriter to = new PrintWriter(said);
            int status =
                    compiler.get()
                            .run(
                                    to,
                                    to,
                                    "-d",
                                    folder.toString(),
                                    "-cp",
                                    home(Newfs.class) + File.pathSeparator + home(RumpKernel.class),
                                    source.toString());
            assertThat(status).as(said.toString()).isZero();
        }
        assertThat(count).isPositive();
    }
}
