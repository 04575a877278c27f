// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.file.ProviderMismatchException;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The attributes of a file, as views and by name. */
final class RumpViews implements PosixFileAttributeView {
    private static final long TIME_OMIT = 0x3ffffffe;

    private static final List<String> BASIC =
            List.of(
                    "lastModifiedTime",
                    "lastAccessTime",
                    "creationTime",
                    "size",
                    "isRegularFile",
                    "isDirectory",
                    "isSymbolicLink",
                    "isOther",
                    "fileKey");
    private static final List<String> POSIX = List.of("permissions", "owner", "group");
    private static final List<String> UNIX =
            List.of(
                    "mode", "ino", "dev", "rdev", "nlink", "uid", "gid", "ctime", "flags", "gen",
                    "blocks", "blksize");

    private final RumpPath path;
    private final boolean follow;
    private final String name;

    RumpViews(RumpPath path, boolean follow, String name) {
        this.path = path;
        this.follow = follow;
        this.name = name;
    }

    @SuppressWarnings("unchecked")
    static <V extends FileAttributeView> V of(RumpPath path, Class<V> type, boolean follow) {
        if (Objects.requireNonNull(type) == BasicFileAttributeView.class) {
            return (V) new RumpViews(path, follow, "basic");
        }
        if (type == PosixFileAttributeView.class) {
            return (V) new RumpViews(path, follow, "posix");
        }
        if (type == FileOwnerAttributeView.class) {
            return (V) new RumpViews(path, follow, "owner");
        }
        return null;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public RumpAttributes readAttributes() throws IOException {
        return RumpFileSystems.PROVIDER.attributes(path, follow);
    }

    private byte[] zero() {
        return path.zero();
    }

    private int followed() {
        return follow ? 1 : 0;
    }

    @Override
    public void setTimes(FileTime modified, FileTime accessed, FileTime created)
            throws IOException {
        if (modified == null && accessed == null) {
            return;
        }
        Instant m = modified == null ? null : modified.toInstant();
        Instant a = accessed == null ? null : accessed.toInstant();
        Errors.check(
                path.system()
                        .writer()
                        .utimens(
                                zero(),
                                a == null ? 0 : a.getEpochSecond(),
                                a == null ? TIME_OMIT : a.getNano(),
                                m == null ? 0 : m.getEpochSecond(),
                                m == null ? TIME_OMIT : m.getNano(),
                                followed()),
                path);
    }

    @Override
    public void setPermissions(Set<PosixFilePermission> permissions) throws IOException {
        int kept = readAttributes().mode() & 07000;
        setMode(kept | RumpAttributes.mode(permissions));
    }

    private void setMode(int mode) throws IOException {
        Errors.check(path.system().writer().chmod(zero(), mode & 07777, followed()), path);
    }

    private void setIds(long uid, long gid) throws IOException {
        Errors.check(path.system().writer().chown(zero(), uid, gid, followed()), path);
    }

    @Override
    public UserPrincipal getOwner() throws IOException {
        return readAttributes().owner();
    }

    @Override
    public void setOwner(UserPrincipal owner) throws IOException {
        if (!(Objects.requireNonNull(owner) instanceof RumpPrincipal mine)) {
            throw new ProviderMismatchException(owner + " is no user of the rump provider");
        }
        if (owner instanceof RumpPrincipal.Group) {
            throw new IOException(owner + " is a group");
        }
        setIds(mine.id(), -1);
    }

    @Override
    public void setGroup(GroupPrincipal group) throws IOException {
        if (!(Objects.requireNonNull(group) instanceof RumpPrincipal.Group mine)) {
            throw new ProviderMismatchException(group + " is no group of the rump provider");
        }
        setIds(-1, mine.id());
    }

    /** The names that a view has; null: no such view. */
    private static List<String> names(String view) {
        switch (view) {
            case "basic":
                return BASIC;
            case "owner":
                return List.of("owner");
            case "posix":
                return join(BASIC, POSIX);
            case "unix":
                return join(join(BASIC, POSIX), UNIX);
            default:
                return null;
        }
    }

    private static List<String> join(List<String> a, List<String> b) {
        return java.util.stream.Stream.concat(a.stream(), b.stream()).toList();
    }

    /** "unix:mode,ino" and so on. */
    static Map<String, Object> read(RumpPath path, boolean follow, String attributes)
            throws IOException {
        int colon = attributes.indexOf(':');
        String view = colon < 0 ? "basic" : attributes.substring(0, colon);
        List<String> known = names(view);
        if (known == null) {
            throw new UnsupportedOperationException("a view called " + view);
        }
        List<String> wanted = Arrays.asList(attributes.substring(colon + 1).split(",", -1));
        for (String name : wanted) {
            if (!name.equals("*") && !known.contains(name)) {
                throw new IllegalArgumentException("'" + name + "' is no attribute of " + view);
            }
        }
        if (wanted.contains("*")) {
            wanted = known;
        }
        RumpAttributes all = RumpFileSystems.PROVIDER.attributes(path, follow);
        Map<String, Object> values = new LinkedHashMap<>();
        for (String name : wanted) {
            values.put(name, value(all, name));
        }
        return values;
    }

    private static Object value(RumpAttributes all, String name) {
        return switch (name) {
            case "lastModifiedTime" -> all.lastModifiedTime();
            case "lastAccessTime" -> all.lastAccessTime();
            case "creationTime" -> all.creationTime();
            case "size" -> all.size();
            case "isRegularFile" -> all.isRegularFile();
            case "isDirectory" -> all.isDirectory();
            case "isSymbolicLink" -> all.isSymbolicLink();
            case "isOther" -> all.isOther();
            case "fileKey" -> all.fileKey();
            case "permissions" -> all.permissions();
            case "owner" -> all.owner();
            case "group" -> all.group();
            case "mode" -> all.mode();
            case "ino" -> all.get(RumpAttributes.INO);
            case "dev" -> all.get(RumpAttributes.DEV);
            case "rdev" -> all.get(RumpAttributes.RDEV);
            case "nlink" -> (int) all.get(RumpAttributes.NLINK);
            case "uid" -> (int) all.get(RumpAttributes.UID);
            case "gid" -> (int) all.get(RumpAttributes.GID);
            case "ctime" -> all.time(RumpAttributes.CTIME);
            case "flags" -> (int) all.get(RumpAttributes.FLAGS);
            case "gen" -> all.get(RumpAttributes.GEN);
            case "blocks" -> all.get(RumpAttributes.BLOCKS);
            case "blksize" -> all.get(RumpAttributes.BLKSIZE);
            default -> throw new IllegalArgumentException(name);
        };
    }

    @SuppressWarnings("unchecked")
    static void set(RumpPath path, boolean follow, String attribute, Object value)
            throws IOException {
        int colon = attribute.indexOf(':');
        String view = colon < 0 ? "basic" : attribute.substring(0, colon);
        String name = attribute.substring(colon + 1);
        List<String> known = names(view);
        if (known == null) {
            throw new UnsupportedOperationException("a view called " + view);
        }
        if (!known.contains(name)) {
            throw new IllegalArgumentException("'" + name + "' is no attribute of " + view);
        }
        RumpViews views = new RumpViews(path, follow, view);
        switch (name) {
            case "lastModifiedTime" -> views.setTimes((FileTime) value, null, null);
            case "lastAccessTime" -> views.setTimes(null, (FileTime) value, null);
            case "creationTime" -> views.setTimes(null, null, (FileTime) value);
            case "permissions" -> views.setPermissions((Set<PosixFilePermission>) value);
            case "owner" -> views.setOwner((UserPrincipal) value);
            case "group" -> views.setGroup((GroupPrincipal) value);
            case "mode" -> views.setMode((Integer) value);
            case "uid" -> views.setIds(((Number) value).longValue(), -1);
            case "gid" -> views.setIds(-1, ((Number) value).longValue());
            case "flags" ->
                    Errors.check(
                            path.system()
                                    .writer()
                                    .chflags(
                                            path.zero(),
                                            ((Number) value).longValue() & 0xffffffffL),
                            path);
            default -> throw new IllegalArgumentException("'" + name + "' cannot be set");
        }
    }
}
