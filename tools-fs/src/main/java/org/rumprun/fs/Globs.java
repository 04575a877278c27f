// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Globs as {@link java.nio.file.FileSystem#getPathMatcher} describes them, as patterns. */
final class Globs {
    private static final String SPECIAL = "\\^$.|?*+()[]{}";

    private final String glob;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private boolean group;

    private Globs(String glob) {
        this.glob = glob;
    }

    static Pattern pattern(String glob) {
        return Pattern.compile(new Globs(glob).convert(), Pattern.DOTALL);
    }

    private String convert() {
        while (at < glob.length()) {
            one(glob.charAt(at++));
        }
        if (group) {
            throw error("a { without }");
        }
        return out.toString();
    }

    private void one(char c) {
        switch (c) {
            case '\\':
                if (at == glob.length()) {
                    throw error("nothing follows the backslash");
                }
                literal(glob.charAt(at++));
                break;
            case '*':
                if (at < glob.length() && glob.charAt(at) == '*') {
                    at++;
                    out.append(".*");
                } else {
                    out.append("[^/]*");
                }
                break;
            case '?':
                out.append("[^/]");
                break;
            case '[':
                bracket();
                break;
            case '{':
                if (group) {
                    throw error("a { inside { }");
                }
                group = true;
                out.append("(?:(?:");
                break;
            case '}':
                out.append(group ? "))" : "\\}");
                group = false;
                break;
            case ',':
                out.append(group ? ")|(?:" : ",");
                break;
            default:
                literal(c);
        }
    }

    private void literal(char c) {
        if (SPECIAL.indexOf(c) >= 0) {
            out.append('\\');
        }
        out.append(c);
    }

    private void bracket() {
        out.append("[[^/]&&[");
        if (at < glob.length() && glob.charAt(at) == '!') {
            out.append('^');
            at++;
        }
        boolean any = false;
        for (; ; at++) {
            if (at == glob.length()) {
                throw error("a [ without ]");
            }
            char c = glob.charAt(at);
            if (c == ']' && any) {
                break;
            }
            if (c == '/') {
                throw error("a / inside [ ]");
            }
            if (c == '-' && any && at + 1 < glob.length() && glob.charAt(at + 1) != ']') {
                if (glob.charAt(at + 1) < glob.charAt(at - 1)) {
                    throw error("a range that ends before it begins");
                }
                out.append('-');
            } else {
                if ("\\[]^-&".indexOf(c) >= 0) {
                    out.append('\\');
                }
                out.append(c);
            }
            any = true;
        }
        at++;
        out.append("]]");
    }

    private PatternSyntaxException error(String what) {
        return new PatternSyntaxException(what, glob, at - 1);
    }
}
