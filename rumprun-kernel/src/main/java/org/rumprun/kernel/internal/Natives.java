// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel.internal;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Loads the natives: from the folder that {@code rumprun.native.dir} names, else from the jars,
 * through a folder named by content in {@code rumprun.native.cache}.
 */
public final class Natives {
    private static final String KERNEL = "rumprun-kernel";
    private static final int RTLD_NOW = 2;

    private Natives() {}

    /** The kernel's library, or why there is none. Made once, when first asked for. */
    private static final class Loaded {
        private static final Loaded KERNEL_LIBRARY = new Loaded();

        private Path folder;
        private NativeLibrary library;
        private Rumprun functions;
        private Throwable cause;

        private Loaded() {
            try {
                folder = place(Natives.class, KERNEL);
                prepareJna();
                library = open(folder, KERNEL);
                functions = new JnaRumprun(library);
            } catch (IOException | LinkageError | RuntimeException e) {
                cause = e;
            }
        }
    }

    /**
     * Why the natives cannot be used.
     *
     * @return the cause, or null when they can
     */
    public static Throwable unavailabilityCause() {
        return Loaded.KERNEL_LIBRARY.cause;
    }

    static Rumprun functions() {
        Loaded loaded = Loaded.KERNEL_LIBRARY;
        if (loaded.cause != null) {
            throw unusable(KERNEL, loaded.cause);
        }
        return loaded.functions;
    }

    /**
     * What the library calls itself.
     *
     * @return its version, and NetBSD's
     */
    public static String version() {
        return functions().rumprun_version().getString(0);
    }

    private static UnsatisfiedLinkError unusable(String module, Throwable cause) {
        UnsatisfiedLinkError error =
                new UnsatisfiedLinkError(
                        "the natives of " + module + " cannot be used: " + cause.getMessage());
        error.initCause(cause);
        return error;
    }

    /** The tools of a module: its library's list for the kernel, and its multi-call executable. */
    public static final class Group {
        private final Memory list;
        private final Path executable;

        /** Nobody else holds it, and JNA unloads what nobody holds. */
        private final NativeLibrary library;

        private Group(NativeLibrary library, Memory list, Path executable) {
            this.library = library;
            this.list = list;
            this.executable = executable;
        }

        @Override
        public String toString() {
            return library.getName();
        }

        Pointer list() {
            return list;
        }

        /**
         * The program that has the tools.
         *
         * @return its path
         */
        public Path executable() {
            return executable;
        }
    }

    /**
     * The kernel's own tools.
     *
     * @return their group
     */
    public static Group kernelGroup() {
        functions();
        Loaded loaded = Loaded.KERNEL_LIBRARY;
        return new Group(
                loaded.library,
                list(loaded.library.getGlobalVariableAddress("rumprun_kernel_tools")),
                find(loaded.folder, KERNEL));
    }

    /**
     * The tools of another module, with the kernel's.
     *
     * @param anchor a class of the module, whose jar has the natives
     * @param module the module's name, which is its library's and its executable's
     * @param symbol what the library calls its group
     * @return the group
     */
    public static Group group(Class<?> anchor, String module, String symbol) {
        functions();
        Loaded kernel = Loaded.KERNEL_LIBRARY;
        try {
            Path folder = place(anchor, module);
            NativeLibrary library = open(folder, module);
            return new Group(
                    library,
                    list(
                            library.getGlobalVariableAddress(symbol),
                            kernel.library.getGlobalVariableAddress("rumprun_kernel_tools")),
                    find(folder, module));
        } catch (IOException | LinkageError e) {
            throw unusable(module, e);
        }
    }

    private static Memory list(Pointer... groups) {
        Memory list = new Memory((groups.length + 1L) * Native.POINTER_SIZE);
        list.clear();
        for (int i = 0; i < groups.length; i++) {
            list.setPointer((long) i * Native.POINTER_SIZE, groups[i]);
        }
        return list;
    }

    private static NativeLibrary open(Path folder, String module) {
        Path path = find(folder, "lib" + module + ".so");
        return NativeLibrary.getInstance(
                path.toString(), Map.of(Library.OPTION_OPEN_FLAGS, RTLD_NOW));
    }

    /** JNA extracts a library of its own; it goes beside ours unless somebody has said where. */
    private static void prepareJna() throws IOException {
        if (System.getProperty("rumprun.native.cache") == null
                || System.getProperty("jna.tmpdir") != null
                || System.getProperty("jna.boot.library.path") != null) {
            return;
        }
        Path folder = NativeCache.ofUser().root().resolve("jna");
        Files.createDirectories(folder);
        System.setProperty("jna.tmpdir", folder.toString());
    }

    /** The folder with the module's files; the kernel's are there too, so that programs run. */
    private static Path place(Class<?> anchor, String module) throws IOException {
        String named = System.getProperty("rumprun.native.dir");
        if (named != null && !named.isEmpty()) {
            return Path.of(named).toAbsolutePath();
        }
        SortedMap<String, byte[]> files = new TreeMap<>();
        add(files, Natives.class, KERNEL);
        if (!module.equals(KERNEL)) {
            add(files, anchor, module);
        }
        return NativeCache.ofUser().publish(files);
    }

    private static void add(SortedMap<String, byte[]> files, Class<?> anchor, String module)
            throws IOException {
        for (String name : new String[] {"lib" + module + ".so", module}) {
            String resource = "/META-INF/native/" + platform() + "/" + name;
            try (InputStream in = anchor.getResourceAsStream(resource)) {
                if (in == null) {
                    throw new FileNotFoundException(
                            resource
                                    + " is in no jar; natives elsewhere can be named with"
                                    + " -Drumprun.native.dir=FOLDER");
                }
                files.put(name, in.readAllBytes());
            }
        }
    }

    static String platform() throws IOException {
        String os = System.getProperty("os.name", "");
        String arch = System.getProperty("os.arch", "");
        if (os.equals("Linux")) {
            switch (arch) {
                case "amd64", "x86_64":
                    return "linux-amd64";
                case "i386", "i486", "i586", "i686", "x86":
                    return "linux-i386";
                default:
                    break;
            }
        }
        throw new IOException(
                "there are natives for Linux on amd64 and i386, not for " + os + " on " + arch);
    }

    /** A folder of natives is flat, or has lib and bin. */
    private static Path find(Path folder, String name) {
        Path flat = folder.resolve(name);
        if (Files.exists(flat)) {
            return flat;
        }
        Path split = folder.resolve(name.endsWith(".so") ? "lib" : "bin").resolve(name);
        if (Files.exists(split)) {
            return split;
        }
        throw new UnsatisfiedLinkError("there is no " + name + " in " + folder);
    }
}
