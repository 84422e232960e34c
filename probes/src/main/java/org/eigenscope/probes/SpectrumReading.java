package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eigenscope.probes.linalg.QuadratureRule;
import org.eigenscope.probes.linalg.TraceEstimate;
import org.jspecify.annotations.Nullable;

/**
 * The spectrum of a curvature matrix at one moment: extreme eigenvalues, trace, outliers, density
 * nodes, and the part of the gradient in the top eigenspace.
 *
 * <p>What was not asked for is not there: a reading without draws has no trace, no negative mass
 * and no spectrum among its measurements and spectra. What could not be found out is NaN there.
 *
 * @param provenance where the reading comes from
 * @param tags the common tags of its measurements: operator, normalization, layer
 * @param loss mean data loss on the probe's data
 * @param gradientNorm Euclidean norm of the gradient on the active coordinates
 * @param parameters length of the network's flat parameter vector
 * @param activeParameters order of the matrix
 * @param largest algebraically largest eigenvalues, descending
 * @param smallest algebraically smallest eigenvalues, ascending; may be empty
 * @param trace trace with its standard error over draws; NaN without draws
 * @param negativeMass Σ|λ| over negative λ, divided by Σ|λ|, from the draws; in [0, 1], NaN without
 *     draws
 * @param outliers eigenvalues beyond the upper bulk edge, or null when too few eigenvalues were
 *     computed to tell
 * @param bulkEdge the largest eigenvalue not counted as an outlier, or NaN when {@code outliers} is
 *     null
 * @param gradientFraction for k = 1, 2, ...: squared norm of the gradient's projection on the top k
 *     eigenvectors over its squared norm, in [0, 1]; NaN for a zero gradient
 * @param subspaceOverlap for k = 1, 2, ...: ‖UᵀV‖²_F/k with the top-k eigenspace of the previous
 *     reading; NaN without one
 * @param stabilityRatio largest eigenvalue over the optimiser's stability limit; NaN where no limit
 *     is known
 * @param draws one quadrature rule for each test vector; may be empty
 * @param gradientMeasure where the gradient's squared norm lies over the spectrum, weights summing
 *     to 1 ({@link org.eigenscope.probes.linalg.SpectralMeasure}); null when it was not asked for,
 *     or the gradient is zero
 * @param notes caveats in plain words
 */
public record SpectrumReading(
    Provenance provenance,
    Map<String, String> tags,
    double loss,
    double gradientNorm,
    long parameters,
    long activeParameters,
    List<Eigenvalue> largest,
    List<Eigenvalue> smallest,
    TraceEstimate trace,
    double negativeMass,
    @Nullable Integer outliers,
    double bulkEdge,
    List<Double> gradientFraction,
    List<Double> subspaceOverlap,
    double stabilityRatio,
    List<QuadratureRule> draws,
    @Nullable QuadratureRule gradientMeasure,
    List<String> notes)
    implements Reading {

  /**
   * An eigenvalue with its doubt.
   *
   * @param value Ritz value
   * @param residual residual norm of the Ritz pair: an eigenvalue lies within this distance
   */
  public record Eigenvalue(double value, double residual) {}

  /** Copies the collections. */
  public SpectrumReading {
    tags = Map.copyOf(tags);
    largest = List.copyOf(largest);
    smallest = List.copyOf(smallest);
    gradientFraction = List.copyOf(gradientFraction);
    subspaceOverlap = List.copyOf(subspaceOverlap);
    draws = List.copyOf(draws);
    notes = List.copyOf(notes);
  }

  /** Returns the largest eigenvalue. */
  public double sharpness() {
    return largest.get(0).value();
  }

  @Override
  public List<Measurement> measurements() {
    return SpectrumQuantity.measurements(this);
  }

  @Override
  public List<Spectrum> spectra() {
    List<Spectrum> all = new ArrayList<>();
    if (!draws.isEmpty()) {
      all.add(new Spectrum(Spectrum.EIGENVALUES, tags, activeParameters, draws));
    }
    if (gradientMeasure != null) {
      all.add(new Spectrum(Spectrum.GRADIENT, tags, activeParameters, List.of(gradientMeasure)));
    }
    return List.copyOf(all);
  }

  /** Returns this reading under another normalization, which measures the same on its data. */
  SpectrumReading withNormalization(String normalization) {
    return new SpectrumReading(
        provenance,
        tagsWith("normalization", normalization),
        loss,
        gradientNorm,
        parameters,
        activeParameters,
        largest,
        smallest,
        trace,
        negativeMass,
        outliers,
        bulkEdge,
        gradientFraction,
        subspaceOverlap,
        stabilityRatio,
        draws,
        gradientMeasure,
        notes);
  }

  /** Adds a tag or two to the common ones, in place of those of the same name. */
  Map<String, String> tagsWith(String... keyValues) {
    if (keyValues.length % 2 != 0) {
      throw new IllegalArgumentException("tags come in pairs, got " + Arrays.toString(keyValues));
    }
    Map<String, String> all = new TreeMap<>(tags);
    for (int i = 0; i < keyValues.length; i += 2) {
      all.put(keyValues[i], keyValues[i + 1]);
    }
    return all;
  }
}
