// SPDX-License-Identifier: BSD-2-Clause
// The Java of ./dev demo disk: an encrypted partition, and a RAID 5 that loses a component.

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.rumprun.disk.Cgd;
import org.rumprun.disk.CgdParams;
import org.rumprun.disk.CgdParams.Verification;
import org.rumprun.disk.Disklabel;
import org.rumprun.disk.Label;
import org.rumprun.disk.Partition;
import org.rumprun.disk.RaidSet;
import org.rumprun.disk.RaidStatus;
import org.rumprun.disk.Raidctl;
import org.rumprun.fs.Mkdir;
import org.rumprun.fs.MountFfs;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;
import org.rumprun.fs.Umount;
import org.rumprun.kernel.RumpKernel;

public final class DiskDemo {
  private static final long MEBI = 1 << 20;

  private DiskDemo() {}

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[1]);
    if (args[0].equals("cgd")) {
      encrypted(folder);
    } else {
      raid(folder);
    }
  }

  private static void say(String text) {
    System.out.println("   " + text);
  }

  private static Path file(Path folder, String name, long size) throws IOException {
    Path path = folder.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(size);
    }
    return path;
  }

  /** Files of all sizes. */
  private static void fill(Path directory, int count, int most) throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < count; i++) {
      byte[] bytes = new byte[random.nextInt(most)];
      random.nextBytes(bytes);
      Files.write(directory.resolve("file" + i), bytes);
    }
  }

  /** The SHA-256 of every byte of every file. */
  private static String digest(Path directory) throws IOException, NoSuchAlgorithmException {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
        sha.update(Files.readAllBytes(file));
      }
    }
    return HexFormat.of().formatHex(sha.digest(), 0, 8);
  }

  // --- a label, and an encrypted partition ---

  private static void encrypted(Path folder) throws Exception {
    Path image = file(folder, "disk.img", 64 * MEBI);
    Disklabel.write(
        image,
        Label.of(64 * MEBI)
            .withName("demo")
            .with(new Partition('a', 60 * MEBI / 512, 4 * MEBI / 512, "cgd")));
    for (Partition p : Disklabel.read(image).partitions()) {
      say("partition " + p.name() + ": " + p.size() + " sectors at " + p.offset() + ", " + p.type());
    }
    char[] passphrase = "correct horse battery staple".toCharArray();
    CgdParams params;
    try (RumpKernel kernel = RumpKernel.boot()) {
      params = Cgd.in(kernel).generate(CgdParams.Cipher.AES_CBC, 256, Verification.FFS);
      say("encrypted with " + params.cipher().word() + ", " + params.derivation().orElseThrow());
      kernel.attach("/dev/part", image, 4 * MEBI, 60 * MEBI);
      // nothing is there yet that could tell a right passphrase from a wrong one
      Cgd.in(kernel)
          .configure("cgd0", "/dev/part", params.verifiedBy(Verification.NONE), passphrase);
      Newfs.in(kernel).run("/dev/rcgd0a");
    }
    String written;
    try (FileSystem fs = open(image, params, passphrase)) {
      fill(fs.getPath("/"), 100, 200_000);
      written = digest(fs.getPath("/"));
    }
    say("100 files written: " + written);
    try (FileSystem fs = open(image, params, passphrase)) {
      say("opened again, read: " + digest(fs.getPath("/")));
    }
    try (FileSystem fs = open(image, params, "correct horse battery stable".toCharArray())) {
      throw new AssertionError("opened with a wrong passphrase: " + fs);
    } catch (FileSystemException e) {
      say("with a wrong passphrase: " + e.getReason());
    }
  }

  /** The partition of type cgd is found by the label. */
  private static FileSystem open(Path image, CgdParams params, char[] passphrase)
      throws IOException {
    return RumpFileSystems.open(
        image, RumpFileSystems.options().layer(Cgd.layer(params, passphrase)));
  }

  // --- three files as a RAID 5 ---

  private static void raid(Path folder) throws Exception {
    RumpKernel.Builder builder = RumpKernel.builder();
    for (int i = 0; i < 3; i++) {
      builder.disk("/dev/disk" + i, file(folder, "component" + i, 256 * MEBI));
    }
    try (RumpKernel kernel = builder.boot()) {
      Raidctl raidctl = Raidctl.in(kernel);
      raidctl.create("raid0", RaidSet.of(5, "/dev/disk0", "/dev/disk1", "/dev/disk2"), 1);
      show(raidctl);
      Newfs.in(kernel).run("/dev/rraid0a");
      Mkdir.in(kernel).run("/mnt");
      MountFfs.in(kernel).run("/dev/raid0a", "/mnt");
      try (FileSystem fs = RumpFileSystems.open(kernel, "/mnt")) {
        fill(fs.getPath("/"), 200, 1_000_000);
        say("200 files written: " + digest(fs.getPath("/")));
        lose(raidctl, "/dev/disk1");
        scribble(folder.resolve("component1"));
        say("read without disk1: " + digest(fs.getPath("/")));
        Raidctl.in(kernel.withProgress(DiskDemo::bar)).rebuild("raid0", "/dev/disk1");
        System.out.println();
        show(raidctl);
        lose(raidctl, "/dev/disk0"); // now every other byte must come from what was rebuilt
        say("read without disk0: " + digest(fs.getPath("/")));
      }
      Umount.in(kernel).run("/mnt");
    }
  }

  private static void show(Raidctl raidctl) {
    RaidStatus status = raidctl.status("raid0");
    say(
        status.components().stream()
            .map(c -> c.name() + " " + c.state())
            .collect(Collectors.joining(", ", "", "; parity clean: " + status.parityClean())));
  }

  private static void lose(Raidctl raidctl, String component) throws InterruptedException {
    raidctl.fail("raid0", component);
    while (raidctl.status("raid0").isOptimal()) {
      Thread.sleep(10);
    }
    show(raidctl);
  }

  private static void scribble(Path component) throws IOException {
    byte[] bytes = new byte[(int) MEBI];
    Random random = new Random(2);
    try (RandomAccessFile file = new RandomAccessFile(component.toFile(), "rw")) {
      for (long at = 0; at < file.length(); at += MEBI) {
        random.nextBytes(bytes);
        file.write(bytes);
      }
    }
    say("component1 has been overwritten with noise");
  }

  private static void bar(String what, long done, long total) {
    int width = 40;
    int full = total == 0 ? 0 : (int) (done * width / total);
    System.out.printf(
        "\r   %s [%s%s] %3d%%",
        what, "#".repeat(full), "-".repeat(width - full), total == 0 ? 0 : done * 100 / total);
  }
}
