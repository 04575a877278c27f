// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

/** The formats of FFS that newfs makes. */
public enum FfsFormat {
    /** As of 4.3BSD: {@code -O 0}. */
    BSD43,
    /** FFSv1: {@code -O 1}. */
    UFS1,
    /** FFSv2, with 64-bit block numbers and times with nanoseconds: {@code -O 2}. */
    UFS2
}
