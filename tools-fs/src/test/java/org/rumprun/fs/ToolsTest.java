// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rumprun.kernel.RumpHost;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.RumpServer;
import org.rumprun.kernel.Tool;
import org.rumprun.kernel.ToolControl;
import org.rumprun.kernel.ToolException;
import org.rumprun.kernel.ToolResult;

@Timeout(60)
class ToolsTest {
    @TempDir Path folder;
    private Path image;
    private RumpKernel kernel;

    @BeforeEach
    void make() {
        image = folder.resolve("disk.img");
        Newfs.run(image, Newfs.options().size(16 << 20).format(FfsFormat.UFS2).build());
        kernel = RumpKernel.builder().disk("/dev/disk0", image).boot();
        Mkdir.in(kernel).run("/mnt");
        Mount.in(kernel).mount("ffs", "/dev/disk0", "/mnt");
    }

    @AfterEach
    void halt() {
        kernel.close();
    }

    private RumpKernel with(String text) {
        Dd.in(kernel.withInput(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))))
                .run("of=/mnt/file");
        return kernel;
    }

    @Test
    void newfsMakesWhatWasAskedFor() throws Exception {
        Path made = folder.resolve("made.img");
        ToolResult result =
                Newfs.run(
                        made,
                        Newfs.options()
                                .size(32 << 20)
                                .format(FfsFormat.UFS1)
                                .byteOrder(ByteOrder.BIG_ENDIAN)
                                .blockSize(16384)
                                .fragmentSize(2048)
                                .minFree(7)
                                .build());
        assertThat(result.out()).contains("32.0MB").contains("block size 16384");
        assertThat(Files.size(made)).isEqualTo(32 << 20);
        Dumpfs.Superblock sb = Dumpfs.superblock(made);
        assertThat(sb.format()).isEqualTo(FfsFormat.UFS1);
        assertThat(sb.byteOrder()).isEqualTo(ByteOrder.BIG_ENDIAN);
        assertThat(sb.blockSize()).isEqualTo(16384);
        assertThat(sb.fragmentSize()).isEqualTo(2048);
        assertThat(sb.fragments()).isEqualTo((32 << 20) / 2048);
        assertThat(sb.minFree()).isEqualTo(7);
        assertThat(sb.directories()).isEqualTo(1);
        assertThat(sb.clean()).isTrue();
        assertThat(FsckFfs.isClean(made)).isTrue();
        assertThat(FsckFfs.run(made, "-p").status()).isZero();
    }

    @Test
    void everyTypedOptionIsTaken() throws Exception {
        Path made = folder.resolve("made.img");
        List<String> seen = new ArrayList<>();
        Newfs.run(
                made,
                Newfs.options()
                        .size(16 << 20)
                        .format(FfsFormat.UFS2)
                        .blockSize(8192)
                        .fragmentSize(1024)
                        .sectorSize(512)
                        .inodes(5000)
                        .maxContiguous(4)
                        .maxExtent(16384)
                        .maxBlocksPerGroup(100)
                        .averageFileSize(20000)
                        .averageFilesPerDirectory(10)
                        .optimizeForSpace(true)
                        .userQuota()
                        .groupQuota()
                        .zero()
                        .build());
        assertThat(Dumpfs.superblock(made).values())
                .containsEntry("maxcontig", "4")
                .containsEntry("maxbpg", "100")
                .containsEntry("optim", "space");
        Path apple = folder.resolve("apple.img");
        Newfs.run(apple, Newfs.options().size(16 << 20).volumeName("disk").build());
        Path none = folder.resolve("none.img");
        Newfs.run(none, Newfs.options().size(16 << 20).dryRun().build());
        assertThat(Dumpfs.superblock(made).format()).isEqualTo(FfsFormat.UFS2);
        assertThat(Files.size(none)).isZero();
        ToolResult result =
                FsckFfs.run(
                        made,
                        FsckFfs.options()
                                .force()
                                .repair()
                                .byteOrder(ByteOrder.BIG_ENDIAN)
                                .lostFoundMode(0755)
                                .onProgress((what, done, total) -> seen.add(what))
                                .build());
        assertThat(result.status()).isZero();
        assertThat(seen).isNotEmpty();
        assertThat(Dumpfs.superblock(made).byteOrder()).isEqualTo(ByteOrder.BIG_ENDIAN);
        FsckFfs.run(made, FsckFfs.options().preen().build());
        FsckFfs.run(made, FsckFfs.options().force().dryRun().superblock(128).build());
    }

    @Test
    void newfsTakesTheSizeOfTheFile() throws Exception {
        Path made = Files.write(folder.resolve("made.img"), new byte[4 << 20]);
        Newfs.run(made);
        assertThat(Files.size(made)).isEqualTo(4 << 20);
        Path fresh = folder.resolve("fresh.img");
        Newfs.run(fresh);
        assertThat(Files.size(fresh)).isEqualTo(64 << 20);
    }

    /** The tools' status is 0 for what they cannot look at. */
    @Test
    void onlyAFileSystemIsClean() throws Exception {
        for (Path image :
                List.of(
                        folder.resolve("none.img"),
                        Files.createFile(folder.resolve("empty.img")),
                        Files.write(folder.resolve("zeros.img"), new byte[4 << 20]))) {
            assertThat(FsckFfs.isClean(image)).as(image.toString()).isFalse();
            assertThat(Fsck.isClean(image)).as(image.toString()).isFalse();
        }
        Path fine = folder.resolve("fine.img");
        Newfs.run(fine);
        assertThat(FsckFfs.isClean(fine)).isTrue();
        assertThat(Fsck.isClean(fine)).isTrue();
        Fsck.Options options = Fsck.options().force().dryRun().verbose().build();
        assertThat(Fsck.run(fine, options).out()).contains("** Phase 5");
    }

    @Test
    void newfsFailureTellsItsMessage() {
        assertThatThrownBy(
                        () ->
                                Newfs.run(
                                        folder.resolve("x.img"),
                                        Newfs.options().size(16 << 20).blockSize(5).build()))
                .isInstanceOf(ToolException.class)
                .hasMessageStartingWith("newfs: ")
                .hasMessageContaining("5");
    }

    @Test
    void newfsTellsItsProgress() {
        List<String> seen = new ArrayList<>();
        Newfs.run(
                folder.resolve("big.img"),
                Newfs.options()
                        .size(256L << 20)
                        .onProgress((what, done, total) -> seen.add(what + done + "/" + total))
                        .build());
        assertThat(seen).isNotEmpty();
    }

    @Test
    void lsListsEntries() {
        with("hello");
        Mkdir.in(kernel).run("/mnt/dir");
        Ln.in(kernel).run("-s", "file", "/mnt/link");
        Mknod.in(kernel).run("/mnt/fifo", "p");
        Chown.in(kernel).run("7:8", "/mnt/file");
        Chmod.in(kernel).run("4751", "/mnt/file");
        List<Ls.Entry> entries = Ls.in(kernel).list("/mnt");
        assertThat(entries)
                .extracting(Ls.Entry::name)
                .containsExactly("dir", "fifo", "file", "link");
        Ls.Entry file = entries.get(2);
        assertThat(file.type()).isEqualTo(Ls.Type.FILE);
        assertThat(file.mode()).isEqualTo(04751);
        assertThat(file.uid()).isEqualTo(7);
        assertThat(file.gid()).isEqualTo(8);
        assertThat(file.size()).isEqualTo(5);
        assertThat(entries.get(0).type()).isEqualTo(Ls.Type.DIRECTORY);
        assertThat(entries.get(1).type()).isEqualTo(Ls.Type.FIFO);
        assertThat(entries.get(3).target()).contains("file");
        assertThat(Ls.in(kernel).run("/mnt").out()).isEqualTo("dir\nfifo\nfile\nlink\n");
        assertThatThrownBy(() -> Ls.in(kernel).list("/none"))
                .isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void failureNamesErrnoAndObject() {
        assertThatThrownBy(() -> Ls.in(kernel).run("/none"))
                .isInstanceOfSatisfying(
                        ToolException.class,
                        e -> {
                            assertThat(e).hasMessage("ls: /none: No such file or directory");
                            assertThat(e.errnoName()).contains("ENOENT");
                            assertThat(e.object()).contains("/none");
                            assertThat(e.result().status()).isEqualTo(1);
                        });
    }

    @Test
    void dfTellsUsage() {
        List<Df.Usage> all = Df.in(kernel).list();
        Df.Usage ffs = all.get(all.size() - 1);
        assertThat(ffs.device()).isEqualTo("/dev/disk0");
        assertThat(ffs.directory()).isEqualTo("/mnt");
        assertThat(ffs.type()).isEqualTo("ffs");
        assertThat(ffs.total()).isBetween(8L << 20, 16L << 20);
        assertThat(ffs.used()).isLessThan(1 << 20);
        assertThat(ffs.inodes()).isGreaterThan(ffs.freeInodes());
        assertThat(Df.in(kernel).usage("/mnt")).isEqualTo(ffs);
    }

    @Test
    void mountListsAndUmountEnds() {
        assertThat(Mount.in(kernel).list())
                .anySatisfy(
                        m -> {
                            assertThat(m.device()).isEqualTo("/dev/disk0");
                            assertThat(m.type()).isEqualTo("ffs");
                            assertThat(m.options()).contains("local");
                        });
        Umount.in(kernel).run("/mnt");
        assertThat(Mount.in(kernel).list()).noneMatch(m -> m.type().equals("ffs"));
        assertThat(Fsck.in(kernel).exec("-t", "ffs", "-n", "/dev/rdisk0").status()).isZero();
        assertThat(Dumpfs.in(kernel).superblock("/dev/rdisk0").format()).isEqualTo(FfsFormat.UFS2);
    }

    @Test
    void everyToolDoesItsWork() {
        with("hello");
        Cp.in(kernel).run("/mnt/file", "/mnt/copy");
        Mv.in(kernel).run("/mnt/copy", "/mnt/moved");
        assertThat(Cat.in(kernel).run("/mnt/moved").out()).isEqualTo("hello");
        Touch.in(kernel).run("/mnt/new");
        Chgrp.in(kernel).run("5", "/mnt/new");
        assertThat(Stat.in(kernel).run("-f", "%g", "/mnt/new").out()).isEqualTo("5\n");
        Rm.in(kernel).run("/mnt/new");
        Mkdir.in(kernel).run("/mnt/d");
        Rmdir.in(kernel).run("/mnt/d");
        assertThat(Ls.in(kernel).list("/mnt"))
                .extracting(Ls.Entry::name)
                .containsExactly("file", "moved");
    }

    @Test
    void toolsRunOnAServerToo() {
        kernel.close();
        try (RumpServer server =
                RumpServer.builder("unix://" + folder.resolve("sock"))
                        .disk("/dev/disk0", image)
                        .start()) {
            Mkdir.in(server).run("/mnt");
            Mount.in(server).mount("ffs", "/dev/disk0", "/mnt", "log");
            Mkdir.in(server).run("/mnt/made");
            assertThat(Ls.in(server).list("/mnt")).extracting(Ls.Entry::name).contains("made");
            assertThat(Df.in(server).usage("/mnt").type()).isEqualTo("ffs");
            Umount.in(server).run("/mnt");
        }
        assertThat(FsckFfs.isClean(image)).isTrue();
    }

    /** SIGINFO and SIGINT, from another thread, to a tool without an end. */
    @Test
    void aControlAsksForTheStatusAndEnds() throws Exception {
        ToolControl control = new ToolControl();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        RumpHost host =
                kernel.withControl(control).withOutput(OutputStream.nullOutputStream(), err);
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            Future<ToolResult> dd =
                    threads.submit(
                            () -> Dd.in(host).exec("if=/dev/zero", "of=/dev/null", "bs=64k"));
            while (!err.toString(StandardCharsets.UTF_8).contains("records in")) {
                assertThat(dd.isDone()).isFalse();
                control.requestStatus();
                Thread.sleep(1);
            }
            assertThat(control.interrupt()).isEqualTo(1);
            assertThat(dd.get(30, TimeUnit.SECONDS).status()).isEqualTo(130);
            assertThat(control.interrupt()).isZero();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void interruptEndsLongWork() throws Exception {
        Thread me = Thread.currentThread();
        Thread later =
                new Thread(
                        () -> {
                            try {
                                Thread.sleep(100);
                            } catch (InterruptedException e) {
                                return;
                            }
                            me.interrupt();
                        });
        later.start();
        InputStream endless =
                new InputStream() {
                    @Override
                    public int read() {
                        return 0;
                    }

                    @Override
                    public int read(byte[] to, int offset, int length) {
                        return length;
                    }
                };
        ToolResult result = Cat.in(kernel.withInput(endless)).exec();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(result.status()).isEqualTo(130);
        later.join();
    }

    @Test
    void mountFfsTakesOptions() {
        Umount.in(kernel).run(Umount.options().build(), "/mnt");
        MountFfs.in(kernel)
                .mount(
                        MountFfs.options().log().noAccessTimes().asynchronous().build(),
                        "/dev/disk0",
                        "/mnt");
        assertThat(Mount.in(kernel).list())
                .anySatisfy(
                        m -> {
                            assertThat(m.directory()).isEqualTo("/mnt");
                            assertThat(m.options()).contains("log", "noatime", "asynchronous");
                        });
        Mount.in(kernel)
                .mount(Mount.options().update().log().noExecution().build(), "/dev/disk0", "/mnt");
        assertThat(Mount.in(kernel).list())
                .anySatisfy(m -> assertThat(m.options()).contains("log", "noexec"));
    }

    /** Nobody writes to the fifo: the tool sleeps in the kernel. */
    private void endsAsleep(Tool tool, Consumer<Thread> ender, String... line) throws Exception {
        AtomicReference<ToolResult> result = new AtomicReference<>();
        Thread asleep = new Thread(() -> result.set(tool.exec(line)));
        asleep.start();
        Thread.sleep(100);
        assertThat(asleep.isAlive()).isTrue();
        ender.accept(asleep);
        asleep.join(30_000);
        assertThat(result.get()).isNotNull();
        assertThat(result.get().status()).isEqualTo(130);
    }

    private void interruptsReachSleepers(RumpHost host) throws Exception {
        ToolControl control = new ToolControl();
        RumpHost with = host.withControl(control);
        endsAsleep(Cat.in(host), Thread::interrupt, "/mnt/fifo");
        endsAsleep(Cat.in(with), thread -> control.interrupt(), "/mnt/fifo");
    }

    @Test
    void aToolThatSleepsWakesForAnInterrupt() throws Exception {
        Mknod.in(kernel).fifo(Mknod.options().build(), "/mnt/fifo");
        interruptsReachSleepers(kernel);
        Thread.currentThread().interrupt();
        assertThat(Cat.in(kernel).exec("/mnt/fifo").status()).isEqualTo(130);
        assertThat(Thread.interrupted()).isTrue();
        // dd looks at the signal itself, and tells what it has copied
        endsAsleep(Dd.in(kernel), Thread::interrupt, "if=/mnt/fifo");
        RumpProcess process = kernel.newProcess("parent");
        endsAsleep(Cat.in(process), thread -> process.close(), "/mnt/fifo");
        try (RumpProcess alive = kernel.newProcess("alive")) {
            assertThat(Cat.in(alive).exec("/none").status()).isEqualTo(1);
        }
    }

    @Test
    void aToolThatSleepsInAServerWakesForAnInterrupt() throws Exception {
        kernel.close();
        try (RumpServer server =
                RumpServer.builder("unix://" + folder.resolve("sock"))
                        .disk("/dev/disk0", image)
                        .start()) {
            Mkdir.in(server).run("/mnt");
            Mknod.in(server).fifo(Mknod.options().build(), "/mnt/fifo");
            interruptsReachSleepers(server);
            assertThat(Ls.in(server).list("/mnt")).hasSize(1);
        }
    }

    /** What a stream waits for takes the thread's one place for a channel: it is given back. */
    @Test
    void anInterruptReachesAToolWhoseStreamUsedAChannel() throws Exception {
        Path text = Files.writeString(folder.resolve("text"), "text");
        Mknod.in(kernel).fifo(Mknod.options().build(), "/mnt/fifo");
        try (InputStream in = Channels.newInputStream(Files.newByteChannel(text))) {
            endsAsleep(Cat.in(kernel.withInput(in)), Thread::interrupt, "-u", "-", "/mnt/fifo");
        }
    }
}
