package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Measures one snapshot under several batch normalization modes: the same weights, data, test
 * vectors and seeds, so that what differs within a reading comes from the mode alone.
 *
 * <p>A reading has the measurements and spectra of a {@link SpectrumProbe} for each mode, told
 * apart by their tag {@code normalization}, and the {@link Contrast} of every mode with the first.
 * BATCH and POPULATION coincide on data of one batch and are then measured once for both. A network
 * without batch normalization is measured once, as {@code none}, and has no contrasts. A mode that
 * fails is a note and NaN values; a measurement fails when all modes do.
 *
 * <p><b>Cost.</b> That of a {@link SpectrumProbe} for each mode. Each starts from its own
 * eigenvectors of the reading before.
 *
 * <p><b>Threading.</b> As for {@link SpectrumProbe}: one listener owns it, and calls it from one
 * thread at a time.
 */
public final class NormalizationProbe implements Probe<NormalizationReading> {

  private static final String NO_NORMALIZATION =
      "the network has no batch normalization: there are no modes to tell apart, and one spectrum";

  private final String name;
  private final List<SpectrumProbe> arms;
  private final int top;
  private final @Nullable Integer k;

  private NormalizationProbe(String name, List<SpectrumProbe> arms, int top, @Nullable Integer k) {
    this.name = name;
    this.arms = List.copyOf(arms);
    this.top = top;
    this.k = k;
  }

  /** Returns a probe of all modes with the defaults of {@link SpectrumProbe}. */
  public static NormalizationProbe defaults() {
    return of(SpectrumProbe.defaults());
  }

  /**
   * Returns a probe of all modes.
   *
   * @param settings as for {@link #builder}
   */
  public static NormalizationProbe of(SpectrumProbe settings) {
    return builder(settings).build();
  }

  /**
   * Returns a builder; each of its methods names its default.
   *
   * @param settings a probe that is set up as that of each mode is to be, but for its mode; it is
   *     not used itself
   */
  public static Builder builder(SpectrumProbe settings) {
    return new Builder(settings);
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * {@inheritDoc}
   *
   * <p>If no mode can be measured it throws what the first one threw, as {@link
   * SpectrumProbe#measure} does, with the others' exceptions suppressed in it.
   */
  @Override
  public NormalizationReading measure(Snapshot snapshot) {
    long begin = System.nanoTime();
    Attempts<SpectrumReading> attempts = attempt(snapshot, arm -> arm.measure(snapshot));
    Map<String, SpectrumReading> readings = labelled(snapshot, attempts);
    readings.replaceAll((label, reading) -> reading.withNormalization(label));
    List<Quantity> unknown = new ArrayList<>();
    for (SpectrumProbe arm : arms(snapshot)) {
      if (!readings.containsKey(label(arm, snapshot))) {
        unknown.addAll(arm.quantities(snapshot.network()));
      }
    }
    List<String> notes = new ArrayList<>();
    if (!snapshot.network().hasBatchNormalization()) {
      notes.add(NO_NORMALIZATION);
    }
    notes.addAll(attempts.failures());
    notes.addAll(attributed(readings, SpectrumReading::notes));
    long matvecs =
        attempts.results().values().stream().mapToLong(r -> r.provenance().matvecs()).sum();
    return new NormalizationReading(
        provenance(snapshot, readings, matvecs, (System.nanoTime() - begin) * 1e-9),
        readings,
        contrasts(snapshot, readings),
        unknown,
        notes);
  }

  /**
   * {@inheritDoc}
   *
   * <p><b>Cost.</b> That of {@link SpectrumProbe#examine} for each mode.
   *
   * <p>It throws as {@link #measure} does.
   */
  @Override
  public Examination examine(Snapshot snapshot) {
    Attempts<Examination> attempts = attempt(snapshot, arm -> arm.examine(snapshot));
    List<SpectrumProbe> all = arms(snapshot);
    List<String> findings = new ArrayList<>();
    findings.add(
        snapshot.network().hasBatchNormalization()
            ? "one network with the statistics of %s; contrasts with the first, at k = %d"
                .formatted(
                    all.stream().map(arm -> label(arm, snapshot)).collect(Collectors.joining(", ")),
                    k(snapshot))
            : NO_NORMALIZATION);
    findings.addAll(attempts.failures());
    findings.addAll(attributed(labelled(snapshot, attempts), Examination::findings));
    List<Quantity> quantities = new ArrayList<>();
    all.forEach(arm -> quantities.addAll(arm.quantities(snapshot.network())));
    contrasts(snapshot, Map.of()).forEach(contrast -> quantities.addAll(contrast.quantities()));
    return new Examination(
        findings,
        quantities,
        attempts.results().values().stream().mapToLong(Examination::expectedMatvecs).sum(),
        attempts.results().values().stream().mapToDouble(Examination::expectedSeconds).sum(),
        attempts.results().values().stream().mapToLong(Examination::expectedBytes).max().orElse(0));
  }

  /** What came of the arms that are worth a try, and why the others failed. */
  private record Attempts<T>(Map<SpectrumProbe, T> results, List<String> failures) {}

  private <T> Attempts<T> attempt(Snapshot snapshot, Function<SpectrumProbe, T> task) {
    Map<SpectrumProbe, T> results = new LinkedHashMap<>();
    Map<String, RuntimeException> failures = new LinkedHashMap<>();
    for (SpectrumProbe arm : arms(snapshot)) {
      if (twin(arm, snapshot) == null) {
        try {
          results.put(arm, task.apply(arm));
        } catch (RuntimeException e) {
          String labels =
              arms(snapshot).stream()
                  .filter(other -> other == arm || twin(other, snapshot) == arm)
                  .map(other -> label(other, snapshot))
                  .collect(Collectors.joining(", "));
          failures.put(labels, e);
        }
      }
    }
    if (results.isEmpty()) {
      throw failures.values().stream().reduce(NormalizationProbe::suppressing).orElseThrow();
    }
    return new Attempts<>(
        results,
        failures.entrySet().stream()
            .map(e -> "%s: could not be measured: %s".formatted(e.getKey(), reason(e.getValue())))
            .toList());
  }

  /** Returns results by label, those of a twin under both of its labels. */
  private <T> Map<String, T> labelled(Snapshot snapshot, Attempts<T> attempts) {
    Map<String, T> labelled = new LinkedHashMap<>();
    for (SpectrumProbe arm : arms(snapshot)) {
      SpectrumProbe twin = twin(arm, snapshot);
      T result = attempts.results().get(twin == null ? arm : twin);
      if (result != null) {
        labelled.put(label(arm, snapshot), result);
      }
    }
    return labelled;
  }

  private static RuntimeException suppressing(RuntimeException first, RuntimeException other) {
    first.addSuppressed(other);
    return first;
  }

  private static String reason(RuntimeException failure) {
    String message = failure.getMessage();
    return message == null ? failure.toString() : message;
  }

  /** Returns the arms of a network: one of them will do where there is nothing to normalise. */
  private List<SpectrumProbe> arms(Snapshot snapshot) {
    return snapshot.network().hasBatchNormalization() ? arms : arms.subList(0, 1);
  }

  /** Returns the arm before this one that measures the same on these data. */
  private @Nullable SpectrumProbe twin(SpectrumProbe arm, Snapshot snapshot) {
    if (arm.mode() == BatchNormMode.FROZEN || snapshot.data().batches().size() > 1) {
      return null;
    }
    return arms.stream()
        .takeWhile(before -> before != arm)
        .filter(before -> before.mode() != BatchNormMode.FROZEN)
        .findFirst()
        .orElse(null);
  }

  private static String label(SpectrumProbe arm, Snapshot snapshot) {
    return arm.tags(snapshot.network()).getOrDefault("normalization", "none");
  }

  /** Returns the contrasts of all arms with the first, known for those with readings. */
  private List<Contrast> contrasts(Snapshot snapshot, Map<String, SpectrumReading> readings) {
    List<SpectrumProbe> all = arms(snapshot);
    String reference = label(all.get(0), snapshot);
    List<Contrast> contrasts = new ArrayList<>();
    for (SpectrumProbe arm : all.subList(1, all.size())) {
      SpectrumReading reading = readings.get(label(arm, snapshot));
      SpectrumReading other = readings.get(reference);
      contrasts.add(
          reading == null || other == null
              ? Contrast.unknown(
                  label(arm, snapshot), reference, arm.tags(snapshot.network()), k(snapshot))
              : Contrast.of(reading, other, k(snapshot)));
    }
    return contrasts;
  }

  /** Returns k as set, or else the number of classes as far as the labels tell. */
  private int k(Snapshot snapshot) {
    if (k != null) {
      return k;
    }
    INDArray labels = snapshot.data().batches().get(0).getLabels(0);
    long classes = labels.rank() < 2 ? 1 : labels.size(1);
    return classes > 1 && classes < top ? (int) classes : top;
  }

  /** Returns what arms say, each sentence once, with the arms that say it unless all do. */
  private static <T> List<String> attributed(
      Map<String, T> arms, Function<T, List<String>> sentencesOf) {
    Map<String, List<String>> speakers = new LinkedHashMap<>();
    arms.forEach(
        (label, arm) ->
            sentencesOf
                .apply(arm)
                .forEach(s -> speakers.computeIfAbsent(s, none -> new ArrayList<>()).add(label)));
    List<String> sentences = new ArrayList<>();
    speakers.forEach(
        (sentence, labels) ->
            sentences.add(
                labels.size() == arms.size()
                    ? sentence
                    : String.join(", ", labels) + ": " + sentence));
    return sentences;
  }

  /** Returns the provenance of all arms; settings that they do not share are listed. */
  private Provenance provenance(
      Snapshot snapshot, Map<String, SpectrumReading> readings, long matvecs, double seconds) {
    Map<String, Set<String>> values = new TreeMap<>();
    for (SpectrumReading arm : readings.values()) {
      arm.provenance()
          .settings()
          .forEach((key, v) -> values.computeIfAbsent(key, k -> new LinkedHashSet<>()).add(v));
    }
    Map<String, String> settings = new TreeMap<>();
    values.forEach((key, distinct) -> settings.put(key, String.join(",", distinct)));
    settings.put("normalization", String.join(",", readings.keySet()));
    settings.put("k", Integer.toString(k(snapshot)));
    return new Provenance(
        name,
        snapshot.run(),
        snapshot.model(),
        snapshot.iteration(),
        snapshot.epoch(),
        snapshot.time(),
        seconds,
        snapshot.data().examples(),
        readings.values().iterator().next().provenance().seed(),
        matvecs,
        settings,
        SoftwareVersions.all());
  }

  /** Settings of a {@link NormalizationProbe}. */
  public static final class Builder {
    private final SpectrumProbe settings;
    private String name = "normalization";
    private List<BatchNormMode> modes =
        List.of(BatchNormMode.BATCH, BatchNormMode.FROZEN, BatchNormMode.POPULATION);
    private @Nullable Integer k;

    private Builder(SpectrumProbe settings) {
      this.settings = settings;
    }

    /**
     * Sets the probe's name, which tells it from others of the same listener; default {@code
     * normalization}.
     *
     * @throws IllegalArgumentException if {@code value} is blank
     */
    public Builder name(String value) {
      if (value.isBlank()) {
        throw new IllegalArgumentException("name must not be blank, got '%s'".formatted(value));
      }
      name = value;
      return this;
    }

    /**
     * Sets the modes; default BATCH, FROZEN, POPULATION.
     *
     * @param reference the mode that the others are contrasted with
     * @param others the other modes
     * @throws IllegalArgumentException if a mode is given twice
     */
    public Builder modes(BatchNormMode reference, BatchNormMode... others) {
      List<BatchNormMode> all = Stream.concat(Stream.of(reference), Stream.of(others)).toList();
      if (all.stream().distinct().count() < all.size()) {
        throw new IllegalArgumentException("modes must be distinct, got " + all);
      }
      modes = all;
      return this;
    }

    /**
     * Sets the k of the contrasts: the rank in λ_1/λ_k and the dimension of the gradient's
     * fraction. Default the number of classes, the columns of the first labels, where that is
     * between 2 and the number of largest eigenvalues; that number otherwise.
     *
     * @throws IllegalArgumentException if {@code value} is less than 1 or greater than the number
     *     of largest eigenvalues
     */
    public Builder k(int value) {
      if (value < 1 || value > settings.top()) {
        throw new IllegalArgumentException(
            "k must be between 1 and %d, the number of largest eigenvalues, got %d"
                .formatted(settings.top(), value));
      }
      k = value;
      return this;
    }

    /** Returns a probe with these settings. */
    public NormalizationProbe build() {
      return new NormalizationProbe(
          name, modes.stream().map(settings::in).toList(), settings.top(), k);
    }
  }
}
