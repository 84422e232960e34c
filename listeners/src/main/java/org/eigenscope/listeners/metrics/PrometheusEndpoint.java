package org.eigenscope.listeners.metrics;

import com.sun.net.httpserver.HttpsConfigurator;
import io.micrometer.core.instrument.Clock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.config.PrometheusProperties;
import io.prometheus.metrics.exporter.httpserver.DefaultHandler;
import io.prometheus.metrics.exporter.httpserver.HealthyHandler;
import io.prometheus.metrics.exporter.httpserver.MetricsHandler;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.eigenscope.listeners.Announcement;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.listeners.web.LiveFeed;
import org.eigenscope.listeners.web.WebServer;
import org.eigenscope.probes.Reading;
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
 * and {@link SpectrumCollector}. {@code /} is the live page, with its events and the readings it
 * keeps: see {@link WebServer} and {@link LiveFeed}, also for what is bounded, and how. The
 * endpoint listens on the loopback address, without authentication, unless told otherwise.
 *
 * <p><b>Threading.</b> Daemon threads answer; a scrape never waits for a probe, or for whoever has
 * the page open, and sees one reading of each probe throughout.
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

  private final ReadingSink sink;
  private final PrometheusMeterRegistry meterRegistry;
  private final WebServer server;
  private final @Nullable DiscoveryFile discovery;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PrometheusEndpoint(
      ReadingSink sink,
      PrometheusMeterRegistry meterRegistry,
      WebServer server,
      @Nullable DiscoveryFile discovery) {
    this.sink = sink;
    this.meterRegistry = meterRegistry;
    this.server = server;
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
    return sink;
  }

  /** Returns the port it listens on, never 0. */
  public int port() {
    return server.port();
  }

  /**
   * Returns the address of the metrics. When the endpoint listens on all addresses, it is the
   * loopback one.
   */
  public URI uri() {
    return server.uri().resolve(PATH);
  }

  /**
   * Returns the address of the live page; without it, of a page that leads to the metrics. When the
   * endpoint listens on all addresses, it is the loopback one.
   */
  public URI page() {
    return server.uri();
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
    private final WebServer.Builder server = WebServer.builder();
    private SpectrumGrid grid = SpectrumGrid.defaults();
    private int maximumSeries = EigenscopeMetrics.DEFAULT_MAXIMUM_SERIES;
    private boolean withPage = true;
    private @Nullable PrometheusRegistry additional;
    private @Nullable Path discovery;

    private Builder() {}

    /**
     * Sets the name or address to listen on; default the loopback address. {@code 0.0.0.0} is all
     * addresses: whoever reaches the machine can then read the metrics, unless {@link
     * #basicAuthentication} is set.
     */
    public Builder host(String host) {
      server.host(host);
      return this;
    }

    /** Sets the TCP port, from 0 to 65535; default 0, which picks a free one. */
    public Builder port(int port) {
      server.port(port);
      return this;
    }

    /**
     * Asks every client for a user and a password (RFC 7617, UTF-8), on every path; default is to
     * ask nobody. They cross the network in the clear unless {@link #tls(SSLContext)} is set, too.
     *
     * @param user not empty, without a colon
     * @param password not empty
     */
    public Builder basicAuthentication(String user, String password) {
      server.basicAuthentication(user, password);
      return this;
    }

    /** Serves HTTPS with a context's key and its default parameters; default is HTTP. */
    public Builder tls(SSLContext context) {
      server.tls(context);
      return this;
    }

    /** Serves HTTPS with parameters of your own, client certificates for example. */
    public Builder tls(HttpsConfigurator configurator) {
      server.tls(configurator);
      return this;
    }

    /** Leaves the live page out, and with it the memory for the readings it keeps. */
    public Builder withoutPage() {
      withPage = false;
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
      // Properties of its own: the default ones come from the environment.
      server
          .handler(PATH, new MetricsHandler(PrometheusProperties.builder().build(), registry))
          .handler("/-/healthy", new HealthyHandler());
      ReadingSink sink = metrics;
      if (withPage) {
        LiveFeed feed = LiveFeed.ofTraining("Live training");
        server.page(feed);
        sink = new Both(metrics, feed);
      } else {
        server.handler("/", new DefaultHandler(PATH));
      }
      WebServer started = server.start();
      PrometheusMeterRegistry meterRegistry =
          new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, registry, Clock.SYSTEM);
      metrics.bindTo(meterRegistry);
      return new PrometheusEndpoint(sink, meterRegistry, started, announce(started));
    }

    private @Nullable DiscoveryFile announce(WebServer started) {
      try {
        return discovery == null
            ? null
            : DiscoveryFile.write(discovery, started.uri().resolve(PATH));
      } catch (RuntimeException e) {
        started.close();
        throw e;
      }
    }
  }

  /** The metrics and the page. */
  private record Both(ReadingSink metrics, ReadingSink page) implements ReadingSink {
    @Override
    public void announce(Announcement announcement) {
      metrics.announce(announcement);
    }

    @Override
    public void accept(Reading reading) {
      try {
        metrics.accept(reading);
      } finally {
        page.accept(reading);
      }
    }

    @Override
    public void report(ProbeEvent event) {
      try {
        metrics.report(event);
      } finally {
        page.report(event);
      }
    }
  }
}
