// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rumprun.kernel.ToolException;

@Timeout(120)
@Topology(
        seed = 1,
        hosts = {
            @Topology.Host(name = "alice", ports = "lan 10.0.0.1/24 2001:db8::1/64"),
            @Topology.Host(name = "bob", ports = "lan 10.0.0.2/24 2001:db8::2/64")
        })
class TopologyTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    private Network before;

    @BeforeEach
    void keep(Network network) {
        before = network;
    }

    @Test
    void hostsOfTheClass(Network network) {
        assertThat(network).isSameAs(before);
        assertThat(network.hosts()).containsExactly("alice", "bob");
        assertThat(Ping.in(network.host("alice")).ping("10.0.0.2", 2, SHORT).received())
                .isEqualTo(2);
        assertThat(Ping6.in(network.host("bob")).ping("2001:db8::1", 2, SHORT).received())
                .isEqualTo(2);
        assertThat(network.wire("lan").counters().sent()).isPositive();
        assertThatThrownBy(() -> network.host("carol"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("carol");
    }

    @Test
    @Topology(
            hosts = {
                @Topology.Host(name = "a", ports = "one 10.0.1.1/24 2001:db8:1::1/64"),
                @Topology.Host(name = "b", ports = "two 10.0.2.1/24 2001:db8:2::1/64")
            },
            routers =
                    @Topology.Host(
                            name = "r",
                            ports = {
                                "one 10.0.1.254/24 2001:db8:1::ff/64",
                                "two 10.0.2.254/24 2001:db8:2::ff/64"
                            }))
    void routerBetweenTwoWires(Network network) throws Exception {
        assertThat(Ping.in(network.host("a")).ping("10.0.2.1", 3, SHORT).received()).isEqualTo(3);
        assertThat(Ping6.in(network.host("b")).ping("2001:db8:1::1", 3, SHORT).received())
                .isEqualTo(3);
        InetSocketAddress there = new InetSocketAddress(network.addresses("b").get(0), 80);
        try (RumpServerSocketChannel server =
                        RumpServerSocketChannel.open(network.host("b"), there);
                RumpSocketChannel client = RumpSocketChannel.open(network.host("a"), there);
                RumpSocketChannel peer = server.accept()) {
            client.write(ByteBuffer.wrap(new byte[] {42}));
            ByteBuffer got = ByteBuffer.allocate(2);
            assertThat(peer.read(got)).isEqualTo(1);
            assertThat(got.get(0)).isEqualTo((byte) 42);
        }
        assertThat(network.host("r").handle().halt(false)).isZero();
        assertThat(network.host("a").handle().halt(false)).isZero();
        assertThat(network.host("b").handle().halt(false)).isZero();
    }

    @Test
    @Topology(
            seed = 20,
            wires = @Topology.Cable(name = "bad", loss = 0.2),
            hosts = {
                @Topology.Host(name = "a", ports = "bad 10.0.0.1/24"),
                @Topology.Host(name = "b", ports = "bad 10.0.0.2/24")
            })
    void everyByteArrivesWhereAFifthIsLost(Network network) throws Exception {
        byte[] data = new byte[20_000];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 31 + i / 256);
        }
        InetSocketAddress there = new InetSocketAddress(network.addresses("b").get(0), 80);
        try (RumpServerSocketChannel server =
                        RumpServerSocketChannel.open(network.host("b"), there);
                RumpSocketChannel client = RumpSocketChannel.open(network.host("a"), there);
                RumpSocketChannel peer = server.accept()) {
            CompletableFuture<Void> writing =
                    CompletableFuture.runAsync(
                            () -> {
                                try {
                                    client.write(ByteBuffer.wrap(data));
                                    client.shutdownOutput();
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
            ByteBuffer got = ByteBuffer.allocate(data.length + 1);
            while (peer.read(got) >= 0) {
                // more
            }
            assertThat(got.flip()).isEqualTo(ByteBuffer.wrap(data));
            writing.get();
        }
        assertThat(network.wire("bad").counters().lost()).isPositive();
    }

    @Nested
    class Inside {
        @Test
        void hostsOfTheClassAround(Network network) {
            assertThat(network.hosts()).containsExactly("alice", "bob");
        }
    }

    @Test
    void hundredHosts() {
        Network.Builder builder = Network.builder().seed(1);
        for (int i = 1; i <= 100; i++) {
            builder.host("h" + i, "lan 10.0.0." + i + "/24");
        }
        try (Network network = builder.build()) {
            for (int i = 1; i <= 100; i++) {
                String next = "10.0.0." + (i % 100 + 1);
                assertThat(Ping.in(network.host("h" + i)).ping(next, 1, SHORT).received())
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void routesThatWereAskedFor() {
        try (Network network =
                Network.builder()
                        .host("a", "lan 10.0.0.1/24")
                        .router("r", "lan 10.0.0.2/24")
                        .router("s", "lan 10.0.0.3/24")
                        .route("a", "10.9.0.0/16", "10.0.0.3")
                        .build()) {
            assertThat(Route.in(network.host("a")).list())
                    .anyMatch(r -> r.isDefault() && r.gateway().equals("10.0.0.2"))
                    .anyMatch(r -> r.prefixLength() == 16 && r.gateway().equals("10.0.0.3"));
        }
    }

    @Test
    void networksThatCannotBe() {
        assertThatThrownBy(() -> Network.builder().host("a", "lan 10.0.0.1.1/24").build())
                .isInstanceOf(ToolException.class);
        assertThatThrownBy(() -> Network.builder().host("a").host("a"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
