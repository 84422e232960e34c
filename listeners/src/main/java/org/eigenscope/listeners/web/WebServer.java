package org.eigenscope.listeners.web;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the live page over HTTP, and paths of somebody else's beside it: one server, one address,
 * one password.
 *
 * <pre>{@code
 * try (LiveFeed feed = LiveFeed.ofTraining("my training");
 *     WebServer server = WebServer.builder().port(9464).page(feed).start()) {
 *   ... ProbeListener.builder().sink(feed) ...
 * }
 * }</pre>
 *
 * <table>
 * <caption>Paths, for GET and HEAD; others are not found</caption>
 * <tr><td>{@code /}</td><td>the page, which asks for {@code /page/...}</td></tr>
 * <tr><td>{@code /api/readings}</td><td>the readings kept, oldest first, as a journal. {@code
 * ?after=ID} begins after a reading, {@code ?limit=N} ends after so many; the header {@code
 * Eigenscope-Last-Id} says where the next {@code after} goes on</td></tr>
 * <tr><td>{@code /api/events}</td><td>what is kept and what happens from now on, as server-sent
 * events</td></tr>
 * </table>
 *
 * <p>It listens on the loopback address, without authentication, unless told otherwise. There it
 * answers for the page only to who names this machine: not to a foreign site whose name leads here.
 *
 * <p><b>Bounds.</b> At most {@value #THREADS} daemon threads answer, and {@value #QUEUE} requests
 * wait for one; what comes beyond is disconnected. Of the threads, events have at most 16, the
 * readings 4 and files 12 (a client beyond that gets 503 with {@code Retry-After}), so that the
 * others always have 16. A request must have arrived 10 seconds after a thread has taken its first
 * byte and be answered 30 seconds after that; all readings may take 2 minutes and one event 20
 * seconds. A client that takes longer is disconnected. A request has no body.
 *
 * <p>The rest is bounded by the JDK, for the whole JVM: connections that are silent from their
 * beginning cost no thread and last 30 seconds; their number is unbounded unless {@code
 * jdk.httpserver.maxConnections} is set; a request has at most 200 headers, in current releases of
 * 384 kB together. Where {@code sun.net.httpserver.maxRspTime} is set (Prometheus' own {@code
 * HTTPServer} sets it to 600 seconds), events are broken off after that time, and go on when the
 * browser connects again.
 *
 * <p><b>Latency.</b> The JDK's HTTP server delays small answers by some 40 ms unless the system
 * property {@code sun.net.httpserver.nodelay} is {@code true} when its classes are loaded. It
 * belongs to the whole JVM, so this library leaves it to the program.
 */
public final class WebServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WebServer.class);

  static final int THREADS = 48;
  static final int QUEUE = 512;
  private static final int BACKLOG = 128;
  private static final int IDLE_SECONDS = 60;
  private static final int LARGEST_PORT = 65_535;

  /** For what the clients of the events still have to be told when the server is closed. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private final HttpServer server;
  private final ThreadPoolExecutor threads;
  private final Watchdog watchdog;
  private final @Nullable LiveFeed feed;
  private final @Nullable LivePage page;
  private final Map<String, HttpHandler> handlers;
  private final Limits limits;
  private final URI uri;
  private final AtomicBoolean failedBefore = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  private WebServer(Builder builder, HttpServer server) {
    this.server = server;
    limits = builder.limits;
    watchdog = new Watchdog();
    threads = threads();
    feed = builder.feed;
    page = feed == null ? null : new LivePage(feed, builder.knownHosts(), limits);
    handlers = new TreeMap<>(page == null ? Map.of() : page.handlers());
    handlers.putAll(builder.handlers);
    uri = builder.uri(server.getAddress().getPort());
    // The one context there is, so that no path is without the password.
    HttpContext context = server.createContext("/", this::answer);
    if (builder.authenticator != null) {
      context.setAuthenticator(builder.authenticator);
    }
    server.setExecutor(task -> threads.execute(() -> watched(task)));
  }

  private static ThreadPoolExecutor threads() {
    AtomicInteger count = new AtomicInteger();
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(QUEUE),
            task -> {
              Thread thread = new Thread(task, "eigenscope-web-" + count.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the port it listens on, never 0. */
  public int port() {
    return uri.getPort();
  }

  /**
   * Returns the address of {@code /}. When the server listens on all addresses, it is the loopback
   * one.
   */
  public URI uri() {
    return uri;
  }

  /**
   * Ends the events, with the feed, stops listening and releases the port. Closing again does
   * nothing.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (feed != null && page != null) {
      feed.close();
      try {
        page.awaitEndOfEvents(FAREWELL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    server.stop(0);
    threads.shutdownNow();
    watchdog.close();
  }

  private void listen() {
    try {
      // From a daemon thread, whose own threads are daemons, too.
      threads.submit(server::start).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the server was started", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the server could not be started", e);
    }
  }

  /** Runs what the JDK's server does with one request, from its first byte. */
  @SuppressWarnings("try") // the watch itself is the use
  private void watched(Runnable task) {
    try (Watchdog.Watch watch = watchdog.watch(limits.request())) {
      task.run();
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    Watchdog.current().allow(limits.answer());
    CompletedOutput out = new CompletedOutput(exchange.getResponseBody());
    exchange.setStreams(null, out);
    HttpHandler handler = handlers.get(exchange.getRequestURI().getPath());
    try {
      if (handler == null) {
        Answer.text(exchange, 404, "there is nothing at this path");
      } else {
        handler.handle(exchange);
      }
    } catch (RuntimeException e) {
      if (failedBefore.compareAndSet(false, true)) {
        log.error("An answer failed at {} (said once)", exchange.getRequestURI().getPath(), e);
      }
      throw e;
    }
    if (!out.complete) {
      // The JDK's server forgets a broken connection when its handler throws, and only then.
      throw new IOException("the answer was broken off");
    }
  }

  /** Knows whether an answer was written to its end. */
  private static final class CompletedOutput extends FilterOutputStream {
    private boolean complete;

    CompletedOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      // Without a flush, which fails where there is no content.
      out.close();
      complete = true;
    }
  }

  /** Settings of a {@link WebServer}. */
  public static final class Builder {
    private final Map<String, HttpHandler> handlers = new TreeMap<>();
    private @Nullable String host;
    private int port;
    private @Nullable BasicAuthenticator authenticator;
    private @Nullable HttpsConfigurator https;
    private @Nullable LiveFeed feed;
    private Limits limits = Limits.defaults();

    private Builder() {}

    /**
     * Sets the name or address to listen on; default the loopback address. {@code 0.0.0.0} is all
     * addresses: whoever reaches the machine can then read what is served, unless {@link
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
     * Asks every client for a user and a password (RFC 7617, UTF-8), on every path; default is to
     * ask nobody. They cross the network in the clear unless {@link #tls(SSLContext)} is set, too.
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

    /**
     * Serves the live page of a feed, which is closed with the server; default is to serve none.
     */
    public Builder page(LiveFeed feed) {
      this.feed = feed;
      return this;
    }

    /**
     * Serves a path of your own; it is matched as a whole. The handler must not keep a client
     * waiting, and has 30 seconds.
     *
     * @param path begins with a slash; replaces what else is served there
     */
    public Builder handler(String path, HttpHandler handler) {
      if (!path.startsWith("/")) {
        throw new IllegalArgumentException("path must begin with a slash, got " + path);
      }
      handlers.put(path, handler);
      return this;
    }

    /** Sets how long things may take. */
    Builder limits(Limits limits) {
      this.limits = limits;
      return this;
    }

    /**
     * Starts the server.
     *
     * @throws UncheckedIOException if the host is unknown or the port cannot be listened on; the
     *     message names them
     */
    public WebServer start() {
      WebServer started = new WebServer(this, bind());
      started.listen();
      return started;
    }

    private HttpServer bind() {
      try {
        InetAddress address =
            host == null ? InetAddress.getLoopbackAddress() : InetAddress.getByName(host);
        InetSocketAddress socket = new InetSocketAddress(address, port);
        if (https == null) {
          return HttpServer.create(socket, BACKLOG);
        }
        HttpsServer secure = HttpsServer.create(socket, BACKLOG);
        secure.setHttpsConfigurator(https);
        return secure;
      } catch (IOException e) {
        throw new UncheckedIOException(
            "cannot listen on %s:%d (%s): ".formatted(hostOrLoopback(), port, e.getMessage())
                + "the host must be this machine's and the port free; port 0 picks a free one",
            e);
      }
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
          "%s://%s:%d/".formatted(https == null ? "http" : "https", bracketed, actualPort));
    }

    /** Returns whom the page is for, by the name that clients use for this server. */
    private KnownHosts knownHosts() {
      InetAddress address = new InetSocketAddress(hostOrLoopback(), 0).getAddress();
      boolean loopback = address != null && address.isLoopbackAddress();
      return loopback && authenticator == null
          ? KnownHosts.thisMachine(hostOrLoopback())
          : KnownHosts.all();
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
