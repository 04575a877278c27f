// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rumprun.fs.Dd;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.ToolException;

import java.io.ByteArrayInputStream;

@Timeout(60)
class DkctlTest {
    @Test
    void wedgesComeAndGo() {
        try (RumpKernel kernel = RumpKernel.boot()) {
            Dd.in(kernel.withInput(new ByteArrayInputStream(new byte[1 << 20]))).run("of=/image");
            Vnconfig.in(kernel).configure("vnd0", "/image");
            Dkctl dkctl = Dkctl.in(kernel);
            assertThat(dkctl.wedges("vnd0")).isEmpty();
            dkctl.addWedge("vnd0", "part", 64, 1000, "ffs");
            assertThat(dkctl.wedges("vnd0"))
                    .containsExactly(new Dkctl.Wedge("dk0", "part", 1000, 64, "ffs"));
            assertThatThrownBy(() -> dkctl.addWedge("vnd0", "part", 64, 1000, "ffs"))
                    .isInstanceOf(ToolException.class);
            dkctl.deleteWedge("vnd0", "dk0");
            assertThat(dkctl.wedges("vnd0")).isEmpty();
        }
    }
}
