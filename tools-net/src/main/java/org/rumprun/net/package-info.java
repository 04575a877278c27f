// SPDX-License-Identifier: BSD-2-Clause
/**
 * NetBSD's network tools, each a class: {@code Ifconfig.in(kernel).run("-a")}; a {@link
 * org.rumprun.net.Wire} between kernels of this process; and the sockets of a kernel as channels.
 */
package org.rumprun.net;
