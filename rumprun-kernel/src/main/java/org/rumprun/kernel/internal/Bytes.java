// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Strings as C has them. */
final class Bytes {
    private Bytes() {}

    /** UTF-8 with a NUL at the end; a string with one inside would silently be another. */
    static byte[] of(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a NUL in " + text.replace('\0', '?'));
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }
}
