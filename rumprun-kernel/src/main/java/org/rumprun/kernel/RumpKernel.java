// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.kernel;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.rumprun.kernel.internal.Failure;
import org.rumprun.kernel.internal.KernelHandle;
import org.rumprun.kernel.internal.ProcHandle;

/**
 * A kernel in this process. Any number live side by side; each has its own file systems, devices
 * and processes. Safe for threads.
 */
public final class RumpKernel extends RumpHost implements AutoCloseable {
    private static final int ETFS_REG = 0;
    private static final int ETFS_BLK = 1;
    private static final int ETFS_CHR = 2;
    private static final int ETFS_DIR_SUBDIRS = 4;

    private final KernelHandle handle;
    private final ProcHandle parent;

    private RumpKernel(KernelHandle handle, ProcHandle parent) {
        this.handle = handle;
        this.parent = parent;
    }

    /**
     * Boots a kernel with every component.
     *
     * @return the kernel
     */
    public static RumpKernel boot() {
        return builder().boot();
    }

    /**
     * A kernel to be described.
     *
     * @return a builder with every component and no disks
     */
    public static Builder builder() {
        return new Builder();
    }

    /** What a kernel shall have. */
    public static final class Builder {
        private record Shown(String key, Path file, int type, long offset, long length) {}

        private final List<String> components = new ArrayList<>();
        private final List<String> options = new ArrayList<>();
        private final List<Shown> shown = new ArrayList<>();
        private Consumer<String> console;
        private VirtualClock clock;

        private Builder() {}

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
         * @param key its block device, "/dev/disk0"; the character device has an r before the name
         * @param image a file of the host
         * @return this builder
         */
        public Builder disk(String key, Path image) {
            return disk(key, image, 0, -1);
        }

        /**
         * A disk in a part of a file.
         *
         * @param key its block device, "/dev/disk0"; the character device has an r before the name
         * @param image a file of the host
         * @param offset where the disk begins
         * @param length its bytes, -1 for the rest of the file
         * @return this builder
         */
        public Builder disk(String key, Path image, long offset, long length) {
            Objects.requireNonNull(image);
            shown.add(new Shown(key, image, ETFS_BLK, offset, length));
            shown.add(new Shown(raw(key), image, ETFS_CHR, offset, length));
            return this;
        }

        /**
         * A file of the host as a regular file.
         *
         * @param key its path in the kernel
         * @param file the file
         * @return this builder
         */
        public Builder file(String key, Path file) {
            shown.add(new Shown(key, Objects.requireNonNull(file), ETFS_REG, 0, -1));
            return this;
        }

        /**
         * A folder of the host, with what is below it.
         *
         * @param key its path in the kernel
         * @param folder the folder
         * @return this builder
         */
        public Builder directory(String key, Path folder) {
            shown.add(new Shown(key, Objects.requireNonNull(folder), ETFS_DIR_SUBDIRS, 0, -1));
            return this;
        }

        /**
         * The memory that the kernel may use.
         *
         * @param bytes the limit
         * @return this builder
         */
        public Builder memoryLimit(long bytes) {
            options.add("memlimit=" + bytes);
            return this;
        }

        /**
         * The processors that the kernel shows.
         *
         * @param count their number
         * @return this builder
         */
        public Builder cpus(int count) {
            options.add("ncpu=" + count);
            return this;
        }

        /**
         * A listener to the console, and the messages of the boot with it.
         *
         * @param listener gets text as it comes, on any thread
         * @return this builder
         */
        public Builder verbose(Consumer<String> listener) {
            options.add("verbose");
            return console(listener);
        }

        /**
         * A listener to the console.
         *
         * @param listener gets text as it comes, on any thread
         * @return this builder
         */
        public Builder console(Consumer<String> listener) {
            console = Objects.requireNonNull(listener);
            return this;
        }

        /**
         * A clock instead of the host's.
         *
         * @param time whose time the kernel has
         * @return this builder
         */
        public Builder clock(VirtualClock time) {
            clock = Objects.requireNonNull(time);
            return this;
        }

        /**
         * Boots the kernel.
         *
         * @return the kernel, to be closed
         * @throws RumpException if it doesn't boot
         */
        public RumpKernel boot() {
            KernelHandle handle = null;
            String doing = "boot";
            try {
                handle =
                        KernelHandle.boot(
                                joined(components),
                                joined(options),
                                console,
                                clock == null ? null : clock.handle());
                for (Shown s : shown) {
                    doing = s.key() + ": " + s.file();
                    handle.register(s.key(), s.file(), s.type(), s.offset(), s.length());
                }
                doing = "process";
                return new RumpKernel(handle, handle.newProcess("java"));
            } catch (Failure e) {
                if (handle != null) {
                    handle.halt(true);
                }
                throw new RumpException(e, doing);
            }
        }

        private static String joined(List<String> words) {
            return words.isEmpty() ? null : String.join(",", words);
        }
    }

    private static String raw(String key) {
        int slash = key.lastIndexOf('/');
        return key.substring(0, slash + 1) + "r" + key.substring(slash + 1);
    }

    /**
     * Attaches a disk.
     *
     * @param key its block device, "/dev/disk1"; the character device has an r before the name
     * @param image a file of the host
     * @throws RumpException EBUSY when another program writes to the image, for one
     */
    public void attach(String key, Path image) {
        attach(key, image, 0, -1);
    }

    /**
     * Attaches a disk in a part of a file.
     *
     * @param key its block device, "/dev/disk1"; the character device has an r before the name
     * @param image a file of the host
     * @param offset where the disk begins
     * @param length its bytes, -1 for the rest of the file
     * @throws RumpException EBUSY when another program writes to the image, for one
     */
    public void attach(String key, Path image, long offset, long length) {
        try {
            handle.register(key, image, ETFS_BLK, offset, length);
            handle.register(raw(key), image, ETFS_CHR, offset, length);
        } catch (Failure e) {
            throw new RumpException(e, key + ": " + image);
        }
    }

    /**
     * Detaches a disk that is not in use.
     *
     * @param key its block device
     * @throws RumpException if there is none
     */
    public void detach(String key) {
        try {
            handle.unregister(raw(key));
            handle.unregister(key);
        } catch (Failure e) {
            throw new RumpException(e, key);
        }
    }

    /**
     * What this project's other modules make calls with.
     *
     * @return the handle
     */
    public KernelHandle handle() {
        return handle;
    }

    @Override
    ProcHandle parent() {
        return parent;
    }

    @Override
    public RumpProcess newProcess(String name) {
        try {
            return new RumpProcess(this, handle.newProcess(name));
        } catch (Failure e) {
            throw new RumpException(e, "process " + name);
        }
    }

    /**
     * Serves other programs, as rump_server does.
     *
     * @param url "unix:///tmp/socket", or "tcp://127.0.0.1:12345"
     * @throws RumpException if it cannot listen there
     */
    public void listen(String url) {
        try {
            handle.listen(url);
        } catch (Failure e) {
            throw new RumpException(e, url);
        }
    }

    /**
     * Why the kernel fails its calls.
     *
     * @return a sentence, "" when all is well
     */
    public String stoppedBecause() {
        return handle.why();
    }

    /**
     * Who has an image that this kernel cannot have.
     *
     * @return a sentence about the last call that failed with EBUSY, or ""
     */
    public String busyBecause() {
        return handle.busyBecause();
    }

    /**
     * Whether halt or reboot has run in it. The kernel lives on until it is closed.
     *
     * @return true once a process has asked
     */
    public boolean haltRequested() {
        return handle.rebooted() >= 0;
    }

    /**
     * Syncs, unmounts, ends the processes; calls in progress fail with ESHUTDOWN.
     *
     * @throws IllegalStateException from a listener or stream that the kernel, or a tool in it, has
     *     called
     */
    @Override
    public void close() {
        handle.close();
    }
}
