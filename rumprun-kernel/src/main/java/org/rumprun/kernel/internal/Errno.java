// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Pointer;

/** NetBSD's error numbers: those that Java code asks for, and the names and texts of all. */
public final class Errno {
    /** Operation not permitted. */
    public static final int EPERM = 1;

    /** No such file or directory. */
    public static final int ENOENT = 2;

    /** Interrupted system call. */
    public static final int EINTR = 4;

    /** Input/output error. */
    public static final int EIO = 5;

    /** Bad file descriptor. */
    public static final int EBADF = 9;

    /** Cannot allocate memory. */
    public static final int ENOMEM = 12;

    /** Permission denied. */
    public static final int EACCES = 13;

    /** Device busy. */
    public static final int EBUSY = 16;

    /** File exists. */
    public static final int EEXIST = 17;

    /** Cross-device link. */
    public static final int EXDEV = 18;

    /** Not a directory. */
    public static final int ENOTDIR = 20;

    /** Is a directory. */
    public static final int EISDIR = 21;

    /** Invalid argument. */
    public static final int EINVAL = 22;

    /** Illegal seek. */
    public static final int ESPIPE = 29;

    /** Read-only file system. */
    public static final int EROFS = 30;

    /** Operation not supported. */
    public static final int EOPNOTSUPP = 45;

    /** Can't send after socket shutdown; here: the kernel, or the process, has gone. */
    public static final int ESHUTDOWN = 58;

    /** Too many levels of symbolic links. */
    public static final int ELOOP = 62;

    /** File name too long. */
    public static final int ENAMETOOLONG = 63;

    /** Directory not empty. */
    public static final int ENOTEMPTY = 66;

    /** The largest number that has a name. */
    public static final int LAST = 96;

    private Errno() {}

    /**
     * A number's name.
     *
     * @param error the number
     * @return "ENOENT" for 2; "E1234" for a number without a name
     */
    public static String name(int error) {
        Pointer name = Natives.functions().rumprun_errname(error);
        return name == null ? "E" + error : name.getString(0);
    }

    /**
     * NetBSD's words for it.
     *
     * @param error the number
     * @return "No such file or directory" for 2
     */
    public static String text(int error) {
        return Natives.functions().rumprun_strerror(error).getString(0);
    }

    /**
     * The number for words that end a message.
     *
     * @param message a message as err(3) writes it
     * @return the number whose text the message ends with, or 0
     */
    public static int ending(String message) {
        for (int error = 1; error <= LAST; error++) {
            Pointer name = Natives.functions().rumprun_errname(error);
            if (name != null && message.endsWith(": " + text(error))) {
                return error;
            }
        }
        return 0;
    }
}
