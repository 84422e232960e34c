package org.eigenscope.listeners.web;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.Provenance;
import org.eigenscope.probes.RecordedReading;
import org.eigenscope.probes.Spectrum;
import org.eigenscope.probes.linalg.QuadratureRule;

/**
 * The readings kept, oldest first, by ids that ascend.
 *
 * <p><b>Bounds.</b> When there are too many, or too many bytes of them, every second one of the
 * older half goes, probe by probe: the beginning of a run stays visible, ever more coarsely, and
 * the newest readings are all there. The newest reading itself is always kept.
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

  private final int maximumReadings;
  private final long maximumBytes;
  private List<Entry> entries = new ArrayList<>();
  private long bytes;

  History(int maximumReadings, long maximumBytes) {
    this.maximumReadings = maximumReadings;
    this.maximumBytes = maximumBytes;
  }

  /** Adds a reading whose id is larger than all before. */
  void add(Entry entry) {
    entries.add(entry);
    bytes += entry.bytes();
    while (entries.size() > 1 && (entries.size() > maximumReadings || bytes > maximumBytes)) {
      thin();
    }
  }

  /** Returns the first readings after an id, at most so many. */
  List<Entry> after(long id, int limit) {
    int low = 0;
    int high = entries.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (entries.get(middle).id() <= id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return List.copyOf(entries.subList(low, low + Math.min(limit, entries.size() - low)));
  }

  void clear() {
    entries.clear();
    bytes = 0;
  }

  private void thin() {
    int half = entries.size() / 2;
    List<Entry> kept = new ArrayList<>(entries.size());
    Map<Source, Boolean> goes = new HashMap<>();
    for (Entry entry : entries.subList(0, half)) {
      if (goes.merge(Source.of(entry), false, (before, first) -> !before)) {
        bytes -= entry.bytes();
      } else {
        kept.add(entry);
      }
    }
    if (kept.size() == half) {
      // Each is its probe's only one: no run is there but as a point.
      bytes -= kept.remove(0).bytes();
    }
    kept.addAll(entries.subList(half, entries.size()));
    entries = kept;
  }
}
