// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What every file system of the provider does, whatever is below. */
@Timeout(60)
abstract class FileSystemContract
        implements ChannelContract,
                NamesContract,
                AttributesContract,
                ThreadsContract,
                OpenContract,
                PositionContract,
                TreeContract,
                CopyContract,
                ViewContract {
    @TempDir Path folder;

    private FileSystem fs;

    /** An empty file system that can be written. */
    abstract FileSystem create(Path folder) throws IOException;

    /** Ends what create made, after the file system has been closed. */
    void destroy() {}

    @BeforeEach
    void open() throws IOException {
        fs = create(folder);
    }

    @AfterEach
    void close() throws IOException {
        fs.close();
        destroy();
    }

    @Override
    public FileSystem fs() {
        return fs;
    }

    @Override
    public Path folder() {
        return folder;
    }
}
