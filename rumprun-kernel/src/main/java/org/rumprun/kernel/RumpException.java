// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import org.rumprun.kernel.internal.Errno;
import org.rumprun.kernel.internal.Failure;

/** A call failed with one of NetBSD's errors. */
public class RumpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** NetBSD's number. */
    private final int errno;

    /**
     * An error of an operation.
     *
     * @param errno NetBSD's number
     * @param operation what failed, and on what
     */
    public RumpException(int errno, String operation) {
        super(operation + ": " + Errno.text(errno) + " (" + Errno.name(errno) + ")");
        this.errno = errno;
    }

    RumpException(Failure failure, String operation) {
        super(
                operation
                        + ": "
                        + (failure.getMessage().isEmpty()
                                ? Errno.text(failure.errno())
                                : failure.getMessage())
                        + " ("
                        + Errno.name(failure.errno())
                        + ")",
                failure);
        this.errno = failure.errno();
    }

    /**
     * The error.
     *
     * @return NetBSD's number, 2 for ENOENT
     */
    public int errno() {
        return errno;
    }

    /**
     * The error's name.
     *
     * @return "ENOENT" for 2
     */
    public String errnoName() {
        return Errno.name(errno);
    }
}
