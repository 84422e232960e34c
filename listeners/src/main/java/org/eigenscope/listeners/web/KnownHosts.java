package org.eigenscope.listeners.web;

import com.sun.net.httpserver.HttpExchange;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may have the page, by what a browser says of where it goes and comes from.
 *
 * <p>A server on the loopback address without a password trusts who is on the machine, and every
 * web site is: it can make the browser ask for any address, and with a name of its own that leads
 * to the loopback address it can read the answer (DNS rebinding). So there the name must be one of
 * this machine, and what answers for long or in bulk must not be asked for by another site.
 *
 * @param own the only name that counts beside addresses and localhost; null when all do
 */
record KnownHosts(@Nullable String own) {
  private static final Pattern ADDRESS =
      Pattern.compile("\\[[0-9a-fA-F:.%]+]|[0-9]+(\\.[0-9]+){3}");
  private static final Pattern PORT = Pattern.compile(":[0-9]*$");

  static KnownHosts all() {
    return new KnownHosts(null);
  }

  static KnownHosts thisMachine(String host) {
    return new KnownHosts(host.toLowerCase(Locale.ROOT));
  }

  /** Returns why a request must not be answered; null where it may. */
  @Nullable String refusal(HttpExchange exchange) {
    if (own == null) {
      return null;
    }
    String header = exchange.getRequestHeaders().getFirst("Host");
    String name = PORT.matcher(header == null ? "" : header).replaceFirst("");
    name = name.toLowerCase(Locale.ROOT);
    boolean known =
        header == null
            || name.equals(own)
            || name.equals("localhost")
            || name.endsWith(".localhost")
            || ADDRESS.matcher(name).matches();
    if (!known) {
      return "the host must be this machine's, by its address or as localhost;"
          + " for other names set a host to listen on, or a password";
    }
    String site = exchange.getRequestHeaders().getFirst("Sec-Fetch-Site");
    boolean foreign = "cross-site".equals(site) || "same-site".equals(site);
    return foreign && exchange.getRequestURI().getPath().startsWith("/api/")
        ? "another site's page must not ask for this"
        : null;
  }
}
