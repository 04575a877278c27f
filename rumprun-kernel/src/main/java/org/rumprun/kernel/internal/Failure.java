// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import java.nio.charset.StandardCharsets;

/** A call on a handle that failed: its number, and the library's sentence about it, or "". */
public final class Failure extends Exception {
    private static final long serialVersionUID = 1;

    /** NetBSD's error number. */
    private final int errno;

    Failure(int result, String why) {
        super(why, null, false, false);
        this.errno = -result;
    }

    /**
     * The error.
     *
     * @return NetBSD's number
     */
    public int errno() {
        return errno;
    }

    /** Gives 0 or a count back, and throws the rest. */
    static int check(int result, byte[] why) throws Failure {
        if (result < 0) {
            throw new Failure(result, text(why));
        }
        return result;
    }

    static String text(byte[] why) {
        int length = 0;
        while (length < why.length && why[length] != 0) {
            length++;
        }
        return new String(why, 0, length, StandardCharsets.UTF_8);
    }
}
