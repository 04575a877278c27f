// SPDX-License-Identifier: BSD-2-Clause
package com.example.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.net.Ifconfig;
import org.rumprun.net.Network;
import org.rumprun.net.Ping;
import org.rumprun.net.RumpDatagramChannel;
import org.rumprun.net.RumpServerSocketChannel;
import org.rumprun.net.RumpSocketChannel;
import org.rumprun.net.Topology;
import org.rumprun.net.Wire;

class NetworkTest {
    @TempDir Path folder;

    @Test
    void twoKernelsOnOneWire() throws Exception {
        Path capture = folder.resolve("wire.pcap");
        try (Wire wire = Wire.builder().seed(1).delay(Duration.ofMillis(1)).build();
                RumpKernel alice = RumpKernel.boot();
                RumpKernel bob = RumpKernel.boot()) {
            wire.capture(capture);
            String name = wire.attach(alice, "10.0.0.1/24");
            wire.attach(bob, "10.0.0.2/24");
            assertTrue(Ifconfig.in(alice).get(name).isUp());
            Duration second = Duration.ofSeconds(1);
            assertTrue(Ping.in(alice).ping("10.0.0.2", 3, second).received() > 0);
        }
        assertTrue(Files.size(capture) > 24);
    }

    @Test
    @Topology(
            seed = 1,
            wires = @Topology.Cable(name = "lan", loss = 0.01, reorder = 0.01),
            hosts = {
                @Topology.Host(name = "alice", ports = "lan 10.0.0.1/24 2001:db8:1::1/64"),
                @Topology.Host(name = "bob", ports = "wan 10.0.1.2/24 2001:db8:2::2/64")
            },
            routers =
                    @Topology.Host(
                            name = "router",
                            ports = {
                                "lan 10.0.0.254/24 2001:db8:1::ff/64",
                                "wan 10.0.1.254/24 2001:db8:2::ff/64"
                            }))
    void echoByARouter(Network network) throws Exception {
        for (var address : network.addresses("bob")) {
            InetSocketAddress there = new InetSocketAddress(address, 7);
            try (RumpServerSocketChannel server =
                            RumpServerSocketChannel.open(network.host("bob"), there);
                    RumpSocketChannel client =
                            RumpSocketChannel.open(network.host("alice"), there);
                    RumpSocketChannel peer = server.accept()) {
                client.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
                ByteBuffer got = ByteBuffer.allocate(3);
                while (got.hasRemaining()) {
                    peer.read(got);
                }
                peer.write(got.flip());
                ByteBuffer back = ByteBuffer.allocate(3);
                while (back.hasRemaining()) {
                    client.read(back);
                }
                assertEquals(got.flip(), back.flip());
            }
        }
    }

    @Test
    @Topology(
            hosts = {
                @Topology.Host(name = "alice", ports = "lan 10.0.0.1/24"),
                @Topology.Host(name = "bob", ports = "lan 10.0.0.2/24")
            })
    void datagrams(Network network) throws Exception {
        InetSocketAddress one = new InetSocketAddress(network.addresses("alice").get(0), 5000);
        InetSocketAddress other = new InetSocketAddress(network.addresses("bob").get(0), 5000);
        try (RumpDatagramChannel alice = RumpDatagramChannel.open(network.host("alice"), one);
                RumpDatagramChannel bob = RumpDatagramChannel.open(network.host("bob"), other)) {
            alice.send(ByteBuffer.wrap(new byte[100]), other);
            ByteBuffer got = ByteBuffer.allocate(200);
            assertEquals(one, bob.receive(got));
            assertEquals(100, got.position());
        }
    }
}
