// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.rumprun.kernel.internal.ProcHandle;

/**
 * What a process sees from its root. Closing it closes what is open, then the process, then what it
 * was made from.
 */
final class RumpFileSystem extends FileSystem {
    private static final int POOLED = 16;

    /**
     * What it was made from.
     *
     * @param image the image; null: a kernel of somebody else's
     * @param registered its key in the provider's map, or null
     * @param readOnly whether nothing can be written
     */
    record Origin(Path image, Path registered, boolean readOnly) {}

    /** Runs when all is closed. */
    interface Ending {
        void run() throws IOException;
    }

    private final RumpFileSystemProvider provider;
    private final ProcHandle proc;
    private final Origin origin;
    private final Ending ending;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<Chunk> pool = new ConcurrentLinkedQueue<>();
    private final Locks locks = new Locks();
    private final RumpPath root = new RumpPath(this, new byte[] {'/'});

    RumpFileSystem(RumpFileSystemProvider provider, ProcHandle proc, Origin origin, Ending ending) {
        this.provider = provider;
        this.proc = proc;
        this.origin = origin;
        this.ending = ending;
    }

    /** The process, for a call. */
    ProcHandle proc() {
        if (closed.get()) {
            throw new ClosedFileSystemException();
        }
        return proc;
    }

    /** The process, for a call that changes something. */
    ProcHandle writer() {
        ProcHandle p = proc();
        if (origin.readOnly()) {
            throw new ReadOnlyFileSystemException();
        }
        return p;
    }

    Origin origin() {
        return origin;
    }

    RumpPath root() {
        return root;
    }

    Locks locks() {
        return locks;
    }

    /** Something to be closed with the file system. */
    void opened(Closeable one) {
        open.add(one);
        if (closed.get()) {
            forget(one);
            throw new ClosedFileSystemException();
        }
    }

    void forget(Closeable one) {
        open.remove(one);
    }

    /** Memory that native code can reach, for a transfer. */
    Chunk takeChunk() {
        Chunk chunk = pool.poll();
        return chunk == null ? new Chunk() : chunk;
    }

    void giveChunk(Chunk chunk) {
        if (pool.size() < POOLED) {
            pool.add(chunk);
        }
    }

    static final class Chunk {
        static final int SIZE = 1 << 17;
        final ByteBuffer buffer = ByteBuffer.allocateDirect(SIZE);
        final com.sun.jna.Pointer pointer = com.sun.jna.Native.getDirectBufferPointer(buffer);
    }

    @Override
    public FileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() throws IOException {
        if (closed.getAndSet(true)) {
            return;
        }
        provider.forget(this);
        IOException failure = null;
        for (Closeable one : open) {
            failure = attempt(one::close, failure);
        }
        proc.close();
        failure = attempt(ending, failure);
        if (failure != null) {
            throw failure;
        }
    }

    private static IOException attempt(Ending action, IOException before) {
        try {
            action.run();
        } catch (IOException e) {
            if (before == null) {
                return e;
            }
            before.addSuppressed(e);
        }
        return before;
    }

    @Override
    public boolean isOpen() {
        return !closed.get();
    }

    @Override
    public boolean isReadOnly() {
        return origin.readOnly();
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        return List.of(root);
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        try {
            return List.of(new RumpFileStore(root));
        } catch (IOException e) {
            return List.of();
        }
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return Set.of("basic", "owner", "posix", "unix");
    }

    @Override
    public Path getPath(String first, String... more) {
        StringBuilder text = new StringBuilder(first);
        for (String part : more) {
            if (!part.isEmpty()) {
                text.append(text.isEmpty() ? "" : "/").append(part);
            }
        }
        return RumpPath.parse(this, text.toString());
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
        int colon = syntaxAndPattern.indexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("no syntax in " + syntaxAndPattern);
        }
        String syntax = syntaxAndPattern.substring(0, colon);
        String text = syntaxAndPattern.substring(colon + 1);
        Pattern pattern;
        if (syntax.equalsIgnoreCase("glob")) {
            pattern = Globs.pattern(text);
        } else if (syntax.equalsIgnoreCase("regex")) {
            pattern = Pattern.compile(text);
        } else {
            throw new UnsupportedOperationException("a syntax called " + syntax);
        }
        return path -> pattern.matcher(path.toString()).matches();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        return new RumpPrincipal.Lookup(this);
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException("a kernel's files cannot be watched");
    }

    URI uri(RumpPath path) {
        if (origin.image() == null) {
            throw new UnsupportedOperationException("only images have URIs");
        }
        String image = origin.image().toUri().toString().replace("!", "%21");
        try {
            String encoded = new URI(null, null, path.toString(), null).getRawPath();
            return URI.create("rump:" + image + "!" + encoded);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Without links, ".." and "."; everything in it exists. */
    RumpPath realPath(RumpPath path, LinkOption... options) throws IOException {
        boolean follow = true;
        for (LinkOption option : options) {
            follow &= Objects.requireNonNull(option) != LinkOption.NOFOLLOW_LINKS;
        }
        RumpPath whole = path.toAbsolutePath();
        provider.attributes(whole, follow);
        return follow ? Links.resolve(whole) : Links.dots(whole);
    }
}
