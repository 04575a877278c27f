// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Real paths: symbolic links resolved one after the other. */
final class Links {
    private static final int MAX_LINKS = 64;

    private Links() {}

    static RumpPath resolve(RumpPath path) throws IOException {
        Deque<RumpPath> todo = new ArrayDeque<>();
        push(todo, path);
        RumpPath done = path.getRoot();
        int links = 0;
        while (!todo.isEmpty()) {
            RumpPath name = todo.pop();
            if (name.toString().equals(".")) {
                continue;
            }
            if (name.toString().equals("..")) {
                done = done.getParent() == null ? done : done.getParent();
                continue;
            }
            RumpPath next = done.child(name.raw());
            if (!RumpFileSystems.PROVIDER.attributes(next, false).isSymbolicLink()) {
                done = next;
                continue;
            }
            if (++links > MAX_LINKS) {
                throw new FileSystemLoopException(path.toString());
            }
            RumpPath target = RumpFileSystems.PROVIDER.readSymbolicLink(next);
            done = target.isAbsolute() ? path.getRoot() : done;
            push(todo, target);
        }
        return done;
    }

    private static void push(Deque<RumpPath> todo, RumpPath path) {
        for (int i = path.getNameCount() - 1; i >= 0; i--) {
            todo.push(path.getName(i));
        }
    }

    /** Takes dots away, but for those that come after a link. */
    static RumpPath dots(RumpPath path) throws IOException {
        RumpPath done = path.getRoot();
        for (Path part : path) {
            RumpPath name = RumpPath.of(part);
            if (name.toString().equals(".")) {
                continue;
            }
            boolean up = name.toString().equals("..");
            if (!up) {
                done = done.child(name.raw());
            } else if (done.getParent() == null) {
                continue;
            } else if (done.endsWith("..")
                    || RumpFileSystems.PROVIDER.attributes(done, false).isSymbolicLink()) {
                done = done.child(name.raw());
            } else {
                done = done.getParent();
            }
        }
        return done;
    }
}
