// SPDX-License-Identifier: BSD-2-Clause
/** A consumer on the module path. */
module com.example.modules {
    requires org.rumprun.fs;
}
