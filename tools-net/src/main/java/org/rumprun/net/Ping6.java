// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.time.Duration;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

/** Asks hosts whether they are there, by IPv6: {@code ping6(8)}. */
public final class Ping6 extends Tool {
    private Ping6(RumpHost host) {
        super(host, NetTools.GROUP, "ping6");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ping6 in(RumpHost host) {
        return new Ping6(host);
    }

    /**
     * Sends requests and counts the answers.
     *
     * @param address who is asked, in numbers; a link-local one has its interface after a %
     * @param count how many requests
     * @param interval the time between them
     * @return what came back; nothing is no failure
     * @throws ToolException if no request could be sent, for one
     */
    public Ping.Statistics ping(String address, int count, Duration interval) {
        String seconds = Ping.seconds(interval);
        String[] line = {"-n", "-c", Integer.toString(count), "-i", seconds, address};
        return Ping.Statistics.of(this, exec(line), line);
    }
}
