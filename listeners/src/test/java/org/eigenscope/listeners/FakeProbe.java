package org.eigenscope.listeners;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.eigenscope.probes.Measurement;
import org.eigenscope.probes.Probe;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.Quantity;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Snapshot;

/** A probe that remembers its snapshots and does with each what a test wants. */
final class FakeProbe implements Probe<RecordedReading> {
  static final Quantity QUANTITY = new Quantity("eigenscope.fake", Map.of(), "A made-up value");
  static final long MATVECS = 7;

  private final String name;
  private final Consumer<Snapshot> work;
  private final List<Snapshot> snapshots = Collections.synchronizedList(new ArrayList<>());
  private final List<Snapshot> examined = Collections.synchronizedList(new ArrayList<>());
  private volatile Consumer<Snapshot> examination = snapshot -> {};

  private FakeProbe(String name, Consumer<Snapshot> work) {
    this.name = name;
    this.work = work;
  }

  static FakeProbe idle(String name) {
    return new FakeProbe(name, snapshot -> {});
  }

  static FakeProbe doing(Consumer<Snapshot> work) {
    return new FakeProbe("fake", work);
  }

  static FakeProbe throwing(Throwable thrown) {
    return new FakeProbe("throwing", snapshot -> sneakilyThrow(thrown));
  }

  FakeProbe examining(Consumer<Snapshot> work) {
    examination = work;
    return this;
  }

  /** Returns the snapshots measured so far. */
  List<Snapshot> snapshots() {
    return List.copyOf(snapshots);
  }

  List<Integer> iterations() {
    return snapshots().stream().map(Snapshot::iteration).toList();
  }

  int examinations() {
    return examined.size();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public RecordedReading measure(Snapshot snapshot) {
    snapshots.add(snapshot);
    work.accept(snapshot);
    return reading(name, snapshot);
  }

  @Override
  public Examination examine(Snapshot snapshot) {
    examined.add(snapshot);
    examination.accept(snapshot);
    return new Examination(List.of("all is well"), List.of(QUANTITY), MATVECS, 1.5, 1024);
  }

  static RecordedReading reading(String probe, Snapshot snapshot) {
    return new RecordedReading(
        new Provenance(
            probe,
            snapshot.run(),
            snapshot.model(),
            snapshot.iteration(),
            snapshot.epoch(),
            snapshot.time(),
            0.25,
            snapshot.data().examples(),
            1,
            MATVECS,
            Map.of(),
            Map.of()),
        List.of(new Measurement(QUANTITY.name(), Map.of(), 42)),
        List.of(),
        List.of());
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneakilyThrow(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
