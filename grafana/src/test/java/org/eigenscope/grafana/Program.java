package org.eigenscope.grafana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program of this machine. */
record Program(Path file) {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Returns a program, or skips the test that asks for it. */
  static Program onPath(String name, String debianPackage) {
    for (String entry : System.getenv("PATH").split(File.pathSeparator, -1)) {
      Path file = Path.of(entry, name);
      if (Files.isExecutable(file)) {
        return new Program(file);
      }
    }
    assumeTrue(false, "%s is not on the PATH (Debian package %s)".formatted(name, debianPackage));
    throw new AssertionError();
  }

  static Program promtool() {
    return onPath("promtool", "prometheus");
  }

  /** How a program ended. */
  record Ended(int status, String said) {}

  /** Runs the program in the directory of the shipped files; fails with its output if it fails. */
  String run(List<String> arguments) throws Exception {
    Ended ended = attempt(arguments);
    assertThat(ended.status()).as("%s %s: %s", file, arguments, ended.said()).isZero();
    return ended.said();
  }

  /** Runs the program in the directory of the shipped files. */
  Ended attempt(List<String> arguments) throws Exception {
    Path output = Files.createTempFile("program", ".txt");
    try {
      Process process =
          new ProcessBuilder(Stream.concat(Stream.of(file.toString()), arguments.stream()).toList())
              .directory(ShippedFiles.DIRECTORY.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
            .as("%s %s ends", file, arguments)
            .isTrue();
      } finally {
        process.destroyForcibly();
      }
      return new Ended(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    } finally {
      Files.delete(output);
    }
  }
}
