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
import org.eigenscope.probes.curvature.DataBatches;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Spectra with several normalizations, of one moment: what is measured side by side for one
 * reading.
 *
 * @param name of the probe
 * @param arms at least one; the others are contrasted with the first
 * @param k rank and dimension of the contrasts
 */
record Arms(String name, List<Arm> arms, int k) {

  /**
   * One of them.
   *
   * @param label its tag {@code normalization}
   * @param probe measures it
   * @param snapshot is measured
   * @param sameAs label of an arm before this one whose reading is this one's too, or null
   */
  record Arm(String label, SpectrumProbe probe, Snapshot snapshot, @Nullable String sameAs) {}

  /** Returns k as asked for, or else the number of classes as far as the labels tell. */
  static int k(@Nullable Integer asked, DataBatches data, int top) {
    if (asked != null) {
      return asked;
    }
    INDArray labels = data.batches().get(0).getLabels(0);
    long classes = labels.rank() < 2 ? 1 : labels.size(1);
    return classes > 1 && classes < top ? (int) classes : top;
  }

  /**
   * Measures all arms. If none can be measured it throws what the first one threw, with the others'
   * exceptions suppressed in it.
   *
   * @param notes caveats that concern all arms
   */
  NormalizationReading measure(List<String> notes) {
    long begin = System.nanoTime();
    Attempts<SpectrumReading> attempts = attempt(arm -> arm.probe().measure(arm.snapshot()));
    Map<String, SpectrumReading> readings = labelled(attempts);
    readings.replaceAll((label, reading) -> reading.withNormalization(label));
    List<Quantity> unknown = new ArrayList<>();
    for (Arm arm : arms) {
      if (!readings.containsKey(arm.label())) {
        unknown.addAll(quantities(arm));
      }
    }
    List<String> all = new ArrayList<>(notes);
    all.addAll(attempts.failures());
    all.addAll(attributed(readings, SpectrumReading::notes));
    long matvecs =
        attempts.results().values().stream().mapToLong(r -> r.provenance().matvecs()).sum();
    return new NormalizationReading(
        provenance(readings, matvecs, (System.nanoTime() - begin) * 1e-9),
        readings,
        contrasts(readings),
        unknown,
        all);
  }

  /**
   * Examines all arms.
   *
   * @param finding the first one
   */
  Probe.Examination examine(String finding) {
    Attempts<Probe.Examination> attempts = attempt(arm -> arm.probe().examine(arm.snapshot()));
    List<String> findings = new ArrayList<>();
    findings.add(finding);
    findings.addAll(attempts.failures());
    findings.addAll(attributed(labelled(attempts), Probe.Examination::findings));
    List<Quantity> quantities = new ArrayList<>();
    arms.forEach(arm -> quantities.addAll(quantities(arm)));
    contrasts(Map.of()).forEach(contrast -> quantities.addAll(contrast.quantities()));
    return new Probe.Examination(
        findings,
        quantities,
        attempts.results().values().stream().mapToLong(Probe.Examination::expectedMatvecs).sum(),
        attempts.results().values().stream().mapToDouble(Probe.Examination::expectedSeconds).sum(),
        attempts.results().values().stream()
            .mapToLong(Probe.Examination::expectedBytes)
            .max()
            .orElse(0));
  }

  private static List<Quantity> quantities(Arm arm) {
    return arm.probe().quantities(arm.snapshot().network()).stream()
        .map(
            quantity -> {
              Map<String, String> tags = new TreeMap<>(quantity.tags());
              tags.put("normalization", arm.label());
              return new Quantity(quantity.name(), tags, quantity.description());
            })
        .toList();
  }

  /** What came of the arms that are worth a try, by label, and why the others failed. */
  private record Attempts<T>(Map<String, T> results, List<String> failures) {}

  private <T> Attempts<T> attempt(Function<Arm, T> task) {
    Map<String, T> results = new LinkedHashMap<>();
    Map<String, RuntimeException> failures = new LinkedHashMap<>();
    for (Arm arm : arms) {
      if (arm.sameAs() == null) {
        try {
          results.put(arm.label(), task.apply(arm));
        } catch (RuntimeException e) {
          String labels =
              arms.stream()
                  .filter(
                      other ->
                          arm.label().equals(other.sameAs()) || arm.label().equals(other.label()))
                  .map(Arm::label)
                  .collect(Collectors.joining(", "));
          failures.put(labels, e);
        }
      }
    }
    if (results.isEmpty()) {
      throw failures.values().stream().reduce(Arms::suppressing).orElseThrow();
    }
    return new Attempts<>(
        results,
        failures.entrySet().stream()
            .map(e -> "%s: could not be measured: %s".formatted(e.getKey(), reason(e.getValue())))
            .toList());
  }

  /** Returns results by label, also of the arms that share one. */
  private <T> Map<String, T> labelled(Attempts<T> attempts) {
    Map<String, T> labelled = new LinkedHashMap<>();
    for (Arm arm : arms) {
      String sameAs = arm.sameAs();
      T result = attempts.results().get(sameAs == null ? arm.label() : sameAs);
      if (result != null) {
        labelled.put(arm.label(), result);
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

  /** Returns the contrasts of all arms with the first, known for those with readings. */
  private List<Contrast> contrasts(Map<String, SpectrumReading> readings) {
    String reference = arms.get(0).label();
    List<Contrast> contrasts = new ArrayList<>();
    for (Arm arm : arms.subList(1, arms.size())) {
      SpectrumReading reading = readings.get(arm.label());
      SpectrumReading other = readings.get(reference);
      Map<String, String> tags = arm.probe().tags(arm.snapshot().network());
      contrasts.add(
          reading == null || other == null
              ? Contrast.unknown(arm.label(), reference, tags, k)
              : Contrast.of(reading, other, k));
    }
    return contrasts;
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
      Map<String, SpectrumReading> readings, long matvecs, double seconds) {
    Map<String, Set<String>> values = new TreeMap<>();
    for (SpectrumReading arm : readings.values()) {
      arm.provenance()
          .settings()
          .forEach((key, v) -> values.computeIfAbsent(key, none -> new LinkedHashSet<>()).add(v));
    }
    Map<String, String> settings = new TreeMap<>();
    values.forEach((key, distinct) -> settings.put(key, String.join(",", distinct)));
    settings.put("normalization", String.join(",", readings.keySet()));
    settings.put("k", Integer.toString(k));
    return Provenance.of(
        name,
        arms.get(0).snapshot(),
        seconds,
        readings.values().iterator().next().provenance().seed(),
        matvecs,
        settings);
  }
}
