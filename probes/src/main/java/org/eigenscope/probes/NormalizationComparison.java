package org.eigenscope.probes;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.curvature.BatchNormMode;
import org.jspecify.annotations.Nullable;

/**
 * Measures several networks at the same moment of their trainings, each an arm of a comparison with
 * a normalization of its own: the same data, settings, test vectors and seeds for all of them.
 *
 * <p>A reading has the measurements and spectra of a {@link SpectrumProbe} for each arm, told apart
 * by their tag {@code normalization}, and the {@link Contrast} of every arm with the first. An arm
 * that fails is a note and NaN values; a measurement fails when all arms do. Batch normalization is
 * measured as in training, with the statistics of the probe data's batches.
 *
 * <p><b>Cost.</b> That of a {@link SpectrumProbe} for each arm. Each starts from its own
 * eigenvectors of the reading before.
 *
 * <p><b>Threading.</b> As for {@link SpectrumProbe}: called from one thread at a time.
 */
public final class NormalizationComparison {
  private final String name;
  private final SpectrumProbe settings;
  private final @Nullable Integer k;
  private final Map<String, SpectrumProbe> probes = new LinkedHashMap<>();

  /**
   * Creates a comparison.
   *
   * @param name of the probe, in readings
   * @param settings a probe that is set up as that of each arm is to be; it is not used itself
   * @param k rank and dimension of the contrasts, between 1 and the number of largest eigenvalues;
   *     null for the number of classes where that is between 2 and the number of largest
   *     eigenvalues, and that number otherwise
   * @throws IllegalArgumentException if k is out of range
   */
  public NormalizationComparison(String name, SpectrumProbe settings, @Nullable Integer k) {
    if (k != null) {
      requireRank(k, settings);
    }
    this.name = name;
    this.settings = settings;
    this.k = k;
  }

  /** Requires that a probe finds a k-th largest eigenvalue. */
  static void requireRank(int k, SpectrumProbe settings) {
    if (k < 1 || k > settings.top()) {
      throw new IllegalArgumentException(
          "k must be between 1 and %d, the number of largest eigenvalues, got %d"
              .formatted(settings.top(), k));
    }
  }

  /**
   * Measures all arms.
   *
   * @param arms a snapshot for each normalization, at least one, of one iteration and on the same
   *     data; the others are contrasted with the first
   * @throws IllegalArgumentException as {@link SpectrumProbe#measure}, if it does for all arms
   */
  public NormalizationReading measure(Map<String, Snapshot> arms) {
    return armsOf(arms).measure(List.of());
  }

  /** Says what measuring these arms will cost and give, as {@link Probe#examine}. */
  public Probe.Examination examine(Map<String, Snapshot> arms) {
    Arms examined = armsOf(arms);
    return examined.examine(
        "%d networks in step, with the normalizations %s; contrasts with the first, at k = %d"
            .formatted(arms.size(), String.join(", ", arms.keySet()), examined.k()));
  }

  private Arms armsOf(Map<String, Snapshot> arms) {
    List<Arms.Arm> all =
        arms.entrySet().stream()
            .map(
                entry ->
                    new Arms.Arm(
                        entry.getKey(),
                        probes.computeIfAbsent(
                            entry.getKey(), label -> settings.in(BatchNormMode.BATCH)),
                        entry.getValue(),
                        null))
            .toList();
    return new Arms(name, all, Arms.k(k, all.get(0).snapshot().data(), settings.top()));
  }
}
