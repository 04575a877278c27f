// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Sysctl;
import org.rumprun.kernel.ToolException;

@Timeout(60)
class WireTest {
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final String[] NOTHING = {};
    private static final String[] IPV4 = {"net", "net_net", "net_netinet", "net_wire"};

    @TempDir Path folder;
    private RumpKernel a;
    private RumpKernel b;

    @BeforeEach
    void boot() {
        a = host();
        b = host();
    }

    @AfterEach
    void halt() {
        // what a kernel has not given back
        assertThat(a.handle().halt(false)).isZero();
        assertThat(b.handle().halt(false)).isZero();
    }

    /** Addresses are used at once, without looking for another owner first. */
    private static RumpKernel host() {
        RumpKernel kernel = RumpKernel.boot();
        Sysctl.in(kernel).run("-w", "net.inet.ip.dad_count=0");
        Sysctl.in(kernel).run("-w", "net.inet6.ip6.dad_count=0");
        return kernel;
    }

    @Test
    void twoKernelsPingEachOther() {
        try (Wire wire = Wire.create()) {
            wire.attach(a, "10.0.0.1/24", "2001:db8::1/64");
            wire.attach(b, "10.0.0.2/24", "2001:db8::2/64");
            assertThat(Ping.in(a).ping("10.0.0.2", 3, SHORT)).isEqualTo(new Ping.Statistics(3, 3));
            assertThat(Ping6.in(b).ping("2001:db8::1", 3, SHORT))
                    .isEqualTo(new Ping.Statistics(3, 3));
            assertThat(Ping.in(a).ping("10.0.0.1", 1, SHORT).received()).isEqualTo(1);
            Wire.Counters counters = wire.counters();
            assertThat(counters.sent()).isGreaterThanOrEqualTo(14);
            assertThat(counters.lost()).isZero();
        }
    }

    @Test
    void interfacesAreValues() throws Exception {
        try (Wire wire = Wire.create()) {
            String name = wire.attach(a, "10.0.0.1/24", "10.0.1.1/16", "2001:db8::1/64");
            assertThat(name).isEqualTo("wire0");
            Ifconfig ifconfig = Ifconfig.in(a);
            ifconfig.mtu(name, 9000);
            Interface wire0 = ifconfig.get(name);
            assertThat(wire0.name()).isEqualTo(name);
            assertThat(wire0.mtu()).isEqualTo(9000);
            assertThat(wire0.isUp()).isTrue();
            assertThat(wire0.flags()).contains("BROADCAST", "MULTICAST");
            assertThat(wire0.linkAddress()).get().asString().matches("(..:){5}..");
            assertThat(wire0.addresses())
                    .extracting(Interface.Address::address, Interface.Address::prefixLength)
                    .contains(
                            tuple(ip("10.0.0.1"), 24),
                            tuple(ip("10.0.1.1"), 16),
                            tuple(ip("2001:db8::1"), 64));
            assertThat(ifconfig.list()).extracting(Interface::name).contains("lo0", name);
            ifconfig.remove(name, "10.0.1.1");
            assertThat(ifconfig.get(name).addresses())
                    .extracting(Interface.Address::address)
                    .doesNotContain(ip("10.0.1.1"));
            ifconfig.down(name);
            assertThat(ifconfig.get(name).isUp()).isFalse();
            Wire.detach(a, name);
            assertThatThrownBy(() -> ifconfig.get(name))
                    .isInstanceOf(ToolException.class)
                    .extracting(e -> ((ToolException) e).errnoName())
                    .isEqualTo(Optional.of("ENXIO"));
            assertThatThrownBy(() -> Wire.detach(a, name))
                    .isInstanceOf(RumpException.class)
                    .extracting(e -> ((RumpException) e).errnoName())
                    .isEqualTo("ENXIO");
        }
    }

    @Test
    void routesAndNeighboursAreValues() throws Exception {
        try (Wire wire = Wire.create()) {
            wire.attach(a, "10.0.0.1/24", "2001:db8::1/64");
            wire.attach(b, "10.0.0.2/24", "2001:db8::2/64");
            Route route = Route.in(a);
            route.add("default", "10.0.0.2");
            route.add("10.5.0.0/16", "10.0.0.2");
            route.add("2001:db8:5::/48", "2001:db8::2");
            List<Route.Entry> routes = route.list();
            assertThat(routes)
                    .anyMatch(r -> r.isDefault() && r.gateway().equals("10.0.0.2"))
                    .anyMatch(r -> r.destination().equals(ip("10.5.0.0")) && r.prefixLength() == 16)
                    .anyMatch(
                            r ->
                                    r.destination().equals(ip("2001:db8:5::"))
                                            && r.prefixLength() == 48
                                            && r.gateway().equals("2001:db8::2"))
                    .anyMatch(r -> r.destination().equals(ip("10.0.0.0")) && r.flags().equals("U"));
            route.delete("10.5.0.0/16", "10.0.0.2");
            assertThat(route.list()).noneMatch(r -> r.destination().equals(ip("10.5.0.0")));
            assertThatThrownBy(() -> route.delete("10.5.0.0/16", "10.0.0.2"))
                    .isInstanceOf(ToolException.class);

            Ping.in(a).ping("10.0.0.2", 1, SHORT);
            Ping6.in(a).ping("2001:db8::2", 1, SHORT);
            Optional<String> link = Ifconfig.in(b).get("wire0").linkAddress();
            assertThat(Arp.in(a).list())
                    .anyMatch(
                            n -> n.address().equals(ip("10.0.0.2")) && n.linkAddress().equals(link))
                    .anyMatch(n -> n.address().equals(ip("10.0.0.1")) && n.permanent());
            assertThat(Ndp.in(a).list())
                    .anyMatch(
                            n ->
                                    n.address().equals(ip("2001:db8::2"))
                                            && n.linkAddress().equals(link));
            Arp.in(a).set(ip("10.0.0.9"), "02:00:00:00:00:09");
            assertThat(Arp.in(a).list())
                    .contains(
                            new Neighbour(
                                    ip("10.0.0.9"),
                                    Optional.of("02:00:00:00:00:09"),
                                    "wire0",
                                    true));
            Arp.in(a).delete(ip("10.0.0.9"));
            assertThat(Arp.in(a).list()).noneMatch(n -> n.address().equals(ip("10.0.0.9")));
        }
    }

    @Test
    void captureIsPcap() throws Exception {
        Path file = folder.resolve("wire.pcap");
        try (Wire wire = Wire.create()) {
            wire.attach(a, "10.0.0.1/24");
            wire.attach(b, "10.0.0.2/24");
            wire.capture(file);
            Ping.in(a).ping("10.0.0.2", 3, SHORT);
            wire.endCapture();
            Ping.in(a).ping("10.0.0.2", 1, SHORT);
        }
        List<byte[]> frames = frames(file);
        assertThat(frames.stream().filter(f -> type(f) == 0x0800 && f[23] == 1)).hasSize(6);
        assertThat(frames.stream().filter(f -> type(f) == 0x0806)).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void bridgeBetweenTwoWires() {
        try (Wire one = Wire.builder().seed(1).build();
                Wire other = Wire.builder().seed(2).build();
                RumpKernel bridge = host()) {
            one.attach(a, "10.0.0.1/24");
            other.attach(b, "10.0.0.2/24");
            Brconfig.in(bridge)
                    .bridge("bridge0", one.attach(bridge, NOTHING), other.attach(bridge, NOTHING));
            assertThat(Ping.in(a).ping("10.0.0.2", 3, SHORT).received()).isEqualTo(3);
            Brconfig.in(bridge).run("bridge0", "down");
        }
    }

    @Test
    void busIsDumped() throws Exception {
        Path bus = folder.resolve("bus");
        int last = 0;
        for (RumpKernel kernel : List.of(a, b)) {
            Ifconfig ifconfig = Ifconfig.in(kernel);
            ifconfig.create("shmif0");
            ifconfig.run("shmif0", "linkstr", bus.toString());
            ifconfig.add("shmif0", "10.0.0." + ++last + "/24");
        }
        assertThat(Ping.in(a).ping("10.0.0.2", 2, SHORT).received()).isEqualTo(2);
        Path file = folder.resolve("bus.pcap");
        ShmifDumpbus.in(a).dump(bus, file);
        assertThat(frames(file).stream().filter(f -> type(f) == 0x0800 && f[23] == 1)).hasSize(4);
    }

    @Test
    void firstAddressIsUsedAtOnce() {
        try (Wire wire = Wire.create();
                RumpKernel kernel = RumpKernel.boot()) {
            String name = wire.attach(kernel, "10.0.0.1/24");
            assertThat(Ifconfig.in(kernel).get(name).addresses())
                    .filteredOn(address -> address.address().equals(ip("10.0.0.1")))
                    .singleElement()
                    .matches(address -> address.words().isEmpty());
        }
    }

    @Test
    void captureThatCannotBeWritten() {
        try (Wire wire = Wire.create()) {
            assertThatThrownBy(() -> wire.capture(folder.resolve("none/file")))
                    .isInstanceOf(RumpException.class)
                    .hasMessageContaining("none/file");
        }
    }

    @Test
    void faultsFollowFromTheSeed() throws Exception {
        List<List<Long>> seen = new ArrayList<>();
        for (long seed : new long[] {7, 7, 8}) {
            // no other frames than the test's: there is nothing random in those of IPv4
            try (RumpKernel c = RumpKernel.builder().components(IPV4).boot();
                    RumpKernel d = RumpKernel.builder().components(IPV4).boot();
                    Wire wire = Wire.builder().seed(seed).loss(0.3).build()) {
                for (RumpKernel kernel : List.of(c, d)) {
                    Sysctl.in(kernel).run("-w", "net.inet.ip.dad_count=0");
                }
                wire.attach(c, "10.0.0.1/24");
                wire.attach(d, "10.0.0.2/24");
                introduce(c, d, "10.0.0.2");
                introduce(d, c, "10.0.0.1");
                List<Long> received = new ArrayList<>();
                Ping.in(c)
                        .exec("-n", "-q", "-c", "40", "-i", "0.01", "-w", "1", "10.0.0.2")
                        .out()
                        .lines()
                        .filter(l -> l.contains("received"))
                        .forEach(l -> received.add(Long.parseLong(l.split(" ")[3])));
                assertThat(wire.counters().lost()).isPositive();
                seen.add(received);
            }
        }
        assertThat(seen.get(0)).hasSize(1).isEqualTo(seen.get(1));
        assertThat(seen.get(0).get(0)).isBetween(1L, 39L);
    }

    private static void introduce(RumpKernel one, RumpKernel other, String address) {
        String link = Ifconfig.in(other).get("wire0").linkAddress().orElseThrow();
        Arp.in(one).set(ip(address), link);
    }

    @Test
    void faultsAreCounted() {
        try (Wire wire =
                Wire.builder()
                        .seed(1)
                        .duplicate(0.5)
                        .reorder(0.2)
                        .corrupt(0.2)
                        .delay(Duration.ofMillis(1))
                        .jitter(Duration.ofMillis(1))
                        .rate(100_000_000)
                        .build()) {
            wire.attach(a, "10.0.0.1/24");
            wire.attach(b, "10.0.0.2/24");
            Ping.in(a).exec("-n", "-q", "-c", "50", "-i", "0.01", "-w", "2", "10.0.0.2");
            Wire.Counters counters = wire.counters();
            assertThat(counters.duplicated()).isPositive();
            assertThat(counters.corrupted()).isPositive();
            assertThat(counters.reordered()).isPositive();
        }
    }

    @Test
    void numbersOutOfRange() {
        assertThatThrownBy(() -> Wire.builder().loss(1.5))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Wire.builder().loss(Double.NaN))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Wire.builder().delay(Duration.ofSeconds(-1)).build())
                .isInstanceOf(RumpException.class)
                .extracting(e -> ((RumpException) e).errnoName())
                .isEqualTo("EINVAL");
    }

    @Test
    void wireThatIsClosedTakesNobody() {
        Wire wire = Wire.create();
        wire.attach(a);
        wire.close();
        wire.close();
        assertThatThrownBy(() -> wire.attach(b)).isInstanceOf(RumpException.class);
        assertThat(Ifconfig.in(a).get("wire0").mtu()).isEqualTo(1500);
    }

    @Test
    void pingThatCannotBegin() {
        assertThatThrownBy(() -> Ping.in(a).ping("nobody at home", 1, SHORT))
                .isInstanceOf(ToolException.class);
    }

    private static InetAddress ip(String text) {
        return NetTools.address(text);
    }

    private static int type(byte[] frame) {
        return ByteBuffer.wrap(frame).getShort(12) & 0xffff;
    }

    /** The frames of a file, as pcap has them. */
    private static List<byte[]> frames(Path file) throws Exception {
        ByteBuffer pcap = ByteBuffer.wrap(Files.readAllBytes(file));
        int magic = pcap.getInt(0);
        pcap.order(
                magic == 0xa1b2c3d4 || magic == 0xa1b23c4d
                        ? ByteOrder.BIG_ENDIAN
                        : ByteOrder.LITTLE_ENDIAN);
        assertThat(pcap.getInt(0)).isIn(0xa1b2c3d4, 0xa1b23c4d);
        assertThat(pcap.getInt(20)).isEqualTo(1);
        pcap.position(24);
        List<byte[]> frames = new ArrayList<>();
        while (pcap.hasRemaining()) {
            byte[] frame = new byte[pcap.getInt(pcap.position() + 8)];
            assertThat(pcap.getInt(pcap.position() + 12)).isEqualTo(frame.length);
            pcap.position(pcap.position() + 16);
            pcap.get(frame);
            frames.add(frame);
        }
        return frames;
    }
}
