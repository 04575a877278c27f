// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.rumprun.kernel.RumpKernel;

/** Paths behave as the host's do: most cases ask both. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RumpPathTest {
    private static final List<String> PATHS =
            List.of(
                    "",
                    "/",
                    "a",
                    "/a",
                    "a/b",
                    "/a/b",
                    "/a/b/c",
                    "..",
                    "../a",
                    "a/..",
                    "a/../b",
                    "/..",
                    "/a/../..",
                    "./a",
                    ".",
                    "a/./b",
                    "a//b/",
                    "//a",
                    "b",
                    "a/b/c",
                    "../../x",
                    "ä");

    private RumpKernel kernel;
    private FileSystem fs;

    @BeforeAll
    void open() throws IOException {
        kernel = RumpKernel.boot();
        fs = RumpFileSystems.open(kernel, "/");
    }

    @AfterAll
    void close() throws IOException {
        fs.close();
        kernel.close();
    }

    private interface Question {
        Object ask(Path path);
    }

    private interface Question2 {
        Object ask(Path path, Path other);
    }

    private static String answer(java.util.function.Supplier<Object> question) {
        try {
            return String.valueOf(question.get());
        } catch (IllegalArgumentException e) {
            return "IllegalArgumentException";
        }
    }

    private void same(Question question) {
        for (String text : PATHS) {
            assertThat(answer(() -> question.ask(fs.getPath(text))))
                    .as(text)
                    .isEqualTo(answer(() -> question.ask(Path.of(text))));
        }
    }

    private void same2(Question2 question) {
        for (String a : PATHS) {
            for (String b : PATHS) {
                assertThat(answer(() -> question.ask(fs.getPath(a), fs.getPath(b))))
                        .as(a + " and " + b)
                        .isEqualTo(answer(() -> question.ask(Path.of(a), Path.of(b))));
            }
        }
    }

    @Test
    void partsAreTheHosts() {
        same(Path::toString);
        same(Path::isAbsolute);
        same(Path::getRoot);
        same(Path::getParent);
        same(Path::getFileName);
        same(Path::getNameCount);
        same(Path::normalize);
        same(path -> path.getName(0));
        same(path -> path.subpath(0, 2));
        same(path -> path.subpath(1, 2));
        same(
                path -> {
                    StringBuilder all = new StringBuilder();
                    path.forEach(name -> all.append(name).append('|'));
                    return all;
                });
    }

    @Test
    void combinationsAreTheHosts() {
        same2(Path::resolve);
        same2(Path::resolveSibling);
        same2(Path::startsWith);
        same2(Path::endsWith);
        same2(Path::equals);
        same2((a, b) -> Integer.signum(a.compareTo(b)));
    }

    @Test
    void relativePathsLeadThere() {
        for (String a : List.of("/a/b", "/", "/a", "a/b", "a", "")) {
            for (String b : List.of("/a/b/c", "/", "/x/y", "a/c", "b", "")) {
                assertThat(answer(() -> fs.getPath(a).relativize(fs.getPath(b))))
                        .as(a + " to " + b)
                        .isEqualTo(answer(() -> Path.of(a).relativize(Path.of(b))));
            }
        }
    }

    @Test
    void relativePathsAreTheHosts() {
        same2(Path::relativize);
    }

    @Test
    void globsMatchAsTheHosts() {
        List<String> globs =
                List.of(
                        "*",
                        "*.java",
                        "a*",
                        "**",
                        "**/*.c",
                        "?",
                        "{a,b}*",
                        "[a-c]",
                        "[!a]",
                        "a/*",
                        "/a/**",
                        "\\*",
                        "[*]",
                        "{x.java,y}",
                        "a[.]b",
                        "*.{c,java}",
                        "[-a]",
                        "$^");
        List<String> names =
                List.of("a", "b", "a.java", "a/b", "/a/b/c", "x.c", "d/x.c", "*", "a.b", "-", "");
        for (String glob : globs) {
            for (String name : names) {
                assertThat(fs.getPathMatcher("glob:" + glob).matches(fs.getPath(name)))
                        .as(glob + " on " + name)
                        .isEqualTo(
                                Path.of("")
                                        .getFileSystem()
                                        .getPathMatcher("glob:" + glob)
                                        .matches(Path.of(name)));
            }
        }
        for (String bad : List.of("{a", "[a", "{a{b}}", "\\", "[b-a]")) {
            assertThatThrownBy(() -> fs.getPathMatcher("glob:" + bad))
                    .as(bad)
                    .isInstanceOf(PatternSyntaxException.class);
        }
        assertThat(fs.getPathMatcher("regex:a+").matches(fs.getPath("aa"))).isTrue();
        assertThatThrownBy(() -> fs.getPathMatcher("none:a"))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void othersPathsAndBadTextAreRefused() {
        assertThatThrownBy(() -> fs.getPath("a\0b")).isInstanceOf(InvalidPathException.class);
        assertThatThrownBy(() -> fs.getPath("\ud800")).isInstanceOf(InvalidPathException.class);
        assertThatThrownBy(() -> fs.getPath("a").resolve(Path.of("b")))
                .isInstanceOf(ProviderMismatchException.class);
        assertThat(fs.getPath("a").startsWith(Path.of("a"))).isFalse();
        assertThatThrownBy(() -> fs.newWatchService())
                .isInstanceOf(UnsupportedOperationException.class);
    }
}
