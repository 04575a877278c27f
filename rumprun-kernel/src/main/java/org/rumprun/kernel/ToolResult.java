// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

/**
 * What a tool left.
 *
 * @param status its exit status, 0 for success
 * @param out what it wrote to its standard output
 * @param err what it wrote to its standard error output
 */
public record ToolResult(int status, String out, String err) {}
