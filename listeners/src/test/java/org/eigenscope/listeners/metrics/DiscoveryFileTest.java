package org.eigenscope.listeners.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Prometheus makes of these files is tested with its shipped configuration, in grafana. */
class DiscoveryFileTest {

  @TempDir Path directory;

  @Test
  void isThereWhileTheEndpointListens() throws Exception {
    Path runs = directory.resolve("shared/runs");
    Path file;
    try (PrometheusEndpoint endpoint = PrometheusEndpoint.builder().discovery(runs).start()) {
      file =
          runs.resolve(
              "eigenscope-%d-%d.json".formatted(ProcessHandle.current().pid(), endpoint.port()));
      assertThat(files(runs)).containsExactly(file);
      assertThat(new ObjectMapper().readTree(file.toFile()))
          .isEqualTo(
              new ObjectMapper()
                  .readTree(
                      "[{\"targets\": [\"127.0.0.1:%d\"], \"labels\": {}}]"
                          .formatted(endpoint.port())));
      if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
        // As the user's other files: a Prometheus is another user.
        Path other = Files.createFile(directory.resolve("other"));
        assertThat(Files.getPosixFilePermissions(file))
            .isEqualTo(Files.getPosixFilePermissions(other))
            .contains(PosixFilePermission.OWNER_READ);
      }
    }
    assertThat(files(runs)).isEmpty();
  }

  @Test
  void endpointsShareADirectory() throws Exception {
    PrometheusEndpoint.Builder builder = PrometheusEndpoint.builder().discovery(directory);
    try (PrometheusEndpoint first = builder.start()) {
      List<Path> ofFirst = files(directory);
      try (PrometheusEndpoint second = builder.start()) {
        assertThat(second.port()).isNotEqualTo(first.port());
        assertThat(files(directory)).hasSize(2).containsAll(ofFirst);
      }
      assertThat(files(directory)).isEqualTo(ofFirst);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:9464", "[::1]:9464", "training-host:9464"})
  void namesTheSchemeUnlessItIsPrometheusDefault(String target) throws IOException {
    try (DiscoveryFile file =
        DiscoveryFile.write(directory, URI.create("https://" + target + "/metrics"))) {
      assertThat(file).isNotNull();
      assertThat(new ObjectMapper().readTree(files(directory).get(0).toFile()))
          .isEqualTo(
              new ObjectMapper()
                  .readTree(
                      "[{\"targets\": [\"%s\"], \"labels\": {\"__scheme__\": \"https\"}}]"
                          .formatted(target)));
    }
  }

  @Test
  void aKilledProcessLeavesItsFileToTheNextEndpoint() throws Exception {
    Process killed = holder();
    List<Path> left = files(directory);
    killed.destroyForcibly();
    assertThat(killed.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(files(directory)).isEqualTo(left).hasSize(1);

    Process ended = holder();
    assertThat(files(directory)).hasSize(1).doesNotContainAnyElementsOf(left);
    ended.destroy();
    assertThat(ended.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(files(directory)).isEmpty();
  }

  @Test
  void removesNothingButWhatNobodyListensAt() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String living = "[{\"targets\": [\"127.0.0.1:%d\"]}]".formatted(other.getLocalPort());
      Path alive = Files.writeString(directory.resolve("eigenscope-1-1.json"), living);
      Path handmade =
          Files.writeString(
              directory.resolve("mine.json"),
              "[{\"targets\": [\"127.0.0.1:%d\"]}]".formatted(refusingPort()));
      Path broken = Files.writeString(directory.resolve("eigenscope-2-2.json"), "[{\"targ");
      Path empty = Files.writeString(directory.resolve("eigenscope-3-3.json"), "[]");
      Path dead =
          Files.writeString(
              directory.resolve("eigenscope-4-4.json"),
              "[{\"targets\": [\"127.0.0.1:%d\"]}]".formatted(refusingPort()));

      try (PrometheusEndpoint endpoint =
          PrometheusEndpoint.builder().discovery(directory).start()) {
        assertThat(files(directory)).contains(alive, handmade, broken, empty).doesNotContain(dead);
        // Of a killed process, whose port is this endpoint's now.
        Path before =
            Files.writeString(
                directory.resolve("eigenscope-5-%d.json".formatted(endpoint.port())),
                "[{\"targets\": [\"127.0.0.1:%d\"]}]".formatted(endpoint.port()));
        try (DiscoveryFile again = DiscoveryFile.write(directory, endpoint.uri())) {
          assertThat(again).isNotNull();
          assertThat(files(directory)).doesNotContain(before);
        }
      }
    }
  }

  @Test
  void aDirectoryThatCannotBeWrittenStopsTheEndpoint() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    int port = refusingPort();

    assertThatThrownBy(() -> PrometheusEndpoint.builder().port(port).discovery(file).start())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot write the discovery file " + file)
        .hasMessageContaining("a directory that can be written");
    assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
        .isInstanceOf(IOException.class);
  }

  private Process holder() throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                EndpointHolder.class.getName(),
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    InputStream ready = process.getInputStream();
    assertThat(ready.read()).isEqualTo(EndpointHolder.READY);
    return process;
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  private static int refusingPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
