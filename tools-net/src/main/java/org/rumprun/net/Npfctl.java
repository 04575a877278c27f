// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.net;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

/**
 * Controls the packet filter NPF: {@code npfctl(8)}. The kernel needs the components {@code
 * net_npf}, {@code dev} and {@code dev_bpf}.
 */
public final class Npfctl extends Tool {
    private Npfctl(RumpHost host) {
        super(host, NetTools.GROUP, "npfctl");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Npfctl in(RumpHost host) {
        return new Npfctl(host);
    }

    /**
     * Switches filtering on.
     *
     * @throws ToolException if there is no filter in the kernel, for one
     */
    public void start() {
        run("start");
    }

    /**
     * Switches filtering off; the configuration stays.
     *
     * @throws ToolException if npfctl fails
     */
    public void stop() {
        run("stop");
    }

    /**
     * Loads a configuration in the place of the one before.
     *
     * @param configuration its text, as npf.conf(5) describes it
     * @throws ToolException if it is wrong: the message tells line and column
     */
    public void load(String configuration) {
        reading(configuration).run("reload", "-");
    }

    /**
     * Reads a configuration without loading it.
     *
     * @param configuration its text
     * @return what it was understood as
     * @throws ToolException if it is wrong
     */
    public String validate(String configuration) {
        return reading(configuration).run("validate", "-").out();
    }

    /**
     * Removes the configuration and ends all connections.
     *
     * @throws ToolException if npfctl fails
     */
    public void flush() {
        run("flush");
    }

    /**
     * The rules that are loaded, groups among them, dynamic ones behind their rulesets.
     *
     * @return them, in the order in which packets meet them
     * @throws ToolException if npfctl fails
     */
    public List<NpfRule> rules() {
        List<NpfRule> rules = new ArrayList<>();
        List<String> groups = new ArrayList<>();
        for (String line : run("show").out().split("\n")) {
            NpfRule.parse(line, groups).ifPresent(rules::add);
        }
        return rules;
    }

    /**
     * The rules of a dynamic ruleset.
     *
     * @param ruleset its name
     * @return them, in their order
     * @throws ToolException if there is none of that name, for one
     */
    public List<NpfRule> rules(String ruleset) {
        List<String> groups = new ArrayList<>(List.of(ruleset));
        return run("rule", ruleset, "list")
                .out()
                .lines()
                .flatMap(line -> NpfRule.parse("\t" + line, groups).stream())
                .toList();
    }

    /**
     * Adds a rule to a dynamic ruleset.
     *
     * @param ruleset its name
     * @param rule "block in final proto icmp from 10.0.0.1"
     * @return the rule's number
     * @throws ToolException if the rule is wrong, for one
     */
    public long addRule(String ruleset, String rule) {
        ToolResult result = run("rule", ruleset, "add", rule);
        return Long.parseUnsignedLong(result.out().strip().substring("OK ".length()), 16);
    }

    /**
     * Removes a rule from a dynamic ruleset.
     *
     * @param ruleset its name
     * @param id the rule's number
     * @throws ToolException if there is no such rule
     */
    public void removeRule(String ruleset, long id) {
        run("rule", ruleset, "rem-id", Long.toHexString(id));
    }

    /**
     * Removes all rules from a dynamic ruleset.
     *
     * @param ruleset its name
     * @throws ToolException if there is none of that name
     */
    public void flushRules(String ruleset) {
        run("rule", ruleset, "flush");
    }

    /**
     * Adds an address to a table.
     *
     * @param table its name
     * @param address "10.0.0.1", or for a tree "10.0.0.0/8"
     * @throws ToolException if it is there already, for one
     */
    public void add(String table, String address) {
        run("table", table, "add", address);
    }

    /**
     * Removes an address from a table.
     *
     * @param table its name
     * @param address as it was added
     * @throws ToolException if there is no such table, for one
     */
    public void remove(String table, String address) {
        run("table", table, "rem", address);
    }

    /**
     * Whether an address is in a table.
     *
     * @param table its name
     * @param address "10.0.0.1"
     * @return whether it is
     * @throws ToolException if there is no such table, for one
     */
    public boolean contains(String table, String address) {
        try {
            run("table", table, "test", address);
            return true;
        } catch (ToolException e) {
            if (e.result().err().contains("no matching entry")) {
                return false;
            }
            throw e;
        }
    }

    /**
     * What is in a table.
     *
     * @param table its name
     * @return addresses and networks, in no order
     * @throws ToolException if there is no such table
     */
    public List<String> entries(String table) {
        return run("table", table, "list").out().lines().toList();
    }

    /**
     * What the filter has counted.
     *
     * @return the counters, as they are now
     * @throws ToolException if npfctl fails
     */
    public NpfStats stats() {
        return NpfStats.parse(run("stats").out());
    }

    private Npfctl reading(String text) {
        return in(
                host().withInput(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))));
    }
}
