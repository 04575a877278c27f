// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.rumprun.kernel.internal.Natives;

/** What the façades share. */
final class NetTools {
    /** This module's tools, loaded when the first is asked for. */
    static final Natives.Group GROUP =
            Natives.group(NetTools.class, "tools-net", "rumprun_net_tools");

    private NetTools() {}

    /** The family as ifconfig and route call it. */
    static String family(String address) {
        return address.indexOf(':') >= 0 ? "inet6" : "inet";
    }

    /** An address in numbers, with no scope. */
    static InetAddress address(String text) {
        int percent = text.indexOf('%');
        String bare = percent < 0 ? text : text.substring(0, percent);
        if (bare.isEmpty() || !bare.matches("[0-9.]+|[0-9a-fA-F:.]+:[0-9a-fA-F:.]*")) {
            throw new IllegalArgumentException("no address: " + text);
        }
        try {
            return InetAddress.getByName(bare);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("no address: " + text, e);
        }
    }

    /** As the tools take it. */
    static String text(InetAddress address) {
        String text = address.getHostAddress();
        int percent = text.indexOf('%');
        return percent < 0 ? text : text.substring(0, percent);
    }
}
