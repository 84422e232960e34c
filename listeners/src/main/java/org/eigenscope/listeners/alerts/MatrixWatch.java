package org.eigenscope.listeners.alerts;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of one matrix, from reading to reading.
 *
 * <p>Several probes may read it. As in meters, of readings of one iteration the first that tells a
 * quantity counts, and what a reading doesn't know is unknown if its probe told it last; else it
 * stays as another probe told it. What is unknown is not counted, and no alert of it lasts.
 *
 * <p><b>Threading.</b> Guarded by its owner's lock.
 */
final class MatrixWatch {
  private static final int DIGITS = 3;

  private final String run;
  private final String model;
  private final Map<String, String> tags;
  private final AlertLimits limits;
  private final Map<MatrixSignal, Signal> signals = new EnumMap<>(MatrixSignal.class);
  private final Map<MatrixSignal, Turn> lastTurns = new EnumMap<>(MatrixSignal.class);
  private boolean lossWasKnown;
  private long order;

  /** Who counted last. */
  private record Turn(String probe, int iteration) {}

  MatrixWatch(String run, String model, Map<String, String> tags, AlertLimits limits) {
    this.run = run;
    this.model = model;
    this.tags = tags;
    this.limits = limits;
  }

  /** Counts a reading; returns what is known of each condition now. */
  List<Finding> count(MatrixReading reading, Occasion occasion) {
    if (reading.order() > 0) {
      order = reading.order();
    }
    List<Finding> findings = new ArrayList<>();
    if (reading.hasLoss()) {
      findings.add(lossFinding(reading.loss()));
    }
    for (MatrixSignal kind : MatrixSignal.values()) {
      Finding finding = null;
      if (kind.isToldBy(reading)) {
        finding = isNews(kind, occasion) ? count(kind, reading) : null;
      } else if (lastToldBy(kind, occasion.probe())) {
        finding = notCounted(kind);
      }
      if (finding != null) {
        findings.add(finding);
      }
    }
    return findings;
  }

  private boolean isNews(MatrixSignal kind, Occasion occasion) {
    Turn last = lastTurns.get(kind);
    if (last != null
        && last.iteration() == occasion.iteration()
        && !last.probe().equals(occasion.probe())) {
      return false;
    }
    lastTurns.put(kind, new Turn(occasion.probe(), occasion.iteration()));
    return true;
  }

  private boolean lastToldBy(MatrixSignal kind, String probe) {
    Turn last = lastTurns.get(kind);
    return last != null && last.probe().equals(probe);
  }

  private @Nullable Finding notCounted(MatrixSignal kind) {
    Condition condition = kind.condition();
    return condition == null ? null : Finding.over(new Subject(condition, run, model, null, tags));
  }

  private @Nullable Finding count(MatrixSignal kind, MatrixReading reading) {
    double value = kind.value(reading, order);
    Signal signal = signals.computeIfAbsent(kind, unused -> kind.begin(limits));
    boolean counts = !Double.isNaN(value);
    if (counts) {
      signal.count(value);
    }
    Condition condition = kind.condition();
    if (condition == null) {
      return null;
    }
    Subject subject = new Subject(condition, run, model, null, tags);
    // Where it is known that the largest eigenvalue belongs to the bulk, no outlier grew.
    boolean ofTheBulk = kind == MatrixSignal.SHARPNESS && reading.outliers() == 0;
    return counts && signal.isRaised() && !ofTheBulk
        ? finding(kind, subject, signal, value, reading)
        : Finding.over(subject);
  }

  private Finding finding(
      MatrixSignal kind, Subject subject, Signal signal, double value, MatrixReading reading) {
    String normalization = tags.getOrDefault("normalization", "");
    String matrix =
        " (layer %s, normalization %s)".formatted(tags.getOrDefault("layer", ""), normalization);
    return switch (kind) {
      case STABILITY -> {
        double ratio = reading.stabilityRatio();
        yield new Finding(
            subject,
            true,
            ratio,
            signal.limit(),
            "the largest eigenvalue is %s times the optimiser's stability limit (normalization %s)"
                .formatted(Numbers.significant(ratio, DIGITS), normalization));
      }
      case GRADIENT ->
          new Finding(
              subject,
              true,
              value,
              signal.limit(),
              "%s of the gradient's squared norm lies in the top eigenspace%s"
                  .formatted(Numbers.percentage(value), matrix));
      case RESIDUAL ->
          new Finding(
              subject,
              true,
              value,
              signal.limit(),
              "an eigenvalue's residual is %s of the largest absolute eigenvalue%s"
                  .formatted(Numbers.significant(value, 2), matrix));
      case SHARPNESS -> {
        double times = Math.pow(2, value - signal.mean());
        yield new Finding(
            subject,
            true,
            times,
            Math.pow(2, signal.allowed()),
            "the largest eigenvalue is %s times its recent past%s"
                .formatted(Numbers.significant(times, DIGITS), matrix));
      }
      case OUTLIERS ->
          new Finding(
              subject,
              true,
              value,
              signal.mean() + signal.allowed(),
              "%s outlier(s), more than in its recent past%s"
                  .formatted(Numbers.significant(value, DIGITS), matrix));
      case NEGATIVE_MASS ->
          new Finding(
              subject,
              true,
              value,
              signal.mean() + signal.allowed(),
              "negative eigenvalues are %s of the spectrum's mass, more than in its recent past%s"
                  .formatted(Numbers.percentage(value), matrix));
      case LOSS -> throw new AssertionError(kind);
    };
  }

  /** A loss that was known is lost, or it is infinite: at once, and until it is finite. */
  private Finding lossFinding(double loss) {
    Subject subject = new Subject(Condition.LOSS_NOT_FINITE, run, model, null, tags);
    boolean holds = Double.isInfinite(loss) || (Double.isNaN(loss) && lossWasKnown);
    lossWasKnown |= !Double.isNaN(loss);
    return holds
        ? new Finding(
            subject,
            true,
            loss,
            Double.NaN,
            "the loss with normalization %s is %s"
                .formatted(
                    tags.getOrDefault("normalization", ""), Numbers.significant(loss, DIGITS)))
        : Finding.over(subject);
  }

  /** Returns whether what was counted last is above what its own past allows, and is so anew. */
  boolean hasJumped(Occasion occasion) {
    Turn now = new Turn(occasion.probe(), occasion.iteration());
    return signals.entrySet().stream()
        .anyMatch(
            entry ->
                entry.getValue().isRise()
                    && entry.getValue().hasJumped()
                    && now.equals(lastTurns.get(entry.getKey())));
  }
}
