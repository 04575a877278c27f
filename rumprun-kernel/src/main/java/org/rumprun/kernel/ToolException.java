// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.util.List;
import java.util.Optional;
import org.rumprun.kernel.internal.Errno;

/** A tool failed: its own message, and what can be told from it. */
public class ToolException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What the tool left. */
    private final transient ToolResult result;

    /** NetBSD's number, 0 when the message tells none. */
    private final int errno;

    /** What the message is about, or null. */
    private final String object;

    ToolException(List<String> command, ToolResult result) {
        super(message(command, result));
        this.result = result;
        String line = lastLine(result.err());
        String head = command.get(0) + ": ";
        String rest = line.startsWith(head) ? line.substring(head.length()) : line;
        this.errno = Errno.ending(line);
        String about = errno == 0 ? rest : cut(rest, ": " + Errno.text(errno));
        this.object = errno == 0 && !about.contains(": ") ? null : subject(about);
    }

    private static String message(List<String> command, ToolResult result) {
        String said = result.err().strip();
        if (said.isEmpty()) {
            said = lastLine(result.out());
        }
        return said.isEmpty()
                ? String.join(" ", command) + ": exit status " + result.status()
                : said;
    }

    private static String lastLine(String text) {
        String stripped = text.strip();
        return stripped.substring(stripped.lastIndexOf('\n') + 1);
    }

    private static String cut(String text, String tail) {
        return text.endsWith(tail) ? text.substring(0, text.length() - tail.length()) : text;
    }

    /** Messages say "object", "object: more" or "verb object". */
    private static String subject(String about) {
        for (String word : about.split("[ :]+")) {
            if (word.startsWith("/")) {
                return word;
            }
        }
        int colon = about.indexOf(": ");
        String first = colon < 0 ? about : about.substring(0, colon);
        return first.isEmpty() ? null : first;
    }

    /**
     * What the tool left.
     *
     * @return its status, output and error output
     */
    public ToolResult result() {
        return result;
    }

    /**
     * The name of the error that the message ends with.
     *
     * @return "ENOENT" for "No such file or directory"
     */
    public Optional<String> errnoName() {
        return errno == 0 ? Optional.empty() : Optional.of(Errno.name(errno));
    }

    /**
     * What the message is about.
     *
     * @return the file, in most messages
     */
    public Optional<String> object() {
        return Optional.ofNullable(object);
    }
}
