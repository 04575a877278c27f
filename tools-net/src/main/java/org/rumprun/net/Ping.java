// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/** Asks hosts whether they are there, by IPv4: {@code ping(8)}. */
public final class Ping extends Tool {
    private Ping(RumpHost host) {
        super(host, NetTools.GROUP, "ping");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Ping in(RumpHost host) {
        return new Ping(host);
    }

    /**
     * Sends requests and counts the answers.
     *
     * @param address who is asked, in numbers
     * @param count how many requests
     * @param interval the time between them
     * @return what came back; nothing is no failure
     * @throws ToolException if no request could be sent, for one
     */
    public Statistics ping(String address, int count, Duration interval) {
        String seconds = Ping.seconds(interval);
        String[] line = {"-n", "-c", Integer.toString(count), "-i", seconds, address};
        return Statistics.of(this, exec(line), line);
    }

    /** As ping takes times. */
    static String seconds(Duration time) {
        return BigDecimal.valueOf(time.toNanos(), 9).toPlainString();
    }

    /**
     * What came back.
     *
     * @param sent requests
     * @param received answers, each once
     */
    public record Statistics(int sent, int received) {
        private static final Pattern COUNTS =
                Pattern.compile("(\\d+) packets transmitted, (\\d+) packets received");

        static Statistics of(Tool tool, ToolResult result, String... line) {
            Matcher counts = COUNTS.matcher(result.out());
            if (!counts.find()) {
                // says what is wrong, as another run would
                tool.run(line);
                throw new IllegalStateException("no statistics in " + result.out());
            }
            return new Statistics(
                    Integer.parseInt(counts.group(1)), Integer.parseInt(counts.group(2)));
        }
    }
}
