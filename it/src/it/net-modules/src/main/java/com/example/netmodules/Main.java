// SPDX-License-Identifier: BSD-2-Clause
package com.example.netmodules;

import org.rumprun.net.Network;
import org.rumprun.net.Ping;

/** Two hosts, of which one pings the other. */
public final class Main {
    private Main() {}

    /** Boots them. */
    public static void main(String[] args) {
        try (Network network =
                Network.builder()
                        .host("alice", "lan 10.0.0.1/24")
                        .host("bob", "lan 10.0.0.2/24")
                        .build()) {
            System.out.println(Ping.in(network.host("alice")).run("-c", "1", "10.0.0.2").out());
        }
    }
}
