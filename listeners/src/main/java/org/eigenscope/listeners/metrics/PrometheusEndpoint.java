package org.eigenscope.listeners.metrics;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpsConfigurator;
import io.micrometer.core.instrument.Clock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.config.PrometheusProperties;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.eigenscope.listeners.ReadingSink;
import org.jspecify.annotations.Nullable;

/**
 * Serves readings to Prometheus over HTTP.
 *
 * <pre>{@code
 * try (PrometheusEndpoint endpoint = PrometheusEndpoint.start(9464)) {
 *   ... ProbeListener.builder().sink(endpoint.sink()) ...
 * }
 * }</pre>
 *
 * <p>{@code /metrics} answers in Prometheus text 0.0.4, OpenMetrics or protobuf, as the client
 * asks; {@code /-/healthy} answers 200. What is there is documented at {@link EigenscopeMetrics}
 * and {@link SpectrumCollector}. It listens on the loopback address, without authentication, unless
 * told otherwise.
 *
 * <p><b>Threading.</b> At most ten daemon threads answer; a scrape never waits for a probe, and
 * sees one reading of each probe throughout.
 *
 * <p><b>Failures.</b> A collector that somebody else registers and that throws, or that exports a
 * name which is exported already, voids the scrape: the answer is 500, without a stack trace, and
 * the log says what failed. This library's own collectors do not throw.
 *
 * <p><b>Latency.</b> The JDK's HTTP server delays small answers by some 40 ms unless the system
 * property {@code sun.net.httpserver.nodelay} is {@code true} when its classes are loaded. It
 * belongs to the whole JVM, so this library leaves it to the program: {@code
 * -Dsun.net.httpserver.nodelay=true}. Prometheus does not mind the delay.
 */
public final class PrometheusEndpoint implements AutoCloseable {

  private static final String PATH = "/metrics";
  private static final int LARGEST_PORT = 65_535;

  private final EigenscopeMetrics metrics;
  private final PrometheusMeterRegistry meterRegistry;
  private final HTTPServer server;
  private final URI uri;
  private final @Nullable DiscoveryFile discovery;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PrometheusEndpoint(
      EigenscopeMetrics metrics,
      PrometheusMeterRegistry meterRegistry,
      HTTPServer server,
      URI uri,
      @Nullable DiscoveryFile discovery) {
    this.metrics = metrics;
    this.meterRegistry = meterRegistry;
    this.server = server;
    this.uri = uri;
    this.discovery = discovery;
  }

  /**
   * Starts an endpoint on the loopback address, with the builder's defaults.
   *
   * @param port TCP port, from 0 to 65535; 0 picks a free one
   * @throws IllegalArgumentException if the port is out of range
   * @throws UncheckedIOException if the port cannot be listened on; the message names it
   */
  public static PrometheusEndpoint start(int port) {
    return builder().port(port).start();
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the sink that feeds this endpoint; any number of listeners may share it. */
  public ReadingSink sink() {
    return metrics;
  }

  /** Returns the port it listens on, never 0. */
  public int port() {
    return uri.getPort();
  }

  /**
   * Returns the address of the metrics page. When the endpoint listens on all addresses, it is the
   * loopback one.
   */
  public URI uri() {
    return uri;
  }

  /**
   * Returns the Micrometer registry behind this endpoint, for other meters that should be served
   * too. Its common tags reach all meters but the spectrum.
   */
  public PrometheusMeterRegistry meterRegistry() {
    return meterRegistry;
  }

  /** Stops listening and releases the port. Closing again does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      if (discovery != null) {
        discovery.close();
      }
      server.close();
      meterRegistry.close();
    }
  }

  /** Settings of a {@link PrometheusEndpoint}. */
  public static final class Builder {
    private @Nullable String host;
    private int port;
    private @Nullable BasicAuthenticator authenticator;
    private @Nullable HttpsConfigurator https;
    private SpectrumGrid grid = SpectrumGrid.defaults();
    private int maximumSeries = EigenscopeMetrics.DEFAULT_MAXIMUM_SERIES;
    private @Nullable PrometheusRegistry additional;
    private @Nullable Path discovery;

    private Builder() {}

    /**
     * Sets the name or address to listen on; default the loopback address. {@code 0.0.0.0} is all
     * addresses: whoever reaches the machine can then read the metrics, unless {@link
     * #basicAuthentication} is set.
     */
    public Builder host(String host) {
      if (host.isBlank()) {
        throw new IllegalArgumentException(
            "host must not be blank; leave it out for the loopback address");
      }
      this.host = host;
      return this;
    }

    /** Sets the TCP port, from 0 to 65535; default 0, which picks a free one. */
    public Builder port(int port) {
      if (port < 0 || port > LARGEST_PORT) {
        throw new IllegalArgumentException(
            "port must be between 0 and %d, got %d".formatted(LARGEST_PORT, port));
      }
      this.port = port;
      return this;
    }

    /**
     * Asks every client for a user and a password (RFC 7617, UTF-8); default is to ask nobody. They
     * cross the network in the clear unless {@link #tls(SSLContext)} is set, too.
     *
     * @param user not empty, without a colon
     * @param password not empty
     */
    public Builder basicAuthentication(String user, String password) {
      if (user.isEmpty() || user.indexOf(':') >= 0 || password.isEmpty()) {
        throw new IllegalArgumentException(
            "user and password must not be empty and the user must not contain a colon, got user"
                + " '%s' and a password of %d characters".formatted(user, password.length()));
      }
      this.authenticator = new Credentials(user, password);
      return this;
    }

    /** Serves HTTPS with a context's key and its default parameters; default is HTTP. */
    public Builder tls(SSLContext context) {
      return tls(new HttpsConfigurator(context));
    }

    /** Serves HTTPS with parameters of your own, client certificates for example. */
    public Builder tls(HttpsConfigurator configurator) {
      this.https = configurator;
      return this;
    }

    /** Sets the bounds of the spectrum's histogram; default {@link SpectrumGrid#defaults()}. */
    public Builder spectrumGrid(SpectrumGrid grid) {
      this.grid = grid;
      return this;
    }

    /**
     * Sets how many series may exist, at least 1; default {@value
     * EigenscopeMetrics#DEFAULT_MAXIMUM_SERIES}.
     */
    public Builder maximumSeries(int maximumSeries) {
      this.maximumSeries = maximumSeries;
      return this;
    }

    /**
     * Serves the metrics of one more registry, too, {@link PrometheusRegistry#defaultRegistry} for
     * example; default none. It must not export a name that this endpoint exports.
     */
    public Builder registry(PrometheusRegistry additional) {
      this.additional = additional;
      return this;
    }

    /**
     * Sets a directory in which a Prometheus of this host finds the endpoint, whatever its port
     * (its {@code file_sd_configs} with {@code DIRECTORY/*.json}); default none.
     *
     * <p>The endpoint writes {@code eigenscope-PID-PORT.json} there once it listens, in one piece,
     * and removes it when it is closed or the process ends. A process that is killed leaves its
     * file; the next endpoint in that directory removes files of endpoints that refuse connections.
     *
     * @param directory created when missing; its own, or shared with other endpoints
     */
    public Builder discovery(Path directory) {
      this.discovery = directory;
      return this;
    }

    /**
     * Starts the endpoint.
     *
     * @throws UncheckedIOException if the host is unknown or the port cannot be listened on, or the
     *     discovery file cannot be written; the message names them
     */
    public PrometheusEndpoint start() {
      EigenscopeMetrics metrics = EigenscopeMetrics.create(maximumSeries);
      ScrapeRegistry registry = new ScrapeRegistry();
      registry.register(SpectrumCollector.of(metrics, grid));
      if (additional != null) {
        // MultiCollector has defaults for all but one of its methods without being marked as
        // functional.
        MultiCollector collector = additional::scrape;
        registry.register(collector);
      }
      HTTPServer server = listen(registry);
      PrometheusMeterRegistry meterRegistry =
          new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, registry, Clock.SYSTEM);
      metrics.bindTo(meterRegistry);
      URI uri = uri(server.getPort());
      return new PrometheusEndpoint(metrics, meterRegistry, server, uri, announce(server, uri));
    }

    private @Nullable DiscoveryFile announce(HTTPServer server, URI uri) {
      try {
        return discovery == null ? null : DiscoveryFile.write(discovery, uri);
      } catch (RuntimeException e) {
        server.close();
        throw e;
      }
    }

    private HTTPServer listen(PrometheusRegistry registry) {
      // Properties of its own: the default ones come from the environment, and overrule the port.
      HTTPServer.Builder builder =
          HTTPServer.builder(PrometheusProperties.builder().build())
              .port(port)
              .registry(registry)
              .metricsHandlerPath(PATH);
      if (authenticator != null) {
        builder.authenticator(authenticator);
      }
      if (https != null) {
        builder.httpsConfigurator(https);
      }
      try {
        return builder.inetAddress(address()).buildAndStart();
      } catch (IOException e) {
        throw new UncheckedIOException(
            "cannot listen on %s:%d (%s): ".formatted(hostOrLoopback(), port, e.getMessage())
                + "the host must be this machine's and the port free; port 0 picks a free one",
            e);
      }
    }

    private InetAddress address() throws IOException {
      return host == null ? InetAddress.getLoopbackAddress() : InetAddress.getByName(host);
    }

    private String hostOrLoopback() {
      return host == null ? InetAddress.getLoopbackAddress().getHostAddress() : host;
    }

    private URI uri(int actualPort) {
      String name = hostOrLoopback();
      InetAddress address = new InetSocketAddress(name, actualPort).getAddress();
      if (address != null && address.isAnyLocalAddress()) {
        name = InetAddress.getLoopbackAddress().getHostAddress();
      }
      String bracketed = name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
      return URI.create(
          "%s://%s:%d%s".formatted(https == null ? "http" : "https", bracketed, actualPort, PATH));
    }
  }

  /** Compares in constant time, so that answers do not tell how much of a password was right. */
  private static final class Credentials extends BasicAuthenticator {
    private final byte[] expected;

    Credentials(String user, String password) {
      super("eigenscope", StandardCharsets.UTF_8);
      this.expected = bytes(user, password);
    }

    @Override
    public boolean checkCredentials(String user, String password) {
      return MessageDigest.isEqual(expected, bytes(user, password));
    }

    private static byte[] bytes(String user, String password) {
      return (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    }
  }
}
