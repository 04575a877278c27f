// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A path in a kernel: bytes, as names are there. Strings are UTF-8; a name that is none still has
 * its path, which differs from all that strings give.
 */
final class RumpPath implements Path {
    private static final byte SLASH = '/';

    private final RumpFileSystem fs;

    /** Without empty components and without a slash at the end. */
    private final byte[] bytes;

    private volatile byte[][] names;
    private volatile String string;

    RumpPath(RumpFileSystem fs, byte[] bytes) {
        this.fs = fs;
        this.bytes = bytes;
    }

    static RumpPath parse(RumpFileSystem fs, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new InvalidPathException(text, "a NUL character");
        }
        try {
            return of(fs, StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text)));
        } catch (CharacterCodingException e) {
            throw new InvalidPathException(text, "half a character");
        }
    }

    /** Of a symbolic link's target, for one: slashes stand anywhere. */
    static RumpPath of(RumpFileSystem fs, ByteBuffer encoded) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(encoded.remaining());
        byte last = 0;
        while (encoded.hasRemaining()) {
            byte b = encoded.get();
            if (b != SLASH || last != SLASH) {
                out.write(b);
            }
            last = b;
        }
        byte[] all = out.toByteArray();
        boolean tail = all.length > 1 && all[all.length - 1] == SLASH;
        return new RumpPath(fs, tail ? Arrays.copyOf(all, all.length - 1) : all);
    }

    static RumpPath of(Path path) {
        if (Objects.requireNonNull(path) instanceof RumpPath mine) {
            return mine;
        }
        throw new ProviderMismatchException(path + " is not of the rump provider");
    }

    private RumpPath same(Path other) {
        RumpPath path = of(other);
        if (path.fs != fs) {
            throw new ProviderMismatchException(other + " is of another file system");
        }
        return path;
    }

    /** For a call: ends with a NUL; relative ones are relative to the root. */
    byte[] zero() {
        return bytes.length == 0 ? new byte[] {'.', 0} : Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** What a symbolic link to it says, for a call. */
    byte[] text() {
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    byte[] raw() {
        return bytes;
    }

    /** A child of this directory. */
    RumpPath child(byte[] name) {
        if (bytes.length == 0) {
            return new RumpPath(fs, name);
        }
        int slash = bytes.length == 1 && bytes[0] == SLASH ? 0 : 1;
        byte[] all = Arrays.copyOf(bytes, bytes.length + slash + name.length);
        if (slash != 0) {
            all[bytes.length] = SLASH;
        }
        System.arraycopy(name, 0, all, bytes.length + slash, name.length);
        return new RumpPath(fs, all);
    }

    private byte[][] names() {
        byte[][] known = names;
        if (known != null) {
            return known;
        }
        List<byte[]> found = new ArrayList<>();
        int start = isAbsolute() ? 1 : 0;
        for (int i = start; i <= bytes.length; i++) {
            if (i == bytes.length || bytes[i] == SLASH) {
                if (i > start || bytes.length == 0) {
                    found.add(Arrays.copyOfRange(bytes, start, i));
                }
                start = i + 1;
            }
        }
        names = found.toArray(byte[][]::new);
        return names;
    }

    private RumpPath join(boolean absolute, List<byte[]> parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (absolute) {
            out.write(SLASH);
        }
        for (int i = 0; i < parts.size(); i++) {
            if (i > 0) {
                out.write(SLASH);
            }
            out.writeBytes(parts.get(i));
        }
        return new RumpPath(fs, out.toByteArray());
    }

    private boolean isEmpty() {
        return bytes.length == 0;
    }

    @Override
    public FileSystem getFileSystem() {
        return fs;
    }

    RumpFileSystem system() {
        return fs;
    }

    @Override
    public boolean isAbsolute() {
        return bytes.length > 0 && bytes[0] == SLASH;
    }

    @Override
    public RumpPath getRoot() {
        return isAbsolute() ? new RumpPath(fs, new byte[] {SLASH}) : null;
    }

    @Override
    public RumpPath getFileName() {
        byte[][] parts = names();
        return parts.length == 0 ? null : new RumpPath(fs, parts[parts.length - 1]);
    }

    @Override
    public RumpPath getParent() {
        byte[][] parts = names();
        if (parts.length == 0) {
            return null;
        }
        if (parts.length == 1) {
            return getRoot();
        }
        return new RumpPath(
                fs, Arrays.copyOf(bytes, bytes.length - parts[parts.length - 1].length - 1));
    }

    @Override
    public int getNameCount() {
        return names().length;
    }

    @Override
    public RumpPath getName(int index) {
        byte[][] parts = names();
        if (index < 0 || index >= parts.length) {
            throw new IllegalArgumentException("there is no name " + index + " in " + this);
        }
        return new RumpPath(fs, parts[index]);
    }

    @Override
    public RumpPath subpath(int begin, int end) {
        byte[][] parts = names();
        if (begin < 0 || begin >= end || end > parts.length) {
            throw new IllegalArgumentException("no names " + begin + " to " + end + " in " + this);
        }
        return join(false, List.of(parts).subList(begin, end));
    }

    @Override
    public boolean startsWith(Path other) {
        if (!(Objects.requireNonNull(other) instanceof RumpPath path) || path.fs != fs) {
            return false;
        }
        if (path.isAbsolute() != isAbsolute() || path.isEmpty() != isEmpty()) {
            return false;
        }
        byte[][] mine = names();
        byte[][] theirs = path.names();
        if (theirs.length > mine.length) {
            return false;
        }
        return Arrays.equals(
                mine, 0, theirs.length, theirs, 0, theirs.length, Arrays::compareUnsigned);
    }

    @Override
    public boolean endsWith(Path other) {
        if (!(Objects.requireNonNull(other) instanceof RumpPath path) || path.fs != fs) {
            return false;
        }
        byte[][] mine = names();
        byte[][] theirs = path.names();
        if (theirs.length > mine.length || path.isEmpty() != isEmpty()) {
            return false;
        }
        if (path.isAbsolute()) {
            return equals(path);
        }
        int from = mine.length - theirs.length;
        return Arrays.equals(
                mine, from, mine.length, theirs, 0, theirs.length, Arrays::compareUnsigned);
    }

    @Override
    public RumpPath normalize() {
        List<byte[]> kept = new ArrayList<>();
        for (byte[] name : names()) {
            if (isDots(name, 1)) {
                continue;
            }
            boolean up = isDots(name, 2);
            if (up && !kept.isEmpty() && !isDots(kept.get(kept.size() - 1), 2)) {
                kept.remove(kept.size() - 1);
            } else if (!up || !isAbsolute()) {
                kept.add(name);
            }
        }
        return join(isAbsolute(), kept);
    }

    private boolean hasDots() {
        for (byte[] name : names()) {
            if (isDots(name, 1) || isDots(name, 2)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isDots(byte[] name, int count) {
        return name.length == count && name[0] == '.' && name[count - 1] == '.';
    }

    @Override
    public RumpPath resolve(Path other) {
        RumpPath path = same(other);
        if (path.isAbsolute() || isEmpty()) {
            return path;
        }
        return path.isEmpty() ? this : child(path.bytes);
    }

    @Override
    public RumpPath relativize(Path other) {
        RumpPath path = same(other);
        if (path.equals(this)) {
            return new RumpPath(fs, new byte[0]);
        }
        if (path.isAbsolute() != isAbsolute()) {
            throw new IllegalArgumentException(
                    "only one of " + this + " and " + path + " is absolute");
        }
        if (isEmpty()) {
            return path;
        }
        boolean dots = hasDots() || path.hasDots();
        return dots ? normalize().from(path.normalize(), this) : from(path, this);
    }

    /** From here to a path, both without dots that can be taken away. */
    private RumpPath from(RumpPath path, RumpPath asked) {
        byte[][] mine = isEmpty() ? new byte[0][] : names();
        byte[][] theirs = path.isEmpty() ? new byte[0][] : path.names();
        int common = 0;
        while (common < mine.length
                && common < theirs.length
                && Arrays.equals(mine[common], theirs[common])) {
            common++;
        }
        List<byte[]> parts = new ArrayList<>();
        for (int i = common; i < mine.length; i++) {
            if (isDots(mine[i], 2)) {
                throw new IllegalArgumentException("what is above " + asked + " has no name");
            }
            parts.add(new byte[] {'.', '.'});
        }
        parts.addAll(List.of(theirs).subList(common, theirs.length));
        return join(false, parts);
    }

    @Override
    public URI toUri() {
        return fs.uri(toAbsolutePath());
    }

    @Override
    public RumpPath toAbsolutePath() {
        return isAbsolute() ? this : fs.root().resolve(this);
    }

    @Override
    public RumpPath toRealPath(LinkOption... options) throws IOException {
        return fs.realPath(this, options);
    }

    @Override
    public WatchKey register(
            WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        Objects.requireNonNull(watcher);
        throw new UnsupportedOperationException("a kernel's files cannot be watched");
    }

    @Override
    public int compareTo(Path other) {
        return Arrays.compareUnsigned(bytes, ((RumpPath) other).bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RumpPath path && path.fs == fs && Arrays.equals(path.bytes, bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        String known = string;
        if (known == null) {
            known = new String(bytes, StandardCharsets.UTF_8);
            string = known;
        }
        return known;
    }
}
