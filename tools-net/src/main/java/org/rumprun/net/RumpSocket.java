// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.spi.AbstractInterruptibleChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.internal.Errno;

/**
 * What the channels share: a descriptor of a socket in a process, the calls in progress on it, and
 * how these end when another thread closes the channel. A listener and the connections that it has
 * accepted are of one process, which ends with the last of them.
 */
abstract class RumpSocket extends AbstractInterruptibleChannel {
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOL_SOCKET = 0xffff;
    static final int SO_REUSEADDR = 0x4;
    static final int SO_ERROR = 0x1007;
    static final int SO_RCVTIMEO = 0x100c;
    static final int SO_SNDTIMEO = 0x100b;
    static final int SYS_RECVFROM = 29;
    static final int SYS_ACCEPT = 30;
    static final int SYS_GETPEERNAME = 31;
    static final int SYS_GETSOCKNAME = 32;
    static final int SYS_FCNTL = 92;
    static final int SYS_CONNECT = 98;
    static final int SYS_BIND = 104;
    static final int SYS_LISTEN = 106;
    static final int SYS_SENDTO = 133;
    static final int SYS_SHUTDOWN = 134;
    static final int POLLIN = 1;
    static final int POLLOUT = 4;
    static final int EAGAIN = 35;

    private static final int SYS_SETSOCKOPT = 105;
    private static final int SYS_GETSOCKOPT = 118;
    private static final int SYS_POLL = 209;
    private static final int SYS_SOCKET = 394;
    private static final int ENOTCONN = 57;

    private static final int CLOSED = Integer.MIN_VALUE;

    /** Looks at calls in progress before they are woken. */
    private static final int GRACE = 20;

    /** A process, and how many channels it has. */
    static final class Owner {
        final RumpProcess process;
        private final AtomicInteger channels = new AtomicInteger(1);

        Owner(RumpHost host, String name) {
            process = host.newProcess(name);
        }

        Owner share() {
            channels.incrementAndGet();
            return this;
        }

        void release() {
            if (channels.decrementAndGet() == 0) {
                process.close();
            }
        }
    }

    final Owner owner;

    /** -1: none yet. */
    private volatile int fd;

    /** Calls in progress: the descriptor closes after the last, so that no other socket gets it. */
    private final AtomicInteger users = new AtomicInteger();

    private final AtomicBoolean released = new AtomicBoolean();

    RumpSocket(Owner owner, int fd) {
        this.owner = owner;
        this.fd = fd;
    }

    /** Part of a call. */
    interface Work<T> {
        T run() throws IOException;
    }

    /** A call that may sleep: an interrupt of the thread closes the channel. */
    final <T> T during(Work<T> work) throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        boolean done = false;
        try {
            begin();
            if (users.incrementAndGet() < 0) {
                leave();
                throw new ClosedChannelException();
            }
            try {
                T result = work.run();
                done = true;
                return result;
            } finally {
                leave();
            }
        } finally {
            end(done);
        }
    }

    /** How many calls are in progress. */
    final int busy() {
        return Math.max(0, users.get());
    }

    private void leave() {
        if (users.decrementAndGet() == CLOSED) {
            release();
        }
    }

    private void release() {
        if (!released.getAndSet(true)) {
            if (fd >= 0) {
                owner.process.handle().close(fd);
            }
            owner.release();
        }
    }

    @Override
    protected void implCloseChannel() {
        if (users.getAndAdd(CLOSED) == 0) {
            release();
        }
        // again and again, for a call may be about to sleep
        for (int i = 0; !released.get(); i++) {
            if (i > GRACE) {
                owner.process.interrupt();
            }
            LockSupport.parkNanos(100_000);
        }
    }

    /** Makes the socket, unless it is there. */
    final synchronized void create(int family, int type) throws IOException {
        if (fd < 0) {
            fd = (int) call("socket", SYS_SOCKET, family, type, 0);
        }
    }

    final int fd() {
        if (fd < 0) {
            throw new NotYetConnectedException();
        }
        return fd;
    }

    /** A system call, again when it was woken for the sake of another of the process. */
    final long call(String what, int number, Object... arguments) throws IOException {
        while (true) {
            int errno = 0;
            try {
                return owner.process.call(number, arguments);
            } catch (RumpException e) {
                errno = e.errno();
            }
            again(-errno, what);
        }
    }

    /** Returns when a call shall be made again. */
    final void again(long result, String what) throws IOException {
        if (result != -Errno.EINTR || !isOpen() || Thread.currentThread().isInterrupted()) {
            throw failure((int) -result, what);
        }
    }

    private IOException failure(int errno, String what) {
        if (!isOpen()) {
            return new ClosedChannelException();
        }
        String text = what + ": " + Errno.text(errno) + " (" + Errno.name(errno) + ")";
        switch (Errno.name(errno)) {
            case "EAGAIN":
                return new SocketTimeoutException(text);
            case "ECONNREFUSED":
            case "ETIMEDOUT":
                return new ConnectException(text);
            case "EHOSTUNREACH":
            case "ENETUNREACH":
            case "EHOSTDOWN":
                return new NoRouteToHostException(text);
            case "EADDRINUSE":
            case "EADDRNOTAVAIL":
                return new BindException(text);
            default:
                return new SocketException(text);
        }
    }

    /** The failure of a call, or of what it has begun. */
    final void check(int errno, String what) throws IOException {
        if (errno != 0) {
            throw failure(errno, what);
        }
    }

    /** Waits, at most so long; null: for ever. */
    final void await(int events, Duration timeout, String what) throws IOException {
        long end = timeout == null ? 0 : System.nanoTime() + timeout.toNanos();
        ByteBuffer poll = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
        while (true) {
            int ms = -1;
            if (timeout != null) {
                long left = Math.max(0, end - System.nanoTime());
                ms = (int) Math.min((left + 999_999) / 1_000_000, Integer.MAX_VALUE);
            }
            poll.putInt(0, fd()).putShort(4, (short) events).putShort(6, (short) 0);
            if (call(what, SYS_POLL, poll, 1, ms) > 0) {
                return;
            }
            if (timeout != null && System.nanoTime() - end >= 0) {
                throw new SocketTimeoutException(what + ": nothing in " + timeout);
            }
        }
    }

    final void option(int level, int name, int value) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
        setOption(level, name, buffer.putInt(0, value));
    }

    private void setOption(int level, int name, ByteBuffer value) throws IOException {
        during(
                () ->
                        call(
                                "setsockopt",
                                SYS_SETSOCKOPT,
                                fd(),
                                level,
                                name,
                                value,
                                value.capacity()));
    }

    /** SO_ERROR: what has become of something begun. */
    final int pending() throws IOException {
        ByteBuffer value = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
        value.putInt(4, 4);
        ByteBuffer size = value.duplicate().position(4);
        call("getsockopt", SYS_GETSOCKOPT, fd(), SOL_SOCKET, SO_ERROR, value, size);
        return value.getInt(0);
    }

    /** A struct timeval; null: as long as it takes. */
    final void timeout(int name, Duration timeout) throws IOException {
        int size = Native.POINTER_SIZE == 8 ? 16 : 12;
        ByteBuffer value = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
        if (timeout != null) {
            // less than the clock's step would be none
            long micros = Math.max(1, timeout.toNanos() / 1000);
            value.putLong(0, micros / 1_000_000).putInt(8, (int) (micros % 1_000_000));
        }
        setOption(SOL_SOCKET, name, value);
    }

    /** Another address than the one that the caller has. */
    interface Naming {
        long call(ByteBuffer sa, ByteBuffer size) throws IOException;
    }

    static InetSocketAddress named(Naming call) throws IOException {
        ByteBuffer sa = ByteBuffer.allocateDirect(Sockaddr.ROOM);
        ByteBuffer size = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
        size.putInt(0, Sockaddr.ROOM);
        call.call(sa, size);
        return Sockaddr.from(sa, size.getInt(0));
    }

    /**
     * The socket's own address.
     *
     * @return it, with the port that the kernel has chosen if it was to
     * @throws IOException if the channel is closed, for one
     */
    public InetSocketAddress localAddress() throws IOException {
        return during(
                () -> named((sa, size) -> call("getsockname", SYS_GETSOCKNAME, fd(), sa, size)));
    }

    /** The other side's; null without one. */
    final InetSocketAddress peer() throws IOException {
        return during(
                () -> {
                    try {
                        return named(
                                (sa, size) -> owner.process.call(SYS_GETPEERNAME, fd(), sa, size));
                    } catch (RumpException e) {
                        if (e.errno() != ENOTCONN) {
                            throw failure(e.errno(), "getpeername");
                        }
                        return null;
                    }
                });
    }

    final void bindTo(InetSocketAddress local, int type) throws IOException {
        during(
                () -> {
                    create(Sockaddr.family(local), type);
                    ByteBuffer sa = Sockaddr.of(local);
                    return call("bind to " + local, SYS_BIND, fd(), sa, sa.capacity());
                });
    }

    static Pointer address(ByteBuffer direct) {
        return Native.getDirectBufferPointer(direct.duplicate().clear()).share(direct.position());
    }
}
