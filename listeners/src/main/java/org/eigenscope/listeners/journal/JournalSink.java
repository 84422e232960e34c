package org.eigenscope.listeners.journal;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.probes.Reading;
import org.jspecify.annotations.Nullable;

/**
 * Appends readings to a journal: one line of JSON for each, in the format of {@linkplain
 * org.eigenscope.listeners.journal this package}.
 *
 * <p><b>Durability.</b> A reading is handed to the operating system, in one piece, before {@link
 * #accept} returns: it survives the end of the process, killed or not, but not a power failure.
 *
 * <p><b>Failures.</b> A write that fails (a full disk) throws and may leave a torn line; the next
 * reading starts a line of its own. A journal that a killed process left with a torn line is
 * continued in the same way, so that no complete reading is lost.
 *
 * <p><b>Threading.</b> Thread-safe. A journal has one writer: a lock keeps out others, of this and
 * of other processes. Readers are not kept out. The lock guards against mistakes only: on POSIX
 * systems a process gives it up when it closes the file elsewhere, after reading it for example.
 */
public final class JournalSink implements ReadingSink, AutoCloseable {

  /** Beyond any content: where locks are mandatory, they would keep readers out of the content. */
  private static final long LOCK_POSITION = Long.MAX_VALUE - 1;

  private final String name;
  private final OutputStream out;
  private boolean endsInsideLine;
  private boolean closed;

  /**
   * Creates a sink.
   *
   * @param name names the journal in messages
   * @param out where lines are appended
   * @param endsInsideLine whether what is there does not end with a line feed
   */
  JournalSink(String name, OutputStream out, boolean endsInsideLine) {
    this.name = name;
    this.out = out;
    this.endsInsideLine = endsInsideLine;
  }

  /**
   * Opens a journal to append to. Creates the file, and the directories it is in, when they are
   * missing.
   *
   * @param path the file
   * @throws UncheckedIOException if the file cannot be written, or is being written by another
   *     sink; the message names the file
   */
  public static JournalSink open(Path path) {
    RandomAccessFile file = null;
    try {
      Path parent = path.toAbsolutePath().getParent();
      // createDirectories refuses a link to a directory in some releases of the JDK.
      if (parent != null && !Files.isDirectory(parent)) {
        Files.createDirectories(parent);
      }
      file = new RandomAccessFile(path.toFile(), "rw");
      lock(file);
      return new JournalSink(path.toString(), new Appending(file), endsInsideLine(file));
    } catch (IOException e) {
      closeAfter(e, file);
      throw new UncheckedIOException(
          "cannot write the journal %s (%s)".formatted(path, describe(e)), e);
    }
  }

  private static void lock(RandomAccessFile file) throws IOException {
    FileLock lock;
    try {
      // Held until the file is closed.
      lock = file.getChannel().tryLock(LOCK_POSITION, 1, false);
    } catch (OverlappingFileLockException e) {
      throw new IOException("another sink of this process writes it; give each its own file", e);
    }
    if (lock == null) {
      throw new IOException("another process writes it; give each run its own file");
    }
  }

  private static boolean endsInsideLine(RandomAccessFile file) throws IOException {
    // Through the handle that holds the lock: POSIX gives it up when any other one is closed.
    long length = file.length();
    if (length == 0) {
      return false;
    }
    file.seek(length - 1);
    return file.read() != '\n';
  }

  private static void closeAfter(IOException failure, @Nullable RandomAccessFile file) {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }

  private static String describe(IOException e) {
    // The message of a FileSystemException is often the bare path.
    return e instanceof FileSystemException
        ? e.getClass().getSimpleName() + ": " + e.getMessage()
        : String.valueOf(e.getMessage());
  }

  /**
   * Returns what {@link #accept} appends: the reading as one line of UTF-8, with its line feed.
   *
   * <p>The same bytes for the same reading; a file of such lines is a journal.
   */
  public static byte[] line(Reading reading) {
    return JournalFormat.line(reading);
  }

  /**
   * Appends a reading.
   *
   * @throws UncheckedIOException if it could not be written whole
   * @throws IllegalStateException if the sink is closed
   */
  @Override
  public void accept(Reading reading) {
    byte[] line = line(reading);
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("the journal %s is closed".formatted(name));
      }
      try {
        if (endsInsideLine) {
          out.write('\n');
        }
        endsInsideLine = true;
        out.write(line);
        out.flush();
        endsInsideLine = false;
      } catch (IOException e) {
        throw new UncheckedIOException(
            "cannot append the reading of iteration %d to the journal %s (%s)"
                .formatted(reading.provenance().iteration(), name, describe(e)),
            e);
      }
    }
  }

  /**
   * Closes the file and gives up its lock. Closing again does nothing.
   *
   * @throws UncheckedIOException if the operating system reports a failure
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the journal " + name, e);
    }
  }

  /** Writes at the end of a file. Not a channel: an interrupt of the thread would close it. */
  private static final class Appending extends OutputStream {
    private final RandomAccessFile file;

    Appending(RandomAccessFile file) {
      this.file = file;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      file.seek(file.length());
      file.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
