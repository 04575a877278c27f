// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Sysctl;
import org.rumprun.kernel.VirtualClock;

/** Every time here is exact, and of no world's clock. */
@Timeout(120)
@Topology(
        seed = 1,
        virtualTime = true,
        wires = @Topology.Cable(name = "lan", delayMillis = 400),
        hosts = {
            @Topology.Host(name = "a", ports = "lan 10.0.0.1/24 2001:db8::1/64"),
            @Topology.Host(name = "b", ports = "lan 10.0.0.2/24 2001:db8::2/64")
        })
class VirtualTimeTest {
    private static final Instant START = Instant.parse("2020-01-01T00:00:00Z");
    private static final Duration DELAY = Duration.ofMillis(400);
    private static final int PORT = 80;

    @TempDir Path folder;

    @Test
    void pingsTakeTwiceTheDelay(Network network) {
        heard(network);
        String[] line = {"-n", "-c", "4", "10.0.0.2"};
        // the first waits for ARP's question and answer as well
        assertThat(times(Ping.in(network.host("a")).run(line).out()))
                .containsExactly("1600.000", "800.000", "800.000", "800.000");
        assertThat(times(Ping.in(network.host("a")).run(line).out()))
                .containsExactly("800.000", "800.000", "800.000", "800.000");
        String[] line6 = {"-n", "-c", "3", "2001:db8::1"};
        Ping6 ping6 = Ping6.in(network.host("b"));
        ping6.run(line6);
        assertThat(times(ping6.run(line6).out())).containsExactly("800.000", "800.000", "800.000");
    }

    @Test
    @Topology(
            seed = 1,
            virtualTime = true,
            wires = @Topology.Cable(name = "slow", delayMillis = 10_000),
            hosts = {
                @Topology.Host(name = "a", ports = "slow 10.0.0.1/24"),
                @Topology.Host(name = "b", ports = "slow 10.0.0.2/24")
            })
    void pingsOverAVerySlowWire(Network network) {
        know(network, "a", "b");
        know(network, "b", "a");
        Instant before = network.clock().now();
        String out = Ping.in(network.host("a")).run("-n", "-c", "3", "-w", "60", "10.0.0.2").out();
        assertThat(times(out)).containsExactly("20000.000", "20000.000", "20000.000");
        assertThat(Duration.between(before, network.clock().now()))
                .isEqualTo(Duration.ofSeconds(22));
    }

    /** What hosts announce at first is behind them. */
    private static void heard(Network network) {
        network.clock().advance(seconds(10));
    }

    /** ARP asks no longer than a few seconds. */
    private static void know(Network network, String who, String whom) {
        String link = Ifconfig.in(network.host(whom)).get("wire0").linkAddress().orElseThrow();
        Arp.in(network.host(who)).set(network.addresses(whom).get(0), link);
    }

    private static List<String> times(String ping) {
        return ping.lines()
                .filter(line -> line.contains(" time="))
                .map(line -> line.replaceAll(".* time=(\\S+) ms.*", "$1"))
                .toList();
    }

    @Test
    void clocksMoveByHandAndCapturesShowThem(Network network) throws Exception {
        VirtualClock clock = network.clock();
        assertThat(Duration.between(START, clock.now())).isBetween(Duration.ZERO, seconds(10));
        Instant before = clock.now();
        clock.advance(Duration.ofDays(1).plusNanos(1));
        assertThat(clock.now()).isEqualTo(before.plus(Duration.ofDays(1)).plusNanos(1));
        Path file = folder.resolve("one.pcap");
        try (Pair pair = new Pair(network)) {
            network.wire("lan").capture(file);
            pair.client.write(ByteBuffer.wrap(new byte[1]));
            assertThat(sendings(file)).containsExactly(clock.now());
        }
        assertThatThrownBy(() -> clock.advance(Duration.ofNanos(-1)))
                .isInstanceOf(RumpException.class)
                .extracting(e -> ((RumpException) e).errnoName())
                .isEqualTo("EINVAL");
        network.close();
        assertThatThrownBy(clock::now).isInstanceOf(RumpException.class);
    }

    private static Duration seconds(long n) {
        return Duration.ofSeconds(n);
    }

    @Test
    void duplicateAddressesAreLookedForInVirtualSeconds(Network network) {
        RumpKernel a = network.host("a");
        Sysctl.in(a).run("-q", "-w", "net.inet6.ip6.dad_count=1");
        Ifconfig ifconfig = Ifconfig.in(a);
        ifconfig.add("wire0", "2001:db8::2/64");
        ifconfig.add("wire0", "2001:db8::7/64");
        assertThat(words(a, "2001:db8::7")).contains("tentative");
        assertThat(words(a, "2001:db8::2")).contains("tentative");
        network.clock().advance(seconds(3));
        assertThat(words(a, "2001:db8::7")).doesNotContain("tentative", "duplicated");
        assertThat(words(a, "2001:db8::2")).contains("duplicated");
        ifconfig.add("wire0", "2001:db8::8/64");
        Instant before = network.clock().now();
        ifconfig.run("-w", "10");
        assertThat(words(a, "2001:db8::8")).doesNotContain("tentative", "duplicated");
        assertThat(Duration.between(before, network.clock().now()))
                .isBetween(seconds(1), seconds(3));
    }

    private static Set<String> words(RumpKernel kernel, String address) {
        InetAddress wanted = NetTools.address(address);
        return Ifconfig.in(kernel).get("wire0").addresses().stream()
                .filter(a -> a.address().equals(wanted))
                .findFirst()
                .orElseThrow()
                .words();
    }

    /** A connection in one thread. */
    private static final class Pair implements AutoCloseable {
        final RumpServerSocketChannel listener;
        final RumpSocketChannel client;
        final RumpSocketChannel server;

        Pair(Network network) throws IOException {
            InetSocketAddress there = new InetSocketAddress(network.addresses("b").get(0), PORT);
            listener = RumpServerSocketChannel.open(network.host("b"), there);
            client = RumpSocketChannel.open(network.host("a"), there);
            server = listener.accept();
        }

        @Override
        public void close() throws IOException {
            server.close();
            client.close();
            listener.close();
        }
    }

    @Test
    void lostDataAreSentAgainAsRfc6298Says(Network network) throws Exception {
        Path file = folder.resolve("lost.pcap");
        heard(network);
        try (Pair pair = new Pair(network)) {
            Ifconfig.in(network.host("b")).down("wire0");
            network.wire("lan").capture(file);
            pair.client.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
            network.clock().advance(seconds(200));
            network.wire("lan").endCapture();
        }
        // 2.2: the handshake's round trip, with ARP's: SRTT = R, RTTVAR = R / 2
        Duration trip = DELAY.multipliedBy(4);
        Duration timeout = trip.plus(trip.dividedBy(2).multipliedBy(4));
        List<Instant> sent = sendings(file);
        assertThat(sent).hasSizeGreaterThanOrEqualTo(6);
        for (int i = 1; i < sent.size(); i++) {
            assertThat(Duration.between(sent.get(i - 1), sent.get(i))).isEqualTo(timeout);
            // 5.5, and 2.5 with a most of 64 seconds
            timeout = timeout.multipliedBy(2);
            if (timeout.compareTo(seconds(64)) > 0) {
                timeout = seconds(64);
            }
        }
    }

    /** When TCP segments with data were sent. */
    private static List<Instant> sendings(Path file) throws IOException {
        ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(file));
        pcap.order(pcap.getInt(0) == 0xa1b23c4d ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        assertThat(pcap.getInt(0)).isEqualTo(0xa1b23c4d);
        List<Instant> times = new ArrayList<>();
        for (int at = 24; at < pcap.limit(); at += 16 + pcap.getInt(at + 8)) {
            int frame = at + 16;
            ByteBuffer net = pcap.duplicate().order(ByteOrder.BIG_ENDIAN);
            if (net.getShort(frame + 12) == 0x0800 && net.get(frame + 23) == 6) {
                int headers = 20 + (net.get(frame + 46) >> 4 & 15) * 4;
                if (net.getShort(frame + 16) > headers) {
                    times.add(Instant.ofEpochSecond(pcap.getInt(at), pcap.getInt(at + 4)));
                }
            }
        }
        return times;
    }

    @Test
    void sameSeedSameCapture() throws Exception {
        byte[] first = harmed(5, "first");
        assertThat(first).hasSizeGreaterThan(20_000);
        assertThat(harmed(5, "again")).isEqualTo(first);
        assertThat(harmed(6, "other")).isNotEqualTo(first);
    }

    /** What 20,000 bytes look like on a wire that does everything that wires do. */
    private byte[] harmed(long seed, String name) throws Exception {
        Path file = folder.resolve(name);
        Wire.Builder wire =
                Wire.builder()
                        .loss(0.1)
                        .duplicate(0.05)
                        .corrupt(0.05)
                        .reorder(0.1)
                        .delay(Duration.ofMillis(20))
                        .jitter(Duration.ofMillis(5))
                        .rate(1_000_000);
        try (Network network =
                Network.builder()
                        .seed(seed)
                        .virtualTime()
                        .wire("bad", wire)
                        .host("a", "bad 10.0.0.1/24 2001:db8::1/64")
                        .host("b", "bad 10.0.0.2/24 2001:db8::2/64")
                        .build()) {
            network.wire("bad").capture(file);
            try (Pair pair = new Pair(network)) {
                ByteBuffer got = ByteBuffer.allocate(500);
                for (int i = 0; i < 40; i++) {
                    pair.client.write(ByteBuffer.wrap(new byte[500]));
                    got.clear();
                    while (got.hasRemaining()) {
                        assertThat(pair.server.read(got)).isPositive();
                    }
                }
            }
            network.clock().advance(seconds(100));
            network.wire("bad").endCapture();
            for (String host : network.hosts()) {
                assertThat(network.host(host).handle().halt(false)).isZero();
            }
        }
        return Files.readAllBytes(file);
    }

    @Test
    void timeoutsAreExact(Network network) throws Exception {
        InetSocketAddress here = new InetSocketAddress(network.addresses("a").get(0), 7);
        try (RumpDatagramChannel channel = RumpDatagramChannel.open(network.host("a"), here)) {
            channel.timeout(seconds(3600));
            Instant before = network.clock().now();
            assertThatThrownBy(() -> channel.receive(ByteBuffer.allocate(10)))
                    .isInstanceOf(SocketTimeoutException.class);
            assertThat(network.clock().now()).isEqualTo(before.plus(seconds(3600)));
        }
    }

    @Test
    void whoWaitsWakesWhenTimeIsMovedByHand(Network network) throws Exception {
        VirtualClock clock = network.clock();
        clock.automatic(false);
        InetSocketAddress here = new InetSocketAddress(network.addresses("b").get(0), 7);
        InetSocketAddress from = new InetSocketAddress(network.addresses("a").get(0), 7);
        know(network, "a", "b");
        try (RumpDatagramChannel receiver = RumpDatagramChannel.open(network.host("b"), here);
                RumpDatagramChannel sender = RumpDatagramChannel.open(network.host("a"), from)) {
            CompletableFuture<Instant> got =
                    CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    receiver.receive(ByteBuffer.allocate(10));
                                    return clock.now();
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
            while (clock.asleep() == 0) {
                Thread.onSpinWait();
            }
            Instant sent = clock.now();
            sender.send(ByteBuffer.wrap(new byte[1]), here);
            clock.advance(DELAY.minusNanos(1));
            assertThat(got).isNotDone();
            clock.advance(Duration.ofNanos(1));
            assertThat(got.get()).isEqualTo(sent.plus(DELAY));
        }
    }

    @Test
    void heldClocksStandStill(Network network) throws Exception {
        VirtualClock clock = network.clock();
        InetSocketAddress here = new InetSocketAddress(network.addresses("b").get(0), 7);
        try (RumpDatagramChannel channel = RumpDatagramChannel.open(network.host("b"), here)) {
            channel.timeout(seconds(5));
            Instant before = clock.now();
            VirtualClock.Hold hold = clock.hold();
            CompletableFuture<Void> waiting =
                    CompletableFuture.runAsync(
                            () ->
                                    assertThatThrownBy(
                                                    () -> channel.receive(ByteBuffer.allocate(1)))
                                            .isInstanceOf(SocketTimeoutException.class));
            while (clock.asleep() == 0) {
                Thread.onSpinWait();
            }
            assertThat(clock.now()).isEqualTo(before);
            hold.close();
            hold.close(); // counts once
            waiting.get();
            assertThat(clock.now()).isEqualTo(before.plus(seconds(5)));
        }
    }

    @Test
    void clocksThatCannotBe() {
        assertThatThrownBy(() -> VirtualClock.create(Instant.EPOCH.minusNanos(1), 1))
                .isInstanceOf(RumpException.class);
        assertThatThrownBy(() -> VirtualClock.create(Instant.MAX, 1))
                .isInstanceOf(RumpException.class);
        try (Network network = Network.builder().host("a").build()) {
            assertThatThrownBy(network::clock).isInstanceOf(IllegalStateException.class);
        }
        VirtualClock closed = VirtualClock.create(Instant.EPOCH, 1);
        closed.close();
        assertThatThrownBy(() -> RumpKernel.builder().clock(closed).boot())
                .isInstanceOf(RumpException.class)
                .extracting(e -> ((RumpException) e).errnoName())
                .isEqualTo("ESHUTDOWN");
    }
}
