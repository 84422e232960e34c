package org.eigenscope.examples.howto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.eigenscope.listeners.metrics.PrometheusEndpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snippets of docs/how-to/secure-the-endpoint.md, run. */
class SecuredEndpointTest {
  private static final String PASSWORD = "correct horse";

  @Test
  void asksForThePasswordOverTls(@TempDir Path directory) throws Exception {
    Path keyStore = directory.resolve("key.p12");
    makeKey(keyStore);

    try (PrometheusEndpoint endpoint =
        secured("127.0.0.1", 0, PASSWORD, sslContext(keyStore, PASSWORD.toCharArray()))) {
      SSLContext client = trusting(keyStore);

      assertThat(endpoint.uri().getScheme()).isEqualTo("https");
      assertThat(status(endpoint.uri(), client, null)).isEqualTo(401);
      assertThat(status(endpoint.uri(), client, "guess")).isEqualTo(401);
      assertThat(status(endpoint.uri(), client, PASSWORD)).isEqualTo(200);
    }
  }

  private static PrometheusEndpoint secured(
      String host, int port, String password, SSLContext sslContext) {
    return PrometheusEndpoint.builder()
        .host(host) // of this machine; 0.0.0.0 is all its addresses
        .port(port)
        .basicAuthentication("prometheus", password)
        .tls(sslContext)
        .start();
  }

  private static SSLContext sslContext(Path keyStore, char[] password)
      throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance(keyStore.toFile(), password);
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, password);
    SSLContext sslContext = SSLContext.getInstance("TLS");
    sslContext.init(managers.getKeyManagers(), null, null);
    return sslContext;
  }

  private static SSLContext trusting(Path keyStore) throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray());
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("endpoint", keys.getCertificate("endpoint"));
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private static int status(URI uri, SSLContext context, String password) throws IOException {
    HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
    connection.setSSLSocketFactory(context.getSocketFactory());
    if (password != null) {
      String credentials = "prometheus:" + password;
      connection.setRequestProperty(
          "Authorization",
          "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8)));
    }
    try {
      return connection.getResponseCode();
    } finally {
      connection.disconnect();
    }
  }

  /** The JDK has no supported way to sign a certificate but its own tool. */
  private static void makeKey(Path keyStore) throws IOException, InterruptedException {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "endpoint",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                keyStore.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(keytool.exitValue())
        .as(new String(keytool.getInputStream().readAllBytes(), UTF_8))
        .isZero();
  }
}
