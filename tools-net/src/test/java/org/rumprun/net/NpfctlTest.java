// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Sysctl;
import org.rumprun.kernel.ToolException;

@Timeout(60)
class NpfctlTest {
    private static final Duration SHORT = Duration.ofMillis(20);

    private RumpKernel kernel;
    private Npfctl npf;

    @BeforeEach
    void boot() {
        kernel = RumpKernel.boot();
        npf = Npfctl.in(kernel);
    }

    @AfterEach
    void halt() {
        assertThat(kernel.handle().halt(false)).isZero();
    }

    @Test
    void configurationsAreLoadedAndShown() {
        npf.load(
                """
                group "in" in on lo0 {
                    pass final proto tcp to any port 80
                    ruleset "guests"
                }
                group default {
                    block all
                }
                """);
        assertThat(npf.rules())
                .extracting(NpfRule::kind, NpfRule::groups, NpfRule::name)
                .containsExactly(
                        tuple(NpfRule.Kind.GROUP, List.of(), "in"),
                        tuple(NpfRule.Kind.PASS, List.of("in"), ""),
                        tuple(NpfRule.Kind.RULESET, List.of("in"), "guests"),
                        tuple(NpfRule.Kind.GROUP, List.of(), ""),
                        tuple(NpfRule.Kind.BLOCK, List.of(""), ""));
        assertThat(npf.rules().get(1).text()).isEqualTo("pass final proto tcp to any port 80");
        npf.flush();
        assertThat(npf.rules()).isEmpty();
    }

    @Test
    void errorsTellThePlace() {
        assertThatThrownBy(() -> npf.load("group default {\n\tpass nonsense\n}\n"))
                .isInstanceOf(ToolException.class)
                .hasMessageContaining("stdin:2:14: syntax error near 'nonsense'");
        assertThat(npf.validate("group default { pass all }")).contains("\tpass all");
        assertThat(npf.rules()).isEmpty();
    }

    @Test
    void dynamicRulesBlockWhatTheySay() {
        Sysctl.in(kernel).run("-w", "net.inet.ip.dad_count=0");
        npf.load("group default {\n\truleset \"dyn\"\n\tpass final all\n}\n");
        npf.start();
        assertThat(Ping.in(kernel).ping("127.0.0.1", 1, SHORT).received()).isEqualTo(1);
        long id = npf.addRule("dyn", "block in final proto icmp from 127.0.0.1");
        assertThat(npf.rules("dyn"))
                .singleElement()
                .satisfies(
                        rule -> {
                            assertThat(rule.id()).hasValue(id);
                            assertThat(rule.kind()).isEqualTo(NpfRule.Kind.BLOCK);
                            assertThat(rule.groups()).containsExactly("dyn");
                            assertThat(rule.text())
                                    .isEqualTo(
                                            "block in final family inet4 proto icmp from"
                                                    + " 127.0.0.1");
                        });
        assertThat(npf.rules()).hasSize(4);
        assertThat(Ping.in(kernel).ping("127.0.0.1", 1, SHORT).received()).isZero();
        npf.removeRule("dyn", id);
        assertThat(npf.rules("dyn")).isEmpty();
        assertThat(npf.stats().blockedByRule()).isEqualTo(1);
        assertThat(npf.stats().passedByRule()).isPositive();
        npf.addRule("dyn", "block all");
        npf.flushRules("dyn");
        npf.stop();
        assertThatThrownBy(() -> npf.rules("nosuch")).hasMessageContaining("not found");
    }

    @Test
    void tablesHoldAddresses() {
        npf.load(
                """
                table <t> type tree dynamic
                group default {
                    block from <t>
                }
                """);
        npf.add("t", "10.0.0.0/8");
        npf.add("t", "2001:db8::1");
        assertThat(npf.contains("t", "10.9.9.9")).isTrue();
        assertThat(npf.contains("t", "11.9.9.9")).isFalse();
        assertThat(npf.entries("t")).containsExactlyInAnyOrder("10.0.0.0/8", "2001:db8::1");
        npf.remove("t", "10.0.0.0/8");
        assertThat(npf.contains("t", "10.9.9.9")).isFalse();
        assertThatThrownBy(() -> npf.contains("nosuch", "10.9.9.9"))
                .isInstanceOf(ToolException.class);
    }
}
