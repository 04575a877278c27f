// SPDX-License-Identifier: BSD-2-Clause
/** The disk tools: a class for each, and typed values for what they show. */
package org.rumprun.disk;
