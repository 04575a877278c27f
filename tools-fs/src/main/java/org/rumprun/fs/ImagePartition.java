// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

/**
 * A partition of an image.
 *
 * @param name "a" to "p" in a BSD label; "p1" and so on in a GPT or MBR
 * @param type what the table says of it, as wedges have it: "ffs", "cgd", or ""
 * @param offset where in the image it begins
 * @param size its bytes
 */
public record ImagePartition(String name, String type, long offset, long size) {}
