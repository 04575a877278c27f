// SPDX-License-Identifier: BSD-2-Clause
// The Java half of ./dev demo: makes an image, and reads it back.

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.rumprun.fs.Newfs;
import org.rumprun.fs.RumpFileSystems;

public final class Demo {
  private Demo() {}

  public static void main(String[] args) throws IOException {
    Path image = Path.of(args[1]);
    if (args[0].equals("newfs")) {
      System.out.print(Newfs.run(image, Newfs.options().size(64L << 20).build()).out());
    } else {
      read(image);
    }
  }

  private static void read(Path image) throws IOException {
    try (FileSystem fs = RumpFileSystems.open(image);
        Stream<Path> tree = Files.walk(fs.getPath("/"))) {
      for (Path path : (Iterable<Path>) tree::iterator) {
        if (Files.isRegularFile(path)) {
          System.out.printf("%s: %s", path, Files.readString(path));
        } else {
          System.out.println(path);
        }
      }
    }
  }
}
