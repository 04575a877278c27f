// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import org.rumprun.kernel.internal.Natives;

/** The group of the kernel's own tools, made when first asked for. */
final class KernelTools {
    static final Natives.Group GROUP = Natives.kernelGroup();

    private KernelTools() {}
}
