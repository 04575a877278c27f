// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Objects;

/** A user by number; the name is what the file system's own /etc/passwd says, if anything. */
sealed class RumpPrincipal implements UserPrincipal permits RumpPrincipal.Group {
    private static final long MAX_ID = 0xffffffffL;

    private final RumpFileSystem fs;
    private final long id;

    RumpPrincipal(RumpFileSystem fs, long id) {
        this.fs = fs;
        this.id = id & MAX_ID;
    }

    /** A group; the names are in /etc/group. */
    static final class Group extends RumpPrincipal implements GroupPrincipal {
        Group(RumpFileSystem fs, long id) {
            super(fs, id);
        }

        @Override
        String file() {
            return "/etc/group";
        }
    }

    /** Names, and numbers where there are no names. */
    static final class Lookup extends UserPrincipalLookupService {
        private final RumpFileSystem fs;

        Lookup(RumpFileSystem fs) {
            this.fs = fs;
        }

        @Override
        public UserPrincipal lookupPrincipalByName(String name) throws IOException {
            return new RumpPrincipal(fs, find("/etc/passwd", name));
        }

        @Override
        public GroupPrincipal lookupPrincipalByGroupName(String name) throws IOException {
            return new Group(fs, find("/etc/group", name));
        }

        private long find(String file, String name) throws IOException {
            String id = field(fs, file, 0, Objects.requireNonNull(name), 2);
            try {
                long number = Long.parseLong(id == null ? name : id);
                if (number >= 0 && number <= MAX_ID) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // not a number either
            }
            throw new UserPrincipalNotFoundException(name);
        }
    }

    /** The field of the line whose field `key` is `value`, or null. */
    private static String field(RumpFileSystem fs, String file, int key, String value, int wanted) {
        try {
            byte[] bytes = Files.readAllBytes(fs.getPath(file));
            for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
                String[] fields = line.split(":", -1);
                if (fields.length >= 3 && fields[key].equals(value)) {
                    return fields[wanted];
                }
            }
        } catch (IOException e) {
            return null;
        }
        return null;
    }

    String file() {
        return "/etc/passwd";
    }

    long id() {
        return id;
    }

    @Override
    public String getName() {
        String number = Long.toString(id);
        String name = fs.isOpen() ? field(fs, file(), 2, number, 0) : null;
        return name == null || name.isEmpty() ? number : name;
    }

    @Override
    public boolean equals(Object other) {
        return other != null
                && other.getClass() == getClass()
                && ((RumpPrincipal) other).fs == fs
                && ((RumpPrincipal) other).id == id;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(id);
    }

    @Override
    public String toString() {
        return getName();
    }
}
