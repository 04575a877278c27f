// SPDX-License-Identifier: BSD-2-Clause
/** What the project's modules share: loading of natives, handles, and the calls on them. */
package org.rumprun.kernel.internal;
