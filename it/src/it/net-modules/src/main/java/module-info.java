// SPDX-License-Identifier: BSD-2-Clause
/** A consumer on the module path, which has no JUnit. */
module com.example.netmodules {
    requires org.rumprun.net;
}
