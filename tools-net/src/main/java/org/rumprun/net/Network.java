// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Sysctl;
import org.rumprun.kernel.VirtualClock;

/**
 * Kernels and wires with names and addresses. A host's default routes go by the first router on one
 * of its wires. Addresses are used at once, without looking for another owner first.
 */
public final class Network implements AutoCloseable {
    private final Map<String, RumpKernel> hosts = new LinkedHashMap<>();
    private final Map<String, Wire> wires = new LinkedHashMap<>();
    private final Map<String, List<InetAddress>> addresses = new LinkedHashMap<>();

    /** The hosts' clock; null: the one of the world. */
    private VirtualClock clock;

    private Network() {}

    /**
     * A network to be described.
     *
     * @return a builder of an empty one
     */
    public static Builder builder() {
        return new Builder();
    }

    /** An interface: its wire, and addresses with the lengths of their prefixes. */
    private record Port(String wire, List<String> addresses) {
        static Port of(String text) {
            List<String> words = List.of(text.strip().split("\\s+"));
            return new Port(words.get(0), words.subList(1, words.size()));
        }
    }

    private record Host(String name, boolean router, List<Port> ports) {
        boolean on(String wire) {
            return ports.stream().anyMatch(p -> p.wire().equals(wire));
        }
    }

    private record Way(String host, String network, String gateway) {}

    /** What a network shall have. */
    public static final class Builder {
        private final Map<String, Wire.Builder> wires = new LinkedHashMap<>();
        private final Map<String, Host> hosts = new LinkedHashMap<>();
        private final List<Way> ways = new ArrayList<>();
        private long seed;
        private Instant start;

        private Builder() {}

        /**
         * What the faults of the wires follow from and, on virtual time, what is random in hosts.
         *
         * @param value the same gives the same again; 0, or none: any
         * @return this builder
         */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * Gives the hosts a clock of their own, which shows the beginning of 2020 first. It jumps
         * to what is due next when all threads wait in hosts, so that delays and timeouts take no
         * time, and are exact. What follows from the seed then, {@link VirtualClock} tells.
         *
         * @return this builder
         */
        public Builder virtualTime() {
            return virtualTime(Instant.parse("2020-01-01T00:00:00Z"));
        }

        /**
         * Gives the hosts a clock of their own, as {@link #virtualTime()}.
         *
         * @param first what it shows first
         * @return this builder
         */
        public Builder virtualTime(Instant first) {
            start = Objects.requireNonNull(first);
            return this;
        }

        /**
         * A wire with faults; one without is there when a host is on it.
         *
         * @param name its name
         * @param wire what it does to frames; it gets a seed of the network's
         * @return this builder
         */
        public Builder wire(String name, Wire.Builder wire) {
            wires.put(name, Objects.requireNonNull(wire));
            return this;
        }

        /**
         * A host.
         *
         * @param name its name
         * @param ports its interfaces wire0, wire1 and so on: each the name of a wire, and
         *     addresses: "lan 10.0.0.1/24 2001:db8::1/64"
         * @return this builder
         */
        public Builder host(String name, String... ports) {
            return add(name, false, ports);
        }

        /**
         * A host that forwards packets.
         *
         * @param name its name
         * @param ports its interfaces, as for {@link #host}
         * @return this builder
         */
        public Builder router(String name, String... ports) {
            return add(name, true, ports);
        }

        private Builder add(String name, boolean router, String... ports) {
            List<Port> all = new ArrayList<>();
            for (String port : ports) {
                all.add(Port.of(port));
            }
            if (hosts.putIfAbsent(name, new Host(name, router, all)) != null) {
                throw new IllegalArgumentException("two hosts are called " + name);
            }
            return this;
        }

        /**
         * A route.
         *
         * @param host who has it
         * @param network "10.1.0.0/16", or "default"
         * @param gateway the address of a neighbour
         * @return this builder
         */
        public Builder route(String host, String network, String gateway) {
            ways.add(new Way(host, network, gateway));
            return this;
        }

        /**
         * Boots the hosts.
         *
         * @return the network, to be closed
         * @throws org.rumprun.kernel.RumpException if a host or wire cannot be
         * @throws org.rumprun.kernel.ToolException if there cannot be an address or route
         */
        public Network build() {
            Network network = new Network();
            try {
                if (start != null) {
                    network.clock = VirtualClock.create(start, seed);
                }
                for (Host host : hosts.values()) {
                    host.ports().forEach(p -> wires.computeIfAbsent(p.wire(), w -> Wire.builder()));
                }
                long count = 0;
                for (Map.Entry<String, Wire.Builder> wire : wires.entrySet()) {
                    count++;
                    if (seed != 0) {
                        wire.getValue().seed(seed * 1_000_003 + count);
                    }
                    network.wires.put(wire.getKey(), wire.getValue().build());
                }
                for (Host host : hosts.values()) {
                    network.boot(host);
                }
                for (Host host : hosts.values()) {
                    defaults(network, host);
                }
                for (Way way : ways) {
                    Route.in(network.host(way.host())).add(way.network(), way.gateway());
                }
                return network;
            } catch (RuntimeException | Error e) {
                network.close();
                throw e;
            }
        }

        private void defaults(Network network, Host host) {
            if (host.router()) {
                return;
            }
            for (String family : new String[] {"inet", "inet6"}) {
                String gateway = gateway(host, family);
                boolean chosen =
                        ways.stream()
                                .anyMatch(
                                        w ->
                                                w.host().equals(host.name())
                                                        && w.network().equals("default")
                                                        && NetTools.family(w.gateway())
                                                                .equals(family));
                if (gateway != null && !chosen) {
                    Route.in(network.host(host.name())).add("default", gateway);
                }
            }
        }

        /** A router's address, without its prefix's length, on a wire where the host is, too. */
        private String gateway(Host host, String family) {
            return hosts.values().stream()
                    .filter(Host::router)
                    .flatMap(router -> router.ports().stream())
                    .filter(port -> host.on(port.wire()))
                    .flatMap(port -> port.addresses().stream())
                    .filter(address -> NetTools.family(address).equals(family))
                    .map(Network::bare)
                    .findFirst()
                    .orElse(null);
        }
    }

    private static String bare(String address) {
        int slash = address.indexOf('/');
        return slash < 0 ? address : address.substring(0, slash);
    }

    private void boot(Host host) {
        RumpKernel.Builder builder = RumpKernel.builder();
        if (clock != null) {
            builder.clock(clock);
        }
        RumpKernel kernel = builder.boot();
        hosts.put(host.name(), kernel);
        Sysctl sysctl = Sysctl.in(kernel);
        sysctl.run("-q", "-w", "net.inet.ip.dad_count=0");
        sysctl.run("-q", "-w", "net.inet6.ip6.dad_count=0");
        if (host.router()) {
            sysctl.run("-q", "-w", "net.inet.ip.forwarding=1");
            sysctl.run("-q", "-w", "net.inet6.ip6.forwarding=1");
        }
        List<InetAddress> all = new ArrayList<>();
        for (Port port : host.ports()) {
            wires.get(port.wire()).attach(kernel, port.addresses().toArray(String[]::new));
            port.addresses().forEach(a -> all.add(NetTools.address(bare(a))));
        }
        addresses.put(host.name(), Collections.unmodifiableList(all));
    }

    /**
     * A host, which ends with the network.
     *
     * @param name its name
     * @return its kernel
     * @throws IllegalArgumentException if there is none
     */
    public RumpKernel host(String name) {
        return named(hosts, name);
    }

    /**
     * The hosts.
     *
     * @return their names, in the order of the description
     */
    public Set<String> hosts() {
        return Collections.unmodifiableSet(hosts.keySet());
    }

    /**
     * A wire, which ends with the network.
     *
     * @param name its name
     * @return the wire
     * @throws IllegalArgumentException if there is none
     */
    public Wire wire(String name) {
        return named(wires, name);
    }

    /**
     * The hosts' clock.
     *
     * @return what moves their time
     * @throws IllegalStateException unless they have {@linkplain Builder#virtualTime one}
     */
    public VirtualClock clock() {
        if (clock == null) {
            throw new IllegalStateException("the hosts are on the world's time");
        }
        return clock;
    }

    /**
     * The addresses that a host was described with.
     *
     * @param name the host's
     * @return them, in order
     * @throws IllegalArgumentException if there is no such host
     */
    public List<InetAddress> addresses(String name) {
        return named(addresses, name);
    }

    private static <T> T named(Map<String, T> map, String name) {
        T found = map.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no " + name + " among " + map.keySet());
        }
        return found;
    }

    /** Halts the hosts, and ends captures of the wires. */
    @Override
    public void close() {
        hosts.values().forEach(RumpKernel::close);
        wires.values().forEach(Wire::close);
        if (clock != null) {
            clock.close();
        }
    }
}
