package org.eigenscope.probes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eigenscope.probes.curvature.CurvatureMatrix;
import org.eigenscope.probes.linalg.QuadratureRule;

/**
 * The Hessian of a loss beside the two matrices that add up to it, on one or two sets of data: the
 * eigenvalues of largest magnitude of each, the density of what is left without them, and how much
 * of each of the Hessian's comes from which.
 *
 * @param provenance where the reading comes from
 * @param tags the common tags of its measurements: normalization, layer
 * @param rank number of eigenvalues taken out of each matrix
 * @param sides what was measured, the training data first
 * @param notes caveats in plain words
 */
public record HessianDecompositionReading(
    Provenance provenance, Map<String, String> tags, int rank, List<Side> sides, List<String> notes)
    implements Reading {

  /** Name of the spectra of what is left. */
  public static final String SPECTRUM = "eigenscope.structure.rest.spectrum";

  private static final String EIGENVALUE = "eigenscope.structure.eigenvalue";
  private static final String RESIDUAL = "eigenscope.structure.eigenvalue.residual";
  private static final String REST = "eigenscope.structure.rest.edge";
  private static final String SHARE = "eigenscope.structure.outlier.share";
  private static final String OVERLAP = "eigenscope.structure.outlier.overlap";

  static final Map<String, String> DESCRIPTIONS =
      Map.of(
          EIGENVALUE,
          "Ritz value of the matrix, by rank of its magnitude, with its sign",
          RESIDUAL,
          "Residual norm of that Ritz pair: an eigenvalue lies within this distance",
          REST,
          "Extreme Ritz value of the matrix without these eigenvalues, by side of the spectrum",
          SHARE,
          "Share of an eigenvalue of the Hessian that its vector has in the Gauss-Newton matrix",
          OVERLAP,
          "Squared norm of an eigenvector of the Hessian in the span of the matrix' own");

  /** Copies the collections. */
  public HessianDecompositionReading {
    tags = Map.copyOf(tags);
    sides = List.copyOf(sides);
    notes = List.copyOf(notes);
  }

  /**
   * What was measured on some data.
   *
   * @param data {@code train} or {@code held-out}
   * @param parts Hessian, Gauss–Newton matrix and residual
   * @param outliers one for each of the Hessian's eigenvalues
   */
  public record Side(String data, List<Part> parts, List<Outlier> outliers) {
    /** Copies the lists. */
    public Side {
      parts = List.copyOf(parts);
      outliers = List.copyOf(outliers);
    }
  }

  /**
   * One matrix.
   *
   * @param matrix which
   * @param eigenvalues those of largest magnitude, with their signs
   * @param order number of all eigenvalues
   * @param rest quadrature rules of the matrix with these eigenvalues moved to zero; may be empty
   */
  public record Part(
      CurvatureMatrix matrix,
      List<SpectrumReading.Eigenvalue> eigenvalues,
      long order,
      List<QuadratureRule> rest) {
    /** Copies the lists. */
    public Part {
      eigenvalues = List.copyOf(eigenvalues);
      rest = List.copyOf(rest);
    }

    /** Returns the least node of what is left, or NaN. */
    public double lowerEdge() {
      return rest.stream().mapToDouble(rule -> rule.node(0)).min().orElse(Double.NaN);
    }

    /** Returns the largest node of what is left, or NaN. */
    public double upperEdge() {
      return rest.stream().mapToDouble(rule -> rule.node(rule.size() - 1)).max().orElse(Double.NaN);
    }
  }

  /**
   * Where an eigenvalue λ of the Hessian, with eigenvector v, comes from.
   *
   * @param gaussNewtonShare vᵀGv/λ; the residual's share is what is missing to 1
   * @param gaussNewtonOverlap ‖P v‖², P onto the Gauss–Newton matrix' eigenvectors of the reading
   * @param residualOverlap the same with the residual's
   */
  public record Outlier(
      double gaussNewtonShare, double gaussNewtonOverlap, double residualOverlap) {}

  @Override
  public List<Measurement> measurements() {
    List<Measurement> all = new ArrayList<>();
    for (Side side : sides) {
      addTo(all, tags, rank, side);
    }
    return List.copyOf(all);
  }

  /** Returns the measurements of a reading of which nothing is known. */
  static List<Measurement> unknown(Map<String, String> tags, int rank, List<String> data) {
    List<Measurement> all = new ArrayList<>();
    for (String one : data) {
      List<Part> parts = new ArrayList<>();
      for (CurvatureMatrix matrix : CurvatureMatrix.values()) {
        parts.add(new Part(matrix, List.of(), 1, List.of()));
      }
      addTo(all, tags, rank, new Side(one, parts, List.of()));
    }
    return List.copyOf(all);
  }

  private static void addTo(List<Measurement> all, Map<String, String> tags, int rank, Side side) {
    for (Part part : side.parts()) {
      Map<String, String> own = tagsOf(tags, part.matrix(), side.data());
      for (int i = 0; i < rank; i++) {
        Map<String, String> ranked = ProbeTags.with(own, "rank", Integer.toString(i + 1));
        boolean known = i < part.eigenvalues().size();
        double value = known ? part.eigenvalues().get(i).value() : Double.NaN;
        double residual = known ? part.eigenvalues().get(i).residual() : Double.NaN;
        all.add(new Measurement(EIGENVALUE, ranked, value));
        all.add(new Measurement(RESIDUAL, ranked, residual));
      }
      all.add(new Measurement(REST, ProbeTags.with(own, "side", "lower"), part.lowerEdge()));
      all.add(new Measurement(REST, ProbeTags.with(own, "side", "upper"), part.upperEdge()));
    }
    for (int i = 0; i < rank; i++) {
      Outlier outlier =
          i < side.outliers().size()
              ? side.outliers().get(i)
              : new Outlier(Double.NaN, Double.NaN, Double.NaN);
      String ofRank = Integer.toString(i + 1);
      Map<String, String> ofNewton =
          ProbeTags.with(tagsOf(tags, CurvatureMatrix.GAUSS_NEWTON, side.data()), "rank", ofRank);
      Map<String, String> ofResidual =
          ProbeTags.with(tagsOf(tags, CurvatureMatrix.RESIDUAL, side.data()), "rank", ofRank);
      all.add(new Measurement(SHARE, ofNewton, outlier.gaussNewtonShare()));
      all.add(new Measurement(OVERLAP, ofNewton, outlier.gaussNewtonOverlap()));
      all.add(new Measurement(OVERLAP, ofResidual, outlier.residualOverlap()));
    }
  }

  private static Map<String, String> tagsOf(
      Map<String, String> tags, CurvatureMatrix matrix, String data) {
    return ProbeTags.with(tags, "operator", matrix.tag(), "data", data);
  }

  @Override
  public List<Spectrum> spectra() {
    List<Spectrum> all = new ArrayList<>();
    for (Side side : sides) {
      for (Part part : side.parts()) {
        if (!part.rest().isEmpty()) {
          all.add(
              new Spectrum(
                  SPECTRUM, tagsOf(tags, part.matrix(), side.data()), part.order(), part.rest()));
        }
      }
    }
    return List.copyOf(all);
  }
}
