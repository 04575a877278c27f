// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * A private folder of extracted natives. Each set of files has a folder named by its content: what
 * is there is never changed, and programs of different versions do not meet.
 */
final class NativeCache {
    private final Path root;

    NativeCache(Path root) {
        this.root = root.toAbsolutePath().normalize();
    }

    /** The folder that the property names, or one of the user's. */
    static NativeCache ofUser() {
        String named = System.getProperty("rumprun.native.cache");
        if (named != null && !named.isEmpty()) {
            return new NativeCache(Path.of(named));
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        if (xdg != null && xdg.startsWith("/")) {
            return new NativeCache(Path.of(xdg, "rumprun"));
        }
        Path home = Path.of(System.getProperty("user.home", "/nonexistent"));
        if (Files.isWritable(home)) {
            return new NativeCache(home.resolve(".cache").resolve("rumprun"));
        }
        return new NativeCache(
                Path.of(
                        System.getProperty("java.io.tmpdir", "/tmp"),
                        "rumprun-" + System.getProperty("user.name", "user")));
    }

    Path root() {
        return root;
    }

    /** The folder that holds exactly these files, executable; makes it where it is missing. */
    Path publish(SortedMap<String, byte[]> files) throws IOException {
        try {
            return extract(files);
        } catch (FileSystemException e) {
            throw new IOException(
                    "nothing can be extracted to "
                            + root
                            + " ("
                            + e
                            + "): name another folder with -Drumprun.native.cache=FOLDER",
                    e);
        }
    }

    private Path extract(SortedMap<String, byte[]> files) throws IOException {
        makePrivate(root);
        refuseNoexec(root);
        Path folder = root.resolve(hash(files));
        if (holds(folder, files)) {
            return folder;
        }
        Path fresh = Files.createTempDirectory(root, "new-");
        try {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                Path path = Files.write(fresh.resolve(file.getKey()), file.getValue());
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
            }
            move(fresh, folder, files);
        } finally {
            remove(fresh);
        }
        return folder;
    }

    /** Another program may be faster: its folder is as good. A damaged one is replaced. */
    private void move(Path fresh, Path folder, SortedMap<String, byte[]> files) throws IOException {
        for (int attempt = 0; ; attempt++) {
            try {
                Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
                return;
            } catch (AtomicMoveNotSupportedException e) {
                throw e;
            } catch (IOException e) {
                if (holds(folder, files)) {
                    return;
                }
                if (attempt == 2 || !Files.exists(folder)) {
                    throw e;
                }
                Path aside = Files.createTempDirectory(root, "old-").resolve("damaged");
                Files.move(folder, aside);
                remove(aside.getParent());
            }
        }
    }

    private static boolean holds(Path folder, SortedMap<String, byte[]> files) throws IOException {
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey());
            if (!Files.isRegularFile(path)
                    || Files.size(path) != file.getValue().length
                    || !Arrays.equals(Files.readAllBytes(path), file.getValue())
                    || !Files.isExecutable(path)) {
                return false;
            }
        }
        return true;
    }

    private static void makePrivate(Path folder) throws IOException {
        try {
            Path parent = folder.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.createDirectory(
                    folder,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) {
                throw e;
            }
            refuseForeign(folder);
        }
    }

    /** What others can write they could replace by their own code. */
    private static void refuseForeign(Path folder) throws IOException {
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
        int owner = (Integer) Files.getAttribute(folder, "unix:uid");
        int me = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (mode.charAt(7) == 'w' || owner != me && owner != 0) {
            throw new IOException(
                    folder
                            + " can be written by others: remove it, or name another folder with"
                            + " -Drumprun.native.cache=FOLDER");
        }
    }

    private static void refuseNoexec(Path folder) throws IOException {
        Path mounts = Path.of("/proc/self/mountinfo");
        if (!Files.isReadable(mounts)) {
            return;
        }
        String on = noexecMount(folder.toRealPath(), Files.readAllLines(mounts));
        if (on != null) {
            throw new IOException(
                    folder
                            + " is in "
                            + on
                            + ", which is mounted noexec: name a folder elsewhere with"
                            + " -Drumprun.native.cache=FOLDER");
        }
    }

    /** Where the file system that holds the folder is mounted, if it is with noexec; else null. */
    static String noexecMount(Path folder, List<String> mountinfo) {
        Path best = null;
        boolean noexec = false;
        for (String line : mountinfo) {
            String[] fields = line.split(" ");
            if (fields.length < 6) {
                continue;
            }
            Path on = Path.of(unescape(fields[4]));
            // a later mount on the same folder covers the earlier one
            if (folder.startsWith(on)
                    && (best == null || on.getNameCount() >= best.getNameCount())) {
                best = on;
                noexec = List.of(fields[5].split(",")).contains("noexec");
            }
        }
        return noexec ? best.toString() : null;
    }

    /** Blanks in names are octal there. */
    private static String unescape(String field) {
        return field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    private static String hash(SortedMap<String, byte[]> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                String head = file.getKey() + "\0" + file.getValue().length + "\0";
                digest.update(head.getBytes(StandardCharsets.UTF_8));
                digest.update(file.getValue());
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 20);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> all;
        try (var walk = Files.walk(folder)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
