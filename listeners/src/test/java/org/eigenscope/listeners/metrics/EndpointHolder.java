package org.eigenscope.listeners.metrics;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** A process with an endpoint to discover, which it says and then holds until it is ended. */
final class EndpointHolder {

  static final int READY = 'r';

  private EndpointHolder() {}

  public static void main(String[] args) throws IOException {
    PrometheusEndpoint endpoint = PrometheusEndpoint.builder().discovery(Path.of(args[0])).start();
    System.out.write(READY);
    System.out.flush();
    // Ends with the process that started this one, at the latest.
    System.in.transferTo(OutputStream.nullOutputStream());
    endpoint.close();
  }
}
