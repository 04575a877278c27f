// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Native;
import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rumprun.kernel.RumpException;
import org.rumprun.kernel.RumpKernel;
import org.rumprun.kernel.RumpProcess;
import org.rumprun.kernel.ToolException;

/** The tools with options and results that have types, on a file system in memory. */
@Timeout(60)
class OptionsTest {
    private final RumpKernel kernel = RumpKernel.boot();

    @BeforeEach
    void mount() {
        Mkdir.in(kernel).run("/mnt");
        MountTmpfs.in(kernel).mount(MountTmpfs.options().build(), "/mnt");
    }

    @AfterEach
    void halt() {
        kernel.close();
    }

    private String file(String path, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Dd.in(kernel.withInput(new ByteArrayInputStream(bytes)))
                .copy(Dd.options().output(path).build());
        return path;
    }

    private List<String> names(String directory) {
        return Ls.in(kernel).list(directory).stream().map(Ls.Entry::name).toList();
    }

    private Stat.Info info(String path) {
        return Stat.in(kernel).info(path);
    }

    @Test
    void catNumbersAndShows() {
        file("/mnt/a", "one\n\n\n\ttwo\n");
        Cat cat = Cat.in(kernel);
        assertThat(cat.text("/mnt/a", "/mnt/a")).hasSize(2 * 11);
        assertThat(cat.run(Cat.options().number().squeezeBlank().build(), "/mnt/a").out())
                .isEqualTo("     1\tone\n     2\t\n     3\t\ttwo\n");
        assertThat(
                        cat.run(
                                        Cat.options()
                                                .numberNonBlank()
                                                .showTabs()
                                                .showEnds()
                                                .build(),
                                        "/mnt/a")
                                .out())
                .contains("     2\t^Itwo$");
        cat.run(Cat.options().unbuffered().blockSize(16).showNonPrinting().build(), "/mnt/a");
        assertThatThrownBy(() -> cat.run(Cat.options().regularFilesOnly().build(), "/mnt"))
                .isInstanceOf(ToolException.class);
        assertThatThrownBy(() -> cat.text("/none"))
                .isInstanceOfSatisfying(
                        ToolException.class, e -> assertThat(e.errnoName()).contains("ENOENT"));
    }

    @Test
    void cpCopiesTrees() {
        Mkdir.in(kernel).run(Mkdir.options().parents().mode(0700).build(), "/mnt/d/e");
        file("/mnt/d/e/f", "text");
        Chmod.in(kernel).run(Chmod.options().build(), 0640, "/mnt/d/e/f");
        Cp cp = Cp.in(kernel);
        assertThatThrownBy(() -> cp.copy("/mnt/d", "/mnt/x", Cp.options().build()))
                .isInstanceOf(ToolException.class);
        cp.copy("/mnt/d", "/mnt/x", Cp.options().recursive().followNone().preserve().build());
        assertThat(info("/mnt/x/e/f").mode()).isEqualTo(0640);
        cp.copy("/mnt/d", "/mnt/y", Cp.options().archive().leaveFlags().build());
        assertThat(Cat.in(kernel).text("/mnt/y/e/f")).isEqualTo("text");
        cp.run(Cp.options().hardLinks().build(), "/mnt/d/e/f", "/mnt/y/g");
        assertThat(info("/mnt/y/g").links()).isEqualTo(2);
        assertThat(cp.run(Cp.options().verbose().force().build(), "/mnt/y/g", "/mnt/z").out())
                .isEqualTo("/mnt/y/g -> /mnt/z\n");
        file("/mnt/-dash", "dash");
        cp.copy("/mnt/-dash", "-copy", Cp.options().build());
        assertThat(names("/")).contains("-copy");
    }

    @Test
    void ddTellsWhatItCopied() {
        Dd dd = Dd.in(kernel);
        Dd.Summary all =
                dd.copy(
                        Dd.options()
                                .input("/dev/zero")
                                .output("/mnt/zeros")
                                .blockSize(1000)
                                .count(3)
                                .seek(2)
                                .build());
        assertThat(all).isEqualTo(new Dd.Summary(3, 0, 3, 0, 3000));
        assertThat(info("/mnt/zeros").size()).isEqualTo(5000);
        Dd.Summary part =
                dd.copy(
                        Dd.options()
                                .input("/mnt/zeros")
                                .output("/mnt/zeros")
                                .inputBlockSize(2048)
                                .outputBlockSize(512)
                                .skip(1)
                                .conversions("notrunc", "ucase")
                                .build());
        assertThat(part).isEqualTo(new Dd.Summary(1, 1, 5, 1, 2952));
        assertThatThrownBy(
                        () ->
                                dd.copy(
                                        Dd.options()
                                                .input("/dev/zero")
                                                .output("/mnt/zeros")
                                                .count(1)
                                                .outputFlags("excl", "creat")
                                                .build()))
                .isInstanceOfSatisfying(
                        ToolException.class, e -> assertThat(e.errnoName()).contains("EEXIST"));
        assertThatThrownBy(
                        () ->
                                dd.copy(
                                        Dd.options()
                                                .input("/mnt/zeros")
                                                .arguments("msgfmt=quiet")
                                                .build()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void lnMakesLinks() {
        file("/mnt/a", "a");
        Ln ln = Ln.in(kernel);
        ln.link("/mnt/a", "/mnt/b");
        ln.symbolic("a", "/mnt/c");
        assertThat(info("/mnt/b").inode()).isEqualTo(info("/mnt/a").inode());
        assertThat(info("/mnt/c").type()).isEqualTo(Ls.Type.LINK);
        assertThat(Stat.in(kernel).infoOfTarget("/mnt/c").inode())
                .isEqualTo(info("/mnt/a").inode());
        assertThatThrownBy(() -> ln.link("/mnt/a", "/mnt/b")).isInstanceOf(ToolException.class);
        ln.run(Ln.options().symbolic().force().targetItself().build(), "/mnt", "/mnt/c");
        assertThat(ln.run(Ln.options().verbose().build(), "/mnt/a", "/mnt/d").out())
                .contains("/mnt/d");
    }

    @Test
    void treesAreMadeAndRemoved() {
        Mkdir.in(kernel).run(Mkdir.options().parents().build(), "/mnt/a/b/c", "/mnt/d");
        assertThat(info("/mnt/a/b/c").type()).isEqualTo(Ls.Type.DIRECTORY);
        Rmdir.in(kernel).run(Rmdir.options().build(), "/mnt/d");
        assertThatThrownBy(() -> Rmdir.in(kernel).run(Rmdir.options().build(), "/mnt/a"))
                .isInstanceOfSatisfying(
                        ToolException.class, e -> assertThat(e.errnoName()).contains("ENOTEMPTY"));
        Mv.in(kernel).move("/mnt/a", "/mnt/e");
        assertThat(names("/mnt")).containsExactly("e");
        Mv.in(kernel).run(Mv.options().verbose().force().build(), "/mnt/e/b", "/mnt");
        assertThat(names("/mnt")).containsExactly("b", "e");
        assertThatThrownBy(() -> Rm.in(kernel).run(Rm.options().build(), "/mnt/b"))
                .isInstanceOf(ToolException.class);
        Rm.in(kernel)
                .run(
                        Rm.options().recursive().force().oneFileSystem().overwrite().build(),
                        "/mnt/b",
                        "/mnt/none");
        Rm.in(kernel).run(Rm.options().directories().verbose().build(), "/mnt/e");
        assertThat(names("/mnt")).isEmpty();
    }

    @Test
    void ownersAndPermissionsChange() {
        Mkdir.in(kernel).run("/mnt/d");
        file("/mnt/d/f", "f");
        file("/mnt/g", "g");
        Chmod chmod = Chmod.in(kernel);
        chmod.run(Chmod.options().recursive().followNone().build(), 0711, "/mnt/d");
        assertThat(info("/mnt/d/f").mode()).isEqualTo(0711);
        chmod.run(Chmod.options().build(), "-x,u+s", "/mnt/d/f");
        assertThat(info("/mnt/d/f").mode()).isEqualTo(04600);
        chmod.runLike(Chmod.options().ignoreErrors().build(), "/mnt/d/f", "/mnt/g");
        assertThat(info("/mnt/g").mode()).isEqualTo(04600);
        assertThatThrownBy(() -> chmod.run(Chmod.options().build(), 010000, "/mnt/g"))
                .isInstanceOf(IllegalArgumentException.class);
        Chown chown = Chown.in(kernel);
        chown.run(Chown.options().recursive().build(), 70000, 80000, "/mnt/d");
        assertThat(info("/mnt/d/f").uid()).isEqualTo(70000);
        assertThat(info("/mnt/d/f").gid()).isEqualTo(80000);
        chown.run(Chown.options().build(), 5, "/mnt/g");
        chown.run(Chown.options().build(), ":6", "/mnt/g");
        assertThat(info("/mnt/g").uid()).isEqualTo(5);
        assertThat(info("/mnt/g").gid()).isEqualTo(6);
        chown.runLike(Chown.options().linksThemselves().build(), "/mnt/d", "/mnt/g");
        assertThat(info("/mnt/g").uid()).isEqualTo(70000);
        Chgrp chgrp = Chgrp.in(kernel);
        assertThat(chgrp.run(Chgrp.options().verbose().build(), 9, "/mnt/g").out())
                .contains("/mnt/g");
        assertThat(info("/mnt/g").gid()).isEqualTo(9);
        chgrp.run(Chgrp.options().build(), "10", "/mnt/g");
        chgrp.runLike(Chgrp.options().build(), "/mnt/d", "/mnt/g");
        assertThat(info("/mnt/g").gid()).isEqualTo(80000);
    }

    @Test
    void specialFilesAreMade() {
        Mknod mknod = Mknod.in(kernel);
        mknod.fifo(Mknod.options().mode(0620).owner("4").group("5").build(), "/mnt/p");
        mknod.block(Mknod.options().build(), "/mnt/b", 12, 345);
        mknod.character(Mknod.options().build(), "/mnt/c", 12, 345);
        assertThat(info("/mnt/p"))
                .returns(Ls.Type.FIFO, Stat.Info::type)
                .returns(0620, Stat.Info::mode)
                .returns(4L, Stat.Info::uid)
                .returns(5L, Stat.Info::gid);
        assertThat(info("/mnt/b").type()).isEqualTo(Ls.Type.BLOCK);
        assertThat(info("/mnt/c").type()).isEqualTo(Ls.Type.CHARACTER);
        assertThat(info("/mnt/c").rdev()).isEqualTo(info("/mnt/b").rdev()).isPositive();
        assertThatThrownBy(() -> mknod.fifo(Mknod.options().build(), "/mnt/b"))
                .isInstanceOf(ToolException.class);
        mknod.fifo(Mknod.options().replace().build(), "/mnt/b");
        assertThat(info("/mnt/b").type()).isEqualTo(Ls.Type.FIFO);
    }

    /** pread(2) has no place to read at in a fifo. */
    @Test
    void fifosHaveNoPositions() {
        final int open = 5;
        final int pread = 173;
        final long readWrite = 2;
        Mknod.in(kernel).fifo(Mknod.options().build(), "/mnt/p");
        try (RumpProcess process = kernel.newProcess("reader")) {
            long fd = process.call(open, "/mnt/p", readWrite, 0);
            ByteBuffer buffer = ByteBuffer.allocateDirect(10);
            // the offset takes two words of a 32-bit block
            Object[] block =
                    Native.POINTER_SIZE == 8
                            ? new Object[] {fd, buffer, 10, 0, 0L}
                            : new Object[] {fd, buffer, 10, 0, 0, 0};
            assertThatThrownBy(() -> process.call(pread, block))
                    .isInstanceOfSatisfying(
                            RumpException.class,
                            e -> assertThat(e.errnoName()).isEqualTo("ESPIPE"));
        }
    }

    @Test
    void touchSetsTimes() {
        Instant time = Instant.ofEpochSecond(1_000_000_000);
        Touch touch = Touch.in(kernel);
        touch.run(Touch.options().noCreate().build(), "/mnt/none");
        assertThat(names("/mnt")).isEmpty();
        touch.run(Touch.options().time(time).build(), "/mnt/a");
        assertThat(info("/mnt/a").modified()).isEqualTo(time);
        touch.run(Touch.options().build(), "/mnt/b");
        touch.run(Touch.options().accessTime().like("/mnt/a").build(), "/mnt/b");
        assertThat(info("/mnt/b").accessed()).isEqualTo(time);
        assertThat(info("/mnt/b").modified()).isAfter(time);
        Ln.in(kernel).symbolic("a", "/mnt/l");
        touch.run(
                Touch.options().linksThemselves().modificationTime().time(time).build(), "/mnt/l");
        assertThat(info("/mnt/l").modified()).isEqualTo(time);
    }

    @Test
    void statTellsWhatTheToolTells() {
        file("/mnt/a", "hello");
        Stat stat = Stat.in(kernel);
        Stat.Info a = stat.info("/mnt/a");
        String format = "%d %i %p %l %u %g %z %b %k %f %v %a %m %c";
        assertThat(
                        stat.run(Stat.options().followLinks().format(format).build(), "/mnt/a")
                                .out()
                                .strip())
                .isEqualTo(
                        String.join(
                                " ",
                                Long.toString(a.device()),
                                Long.toString(a.inode()),
                                Integer.toOctalString(0100000 | a.mode()),
                                Long.toString(a.links()),
                                Long.toString(a.uid()),
                                Long.toString(a.gid()),
                                Long.toString(a.size()),
                                Long.toString(a.blocks()),
                                Integer.toString(a.blockSize()),
                                Long.toString(a.flags()),
                                Long.toString(a.generation()),
                                Long.toString(a.accessed().getEpochSecond()),
                                Long.toString(a.modified().getEpochSecond()),
                                Long.toString(a.changed().getEpochSecond())));
        assertThat(a.path()).isEqualTo("/mnt/a");
        assertThat(a.type()).isEqualTo(Ls.Type.FILE);
        assertThat(a.born()).isPresent();
        assertThat(stat.run(Stat.options().shell().noNewline().build(), "/mnt/a").out())
                .contains("st_size=5");
        stat.run(Stat.options().atLength().timeFormat("%Y").build(), "/mnt/a");
        stat.run(Stat.options().numbers().quiet().build(), "/mnt/a");
        assertThatThrownBy(() -> stat.info("/mnt/none"))
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(NoSuchFileException.class);
    }

    private List<String> mountOptions(String directory) {
        return Mount.in(kernel).list().stream()
                .filter(m -> m.directory().equals(directory))
                .findFirst()
                .orElseThrow()
                .options();
    }

    @Test
    void mountsHaveOptions() {
        Mkdir.in(kernel).run("/two", "/three");
        MountTmpfs.in(kernel)
                .mount(
                        MountTmpfs.options()
                                .size(1 << 20)
                                .nodes(100)
                                .mode(0751)
                                .owner("3")
                                .group("4")
                                .noDevices()
                                .noSetIds()
                                .build(),
                        "/two");
        assertThat(info("/two").mode()).isEqualTo(0751);
        assertThat(info("/two").uid()).isEqualTo(3);
        assertThat(Df.in(kernel).usage("/two").total()).isLessThanOrEqualTo(1 << 20);
        assertThat(mountOptions("/two")).contains("nodev", "nosuid");
        Mount mount = Mount.in(kernel);
        mount.mount(
                Mount.options()
                        .type("tmpfs")
                        .noAccessTimes()
                        .noExecution()
                        .synchronous()
                        .readOnly()
                        .option("-s=1m")
                        .build(),
                "tmpfs",
                "/three");
        assertThat(mountOptions("/three"))
                .contains("noatime", "noexec", "synchronous", "read-only");
        assertThat(
                        mount.mount(
                                        Mount.options().type("tmpfs").dryRun().verbose().build(),
                                        "tmpfs",
                                        "/three")
                                .out())
                .contains("mount_tmpfs");
        Umount umount = Umount.in(kernel);
        umount.run(Umount.options().force().build(), "/three");
        umount.run(Umount.options().all().types("tmpfs").verbose().build());
        assertThat(mount.list()).noneMatch(m -> m.type().equals("tmpfs"));
    }

    @Test
    void lsListsAsAsked() {
        file("/mnt/small", "1");
        file("/mnt/large", "12345");
        Mkdir.in(kernel).run("/mnt/dir");
        Ls ls = Ls.in(kernel);
        assertThat(ls.run(Ls.options().onePerLine().bySize().reverse().build(), "/mnt").out())
                .containsSubsequence("small\n", "large\n");
        assertThat(ls.run(Ls.options().directories().classify().build(), "/mnt/dir").out())
                .isEqualTo("/mnt/dir/\n");
        assertThat(
                        ls.run(
                                        Ls.options()
                                                .longForm()
                                                .numbers()
                                                .fullTimes()
                                                .inodes()
                                                .recursive()
                                                .build(),
                                        "/mnt")
                                .out())
                .contains("-rw-r--r--")
                .contains("large");
    }

    @Test
    void dfCountsAsAsked() {
        Df df = Df.in(kernel);
        assertThat(df.run(Df.options().kilobytes().inodes().build(), "/mnt").out())
                .contains("/mnt");
        assertThat(df.run(Df.options().local().types("tmpfs").megabytes().build()).out())
                .contains("tmpfs")
                .doesNotContain("rumpfs");
    }
}
