// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import org.rumprun.kernel.internal.Errno;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.spi.FileSystemProvider;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The provider of the scheme "rump": {@code rump:file:///disk.img!/path}. {@link RumpFileSystems}
 * is the easier way to open an image. The environments of {@link #newFileSystem(URI, Map)} and
 * {@link #newFileSystem(Path, Map)} take "readOnly" and "log" (Boolean), "offset" and "length"
 * (Long), each as a String too, "type", "partition", and "layer" (an {@link ImageLayer}).
 */
public final class RumpFileSystemProvider extends FileSystemProvider {
    private static final int O_RDONLY = 0x0;
    private static final int O_DIRECTORY = 0x200000;

    private final Map<Path, RumpFileSystem> opened = new ConcurrentHashMap<>();

    /** Made by the service loader. */
    public RumpFileSystemProvider() {}

    @Override
    public String getScheme() {
        return "rump";
    }

    private static Path image(URI uri) {
        if (!"rump".equalsIgnoreCase(uri.getScheme())) {
            throw new IllegalArgumentException(uri + " does not begin with rump:");
        }
        String rest = uri.getRawSchemeSpecificPart();
        int bang = rest.indexOf("!/");
        return Path.of(URI.create(bang < 0 ? rest : rest.substring(0, bang)))
                .toAbsolutePath()
                .normalize();
    }

    private static RumpFileSystems.Options options(Map<String, ?> env) {
        RumpFileSystems.Options options = new RumpFileSystems.Options();
        if (env.get("type") != null) {
            options = options.type(env.get("type").toString());
        }
        if (env.containsKey("offset") || env.containsKey("length")) {
            options = options.window(number(env, "offset", 0), number(env, "length", -1));
        }
        if (env.get("partition") != null) {
            options = options.partition(env.get("partition").toString());
        }
        if (env.get("layer") instanceof ImageLayer layer) {
            options = options.layer(layer);
        } else if (env.get("layer") != null) {
            throw new IllegalArgumentException("layer is no ImageLayer");
        }
        return options.readOnly(truth(env, "readOnly")).log(truth(env, "log"));
    }

    private static long number(Map<String, ?> env, String name, long without) {
        Object value = env.get(name);
        if (value == null) {
            return without;
        }
        try {
            return value instanceof Number n ? n.longValue() : Long.parseLong(value.toString());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is no number: " + value, e);
        }
    }

    private static boolean truth(Map<String, ?> env, String name) {
        Object value = env.get(name);
        String text = value == null ? "false" : value.toString();
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(name + " is neither true nor false: " + value);
        }
        return text.equals("true");
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
        Path key = image(uri).toRealPath();
        synchronized (opened) {
            if (opened.containsKey(key)) {
                throw new FileSystemAlreadyExistsException(key.toString());
            }
            RumpFileSystem fs = Images.open(this, key, options(env), key);
            opened.put(key, fs);
            return fs;
        }
    }

    @Override
    public FileSystem newFileSystem(Path path, Map<String, ?> env) throws IOException {
        boolean told = Stream.of("type", "offset", "partition", "layer").anyMatch(env::containsKey);
        if (!told && !Images.looksLikeImage(path)) {
            throw new UnsupportedOperationException(path + " is no image of an FFS");
        }
        return Images.open(this, path, options(env), null);
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        Path image = image(uri);
        RumpFileSystem fs = opened.get(image);
        if (fs == null) {
            try {
                fs = opened.get(image.toRealPath());
            } catch (IOException e) {
                throw new FileSystemNotFoundException(image.toString());
            }
        }
        if (fs == null) {
            throw new FileSystemNotFoundException(image.toString());
        }
        return fs;
    }

    @Override
    public Path getPath(URI uri) {
        String whole = uri.getRawSchemeSpecificPart();
        int bang = whole.indexOf("!/");
        if (bang < 0) {
            throw new IllegalArgumentException("there is no !/ in " + uri);
        }
        // with two slashes at its start it would be an authority
        String raw = whole.substring(bang + 1).replaceFirst("^/+", "/");
        return getFileSystem(uri).getPath(URI.create("rump:" + raw).getPath());
    }

    void forget(RumpFileSystem fs) {
        Path key = fs.origin().registered();
        if (key != null) {
            opened.remove(key, fs);
        }
    }

    private static boolean follows(LinkOption... options) {
        boolean follows = true;
        for (LinkOption option : options) {
            follows &= Objects.requireNonNull(option) != LinkOption.NOFOLLOW_LINKS;
        }
        return follows;
    }

    RumpAttributes attributes(RumpPath path, boolean follow) throws IOException {
        long[] st = new long[RumpAttributes.COUNT];
        RumpFileSystem fs = path.system();
        int result = follow ? fs.proc().stat(path.zero(), st) : fs.proc().lstat(path.zero(), st);
        Errors.check(result, path);
        return new RumpAttributes(fs, st);
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        return OpenMode.of(options).open(RumpPath.of(path), mode(0666, attributes));
    }

    /** The permissions among the attributes: nothing else can be set when a file is made. */
    private static int mode(int without, FileAttribute<?>... attributes) {
        int mode = without;
        for (FileAttribute<?> attribute : attributes) {
            if (!attribute.name().equals("posix:permissions")
                    && !attribute.name().equals("unix:permissions")) {
                throw new UnsupportedOperationException(
                        "'" + attribute.name() + "' cannot be set when a file is made");
            }
            @SuppressWarnings("unchecked")
            Set<PosixFilePermission> permissions = (Set<PosixFilePermission>) attribute.value();
            mode = RumpAttributes.mode(permissions);
        }
        return mode;
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
            Path dir, DirectoryStream.Filter<? super Path> filter) throws IOException {
        RumpPath path = RumpPath.of(dir);
        int fd = path.system().proc().open(path.zero(), O_RDONLY | O_DIRECTORY, 0);
        if (fd == -Errno.ENOTDIR) {
            throw new NotDirectoryException(dir.toString());
        }
        Errors.check(fd, path);
        RumpDirectoryStream stream = new RumpDirectoryStream(path, filter, fd);
        path.system().opened(stream);
        return stream;
    }

    @Override
    public void createDirectory(Path dir, FileAttribute<?>... attributes) throws IOException {
        RumpPath path = RumpPath.of(dir);
        int mode = mode(0777, attributes);
        // not writer(): what is there already is told as such, read-only or not
        Errors.check(path.system().proc().mkdir(path.zero(), mode), path);
    }

    @Override
    public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes)
            throws IOException {
        RumpPath path = RumpPath.of(link);
        RumpPath to = RumpPath.of(target);
        if (attributes.length > 0) {
            throw new UnsupportedOperationException("attributes of a new link");
        }
        if (to.raw().length == 0) {
            // NetBSD makes a link that leads nowhere
            throw new NoSuchFileException(link.toString(), "", null);
        }
        Errors.check(path.system().writer().symlink(to.text(), path.zero()), path);
    }

    @Override
    public void createLink(Path link, Path existing) throws IOException {
        RumpPath path = RumpPath.of(link);
        RumpPath from = RumpPath.of(existing);
        int result = -Errno.EXDEV;
        if (from.system() == path.system()) {
            result = path.system().writer().link(from.zero(), path.zero());
        }
        if (result == -Errno.EEXIST) {
            throw new FileAlreadyExistsException(link.toString());
        }
        Errors.check(result, path, from);
    }

    @Override
    public RumpPath readSymbolicLink(Path link) throws IOException {
        RumpPath path = RumpPath.of(link);
        byte[] target = new byte[1025];
        long length = path.system().proc().readlink(path.zero(), target);
        if (length == -Errno.EINVAL) {
            throw new NotLinkException(link.toString());
        }
        Errors.check(length, path);
        return RumpPath.of(path.system(), ByteBuffer.wrap(target, 0, (int) length));
    }

    @Override
    public void delete(Path file) throws IOException {
        RumpPath path = RumpPath.of(file);
        boolean dir = attributes(path, false).isDirectory();
        var proc = path.system().writer();
        Errors.check(dir ? proc.rmdir(path.zero()) : proc.unlink(path.zero()), path);
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        Copying.copy(RumpPath.of(source), RumpPath.of(target), options);
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        Copying.move(RumpPath.of(source), RumpPath.of(target), options);
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        if (path.equals(Objects.requireNonNull(other))) {
            return true;
        }
        if (!(other instanceof RumpPath b) || RumpPath.of(path).system() != b.system()) {
            return false;
        }
        return attributes(RumpPath.of(path), true).fileKey().equals(attributes(b, true).fileKey());
    }

    @Override
    public boolean isHidden(Path path) {
        RumpPath name = RumpPath.of(path).getFileName();
        return name != null && name.raw().length > 0 && name.raw()[0] == '.';
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        return new RumpFileStore(RumpPath.of(path));
    }

    @Override
    public void checkAccess(Path file, AccessMode... modes) throws IOException {
        RumpPath path = RumpPath.of(file);
        int wanted = 0;
        for (AccessMode mode : modes) {
            wanted |=
                    switch (mode) {
                        case READ -> 4;
                        case WRITE -> 2;
                        case EXECUTE -> 1;
                    };
        }
        int result = path.system().proc().access(path.zero(), wanted);
        if (result == -Errno.EROFS || result == -Errno.EPERM) {
            throw new AccessDeniedException(file.toString(), null, Errors.reason(-result));
        }
        Errors.check(result, path);
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return RumpViews.of(RumpPath.of(path), type, follows(options));
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
            Path path, Class<A> type, LinkOption... options) throws IOException {
        if (type != BasicFileAttributes.class && type != PosixFileAttributes.class) {
            throw new UnsupportedOperationException(type.getName());
        }
        return type.cast(attributes(RumpPath.of(path), follows(options)));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
            throws IOException {
        return RumpViews.read(RumpPath.of(path), follows(options), attributes);
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options)
            throws IOException {
        RumpViews.set(RumpPath.of(path), follows(options), attribute, value);
    }
}
