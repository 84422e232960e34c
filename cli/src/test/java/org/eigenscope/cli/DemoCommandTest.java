package org.eigenscope.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class DemoCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "--every, 0, 10000000",
    "--every, -3, 10000000",
    "--iterations, 0, 10000000",
    "--seconds, 0, 604800",
  })
  void rejectsValuesOutOfRange(String option, int value, int max) {
    assertThat(execute(option + "=" + value)).isEqualTo(2);
    assertThat(err.toString())
        .startsWith(
            "eigenscope: %s must be between 1 and %d, got %d%n".formatted(option, max, value));
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({"-1", "65536"})
  void rejectsPortsOutOfRange(int port) {
    assertThat(execute("--port=" + port)).isEqualTo(2);
    assertThat(err.toString()).contains("--port must be between 0 and 65535, got " + port);
  }

  @Test
  void rejectsWhatIsNoNumber() {
    assertThat(execute("--every=often")).isEqualTo(2);
    assertThat(err.toString()).contains("--every", "often");
  }

  @Test
  void saysInOneLineThatThePortIsInUse() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(execute("--port=" + taken.getLocalPort(), "--out=" + folder)).isEqualTo(1);
      assertThat(err.toString().lines()).hasSize(1);
      assertThat(err.toString())
          .contains(":" + taken.getLocalPort(), "port 0 picks a free one", "eigenscope: ");
    }
  }

  @Test
  void saysInOneLineThatTheOutputFolderCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    assertThat(execute("--port=0", "--out=" + file)).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo(
            "eigenscope: cannot write to the directory %s (it is not a directory);".formatted(file)
                + " choose another with --out"
                + System.lineSeparator());
  }

  @Test
  void saysInOneLineThatTheDataIsMissing() {
    Path absent = folder.resolve("absent");
    assertThat(execute("--port=0", "--out=" + folder, "--data=" + absent)).isEqualTo(1);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).contains(absent.toString(), "train-images-idx3-ubyte");
  }

  private int execute(String... options) {
    String[] arguments = new String[options.length + 1];
    arguments[0] = "demo";
    System.arraycopy(options, 0, arguments, 1, options.length);
    CommandLine commandLine =
        Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return Main.execute(commandLine, arguments);
  }
}
