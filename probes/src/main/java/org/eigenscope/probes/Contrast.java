package org.eigenscope.probes;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How one arm of a comparison differs from another, its reference: two readings of the same matrix
 * on the same data, of one network in two batch normalization modes or of two networks.
 *
 * <p>Ratios are the arm's value over the reference's, differences the arm's less the reference's;
 * an arm equal to its reference has ratios of 1 and differences of 0. What a side does not know
 * makes a value NaN, and so does a ratio of numbers that are not both positive.
 *
 * <p><b>Accuracy.</b> Eigenvalues lie within their residuals; the relative errors of those in a
 * ratio add up.
 *
 * <p><b>References.</b> Ghorbani, Krishnan and Xiao 2019, "An Investigation into Neural Net
 * Optimization via Hessian Eigenvalue Density", arXiv 1901.10159, for λ_1/λ_K with K classes and
 * the gradient's fraction, with and without batch normalization.
 *
 * @param arm what the arm normalises with, as its tag {@code normalization} says
 * @param reference what the reference normalises with, another
 * @param tags what both have in common: operator, layer
 * @param k rank and dimension of {@code outlierRatio} and {@code gradientFractionDifference}, at
 *     least 1
 * @param eigenvalueRatio ratio of the largest eigenvalues
 * @param outlierRatio ratio of λ_1/λ_k, the largest eigenvalue over the k-th largest
 * @param gradientFractionDifference difference of the gradient's fractions in the top-k eigenspaces
 * @param outlierDifference difference of the numbers of outliers
 * @param lossDifference difference of the losses
 */
public record Contrast(
    String arm,
    String reference,
    Map<String, String> tags,
    int k,
    double eigenvalueRatio,
    double outlierRatio,
    double gradientFractionDifference,
    double outlierDifference,
    double lossDifference) {

  private static final String NORMALIZATION = "normalization";

  /** Checks the arms and k, and copies the tags. */
  public Contrast {
    if (arm.equals(reference)) {
      throw new IllegalArgumentException(
          "an arm and its reference must normalise differently, got '%s' twice".formatted(arm));
    }
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, got " + k);
    }
    tags = Collections.unmodifiableMap(new TreeMap<>(tags));
  }

  /**
   * Returns the contrast of two readings, whose tags say what they normalise with.
   *
   * @param arm a reading
   * @param reference a reading of the same matrix with another normalization
   * @param k between 1 and the number of largest eigenvalues of both readings; the number of
   *     classes is what the papers take
   * @throws IllegalArgumentException if the readings differ in operator or layer, or not in their
   *     normalization, or k is out of range
   */
  public static Contrast of(SpectrumReading arm, SpectrumReading reference, int k) {
    Map<String, String> tags = common(arm);
    if (!tags.equals(common(reference))) {
      throw new IllegalArgumentException(
          "an arm and its reference must be of the same matrix, got %s and %s"
              .formatted(tags, common(reference)));
    }
    int most = Math.min(arm.largest().size(), reference.largest().size());
    if (k < 1 || k > most) {
      throw new IllegalArgumentException("k must be between 1 and %d, got %d".formatted(most, k));
    }
    return new Contrast(
        normalization(arm),
        normalization(reference),
        tags,
        k,
        ratio(arm.sharpness(), reference.sharpness()),
        ratio(isolation(arm, k), isolation(reference, k)),
        arm.gradientFraction().get(k - 1) - reference.gradientFraction().get(k - 1),
        outliers(arm) - outliers(reference),
        arm.loss() - reference.loss());
  }

  /**
   * Returns the contrast of arms that were not both measured: all values are NaN.
   *
   * @param arm what the arm normalises with
   * @param reference what the reference normalises with
   * @param tags operator and layer, as of readings; a normalization among them is left out
   * @param k as in {@link #of}, at least 1
   */
  public static Contrast unknown(String arm, String reference, Map<String, String> tags, int k) {
    double unknown = Double.NaN;
    return new Contrast(
        arm, reference, common(tags), k, unknown, unknown, unknown, unknown, unknown);
  }

  /** Returns the values as measurements: tags of both, {@code arm}, {@code reference}, some k. */
  public List<Measurement> measurements() {
    return scalars().stream()
        .map(scalar -> new Measurement(scalar.name(), tagsOf(scalar), scalar.value()))
        .toList();
  }

  /** Returns what {@link #measurements} holds, for an announcement. */
  public List<Quantity> quantities() {
    return scalars().stream()
        .map(scalar -> new Quantity(scalar.name(), tagsOf(scalar), scalar.description()))
        .toList();
  }

  private record Scalar(String name, String description, boolean ofK, double value) {}

  private List<Scalar> scalars() {
    return List.of(
        new Scalar(
            "eigenscope.contrast.eigenvalue.ratio",
            "Largest eigenvalue of the arm over that of the reference",
            false,
            eigenvalueRatio),
        new Scalar(
            "eigenscope.contrast.outlier.ratio",
            "Largest over k-th largest eigenvalue of the arm, over that of the reference",
            true,
            outlierRatio),
        new Scalar(
            "eigenscope.contrast.gradient.fraction.difference",
            "Gradient fraction in the top-k eigenspace of the arm less that of the reference",
            true,
            gradientFractionDifference),
        new Scalar(
            "eigenscope.contrast.outliers.difference",
            "Number of outliers of the arm less that of the reference",
            false,
            outlierDifference),
        new Scalar(
            "eigenscope.contrast.loss.difference",
            "Loss of the arm less that of the reference",
            false,
            lossDifference));
  }

  private Map<String, String> tagsOf(Scalar scalar) {
    Map<String, String> all = new TreeMap<>(tags);
    all.put("arm", arm);
    all.put("reference", reference);
    if (scalar.ofK()) {
      all.put("k", Integer.toString(k));
    }
    return all;
  }

  private static Map<String, String> common(SpectrumReading reading) {
    return common(reading.tags());
  }

  private static Map<String, String> common(Map<String, String> tags) {
    Map<String, String> common = new TreeMap<>(tags);
    common.remove(NORMALIZATION);
    return common;
  }

  private static String normalization(SpectrumReading reading) {
    return reading.tags().getOrDefault(NORMALIZATION, "none");
  }

  /** Returns λ_1/λ_k. */
  private static double isolation(SpectrumReading reading, int k) {
    return ratio(reading.sharpness(), reading.largest().get(k - 1).value());
  }

  private static double outliers(SpectrumReading reading) {
    Integer outliers = reading.outliers();
    return outliers == null ? Double.NaN : outliers;
  }

  private static double ratio(double numerator, double denominator) {
    return numerator > 0 && denominator > 0 ? numerator / denominator : Double.NaN;
  }
}
