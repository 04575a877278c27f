// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import org.rumprun.kernel.internal.Errno;

/** From errors to the exceptions of java.nio.file: the one place that maps them. */
final class Errors {
    private Errors() {}

    /** Gives a result back that is none of an error. */
    static long check(long result, Path file) throws IOException {
        return check(result, file, null);
    }

    static long check(long result, Path file, Path other) throws IOException {
        if (result < 0) {
            throw of((int) -result, file, other);
        }
        return result;
    }

    static IOException of(int errno, Path file, Path other) {
        String name = file == null ? null : file.toString();
        String second = other == null ? null : other.toString();
        switch (errno) {
            case Errno.ENOENT:
                return new NoSuchFileException(name, second, null);
            case Errno.EEXIST:
                return new FileAlreadyExistsException(second == null ? name : second);
            case Errno.EACCES:
                return new AccessDeniedException(name, second, null);
            case Errno.ENOTEMPTY:
                return new DirectoryNotEmptyException(second == null ? name : second);
            case Errno.ELOOP:
                return new FileSystemLoopException(name);
            case Errno.EROFS:
                throw new ReadOnlyFileSystemException();
            case Errno.ESHUTDOWN:
                throw new ClosedFileSystemException();
            default:
                return new FileSystemException(name, second, reason(errno));
        }
    }

    static String reason(int errno) {
        return Errno.text(errno) + " (" + Errno.name(errno) + ")";
    }
}
