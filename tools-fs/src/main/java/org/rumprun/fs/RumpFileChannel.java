// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.rumprun.kernel.internal.Errno;
import org.rumprun.kernel.internal.ProcHandle;

/**
 * An open file. Data goes straight between direct buffers and the kernel, and through a chunk of
 * native memory for others. The position is the channel's own; only appends use the kernel's.
 */
final class RumpFileChannel extends FileChannel implements Closeable {
    private static final int CLOSED = Integer.MIN_VALUE;
    private static final int MAX_TRANSFER = 1 << 30;

    /** Looks at calls in progress before they are woken. */
    private static final int GRACE = 20;

    private final RumpPath path;
    private final ProcHandle proc;
    private final int fd;
    private final Mode mode;

    /** Calls in progress: the descriptor closes after the last, so that no other file gets them. */
    private final AtomicInteger users = new AtomicInteger();

    private final AtomicBoolean released = new AtomicBoolean();

    /** A fifo or the like, which has no positions. */
    private volatile boolean stream;

    /** It is known to be no directory. */
    private volatile boolean looked;

    private final Object positionLock = new Object();
    private long position;

    /** What a channel can do. */
    record Mode(boolean read, boolean write, boolean append, boolean deleteOnClose) {}

    RumpFileChannel(RumpPath path, int fd, Mode mode) {
        this.path = path;
        this.proc = path.system().proc();
        this.fd = fd;
        this.mode = mode;
    }

    /** A call, between begin and end: an interrupt of the thread closes the channel. */
    private interface Work {
        long run() throws IOException;
    }

    private long during(Work work) throws IOException {
        boolean done = false;
        try {
            // may close the channel: the call is no user yet, for whom that would wait
            begin();
            if (users.incrementAndGet() < 0) {
                leave();
                throw new ClosedChannelException();
            }
            try {
                long result = work.run();
                done = true;
                return result;
            } finally {
                leave();
            }
        } finally {
            end(done);
        }
    }

    private void leave() {
        if (users.decrementAndGet() == CLOSED) {
            release();
        }
    }

    private int release() {
        return released.getAndSet(true) ? 0 : proc.close(fd);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        RumpFileSystem fs = path.system();
        fs.forget(this);
        fs.locks().release(this);
        int result = 0;
        if (users.getAndAdd(CLOSED) == 0) {
            result = release();
        } else {
            wake();
        }
        if (mode.deleteOnClose()) {
            proc.unlink(path.zero());
        }
        if (result != -Errno.ESHUTDOWN) {
            check(result);
        }
    }

    /** Ends sleeps, in a fifo for one; again and again, for a call may be about to sleep. */
    private void wake() {
        for (int i = 0; !released.get(); i++) {
            if (i > GRACE) {
                proc.interrupt();
            }
            LockSupport.parkNanos(100_000);
        }
    }

    /** Whether a call shall be made again: the interrupt was for another one of the process. */
    private boolean again(long result) {
        return result == -Errno.EINTR && isOpen() && !Thread.currentThread().isInterrupted();
    }

    private void readable() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (!mode.read()) {
            throw new NonReadableChannelException();
        }
    }

    private void writable() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (!mode.write()) {
            throw new NonWritableChannelException();
        }
    }

    private static Pointer address(ByteBuffer direct) {
        return Native.getDirectBufferPointer(direct.duplicate().clear()).share(direct.position());
    }

    private long check(long result) throws IOException {
        return Errors.check(result, path);
    }

    /** Some file systems let a directory be read as bytes, which NIO knows nothing of. */
    private void notDirectory() throws IOException {
        if (!looked) {
            long[] st = new long[RumpAttributes.COUNT];
            check(proc.fstat(fd, st));
            if (new RumpAttributes(path.system(), st).isDirectory()) {
                throw Errors.of(Errno.EISDIR, path, null);
            }
            looked = true;
        }
    }

    /** Reads at an offset; `here`: the channel's position, of which a fifo knows nothing. */
    private long in(Pointer memory, int size, long from, boolean here) {
        while (true) {
            long count =
                    here && stream
                            ? proc.read(fd, memory, size)
                            : proc.pread(fd, memory, size, from);
            if (count == -Errno.ESPIPE && here && !stream) {
                stream = true;
            } else if (!again(count)) {
                return count;
            }
        }
    }

    /** Writes at an offset, as above, or at the end when it is -1. */
    private long out(Pointer memory, int size, long to, boolean here) {
        while (true) {
            long count =
                    to < 0 || here && stream
                            ? proc.write(fd, memory, size)
                            : proc.pwrite(fd, memory, size, to);
            if (count == -Errno.ESPIPE && here && !stream) {
                stream = true;
            } else if (!again(count)) {
                return count;
            }
        }
    }

    /** As much as there is and fits; 0 when nothing fits, -1 at the end. */
    private int readAt(ByteBuffer to, long from, boolean here) throws IOException {
        if (to.isReadOnly()) {
            throw new IllegalArgumentException("a read-only buffer");
        }
        if (!to.hasRemaining()) {
            return 0;
        }
        notDirectory();
        if (to.isDirect()) {
            int size = Math.min(to.remaining(), MAX_TRANSFER);
            int count = (int) check(in(address(to), size, from, here));
            to.position(to.position() + count);
            return count == 0 ? -1 : count;
        }
        RumpFileSystem.Chunk chunk = path.system().takeChunk();
        try {
            int done = 0;
            while (to.hasRemaining()) {
                int size = Math.min(to.remaining(), RumpFileSystem.Chunk.SIZE);
                long count = in(chunk.pointer, size, from + done, here);
                if (count < 0 && done > 0) {
                    break;
                }
                check(count);
                to.put(chunk.buffer.duplicate().limit((int) count));
                done += (int) count;
                if (count < size) {
                    break;
                }
            }
            return done == 0 ? -1 : done;
        } finally {
            path.system().giveChunk(chunk);
        }
    }

    /** Everything, at an offset, or at the end when it is -1; short only when the disk is full. */
    private int writeAt(ByteBuffer from, long to, boolean here) throws IOException {
        int done = 0;
        RumpFileSystem.Chunk chunk = from.isDirect() ? null : path.system().takeChunk();
        try {
            while (from.hasRemaining()) {
                int size = Math.min(from.remaining(), MAX_TRANSFER);
                Pointer memory;
                if (chunk == null) {
                    memory = address(from);
                } else {
                    size = Math.min(size, RumpFileSystem.Chunk.SIZE);
                    chunk.buffer.duplicate().put(from.duplicate().limit(from.position() + size));
                    memory = chunk.pointer;
                }
                long count = out(memory, size, to < 0 ? to : to + done, here);
                if (count <= 0 && done > 0) {
                    break;
                }
                check(count);
                from.position(from.position() + (int) count);
                done += (int) count;
            }
            return done;
        } finally {
            if (chunk != null) {
                path.system().giveChunk(chunk);
            }
        }
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        Objects.requireNonNull(to);
        readable();
        synchronized (positionLock) {
            int count = (int) during(() -> readAt(to, position, true));
            position += Math.max(count, 0);
            return count;
        }
    }

    @Override
    public int read(ByteBuffer to, long from) throws IOException {
        Objects.requireNonNull(to);
        notNegative(from);
        readable();
        return (int) during(() -> readAt(to, from, false));
    }

    @Override
    public long read(ByteBuffer[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        readable();
        synchronized (positionLock) {
            long total = 0;
            for (int i = offset; i < offset + length; i++) {
                if (!to[i].hasRemaining()) {
                    continue;
                }
                int wanted = to[i].remaining();
                int count = read(to[i]);
                if (count < 0) {
                    return total == 0 ? -1 : total;
                }
                total += count;
                if (count < wanted) {
                    break;
                }
            }
            return total;
        }
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        Objects.requireNonNull(from);
        writable();
        synchronized (positionLock) {
            if (mode.append()) {
                int count = (int) during(() -> writeAt(from, -1, true));
                position = size();
                return count;
            }
            int count = (int) during(() -> writeAt(from, position, true));
            position += count;
            return count;
        }
    }

    @Override
    public int write(ByteBuffer from, long to) throws IOException {
        Objects.requireNonNull(from);
        notNegative(to);
        writable();
        return (int) during(() -> writeAt(from, to, false));
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        writable();
        synchronized (positionLock) {
            long total = 0;
            for (int i = offset; i < offset + length; i++) {
                total += write(from[i]);
                if (from[i].hasRemaining()) {
                    break;
                }
            }
            return total;
        }
    }

    private static void notNegative(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("negative: " + value);
        }
    }

    private void opened() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public long position() throws IOException {
        opened();
        synchronized (positionLock) {
            return mode.append() ? size() : position;
        }
    }

    @Override
    public FileChannel position(long to) throws IOException {
        opened();
        notNegative(to);
        synchronized (positionLock) {
            position = to;
        }
        return this;
    }

    private RumpAttributes attributes() throws IOException {
        long[] st = new long[RumpAttributes.COUNT];
        during(() -> check(proc.fstat(fd, st)));
        return new RumpAttributes(path.system(), st);
    }

    @Override
    public long size() throws IOException {
        opened();
        return attributes().size();
    }

    @Override
    public FileChannel truncate(long to) throws IOException {
        opened();
        notNegative(to);
        writable();
        synchronized (positionLock) {
            if (to < size()) {
                during(() -> check(proc.ftruncate(fd, to)));
            }
            position = Math.min(position, to);
        }
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        opened();
        if (mode.write()) {
            during(() -> check(proc.fsync(fd, metaData ? 0 : 1)));
        }
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        opened();
        if (!target.isOpen()) {
            throw new ClosedChannelException();
        }
        readable();
        if (target instanceof RumpFileChannel other) {
            other.writable();
        }
        notNegative(from);
        notNegative(count);
        RumpFileSystem.Chunk chunk = path.system().takeChunk();
        long done = 0;
        try {
            while (done < count) {
                ByteBuffer buffer = chunk.buffer.duplicate();
                buffer.limit((int) Math.min(buffer.capacity(), count - done));
                if (read(buffer, from + done) <= 0) {
                    break;
                }
                buffer.flip();
                int size = buffer.remaining();
                int written = target.write(buffer);
                done += written;
                if (written < size) {
                    break;
                }
            }
        } catch (FileSystemException e) {
            // a part has been moved: the next call tells what is wrong
            if (done == 0) {
                throw e;
            }
        } finally {
            path.system().giveChunk(chunk);
        }
        return done;
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long to, long count) throws IOException {
        opened();
        if (!source.isOpen()) {
            throw new ClosedChannelException();
        }
        writable();
        if (source instanceof RumpFileChannel other) {
            other.readable();
        }
        notNegative(to);
        notNegative(count);
        if (to > size()) {
            return 0;
        }
        RumpFileSystem.Chunk chunk = path.system().takeChunk();
        long done = 0;
        try {
            while (done < count) {
                ByteBuffer buffer = chunk.buffer.duplicate();
                buffer.limit((int) Math.min(buffer.capacity(), count - done));
                if (source.read(buffer) <= 0) {
                    break;
                }
                buffer.flip();
                while (buffer.hasRemaining()) {
                    done += write(buffer, to + done);
                }
            }
        } finally {
            path.system().giveChunk(chunk);
        }
        return done;
    }

    @Override
    public MappedByteBuffer map(MapMode how, long from, long size) {
        throw new UnsupportedOperationException("a kernel's files cannot be mapped");
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) throws IOException {
        opened();
        if (shared) {
            readable();
        } else {
            writable();
        }
        return path.system().locks().lock(this, attributes().fileKey(), from, size, shared);
    }

    @Override
    public FileLock tryLock(long from, long size, boolean shared) throws IOException {
        return lock(from, size, shared);
    }
}
