package org.eigenscope.cli.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.eigenscope.listeners.ProbeEvent;
import org.eigenscope.listeners.ReadingSink;
import org.eigenscope.probes.Reading;
import org.eigenscope.view.ReadingTable;
import org.eigenscope.view.SpectrumChart;
import org.jspecify.annotations.Nullable;

/**
 * Shows each reading at once: a row of a table, and the picture anew where it has a spectrum, so
 * that a demo that is killed leaves the last one.
 */
final class DemoSink implements ReadingSink {
  private final SpectrumChart chart;
  private final Path picture;
  private final Progress progress;
  private final PrintWriter out;
  private final PrintWriter err;
  private int readings;
  private boolean pictured;
  private boolean complained;
  private @Nullable String failure;

  DemoSink(SpectrumChart chart, Path picture, Progress progress, PrintWriter out, PrintWriter err) {
    this.chart = chart;
    this.picture = picture;
    this.progress = progress;
    this.out = out;
    this.err = err;
  }

  @Override
  public void accept(Reading reading) {
    boolean first = readings == 0;
    readings++;
    progress.above(
        () -> {
          if (first) {
            out.println(ReadingTable.header());
          }
          out.println(ReadingTable.row(reading));
          out.flush();
        });
    if (!SpectrumChart.isDrawable(reading)) {
      return; // the last picture stays
    }
    try {
      chart.write(reading, picture);
      pictured = true;
    } catch (IOException e) {
      complainOnce("cannot draw the spectrum: " + e.getMessage());
    }
  }

  @Override
  public void report(ProbeEvent event) {
    if (event instanceof ProbeEvent.Failed failed) {
      failure =
          "the reading at iteration %d failed: %s".formatted(failed.iteration(), failed.cause());
    }
  }

  private void complainOnce(String complaint) {
    if (!complained) {
      complained = true;
      progress.above(
          () -> {
            err.println("eigenscope: " + complaint);
            err.flush();
          });
    }
  }

  /** Returns the number of readings taken so far. */
  int readings() {
    return readings;
  }

  /** Returns whether there is a picture. */
  boolean pictured() {
    return pictured;
  }

  /** Returns why the last reading that failed did, or null when none failed. */
  @Nullable String failure() {
    return failure;
  }
}
