// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.rumprun.kernel.internal.ProcHandle;

/** A rump_server in its own process of the host, run from the natives in the jars. */
public final class RumpServer extends RumpHost implements AutoCloseable {
    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final long STOP_SECONDS = 20;

    private final String url;
    private final Process process;
    private final Thread hook;
    private final ProcHandle parent;

    private RumpServer(String url, Process process, Thread hook, ProcHandle parent) {
        this.url = url;
        this.process = process;
        this.hook = hook;
        this.parent = parent;
    }

    /**
     * Starts a server.
     *
     * @param url where it shall listen, "unix:///tmp/socket"
     * @param components "vfs", "fs_ffs", as rump_server -l takes them; none: all
     * @return the server, when it listens
     * @throws RumpException if it doesn't start
     */
    public static RumpServer start(String url, String... components) {
        return builder(url).components(components).start();
    }

    /**
     * A server to be described.
     *
     * @param url where it shall listen, "unix:///tmp/socket"
     * @return a builder with every component and no disks
     */
    public static Builder builder(String url) {
        return new Builder(url);
    }

    /** What a server shall have. */
    public static final class Builder {
        private final String url;
        private final List<String> components = new ArrayList<>();
        private final List<String> drives = new ArrayList<>();

        private Builder(String url) {
            this.url = Objects.requireNonNull(url);
        }

        /**
         * Only the components named, instead of all.
         *
         * @param names "vfs", "fs_ffs", as rump_server -l takes them
         * @return this builder
         */
        public Builder components(String... names) {
            components.addAll(List.of(names));
            return this;
        }

        /**
         * A disk.
         *
         * @param key its block device, "/dev/disk0"
         * @param image a file of the host, which is there
         * @return this builder
         */
        public Builder disk(String key, Path image) {
            String path = image.toAbsolutePath().toString();
            if (key.contains(",") || path.contains(",")) {
                throw new IllegalArgumentException("a comma in " + key + " or " + path);
            }
            drives.add("key=" + key + ",hostpath=" + path + ",size=host");
            return this;
        }

        /**
         * Starts the server.
         *
         * @return the server, when it listens
         * @throws RumpException if it doesn't start
         */
        public RumpServer start() {
            List<String> command = new ArrayList<>();
            command.add(KernelTools.GROUP.executable().toString());
            command.add(components.isEmpty() ? "rump_allserver" : "rump_server");
            command.add("-s");
            for (String component : components) {
                command.add("-l");
                command.add(component.matches("(lib)?rump.*") ? component : "rump" + component);
            }
            for (String drive : drives) {
                command.add("-d");
                command.add(drive);
            }
            command.add(url);
            try {
                return run(command);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private RumpServer run(List<String> command) throws IOException {
            Path log = Files.createTempFile("rump_server", ".log");
            try {
                Process process =
                        new ProcessBuilder(command)
                                .redirectErrorStream(true)
                                .redirectOutput(log.toFile())
                                .start();
                process.getOutputStream().close();
                Thread hook = new Thread(process::destroy, "rump_server");
                Runtime.getRuntime().addShutdownHook(hook);
                try {
                    return new RumpServer(url, process, hook, await(process, log));
                } catch (RuntimeException | IOException e) {
                    process.destroyForcibly();
                    Runtime.getRuntime().removeShutdownHook(hook);
                    throw e;
                }
            } finally {
                Files.delete(log);
            }
        }

        private ProcHandle await(Process process, Path log) throws IOException {
            long start = System.nanoTime();
            while (true) {
                if (!process.isAlive()) {
                    String said = Files.readString(log, StandardCharsets.UTF_8).strip();
                    throw new IOException(
                            "rump_server ended with status " + process.exitValue() + ": " + said);
                }
                try {
                    return RumpClient.connect(url, "java");
                } catch (RumpException e) {
                    if (System.nanoTime() - start > START_NANOS) {
                        throw e;
                    }
                }
                pause();
            }
        }

        private static void pause() throws IOException {
            try {
                Thread.sleep(2);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while rump_server starts", e);
            }
        }
    }

    /**
     * Where it listens, for RUMP_SERVER.
     *
     * @return its URL
     */
    public String url() {
        return url;
    }

    /**
     * Whether it runs.
     *
     * @return false once it has ended, by halt(8) for one
     */
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    ProcHandle parent() {
        return parent;
    }

    @Override
    public RumpProcess newProcess(String name) {
        return new RumpProcess(this, RumpClient.connect(url, name));
    }

    /** Stops the server, which syncs and unmounts. */
    @Override
    public void close() {
        parent.close();
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the host process is about to end: the hook runs
        }
    }
}
