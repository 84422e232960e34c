package org.eigenscope.listeners.metrics;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file by which a Prometheus on the same host finds an endpoint, in the format of its {@code
 * file_sd_configs}: there while the endpoint listens, and never half written.
 *
 * <p>A process that is killed leaves its file. The next endpoint of the same directory removes each
 * file of this kind whose endpoint refuses connections, or had the port that it now has itself: a
 * file is written once its endpoint listens and removed before it stops, so that a living one never
 * refuses.
 */
final class DiscoveryFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PrometheusEndpoint.class);
  private static final Pattern CONTENT = Pattern.compile("\\[\\{\"targets\": \\[\"([^\"]+)\"]");
  private static final String PREFIX = "eigenscope-";
  private static final String SUFFIX = ".json";
  private static final int CONNECT_MILLIS = 1000;

  private final Path file;
  private final Thread atExit;

  private DiscoveryFile(Path file) {
    this.file = file;
    this.atExit = new Thread(this::delete, "eigenscope-discovery");
  }

  /**
   * Writes the file of an endpoint that listens.
   *
   * @param directory where; created when missing
   * @param endpoint address of its metrics page
   * @throws UncheckedIOException if it cannot be written; the message names it
   */
  static DiscoveryFile write(Path directory, URI endpoint) {
    String target = endpoint.getAuthority();
    String name = PREFIX + ProcessHandle.current().pid() + "-" + endpoint.getPort() + SUFFIX;
    Path file = directory.resolve(name);
    // Prometheus reads what ends with .json; the name is this process' own.
    Path draft = directory.resolve(name + ".new");
    try {
      // createDirectories refuses a link to a directory in some releases of the JDK.
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory);
      }
      removeStale(directory, target);
      Files.writeString(draft, content(target, String.valueOf(endpoint.getScheme())));
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write the discovery file %s (%s: %s); give discovery(...) a directory that can be"
                  .formatted(file, e.getClass().getSimpleName(), e.getMessage())
              + " written",
          e);
    }
    DiscoveryFile written = new DiscoveryFile(file);
    Runtime.getRuntime().addShutdownHook(written.atExit);
    return written;
  }

  private static String content(String target, String scheme) {
    // Anything but http must be said. An address has no character that JSON would escape.
    String labels = scheme.equals("http") ? "" : "\"__scheme__\": \"%s\"".formatted(scheme);
    return "[{\"targets\": [\"%s\"], \"labels\": {%s}}]%n".formatted(target, labels);
  }

  private static void removeStale(Path directory, String ownTarget) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
      for (Path other : files) {
        try {
          String target = targetOf(other);
          if (target != null && (target.equals(ownTarget) || isRefused(target))) {
            Files.deleteIfExists(other);
            log.info("Removed {}: nobody listens at {} any more", other, target);
          }
        } catch (IOException | RuntimeException e) {
          log.debug("Left {} as it is", other, e);
        }
      }
    }
  }

  /** Returns the target that a file names, or null when it is not one of these. */
  private static @Nullable String targetOf(Path file) throws IOException {
    Matcher matcher = CONTENT.matcher(Files.readString(file));
    return matcher.lookingAt() ? matcher.group(1) : null;
  }

  private static boolean isRefused(String target) throws IOException {
    URI uri = URI.create("http://" + target);
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), CONNECT_MILLIS);
      return false;
    } catch (ConnectException e) {
      return true;
    }
  }

  /** Removes the file. Closing again does nothing. */
  @Override
  public void close() {
    delete();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      log.debug("The process is ending already", e);
    }
  }

  private void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      log.warn("Cannot remove the discovery file {}", file, e);
    }
  }
}
