// SPDX-License-Identifier: BSD-2-Clause
/**
 * Kernels in this process ({@link org.rumprun.kernel.RumpKernel}) or in their own ({@link
 * org.rumprun.kernel.RumpServer}), processes in them, and what runs there.
 */
package org.rumprun.kernel;
