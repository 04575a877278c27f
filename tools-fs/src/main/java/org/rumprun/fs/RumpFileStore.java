// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Objects;

/** The file system that holds a file, as statvfs(2) tells about it. */
final class RumpFileStore extends FileStore {
    private static final int FLAG = 0;
    private static final int FRSIZE = 2;
    private static final int BLOCKS = 4;
    private static final int BFREE = 5;
    private static final int BAVAIL = 6;
    private static final int FILES = 7;
    private static final int FFREE = 8;
    private static final int FSID = 9;
    private static final int COUNT = 11;
    private static final int MNT_RDONLY = 1;

    private final RumpPath path;
    private final String[] names = new String[3];
    private final long fsid;

    RumpFileStore(RumpPath path) throws IOException {
        this.path = path;
        this.fsid = values(names)[FSID];
    }

    private long[] values(String[] into) throws IOException {
        long[] sv = new long[COUNT];
        Errors.check(path.system().proc().statvfs(path.zero(), sv, into), path);
        return sv;
    }

    Df.Usage usage() throws IOException {
        String[] now = new String[3];
        long[] sv = values(now);
        return new Df.Usage(
                now[1],
                now[0],
                now[2],
                sv[BLOCKS] * sv[FRSIZE],
                (sv[BLOCKS] - sv[BFREE]) * sv[FRSIZE],
                sv[BAVAIL] * sv[FRSIZE],
                sv[FILES],
                sv[FFREE]);
    }

    private long bytes(int field) throws IOException {
        long[] sv = values(new String[3]);
        return Math.max(0, sv[field]) * sv[FRSIZE];
    }

    /** The image, or the device inside the kernel. */
    @Override
    public String name() {
        RumpFileSystem.Origin origin = path.system().origin();
        return origin.image() == null ? names[1] : origin.image().toString();
    }

    @Override
    public String type() {
        return names[0];
    }

    @Override
    public boolean isReadOnly() {
        try {
            return path.system().isReadOnly() || (values(new String[3])[FLAG] & MNT_RDONLY) != 0;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public long getTotalSpace() throws IOException {
        return bytes(BLOCKS);
    }

    @Override
    public long getUsableSpace() throws IOException {
        return bytes(BAVAIL);
    }

    @Override
    public long getUnallocatedSpace() throws IOException {
        return bytes(BFREE);
    }

    @Override
    public long getBlockSize() throws IOException {
        return values(new String[3])[FRSIZE];
    }

    @Override
    public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
        return Objects.requireNonNull(type) == BasicFileAttributeView.class
                || type == PosixFileAttributeView.class
                || type == FileOwnerAttributeView.class;
    }

    @Override
    public boolean supportsFileAttributeView(String name) {
        return path.system().supportedFileAttributeViews().contains(name);
    }

    @Override
    public <V extends FileStoreAttributeView> V getFileStoreAttributeView(Class<V> type) {
        Objects.requireNonNull(type);
        return null;
    }

    @Override
    public Object getAttribute(String attribute) throws IOException {
        switch (attribute) {
            case "totalSpace":
                return getTotalSpace();
            case "usableSpace":
                return getUsableSpace();
            case "unallocatedSpace":
                return getUnallocatedSpace();
            default:
                throw new UnsupportedOperationException("an attribute called " + attribute);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RumpFileStore store
                && store.path.system() == path.system()
                && store.fsid == fsid;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(fsid);
    }

    @Override
    public String toString() {
        return name() + " (" + type() + ")";
    }
}
