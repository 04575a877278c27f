// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;

/** A directory's entries, read a piece at a time. */
final class RumpDirectoryStream implements DirectoryStream<Path> {
    private static final int HEADER = 13;
    private static final int RECLEN = 8;
    private static final int NAMLEN = 10;
    private static final int TYPE = 12;
    private static final int DT_WHT = 14;

    private final RumpPath dir;
    private final DirectoryStream.Filter<? super Path> filter;
    private final int fd;
    private final Queue<Path> ready = new ArrayDeque<>();
    private boolean started;
    private boolean ended;
    private boolean closed;

    RumpDirectoryStream(RumpPath dir, DirectoryStream.Filter<? super Path> filter, int fd) {
        this.dir = dir;
        this.filter = filter;
        this.fd = fd;
    }

    @Override
    public synchronized Iterator<Path> iterator() {
        if (closed) {
            throw new IllegalStateException("the stream is closed");
        }
        if (started) {
            throw new IllegalStateException("there is one iterator only");
        }
        started = true;
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return peek();
            }

            @Override
            public Path next() {
                synchronized (RumpDirectoryStream.this) {
                    if (!peek()) {
                        throw new NoSuchElementException();
                    }
                    return ready.remove();
                }
            }
        };
    }

    private synchronized boolean peek() {
        try {
            while (ready.isEmpty() && !ended && !closed) {
                fill();
            }
        } catch (IOException e) {
            throw new DirectoryIteratorException(e);
        }
        return !ready.isEmpty();
    }

    private void fill() throws IOException {
        RumpFileSystem fs = dir.system();
        RumpFileSystem.Chunk chunk = fs.takeChunk();
        try {
            long count =
                    Errors.check(
                            fs.proc().getdents(fd, chunk.pointer, RumpFileSystem.Chunk.SIZE), dir);
            ended = count == 0;
            decode(chunk.buffer.duplicate().order(ByteOrder.nativeOrder()), (int) count);
        } finally {
            fs.giveChunk(chunk);
        }
    }

    private void decode(ByteBuffer entries, int count) throws IOException {
        for (int at = 0; at + HEADER <= count; ) {
            int length = entries.getShort(at + RECLEN) & 0xffff;
            int nameLength = entries.getShort(at + NAMLEN) & 0xffff;
            if (length < HEADER + nameLength || at + length > count) {
                throw new IOException("a directory entry of " + length + " bytes in " + dir);
            }
            byte[] name = new byte[nameLength];
            entries.get(at + HEADER, name);
            boolean there = entries.getLong(at) != 0 && entries.get(at + TYPE) != DT_WHT;
            if (there && !isSelfOrParent(name)) {
                Path path = dir.child(name);
                if (filter == null || filter.accept(path)) {
                    ready.add(path);
                }
            }
            at += length;
        }
    }

    private static boolean isSelfOrParent(byte[] name) {
        return name.length == 0
                || name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.');
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        RumpFileSystem fs = dir.system();
        fs.forget(this);
        if (fs.isOpen()) {
            fs.proc().close(fd);
        }
    }
}
