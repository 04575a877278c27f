// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Sysctl;

@Timeout(60)
class ChannelsTest {
    private static final Duration SHORT = Duration.ofMillis(50);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private RumpKernel a;
    private RumpKernel b;
    private Wire wire;

    @BeforeEach
    void boot() {
        wire = Wire.builder().seed(1).build();
        a = host("10.0.0.1/24", "2001:db8::1/64");
        b = host("10.0.0.2/24", "2001:db8::2/64");
    }

    private RumpKernel host(String... addresses) {
        RumpKernel kernel = RumpKernel.boot();
        Sysctl.in(kernel).run("-w", "net.inet.ip.dad_count=0");
        Sysctl.in(kernel).run("-w", "net.inet6.ip6.dad_count=0");
        wire.attach(kernel, addresses);
        return kernel;
    }

    @AfterEach
    void halt() {
        threads.shutdownNow();
        assertThat(a.handle().halt(false)).isZero();
        assertThat(b.handle().halt(false)).isZero();
        wire.close();
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(NetTools.address(address), port);
    }

    /** Gives back what the first who connects sends, to its end. */
    private Future<Integer> echo(RumpServerSocketChannel server) {
        return threads.submit(
                () -> {
                    int total = 0;
                    try (RumpSocketChannel peer = server.accept()) {
                        ByteBuffer buffer = ByteBuffer.allocateDirect(10_000);
                        while (peer.read(buffer) >= 0) {
                            buffer.flip();
                            total += peer.write(buffer);
                            buffer.clear();
                        }
                        peer.shutdownOutput();
                    }
                    return total;
                });
    }

    private void echoOf(byte[] data, String address) throws Exception {
        try (RumpServerSocketChannel server = RumpServerSocketChannel.open(b, at(address, 0))) {
            Future<Integer> served = echo(server);
            InetSocketAddress remote = server.localAddress();
            assertThat(remote.getPort()).isPositive();
            try (RumpSocketChannel client = RumpSocketChannel.open(a, remote)) {
                assertThat(client.remoteAddress()).isEqualTo(remote);
                assertThat(client.isOpen()).isTrue();
                Future<Integer> written =
                        threads.submit(
                                () -> {
                                    int count = client.write(ByteBuffer.wrap(data));
                                    client.shutdownOutput();
                                    return count;
                                });
                ByteBuffer back = ByteBuffer.allocate(data.length + 1);
                while (client.read(back) >= 0) {
                    // more
                }
                assertThat(written.get()).isEqualTo(data.length);
                assertThat(back.position()).isEqualTo(data.length);
                assertThat(Arrays.equals(data, 0, data.length, back.array(), 0, data.length))
                        .isTrue();
            }
            assertThat(served.get()).isEqualTo(data.length);
        }
    }

    private static byte[] data(int size) {
        byte[] data = new byte[size];
        new Random(size).nextBytes(data);
        return data;
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.2", "2001:db8::2"})
    void echoOverTcp(String address) throws Exception {
        echoOf(data(3_000_000), address);
    }

    @Test
    void echoOverTcpWithFaults() throws Exception {
        wire.close();
        wire = Wire.builder().seed(1).loss(0.02).reorder(0.02).duplicate(0.02).build();
        wire.attach(a, "10.1.0.1/24");
        wire.attach(b, "10.1.0.2/24");
        echoOf(data(200_000), "10.1.0.2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.", "2001:db8::"})
    void echoOverUdp(String network) throws Exception {
        try (RumpDatagramChannel one = RumpDatagramChannel.open(a, at(network + "1", 0));
                RumpDatagramChannel other = RumpDatagramChannel.open(b, at(network + "2", 7))) {
            for (int size : new int[] {0, 1, 1400, 9000}) {
                byte[] data = data(size);
                // a first packet in parts would lose some while the neighbour is looked for
                ByteBuffer direct = ByteBuffer.allocateDirect(size + 1).put(data).flip();
                assertThat(one.send(direct, at(network + "2", 7))).isEqualTo(size);
                assertThat(direct.hasRemaining()).isFalse();
                ByteBuffer got = ByteBuffer.allocate(10_000);
                InetSocketAddress from = other.receive(got);
                assertThat(from).isEqualTo(one.localAddress());
                assertThat(got.flip()).isEqualTo(ByteBuffer.wrap(data));
                other.send(got, from);
                ByteBuffer back = ByteBuffer.allocateDirect(10_000);
                assertThat(one.receive(back)).isEqualTo(at(network + "2", 7));
                assertThat(back.flip()).isEqualTo(ByteBuffer.wrap(data));
            }
        }
    }

    @Test
    void nobodyListens() {
        RumpSocketChannel channel = RumpSocketChannel.open(a);
        assertThatThrownBy(() -> channel.connect(at("10.0.0.2", 9)))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("10.0.0.2")
                .hasMessageContaining("ECONNREFUSED");
        assertThat(channel.isOpen()).isFalse();
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                .isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void noWayThere() {
        assertThatThrownBy(() -> RumpSocketChannel.open(a, at("192.168.1.1", 9)))
                .isInstanceOf(NoRouteToHostException.class);
    }

    @Test
    void addressesThatCannotBe() throws Exception {
        try (RumpServerSocketChannel server = RumpServerSocketChannel.open(a, at("10.0.0.1", 80))) {
            assertThat(server.localAddress()).isEqualTo(at("10.0.0.1", 80));
            assertThatThrownBy(() -> RumpServerSocketChannel.open(a, at("10.0.0.1", 80)))
                    .isInstanceOf(BindException.class);
            assertThatThrownBy(() -> RumpDatagramChannel.open(a, at("10.0.0.77", 80)))
                    .isInstanceOf(BindException.class);
        }
        try (RumpSocketChannel channel = RumpSocketChannel.open(a)) {
            assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
                    .isInstanceOf(NotYetConnectedException.class);
            channel.bind(at("10.0.0.1", 4000));
            assertThat(channel.localAddress()).isEqualTo(at("10.0.0.1", 4000));
            assertThat(channel.remoteAddress()).isNull();
        }
    }

    @Test
    void timeouts() throws Exception {
        try (RumpServerSocketChannel server = RumpServerSocketChannel.open(b, at("10.0.0.2", 80));
                RumpDatagramChannel udp = RumpDatagramChannel.open(b, at("10.0.0.2", 80))) {
            server.timeout(SHORT);
            assertThatThrownBy(server::accept).isInstanceOf(SocketTimeoutException.class);
            udp.timeout(SHORT);
            assertThatThrownBy(() -> udp.receive(ByteBuffer.allocate(1)))
                    .isInstanceOf(SocketTimeoutException.class);
            try (RumpSocketChannel client = RumpSocketChannel.open(a, at("10.0.0.2", 80));
                    RumpSocketChannel peer = server.accept()) {
                client.noDelay(true);
                client.timeout(SHORT);
                assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
                        .isInstanceOf(SocketTimeoutException.class);
                // nobody reads: it ends when the buffers are full
                ByteBuffer much = ByteBuffer.allocate(10_000_000);
                int written = client.write(much);
                assertThat(written).isPositive().isEqualTo(much.position()).isLessThan(10_000_000);
                assertThatThrownBy(() -> client.write(much))
                        .isInstanceOf(SocketTimeoutException.class);
                client.timeout(null);
                assertThat(peer.read(ByteBuffer.allocate(1))).isEqualTo(1);
            }
        }
        RumpSocketChannel channel = RumpSocketChannel.open(a);
        assertThatThrownBy(() -> channel.connect(at("10.0.0.99", 80), SHORT))
                .isInstanceOf(SocketTimeoutException.class);
        assertThat(channel.isOpen()).isFalse();
    }

    private static Throwable failure(Future<?> call) throws InterruptedException {
        try {
            return new AssertionError("it gave " + call.get());
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    private static void asleep(RumpSocket channel) throws InterruptedException {
        while (channel.busy() == 0) {
            Thread.sleep(1);
        }
        Thread.sleep(20);
    }

    @Test
    void closeEndsCallsOfOthers() throws Exception {
        RumpServerSocketChannel server = RumpServerSocketChannel.open(b, at("10.0.0.2", 80));
        RumpSocketChannel client = RumpSocketChannel.open(a, at("10.0.0.2", 80));
        RumpSocketChannel peer = server.accept();
        RumpSocketChannel other = RumpSocketChannel.open(a, at("10.0.0.2", 80));
        RumpSocketChannel otherPeer = server.accept();
        RumpSocketChannel silent = RumpSocketChannel.open(a, at("10.0.0.2", 80));
        RumpSocketChannel reader = server.accept();
        RumpDatagramChannel udp = RumpDatagramChannel.open(b, at("10.0.0.2", 80));
        RumpSocketChannel connecting = RumpSocketChannel.open(a);

        Future<?> accept = threads.submit(server::accept);
        Future<?> read = threads.submit(() -> reader.read(ByteBuffer.allocate(1)));
        Future<Integer> stays = threads.submit(() -> otherPeer.read(ByteBuffer.allocate(1)));
        Future<?> write = threads.submit(() -> client.write(ByteBuffer.allocate(10_000_000)));
        Future<?> receive = threads.submit(() -> udp.receive(ByteBuffer.allocate(1)));
        Future<?> connect =
                CompletableFuture.runAsync(
                        () -> {
                            try {
                                connecting.connect(at("10.0.0.99", 80));
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        threads);
        for (RumpSocket channel : List.of(server, reader, otherPeer, client, udp, connecting)) {
            asleep(channel);
        }
        for (AutoCloseable channel : List.of(server, reader, client, udp, connecting)) {
            channel.close();
            channel.close();
        }
        assertThat(failure(accept)).isInstanceOf(AsynchronousCloseException.class);
        assertThat(failure(write)).isInstanceOf(AsynchronousCloseException.class);
        assertThat(failure(receive)).isInstanceOf(AsynchronousCloseException.class);
        assertThat(failure(connect)).hasRootCauseInstanceOf(AsynchronousCloseException.class);
        assertThat(failure(read)).isInstanceOf(AsynchronousCloseException.class);
        assertThat(stays).isNotDone();
        other.write(ByteBuffer.allocate(1));
        assertThat(stays.get()).isEqualTo(1);
        other.close();
        assertThat(otherPeer.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        otherPeer.close();
        peer.close();
        silent.close();
    }

    @Test
    void interruptCloses() throws Exception {
        RumpServerSocketChannel server = RumpServerSocketChannel.open(b, at("10.0.0.2", 80));
        Future<?> accept = threads.submit(server::accept);
        asleep(server);
        threads.shutdownNow();
        assertThat(failure(accept)).isInstanceOf(ClosedByInterruptException.class);
        assertThat(server.isOpen()).isFalse();
    }

    @Test
    void closeOfTheKernelEndsCalls() throws Exception {
        RumpServerSocketChannel server = RumpServerSocketChannel.open(b, at("10.0.0.2", 80));
        Future<?> accept = threads.submit(server::accept);
        asleep(server);
        b.close();
        assertThat(failure(accept)).isInstanceOf(SocketException.class);
        server.close();
    }

    @Test
    void connectionOfAClosedPeer() throws Exception {
        try (RumpServerSocketChannel server = RumpServerSocketChannel.open(b, at("10.0.0.2", 80));
                RumpSocketChannel client = RumpSocketChannel.open(a, at("10.0.0.2", 80))) {
            RumpSocketChannel peer = server.accept();
            assertThat(peer.remoteAddress()).isEqualTo(client.localAddress());
            peer.close();
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThatThrownBy(
                            () -> {
                                while (true) {
                                    client.write(ByteBuffer.allocate(1000));
                                }
                            })
                    .isInstanceOf(SocketException.class);
        }
    }

    @Test
    void socketsAreShown() throws Exception {
        try (RumpServerSocketChannel server = RumpServerSocketChannel.open(b, at("10.0.0.2", 80))) {
            assertThat(server.isOpen()).isTrue();
            assertThat(Netstat.in(b).run("-n", "-a", "-f", "inet").out()).contains("10.0.0.2.80");
            assertThat(Sockstat.in(b).run("-n", "-4", "-l").out()).contains("10.0.0.2.80");
        }
    }

    @Test
    void loopback() throws Exception {
        InetAddress local = NetTools.address("127.0.0.1");
        try (RumpServerSocketChannel server =
                        RumpServerSocketChannel.open(a, new InetSocketAddress(local, 0));
                RumpSocketChannel client = RumpSocketChannel.open(a, server.localAddress());
                RumpSocketChannel peer = server.accept()) {
            assertThat(peer.write(ByteBuffer.wrap(new byte[] {1, 2, 3}))).isEqualTo(3);
            ByteBuffer got = ByteBuffer.allocate(10);
            assertThat(client.read(got)).isEqualTo(3);
            assertThat(got.get(2)).isEqualTo((byte) 3);
        }
    }
}
