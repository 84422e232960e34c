package org.eigenscope.listeners.web;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** A client that may misbehave: it sends what it is told to and reads only when it is told to. */
public final class RawClient implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 30_000;

  private final Socket socket;

  private RawClient(Socket socket) {
    this.socket = socket;
  }

  /** Connects to a port of this machine. */
  public static RawClient connect(int port) throws IOException {
    Socket socket = new Socket();
    // A small buffer, so that a server soon notices that nobody reads.
    socket.setReceiveBufferSize(4096);
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
    return new RawClient(socket);
  }

  /** Sends a request and returns all that comes until the server closes. */
  public static String exchange(int port, String request) throws IOException {
    try (RawClient client = connect(port)) {
      client.send(request);
      return new String(client.socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Sends text. */
  public void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  /** Returns the next line. */
  public String line() throws IOException {
    StringBuilder line = new StringBuilder();
    InputStream in = socket.getInputStream();
    for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
      line.append((char) next);
    }
    return line.toString();
  }

  /** Reads until the server closes the connection, in whichever way; returns how many bytes. */
  public long readToTheEnd() throws IOException {
    long count = 0;
    byte[] bytes = new byte[1 << 16];
    try {
      InputStream in = socket.getInputStream();
      for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
        count += read;
      }
    } catch (SocketException e) {
      // A reset is an end, too.
      return count;
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
