// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.rumprun.kernel.RumpHost;

/**
 * Waits for TCP connections to a kernel. Safe for threads: a close ends the calls of others with an
 * {@link java.nio.channels.AsynchronousCloseException}, and leaves the connections alone.
 */
public final class RumpServerSocketChannel extends RumpSocket {
    private static final int BACKLOG = 128;

    private volatile Duration timeout;

    private RumpServerSocketChannel(Owner owner) {
        super(owner, -1);
    }

    /**
     * Listens.
     *
     * @param host whose address it is
     * @param local the address; port 0: one that is free
     * @return the channel, to be closed
     * @throws IOException a {@link java.net.BindException} if somebody else listens there
     */
    public static RumpServerSocketChannel open(RumpHost host, InetSocketAddress local)
            throws IOException {
        RumpServerSocketChannel channel =
                new RumpServerSocketChannel(new Owner(host, "java-server"));
        try {
            channel.create(Sockaddr.family(local), SOCK_STREAM);
            channel.option(SOL_SOCKET, SO_REUSEADDR, 1);
            channel.bindTo(local, SOCK_STREAM);
            channel.call("listen", SYS_LISTEN, channel.fd(), BACKLOG);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * How long {@link #accept()} waits.
     *
     * @param time the longest; null: as long as it takes
     */
    public void timeout(Duration time) {
        timeout = time;
    }

    /**
     * Waits for a connection.
     *
     * @return the connection, to be closed
     * @throws IOException a {@link java.net.SocketTimeoutException} if none came in time
     */
    public RumpSocketChannel accept() throws IOException {
        return during(
                () -> {
                    if (timeout != null) {
                        await(POLLIN, timeout, "accept");
                    }
                    int fd = (int) call("accept", SYS_ACCEPT, fd(), null, null);
                    return new RumpSocketChannel(owner.share(), fd);
                });
    }
}
