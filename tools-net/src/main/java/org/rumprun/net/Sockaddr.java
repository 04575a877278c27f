// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.UnresolvedAddressException;
import java.util.Arrays;

/** Addresses as NetBSD's calls take them: a struct sockaddr_in or sockaddr_in6. */
final class Sockaddr {
    static final int AF_INET = 2;
    static final int AF_INET6 = 24;

    /** The larger of both. */
    static final int ROOM = 28;

    private static final int IN_SIZE = 16;
    private static final int FAMILY = 1;
    private static final int PORT = 2;
    private static final int IN_ADDRESS = 4;
    private static final int IN6_ADDRESS = 8;
    private static final int IN6_SCOPE = 24;

    private Sockaddr() {}

    static int family(InetSocketAddress address) {
        if (address.isUnresolved()) {
            throw new UnresolvedAddressException();
        }
        return address.getAddress() instanceof Inet6Address ? AF_INET6 : AF_INET;
    }

    /** A direct buffer with the address, from its position to its limit. */
    static ByteBuffer of(InetSocketAddress address) {
        boolean six = family(address) == AF_INET6;
        int size = six ? ROOM : IN_SIZE;
        ByteBuffer sa = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
        sa.put(0, (byte) size);
        sa.put(FAMILY, (byte) family(address));
        sa.put(PORT, (byte) (address.getPort() >> 8));
        sa.put(PORT + 1, (byte) address.getPort());
        sa.put(six ? IN6_ADDRESS : IN_ADDRESS, address.getAddress().getAddress());
        if (address.getAddress() instanceof Inet6Address scoped) {
            sa.putInt(IN6_SCOPE, scoped.getScopeId());
        }
        return sa;
    }

    /** What a call has written; null for none. */
    static InetSocketAddress from(ByteBuffer sa, int size) {
        sa.order(ByteOrder.nativeOrder());
        int family = size > FAMILY ? sa.get(FAMILY) & 0xff : 0;
        byte[] bytes = new byte[family == AF_INET6 ? 16 : 4];
        if (size < (family == AF_INET6 ? ROOM : IN_SIZE)
                || family != AF_INET6 && family != AF_INET) {
            return null;
        }
        sa.get(family == AF_INET6 ? IN6_ADDRESS : IN_ADDRESS, bytes);
        int port = (sa.get(PORT) & 0xff) << 8 | sa.get(PORT + 1) & 0xff;
        int scope = family == AF_INET6 ? sa.getInt(IN6_SCOPE) : 0;
        try {
            InetAddress address =
                    scope == 0
                            ? InetAddress.getByAddress(bytes)
                            : Inet6Address.getByAddress(null, bytes, scope);
            return new InetSocketAddress(address, port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(Arrays.toString(bytes), e);
        }
    }
}
