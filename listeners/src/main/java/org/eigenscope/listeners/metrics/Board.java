package org.eigenscope.listeners.metrics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eigenscope.probes.Spectrum;
import org.jspecify.annotations.Nullable;

/**
 * What one probe shows: a slot for each of its series, and the values of its last reading.
 *
 * <p><b>Threading.</b> Slots are guarded by the owner's lock; the state is immutable, published
 * through one volatile reference and read without any lock.
 */
final class Board {

  /** One gauge, by the name and tags the readings use. */
  record Slot(int index, String name, Map<String, String> tags) {}

  /** One reading, complete: nothing in it ever changes. */
  static final class State {
    /** What is shown before the first reading. */
    static final State UNKNOWN = new State(0, Double.NaN, Double.NaN, new double[0], List.of());

    private final long number;
    private final double iteration;
    private final double timestamp;
    private final double[] values;
    private final List<Spectrum> spectra;

    /**
     * Creates a state.
     *
     * @param number of the reading, counted from 1 over all boards of the same metrics
     * @param iteration iteration of the reading
     * @param timestamp seconds since the epoch
     * @param values by slot; not copied, not to be changed any more
     * @param spectra the spectra to export
     */
    State(
        long number, double iteration, double timestamp, double[] values, List<Spectrum> spectra) {
      this.number = number;
      this.iteration = iteration;
      this.timestamp = timestamp;
      this.values = values;
      this.spectra = List.copyOf(spectra);
    }

    /** Returns whether this is shown rather than another: newer, and of another iteration. */
    boolean replaces(State other) {
      return iteration == other.iteration ? number < other.number : number > other.number;
    }

    /** Returns the iteration of the reading; NaN before the first. */
    double iteration() {
      return iteration;
    }

    /** Returns when the reading was taken, in seconds since the epoch; NaN before the first. */
    double timestamp() {
      return timestamp;
    }

    /** Returns the value of a slot; NaN when the reading has none. */
    double value(Slot slot) {
      return slot.index() < values.length ? values[slot.index()] : Double.NaN;
    }

    /** Returns the spectra to export. */
    List<Spectrum> spectra() {
      return spectra;
    }
  }

  private record Name(String name, Map<String, String> tags) {}

  private final ProbeKey key;
  private final Map<Name, Slot> gauges = new HashMap<>();
  private final Set<Name> spectra = new HashSet<>();
  private volatile State state = State.UNKNOWN;

  Board(ProbeKey key) {
    this.key = key;
  }

  ProbeKey key() {
    return key;
  }

  /** Returns the slot of a gauge, or null when it has none yet. */
  @Nullable Slot slot(String name, Map<String, String> tags) {
    return gauges.get(new Name(name, tags));
  }

  /** Adds a slot for a gauge that has none. */
  Slot addSlot(String name, Map<String, String> tags) {
    Slot slot = new Slot(gauges.size(), name, tags);
    gauges.put(new Name(name, tags), slot);
    return slot;
  }

  /** Returns a value for each slot, none known. */
  double[] unknownValues() {
    double[] values = new double[gauges.size()];
    Arrays.fill(values, Double.NaN);
    return values;
  }

  /** Returns whether a spectrum is exported already. */
  boolean exports(Spectrum spectrum) {
    return spectra.contains(new Name(spectrum.name(), spectrum.tags()));
  }

  /** Notes that a spectrum is exported from now on. */
  void addSpectrum(Spectrum spectrum) {
    spectra.add(new Name(spectrum.name(), spectrum.tags()));
  }

  /** Shows a reading in place of the one before. */
  void publish(State next) {
    state = next;
  }

  /** Returns what is shown now. */
  State state() {
    return state;
  }
}
