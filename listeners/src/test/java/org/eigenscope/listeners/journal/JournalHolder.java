package org.eigenscope.listeners.journal;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import org.eigenscope.listeners.HandmadeReadings;

/** A process that writes a reading to a journal, says so, and holds the journal until killed. */
final class JournalHolder {

  static final int READY = 'r';

  private JournalHolder() {}

  public static void main(String[] args) throws IOException {
    JournalSink sink = JournalSink.open(Path.of(args[0]));
    sink.accept(HandmadeReadings.spectrum(0));
    System.out.write(READY);
    System.out.flush();
    // Ends with the process that started this one, at the latest.
    System.in.transferTo(OutputStream.nullOutputStream());
    sink.close();
  }
}
