// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import org.rumprun.kernel.internal.Errno;
import org.rumprun.kernel.internal.ProcHandle;

/** Copies and moves, within a file system and between two of this provider. */
final class Copying {
    private final RumpPath source;
    private final RumpPath target;
    private boolean replace;
    private boolean attributes;
    private boolean follow = true;
    private boolean atomic;

    private Copying(RumpPath source, RumpPath target, CopyOption... options) {
        this.source = source;
        this.target = target;
        for (CopyOption option : options) {
            if (Objects.requireNonNull(option) == StandardCopyOption.REPLACE_EXISTING) {
                replace = true;
            } else if (option == StandardCopyOption.COPY_ATTRIBUTES) {
                attributes = true;
            } else if (option == StandardCopyOption.ATOMIC_MOVE) {
                atomic = true;
            } else if (option == LinkOption.NOFOLLOW_LINKS) {
                follow = false;
            } else {
                throw new UnsupportedOperationException(option + " is no option of this provider");
            }
        }
    }

    private static RumpAttributes find(RumpPath path, boolean follow) throws IOException {
        return RumpFileSystems.PROVIDER.attributes(path, follow);
    }

    static void copy(RumpPath source, RumpPath target, CopyOption... options) throws IOException {
        Copying copying = new Copying(source, target, options);
        if (copying.atomic) {
            throw new UnsupportedOperationException("ATOMIC_MOVE of a copy");
        }
        RumpAttributes from = find(source, copying.follow);
        if (copying.makeRoom(from)) {
            copying.copy(from);
        }
    }

    static void move(RumpPath source, RumpPath target, CopyOption... options) throws IOException {
        Copying moving = new Copying(source, target, options);
        if (moving.attributes) {
            throw new UnsupportedOperationException("COPY_ATTRIBUTES of a move");
        }
        moving.follow = false;
        moving.attributes = true;
        boolean same = source.system() == target.system();
        if (moving.atomic) {
            moving.moveAtomically(same);
            return;
        }
        RumpAttributes from = find(source, false);
        if (!moving.makeRoom(from)) {
            return;
        }
        if (same) {
            ProcHandle proc = source.system().writer();
            int result = proc.rename(source.zero(), target.zero());
            if (result != -Errno.EXDEV) {
                Errors.check(result, source, target);
                return;
            }
        }
        moving.moveByCopy(from);
    }

    private void moveAtomically(boolean same) throws IOException {
        int result = -Errno.EXDEV;
        if (same) {
            result = source.system().writer().rename(source.zero(), target.zero());
        }
        if (result == -Errno.EXDEV) {
            throw new AtomicMoveNotSupportedException(
                    source.toString(), target.toString(), "another file system");
        }
        Errors.check(result, source, target);
    }

    /** False: source and target are one file, and nothing is to be done. */
    private boolean makeRoom(RumpAttributes from) throws IOException {
        RumpAttributes there;
        try {
            there = find(target, false);
        } catch (NoSuchFileException e) {
            return true;
        }
        if (source.system() == target.system() && there.fileKey().equals(from.fileKey())) {
            return false;
        }
        if (!replace) {
            throw new FileAlreadyExistsException(target.toString());
        }
        RumpFileSystems.PROVIDER.delete(target);
        return true;
    }

    private void moveByCopy(RumpAttributes from) throws IOException {
        if (from.isDirectory()) {
            try (DirectoryStream<Path> entries =
                    RumpFileSystems.PROVIDER.newDirectoryStream(source, null)) {
                if (entries.iterator().hasNext()) {
                    throw new DirectoryNotEmptyException(source.toString());
                }
            }
        }
        source.system().writer();
        copy(from);
        RumpFileSystems.PROVIDER.delete(source);
    }

    private void copy(RumpAttributes from) throws IOException {
        ProcHandle to = target.system().writer();
        if (from.isDirectory()) {
            Errors.check(to.mkdir(target.zero(), from.mode() & 0777), target);
        } else if (from.isSymbolicLink()) {
            RumpPath says = RumpFileSystems.PROVIDER.readSymbolicLink(source);
            Errors.check(to.symlink(says.text(), target.zero()), target);
        } else if (from.isRegularFile()) {
            copyData(from.mode() & 0777);
        } else {
            throw new FileSystemException(
                    source.toString(), target.toString(), "a special file is not copied");
        }
        if (attributes) {
            copyAttributes(from);
        }
    }

    private void copyData(int mode) throws IOException {
        OpenMode reading = OpenMode.of(Set.of(StandardOpenOption.READ));
        OpenMode writing =
                OpenMode.of(Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
        try (FileChannel in = reading.open(source, 0);
                FileChannel out = writing.open(target, mode)) {
            try {
                transfer(in, out);
            } catch (IOException | RuntimeException e) {
                try {
                    RumpFileSystems.PROVIDER.deleteIfExists(target);
                } catch (IOException | RuntimeException more) {
                    e.addSuppressed(more);
                }
                throw e;
            }
        }
    }

    private static void transfer(FileChannel in, FileChannel out) throws IOException {
        long size = in.size();
        for (long done = 0; done < size; ) {
            long count = in.transferTo(done, size - done, out);
            if (count <= 0) {
                break;
            }
            done += count;
        }
    }

    private void copyAttributes(RumpAttributes from) throws IOException {
        ProcHandle to = target.system().writer();
        byte[] path = target.zero();
        long uid = from.get(RumpAttributes.UID);
        Errors.check(to.chown(path, uid, from.get(RumpAttributes.GID), 0), target);
        Errors.check(to.chmod(path, from.mode() & 07777, 0), target);
        Errors.check(
                to.utimens(
                        path,
                        from.get(RumpAttributes.ATIME),
                        from.get(RumpAttributes.ATIME + 1),
                        from.get(RumpAttributes.MTIME),
                        from.get(RumpAttributes.MTIME + 1),
                        0),
                target);
    }
}
