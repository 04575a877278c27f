// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.Optional;
import org.rumprun.kernel.internal.Natives;

/**
 * The native libraries. They come with the jars and load by themselves; two system properties
 * change from where: {@code rumprun.native.dir} names a folder that has them, {@code
 * rumprun.native.cache} the folder to which they are extracted.
 */
public final class RumpNatives {
    private RumpNatives() {}

    /**
     * Whether kernels can be booted here.
     *
     * @return false when the natives cannot be loaded
     */
    public static boolean isAvailable() {
        return Natives.unavailabilityCause() == null;
    }

    /**
     * Why the natives cannot be loaded.
     *
     * @return the cause; its message says what to do
     */
    public static Optional<Throwable> unavailabilityCause() {
        return Optional.ofNullable(Natives.unavailabilityCause());
    }

    /**
     * What is loaded.
     *
     * @return the library's version and the version of NetBSD whose interfaces it has
     */
    public static String version() {
        return Natives.version();
    }
}
