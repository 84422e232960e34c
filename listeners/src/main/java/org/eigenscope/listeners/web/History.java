package org.eigenscope.listeners.web;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;

/**
 * The readings kept, oldest first, by ids that ascend.
 *
 * <p><b>Bounds.</b> When there are too many, or too many bytes of them, the newest quarter stays as
 * it is, and of the older ones every second, fourth, eighth reading of each probe and so on: a run
 * stays visible from its beginning, evenly and ever more coarsely. The newest reading itself is
 * always kept.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class History {
  private static final int BYTES_PER_NODE = 16;
  private static final int BYTES_PER_MEASUREMENT = 200;
  private static final int BYTES_PER_READING = 1000;

  /**
   * A reading.
   *
   * @param event as pages get it; not to be changed
   */
  record Entry(long id, RecordedReading reading, byte[] event) {

    /** Returns about how much memory it takes. */
    private long bytes() {
      long nodes = 0;
      for (Spectrum spectrum : reading.spectra()) {
        for (QuadratureRule draw : spectrum.draws()) {
          nodes += draw.size();
        }
      }
      return event.length
          + nodes * BYTES_PER_NODE
          + (long) reading.measurements().size() * BYTES_PER_MEASUREMENT
          + BYTES_PER_READING;
    }
  }

  private record Source(String run, String model, String probe) {
    private static Source of(Entry entry) {
      Provenance provenance = entry.reading().provenance();
      return new Source(provenance.run(), provenance.model(), provenance.probe());
    }
  }

  /**
   * A reading that is kept.
   *
   * @param ordinal its number among those of its source, from 0
   * @param bytes about how much memory it takes
   */
  private record Kept(Entry entry, Source source, long ordinal, long bytes) {}

  private final int maximumReadings;
  private final long maximumBytes;
  private final Map<Source, Long> ordinals = new HashMap<>();
  private List<Kept> readings = new ArrayList<>();
  private long bytes;
  private long stride = 1;

  History(int maximumReadings, long maximumBytes) {
    this.maximumReadings = maximumReadings;
    this.maximumBytes = maximumBytes;
  }

  /** Adds a reading whose id is larger than all before. */
  void add(Entry entry) {
    Source source = Source.of(entry);
    long ordinal = ordinals.merge(source, 0L, (last, first) -> last + 1);
    Kept added = new Kept(entry, source, ordinal, entry.bytes());
    readings.add(added);
    bytes += added.bytes();
    while (readings.size() > 1 && (readings.size() > maximumReadings || bytes > maximumBytes)) {
      thin();
    }
  }

  /** Returns the first readings after an id, at most so many. */
  List<Entry> after(long id, int limit) {
    int low = 0;
    int high = readings.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (readings.get(middle).entry().id() <= id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return readings.subList(low, low + Math.min(limit, readings.size() - low)).stream()
        .map(Kept::entry)
        .toList();
  }

  void clear() {
    readings.clear();
    ordinals.clear();
    bytes = 0;
    stride = 1;
  }

  private void thin() {
    List<Kept> older = readings.subList(0, readings.size() - Math.max(1, readings.size() / 4));
    long last = older.stream().mapToLong(Kept::ordinal).max().orElse(0);
    while (older.stream().allMatch(this::stays) && stride <= last) {
      stride *= 2;
    }
    List<Kept> kept = new ArrayList<>(readings.size());
    older.stream().filter(this::stays).forEach(kept::add);
    if (kept.size() == older.size()) {
      // Each is the first of its probe: no run is there but as a point.
      kept.remove(0);
    }
    kept.addAll(readings.subList(older.size(), readings.size()));
    readings = kept;
    bytes = readings.stream().mapToLong(Kept::bytes).sum();
    ordinals.keySet().retainAll(readings.stream().map(Kept::source).collect(Collectors.toSet()));
  }

  private boolean stays(Kept reading) {
    return reading.ordinal() % stride == 0;
  }
}
