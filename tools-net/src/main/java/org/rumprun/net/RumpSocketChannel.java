// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.util.Objects;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.internal.ProcHandle;

/**
 * A TCP connection of a kernel. Safe for threads, one of which can read while another writes: a
 * close ends the calls of others with an {@link java.nio.channels.AsynchronousCloseException}, an
 * interrupt closes as it does with other channels.
 */
public final class RumpSocketChannel extends RumpSocket implements ByteChannel {
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final int SHUT_RD = 0;
    private static final int SHUT_WR = 1;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 4;
    private static final int EINPROGRESS = 36;
    private static final int EISCONN = 56;
    private static final int CHUNK = 1 << 16;

    /** Memory on the way of data from and to other buffers than direct ones. */
    private final class Way {
        private ByteBuffer chunk;

        private ByteBuffer chunk() {
            if (chunk == null) {
                chunk = ByteBuffer.allocateDirect(CHUNK);
            }
            return chunk.clear();
        }
    }

    private final Way reading = new Way();
    private final Way writing = new Way();

    RumpSocketChannel(Owner owner, int fd) {
        super(owner, fd);
    }

    /**
     * A connection to be.
     *
     * @param host who shall connect
     * @return the channel, to be closed
     */
    public static RumpSocketChannel open(RumpHost host) {
        return new RumpSocketChannel(new Owner(host, "java-socket"), -1);
    }

    /**
     * Connects.
     *
     * @param host who connects
     * @param remote to whom
     * @return the connection, to be closed
     * @throws IOException if that fails: see {@link #connect(InetSocketAddress, Duration)}
     */
    public static RumpSocketChannel open(RumpHost host, InetSocketAddress remote)
            throws IOException {
        RumpSocketChannel channel = open(host);
        try {
            channel.connect(remote);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Chooses the address that a connection shall come from.
     *
     * @param local an address of the kernel; port 0: one that is free
     * @throws IOException a {@link java.net.BindException} if it cannot be
     */
    public void bind(InetSocketAddress local) throws IOException {
        bindTo(local, SOCK_STREAM);
    }

    /**
     * Connects, as long as it takes.
     *
     * @param remote to whom
     * @throws IOException if that fails: see {@link #connect(InetSocketAddress, Duration)}
     */
    public void connect(InetSocketAddress remote) throws IOException {
        connect(remote, null);
    }

    /**
     * Connects. A failure closes the channel.
     *
     * @param remote to whom
     * @param timeout how long that may take; null: as long as the kernel tries
     * @throws IOException a {@link java.net.ConnectException} if nobody listens, a {@link
     *     java.net.NoRouteToHostException} without a way there, a {@link
     *     java.net.SocketTimeoutException}
     */
    public void connect(InetSocketAddress remote, Duration timeout) throws IOException {
        boolean done = false;
        boolean failed = true;
        try {
            done = during(() -> connecting(remote, timeout));
            failed = false;
        } finally {
            if (failed) {
                close();
            }
        }
        if (!done) {
            throw new AlreadyConnectedException();
        }
    }

    private boolean connecting(InetSocketAddress remote, Duration timeout) throws IOException {
        String what = "connect to " + remote;
        create(Sockaddr.family(remote), SOCK_STREAM);
        call(what, SYS_FCNTL, fd(), F_SETFL, O_NONBLOCK);
        ByteBuffer sa = Sockaddr.of(remote);
        try {
            owner.process.call(SYS_CONNECT, fd(), sa, sa.capacity());
        } catch (RumpException e) {
            if (e.errno() == EISCONN) {
                call(what, SYS_FCNTL, fd(), F_SETFL, 0);
                return false;
            }
            check(e.errno() == EINPROGRESS ? 0 : e.errno(), what);
            await(POLLOUT, timeout, what);
            check(pending(), what);
        }
        call(what, SYS_FCNTL, fd(), F_SETFL, 0);
        return true;
    }

    /**
     * The other side.
     *
     * @return its address; null without a connection
     * @throws IOException if the channel is closed, for one
     */
    public InetSocketAddress remoteAddress() throws IOException {
        return peer();
    }

    /**
     * How long reads and writes wait, each: afterwards they fail with a {@link
     * java.net.SocketTimeoutException}.
     *
     * @param time the longest; null: as long as it takes
     * @throws IOException if the channel is closed, for one
     */
    public void timeout(Duration time) throws IOException {
        timeout(SO_RCVTIMEO, time);
        timeout(SO_SNDTIMEO, time);
    }

    /**
     * Whether small data are sent at once.
     *
     * @param on true: they are; false, as it is without this call: they wait for those before
     * @throws IOException if the channel is closed, for one
     */
    public void noDelay(boolean on) throws IOException {
        option(IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0);
    }

    /**
     * An option that is a number.
     *
     * @param level NetBSD's number of the protocol, 0xffff for sockets, 6 for TCP
     * @param name NetBSD's number of the option
     * @param value its value
     * @throws IOException if there is none, for one
     */
    public void setOption(int level, int name, int value) throws IOException {
        option(level, name, value);
    }

    /**
     * Ends the sending: the other side reads to the end.
     *
     * @throws IOException if there is no connection, for one
     */
    public void shutdownOutput() throws IOException {
        during(() -> call("shutdown", SYS_SHUTDOWN, fd(), SHUT_WR));
    }

    /**
     * Ends the receiving: reads are at the end.
     *
     * @throws IOException if there is no connection, for one
     */
    public void shutdownInput() throws IOException {
        during(() -> call("shutdown", SYS_SHUTDOWN, fd(), SHUT_RD));
    }

    /**
     * Reads what has come, or waits for something.
     *
     * @param to gets it
     * @return the bytes; -1 at the end
     * @throws IOException a {@link java.net.SocketTimeoutException} if nothing came in time
     */
    @Override
    public int read(ByteBuffer to) throws IOException {
        if (to.isReadOnly()) {
            throw new IllegalArgumentException("a read-only buffer");
        }
        synchronized (reading) {
            return during(() -> to.hasRemaining() ? reading(to) : Integer.valueOf(0));
        }
    }

    private int reading(ByteBuffer to) throws IOException {
        ByteBuffer memory = to.isDirect() ? to : reading.chunk();
        int size = Math.min(to.remaining(), CHUNK);
        Pointer at = address(memory);
        ProcHandle handle = owner.process.handle();
        long count = handle.read(fd(), at, size);
        while (count < 0) {
            again(count, "read");
            count = handle.read(fd(), at, size);
        }
        if (memory == to) {
            to.position(to.position() + (int) count);
        } else {
            to.put(memory.limit((int) count));
        }
        return count == 0 ? -1 : (int) count;
    }

    /**
     * Writes everything.
     *
     * @param from what is written
     * @return the bytes: fewer than there were only because of the timeout
     * @throws IOException if the connection is broken, for one
     */
    @Override
    public int write(ByteBuffer from) throws IOException {
        Objects.requireNonNull(from);
        synchronized (writing) {
            return during(() -> writing(from));
        }
    }

    private int writing(ByteBuffer from) throws IOException {
        ProcHandle handle = owner.process.handle();
        int done = 0;
        while (from.hasRemaining()) {
            int size = Math.min(from.remaining(), from.isDirect() ? 1 << 30 : CHUNK);
            ByteBuffer memory = from;
            if (!from.isDirect()) {
                memory = writing.chunk();
                memory.put(from.duplicate().limit(from.position() + size)).flip();
            }
            long count = handle.write(fd(), address(memory), size);
            if (count == -EAGAIN && done > 0) {
                break;
            } else if (count < 0) {
                again(count, "write");
                continue;
            }
            from.position(from.position() + (int) count);
            done += (int) count;
        }
        return done;
    }
}
