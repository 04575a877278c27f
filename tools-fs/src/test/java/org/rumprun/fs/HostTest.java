// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The contracts on Java's own provider: what they say is what NIO does. */
@Timeout(60)
class HostTest implements OpenContract, PositionContract, TreeContract, CopyContract, ViewContract {
    @TempDir Path folder;
    private Path root;

    @BeforeEach
    void make() throws IOException {
        root = Files.createDirectory(folder.resolve("root")).toRealPath();
    }

    @Override
    public FileSystem fs() {
        return FileSystems.getDefault();
    }

    @Override
    public Path folder() {
        return folder;
    }

    @Override
    public Path path(String text) {
        return text.startsWith("/") ? root.resolve(text.substring(1)) : Path.of(text);
    }
}
