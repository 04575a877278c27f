// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.internal.Failure;
import org.rumprun.kernel.internal.WireHandle;

/**
 * A segment of Ethernet between kernels of this process. It can lose, delay, repeat, reorder and
 * damage frames: which ones depends on its seed, and on the order of the frames alone. Delays are
 * of the receiving kernel's time, which may be virtual. Interfaces stay attached when it closes.
 * Safe for threads.
 */
public final class Wire implements AutoCloseable {
    private static final double MILLION = 1e6;

    private final WireHandle handle;

    private Wire(WireHandle handle) {
        this.handle = handle;
    }

    /**
     * A wire without faults.
     *
     * @return the wire
     */
    public static Wire create() {
        return builder().build();
    }

    /**
     * A wire to be described.
     *
     * @return a builder of one without faults
     */
    public static Builder builder() {
        return new Builder();
    }

    /** What a wire shall do to frames on their way to each of their receivers. */
    public static final class Builder {
        /** Lost, twice, damaged, overtaken. */
        private final int[] ppm = new int[4];

        private long seed;
        private Duration delay = Duration.ZERO;
        private Duration jitter = Duration.ZERO;
        private long rate;

        private Builder() {}

        private Builder share(int which, double share) {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("a share of " + share);
            }
            ppm[which] = (int) Math.round(share * MILLION);
            return this;
        }

        /**
         * What the faults follow from.
         *
         * @param value the same gives the same again; 0, or none: any
         * @return this builder
         */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * Frames that are lost.
         *
         * @param share of all, 0 to 1
         * @return this builder
         */
        public Builder loss(double share) {
            return share(0, share);
        }

        /**
         * Frames that arrive twice.
         *
         * @param share of all, 0 to 1
         * @return this builder
         */
        public Builder duplicate(double share) {
            return share(1, share);
        }

        /**
         * Frames in which a bit turns.
         *
         * @param share of all, 0 to 1
         * @return this builder
         */
        public Builder corrupt(double share) {
            return share(2, share);
        }

        /**
         * Frames that later ones overtake.
         *
         * @param share of all, 0 to 1
         * @return this builder
         */
        public Builder reorder(double share) {
            return share(3, share);
        }

        /**
         * The time that a frame takes.
         *
         * @param time of the receiver's kernel
         * @return this builder
         */
        public Builder delay(Duration time) {
            delay = time;
            return this;
        }

        /**
         * The time that a frame takes more.
         *
         * @param most the largest
         * @return this builder
         */
        public Builder jitter(Duration most) {
            jitter = most;
            return this;
        }

        /**
         * What a receiver gets.
         *
         * @param bits in a second; 0: any number
         * @return this builder
         */
        public Builder rate(long bits) {
            rate = bits;
            return this;
        }

        /**
         * Makes the wire.
         *
         * @return the wire, to be closed
         * @throws RumpException if a number is out of its range
         */
        public Wire build() {
            WireHandle handle = null;
            try {
                handle = WireHandle.create(seed);
                handle.set(ppm, delay.toNanos(), jitter.toNanos(), rate);
                return new Wire(handle);
            } catch (Failure e) {
                if (handle != null) {
                    handle.close();
                }
                throw new RumpException(e.errno(), "wire");
            }
        }
    }

    /**
     * Gives a kernel an interface on the wire, which is down and has no addresses.
     *
     * @param kernel the kernel
     * @return the interface's name, "wire0" for the first
     * @throws RumpException ENXIO for a kernel without a network
     */
    public String attach(RumpKernel kernel) {
        try {
            return kernel.handle().attach(handle);
        } catch (Failure e) {
            throw new RumpException(e.errno(), "wire");
        }
    }

    /**
     * Gives a kernel an interface on the wire that has addresses, and is up.
     *
     * @param kernel the kernel
     * @param addresses "10.0.0.1/24", "2001:db8::1/64"
     * @return the interface's name
     * @throws RumpException ENXIO for a kernel without a network
     * @throws org.rumprun.kernel.ToolException if ifconfig refuses an address
     */
    public String attach(RumpKernel kernel, String... addresses) {
        String name = attach(kernel);
        Ifconfig ifconfig = Ifconfig.in(kernel);
        for (String address : addresses) {
            // the first brings it up, and needs no look for another owner
            ifconfig.add(name, address);
        }
        ifconfig.up(name);
        return name;
    }

    /**
     * Takes an interface off its wire, and out of its kernel.
     *
     * @param kernel the kernel
     * @param name the interface's name
     * @throws RumpException ENXIO if it is none of a wire
     */
    public static void detach(RumpKernel kernel, String name) {
        try {
            kernel.handle().detach(name);
        } catch (Failure e) {
            throw new RumpException(e.errno(), name);
        }
    }

    /**
     * Writes every frame that is sent to a file that tcpdump and Wireshark read, instead of one
     * before, until {@link #endCapture()} or {@link #close()}.
     *
     * @param file the file, made anew
     * @throws RumpException if it cannot be written
     */
    public void capture(Path file) {
        try {
            handle.capture(Objects.requireNonNull(file));
        } catch (Failure e) {
            throw new RumpException(e.errno(), file.toString());
        }
    }

    /** Ends the capture, if there is one: its file is complete. */
    public void endCapture() {
        try {
            handle.capture(null);
        } catch (Failure e) {
            throw new RumpException(e.errno(), "capture");
        }
    }

    /**
     * What has become of frames.
     *
     * @return the counters now
     */
    public Counters counters() {
        long[] c = handle.counters();
        return new Counters(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
    }

    /**
     * What has become of frames; each receiver counts.
     *
     * @param sent frames
     * @param bytes of those that were sent
     * @param delivered frames that arrived
     * @param lost frames that did not
     * @param duplicated frames that arrived twice
     * @param corrupted frames with a wrong bit
     * @param reordered frames that were overtaken
     * @param overflows frames that were too many
     */
    public record Counters(
            long sent,
            long bytes,
            long delivered,
            long lost,
            long duplicated,
            long corrupted,
            long reordered,
            long overflows) {}

    /** Ends a capture, and gives the wire up; interfaces that are attached go on with it. */
    @Override
    public void close() {
        handle.close();
    }
}
