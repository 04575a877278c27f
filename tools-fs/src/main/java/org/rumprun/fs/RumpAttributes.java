// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/** What stat(2) tells about a file. */
final class RumpAttributes implements PosixFileAttributes {
    static final int DEV = 0;
    static final int INO = 1;
    static final int MODE = 2;
    static final int NLINK = 3;
    static final int UID = 4;
    static final int GID = 5;
    static final int RDEV = 6;
    static final int SIZE = 7;
    static final int BLOCKS = 8;
    static final int BLKSIZE = 9;
    static final int FLAGS = 10;
    static final int GEN = 11;
    static final int ATIME = 12;
    static final int MTIME = 14;
    static final int CTIME = 16;
    static final int BIRTHTIME = 18;
    static final int COUNT = 20;

    private static final int S_IFMT = 0170000;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;

    /** In the order of the bits, from the least. */
    private static final PosixFilePermission[] PERMISSIONS = {
        PosixFilePermission.OTHERS_EXECUTE,
        PosixFilePermission.OTHERS_WRITE,
        PosixFilePermission.OTHERS_READ,
        PosixFilePermission.GROUP_EXECUTE,
        PosixFilePermission.GROUP_WRITE,
        PosixFilePermission.GROUP_READ,
        PosixFilePermission.OWNER_EXECUTE,
        PosixFilePermission.OWNER_WRITE,
        PosixFilePermission.OWNER_READ,
    };

    private final RumpFileSystem fs;
    private final long[] st;

    RumpAttributes(RumpFileSystem fs, long[] st) {
        this.fs = fs;
        this.st = st;
    }

    /** The identity of a file. */
    record Key(long dev, long ino) {}

    static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        for (int i = 0; i < PERMISSIONS.length; i++) {
            if ((mode >> i & 1) != 0) {
                set.add(PERMISSIONS[i]);
            }
        }
        return set;
    }

    static int mode(Set<PosixFilePermission> permissions) {
        int mode = 0;
        permissions.forEach(Objects::requireNonNull);
        for (int i = 0; i < PERMISSIONS.length; i++) {
            if (permissions.contains(PERMISSIONS[i])) {
                mode |= 1 << i;
            }
        }
        return mode;
    }

    long get(int field) {
        return st[field];
    }

    int mode() {
        return (int) st[MODE];
    }

    FileTime time(int field) {
        return FileTime.from(Instant.ofEpochSecond(st[field], st[field + 1]));
    }

    @Override
    public RumpPrincipal owner() {
        return new RumpPrincipal(fs, st[UID]);
    }

    @Override
    public RumpPrincipal.Group group() {
        return new RumpPrincipal.Group(fs, st[GID]);
    }

    @Override
    public Set<PosixFilePermission> permissions() {
        return permissions(mode());
    }

    @Override
    public FileTime lastModifiedTime() {
        return time(MTIME);
    }

    @Override
    public FileTime lastAccessTime() {
        return time(ATIME);
    }

    /** Formats that know none say 0 or -1: then the time of the last change, as elsewhere. */
    @Override
    public FileTime creationTime() {
        return st[BIRTHTIME] > 0 ? time(BIRTHTIME) : time(MTIME);
    }

    @Override
    public boolean isRegularFile() {
        return (mode() & S_IFMT) == S_IFREG;
    }

    @Override
    public boolean isDirectory() {
        return (mode() & S_IFMT) == S_IFDIR;
    }

    @Override
    public boolean isSymbolicLink() {
        return (mode() & S_IFMT) == S_IFLNK;
    }

    @Override
    public boolean isOther() {
        return !isRegularFile() && !isDirectory() && !isSymbolicLink();
    }

    @Override
    public long size() {
        return st[SIZE];
    }

    @Override
    public Key fileKey() {
        return new Key(st[DEV], st[INO]);
    }
}
