// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.disk;

import org.rumprun.kernel.ProgressListener;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Compresses disk images to the cloop2 format, and back: {@code vndcompress(1)}. */
public final class Vndcompress extends Tool {
    private Vndcompress(RumpHost host) {
        super(host, DiskTools.GROUP, "vndcompress");
    }

    /**
     * The tool on a host.
     *
     * @param host where it runs
     * @return the tool
     */
    public static Vndcompress in(RumpHost host) {
        return new Vndcompress(host);
    }

    /**
     * Compresses an image.
     *
     * @param image what is compressed
     * @param compressed what is made of it
     * @throws ToolException if vndcompress fails
     */
    public static void compress(Path image, Path compressed) {
        compress(image, compressed, options().build());
    }

    /**
     * Compresses an image.
     *
     * @param image what is compressed
     * @param compressed what is made of it, or gone on with
     * @param options how
     * @throws ToolException if vndcompress fails
     */
    public static void compress(Path image, Path compressed, Options options) {
        List<String> line = new ArrayList<>(List.of("-c"));
        line.addAll(options.arguments());
        onHost(line, options.listener, image, compressed);
    }

    /**
     * Uncompresses an image; blocks of zeros become holes.
     *
     * @param compressed what was compressed
     * @param image what is made of it
     * @throws ToolException if vndcompress fails
     */
    public static void uncompress(Path compressed, Path image) {
        onHost(List.of("-d"), null, compressed, image);
    }

    private static void onHost(
            List<String> options, ProgressListener listener, Path from, Path to) {
        List<String> line = new ArrayList<>(options);
        line.addAll(
                List.of("--", from.toAbsolutePath().toString(), to.toAbsolutePath().toString()));
        try (RumpKernel kernel = RumpKernel.boot()) {
            in(listener == null ? kernel : kernel.withProgress(listener))
                    .run(line.toArray(String[]::new));
        }
    }

    /**
     * Options to be described.
     *
     * @return a builder with none
     */
    public static Builder options() {
        return new Builder();
    }

    /** Options of compression. */
    public static final class Options {
        private final List<String> arguments;
        private final ProgressListener listener;

        private Options(Builder builder) {
            arguments = List.copyOf(builder.arguments);
            listener = builder.listener;
        }

        /**
         * The options as the manual page has them.
         *
         * @return arguments for {@link Vndcompress#run(String...)}
         */
        public List<String> arguments() {
            return arguments;
        }
    }

    /** Collects options. */
    public static final class Builder {
        private final List<String> arguments = new ArrayList<>();
        private ProgressListener listener;

        private Builder() {}

        private Builder add(String option, long value) {
            arguments.add(option);
            arguments.add(Long.toString(value));
            return this;
        }

        /**
         * What is compressed at a time: {@code -b}.
         *
         * @param bytes a multiple of 512; 65536 unless told otherwise
         * @return this builder
         */
        public Builder blockSize(int bytes) {
            return add("-b", bytes);
        }

        /**
         * How often a checkpoint is written: {@code -k}.
         *
         * @param blocks after so many
         * @return this builder
         */
        public Builder checkpointEvery(int blocks) {
            return add("-k", blocks);
        }

        /**
         * How much of the image counts: {@code -l}.
         *
         * @param bytes its length
         * @return this builder
         */
        public Builder length(long bytes) {
            return add("-l", bytes);
        }

        /**
         * Stops early, with a checkpoint: {@code -p}.
         *
         * @param blocks after so many
         * @return this builder
         */
        public Builder stopAfter(int blocks) {
            return add("-p", blocks);
        }

        /**
         * Goes on from the last checkpoint, or begins anew where there is none: {@code -r}.
         *
         * @return this builder
         */
        public Builder restart() {
            arguments.add("-r");
            return this;
        }

        /**
         * Goes on from the last checkpoint, or fails and leaves the file as it is: {@code -r -R}.
         *
         * @return this builder
         */
        public Builder restartOrFail() {
            arguments.addAll(List.of("-r", "-R"));
            return this;
        }

        /**
         * How many offsets of blocks are held in memory: {@code -w}.
         *
         * @param blocks so many, 0 for all
         * @return this builder
         */
        public Builder window(int blocks) {
            return add("-w", blocks);
        }

        /**
         * Who hears how far it is.
         *
         * @param listener told of blocks
         * @return this builder
         */
        public Builder progress(ProgressListener listener) {
            this.listener = Objects.requireNonNull(listener);
            return this;
        }

        /**
         * The options.
         *
         * @return what was described
         */
        public Options build() {
            return new Options(this);
        }
    }
}
