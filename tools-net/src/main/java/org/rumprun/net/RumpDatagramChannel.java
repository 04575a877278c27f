// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Objects;
import org.rumprun.kernel.RumpHost;

/**
 * A UDP socket of a kernel. Safe for threads, one of which can receive while another sends: a close
 * ends the calls of others with an {@link java.nio.channels.AsynchronousCloseException}.
 */
public final class RumpDatagramChannel extends RumpSocket {
    private static final int LARGEST = 65536;

    private final Object receiving = new Object();

    private RumpDatagramChannel(Owner owner) {
        super(owner, -1);
    }

    /**
     * Makes a socket with an address.
     *
     * @param host whose it is
     * @param local the address, of the family that is to be used; port 0: one that is free
     * @return the channel, to be closed
     * @throws IOException a {@link java.net.BindException} if somebody else has the address
     */
    public static RumpDatagramChannel open(RumpHost host, InetSocketAddress local)
            throws IOException {
        RumpDatagramChannel channel = new RumpDatagramChannel(new Owner(host, "java-datagram"));
        try {
            channel.bindTo(local, SOCK_DGRAM);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * How long {@link #receive} waits: afterwards it fails with a {@link
     * java.net.SocketTimeoutException}.
     *
     * @param time the longest; null: as long as it takes
     * @throws IOException if the channel is closed, for one
     */
    public void timeout(Duration time) throws IOException {
        timeout(SO_RCVTIMEO, time);
    }

    /**
     * An option that is a number.
     *
     * @param level NetBSD's number of the protocol, 0xffff for sockets, 17 for UDP
     * @param name NetBSD's number of the option
     * @param value its value
     * @throws IOException if there is none, for one
     */
    public void setOption(int level, int name, int value) throws IOException {
        option(level, name, value);
    }

    /**
     * Sends a datagram.
     *
     * @param from what is in it, all of it
     * @param remote who gets it
     * @return its bytes
     * @throws IOException a {@link java.net.NoRouteToHostException} without a way there, for one
     */
    public int send(ByteBuffer from, InetSocketAddress remote) throws IOException {
        int size = from.remaining();
        ByteBuffer data = from;
        if (!from.isDirect()) {
            data = ByteBuffer.allocateDirect(Math.max(1, size));
            data.put(from.duplicate()).flip();
        }
        ByteBuffer sa = Sockaddr.of(remote);
        ByteBuffer memory = data;
        during(
                () ->
                        call(
                                "send to " + remote,
                                SYS_SENDTO,
                                fd(),
                                memory,
                                size,
                                0,
                                sa,
                                sa.capacity()));
        from.position(from.position() + size);
        return size;
    }

    /**
     * Waits for a datagram.
     *
     * @param to gets what is in it; what doesn't fit is lost
     * @return who has sent it
     * @throws IOException a {@link java.net.SocketTimeoutException} if none came in time
     */
    public InetSocketAddress receive(ByteBuffer to) throws IOException {
        Objects.requireNonNull(to);
        if (to.isReadOnly()) {
            throw new IllegalArgumentException("a read-only buffer");
        }
        synchronized (receiving) {
            return during(() -> receiving(to));
        }
    }

    private InetSocketAddress receiving(ByteBuffer to) throws IOException {
        int size = Math.min(to.remaining(), LARGEST);
        ByteBuffer memory = to.isDirect() ? to : ByteBuffer.allocateDirect(Math.max(1, size));
        ByteBuffer sa = ByteBuffer.allocateDirect(Sockaddr.ROOM);
        ByteBuffer room = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
        room.putInt(0, Sockaddr.ROOM);
        int count = (int) call("receive", SYS_RECVFROM, fd(), memory, size, 0, sa, room);
        if (memory == to) {
            to.position(to.position() + count);
        } else {
            to.put(memory.limit(count));
        }
        return Sockaddr.from(sa, room.getInt(0));
    }
}
