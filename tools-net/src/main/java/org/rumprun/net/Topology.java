// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives every test of JUnit, of a class or alone, a {@link Network} of its own, as a parameter: of
 * the test, or of methods before and after it.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@ExtendWith(NetworkExtension.class)
public @interface Topology {
    /**
     * What the faults of the wires follow from and, on virtual time, what is random in hosts.
     *
     * @return the seed; 0: any
     */
    long seed() default 0;

    /**
     * Whether the hosts have a clock of their own, {@link Network#clock()}: it jumps to what is due
     * next when all threads wait in hosts, so that delays and timeouts take no time, and are exact.
     * What follows from the seed then, {@link org.rumprun.kernel.VirtualClock} tells.
     *
     * @return true: they have; false: they are on the world's time
     */
    boolean virtualTime() default false;

    /**
     * The wires with faults; one without is there when a host is on it.
     *
     * @return any number
     */
    Cable[] wires() default {};

    /**
     * The hosts.
     *
     * @return any number
     */
    Host[] hosts() default {};

    /**
     * The hosts that forward packets.
     *
     * @return any number
     */
    Host[] routers() default {};

    /** A host. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target({})
    @interface Host {
        /**
         * Its name.
         *
         * @return the name
         */
        String name();

        /**
         * Its interfaces wire0, wire1 and so on: each the name of a wire, and addresses.
         *
         * @return "lan 10.0.0.1/24 2001:db8::1/64"
         */
        String[] ports();

        /**
         * Its routes, besides the default ones by a router on its wires.
         *
         * @return "10.1.0.0/16 10.0.0.2": a network and a gateway
         */
        String[] routes() default {};
    }

    /** A wire and what it does to frames. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target({})
    @interface Cable {
        /**
         * Its name.
         *
         * @return the name
         */
        String name();

        /**
         * Frames that are lost.
         *
         * @return their share, 0 to 1
         */
        double loss() default 0;

        /**
         * Frames that arrive twice.
         *
         * @return their share, 0 to 1
         */
        double duplicate() default 0;

        /**
         * Frames in which a bit turns.
         *
         * @return their share, 0 to 1
         */
        double corrupt() default 0;

        /**
         * Frames that later ones overtake.
         *
         * @return their share, 0 to 1
         */
        double reorder() default 0;

        /**
         * The time that a frame takes.
         *
         * @return milliseconds
         */
        long delayMillis() default 0;

        /**
         * The time that a frame takes more, at most.
         *
         * @return milliseconds
         */
        long jitterMillis() default 0;

        /**
         * What a receiver gets.
         *
         * @return bits in a second; 0: any number
         */
        long rate() default 0;
    }
}
