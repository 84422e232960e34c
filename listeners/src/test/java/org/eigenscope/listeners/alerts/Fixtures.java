package org.eigenscope.listeners.alerts;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Reading;
import org.eigenscope.probes.RecordedReading;

/** Readings a minute apart, and a clock that tests move. */
final class Fixtures {
  static final Instant BEGIN = Instant.parse("2026-01-02T03:00:00Z");

  private Fixtures() {}

  /** A clock that stands still until it is moved. */
  static final class MovedClock extends Clock {
    private volatile Instant now = BEGIN;

    void move(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  /** A reading of a matrix, built up. */
  static final class Draft {
    private final int iteration;
    private String run = "r";
    private String model = "m";
    private String probe = "p";
    private Map<String, String> matrix =
        Map.of("operator", "hessian", "normalization", "none", "layer", "all");
    private final List<Measurement> measurements = new ArrayList<>();

    private Draft(int iteration) {
      this.iteration = iteration;
    }

    Draft run(String name) {
      run = name;
      return this;
    }

    Draft probe(String name) {
      probe = name;
      return this;
    }

    Draft layer(String name) {
      matrix = Map.of("operator", "hessian", "normalization", "none", "layer", name);
      return this;
    }

    Draft with(String name, double value, String... more) {
      Map<String, String> tags = new TreeMap<>(matrix);
      for (int i = 0; i < more.length; i += 2) {
        tags.put(more[i], more[i + 1]);
      }
      measurements.add(new Measurement("eigenscope." + name, tags, value));
      return this;
    }

    /** Adds a largest eigenvalue that is known exactly. */
    Draft sharpness(double value) {
      return with("eigenvalue", value, "end", "largest", "rank", "1")
          .with("eigenvalue.residual", 0, "end", "largest", "rank", "1");
    }

    Reading reading() {
      return new RecordedReading(
          new Provenance(
              probe,
              run,
              model,
              iteration,
              0,
              BEGIN.plus(Duration.ofMinutes(iteration)),
              1,
              1,
              1,
              1,
              Map.of(),
              Map.of()),
          measurements,
          List.of(),
          List.of());
    }
  }

  static Draft at(int iteration) {
    return new Draft(iteration);
  }

  /** Returns a reading whose stability ratio is this. */
  static Reading stability(int iteration, double ratio) {
    return at(iteration).sharpness(1).with("stability.ratio", ratio).reading();
  }
}
