// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import org.rumprun.kernel.internal.Errno;
import org.rumprun.kernel.internal.ProcHandle;

/** Open options as the kernel's flags. */
record OpenMode(int flags, RumpFileChannel.Mode mode) {
    private static final int O_RDONLY = 0x0;
    private static final int O_WRONLY = 0x1;
    private static final int O_RDWR = 0x2;
    private static final int O_APPEND = 0x8;
    private static final int O_SYNC = 0x80;
    private static final int O_NOFOLLOW = 0x100;
    private static final int O_CREAT = 0x200;
    private static final int O_TRUNC = 0x400;
    private static final int O_EXCL = 0x800;
    private static final int O_DSYNC = 0x10000;

    static OpenMode of(Set<? extends OpenOption> options) {
        for (OpenOption option : options) {
            Objects.requireNonNull(option);
            if (!(option instanceof StandardOpenOption) && option != LinkOption.NOFOLLOW_LINKS) {
                throw new UnsupportedOperationException(option + " is no option of this provider");
            }
        }
        boolean append = options.contains(StandardOpenOption.APPEND);
        boolean write = options.contains(StandardOpenOption.WRITE) || append;
        boolean read = options.contains(StandardOpenOption.READ) || !write;
        boolean truncate = options.contains(StandardOpenOption.TRUNCATE_EXISTING);
        if (append && options.contains(StandardOpenOption.READ)) {
            throw new IllegalArgumentException("READ and APPEND");
        }
        if (append && truncate) {
            throw new IllegalArgumentException("APPEND and TRUNCATE_EXISTING");
        }
        int flags = write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
        boolean delete = options.contains(StandardOpenOption.DELETE_ON_CLOSE);
        flags |= options.contains(LinkOption.NOFOLLOW_LINKS) || delete ? O_NOFOLLOW : 0;
        flags |= options.contains(StandardOpenOption.SYNC) ? O_SYNC : 0;
        flags |= options.contains(StandardOpenOption.DSYNC) ? O_DSYNC : 0;
        if (write) {
            flags |= append ? O_APPEND : 0;
            if (options.contains(StandardOpenOption.CREATE_NEW)) {
                flags |= O_CREAT | O_EXCL;
            } else {
                flags |= options.contains(StandardOpenOption.CREATE) ? O_CREAT : 0;
                flags |= truncate ? O_TRUNC : 0;
            }
        }
        return new OpenMode(flags, new RumpFileChannel.Mode(read, write, append, delete));
    }

    RumpFileChannel open(RumpPath path, int permissions) throws IOException {
        RumpFileSystem fs = path.system();
        ProcHandle proc = mode.write() || mode.deleteOnClose() ? fs.writer() : fs.proc();
        int fd;
        do {
            fd = proc.open(path.zero(), flags, permissions);
            // the sleep in a fifo's open ends when another channel that sleeps closes
        } while (fd == -Errno.EINTR && !Thread.currentThread().isInterrupted());
        Errors.check(fd, path);
        RumpFileChannel channel = new RumpFileChannel(path, fd, mode);
        fs.opened(channel);
        return channel;
    }
}
